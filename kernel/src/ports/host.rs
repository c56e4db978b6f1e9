//! What the host does with ports: feeds them, reads what leaves the machine, and watches.

use cartwheel_hostabi::cbor::{CborError, canonical};

use super::{OutwardMessage, PortCensus, PortEvent, STDERR, STDOUT};
use crate::load::ModuleId;
use crate::pipeline::Kernel;
use crate::shared::Shared;

impl Kernel {
    /// Feeds a message to a module's stdin, where it is in the frame that begins. False if the module has no ports or its
    /// stdin no room.
    ///
    /// # Errors
    ///
    /// If it is no message.
    pub fn feed(&mut self, id: ModuleId, message: &[u8]) -> Result<bool, CborError> {
        let bytes = canonical(message)?;
        Ok(self.shared.ports.feed(id.0, &bytes))
    }

    /// Messages that a module's stdin has room for; 0 if it has no ports.
    pub fn stdin_room(&self, id: ModuleId) -> usize {
        self.shared.ports.stdin_room(id.0)
    }

    /// True if a module has ports: it declared the capability.
    pub fn has_ports(&self, id: ModuleId) -> bool {
        self.shared.ports.has(id.0)
    }

    /// Takes an answer of the kernel that waits on a module's stdout or else on its stderr, as the module could.
    pub fn take_answer(&mut self, id: ModuleId) -> Option<Box<[u8]>> {
        let ports = &mut self.shared.ports;
        let received = [STDOUT, STDERR].into_iter().find_map(|port| ports.receive(id.0, port).ok());
        received.map(|received| received.message.bytes)
    }

    /// Takes the output that left the machine since it was last taken. It is no part of the state.
    pub fn take_outward(&mut self) -> Vec<OutwardMessage> {
        self.shared.ports.take_outward()
    }

    /// Sets whether messages are told of.
    pub fn watch_ports(&mut self, watch: bool) {
        self.shared.ports.watch(watch);
    }

    /// Takes what was told of messages since it was last taken. It is no part of the state.
    pub fn take_port_events(&mut self) -> Vec<PortEvent> {
        self.shared.ports.take_events()
    }

    /// Counts what all modules have of what they share.
    pub fn port_census(&self) -> PortCensus {
        let Shared { ports, completions, net, .. } = &self.shared;
        let (completions, prefixes) = completions.census();
        let (addresses, datagrams) = net.census();
        PortCensus { completions, prefixes, addresses, datagrams, ..ports.census() }
    }
}
