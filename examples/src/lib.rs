//! Worked examples: the two-region flow, embedding, an own step, expressions.
