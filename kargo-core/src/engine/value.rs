//! Outputs as they are kept: exactly, so that a restart changes no value, and with secrets sealed.
//!
//! JSON's own types stand for themselves, and an integer stays apart from a float of the same size. What JSON does
//! not have is an object with one key that begins with `$`; a map that has such a key of its own is `$map`.

use std::ops::RangeInclusive;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use kargo_expr::{Kind, Map, Numbers, Value};
use serde_json::{Value as Json, json};

use super::record::unreadable;
use super::seal::Sealer;
use crate::error::Error;
use crate::redact::Redactor;

/// An output as the engine keeps it: of the types that survive the journal, the others as their JSON, and
/// tainted wherever a known secret is in it.
pub(super) fn kept(value: &Value, redactor: &Redactor) -> Value {
    let kept = match value.kind() {
        Kind::Array => value
            .as_array()
            .into_iter()
            .flat_map(|items| items.iter())
            .map(|item| kept(item, redactor))
            .collect::<Vec<_>>()
            .into(),
        Kind::Map if value.as_map().is_some() => value
            .as_map()
            .into_iter()
            .flat_map(Map::iter)
            .map(|(key, item)| (key.clone(), kept(item, redactor)))
            .collect(),
        Kind::Map | Kind::Duration | Kind::Time | Kind::Other => match value.to_json() {
            Ok(json) => kept(&Value::from_json(&json, Numbers::Natural), redactor),
            // NaN somewhere inside of something that is no plain value: Kargo could not keep it either.
            Err(_) => Value::nil(),
        },
        Kind::String if value.as_text().is_some_and(|text| redactor.finds_secret(&text.to_str())) => {
            value.clone().tainted()
        }
        _ => value.clone(),
    };
    if value.is_marked() { kept.tainted() } else { kept }
}

/// How deep a config or an output may nest. Readers of JSON refuse what nests deeper than 128, and a record or a status
/// that cannot be read again would hold the Promotion up for ever.
pub(super) const MAX_DEPTH: usize = 100;

/// Whether JSON nests deeper than [`MAX_DEPTH`].
pub(super) fn json_is_too_deep(json: &Json) -> bool {
    fn deeper(json: &Json, left: usize) -> bool {
        match json {
            Json::Array(items) => left == 0 || items.iter().any(|item| deeper(item, left - 1)),
            Json::Object(entries) => left == 0 || entries.values().any(|item| deeper(item, left - 1)),
            _ => false,
        }
    }
    deeper(json, MAX_DEPTH)
}

/// Whether a value nests deeper than [`MAX_DEPTH`].
pub(super) fn is_too_deep(value: &Value) -> bool {
    fn deeper(value: &Value, left: usize) -> bool {
        let items =
            value.as_array().map(|items| items.iter().any(|item| left == 0 || deeper(item, left - 1)));
        let entries =
            value.as_map().map(|map| map.iter().any(|(_, item)| left == 0 || deeper(item, left - 1)));
        items.or(entries).unwrap_or(false)
    }
    deeper(value, MAX_DEPTH)
}

/// How long a text is that came from a secret and is looked for as a secret itself: a shorter one would be found by
/// chance, a longer one is a text that holds the secret, which is known.
const LEARNED: RangeInclusive<usize> = 8..=1024;

/// Remembers a text that a secret went into.
pub(super) fn learn_text(text: &str, redactor: &Redactor) {
    if LEARNED.contains(&text.len()) {
        redactor.learn(text);
    }
}

/// Remembers the tainted texts of a value: after a restart nobody else knows them.
pub(super) fn learn(value: &Value, redactor: &Redactor) {
    learn_inside(value, false, redactor);
}

fn learn_inside(value: &Value, tainted: bool, redactor: &Redactor) {
    let tainted = tainted || value.is_marked();
    if !value.is_tainted() && !tainted {
        return;
    }
    if let Some(text) = value.as_str().filter(|_| tainted) {
        learn_text(text, redactor);
    }
    value
        .as_array()
        .into_iter()
        .flat_map(|items| items.iter())
        .for_each(|item| learn_inside(item, tainted, redactor));
    let entries = value.as_map().into_iter().flat_map(Map::iter);
    entries.for_each(|(_, item)| learn_inside(item, tainted, redactor));
}

