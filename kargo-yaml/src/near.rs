//! Words that are near to another one, for hints.

/// At most five of `known` that could have been meant by `written`, nearest first.
pub(crate) fn nearest<'a>(written: &str, known: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let lower = written.to_lowercase();
    let most = (written.chars().count() / 2).max(2);
    let mut found: Vec<(usize, &str)> = known
        .map(|word| (distance(&lower, &word.to_lowercase()), word))
        .filter(|(distance, _)| *distance <= most)
        .collect();
    found.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| a.1.cmp(b.1)));
    found.dedup();
    found.into_iter().map(|(_, word)| word).take(5).collect()
}

/// Edits between the two; one that contains the other is nearer than its length says.
fn distance(written: &str, word: &str) -> usize {
    let edits = strsim::osa_distance(written, word);
    let contained = written.len().min(word.len()) >= 3 && (word.contains(written) || written.contains(word));
    if contained { edits.min(1) } else { edits }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_come_first() {
        let known = ["cert-manager", "cert-manger", "argo-cd", "external-dns", "cert"];
        assert_eq!(nearest("cert-mananger", known.into_iter()), ["cert", "cert-manager", "cert-manger"]);
        assert!(nearest("zzz", known.into_iter()).is_empty());
    }
}
