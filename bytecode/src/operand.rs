//! Operand kinds: the types that the rows of the instruction table are written with.
//!
//! Each kind knows how it is encoded and how it is seen generically ([`Operand`]), so that verifying,
//! printing and assembling go by kind and simple instructions need no code of their own there.

use smallvec::SmallVec;

use crate::codec::{DecodeErrorKind, Reader, Writer};

/// Most registers of one bank that a function can have.
pub const MAX_REGISTERS: u32 = 1 << 15;
/// Most elements of an argument or result list.
pub const MAX_LIST: u32 = 1_000;
/// Most targets of a `br_table`.
pub const MAX_TARGETS: u32 = 1 << 20;

/// A type that an instruction's operand can have.
pub trait OperandKind: Sized {
    /// The kind's entry in the description of an instruction.
    const KIND: Kind;
    /// Appends the operand's canonical bytes.
    fn encode(&self, out: &mut Writer);
    /// Reads the operand, refusing bytes that [`OperandKind::encode`] would not have written.
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeErrorKind>;
    /// The operand in its generic form.
    fn to_operand(&self) -> Operand;
    /// The operand from its generic form; `None` if that is of another kind.
    fn from_operand(operand: &Operand) -> Option<Self>;
}

/// A kind of operand, as named in the instruction table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Scalar register that is written.
    Dst,
    /// Handle register that is written.
    HDst,
    /// Scalar source (register or immediate) of this type.
    Src(Scalar),
    /// Handle source: a register or null.
    H,
    /// Immediate of this type.
    Imm(Scalar),
    /// Index into one of the cartridge's tables of things.
    Index(Space),
    /// Branch target: index into the function's table of labels.
    Label,
    /// Targets of a `br_table`, the default last.
    Labels,
    /// Index of a scalar field of a record shape.
    Field,
    /// Index of a handle field of a record shape.
    HField,
    /// Constant added to an address, in bytes.
    Offset,
    /// List of arguments: sources of both banks.
    Args,
    /// List of results: destinations of both banks.
    Dsts,
}

/// How the 64 bits of a scalar operand are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scalar {
    /// The lower 32 bits, an integer.
    I32,
    /// All 64 bits, an integer.
    I64,
    /// The lower 32 bits, a binary32 float.
    F32,
    /// All 64 bits, a binary64 float.
    F64,
}

/// What an index operand points into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Space {
    /// Functions of the cartridge.
    Func,
    /// Signatures.
    Sig,
    /// Tables.
    Table,
    /// Globals.
    Global,
    /// Data segments.
    Data,
    /// Element segments.
    Elem,
    /// Imported syscalls.
    Import,
    /// Record shapes.
    Shape,
}

/// An operand in generic form, for code that goes by kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operand {
    /// See [`Kind::Dst`].
    Dst(u16),
    /// See [`Kind::HDst`].
    HDst(u16),
    /// See [`Kind::Src`]; an immediate is held as the 64 bits of the cell it stands for.
    Src(Scalar, CellSrc),
    /// See [`Kind::H`].
    H(Option<u16>),
    /// See [`Kind::Imm`]; the 64 bits of the cell.
    Imm(Scalar, u64),
    /// See [`Kind::Index`].
    Index(Space, u32),
    /// See [`Kind::Label`].
    Label(u32),
    /// See [`Kind::Labels`].
    Labels(Labels),
    /// See [`Kind::Field`].
    Field(u16),
    /// See [`Kind::HField`].
    HField(u16),
    /// See [`Kind::Offset`].
    Offset(u32),
    /// See [`Kind::Args`].
    Args(Args),
    /// See [`Kind::Dsts`].
    Dsts(Dsts),
}

/// A scalar source whose immediate is given as the bits of a 64-bit cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CellSrc {
    /// A scalar register.
    Reg(u16),
    /// A constant cell.
    Imm(u64),
}

// ---- registers -----------------------------------------------------------------------------------

/// A scalar register that is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Dst(pub u16);

/// A handle register that is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct HDst(pub u16);

/// A handle source: a register, or `None` for null.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct H(pub Option<u16>);

impl OperandKind for Dst {
    const KIND: Kind = Kind::Dst;
    fn encode(&self, out: &mut Writer) {
        out.u32(self.0.into());
    }
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeErrorKind> {
        register(input.u32()?).map(Dst)
    }
    fn to_operand(&self) -> Operand {
        Operand::Dst(self.0)
    }
    fn from_operand(operand: &Operand) -> Option<Self> {
        match operand {
            Operand::Dst(r) => Some(Dst(*r)),
            _ => None,
        }
    }
}

