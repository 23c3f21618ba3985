//! Running the `git` program: no shell, a clean environment, limits, and an end when it is wanted.

use std::ffi::OsString;
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::error::{Code, Error};
use crate::remote::Remote;

/// The oldest git that knows `GIT_CONFIG_COUNT`, through which settings are given.
const OLDEST: (u32, u32) = (2, 31);
/// The longest one transfer may take; a stalled one ends after 30 seconds below 1 KiB/s.
const LONGEST: Duration = Duration::from_secs(30 * 60);
/// How often a running git is looked at.
const TICK: Duration = Duration::from_millis(5);
/// What is kept of the output.
const MAX_OUTPUT: u64 = 64 << 20;
/// How many lines of what git says go into an error.
const MAX_LINES: usize = 4;

/// What git gets of this process's environment: where programs, proxies and certificates are, and who holds ssh keys.
const PASSED_ON: [&str; 11] = [
    "PATH",
    "TMPDIR",
    "http_proxy",
    "https_proxy",
    "HTTPS_PROXY",
    "all_proxy",
    "no_proxy",
    "NO_PROXY",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "SSH_AUTH_SOCK",
];

/// Settings that hold for every call: nothing of a user's or a repository's own runs.
const SETTINGS: [(&str, &str); 10] = [
    ("core.hooksPath", "/dev/null"),
    ("core.fsmonitor", "false"),
    ("credential.helper", ""),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    ("http.lowSpeedLimit", "1024"),
    ("http.lowSpeedTime", "30"),
    ("safe.directory", "*"),
    ("push.gpgSign", "false"),
    ("submodule.recurse", "false"),
];

/// What every fetch is told: what is named, and nothing beside.
pub(crate) const FETCH_FLAGS: &[&str] =
    &["--no-tags", "--no-recurse-submodules", "--no-write-fetch-head", "--no-auto-maintenance", "--quiet"];

/// A flag that ends what is going on. Cloning shares it.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// A flag that is not set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets it, for good.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it is set.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// The `git` program of this machine.
#[derive(Clone, Debug)]
pub struct Git {
    /// The part of the environment that it is given, as it was when git was found.
    environment: Vec<(&'static str, OsString)>,
}

impl Git {
    /// Finds it on the PATH of this process.
    ///
    /// # Errors
    /// `git/no-git` where it is missing or older than 2.31.
    pub fn find() -> Result<Self, Error> {
        let passed_on = |name| std::env::var_os(name).map(|value| (name, value));
        let git = Self { environment: PASSED_ON.into_iter().filter_map(passed_on).collect() };
        let missing = |_| Error::new(Code::NoGit, "the git program was not found").with_hint("install git");
        let output = git.command(None).arg("--version").stdin(Stdio::null()).output().map_err(missing)?;
        let text = String::from_utf8_lossy(&output.stdout);
        match version(&text) {
            Some(version) if version >= OLDEST => Ok(git),
            _ => Err(Error::new(Code::NoGit, format!("this is too old, or no git: {}", text.trim()))
                .with_hint("git 2.31 or newer is needed")),
        }
    }

    /// Runs git against `remote`: `verb` and `flags` are ours, `operands` may come from a user and stand where
    /// nothing can be a flag. Gives standard output.
    pub(crate) fn run(
        &self,
        dir: &Path,
        remote: &Remote,
        verb: &str,
        flags: &[&str],
        operands: &[&str],
        cancel: &Cancel,
    ) -> Result<String, Error> {
        let mut command = self.command(Some(remote));
        command.arg("--git-dir").arg(dir).arg(verb).args(flags).arg("--end-of-options");
        command.arg(remote.address()).args(operands);
        tracing::debug!(verb, repository = remote.written(), "git");
        let (success, stdout, stderr) = finish(command, cancel)?;
        if success {
            return Ok(stdout);
        }
        let mut said = stderr;
        for secret in remote.secrets().iter().filter(|secret| !secret.is_empty()) {
            said = said.replace(secret.as_str(), "***");
        }
        Err(failure(verb, remote, &said, &stdout))
    }

