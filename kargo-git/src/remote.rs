//! A repository somewhere else: its address, checked, and what it is reached with.

use std::fmt;

use base64::Engine as _;
use secrecy::{ExposeSecret, SecretString};
use url::{Host, Url};

use crate::error::{Code, Error};

/// Which addresses git is given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UrlPolicy {
    /// Repositories of this machine: `file://` and plain paths.
    pub allow_file: bool,
    /// Plain `http://` to other machines; to this one it is always allowed.
    pub allow_http: bool,
}

/// A user name and a password or token.
#[derive(Clone)]
pub struct Login {
    /// The user name.
    pub username: String,
    /// The password or token.
    pub password: SecretString,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").field("username", &self.username).finish_non_exhaustive()
    }
}

/// A repository to fetch from and push to.
#[derive(Clone, Debug)]
pub struct Remote {
    written: String,
    address: String,
    scheme: Scheme,
    login: Option<Login>,
    skip_tls_verify: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Scheme {
    /// With the origin (`https://host:port`) that credentials are bound to.
    Http {
        origin: String,
        encrypted: bool,
        loopback: bool,
    },
    Ssh,
    File,
}

impl Remote {
    /// The repository that the manifests call `written` and that is reached at `address`. A user name in an http
    /// address is dropped: who logs in is said by [`with_login`](Self::with_login) alone.
    ///
    /// # Errors
    /// `git/bad-url` for an address that is malformed, that git could take for a flag or a helper, that holds a
    /// password, or that `policy` does not allow.
    pub fn new(written: &str, address: &str, policy: &UrlPolicy) -> Result<Self, Error> {
        let (written, address) = (without_login(written)?, without_login(address)?);
        let scheme = check(&address, policy)?;
        Ok(Self { written, address, scheme, login: None, skip_tls_verify: false })
    }

    /// Sets what to log in with. It is sent to the remote's own origin alone, and not over plain http to another
    /// machine.
    #[must_use]
    pub fn with_login(mut self, login: Option<Login>) -> Self {
        self.login = login;
        self
    }

    /// Accepts any TLS certificate.
    #[must_use]
    pub fn skip_tls_verify(mut self, skip: bool) -> Self {
        self.skip_tls_verify = skip;
        self
    }

    /// The address as the manifests have it, without a user name.
    pub fn written(&self) -> &str {
        &self.written
    }

    pub(crate) fn skips_tls_verify(&self) -> bool {
        self.skip_tls_verify
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// The one protocol that git may use for it.
    pub(crate) fn protocol(&self) -> &'static str {
        match &self.scheme {
            Scheme::Http { encrypted: true, .. } => "https",
            Scheme::Http { encrypted: false, .. } => "http",
            Scheme::Ssh => "ssh",
            Scheme::File => "file",
        }
    }

    /// git settings for it: they go through the environment, where no other user sees them.
    pub(crate) fn settings(&self) -> Vec<(String, String)> {
        let mut settings = Vec::new();
        let Scheme::Http { origin, loopback, .. } = &self.scheme else { return settings };
        if *loopback {
            settings.push((format!("http.{origin}/.proxy"), String::new()));
        }
        if self.skip_tls_verify {
            settings.push((format!("http.{origin}/.sslVerify"), "false".to_owned()));
        }
        if let Some(login) = self.login.as_ref().filter(|_| !self.withholds_login()) {
            let header = format!("Authorization: Basic {}", basic(login));
            settings.push((format!("http.{origin}/.extraHeader"), header));
            // git would send the header wherever it is redirected to.
            settings.push(("http.followRedirects".to_owned(), "false".to_owned()));
        }
        settings
    }

    /// Whether there is a login that must not be sent: over plain http to another machine.
    pub(crate) fn withholds_login(&self) -> bool {
        let exposed = matches!(self.scheme, Scheme::Http { encrypted: false, loopback: false, .. });
        self.login.is_some() && exposed
    }

