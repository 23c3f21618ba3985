//! What Kargo's way of handing a config to a step does to it: JSON is written, and read again as YAML.

use serde_json::{Map, Value};

/// The longest key that a YAML reader takes without an explicit `?`.
const LONGEST_KEY: usize = 1024;

/// The config as the step gets it.
///
/// Kargo's YAML reader refuses some characters and long keys, and the step then gets null, which fails its check;
/// a NEL is folded like a line break. A template that depends on the failure is a template that never worked in
/// Kargo, so it must not work here either.
pub(super) fn handed_over(config: Value) -> Value {
    if is_readable(&config) { folded(config) } else { Value::Null }
}

fn is_readable(value: &Value) -> bool {
    match value {
        Value::String(text) => text.chars().all(is_printable),
        Value::Array(items) => items.iter().all(is_readable),
        Value::Object(entries) => entries.iter().all(|(key, value)| {
            key.len() <= LONGEST_KEY && key.chars().all(is_printable) && is_readable(value)
        }),
        _ => true,
    }
}

/// What may stand in YAML as it is; JSON's writer has escaped what is below a space.
fn is_printable(c: char) -> bool {
    !matches!(c, '\u{7f}'..='\u{84}' | '\u{86}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}')
}

fn folded(value: Value) -> Value {
    match value {
        Value::String(text) if text.contains('\u{85}') => Value::String(fold(&text)),
        Value::Array(items) => items.into_iter().map(folded).collect(),
        Value::Object(entries) => {
            entries.into_iter().map(|(key, value)| (key, folded(value))).collect::<Map<_, _>>().into()
        }
        value => value,
    }
}

/// One line break becomes a space, more become one break less, and blanks around them go.
fn fold(text: &str) -> String {
    let mut lines = text.split('\u{85}');
    let mut out = lines.next().unwrap_or_default().to_owned();
    let mut empty = 0;
    for line in lines {
        out.truncate(out.trim_end_matches([' ', '\t']).len());
        let line = line.trim_start_matches([' ', '\t']);
        if line.is_empty() {
            empty += 1;
            continue;
        }
        out.push_str(&separator(empty));
        out.push_str(line);
        empty = 0;
    }
    if empty > 0 {
        out.push_str(&separator(empty - 1));
    }
    out
}

fn separator(empty_lines: usize) -> String {
    if empty_lines == 0 { " ".to_owned() } else { "\u{85}".repeat(empty_lines) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_the_yaml_reader_refuses_becomes_null() {
        for (config, expected) in [
            (json!({"x": "a\u{2028}b\u{1}c\ttab\nnl"}), json!({"x": "a\u{2028}b\u{1}c\ttab\nnl"})),
            (json!({"x": ["del \u{7f}"]}), json!(null)),
            (json!({"x": "c1 \u{90}"}), json!(null)),
            (json!({"x": "\u{fffe}"}), json!(null)),
            (json!({"\u{ffff}": 1}), json!(null)),
            (json!({"k".repeat(1024): 1}), json!({"k".repeat(1024): 1})),
            (json!({"k".repeat(1025): 1}), json!(null)),
            (json!({"x": "nel \u{85} "}), json!({"x": "nel "})),
            (json!({"x": "a \u{85} b"}), json!({"x": "a b"})),
        ] {
            assert_eq!(handed_over(config.clone()), expected, "{config}");
        }
    }
}
