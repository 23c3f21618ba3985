//! The config of `http`, in both dialects.

use std::time::Duration;

use kargo_core::expr::time;
use kargo_core::step::{BAD_CONFIG, Expr, StepError, Verbatim};
use reqwest::header::{HOST, HeaderMap, HeaderName, HeaderValue};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};
use serde_json::Value as Json;
use url::Url;

use super::{BAD_REQUEST, NO_ANSWER};
use crate::config::{Output, Text};

/// The config of `http`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Config {
    /// Where the request goes.
    pub(super) url: Text,
    /// The method, `GET` by default.
    #[serde(default)]
    pub(super) method: Method,
    /// Headers: a list of `name` and `value`, or a map.
    #[serde(default)]
    headers: Pairs,
    /// Query parameters that are added to those of the URL: a list of `name` and `value`, or a map.
    #[serde(default)]
    query_params: Pairs,
    /// The body; at most one of `body` and `bodyFromFile` is given.
    #[serde(default)]
    body: Option<Body>,
    /// The file of the work directory that is the body, of at most 2 MiB.
    #[serde(default)]
    body_from_file: Option<String>,
    /// Whether any certificate of the server will do.
    #[serde(default, rename = "insecureSkipTLSVerify")]
    pub(super) insecure_skip_tls_verify: bool,
    /// The proxy, `http://…` or `https://…`; that of the environment by default.
    #[serde(default)]
    pub(super) proxy: Option<String>,
    /// How long the request may take, such as `20s`; 10s by default.
    #[serde(default)]
    timeout: Option<String>,
    /// When an answer that meets no criteria is asked for again; 30s by default.
    #[serde(default)]
    poll_interval: Option<String>,
    /// How the body of the answer is read, whatever its own content type is.
    #[serde(default)]
    pub(super) response_content_type: Option<ContentType>,
    /// What is taken from the answer once it is a success.
    #[serde(default)]
    pub(super) outputs: Vec<Output>,
    /// Whether the answer is a success.
    #[serde(default)]
    pub(super) success_expression: Option<Expr>,
    /// Whether the answer is a failure; it is looked at first.
    #[serde(default)]
    pub(super) failure_expression: Option<Expr>,
    /// The message of a failure.
    #[serde(default)]
    pub(super) error_expression: Option<Expr>,
}

/// A request method.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Method {
    /// DELETE
    Delete,
    /// GET
    #[default]
    Get,
    /// HEAD
    Head,
    /// PATCH
    Patch,
    /// POST
    Post,
    /// PUT
    Put,
}

impl Method {
    /// Whether sending it twice is as sending it once (RFC 9110, 9.2.2).
    pub(super) fn may_be_repeated(self) -> bool {
        !matches!(self, Self::Patch | Self::Post)
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Delete => "DELETE",
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Patch => "PATCH",
            Self::Post => "POST",
            Self::Put => "PUT",
        }
    }
}

impl From<Method> for reqwest::Method {
    fn from(method: Method) -> Self {
        match method {
            Method::Delete => Self::DELETE,
            Method::Get => Self::GET,
            Method::Head => Self::HEAD,
            Method::Patch => Self::PATCH,
            Method::Post => Self::POST,
            Method::Put => Self::PUT,
        }
    }
}

/// How a body is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub(crate) enum ContentType {
    /// As JSON.
    #[serde(rename = "application/json")]
    Json,
    /// As YAML.
    #[serde(rename = "application/yaml")]
    Yaml,
    /// As text.
    #[serde(rename = "text/plain")]
    Text,
}

/// A header or query parameter.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pair {
    /// Its name.
    name: Text,
    /// Its value.
    value: Text,
}

/// Headers or query parameters.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pairs(Vec<Pair>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let list = match Json::deserialize(deserializer)? {
            Json::Null => Json::Array(Vec::new()),
            Json::Object(map) => map.into_iter().map(|(name, value)| named(name, value)).collect(),
            list => list,
        };
        serde_json::from_value(list).map(Self).map_err(de::Error::custom)
    }
}

/// An entry of a map as an item of a list. A number or bool is what YAML made of a text without quotes.
fn named(name: String, value: Json) -> Json {
    let value = match value {
        Json::Number(number) => number.to_string().into(),
        Json::Bool(flag) => flag.to_string().into(),
        value => value,
    };
    serde_json::json!({ "name": name, "value": value })
}

impl JsonSchema for Pairs {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Pairs".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let list = generator.subschema_for::<Vec<Pair>>();
        json_schema!({ "anyOf": [
            list,
            { "type": "object", "additionalProperties": { "type": ["string", "number", "boolean"] } },
        ] })
    }
}

/// A body: a text, which stays as it was rendered also where it is JSON, or a block.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "the body must be a text, or a block that is a JSON object or list")]
pub(crate) enum Body {
    /// Sent as it is.
    Text(Verbatim),
    /// Sent as JSON.
    Object(serde_json::Map<String, Json>),
    /// Sent as JSON.
    List(Vec<Json>),
}

