//! Value types and signatures.

use std::fmt;

use crate::codec::{DecodeErrorKind, Reader, Writer};
use crate::operand::MAX_LIST;

/// One of the two register banks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Bank {
    /// `r0..`: 64 untyped bits.
    Scalar,
    /// `h0..`: a reference to a heap object, or null.
    Handle,
}

/// Type of a parameter, result or global.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ValType {
    /// 32-bit integer.
    I32,
    /// 64-bit integer.
    I64,
    /// binary32 float.
    F32,
    /// binary64 float.
    F64,
    /// Function reference: 0 is null, else index + 1.
    Func,
    /// Handle of a heap object.
    Handle,
}

impl ValType {
    /// All types, in the order of their numbers in the encoding.
    pub const ALL: [ValType; 6] =
        [ValType::I32, ValType::I64, ValType::F32, ValType::F64, ValType::Func, ValType::Handle];

    /// Bank that holds values of the type.
    pub fn bank(self) -> Bank {
        if self == ValType::Handle { Bank::Handle } else { Bank::Scalar }
    }

    /// True if the upper half of a register that holds such a value is zero.
    pub fn is_32_bit(self) -> bool {
        matches!(self, ValType::I32 | ValType::F32 | ValType::Func)
    }

    /// Name in assembly.
    pub fn name(self) -> &'static str {
        match self {
            ValType::I32 => "i32",
            ValType::I64 => "i64",
            ValType::F32 => "f32",
            ValType::F64 => "f64",
            ValType::Func => "func",
            ValType::Handle => "handle",
        }
    }

    /// The type with a name in assembly.
    pub fn from_name(name: &str) -> Option<ValType> {
        ValType::ALL.into_iter().find(|ty| ty.name() == name)
    }

    pub(crate) fn encode(self, out: &mut Writer) {
        out.u8(ValType::ALL.iter().position(|&ty| ty == self).expect("ALL is complete") as u8);
    }

    pub(crate) fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeErrorKind> {
        let tag = input.u8()?;
        ValType::ALL.get(usize::from(tag)).copied().ok_or(DecodeErrorKind::Tag(tag.into()))
    }
}

/// Parameter and result types of a function or syscall.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Signature {
    /// Parameters. Those of the scalar bank arrive in `r0..`, those of the handle bank in `h0..`, each in order.
    pub params: Vec<ValType>,
    /// Results.
    pub results: Vec<ValType>,
}

impl Signature {
    pub(crate) fn encode(&self, out: &mut Writer) {
        for list in [&self.params, &self.results] {
            out.u32(list.len() as u32);
            for ty in list {
                ty.encode(out);
            }
        }
    }

    pub(crate) fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeErrorKind> {
        let list = |input: &mut Reader<'_>| {
            let len = input.count(MAX_LIST)?;
            (0..len).map(|_| ValType::decode(input)).collect::<Result<Vec<_>, _>>()
        };
        Ok(Signature { params: list(input)?, results: list(input)? })
    }

    /// Number of parameters in a bank.
    pub fn param_count(&self, bank: Bank) -> usize {
        self.params.iter().filter(|ty| ty.bank() == bank).count()
    }
}

/// Writes `(i32, handle) -> i64`, as in assembly; without results the arrow is missing.
impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = |list: &[ValType]| list.iter().map(|ty| ty.name()).collect::<Vec<_>>().join(", ");
        write!(f, "({})", names(&self.params))?;
        if !self.results.is_empty() {
            write!(f, " -> {}", names(&self.results))?;
        }
        Ok(())
    }
}
