//! A machine without a guest, on which the host calls syscalls itself.

use std::sync::{Arc, Mutex};

use cartwheel_hostabi::mock::MockGuest;
use cartwheel_hostabi::{Capability, Fault, Guest, Status};
use cartwheel_kernel::policy::Policy;
use cartwheel_kernel::{
    Answer, Answered, CallRecord, FrameFigures, Kernel, LoadError, ModuleConfig, ModuleId, Observer, STDIN,
    Value, VideoMode,
};

/// A virtual machine with every capability, memory and a surface, and nothing that runs on it.
///
/// Calls go the way of a guest's: the same checks, verdict, cost and record, apart from the transport.
pub struct HostCaller {
    kernel: Kernel,
    guest: MockGuest,
    records: Arc<Mutex<Vec<CallRecord>>>,
    frame: u64,
}

/// Why a request was not taken.
#[derive(Clone, Debug, PartialEq)]
pub enum NotSent {
    /// `port.send` came back with this status.
    Status(Status),
    /// `port.send` trapped, which says this.
    Trap(String),
    /// The host broke an invariant of its own.
    Fault(Fault),
}

/// Name of the module that calls, for policies.
pub const HOST_CALLER_NAME: &str = "host";
const MODULE: ModuleId = ModuleId(0);
/// Most frames from a request to its answer: far more than any staged work takes.
const MAX_FRAMES: u32 = 1_000;
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
        Ok(HostCaller { kernel, guest: MockGuest::new(vec![0; memory_bytes]), records, frame: 0 })
    }

    /// Makes a call by id.
    ///
    /// # Errors
    ///
    /// A panic of the host.
    pub fn call(&mut self, id: &str, values: &[Value]) -> Result<Answered, Fault> {
        self.kernel.call_by_id(MODULE, id, values, &mut self.guest)
    }

    /// Sends a request to the kernel, as a guest does with `port.send`, and gives the answer, which is there a frame later or when
    /// the work is done. What comes of a request is there for those after it. Memory is as large as the request at least.
    ///
    /// # Errors
    ///
    /// If `port.send` does not take it.
    pub fn exchange(&mut self, request: &[u8]) -> Result<Box<[u8]>, NotSent> {
        if self.frame == 0 {
            self.next_frame();
        }
        let panic = |what: &str| NotSent::Fault(Fault::Panic(what.to_owned()));
        let room = self.guest.memory_mut().get_mut(..request.len());
        room.ok_or_else(|| panic("the request is larger than memory"))?.copy_from_slice(request);
        let values = [Value::I32(STDIN), Value::I32(0), Value::I32(request.len() as i32)];
        let refused = match self.call("port.send", &values).map_err(NotSent::Fault)?.answer {
            Answer::Resolved(_) => None,
            // It was taken all the same if it is the call that it asks for that the policy has something against.
            Answer::Status(Status::Quarantined) => Some(Status::Quarantined),
            Answer::Status(status) => return Err(NotSent::Status(status)),
            Answer::Trap(_, message) => return Err(NotSent::Trap(message)),
        };
        for _ in 0..MAX_FRAMES {
            self.next_frame();
            if let Some(answer) = self.kernel.take_answer(MODULE) {
                return Ok(answer);
            }
            if let Some(status) = refused {
                return Err(NotSent::Status(status));
            }
        }
        Err(panic("a request was not answered"))
    }

    fn next_frame(&mut self) {
        if self.frame > 0 {
            self.kernel.end_frame(MODULE, FrameFigures::default());
            self.kernel.close_frame();
        }
        self.frame += 1;
        self.kernel.open_frame(self.frame);
        self.kernel.begin_frame(MODULE);
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
