//! Operands by kind, with values that let programs get far.

use crate::TrapCode;
use crate::cartridge::GlobalDef;
use crate::instr::{Flow, Instr, OpInfo, OperandInfo};
use crate::operand::{
    AnyDst, Arg, Args, CellSrc, Dst, Dsts, H, HDst, Kind, Operand, Scalar, Shape, Space, Src,
};
use crate::types::{Bank, ValType};

use super::ENOUGH;
use super::body::{Body, Known};

/// In how many of 256 cases an operand is taken without regard to what the instruction expects.
const RECKLESS: u32 = 3;

/// What has to fit together among the operands of one instruction.
pub(super) struct Context {
    /// Bank of the globals, tables and element segments that it names.
    bank: Bank,
    /// Shape that it names or expects.
    shape: u32,
    /// What it expects its objects to be, if it is an instruction of the heap.
    object: Option<Known>,
    traps: &'static [TrapCode],
    sets: bool,
    drops: bool,
    allocates: bool,
}

impl Body<'_, '_> {
    /// Operands for an instruction that needs no list of arguments or targets.
    pub(super) fn operands(&mut self, row: &'static OpInfo) -> Vec<Operand> {
        let context = self.context(row);
        row.operands.iter().map(|operand| self.operand(operand, &context)).collect()
    }

    fn context(&mut self, row: &'static OpInfo) -> Context {
        let has = |kind| row.operands.iter().any(|operand| operand.kind == kind);
        let moves_scalars = has(Kind::Dst) || row.operands.iter().any(|operand| operand.name == "a");
        let bank = if has(Kind::H) || has(Kind::HDst) {
            Bank::Handle
        } else if moves_scalars && !row.mnemonic.ends_with(".size") {
            Bank::Scalar
        } else {
            // Tables are copied, measured and initialised by the same instructions for both banks.
            *self.entropy.pick(&[Bank::Scalar, Bank::Handle])
        };
        let shapes: Vec<u32> = (0..self.cart.shapes.len() as u32)
            .filter(|&shape| {
                let def = self.cart.shapes[shape as usize];
                (def.scalars > 0 || !has(Kind::Field)) && (def.handles > 0 || !has(Kind::HField))
            })
            .collect();
        let shape = *self.entropy.pick(&shapes);
        let object = match row.mnemonic.split('.').next() {
            Some("bytes") => Some(Known::Bytes),
            Some("array") => Some(Known::Array),
            Some("refs") => Some(Known::Refs),
            Some("record") => Some(Known::Record(shape)),
            _ => None,
        };
        Context {
            bank,
            shape,
            object,
            traps: row.traps,
            sets: row.mnemonic.contains(".set"),
            drops: row.mnemonic.ends_with(".drop"),
            allocates: row.flow == Flow::Alloc,
        }
    }

    fn operand(&mut self, info: &OperandInfo, context: &Context) -> Operand {
        match info.kind {
            Kind::Dst => Operand::Dst(self.scalar_dst()),
            Kind::HDst => Operand::HDst(self.handle_dst()),
            Kind::Src(scalar) => Operand::Src(scalar, self.source(scalar, info.name, context)),
            Kind::H => Operand::H(self.object(info.name, context)),
            Kind::Imm(scalar) => Operand::Imm(scalar, self.constant(scalar)),
            Kind::Index(space) => Operand::Index(space, self.index(space, context)),
            Kind::Label => Operand::Label(self.new_label()),
            Kind::Labels => {
                Operand::Labels((0..1 + self.entropy.below(4)).map(|_| self.new_label()).collect())
            }
            Kind::Field => {
                let count = self.cart.shapes[context.shape as usize].scalars;
                Operand::Field(self.entropy.below(count.into()) as u16)
            }
            Kind::HField => {
                let count = self.cart.shapes[context.shape as usize].handles;
                Operand::HField(self.entropy.below(count.into()) as u16)
            }
            Kind::Offset => Operand::Offset(if self.entropy.chance(RECKLESS) {
                self.entropy.bits() as u32
            } else {
                self.entropy.below(64)
            }),
            // Lists that follow a signature are made by those who know it.
            Kind::Args => Operand::Args(Args::new()),
            Kind::Dsts => Operand::Dsts(Dsts::new()),
        }
    }

