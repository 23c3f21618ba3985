//! The pure functions that Kargo adds to the language.

use serde_json::Value as Json;

use crate::env::Env;
use crate::go::json::Writer;
use crate::go::quote::quote as go_quote;
use crate::limits::{Budget, Limits};
use crate::semver::{Version, diff};
use crate::types::{ObjectType, Signature, Type};
use crate::value::{IntKind, Object, Repr, Text, write_json};
use crate::{CallError, Value};

/// Names that Kargo does not allow for variables of a JSON template. (`unsafeQuote` is not among them.)
pub(crate) const RESERVED: &[&str] = &["quote", "asYAML", "asJSON"];

pub(crate) fn register(env: Env) -> Env {
    let shows = || [Signature::new([Type::Any], Type::String)];
    env.with_typed_function("quote", shows(), quote)
        .with_typed_function("unsafeQuote", shows(), unsafe_quote)
        .with_typed_function("asJSON", shows(), as_json)
        .with_typed_function("asYAML", shows(), as_yaml)
        .with_typed_function(
            "semverDiff",
            [Signature::new([Type::String, Type::String], Type::String)],
            semver_diff,
        )
        .with_typed_function("semverParse", [Signature::new([Type::String], version_type())], semver_parse)
}

fn only(args: &[Value]) -> Result<&Value, CallError> {
    match args {
        [value] => Ok(value),
        _ => Err(CallError::new(format!("expected 1 argument, got {}", args.len()))),
    }
}

fn json(value: &Value, mut writer: Writer, function: &str) -> Result<String, CallError> {
    let mut budget = Budget::new(&Limits::default());
    match write_json(value, &mut writer, &mut budget) {
        Ok(()) => Ok(writer.finish()),
        Err(error) => {
            let message = format!("error applying {function}() function: {}", error.message);
            Err(CallError::coded(error.code, message))
        }
    }
}

/// A string becomes a Go string literal, anything else JSON between quotes; a template later strips the
/// quotes and nothing else.
fn quote(args: &[Value]) -> Result<Value, CallError> {
    match only(args)?.as_text() {
        Some(text) => Ok(go_quote(text.as_bytes()).into()),
        None => unsafe_quote(args),
    }
}

fn unsafe_quote(args: &[Value]) -> Result<Value, CallError> {
    Ok(format!("\"{}\"", json(only(args)?, Writer::compact(), "quote")?).into())
}

fn as_json(args: &[Value]) -> Result<Value, CallError> {
    Ok(format!("\"{}\n\"", json(only(args)?, Writer::indented(), "asJSON")?).into())
}

/// As `yaml.v3` writes it, which keeps floats apart from integers.
fn as_yaml(args: &[Value]) -> Result<Value, CallError> {
    let json = only(args)?.to_yaml_json()?;
    Ok(format!("\"{}\"", crate::go::yaml::to_string(&json)).into())
}

fn semver_diff(args: &[Value]) -> Result<Value, CallError> {
    let [a, b] = args else {
        return Err(CallError::new(format!("expected 2 arguments, got {}", args.len())));
    };
    let (a, b) = (expect_text(a)?, expect_text(b)?);
    Ok(diff(&a.to_str(), &b.to_str()).to_string().into())
}

fn semver_parse(args: &[Value]) -> Result<Value, CallError> {
    let version = Version::parse(&expect_text(only(args)?)?.to_str())
        .map_err(|error| CallError::new(format!("invalid semantic version: {error}")))?;
    Ok(Value::object(SemVer { version, pointer: true }))
}

fn expect_text(value: &Value) -> Result<&Text, CallError> {
    value.as_text().ok_or_else(|| super::not_a(value, "string"))
}

/// Masterminds' `*semver.Version`, and `semver.Version` that its `Inc…` methods give.
#[derive(Debug)]
struct SemVer {
    version: Version,
    pointer: bool,
}

