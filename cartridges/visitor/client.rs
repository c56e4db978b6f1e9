//! Visitor. Asks the file server for a file that is there and one that is not, in turn, and prints what it is told as a map.
//!
//! `build.sh` makes client.wasm of it. Messages are built and read by `cartridges/lib/messages.rs`, calls are those of the header.
#![no_std]
#![no_main]

#[allow(dead_code)]
#[path = "../../spec/headers/cartwheel.rs"]
mod cartwheel;
#[allow(dead_code)]
#[path = "../lib/messages.rs"]
mod messages;

use core::sync::atomic::{AtomicI32, AtomicI64, Ordering::Relaxed};

use cartwheel::{frame, port, status};
use messages::{Reader, Writer};

const STDOUT: i32 = 1;
const OWN_PORTS: i32 = 1;
const SEND: i32 = 1;
const FILES: [&str; 2] = ["greeting", "missing"];

/// Port that answers come to.
static OWN: AtomicI32 = AtomicI32::new(0);
/// Port to the server; 0 until it is found.
static SERVER: AtomicI32 = AtomicI32::new(0);
/// Questions so far.
static QUESTIONS: AtomicI32 = AtomicI32::new(0);
/// Frame of the question that is not answered; -1 if there is none.
static ASKED: AtomicI64 = AtomicI64::new(-1);

#[unsafe(no_mangle)]
pub extern "C" fn start() {
    OWN.store(port::open(OWN_PORTS).port, Relaxed);
}

#[unsafe(no_mangle)]
pub extern "C" fn update() {
    if SERVER.load(Relaxed) == 0 {
        look();
    } else if ASKED.load(Relaxed) < 0 {
        ask();
    } else {
        listen();
    }
}

/// Looks for the server, which may not be there yet.
fn look() {
    let found = port::find(b"files");
    if found.status == status::OK {
        SERVER.store(port::open(found.token).port, Relaxed);
    }
}

fn file() -> &'static str {
    FILES[QUESTIONS.load(Relaxed) as usize % FILES.len()]
}

/// Asks for the next file, and sends along the right to answer.
fn ask() {
    let mut room = [0; 64];
    let mut question = Writer::new(&mut room);
    question.map(1).text("path").text(file());
    let Some(question) = question.finish() else { return };
    let token = port::token(OWN.load(Relaxed), SEND).token;
    if port::transfer(SERVER.load(Relaxed), token, question) == status::OK {
        ASKED.store(frame::index(), Relaxed);
    } else {
        port::drop(token);
    }
}

/// Prints the answer, if it is there.
fn listen() {
    let mut answer = [0; 1_024];
    let received = port::receive(OWN.load(Relaxed), &mut answer);
    if received.status != status::OK {
        return;
    }
    let answer = Reader(&answer[..received.len as usize]);
    let says = answer.find("data").or_else(|| answer.find("error_message"));
    let mut room = [0; 1_024];
    let mut line = Writer::new(&mut room);
    line.map(3).text("file").text(file()).text("frames").int(frame::index() - ASKED.load(Relaxed));
    line.text("says");
    match says.and_then(Reader::as_bytes).map(core::str::from_utf8) {
        Some(Ok(says)) => line.text(says),
        _ => line.null(),
    };
    if let Some(line) = line.finish() {
        port::send(STDOUT, line);
    }
    ASKED.store(-1, Relaxed);
    QUESTIONS.fetch_add(1, Relaxed);
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
