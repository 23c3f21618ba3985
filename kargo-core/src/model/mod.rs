//! Kargo's resources as Rust types: API group `kargo.akuity.io/v1alpha1`, and core Secrets and ConfigMaps.
//!
//! Field names, optionality and text forms are Kargo's, so what is read goes out as the same JSON. Of the
//! three ways in which "nothing" can be written, a type keeps apart what Kargo keeps apart:
//!
//! - a setting whose absence means something else than its zero value, and every setting that a person
//!   writes as a scalar, is an [`Option`]; methods of the same name read it with its default;
//! - an empty list or map is the same as an absent one, and is left out on output;
//! - `null` is the same as absent, as in Kubernetes.
//!
//! Fields that Kargo does not know are dropped on reading; [`Kind::schema`] tells which ones there are, which
//! is how loading a folder finds them. Fields of the second dialect are marked so in their documentation.
//!
//! ```
//! use kargo_core::model::{Freight, FreightOrigin, GitCommit, Kind, Resource};
//!
//! let freight = Freight::new("demo", FreightOrigin::warehouse("main"))
//!     .with_commit(GitCommit::new("https://github.com/example/repo.git", "abc123"))
//!     .named_by_content();
//! assert_eq!(freight.metadata.name.len(), 40);
//!
//! let resource = Resource::from(freight);
//! assert_eq!(resource.kind(), Kind::Freight);
//! assert_eq!(resource.to_json()?["apiVersion"], "kargo.akuity.io/v1alpha1");
//! # Ok::<(), serde_json::Error>(())
//! ```

pub mod alias;
pub mod annotations;
mod artifact;
mod cluster_config;
mod collection;
mod config_map;
mod duration;
mod freight;
pub mod hash;
mod health;
mod meta;
mod origin;
mod pattern;
mod project;
mod project_config;
mod promotion;
mod promotion_request;
mod resource;
mod secret;
mod stage;
mod step;
mod subscription;
mod target;
mod task;
pub mod url;
pub mod validate;
mod verification;
mod warehouse;
mod webhook;

use serde::{Deserialize, Deserializer};

pub use self::artifact::*;
pub use self::cluster_config::*;
pub use self::collection::*;
pub use self::config_map::ConfigMap;
pub use self::duration::Duration;
pub use self::freight::*;
pub use self::health::*;
pub use self::meta::{
    Condition, ConditionStatus, LabelSelector, LabelSelectorRequirement, ObjectMeta, OwnerReference,
    condition, set_condition,
};
pub use self::origin::*;
pub use self::pattern::Pattern;
pub use self::project::*;
pub use self::project_config::*;
pub use self::promotion::*;
pub use self::promotion_request::*;
pub use self::resource::{Kind, Object, Resource};
pub use self::secret::Secret;
pub use self::stage::*;
pub use self::step::*;
pub use self::subscription::*;
pub use self::target::*;
pub use self::task::*;
pub use self::verification::*;
pub use self::warehouse::*;
pub use self::webhook::*;
use crate::error::Code;

/// A text is not a duration.
pub const BAD_DURATION: Code =
    Code::new("model/bad-duration", "A text is not a Go duration such as 1h30m or 90s.");

/// A text is not an origin of Freight.
pub const BAD_ORIGIN: Code =
    Code::new("model/bad-origin", "A text is not the origin of Freight, which is written Warehouse/<name>.");

/// A pattern of names or paths cannot be read.
pub const BAD_PATTERN: Code = Code::new(
    "model/bad-pattern",
    "A glob or regular expression in a pattern of names or paths cannot be read.",
);

/// The codes of this room.
pub const CODES: &[Code] = &[BAD_DURATION, BAD_ORIGIN, BAD_PATTERN];

/// Reads `null` as the default: Kubernetes drops a null from an object before anybody sees it.
fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
