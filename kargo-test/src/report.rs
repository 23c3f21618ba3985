//! What became of a promotion in a world, and assertions about it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use kargo_core::expr::Value;
use kargo_core::model::{PromotionPhase, PromotionStatus, StepExecutionMetadata, StepStatus};
use serde_json::Value as Json;

use crate::stub::Sent;
use crate::{BareRepository, CommitOnBranch};

/// What became of a promotion in a [`World`](crate::World). Assertions give the report back, so that they chain;
/// one that fails shows all steps with their messages.
pub struct Report {
    /// Kept, so that repositories and files are there as long as the report.
    pub(crate) root: Arc<tempfile::TempDir>,
    pub(crate) status: PromotionStatus,
    pub(crate) outputs: Value,
    pub(crate) sent: Vec<Sent>,
    pub(crate) repositories: BTreeMap<String, BareRepository>,
    pub(crate) work_dir: PathBuf,
}

impl Report {
    /// The Promotion's status, as Kargo shows it.
    pub fn status(&self) -> &PromotionStatus {
        &self.status
    }

    /// How the Promotion ended, or `Running` where it polled for as long as the world's patience lasted.
    pub fn phase(&self) -> PromotionPhase {
        self.status.phase.unwrap_or_default()
    }

    /// All requests, in order.
    pub fn requests(&self) -> &[Sent] {
        &self.sent
    }

    /// Every step did what it should.
    #[track_caller]
    pub fn assert_succeeded(&self) -> &Self {
        self.assert_phase(PromotionPhase::Succeeded)
    }

    /// The Promotion is in this phase.
    #[track_caller]
    pub fn assert_phase(&self, phase: PromotionPhase) -> &Self {
        assert_eq!(
            self.phase().as_str(),
            phase.as_str(),
            "the phase of the Promotion\n{}",
            Self::table(&self.status)
        );
        self
    }

    /// The step has this status. A step of a task can be named without its task.
    #[track_caller]
    pub fn assert_step(&self, alias: &str, status: StepStatus) -> &Self {
        let found = self.step(alias).status;
        assert_eq!(found, Some(status), "the status of step {alias}\n{}", Self::table(&self.status));
        self
    }

    /// A message of the Promotion or one of its steps has this in it.
    #[track_caller]
    pub fn assert_message(&self, part: &str) -> &Self {
        let table = Self::table(&self.status);
        assert!(table.contains(part), "no message has {part:?} in it\n{table}");
        self
    }

    /// The step put this out. A step of a task can be named without its task.
    #[track_caller]
    pub fn assert_output(&self, alias: &str, name: &str, value: impl Into<Json>) -> &Self {
        let alias = &self.step(alias).alias;
        let outputs = self.outputs.as_map().and_then(|all| all.get(alias)).and_then(Value::as_map);
        let found = outputs.and_then(|outputs| outputs.get(name)).map(|value| value.to_json().ok());
        assert_eq!(
            found,
            Some(Some(value.into())),
            "output {name} of {alias}\n{}",
            Self::table(&self.status)
        );
        self
    }

    /// Nothing that is shown of the Promotion has this text in it.
    #[track_caller]
    pub fn assert_hides(&self, secret: &str) -> &Self {
        let shown = format!("{:?}\n{}", self.status, Self::table(&self.status));
        assert!(!shown.contains(secret), "the secret is shown");
        self
    }

    /// No such request was sent.
    #[track_caller]
    pub fn assert_no_request(&self, method: &str, url: &str) -> &Self {
        assert!(self.find(method, url).is_none(), "{method} {url} was sent");
        self
    }

    /// A file at the tip of a branch of the repository that the manifests write `url` holds exactly this.
    #[track_caller]
    pub fn assert_file(&self, url: &str, branch: &str, path: &str, content: &str) -> &Self {
        let found =
            self.git(url).file(branch, path).unwrap_or_else(|error| panic!("{path} on {branch}: {error}"));
        assert_eq!(found, content, "{path} on {branch} of {url}");
        self
    }

    /// A file of the work directory holds exactly this.
    #[track_caller]
    pub fn assert_work_file(&self, path: &str, content: &str) -> &Self {
        let found = std::fs::read_to_string(self.work_dir.join(path))
            .unwrap_or_else(|error| panic!("{path}: {error}"));
        assert_eq!(found, content, "{path} in the work directory");
        self
    }

    /// The last request of this method and address, which must have been sent.
    #[track_caller]
    pub fn request(&self, method: &str, url: &str) -> &Sent {
        self.find(method, url)
            .unwrap_or_else(|| panic!("{method} {url} was not sent; these were: {:#?}", self.sent))
    }

    /// The commits of a branch of the repository that the manifests write `url`, newest first.
    #[track_caller]
    pub fn commits(&self, url: &str, branch: &str) -> Vec<CommitOnBranch> {
        self.git(url).log(branch).unwrap_or_else(|error| panic!("{branch} of {url}: {error}"))
    }

    fn find(&self, method: &str, url: &str) -> Option<&Sent> {
        self.sent.iter().rev().find(|sent| sent.method == method && sent.url == url)
    }

    #[track_caller]
    fn git(&self, url: &str) -> &BareRepository {
        self.repositories.get(url).unwrap_or_else(|| panic!("the world has no repository {url}"))
    }

    #[track_caller]
    fn step(&self, alias: &str) -> &StepExecutionMetadata {
        let steps = &self.status.step_execution_metadata;
        let is_meant = |step: &&StepExecutionMetadata| {
            step.alias == alias || step.alias.rsplit_once("::").is_some_and(|(_, own)| own == alias)
        };
        let found = steps.iter().find(is_meant);
        found.unwrap_or_else(|| {
            panic!("there is no step {alias}, or it was not reached\n{}", Self::table(&self.status))
        })
    }

    /// The Promotion and its steps, a line each.
    pub(crate) fn table(status: &PromotionStatus) -> String {
        let phase = status.phase.unwrap_or_default().as_str();
        let mut table = format!("Promotion: {phase} {}\n", status.message.as_deref().unwrap_or_default());
        for step in &status.step_execution_metadata {
            let status = step.status.map_or("", StepStatus::as_str);
            // Writing to a text does not fail.
            let _ = writeln!(table, "  {}: {status} {}", step.alias, step.message);
        }
        table
    }
}

impl std::fmt::Debug for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Report")
            .field("status", &self.status)
            .field("sent", &self.sent)
            .field("root", &self.root.path())
            .finish_non_exhaustive()
    }
}
