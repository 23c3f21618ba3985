//! Sources of artifacts: one file for a kind.

pub(crate) mod git;
