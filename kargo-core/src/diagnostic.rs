//! Diagnostics: what loading and lint have to say about a user's files, and where.
//!
//! A [`Diagnostic`] is not an error: many are collected, and what is sound goes on being used.

use std::fmt;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use serde::ser::{Serialize, SerializeStruct, Serializer};

use crate::error::Code;

/// A text that locations point into: a manifest file, standard input, an expression typed by hand.
#[derive(Debug)]
pub struct SourceFile {
    name: String,
    text: Arc<str>,
    line_starts: OnceLock<Vec<usize>>,
}

impl SourceFile {
    /// A file by the name that people know it by, and its content.
    pub fn new(name: impl Into<String>, text: impl Into<Arc<str>>) -> Arc<Self> {
        Arc::new(Self { name: name.into(), text: text.into(), line_starts: OnceLock::new() })
    }

    /// The name, as the user gave it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The content.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Line and column of a byte offset, both from 1; columns count characters. An offset past the end, or
    /// inside a character, counts as the place before it.
    pub fn line_column(&self, offset: usize) -> (usize, usize) {
        let starts = self.line_starts.get_or_init(|| {
            std::iter::once(0).chain(self.text.match_indices('\n').map(|(at, _)| at + 1)).collect()
        });
        let line = starts.partition_point(|start| *start <= offset);
        let start = starts[line - 1];
        let column = self.text[start..].char_indices().take_while(|(at, _)| start + at < offset).count();
        (line, column + 1)
    }
}

/// A place in a file.
#[derive(Clone, Debug)]
pub struct Location {
    file: Arc<SourceFile>,
    span: Range<usize>,
}

impl Location {
    /// The bytes `span` of `file`.
    pub fn new(file: Arc<SourceFile>, span: Range<usize>) -> Self {
        Self { file, span }
    }

    /// The file.
    pub fn file(&self) -> &Arc<SourceFile> {
        &self.file
    }

    /// The bytes.
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// Line and column of its begin, both from 1.
    pub fn line_column(&self) -> (usize, usize) {
        self.file.line_column(self.span.start)
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (line, column) = self.line_column();
        write!(f, "{}:{line}:{column}", self.file.name())
    }
}

/// How much a diagnostic matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Good to know.
    Note,
    /// It works here, but probably not as meant, or not in Kargo.
    Warning,
    /// It cannot work; the resource is not used.
    Error,
}

impl Severity {
    /// `note`, `warning` or `error`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// One finding about a user's files.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    /// The stable code.
    pub code: Code,
    /// How much it matters.
    pub severity: Severity,
    /// One line.
    pub message: String,
    /// The place it speaks of.
    pub location: Option<Location>,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Diagnostic {
    fn new(severity: Severity, code: Code, message: String) -> Self {
        Self { code, severity, message, location: None, hint: None }
    }

    /// A finding that keeps the resource from being used.
    pub fn error(code: Code, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, message.into())
    }

    /// A finding that a person should look at.
    pub fn warning(code: Code, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, message.into())
    }

    /// A finding that is good to know.
    pub fn note(code: Code, message: impl Into<String>) -> Self {
        Self::new(Severity::Note, code, message.into())
    }

    /// Sets the place.
    #[must_use]
    pub fn at(mut self, location: impl Into<Option<Location>>) -> Self {
        self.location = location.into();
        self
    }

    /// Sets the hint.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<Option<String>>) -> Self {
        self.hint = hint.into();
        self
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(location) = &self.location {
            write!(f, "{location}: ")?;
        }
        write!(f, "{}[{}]: {}", self.severity.as_str(), self.code, self.message)?;
        match &self.hint {
            Some(hint) => write!(f, " ({hint})"),
            None => Ok(()),
        }
    }
}

/// As JSON: `code`, `severity`, `message`, `file`, `line`, `column`, `endLine`, `endColumn`, `hint`.
impl Serialize for Diagnostic {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("Diagnostic", 9)?;
        object.serialize_field("code", self.code.as_str())?;
        object.serialize_field("severity", self.severity.as_str())?;
        object.serialize_field("message", &self.message)?;
        if let Some(location) = &self.location {
            let (line, column) = location.line_column();
            let (end_line, end_column) = location.file.line_column(location.span.end);
            object.serialize_field("file", location.file.name())?;
            object.serialize_field("line", &line)?;
            object.serialize_field("column", &column)?;
            object.serialize_field("endLine", &end_line)?;
            object.serialize_field("endColumn", &end_column)?;
        }
        if let Some(hint) = &self.hint {
            object.serialize_field("hint", hint)?;
        }
        object.end()
    }
}

/// The candidate nearest to `name`, where one is near enough to have been meant.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(&name, &candidate.to_lowercase()), candidate))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate)
}

/// `did you mean …?` for [`nearest`], or the list of what there is where that is short.
pub fn did_you_mean<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    /// A longer list helps nobody.
    const LISTED: usize = 8;
    let candidates: Vec<&str> = candidates.into_iter().collect();
    match nearest(name, candidates.iter().copied()) {
        Some(near) => Some(format!("did you mean {near:?}?")),
        None if candidates.is_empty() || candidates.len() > LISTED => None,
        None => Some(format!("there is {}", candidates.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_characters_from_one() {
        let file = SourceFile::new("f.yaml", "a: ñ😀x\nb: 1\n");
        for (offset, place) in
            [(0, (1, 1)), (3, (1, 4)), (5, (1, 5)), (9, (1, 6)), (11, (2, 1)), (999, (3, 1))]
        {
            assert_eq!(file.line_column(offset), place, "{offset}");
        }
    }

    #[test]
    fn near_names_are_offered_and_far_ones_are_not() {
        let known = ["repoURL", "branch", "includePaths"];
        assert_eq!(did_you_mean("repoUrl", known).as_deref(), Some("did you mean \"repoURL\"?"));
        assert_eq!(nearest("zzz", known), None);
        assert_eq!(did_you_mean("zzz", known).as_deref(), Some("there is repoURL, branch, includePaths"));
    }
}
