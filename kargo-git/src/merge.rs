//! Merging what a line-wise merge calls a conflict though both sides changed different lines.
//!
//! Two promotions that edit neighbouring lines of one file, such as two apps in a list with one app on each line,
//! collide for git: it wants an unchanged line between two changes. Here a change collides only with another of the
//! same line.

use std::ops::Range;

use git2::{DiffOptions, Index, IndexConflict, IndexEntry, Patch, Repository};

use crate::error::Error;

/// Resolves the conflicts of `index` in which both sides changed different lines, and gives the files of the others.
pub(crate) fn neighbours(repository: &Repository, index: &mut Index) -> Result<Vec<String>, Error> {
    if !index.has_conflicts() {
        return Ok(Vec::new());
    }
    let mut files = Vec::new();
    let conflicts: Vec<IndexConflict> = index.conflicts()?.collect::<Result<_, _>>()?;
    for conflict in conflicts {
        match resolved(repository, &conflict)? {
            Some(entry) => {
                index.conflict_remove(std::path::Path::new(&*String::from_utf8_lossy(&entry.path)))?;
                index.add(&entry)?;
            }
            None => {
                let entry = conflict.our.or(conflict.their).or(conflict.ancestor);
                files.extend(entry.map(|entry| String::from_utf8_lossy(&entry.path).into_owned()));
            }
        }
    }
    Ok(files)
}

/// The merged file; `None` where it is no file that both sides changed, or where they changed the same lines.
fn resolved(repository: &Repository, conflict: &IndexConflict) -> Result<Option<IndexEntry>, Error> {
    let (Some(base), Some(ours), Some(theirs)) = (&conflict.ancestor, &conflict.our, &conflict.their) else {
        return Ok(None);
    };
    let same_file = base.path == ours.path && base.path == theirs.path;
    if !same_file || base.mode != ours.mode || base.mode != theirs.mode {
        return Ok(None);
    }
    let (base, left, right) =
        (repository.find_blob(base.id)?, repository.find_blob(ours.id)?, repository.find_blob(theirs.id)?);
    if base.is_binary() || left.is_binary() || right.is_binary() {
        return Ok(None);
    }
    let Some(merged) = merged(base.content(), left.content(), right.content())? else { return Ok(None) };
    let id = repository.blob(&merged)?;
    Ok(Some(IndexEntry {
        id,
        file_size: 0,
        // No flags: the entry is none of a conflict any more.
        flags: 0,
        flags_extended: 0,
        path: ours.path.clone(),
        ..*ours
    }))
}

/// Lines of the base, and what one side has in their place.
struct Change {
    lines: Range<usize>,
    instead: Vec<u8>,
}

/// The base with the changes of both sides; `None` where they overlap. Lines that are put in between, with nothing
/// replaced, have no line of their own, so that beside another change their order would be a guess: they overlap.
fn merged(base: &[u8], left: &[u8], right: &[u8]) -> Result<Option<Vec<u8>>, Error> {
    let mut all = changes(base, left)?;
    all.extend(changes(base, right)?);
    all.sort_by_key(|change| (change.lines.start, change.lines.end));
    let overlap = all.windows(2).any(|pair| {
        let (first, second) = (&pair[0].lines, &pair[1].lines);
        let guess = first.is_empty() || second.is_empty();
        first.end > second.start || guess && first.end == second.start
    });
    if overlap {
        return Ok(None);
    }
    let lines: Vec<&[u8]> = base.split_inclusive(|byte| *byte == b'\n').collect();
    let mut merged = Vec::with_capacity(base.len());
    let mut next = 0;
    for change in all {
        merged.extend(lines[next..change.lines.start].concat());
        merged.extend(change.instead);
        next = change.lines.end;
    }
    merged.extend(lines[next..].concat());
    Ok(Some(merged))
}

/// What a side changed, by lines of the base.
fn changes(base: &[u8], side: &[u8]) -> Result<Vec<Change>, Error> {
    let mut options = DiffOptions::new();
    options.context_lines(0).interhunk_lines(0);
    let patch = Patch::from_buffers(base, None, side, None, Some(&mut options))?;
    let mut changes = Vec::new();
    for index in 0..patch.num_hunks() {
        let (hunk, count) = patch.hunk(index)?;
        let (start, length) = (hunk.old_start() as usize, hunk.old_lines() as usize);
        // Lines count from 1; of an insertion the line before it is told.
        let start = if length == 0 { start } else { start - 1 };
        let mut instead = Vec::new();
        for line in 0..count {
            let line = patch.line_in_hunk(index, line)?;
            if line.origin() == '+' {
                instead.extend_from_slice(line.content());
            }
        }
        changes.push(Change { lines: start..start + length, instead });
    }
    Ok(changes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_collide_where_they_are_of_the_same_line() {
        for (what, base, left, right, expected) in [
            ("neighbours", "a\nb\nc\n", "A\nb\nc\n", "a\nB\nc\n", Some("A\nB\nc\n")),
            ("the last two, no newline", "a\nb", "A\nb", "a\nB", Some("A\nB")),
            ("far apart", "a\nb\nc\nd\n", "A\nb\nc\nd\n", "a\nb\nc\nD\n", Some("A\nb\nc\nD\n")),
            ("three in a row", "a\nb\nc\n", "A\nb\nC\n", "a\nB\nc\n", Some("A\nB\nC\n")),
            ("a line becomes two", "a\nb\n", "A\nA\nb\n", "a\nB\n", Some("A\nA\nB\n")),
            ("one removes, one changes", "a\nb\nc\n", "b\nc\n", "a\nB\nc\n", Some("B\nc\n")),
            ("an insertion far away", "a\nb\nc\n", "x\na\nb\nc\n", "a\nb\nC\n", Some("x\na\nb\nC\n")),
            ("the same line", "a\nb\n", "A\nb\n", "X\nb\n", None),
            ("insertion beside a change", "a\nb\n", "a\nx\nb\n", "a\nB\n", None),
            ("two insertions in one place", "a\n", "a\nx\n", "a\ny\n", None),
            ("one removes what the other changes", "a\nb\nc\n", "c\n", "a\nB\nc\n", None),
            ("from nothing", "", "a\n", "b\n", None),
        ] {
            let merged = merged(base.as_bytes(), left.as_bytes(), right.as_bytes()).unwrap();
            assert_eq!(merged.map(|text| String::from_utf8(text).unwrap()).as_deref(), expected, "{what}");
        }
    }
}
