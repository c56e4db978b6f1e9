//! A virtual network: datagrams between modules of a machine, and between machines whose host carries them. There is no
//! socket in it. What comes from outside is an input of the frame, so a run can be repeated with it.

mod state;

use std::collections::{BTreeMap, VecDeque};

use cartwheel_hostabi::Status;

use crate::quotas::{QuotaTable, Quotas};

/// Most bytes of a datagram.
pub const MAX_DATAGRAM_BYTES: usize = 1_200;
/// Datagrams that leave the machine in a frame, at most.
pub const MAX_OUTGOING: usize = 1_024;

/// A datagram between machines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Datagram {
    /// The other machine: where it goes, or where it comes from. 1 or more.
    pub machine: i32,
    /// Address that it was sent from.
    pub from: i32,
    /// Address that it is sent to.
    pub to: i32,
    /// Content.
    pub payload: Vec<u8>,
}

#[derive(Debug)]
struct Address {
    module: u32,
    /// In the order of sending. `machine` is 0 for what was sent in this one.
    waiting: VecDeque<Datagram>,
    /// How many of them are delivered.
    delivered: usize,
}

impl Address {
    fn has_room(&self, quotas: &QuotaTable) -> bool {
        self.waiting.len() < quotas.of(self.module).datagrams as usize
    }
}

/// What is bound to addresses, and what is on its way.
#[derive(Debug, Default)]
pub(crate) struct Net {
    addresses: BTreeMap<i32, Address>,
    /// What leaves the machine. No part of the state.
    outgoing: Vec<Datagram>,
}

impl Net {
    pub(crate) fn is_empty(&self) -> bool {
        self.addresses.is_empty()
    }

    /// How many addresses there are, and datagrams at them.
    pub(crate) fn census(&self) -> (usize, usize) {
        (self.addresses.len(), self.addresses.values().map(|address| address.waiting.len()).sum())
    }

    pub(crate) fn has(&self, module: u32) -> bool {
        self.addresses.values().any(|address| address.module == module)
    }

    /// A frame boundary: what was sent in the frame before is there.
    pub(crate) fn deliver(&mut self) {
        self.addresses.values_mut().for_each(|address| address.delivered = address.waiting.len());
    }

    pub(crate) fn unload(&mut self, module: u32) {
        self.addresses.retain(|_, address| address.module != module);
    }

    pub(crate) fn take_outgoing(&mut self) -> Vec<Datagram> {
        std::mem::take(&mut self.outgoing)
    }

    pub(crate) fn bind(&mut self, module: u32, address: i32, quotas: &Quotas) -> Result<(), Status> {
        if !is_address(address) {
            return Err(Status::NetBadAddress);
        }
        if self.addresses.contains_key(&address) {
            return Err(Status::NetTaken);
        }
        if self.addresses.values().filter(|bound| bound.module == module).count() >= quotas.addresses as usize
        {
            return Err(Status::Quota);
        }
        self.addresses.insert(address, Address { module, waiting: VecDeque::new(), delivered: 0 });
        Ok(())
    }

    fn own(&mut self, module: u32, address: i32) -> Result<&mut Address, Status> {
        self.addresses.get_mut(&address).filter(|bound| bound.module == module).ok_or(Status::NetNotBound)
    }

    pub(crate) fn close(&mut self, module: u32, address: i32) -> Result<(), Status> {
        self.own(module, address)?;
        self.addresses.remove(&address);
        Ok(())
    }

    pub(crate) fn send(
        &mut self,
        module: u32,
        datagram: Datagram,
        quotas: &QuotaTable,
    ) -> Result<(), Status> {
        self.own(module, datagram.from)?;
        if datagram.payload.len() > MAX_DATAGRAM_BYTES {
            return Err(Status::NetTooLarge);
        }
        if datagram.machine < 0 || !is_address(datagram.to) {
            return Err(Status::NetBadAddress);
        }
        if datagram.machine > 0 {
            if self.outgoing.len() == MAX_OUTGOING {
                return Err(Status::NetFull);
            }
            self.outgoing.push(datagram);
            return Ok(());
        }
        let target = self.addresses.get_mut(&datagram.to).ok_or(Status::NetUnreachable)?;
        if !target.has_room(quotas) {
            return Err(Status::NetFull);
        }
        target.waiting.push_back(datagram);
        Ok(())
    }

    /// The first datagram that is there.
    pub(crate) fn peek(&self, module: u32, address: i32) -> Result<&Datagram, Status> {
        let bound = self.addresses.get(&address).filter(|bound| bound.module == module);
        let bound = bound.ok_or(Status::NetNotBound)?;
        let first = bound.waiting.front().filter(|_| bound.delivered > 0);
        first.ok_or(Status::NetEmpty)
    }

    /// Takes what [`Net::peek`] shows.
    pub(crate) fn pop(&mut self, module: u32, address: i32) {
        if let Ok(bound) = self.own(module, address)
            && bound.delivered > 0
        {
            bound.waiting.pop_front();
            bound.delivered -= 1;
        }
    }

    /// Takes in what came from another machine: it is there in the frame that begins. False if nobody is at the address or it has
    /// no room, as on any network.
    pub(crate) fn arrive(&mut self, datagram: Datagram, quotas: &QuotaTable) -> bool {
        if datagram.payload.len() > MAX_DATAGRAM_BYTES || datagram.machine < 1 || !is_address(datagram.from) {
            return false;
        }
        let Some(target) = self.addresses.get_mut(&datagram.to) else { return false };
        if !target.has_room(quotas) {
            return false;
        }
        target.waiting.push_back(datagram);
        target.delivered = target.waiting.len();
        true
    }
}

fn is_address(address: i32) -> bool {
    (1..=65_535).contains(&address)
}
