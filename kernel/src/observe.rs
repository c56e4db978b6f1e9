//! The narrow trait between the pipeline and whoever watches it.

use crate::batch::CallBatch;
use crate::record::{CallRecord, LifecycleEvent};

/// Watches calls and modules. It sees what happened and can change nothing of it.
///
/// It is told everything in the order in which it happened, but not at once: calls come together, at the latest before an
/// event, at the end of the frame, when the machine panics, and when the host has made a call itself.
pub trait Observer {
    /// A call was finished.
    fn called(&mut self, record: &CallRecord);

    /// Calls were finished. By itself this tells them one by one; who wants them all, and fast, has its own.
    fn calls(&mut self, batch: &CallBatch) {
        batch.iter().for_each(|record| self.called(&record));
    }

    /// Something happened to a module.
    fn lifecycle(&mut self, event: &LifecycleEvent) {
        let _ = event;
    }

    /// A frame of the machine has ended.
    fn frame_ended(&mut self, frame: u64) {
        let _ = frame;
    }
}
