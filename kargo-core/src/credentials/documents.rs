//! Credentials from Secret documents: of the manifests, of a file beside them, of environment variables.

use std::collections::BTreeMap;

use async_trait::async_trait;
use kargo_expr::re2;
use secrecy::{ExposeSecret, SecretString};

use super::{Credential, CredentialKind, Credentials, SecretData};
use crate::error::Error;
use crate::model::Secret;
use crate::model::url::{normalize_chart, normalize_git, normalize_image};

/// The namespace whose Secrets all projects share; Kargo's default.
pub const SHARED_NAMESPACE: &str = "kargo-shared-resources";
/// The label that says what a Secret is a credential for.
const CRED_TYPE: &str = "kargo.akuity.io/cred-type";
/// Environment variables of this form hold one value of a Secret: `KARGO_SECRET_GIT_PLATFORM__TOKEN` is the key
/// `token` of the Secret `git-platform`.
const VARIABLE: &str = "KARGO_SECRET_";
/// What stands between a Secret's name and its key in a variable.
const KEY_SEPARATOR: &str = "__";

/// Secrets at hand, looked up by Kargo's rules.
///
/// Of two Secrets with one name the one that was added last is used. Values from the environment win over both.
///
/// ```
/// use kargo_core::credentials::{CredentialKind, Credentials, SecretDocuments};
/// use kargo_core::model::Secret;
/// use secrecy::ExposeSecret;
///
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let secrets = SecretDocuments::new().with(
///     Secret::new("demo", "repo")
///         .with_label("kargo.akuity.io/cred-type", "git")
///         .with_value("repoURL", "https://github.com/org/demo.git")
///         .with_value("username", "bot")
///         .with_value("password", "s3cret"),
/// );
/// let found = secrets.find("demo", CredentialKind::Git, "https://GitHub.com/org/demo").await?;
/// assert_eq!(found.map(|found| found.username).as_deref(), Some("bot"));
/// let data = secrets.secret("demo", "repo").await?.unwrap_or_default();
/// assert_eq!(data["password"].expose_secret(), "s3cret");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).map_err(|error| error.to_string())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct SecretDocuments {
    /// By namespace and name, so that a walk is in the order of names.
    secrets: BTreeMap<(String, String), Secret>,
    /// By name and key, both as a variable spells them.
    environment: BTreeMap<(String, String), SecretString>,
}

impl SecretDocuments {
    /// No Secrets.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a Secret.
    #[must_use]
    pub fn with(mut self, secret: Secret) -> Self {
        let key = (secret.metadata.project().to_owned(), secret.metadata.name.clone());
        self.secrets.insert(key, secret);
        self
    }

    /// Takes values from environment variables named `KARGO_SECRET_<NAME>__<KEY>`; the others are left alone. In
    /// a variable, `-` and `.` of a name or key are written `_`, and letters are capital.
    #[must_use]
    pub fn with_environment(mut self, variables: impl IntoIterator<Item = (String, String)>) -> Self {
        for (variable, value) in variables {
            let parts = variable.strip_prefix(VARIABLE).and_then(|rest| rest.split_once(KEY_SEPARATOR));
            if let Some((name, key)) = parts {
                self.environment.insert((name.to_owned(), key.to_owned()), value.into());
            }
        }
        self
    }

    /// The data of a Secret with what the environment says of it; empty where neither knows it.
    fn data(&self, namespace: &str, name: &str) -> SecretData {
        let document = self.secrets.get(&(namespace.to_owned(), name.to_owned()));
        let mut data: SecretData = document
            .into_iter()
            .flat_map(Secret::values)
            .map(|(key, value)| (key.to_owned(), value.clone()))
            .collect();
        let spelled = spell(name);
        for ((of, key), value) in &self.environment {
            if *of == spelled {
                // The key keeps the spelling of the document, where that has it.
                let known = data.keys().find(|known| spell(known) == *key).cloned();
                data.insert(known.unwrap_or_else(|| key.to_lowercase()), value.clone());
            }
        }
        data
    }

    fn find_in(&self, namespace: &str, kind: CredentialKind, url: &str) -> Option<Credential> {
        self.secrets
            .iter()
            .filter(|((of, _), secret)| {
                of == namespace && secret.metadata.label(CRED_TYPE) == Some(kind.as_str())
            })
            .map(|((_, name), _)| self.data(namespace, name))
            .find(|data| is_for(data, kind, url))
            .and_then(|data| credential(&data))
    }
}

