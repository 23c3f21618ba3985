//! Where in an expression's source something stands.

/// A range of bytes in an expression's source, `start..end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Span {
    /// The first byte.
    pub start: u32,
    /// The byte after the last one.
    pub end: u32,
}

impl Span {
    /// The range `start..end`; offsets beyond `u32::MAX` are held at it.
    #[must_use]
    pub fn new(start: usize, end: usize) -> Self {
        let clamp = |offset| u32::try_from(offset).unwrap_or(u32::MAX);
        Self { start: clamp(start), end: clamp(end) }
    }

    /// Line and column of the span's first byte in `source`, both counted from 1, columns in characters.
    ///
    /// ```
    /// use kargo_expr::Span;
    /// assert_eq!(Span::new(4, 5).line_col("a +\nb"), (2, 1));
    /// ```
    #[must_use]
    pub fn line_col(&self, source: &str) -> (u32, u32) {
        let (mut line, mut column) = (1, 1);
        for (offset, c) in source.char_indices() {
            if offset >= self.start as usize {
                break;
            }
            if c == '\n' {
                line += 1;
                column = 1;
            } else {
                column += 1;
            }
        }
        (line, column)
    }

    /// The same span in a text that holds the expression from byte `offset` on.
    #[must_use]
    pub fn shifted(self, offset: usize) -> Self {
        Self::new(self.start as usize + offset, self.end as usize + offset)
    }
}
