//! Did you mean …?

/// A suggestion of the name that is nearest to the one that is not known.
pub(super) fn did_you_mean<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> Option<String> {
    let wanted = name.to_lowercase();
    let near = |candidate: &'n str| (strsim::jaro_winkler(&wanted, &candidate.to_lowercase()), candidate);
    let (likeness, best) = known.map(near).max_by(|a, b| a.0.total_cmp(&b.0))?;
    (likeness > 0.8).then(|| format!("did you mean {best}?"))
}
