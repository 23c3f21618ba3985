//! The crate's error.

use std::error::Error as StdError;
use std::fmt;

/// What kind of error it is; its slug is stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Code {
    /// The `git` program is missing or too old.
    NoGit,
    /// The address is none that git is given here.
    BadUrl,
    /// The name of a branch or tag is not one.
    BadRef,
    /// The server cannot be reached.
    Unreachable,
    /// The server refused the credentials, or wants some.
    Auth,
    /// There is no such repository, branch, tag or commit.
    NotFound,
    /// The branch has commits that ours do not follow.
    NonFastForward,
    /// The server did not take the push.
    Declined,
    /// The commits change the same lines as others that were pushed meanwhile.
    Conflict,
    /// The working tree has changes that are not committed.
    Uncommitted,
    /// A tag of that name is there already.
    Exists,
    /// It took longer than it may.
    Timeout,
    /// It was cancelled.
    Cancelled,
    /// git failed in another way.
    Failed,
    /// Files of the mirror or the working tree could not be read or written.
    Io,
}

impl Code {
    /// All codes, for documentation.
    pub const ALL: &'static [Self] = &[
        Self::NoGit,
        Self::BadUrl,
        Self::BadRef,
        Self::Unreachable,
        Self::Auth,
        Self::NotFound,
        Self::NonFastForward,
        Self::Declined,
        Self::Conflict,
        Self::Uncommitted,
        Self::Exists,
        Self::Timeout,
        Self::Cancelled,
        Self::Failed,
        Self::Io,
    ];

    /// The slug, such as `git/conflict`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoGit => "git/no-git",
            Self::BadUrl => "git/bad-url",
            Self::BadRef => "git/bad-ref",
            Self::Unreachable => "git/unreachable",
            Self::Auth => "git/auth",
            Self::NotFound => "git/not-found",
            Self::NonFastForward => "git/non-fast-forward",
            Self::Declined => "git/declined",
            Self::Conflict => "git/conflict",
            Self::Uncommitted => "git/uncommitted",
            Self::Exists => "git/exists",
            Self::Timeout => "git/timeout",
            Self::Cancelled => "git/cancelled",
            Self::Failed => "git/failed",
            Self::Io => "git/io",
        }
    }

    /// One sentence that explains it to a user.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::NoGit => "The `git` program is not on the PATH, or is older than 2.31.",
            Self::BadUrl => "The repository's address is malformed, or of a kind that is not allowed here.",
            Self::BadRef => "The name is not one that git allows for a branch or tag.",
            Self::Unreachable => "The repository's server could not be reached.",
            Self::Auth => "The server wants credentials, or refused the ones it got.",
            Self::NotFound => "There is no such repository, branch, tag or commit.",
            Self::NonFastForward => {
                "Others pushed to the branch meanwhile, and the attempts to follow them are used up."
            }
            Self::Declined => "The server did not take the push: a protected branch, or a rule of its own.",
            Self::Conflict => "Others changed the same lines meanwhile; the message names the files.",
            Self::Uncommitted => {
                "The working tree has changes that are not committed; the push would lose them."
            }
            Self::Exists => "A tag of that name is there already.",
            Self::Timeout => "git took longer than it may.",
            Self::Cancelled => "The run was cancelled while git worked.",
            Self::Failed => "git failed; the message has its own words.",
            Self::Io => "Files of the mirror or the working tree could not be read or written.",
        }
    }
}

/// What went wrong with git: a code, one line, an optional hint and cause. Holds no credentials.
pub struct Error(Box<Repr>);

struct Repr {
    code: Code,
    message: String,
    hint: Option<&'static str>,
    files: Vec<String>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self(Box::new(Repr { code, message: message.into(), hint: None, files: Vec::new(), source: None }))
    }

    pub(crate) fn with_hint(mut self, hint: &'static str) -> Self {
        self.0.hint = Some(hint);
        self
    }

    pub(crate) fn with_files(mut self, files: Vec<String>) -> Self {
        self.0.files = files;
        self
    }

    pub(crate) fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    pub(crate) fn io(what: &str, error: std::io::Error) -> Self {
        Self::new(Code::Io, format!("could not {what}")).with_source(error)
    }

    /// The kind of error.
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        self.0.hint
    }

    /// The files of a `git/conflict`.
    pub fn files(&self) -> &[String] {
        &self.0.files
    }
}

/// libgit2's errors: what it says, and whether it is that something is not there.
impl From<git2::Error> for Error {
    fn from(error: git2::Error) -> Self {
        let code = match error.code() {
            git2::ErrorCode::NotFound => Code::NotFound,
            git2::ErrorCode::InvalidSpec => Code::BadRef,
            git2::ErrorCode::Exists => Code::Exists,
            _ => Code::Failed,
        };
        Self::new(code, error.message().to_owned()).with_source(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("code", &self.0.code.as_str())
            .field("message", &self.0.message)
            .field("source", &self.0.source)
            .finish_non_exhaustive()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}
