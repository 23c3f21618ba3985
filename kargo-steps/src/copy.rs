//! `copy`: copies a file, or what is in a directory, within the work directory.
//!
//! Directories are merged and files replaced. Symbolic links and `.git` are left out, and what the rules of
//! `ignore`, written as in a `.gitignore` file, name.
//!
//! ```yaml
//! - uses: copy
//!   config:
//!     inPath: ./src/charts/${{ vars.appName }}
//!     outPath: ./out/charts/${{ vars.appName }}
//!     ignore: |
//!       # drafts stay where they are
//!       *.draft.yaml
//! ```

use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};

use kargo_core::step::{CANCELLED, Effect, Step, StepContext, StepError, StepReport};
use kargo_core::workdir::{Policy, WorkDir};
use kargo_core::{Code, Error};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::config::Text;
use crate::gitignore::Rules;

/// A file could not be copied.
pub(crate) const COPY: Code = Code::new("copy/failed", "A file or directory could not be copied.");
/// The target is the source itself, or lies in it.
pub(crate) const INTO_ITSELF: Code =
    Code::new("copy/into-itself", "A file or directory cannot be copied onto or into itself.");

/// The codes of this step.
pub(crate) const CODES: &[Code] = &[COPY, INTO_ITSELF];

/// What is never copied, unless a rule says so.
const ALWAYS_IGNORED: &str = ".git";

/// The config of `copy`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Config {
    /// The file or directory to copy, relative to the work directory.
    in_path: Text,
    /// The file or directory that it becomes.
    out_path: Text,
    /// What to leave out, as in a `.gitignore` file.
    #[serde(default)]
    ignore: Option<Text>,
}

/// The step `copy`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Copy;

impl Step for Copy {
    type Config = Config;
    type Outputs = ();
    const USES: &'static str = "copy";
    const EFFECT: Effect = Effect::WorkDir;

    async fn run(&self, cx: &StepContext<'_>, config: Config) -> Result<StepReport, StepError> {
        let mut rules = Rules::default().with(ALWAYS_IGNORED)?;
        if let Some(lines) = config.ignore.as_deref() {
            rules = rules.with(lines)?;
        }
        let (work_dir, cancel) = (cx.work_dir.clone(), cx.cancel.clone());
        // Walking and copying block, and a tree may be large.
        let copied = tokio::task::spawn_blocking(move || {
            let tree = Tree { work_dir, rules, is_cancelled: &|| cancel.is_cancelled() };
            tree.copy(&config.in_path, &config.out_path)
        });
        match copied.await {
            Ok(result) => result.map(|()| StepReport::succeeded()),
            Err(panic) => Err(StepError::errored(COPY, "copying was broken off").with_source(panic)),
        }
    }
}

/// One copy under way.
struct Tree<'a> {
    work_dir: WorkDir,
    rules: Rules,
    is_cancelled: &'a dyn Fn() -> bool,
}

impl Tree<'_> {
    fn copy(&self, from: &str, to: &str) -> Result<(), StepError> {
        let source = self.work_dir.resolve(from, Policy::Clamp)?.real_path().to_owned();
        let target = self.work_dir.resolve(to, Policy::Clamp)?.real_path().to_owned();
        let about = fs::metadata(&source).map_err(|error| failure(from, error))?;
        if source == target || (about.is_dir() && target.starts_with(&source)) {
            return Err(
                StepError::errored(INTO_ITSELF, format!("{from} cannot be copied to {to}")).terminal()
            );
        }
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent).map_err(|error| failure(to, error))?;
        }
        if about.is_dir() {
            self.directory(&source, &about, to, Path::new(""))
        } else {
            self.file(&source, to)
        }
    }

    /// Copies what is in the directory `source` to `to`; `inside` is where it is below the root of the copy.
    fn directory(&self, source: &Path, about: &Metadata, to: &str, inside: &Path) -> Result<(), StepError> {
        let target = self.work_dir.resolve(to, Policy::Clamp)?;
        fs::create_dir_all(target.real_path()).map_err(|error| failure(to, error))?;
        for name in names(source).map_err(|error| failure(&inside.display().to_string(), error))? {
            if (self.is_cancelled)() {
                return Err(StepError::errored(CANCELLED, "the run was cancelled while files were copied"));
            }
            let (path, inside) = (source.join(&name), inside.join(&name));
            let shown = inside.display().to_string();
            let Some(name) = name.to_str() else {
                return Err(StepError::errored(COPY, format!("the name of {shown} is not UTF-8")));
            };
            let about = fs::symlink_metadata(&path).map_err(|error| failure(&shown, error))?;
            if self.rules.ignores(&inside, about.is_dir()) {
                continue;
            }
            let to = format!("{to}/{name}");
            if about.is_dir() {
                self.directory(&path, &about, &to, &inside)?;
            } else if about.is_file() {
                self.file(&path, &to)?;
            }
        }
        // Last, so that a directory that may not be written can be filled.
        fs::set_permissions(target.real_path(), about.permissions()).map_err(|error| failure(to, error))
    }

    fn file(&self, source: &Path, to: &str) -> Result<(), StepError> {
        let target = self.work_dir.resolve(to, Policy::Clamp)?;
        fs::copy(source, target.real_path()).map(|_| ()).map_err(|error| failure(to, error))
    }
}

