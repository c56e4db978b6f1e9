//! A machine without a guest, on which the host calls syscalls itself.

use std::sync::{Arc, Mutex};

use cartwheel_hostabi::mock::MockGuest;
use cartwheel_hostabi::{Capability, Fault, Guest};
use cartwheel_kernel::policy::Policy;
use cartwheel_kernel::{
    Answered, CallRecord, Kernel, LoadError, ModuleConfig, ModuleId, Observer, Value, VideoMode,
};

/// A virtual machine with every capability, memory and a surface, and nothing that runs on it.
///
/// Calls go the way of a guest's: the same checks, verdict, cost and record, apart from the transport.
pub struct HostCaller {
    kernel: Kernel,
    guest: MockGuest,
    records: Arc<Mutex<Vec<CallRecord>>>,
}

/// Name of the module that calls, for policies.
pub const HOST_CALLER_NAME: &str = "host";
const MODULE: ModuleId = ModuleId(0);
const VIDEO: VideoMode = VideoMode { width: 320, height: 180 };

struct Keep(Arc<Mutex<Vec<CallRecord>>>);

impl Observer for Keep {
    fn called(&mut self, record: &CallRecord) {
        if let Ok(mut records) = self.0.lock() {
            records.push(record.clone());
        }
    }
}

impl HostCaller {
    /// One with this much memory, under a policy. The module that calls is named `host`, as is its origin.
    ///
    /// # Errors
    ///
    /// None that a caller could avoid: what the kernel has against the module.
    pub fn new(policy: Policy, memory_bytes: usize) -> Result<HostCaller, Vec<LoadError>> {
        let mut kernel = Kernel::new();
        kernel.set_policy(policy);
        let config = ModuleConfig {
            name: HOST_CALLER_NAME,
            origin: HOST_CALLER_NAME,
            capabilities: Capability::ALL.iter().map(|capability| capability.name()).collect(),
            video: Some(VIDEO),
            ..ModuleConfig::default()
        };
        kernel.load(MODULE, config)?;
        let records = Arc::default();
        kernel.observe(Box::new(Keep(Arc::clone(&records))));
        Ok(HostCaller { kernel, guest: MockGuest::new(vec![0; memory_bytes]), records })
    }

    /// Makes a call by id.
    ///
    /// # Errors
    ///
    /// A panic of the host.
    pub fn call(&mut self, id: &str, values: &[Value]) -> Result<Answered, Fault> {
        self.kernel.call_by_id(MODULE, id, values, &mut self.guest)
    }

    /// Linear memory, which spans are in.
    pub fn memory(&self) -> &[u8] {
        self.guest.memory()
    }

    /// Linear memory, to write to.
    pub fn memory_mut(&mut self) -> &mut [u8] {
        self.guest.memory_mut()
    }

    /// Takes what observers were told of the calls.
    pub fn take_records(&mut self) -> Vec<CallRecord> {
        self.records.lock().map(|mut records| std::mem::take(&mut *records)).unwrap_or_default()
    }
}