    /// The texts that must not appear in anything that git says.
    pub(crate) fn secrets(&self) -> Vec<String> {
        let Some(login) = &self.login else { return Vec::new() };
        vec![login.password.expose_secret().to_owned(), basic(login)]
    }
}

/// The login as HTTP's basic authentication spells it.
fn basic(login: &Login) -> String {
    let pair = format!("{}:{}", login.username, login.password.expose_secret());
    base64::engine::general_purpose::STANDARD.encode(pair)
}

/// The address without the user name that http addresses can hold.
fn without_login(address: &str) -> Result<String, Error> {
    let Ok(mut url) = Url::parse(address) else { return Ok(address.to_owned()) };
    if url.password().is_some() {
        return Err(Error::new(Code::BadUrl, "a repository's address must not hold a password")
            .with_hint("put it into a Secret labelled kargo.akuity.io/cred-type: git"));
    }
    let drops = matches!(url.scheme(), "http" | "https") && !url.username().is_empty();
    // An http address always has a host, and so can be without user name.
    Ok(if drops && url.set_username("").is_ok() { url.into() } else { address.to_owned() })
}

/// An address as messages have it: without anything that could be a password.
fn shown(address: &str) -> &str {
    if address.contains("://") { address.rsplit('@').next().unwrap_or_default() } else { address }
}

fn check(address: &str, policy: &UrlPolicy) -> Result<Scheme, Error> {
    let bad = |why: &str| {
        Error::new(Code::BadUrl, format!("{:?} is no address for git here: {why}", shown(address)))
    };
    if address.is_empty() || address.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(bad("it is empty, or holds white space or control characters"));
    }
    if address.starts_with('-') || address.contains("::") && !address.contains("://") {
        return Err(bad("git would take it for something else"));
    }
    let file =
        |scheme| if policy.allow_file { Ok(scheme) } else { Err(bad("local repositories are not allowed")) };
    if address.starts_with('/') {
        return file(Scheme::File);
    }
    if !address.contains("://") {
        return scp(address).ok_or_else(|| bad("its protocol is not supported"));
    }
    let Ok(url) = Url::parse(address) else { return Err(bad("it is malformed")) };
    match url.scheme() {
        "file" => file(Scheme::File),
        "ssh" if safe_host(url.host_str()) => Ok(Scheme::Ssh),
        "http" | "https" => {
            let encrypted = url.scheme() == "https";
            let loopback = match url.host() {
                Some(Host::Domain(name)) => name == "localhost",
                Some(Host::Ipv4(ip)) => ip.is_loopback(),
                Some(Host::Ipv6(ip)) => ip.is_loopback(),
                None => return Err(bad("it names no host")),
            };
            if !encrypted && !loopback && !policy.allow_http {
                return Err(bad("plain http is not allowed").with_hint("use https"));
            }
            Ok(Scheme::Http { origin: url.origin().ascii_serialization(), encrypted, loopback })
        }
        _ => Err(bad("its protocol is not supported")),
    }
}

/// `user@host:path`
fn scp(address: &str) -> Option<Scheme> {
    let (host, path) = address.split_once(':')?;
    let host = host.rsplit('@').next()?;
    (safe_host(Some(host)) && !path.is_empty() && !host.contains('/')).then_some(Scheme::Ssh)
}

/// A host that ssh cannot take for a flag.
fn safe_host(host: Option<&str>) -> bool {
    host.is_some_and(|host| {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '[' | ']' | ':');
        !host.is_empty() && !host.starts_with('-') && host.chars().all(plain)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_or_refused() {
        let open = UrlPolicy { allow_file: true, allow_http: false };
        for (address, protocol) in [
            ("https://github.com/org/demo.git", Some("https")),
            ("http://127.0.0.1:8080/x.git", Some("http")),
            ("http://localhost/x", Some("http")),
            ("http://[::1]:80/x", Some("http")),
            ("http://example.com/x", None),
            ("ssh://git@example.com/x", Some("ssh")),
            ("git@example.com:org/x.git", Some("ssh")),
            ("file:///srv/x.git", Some("file")),
            ("/srv/x.git", Some("file")),
            ("ext::sh -c id", None),
            ("ext::sh%20-c%20id", None),
            ("--upload-pack=id", None),
            ("ssh://-oProxyCommand=id/x", None),
            ("-oProxyCommand=id:x", None),
            ("git@-oProxyCommand=id:x", None),
            ("https://user:secret@example.com/x", None),
            ("https://user:secret@example.com/x y", None),
            ("https://user:secret@example.com:port/x", None),
            ("https://user@example.com/x", Some("https")),
            ("git://example.com/x", None),
            ("ftp://example.com/x", None),
            ("https://example.com/a\nb", None),
            ("", None),
            ("relative/path", None),
        ] {
            let taken = Remote::new(address, address, &open).map(|remote| remote.protocol());
            assert_eq!(taken.as_ref().ok().copied(), protocol, "{address:?}");
            if let Err(error) = taken {
                assert_eq!(error.code(), Code::BadUrl);
                assert!(!error.to_string().contains("secret"), "{error}");
            }
        }
        assert!(Remote::new("/srv/x", "/srv/x", &UrlPolicy::default()).is_err());
    }

    #[test]
    fn a_login_is_bound_to_its_origin_and_not_shown() {
        let login = Login { username: "bot".into(), password: "canary".into() };
        let policy = UrlPolicy { allow_file: false, allow_http: true };
        let remote =
            |address| Remote::new(address, address, &policy).unwrap().with_login(Some(login.clone()));
        let settings = remote("https://example.com:444/x").settings();
        assert_eq!(settings[0].0, "http.https://example.com:444/.extraHeader");
        assert!(settings.contains(&("http.followRedirects".into(), "false".into())));
        assert_eq!(remote("https://token@example.com/x").written(), "https://example.com/x");
        assert_eq!(remote("ssh://git@example.com/x").written(), "ssh://git@example.com/x");
        let loopback = remote("http://127.0.0.1:80/x").settings();
        assert_eq!(loopback[0], ("http.http://127.0.0.1/.proxy".to_owned(), String::new()));
        assert!(remote("http://example.com/x").settings().is_empty(), "never over plain http to elsewhere");
        assert!(!format!("{:?}", remote("https://example.com/x")).contains("canary"));
    }
}
