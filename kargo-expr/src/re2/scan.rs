//! Reads a pattern by Go's rules and writes it in the syntax of the `regex` crate.

use std::collections::HashSet;
use std::fmt::Write;

use super::{MAX_NESTING, class, problem};
use crate::go::Error;

/// Go's bound on the counts of a repetition, and on their product when repetitions nest.
const MAX_REPEAT: u32 = 1000;
/// Most characters that all classes together may list, as 18 classes of all characters do: they take time
/// and memory before the compiled size is known.
const MAX_LISTED: u32 = 20_000_000;

pub(super) fn translate(pattern: &str) -> Result<String, Error> {
    let mut scanner = Scanner::new(pattern);
    while !scanner.rest.is_empty() {
        scanner.token()?;
    }
    if scanner.outer.is_empty() { Ok(scanner.out) } else { Err(problem("missing closing )", pattern)) }
}

/// The flags of Go.
#[derive(Clone, Copy, PartialEq, Default)]
struct Flags {
    fold_case: bool,
    multi_line: bool,
    dot_all: bool,
    /// Never written: each repetition says by itself whether it is lazy.
    swap_greed: bool,
}

impl Flags {
    fn named(&mut self, name: char) -> Option<&mut bool> {
        match name {
            'i' => Some(&mut self.fold_case),
            'm' => Some(&mut self.multi_line),
            's' => Some(&mut self.dot_all),
            'U' => Some(&mut self.swap_greed),
            _ => None,
        }
    }
}

/// What a repetition would apply to.
#[derive(Clone, Copy)]
struct Atom {
    /// Where its text begins in the output.
    start: usize,
    /// The largest product of counts of nested repetitions in it.
    repeats: u32,
    is_repetition: bool,
}

/// The part of the state that belongs to one group.
#[derive(Clone, Copy, Default)]
struct Group {
    /// Where its opening is in the output.
    start: usize,
    flags: Flags,
    /// The flags that hold in the output so far; they are written only before an atom.
    written: Flags,
    last: Option<Atom>,
    /// The largest [`Atom::repeats`] in the group.
    repeats: u32,
}

struct Scanner<'a> {
    pattern: &'a str,
    rest: &'a str,
    out: String,
    group: Group,
    outer: Vec<Group>,
    names: HashSet<&'a str>,
    listed: u32,
    /// From where the token before was a repetition.
    last_repeat: Option<&'a str>,
}

impl<'a> Scanner<'a> {
    fn new(pattern: &'a str) -> Self {
        Self {
            pattern,
            rest: pattern,
            out: String::with_capacity(pattern.len() * 2),
            group: Group::default(),
            outer: Vec::new(),
            names: HashSet::new(),
            listed: 0,
            last_repeat: None,
        }
    }

    fn token(&mut self) -> Result<(), Error> {
        let token = self.rest;
        let before = self.last_repeat.take();
        let Some(c) = token.chars().next() else { return Ok(()) };
        match c {
            '(' if token.starts_with("(?") => return self.perl_group(),
            '(' => return self.open("(", 1),
            ')' => return self.close(),
            '|' => {
                self.out.push('|');
                self.group.last = None;
            }
            '^' | '$' | '.' => self.atom(token.get(..1).unwrap_or_default()),
            '[' => {
                let scanned = class::bracketed(token)?;
                self.rest = scanned.rest;
                return self.class_atom(&scanned);
            }
            '*' | '+' | '?' => return self.repeat(before, token, 1, 0, None),
            '{' => {
                if let Some(counts) = Counts::read(token) {
                    let (min, max) = counts.checked(token)?;
                    return self.repeat(before, token, counts.length, min, max);
                }
                self.literal(u32::from('{'));
            }
            '\\' => return self.escape(),
            c => self.literal(u32::from(c)),
        }
        self.rest = &token[c.len_utf8()..];
        Ok(())
    }

    /// Writes an atom after the flags that it needs.
    fn atom(&mut self, text: &str) {
        self.write_flags();
        self.group.last = Some(Atom { start: self.out.len(), repeats: 1, is_repetition: false });
        self.out.push_str(text);
    }

