//! Who decides that Freight goes to a Stage.

use serde::Serialize;

use crate::error::Error;
use crate::model::{ProjectConfig, Stage};

/// Who decides that Freight goes to a Stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Policy {
    /// Nobody: new Freight is promoted as soon as it is available.
    Automatic,
    /// A person approves, and that promotes: `autoPromotionEnabled: false` in the Stage itself.
    Approval,
    /// A person promotes.
    Manual,
}

impl Policy {
    /// The policy of a Stage: the first matching one of the ProjectConfig, else what the Stage says itself.
    pub(super) fn of(stage: &Stage, config: Option<&ProjectConfig>) -> Result<Self, Error> {
        for policy in config.map(ProjectConfig::policies).unwrap_or_default() {
            if policy.matches(&stage.metadata.name, &stage.metadata.labels)? {
                return Ok(if policy.auto_promotes() { Self::Automatic } else { Self::Manual });
            }
        }
        Ok(match stage.spec.auto_promotion_enabled {
            Some(true) => Self::Automatic,
            Some(false) => Self::Approval,
            None => Self::Manual,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{NamedSelector, PromotionPolicy};

    #[test]
    fn the_first_matching_policy_wins_over_the_stage() {
        let policy =
            |pattern: &str, automatic| PromotionPolicy::new(NamedSelector::named(pattern), automatic);
        let config = ProjectConfig::new("p")
            .with_policy(policy("prod", false))
            .with_policy(policy("glob:*-eu", true))
            .with_policy(policy("regex:^x", false))
            .with_policy(policy("glob:x*", true));
        for (name, own, expected) in [
            ("prod", Some(true), Policy::Manual),
            ("prod-eu", Some(false), Policy::Automatic),
            ("x", None, Policy::Manual),
            ("other", Some(true), Policy::Automatic),
            ("other", Some(false), Policy::Approval),
            ("other", None, Policy::Manual),
        ] {
            let mut stage = Stage::new("p", name);
            stage.spec.auto_promotion_enabled = own;
            assert_eq!(Policy::of(&stage, Some(&config)).unwrap(), expected, "{name} {own:?}");
        }
        let broken = ProjectConfig::new("p").with_policy(policy("regex:(", true));
        assert_eq!(
            Policy::of(&Stage::new("p", "s"), Some(&broken)).unwrap_err().code(),
            crate::model::BAD_PATTERN
        );
    }
}
