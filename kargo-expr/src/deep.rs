//! Deep nesting without deep stacks.
//!
//! Recursion over trees reads best, but its depth is the user's choice. What nests deeper than usual runs
//! on a stack that was made large enough for it, so that no input overflows one.

use crate::{CallError, Code};

/// Levels for which any stack has room.
const SHALLOW: usize = 150;
/// Room for one level, with a wide margin even without optimization.
const LEVEL: usize = 12 << 10;

/// Runs `f`, which recurses up to `levels` deep.
///
/// # Errors
/// If there is no such stack to be had, as on platforms without threads.
pub(crate) fn with_stack<R: Send>(levels: usize, f: impl FnOnce() -> R + Send) -> Result<R, CallError> {
    if levels <= SHALLOW {
        return Ok(f());
    }
    std::thread::scope(|scope| {
        let thread =
            std::thread::Builder::new().stack_size(levels.saturating_mul(LEVEL)).spawn_scoped(scope, f);
        let thread = thread.map_err(|_| CallError::coded(Code::TooComplex, "nests too deeply"))?;
        thread.join().map_err(|panic| std::panic::resume_unwind(panic))
    })
}
