//! From the command line to an installation: inputs, secrets, the data folder.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use kargo_core::control::{Installation, InstallationBuilder};
use kargo_core::credentials::{Credentials, SecretDocuments};
use kargo_core::engine::Sealer;
use kargo_core::manifest::{Input, Manifests};
use kargo_core::model::Resource;
use kargo_core::step::Registry;
use kargo_core::store::SqliteStore;
use kargo_core::transport::Rewrites;
use kargo_steps::Services;

use crate::args::{DataArgs, RunArgs};
use crate::failure::Failure;

/// The database in a data folder.
const DATABASE: &str = "state.db";
/// The key that seals secret outputs.
const KEY: &str = "seal.key";

/// The inputs that paths name; `-` is standard input.
pub(crate) fn inputs(paths: &[PathBuf]) -> Result<Vec<Input>, Failure> {
    paths
        .iter()
        .map(|path| {
            if path.as_os_str() != "-" {
                return Ok(Input::path(path));
            }
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text)?;
            Ok(Input::text("<standard input>", text))
        })
        .collect()
}

/// The folder that the data folder stands beside, where the input is one.
pub(crate) fn beside(folder: &Path) -> Option<&Path> {
    if folder.is_dir() {
        Some(folder)
    } else {
        folder.parent().filter(|parent| !parent.as_os_str().is_empty())
    }
}

/// The Secrets of the manifests, of `--secrets`, and of the environment.
pub(crate) fn secrets(manifests: &Manifests, args: &RunArgs) -> Result<SecretDocuments, Failure> {
    let mut secrets = SecretDocuments::new();
    let mut take = |resources: &Manifests| {
        for resource in resources.resources() {
            if let Resource::Secret(secret) = resource {
                secrets = std::mem::take(&mut secrets).with(secret.clone());
            }
        }
    };
    take(manifests);
    if let Some(file) = &args.secrets {
        let extra = Manifests::load(&[Input::path(file)], Some(manifests.project()))?;
        if let Some(wrong) =
            extra.diagnostics().iter().find(|said| said.code != kargo_core::manifest::NOT_USED)
        {
            return Err(Failure::unusable(wrong.to_string()));
        }
        take(&extra);
    }
    Ok(secrets.with_environment(std::env::vars()))
}

/// What steps and sources get.
pub(crate) fn services(
    data: &Path,
    rewrites: &[String],
    credentials: Arc<dyn Credentials>,
) -> Result<Services, Failure> {
    let mut all = Rewrites::default();
    for rule in rewrites {
        all = all.with(rule)?;
    }
    Ok(Services::new(data.join("mirrors")).with_credentials(credentials).with_rewrites(all))
}

/// The installation whose state is in `data`; the folder is made where it is not there.
pub(crate) fn open(data: &Path, registry: Registry) -> Result<InstallationBuilder, Failure> {
    fs::create_dir_all(data)
        .map_err(|error| Failure::unusable(format!("could not make {}: {error}", data.display())))?;
    let store = Arc::new(SqliteStore::open(data.join(DATABASE))?);
    let sealer = Sealer::open(&data.join(KEY))?;
    Ok(Installation::builder(store.clone(), store, registry, data.join("work"))
        .engine(|engine| engine.sealer(sealer)))
}

/// The installation of an existing data folder, to look at and to decide in: it runs nothing.
pub(crate) fn attach(args: &DataArgs) -> Result<Installation, Failure> {
    let data = existing(args)?;
    Ok(open(&data, Registry::new())?.build())
}

/// The data folder, which must be there.
pub(crate) fn existing(args: &DataArgs) -> Result<PathBuf, Failure> {
    let data = args.folder(None);
    if data.join(DATABASE).exists() {
        return Ok(data);
    }
    Err(Failure::unusable(format!("there is no data in {}", data.display()))
        .with_hint("run the installation first, or name its data folder with --data"))
}

/// The store of an existing data folder.
pub(crate) fn store(args: &DataArgs) -> Result<SqliteStore, Failure> {
    Ok(SqliteStore::open(existing(args)?.join(DATABASE))?)
}
