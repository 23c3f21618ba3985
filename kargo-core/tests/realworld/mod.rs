//! Real manifests go in and come out as they were. They are not part of this repository: without the folder
//! `../shared/realworld` the test says that it is skipped.

use std::path::{Path, PathBuf};

use kargo_core::model::{Duration, Resource};
use kargo_yaml::{Limits, Schema, Stream};
use serde_json::Value;

/// Examples in Kargo's release notes that put a field where Kargo has none, and so loses it as we do.
const MISPLACED: [&str; 3] = [
    "docs-80-release-notes-96-v1-3-0-02.resource.yaml",
    "docs-80-release-notes-97-v1-2-0-02.resource.yaml",
    "docs-80-release-notes-97-v1-2-0-03.resource.yaml",
];

#[test]
fn every_plain_document_comes_out_as_it_went_in() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/realworld");
    if !folder.is_dir() {
        println!("skipped: {} is not there", folder.display());
        return;
    }
    let (mut same, mut unread, mut different) = (0, Vec::new(), Vec::new());
    for file in yaml_files(&folder) {
        let text = std::fs::read_to_string(&file).unwrap();
        let Some(documents) = documents(&text) else {
            unread.push(file);
            continue;
        };
        let misplaced = MISPLACED.iter().any(|name| file.ends_with(name));
        for document in documents.into_iter().filter(|document| !is_excerpt(document)) {
            match Resource::from_json(document.clone()) {
                Ok(None) => {}
                Ok(Some(resource))
                    if (resource.to_json().unwrap() == as_kubernetes(document)) != misplaced =>
                {
                    same += 1
                }
                Ok(Some(resource)) => {
                    different.push(format!("{}: {:#}", file.display(), resource.to_json().unwrap()))
                }
                Err(error) => different.push(format!("{}: {error}", file.display())),
            }
        }
    }
    println!("{same} documents; {} files are templates or no YAML", unread.len());
    assert!(different.is_empty(), "{}", different.join("\n"));
    assert!(same >= 80 && unread.len() < 10, "{same} documents were compared, {unread:?} could not be read");
}

fn yaml_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.extension() {
            _ if path.is_dir() => files.extend(yaml_files(&path)),
            Some(extension) if extension == "yaml" || extension == "yml" => files.push(path),
            _ => {}
        }
    }
    files.sort();
    files
}

/// The documents of a file; `None` where it is no YAML, as a Helm template mostly is. Helm's braces stand
/// alone, Kargo's follow a dollar.
fn documents(text: &str) -> Option<Vec<Value>> {
    if text.replace("${{", "").contains("{{") {
        return None;
    }
    let stream = Stream::parse(text, &Limits::default()).ok()?;
    let roots: Vec<_> = stream.documents().filter_map(|document| document.root()).collect();
    roots.into_iter().map(|root| root.to_json(Schema::Kubernetes11).ok()).collect()
}

/// Documentation leaves the spec out where it speaks of something else.
fn is_excerpt(document: &Value) -> bool {
    document.get("spec").is_some_and(Value::is_null)
}

/// What Kubernetes makes of the document: durations in their one spelling.
fn as_kubernetes(mut document: Value) -> Value {
    normalize(&mut document, "");
    document
}

fn normalize(value: &mut Value, key: &str) {
    match value {
        Value::Object(fields) if key != "config" => {
            fields.iter_mut().for_each(|(key, value)| normalize(value, key))
        }
        Value::Array(items) => items.iter_mut().for_each(|item| normalize(item, "")),
        Value::String(text) if matches!(key, "interval" | "requiredSoakTime" | "timeout") => {
            *text = text.parse::<Duration>().unwrap().to_string();
        }
        _ => {}
    }
}
