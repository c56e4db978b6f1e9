//! The portable state of one module: everything that can influence its future, in one value.
//!
//! Every tier can be turned into this value and made from it; two tiers agree when their values are equal.

use serde::{Deserialize, Serialize};

use crate::stop::Ended;

/// The whole state of one module.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Linear memory. In saved states it stands as a raw section beside the rest.
    #[serde(skip)]
    pub memory: Vec<u8>,
    /// Globals: scalar cells, or handles.
    pub globals: Vec<u64>,
    /// Tables: function references (index + 1) or handles.
    pub tables: Vec<Vec<u32>>,
    /// Data segments that are empty now.
    pub dropped_data: Vec<bool>,
    /// Element segments that are empty now.
    pub dropped_elems: Vec<bool>,
    /// State of the random generator.
    pub rng: [u64; 4],
    /// Calls in progress, outermost first.
    pub frames: Vec<FrameState>,
    /// Results of a function that returned to the outside and were not taken: one cell each.
    pub results: Vec<u64>,
    /// The heap with its collector.
    pub heap: HeapState,
    /// Set when the module has ended.
    #[serde(with = "ended")]
    pub ended: Option<Ended>,
}

/// A call in progress.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrameState {
    /// Index of the function.
    pub func: u32,
    /// Offset of the next instruction, or of the call that the frame waits for.
    pub offset: u32,
    /// Scalar registers; 0 where not live.
    pub scalars: Vec<u64>,
    /// Handle registers; 0 where null or not live.
    pub handles: Vec<u32>,
}

/// The heap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeapState {
    /// Slots in order.
    pub slots: Vec<SlotState>,
    /// First free slot + 1, or 0.
    pub free: u32,
    /// Roots held by the host: slots of the root table in order.
    pub roots: Vec<RootState>,
    /// Free slots of the root table in the order in which they will be used.
    pub free_roots: Vec<u32>,
    /// What the collector is doing.
    pub phase: Phase,
    /// Mark of objects that are alive for the current or last cycle.
    pub epoch: bool,
    /// Objects to be scanned: slot and number of the next handle cell; the top is last.
    pub gray: Vec<(u32, u32)>,
    /// Next slot to sweep; 0 unless sweeping.
    pub cursor: u32,
    /// Bytes allocated since the last cycle ended.
    pub since_cycle: u64,
    /// Bytes to allocate before the next cycle begins.
    pub trigger: u64,
    /// Cycles that a stalled allocation still waits for.
    pub stall: u8,
}

/// What the collector is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Phase {
    /// Nothing.
    #[default]
    Idle,
    /// Finding what is reachable.
    Mark,
    /// Freeing what is not.
    Sweep,
}

/// A slot of the heap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SlotState {
    /// No object; the next free slot + 1, or 0.
    Free(u32),
    /// An object.
    Object {
        /// Its mark bit.
        mark: bool,
        /// What it is.
        body: ObjectState,
    },
}

/// A heap object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ObjectState {
    /// Byte string.
    Bytes(Vec<u8>),
    /// Array of scalars.
    Array(Vec<u64>),
    /// Array of handles.
    Refs(Vec<u32>),
    /// Record: shape, scalar fields, handle fields.
    Record(u32, Vec<u64>, Vec<u32>),
}

/// A slot of the table of host roots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RootState {
    /// Generation: counts uses and releases.
    pub generation: u32,
    /// Handle of the object; 0 for a free slot.
    pub object: u32,
}

/// How [`Ended`] is written: traps by number, for their types come from crates that know nothing of `serde`.
pub(crate) mod ended {
    use cartwheel_bytecode::TrapCode;
    use cartwheel_hostabi::SyscallTrap;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::stop::{Ended, Position, TrapKind, TrapRecord};

    #[derive(Serialize, Deserialize)]
    enum Form {
        Running,
        Halted(i32),
        Trapped { class: u8, code: u32, backtrace: Vec<(u32, u32)>, depth: u32 },
    }

    pub(crate) fn serialize<S: Serializer>(ended: &Option<Ended>, out: S) -> Result<S::Ok, S::Error> {
        let form = match ended {
            None => Form::Running,
            Some(Ended::Halted(code)) => Form::Halted(*code),
            Some(Ended::Trapped(record)) => {
                let (class, code) = match record.kind {
                    TrapKind::Instruction(code) => (0, number(&TrapCode::ALL, code)),
                    TrapKind::User(code) => (1, code as u32),
                    TrapKind::Syscall(trap) => (2, number(SyscallTrap::ALL, trap)),
                };
                let backtrace = record.backtrace.iter().map(|p| (p.func, p.offset)).collect();
                Form::Trapped { class, code, backtrace, depth: record.depth }
            }
        };
        form.serialize(out)
    }

    fn number<T: PartialEq>(all: &[T], value: T) -> u32 {
        all.iter().position(|other| *other == value).expect("the list is complete") as u32
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Ended>, D::Error> {
        let unknown = || D::Error::custom("unknown trap");
        Ok(match Form::deserialize(input)? {
            Form::Running => None,
            Form::Halted(code) => Some(Ended::Halted(code)),
            Form::Trapped { class, code, backtrace, depth } => {
                let kind = match class {
                    0 => TrapKind::Instruction(*TrapCode::ALL.get(code as usize).ok_or_else(unknown)?),
                    1 => TrapKind::User(code as i32),
                    2 => TrapKind::Syscall(*SyscallTrap::ALL.get(code as usize).ok_or_else(unknown)?),
                    _ => return Err(unknown()),
                };
                let backtrace =
                    backtrace.into_iter().map(|(func, offset)| Position { func, offset }).collect();
                Some(Ended::Trapped(TrapRecord { kind, backtrace, depth }))
            }
        })
    }
}
