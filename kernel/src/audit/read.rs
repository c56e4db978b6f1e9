//! Reading a log record by record, with every check that can be made of it.

use std::fmt;
use std::io::{self, ErrorKind, Read};

use ed25519_dalek::{Signature, VerifyingKey};

use super::entry::{self, Entry};
use super::form::{
    CALLS_BYTES, ENTRY_BYTES, HEAD_BYTES, Kind, LINK_BYTES, MAX_CONTENT_BYTES, MAX_ENTRIES, PREAMBLE,
    PREFIX_BYTES, SIGNATURE_BYTES, VERSION, signed_bytes,
};

/// What is wrong with a log, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong.
    pub kind: ProblemKind,
    /// Offset in the file of the record that it is in, in bytes.
    pub offset: u64,
    /// Frame of the first bad entry: that of the record, or of the last good one.
    pub frame: u64,
    /// Number of the first entry that cannot be relied on.
    pub entry: u64,
    /// What was found.
    pub message: String,
}

/// What can be wrong with a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProblemKind {
    /// It is no log, or one of another version.
    NotALog,
    /// It was changed.
    Changed,
    /// It ends before its last head: it was cut, or whoever wrote it was stopped.
    Cut,
    /// It could not be read.
    Unreadable,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            ProblemKind::NotALog | ProblemKind::Unreadable => f.write_str(&self.message),
            ProblemKind::Changed | ProblemKind::Cut => {
                write!(
                    f,
                    "entry {}, frame {}: {} (offset {})",
                    self.entry, self.frame, self.message, self.offset
                )
            }
        }
    }
}

impl std::error::Error for Problem {}

/// What a log says before its first call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The key that signs its heads, if they are signed.
    pub key: Option<[u8; 32]>,
    /// Ids of syscalls, by the numbers in entries.
    pub ids: Vec<String>,
}

/// Something that happened to a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Frame in which it happened, or that came next.
    pub frame: u64,
    /// Number of the module; `None` for what happens to all.
    pub module: Option<u32>,
    /// What happened.
    pub name: String,
    /// What else is known: names and values.
    pub details: Vec<(String, String)>,
}

/// How far a log goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Entries before it.
    pub entries: u64,
    /// Frame of the last of them.
    pub frame: u64,
    /// True if the log ends here.
    pub last: bool,
}

/// A record of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// The first one.
    Header(Header),
    /// Calls of a frame.
    Calls(Vec<Entry>),
    /// Something that happened to a module.
    Event(Event),
    /// How far the log goes.
    Head(Head),
}

/// Reads a log from anywhere. Records come out verified: nothing of a record with a problem does.
pub struct Reader<R> {
    input: R,
    /// The link before the next record, then that record.
    bytes: Vec<u8>,
    offset: u64,
    entries: u64,
    frame: u64,
    ids: usize,
    key: Option<VerifyingKey>,
    started: bool,
    ended: bool,
}

impl<R: Read> Reader<R> {
    /// Begins with the first bytes of a log.
    ///
    /// # Errors
    ///
    /// If they are not the first bytes of one.
    pub fn new(input: R) -> Result<Reader<R>, Problem> {
        let mut reader = Reader {
            input,
            bytes: Vec::new(),
            offset: 0,
            entries: 0,
            frame: 0,
            ids: 0,
            key: None,
            started: false,
            ended: false,
        };
        let len = reader.fill(LINK_BYTES)?;
        let found = &reader.bytes[..len];
        if found == PREAMBLE {
            reader.offset = LINK_BYTES as u64;
            return Ok(reader);
        }
        let magic = 8.min(len);
        let (kind, message) = if found[..magic] != PREAMBLE[..magic] || len == 0 {
            (ProblemKind::NotALog, "not an audit log: it does not begin with \"CWAUDIT\"".to_owned())
        } else if found == &PREAMBLE[..len] {
            (ProblemKind::Cut, "the log ends within its first bytes".to_owned())
        } else {
            (
                ProblemKind::NotALog,
                format!("audit log of another version; this build reads version {VERSION}"),
            )
        };
        Err(reader.problem(kind, message))
    }

    /// Bytes of the log that were verified.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Entries that were verified.
    pub fn entries(&self) -> u64 {
        self.entries
    }

