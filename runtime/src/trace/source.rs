//! Where a trace is read from, piece by piece: it can be longer than memory.

use std::fmt;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::{Arc, Mutex, PoisonError};

use super::record::{self, Damage, Record};

/// Bytes that are read at once, unless a record is longer.
const WINDOW_BYTES: u64 = 64 << 10;

/// What a trace can be read from.
trait ReadSeek: Read + Seek + Send {}
impl<T: Read + Seek + Send> ReadSeek for T {}

/// A file, or bytes in memory.
#[derive(Clone)]
pub(super) struct Source {
    reader: Arc<Mutex<dyn ReadSeek>>,
    len: u64,
}

impl Source {
    pub fn new(mut reader: impl Read + Seek + Send + 'static) -> io::Result<Source> {
        let len = reader.seek(SeekFrom::End(0))?;
        Ok(Source { reader: Arc::new(Mutex::new(reader)), len })
    }

    pub fn len(&self) -> u64 {
        self.len
    }

    /// Reads bytes that are there.
    pub fn read(&self, offset: u64, len: u64) -> io::Result<Vec<u8>> {
        self.read_some(offset, len, len)
    }

    /// Reads at least and at most so many bytes. What lies behind a file's completed frames can go while they are read: that is
    /// where recording goes on.
    fn read_some(&self, offset: u64, least: u64, most: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(usize::try_from(most).map_err(io::Error::other)?);
        let mut reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        reader.seek(SeekFrom::Start(offset))?;
        (&mut *reader).take(most).read_to_end(&mut bytes)?;
        if (bytes.len() as u64) < least {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(bytes)
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").field("len", &self.len).finish_non_exhaustive()
    }
}

/// The part of a source that is in memory.
#[derive(Clone, Debug)]
pub(super) struct Window {
    source: Source,
    start: u64,
    bytes: Vec<u8>,
}

impl Window {
    pub fn new(source: &Source) -> Window {
        Window { source: source.clone(), start: 0, bytes: Vec::new() }
    }

    /// Reads the record at an offset; `None` at the end of the source.
    pub fn record(&mut self, offset: u64) -> Result<Option<Record<'_>>, Damage> {
        let Some(rest) = self.source.len.checked_sub(offset) else {
            return Err(Damage { offset, kind: None, message: "the file is shorter".into(), torn: true });
        };
        self.fill(offset, record::MAX_HEAD_BYTES.min(rest))?;
        let claimed = record::claimed(self.from(offset)).unwrap_or(0);
        self.fill(offset, claimed.min(rest))?;
        record::read(self.from(offset), offset)
    }

    fn from(&self, offset: u64) -> &[u8] {
        &self.bytes[(offset - self.start) as usize..]
    }

    fn fill(&mut self, offset: u64, len: u64) -> Result<(), Damage> {
        if offset >= self.start && offset + len <= self.start + self.bytes.len() as u64 {
            return Ok(());
        }
        let most = len.max(WINDOW_BYTES.min(self.source.len - offset));
        // Not both the old bytes and the new ones.
        self.bytes = Vec::new();
        let unreadable = |e: io::Error| {
            let message = format!("it cannot be read: {e}").into();
            Damage { offset, kind: None, message, torn: false }
        };
        self.bytes = self.source.read_some(offset, len, most).map_err(unreadable)?;
        self.start = offset;
        Ok(())
    }
}
