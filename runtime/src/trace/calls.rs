//! The first call in which two runs of a frame part.

use std::fmt::Write;
use std::sync::{Arc, Mutex, PoisonError};

use cartwheel_kernel::{CallRecord, Observer, Outcome};

use super::frame::TracedFrame;
use super::replay::{ReplayError, step};
use crate::machine::Machine;

/// Calls of a frame that are compared, at most.
const MAX_CALLS: usize = 1 << 16;

/// The first call of a frame that one run makes and the other does not, or not so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherCall {
    /// Number of the call in the frame, from 1.
    pub number: u64,
    /// What the first and the second run call there, as text; `None` behind the last call.
    pub calls: (Option<String>, Option<String>),
}

#[derive(Clone, Default)]
struct Calls(Arc<Mutex<Vec<CallRecord>>>);

impl Observer for Calls {
    fn called(&mut self, record: &CallRecord) {
        let mut calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if calls.len() < MAX_CALLS {
            calls.push(record.clone());
        }
    }
}

/// Calls that a machine makes in its next frame. It stays where it is.
fn calls(machine: &Machine, frame: &TracedFrame) -> Result<Vec<CallRecord>, ReplayError> {
    let mut fork = machine.fork()?;
    let calls = Calls::default();
    fork.observe(Box::new(calls.clone()));
    step(&mut fork, frame)?;
    let mut calls = calls.0.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(std::mem::take(&mut calls))
}

/// Compares the calls of the next frame of two machines, which stay where they are.
pub(super) fn first_other(
    (a, b): (&Machine, &Machine),
    frames: &(TracedFrame, TracedFrame),
) -> Result<Option<OtherCall>, ReplayError> {
    let (ours, theirs) = (calls(a, &frames.0)?, calls(b, &frames.1)?);
    let same = |x: &CallRecord, y: &CallRecord| {
        let what = |call: &CallRecord| (call.module, call.syscall, call.transport, call.outcome);
        what(x) == what(y) && x.slots == y.slots
    };
    let equal = ours.iter().zip(&theirs).take_while(|(x, y)| same(x, y)).count();
    if equal == ours.len().max(theirs.len()) {
        return Ok(None);
    }
    let shown = |calls: &[CallRecord]| calls.get(equal).map(text);
    Ok(Some(OtherCall { number: equal as u64 + 1, calls: (shown(&ours), shown(&theirs)) }))
}

fn text(call: &CallRecord) -> String {
    let id = call.syscall.map_or("an unknown id", |syscall| syscall.info().id);
    let slots: Vec<String> = call.slots.iter().map(|&slot| (slot as i64).to_string()).collect();
    let mut out = format!("{id}({})", slots.join(", "));
    let _ = match call.outcome {
        Outcome::Done => Ok(()),
        Outcome::Status(status) => write!(out, " -> {status}"),
        Outcome::Trap(trap) => write!(out, ", which trapped: {trap}"),
        Outcome::Panic => write!(out, ", which panicked"),
    };
    let _ = write!(out, " by module {}", call.module.0);
    out
}
