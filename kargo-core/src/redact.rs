//! The run-wide redactor: it knows every secret that was handed out, in each form in which it could come back.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD as STANDARD, BASE64_URL_SAFE as URL_SAFE};
use secrecy::ExposeSecret;

use crate::credentials::{Credential, CredentialKind, Credentials, SecretData};
use crate::error::Error;

/// What is shown in place of a secret.
pub const MASK: &str = "***";

/// Shorter secrets are not looked for: they would be found everywhere and hide nothing.
const MIN_SECRET: usize = 4;

/// Keys of a Secret whose values are addresses and names, which Kargo shows too.
const OPEN_KEYS: [&str; 4] = ["repoURL", "repoURLIsRegex", "type", "username"];

/// Replaces known secrets in texts. Cloning shares what is known.
///
/// ```
/// use kargo_core::redact::Redactor;
///
/// let redactor = Redactor::default();
/// redactor.learn("hunter2");
/// assert_eq!(redactor.redact("token=hunter2, also aHVudGVyMg=="), "token=***, also ***");
/// ```
#[derive(Clone, Default)]
pub struct Redactor {
    forms: Arc<RwLock<Forms>>,
}

/// The texts to replace, longest first, so that no secret hides the rest of a longer one.
#[derive(Default)]
struct Forms {
    known: BTreeSet<String>,
    longest_first: Vec<String>,
}

impl Redactor {
    /// Remembers a secret in its raw, base64, URL-encoded and JSON-escaped forms; one of several lines also line
    /// by line. Secrets of less than four bytes are passed over.
    pub fn learn(&self, secret: &str) {
        if self.read(|forms| forms.known.contains(secret)) {
            return;
        }
        let mut forms = self.forms.write().unwrap_or_else(PoisonError::into_inner);
        forms.learn(secret);
    }

    /// `text` with each known secret replaced by [`MASK`].
    pub fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.read(|forms| {
            let mut text = Cow::Borrowed(text);
            for form in &forms.longest_first {
                if text.contains(form.as_str()) {
                    text = Cow::Owned(text.replace(form.as_str(), MASK));
                }
            }
            text
        })
    }

    /// Whether `text` holds a known secret.
    pub fn finds_secret(&self, text: &str) -> bool {
        self.read(|forms| forms.longest_first.iter().any(|form| text.contains(form.as_str())))
    }

    /// `credentials`, with every secret that they hand out remembered here.
    pub fn watch(&self, credentials: Arc<dyn Credentials>) -> Arc<dyn Credentials> {
        Arc::new(Watched { credentials, redactor: self.clone() })
    }

    fn learn_data(&self, data: &SecretData) {
        for (key, value) in data {
            if !OPEN_KEYS.contains(&key.as_str()) {
                self.learn(value.expose_secret());
            }
        }
    }

    fn read<T>(&self, with: impl FnOnce(&Forms) -> T) -> T {
        with(&self.forms.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redactor").finish_non_exhaustive()
    }
}

impl Forms {
    fn learn(&mut self, secret: &str) {
        self.learn_whole(secret);
        self.learn_whole(secret.trim());
        if secret.trim().contains('\n') {
            secret.lines().for_each(|line| self.learn_whole(line.trim()));
        }
        self.longest_first = self.known.iter().cloned().collect();
        self.longest_first.sort_by_key(|form| std::cmp::Reverse(form.len()));
    }

    fn learn_whole(&mut self, secret: &str) {
        if secret.len() < MIN_SECRET {
            return;
        }
        let escaped = json_escaped(secret);
        // JSON inside JSON, as in an HTTP body that is logged.
        let twice = json_escaped(&escaped);
        self.known.extend([secret.to_owned(), escaped, twice]);
        self.known.extend([false, true].map(|lower| percent_encoded(secret, lower)));
        self.known.insert(percent_encoded(secret, false).replace("%20", "+"));
        for url_safe in [false, true] {
            self.known.extend((0..3).filter_map(|shift| base64_inside(secret.as_bytes(), shift, url_safe)));
            self.known.insert(base64(secret.as_bytes(), url_safe));
            self.known.insert(base64(secret.as_bytes(), url_safe).trim_end_matches('=').to_owned());
        }
        // A form that an encoding left too short would match by chance.
        self.known.retain(|form| form.len() >= MIN_SECRET);
    }
}

