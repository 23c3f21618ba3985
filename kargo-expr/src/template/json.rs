//! JSON documents whose strings are templates: a step's `config`.

use std::fmt;

use serde_json::{Map, Value as Json};

use super::Template;
use crate::env::Env;
use crate::host::{Answer, Host, Need};
use crate::{Code, Error, Phase, Scope};

/// A JSON document in which every string is a [`Template`]; keys are never evaluated.
///
/// ```
/// use kargo_expr::{Env, JsonAnswer, JsonTemplate, NoHost, Scope};
/// let config = serde_json::json!({"replicas": "${{ 1 + 2 }}", "plain": "3"});
/// let template = JsonTemplate::parse(&config, &Env::kargo());
/// assert_eq!(template.errors().count(), 0);
/// let JsonAnswer::Ready { json, .. } = template.render(&Scope::new(), &NoHost)? else { panic!() };
/// assert_eq!(json, serde_json::json!({"replicas": 3, "plain": "3"}));
/// # Ok::<(), kargo_expr::LeafError>(())
/// ```
#[derive(Debug, Clone)]
pub struct JsonTemplate {
    root: Node,
    reserved: &'static [&'static str],
}

#[derive(Debug, Clone)]
enum Node {
    Constant(Json),
    Leaf { pointer: String, template: Result<Template, Error> },
    Array(Vec<Self>),
    Object(Vec<(String, Self)>),
}

/// A rendered document.
#[derive(Debug, Clone, PartialEq)]
pub enum JsonAnswer {
    /// The document, and where in it tainted values stand.
    Ready {
        /// The document.
        json: Json,
        /// JSON pointers (RFC 6901) to the values that came from secrets.
        tainted: Vec<String>,
    },
    /// Something has to be fetched first.
    Need(Need),
}

/// An error with the place of its template.
#[derive(Debug, Clone)]
pub struct LeafError {
    pointer: String,
    error: Error,
}

impl LeafError {
    /// The JSON pointer (RFC 6901) of the string; empty for the document as a whole.
    #[must_use]
    pub fn pointer(&self) -> &str {
        &self.pointer
    }

    /// What is wrong with it; the span is within the string.
    #[must_use]
    pub fn error(&self) -> &Error {
        &self.error
    }
}

impl fmt::Display for LeafError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.error, f)
    }
}

impl std::error::Error for LeafError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.error)
    }
}

impl JsonTemplate {
    /// Parses every string of a document. A bad one keeps its error in its place.
    #[must_use]
    pub fn parse(json: &Json, env: &Env) -> Self {
        Self { root: parse(json, env, ""), reserved: env.reserved() }
    }

    /// Changes templates by their JSON pointers.
    #[must_use]
    pub fn map(mut self, mut change: impl FnMut(&str, Template) -> Template) -> Self {
        self.root = self.root.map(&mut change);
        self
    }

    /// The strings that do not parse, by their JSON pointers.
    pub fn errors(&self) -> impl Iterator<Item = (&str, &Error)> {
        let leaves = self.leaves().into_iter();
        leaves.filter_map(|(pointer, template)| template.err().map(|error| (pointer, error)))
    }

    /// The strings that hold templates, by their JSON pointers.
    pub fn templates(&self) -> impl Iterator<Item = (&str, &Template)> {
        let leaves = self.leaves().into_iter();
        leaves.filter_map(|(pointer, template)| template.ok().map(|template| (pointer, template)))
    }

    fn leaves(&self) -> Vec<(&str, Result<&Template, &Error>)> {
        let mut leaves = Vec::new();
        self.root.leaves(&mut leaves);
        leaves
    }

    /// Evaluates all templates in the document's order.
    ///
    /// # Errors
    /// The first string that fails, a root that is neither an object nor null, and a variable in the scope
    /// that has the name of one of Kargo's template functions.
    pub fn render(&self, scope: &Scope, host: &dyn Host) -> Result<JsonAnswer, LeafError> {
        self.check(scope)?;
        let mut tainted = Vec::new();
        match self.root.render(scope, host, &mut tainted)? {
            Answer::Ready(json) => Ok(JsonAnswer::Ready { json, tainted }),
            Answer::Need(need) => Ok(JsonAnswer::Need(need)),
        }
    }

