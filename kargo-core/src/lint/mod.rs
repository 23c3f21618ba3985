//! Lint: what can be known to go wrong before anything runs. Loading has found what is wrong with the YAML; here the
//! resources are looked at: what Kargo's admission refuses, what the steps' templates and configs say.

mod dialect;
mod steps;

use std::error::Error as _;

use crate::diagnostic::{Diagnostic, Location};
use crate::error::{Code, Error};
use crate::manifest::{Manifest, Manifests};
use crate::model::validate;
use crate::step::Registry;

pub use self::dialect::SECOND_DIALECT;
pub use self::steps::{UNKNOWN_CONFIG_FIELD, UNKNOWN_STEP};

/// The codes of this room.
pub const CODES: &[Code] = &[SECOND_DIALECT, UNKNOWN_STEP, UNKNOWN_CONFIG_FIELD];

/// All findings about `manifests`, for runs with the steps of `registry`; ordered by place.
///
/// ```
/// use kargo_core::manifest::{Input, Manifests};
/// use kargo_core::step::Registry;
///
/// let yaml = "\
/// apiVersion: kargo.akuity.io/v1alpha1
/// kind: PromotionTask
/// metadata: {name: greet}
/// spec:
///   steps:
///   - uses: grete
///     config: {name: '${{ vars.name + }}'}
/// ";
/// let manifests = Manifests::load(&[Input::text("task.yaml", yaml)], Some("demo"))?;
/// let found = kargo_core::lint::check(&manifests, &Registry::new());
/// let codes: Vec<&str> = found.iter().map(|found| found.code.as_str()).collect();
/// assert!(codes.contains(&"lint/unknown-step"));
/// // The place is inside the expression.
/// assert!(found.iter().any(|found| found.to_string().starts_with("task.yaml:7:")));
/// # Ok::<(), kargo_core::Error>(())
/// ```
pub fn check(manifests: &Manifests, registry: &Registry) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for manifest in manifests.manifests() {
        for problem in validate::problems(&manifest.resource) {
            found
                .push(Diagnostic::error(problem.code, problem.message).at(manifest.locate(&problem.pointer)));
        }
        steps::check(manifest, registry, &mut found);
        dialect::check(manifest, &mut found);
    }
    crate::manifest::sort_by_place(&mut found);
    found
}

/// A diagnostic of an error that stands at a field; inside the field's text where the cause is an expression's.
fn of_error(manifest: &Manifest, pointer: &str, error: &Error) -> Diagnostic {
    let expression = error.source().and_then(|source| source.downcast_ref::<kargo_expr::Error>());
    let place: Location = match expression.and_then(kargo_expr::Error::span) {
        Some(span) => manifest.locate_within(pointer, span.start as usize..span.end as usize),
        None => manifest.locate(pointer),
    };
    let hint = error.hint().map(str::to_owned);
    let hint = hint.or_else(|| expression.and_then(|error| error.hint().map(str::to_owned)));
    Diagnostic::error(error.code(), crate::error::chain(error)).at(place).with_hint(hint)
}
