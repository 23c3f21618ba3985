//! The world of the two-region example: a repository, a Git platform, and two installations that share nothing else.
//!
//! `two_region/main.rs` tells the story; the tests of this crate take the same world through its failures.

mod applications;

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use kargo_core::control::{Installation, InstallationBuilder};
use kargo_core::credentials::{Credentials, SecretDocuments};
use kargo_core::manifest::{Input, Manifests};
use kargo_core::model::Secret;
use kargo_core::store::SqliteStore;
use kargo_core::transport::Rewrites;
use kargo_steps::Services;
use kargo_test::{BareRepository, Platform};

pub use self::applications::{Application, applications};

/// What can go wrong while an example is set up: shown, and never handled.
pub type Result<T, E = Box<dyn Error + Send + Sync>> = std::result::Result<T, E>;

/// The token that the Git platform takes.
pub const TOKEN: &str = "example-token-4f1d";
/// The repository as the manifests write it.
pub const REPO_URL: &str = "https://github.com/org/kargo-demo.git";
/// The file that the prod region changes.
pub const PROD_FILE: &str = "applicationset/applicationset-prod-control-control.yaml";
/// The file that says what the stage clusters run.
pub const STAGE_FILE: &str = "applicationset/applicationset-stage-control-control.yaml";

/// The folder of the example's files.
fn files() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("two_region")
}

/// The text of one of the example's tasks, such as `create-git-tag`.
///
/// # Errors
/// Where there is no such file.
pub fn task(name: &str) -> Result<String> {
    Ok(fs::read_to_string(files().join(format!("tasks/{name}.yaml")))?)
}

/// A repository and the Git platform that it is on.
pub struct World {
    dir: tempfile::TempDir,
    /// The platform.
    pub platform: Platform,
    /// `org/kargo-demo`, with the example's files on `main`.
    pub repository: BareRepository,
}

impl World {
    /// Makes the repository and starts the platform.
    ///
    /// # Errors
    /// Where the temporary folder cannot be used or no port can be had.
    pub async fn new() -> Result<Self> {
        let dir = tempfile::tempdir()?;
        let platform = Platform::start(dir.path().join("platform"), TOKEN).await?;
        let repository = platform.create_repository("org", "kargo-demo")?;
        let mut content = Vec::new();
        read_all(&files().join("repository"), "", &mut content)?;
        let listed: Vec<(&str, &str)> =
            content.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        repository.commit("main", &listed, "the applications of kargo-demo")?;
        Ok(Self { dir, platform, repository })
    }

    /// The folder of a region's data.
    pub fn data(&self, region: &str) -> PathBuf {
        self.dir.path().join(region)
    }

    /// The installation of a region with the example's own manifests (`stage` or `prod`) and tasks.
    ///
    /// # Errors
    /// Where a manifest has a mistake, or the data folder cannot be used.
    pub async fn region(&self, region: &str) -> Result<Installation> {
        let task = task(if region == "stage" { "create-git-tag" } else { "update-applicationset" })?;
        self.region_with(region, &task, TOKEN, |builder| builder).await
    }

    /// The installation of a region with another task, another token, or something else of its own.
    ///
    /// # Errors
    /// As [`World::region`].
    pub async fn region_with(
        &self,
        region: &str,
        task: &str,
        token: &str,
        change: impl FnOnce(InstallationBuilder) -> InstallationBuilder,
    ) -> Result<Installation> {
        let inputs = [Input::path(files().join(region)), Input::text("task.yaml", task)];
        let manifests = Manifests::load(&inputs, Some("kargo-demo"))?;
        if manifests.has_errors() {
            let said: Vec<String> = manifests.diagnostics().iter().map(|said| said.to_string()).collect();
            return Err(said.join("\n").into());
        }
        let data = self.data(region);
        fs::create_dir_all(&data)?;
        let secrets: Arc<dyn Credentials> = Arc::new(secrets(token));
        let services = Services::new(data.join("mirrors"))
            .with_credentials(Arc::clone(&secrets))
            .with_rewrites(self.rewrites()?);
        let store = Arc::new(SqliteStore::open(data.join("state.db"))?);
        let registry = kargo_steps::builtin(&services);
        let mut builder =
            Installation::builder(store.clone(), store, registry, data.join("work")).credentials(secrets);
        for source in kargo_steps::sources(&services) {
            builder = builder.source(source);
        }
        let installation = change(builder).build();
        installation.apply(manifests.resources().cloned()).await?;
        Ok(installation)
    }

    /// The addresses of the manifests, reached on this machine.
    fn rewrites(&self) -> Result<Rewrites> {
        let url = self.platform.url();
        Ok(Rewrites::default()
            .with(&format!("https://github.com/={url}/"))?
            .with(&format!("https://api.github.com/={url}/"))?
            .with(&format!("https://gitlab.com/={url}/"))?)
    }
}

/// The token for the API, and the same as a credential for pushing.
fn secrets(token: &str) -> SecretDocuments {
    SecretDocuments::new().with(Secret::new("kargo-demo", "git-platform").with_value("token", token)).with(
        Secret::new("kargo-demo", "repository")
            .with_label("kargo.akuity.io/cred-type", "git")
            .with_value("repoURL", REPO_URL)
            .with_value("username", "kargo")
            .with_value("password", token),
    )
}

/// All files below a folder, by their path in it.
fn read_all(dir: &Path, prefix: &str, found: &mut Vec<(String, String)>) -> Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            read_all(&entry.path(), &format!("{path}/"), found)?;
        } else {
            found.push((path, fs::read_to_string(entry.path())?));
        }
    }
    Ok(())
}