impl OperandKind for HDst {
    const KIND: Kind = Kind::HDst;
    fn encode(&self, out: &mut Writer) {
        out.u32(self.0.into());
    }
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeErrorKind> {
        register(input.u32()?).map(HDst)
    }
    fn to_operand(&self) -> Operand {
        Operand::HDst(self.0)
    }
    fn from_operand(operand: &Operand) -> Option<Self> {
        match operand {
            Operand::HDst(r) => Some(HDst(*r)),
            _ => None,
        }
    }
}

/// 0 is null, `n + 1` is register `n`.
impl OperandKind for H {
    const KIND: Kind = Kind::H;
    fn encode(&self, out: &mut Writer) {
        out.u32(self.0.map_or(0, |r| u32::from(r) + 1));
    }
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeErrorKind> {
        match input.u32()? {
            0 => Ok(H(None)),
            n => Ok(H(Some(register(n - 1)?))),
        }
    }
    fn to_operand(&self) -> Operand {
        Operand::H(self.0)
    }
    fn from_operand(operand: &Operand) -> Option<Self> {
        match operand {
            Operand::H(r) => Some(H(*r)),
            _ => None,
        }
    }
}

fn register(n: u32) -> Result<u16, DecodeErrorKind> {
    if n < MAX_REGISTERS { Ok(n as u16) } else { Err(DecodeErrorKind::Register) }
}

// ---- scalar sources and immediates ----------------------------------------------------------------

/// A type of immediate value.
pub trait Immediate: Copy + PartialEq {
    /// The scalar type.
    const SCALAR: Scalar;
    /// The 64 bits of a register that holds the value: 32-bit values leave the upper half zero.
    fn to_cell(self) -> u64;
    /// The value in the bits of a cell; `None` if a 32-bit value's upper half is not zero.
    fn from_cell(cell: u64) -> Option<Self>;
    /// Appends the value's canonical bytes.
    fn encode(self, out: &mut Writer);
    /// Reads the value.
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeErrorKind>;
}

/// The bits of a binary32 float.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct F32Bits(pub u32);

/// The bits of a binary64 float.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct F64Bits(pub u64);

impl Immediate for i32 {
    const SCALAR: Scalar = Scalar::I32;
    fn to_cell(self) -> u64 {
        u64::from(self as u32)
    }
    fn from_cell(cell: u64) -> Option<Self> {
        u32::try_from(cell).ok().map(|v| v as i32)
    }
    fn encode(self, out: &mut Writer) {
        out.i64(self.into());
    }
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeErrorKind> {
        i32::try_from(input.i64()?).map_err(|_| DecodeErrorKind::Immediate)
    }
}

impl Immediate for i64 {
    const SCALAR: Scalar = Scalar::I64;
    fn to_cell(self) -> u64 {
        self as u64
    }
    fn from_cell(cell: u64) -> Option<Self> {
        Some(cell as i64)
    }
    fn encode(self, out: &mut Writer) {
        out.i64(self);
    }
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeErrorKind> {
        input.i64()
    }
}

impl Immediate for F32Bits {
    const SCALAR: Scalar = Scalar::F32;
    fn to_cell(self) -> u64 {
        self.0.into()
    }
    fn from_cell(cell: u64) -> Option<Self> {
        u32::try_from(cell).ok().map(F32Bits)
    }
    fn encode(self, out: &mut Writer) {
        out.bytes(&self.0.to_le_bytes());
    }
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeErrorKind> {
        Ok(F32Bits(u32::from_le_bytes(input.array()?)))
    }
}

impl Immediate for F64Bits {
    const SCALAR: Scalar = Scalar::F64;
    fn to_cell(self) -> u64 {
        self.0
    }
    fn from_cell(cell: u64) -> Option<Self> {
        Some(F64Bits(cell))
    }
    fn encode(self, out: &mut Writer) {
        out.bytes(&self.0.to_le_bytes());
    }
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeErrorKind> {
        Ok(F64Bits(u64::from_le_bytes(input.array()?)))
    }
}

/// A scalar source: a register or an immediate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Src<T> {
    /// A scalar register.
    Reg(u16),
    /// A constant.
    Imm(T),
}

impl<T: Immediate> Src<T> {
    /// The source with its immediate as the bits of a cell.
    pub fn cell(self) -> CellSrc {
        match self {
            Src::Reg(r) => CellSrc::Reg(r),
            Src::Imm(v) => CellSrc::Imm(v.to_cell()),
        }
    }
}

