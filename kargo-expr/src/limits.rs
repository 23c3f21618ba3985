//! How much an expression may cost.

use crate::{CallError, Code};

/// Bounds on compiling and running one expression.
///
/// The defaults of `nodes` and `memory` are expr-lang's own; the others bound what Go would let grow until
/// the process dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Nodes of the syntax tree (10,000).
    pub nodes: usize,
    /// Nesting of the source, and of arrays and maps that an expression builds (10,000).
    pub depth: usize,
    /// Instructions and visited elements of one run (50 million).
    pub steps: u64,
    /// Elements that ranges, arrays, maps and functions create in one run (1,000,000).
    pub memory: u64,
    /// Bytes of text that one run creates (64 MiB).
    pub bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { nodes: 10_000, depth: 10_000, steps: 50_000_000, memory: 1_000_000, bytes: 64 << 20 }
    }
}

/// What is left of the limits during one run.
#[derive(Debug, Clone)]
pub(crate) struct Budget {
    steps: u64,
    memory: u64,
    bytes: u64,
    depth: u32,
}

impl Budget {
    pub(crate) fn new(limits: &Limits) -> Self {
        let depth = u32::try_from(limits.depth).unwrap_or(u32::MAX);
        Self { steps: limits.steps, memory: limits.memory, bytes: limits.bytes, depth }
    }

    /// For values that the host made, which it may compare and print at its own cost.
    pub(crate) fn unlimited() -> Self {
        Self { steps: u64::MAX, memory: u64::MAX, bytes: u64::MAX, depth: u32::MAX }
    }

    /// Counts instructions or visited elements.
    #[inline]
    pub(crate) fn step(&mut self, steps: u64) -> Result<(), CallError> {
        self.steps = self.steps.checked_sub(steps).ok_or_else(|| exceeded("step"))?;
        Ok(())
    }

    /// Counts elements that come into being; as in expr-lang, reaching the budget is too much already.
    pub(crate) fn create(&mut self, elements: usize) -> Result<(), CallError> {
        let left = self.memory.checked_sub(elements as u64).filter(|left| *left > 0);
        self.memory = left.ok_or_else(|| exceeded("memory"))?;
        Ok(())
    }

    /// Counts bytes of text that come into being.
    pub(crate) fn write(&mut self, bytes: usize) -> Result<(), CallError> {
        self.bytes = self.bytes.checked_sub(bytes as u64).ok_or_else(|| exceeded("memory"))?;
        Ok(())
    }

    /// Counts going through a text.
    #[inline]
    pub(crate) fn scan(&mut self, bytes: usize) -> Result<(), CallError> {
        self.step(bytes as u64 / 16)
    }

    /// Checks how deep a new value nests.
    pub(crate) fn nest(&self, depth: u32) -> Result<(), CallError> {
        if depth > self.depth {
            return Err(CallError::coded(Code::Limit, "recursion depth exceeded"));
        }
        Ok(())
    }
}

fn exceeded(what: &str) -> CallError {
    CallError::coded(Code::Limit, format!("{what} budget exceeded"))
}
