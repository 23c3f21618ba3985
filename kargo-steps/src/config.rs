//! Types of config fields that several steps share: what they hold has been checked when it is read.

use std::borrow::Cow;
use std::ops::Deref;

use kargo_core::step::Expr;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

/// A text that is not empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Text(String);

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match String::deserialize(deserializer)? {
            text if text.is_empty() => Err(D::Error::custom("the text must not be empty")),
            text => Ok(Self(text)),
        }
    }
}

impl JsonSchema for Text {
    fn schema_name() -> Cow<'static, str> {
        "Text".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "minLength": 1 })
    }
}

/// A list that is not empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NonEmpty<T>(Vec<T>);

impl<T> Deref for NonEmpty<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for NonEmpty<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Vec::deserialize(deserializer)? {
            items if items.is_empty() => Err(D::Error::custom("the list must not be empty")),
            items => Ok(Self(items)),
        }
    }
}

impl<T: JsonSchema> JsonSchema for NonEmpty<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("NonEmpty_{}", T::schema_name()).into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "array", "minItems": 1, "items": generator.subschema_for::<T>() })
    }
}

/// One output of a step: a name, and the expression that gives its value.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Output {
    /// The name of the output.
    pub(crate) name: Text,
    /// The expression that gives its value.
    #[serde(deserialize_with = "expression")]
    #[schemars(length(min = 1))]
    pub(crate) from_expression: Expr,
}

/// An expression that is not empty.
fn expression<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Expr, D::Error> {
    Text::deserialize(deserializer).map(|Text(source)| Expr::new(source))
}
