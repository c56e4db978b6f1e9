//! The narrow trait between the pipeline and whoever watches it.

use cartwheel_hostabi::{Completed, Fault, Syscall};

use crate::pipeline::ModuleId;

/// A call that the pipeline has finished with.
#[derive(Clone, Copy, Debug)]
pub struct CallEvent<'a> {
    /// Module that made it.
    pub module: ModuleId,
    /// What it called.
    pub syscall: Syscall,
    /// What it came to.
    pub done: Completed,
    /// Why it did not come back, if it did not.
    pub fault: Option<&'a Fault>,
}

/// Watches calls. It sees what happened and can change nothing of it.
pub trait Observer {
    /// A call was finished.
    fn called(&mut self, event: &CallEvent<'_>);
}
