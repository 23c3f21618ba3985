//! Address rewriting for transport: where a written address is reached from here.

use std::borrow::Cow;

use crate::error::{Code, Error};

/// `--rewrite` was not of the form FROM=TO.
pub const BAD_REWRITE: Code =
    Code::new("transport/bad-rewrite", "An address rewrite must have the form FROM=TO, both not empty.");

/// The codes of this room.
pub const CODES: &[Code] = &[BAD_REWRITE];

/// Prefix rewrites of git and HTTP addresses, as git's `insteadOf`: the longest matching prefix wins.
///
/// Only the transport sees the rewritten address. Freight, state, hashes and credential look-up keep the
/// address as it is written in the manifests.
///
/// ```
/// use kargo_core::transport::Rewrites;
///
/// let rewrites = Rewrites::default().with("https://github.com/=http://127.0.0.1:8080/")?;
/// assert_eq!(rewrites.apply("https://github.com/org/demo.git"), "http://127.0.0.1:8080/org/demo.git");
/// assert_eq!(rewrites.apply("https://example.com/x"), "https://example.com/x");
/// # Ok::<(), kargo_core::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rewrites {
    pairs: Vec<(String, String)>,
}

impl Rewrites {
    /// Adds one rewrite, written `FROM=TO`.
    ///
    /// # Errors
    /// `transport/bad-rewrite` where there is no `=` or a side is empty.
    pub fn with(mut self, rule: &str) -> Result<Self, Error> {
        match rule.split_once('=') {
            Some((from, to)) if !from.is_empty() && !to.is_empty() => {
                self.pairs.push((from.to_owned(), to.to_owned()));
                Ok(self)
            }
            _ => Err(Error::new(BAD_REWRITE, format!("{rule:?} is not an address rewrite"))
                .with_hint("write FROM=TO, such as https://github.com/=http://127.0.0.1:3000/")),
        }
    }

    /// The address to connect to for `written`.
    pub fn apply<'a>(&self, written: &'a str) -> Cow<'a, str> {
        let longest = self
            .pairs
            .iter()
            .filter_map(|(from, to)| written.strip_prefix(from.as_str()).map(|rest| (from.len(), to, rest)))
            .max_by_key(|(length, ..)| *length);
        match longest {
            Some((_, to, rest)) => Cow::Owned(format!("{to}{rest}")),
            None => Cow::Borrowed(written),
        }
    }
}
