//! One document of a file: from YAML to a typed resource whose fields know their place.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use kargo_yaml::{Limits, Node, Schema as Reading, Stream};
use serde_json::Value;

use super::{HELM_TEMPLATE, INVALID, NOT_USED, NOT_YAML, UNKNOWN_KIND, location, shape};
use crate::diagnostic::{Diagnostic, Location, SourceFile, did_you_mean};
use crate::model::{Kind, Resource};

/// Kargo's API group.
const GROUP: &str = "kargo.akuity.io/";

/// A resource and the document it comes from.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// The resource; its namespace is filled in where the document names none.
    pub resource: Resource,
    place: Place,
}

/// A document inside a file.
#[derive(Clone, Debug)]
struct Place {
    file: Arc<SourceFile>,
    stream: Arc<Stream>,
    index: usize,
}

impl Manifest {
    /// The place of the value that a JSON pointer (RFC 6901) leads to; of the deepest part of it that the
    /// document has, where it has not all.
    pub fn locate(&self, pointer: &str) -> Location {
        let document = self.place.stream.document(self.place.index);
        let mut pointer = pointer;
        loop {
            if let Some(found) = document.and_then(|document| document.locate(pointer)) {
                return location(&self.place.file, found.value);
            }
            match pointer.rfind('/') {
                Some(cut) => pointer = &pointer[..cut],
                None => return Location::new(Arc::clone(&self.place.file), 0..0),
            }
        }
    }

    /// The place of the key of a field; of its value where it has none, as in a list.
    pub fn locate_key(&self, pointer: &str) -> Location {
        let document = self.place.stream.document(self.place.index);
        match document.and_then(|document| document.locate(pointer)?.key) {
            Some(key) => location(&self.place.file, key),
            None => self.locate(pointer),
        }
    }

    /// The place of a part of a text: `within` counts bytes of the value, not of the file, where quotes,
    /// escapes and indentation may stand between them.
    pub fn locate_within(&self, pointer: &str, within: Range<usize>) -> Location {
        let document = self.place.stream.document(self.place.index);
        match document.and_then(|document| document.node(pointer)) {
            Some(node) => {
                let start = node.offset_of(within.start as u32) as usize;
                let end = node.offset_of(within.end as u32) as usize;
                Location::new(Arc::clone(&self.place.file), start..end.max(start))
            }
            None => self.locate(pointer),
        }
    }

    /// The file.
    pub fn file(&self) -> &Arc<SourceFile> {
        &self.place.file
    }
}

/// Reads documents; keeps the schemas of the kinds it has met.
pub(super) struct Loader<'a> {
    pub(super) project: &'a str,
    pub(super) manifests: Vec<Manifest>,
    pub(super) diagnostics: Vec<Diagnostic>,
    schemas: HashMap<Kind, Value>,
}

impl<'a> Loader<'a> {
    pub(super) fn new(project: &'a str, diagnostics: Vec<Diagnostic>) -> Self {
        Self { project, manifests: Vec::new(), diagnostics, schemas: HashMap::new() }
    }

    /// Loads all documents of a file.
    pub(super) fn load(&mut self, file: &Arc<SourceFile>) {
        let stream = match Stream::parse(file.text(), &Limits::default()) {
            Ok(stream) => Arc::new(stream),
            Err(_) if is_helm_template(file.text()) => {
                return self.diagnostics.push(
                    Diagnostic::note(HELM_TEMPLATE, "this is a Helm template and is left out")
                        .at(Location::new(Arc::clone(file), 0..0))
                        .with_hint("render it with `helm template` first".to_owned()),
                );
            }
            Err(error) => {
                return self.diagnostics.push(
                    Diagnostic::error(NOT_YAML, error.message())
                        .at(location(file, error.span()))
                        .with_hint(error.hint().map(str::to_owned)),
                );
            }
        };
        for (index, document) in stream.documents().enumerate() {
            let place = Place { file: Arc::clone(file), stream: Arc::clone(&stream), index };
            if let Some(root) = document.root() {
                self.document(place, root);
            }
        }
    }

