//! Where Freight comes from.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::BAD_ORIGIN;
use crate::error::Error;

/// The origin of Freight; as text `Warehouse/<name>`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FreightOrigin {
    /// The kind of the origin.
    pub kind: FreightOriginKind,
    /// The name of the Warehouse.
    pub name: String,
}

/// The kinds of origin. There is one.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub enum FreightOriginKind {
    /// A Warehouse.
    #[default]
    Warehouse,
}

impl FreightOrigin {
    /// The origin that is the Warehouse `name`.
    pub fn warehouse(name: impl Into<String>) -> Self {
        Self { kind: FreightOriginKind::Warehouse, name: name.into() }
    }

    /// Whether it names nothing, as in the zero value of a reference.
    pub fn is_unset(&self) -> bool {
        self.name.is_empty()
    }
}

impl fmt::Display for FreightOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Warehouse/{}", self.name)
    }
}

impl FromStr for FreightOrigin {
    type Err = Error;

    /// Reads `Warehouse/<name>`; another kind, an empty name and a second slash are refused, as in Kargo.
    fn from_str(text: &str) -> Result<Self, Error> {
        match text.split_once('/') {
            Some(("Warehouse", name)) if !name.is_empty() && !name.contains('/') => Ok(Self::warehouse(name)),
            _ => Err(Error::new(BAD_ORIGIN, format!("{text:?} is not a Freight origin"))
                .with_hint("an origin is written Warehouse/<name>")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_form_is_strict() {
        assert_eq!("Warehouse/w".parse::<FreightOrigin>().unwrap(), FreightOrigin::warehouse("w"));
        assert_eq!(FreightOrigin::warehouse("w").to_string(), "Warehouse/w");
        for text in ["", "w", "Warehouse", "Warehouse/", "Warehouse/a/b", "Stage/w", "/w", "warehouse/w"] {
            assert_eq!(text.parse::<FreightOrigin>().unwrap_err().code(), BAD_ORIGIN, "{text}");
        }
    }
}
