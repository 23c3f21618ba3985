//! Manifests: a folder of Kargo YAML as typed resources, with the place of every field.
//!
//! Nothing stops at the first mistake: what is wrong comes out as [`Diagnostic`]s, all of them, and what is
//! sound is loaded.

mod document;
mod files;
mod references;
mod shape;

use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Location, Severity, SourceFile};
use crate::error::{Code, Error};
use crate::model::Resource;

pub use self::document::Manifest;
pub use self::files::Input;

/// The input could not be read.
pub const UNREADABLE: Code =
    Code::new("manifest/unreadable", "A file or folder of manifests could not be read, or is too large.");
/// The file is not YAML.
pub const NOT_YAML: Code =
    Code::new("manifest/not-yaml", "The file is not YAML, from the place that is shown.");
/// The file is a Helm template.
pub const HELM_TEMPLATE: Code = Code::new(
    "manifest/helm-template",
    "The file is a Helm template and no YAML yet: it is left out. Render it first (`helm template`).",
);
/// The document is of no kind that is used here.
pub const NOT_USED: Code = Code::new(
    "manifest/not-used",
    "The document is of a kind that has no part in promotion; it is left out.",
);
/// The document says no kind, or one that Kargo does not have.
pub const UNKNOWN_KIND: Code =
    Code::new("manifest/unknown-kind", "The document is of a kind or version that Kargo does not have.");
/// A field that the kind does not have.
pub const UNKNOWN_FIELD: Code = Code::new("manifest/unknown-field", "The kind has no field of this name.");
/// A field that must be there is not.
pub const MISSING_FIELD: Code = Code::new("manifest/missing-field", "A field that must be there is missing.");
/// A value of another type than the field's.
pub const WRONG_TYPE: Code = Code::new(
    "manifest/wrong-type",
    "The value is of another type than the field, or not one of its values.",
);
/// The document does not fit its kind in another way.
pub const INVALID: Code = Code::new("manifest/invalid", "The document does not fit its kind.");
/// Two documents have one name.
pub const DUPLICATE: Code =
    Code::new("manifest/duplicate", "Two documents have the same kind, project and name.");
/// A reference to something that is not there.
pub const DANGLING: Code =
    Code::new("manifest/dangling", "The resource that this field names is not among the manifests.");

/// The codes of this room.
pub const CODES: &[Code] = &[
    UNREADABLE,
    NOT_YAML,
    HELM_TEMPLATE,
    NOT_USED,
    UNKNOWN_KIND,
    UNKNOWN_FIELD,
    MISSING_FIELD,
    WRONG_TYPE,
    INVALID,
    DUPLICATE,
    DANGLING,
];

/// The manifests of one installation.
///
/// ```
/// use kargo_core::manifest::{Input, Manifests};
///
/// let yaml = "\
/// apiVersion: kargo.akuity.io/v1alpha1
/// kind: Stage
/// metadata: {name: test}
/// spec:
///   requestedFreight:
///   - origin: {kind: Warehouse, name: apps}
///     sources: {direct: true}
///   promotionTemplate:
///     spec:
///       stepz: []
/// ";
/// let manifests = Manifests::load(&[Input::text("stage.yaml", yaml)], Some("demo"))?;
/// let said: Vec<String> = manifests.diagnostics().iter().map(|said| said.to_string()).collect();
/// assert!(said[0].starts_with("stage.yaml:10:7: error[manifest/unknown-field]"), "{said:?}");
/// assert!(said[0].contains("did you mean \"steps\"?"));
/// # Ok::<(), kargo_core::Error>(())
/// ```
#[derive(Debug)]
pub struct Manifests {
    project: String,
    manifests: Vec<Manifest>,
    diagnostics: Vec<Diagnostic>,
}

impl Manifests {
    /// Loads all documents of `inputs`. Those without a namespace belong to `project`, else to the project that
    /// is named like the first input's folder.
    ///
    /// # Errors
    /// `manifest/unreadable` where an input itself cannot be read. All that is wrong *in* the files is in
    /// [`Manifests::diagnostics`].
    pub fn load(inputs: &[Input], project: Option<&str>) -> Result<Self, Error> {
        let project = project.map_or_else(|| files::project_name(inputs), str::to_owned);
        let mut diagnostics = Vec::new();
        let files = files::read(inputs, &mut diagnostics)?;
        let mut loader = document::Loader::new(&project, diagnostics);
        for file in &files {
            loader.load(file);
        }
        let document::Loader { mut manifests, mut diagnostics, .. } = loader;
        references::check(&mut manifests, &mut diagnostics);
        sort_by_place(&mut diagnostics);
        Ok(Self { project, manifests, diagnostics })
    }

    /// The project of documents that name none.
    pub fn project(&self) -> &str {
        &self.project
    }

    /// The documents that are sound, in the order of files and documents.
    pub fn manifests(&self) -> &[Manifest] {
        &self.manifests
    }

