//! Messages between the machine and whoever runs it: what modules print, what they are fed, and all of them for who watches.

use std::collections::VecDeque;
use std::io::Read;
use std::path::Path;

use cartwheel_hostabi::cbor::{self, Item, MAX_MESSAGE_BYTES};
use cartwheel_runtime::{Action, FrameReport, Machine, ModuleId, PortEvent, STDERR};

use crate::failure::Failure;
use crate::{files, print};

/// Messages that wait to be fed, in order.
#[derive(Debug)]
pub struct Feed {
    messages: VecDeque<Vec<u8>>,
}

impl Feed {
    /// Reads a file, or standard input for `-`: a message a line. Lines of a file whose name ends in `.jsonl` are JSON, those of any
    /// other are texts.
    pub fn read(path: &Path) -> Result<Feed, Failure> {
        let json = path.extension().is_some_and(|extension| extension == "jsonl");
        Ok(Feed { messages: lines(path, json)?.into() })
    }

    /// Feeds as much as a module's stdin has room for.
    pub fn before_frame(&mut self, machine: &mut Machine, module: ModuleId) {
        let room = machine.stdin_room(module).min(self.messages.len());
        for message in self.messages.drain(..room) {
            let fed = machine.queue(Action::Feed { module: module.0, message });
            fed.expect("the module is there and the message is one");
        }
    }
}

/// The messages in a file, or in standard input for `-`: one a line, as JSON or as texts. Lines of JSON can be blank.
pub fn lines(path: &Path, json: bool) -> Result<Vec<Vec<u8>>, Failure> {
    let bytes = if path == Path::new("-") {
        let mut bytes = Vec::new();
        let read = std::io::stdin().lock().read_to_end(&mut bytes);
        read.map_err(|e| Failure::new(format!("cannot read standard input: {e}")))?;
        bytes
    } else {
        files::read(path)?
    };
    let text = files::text(path_or_stdin(path), &bytes)?;
    let message = |(i, line): (usize, &str)| {
        let item = if json { parse(line) } else { Ok(Item::text(line)) };
        let message = item.and_then(|item| encode(&item));
        message.map_err(|what| failure(path, &format!("line {}: {what}", i + 1)))
    };
    let blank = |line: &str| json && line.trim().is_empty();
    text.lines().enumerate().filter(|(_, line)| !blank(line)).map(message).collect()
}

/// What is wrong with a file of messages, or with standard input for `-`.
pub fn failure(path: &Path, what: &str) -> Failure {
    Failure::file(path_or_stdin(path), what)
}

fn path_or_stdin(path: &Path) -> &Path {
    if path == Path::new("-") { Path::new("standard input") } else { path }
}

/// A message from JSON.
pub fn of_json(text: &str) -> Result<Vec<u8>, String> {
    parse(text).and_then(|item| encode(&item))
}

fn parse(line: &str) -> Result<Item, String> {
    cbor::from_json(line).map_err(|e| failure_of_json(&e.to_string()))
}

fn encode(item: &Item) -> Result<Vec<u8>, String> {
    let message = cbor::encode(item);
    if message.len() > MAX_MESSAGE_BYTES {
        return Err(format!("a message has at most {MAX_MESSAGE_BYTES} bytes"));
    }
    Ok(message)
}

/// Where in its line a JSON text is wrong, without the number of a line that it counts itself.
fn failure_of_json(message: &str) -> String {
    message.replace(" at line 1 column ", " at column ")
}

/// Prints what modules sent to outputs that no module reads. Texts are lines as they are, anything else is JSON.
fn print_output(report: &FrameReport, to_stderr: bool) -> Result<(), Failure> {
    for message in &report.messages {
        let item = cbor::decode(&message.bytes).unwrap_or(Item::NULL);
        let line = match item {
            Item::Text(text) => format!("{text}\n"),
            item => format!("{}\n", cbor::to_json(&item)),
        };
        if message.port == STDERR || to_stderr {
            print::stderr(&line);
        } else {
            print::stdout(&line)?;
        }
    }
    Ok(())
}

/// Prints output, and every message if that was asked for.
pub fn show(report: &FrameReport, to_stderr: bool) -> Result<(), Failure> {
    print_output(report, to_stderr)?;
    let watched = watched(&report.port_events);
    if to_stderr {
        print::stderr(&watched);
        return Ok(());
    }
    if watched.is_empty() { Ok(()) } else { print::stdout(&watched) }
}

/// A line of JSON for each message that was sent.
fn watched(events: &[PortEvent]) -> String {
    let number = |number: Option<i64>| number.map_or("null".to_owned(), |number| number.to_string());
    let line = |event: &PortEvent| {
        format!(
            "{{\"frame\":{},\"from\":{},\"module\":{},\"port\":{},\"to\":\"{}\",\"message\":{}}}\n",
            event.frame,
            number(event.sender.map(i64::from)),
            event.owner,
            number(event.port.map(i64::from)),
            if event.inward { "module" } else { "outside" },
            cbor::to_json(&cbor::decode(&event.bytes).unwrap_or(Item::NULL)),
        )
    };
    events.iter().map(line).collect()
}
