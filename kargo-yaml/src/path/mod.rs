//! Paths into a document: Kargo's dot keys, and selectors as yq writes them.

mod condition;
mod dot;
mod query;
mod walk;

use crate::{Error, Span};
use condition::Expr;

/// A way to nodes of a document.
///
/// **The rule**: a path that begins with `.` (white space around it aside) is a selector, any other is a
/// dot key.
///
/// A *dot key* is what Kargo's `yaml-update` takes: parts with a `.` between them, each the key of a map or the
/// index of a list. `\.` and `\:` stand for these characters, a `:` before a part is dropped. `list[0]` and
/// `list.[0]` are indices too, unless a map has just that key. It leads to one node of the first document.
///
/// A *selector* is a subset of yq's language. It leads to any number of nodes, in all documents:
///
/// | written | leads to |
/// |---|---|
/// | `.a.b`, `.a["x.y"]`, `."x.y"` | the value of a key |
/// | `.list[0]` | an item, from 0 |
/// | `.list[]` | each item, or each value of a map |
/// | `… \| select(.k == "v")` | those for which the condition holds |
/// | `==`, `!=` | a string is compared with the text of a scalar, a number, `true`, `false` and `null` with its value |
/// | `.k \| test("^re")` | whether a regular expression is found in the text |
/// | `and`, `or`, `… \| not`, `( )` | conditions from conditions |
///
/// Text stands in double quotes. In it `\` begins an escape, as in JSON: `\"`, `\\`, `\/`, `\b`, `\f`, `\n`,
/// `\r`, `\t`, `\u` with four digits; any other is an error. Nothing else has a meaning between quotes, so text
/// that went through [`Path::escape`] cannot end them.
///
/// ```
/// use kargo_yaml::{Limits, Path, Stream};
///
/// let stream = Stream::parse("apps:\n- {name: a, rev: 1}\n- {name: b, rev: 2}\n", &Limits::default())?;
/// let path = Path::parse(r#".apps[] | select(.name == "b") | .rev"#)?;
/// assert_eq!(stream.select(&path)?[0].source(), "2");
/// assert_eq!(stream.select(&Path::parse("apps.0.rev")?)?[0].source(), "1");
/// # Ok::<(), kargo_yaml::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Path {
    text: String,
    is_selector: bool,
    steps: Vec<Step>,
}

#[derive(Debug, Clone)]
struct Step {
    what: What,
    /// Its bytes of the path.
    span: Span,
}

#[derive(Debug, Clone)]
enum What {
    /// The value of a key.
    Key(String),
    /// A part of a dot key: a key or an index, as the node has it.
    Part(String),
    /// An item of a list.
    Index(usize),
    /// All items of a list, all values of a map.
    Each,
    /// Only the nodes for which the condition holds.
    Select(Expr),
}

/// How many bytes a path may have; it bounds how deep its conditions are nested.
const LONGEST: usize = 4 << 10;

impl Path {
    /// Reads a path; its first character says which form it has.
    ///
    /// # Errors
    /// [`Code::PathSyntax`](crate::Code::PathSyntax), whose span is of `text`.
    pub fn parse(text: &str) -> Result<Self, Error> {
        if text.len() > LONGEST {
            return Err(syntax(format!("a path of more than {LONGEST} bytes"), Span::default()));
        }
        let is_selector = text.trim_start().starts_with('.');
        let steps = if is_selector { query::parse(text)? } else { dot::parse(text)? };
        Ok(Self { text: text.to_owned(), is_selector, steps })
    }

    /// The path as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it is a selector, and not a dot key.
    #[must_use]
    pub fn is_selector(&self) -> bool {
        self.is_selector
    }

    /// Text as it has to stand between the quotes of a selector, so that it is read as itself.
    ///
    /// ```
    /// # use kargo_yaml::Path;
    /// assert_eq!(Path::escape(r#"x") | .secret"#), r#"x\") | .secret"#);
    /// ```
    #[must_use]
    pub fn escape(text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        for char in text.chars() {
            match char {
                '"' | '\\' => out.extend(['\\', char]),
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                '\t' => out.push_str("\\t"),
                // All control characters have fewer than four digits.
                _ if char.is_control() => out.push_str(&format!("\\u{:04x}", char as u32)),
                _ => out.push(char),
            }
        }
        out
    }
}

impl std::str::FromStr for Path {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::parse(text)
    }
}

impl std::fmt::Display for Path {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

fn syntax(message: impl Into<String>, span: Span) -> Error {
    Error::new(crate::Code::PathSyntax, message).at(span)
}
