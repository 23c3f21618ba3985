//! Running one step on a few files, for the steps' own tests.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use kargo_core::clock::SystemClock;
use kargo_core::expr::{Numbers, Value};
use kargo_core::model::{FreightCollection, FreightReference};
use kargo_core::step::{Programs, Registry, Step, StepContext, StepError, StepReport};
use kargo_core::transport::Rewrites;
use kargo_core::workdir::WorkDir;
use kargo_git::UrlPolicy;
use kargo_test::BareRepository;
use serde_json::Value as Json;
use tokio_util::sync::CancellationToken;

use crate::services::Services;

/// A work directory with files, and what a step is told of its run.
pub(crate) struct Trial {
    _root: tempfile::TempDir,
    work_dir: WorkDir,
    freight: FreightReference,
    cancel: CancellationToken,
    interrupted: bool,
    prior: Option<Value>,
}

impl Trial {
    pub(crate) fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let work_dir = WorkDir::create(root.path().join("work")).unwrap();
        let freight = FreightReference::default();
        let cancel = CancellationToken::new();
        Self { _root: root, work_dir, freight, cancel, interrupted: false, prior: None }
    }

    /// With one more file.
    pub(crate) fn file(self, path: &str, content: &str) -> Self {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
        self
    }

    /// With one more symbolic link.
    pub(crate) fn link(self, path: &str, target: &str) -> Self {
        symlink(target, self.path(path)).unwrap();
        self
    }

    /// An attempt after one that a kill cut off.
    pub(crate) fn interrupted(self) -> Self {
        Self { interrupted: true, ..self }
    }

    /// A run whose work directory has to be made again, after one that put `outputs` out.
    pub(crate) fn again(self, outputs: &Json) -> Self {
        Self { prior: Some(Value::from_json(outputs, Numbers::GoFloat)), ..self }
    }

    /// What stops the run.
    pub(crate) fn cancel(&self) -> CancellationToken {
        self.cancel.clone()
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.work_dir.real_path().join(path)
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap()
    }

    /// The files below a directory, in order.
    pub(crate) fn tree(&self, path: &str) -> String {
        fn walk(root: &Path, path: &Path, found: &mut Vec<String>) {
            for entry in fs::read_dir(path).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    walk(root, &path, found);
                } else {
                    found.push(path.strip_prefix(root).unwrap().display().to_string());
                }
            }
        }
        let (root, mut found) = (self.path(path), Vec::new());
        walk(&root, &root, &mut found);
        found.sort();
        found.join(" ")
    }

    /// Runs one attempt of the step, by way of the registry as the engine does.
    pub(crate) async fn run(&self, step: impl Step, config: Json) -> Result<StepReport, StepError> {
        let steps = Registry::new().with(step);
        let step = steps.iter().next().unwrap();
        let cx = StepContext {
            project: "demo",
            stage: "test",
            promotion: "test.01",
            alias: "step-1",
            actor: "",
            freight: &self.freight,
            freight_alias: "",
            collection: &FreightCollection::default(),
            requests: &[],
            outputs: &Value::nil(),
            prior_outputs: self.prior.as_ref(),
            work_dir: &self.work_dir,
            clock: &SystemClock,
            cancel: &self.cancel,
            attempt: 1,
            interrupted: self.interrupted,
            started_at: jiff::Timestamp::UNIX_EPOCH,
            programs: &Programs::new(),
        };
        step.run(&cx, config).await
    }
}

/// An output of a step that has it.
pub(crate) fn output(report: &StepReport, name: &str) -> Json {
    report.outputs.as_ref().unwrap().get(name).unwrap().to_json().unwrap()
}

/// A remote repository, and services that reach it under [`Remote::URL`].
pub(crate) struct Remote {
    root: tempfile::TempDir,
    pub(crate) repository: BareRepository,
    pub(crate) services: Services,
}

impl Remote {
    pub(crate) const URL: &str = "https://git.example.com/org/demo.git";

    /// With one commit on `main`.
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let root = tempfile::tempdir().unwrap();
        let repository = BareRepository::create(root.path().join("org/demo.git")).unwrap();
        repository.commit("main", files, "first\n").unwrap();
        let rule = format!("https://git.example.com/=file://{}/", root.path().display());
        let services = Services::new(root.path().join("mirrors"))
            .with_rewrites(Rewrites::default().with(&rule).unwrap())
            .with_urls(UrlPolicy { allow_file: true, allow_http: false });
        Self { root, repository, services }
    }

    /// The only repository is gone.
    pub(crate) fn remove(&self) {
        fs::remove_dir_all(self.root.path().join("org")).unwrap();
    }

    /// The commit of a branch or tag.
    pub(crate) fn commit_of(&self, name: &str) -> String {
        let of = |kind: &str| self.repository.commit_of(&format!("refs/{kind}/{name}")).unwrap();
        of("heads").or_else(|| of("tags")).unwrap()
    }
}

/// Checks the YAML example of a step's module doc: its config fits the step.
pub(crate) fn example<S: Step>(_step: S, source: &str) {
    let doc =
        source.lines().map_while(|line| line.strip_prefix("//!")).fold(String::new(), |mut doc, line| {
            let _ = writeln!(doc, "{}", line.strip_prefix(' ').unwrap_or(line));
            doc
        });
    let (_, rest) = doc.split_once("```yaml\n").expect("an example");
    let (yaml, _) = rest.split_once("```").expect("its end");
    let steps: Json = serde_yaml::from_str(yaml).unwrap();
    let of_this = steps.as_array().unwrap().iter().filter(|step| step["uses"] == S::USES);
    let checked = of_this.map(|step| serde_json::from_value::<S::Config>(step["config"].clone()).map(drop));
    assert_eq!(checked.map(Result::unwrap).count().min(1), 1, "an example of {}", S::USES);
}
