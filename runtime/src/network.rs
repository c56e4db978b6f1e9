//! The virtual network between machines of a process, and journals of what came over it.

use std::fmt;

use cartwheel_hostabi::cbor::{self, Item};
use cartwheel_kernel::Datagram;
use thiserror::Error;

use crate::action::Action;
use crate::machine::Machine;
use crate::report::FrameReport;

/// Carries datagrams between machines that advance frame by frame: what one sends in a frame is there in the other's next
/// one. Machines have numbers from 1 on, given by whoever uses the network.
#[derive(Debug, Default)]
pub struct Network {
    /// What is under way: number of the sender, and datagram, which names the receiver.
    waiting: Vec<(i32, Datagram)>,
}

impl Network {
    /// A network on which nothing is under way.
    pub fn new() -> Network {
        Network::default()
    }

    /// Takes what the machine of a number has sent in a frame.
    pub fn sent(&mut self, number: i32, report: &FrameReport) {
        self.waiting.extend(report.datagrams.iter().map(|datagram| (number, datagram.clone())));
    }

    /// Queues everything for the machine of a number, as an input of its next frame.
    pub fn deliver(&mut self, number: i32, machine: &mut Machine) {
        let waiting = std::mem::take(&mut self.waiting);
        for (sender, datagram) in waiting {
            if datagram.machine == number {
                arrive(machine, Datagram { machine: sender, ..datagram });
            } else {
                self.waiting.push((sender, datagram));
            }
        }
    }
}

fn arrive(machine: &mut Machine, datagram: Datagram) {
    let Datagram { machine: sender, from, to, payload } = datagram;
    let queued = machine.queue(Action::Datagram { machine: sender, from, to, payload });
    queued.expect("a datagram can always be queued");
}

/// Datagrams that came in frames that were written down: a text with a line of JSON each, as in
/// `{"frame":3,"machine":1,"from":7,"to":9,"payload":{"$bytes":"00ff"}}`, in the order of the frames.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Journal {
    entries: Vec<(u64, Datagram)>,
}

/// A line that is none of a journal.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("line {line}: {what}")]
pub struct JournalError {
    /// Number of the line, from 1.
    pub line: usize,
    /// What is wrong.
    pub what: String,
}

impl Journal {
    /// Reads a journal.
    ///
    /// # Errors
    ///
    /// If a line is none, or its frame is before that of the line above.
    pub fn parse(text: &str) -> Result<Journal, JournalError> {
        const TAKES: &str = "it takes `frame`, `machine`, `from`, `to` and `payload`, which is a text or {\"$bytes\": \"HEX\"}";
        let mut journal = Journal::default();
        for (i, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let wrong = |what: String| JournalError { line: i + 1, what };
            let item = cbor::from_json(line).map_err(|e| wrong(e.to_string()))?;
            let (frame, datagram) = entry(&item).ok_or_else(|| wrong(TAKES.to_owned()))?;
            if journal.entries.last().is_some_and(|(last, _)| *last > frame) {
                return Err(wrong(format!("frame {frame} is before that of the line above")));
            }
            journal.entries.push((frame, datagram));
        }
        Ok(journal)
    }

    /// Writes down what came in a frame, behind what came before it.
    pub fn push(&mut self, frame: u64, datagram: Datagram) {
        self.entries.push((frame, datagram));
    }

    /// Queues what came in the machine's next frame.
    pub fn before_frame(&self, machine: &mut Machine) {
        let frame = machine.frame();
        let start = self.entries.partition_point(|(entry, _)| *entry < frame);
        for (_, datagram) in self.entries[start..].iter().take_while(|(entry, _)| *entry == frame) {
            arrive(machine, datagram.clone());
        }
    }
}

fn entry(item: &Item) -> Option<(u64, Datagram)> {
    let int = |key: &str| item.get(key).and_then(Item::as_int);
    let small = |key: &str| int(key).and_then(|value| i32::try_from(value).ok());
    let payload = item.get("payload")?.as_bytes()?.to_vec();
    let datagram = Datagram { machine: small("machine")?, from: small("from")?, to: small("to")?, payload };
    Some((u64::try_from(int("frame")?).ok()?, datagram))
}

/// Writes the text of a journal.
impl fmt::Display for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (frame, datagram) in &self.entries {
            let Datagram { machine, from, to, payload } = datagram;
            let payload = cbor::to_json(&Item::Bytes(payload.clone()));
            writeln!(
                f,
                "{{\"frame\":{frame},\"machine\":{machine},\"from\":{from},\"to\":{to},\"payload\":{payload}}}"
            )?;
        }
        Ok(())
    }
}
