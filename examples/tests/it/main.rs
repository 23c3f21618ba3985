//! The two-region example: its tasks by themselves, and the whole flow.

mod flow;
mod tasks;