/// A 32-bit integer source.
pub type I32 = Src<i32>;
/// A 64-bit integer source, or all bits of a cell.
pub type I64 = Src<i64>;
/// A binary32 source.
pub type F32 = Src<F32Bits>;
/// A binary64 source.
pub type F64 = Src<F64Bits>;

/// 0 says that an immediate follows, `n + 1` is register `n`.
impl<T: Immediate> OperandKind for Src<T> {
    const KIND: Kind = Kind::Src(T::SCALAR);
    fn encode(&self, out: &mut Writer) {
        match *self {
            Src::Reg(r) => out.u32(u32::from(r) + 1),
            Src::Imm(v) => {
                out.u32(0);
                v.encode(out);
            }
        }
    }
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeErrorKind> {
        match input.u32()? {
            0 => T::decode(input).map(Src::Imm),
            n => register(n - 1).map(Src::Reg),
        }
    }
    fn to_operand(&self) -> Operand {
        Operand::Src(T::SCALAR, self.cell())
    }
    fn from_operand(operand: &Operand) -> Option<Self> {
        match *operand {
            Operand::Src(scalar, src) if scalar == T::SCALAR => match src {
                CellSrc::Reg(r) => Some(Src::Reg(r)),
                CellSrc::Imm(cell) => T::from_cell(cell).map(Src::Imm),
            },
            _ => None,
        }
    }
}

/// An immediate operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Imm<T>(pub T);

/// A 32-bit integer constant.
pub type ImmI32 = Imm<i32>;
/// A 64-bit integer constant.
pub type ImmI64 = Imm<i64>;
/// A binary32 constant.
pub type ImmF32 = Imm<F32Bits>;
/// A binary64 constant.
pub type ImmF64 = Imm<F64Bits>;

impl<T: Immediate> OperandKind for Imm<T> {
    const KIND: Kind = Kind::Imm(T::SCALAR);
    fn encode(&self, out: &mut Writer) {
        self.0.encode(out);
    }
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeErrorKind> {
        T::decode(input).map(Imm)
    }
    fn to_operand(&self) -> Operand {
        Operand::Imm(T::SCALAR, self.0.to_cell())
    }
    fn from_operand(operand: &Operand) -> Option<Self> {
        match *operand {
            Operand::Imm(scalar, cell) if scalar == T::SCALAR => T::from_cell(cell).map(Imm),
            _ => None,
        }
    }
}

// ---- indices -------------------------------------------------------------------------------------

macro_rules! numbers {
    ($($(#[$doc:meta])* $name:ident($int:ty) = $kind:expr, $wrap:expr, $pattern:pat => $value:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub struct $name(pub $int);

        impl OperandKind for $name {
            const KIND: Kind = $kind;
            fn encode(&self, out: &mut Writer) {
                out.u32(self.0.into());
            }
            fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeErrorKind> {
                <$int>::try_from(input.u32()?).map($name).map_err(|_| DecodeErrorKind::Immediate)
            }
            fn to_operand(&self) -> Operand {
                #[allow(clippy::redundant_closure_call)]
                ($wrap)(self.0)
            }
            fn from_operand(operand: &Operand) -> Option<Self> {
                match operand {
                    $pattern => Some($name(*$value)),
                    _ => None,
                }
            }
        }
    )*};
}

numbers! {
    /// Index of a function.
    Func(u32) = Kind::Index(Space::Func), |i| Operand::Index(Space::Func, i), Operand::Index(Space::Func, i) => i;
    /// Index of a signature.
    Sig(u32) = Kind::Index(Space::Sig), |i| Operand::Index(Space::Sig, i), Operand::Index(Space::Sig, i) => i;
    /// Index of a table.
    Table(u32) = Kind::Index(Space::Table), |i| Operand::Index(Space::Table, i), Operand::Index(Space::Table, i) => i;
    /// Index of a global.
    Global(u32) = Kind::Index(Space::Global), |i| Operand::Index(Space::Global, i), Operand::Index(Space::Global, i) => i;
    /// Index of a data segment.
    Data(u32) = Kind::Index(Space::Data), |i| Operand::Index(Space::Data, i), Operand::Index(Space::Data, i) => i;
    /// Index of an element segment.
    Elem(u32) = Kind::Index(Space::Elem), |i| Operand::Index(Space::Elem, i), Operand::Index(Space::Elem, i) => i;
    /// Index of an imported syscall.
    Import(u32) = Kind::Index(Space::Import), |i| Operand::Index(Space::Import, i), Operand::Index(Space::Import, i) => i;
    /// Index of a record shape.
    Shape(u32) = Kind::Index(Space::Shape), |i| Operand::Index(Space::Shape, i), Operand::Index(Space::Shape, i) => i;
    /// Branch target: an index into the function's table of labels.
    Label(u32) = Kind::Label, Operand::Label, Operand::Label(i) => i;
    /// Index of a scalar field of a record.
    Field(u16) = Kind::Field, Operand::Field, Operand::Field(i) => i;
    /// Index of a handle field of a record.
    HField(u16) = Kind::HField, Operand::HField, Operand::HField(i) => i;
    /// Constant added to an address, in bytes.
    Offset(u32) = Kind::Offset, Operand::Offset, Operand::Offset(i) => i;
}

// ---- lists ---------------------------------------------------------------------------------------

/// Targets of a `br_table`, the default last: never empty.
pub type Labels = SmallVec<[u32; 4]>;
/// Arguments in the order of the signature.
pub type Args = SmallVec<[Arg; 4]>;
/// Destinations of results in the order of the signature.
pub type Dsts = SmallVec<[AnyDst; 2]>;

/// An argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Arg {
    /// A scalar register.
    Reg(u16),
    /// A handle register.
    HReg(u16),
    /// A scalar constant: the 64 bits of its cell.
    Imm(u64),
    /// The null handle.
    Null,
}