    fn command(&self, remote: Option<&Remote>) -> Command {
        let mut command = Command::new("git");
        command.env_clear().envs(self.environment.iter().map(|(name, value)| (name, value)));
        // Nobody's configuration, and nobody to ask.
        command.env("HOME", "/nonexistent").env("XDG_CONFIG_HOME", "/nonexistent");
        command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null");
        command.env("GIT_TERMINAL_PROMPT", "0").env("GIT_ASKPASS", "false").env("SSH_ASKPASS", "false");
        command.env("LC_ALL", "C");
        command.env("GIT_SSH_COMMAND", "ssh -oBatchMode=yes");
        command.env("GIT_ALLOW_PROTOCOL", remote.map_or("", Remote::protocol));
        let own = SETTINGS.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let settings: Vec<_> = own.chain(remote.map(Remote::settings).unwrap_or_default()).collect();
        command.env("GIT_CONFIG_COUNT", settings.len().to_string());
        for (index, (name, value)) in settings.into_iter().enumerate() {
            command
                .env(format!("GIT_CONFIG_KEY_{index}"), name)
                .env(format!("GIT_CONFIG_VALUE_{index}"), value);
        }
        command
    }
}

fn version(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.strip_prefix("git version ")?.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// Runs to the end, or kills git and all that it started.
fn finish(mut command: Command, cancel: &Cancel) -> Result<(bool, String, String), Error> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    let mut child = command.spawn().map_err(|error| Error::io("start git", error))?;
    let stdout = collect(child.stdout.take());
    let stderr = collect(child.stderr.take());
    let began = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().map_err(|error| Error::io("wait for git", error))? {
            break status;
        }
        let ended = match () {
            () if cancel.is_cancelled() => Some(Error::new(Code::Cancelled, "git was cancelled")),
            () if began.elapsed() > LONGEST => {
                Some(Error::new(Code::Timeout, "git took longer than 30 minutes"))
            }
            () => None,
        };
        if let Some(error) = ended {
            kill(&mut child);
            return Err(error);
        }
        thread::sleep(TICK);
    };
    let text = |reader: thread::JoinHandle<Vec<u8>>| {
        String::from_utf8_lossy(&reader.join().unwrap_or_default()).into_owned()
    };
    Ok((status.success(), text(stdout), text(stderr)))
}

/// Reads a pipe to its end; what is above the limit is read and thrown away, so that git does not stand still.
fn collect(pipe: Option<impl Read + Send + 'static>) -> thread::JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut kept = Vec::new();
        if let Some(mut pipe) = pipe {
            let _ = pipe.by_ref().take(MAX_OUTPUT).read_to_end(&mut kept);
            let _ = std::io::copy(&mut pipe, &mut std::io::sink());
        }
        kept
    })
}

fn kill(child: &mut Child) {
    // git is the leader of its own group, so that ssh and the transfer programs end with it.
    let group = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw);
    if let Some(group) = group {
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    let _ = child.wait();
}

/// git's words, and what they mean; the first that are found count.
const WORDS: &[(Code, &[&str])] = &[
    (Code::Exists, &["(already exists)"]),
    (
        Code::NonFastForward,
        &["(fetch first)", "(non-fast-forward)", "(stale info)", "(failed to update ref)", "cannot lock ref"],
    ),
    (Code::Declined, &["[rejected]", "[remote rejected]"]),
    (
        Code::Auth,
        &[
            "Authentication failed",
            "could not read Username",
            "could not read Password",
            "Permission denied",
            "Host key verification failed",
            "error: 401",
            "error: 403",
        ],
    ),
    (
        Code::NotFound,
        &[
            "not found",
            "does not appear to be a git repository",
            "couldn't find remote ref",
            "not our ref",
            "error: 404",
        ],
    ),
    (
        Code::Unreachable,
        &[
            "Could not resolve",
            "Failed to connect",
            "Connection refused",
            "timed out",
            "unable to access",
            "Connection reset",
            "Operation too slow",
            "early EOF",
        ],
    ),
];

/// git's words, sorted into codes.
fn failure(verb: &str, remote: &Remote, stderr: &str, stdout: &str) -> Error {
    let has = |needle: &&str| stderr.contains(*needle) || stdout.contains(*needle);
    let known = WORDS.iter().find(|(_, needles)| needles.iter().any(has));
    let code = known.map_or(Code::Failed, |(code, _)| *code);
    // Why a push was not taken stands in its report, the rest among the errors.
    let refused = stdout.lines().filter(|line| line.starts_with('!'));
    let words = stderr.lines().chain(refused).map(str::trim);
    let words: Vec<&str> =
        words.filter(|line| !line.is_empty() && !line.starts_with("hint:")).take(MAX_LINES).collect();
    let error = Error::new(code, format!("git {verb} {}: {}", remote.written(), words.join("; ")));
    match code {
        Code::Auth if remote.withholds_login() => {
            error.with_hint("credentials are not sent over plain http to another machine: use https")
        }
        Code::Auth => {
            error.with_hint("a Secret labelled kargo.akuity.io/cred-type: git gives the credentials")
        }
        Code::Declined => {
            error.with_hint("the branch or tag may be protected: push to another and open a pull request")
        }
        Code::Unreachable if stderr.contains("error: 30") => {
            error.with_hint("it has moved; credentials are not sent after it: write its new address")
        }
        Code::Unreachable => {
            error.with_hint("check the address and the network; --rewrite maps it to another")
        }
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read() {
        assert_eq!(version("git version 2.39.5\n"), Some((2, 39)));
        assert_eq!(version("git version 2.50.1 (Apple Git-155)"), Some((2, 50)));
        assert_eq!(version("hg 5"), None);
    }

    #[test]
    fn git_is_ended_with_all_that_it_started() {
        let cancel = Cancel::new();
        cancel.cancel();
        let mut command = Command::new("sleep");
        command.arg("60");
        let began = Instant::now();
        assert_eq!(finish(command, &cancel).unwrap_err().code(), Code::Cancelled);
        assert!(began.elapsed() < Duration::from_secs(30));
    }
}
