//! Writes the pieces of a YAML text, with the white space between them.

#[derive(Default)]
pub(super) struct Emitter {
    out: String,
    column: usize,
    /// Whether the line so far is only indentation and indicators such as `-`.
    is_indentation: bool,
}

impl Emitter {
    pub(super) fn finish(mut self) -> String {
        if self.column > 0 {
            self.out.push('\n');
        }
        self.out
    }

    /// Goes to a column on a new line, or on this one after `- `.
    pub(super) fn indent(&mut self, column: usize) {
        let at_start = self.column == 0 || (self.is_indentation && self.column < column);
        if !at_start {
            self.line_break();
        }
        while self.column < column {
            self.push(' ');
        }
        self.is_indentation = true;
    }

    pub(super) fn line_break(&mut self) {
        self.out.push('\n');
        self.column = 0;
    }

    /// `-`, `?` or the `:` after it, behind which something may begin on the same line.
    pub(super) fn indicator(&mut self, text: &str) {
        self.out.push_str(text);
        self.column += text.len();
    }

    /// The colon after a simple key.
    pub(super) fn colon(&mut self) {
        self.push(':');
        self.is_indentation = false;
    }

    /// Text without line breaks, with a space before it unless it begins a line.
    pub(super) fn token(&mut self, text: &str) {
        self.space();
        self.out.push_str(text);
        self.column += text.chars().count();
        self.is_indentation = false;
    }

    pub(super) fn space(&mut self) {
        if self.column > 0 && !self.out.ends_with(' ') {
            self.push(' ');
        }
    }

    pub(super) fn push(&mut self, c: char) {
        self.out.push(c);
        self.column += 1;
    }

    /// A character that ends the line though it is not `\n`.
    pub(super) fn push_break(&mut self, c: char) {
        self.out.push(c);
        self.column = 0;
    }
}
