//! The text form of inputs, a line per frame; `spec/inputs.md` is its description.

use std::fmt;

use thiserror::Error;

use crate::input::{Button, Buttons, InputFrame, PADS, PointerButton, PointerButtons};

/// Inputs of a run, from frame 0: frames that are alike are kept once, with their number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inputs {
    /// Runs of equal frames, as long as can be; and for each the number of the frame behind it.
    runs: Vec<(InputFrame, u64)>,
}

/// Longest repetition that a line can have.
const MAX_REPEAT: u64 = u32::MAX as u64;

/// What is wrong with inputs in text form, and where.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct InputError {
    /// Line, counted from 1.
    pub line: u32,
    /// Column in characters, counted from 1.
    pub column: u32,
    /// What is wrong and what was expected.
    pub message: String,
    /// The line.
    pub source_line: String,
}

impl InputError {
    /// The error with file, line, column and a caret.
    pub fn render(&self, file: &str) -> String {
        const SHOWN: usize = 100;
        let column = self.column as usize - 1;
        let first = column.saturating_sub(SHOWN / 2);
        let shown: String = self.source_line.chars().skip(first).take(SHOWN).map(printable).collect();
        let caret = " ".repeat(column - first);
        let number = self.line.to_string();
        let margin = " ".repeat(number.len());
        format!(
            "error: {}\n{margin}--> {file}:{number}:{}\n{margin} |\n{number} | {shown}\n{margin} | {caret}^",
            self.message, self.column
        )
    }
}

fn printable(c: char) -> char {
    if c.is_control() { ' ' } else { c }
}

impl Inputs {
    /// No frames.
    pub fn new() -> Inputs {
        Inputs::default()
    }

    /// Number of frames.
    pub fn len(&self) -> u64 {
        self.runs.last().map_or(0, |&(_, end)| end)
    }

    /// True if there are no frames.
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// Adds `count` frames at the end; as many as are left if there would be more than 2^64 - 1.
    pub fn push(&mut self, frame: InputFrame, count: u64) {
        let len = self.len();
        let end = len.saturating_add(count);
        match self.runs.last_mut() {
            _ if end == len => {}
            Some((last, last_end)) if *last == frame => *last_end = end,
            _ => self.runs.push((frame, end)),
        }
    }

    /// The input of a frame; nothing is held behind the end.
    pub fn frame(&self, number: u64) -> InputFrame {
        let run = self.runs.partition_point(|&(_, end)| end <= number);
        self.runs.get(run).map_or_else(InputFrame::default, |&(frame, _)| frame)
    }

    /// Runs of equal frames with their lengths.
    pub fn runs(&self) -> impl Iterator<Item = (InputFrame, u64)> {
        let starts = std::iter::once(0).chain(self.runs.iter().map(|&(_, end)| end));
        self.runs.iter().zip(starts).map(|(&(frame, end), start)| (frame, end - start))
    }

    /// Reads the text form.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong.
    pub fn parse(text: &[u8]) -> Result<Inputs, InputError> {
        let mut inputs = Inputs::new();
        for (index, bytes) in text.split(|&byte| byte == b'\n').enumerate() {
            let line = String::from_utf8_lossy(bytes.strip_suffix(b"\r").unwrap_or(bytes));
            let parsed = match std::str::from_utf8(bytes) {
                Ok(_) => Line::new(&line).parse(),
                Err(e) => Err((
                    String::from_utf8_lossy(&bytes[..e.valid_up_to()]).chars().count(),
                    NOT_UTF8.to_owned(),
                )),
            };
            let (frame, count) = match parsed {
                Ok(Some(parsed)) => parsed,
                Ok(None) => continue,
                Err((column, message)) => {
                    let column = u32::try_from(column + 1).unwrap_or(u32::MAX);
                    let number = u32::try_from(index + 1).unwrap_or(u32::MAX);
                    return Err(InputError { line: number, column, message, source_line: line.into_owned() });
                }
            };
            inputs.push(frame, count);
        }
        Ok(inputs)
    }
}

const NOT_UTF8: &str = "this is not UTF-8 text";

/// Column from 0 and message.
type Wrong = (usize, String);

/// A line that is being read.
struct Line {
    chars: Vec<char>,
    at: usize,
}

impl Line {
    fn new(line: &str) -> Line {
        Line { chars: line.chars().collect(), at: 0 }
    }

    fn wrong<T>(&self, message: impl Into<String>) -> Result<T, Wrong> {
        Err((self.at, message.into()))
    }

    /// The next character that is not a space, or `None` at the end or at a comment.
    fn peek(&mut self) -> Option<char> {
        while self.chars.get(self.at).is_some_and(|c| matches!(c, ' ' | '\t')) {
            self.at += 1;
        }
        self.chars.get(self.at).copied().filter(|&c| c != '#')
    }

    fn found(&mut self) -> String {
        match self.peek() {
            Some(c) => format!("`{}`", c.escape_debug()),
            None => "the end of the line".to_owned(),
        }
    }

    fn eat(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        self.at += usize::from(found);
        found
    }

