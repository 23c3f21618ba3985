//! How git steps reach repositories: off the async threads, cancellable, with errors as steps have them.

use kargo_core::Code;
use kargo_core::step::{CANCELLED, StepContext, StepError};
use kargo_core::workdir::Policy;
use kargo_git::{Cancel, Identity, Worktree};
use schemars::JsonSchema;
use serde::Deserialize;
use tokio_util::sync::CancellationToken;

/// There is no git program.
pub(crate) const NO_GIT: Code = git_code(kargo_git::Code::NoGit);

/// A code of `kargo-git` as steps carry it.
pub const fn git_code(code: kargo_git::Code) -> Code {
    Code::new(code.as_str(), code.meaning())
}

/// Who commits, as a config says it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Author {
    /// The name.
    pub(crate) name: String,
    /// The email address.
    pub(crate) email: String,
    /// A key to sign with.
    pub(crate) signing_key: Option<String>,
}

impl Author {
    /// Refuses what is no address, and what is not supported yet.
    pub(crate) fn check(&self) -> Result<(), StepError> {
        let parts = self.email.split_once('@');
        if !parts
            .is_some_and(|(user, host)| !user.is_empty() && !host.is_empty() && !host.contains(['@', ' ']))
        {
            let message = format!("author.email: {:?} is no email address", self.email);
            return Err(StepError::failed(kargo_core::step::BAD_CONFIG, message).terminal());
        }
        match self.signing_key.as_deref() {
            None | Some("") => Ok(()),
            Some(_) => Err(unsupported("author.signingKey")),
        }
    }
}

/// A field that Kargo has and this step does not have yet.
pub(crate) fn unsupported(field: &str) -> StepError {
    StepError::failed(kargo_core::step::BAD_CONFIG, format!("{field} is not supported yet")).terminal()
}

/// Runs blocking work with a flag that is set when the step is cancelled.
pub(crate) async fn blocking<T: Send + 'static>(
    cancelled: &CancellationToken,
    work: impl FnOnce(&Cancel) -> Result<T, kargo_git::Error> + Send + 'static,
) -> Result<T, StepError> {
    let cancel = Cancel::new();
    let flag = cancel.clone();
    let mut running = tokio::task::spawn_blocking(move || work(&flag));
    let done = tokio::select! {
        done = &mut running => done,
        () = cancelled.cancelled() => {
            cancel.cancel();
            running.await
        }
    };
    match done {
        Ok(done) => done.map_err(step_error),
        Err(error) => Err(StepError::errored(CANCELLED, "the git task did not end").with_source(error)),
    }
}

/// The working tree at a path of the work directory.
pub(crate) fn open(cx: &StepContext<'_>, path: &str) -> Result<Worktree, StepError> {
    let path = cx.work_dir.resolve(path, Policy::Clamp)?;
    Worktree::open(path.real_path()).map_err(step_error)
}

/// The identity of a commit or tag: the same after a restart, so that ids are too.
pub(crate) fn identity(cx: &StepContext<'_>, author: Option<&Author>, worktree: &Worktree) -> Identity {
    let own = author.map(|author| (author.name.clone(), author.email.clone()));
    let (name, email) = own.or_else(|| worktree.identity()).unwrap_or_else(|| {
        // As Kargo where nobody says who it is.
        ("Kargo".to_owned(), "no-reply@kargo.io".to_owned())
    });
    Identity { name, email, at: cx.started_at.as_second() }
}

/// A git error as a step's: a conflict is an answer and final, the rest can be tried again.
pub(crate) fn step_error(error: kargo_git::Error) -> StepError {
    let code = git_code(error.code());
    let message = error.to_string();
    let step = match error.code() {
        kargo_git::Code::Conflict => StepError::failed(code, message).terminal(),
        kargo_git::Code::BadUrl => StepError::errored(code, message).terminal(),
        _ => StepError::errored(code, message),
    };
    match error.hint() {
        Some(hint) => step.with_hint(hint),
        None => step,
    }
}

/// A git error as discovery's.
pub(crate) fn core_error(error: kargo_git::Error) -> kargo_core::Error {
    let core = kargo_core::Error::new(git_code(error.code()), error.to_string());
    match error.hint() {
        Some(hint) => core.with_hint(hint),
        None => core,
    }
}