    /// The next record, or `None` at the end of the log.
    ///
    /// # Errors
    ///
    /// If it has a problem; nothing can be read after that. A log that ends behind a record is no problem here, even
    /// if that is not the last head.
    pub fn record(&mut self) -> Result<Option<Record>, Problem> {
        self.bytes.drain(..self.bytes.len() - LINK_BYTES);
        let prefix = self.fill(PREFIX_BYTES)?;
        match prefix {
            0 => return Ok(None),
            _ if self.ended => {
                return Err(self.changed("something follows the last head, which ends the log"));
            }
            PREFIX_BYTES => {}
            _ => return Err(self.cut()),
        }
        let number = self.bytes[LINK_BYTES];
        let len = self.u32_at(LINK_BYTES + 1) as usize;
        let kind = Kind::from_number(number).filter(|_| len <= MAX_CONTENT_BYTES);
        let Some(kind) = kind else { return Err(self.changed("the beginning of a record was changed")) };
        if self.started != (kind != Kind::Header) {
            return Err(self.changed("the header is not where it belongs"));
        }
        let found = self.fill(len + LINK_BYTES)?;
        // First, so that an entry that was taken out or put in is named, and not what follows from it.
        let calls = if kind == Kind::Calls { Some(self.calls(found.min(len))?) } else { None };
        if found < len + LINK_BYTES {
            return Err(self.cut());
        }
        let (before, link) = self.bytes.split_at(LINK_BYTES + PREFIX_BYTES + len);
        if blake3::hash(before).as_bytes() != link {
            return Err(self.broken_link(calls.as_deref().unwrap_or_default()));
        }
        let record = match calls {
            Some(calls) => {
                self.entries += calls.len() as u64;
                self.frame = calls.last().map_or(self.frame, |entry| entry.frame);
                Record::Calls(calls)
            }
            None => {
                self.parse(kind).ok_or_else(|| self.changed("a record has a content that none can have"))?
            }
        };
        if let Record::Head(head) = &record {
            self.check_head(head)?;
        }
        self.started = true;
        self.offset += (PREFIX_BYTES + len + LINK_BYTES) as u64;
        Ok(Some(record))
    }

    /// What to say of a record whose entries are good one by one, and all the same not what was written.
    fn broken_link(&mut self, calls: &[Entry]) -> Problem {
        let mut problem = self.changed("the link behind the record is not that of its content");
        problem.frame = calls.first().map_or(self.frame, |entry| entry.frame);
        let next = self.entries + calls.len() as u64;
        // What follows tells how many entries there were.
        if !calls.is_empty()
            && let Some(count) = self.count_behind()
            && count != next
        {
            problem.entry = next.min(count);
            problem.message = "entries were taken out or put in at the end of a record".to_owned();
        }
        problem
    }

    /// How many entries the next record that tells it says that there are before it.
    fn count_behind(&mut self) -> Option<u64> {
        loop {
            self.bytes.clear();
            let prefix = self.fill(PREFIX_BYTES).ok()?;
            if prefix < PREFIX_BYTES {
                return None;
            }
            let kind = Kind::from_number(self.bytes[0])?;
            let len = self.u32_at(1) as usize;
            let found = self.fill(len.min(MAX_CONTENT_BYTES) + LINK_BYTES).ok()?;
            let at = PREFIX_BYTES + if kind == Kind::Calls { 8 } else { 0 };
            match kind {
                Kind::Calls | Kind::Head if found >= 16 => {
                    return Some(u64::from_le_bytes(std::array::from_fn(|i| self.bytes[at + i])));
                }
                Kind::Event if found == len + LINK_BYTES => {}
                _ => return None,
            }
        }
    }

    fn content(&self) -> &[u8] {
        &self.bytes[LINK_BYTES + PREFIX_BYTES..self.bytes.len() - LINK_BYTES]
    }

    /// The entries of a record of which so many bytes are there.
    fn calls(&self, len: usize) -> Result<Vec<Entry>, Problem> {
        let content = &self.bytes[LINK_BYTES + PREFIX_BYTES..][..len];
        let Some((head, rest)) = content.split_at_checked(CALLS_BYTES) else { return Err(self.cut()) };
        let claimed = self.u32_at(LINK_BYTES + 1) as usize;
        let number = |at: usize| u64::from_le_bytes(std::array::from_fn(|i| head[at + i]));
        let (frame, first) = (number(0), number(8));
        let count = u32::from_le_bytes(std::array::from_fn(|i| head[16 + i])) as usize;
        let problem = |entry: u64, message: &str| Problem {
            kind: ProblemKind::Changed,
            offset: self.offset,
            frame,
            entry,
            message: message.to_owned(),
        };
        if first != self.entries {
            return Err(problem(
                self.entries,
                "the entries before it were taken out, repeated or changed places",
            ));
        }
        let mut calls = Vec::with_capacity(rest.len() / ENTRY_BYTES);
        for bytes in rest.as_chunks::<ENTRY_BYTES>().0 {
            let sequence = first + calls.len() as u64;
            let entry =
                entry::decode(bytes, frame, sequence).map_err(|message| problem(sequence, message))?;
            if entry.syscall.is_some_and(|syscall| usize::from(syscall) >= self.ids) {
                return Err(problem(sequence, "it calls what the header does not list"));
            }
            calls.push(entry);
        }
        let next = first + calls.len() as u64;
        let wrong = count == 0 || count > MAX_ENTRIES || claimed != CALLS_BYTES + count * ENTRY_BYTES;
        if wrong {
            return Err(problem(next, "the record has another number of entries than it says"));
        }
        Ok(calls)
    }