/// A kept value for the journal.
pub(super) fn encode(value: &Value, sealer: &Sealer) -> Result<Json, Error> {
    if value.is_marked() {
        let plain = plain(value, &|item| encode_plain(item))?;
        return Ok(json!({ "$sealed": sealer.seal(plain.to_string().as_bytes())? }));
    }
    plain(value, &|item| encode(item, sealer))
}

/// A value inside of a sealed one.
fn encode_plain(value: &Value) -> Result<Json, Error> {
    plain(value, &encode_plain)
}

/// One value; `inside` encodes what it holds.
fn plain(value: &Value, inside: &dyn Fn(&Value) -> Result<Json, Error>) -> Result<Json, Error> {
    if let Some(items) = value.as_array() {
        return items.iter().map(inside).collect();
    }
    if let Some(map) = value.as_map() {
        let tagged =
            map.iter().any(|(key, _)| key.as_bytes().first() == Some(&b'$') || key.as_str().is_none());
        if tagged {
            let entries =
                map.iter().map(|(key, item)| Ok(json!([encode_text(key.as_bytes()), inside(item)?])));
            return Ok(json!({ "$map": entries.collect::<Result<Vec<_>, Error>>()? }));
        }
        let entries = map.iter().map(|(key, item)| Ok((key.to_str().into_owned(), inside(item)?)));
        return Ok(Json::Object(entries.collect::<Result<_, Error>>()?));
    }
    Ok(match value.kind() {
        Kind::Bool => json!(value.as_bool()),
        Kind::Int => json!(value.as_i64()),
        Kind::Float => match value.as_f64() {
            Some(float) if float.is_finite() => json!(float),
            float => json!({ "$float": float.map(|float| float.to_string()) }),
        },
        Kind::String => encode_text(value.as_text().map(|text| text.as_bytes()).unwrap_or_default()),
        Kind::Bytes => json!({ "$bytes": BASE64_STANDARD.encode(value.as_bytes().unwrap_or_default()) }),
        // `kept` left no other kind.
        _ => Json::Null,
    })
}

fn encode_text(bytes: &[u8]) -> Json {
    match std::str::from_utf8(bytes) {
        Ok(text) => json!(text),
        Err(_) => json!({ "$str": BASE64_STANDARD.encode(bytes) }),
    }
}

/// What [`encode`] was given.
pub(super) fn decode(json: &Json, sealer: &Sealer) -> Result<Value, Error> {
    Ok(match json {
        Json::Null => Value::nil(),
        Json::Bool(bool) => (*bool).into(),
        Json::Number(number) => match number.as_i64() {
            Some(int) => int.into(),
            None => number.as_f64().ok_or_else(damaged)?.into(),
        },
        Json::String(text) => text.as_str().into(),
        Json::Array(items) => {
            items.iter().map(|item| decode(item, sealer)).collect::<Result<Vec<_>, _>>()?.into()
        }
        Json::Object(entries) => match entries.iter().next() {
            Some((tag, inner)) if tag.starts_with('$') => decode_tagged(tag, inner, sealer)?,
            _ => {
                let entries = entries.iter().map(|(key, item)| Ok((key.as_str(), decode(item, sealer)?)));
                entries.collect::<Result<Vec<_>, Error>>()?.into_iter().collect()
            }
        },
    })
}

fn decode_tagged(tag: &str, inner: &Json, sealer: &Sealer) -> Result<Value, Error> {
    let text = || inner.as_str().ok_or_else(damaged);
    let bytes = || BASE64_STANDARD.decode(text()?).map_err(|_| damaged());
    match tag {
        "$sealed" => {
            let plain = serde_json::from_slice(&sealer.unseal(text()?)?).map_err(|_| damaged())?;
            Ok(decode(&plain, sealer)?.tainted())
        }
        "$float" => Ok(text()?.parse::<f64>().map_err(|_| damaged())?.into()),
        "$str" => Ok(Value::text(&bytes()?)),
        "$bytes" => Ok(Value::bytes(&bytes()?)),
        "$map" => {
            let pairs: &Vec<Json> = inner.as_array().ok_or_else(damaged)?;
            let entries = pairs.iter().map(|pair| {
                let [key, item] = pair.as_array().map(Vec::as_slice).ok_or_else(damaged)? else {
                    return Err(damaged());
                };
                let key = decode(key, sealer)?.as_text().cloned().ok_or_else(damaged)?;
                Ok((key, decode(item, sealer)?))
            });
            Ok(entries.collect::<Result<Vec<_>, Error>>()?.into_iter().collect())
        }
        _ => Err(damaged()),
    }
}

