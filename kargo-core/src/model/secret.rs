//! Kubernetes Secrets, as a folder has them.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use secrecy::{ExposeSecret, SecretString};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use super::{ObjectMeta, null_as_default};

/// A Secret. Its values are neither printed nor serialised: they reach no store, no report and no log.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Secret {
    /// Who it is.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "ObjectMeta::is_unset")]
    pub metadata: ObjectMeta,
    /// Its type, such as `Opaque`.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub secret_type: Option<String>,
    /// Whether it may no longer change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub immutable: Option<bool>,
    /// Values in base64.
    #[serde(default, skip_serializing, deserialize_with = "null_as_default")]
    #[schemars(with = "BTreeMap<String, String>")]
    data: BTreeMap<String, Base64>,
    /// Values as they are; they win over `data`.
    #[serde(default, skip_serializing, deserialize_with = "null_as_default")]
    #[schemars(with = "BTreeMap<String, String>")]
    string_data: BTreeMap<String, Plain>,
}

impl Secret {
    /// A Secret without values yet.
    pub fn new(project: impl Into<String>, name: impl Into<String>) -> Self {
        Self { metadata: ObjectMeta::in_project(project, name), ..Self::default() }
    }

    /// Adds a value.
    #[must_use]
    pub fn with_value(mut self, key: impl Into<String>, value: impl Into<SecretString>) -> Self {
        self.string_data.insert(key.into(), Plain(value.into()));
        self
    }

    /// Adds a label.
    #[must_use]
    pub fn with_label(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.metadata = self.metadata.with_label(key, value);
        self
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&SecretString> {
        self.string_data.get(key).map(|value| &value.0).or_else(|| self.data.get(key).map(|value| &value.0))
    }

    /// The keys and values, each key once.
    pub fn values(&self) -> impl Iterator<Item = (&str, &SecretString)> {
        let data = self.data.iter().filter(|(key, _)| !self.string_data.contains_key(*key));
        data.map(|(key, value)| (key.as_str(), &value.0))
            .chain(self.string_data.iter().map(|(key, value)| (key.as_str(), &value.0)))
    }
}

/// Compares the values too.
impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        let exposed = |secret: &Self| -> BTreeMap<String, String> {
            secret.values().map(|(key, value)| (key.to_owned(), value.expose_secret().to_owned())).collect()
        };
        self.metadata == other.metadata
            && self.secret_type == other.secret_type
            && self.immutable == other.immutable
            && exposed(self) == exposed(other)
    }
}

/// A value that stands in the file as it is.
#[derive(Clone)]
struct Plain(SecretString);

impl fmt::Debug for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl<'de> Deserialize<'de> for Plain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        secret_text(deserializer).map(|text| Self(text.into()))
    }
}

/// A value that stands in the file in base64.
#[derive(Clone)]
struct Base64(SecretString);

impl fmt::Debug for Base64 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl<'de> Deserialize<'de> for Base64 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use base64::Engine as _;
        let text = secret_text(deserializer)?;
        let compact: String = text.chars().filter(|c| !matches!(c, '\n' | '\r')).collect();
        let bytes = base64::engine::general_purpose::STANDARD
            .decode(compact)
            .map_err(|_| D::Error::custom("the value is not base64"))?;
        let text = String::from_utf8(bytes).map_err(|_| D::Error::custom("the value is not UTF-8 text"))?;
        Ok(Self(text.into()))
    }
}

/// The text of a value. The error of another type does not repeat what stands there.
fn secret_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    String::deserialize(deserializer).map_err(|_| D::Error::custom("a Secret's value must be a string"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_read_and_never_shown() {
        let secret: Secret = serde_json::from_value(json!({
            "metadata": { "name": "s" },
            "type": "Opaque",
            "data": { "a": "Y2FuYXJ5LWE=", "b": "b2xk" },
            "stringData": { "b": "canary-b" },
        }))
        .unwrap();
        let values: Vec<(&str, &str)> =
            secret.values().map(|(key, value)| (key, value.expose_secret())).collect();
        assert_eq!(values, [("a", "canary-a"), ("b", "canary-b")]);
        assert_eq!(secret.get("b").unwrap().expose_secret(), "canary-b");
        assert!(!format!("{secret:?}").contains("canary"));
        assert!(!serde_json::to_string(&secret).unwrap().contains("canary"));
        assert_eq!(secret, secret.clone());
        assert_ne!(secret, secret.clone().with_value("a", "x"));
    }

    #[test]
    fn errors_do_not_repeat_the_value() {
        for bad in [json!({ "data": { "a": "canary!" } }), json!({ "data": { "a": 987654 } })] {
            let error = serde_json::from_value::<Secret>(bad).unwrap_err().to_string();
            assert!(!error.contains("canary") && !error.contains("987654"), "{error}");
        }
    }
}
