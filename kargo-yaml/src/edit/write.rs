//! The new text of a scalar, in the style of the old one where the value allows it.

use super::quote::{double, is_plain, is_printable, is_single_line, quote_scalar, single};
use super::value::{Number, Value};
use crate::layout::Header;
use crate::offset::block_indent;
use crate::{Code, Error, Kind, Node, Span, Style};

/// Text that takes the place of some bytes.
#[derive(Debug, Clone)]
pub(super) struct Splice {
    pub(super) span: Span,
    pub(super) text: String,
}

const TAG_PREFIX: &str = "tag:yaml.org,2002:";

/// The splices that set a scalar: its own first, then the removal of a tag that the new value does not have.
pub(super) fn set(node: Node<'_>, value: &Value) -> Result<(Splice, Option<Splice>), Error> {
    let text = match (value, node.data().style) {
        (Value::String(text), Style::Literal | Style::Folded) => block(node, text),
        (Value::String(text), style) => string(node, text, style),
        (value, Style::Literal | Style::Folded) => instead_of_block(node, &flow(value, false)),
        (value, _) => flow(value, node.in_flow()),
    };
    Ok((Splice { span: node.span(), text: placed(node, text)? }, tag_removal(node, value)))
}

/// The text of an empty value's place needs what separates it from the key.
fn placed(node: Node<'_>, text: String) -> Result<String, Error> {
    let span = node.span();
    if !span.is_empty() {
        return Ok(text);
    }
    if node.data().unplaced {
        return if node.in_flow() {
            Ok(format!(": {text}"))
        } else {
            Err(Error::new(Code::Unwritable, "the key has no colon after which its value could be written")
                .at(span))
        };
    }
    let before = node.document().text()[..span.start as usize].chars().next_back();
    let is_apart = before.is_none_or(char::is_whitespace);
    Ok(if is_apart { text } else { format!(" {text}") })
}

/// A tag such as `!!int` goes where the value is none; other tags say something of their own.
fn tag_removal(node: Node<'_>, value: &Value) -> Option<Splice> {
    let (span, tag) = node.extra()?.tag.as_ref()?;
    let fits = match (tag.strip_prefix(TAG_PREFIX)?, value) {
        ("str", Value::String(_))
        | ("int", Value::Int(_) | Value::Uint(_))
        | ("float", Value::Float(_) | Value::Int(_) | Value::Uint(_))
        | ("bool", Value::Bool(_))
        | ("null", Value::Null)
        | ("seq", Value::List(_))
        | ("map", Value::Map(_)) => true,
        (_, _) => false,
    };
    let after = &node.document().text()[span.end as usize..];
    let spaces = (after.len() - after.trim_start_matches(' ').len()) as u32;
    (!fits).then(|| Splice { span: Span::new(span.start, span.end + spaces), text: String::new() })
}

/// Text in the quotes of the old value; without where it had none and needs none.
fn string(node: Node<'_>, text: &str, style: Style) -> String {
    match style {
        Style::SingleQuoted if is_single_line(text) => single(text),
        Style::SingleQuoted | Style::DoubleQuoted => double(text),
        _ if is_json_value(node) => double(text),
        _ => quote_scalar(text, node.in_flow()).into_owned(),
    }
}

/// Whether it is the value of a key in double quotes, inside braces: in JSON, text has double quotes.
fn is_json_value(node: Node<'_>) -> bool {
    let is_value = node.parent().is_some_and(|parent| parent.kind() == Kind::Mapping && parent.is_flow());
    is_value && key_of(node).is_some_and(|key| key.style() == Some(Style::DoubleQuoted))
}

/// The key of a map's value, where that is a scalar or an alias: it stands right before it in the tree.
pub(super) fn key_of(value: Node<'_>) -> Option<Node<'_>> {
    let key = value.sibling(value.id.checked_sub(1)?);
    (key.data().parent == value.data().parent).then_some(key)
}

/// A value on one line.
fn flow(value: &Value, in_flow: bool) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Uint(number) => number.to_string(),
        Value::Float(number) => Number(*number).to_string(),
        Value::String(text) => quote_scalar(text, in_flow).into_owned(),
        Value::List(items) => {
            let items: Vec<_> = items.iter().map(|item| flow(item, true)).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Map(entries) => {
            let entries: Vec<_> = entries
                .iter()
                .map(|(key, value)| format!("{}: {}", quote_scalar(key, true), flow(value, true)))
                .collect();
            format!("{{{}}}", entries.join(", "))
        }
    }
}

/// A block scalar's comment in its header stays.
fn instead_of_block(node: Node<'_>, text: &str) -> String {
    let source = node.source();
    let header = Header::read(source, 0);
    let line = source[header.end..].lines().next().unwrap_or_default();
    format!("{text}{}", line.trim_end())
}

/// Text as a block scalar with the old one's indentation; where it cannot be one, in quotes.
fn block(node: Node<'_>, text: &str) -> String {
    block_scalar(node, text).unwrap_or_else(|| {
        let quoted = if is_plain(text, false) { text.to_owned() } else { double(text) };
        instead_of_block(node, &quoted)
    })
}

fn block_scalar(node: Node<'_>, text: &str) -> Option<String> {
    let source = node.source();
    let header = Header::read(source, 0);
    let indent = block_indent(source.get(header.body..)?, node.text()?);
    let content = text.trim_end_matches('\n');
    let breaks = text.len() - content.len();
    let writable = |char: char| char == '\n' || char == '\t' || is_printable(char);
    let first_line = content.lines().find(|line| !line.is_empty())?;
    // Lines at the end that are kept would run together with what follows.
    if indent == 0 || breaks > 1 || !content.chars().all(writable) || first_line.trim().is_empty() {
        return None;
    }
    if first_line.starts_with([' ', '\t']) && header.indent.is_none() {
        return None;
    }
    let after = &node.document().text()[node.span().end as usize..];
    if breaks == 1 && !after.starts_with(['\n', '\r']) {
        return None;
    }
    // A folded scalar would join lines.
    let folded = node.style() == Some(Style::Folded) && !content.contains('\n');
    let line_break = if source.contains("\r\n") { "\r\n" } else { "\n" };
    let mut out = String::from(if folded { '>' } else { '|' });
    out.extend(header.indent.map(|digit| char::from(b'0' + digit)));
    out.push_str(if breaks == 0 { "-" } else { "" });
    out.push_str(source[header.end..].split(['\n', '\r']).next().unwrap_or_default());
    for line in content.split('\n') {
        out.push_str(line_break);
        if !line.is_empty() {
            out.push_str(&" ".repeat(indent));
            out.push_str(line);
        }
    }
    Some(out)
}
