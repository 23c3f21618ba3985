//! `kargo-flow` as its users run it, and the document of its error codes.

mod errors;
mod verbs;