/// A destination in either bank.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AnyDst {
    /// A scalar register.
    Reg(u16),
    /// A handle register.
    HReg(u16),
}

impl OperandKind for Labels {
    const KIND: Kind = Kind::Labels;
    fn encode(&self, out: &mut Writer) {
        out.u32(self.len() as u32);
        for &label in self {
            out.u32(label);
        }
    }
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeErrorKind> {
        let len = input.count(MAX_TARGETS)?;
        if len == 0 {
            return Err(DecodeErrorKind::EmptyTargets);
        }
        (0..len).map(|_| input.u32()).collect()
    }
    fn to_operand(&self) -> Operand {
        Operand::Labels(self.clone())
    }
    fn from_operand(operand: &Operand) -> Option<Self> {
        match operand {
            Operand::Labels(labels) if !labels.is_empty() => Some(labels.clone()),
            _ => None,
        }
    }
}

/// An element is 0 before an immediate, 1 for null, `2 + 2r` for a scalar and `3 + 2r` for a handle register.
impl OperandKind for Args {
    const KIND: Kind = Kind::Args;
    fn encode(&self, out: &mut Writer) {
        out.u32(self.len() as u32);
        for arg in self {
            match *arg {
                Arg::Imm(cell) => {
                    out.u32(0);
                    out.u64(cell);
                }
                Arg::Null => out.u32(1),
                Arg::Reg(r) => out.u32(2 + 2 * u32::from(r)),
                Arg::HReg(r) => out.u32(3 + 2 * u32::from(r)),
            }
        }
    }
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeErrorKind> {
        let len = input.count(MAX_LIST)?;
        (0..len)
            .map(|_| match input.u32()? {
                0 => input.u64().map(Arg::Imm),
                1 => Ok(Arg::Null),
                n if n % 2 == 0 => register(n / 2 - 1).map(Arg::Reg),
                n => register(n / 2 - 1).map(Arg::HReg),
            })
            .collect()
    }
    fn to_operand(&self) -> Operand {
        Operand::Args(self.clone())
    }
    fn from_operand(operand: &Operand) -> Option<Self> {
        match operand {
            Operand::Args(args) => Some(args.clone()),
            _ => None,
        }
    }
}

/// An element is `2r` for a scalar and `2r + 1` for a handle register.
impl OperandKind for Dsts {
    const KIND: Kind = Kind::Dsts;
    fn encode(&self, out: &mut Writer) {
        out.u32(self.len() as u32);
        for dst in self {
            match *dst {
                AnyDst::Reg(r) => out.u32(2 * u32::from(r)),
                AnyDst::HReg(r) => out.u32(2 * u32::from(r) + 1),
            }
        }
    }
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeErrorKind> {
        let len = input.count(MAX_LIST)?;
        (0..len)
            .map(|_| match input.u32()? {
                n if n % 2 == 0 => register(n / 2).map(AnyDst::Reg),
                n => register(n / 2).map(AnyDst::HReg),
            })
            .collect()
    }
    fn to_operand(&self) -> Operand {
        Operand::Dsts(self.clone())
    }
    fn from_operand(operand: &Operand) -> Option<Self> {
        match operand {
            Operand::Dsts(dsts) => Some(dsts.clone()),
            _ => None,
        }
    }
}
