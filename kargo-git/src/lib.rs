//! Git for promotions: mirrors, exact commits, safe pushes, no shell.
//!
//! Work is divided by what each side does well. All that is local (walks, tags, checkouts, commits, rebases) is done
//! by libgit2 through [`git2`], compiled without network support; all that crosses a network (`ls-remote`, `fetch`,
//! `push`) is done by the `git` program, in a clean environment and without a shell.
//!
//! Calls block; from async code use a thread for them.
//!
//! ```no_run
//! use kargo_git::{Git, Mirrors, Remote, UrlPolicy};
//!
//! let git = Git::find()?;
//! let mirrors = Mirrors::new("/var/lib/demo/mirrors", git);
//! let remote = Remote::new("https://github.com/org/demo.git", "https://github.com/org/demo.git", &UrlPolicy::default())?;
//! let mirror = mirrors.open("https://github.com/org/demo")?;
//! let refs = mirror.refresh(&remote, &Default::default())?.refs;
//! println!("{} tags", refs.tags.len());
//! # Ok::<(), kargo_git::Error>(())
//! ```

mod checkout;
mod commit;
mod error;
mod history;
mod merge;
mod mirror;
mod process;
mod push;
mod remote;

pub use checkout::{Checkout, Revision, Worktree};
pub use commit::{Committed, Identity};
pub use error::{Code, Error};
pub use history::{ChangedPaths, CommitInfo, TagInfo};
pub use mirror::{Mirror, Mirrors, MovedTag, Refreshed, Refs};
pub use process::{Cancel, Git};
pub use push::{Push, Pushed};
pub use remote::{Login, Remote, UrlPolicy};
