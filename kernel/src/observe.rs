//! The narrow trait between the pipeline and whoever watches it.

use crate::record::{CallRecord, LifecycleEvent};

/// Watches calls and modules. It sees what happened and can change nothing of it.
pub trait Observer {
    /// A call was finished.
    fn called(&mut self, record: &CallRecord);

    /// Something happened to a module.
    fn lifecycle(&mut self, event: &LifecycleEvent) {
        let _ = event;
    }

    /// A frame of the machine has ended.
    fn frame_ended(&mut self, frame: u64) {
        let _ = frame;
    }
}