    // ---- scalar sources ----

    fn source(&mut self, scalar: Scalar, name: &str, context: &Context) -> CellSrc {
        if self.entropy.chance(RECKLESS) {
            return CellSrc::Reg(self.scalar_src());
        }
        if let Some(limit) = self.usual_limit(name, context).filter(|_| scalar == Scalar::I32) {
            return if self.entropy.chance(100) && limit.is_power_of_two() {
                CellSrc::Reg(self.masked(limit - 1))
            } else {
                CellSrc::Imm(self.entropy.below(limit).into())
            };
        }
        let traps = |trap| context.traps.contains(&trap);
        if name == "bound" || name == "b" && traps(TrapCode::DivideByZero) {
            return if self.entropy.chance(160) {
                CellSrc::Reg(self.odd())
            } else {
                CellSrc::Imm(u64::from(1 + self.entropy.below(100)))
            };
        }
        if traps(TrapCode::InvalidConversion) {
            let value = self.entropy.below(1 << 20) as f32 / 64.0;
            return CellSrc::Imm(match scalar {
                Scalar::F32 => value.to_bits().into(),
                Scalar::F64 => f64::from(value).to_bits(),
                Scalar::I32 | Scalar::I64 => value as u64,
            });
        }
        if self.entropy.chance(64) {
            CellSrc::Imm(self.constant(scalar))
        } else {
            CellSrc::Reg(self.scalar_src())
        }
    }

    /// What an operand of this name should be below, so that the instruction probably does not trap.
    fn usual_limit(&mut self, name: &str, context: &Context) -> Option<u32> {
        match name {
            "addr" => Some(0x8000),
            "len" if context.allocates && !context.traps.contains(&TrapCode::MemoryOutOfBounds) => {
                Some(*self.entropy.pick(&[0x10, 0x20, 0x20, 0x20, 0x100, 0x1000]))
            }
            "index" | "from" | "to" | "len" => Some(ENOUGH / 2),
            "pages" => Some(2),
            "by" | "pad" => Some(4),
            _ => None,
        }
    }

    /// A scratch register with some register's value, reduced by a mask.
    fn masked(&mut self, mask: u32) -> u16 {
        let register = self.scratch();
        let source = self.scalar_src();
        self.push(Instr::I32And { d: Dst(register), a: Src::Reg(source), b: Src::Imm(mask as i32) });
        register
    }

    /// A scratch register with some register's value, made odd so that it is not 0.
    fn odd(&mut self) -> u16 {
        let register = self.scratch();
        let source = self.scalar_src();
        self.push(Instr::I64Or { d: Dst(register), a: Src::Reg(source), b: Src::Imm(1) });
        register
    }

    /// Bits of a constant: often one where operations change their behaviour.
    fn constant(&mut self, scalar: Scalar) -> u64 {
        const I32: [u32; 6] = [0, 1, u32::MAX, 1 << 31, (1 << 31) - 1, 0x8000];
        const I64: [u64; 6] = [0, 1, u64::MAX, 1 << 63, (1 << 63) - 1, 1 << 32];
        const F32: [u32; 8] =
            [0, 1 << 31, 0x3f80_0000, 0x7f80_0000, 0xff80_0000, 0x7fa0_0001, 0x4f00_0000, 1];
        const F64: [u64; 8] =
            [0, 1 << 63, 0x3ff0 << 48, 0x7ff0 << 48, 0xfff0 << 48, 0x7ff4 << 48 | 1, 0x41e0 << 48, 1];
        let special = self.entropy.chance(128);
        match scalar {
            Scalar::I32 if special => (*self.entropy.pick(&I32)).into(),
            Scalar::I64 if special => *self.entropy.pick(&I64),
            Scalar::F32 if special => (*self.entropy.pick(&F32)).into(),
            Scalar::F64 if special => *self.entropy.pick(&F64),
            Scalar::I32 => self.entropy.bits() as u32 as u64,
            Scalar::I64 => self.entropy.bits(),
            Scalar::F32 => (self.entropy.below(1 << 16) as f32 - 32_768.0).to_bits().into(),
            Scalar::F64 => (f64::from(self.entropy.below(1 << 16)) - 32_768.0).to_bits(),
        }
    }

