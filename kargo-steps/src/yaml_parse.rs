//! `yaml-parse`: puts out values of a YAML file.
//!
//! Each output is an expression over the file's first document. As in Kargo, scalars are read by YAML 1.1
//! (`yes` is true, `0755` is 493), every number is a float, and a key that is missing is null.
//!
//! ```yaml
//! - uses: yaml-parse
//!   as: parse-version
//!   config:
//!     path: ./repo/helm/${{ vars.appName }}/Chart.yaml
//!     outputs:
//!     - name: version
//!       fromExpression: dependencies[0].version
//! ```

use kargo_core::Code;
use kargo_core::expr::{Numbers, Value};
use kargo_core::step::{Effect, Step, StepContext, StepError, StepReport};
use kargo_core::workdir::Policy;
use kargo_yaml::{Limits, Schema, Stream};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value as Json};

use crate::config::{NonEmpty, Output, Text};
use crate::extract::extract;
use crate::yaml_update::yaml_error;

/// The file is empty.
pub(crate) const EMPTY: Code = Code::new("yaml-parse/empty", "The YAML file to parse is empty.");

/// The config of `yaml-parse`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// The file, relative to the work directory.
    path: Text,
    /// What to put out of it.
    outputs: NonEmpty<Output>,
}

/// The step `yaml-parse`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct YamlParse;

impl Step for YamlParse {
    type Config = Config;
    type Outputs = Map<String, Json>;
    const USES: &'static str = "yaml-parse";
    const EFFECT: Effect = Effect::Pure;

    async fn run(&self, cx: &StepContext<'_>, config: Config) -> Result<StepReport, StepError> {
        let content = cx.work_dir.read(&config.path, Policy::Clamp, Limits::default().bytes as u64)?;
        if content.is_empty() {
            return Err(StepError::errored(EMPTY, format!("{} is empty", &*config.path)));
        }
        let json = document(&config.path, &content)?;
        let document = Value::from_json(&json, Numbers::GoFloat);
        Ok(StepReport::succeeded().with_outputs(extract(cx, &config.outputs, &document)?))
    }
}

/// The first document as JSON; null where there is none.
fn document(path: &str, content: &[u8]) -> Result<Json, StepError> {
    let stream = Stream::parse(content, &Limits::default())
        .map_err(|error| yaml_error(path, &String::from_utf8_lossy(content), error))?;
    match stream.document(0).and_then(|document| document.root()) {
        Some(root) => {
            root.to_json(Schema::Kubernetes11).map_err(|error| yaml_error(path, stream.text(), error))
        }
        None => Ok(Json::Null),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::trial::{Trial, example};

    #[test]
    fn its_example_is_valid() {
        example(YamlParse, include_str!("yaml_parse.rs"));
    }

    #[tokio::test]
    async fn outputs_are_expressions_over_the_first_document() {
        for (content, expression, expected) in [
            ("dependencies:\n- name: x\n  version: v1.18.1\n", "dependencies[0].version", json!("v1.18.1")),
            ("a: 0755\n---\na: 2\n", "a", json!(493.0)),
            ("a: 1\n", "a + 1", json!(2.0)),
            ("a: 1\n", "b", json!(null)),
            ("[1, {a: x}]\n", "$env[1].a", json!("x")),
            ("# nothing\n", "$env", json!(null)),
        ] {
            let config = json!({"path": "in.yaml", "outputs": [{"name": "o", "fromExpression": expression}]});
            let report = Trial::new().file("in.yaml", content).run(YamlParse, config).await.unwrap();
            let value = report.outputs.unwrap().get("o").unwrap().to_json().unwrap();
            assert_eq!(
                (value.as_f64(), value.as_str()),
                (expected.as_f64(), expected.as_str()),
                "{expression}"
            );
        }
    }

    #[tokio::test]
    async fn what_cannot_be_read_errs() {
        for (content, expression, code) in [
            ("", "a", "yaml-parse/empty"),
            ("a: [", "a", "yaml/syntax"),
            ("a: .inf", "a", "yaml/non-finite"),
            ("a: 1", "a.b", "expr/"),
            ("a: 1", "a +", "expr/"),
        ] {
            let config = json!({"path": "in.yaml", "outputs": [{"name": "o", "fromExpression": expression}]});
            let error = Trial::new().file("in.yaml", content).run(YamlParse, config).await.unwrap_err();
            assert!(error.code().as_str().starts_with(code), "{content:?} {expression}: {:?}", error.code());
            assert!(!error.is_failed() && !error.is_terminal());
        }
    }
}