    fn document(&mut self, place: Place, root: Node<'_>) {
        let Some(kind) = self.kind(&place, root) else { return };
        let schema = self.schemas.entry(kind).or_insert_with(|| kind.schema().to_value());
        let mistakes = shape::mistakes(root, schema);
        let sound = mistakes.is_empty();
        self.diagnostics.extend(mistakes.into_iter().map(|mistake| {
            Diagnostic::error(mistake.code, mistake.message)
                .at(location(&place.file, mistake.span))
                .with_hint(mistake.hint)
        }));
        if !sound {
            return;
        }
        match self.typed(kind, root) {
            Ok(resource) => self.manifests.push(Manifest { resource, place }),
            Err((pointer, message)) => {
                let document = place.stream.document(place.index);
                let found = document.and_then(|document| document.locate(&pointer));
                let span = found.map_or(root.span(), |found| found.value);
                self.diagnostics.push(Diagnostic::error(INVALID, message).at(location(&place.file, span)));
            }
        }
    }

    /// The kind of a document; `None`, and a word about it, where it has no part in promotion.
    fn kind(&mut self, place: &Place, root: Node<'_>) -> Option<Kind> {
        let field = |name| root.get(name).and_then(|node| node.as_str().map(|text| (node, text.to_owned())));
        let (Some((_, version)), Some((kind_node, kind))) = (field("apiVersion"), field("kind")) else {
            self.diagnostics.push(
                Diagnostic::note(NOT_USED, "the document says no apiVersion and kind, and is left out")
                    .at(location(&place.file, root.span())),
            );
            return None;
        };
        if let Some(known) = Kind::of(&version, &kind) {
            return Some(known);
        }
        let at = location(&place.file, kind_node.span());
        let namesake = Kind::ALL.iter().find(|known| known.as_str() == kind && version.starts_with(GROUP));
        self.diagnostics.push(match namesake {
            Some(namesake) => {
                Diagnostic::error(UNKNOWN_KIND, format!("there is no version {version} of {kind}"))
                    .with_hint(format!("Kargo has {}", namesake.api_version()))
                    .at(at)
            }
            None if version.starts_with(GROUP) => {
                let known = Kind::ALL.iter().filter(|known| known.api_version() == version);
                Diagnostic::error(UNKNOWN_KIND, format!("Kargo has no kind {kind}"))
                    .with_hint(did_you_mean(&kind, known.map(|known| known.as_str())))
                    .at(at)
            }
            None => Diagnostic::note(NOT_USED, format!("{version} {kind} has no part in promotion")).at(at),
        });
        None
    }

    /// The typed resource, or where and why it is none.
    fn typed(&self, kind: Kind, root: Node<'_>) -> Result<Resource, (String, String)> {
        let json = root
            .to_json(Reading::Kubernetes11)
            .map_err(|error| (String::new(), error.message().to_owned()))?;
        let mut track = serde_path_to_error::Track::new();
        let deserializer = serde_path_to_error::Deserializer::new(json, &mut track);
        let mut resource = Resource::deserialize(kind, deserializer)
            .map_err(|error| (pointer(&track.path()), error.to_string()))?;
        let metadata = resource.metadata_mut();
        if kind.is_cluster_wide() {
            metadata.namespace = None;
        } else if metadata.project().is_empty() {
            metadata.namespace = Some(self.project.to_owned());
        }
        Ok(resource)
    }
}

/// A JSON pointer to where deserialising stopped.
fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;

    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            Segment::Map { key } => {
                pointer.push_str(&format!("/{}", key.replace('~', "~0").replace('/', "~1")))
            }
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    pointer
}

/// Whether a text that is no YAML looks like a template of Helm's: braces that are not Kargo's `${{`.
fn is_helm_template(text: &str) -> bool {
    text.match_indices("{{").any(|(at, _)| !text[..at].ends_with('$'))
}
