//! `yaml-update`: sets values in a YAML file, and changes no other byte of it.
//!
//! A key is Kargo's: parts with a `.` between them, each the key of a map or the index of a list, `\.` and `\:`
//! for these characters inside a part. A key that begins with `.` is a selector as yq writes it, which can reach
//! several values:
//!
//! ```yaml
//! - uses: yaml-update
//!   config:
//!     path: ./repo/applicationset/applicationset-prod-control-control.yaml
//!     updates:
//!     - key: .spec.generators[0].list.elements[] | select(.appName == "cert-manager") | .appRevision
//!       value: cert-manager-v1.18.1
//!     - key: spec.template.metadata.labels.revision
//!       value: v1.18.1
//! ```
//!
//! Between the quotes of a selector `\` begins an escape as in JSON. What a template puts there goes through
//! [`kargo_yaml::Path::escape`] first, so it cannot end the quotes: the name of an app cannot become a selector.
//!
//! Only a scalar that is there can be set. It keeps its quotes where the value allows it, its comment, its
//! anchor; a text stays a text, so `1.10` gets quotes.

use kargo_core::Code;
use kargo_core::expr::go::{float, json as go_json, quote};
use kargo_core::step::{Effect, Step, StepContext, StepError, StepReport, YamlKey};
use kargo_core::workdir::Policy;
use kargo_yaml::{Editor, Limits, Path, Stream};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};
use serde_json::Value as Json;

use crate::config::{NonEmpty, Text};

/// The config of `yaml-update`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// The file, relative to the work directory.
    path: Text,
    /// What to set; none of them sees what another one wrote, and of two for the same place the later counts.
    updates: NonEmpty<Update>,
}

/// One value to set.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Update {
    /// Where: a dot key, or a selector that begins with `.`.
    #[serde(deserialize_with = "key")]
    #[schemars(length(min = 1))]
    key: YamlKey,
    /// What.
    #[serde(deserialize_with = "Json::deserialize")]
    value: Json,
}

/// A key that is not empty.
fn key<'de, D: Deserializer<'de>>(deserializer: D) -> Result<YamlKey, D::Error> {
    Text::deserialize(deserializer).map(|key| YamlKey::new(&*key))
}

/// The outputs of `yaml-update`.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "read as a schema only")]
#[serde(rename_all = "camelCase")]
pub(crate) struct Outputs {
    /// The updates, in words for a commit message.
    commit_message: String,
}

/// The step `yaml-update`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct YamlUpdate;

impl Step for YamlUpdate {
    type Config = Config;
    type Outputs = Outputs;
    const USES: &'static str = "yaml-update";
    const EFFECT: Effect = Effect::WorkDir;

    async fn run(&self, cx: &StepContext<'_>, config: Config) -> Result<StepReport, StepError> {
        let path = &*config.path;
        let content = cx.work_dir.read(path, Policy::Clamp, Limits::default().bytes as u64)?;
        if let Some(text) = update(path, &content, &config.updates)? {
            cx.work_dir.write(path, Policy::Clamp, text.as_bytes(), 0o600)?;
        }
        Ok(StepReport::succeeded().with_output("commitMessage", commit_message(path, &config.updates)))
    }
}

/// The text after the updates; none where they change nothing.
fn update(path: &str, content: &[u8], updates: &[Update]) -> Result<Option<String>, StepError> {
    let stream = Stream::parse(content, &Limits::default())
        .map_err(|error| yaml_error(path, &String::from_utf8_lossy(content), error))?;
    let mut editor = Editor::new(&stream);
    for Update { key, value } in updates {
        let key = key.as_str();
        let key_path = Path::parse(key).map_err(|error| key_error(key, error))?;
        editor.set(&key_path, value.into()).map_err(|error| yaml_error(path, stream.text(), error))?;
    }
    let edited = editor.finish().map_err(|error| yaml_error(path, stream.text(), error))?;
    Ok((!edited.changes.is_empty()).then_some(edited.text))
}

/// Kargo's words for a list of updates: the path and the keys as they were written.
fn commit_message(path: &str, updates: &[Update]) -> String {
    updates.iter().fold(format!("Updated {path}\n"), |message, Update { key, value }| {
        format!("{message}\n- {}: {}", key.as_str(), shown(value))
    })
}

/// A value as the message shows it: text in quotes only where it looks like a number, a truth value or JSON.
fn shown(value: &Json) -> String {
    match value {
        Json::String(text) => {
            let looks_typed = float::parse_float(text).is_ok()
                || float::parse_bool(text).is_some()
                || go_json::is_valid(text.as_bytes());
            if looks_typed { quote::quote(text.as_bytes()) } else { text.clone() }
        }
        Json::Number(number) => match number.as_f64() {
            Some(float) if !number.is_i64() && !number.is_u64() => {
                float::format_json(float).unwrap_or_else(|| number.to_string())
            }
            _ => number.to_string(),
        },
        other => other.to_string(),
    }
}

