//! The built-in promotion steps and artifact sources.
