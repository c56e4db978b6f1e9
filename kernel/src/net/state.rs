//! The virtual network in saved states.

use std::collections::{BTreeMap, VecDeque};

use super::{Address, Datagram, MAX_DATAGRAM_BYTES, Net, is_address};
use crate::codec::{Reader, RestoreError, hash_of};
use crate::quotas::{QuotaTable, Quotas};

impl Net {
    pub(crate) fn save(&self, out: &mut Vec<u8>) {
        out.extend((self.addresses.len() as u32).to_le_bytes());
        for (number, address) in &self.addresses {
            out.extend(number.to_le_bytes());
            out.extend(address.module.to_le_bytes());
            out.extend([address.waiting.len() as u8, address.delivered as u8]);
            for Datagram { machine, from, to: _, payload } in &address.waiting {
                out.extend(machine.to_le_bytes());
                out.extend(from.to_le_bytes());
                out.extend((payload.len() as u16).to_le_bytes());
                out.extend(payload);
            }
        }
    }

    pub(crate) fn read(input: &mut Reader<'_>) -> Result<Net, RestoreError> {
        let mut net = Net::default();
        for _ in 0..input.u32()? {
            let (number, module) = (input.i32()?, input.u32()?);
            let (len, delivered) = (usize::from(input.u8()?), usize::from(input.u8()?));
            if !is_address(number) || delivered > len {
                return Err(RestoreError::Value);
            }
            let mut waiting = VecDeque::new();
            for _ in 0..len {
                let (machine, from) = (input.i32()?, input.i32()?);
                let len = usize::from(input.u16()?);
                if machine < 0 || !is_address(from) || len > MAX_DATAGRAM_BYTES {
                    return Err(RestoreError::Value);
                }
                waiting.push_back(Datagram {
                    machine,
                    from,
                    to: number,
                    payload: input.bytes(len)?.to_vec(),
                });
            }
            if net.addresses.insert(number, Address { module, waiting, delivered }).is_some() {
                return Err(RestoreError::Value);
            }
        }
        Ok(net)
    }

    /// True if nothing in it is beyond the quotas.
    pub(crate) fn is_within(&self, quotas: &QuotaTable) -> bool {
        let mut bound: BTreeMap<u32, u32> = BTreeMap::new();
        self.addresses.values().all(|address| {
            let Quotas { addresses, datagrams, .. } = *quotas.of(address.module);
            let count = bound.entry(address.module).or_default();
            *count += 1;
            *count <= addresses && address.waiting.len() <= datagrams as usize
        })
    }

    /// `None` if there is nothing to hash.
    pub(crate) fn hash(&self) -> Option<u128> {
        (!self.is_empty()).then(|| hash_of(|out| self.save(out)))
    }
}
