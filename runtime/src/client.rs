//! Host code that makes syscalls in the name of a module.

use cartwheel_hostabi::client::Client;
#[cfg(feature = "mock")]
use cartwheel_hostabi::client::Mock;
use cartwheel_kernel::{Engine, ModuleId};

use crate::machine::Machine;

/// The client that host code is written against: that of the engine, or with the feature `mock` that of a mock, so that
/// the code can be tested without a machine.
#[cfg(not(feature = "mock"))]
pub type HostClient<'m> = Client<Engine<'m>>;

/// The client that host code is written against: that of a mock, because the feature `mock` is on.
#[cfg(feature = "mock")]
pub type HostClient<'m> = Client<&'m mut Mock>;

impl Machine {
    /// A client that makes calls in the name of a module, as it could make them itself. What the calls do is part of the machine's
    /// state, and no input of a frame: a recorder refuses to go on behind them. What is to be recorded is queued as
    /// [`crate::Action::Exec`].
    pub fn client(&mut self, module: ModuleId) -> Client<Engine<'_>> {
        self.clients += 1;
        Client::new(Engine::new(&mut self.kernel, module))
    }
}
