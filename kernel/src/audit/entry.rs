//! A call as an entry of 32 bytes.

use cartwheel_hostabi::{Status, Syscall, SyscallTrap, Verdict};
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use super::form::ENTRY_BYTES;
use crate::batch::Note;
use crate::record::{Outcome, Transport};

/// Largest number of cycles that an entry can tell; it stands for more too.
pub const MAX_CYCLES: u64 = (1 << 48) - 1;
/// Stands for an id that named nothing.
const NO_SYSCALL: u16 = u16::MAX;

// Places within an entry.
const CYCLES: usize = 8;
const SYSCALL: usize = 14;
const MODULE: usize = 16;
const TRANSPORT: usize = 20;
const VERDICT: usize = 21;
const OUTCOME: usize = 22;
const CODE: usize = 23;
const SEQUENCE: usize = 24;
const CHECK: usize = 28;

/// An entry as it is in a log: numbers, which the log's header gives names to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Number of the entry in its log, from 0.
    pub sequence: u64,
    /// Frame in which the call was made.
    pub frame: u64,
    /// Number of the module that made it.
    pub module: u32,
    /// Number of the syscall in the header's list; `None` if a late-bound transport brought an id that names nothing.
    pub syscall: Option<u16>,
    /// How the call came in.
    pub transport: Transport,
    /// What the policy said; `None` if the call did not get as far as that.
    pub verdict: Option<Verdict>,
    /// How the call ended.
    pub outcome: EntryOutcome,
    /// Cycles that it was charged.
    pub cycles: u64,
    /// xxh3-64 of the argument slots, each as 8 bytes in little-endian order.
    pub arguments: u64,
}

/// How a call ended, in numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryOutcome {
    /// It came back, and has no status.
    Done,
    /// Code of its status.
    Status(u8),
    /// Number of its trap.
    Trap(u8),
    /// It broke an invariant of the host.
    Panic,
}

impl EntryOutcome {
    fn numbers(self) -> [u8; 2] {
        match self {
            EntryOutcome::Done => [0, 0],
            EntryOutcome::Status(code) => [1, code],
            EntryOutcome::Trap(number) => [2, number],
            EntryOutcome::Panic => [3, 0],
        }
    }

    fn from_numbers([outcome, code]: [u8; 2]) -> Option<EntryOutcome> {
        Some(match (outcome, code) {
            (0, 0) => EntryOutcome::Done,
            (1, code) => EntryOutcome::Status(code),
            (2, number) => EntryOutcome::Trap(number),
            (3, 0) => EntryOutcome::Panic,
            _ => return None,
        })
    }

    /// Name of the status or trap of a call of a syscall.
    pub fn name(self, id: Option<&str>) -> String {
        let domain = id.and_then(|id| id.split('.').next()).unwrap_or_default();
        match self {
            EntryOutcome::Done => "done".to_owned(),
            EntryOutcome::Status(code) => {
                let here =
                    |s: &&Status| s.code() == i32::from(code) && [domain, "shared"].contains(&s.domain());
                Status::ALL
                    .iter()
                    .find(here)
                    .map_or_else(|| format!("status {code}"), |s| s.name().to_owned())
            }
            EntryOutcome::Trap(number) => match SyscallTrap::ALL.get(usize::from(number)) {
                Some(trap) => format!("trap {trap:?}"),
                None => format!("trap {number}"),
            },
            EntryOutcome::Panic => "panic".to_owned(),
        }
    }
}

impl From<Outcome> for EntryOutcome {
    fn from(outcome: Outcome) -> EntryOutcome {
        // A test holds the tables to numbers that fit.
        match outcome {
            Outcome::Done => EntryOutcome::Done,
            Outcome::Status(status) => EntryOutcome::Status(status.code() as u8),
            Outcome::Trap(trap) => EntryOutcome::Trap(trap as u8),
            Outcome::Panic => EntryOutcome::Panic,
        }
    }
}

fn verdict_number(verdict: Option<Verdict>) -> u8 {
    match verdict {
        None => 0,
        Some(Verdict::Allow) => 1,
        Some(Verdict::Deny) => 2,
        Some(Verdict::Quarantine) => 3,
    }
}

fn transport_number(transport: Transport) -> u8 {
    match transport {
        Transport::Instruction => 0,
        Transport::Exec => 1,
        Transport::Port => 2,
        Transport::Host => 3,
    }
}