    fn parse(mut self) -> Result<Option<(InputFrame, u64)>, Wrong> {
        if self.peek().is_none() {
            return Ok(None);
        }
        if !self.eat('|') {
            let found = self.found();
            return self.wrong(format!("expected `|` at the start of a frame, found {found}"));
        }
        let mut frame = InputFrame::default();
        for field in 0.. {
            match self.peek() {
                None | Some('*') if field > 0 => break,
                _ if field < PADS => frame.pads[field] = self.pad()?,
                _ if field == PADS => self.pointer(&mut frame)?,
                _ => {
                    let found = self.found();
                    return self.wrong(format!(
                        "expected `*` or the end of the line behind the pointer, found {found}"
                    ));
                }
            }
            if !self.eat('|') {
                let found = self.found();
                return self.wrong(format!("expected `|` behind the field, found {found}"));
            }
        }
        let count = if self.eat('*') { self.repeat()? } else { 1 };
        if self.peek().is_some() {
            let found = self.found();
            return self.wrong(format!("expected the end of the line, found {found}"));
        }
        Ok(Some((frame, count)))
    }

    fn pad(&mut self) -> Result<Buttons, Wrong> {
        let mut held = Buttons::NONE;
        while let Some(c) = self.peek().filter(|&c| c != '|') {
            if let Some(button) = Button::from_letter(c) {
                if held.contains(button) {
                    return self.wrong(format!("`{c}` ({}) is there twice", button.name()));
                }
                held.insert(button);
            } else if c != '.' {
                let letters: String = Button::ALL.iter().map(|button| button.letter()).collect();
                return self.wrong(format!(
                    "no button is called `{}`; there are {letters}, and `.`",
                    c.escape_debug()
                ));
            }
            self.at += 1;
        }
        Ok(held)
    }

    fn pointer(&mut self, frame: &mut InputFrame) -> Result<(), Wrong> {
        if self.peek() == Some('|') {
            return Ok(());
        }
        frame.pointer.x = self.coordinate("column")?;
        if !self.eat(',') {
            let found = self.found();
            return self.wrong(format!("expected `,` and the pointer's row, found {found}"));
        }
        frame.pointer.y = self.coordinate("row")?;
        if !self.eat(',') {
            return Ok(());
        }
        let mut held = PointerButtons::NONE;
        while let Some(c) = self.peek().filter(|&c| c != '|') {
            match PointerButton::from_letter(c) {
                Some(button) if held.contains(button) => return self.wrong(format!("`{c}` is there twice")),
                Some(button) => held.insert(button),
                None if c == '.' => {}
                None => {
                    return self.wrong(format!(
                        "the pointer has the buttons L, R and M, not `{}`",
                        c.escape_debug()
                    ));
                }
            }
            self.at += 1;
        }
        frame.pointer.buttons = held;
        Ok(())
    }

    fn coordinate(&mut self, what: &str) -> Result<i32, Wrong> {
        self.peek();
        let start = self.at;
        let negative = self.eat('-');
        let mut value: i64 = 0;
        let digits = self.at;
        while let Some(digit) = self.chars.get(self.at).and_then(|c| c.to_digit(10)) {
            value = value.saturating_mul(10).saturating_add(digit.into());
            self.at += 1;
        }
        if self.at == digits {
            let found = self.found();
            return self.wrong(format!("expected the pointer's {what}, found {found}"));
        }
        let value = if negative { -value } else { value };
        i32::try_from(value).map_err(|_| (start, format!("the pointer's {what} does not fit 32 bits")))
    }

    fn repeat(&mut self) -> Result<u64, Wrong> {
        self.peek();
        let start = self.at;
        let mut value: u64 = 0;
        while let Some(digit) = self.chars.get(self.at).and_then(|c| c.to_digit(10)) {
            value = value.saturating_mul(10).saturating_add(digit.into());
            self.at += 1;
        }
        if self.at == start || !(1..=MAX_REPEAT).contains(&value) {
            return Err((start, format!("expected a number of frames from 1 to {MAX_REPEAT} behind `*`")));
        }
        Ok(value)
    }
}

/// Writes the text form, a line per run of equal frames.
impl fmt::Display for Inputs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (frame, mut count) in self.runs() {
            while count > 0 {
                let part = count.min(MAX_REPEAT);
                count -= part;
                match part {
                    1 => writeln!(f, "{frame}")?,
                    part => writeln!(f, "{frame}*{part}")?,
                }
            }
        }
        Ok(())
    }
}

/// Writes the frame as a line without its end. Fields at the end in which nothing happens are left out, but the first
/// pad is always there.
impl fmt::Display for InputFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pointer = self.pointer != Default::default();
        let pads = self.pads.iter().rposition(|&pad| pad != Buttons::NONE).map_or(1, |last| last + 1);
        let pads = if pointer { PADS } else { pads };
        f.write_str("|")?;
        for (i, pad) in self.pads[..pads].iter().enumerate() {
            if i == 0 || *pad != Buttons::NONE {
                for &button in Button::ALL {
                    write!(f, "{}", if pad.contains(button) { button.letter() } else { '.' })?;
                }
            }
            f.write_str("|")?;
        }
        if pointer {
            write!(f, "{},{},", self.pointer.x, self.pointer.y)?;
            for &button in PointerButton::ALL {
                write!(f, "{}", if self.pointer.buttons.contains(button) { button.letter() } else { '.' })?;
            }
            f.write_str("|")?;
        }
        Ok(())
    }
}