    fn literal(&mut self, code: u32) {
        self.atom("");
        match char::from_u32(code) {
            Some(c) if c.is_ascii_alphanumeric() || !c.is_ascii() => self.out.push(c),
            Some(c) => class::push_code(&mut self.out, u32::from(c)),
            None => self.out.push_str(class::NOTHING),
        }
    }

    fn class_atom(&mut self, scanned: &class::Scanned<'_>) -> Result<(), Error> {
        self.listed = self.listed.saturating_add(scanned.listed);
        if self.listed > MAX_LISTED {
            return Err(problem("expression too large", self.pattern));
        }
        self.atom(&scanned.out);
        Ok(())
    }

    fn write_flags(&mut self) {
        let (mut wanted, mut written) = (self.group.flags, self.group.written);
        written.swap_greed = wanted.swap_greed;
        if wanted == written {
            return;
        }
        let (mut on, mut off) = (String::new(), String::new());
        for name in ['i', 'm', 's'] {
            let (Some(wanted), Some(written)) = (wanted.named(name), written.named(name)) else { continue };
            if wanted != written {
                if *wanted { on.push(name) } else { off.push(name) }
            }
        }
        let minus = if off.is_empty() { "" } else { "-" };
        // Writing to a String cannot fail.
        let _ = write!(self.out, "(?{on}{minus}{off})");
        self.group.written = self.group.flags;
    }

    /// Opens a group whose opening is `length` bytes of the pattern.
    fn open(&mut self, opening: &str, length: usize) -> Result<(), Error> {
        if self.outer.len() == MAX_NESTING {
            return Err(problem("expression nests too deeply", self.pattern));
        }
        let Group { flags, written, .. } = self.group;
        self.outer.push(self.group);
        self.group = Group { start: self.out.len(), flags, written, ..Group::default() };
        self.out.push_str(opening);
        self.rest = &self.rest[length..];
        Ok(())
    }

    fn close(&mut self) -> Result<(), Error> {
        let Some(outer) = self.outer.pop() else { return Err(problem("unexpected )", self.pattern)) };
        let inner = std::mem::replace(&mut self.group, outer);
        let repeats = inner.repeats.max(inner.last.map_or(1, |atom| atom.repeats));
        self.out.push(')');
        self.group.last = Some(Atom { start: inner.start, repeats, is_repetition: false });
        self.group.repeats = self.group.repeats.max(repeats);
        self.rest = &self.rest[1..];
        Ok(())
    }

    /// `(?…`: a named group, a group with flags, or flags alone.
    fn perl_group(&mut self) -> Result<(), Error> {
        let token = self.rest;
        for opening in ["(?P<", "(?<"] {
            if token.len() > opening.len() && token.starts_with(opening) {
                return self.named_group(opening.len());
            }
        }
        let mut flags = self.group.flags;
        let (mut value, mut seen) = (true, false);
        for (at, c) in token.char_indices().skip(2) {
            let end = at + c.len_utf8();
            match c {
                '-' if value => (value, seen) = (false, false),
                ':' | ')' if value || seen => {
                    if c == ':' {
                        self.open("(?:", end)?;
                    } else {
                        self.rest = &token[end..];
                    }
                    self.group.flags = flags;
                    return Ok(());
                }
                c => match flags.named(c) {
                    Some(flag) => (*flag, seen) = (value, true),
                    None => return Err(unsupported(&token[..end])),
                },
            }
        }
        Err(unsupported(token))
    }

