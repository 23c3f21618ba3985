//! Diagnostics on a terminal: the line of the file, a caret, the hint.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use kargo_core::diagnostic::{Diagnostic, Severity};

/// All of `diagnostics`, as rustc shows its own.
pub(crate) fn text(diagnostics: &[Diagnostic], colors: bool) -> String {
    let renderer = if colors { Renderer::styled() } else { Renderer::plain() };
    let mut text = String::new();
    for diagnostic in diagnostics {
        text.push_str(&renderer.render(&report(diagnostic)));
        text.push_str("\n\n");
    }
    text
}

fn report(diagnostic: &Diagnostic) -> Vec<Group<'_>> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let title = level.primary_title(&diagnostic.message).id(diagnostic.code.as_str());
    let mut group = match &diagnostic.location {
        Some(location) => title.element(
            Snippet::source(location.file().text())
                .path(location.file().name())
                .annotation(AnnotationKind::Primary.span(location.span())),
        ),
        None => Group::with_title(title),
    };
    if let Some(hint) = &diagnostic.hint {
        group = group.element(Level::HELP.message(hint));
    }
    vec![group]
}

/// How many of each severity there are, in words; empty where there are none.
pub(crate) fn count(diagnostics: &[Diagnostic]) -> String {
    let of = |severity, one: &str| {
        let count = diagnostics.iter().filter(|said| said.severity == severity).count();
        (count > 0).then(|| format!("{count} {one}{}", if count == 1 { "" } else { "s" }))
    };
    let counts = [of(Severity::Error, "error"), of(Severity::Warning, "warning"), of(Severity::Note, "note")];
    counts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}