    fn check(&self, scope: &Scope) -> Result<(), LeafError> {
        let refuse = |code, message: String| {
            let error = Error::new(code, Phase::Run, message, None);
            Err(LeafError { pointer: String::new(), error })
        };
        if let Some(name) = self.reserved.iter().find(|name| scope.get(name).is_some()) {
            let message = format!(
                "{name:?} is a forbidden key in the environment map; it is reserved for internal use"
            );
            return refuse(Code::Reserved, message);
        }
        match &self.root {
            Node::Object(_) | Node::Constant(Json::Object(_) | Json::Null) => Ok(()),
            _ => refuse(Code::NotObject, "a JSON template must be an object".into()),
        }
    }
}

fn parse(json: &Json, env: &Env, pointer: &str) -> Node {
    match json {
        Json::String(text) => match Template::parse(text, env) {
            Ok(template) if template.is_literal() => Node::Constant(json.clone()),
            template => Node::Leaf { pointer: pointer.into(), template },
        },
        Json::Array(items) => {
            let items = items.iter().enumerate();
            Node::Array(items.map(|(i, item)| parse(item, env, &format!("{pointer}/{i}"))).collect())
        }
        Json::Object(entries) => {
            let entries = entries.iter().map(|(key, value)| {
                let step = key.replace('~', "~0").replace('/', "~1");
                (key.clone(), parse(value, env, &format!("{pointer}/{step}")))
            });
            Node::Object(entries.collect())
        }
        _ => Node::Constant(json.clone()),
    }
}

impl Node {
    fn map(self, change: &mut dyn FnMut(&str, Template) -> Template) -> Self {
        match self {
            Self::Constant(json) => Self::Constant(json),
            Self::Leaf { pointer, template } => {
                let template = template.map(|template| change(&pointer, template));
                Self::Leaf { pointer, template }
            }
            Self::Array(items) => Self::Array(items.into_iter().map(|item| item.map(change)).collect()),
            Self::Object(entries) => {
                Self::Object(entries.into_iter().map(|(key, value)| (key, value.map(change))).collect())
            }
        }
    }

    fn leaves<'n>(&'n self, into: &mut Vec<(&'n str, Result<&'n Template, &'n Error>)>) {
        match self {
            Self::Constant(_) => {}
            Self::Leaf { pointer, template } => into.push((pointer, template.as_ref())),
            Self::Array(items) => items.iter().for_each(|item| item.leaves(into)),
            Self::Object(entries) => entries.iter().for_each(|(_, value)| value.leaves(into)),
        }
    }

    fn render(
        &self,
        scope: &Scope,
        host: &dyn Host,
        tainted: &mut Vec<String>,
    ) -> Result<Answer<Json>, LeafError> {
        Ok(Answer::Ready(match self {
            Self::Constant(json) => json.clone(),
            Self::Leaf { pointer, template } => {
                let leaf = |error| LeafError { pointer: pointer.clone(), error };
                let template = template.as_ref().map_err(|error| leaf(error.clone()))?;
                let value = match template.render(scope, host).map_err(leaf)? {
                    Answer::Ready(value) => value,
                    Answer::Need(need) => return Ok(Answer::Need(need)),
                };
                if value.is_tainted() {
                    tainted.push(pointer.clone());
                }
                value.to_json().map_err(leaf)?
            }
            Self::Array(items) => {
                let mut rendered = Vec::with_capacity(items.len());
                for item in items {
                    match item.render(scope, host, tainted)? {
                        Answer::Ready(json) => rendered.push(json),
                        Answer::Need(need) => return Ok(Answer::Need(need)),
                    }
                }
                Json::Array(rendered)
            }
            Self::Object(entries) => {
                let mut rendered = Map::new();
                for (key, value) in entries {
                    match value.render(scope, host, tainted)? {
                        Answer::Ready(json) => rendered.insert(key.clone(), json),
                        Answer::Need(need) => return Ok(Answer::Need(need)),
                    };
                }
                Json::Object(rendered)
            }
        }))
    }
}
