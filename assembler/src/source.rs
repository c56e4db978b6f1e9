//! Source files: where they come from and which place of which file a piece of text is.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use crate::diagnostic::{Diagnostic, Diagnostics};

/// A place in the source text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Span {
    /// Index of the file.
    pub file: u32,
    /// Line, counted from 1.
    pub line: u32,
    /// Column in characters, counted from 1.
    pub col: u32,
    /// Length in characters.
    pub len: u32,
    /// 0, or 1 + index of the expansion that the text came from.
    pub origin: u32,
}

/// An error before it meets the text that it is about.
#[derive(Clone, Debug)]
pub(crate) struct Error {
    pub span: Span,
    pub message: String,
    pub help: Option<String>,
}

/// Result of reading a piece of source.
pub(crate) type Res<T> = Result<T, Box<Error>>;

pub(crate) fn error<T>(span: Span, message: impl Into<String>) -> Res<T> {
    Err(Box::new(Error { span, message: message.into(), help: None }))
}

pub(crate) fn error_help<T>(span: Span, message: impl Into<String>, help: impl Into<String>) -> Res<T> {
    Err(Box::new(Error { span, message: message.into(), help: Some(help.into()) }))
}

/// `1 page`, `2 pages`.
pub(crate) fn plural(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

impl Error {
    pub(crate) fn new(span: Span, message: impl Into<String>, help: Option<String>) -> Box<Error> {
        Box::new(Error { span, message: message.into(), help })
    }

    /// The consequence of a mistake that was reported already.
    pub(crate) fn silent(span: Span) -> Box<Error> {
        Error::new(span, "", None)
    }
}

/// A file that a [`Loader`] found.
#[derive(Clone, Debug)]
pub struct LoadedFile {
    /// Name for errors and debug information; also what relative paths inside the file start from.
    pub name: String,
    /// Content.
    pub bytes: Vec<u8>,
}

/// Finds the files that `.include` and `file(...)` name.
pub trait Loader {
    /// The file that `path` means in the file with the name `from`.
    ///
    /// # Errors
    ///
    /// Says for people why there is no such file.
    fn load(&self, from: &str, path: &str) -> Result<LoadedFile, String>;
}

/// A loader that has no files.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoFiles;

impl Loader for NoFiles {
    fn load(&self, _from: &str, _path: &str) -> Result<LoadedFile, String> {
        Err("no files can be included here".to_owned())
    }
}

/// Loads files of a folder and the folders in it. File names are relative to that folder, so that the same
/// source gives the same cartridge wherever the folder is.
#[derive(Clone, Debug)]
pub struct FileLoader {
    root: PathBuf,
}

/// Longest file that a [`FileLoader`] reads.
const MAX_FILE_BYTES: u64 = 1 << 28;

impl FileLoader {
    /// A loader for the folder `root`.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        FileLoader { root: root.into() }
    }
}

impl Loader for FileLoader {
    fn load(&self, from: &str, path: &str) -> Result<LoadedFile, String> {
        let mut parts: Vec<&str> = Vec::new();
        let folder = Path::new(from).parent().unwrap_or(Path::new(""));
        for component in folder.components().chain(Path::new(path).components()) {
            match component {
                Component::Normal(part) => parts.push(part.to_str().ok_or("the path is not UTF-8")?),
                Component::CurDir => {}
                Component::ParentDir if parts.pop().is_some() => {}
                _ => return Err("the path leads out of the project's folder".to_owned()),
            }
        }
        let name = parts.join("/");
        let full = self.root.join(&name);
        let size = std::fs::metadata(&full).map_err(|e| e.kind().to_string())?.len();
        if size > MAX_FILE_BYTES {
            return Err(format!("the file has {size} bytes; the limit is {MAX_FILE_BYTES}"));
        }
        let bytes = std::fs::read(&full).map_err(|e| e.kind().to_string())?;
        Ok(LoadedFile { name, bytes })
    }
}

struct SourceFile {
    name: String,
    /// Bytes that are not UTF-8 are replaced here: this text is for showing only.
    text: String,
    line_starts: Vec<usize>,
}

