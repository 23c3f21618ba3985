//! Templates: text with expressions in it, after Kargo's `pkg/expressions`.

mod json;
mod retype;

use std::sync::Arc;

use crate::env::Env;
use crate::go::json::Writer;
use crate::host::{Answer, Host};
use crate::limits::{Budget, Limits};
use crate::value::{Repr, write_json};
use crate::{Code, Error, Phase, Program, Scope, Span, Value};

pub use json::{JsonAnswer, JsonTemplate, LeafError};

/// Pairs of delimiters. The third is the short dialect's, with the same rules.
const DELIMITERS: [(&str, &str); 3] = [("${{", "}}"), ("${%", "%}"), ("$<<", ">>")];

/// A text that may hold expressions between `${{ }}`, `${% %}` or `$<< >>`.
///
/// A text without any is a literal and is given back as it is. Otherwise expressions are replaced by their
/// values, and the whole text is read again: what looks like a number, a bool or JSON becomes one.
///
/// ```
/// use kargo_expr::{Answer, Env, NoHost, Scope, Template};
/// let template = Template::parse("${{ name }}-${{ 1 + 1 }}", &Env::kargo())?;
/// let scope = Scope::new().with("name", "app");
/// let Answer::Ready(text) = template.render(&scope, &NoHost)? else { panic!("nothing to wait for") };
/// assert_eq!(text.as_str(), Some("app-2"));
/// # Ok::<(), kargo_expr::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Template {
    text: Arc<str>,
    parts: Vec<Part>,
    /// Whether it has a delimiter: only then is the text read again.
    literal: bool,
    /// How values are written that stand between double quotes of the text.
    escape: Option<fn(&str) -> String>,
    /// Whether a text that is a JSON object or list stays text.
    verbatim: bool,
}

#[derive(Debug, Clone)]
enum Part {
    /// Bytes of the template's text.
    Text(Span),
    Expression(Span, Program),
}

impl Template {
    /// Parses a template and compiles its expressions.
    ///
    /// # Errors
    /// An expression that is not closed or does not compile; the span is within the template.
    pub fn parse(text: &str, env: &Env) -> Result<Self, Error> {
        let mut template =
            Self { text: text.into(), parts: Vec::new(), literal: true, escape: None, verbatim: false };
        let mut at = 0;
        while let Some((start, open, close)) = next_opener(text, at) {
            template.literal = false;
            let inner = start + open.len();
            let Some(length) = text[inner..].find(close) else {
                let message = format!("unclosed expression: expected {close:?} but reached end of template");
                return Err(Error::compile(Code::Unclosed, Span::new(start, inner), message));
            };
            template.push_text(at, start);
            at = inner + length + close.len();
            if length == 0 {
                // In Kargo an empty expression means that there are no more.
                break;
            }
            let source = &text[inner..inner + length];
            let program = Program::compile(source, env).map_err(|error| shifted(error, inner))?;
            template.parts.push(Part::Expression(Span::new(inner, inner + length), program));
        }
        template.push_text(at, text.len());
        Ok(template)
    }

    fn push_text(&mut self, start: usize, end: usize) {
        if start < end {
            self.parts.push(Part::Text(Span::new(start, end)));
        }
    }

    /// Escapes what expressions put between double quotes of the text, where the text is one in which quotes
    /// mean something: a value then cannot end the string that it stands in. A `\\` in such a string escapes
    /// what follows.
    ///
    /// ```
    /// use kargo_expr::{Answer, Env, NoHost, Scope, Template};
    /// let template = Template::parse(r#".apps["${{ app }}"]"#, &Env::new())?.escape_quoted(|text| text.replace('"', "\\\""));
    /// let Answer::Ready(path) = template.render(&Scope::new().with("app", "a\"]"), &NoHost)? else { panic!() };
    /// assert_eq!(path.as_str(), Some(r#".apps["a\"]"]"#));
    /// # Ok::<(), kargo_expr::Error>(())
    /// ```
    #[must_use]
    pub fn escape_quoted(mut self, escape: fn(&str) -> String) -> Self {
        self.escape = Some(escape);
        self
    }