/// The names in a directory, in order, so that two runs meet the same error first.
fn names(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let entries: io::Result<Vec<_>> =
        fs::read_dir(directory)?.map(|entry| Ok(entry?.file_name().into())).collect();
    let mut names = entries?;
    names.sort();
    Ok(names)
}

fn failure(path: &str, error: io::Error) -> StepError {
    Error::new(COPY, format!("could not copy {path}")).with_source(error).into()
}

#[cfg(test)]
mod tests {
    use kargo_core::step::BAD_CONFIG;
    use serde_json::json;

    use super::*;
    use crate::gitignore::BAD_RULE;
    use crate::trial::{Trial, example};

    #[test]
    fn its_example_is_valid() {
        example(Copy, include_str!("copy.rs"));
    }

    fn trial() -> Trial {
        let files =
            ["src/a.txt", "src/b/c.txt", "src/.git/config", "src/.hidden", "src/b/x.log", "f", "dst/keep"];
        let trial = files.into_iter().fold(Trial::new(), |trial, path| trial.file(path, path));
        trial.link("src/ln", "a.txt").link("lnd", "src").link("esc", "/etc")
    }

    #[tokio::test]
    async fn trees_are_copied_as_git_would_see_them() {
        for (from, to, ignore, wanted) in [
            ("src", "out", "#", ".hidden a.txt b/c.txt b/x.log"),
            ("lnd", "out", "#", ".hidden a.txt b/c.txt b/x.log"),
            ("src", "out", "b/", ".hidden a.txt"),
            ("src", "out", "*.txt\n!a.txt\n.hidden", "a.txt b/x.log"),
            ("src", "out", "b/x.log", ".hidden a.txt b/c.txt"),
            ("/src/b", "../out/deep", "#", "deep/c.txt deep/x.log"),
            ("f", "out/g", "#", "g"),
            ("src/.git/config", "out/g", "#", "g"),
        ] {
            let trial = trial();
            trial.run(Copy, json!({"inPath": from, "outPath": to, "ignore": ignore})).await.unwrap();
            assert_eq!(trial.tree("out"), wanted, "{from} {ignore:?}");
        }
    }

    #[tokio::test]
    async fn directories_are_merged() {
        let trial = trial();
        trial.run(Copy, json!({"inPath": "src/b", "outPath": "dst"})).await.unwrap();
        assert_eq!(trial.tree("dst"), "c.txt keep x.log");
    }

    #[tokio::test]
    async fn what_cannot_be_copied_is_said() {
        for (config, code) in [
            (json!({"inPath": "nope", "outPath": "x"}), COPY),
            (json!({"inPath": "esc/hostname", "outPath": "x"}), COPY),
            (json!({"inPath": "f", "outPath": "dst"}), COPY),
            (json!({"inPath": "src/a.txt", "outPath": "f/x"}), COPY),
            (json!({"inPath": "f", "outPath": "./f"}), INTO_ITSELF),
            (json!({"inPath": "src", "outPath": "src/b/deep"}), INTO_ITSELF),
            (json!({"inPath": "src", "outPath": "x", "ignore": "[a"}), BAD_RULE),
            (json!({"inPath": "f", "outPath": "x", "ignore": ""}), BAD_CONFIG),
            (json!({"inPath": 1, "outPath": "x"}), BAD_CONFIG),
        ] {
            let trial = trial();
            let error = trial.run(Copy, config.clone()).await.unwrap_err();
            assert_eq!(error.code(), code, "{config}");
            assert_eq!(trial.read("f"), "f");
        }
    }
}
