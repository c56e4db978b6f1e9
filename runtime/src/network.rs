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
        let mut journal = Journal::default();
        for (i, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let wrong = |what: String| JournalError { line: i + 1, what };
            let item = cbor::from_json(line).map_err(|e| wrong(e.to_string()))?;
            let (frame, datagram) = entry(&item).map_err(wrong)?;
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

fn entry(item: &Item) -> Result<(u64, Datagram), String> {
    const KEYS: &str = "`frame`, `machine`, `from`, `to` and `payload`";
    let Item::Map(fields) = item else { return Err(format!("it is no map; a line has {KEYS}")) };
    let known = |key: &Item| {
        key.as_text().is_some_and(|key| ["frame", "machine", "from", "to", "payload"].contains(&key))
    };
    if let Some((key, _)) = fields.iter().find(|(key, _)| !known(key)) {
        return Err(format!("there is no key {}; a line has {KEYS}", cbor::to_json(key)));
    }
    let field =
        |key: &str, takes: &str| item.get(key).ok_or_else(|| format!("`{key}` is missing; it is {takes}"));
    let unfit = |key: &str, takes: &str| format!("`{key}` is not {takes}");
    let number = |key: &str| {
        let takes = format!("a whole number from {} to {}", i32::MIN, i32::MAX);
        let number = field(key, &takes)?.as_int().and_then(|value| i32::try_from(value).ok());
        number.ok_or_else(|| unfit(key, &takes))
    };
    let frame = "a whole number from 0 on";
    let number_of_frame = field("frame", frame)?.as_int().and_then(|value| u64::try_from(value).ok());
    let number_of_frame = number_of_frame.ok_or_else(|| unfit("frame", frame))?;
    let (machine, from, to) = (number("machine")?, number("from")?, number("to")?);
    let payload = "a text or {\"$bytes\": \"HEX\"}";
    let bytes = field("payload", payload)?.as_bytes().ok_or_else(|| unfit("payload", payload))?;
    Ok((number_of_frame, Datagram { machine, from, to, payload: bytes.to_vec() }))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_does_not_fit_names_the_key() {
        let good = r#"{"frame":3,"machine":1,"from":7,"to":9,"payload":"a"}"#;
        assert_eq!(Journal::parse(good).expect("a journal").entries.len(), 1);
        for (from, to, said) in [
            ("\"frame\":3", "\"frame\":-1", "`frame` is not a whole number from 0 on"),
            ("\"to\":9", "\"to\":4294967296", "`to` is not a whole number from -2147483648 to 2147483647"),
            ("\"machine\":1,", "", "`machine` is missing; it is a whole number from "),
            ("\"a\"", "[1]", "`payload` is not a text or "),
            ("\"from\"", "\"form\"", "there is no key \"form\"; a line has "),
            (good, "[1]", "it is no map; a line has "),
        ] {
            let error = Journal::parse(&format!("\n{}", good.replace(from, to))).expect_err(said);
            assert_eq!((error.line, error.what.starts_with(said)), (2, true), "{error}");
        }
    }
}