    fn parse(&mut self, kind: Kind) -> Option<Record> {
        let mut input = Input(self.content());
        let record = match kind {
            Kind::Header => {
                let signed = input.flag()?;
                let key: [u8; 32] = input.array()?;
                let count = u16::from_le_bytes(input.array()?);
                let ids = (0..count).map(|_| input.text()).collect::<Option<Vec<_>>>()?;
                Record::Header(Header { key: signed.then_some(key), ids })
            }
            Kind::Event => {
                let frame = u64::from_le_bytes(input.array()?);
                let module = Some(u32::from_le_bytes(input.array()?)).filter(|&module| module != u32::MAX);
                let name = input.text()?;
                let [count] = input.array()?;
                let details =
                    (0..count).map(|_| Some((input.text()?, input.text()?))).collect::<Option<Vec<_>>>()?;
                Record::Event(Event { frame, module, name, details })
            }
            Kind::Head => {
                let entries = u64::from_le_bytes(input.array()?);
                let frame = u64::from_le_bytes(input.array()?);
                let last = input.flag()?;
                let _: [u8; SIGNATURE_BYTES] = input.array()?;
                Record::Head(Head { entries, frame, last })
            }
            Kind::Calls => return None,
        };
        if !input.0.is_empty() {
            return None;
        }
        if let Record::Header(header) = &record {
            self.ids = header.ids.len();
            self.key = match header.key {
                Some(key) => Some(VerifyingKey::from_bytes(&key).ok()?),
                None => None,
            };
        }
        Some(record)
    }

    fn check_head(&mut self, head: &Head) -> Result<(), Problem> {
        if head.entries != self.entries {
            return Err(self.changed(&format!("a head says that there are {} entries here", head.entries)));
        }
        let split = LINK_BYTES + PREFIX_BYTES + HEAD_BYTES;
        let signature: [u8; SIGNATURE_BYTES] = std::array::from_fn(|i| self.bytes[split + i]);
        let good = match &self.key {
            Some(key) => {
                let message = signed_bytes(&self.bytes[..split]);
                key.verify_strict(&message, &Signature::from_bytes(&signature)).is_ok()
            }
            None => signature == [0; SIGNATURE_BYTES],
        };
        if !good {
            return Err(self.changed("the signature of a head is wrong: something before it was changed"));
        }
        self.ended = head.last;
        Ok(())
    }

    /// Appends so many bytes, fewer if the input ends. Says how many.
    fn fill(&mut self, len: usize) -> Result<usize, Problem> {
        let before = self.bytes.len();
        match (&mut self.input).take(len as u64).read_to_end(&mut self.bytes) {
            Ok(_) => Ok(self.bytes.len() - before),
            Err(e) => Err(self.unreadable(&e)),
        }
    }

    fn u32_at(&self, at: usize) -> u32 {
        u32::from_le_bytes(std::array::from_fn(|i| self.bytes[at + i]))
    }

    fn unreadable(&self, e: &io::Error) -> Problem {
        let what =
            if e.kind() == ErrorKind::IsADirectory { "it is a folder".to_owned() } else { e.to_string() };
        self.problem(ProblemKind::Unreadable, format!("cannot read it: {what}"))
    }

    fn changed(&self, message: &str) -> Problem {
        self.problem(ProblemKind::Changed, message.to_owned())
    }

    fn cut(&self) -> Problem {
        self.problem(ProblemKind::Cut, "the log ends within a record".to_owned())
    }

    pub(super) fn problem(&self, kind: ProblemKind, message: String) -> Problem {
        Problem { kind, offset: self.offset, frame: self.frame, entry: self.entries, message }
    }
}

/// What remains of a record's content.
struct Input<'a>(&'a [u8]);

impl Input<'_> {
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*array)
    }

    fn flag(&mut self) -> Option<bool> {
        match self.array()? {
            [0] => Some(false),
            [1] => Some(true),
            [_] => None,
        }
    }

    fn text(&mut self) -> Option<String> {
        let len = u16::from_le_bytes(self.array()?);
        let (text, rest) = self.0.split_at_checked(len.into())?;
        self.0 = rest;
        String::from_utf8(text.to_vec()).ok()
    }
}
