//! Source text to tokens, one at a time.

use std::sync::LazyLock;

use regex::Regex;

use crate::literal::{self, Escapes};
use crate::value::Text;
use crate::{Code, Error, Span};

/// A piece of source.
#[derive(Debug, Clone)]
pub(crate) struct Token<'s> {
    pub(crate) kind: Kind,
    /// The source text; for strings the text that the literal means (where it is UTF-8).
    pub(crate) text: &'s str,
    /// What a string or bytes literal means.
    pub(crate) literal: Option<Text>,
    pub(crate) span: Span,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Identifier,
    Number,
    String,
    Bytes,
    Operator,
    Bracket,
    End,
}

impl Token<'_> {
    pub(crate) fn is_operator(&self, text: &str) -> bool {
        self.kind == Kind::Operator && self.text == text
    }

    pub(crate) fn is_bracket(&self, text: &str) -> bool {
        self.kind == Kind::Bracket && self.text == text
    }

    /// How messages show it: `Operator("+")`.
    pub(crate) fn describe(&self) -> String {
        let kind = match self.kind {
            Kind::Identifier => "Identifier",
            Kind::Number => "Number",
            Kind::String => "String",
            Kind::Bytes => "Bytes",
            Kind::Operator => "Operator",
            Kind::Bracket => "Bracket",
            Kind::End => return "EOF".into(),
        };
        match self.text {
            "" => kind.into(),
            text => format!("{kind}({text:?})"),
        }
    }
}

/// Reads tokens from a source.
pub(crate) struct Lexer<'s> {
    source: &'s str,
    /// Where the token at hand starts.
    start: usize,
    /// Where reading goes on.
    end: usize,
}

impl<'s> Lexer<'s> {
    pub(crate) fn new(source: &'s str) -> Self {
        Self { source, start: 0, end: 0 }
    }

