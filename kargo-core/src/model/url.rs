//! One spelling for the many of a repository's address, as Kargo compares, hashes and looks them up.

/// The address of a git repository in one spelling; what is not understood comes back as it is.
///
/// Lower case; user info of http(s) addresses, one trailing `/` and `.git` dropped; `[user@]host:path` as
/// `ssh://[user@]host/path`. An address with a query is not understood, nor one of another scheme: the path
/// of a `file://` address keeps its case (Kargo, which has no such addresses, takes `file` for a host).
pub fn normalize_git(repo_url: &str) -> String {
    let url = sanitized(&repo_url.to_lowercase());
    let normalized = match url.split_once("://") {
        Some((scheme @ ("http" | "https" | "ssh"), rest)) => normalize_git_url(scheme, rest),
        Some(_) => None,
        None => normalize_scp(&url),
    };
    normalized.unwrap_or_else(|| repo_url.to_owned())
}

fn normalize_git_url(scheme: &str, rest: &str) -> Option<String> {
    if rest.contains('?') {
        return None;
    }
    let (rest, fragment) = split_before(rest, '#');
    let (authority, path) = split_before(rest, '/');
    let (user, host) = match authority.rsplit_once('@') {
        Some((user, host)) => (Some(user), host),
        None => (None, authority),
    };
    if !is_host(host) {
        return None;
    }
    let path = trim_git_path(path)?;
    let user = match user {
        Some(user) if scheme == "ssh" => format!("{user}@"),
        _ => String::new(),
    };
    Some(format!("{scheme}://{user}{host}{path}{fragment}"))
}

/// `[user@]host[:path]`, git's short form of ssh addresses.
fn normalize_scp(url: &str) -> Option<String> {
    let (user_host, path) = url.split_once(':').unwrap_or((url, ""));
    let (user, host) = match user_host.split_once('@') {
        Some((user, host)) => (Some(user), host),
        None => (None, user_host),
    };
    let is_word = |word: &str| {
        !word.is_empty()
            && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
    };
    if !user.is_none_or(is_word) || !host.split('.').all(is_word) {
        return None;
    }
    let end = path.find(['?', '#']).unwrap_or(path.len());
    let (path, suffix) = path.split_at(end);
    // As the first part of a relative reference, this would be a scheme.
    if path.split('/').next().is_some_and(|first| first.contains(':')) {
        return None;
    }
    let path = trim_git_path(path)?;
    match path.is_empty() {
        true => Some(format!("ssh://{user_host}")),
        false => Some(format!("ssh://{user_host}/{path}{suffix}")),
    }
}

/// The path without one trailing `/` and then `.git`, percent-encoded where it has to be. `None` where it
/// holds a broken percent escape.
fn trim_git_path(path: &str) -> Option<String> {
    let decoded = percent_decode(path)?;
    let trimmed = decoded.strip_suffix(b"/").unwrap_or(&decoded);
    let trimmed = trimmed.strip_suffix(b".git").unwrap_or(trimmed);
    // An escape that needs not be one survives as long as nothing is cut off, as in Go's `URL.String`.
    if trimmed.len() == decoded.len()
        && path.bytes().all(|byte| is_path_byte(byte) || b"%!'()*[]".contains(&byte))
    {
        return Some(path.to_owned());
    }
    Some(trimmed.iter().map(|byte| encode_path_byte(*byte)).collect())
}

fn is_path_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.~$&+,/:;=@".contains(&byte)
}

fn encode_path_byte(byte: u8) -> String {
    if is_path_byte(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }
}

fn is_host(host: &str) -> bool {
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => (name, port),
        _ => (host, ""),
    };
    let refused = |c: char| c == ' ' || "%^`{}|\\".contains(c);
    port.bytes().all(|byte| byte.is_ascii_digit()) && !name.contains(refused)
}

/// The text before the first `at`, and the rest with it.
fn split_before(text: &str, at: char) -> (&str, &str) {
    text.split_at(text.find(at).unwrap_or(text.len()))
}

/// A repository of images in one spelling; what is not understood comes back as it is.
///
/// Lower case, without tag; of Docker Hub's repositories without the registry and without `library/`.
pub fn normalize_image(repo_url: &str) -> String {
    image_repository(&sanitized(&repo_url.to_lowercase())).unwrap_or_else(|| repo_url.to_owned())
}

fn image_repository(url: &str) -> Option<String> {
    let url = match url.split_once('@') {
        Some((repository, digest)) if is_digest(digest) => repository,
        Some(_) => return None,
        None => url,
    };
    // A colon before the last slash belongs to a port.
    let url = match url.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => repository,
        _ => url,
    };
    let (registry, repository) = match url.split_once('/') {
        Some((first, rest)) if first.contains(['.', ':']) || first == "localhost" => (first, rest),
        _ => ("docker.io", url),
    };
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-./".contains(&byte);
    if !(2..=255).contains(&repository.len()) || !repository.bytes().all(allowed) {
        return None;
    }
    Some(match registry {
        "docker.io" | "index.docker.io" | "registry-1.docker.io" => {
            repository.strip_prefix("library/").unwrap_or(repository).to_owned()
        }
        _ => format!("{registry}/{repository}"),
    })
}