/// What stands between the quotes of `text` as JSON.
fn json_escaped(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

/// `text` with all but RFC 3986's unreserved characters percent-encoded.
fn percent_encoded(text: &str, lower: bool) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(byte.into()),
            _ if lower => out.push_str(&format!("%{byte:02x}")),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
        out
    })
}

/// What `secret` becomes where it stands in the middle of an encoded text (`user:secret`), `shift` bytes after a
/// group of three: the characters that depend on the secret alone.
fn base64_inside(secret: &[u8], shift: usize, url_safe: bool) -> Option<String> {
    let padded: Vec<u8> = std::iter::repeat_n(0, shift).chain(secret.iter().copied()).collect();
    let encoded = base64(&padded, url_safe);
    let first = [0, 2, 3][shift];
    let last = padded.len() * 8 / 6;
    // Fewer characters say too little of the secret to be looked for.
    (last >= first + 6).then(|| encoded[first..last].to_owned())
}

fn base64(bytes: &[u8], url_safe: bool) -> String {
    let alphabet = if url_safe { &URL_SAFE } else { &STANDARD };
    alphabet.encode(bytes)
}

/// Credentials whose secrets the redactor learns as they are handed out.
struct Watched {
    credentials: Arc<dyn Credentials>,
    redactor: Redactor,
}

#[async_trait]
impl Credentials for Watched {
    async fn find(
        &self,
        project: &str,
        kind: CredentialKind,
        url: &str,
    ) -> Result<Option<Credential>, Error> {
        let found = self.credentials.find(project, kind, url).await?;
        if let Some(credential) = &found {
            self.redactor.learn(credential.password.expose_secret());
        }
        Ok(found)
    }

    async fn secret(&self, project: &str, name: &str) -> Result<Option<SecretData>, Error> {
        let found = self.credentials.secret(project, name).await?;
        found.iter().for_each(|data| self.redactor.learn_data(data));
        Ok(found)
    }

    async fn shared_secret(&self, name: &str) -> Result<Option<SecretData>, Error> {
        let found = self.credentials.shared_secret(name).await?;
        found.iter().for_each(|data| self.redactor.learn_data(data));
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_replaced_and_nothing_else() {
        let redactor = Redactor::default();
        for secret in ["s3cr3t/+ \"q\"", "ab", "first line\nsecond line\n"] {
            redactor.learn(secret);
        }
        for (text, shown) in [
            ("nothing here, ab", "nothing here, ab"),
            ("x s3cr3t/+ \"q\" y", "x *** y"),
            (r#"{"k":"s3cr3t/+ \"q\""}"#, r#"{"k":"***"}"#),
            ("?t=s3cr3t%2F%2B%20%22q%22&u", "?t=***&u"),
            ("?t=s3cr3t%2f%2b%20%22q%22&u", "?t=***&u"),
            ("?t=s3cr3t%2F%2B+%22q%22&u", "?t=***&u"),
            ("czNjcjN0LysgInEi", "***"),
            ("czNjcjN0LysgInEi==", "***=="),
            ("only the second line of it", "only the *** of it"),
        ] {
            assert_eq!(redactor.redact(text), shown, "{text}");
            assert_eq!(redactor.finds_secret(text), text != shown, "{text}");
        }
    }

    #[test]
    fn a_secret_inside_an_encoded_text_is_found() {
        let redactor = Redactor::default();
        redactor.learn("hunter2-token");
        for user in ["", "u", "us", "use", "user"] {
            let header = format!("Basic {}", base64(format!("{user}:hunter2-token").as_bytes(), false));
            assert!(redactor.redact(&header).contains(MASK), "{header}");
        }
    }
}
