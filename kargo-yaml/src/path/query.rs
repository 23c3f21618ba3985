//! Selectors, as yq writes them.

use regex::RegexBuilder;

use super::condition::{Expr, Literal};
use super::{Step, What, syntax};
use crate::{Error, Span};

/// How deep parentheses may be nested.
const DEEPEST: usize = 50;

/// The steps of a selector.
pub(super) fn parse(text: &str) -> Result<Vec<Step>, Error> {
    let mut parser = Parser { text, at: 0, depth: 0 };
    let mut steps = Vec::new();
    loop {
        parser.skip_space();
        if parser.word("select") {
            steps.push(parser.select()?);
        } else {
            steps.extend(parser.path()?);
        }
        parser.skip_space();
        if parser.at == text.len() {
            return Ok(steps);
        }
        parser.expect("|")?;
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

impl Parser<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn skip_space(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    fn take(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    /// Takes a word, if it stands here whole.
    fn word(&mut self, word: &str) -> bool {
        let whole = self.rest().strip_prefix(word).is_some_and(|rest| !rest.starts_with(in_name));
        whole && self.take(word)
    }

    fn expect(&mut self, token: &str) -> Result<(), Error> {
        self.skip_space();
        if self.take(token) { Ok(()) } else { Err(self.unexpected(&format!("`{token}`"))) }
    }

    fn unexpected(&self, wanted: &str) -> Error {
        let span = self.span(self.at, self.at + self.peek().map_or(0, char::len_utf8));
        match self.peek() {
            None => syntax(format!("the path ends where {wanted} is needed"), span),
            Some('\'') => syntax(format!("`'` stands where {wanted} is needed"), span)
                .with_hint("text stands in double quotes: \"…\""),
            Some(char) => syntax(format!("`{char}` stands where {wanted} is needed"), span),
        }
    }

    fn span(&self, start: usize, end: usize) -> Span {
        // A path is far shorter than 4 GiB.
        Span::new(start as u32, end as u32)
    }

    /// `.a.b[0]["c"][]`, or `.` alone.
    fn path(&mut self) -> Result<Vec<Step>, Error> {
        let start = self.at;
        if self.peek() != Some('.') {
            return Err(self.unexpected("`.`"));
        }
        let mut steps = Vec::new();
        loop {
            let begin = self.at;
            let what = if self.take(".") {
                match self.peek() {
                    Some('[') => self.bracket()?,
                    Some('"') => What::Key(self.string()?),
                    Some(char) if in_name(char) => What::Key(self.name().to_owned()),
                    _ if begin == start => break,
                    _ => return Err(self.unexpected("a key")),
                }
            } else if self.peek() == Some('[') {
                self.bracket()?
            } else {
                break;
            };
            steps.push(Step { what, span: self.span(begin, self.at) });
        }
        Ok(steps)
    }

    fn name(&mut self) -> &str {
        let start = self.at;
        self.at += self.rest().find(|char| !in_name(char)).unwrap_or(self.rest().len());
        &self.text[start..self.at]
    }

    /// `[0]`, `["key"]` or `[]`.
    fn bracket(&mut self) -> Result<What, Error> {
        let start = self.at;
        self.expect("[")?;
        self.skip_space();
        let what = match self.peek() {
            Some(']') => What::Each,
            Some('"') => What::Key(self.string()?),
            Some('-' | '0'..='9') => What::Index(self.index(start)?),
            _ => return Err(self.unexpected("an index, a text or `]`")),
        };
        self.expect("]")?;
        Ok(what)
    }

    fn index(&mut self, start: usize) -> Result<usize, Error> {
        let negative = self.take("-");
        let digits = self.rest().find(|char: char| !char.is_ascii_digit()).unwrap_or(self.rest().len());
        let number = self.rest()[..digits].parse();
        self.at += digits;
        let span = self.span(start, self.at);
        match number {
            Ok(_) if negative => Err(syntax("an index cannot be negative", span)
                .with_hint("count from the beginning, from 0, or select the item by what it holds")),
            Ok(index) => Ok(index),
            Err(_) => Err(syntax("this is no index", span)),
        }
    }

    /// What stands in double quotes.
    fn string(&mut self) -> Result<String, Error> {
        let start = self.at;
        self.expect("\"")?;
        let mut out = String::new();
        loop {
            let Some(char) = self.peek() else {
                return Err(syntax("the text's closing quote is missing", self.span(start, self.at)));
            };
            self.at += char.len_utf8();
            match char {
                '"' => return Ok(out),
                '\\' => out.push(self.escape()?),
                _ => out.push(char),
            }
        }
    }

    fn escape(&mut self) -> Result<char, Error> {
        let start = self.at - 1;
        let char = self.peek();
        self.at += char.map_or(0, char::len_utf8);
        Ok(match char {
            Some(char @ ('"' | '\\' | '/')) => char,
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some('u') => {
                let digits = self.rest().get(..4).unwrap_or_default();
                let code = u32::from_str_radix(digits, 16).ok().filter(|_| !digits.starts_with('+'));
                let char = code.and_then(char::from_u32);
                self.at += digits.len();
                char.ok_or_else(|| {
                    syntax("`\\u` needs four digits that are a character", self.span(start, self.at))
                })?
            }
            _ => {
                let hint = "in a text `\\` begins an escape: `\\\\` is a backslash";
                return Err(syntax("this is no escape", self.span(start, self.at)).with_hint(hint));
            }
        })
    }

    /// `(condition)` after `select`.
    fn select(&mut self) -> Result<Step, Error> {
        let start = self.at - "select".len();
        self.expect("(")?;
        let condition = self.condition()?;
        self.expect(")")?;
        Ok(Step { what: What::Select(condition), span: self.span(start, self.at) })
    }

    /// Conditions with `|` between them, which binds least.
    fn condition(&mut self) -> Result<Expr, Error> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(syntax("parentheses are nested too deep", self.span(self.at, self.at)));
        }
        let mut expr = self.either()?;
        self.skip_space();
        while self.take("|") {
            let right = self.either()?;
            expr = Expr::Pipe(Box::new(expr), Box::new(right));
            self.skip_space();
        }
        self.depth -= 1;
        Ok(expr)
    }

    fn either(&mut self) -> Result<Expr, Error> {
        let mut expr = self.both()?;
        while self.next_word("or") {
            expr = Expr::Or(Box::new(expr), Box::new(self.both()?));
        }
        Ok(expr)
    }

    fn both(&mut self) -> Result<Expr, Error> {
        let mut expr = self.comparison()?;
        while self.next_word("and") {
            expr = Expr::And(Box::new(expr), Box::new(self.comparison()?));
        }
        Ok(expr)
    }

    fn next_word(&mut self, word: &str) -> bool {
        self.skip_space();
        self.word(word)
    }

    fn comparison(&mut self) -> Result<Expr, Error> {
        let left = self.operand()?;
        self.skip_space();
        let negated = self.rest().starts_with("!=");
        if !self.take("==") && !self.take("!=") {
            return Ok(left);
        }
        let right = self.operand()?;
        Ok(Expr::Equal { left: Box::new(left), right: Box::new(right), negated })
    }

    fn operand(&mut self) -> Result<Expr, Error> {
        self.skip_space();
        let start = self.at;
        match self.peek() {
            Some('.') => {
                let path = self.path()?;
                let several = path.iter().find(|step| matches!(step.what, What::Each));
                match several {
                    Some(step) => Err(syntax("`[]` has no meaning inside a condition", step.span)),
                    None => Ok(Expr::Path(path)),
                }
            }
            Some('(') => {
                self.at += 1;
                let inner = self.condition()?;
                self.expect(")")?;
                Ok(inner)
            }
            Some('"') => Ok(Expr::Literal(Literal::Text(self.string()?))),
            Some('-' | '0'..='9') => self.number(),
            Some(char) if in_name(char) => {
                let word = self.name().to_owned();
                self.named(&word, start)
            }
            _ => Err(self.unexpected("a path, a text or a value")),
        }
    }

    fn number(&mut self) -> Result<Expr, Error> {
        let start = self.at;
        let of_number = |char: char| char.is_ascii_alphanumeric() || matches!(char, '.' | '-' | '+');
        self.at += self.rest().find(|char| !of_number(char)).unwrap_or(self.rest().len());
        let number = self.text[start..self.at].parse().ok().filter(|number: &f64| number.is_finite());
        let number = number.ok_or_else(|| syntax("this is no number", self.span(start, self.at)))?;
        Ok(Expr::Literal(Literal::Number(number)))
    }

    fn named(&mut self, word: &str, start: usize) -> Result<Expr, Error> {
        Ok(match word {
            "true" => Expr::Literal(Literal::Bool(true)),
            "false" => Expr::Literal(Literal::Bool(false)),
            "null" => Expr::Literal(Literal::Null),
            "not" => Expr::Not,
            "test" => {
                self.expect("(")?;
                self.skip_space();
                let pattern_start = self.at;
                let pattern = self.string()?;
                let span = self.span(pattern_start, self.at);
                self.expect(")")?;
                let regex = RegexBuilder::new(&pattern).size_limit(1 << 20).build();
                Expr::Test(
                    regex
                        .map_err(|error| syntax("this is no regular expression", span).with_source(error))?,
                )
            }
            _ => {
                let error = syntax(format!("`{word}` is not known here"), self.span(start, self.at));
                return Err(
                    error.with_hint("text stands in double quotes; `select` knows test, not, and, or")
                );
            }
        })
    }
}

/// The characters of a key that needs no quotes.
fn in_name(char: char) -> bool {
    !char.is_whitespace() && !".[]()|\"'=!,;:{}#*?".contains(char)
}

#[cfg(test)]
mod tests {
    use super::super::Path;
    use crate::Code;

    #[test]
    fn what_is_no_selector_is_refused_with_its_place() {
        for (path, start, end) in [
            (".a..b", 3, 4),
            (".a[", 3, 3),
            (".a[-1]", 2, 5),
            (".a[x]", 3, 4),
            (r#".a["b]"#, 3, 6),
            (r#".a["\q"]"#, 4, 6),
            (r#".a | select(.b == 'x')"#, 18, 19),
            (r#".a | select(.b == x)"#, 18, 19),
            (r#".a | select(.b == "x""#, 21, 21),
            (r#".a | select(.b | test("("))"#, 22, 25),
            (r#".a | select(.b[] == 1)"#, 14, 16),
            (".a | b", 5, 6),
            (".a b", 3, 4),
            (".a |", 4, 4),
            ("..", 1, 2),
        ] {
            let error = Path::parse(path).expect_err(path);
            let span = error.span();
            assert_eq!(
                (error.code(), span.start, span.end),
                (Code::PathSyntax, start, end),
                "{path} {error}"
            );
        }
        let deep = format!(".a | select({}", "(".repeat(100_000 / 2));
        assert_eq!(Path::parse(&deep).unwrap_err().code(), Code::PathSyntax);
    }

    #[test]
    fn escaped_text_stays_between_its_quotes() {
        for text in [r#"x") | .secret | select("" == ""#, "\\", "\n\t\u{1}\u{85}é\"", "\u{2028}"] {
            let path = Path::parse(&format!(".[\"{}\"]", Path::escape(text))).unwrap();
            assert!(
                matches!(&path.steps[..], [super::Step { what: super::What::Key(key), .. }] if key == text)
            );
        }
    }
}