fn key_error(key: &str, error: kargo_yaml::Error) -> StepError {
    let column = key[..error.span().start as usize].chars().count() + 1;
    with_hint(format!("key `{key}`, character {column}: {error}"), error)
}

/// An error in a YAML file, with its place.
pub(crate) fn yaml_error(path: &str, text: &str, error: kargo_yaml::Error) -> StepError {
    let (line, column) = error.line_column(text);
    with_hint(format!("{path}:{line}:{column}: {error}"), error)
}

fn with_hint(message: String, error: kargo_yaml::Error) -> StepError {
    let code = Code::new(error.code().as_str(), error.code().meaning());
    let hint = error.hint().map(str::to_owned);
    let step_error = StepError::errored(code, message).with_source(error);
    match hint {
        Some(hint) => step_error.with_hint(hint),
        None => step_error,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::trial::{Trial, example};

    const APPS: &str = "\
# Production
spec:
  generators:
  - list:
      elements:
      - {appName: argo-cd, appRevision: argo-cd-v3.0.0} # keep
      - appName: cert-manager
        appRevision: cert-manager-v1.17.0 # bump
  other: '1.9'
";

    fn config(key: &str, value: &Json) -> Json {
        json!({"path": "f.yaml", "updates": [{"key": key, "value": value}]})
    }

    #[test]
    fn its_example_is_valid() {
        example(YamlUpdate, include_str!("yaml_update.rs"));
    }

    #[tokio::test]
    async fn one_value_changes() {
        let of = |app: &str| {
            format!(r#".spec.generators[0].list.elements[] | select(.appName == "{app}") | .appRevision"#)
        };
        for (key, value, old, new) in [
            (
                of("cert-manager"),
                json!("cert-manager-v1.18.1"),
                "cert-manager-v1.17.0",
                "cert-manager-v1.18.1",
            ),
            (of("argo-cd"), json!("x"), "argo-cd-v3.0.0", "x"),
            ("spec.other".to_owned(), json!("1.10"), "'1.9'", "'1.10'"),
            ("spec.other".to_owned(), json!(2), "'1.9'", "2"),
        ] {
            let trial = Trial::new().file("f.yaml", APPS);
            let report = trial.run(YamlUpdate, config(&key, &value)).await.unwrap();
            assert_eq!(trial.read("f.yaml"), APPS.replacen(old, new, 1), "{key}");
            let message = report.outputs.unwrap().get("commitMessage").unwrap().as_str().map(str::to_owned);
            assert!(message.unwrap().starts_with(&format!("Updated f.yaml\n\n- {key}: ")));
        }
    }

    #[tokio::test]
    async fn what_cannot_be_set_errs_and_leaves_the_file() {
        for (key, code, hint) in [
            (
                r#".spec.generators[0].list.elements[] | select(.appName == "cert-manger")"#,
                "yaml/not-found",
                "cert-manager",
            ),
            ("spec.generator", "yaml/not-found", "generators"),
            ("spec.generators", "yaml/not-scalar", "index"),
            ("spec..x", "yaml/path-syntax", ""),
        ] {
            let trial = Trial::new().file("f.yaml", APPS);
            let error = trial.run(YamlUpdate, config(key, &json!("x"))).await.unwrap_err();
            assert_eq!(error.code().as_str(), code, "{error}");
            assert!(error.hint().unwrap_or_default().contains(hint), "{key}: {:?}", error.hint());
            assert!(!error.is_failed() && !error.is_terminal());
            assert_eq!(trial.read("f.yaml"), APPS);
        }
    }

    #[test]
    fn the_engine_knows_the_keys_by_their_schema() {
        let schema = schemars::schema_for!(Config).to_value();
        let key = schema.pointer("/$defs/Update/properties/key").unwrap();
        assert_eq!((&key["format"], &key["minLength"]), (&json!(YamlKey::FORMAT), &json!(1)));
    }

    #[test]
    fn messages_show_values_as_kargo_does() {
        for (value, expected) in [
            (json!("v1"), "v1"),
            (json!("1.10"), "\"1.10\""),
            (json!("true"), "\"true\""),
            (json!("{\"a\":1}"), "\"{\\\"a\\\":1}\""),
            (json!("yes"), "yes"),
            (json!(""), ""),
            (json!(5), "5"),
            (json!(1.5), "1.5"),
            (json!(1e21), "1e+21"),
            (json!(true), "true"),
        ] {
            assert_eq!(shown(&value), expected, "{value}");
        }
    }
}
