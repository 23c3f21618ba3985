//! `file-write`: writes a text to a file of the work directory.
//!
//! The path must stay in the work directory by itself: a path that leads out of it, into `.git`, or through a
//! symbolic link is refused.
//!
//! ```yaml
//! - uses: file-write
//!   config:
//!     path: repo/versions/${{ vars.appName }}.txt
//!     contents: ${{ outputs['parse-version'].version }}
//!     permissions: "0644"
//!     overwrite: true
//! ```

use std::borrow::Cow;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path};

use kargo_core::step::{Effect, Step, StepContext, StepError, StepReport};
use kargo_core::workdir::{ESCAPES, IO, Policy};
use kargo_core::{Code, Error};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};

use crate::config::Text;

/// The file is there, and the step may not replace it.
pub(crate) const EXISTS: Code =
    Code::new("file-write/exists", "The file is there already, and `overwrite` is not set.");
/// The path or the permissions are not allowed.
pub(crate) const REFUSED: Code = Code::new(
    "file-write/refused",
    "The path leads out of the work directory, into .git or through a symbolic link, or the permissions make the \
     file executable or writable for everybody.",
);

/// The codes of this step.
pub(crate) const CODES: &[Code] = &[EXISTS, REFUSED];

/// The config of `file-write`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// The file to write, relative to the work directory.
    path: Text,
    /// What it holds afterwards; may be empty.
    contents: String,
    /// Its mode as four octal digits, `0600` by default.
    #[serde(default)]
    permissions: Option<Mode>,
    /// Whether a file that is there may be replaced.
    #[serde(default)]
    overwrite: bool,
}

/// Permission bits, written `0644`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mode(u32);

impl Mode {
    /// Owner alone may read and write.
    const PRIVATE: Self = Self(0o600);
    /// Executable for anybody, or writable for everybody.
    const FORBIDDEN: u32 = 0o113;
}

impl<'de> Deserialize<'de> for Mode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let digits =
            text.len() == 4 && text.starts_with('0') && text.bytes().all(|b| matches!(b, b'0'..=b'7'));
        match u32::from_str_radix(&text, 8) {
            Ok(mode) if digits => Ok(Self(mode)),
            _ => Err(de::Error::custom(format!(
                "permissions {text:?} are not four octal digits such as \"0644\""
            ))),
        }
    }
}

impl JsonSchema for Mode {
    fn schema_name() -> Cow<'static, str> {
        "Mode".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^0[0-7]{3}$" })
    }
}

/// The step `file-write`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FileWrite;

impl Step for FileWrite {
    type Config = Config;
    type Outputs = ();
    const USES: &'static str = "file-write";
    const EFFECT: Effect = Effect::WorkDir;

    async fn run(&self, cx: &StepContext<'_>, config: Config) -> Result<StepReport, StepError> {
        let mode = config.permissions.unwrap_or(Mode::PRIVATE);
        if mode.0 & Mode::FORBIDDEN != 0 {
            return Err(refused(format!("permissions {:04o} are not allowed", mode.0)));
        }
        let path = cleaned(&config.path)?;
        let target = cx.work_dir.resolve(&path, Policy::NoFollow).map_err(escape_is_refusal)?;
        if !config.overwrite && fs::symlink_metadata(target.real_path()).is_ok() {
            return Err(StepError::failed(EXISTS, format!("{path} is there already"))
                .with_hint("set `overwrite: true` to replace it")
                .terminal());
        }
        cx.work_dir.write(&path, Policy::NoFollow, config.contents.as_bytes(), mode.0)?;
        // A file that was there has kept its mode.
        fs::set_permissions(target.real_path(), Permissions::from_mode(mode.0)).map_err(|error| {
            Error::new(IO, format!("could not set the permissions of {path}")).with_source(error)
        })?;
        Ok(StepReport::succeeded())
    }
}

