//! What steps and sources need from outside: credentials, the network's rules, the mirrors.

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use kargo_core::clock::{Clock, SystemClock};
use kargo_core::credentials::{CredentialKind, Credentials, NoCredentials};
use kargo_core::model::url::normalize_git;
use kargo_core::transport::Rewrites;
use kargo_git::{Git, Login, Mirror, Mirrors, Remote, UrlPolicy};

use crate::repository::{NO_GIT, core_error};

/// What steps and sources need from outside. Cloning shares it.
#[derive(Clone)]
pub struct Services {
    credentials: Arc<dyn Credentials>,
    clock: Arc<dyn Clock>,
    rewrites: Rewrites,
    urls: UrlPolicy,
    /// `None` where this machine has no git, which only the steps that need it mind.
    mirrors: Option<Mirrors>,
    branches: Arc<Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>>,
}

impl Services {
    /// Services without credentials and rewrites; mirrors of repositories are kept in `cache`.
    pub fn new(cache: impl Into<PathBuf>) -> Self {
        Self {
            credentials: Arc::new(NoCredentials),
            clock: Arc::new(SystemClock),
            rewrites: Rewrites::default(),
            urls: UrlPolicy::default(),
            mirrors: Git::find().ok().map(|git| Mirrors::new(cache, git)),
            branches: Arc::default(),
        }
    }

    /// Where credentials for repositories are looked up.
    #[must_use]
    pub fn with_credentials(mut self, credentials: Arc<dyn Credentials>) -> Self {
        self.credentials = credentials;
        self
    }

    /// What sources take for the present.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Where written addresses are reached.
    #[must_use]
    pub fn with_rewrites(mut self, rewrites: Rewrites) -> Self {
        self.rewrites = rewrites;
        self
    }

    /// Which repository addresses are allowed; https, ssh and this machine's own http where this is not set.
    #[must_use]
    pub fn with_urls(mut self, urls: UrlPolicy) -> Self {
        self.urls = urls;
        self
    }

    /// Where credentials are looked up.
    pub fn credentials(&self) -> &Arc<dyn Credentials> {
        &self.credentials
    }

    /// Where written addresses are reached.
    pub fn rewrites(&self) -> &Rewrites {
        &self.rewrites
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    pub(crate) fn mirrors(&self) -> Result<&Mirrors, kargo_core::Error> {
        self.mirrors.as_ref().ok_or_else(|| {
            kargo_core::Error::new(NO_GIT, "this machine has no git program that can be used")
                .with_hint("install git 2.31 or newer")
        })
    }

    /// The mirror of the repository that is written `url`. Projects do not share one: what one project's credentials
    /// gave must not reach another.
    pub(crate) fn mirror(&self, project: &str, url: &str) -> Result<Mirror, kargo_core::Error> {
        self.mirrors()?.open(&format!("{project} {}", normalize_git(url))).map_err(core_error)
    }

    /// The repository that `project`'s manifests write `url`, with what it is logged in to.
    pub(crate) async fn remote(
        &self,
        project: &str,
        url: &str,
        skip_tls_verify: bool,
    ) -> Result<Remote, kargo_core::Error> {
        let found = self.credentials.find(project, CredentialKind::Git, url).await?;
        let login = found.map(|found| Login { username: found.username, password: found.password });
        let remote = Remote::new(url, &self.rewrites.apply(url), &self.urls).map_err(core_error)?;
        Ok(remote.with_login(login).skip_tls_verify(skip_tls_verify))
    }

    /// The lock of one branch of one repository, so that the pushes of this process come one after the other.
    pub(crate) fn branch_lock(&self, url: &str, branch: &str) -> Arc<tokio::sync::Mutex<()>> {
        let mut branches = self.branches.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(branches.entry(format!("{}:{branch}", normalize_git(url))).or_default())
    }
}

impl fmt::Debug for Services {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Services")
            .field("rewrites", &self.rewrites)
            .field("urls", &self.urls)
            .finish_non_exhaustive()
    }
}
