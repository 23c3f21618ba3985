//! The keys of Kargo's annotations and labels.

/// Who asked for a Promotion; `<kind>:<who>`.
pub const CREATE_ACTOR: &str = "kargo.akuity.io/create-actor";
/// On a Promotion: it pauses auto-promotion of the origin that is its value.
pub const AUTO_PROMOTION_HOLD: &str = "kargo.akuity.io/auto-promotion-hold";
/// On a Promotion: it resumes auto-promotion of the origin that is its value.
pub const AUTO_PROMOTION_RESUME: &str = "kargo.akuity.io/auto-promotion-resume";
/// Asks for the object to be looked at now; a change of the value does.
pub const REFRESH: &str = "kargo.akuity.io/refresh";
/// On a Stage: asks for another verification after the one that is its value.
pub const REVERIFY: &str = "kargo.akuity.io/reverify";
/// On a Stage or Promotion: asks for the verification or Promotion to end.
pub const ABORT: &str = "kargo.akuity.io/abort";
/// On a Promotion: `true` where it goes back to earlier Freight.
pub const ROLLBACK: &str = "kargo.akuity.io/rollback";
/// On an Argo CD Application: the Stages that may change it.
pub const AUTHORIZED_STAGE: &str = "kargo.akuity.io/authorized-stage";
/// On a Stage: its Argo CD Applications, as a JSON list.
pub const ARGOCD_CONTEXT: &str = "kargo.akuity.io/argocd-context";
/// The full name of an object's Stage, where the label had to be shortened.
pub const STAGE: &str = "kargo.akuity.io/stage";
/// The Promotion that something was made for.
pub const PROMOTION: &str = "kargo.akuity.io/promotion";
/// A description for people.
pub const DESCRIPTION: &str = "kargo.akuity.io/description";
/// On a Stage: its colour in a user interface.
pub const COLOR: &str = "kargo.akuity.io/color";
/// What was migrated from an earlier version of Kargo.
pub const MIGRATED: &str = "kargo.akuity.io/migrated";
/// On a Project: `true` where its namespace outlives it.
pub const KEEP_NAMESPACE: &str = "kargo.akuity.io/keep-namespace";
/// On a shared Secret or ConfigMap: `*` where every project gets a copy.
pub const REPLICATE_TO: &str = "kargo.akuity.io/replicate-to";
/// On a copy: when it was made.
pub const REPLICATED_AT: &str = "kargo.akuity.io/replicated-at";
/// On a Secret: which repositories of which project its GitHub App may be used for, as JSON.
pub const GITHUB_TOKEN_SCOPES: &str = "kargo.akuity.io/github-token-scopes";

/// Label of Freight: its alias.
pub const ALIAS_LABEL: &str = "kargo.akuity.io/alias";
/// Label of a Secret: what it is for (`git`, `helm`, `image`, `generic`).
pub const CRED_TYPE_LABEL: &str = "kargo.akuity.io/cred-type";
/// Label: the object's Stage.
pub const STAGE_LABEL: &str = "kargo.akuity.io/stage";
/// Label of an AnalysisRun: the collection that it verifies.
pub const FREIGHT_COLLECTION_LABEL: &str = "kargo.akuity.io/freight-collection";
/// Label of a namespace: `true` where it is a project's.
pub const PROJECT_LABEL: &str = "kargo.akuity.io/project";
/// Label: the controller that takes care of the object.
pub const SHARD_LABEL: &str = "kargo.akuity.io/shard";
/// Label of Argo CD and Argo Rollouts objects: the controller that made them.
pub const CONTROLLER_LABEL: &str = "kargo.akuity.io/controller";
/// Label of a copy: what it is a copy of.
pub const REPLICATED_FROM_LABEL: &str = "kargo.akuity.io/replicated-from";
/// Label of a copy: the hash of what was copied.
pub const REPLICATED_SHA_LABEL: &str = "kargo.akuity.io/replicated-sha";

/// The finalizer of Kargo's objects.
pub const FINALIZER: &str = "kargo.akuity.io/finalizer";