/// The path without `.` and `..`, by its text alone.
fn cleaned(path: &str) -> Result<String, StepError> {
    let mut parts = Vec::new();
    for component in Path::new(path).components() {
        match component {
            Component::CurDir => {}
            Component::Normal(name) => parts.push(name.to_string_lossy()),
            Component::ParentDir if parts.pop().is_some() => {}
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => {
                return Err(refused(format!("{path:?} leads out of the work directory")));
            }
        }
    }
    match parts.first() {
        None => Err(refused(format!("{path:?} is the work directory itself"))),
        Some(first) if first == ".git" => Err(refused(format!("{path:?} leads into .git"))),
        Some(_) => Ok(parts.join("/")),
    }
}

fn escape_is_refusal(error: Error) -> StepError {
    if error.code() == ESCAPES { refused(error.to_string()) } else { error.into() }
}

fn refused(message: String) -> StepError {
    StepError::failed(REFUSED, message).terminal()
}

#[cfg(test)]
mod tests {
    use kargo_core::step::BAD_CONFIG;
    use serde_json::json;

    use super::*;
    use crate::trial::{Trial, example};

    #[test]
    fn its_example_is_valid() {
        example(FileWrite, include_str!("file_write.rs"));
    }

    #[tokio::test]
    async fn files_are_written_or_refused() {
        for (what, config, wanted) in [
            ("new", json!({"path": "a/n", "contents": "x"}), Ok(("a/n", 0o600))),
            ("empty", json!({"path": "n", "contents": ""}), Ok(("n", 0o600))),
            ("mode", json!({"path": "n", "contents": "x", "permissions": "0664"}), Ok(("n", 0o664))),
            ("cleaned", json!({"path": "./a/../n/", "contents": "x"}), Ok(("n", 0o600))),
            ("git below", json!({"path": "src/.git/x", "contents": "x"}), Ok(("src/.git/x", 0o600))),
            ("overwrite", json!({"path": "f", "contents": "x", "overwrite": true}), Ok(("f", 0o600))),
            ("there", json!({"path": "f", "contents": "x"}), Err(EXISTS)),
            ("git", json!({"path": ".git/x", "contents": "x"}), Err(REFUSED)),
            ("up", json!({"path": "a/../../n", "contents": "x"}), Err(REFUSED)),
            ("absolute", json!({"path": "/n", "contents": "x"}), Err(REFUSED)),
            ("link", json!({"path": "ln/n", "contents": "x"}), Err(REFUSED)),
            ("itself", json!({"path": ".", "contents": "x", "overwrite": true}), Err(REFUSED)),
            ("executable", json!({"path": "n", "contents": "x", "permissions": "0755"}), Err(REFUSED)),
            ("everybody", json!({"path": "n", "contents": "x", "permissions": "0602"}), Err(REFUSED)),
            ("a directory", json!({"path": "src", "contents": "x", "overwrite": true}), Err(IO)),
            ("below a file", json!({"path": "f/x", "contents": "x"}), Err(IO)),
            ("bad mode", json!({"path": "n", "contents": "x", "permissions": "0o644"}), Err(BAD_CONFIG)),
            ("no path", json!({"path": "", "contents": "x"}), Err(BAD_CONFIG)),
            ("unknown", json!({"path": "n", "contents": "x", "z": 1}), Err(BAD_CONFIG)),
        ] {
            let trial = Trial::new().file("f", "old").file("src/a", "A").link("ln", "src");
            fs::set_permissions(trial.path("f"), Permissions::from_mode(0o644)).unwrap();
            let result = trial.run(FileWrite, config.clone()).await;
            match wanted {
                Ok((path, mode)) => {
                    result.unwrap_or_else(|error| panic!("{what}: {error}"));
                    assert_eq!(trial.read(path), config["contents"].as_str().unwrap(), "{what}");
                    let found = fs::metadata(trial.path(path)).unwrap().permissions().mode() & 0o7777;
                    assert_eq!(found, mode, "{what}");
                }
                Err(code) => {
                    let error = result.unwrap_err();
                    assert_eq!((error.code(), error.is_terminal()), (code, code != IO), "{what}");
                    assert_eq!(trial.read("f"), "old", "{what}");
                }
            }
        }
    }
}
