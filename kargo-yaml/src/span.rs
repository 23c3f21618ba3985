//! Where something stands in the text.

/// A range of bytes of the parsed text, from `start` up to but without `end`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The first byte.
    pub start: u32,
    /// The byte after the last.
    pub end: u32,
}

impl Span {
    /// A span from its two ends.
    #[must_use]
    pub const fn new(start: u32, end: u32) -> Self {
        Self { start, end }
    }

    /// A place between two bytes.
    #[must_use]
    pub const fn point(at: u32) -> Self {
        Self { start: at, end: at }
    }

    /// How many bytes it covers.
    #[must_use]
    pub const fn len(self) -> u32 {
        self.end.saturating_sub(self.start)
    }

    /// Whether it covers no byte.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.end <= self.start
    }

    /// Whether `other` lies inside this span.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// The range, for slicing the text.
    #[must_use]
    pub const fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// The line and the column of a byte, both from 1, the column counted in characters.
///
/// A byte order mark at the beginning of the text is no character of the first line.
///
/// ```
/// assert_eq!(kargo_yaml::line_column("a: é\nb: c\n", 7), (2, 2));
/// ```
#[must_use]
pub fn line_column(text: &str, offset: u32) -> (usize, usize) {
    let before = &text.as_bytes()[..(offset as usize).min(text.len())];
    let line_start = before.iter().rposition(|&byte| byte == b'\n').map_or(0, |newline| newline + 1);
    let line = 1 + before.iter().filter(|&&byte| byte == b'\n').count();
    (line, 1 + columns(&before[line_start..], line_start == 0))
}

/// How many characters `bytes` begins, without a byte order mark where `first_line` says there may be one.
pub(crate) fn columns(bytes: &[u8], first_line: bool) -> usize {
    let bytes = if first_line { bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes) } else { bytes };
    // A byte that continues a character has the form 10xxxxxx.
    bytes.iter().filter(|&&byte| byte & 0xC0 != 0x80).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_in_characters() {
        for (text, offset, place) in [
            ("", 0, (1, 1)),
            ("abc", 2, (1, 3)),
            ("a\nbc", 3, (2, 2)),
            ("\u{feff}ab", 4, (1, 2)),
            ("😀x", 4, (1, 2)),
            ("a\r\nb", 3, (2, 1)),
            ("a", 99, (1, 2)),
        ] {
            assert_eq!(line_column(text, offset), place, "{text:?} {offset}");
        }
    }
}