impl Config {
    /// Checks what the types of the fields do not say.
    pub(super) fn validate(&self) -> Result<(), StepError> {
        if self.body_text().is_some() && self.body_file().is_some() {
            return Err(invalid("only one of body and bodyFromFile can be given"));
        }
        if self
            .proxy
            .as_deref()
            .is_some_and(|proxy| !proxy.starts_with("http://") && !proxy.starts_with("https://"))
        {
            return Err(invalid("proxy must begin with http:// or https://"));
        }
        match self.outputs.iter().find(|output| output.from_expression.source().is_empty()) {
            Some(output) => {
                Err(invalid(&format!("the fromExpression of output {:?} is empty", &*output.name)))
            }
            None => Ok(()),
        }
    }

    /// The body that is given; an empty text is none.
    pub(super) fn body_text(&self) -> Option<String> {
        match self.body.as_ref()? {
            Body::Text(text) if text.as_str().is_empty() => None,
            Body::Text(text) => Some(text.as_str().to_owned()),
            Body::Object(entries) => Some(Json::Object(entries.clone()).to_string()),
            Body::List(items) => Some(Json::Array(items.clone()).to_string()),
        }
    }

    pub(super) fn body_file(&self) -> Option<&str> {
        self.body_from_file.as_deref().filter(|path| !path.is_empty())
    }

    /// The address with the query parameters. Where there are some, all are sorted, as Go's `url.Values` has it.
    pub(super) fn address(&self) -> Result<Url, StepError> {
        let mut url = match Url::parse(&self.url) {
            Ok(url) if matches!(url.scheme(), "http" | "https") => url,
            Ok(url) => return Err(unsupported(url.scheme())),
            Err(url::ParseError::RelativeUrlWithoutBase) => return Err(unsupported("")),
            Err(error) => {
                return Err(StepError::errored(BAD_REQUEST, "the url is not one")
                    .with_source(error)
                    .terminal());
            }
        };
        if !self.query_params.0.is_empty() {
            let mut pairs: Vec<(String, String)> =
                url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
            pairs.extend(
                self.query_params.0.iter().map(|pair| (pair.name.to_string(), pair.value.to_string())),
            );
            pairs.sort_by(|(one, _), (other, _)| one.cmp(other));
            url.query_pairs_mut().clear().extend_pairs(pairs);
        }
        Ok(url)
    }

    /// The headers. `Host` is not among them: as in Go it follows from the address.
    pub(super) fn header_map(&self) -> Result<HeaderMap, StepError> {
        let mut headers = HeaderMap::new();
        for pair in &self.headers.0 {
            let bad = || StepError::errored(BAD_REQUEST, format!("header {:?} is not valid", &*pair.name));
            let name = HeaderName::from_bytes(pair.name.as_bytes()).map_err(|_| bad())?;
            let mut value = HeaderValue::from_str(&pair.value).map_err(|_| bad())?;
            value.set_sensitive(true);
            if name != HOST {
                headers.append(name, value);
            }
        }
        Ok(headers)
    }

    pub(super) fn timeout(&self) -> Result<Option<Duration>, StepError> {
        duration("timeout", self.timeout.as_deref())
    }

    pub(super) fn poll_interval(&self) -> Result<Option<Duration>, StepError> {
        duration("pollInterval", self.poll_interval.as_deref())
    }
}

/// A Go duration; a negative one is zero.
fn duration(field: &str, text: Option<&str>) -> Result<Option<Duration>, StepError> {
    let Some(text) = text else { return Ok(None) };
    match time::Duration::parse(text) {
        Ok(duration) => Ok(Some(Duration::try_from_secs_f64(duration.seconds()).unwrap_or_default())),
        Err(_) if !has_unit(text) => Err(invalid(&format!("{field} {text:?} is not a duration such as 20s"))),
        // Kargo's pattern looks for a duration anywhere in the text, and its client then refuses the rest.
        Err(_) => {
            Err(StepError::errored(BAD_CONFIG, format!("{field} {text:?} is not a duration such as 20s"))
                .terminal())
        }
    }
}

/// Whether somewhere in the text a digit is followed by a unit.
fn has_unit(text: &str) -> bool {
    let units = ["ns", "us", "µs", "ms", "s", "m", "h"];
    text.split_inclusive(|c: char| c.is_ascii_digit())
        .skip(1)
        .any(|rest| units.iter().any(|unit| rest.starts_with(unit)))
}

fn invalid(message: &str) -> StepError {
    StepError::failed(BAD_CONFIG, format!("invalid http config: {message}")).terminal()
}

fn unsupported(scheme: &str) -> StepError {
    StepError::errored(NO_ANSWER, format!("the scheme {scheme:?} of the url is neither http nor https"))
}