    fn named_group(&mut self, name_start: usize) -> Result<(), Error> {
        let token = self.rest;
        let end = token.find('>').ok_or_else(|| problem("invalid named capture", token))?;
        let name = &token[name_start..end];
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            return Err(problem("invalid named capture", &token[..=end]));
        }
        // The crate takes neither of these names; the group still counts.
        if name.starts_with(|c: char| c.is_ascii_digit()) || !self.names.insert(name) {
            return self.open("(", end + 1);
        }
        self.open(&format!("(?P<{name}>"), end + 1)
    }

    /// A repetition of `length` bytes; the counts are 0 for `*`, `+` and `?`.
    fn repeat(
        &mut self,
        before: Option<&'a str>,
        token: &'a str,
        length: usize,
        min: u32,
        max: Option<u32>,
    ) -> Result<(), Error> {
        let marked = token[length..].starts_with('?');
        let (text, rest) = token.split_at(length + usize::from(marked));
        if let Some(before) = before {
            let both = &before[..before.len() - rest.len()];
            return Err(problem("invalid nested repetition operator", both));
        }
        let atom = self.group.last.ok_or_else(|| problem("missing argument to repetition operator", text))?;
        let repeats =
            repeated(atom.repeats, min, max).ok_or_else(|| problem("invalid repeat count", text))?;
        if atom.is_repetition {
            // Side by side they would read as one lazy repetition.
            self.out.insert_str(atom.start, "(?:");
            self.out.push(')');
        }
        self.out.push_str(&token[..length]);
        if marked != self.group.flags.swap_greed {
            self.out.push('?');
        }
        self.group.last = Some(Atom { repeats, is_repetition: true, ..atom });
        self.group.repeats = self.group.repeats.max(repeats);
        self.last_repeat = Some(token);
        self.rest = rest;
        Ok(())
    }

    fn escape(&mut self) -> Result<(), Error> {
        let token = self.rest;
        let simple = match token.as_bytes().get(1) {
            Some(b'A') => r"\A",
            Some(b'z') => r"\z",
            Some(b'b') => r"(?-u:\b)",
            Some(b'B') => r"(?-u:\B)",
            Some(b'C') => return Err(problem("invalid escape sequence", &token[..2])),
            Some(b'Q') => {
                self.quoted(&token[2..]);
                return Ok(());
            }
            _ => "",
        };
        if !simple.is_empty() {
            self.atom(simple);
            self.rest = &token[2..];
            return Ok(());
        }
        if let Some(scanned) = class::escaped(token)? {
            self.rest = scanned.rest;
            return self.class_atom(&scanned);
        }
        let (code, rest) = class::character_escape(token)?;
        self.literal(code);
        self.rest = rest;
        Ok(())
    }

    /// After `\Q`: literal up to `\E` or the end.
    fn quoted(&mut self, text: &'a str) {
        let (literal, rest) = text.split_once(r"\E").unwrap_or((text, ""));
        literal.chars().for_each(|c| self.literal(u32::from(c)));
        self.rest = rest;
    }
}

fn unsupported(part: &str) -> Error {
    problem("invalid or unsupported Perl syntax", part)
}

/// The product of nested counts after one more repetition; `None` when Go refuses it.
fn repeated(inner: u32, min: u32, max: Option<u32>) -> Option<u32> {
    let count = max.unwrap_or(min);
    // `{0}` hides what is inside; `{0,}`, `*` and the like leave the product alone.
    let product = match (count, max) {
        (0, Some(_)) => 1,
        (0, None) => inner,
        (count, _) => inner.saturating_mul(count),
    };
    let counts = min >= 2 || max.is_some_and(|max| max >= 2);
    (!counts || product <= MAX_REPEAT).then_some(product)
}

/// `{min}`, `{min,}` or `{min,max}` as written.
struct Counts {
    /// Bytes of the whole.
    length: usize,
    min: u32,
    /// `None`: no bound.
    max: Option<u32>,
}

impl Counts {
    /// `None` when the brace is a literal.
    fn read(token: &str) -> Option<Self> {
        let end = token.find('}')?;
        let (min, max) = match token[1..end].split_once(',') {
            None => (count(&token[1..end])?, Some(count(&token[1..end])?)),
            Some((min, "")) => (count(min)?, None),
            Some((min, max)) => (count(min)?, Some(count(max)?)),
        };
        Some(Self { length: end + 1, min, max })
    }

    fn checked(&self, token: &str) -> Result<(u32, Option<u32>), Error> {
        let most = self.max.unwrap_or(self.min);
        if self.min > MAX_REPEAT || most > MAX_REPEAT || self.min > most {
            return Err(problem("invalid repeat count", &token[..self.length]));
        }
        Ok((self.min, self.max))
    }
}

/// A number without leading zeros; one too large is as good as the largest.
fn count(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    (digits && (text.len() == 1 || !text.starts_with('0'))).then(|| text.parse().unwrap_or(u32::MAX))
}