    /// The resources of the sound documents.
    pub fn resources(&self) -> impl Iterator<Item = &Resource> {
        self.manifests.iter().map(|manifest| &manifest.resource)
    }

    /// What is to be said about the files, ordered by place.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// Whether a document was left out because something is wrong with it.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }
}

/// Orders diagnostics by file and place.
pub(crate) fn sort_by_place(diagnostics: &mut [Diagnostic]) {
    diagnostics.sort_by_cached_key(place);
}

fn place(diagnostic: &Diagnostic) -> (String, usize) {
    match &diagnostic.location {
        Some(location) => (location.file().name().to_owned(), location.span().start),
        None => (String::new(), 0),
    }
}

/// A location in `file`.
fn location(file: &Arc<SourceFile>, span: kargo_yaml::Span) -> Location {
    Location::new(Arc::clone(file), span.start as usize..span.end as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Kind;

    const STAGE: &str = "\
apiVersion: kargo.akuity.io/v1alpha1
kind: Stage
metadata: {name: test}
spec:
  requestedFreight:
  - origin: {kind: Warehouse, name: apps}
    sources: {direct: true}
";

    fn load(yaml: &str) -> Manifests {
        Manifests::load(&[Input::text("f.yaml", yaml)], Some("demo")).unwrap()
    }

    fn said(yaml: &str) -> Vec<(&'static str, String)> {
        let place = |said: &Diagnostic| match &said.location {
            Some(location) => location.to_string().replace("f.yaml:", ""),
            None => String::new(),
        };
        load(yaml).diagnostics().iter().map(|said| (said.code.as_str(), place(said))).collect()
    }

    #[test]
    fn every_mistake_is_told_with_its_place() {
        let head = "apiVersion: kargo.akuity.io/v1alpha1\nkind: Warehouse\nmetadata: {name: w}\n";
        for (what, yaml, expected) in [
            ("sound", "spec:\n  subscriptions:\n  - git: {repoURL: https://x.y/z}\n", vec![]),
            (
                "two unknown fields",
                "spec:\n  intervall: 5m\n  subscriptions:\n  - git: {repoUrl: https://x.y/z}\n",
                vec![("manifest/unknown-field", "5:3"), ("manifest/unknown-field", "7:11")],
            ),
            ("a list that is none", "spec:\n  subscriptions: x\n", vec![("manifest/wrong-type", "5:18")]),
            (
                "a boolean for text",
                "spec:\n  subscriptions:\n  - git: {repoURL: yes}\n",
                vec![("manifest/wrong-type", "6:20")],
            ),
            (
                "not one of the words",
                "spec:\n  freightCreationPolicy: Auto\n  subscriptions:\n  - git: {repoURL: https://x.y/z}\n",
                vec![("manifest/wrong-type", "5:26")],
            ),
            (
                "a duration",
                "spec:\n  interval: soon\n  subscriptions: []\n",
                vec![("manifest/invalid", "5:13")],
            ),
        ] {
            let found = said(&format!("{head}{yaml}"));
            let found: Vec<_> = found.iter().map(|(code, place)| (*code, place.as_str())).collect();
            let missing: Vec<_> =
                found.iter().filter(|(code, _)| *code != "manifest/missing-field").collect();
            assert_eq!(missing, expected.iter().collect::<Vec<_>>(), "{what}");
        }
    }

    #[test]
    fn documents_are_told_apart_by_kind() {
        for (yaml, code) in [
            ("a: [", "manifest/not-yaml"),
            ("{{- if .Values.x }}\na: {{ .y }}\n{{- end }}\n", "manifest/helm-template"),
            ("apiVersion: v1\nkind: Service\nmetadata: {name: x}\n", "manifest/not-used"),
            ("just: values\n", "manifest/not-used"),
            ("apiVersion: kargo.akuity.io/v1alpha1\nkind: Stag\n", "manifest/unknown-kind"),
            ("apiVersion: kargo.akuity.io/v1\nkind: Stage\n", "manifest/unknown-kind"),
        ] {
            assert_eq!(said(yaml)[0].0, code, "{yaml}");
        }
    }

    #[test]
    fn names_must_be_there_and_be_there_once() {
        let loaded = load(&format!("{STAGE}---\n{STAGE}"));
        let codes: Vec<_> = loaded.diagnostics().iter().map(|said| said.code.as_str()).collect();
        assert_eq!(codes, ["manifest/dangling", "manifest/duplicate"]);
        assert_eq!(loaded.manifests().len(), 1);
    }

    #[test]
    fn a_document_without_namespace_belongs_to_the_project() {
        let loaded = load(STAGE);
        let stage = loaded.resources().next().unwrap();
        assert_eq!((stage.kind(), stage.project(), stage.name()), (Kind::Stage, "demo", "test"));
        let place = loaded.manifests()[0].locate("/spec/requestedFreight/0/sources/direct");
        assert_eq!(place.to_string(), "f.yaml:7:23");
    }
}
