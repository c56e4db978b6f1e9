//! Lines of text for people.

use cartwheel_hostabi::{Bytes, Call, Fault, Span, Status, handlers};
use xxhash_rust::xxh3::xxh3_128;

use super::Context;
use crate::codec::{Reader, RestoreError};

/// What a module can log in a frame: bytes of text, and [`LOG_BYTES_PER_LINE`] for each line.
pub const LOG_BYTES_PER_FRAME: u32 = 64 * 1024;
/// What a line counts besides its text, so that empty lines are bounded too.
pub const LOG_BYTES_PER_LINE: u32 = 16;

/// How much a line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LogLevel {
    /// For who writes the cartridge.
    Debug,
    /// For who runs it.
    Info,
    /// Something is odd.
    Warning,
    /// Something is wrong.
    Error,
}

impl LogLevel {
    /// All levels, in the order of their numbers.
    pub const ALL: [LogLevel; 4] = [LogLevel::Debug, LogLevel::Info, LogLevel::Warning, LogLevel::Error];

    /// Name in output.
    pub fn name(self) -> &'static str {
        match self {
            LogLevel::Debug => "debug",
            LogLevel::Info => "info",
            LogLevel::Warning => "warning",
            LogLevel::Error => "error",
        }
    }
}

/// A line that a module logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// How much it matters.
    pub level: LogLevel,
    /// What it says; bytes that were not UTF-8 have become replacement characters.
    pub text: String,
}

/// The log of a module.
#[derive(Default)]
pub(crate) struct Log {
    /// What of the frame's quota is used.
    used: u32,
    /// Output on its way out, which no guest can see.
    lines: Vec<LogLine>,
}

impl Log {
    pub(crate) fn write(&mut self, level: i32, text: &[u8]) -> Status {
        let Some(&level) = usize::try_from(level).ok().and_then(|level| LogLevel::ALL.get(level)) else {
            return Status::LogBadLevel;
        };
        let used = u64::from(self.used) + u64::from(LOG_BYTES_PER_LINE) + text.len() as u64;
        if used > LOG_BYTES_PER_FRAME.into() {
            return Status::Quota;
        }
        self.used = used as u32;
        self.lines.push(LogLine { level, text: String::from_utf8_lossy(text).into_owned() });
        Status::Ok
    }

    pub(crate) fn take(&mut self) -> Vec<LogLine> {
        std::mem::take(&mut self.lines)
    }

    pub(crate) fn end_frame(&mut self) {
        self.used = 0;
    }

    pub(crate) fn save(&self, out: &mut Vec<u8>) {
        out.extend(self.used.to_le_bytes());
    }

    pub(crate) fn read(input: &mut Reader<'_>) -> Result<Self, RestoreError> {
        let used = input.u32()?;
        if used > LOG_BYTES_PER_FRAME {
            return Err(RestoreError::Value);
        }
        Ok(Log { used, lines: Vec::new() })
    }

    pub(crate) fn hash(&self) -> u128 {
        xxh3_128(&self.used.to_le_bytes())
    }
}

impl handlers::Log for Context<'_> {
    fn write(&mut self, call: &mut Call<'_>, level: i32, text: Span) -> Result<Status, Fault> {
        let status = self.services.log.write(level, call.span(text)?);
        call.work(if status == Status::Ok { text.len.into() } else { 0 });
        Ok(status)
    }

    fn write_bytes(&mut self, call: &mut Call<'_>, level: i32, text: Bytes) -> Result<Status, Fault> {
        let bytes = call.bytes(text)?;
        let (status, len) = (self.services.log.write(level, bytes), bytes.len());
        call.work(if status == Status::Ok { len as u64 } else { 0 });
        Ok(status)
    }
}