    fn rest(&self) -> &'s str {
        &self.source[self.end..]
    }

    fn peek(&self) -> Option<char> {
        match self.source.as_bytes().get(self.end) {
            Some(byte) if byte.is_ascii() => Some(char::from(*byte)),
            _ => self.rest().chars().next(),
        }
    }

    fn bump(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.end += c.len_utf8();
        Some(c)
    }

    fn accept(&mut self, any_of: &str) -> bool {
        let accepted = self.peek().is_some_and(|c| any_of.contains(c));
        if accepted {
            self.bump();
        }
        accepted
    }

    fn accept_while(&mut self, matches: impl Fn(char) -> bool) {
        while self.peek().is_some_and(&matches) {
            self.bump();
        }
    }

    fn token(&mut self, kind: Kind) -> Token<'s> {
        let span = Span::new(self.start, self.end);
        Token { kind, text: &self.source[self.start..self.end], literal: None, span }
    }

    /// An error at the character that was read last.
    fn error_before(&self, code: Code, message: impl Into<String>) -> Error {
        Error::compile(code, last_char(self.source, self.end), message)
    }

    /// The next token; after the last one, ends.
    pub(crate) fn next(&mut self) -> Result<Token<'s>, Error> {
        loop {
            self.start = self.end;
            let Some(c) = self.bump() else {
                let span = last_char(self.source, self.end);
                return Ok(Token { kind: Kind::End, text: "", literal: None, span });
            };
            return Ok(match c {
                '\'' | '"' => self.string(c, Kind::String)?,
                '`' => self.raw_string()?,
                'b' | 'B' if matches!(self.peek(), Some('\'' | '"')) => self.bytes()?,
                '0'..='9' => self.number()?,
                '/' if self.peek() == Some('/') => {
                    self.accept_while(|c| c != '\n');
                    continue;
                }
                '/' if self.peek() == Some('*') => {
                    self.comment()?;
                    continue;
                }
                '.' if self.peek().is_some_and(|c| c.is_ascii_digit()) => self.number()?,
                '(' | '[' | '{' | ')' | ']' | '}' => self.token(Kind::Bracket),
                '?' | '#' | '|' | ':' | '.' | '&' | '!' | '=' | '*' | '<' | '>' => self.operator(c),
                ',' | ';' | '%' | '+' | '-' | '^' | '/' => self.token(Kind::Operator),
                c if is_identifier(c) => self.identifier(),
                c if c.is_whitespace() => continue,
                c => return Err(self.error_before(Code::Syntax, format!("unrecognized character: {c:?}"))),
            });
        }
    }

    fn operator(&mut self, first: char) -> Token<'s> {
        self.accept(match first {
            '?' => ".?",
            '#' => "#",
            '|' => "|",
            ':' => ":",
            '.' => ".",
            _ => "&=*",
        });
        self.token(Kind::Operator)
    }

    fn identifier(&mut self) -> Token<'s> {
        self.accept_while(is_identifier);
        let kind = match &self.source[self.start..self.end] {
            "not" | "in" | "or" | "and" | "matches" | "contains" | "startsWith" | "endsWith" | "let"
            | "if" | "else" => Kind::Operator,
            _ => Kind::Identifier,
        };
        self.token(kind)
    }

    fn comment(&mut self) -> Result<(), Error> {
        match self.rest()[1..].find("*/") {
            Some(length) => self.end += 1 + length + 2,
            None => {
                let span = Span::new(self.source.len(), self.source.len());
                return Err(Error::compile(Code::Syntax, span, "unclosed comment"));
            }
        }
        Ok(())
    }

    fn number(&mut self) -> Result<Token<'s>, Error> {
        self.end = self.start;
        let digits: fn(char) -> bool = match self.source.as_bytes().get(self.start + 1) {
            Some(b'x' | b'X') => |c| c.is_ascii_hexdigit() || c == '_',
            Some(b'o' | b'O') => |c| matches!(c, '0'..='7' | '_'),
            Some(b'b' | b'B') => |c| matches!(c, '0' | '1' | '_'),
            _ => |c| c.is_ascii_digit() || c == '_',
        };
        let digits = if self.accept("0") {
            if self.accept("xXoObB") { digits } else { |c: char| c.is_ascii_digit() || c == '_' }
        } else {
            |c: char| c.is_ascii_digit() || c == '_'
        };
        self.accept_while(digits);
        let whole = self.end;
        if self.accept(".") {
            if self.peek() == Some('.') {
                // `1..2` is a range.
                self.end = whole;
                return Ok(self.token(Kind::Number));
            }
            self.accept_while(digits);
        }
        if self.accept("eE") {
            self.accept("+-");
            self.accept_while(digits);
        }
        if self.peek().is_some_and(is_identifier) {
            self.bump();
            let text = &self.source[self.start..self.end];
            return Err(self.error_before(Code::Literal, format!("bad number syntax: {text:?}")));
        }
        Ok(self.token(Kind::Number))
    }

    fn string(&mut self, quote: char, kind: Kind) -> Result<Token<'s>, Error> {
        let content = self.end;
        self.scan_string(quote)?;
        let escapes = if kind == Kind::Bytes { Escapes::Bytes } else { Escapes::Text };
        let literal = literal::unescape(&self.source[content..self.end - 1], escapes)
            .ok_or_else(|| self.error_before(Code::Literal, "unable to unescape string"))?;
        let mut token = self.token(kind);
        token.text = &self.source[content..self.end - 1];
        token.literal = Some(literal);
        Ok(token)
    }

    fn bytes(&mut self) -> Result<Token<'s>, Error> {
        let quote = self.bump().unwrap_or('"');
        self.string(quote, Kind::Bytes)
    }

    /// Goes past the closing quote.
    fn scan_string(&mut self, quote: char) -> Result<(), Error> {
        loop {
            match self.bump() {
                Some(c) if c == quote => return Ok(()),
                Some('\n') => return Err(self.error_before(Code::Literal, "literal not terminated")),
                Some('\\') => self.scan_escape(quote)?,
                Some(_) => {}
                None => return Err(self.unterminated()),
            }
        }
    }

    fn unterminated(&self) -> Error {
        Error::compile(Code::Literal, Span::new(self.end, self.end), "literal not terminated")
    }

    fn bad_escape(&self) -> Error {
        self.error_before(Code::Literal, "invalid char escape")
    }

    fn scan_escape(&mut self, quote: char) -> Result<(), Error> {
        let Some(c) = self.bump() else {
            return Err(Error::compile(Code::Literal, Span::new(self.end, self.end), "invalid char escape"));
        };
        match c {
            'a' | 'b' | 'f' | 'n' | 'r' | 't' | 'v' | '\\' => Ok(()),
            c if c == quote => Ok(()),
            '0'..='7' => self.scan_digits(2, |c| matches!(c, '0'..='7')),
            'x' => self.scan_digits(2, |c| c.is_ascii_hexdigit()),
            'u' if self.peek() == Some('{') => self.scan_braced(),
            'u' => self.scan_digits(4, |c| c.is_ascii_hexdigit()),
            'U' => self.scan_digits(8, |c| c.is_ascii_hexdigit()),
            _ => Err(self.bad_escape()),
        }
    }

    fn scan_digits(&mut self, count: usize, is_digit: impl Fn(char) -> bool) -> Result<(), Error> {
        for _ in 0..count {
            match self.bump() {
                Some(c) if is_digit(c) => {}
                Some(_) => return Err(self.bad_escape()),
                None => {
                    let span = Span::new(self.end, self.end);
                    return Err(Error::compile(Code::Literal, span, "invalid char escape"));
                }
            }
        }
        Ok(())
    }

    /// `\u{…}` with one to six digits.
    fn scan_braced(&mut self) -> Result<(), Error> {
        self.bump();
        let digits = self.end;
        self.accept_while(|c| c.is_ascii_hexdigit());
        let count = self.end - digits;
        if count > 6 {
            self.end = digits + 6;
        }
        if self.peek() != Some('}') || count == 0 {
            return Err(self.bad_escape());
        }
        self.bump();
        Ok(())
    }

    fn raw_string(&mut self) -> Result<Token<'s>, Error> {
        let content = self.end;
        loop {
            match self.bump() {
                Some('`') if self.peek() == Some('`') => {
                    self.bump();
                }
                Some('`') => break,
                Some(_) => {}
                None => return Err(self.unterminated()),
            }
        }
        let text = &self.source[content..self.end - 1];
        let mut token = self.token(Kind::String);
        token.text = text;
        token.literal = Some(text.replace("``", "`").into());
        Ok(token)
    }
}

/// The span of the character before `end`.
fn last_char(source: &str, end: usize) -> Span {
    let length = source[..end].chars().next_back().map_or(0, char::len_utf8);
    Span::new(end - length, end)
}

/// Go's letters and digits, `_` and `$`.
fn is_identifier(c: char) -> bool {
    static LETTER: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^[\p{L}\p{Nd}]$").ok());
    if c.is_ascii() {
        return c.is_ascii_alphanumeric() || c == '_' || c == '$';
    }
    let mut buffer = [0; 4];
    LETTER.as_ref().is_some_and(|letter| letter.is_match(c.encode_utf8(&mut buffer)))
}

/// Whether a word could be a name: an operator such as `in` may be a field's name as well.
pub(crate) fn is_name(word: &str) -> bool {
    !word.starts_with(|c: char| c.is_ascii_digit()) && !word.is_empty() && word.chars().all(is_identifier)
}
