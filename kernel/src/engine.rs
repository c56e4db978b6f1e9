//! The engine behind a client: host code that makes syscalls in the name of a module.

use cartwheel_hostabi::client::{Backend, HostGuest};
use cartwheel_hostabi::{CATALOGUE, Fault, Status, Syscall};

use crate::load::ModuleId;
use crate::pipeline::Kernel;

/// Stands for a syscall that the module does not import; no module has so many imports.
const NOT_IMPORTED: u32 = u32::MAX;

/// Makes a client's calls through the pipeline, as the imports of a module with transport *host*: same checks, same
/// cost, same audit entry. What the module does not import traps as an invalid index.
pub struct Engine<'k> {
    kernel: &'k mut Kernel,
    module: ModuleId,
    /// Index of the module's import, by syscall.
    imports: Vec<u32>,
}

impl<'k> Engine<'k> {
    /// The engine for a module.
    pub fn new(kernel: &'k mut Kernel, module: ModuleId) -> Engine<'k> {
        let mut imports = vec![NOT_IMPORTED; CATALOGUE.len()];
        for (index, binding) in kernel.bindings(module).iter().enumerate().rev() {
            imports[binding.syscall as usize] = index as u32;
        }
        Engine { kernel, module, imports }
    }
}

impl Backend for Engine<'_> {
    #[inline]
    fn issue(&mut self, syscall: Syscall, guest: &mut HostGuest) -> Result<Option<Status>, Fault> {
        self.kernel.call_from_host(self.module, self.imports[syscall as usize], guest)
    }
}
