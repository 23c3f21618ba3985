//! `docs/errors.md` and the codes of the workspace are held together.

use std::collections::BTreeSet;

const DOCUMENT: &str = include_str!("../../../docs/errors.md");

#[test]
fn every_code_is_in_the_document() {
    let rooms = [
        kargo_core::control::CODES,
        kargo_core::discovery::CODES,
        kargo_core::discovery::select::CODES,
        kargo_core::engine::CODES,
        kargo_core::lint::CODES,
        kargo_core::manifest::CODES,
        kargo_core::model::CODES,
        kargo_core::model::validate::CODES,
        kargo_core::step::CODES,
        kargo_core::store::CODES,
        kargo_core::transport::CODES,
        kargo_core::workdir::CODES,
    ];
    let mut codes: BTreeSet<(&str, &str)> = rooms
        .iter()
        .chain(kargo_steps::CODES)
        .flat_map(|room| room.iter())
        .map(|code| (code.as_str(), code.meaning()))
        .collect();
    codes.extend(kargo_expr::Code::ALL.iter().map(|code| (code.as_str(), code.explain())));
    codes.extend(kargo_git::Code::ALL.iter().map(|code| (code.as_str(), code.meaning())));
    codes.extend(kargo_yaml::Code::ALL.iter().map(|code| (code.as_str(), code.meaning())));
    let missing: Vec<String> = codes
        .iter()
        .map(|(slug, meaning)| format!("| `{slug}` | {} |", meaning.replace('|', "&#124;")))
        .filter(|line| !DOCUMENT.lines().any(|known| known == line))
        .collect();
    assert!(missing.is_empty(), "add to docs/errors.md:\n{}", missing.join("\n"));
}