fn is_digest(digest: &str) -> bool {
    digest
        .strip_prefix("sha256:")
        .is_some_and(|hex| hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// A repository of charts in one spelling: lower case without `oci://`, then as [`normalize_image`].
pub fn normalize_chart(repo_url: &str) -> String {
    let url = sanitized(repo_url).to_lowercase();
    normalize_image(url.strip_prefix("oci://").unwrap_or(&url))
}

/// The text without what cannot be seen, such as a byte order mark that came along with a copy, and without
/// blanks around it.
fn sanitized(text: &str) -> String {
    let visible: String = text.chars().filter(|c| *c == ' ' || !is_invisible(*c)).collect();
    visible.trim().to_owned()
}

/// What Go's `unicode.IsPrint` denies, among what is met in addresses: other spaces than the plain one,
/// control and format characters, private ones.
fn is_invisible(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}')
        || matches!(c, '\u{e000}'..='\u{f8ff}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

fn percent_decode(text: &str) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        if *byte != b'%' {
            decoded.push(*byte);
            continue;
        }
        let digits = rest.get(..2).filter(|two| two.iter().all(u8::is_ascii_hexdigit))?;
        decoded.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
        rest = &rest[2..];
    }
    Some(decoded)
}

/// Go's `path.Clean`: the shortest spelling of a path with slashes; `.` for nothing.
pub(crate) fn clean_path(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut kept: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match (part, kept.last()) {
            ("" | ".", _) => {}
            ("..", Some(last)) if *last != ".." => {
                kept.pop();
            }
            ("..", None) if rooted => {}
            _ => kept.push(part),
        }
    }
    match (rooted, kept.join("/")) {
        (true, path) => format!("/{path}"),
        (false, path) if path.is_empty() => ".".to_owned(),
        (false, path) => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn git_addresses_have_one_spelling() {
        for (written, normal) in [
            ("https://github.com", "https://github.com"),
            ("https://github.com/", "https://github.com"),
            ("https://GitHub.com/Example/Repo", "https://github.com/example/repo"),
            ("HTTPS://github.com/example/repo", "https://github.com/example/repo"),
            ("https://github.com/example/repo.git", "https://github.com/example/repo"),
            ("https://github.com/example/repo.git/", "https://github.com/example/repo"),
            ("https://github.com/example/repo/", "https://github.com/example/repo"),
            ("https://github.com/example/repo//", "https://github.com/example/repo/"),
            ("https://foo:bar@github.com/example/repo.git", "https://github.com/example/repo"),
            ("https://localhost:8443/example/repo.git", "https://localhost:8443/example/repo"),
            ("ssh://git@localhost:2222/example/repo.git/", "ssh://git@localhost:2222/example/repo"),
            ("ssh://git.example.com/", "ssh://git.example.com"),
            ("git.example.com", "ssh://git.example.com"),
            ("git@git.example.com", "ssh://git@git.example.com"),
            ("git@github.com:example/repo.git/", "ssh://git@github.com/example/repo"),
            ("github.com:Example/Repo", "ssh://github.com/example/repo"),
            (" \u{feff}https://github.com/example/repo\u{200b}\n", "https://github.com/example/repo"),
            ("\u{a0}https://github.com/example/repo\t", "https://github.com/example/repo"),
            ("https://h/a%2Fb", "https://h/a%2fb"),
            ("https://github.com/example%20repo", "https://github.com/example%20repo"),
            ("https://github.com/example repo", "https://github.com/example%20repo"),
            ("https://h/ä.git", "https://h/%C3%A4"),
        ] {
            assert_eq!(normalize_git(written), normal, "{written:?}");
        }
    }

    #[test]
    fn git_addresses_that_are_not_understood_stay() {
        for text in [
            "https://not a url",
            "http://github.com/example/repo?foo=bar",
            "ssh://github.com/example/repo?foo=bar",
            "not even remotely a url",
            "https://github.com /example/repo",
            "https://h:port/x",
            "https://h/%zz",
            "/a/plain/Path",
            "file:///tmp/Repo.git",
            "git@h:a:b",
            "",
            "  ",
        ] {
            assert_eq!(normalize_git(text), text);
        }
    }

    #[test]
    fn image_repositories_have_one_spelling() {
        for (written, normal) in [
            ("index.docker.io/library/busybox", "busybox"),
            ("registry-1.docker.io/busybox", "busybox"),
            ("docker.io/library/busybox", "busybox"),
            ("library/busybox", "busybox"),
            ("busybox", "busybox"),
            ("busybox:1.36", "busybox"),
            ("docker.io/example/repo", "example/repo"),
            ("example/repo", "example/repo"),
            ("ghcr.io/example/repo", "ghcr.io/example/repo"),
            ("GHCR.io/Example/Repo:v1", "ghcr.io/example/repo"),
            ("localhost:5000/a/b", "localhost:5000/a/b"),
            ("localhost/a/b", "localhost/a/b"),
            (" docker.io/example/repo\u{feff}", "example/repo"),
            ("", ""),
        ] {
            assert_eq!(normalize_image(written), normal, "{written:?}");
        }
        let pinned = format!("ghcr.io/a/b@sha256:{}", "0".repeat(64));
        assert_eq!(normalize_image(&pinned), "ghcr.io/a/b");
        for text in ["a/b@sha256:0", "Not an image", "x"] {
            assert_eq!(normalize_image(text), text);
        }
    }

    #[test]
    fn chart_repositories_have_one_spelling() {
        for (written, normal) in [
            ("", ""),
            ("  repo  ", "repo"),
            ("OCI://Repo", "repo"),
            ("oci://docker.io/example/repo", "example/repo"),
            ("oci://registry-1.docker.io/example/repo", "example/repo"),
            ("oci://ghcr.io/a/b", "ghcr.io/a/b"),
            ("https://Charts.Example.com/stable", "https://charts.example.com/stable"),
        ] {
            assert_eq!(normalize_chart(written), normal, "{written:?}");
        }
    }
}
