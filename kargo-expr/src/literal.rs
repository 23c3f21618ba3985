//! What the escapes of string and bytes literals mean.

use crate::value::Text;

/// Which literal the escapes stand in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Escapes {
    /// `'…'`: `\xff` and `\377` are code points.
    Text,
    /// `b'…'`: they are bytes, and `\u` is not known.
    Bytes,
}

/// The text between the quotes with its escapes resolved; `None` if one of them is not allowed.
pub(crate) fn unescape(content: &str, escapes: Escapes) -> Option<Text> {
    if !content.contains(['\\', '\r']) {
        return Some(content.into());
    }
    let content = content.replace("\r\n", "\n").replace('\r', "\n");
    let mut out = Vec::with_capacity(content.len());
    let mut rest = content.as_str();
    while let Some(at) = rest.find('\\') {
        out.extend_from_slice(&rest.as_bytes()[..at]);
        rest = escape(&rest[at + 1..], escapes, &mut out)?;
    }
    out.extend_from_slice(rest.as_bytes());
    Some(Text::from_bytes(&out))
}

/// Appends what one escape means; gives what follows it.
fn escape<'a>(text: &'a str, escapes: Escapes, out: &mut Vec<u8>) -> Option<&'a str> {
    let letter = *text.as_bytes().first()?;
    let simple = match letter {
        b'a' => 7,
        b'b' => 8,
        b'f' => 12,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 11,
        b'\\' | b'\'' | b'"' => letter,
        _ => {
            let (code, length) = numeric(text, escapes)?;
            push(code, escapes, out);
            return text.get(length..);
        }
    };
    out.push(simple);
    text.get(1..)
}

/// The number of `x41`, `u{1F600}`, `u00e9`, `U0001F600` or `101`, and how many bytes it takes.
fn numeric(text: &str, escapes: Escapes) -> Option<(i32, usize)> {
    let digits = |from: usize, count: usize, radix| {
        let digits = text.get(from..from + count)?;
        digits.bytes().all(|b| b.is_ascii_hexdigit()).then_some(())?;
        u32::from_str_radix(digits, radix).ok()
    };
    let (code, length) = match (text.as_bytes()[0], escapes) {
        (b'x', _) => (digits(1, 2, 16)?, 3),
        (b'0'..=b'3', _) => (digits(0, 3, 8)?, 3),
        (b'u', Escapes::Text) if text[1..].starts_with('{') => {
            let close = text.find('}')?;
            (digits(2, close - 2, 16)?, close + 1)
        }
        (b'u', Escapes::Text) => (digits(1, 4, 16)?, 5),
        (b'U', Escapes::Text) => (digits(1, 8, 16)?, 9),
        _ => return None,
    };
    // Go's runes are signed: beyond 0x7fffffff they are negative, and pass for small.
    let code = code as i32;
    (code <= 0x10_FFFF).then_some((code, length))
}

fn push(code: i32, escapes: Escapes, out: &mut Vec<u8>) {
    if code < 0x80 || escapes == Escapes::Bytes {
        out.push(code as u8);
        return;
    }
    let c = u32::try_from(code).ok().and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER);
    out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes() {
        let cases: &[(&str, Escapes, Option<&[u8]>)] = &[
            (r"a\n", Escapes::Text, Some(b"a\n")),
            (r"\xff", Escapes::Text, Some("ÿ".as_bytes())),
            (r"\xff", Escapes::Bytes, Some(b"\xff")),
            (r"\u{1F600}", Escapes::Text, Some("😀".as_bytes())),
            (r"\ud83d", Escapes::Text, Some("\u{FFFD}".as_bytes())),
            (r"\u0041", Escapes::Bytes, None),
            (r"\400", Escapes::Text, None),
            (r"\U00110000", Escapes::Text, None),
            (r"\UFFFFFFFF", Escapes::Text, Some(b"\xff")),
            ("a\r\nb", Escapes::Text, Some(b"a\nb")),
        ];
        for (source, escapes, expected) in cases {
            let actual = unescape(source, *escapes);
            assert_eq!(actual.as_ref().map(Text::as_bytes), *expected, "{source}");
        }
    }
}
