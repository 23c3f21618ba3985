//! Lossless YAML: every byte kept, spans on every node, edits that change one scalar.