fn damaged() -> Error {
    unreadable("an output in the journal is damaged")
}

/// A kept value as it is shown: JSON, with `mask` in place of what came from a secret.
pub(super) fn shown(value: &Value, mask: &str) -> Json {
    if value.is_marked() {
        return json!(mask);
    }
    if let Some(items) = value.as_array() {
        return items.iter().map(|item| shown(item, mask)).collect();
    }
    if let Some(map) = value.as_map() {
        return Json::Object(
            map.iter().map(|(key, item)| (key.to_str().into_owned(), shown(item, mask))).collect(),
        );
    }
    // NaN and the infinities have no JSON.
    value.to_json().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kept_value_comes_back_as_it_was() {
        let sealer = Sealer::ephemeral();
        for value in [
            Value::nil(),
            true.into(),
            5_i64.into(),
            i64::MIN.into(),
            5.0.into(),
            1e300.into(),
            f64::NAN.into(),
            f64::NEG_INFINITY.into(),
            (-0.0).into(),
            "text \u{2028} \"q\"".into(),
            Value::text(b"\xff\xfe"),
            Value::bytes(b"\x00\xff"),
            vec![Value::from(1), Value::from(1.0), Value::nil()].into(),
            [("a", Value::from(1)), ("b", [("c", 2.5)].into_iter().collect())].into_iter().collect(),
            [("$sealed", "not really"), ("x", "y")].into_iter().collect(),
            [("$float", 1)].into_iter().collect(),
            Value::from("hunter2").tainted(),
            [("k", Value::from(42).tainted()), ("o", "open".into())].into_iter().collect(),
        ] {
            let json = encode(&value, &sealer).unwrap();
            assert!(!json.to_string().contains("hunter2"));
            let text = serde_json::from_str(&json.to_string()).unwrap();
            let back = decode(&text, &sealer).unwrap();
            assert_eq!(exact(&back), exact(&value), "{json}");
        }
    }

    /// Tells apart what `==` does not: kinds, signs, taint.
    fn exact(value: &Value) -> String {
        let inside = match (value.as_array(), value.as_map()) {
            (Some(items), _) => items.iter().map(exact).collect::<Vec<_>>().join(","),
            (_, Some(map)) => map.iter().map(|(key, item)| format!("{key}={}", exact(item))).collect(),
            _ => {
                format!("{:?}{:?}{:?}{:?}", value.as_bool(), value.as_i64(), value.as_f64(), value.as_text())
            }
        };
        format!("{:?}/{}({inside}{:?})", value.kind(), value.is_tainted(), value.as_bytes())
    }

    #[test]
    fn damaged_records_are_errors_and_no_panics() {
        for json in [
            json!({"$sealed": 1}),
            json!({"$sealed": "AAAA"}),
            json!({"$map": [["a"]]}),
            json!({"$map": [[1, 2]]}),
            json!({"$str": "*"}),
            json!({"$what": 1}),
        ] {
            assert!(decode(&json, &Sealer::ephemeral()).is_err(), "{json}");
        }
    }

    #[test]
    fn what_holds_a_known_secret_is_tainted() {
        let redactor = Redactor::default();
        redactor.learn("hunter2");
        let outputs: Value =
            [("body", Value::from(vec![Value::from("x hunter2 y"), "z".into()])), ("n", 1.into())]
                .into_iter()
                .collect();
        assert_eq!(shown(&kept(&outputs, &redactor), "***"), json!({"body": ["***", "z"], "n": 1}));
    }
}