fn version_type() -> Type {
    let uint64 = || Type::Sized(crate::types::Sized(IntKind::Uint64));
    let number = || Signature::new([], uint64());
    let text = || Signature::new([], Type::String);
    // What the methods give has the same methods; one level of knowing it is enough.
    let next = || Signature::new([], Type::Any);
    let version = ObjectType::new("semver.Version")
        .method("Major", number())
        .method("Minor", number())
        .method("Patch", number())
        .method("Prerelease", text())
        .method("Metadata", text())
        .method("Original", text())
        .method("String", text())
        .method("IncMajor", next())
        .method("IncMinor", next())
        .method("IncPatch", next())
        .method("SetPrerelease", Signature::new([Type::String], Type::Any))
        .method("SetMetadata", Signature::new([Type::String], Type::Any))
        .method("Compare", Signature::new([Type::Any], Type::Int))
        .method("Equal", Signature::new([Type::Any], Type::Bool))
        .method("LessThan", Signature::new([Type::Any], Type::Bool))
        .method("GreaterThan", Signature::new([Type::Any], Type::Bool))
        .method("LessThanEqual", Signature::new([Type::Any], Type::Bool))
        .method("GreaterThanEqual", Signature::new([Type::Any], Type::Bool));
    Type::object(version)
}

impl Object for SemVer {
    fn type_name(&self) -> &str {
        if self.pointer { "*semver.Version" } else { "semver.Version" }
    }

    fn type_path(&self) -> &str {
        "github.com/Masterminds/semver/v3.Version"
    }

    fn field(&self, _: &str) -> Option<Value> {
        None
    }

    fn has_method(&self, method: &str) -> bool {
        let Type::Object(object) = version_type() else { return false };
        object.methods.iter().any(|(name, _)| &**name == method)
    }

    fn call(&self, method: &str, args: &[Value]) -> Option<Result<Value, CallError>> {
        Some(self.answer(method, args))
    }

    fn to_json(&self) -> Json {
        Json::from(self.version.to_string())
    }

    fn to_text(&self) -> String {
        self.version.to_string()
    }
}

impl SemVer {
    fn answer(&self, method: &str, args: &[Value]) -> Result<Value, CallError> {
        let number = |n: u64| Value::new(Repr::Sized(IntKind::Uint64, n as i64));
        let next = |version: Result<Version, crate::go::Error>| {
            version.map(|version| Value::object(Self { version, pointer: false })).map_err(CallError::from)
        };
        let version = &self.version;
        Ok(match (method, args) {
            ("Major", []) => number(version.major()),
            ("Minor", []) => number(version.minor()),
            ("Patch", []) => number(version.patch()),
            ("Prerelease", []) => version.prerelease().into(),
            ("Metadata", []) => version.metadata().into(),
            ("Original", []) => version.original().into(),
            ("String", []) => version.to_string().into(),
            ("IncMajor", []) => next(version.inc_major())?,
            ("IncMinor", []) => next(version.inc_minor())?,
            ("IncPatch", []) => next(version.inc_patch())?,
            ("SetPrerelease", [text]) => next(version.set_prerelease(&expect_text(text)?.to_str()))?,
            ("SetMetadata", [text]) => next(version.set_metadata(&expect_text(text)?.to_str()))?,
            (_, [other]) => return self.compared(method, other),
            _ => return Err(CallError::new(format!("cannot call {method}"))),
        })
    }

    fn compared(&self, method: &str, other: &Value) -> Result<Value, CallError> {
        let other = other
            .as_object()
            .and_then(|object| Version::parse(&object.to_text()).ok())
            .ok_or_else(|| super::not_a(other, "*semver.Version"))?;
        let order = self.version.cmp(&other);
        Ok(match method {
            "Compare" => i64::from(order as i8).into(),
            "Equal" => order.is_eq().into(),
            "LessThan" => order.is_lt().into(),
            "GreaterThan" => order.is_gt().into(),
            "LessThanEqual" => order.is_le().into(),
            "GreaterThanEqual" => order.is_ge().into(),
            _ => return Err(CallError::new(format!("cannot call {method}"))),
        })
    }
}
