//! The observer that keeps a log.

use std::sync::{Arc, Mutex, PoisonError};

use super::chain::Chain;
use crate::batch::CallBatch;
use crate::observe::Observer;
use crate::record::{CallRecord, LifecycleEvent};

/// Frames between two heads.
const FRAMES_PER_HEAD: u64 = 600;

/// Finished records on their way from an [`Auditor`] to whoever writes them down.
#[derive(Clone, Debug, Default)]
pub struct Outbox(Arc<Mutex<Vec<u8>>>);

impl Outbox {
    /// Takes everything that is there.
    pub fn take(&self, into: &mut Vec<u8>) {
        let mut bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if into.is_empty() {
            std::mem::swap(into, &mut bytes);
        } else {
            into.append(&mut bytes);
        }
    }
}

/// Keeps a log of what it observes. What it logged of a frame is in the outbox when the frame has ended; when it is
/// dropped, the log is complete and the last head says so.
pub struct Auditor {
    chain: Chain,
    outbox: Outbox,
    frames: u64,
}

impl Auditor {
    /// Begins a log, and gives the outbox that it goes to.
    pub fn new(chain: Chain) -> (Auditor, Outbox) {
        let outbox = Outbox::default();
        let mut auditor = Auditor { chain, outbox: outbox.clone(), frames: 0 };
        auditor.deliver();
        (auditor, outbox)
    }

    fn deliver(&mut self) {
        self.chain.take(&mut self.outbox.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Observer for Auditor {
    fn called(&mut self, record: &CallRecord) {
        self.chain.call(record);
    }

    fn calls(&mut self, batch: &CallBatch) {
        self.chain.calls(batch);
    }

    fn lifecycle(&mut self, event: &LifecycleEvent) {
        self.chain.event(event);
    }

    fn frame_ended(&mut self, _: u64) {
        self.chain.close();
        self.frames += 1;
        if self.frames.is_multiple_of(FRAMES_PER_HEAD) {
            self.chain.head(false);
        }
        self.deliver();
    }
}

impl Drop for Auditor {
    fn drop(&mut self) {
        self.chain.head(true);
        self.deliver();
    }
}
