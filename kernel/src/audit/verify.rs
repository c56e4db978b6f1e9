//! Verifying a whole log.

use std::io::Read;

use super::read::{Problem, ProblemKind, Reader, Record};

/// Who vouches for a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signature {
    /// Nobody: its chain shows accidents, and changes by those who did not make the chain anew.
    None,
    /// Whoever has this key.
    Key([u8; 32]),
}

/// What a log has been found to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Entries that are as they were written, from the first one on.
    pub entries: u64,
    /// How many of them stand before a head that is signed with the log's key.
    pub signed_entries: u64,
    /// First and last frame of them.
    pub frames: Option<(u64, u64)>,
    /// Bytes of the log that are as they were written.
    pub bytes: u64,
    /// Who vouches for it; `None` if not even the header could be read.
    pub signature: Option<Signature>,
    /// What is wrong: the first thing. A log that is cut off behind a record has a problem too.
    pub problem: Option<Problem>,
}

impl Report {
    /// True if all of the log is there as it was written.
    pub fn is_good(&self) -> bool {
        self.problem.is_none()
    }

    /// True if what is there is as it was written, and the rest is missing or nothing is.
    pub fn is_good_so_far(&self) -> bool {
        self.problem.as_ref().is_none_or(|problem| problem.kind == ProblemKind::Cut)
    }
}

/// Reads a log to its end, or to the first thing that is wrong with it. `key` is that of whoever has to have signed it.
pub fn verify(input: impl Read, key: Option<[u8; 32]>, mut see: impl FnMut(&Record)) -> Report {
    let mut report =
        Report { entries: 0, signed_entries: 0, frames: None, bytes: 0, signature: None, problem: None };
    let mut reader = match Reader::new(input) {
        Ok(reader) => reader,
        Err(problem) => return Report { problem: Some(problem), ..report },
    };
    let mut ended = false;
    loop {
        let record = match reader.record() {
            Ok(Some(record)) => record,
            Ok(None) if ended => break,
            Ok(None) => {
                let message = "the log ends before its last head".to_owned();
                report.problem = Some(reader.problem(ProblemKind::Cut, message));
                break;
            }
            Err(problem) => {
                report.problem = Some(problem);
                break;
            }
        };
        match &record {
            Record::Header(header) => {
                report.signature = Some(header.key.map_or(Signature::None, Signature::Key));
                if key.is_some() && key != header.key {
                    let message = match header.key {
                        Some(_) => "the log is signed with another key than the one given",
                        None => "the log is not signed",
                    };
                    report.problem = Some(reader.problem(ProblemKind::Changed, message.to_owned()));
                    break;
                }
            }
            Record::Calls(calls) => {
                for frame in calls.iter().map(|entry| entry.frame).take(1) {
                    let (first, last) = report.frames.unwrap_or((frame, frame));
                    report.frames = Some((first.min(frame), last.max(frame)));
                }
            }
            Record::Head(head) => {
                ended = head.last;
                if matches!(report.signature, Some(Signature::Key(_))) {
                    report.signed_entries = head.entries;
                }
            }
            Record::Event(_) => {}
        }
        (report.entries, report.bytes) = (reader.entries(), reader.offset());
        see(&record);
    }
    report
}
