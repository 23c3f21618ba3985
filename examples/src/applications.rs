//! What Argo CD would make of an ApplicationSet: the list generator's elements, put into the template.

use minijinja::Environment;
use minijinja::value::Serde;
use serde_json::Value;

use crate::Result;

/// An Application that an ApplicationSet yields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Application {
    /// Its name.
    pub name: String,
    /// The revision that it is deployed from.
    pub revision: String,
}

/// The Applications that the list generators of an ApplicationSet yield.
///
/// # Errors
/// Where the text is no ApplicationSet with a list generator.
pub fn applications(application_set: &str) -> Result<Vec<Application>> {
    let document: Value = serde_yaml::from_str(application_set)?;
    let template = &document["spec"]["template"];
    let engine = Environment::new();
    let render = |text: &Value, element: &Value| -> Result<String> {
        Ok(engine.render_str(text.as_str().unwrap_or_default(), Serde(element))?)
    };
    let generators =
        document["spec"]["generators"].as_array().ok_or("the ApplicationSet has no generators")?;
    let elements =
        generators.iter().filter_map(|generator| generator["list"]["elements"].as_array()).flatten();
    elements
        .map(|element| {
            Ok(Application {
                name: render(&template["metadata"]["name"], element)?,
                revision: render(&template["spec"]["source"]["targetRevision"], element)?,
            })
        })
        .collect()
}
