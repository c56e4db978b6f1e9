//! Errors as people see them.

use std::fmt;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

/// Something wrong in a source text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Diagnostic {
    /// Name of the file.
    pub file: String,
    /// Line, counted from 1.
    pub line: u32,
    /// Column of the first character, counted from 1 in characters.
    pub column: u32,
    /// Number of characters that are wrong; 0 if something is missing there.
    pub len: u32,
    /// What is wrong and what was expected.
    pub message: String,
    /// What could be done about it.
    pub help: Option<String>,
    /// Where the text came from, innermost first, if macros brought it there.
    pub notes: Vec<String>,
    /// The line of the source.
    pub source_line: String,
}

/// Everything wrong in a source text, by file and line; never empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagnostics {
    /// The errors.
    pub list: Vec<Diagnostic>,
    /// Number of further errors that were left out.
    pub omitted: usize,
}

/// Characters of a source line on either side of the mark that the renderer gets to see: what it shows is
/// for it to choose, but not among a megabyte.
const CONTEXT_CHARS: usize = 2_000;

impl Diagnostic {
    /// The error with its source line and a caret, in plain text.
    pub fn render(&self) -> String {
        self.render_with(&Renderer::plain())
    }

    fn render_with(&self, renderer: &Renderer) -> String {
        let (text, from, to) = self.window();
        let mut group = Level::ERROR.primary_title(self.message.as_str()).element(
            Snippet::source(text.as_str())
                .line_start(self.line as usize)
                .path(self.file.as_str())
                .annotation(AnnotationKind::Primary.span(from..to)),
        );
        for note in &self.notes {
            group = group.element(Level::NOTE.message(note.as_str()));
        }
        if let Some(help) = &self.help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        let groups: [Group<'_>; 1] = [group];
        renderer.render(&groups).to_string()
    }

    /// The part of the source line that is shown, and the marked bytes in it.
    fn window(&self) -> (String, usize, usize) {
        let column = (self.column as usize).saturating_sub(1);
        let first = column.saturating_sub(CONTEXT_CHARS);
        let mut text = String::new();
        let (mut from, mut to) = (None, None);
        let end = column + self.len.max(1) as usize;
        for (i, ch) in self.source_line.chars().enumerate().skip(first).take(2 * CONTEXT_CHARS) {
            if i == column {
                from = Some(text.len());
            }
            if i == end {
                to = Some(text.len());
            }
            // A tab or control character would not be as wide as the caret line thinks.
            text.push(if ch.is_control() { ' ' } else { ch });
        }
        let from = from.unwrap_or(text.len());
        let to = to.unwrap_or(text.len()).max(from);
        (text, from, to)
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render())
    }
}

impl Diagnostics {
    /// All errors with their source lines and a closing count, in plain text.
    pub fn render(&self) -> String {
        self.render_with(&Renderer::plain())
    }

    /// Like [`Diagnostics::render`], with colours for a terminal.
    pub fn render_coloured(&self) -> String {
        self.render_with(&Renderer::styled())
    }

    fn render_with(&self, renderer: &Renderer) -> String {
        let mut out = String::new();
        for diagnostic in &self.list {
            out.push_str(&diagnostic.render_with(renderer));
            out.push_str("\n\n");
        }
        let count = self.list.len() + self.omitted;
        let plural = if count == 1 { "" } else { "s" };
        out.push_str(&format!("{count} error{plural}"));
        if self.omitted > 0 {
            out.push_str(&format!(", {} not shown", self.omitted));
        }
        out.push('\n');
        out
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render())
    }
}

impl std::error::Error for Diagnostics {}
