//! The answer as expressions see it.

use std::sync::Arc;

use kargo_core::expr::{CallError, Numbers, Object, Value, go};
use kargo_core::step::StepError;
use kargo_yaml::Schema;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use serde_json::{Value as Json, json};

use super::client::Answer;
use super::{BAD_BODY, ContentType};

/// The answer: `response` of the step's expressions.
#[derive(Clone, Debug)]
pub(super) struct Response(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    status: i64,
    /// Names in Go's form, such as `Content-Type`.
    headers: Value,
    lines: HeaderMap,
    body: Value,
}

impl Response {
    /// Reads an answer, by its content type or as it is told.
    pub(super) fn read(answer: Answer, content_type: Option<ContentType>) -> Result<Self, StepError> {
        let told = || content_type_of(answer.headers.get(CONTENT_TYPE));
        let body = body(&answer.body, content_type.or_else(told))?;
        let headers = answer.headers.keys().map(|name| {
            let lines = answer.headers.get_all(name).iter().map(|line| Value::text(line.as_bytes()));
            (canonical(name.as_str()), Value::from(lines.collect::<Vec<_>>()))
        });
        Ok(Self(Arc::new(Parts {
            status: answer.status.as_u16().into(),
            headers: headers.collect(),
            lines: answer.headers,
            body,
        })))
    }

    pub(super) fn status(&self) -> i64 {
        self.0.status
    }

    pub(super) fn value(&self) -> Value {
        Value::object(self.clone())
    }
}

/// A map in Kargo, which is why a field that is not there is nil.
impl Object for Response {
    fn type_name(&self) -> &str {
        "map[string]interface {}"
    }

    fn field(&self, name: &str) -> Option<Value> {
        Some(match name {
            "status" => self.0.status.into(),
            "headers" => self.0.headers.clone(),
            "body" => self.0.body.clone(),
            _ => Value::nil(),
        })
    }

    fn call(&self, method: &str, args: &[Value]) -> Option<Result<Value, CallError>> {
        (method == "header").then(|| match args {
            [name] if name.as_str().is_some() => {
                let line = name.as_str().and_then(|name| self.0.lines.get(name));
                Ok(Value::text(line.map_or(&[], HeaderValue::as_bytes)))
            }
            _ => Err(CallError::new("response.header needs the name of a header")),
        })
    }

    fn has_method(&self, method: &str) -> bool {
        method == "header"
    }

    fn to_json(&self) -> Json {
        let parts = [("headers", &self.0.headers), ("body", &self.0.body)];
        let parts = parts.map(|(name, value)| (name, value.to_json().unwrap_or_default()));
        let mut json = json!({ "status": self.0.status });
        for (name, value) in parts {
            json[name] = value;
        }
        json
    }
}

/// How the body is read, by the media type of the header; `None` where that says nothing.
fn content_type_of(header: Option<&HeaderValue>) -> Option<ContentType> {
    let header = header?.to_str().ok()?;
    let media_type = header.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match media_type.as_str() {
        "application/json" => Some(ContentType::Json),
        "application/yaml" | "text/yaml" | "application/x-yaml" => Some(ContentType::Yaml),
        "text/plain" => Some(ContentType::Text),
        _ => None,
    }
}

/// The value of a body. One of an unknown type is JSON if it can be, and else nothing, as an empty one.
fn body(bytes: &[u8], content_type: Option<ContentType>) -> Result<Value, StepError> {
    let nothing = json!({});
    let json = match content_type {
        _ if bytes.is_empty() => nothing,
        Some(ContentType::Text) => return Ok(Value::text(bytes)),
        Some(ContentType::Json) => go::json::parse(bytes).map_err(|error| unreadable("JSON", error))?,
        Some(ContentType::Yaml) => {
            let text = std::str::from_utf8(bytes).map_err(|error| unreadable("YAML", error))?;
            kargo_yaml::from_str(text, Schema::Kubernetes11).map_err(|error| unreadable("YAML", error))?
        }
        None => go::json::parse(bytes).unwrap_or(nothing),
    };
    Ok(Value::from_json(&json, Numbers::GoFloat))
}

fn unreadable(what: &str, error: impl std::error::Error + Send + Sync + 'static) -> StepError {
    StepError::errored(BAD_BODY, format!("the body of the answer is not {what}")).with_source(error)
}

/// `content-type` as Go writes it: `Content-Type`.
fn canonical(name: &str) -> String {
    let parts = name.split('-').map(|part| match part.split_at_checked(1) {
        Some((first, rest)) => format!("{}{rest}", first.to_ascii_uppercase()),
        None => String::new(),
    });
    parts.collect::<Vec<_>>().join("-")
}
