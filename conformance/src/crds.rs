//! The model against Kargo's CustomResourceDefinitions. A case is a field of a definition, or a field that
//! only the model has.

use std::collections::BTreeSet;
use std::error::Error;
use std::path::{Path, PathBuf};

use kargo_core::model::Kind;
use serde_json::{Map, Value};

use crate::Tally;

/// Fields that Kargo has not: the second dialect.
const SECOND_DIALECT: [&str; 2] = ["Stage.spec.subscriptions", "Stage.spec.autoPromotionEnabled"];

/// Words that Kargo documents and its code takes, but its definitions do not.
const DOCUMENTED_WORDS: [(&str, &str); 1] = [("targetSelectionCriteria[].kind", "Promotion")];

/// Values that Kargo's definitions leave open, because its admission reads them by a type of their own.
const READ_BY_ADMISSION: [&str; 1] = ["Warehouse.spec.subscriptions[]"];

pub(crate) fn run(folder: &Path) -> Result<Tally, Box<dyn Error>> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    files.sort();
    let mut tally = Tally::default();
    for file in files {
        let definition: Value = serde_yaml::from_str(&std::fs::read_to_string(&file)?)?;
        let name = definition.pointer("/spec/names/kind").and_then(Value::as_str).unwrap_or_default();
        let theirs = definition.pointer("/spec/versions/0/schema/openAPIV3Schema");
        let (Some(kind), Some(theirs)) = (Kind::ALL.iter().find(|kind| kind.as_str() == name), theirs) else {
            tally.count(Some(format!("{}: no definition of a kind that the model has", file.display())));
            continue;
        };
        let root = kind.schema().to_value();
        Comparison { root: &root, tally: &mut tally }.fields(name, theirs, &root);
    }
    Ok(tally)
}

struct Comparison<'a> {
    root: &'a Value,
    tally: &'a mut Tally,
}

impl Comparison<'_> {
    /// Compares a value: its type, then what is inside.
    fn value(&mut self, path: &str, theirs: &Value, ours: &Value) -> Option<String> {
        let ours = Shape::of(self.root, ours);
        let difference = differs(path, theirs, &ours);
        if difference.is_none() {
            self.fields(path, theirs, ours.schema);
            for (key, suffix) in [("items", "[]"), ("additionalProperties", "{}")] {
                if let (Some(theirs), Some(inner)) = (theirs.get(key), ours.schema.get(key)) {
                    let failure = self.value(&format!("{path}{suffix}"), theirs, inner);
                    self.tally.count(failure);
                }
            }
        }
        difference
    }

    /// Compares the fields of two objects. An object for which Kargo lists none is free-form.
    fn fields(&mut self, path: &str, theirs: &Value, ours: &Value) {
        let Some(theirs_fields) = theirs.get("properties").and_then(Value::as_object) else { return };
        let none = Map::new();
        let ours_fields = ours.get("properties").and_then(Value::as_object).unwrap_or(&none);
        for (name, field) in theirs_fields {
            let path = format!("{path}.{name}");
            let failure = match ours_fields.get(name) {
                None => Some(format!("{path}: missing")),
                Some(_) if requires(ours, name) && !requires(theirs, name) => {
                    Some(format!("{path}: required here, and not in Kargo"))
                }
                Some(known) => self.value(&path, field, known),
            };
            self.tally.count(failure);
        }
        for name in ours_fields.keys().filter(|name| !theirs_fields.contains_key(*name)) {
            let path = format!("{path}.{name}");
            let declared = SECOND_DIALECT.contains(&path.as_str());
            self.tally.count((!declared).then(|| format!("{path}: not in Kargo, and not declared as ours")));
        }
    }
}

fn requires(schema: &Value, name: &str) -> bool {
    let required = schema.get("required").and_then(Value::as_array);
    required.is_some_and(|required| required.iter().any(|one| one.as_str() == Some(name)))
}

fn differs(path: &str, theirs: &Value, ours: &Shape<'_>) -> Option<String> {
    let wanted = theirs.get("type").and_then(Value::as_str);
    if wanted != ours.type_name && !(wanted.is_none() && READ_BY_ADMISSION.contains(&path)) {
        let name = |one: Option<&str>| one.unwrap_or("anything").to_owned();
        return Some(format!("{path}: {} here, {} in Kargo", name(ours.type_name), name(wanted)));
    }
    let format = |schema: &Value| {
        schema
            .get("format")
            .and_then(Value::as_str)
            .filter(|format| *format == "date-time")
            .map(str::to_owned)
    };
    if format(theirs) != format(ours.schema) {
        return Some(format!("{path}: only one of the two is a time"));
    }
    let words = theirs.get("enum").and_then(Value::as_array)?;
    let words: BTreeSet<&str> = words.iter().filter_map(Value::as_str).collect();
    let mut known = ours.words.clone();
    known.retain(|word| !DOCUMENTED_WORDS.iter().any(|(field, one)| path.ends_with(field) && one == word));
    (words != known).then(|| format!("{path}: one of {:?} here, of {words:?} in Kargo", ours.words))
}

/// What a schema of the model says, without the ways in which it says it.
struct Shape<'a> {
    schema: &'a Value,
    type_name: Option<&'a str>,
    words: BTreeSet<&'a str>,
}

impl<'a> Shape<'a> {
    fn of(root: &'a Value, mut schema: &'a Value) -> Self {
        loop {
            let reference = schema.get("$ref").and_then(Value::as_str);
            let alternatives = schema.get("anyOf").and_then(Value::as_array);
            let target = reference.and_then(|target| root.pointer(target.trim_start_matches('#')));
            // An optional reference: the alternative that is not null.
            let some = alternatives.and_then(|all| all.iter().find(|one| type_name(one) != Some("null")));
            match target.or(some) {
                Some(next) => schema = next,
                None => break,
            }
        }
        let choices = schema.get("oneOf").and_then(Value::as_array).into_iter().flatten();
        let listed = schema.get("enum").and_then(Value::as_array).into_iter().flatten();
        let constant = choices.filter_map(|one| one.get("const")).chain(schema.get("const"));
        let words: BTreeSet<&str> = constant.chain(listed).filter_map(Value::as_str).collect();
        let type_name = type_name(schema).or((!words.is_empty()).then_some("string"));
        Self { schema, type_name, words }
    }
}

/// The type; of an optional value the one that is not null.
fn type_name(schema: &Value) -> Option<&str> {
    match schema.get("type")? {
        Value::Array(several) => several.iter().filter_map(Value::as_str).find(|one| *one != "null"),
        one => one.as_str(),
    }
}
