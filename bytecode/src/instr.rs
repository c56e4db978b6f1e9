//! The instruction enum and everything else that macros make of the table.

use smallvec::SmallVec;

use crate::codec::{DecodeError, DecodeErrorKind, Reader, Writer};
use crate::for_each_instruction;
use crate::operand::*;
use crate::trap::TrapCode;

/// Where control can go after an instruction. Every flow but [`Flow::Next`] ends a basic block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Flow {
    /// To the next instruction.
    Next,
    /// To a label.
    Jump,
    /// To a label or the next instruction.
    Branch,
    /// To one of several labels.
    Switch,
    /// Into a function and then to the next instruction.
    Call,
    /// To the host and then to the next instruction, where a checkpoint is.
    Syscall,
    /// To the next instruction, perhaps after collecting garbage, perhaps in a later frame.
    Alloc,
    /// To the next instruction in the next frame.
    Sync,
    /// Out of the function.
    Return,
    /// Nowhere: the module ends.
    Stop,
}

/// What an instruction costs on top of its static cost, by the amount of work it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SizeCost {
    /// Nothing.
    Fixed,
    /// A cycle per started 16 bytes.
    Per16Bytes,
    /// A cycle per element of 8 bytes (array elements, record fields, table elements).
    PerElement,
    /// 1,024 cycles per page of 64 KiB that is added.
    PerPage,
}

impl SizeCost {
    /// Cycles for `amount` bytes, elements or pages.
    pub fn cycles(self, amount: u64) -> u64 {
        match self {
            SizeCost::Fixed => 0,
            SizeCost::Per16Bytes => amount.div_ceil(16),
            SizeCost::PerElement => amount,
            SizeCost::PerPage => amount.saturating_mul(1_024),
        }
    }
}

/// Name and kind of an operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OperandInfo {
    /// Name, as in the instruction's line of meaning.
    pub name: &'static str,
    /// Kind.
    pub kind: Kind,
}

/// A row of the instruction table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpInfo {
    /// The instruction.
    pub op: Op,
    /// Its number in the encoding.
    pub number: u16,
    /// Its name in assembly.
    pub mnemonic: &'static str,
    /// Its operands in order.
    pub operands: &'static [OperandInfo],
    /// Static cost in cycles.
    pub cost: u32,
    /// Cost on top.
    pub size_cost: SizeCost,
    /// Where control can go.
    pub flow: Flow,
    /// Traps that it can raise.
    pub traps: &'static [TrapCode],
    /// One line of meaning.
    pub doc: &'static str,
    /// Heading that begins with the row; empty if the row stands under that of the row before. See [`families`].
    pub family: &'static str,
}

macro_rules! define {
    ($($(@family $family:literal;)? $number:literal $variant:ident $mnemonic:literal
        ($($field:ident: $kind:ident),*) $cost:literal $size:ident $flow:ident [$($trap:ident),*] $doc:literal;)*) => {
        /// An instruction without its operands.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u16)]
        pub enum Op {
            $(#[doc = $doc] $variant = $number,)*
        }

        /// An instruction with its operands.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[allow(missing_docs)]
        pub enum Instr {
            $(#[doc = $doc] $variant { $($field: $kind),* },)*
        }

        /// All rows, by ascending number.
        pub static TABLE: &[OpInfo] = &[$(OpInfo {
            op: Op::$variant,
            number: $number,
            mnemonic: $mnemonic,
            operands: &[$(OperandInfo { name: stringify!($field), kind: <$kind as OperandKind>::KIND }),*],
            cost: $cost,
            size_cost: SizeCost::$size,
            flow: Flow::$flow,
            traps: &[$(TrapCode::$trap),*],
            doc: $doc,
            family: concat!($($family)?),
        }),*];

        impl Op {
            /// The instruction with a number.
            pub fn from_number(number: u32) -> Option<Op> {
                match number {
                    $($number => Some(Op::$variant),)*
                    _ => None,
                }
            }
        }

        impl Instr {
            /// The instruction without its operands.
            pub fn op(&self) -> Op {
                match self {
                    $(Instr::$variant { .. } => Op::$variant,)*
                }
            }

            /// Appends the instruction's canonical bytes.
            pub fn encode(&self, out: &mut Writer) {
                match self {
                    $(Instr::$variant { $($field),* } => {
                        out.u32($number);
                        $($field.encode(out);)*
                    })*
                }
            }

            fn decode_kind(input: &mut Reader<'_>) -> Result<Instr, DecodeErrorKind> {
                match input.u32()? {
                    $($number => Ok(Instr::$variant { $($field: $kind::decode(input)?),* }),)*
                    other => Err(DecodeErrorKind::Opcode(other)),
                }
            }

            /// The operands in generic form, in the order of the table.
            pub fn operands(&self) -> SmallVec<[Operand; 4]> {
                match self {
                    $(Instr::$variant { $($field),* } => smallvec::smallvec![$($field.to_operand()),*],)*
                }
            }

            /// The instruction from its operands in generic form; `None` if number or kinds of the operands
            /// are not those of the table.
            pub fn from_operands(op: Op, operands: &[Operand]) -> Option<Instr> {
                let mut operands = operands.iter();
                let instr = match op {
                    $(Op::$variant => Instr::$variant { $($field: $kind::from_operand(operands.next()?)?),* },)*
                };
                operands.next().is_none().then_some(instr)
            }
        }
    };
}

for_each_instruction!(define);

impl Op {
    /// The instruction's row.
    pub fn info(self) -> &'static OpInfo {
        let index = TABLE.binary_search_by_key(&(self as u16), |row| row.number);
        &TABLE[index.expect("every Op has a row")]
    }

    /// The instruction with a mnemonic.
    pub fn from_mnemonic(mnemonic: &str) -> Option<Op> {
        TABLE.iter().find(|row| row.mnemonic == mnemonic).map(|row| row.op)
    }
}

impl Instr {
    /// Reads one instruction.
    pub fn decode(input: &mut Reader<'_>) -> Result<Instr, DecodeError> {
        let start = input.offset();
        Instr::decode_kind(input).map_err(|kind| DecodeError { offset: start, kind })
    }
}

/// Headings of the table with their rows, in order.
pub fn families() -> Vec<(&'static str, &'static [OpInfo])> {
    let mut starts: Vec<usize> = (0..TABLE.len()).filter(|&i| !TABLE[i].family.is_empty()).collect();
    starts.push(TABLE.len());
    starts.windows(2).map(|w| (TABLE[w[0]].family, &TABLE[w[0]..w[1]])).collect()
}
