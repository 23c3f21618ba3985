//! Dot keys, as Kargo's `yaml-update` takes them.

use super::{Step, What, syntax};
use crate::{Error, Span};

/// The parts of a dot key.
pub(super) fn parse(text: &str) -> Result<Vec<Step>, Error> {
    let trimmed = text.trim();
    let offset = (text.len() - text.trim_start().len()) as u32;
    if trimmed.is_empty() {
        return Err(syntax("the key is empty", Span::new(0, text.len() as u32)));
    }
    let mut steps = Vec::new();
    let mut part = Part::new(offset);
    let mut chars = trimmed.char_indices();
    while let Some((at, char)) = chars.next() {
        let at = offset + at as u32;
        match char {
            '\\' => match chars.next() {
                Some((_, escaped @ ('.' | ':' | '\\'))) => part.name.push(escaped),
                // Kargo lets a lone backslash at the end go.
                None => {}
                Some((_, other)) => {
                    let span = Span::new(at, at + 1 + other.len_utf8() as u32);
                    return Err(syntax(format!("`\\{other}` is no escape of a key"), span)
                        .with_hint("a key knows `\\.` and `\\:`"));
                }
            },
            '.' => {
                steps.push(part.end(at)?);
                part = Part::new(at + 1);
            }
            ':' if at == part.start => {}
            ':' => {
                return Err(syntax("a colon can only stand before a part", Span::new(at, at + 1))
                    .with_hint("`\\:` is a colon inside a key"));
            }
            _ => part.name.push(char),
        }
    }
    steps.push(part.end(offset + trimmed.len() as u32)?);
    Ok(steps)
}

struct Part {
    name: String,
    start: u32,
}

impl Part {
    fn new(start: u32) -> Self {
        Self { name: String::new(), start }
    }

    fn end(self, end: u32) -> Result<Step, Error> {
        let span = Span::new(self.start, end);
        if self.name.is_empty() {
            return Err(syntax("a part of the key is empty", span).with_hint("`\\.` is a point inside a key"));
        }
        Ok(Step { what: What::Part(self.name), span })
    }
}

/// What a part means for a list: its index, as Go's `Atoi` reads it.
pub(super) fn index(part: &str) -> Option<Result<usize, &str>> {
    let part = part.strip_prefix('[').and_then(|part| part.strip_suffix(']')).unwrap_or(part);
    let digits = part.strip_prefix(['+', '-']).unwrap_or(part);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    if part.starts_with('-') && digits.bytes().any(|byte| byte != b'0') {
        return Some(Err(digits));
    }
    Some(Ok(digits.parse().unwrap_or(usize::MAX)))
}

/// `name[0][1]` as `name` and the indices.
pub(super) fn with_indices(part: &str) -> Option<(&str, Vec<&str>)> {
    let (name, rest) = part.split_at(part.find('[')?);
    let inner = rest.strip_prefix('[')?.strip_suffix(']')?;
    let indices: Vec<_> = inner.split("][").collect();
    (!name.is_empty() && indices.iter().all(|part| index(part).is_some())).then_some((name, indices))
}

#[cfg(test)]
mod tests {
    use super::super::{Path, What};
    use super::*;

    #[test]
    fn keys_are_split_as_kargo_splits_them() {
        for (key, parts) in [
            ("a.b", Some(vec!["a", "b"])),
            (" a.b ", Some(vec!["a", "b"])),
            (r"a\.b.c", Some(vec!["a.b", "c"])),
            (r"a\:b", Some(vec!["a:b"])),
            (":a.:b", Some(vec!["a", "b"])),
            ("a.0", Some(vec!["a", "0"])),
            ("a[0]", Some(vec!["a[0]"])),
            ("a\\", Some(vec!["a"])),
            ("a..b", None),
            ("a.", None),
            (" ", None),
            ("a:b", None),
            (r"a\tb", None),
        ] {
            let read = Path::parse(key).ok().map(|path| {
                let names = path.steps.into_iter().map(|step| match step.what {
                    What::Part(name) => name,
                    other => panic!("{other:?}"),
                });
                names.collect::<Vec<_>>()
            });
            assert_eq!(read, parts.map(|parts| parts.into_iter().map(str::to_owned).collect()), "{key:?}");
        }
    }

    #[test]
    fn indices_are_read_as_go_reads_them() {
        for (part, expected) in [
            ("0", Some(Ok(0))),
            ("+1", Some(Ok(1))),
            ("01", Some(Ok(1))),
            ("[2]", Some(Ok(2))),
            ("-0", Some(Ok(0))),
            ("-1", Some(Err("1"))),
            ("x", None),
            ("99999999999999999999", Some(Ok(usize::MAX))),
        ] {
            assert_eq!(index(part), expected, "{part}");
        }
        assert_eq!(with_indices("a[0][12]"), Some(("a", vec!["0", "12"])));
        assert_eq!(with_indices("a[x]"), None);
        assert_eq!(with_indices("[0]"), None);
    }
}