#[async_trait]
impl Credentials for SecretDocuments {
    async fn find(
        &self,
        project: &str,
        kind: CredentialKind,
        url: &str,
    ) -> Result<Option<Credential>, Error> {
        Ok(self.find_in(project, kind, url).or_else(|| self.find_in(SHARED_NAMESPACE, kind, url)))
    }

    async fn secret(&self, project: &str, name: &str) -> Result<Option<SecretData>, Error> {
        Ok(Some(self.data(project, name)).filter(|data| !data.is_empty()))
    }

    async fn shared_secret(&self, name: &str) -> Result<Option<SecretData>, Error> {
        let generic = self
            .secrets
            .get(&(SHARED_NAMESPACE.to_owned(), name.to_owned()))
            .is_some_and(|secret| secret.metadata.label(CRED_TYPE) == Some("generic"));
        Ok(generic.then(|| self.data(SHARED_NAMESPACE, name)))
    }
}

/// Whether the credential's `repoURL` means `url`: equal once normalised, or (`repoURLIsRegex`) a pattern that
/// matches it as written or normalised. A pattern that does not compile matches nothing, as in Kargo.
fn is_for(data: &SecretData, kind: CredentialKind, url: &str) -> bool {
    let Some(pattern) = data.get("repoURL").map(ExposeSecret::expose_secret) else { return false };
    let normalize = match kind {
        CredentialKind::Git => normalize_git,
        CredentialKind::Helm => normalize_chart,
        CredentialKind::Image => normalize_image,
    };
    let normal = normalize(url);
    if data.get("repoURLIsRegex").is_some_and(|flag| flag.expose_secret() == "true") {
        return re2::compile(pattern).is_ok_and(|regex| regex.is_match(url) || regex.is_match(&normal));
    }
    normalize(pattern) == normal
}

/// A credential needs both a user name and a password.
fn credential(data: &SecretData) -> Option<Credential> {
    let username = data.get("username")?.expose_secret();
    let password = data.get("password")?;
    let complete = !username.is_empty() && !password.expose_secret().is_empty();
    complete.then(|| Credential { username: username.to_owned(), password: password.clone() })
}

/// A name as an environment variable spells it.
fn spell(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn git(project: &str, name: &str, url: &str, user: &str) -> Secret {
        Secret::new(project, name)
            .with_label(CRED_TYPE, "git")
            .with_value("repoURL", url)
            .with_value("username", user)
            .with_value("password", "p")
    }

    #[tokio::test]
    async fn credentials_are_found_by_kargos_rules() {
        let secrets = SecretDocuments::new()
            .with(git("demo", "b-exact", "https://example.com/org/a.git", "exact"))
            .with(
                git("demo", "a-regex", "^https://example\\.com/", "regex")
                    .with_value("repoURLIsRegex", "true"),
            )
            .with(git("demo", "0-broken", "(", "broken").with_value("repoURLIsRegex", "true"))
            .with(git(SHARED_NAMESPACE, "shared", "https://other.com/x", "shared"))
            .with(Secret::new("demo", "no-type").with_value("repoURL", "https://third.com/x"));
        for (project, url, user) in [
            // By name: `a-regex` comes before `b-exact`.
            ("demo", "https://example.com/org/a", Some("regex")),
            ("demo", "https://OTHER.com/x.git", Some("shared")),
            ("else", "https://example.com/org/a", None),
            ("demo", "https://third.com/x", None),
        ] {
            let found = secrets.find(project, CredentialKind::Git, url).await.unwrap();
            assert_eq!(found.map(|found| found.username).as_deref(), user, "{project} {url}");
        }
    }

    #[tokio::test]
    async fn the_environment_wins_and_can_stand_alone() {
        let variables = [
            ("KARGO_SECRET_GIT_PLATFORM__TOKEN", "from-env"),
            ("KARGO_SECRET_REPO__REPOURL", "https://env.com/x"),
            ("PATH", "/bin"),
        ];
        let secrets = SecretDocuments::new()
            .with(git("demo", "repo", "https://example.com/x", "bot"))
            .with_environment(variables.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let data = secrets.secret("demo", "git-platform").await.unwrap().unwrap();
        assert_eq!(data["token"].expose_secret(), "from-env");
        assert!(secrets.find("demo", CredentialKind::Git, "https://env.com/x").await.unwrap().is_some());
        assert!(secrets.secret("demo", "nothing").await.unwrap().is_none());
    }

    #[test]
    fn nothing_prints_a_value() {
        let secrets =
            SecretDocuments::new().with(git("demo", "repo", "u", "bot").with_value("token", "canary"));
        assert!(!format!("{secrets:?}").contains("canary"));
    }
}