    // ---- handle sources ----

    fn object(&mut self, name: &str, context: &Context) -> Option<u16> {
        let reckless = self.entropy.chance(RECKLESS);
        match context.object.filter(|_| name != "value" && !reckless) {
            Some(kind) => Some(self.object_register(kind)),
            None if self.entropy.chance(32) => None,
            None => Some(self.handle_src()),
        }
    }

    /// A register that refers to an object of a kind, which is made if there is none.
    fn object_register(&mut self, kind: Known) -> u16 {
        let held: Vec<u16> =
            (0..self.known.len()).filter(|&r| self.known[r] == kind).map(|r| r as u16).collect();
        if !held.is_empty() {
            return *self.entropy.pick(&held);
        }
        let register = self.handle_dst();
        let d = HDst(register);
        let len = Src::Imm((ENOUGH + self.entropy.below(64)) as i32);
        self.push(match kind {
            Known::Bytes => Instr::BytesNew { d, len },
            Known::Array => Instr::ArrayNew { d, len },
            Known::Refs => Instr::RefsNew { d, len },
            Known::Record(shape) => Instr::RecordNew { d, shape: Shape(shape) },
            Known::Nothing => Instr::MoveH { d, a: H(None) },
        });
        self.known[usize::from(register)] = kind;
        register
    }

    // ---- indices ----

    fn index(&mut self, space: Space, context: &Context) -> u32 {
        let all = self.cart.space_len(space) as u32;
        let fitting: Vec<u32> = match space {
            Space::Shape => return context.shape,
            Space::Global => {
                let fits = |ty: ValType, mutable| ty.bank() == context.bank && (mutable || !context.sets);
                (0..all).filter(|&i| fits(self.global(i).ty, self.global(i).mutable)).collect()
            }
            Space::Table => {
                (0..all).filter(|&i| self.table_is_for_handles(i) == (context.bank == Bank::Handle)).collect()
            }
            Space::Elem => {
                let elems = &self.cart.elems;
                let fits = |i: &u32| elems[*i as usize].handles == (context.bank == Bank::Handle);
                (0..all).filter(fits).collect()
            }
            Space::Func | Space::Sig | Space::Data | Space::Import => (0..all).collect(),
        };
        // The second segment of a kind is passive, and the last is there to be dropped.
        if matches!(space, Space::Data | Space::Elem) && !self.entropy.chance(RECKLESS) {
            let passive = if context.bank == Bank::Handle && space == Space::Elem { 0 } else { 1 };
            return if context.drops { fitting[fitting.len() - 1] } else { fitting[passive] };
        }
        *self.entropy.pick(&fitting)
    }

    fn global(&self, index: u32) -> &GlobalDef {
        &self.cart.globals[index as usize]
    }

    fn table_is_for_handles(&self, index: u32) -> bool {
        self.cart.tables[index as usize].handles
    }

    // ---- lists ----

    /// Arguments, or returned values, of these types.
    pub(super) fn arguments(&mut self, types: &[ValType]) -> Args {
        let mut args = Args::new();
        for ty in types {
            args.push(match (ty.bank(), self.entropy.chance(64)) {
                (Bank::Scalar, false) => Arg::Reg(self.scalar_src()),
                (Bank::Scalar, true) => Arg::Imm(match ty {
                    ValType::I32 | ValType::F32 => u64::from(self.entropy.bits() as u32),
                    ValType::Func => self.entropy.below(self.cart.functions.len() as u32 + 1).into(),
                    ValType::I64 | ValType::F64 | ValType::Handle => self.entropy.bits(),
                }),
                (Bank::Handle, false) => Arg::HReg(self.handle_src()),
                (Bank::Handle, true) => Arg::Null,
            });
        }
        args
    }

    /// Destinations for results of these types.
    pub(super) fn destinations(&mut self, types: &[ValType]) -> Dsts {
        let mut dsts = Dsts::new();
        for ty in types {
            dsts.push(match ty.bank() {
                Bank::Scalar => AnyDst::Reg(self.scalar_dst()),
                Bank::Handle => AnyDst::HReg(self.handle_dst()),
            });
        }
        dsts
    }
}
