//! Unit tests for promotion templates: worlds, fakes, assertions.