/// Digest of argument slots.
#[inline]
fn digest(slots: &[u64]) -> u64 {
    if cfg!(target_endian = "little") {
        return xxh3_64(bytemuck::cast_slice(slots));
    }
    xxh3_64(&slots.iter().flat_map(|slot| slot.to_le_bytes()).collect::<Vec<u8>>())
}

/// A call's entry without its check.
#[inline]
pub(super) fn encode(note: &Note, slots: &[u64], sequence: u64) -> [u8; ENTRY_BYTES] {
    let syscall = note.syscall.map_or(NO_SYSCALL, |syscall: Syscall| syscall as u16);
    let [outcome, code] = EntryOutcome::from(note.outcome).numbers();
    let [m0, m1, m2, m3] = note.module.0.to_le_bytes();
    let (transport, verdict) = (transport_number(note.transport), verdict_number(note.verdict));
    // Whole words: putting single bytes into memory that is read as words costs more than all the rest.
    let words = [
        digest(slots),
        note.cycles.min(MAX_CYCLES) | u64::from(syscall) << 48,
        u64::from_le_bytes([m0, m1, m2, m3, transport, verdict, outcome, code]),
        u64::from(sequence as u32),
    ];
    bytemuck::cast(words.map(u64::to_le))
}

/// Sets the check of an entry of a frame.
#[inline]
pub(super) fn seal(bytes: &mut [u8; ENTRY_BYTES], frame: u64) {
    let check = check(bytes, frame);
    bytes[CHECK..].copy_from_slice(&check);
}

#[inline]
fn check(bytes: &[u8; ENTRY_BYTES], frame: u64) -> [u8; 4] {
    (xxh3_64_with_seed(&bytes[..CHECK], frame) as u32).to_le_bytes()
}

/// Reads the entry that has this number. Says what is wrong with it otherwise.
pub(super) fn decode(bytes: &[u8; ENTRY_BYTES], frame: u64, sequence: u64) -> Result<Entry, &'static str> {
    let number = |from: usize, to: usize| {
        bytes[from..to].iter().rev().fold(0u64, |number, &byte| number << 8 | u64::from(byte))
    };
    if bytes[CHECK..] != check(bytes, frame) {
        return Err("it was changed, or does not belong into its frame: its check is wrong");
    }
    if number(SEQUENCE, CHECK) != sequence & u64::from(u32::MAX) {
        return Err("another entry stands in its place");
    }
    const UNKNOWN: &str = "it has a value that no entry can have";
    let verdicts = [None, Some(Verdict::Allow), Some(Verdict::Deny), Some(Verdict::Quarantine)];
    Ok(Entry {
        sequence,
        frame,
        module: number(MODULE, TRANSPORT) as u32,
        syscall: Some(number(SYSCALL, MODULE) as u16).filter(|&syscall| syscall != NO_SYSCALL),
        transport: *Transport::ALL.get(usize::from(bytes[TRANSPORT])).ok_or(UNKNOWN)?,
        verdict: *verdicts.get(usize::from(bytes[VERDICT])).ok_or(UNKNOWN)?,
        outcome: EntryOutcome::from_numbers([bytes[OUTCOME], bytes[CODE]]).ok_or(UNKNOWN)?,
        cycles: number(CYCLES, SYSCALL),
        arguments: number(0, CYCLES),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_the_tables_fit_into_an_entry() {
        assert!(Status::ALL.iter().all(|status| u8::try_from(status.code()).is_ok()));
        assert!(SyscallTrap::ALL.len() <= 256);
        assert!(cartwheel_hostabi::CATALOGUE.len() < usize::from(NO_SYSCALL));
        for (number, &transport) in Transport::ALL.iter().enumerate() {
            assert_eq!(usize::from(transport_number(transport)), number);
        }
    }

    #[test]
    fn slots_are_digested_in_little_endian_order() {
        let slots: Vec<u64> = (0..20).map(|slot| slot * 0x0101_0101_0101).collect();
        for len in 0..slots.len() {
            let bytes: Vec<u8> = slots[..len].iter().flat_map(|slot| slot.to_le_bytes()).collect();
            assert_eq!(digest(&slots[..len]), xxh3_64(&bytes));
        }
    }
}