    /// Leaves a rendered text that is a JSON object or list as it is, instead of reading it.
    ///
    /// ```
    /// use kargo_expr::{Answer, Env, NoHost, Scope, Template};
    /// let template = Template::parse(r#"{ "ref": "${{ 'v' + '1' }}" }"#, &Env::new())?.verbatim_json();
    /// let Answer::Ready(body) = template.render(&Scope::new(), &NoHost)? else { panic!() };
    /// assert_eq!(body.as_str(), Some(r#"{ "ref": "v1" }"#));
    /// # Ok::<(), kargo_expr::Error>(())
    /// ```
    #[must_use]
    pub fn verbatim_json(mut self) -> Self {
        self.verbatim = true;
        self
    }

    /// Whether there is no expression: the value is the text itself.
    #[must_use]
    pub fn is_literal(&self) -> bool {
        self.literal
    }

    /// The text that was parsed.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The expressions and where they stand in the text.
    pub fn expressions(&self) -> impl Iterator<Item = (Span, &Program)> {
        self.parts.iter().filter_map(|part| match part {
            Part::Expression(span, program) => Some((*span, program)),
            Part::Text(_) => None,
        })
    }

    /// Evaluates the expressions and reads the result again, as Kargo does.
    ///
    /// # Errors
    /// What an expression fails with, and a value without a JSON form; the span is within the template.
    pub fn render(&self, scope: &Scope, host: &dyn Host) -> Result<Answer, Error> {
        if self.literal {
            return Ok(Answer::Ready(Arc::clone(&self.text).into()));
        }
        let (text, tainted) = match self.concat(scope, host)? {
            Answer::Ready(rendered) => rendered,
            Answer::Need(need) => return Ok(Answer::Need(need)),
        };
        let value = match retype::retype(&text) {
            value if self.verbatim && matches!(value.repr, Repr::Map(_) | Repr::Array(_)) => {
                Value::text(&text)
            }
            value => value,
        };
        Ok(Answer::Ready(value.marked_if(tainted)))
    }

    /// The text with all expressions replaced, and whether a tainted value is in it.
    fn concat(&self, scope: &Scope, host: &dyn Host) -> Result<Answer<(Vec<u8>, bool)>, Error> {
        let mut out = Vec::with_capacity(self.text.len());
        let mut tainted = false;
        let mut quoted = false;
        for part in &self.parts {
            match part {
                Part::Text(span) => {
                    let text = &self.text.as_bytes()[span.start as usize..span.end as usize];
                    quoted = is_quoted_after(text, quoted);
                    out.extend_from_slice(text);
                }
                Part::Expression(span, program) => {
                    let start = span.start as usize;
                    let value = match program.run_with(scope, host).map_err(|error| shifted(error, start))? {
                        Answer::Ready(value) => value,
                        Answer::Need(need) => return Ok(Answer::Need(need)),
                    };
                    tainted |= value.is_tainted();
                    let value_start = out.len();
                    write(&value, &mut out).map_err(|error| error.with_span(*span))?;
                    if let (true, Some(escape)) = (quoted, self.escape) {
                        let plain = String::from_utf8_lossy(&out.split_off(value_start)).into_owned();
                        out.extend_from_slice(escape(&plain).as_bytes());
                    }
                }
            }
        }
        Ok(Answer::Ready((out, tainted)))
    }
}

/// Whether what follows `text` stands between double quotes, where `quoted` says it for its beginning.
fn is_quoted_after(text: &[u8], mut quoted: bool) -> bool {
    let mut bytes = text.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => quoted = !quoted,
            b'\\' if quoted => {
                bytes.next();
            }
            _ => {}
        }
    }
    quoted
}

/// The leftmost opener from `from` on, with its closer.
fn next_opener(text: &str, from: usize) -> Option<(usize, &'static str, &'static str)> {
    let openers = DELIMITERS
        .iter()
        .filter_map(|(open, close)| text[from..].find(open).map(|at| (from + at, *open, *close)));
    openers.min_by_key(|(at, ..)| *at)
}

fn shifted(error: Error, offset: usize) -> Error {
    match error.span() {
        Some(span) => error.with_span(span.shifted(offset)),
        None => error,
    }
}

/// A string as it is, anything else as compact JSON.
fn write(value: &Value, out: &mut Vec<u8>) -> Result<(), Error> {
    if let Repr::Text(text) = &value.repr {
        out.extend_from_slice(text.as_bytes());
        return Ok(());
    }
    let mut json = Writer::compact();
    write_json(value, &mut json, &mut Budget::new(&Limits::default()))
        .map_err(|error| Error::new(error.code, Phase::Run, error.message, None))?;
    out.extend_from_slice(json.finish().as_bytes());
    Ok(())
}