/// A macro call or repetition that text came from.
struct Origin {
    what: String,
    at: Span,
}

/// All source text that was read, and the errors found in it so far.
#[derive(Default)]
pub(crate) struct Sources {
    files: Vec<SourceFile>,
    origins: Vec<Origin>,
    errors: Vec<Error>,
    seen: BTreeSet<(Span, String)>,
    omitted: usize,
}

/// Errors that are kept; more than this are only counted.
const MAX_ERRORS: usize = 500;
/// Characters of a message that are kept: names in it can be of any length.
const MAX_MESSAGE_CHARS: usize = 400;
/// Macro calls that are named as the origin of an error.
const MAX_NOTES: usize = 4;

impl Sources {
    /// Adds a file and returns its index.
    pub fn add(&mut self, name: &str, bytes: &[u8]) -> u32 {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let mut line_starts = vec![0];
        line_starts.extend(text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| i + 1));
        self.files.push(SourceFile { name: name.to_owned(), text, line_starts });
        (self.files.len() - 1) as u32
    }

    pub fn file_name(&self, file: u32) -> &str {
        &self.files[file as usize].name
    }

    /// Adds an expansion and returns the `origin` of text that came from it.
    pub fn add_origin(&mut self, what: String, at: Span) -> u32 {
        self.origins.push(Origin { what, at });
        self.origins.len() as u32
    }

    /// File and line that a person would say the text is at: for text of a macro, those of its outermost call.
    pub fn outermost(&self, mut span: Span) -> Span {
        while span.origin != 0 {
            span = self.origins[span.origin as usize - 1].at;
        }
        span
    }

    /// Reports an error, unless the same was reported at the same place before.
    pub fn report(&mut self, mut error: Error) {
        if let Some((cut, _)) = error.message.char_indices().nth(MAX_MESSAGE_CHARS) {
            error.message.truncate(cut);
            error.message.push_str("...");
        }
        if error.message.is_empty() {
            debug_assert!(self.has_errors());
        } else if self.errors.len() >= MAX_ERRORS {
            self.omitted += 1;
        } else if self.seen.insert((error.span, error.message.clone())) {
            self.errors.push(error);
        }
    }

    /// The value, or its error reported.
    pub fn ok<T>(&mut self, result: Res<T>) -> Option<T> {
        result.map_err(|e| self.report(*e)).ok()
    }

    pub fn has_errors(&self) -> bool {
        !self.errors.is_empty()
    }

    /// True when there are so many errors that going on helps nobody.
    pub fn is_full(&self) -> bool {
        self.errors.len() >= MAX_ERRORS
    }

    /// All errors, by place.
    pub fn diagnostics(mut self) -> Diagnostics {
        let mut errors = std::mem::take(&mut self.errors);
        errors.sort_by_key(|e| e.span);
        let list = errors.into_iter().map(|e| self.diagnostic(e)).collect();
        Diagnostics { list, omitted: self.omitted }
    }

    fn diagnostic(&self, error: Error) -> Diagnostic {
        let span = error.span;
        let mut notes = Vec::new();
        let mut at = span;
        while at.origin != 0 && notes.len() < MAX_NOTES {
            let origin = &self.origins[at.origin as usize - 1];
            at = origin.at;
            notes.push(format!("in {} at {}:{}", origin.what, self.file_name(at.file), at.line));
        }
        Diagnostic {
            file: self.file_name(span.file).to_owned(),
            line: span.line,
            column: span.col,
            len: span.len,
            message: error.message,
            help: error.help,
            notes,
            source_line: self.line_text(span.file, span.line).to_owned(),
        }
    }

    fn line_text(&self, file: u32, line: u32) -> &str {
        let file = &self.files[file as usize];
        let index = line.saturating_sub(1) as usize;
        let Some(&start) = file.line_starts.get(index) else { return "" };
        let end = file.line_starts.get(index + 1).copied().unwrap_or(file.text.len());
        file.text[start..end].trim_end_matches(['\n', '\r'])
    }
}
