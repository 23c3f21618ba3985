//! The words of a layout: `2006-01-02T15:04:05Z07:00` and all the others that Go knows.

/// One word of a layout.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Word {
    /// `2006`
    LongYear,
    /// `06`
    Year,
    /// `January`
    LongMonth,
    /// `Jan`
    Month,
    /// `1`, or `01` if padded.
    NumericMonth(Pad),
    /// `Monday`
    LongWeekday,
    /// `Mon`
    Weekday,
    /// `2`, `_2`, `02`
    Day(Pad),
    /// `__2`, `002`
    YearDay(Pad),
    /// `15`
    Hour,
    /// `3`, `03`
    Hour12(Pad),
    /// `4`, `04`
    Minute(Pad),
    /// `5`, `05`
    Second(Pad),
    /// `PM`
    UpperHalf,
    /// `pm`
    LowerHalf,
    /// `MST`
    Abbreviation,
    /// `-0700` and the like.
    Offset {
        /// Written with `Z`: that is what zero prints as.
        z: bool,
        parts: OffsetParts,
    },
    /// `.000` or `,000`: so many digits.
    Fraction { separator: u8, digits: usize },
    /// `.999` or `,999`: up to so many digits, without trailing zeros.
    TrimmedFraction { separator: u8, digits: usize },
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Pad {
    None,
    Space,
    Zero,
}

/// How far an offset is written out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct OffsetParts {
    pub(super) minutes: bool,
    pub(super) seconds: bool,
    pub(super) colons: bool,
}

/// The first word of a layout.
pub(super) struct Found<'a> {
    /// What stands before it.
    pub(super) prefix: &'a [u8],
    pub(super) text: &'a [u8],
    pub(super) word: Word,
    pub(super) rest: &'a [u8],
}

/// `None`: the whole layout is literal.
pub(super) fn next_word(layout: &[u8]) -> Option<Found<'_>> {
    (0..layout.len()).find_map(|at| {
        let (prefix, here) = layout.split_at(at);
        let (length, word) = word_at(here)?;
        let (text, rest) = here.split_at(length);
        Some(Found { prefix, text, word, rest })
    })
}

/// Longer words come before their beginnings.
const WORDS: [(&str, Word); 28] = [
    ("January", Word::LongMonth),
    ("Jan", Word::Month),
    ("Monday", Word::LongWeekday),
    ("Mon", Word::Weekday),
    ("MST", Word::Abbreviation),
    ("01", Word::NumericMonth(Pad::Zero)),
    ("02", Word::Day(Pad::Zero)),
    ("03", Word::Hour12(Pad::Zero)),
    ("04", Word::Minute(Pad::Zero)),
    ("05", Word::Second(Pad::Zero)),
    ("06", Word::Year),
    ("002", Word::YearDay(Pad::Zero)),
    ("15", Word::Hour),
    ("1", Word::NumericMonth(Pad::None)),
    ("2006", Word::LongYear),
    ("2", Word::Day(Pad::None)),
    ("_2", Word::Day(Pad::Space)),
    ("__2", Word::YearDay(Pad::Space)),
    ("3", Word::Hour12(Pad::None)),
    ("4", Word::Minute(Pad::None)),
    ("5", Word::Second(Pad::None)),
    ("PM", Word::UpperHalf),
    ("pm", Word::LowerHalf),
    ("070000", offset(true, true, false)),
    ("07:00:00", offset(true, true, true)),
    ("0700", offset(true, false, false)),
    ("07:00", offset(true, false, true)),
    ("07", offset(false, false, false)),
];

const fn offset(minutes: bool, seconds: bool, colons: bool) -> Word {
    Word::Offset { z: false, parts: OffsetParts { minutes, seconds, colons } }
}

fn word_at(here: &[u8]) -> Option<(usize, Word)> {
    if here.starts_with(b"_2006") {
        // A literal underscore before a year.
        return None;
    }
    if let [separator @ (b'.' | b','), digit @ (b'0' | b'9'), ..] = here {
        return fraction(here, *separator, *digit);
    }
    let signed = matches!(here.first(), Some(b'-' | b'Z'));
    let text = &here[usize::from(signed)..];
    let (name, word) = WORDS.iter().find(|(name, word)| {
        signed == matches!(word, Word::Offset { .. })
            && text.starts_with(name.as_bytes())
            && stands_alone(word, text)
    })?;
    let word = match *word {
        Word::Offset { parts, .. } => Word::Offset { z: here[0] == b'Z', parts },
        word => word,
    };
    Some((name.len() + usize::from(signed), word))
}

/// `Jan` and `Mon` are no words at the beginning of a longer one.
fn stands_alone(word: &Word, text: &[u8]) -> bool {
    !matches!(word, Word::Month | Word::Weekday) || !text.get(3).is_some_and(u8::is_ascii_lowercase)
}

/// A run of one digit after the separator, with no other digit behind.
fn fraction(here: &[u8], separator: u8, digit: u8) -> Option<(usize, Word)> {
    let digits = here[1..].iter().take_while(|b| **b == digit).count();
    if here.get(1 + digits).is_some_and(u8::is_ascii_digit) {
        return None;
    }
    let word = if digit == b'0' {
        Word::Fraction { separator, digits }
    } else {
        Word::TrimmedFraction { separator, digits }
    };
    Some((1 + digits, word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(layout: &str) -> Vec<String> {
        let mut rest = layout.as_bytes();
        let mut words = Vec::new();
        while let Some(found) = next_word(rest) {
            words.push(String::from_utf8_lossy(found.text).into_owned());
            rest = found.rest;
        }
        words
    }

    #[test]
    fn finds_the_words_of_go() {
        let table: &[(&str, &[&str])] = &[
            ("2006-01-02T15:04:05.999Z07:00", &["2006", "01", "02", "15", "04", "05", ".999", "Z07:00"]),
            ("Monday, 02-Jan-06 MST", &["Monday", "02", "Jan", "06", "MST"]),
            ("Month January Janus", &["January"]),
            ("_2006 __2 _2 002 20061", &["2006", "__2", "_2", "002", "2006", "1"]),
            ("3:4:5PM pm,000 .0001", &["3", "4", "5", "PM", "pm", ",000", "01"]),
            ("-07 -0700 -07:00 -070000 -07:00:00", &["-07", "-0700", "-07:00", "-070000", "-07:00:00"]),
            ("no words", &[]),
        ];
        for (layout, expected) in table {
            assert_eq!(words(layout), *expected, "{layout}");
        }
    }
}
