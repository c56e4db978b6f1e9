//! Lowering of instructions by their shape: one list of operations per shape, and the rest one by one.

use cartwheel_bytecode::Instr;
use cartwheel_bytecode::operand::{CellSrc, H, Immediate, Label};

use super::emit;
use super::lower::Lowering;
use crate::arith;
use crate::interp::dispatch::Handler;
use crate::interp::float::{FloatBinary, FloatCompare, FloatUnary, ToFloat};
use crate::interp::int::{self, Binary, Condition, TryBinary, TryUnary, Unary};
use crate::interp::memory::{self, Access};
use crate::interp::mode::{ACC, IMM, SLOT};
use crate::interp::{Cell, control, heap, word};

/// Makes `Lowering::instr` from lists of instructions and the functions of [`arith`] that compute them. The match has
/// no default: a new instruction is an error here until it is in one of the lists.
macro_rules! lowering {
    (
        branches: [$($br:ident $br_fn:ident $br_wide:literal),* $(,)?]
        binary: [$($bin:ident $bin_fn:ident $bin_wide:literal $commutes:literal),* $(,)?]
        try_binary: [$($tbin:ident $tbin_fn:ident $tbin_wide:literal),* $(,)?]
        unary: [$($un:ident $un_fn:ident),* $(,)?]
        try_unary: [$($tun:ident $tun_fn:ident),* $(,)?]
        float_binary: [$($fbin:ident $fbin_fn:ident),* $(,)?]
        float_unary: [$($fun:ident $fun_fn:ident),* $(,)?]
        float_compare: [$($fcmp:ident $fcmp_fn:ident),* $(,)?]
        to_float: [$($tof:ident $tof_fn:ident),* $(,)?]
        load: [$($load:ident $load_ty:ident),* $(,)?]
        store: [$($store:ident $store_ty:ident),* $(,)?]
        slow: [$($slow:ident),* $(,)?]
        rest($self:ident, $instr:ident): { $($pattern:pat => $lower:expr,)* }
    ) => {
        /// An operation as a type, for handlers to be generic over.
        mod ops {
            use super::*;
            $(
                pub(super) struct $br;
                impl Condition for $br {
                    #[inline(always)]
                    fn holds(a: u64, b: u64) -> bool {
                        arith::$br_fn(Cell::from_cell(a), Cell::from_cell(b))
                    }
                }
            )*
            $(
                pub(super) struct $bin;
                impl Binary for $bin {
                    #[inline(always)]
                    fn apply(a: u64, b: u64) -> u64 {
                        Cell::to_cell(arith::$bin_fn(Cell::from_cell(a), Cell::from_cell(b)))
                    }
                }
            )*
            $(
                pub(super) struct $tbin;
                impl TryBinary for $tbin {
                    #[inline(always)]
                    fn apply(a: u64, b: u64) -> Result<u64, cartwheel_bytecode::TrapCode> {
                        arith::$tbin_fn(Cell::from_cell(a), Cell::from_cell(b)).map(Cell::to_cell)
                    }
                }
            )*
            $(
                pub(super) struct $un;
                impl Unary for $un {
                    #[inline(always)]
                    fn apply(a: u64) -> u64 {
                        Cell::to_cell(arith::$un_fn(Cell::from_cell(a)))
                    }
                }
            )*
            $(
                pub(super) struct $tun;
                impl TryUnary for $tun {
                    #[inline(always)]
                    fn apply(a: u64) -> Result<u64, cartwheel_bytecode::TrapCode> {
                        arith::$tun_fn(Cell::from_cell(a)).map(Cell::to_cell)
                    }
                }
            )*
            $(
                pub(super) struct $fbin;
                impl FloatBinary for $fbin {
                    #[inline(always)]
                    fn apply(a: f64, b: f64) -> f64 {
                        arith::$fbin_fn(a, b)
                    }
                }
            )*
            $(
                pub(super) struct $fun;
                impl FloatUnary for $fun {
                    #[inline(always)]
                    fn apply(a: f64) -> f64 {
                        arith::$fun_fn(a)
                    }
                }
            )*
            $(
                pub(super) struct $fcmp;
                impl FloatCompare for $fcmp {
                    #[inline(always)]
                    fn holds(a: f64, b: f64) -> bool {
                        arith::$fcmp_fn(a, b)
                    }
                }
            )*
            $(
                pub(super) struct $tof;
                impl ToFloat for $tof {
                    #[inline(always)]
                    fn apply(a: u64) -> f64 {
                        arith::$tof_fn(Cell::from_cell(a))
                    }
                }
            )*
        }

        impl Lowering<'_> {
            /// Lowers one instruction.
            pub(super) fn instr(&mut self, $instr: &Instr) {
                let $self = self;
                match $instr {
                        Instr::I32Add { d, a, b } if $self.add_and_branch(d.0, a.cell(), b.cell(), false) => {}
                    Instr::I32Add { d, a, b } if $self.add_and_access(d.0, a.cell(), b.cell()) => {}
                    Instr::I32Add { d, a, b }
                        if $self.binary_and_copy(emit::binary_copy::<ops::I32Add>, d.0, a.cell(), b.cell()) => {}
                    Instr::I32Add { d, a, b } if $self.add_and_add(d.0, a.cell(), b.cell()) => {}
                    Instr::I32Add { d, a, b }
                        if $self.binary_and_branch(emit::binary_branch::<ops::I32Add>, d.0, a.cell(), b.cell()) => {}
                    Instr::I32Xor { d, a, b }
                        if $self.binary_and_branch(emit::binary_branch::<ops::I32Xor>, d.0, a.cell(), b.cell()) => {}
                    Instr::I32Mul { d, a, b }
                        if $self.binary_and_branch(emit::binary_branch::<ops::I32Mul>, d.0, a.cell(), b.cell()) => {}
                    Instr::I32Add { d, a, b } if $self.binary_and_binary::<ops::I32Add>(d.0, a.cell(), b.cell(), true) => {}
                    Instr::I32Xor { d, a, b } if $self.binary_and_binary::<ops::I32Xor>(d.0, a.cell(), b.cell(), true) => {}
                    Instr::I32And { d, a, b } if $self.binary_and_binary::<ops::I32And>(d.0, a.cell(), b.cell(), true) => {}
                    Instr::I32Or { d, a, b } if $self.binary_and_binary::<ops::I32Or>(d.0, a.cell(), b.cell(), true) => {}
                    Instr::I32Mul { d, a, b } if $self.binary_and_binary::<ops::I32Mul>(d.0, a.cell(), b.cell(), true) => {}
                    Instr::I32Shl { d, a, b } if $self.binary_and_binary::<ops::I32Shl>(d.0, a.cell(), b.cell(), false) => {}
                    Instr::I32ShrU { d, a, b } if $self.binary_and_binary::<ops::I32ShrU>(d.0, a.cell(), b.cell(), false) => {}
                    Instr::I32Rotl { d, a, b } if $self.binary_and_binary::<ops::I32Rotl>(d.0, a.cell(), b.cell(), false) => {}
                    $(Instr::$br { a, b, to } => {
                        $self.compare_and_branch::<ops::$br>(a.cell(), b.cell(), *to, $br_wide)
                    })*
                    $(Instr::$bin { d, a, b } => {
                        $self.binary::<ops::$bin>(d.0, a.cell(), b.cell(), $bin_wide, $commutes)
                    })*
                    $(Instr::$tbin { d, a, b } => $self.try_binary::<ops::$tbin>(d.0, a.cell(), b.cell(), $tbin_wide),)*
                    $(Instr::$un { d, a } => $self.unary::<ops::$un>(d.0, a.cell()),)*
                    $(Instr::$tun { d, a } => $self.try_unary::<ops::$tun>(d.0, a.cell()),)*
                    $(Instr::$fbin { d, a, b } => $self.float_binary::<ops::$fbin>(d.0, a.cell(), b.cell()),)*
                    $(Instr::$fun { d, a } => $self.float_unary::<ops::$fun>(d.0, a.cell()),)*
                    $(Instr::$fcmp { d, a, b } => $self.float_compare::<ops::$fcmp>(d.0, a.cell(), b.cell()),)*
                    $(Instr::$tof { d, a } => $self.convert_to_float::<ops::$tof>(d.0, a.cell()),)*
                    $(Instr::$load { d, addr, offset } => {
                        $self.load::<memory::$load_ty>(d.0, addr.cell(), offset.0)
                    })*
                    $(Instr::$store { addr, offset, a } => {
                        $self.store::<memory::$store_ty>(addr.cell(), offset.0, a.cell())
                    })*
                    $(Instr::$slow { .. } => $self.emit_slow($instr),)*
                    $($pattern => $lower,)*
                }
            }
        }

        /// What an access to memory does, with the handlers that add its address first.
        pub(super) fn access(instr: &Instr) -> Option<(CellSrc, u32, SumAccess)> {
            match instr {
                $(Instr::$load { d, addr, offset } => Some((
                    addr.cell(),
                    offset.0,
                    SumAccess::Load { d: d.0, handler: emit::load_sum::<memory::$load_ty> },
                )),)*
                $(Instr::$store { addr, offset, a } => Some((
                    addr.cell(),
                    offset.0,
                    SumAccess::Store {
                        value: a.cell(),
                        narrow: size_of::<<memory::$store_ty as Access>::Raw>() <= 4,
                        float: false,
                        handler: emit::store_sum::<memory::$store_ty>,
                    },
                )),)*
                Instr::F64Load { d, addr, offset } => {
                    Some((addr.cell(), offset.0, SumAccess::LoadFloat { d: d.0 }))
                }
                Instr::F64Store { addr, offset, a } => Some((
                    addr.cell(),
                    offset.0,
                    SumAccess::Store {
                        value: a.cell(),
                        narrow: false,
                        float: true,
                        handler: emit::store_sum::<memory::U64>,
                    },
                )),
                _ => None,
            }
        }

        /// For a comparing branch on integers of the width: the handler that adds first, its operands, its target.
        /// `addend` is the mode of what is added.
        pub(super) fn compare_of_add(
            instr: &Instr,
            wide: bool,
            addend: u8,
        ) -> Option<(Handler, CellSrc, CellSrc, Label)> {
            match instr {
                $(Instr::$br { a, b, to } if $br_wide == wide => {
                    let handler = if wide {
                        emit::add_branch_if::<ops::I64Add, ops::$br>(addend, &b.cell())
                    } else {
                        emit::add_branch_if::<ops::I32Add, ops::$br>(addend, &b.cell())
                    };
                    Some((handler, a.cell(), b.cell(), *to))
                })*
                _ => None,
            }
        }
    };
}

lowering! {
        branches: [
            BrI32Eq i32_eq false, BrI32Ne i32_ne false, BrI32LtS i32_lt_s false, BrI32LtU i32_lt_u false,
            BrI32GtS i32_gt_s false, BrI32GtU i32_gt_u false, BrI32LeS i32_le_s false,
            BrI32LeU i32_le_u false, BrI32GeS i32_ge_s false, BrI32GeU i32_ge_u false, BrI64Eq i64_eq true,
            BrI64Ne i64_ne true, BrI64LtS i64_lt_s true, BrI64LtU i64_lt_u true, BrI64GtS i64_gt_s true,
            BrI64GtU i64_gt_u true, BrI64LeS i64_le_s true, BrI64LeU i64_le_u true, BrI64GeS i64_ge_s true,
            BrI64GeU i64_ge_u true,
        ]
        binary: [
            I32Eq i32_eq false true, I32Ne i32_ne false true, I32LtS i32_lt_s false false,
            I32LtU i32_lt_u false false, I32GtS i32_gt_s false false, I32GtU i32_gt_u false false,
            I32LeS i32_le_s false false, I32LeU i32_le_u false false, I32GeS i32_ge_s false false,
            I32GeU i32_ge_u false false, I32Add i32_add false true, I32Sub i32_sub false false,
            I32Mul i32_mul false true, I32And i32_and false true, I32Or i32_or false true,
            I32Xor i32_xor false true, I32Shl i32_shl false false, I32ShrS i32_shr_s false false,
            I32ShrU i32_shr_u false false, I32Rotl i32_rotl false false, I32Rotr i32_rotr false false,
            I64Eq i64_eq true true, I64Ne i64_ne true true, I64LtS i64_lt_s true false,
            I64LtU i64_lt_u true false, I64GtS i64_gt_s true false, I64GtU i64_gt_u true false,
            I64LeS i64_le_s true false, I64LeU i64_le_u true false, I64GeS i64_ge_s true false,
            I64GeU i64_ge_u true false, I64Add i64_add true true, I64Sub i64_sub true false,
            I64Mul i64_mul true true, I64And i64_and true true, I64Or i64_or true true,
            I64Xor i64_xor true true, I64Shl i64_shl true false, I64ShrS i64_shr_s true false,
            I64ShrU i64_shr_u true false, I64Rotl i64_rotl true false, I64Rotr i64_rotr true false,
            F32Eq f32_eq false false, F32Ne f32_ne false false, F32Lt f32_lt false false,
            F32Gt f32_gt false false, F32Le f32_le false false, F32Ge f32_ge false false,
            F32Add f32_add false false, F32Sub f32_sub false false, F32Mul f32_mul false false,
            F32Div f32_div false false, F32Min f32_min false false, F32Max f32_max false false,
            F32Copysign f32_copysign false false,
        ]
        try_binary: [
            I32DivS i32_div_s false, I32DivU i32_div_u false, I32RemS i32_rem_s false,
            I32RemU i32_rem_u false, I64DivS i64_div_s true, I64DivU i64_div_u true, I64RemS i64_rem_s true,
            I64RemU i64_rem_u true,
        ]
        unary: [
            I32Eqz i32_eqz, I32Clz i32_clz, I32Ctz i32_ctz, I32Popcnt i32_popcnt, I32Extend8S i32_extend8_s,
            I32Extend16S i32_extend16_s, I64Eqz i64_eqz, I64Clz i64_clz, I64Ctz i64_ctz,
            I64Popcnt i64_popcnt, I64Extend8S i64_extend8_s, I64Extend16S i64_extend16_s,
            I64Extend32S i64_extend32_s, I32WrapI64 i32_wrap_i64, I64ExtendI32S i64_extend_i32_s,
            I64ExtendI32U i64_extend_i32_u, F32Abs f32_abs, F32Neg f32_neg, F32Ceil f32_ceil,
            F32Floor f32_floor, F32Trunc f32_trunc, F32Nearest f32_nearest, F32Sqrt f32_sqrt,
            I32TruncSatF32S i32_trunc_sat_f32_s, I32TruncSatF32U i32_trunc_sat_f32_u,
            I32TruncSatF64S i32_trunc_sat_f64_s, I32TruncSatF64U i32_trunc_sat_f64_u,
            I64TruncSatF32S i64_trunc_sat_f32_s, I64TruncSatF32U i64_trunc_sat_f32_u,
            I64TruncSatF64S i64_trunc_sat_f64_s, I64TruncSatF64U i64_trunc_sat_f64_u,
            F32ConvertI32S f32_convert_i32_s, F32ConvertI32U f32_convert_i32_u,
            F32ConvertI64S f32_convert_i64_s, F32ConvertI64U f32_convert_i64_u, F32DemoteF64 f32_demote_f64,
        ]
        try_unary: [
            I32TruncF32S i32_trunc_f32_s, I32TruncF32U i32_trunc_f32_u, I32TruncF64S i32_trunc_f64_s,
            I32TruncF64U i32_trunc_f64_u, I64TruncF32S i64_trunc_f32_s, I64TruncF32U i64_trunc_f32_u,
            I64TruncF64S i64_trunc_f64_s, I64TruncF64U i64_trunc_f64_u,
        ]
        float_binary: [
            F64Add f64_add, F64Sub f64_sub, F64Mul f64_mul, F64Div f64_div, F64Min f64_min, F64Max f64_max,
            F64Copysign f64_copysign,
        ]
        float_unary: [
            F64Abs f64_abs, F64Neg f64_neg, F64Ceil f64_ceil, F64Floor f64_floor, F64Trunc f64_trunc,
            F64Nearest f64_nearest, F64Sqrt f64_sqrt,
        ]
        float_compare: [
            F64Eq f64_eq, F64Ne f64_ne, F64Lt f64_lt, F64Gt f64_gt, F64Le f64_le, F64Ge f64_ge,
        ]
        to_float: [
            F64ConvertI32S f64_convert_i32_s, F64ConvertI32U f64_convert_i32_u,
            F64ConvertI64S f64_convert_i64_s, F64ConvertI64U f64_convert_i64_u,
            F64PromoteF32 f64_promote_f32,
        ]
        load: [
            I32Load U32, I64Load U64, F32Load U32, I32Load8S I8To32, I32Load8U U8, I32Load16S I16To32,
            I32Load16U U16, I64Load8S I8To64, I64Load8U U8, I64Load16S I16To64, I64Load16U U16,
            I64Load32S I32To64, I64Load32U U32,
        ]
        store: [
            I32Store U32, I64Store U64, F32Store U32, I32Store8 U8, I32Store16 U16, I64Store8 U8,
            I64Store16 U16, I64Store32 U32,
        ]
        slow: [
            Trap, Halt, FrameIndex, InputHeld, InputPressed, InputReleased, InputPointerX, InputPointerY,
            InputPointerButtons, RngSeed, RngI32, RngI64, RngBelow, RngF64, RefKind, MemorySize, MemoryGrow,
            MemoryCopy, MemoryFill, MemoryInit, DataDrop, TableGet, TableSet, TableGetH, TableSetH, TableSize,
            TableGrow, TableGrowH, TableFill, TableFillH, TableCopy, TableInit, ElemDrop, BytesNew, BytesData,
            BytesLoad, BytesStore, BytesLen, BytesCopy, BytesFill, BytesCompare, ArrayNew,
            ArrayLen, ArrayCopy, ArrayFill, ArrayCompare, RefsNew, RefsLen,             RefsCopy, RefsFill, RefsCompare, RecordNew, RecordShape,             RecordCopy, RecordCompare, F64Sin, F64Cos, F64Tan, F64Exp, F64Log, F64Atan2, F64Pow,
        ]
        rest(this, instr): {
            Instr::Nop {} => this.emit(control::nop as Handler, 0),
            Instr::Unreachable {} => this.emit(control::unreachable_code as Handler, 0),
            Instr::Loop {} => this.loop_head(),
            Instr::Br { to } => this.branch(*to),
            Instr::BrIf { cond, to } => {
                this.compare_and_branch::<ops::BrI32Ne>(cond.cell(), CellSrc::Imm(0), *to, false)
            },
            Instr::BrUnless { cond, to } => {
                this.compare_and_branch::<ops::BrI32Eq>(cond.cell(), CellSrc::Imm(0), *to, false)
            },
            Instr::BrNull { a, to } => {
                let a = this.handle_src(*a);
                this.compare_and_branch::<ops::BrI64Eq>(a, CellSrc::Imm(0), *to, true)
            },
            Instr::BrNonnull { a, to } => {
                let a = this.handle_src(*a);
                this.compare_and_branch::<ops::BrI64Ne>(a, CellSrc::Imm(0), *to, true)
            },
            Instr::BrTable { index, targets } => this.branch_table(index.cell(), targets),
            Instr::Call { func, args, results } => this.call(func.0, args, results),
            Instr::CallIndirect { sig, table, index, args, results } => {
                this.call_by_reference(sig.0, Some(table.0), index.cell(), args, results)
            },
            Instr::CallRef { sig, callee, args, results } => {
                this.call_by_reference(sig.0, None, callee.cell(), args, results)
            },
            Instr::Return { values } => this.return_values(values),
            Instr::Syscall { import, args, results } => this.syscall(import.0, args, results),
            Instr::FrameSync {} => this.sync(),
            Instr::Move { d, a } => {
                if !this.copy_and_branch(d.0, a.cell()) && !this.copy_pair(d.0, a.cell()) {
                    this.emit_copy(d.0, a.cell())
                }
            },
            Instr::I32Const { d, value } => this.emit_copy(d.0, CellSrc::Imm(Immediate::to_cell(value.0))),
            Instr::I64Const { d, value } => this.emit_copy(d.0, CellSrc::Imm(Immediate::to_cell(value.0))),
            Instr::F32Const { d, value } => this.emit_copy(d.0, CellSrc::Imm(Immediate::to_cell(value.0))),
            Instr::F64Const { d, value } => this.emit_copy(d.0, CellSrc::Imm(Immediate::to_cell(value.0))),
            Instr::Select { d, cond, a, b } => this.select(d.0, cond.cell(), a.cell(), b.cell()),
            Instr::SelectH { d, cond, a, b } => {
                let (d, a, b) = (this.h(d.0), this.handle_src(*a), this.handle_src(*b));
                this.select(d, cond.cell(), a, b)
            },
            Instr::GlobalGet { d, global } => this.global_get(d.0, global.0),
            Instr::GlobalGetH { d, global } => {
                let d = this.h(d.0);
                this.global_get(d, global.0)
            },
            Instr::GlobalSet { global, a } => {
                let narrow = this.program.cartridge().globals[global.0 as usize].ty.is_32_bit();
                this.global_set(global.0, a.cell(), narrow)
            },
            Instr::GlobalSetH { global, a } => {
                let a = this.handle_src(*a);
                this.global_set(global.0, a, false)
            },
            Instr::FuncRef { d, func } => this.emit_copy(d.0, CellSrc::Imm(u64::from(func.0) + 1)),
            Instr::MoveH { d, a } => {
                let (d, a) = (this.h(d.0), this.handle_src(*a));
                this.emit_copy(d, a)
            },
            Instr::RefIsNull { d, a } => {
                let a = this.handle_src(*a);
                this.unary::<ops::I64Eqz>(d.0, a)
            },
            Instr::RefEq { d, a, b } => {
                let (a, b) = (this.handle_src(*a), this.handle_src(*b));
                this.binary::<ops::I64Eq>(d.0, a, b, true, true)
            },
            Instr::BytesGet { d, a, index } => {
                let keep = this.next_reads(d.0);
                let handler = if keep { heap::byte_get::<true> } else { heap::byte_get::<false> };
                this.element_get(handler as Handler, d.0, *a, index.cell(), keep)
            },
            Instr::ArrayGet { d, a, index } => {
                let keep = this.next_reads(d.0);
                let handler = if keep { heap::element_get::<false, true> } else { heap::element_get::<false, false> };
                this.element_get(handler as Handler, d.0, *a, index.cell(), keep)
            },
            Instr::RefsGet { d, a, index } => {
                let d = this.h(d.0);
                this.element_get(heap::element_get::<true, false> as Handler, d, *a, index.cell(), false)
            },
            Instr::BytesSet { a, index, value } => {
                this.element_set(heap::byte_set as Handler, *a, index.cell(), value.cell())
            },
            Instr::ArraySet { a, index, value } => {
                this.element_set(heap::element_set as Handler, *a, index.cell(), value.cell())
            },
            Instr::RefsSet { a, index, value } => {
                let value = this.handle_src(*value);
                this.element_set(heap::ref_set as Handler, *a, index.cell(), value);
                this.extra(0);
                this.extra_instr(instr)
            },
            Instr::RecordGet { d, a, shape, field } => this.field_get(d.0, *a, shape.0, field.0.into()),
            Instr::RecordGetH { d, a, shape, field } => {
                let (d, cell) = (this.h(d.0), this.handle_field(shape.0, field.0));
                this.field_get(d, *a, shape.0, cell)
            },
            Instr::RecordSet { a, shape, field, value } => {
                this.field_set(heap::scalar_set as Handler, *a, shape.0, field.0.into(), value.cell())
            },
            Instr::RecordSetH { a, shape, field, value } => {
                let (value, cell) = (this.handle_src(*value), this.handle_field(shape.0, field.0));
                this.field_set(heap::handle_set as Handler, *a, shape.0, cell, value);
                this.extra_instr(instr)
            },
            Instr::F64Load { d, addr, offset } => this.load_float(d.0, addr.cell(), offset.0),
            Instr::F64Store { addr, offset, a } => this.store_float(addr.cell(), offset.0, a.cell()),
        }
}

/// The loads and stores, as far as those differ that add their address first.
pub(super) enum SumAccess {
    Load { d: u16, handler: ThreeModes },
    Store { value: CellSrc, narrow: bool, float: bool, handler: fn(u8, u8, u8) -> Handler },
    LoadFloat { d: u16 },
}

/// The value of a store, if 16 bits hold it. A `narrow` one is truncated to 32 bits or fewer, so that its sign does not
/// matter.
pub(super) fn small_constant(value: CellSrc, narrow: bool) -> Option<i16> {
    match value {
        CellSrc::Imm(v) if narrow => i16::try_from(v as u32 as i32).ok(),
        CellSrc::Imm(v) => i16::try_from(v as i64).ok(),
        CellSrc::Reg(_) => None,
    }
}

/// For an operation that commutes, on the result of an operation `S`: the handlers for both if the first has a constant,
/// and if it has none; the operands, and where the result goes.
pub(super) fn second_binary<S: Binary>(
    instr: &Instr,
) -> Option<(ThreeModes, ThreeModes, CellSrc, CellSrc, u16)> {
    macro_rules! handlers {
        ($op:ident, $d:ident, $a:ident, $b:ident) => {{
            let constant: ThreeModes = emit::constant_binary::<S, ops::$op>;
            Some((constant, emit::binary_binary::<S, ops::$op>, $a.cell(), $b.cell(), $d.0))
        }};
    }
    match instr {
        Instr::I32Xor { d, a, b } => handlers!(I32Xor, d, a, b),
        Instr::I32Add { d, a, b } => handlers!(I32Add, d, a, b),
        Instr::I32And { d, a, b } => handlers!(I32And, d, a, b),
        Instr::I32Or { d, a, b } => handlers!(I32Or, d, a, b),
        _ => None,
    }
}

/// Picks a handler by the modes of its sources and whether the accumulator keeps its result.
pub(super) type ThreeModes = fn(u8, u8, bool) -> Handler;

impl Lowering<'_> {
    fn branch(&mut self, to: Label) {
        let from = self.code.len();
        let handler = if self.is_loop(to) { control::branch::<true> } else { control::branch::<false> };
        self.emit(handler as Handler, 0);
        self.emit_target(to, from);
    }

    fn compare_and_branch<O: Condition>(&mut self, a: CellSrc, b: CellSrc, to: Label, wide: bool) {
        let (a, b, operands) = self.int_operands(a, b, wide);
        let from = self.code.len();
        self.emit(emit::branch_if::<O>(a, b, self.is_loop(to)), operands);
        self.emit_target(to, from);
    }

    fn binary<O: Binary>(&mut self, d: u16, a: CellSrc, b: CellSrc, wide: bool, commutes: bool) {
        let (a, b) = if commutes && matches!(a, CellSrc::Imm(_)) { (b, a) } else { (a, b) };
        let (a, b, operands) = self.int_operands(a, b, wide);
        let (cell, keep) = self.int_destination(d);
        self.emit(emit::binary::<O>(a, b, keep), operands | u64::from(cell));
        self.wrote_int(cell, keep);
    }

    fn try_binary<O: TryBinary>(&mut self, d: u16, a: CellSrc, b: CellSrc, wide: bool) {
        let (a, b, operands) = self.int_operands(a, b, wide);
        let (cell, keep) = self.int_destination(d);
        self.emit(emit::try_binary::<O>(a, b, keep), operands | u64::from(cell));
        self.wrote_int(cell, keep);
    }

    fn unary<O: Unary>(&mut self, d: u16, a: CellSrc) {
        let (a, mode) = self.int_operand(a);
        let (cell, keep) = self.int_destination(d);
        self.emit(emit::unary::<O>(mode, keep), word::regs(cell, a, 0));
        self.wrote_int(cell, keep);
    }

    fn try_unary<O: TryUnary>(&mut self, d: u16, a: CellSrc) {
        let a = self.cell(a);
        self.emit(emit::try_unary::<O>(), word::regs(d, a, 0));
        self.wrote(d);
    }

    /// Where an integer result goes, and whether it goes to the accumulator too.
    fn int_destination(&mut self, d: u16) -> (u16, bool) {
        let cell = self.destination(d);
        (cell, cell == d && self.next_reads(d))
    }

    fn float_binary<O: FloatBinary>(&mut self, d: u16, a: CellSrc, b: CellSrc) {
        let (a, a_mode) = self.float_operand(a);
        let keep = self.next_reads(d);
        if let CellSrc::Imm(cell) = b {
            self.emit(emit::float_binary::<O>(a_mode, IMM, keep), word::regs(d, a, 0));
            self.extra(cell);
        } else {
            let (b, b_mode) = self.float_operand(b);
            self.emit(emit::float_binary::<O>(a_mode, b_mode, keep), word::regs(d, a, b));
        }
        self.wrote_float(d, keep);
    }

    fn float_unary<O: FloatUnary>(&mut self, d: u16, a: CellSrc) {
        let (a, mode) = self.float_operand(a);
        let keep = self.next_reads(d);
        self.emit(emit::float_unary::<O>(mode, keep), word::regs(d, a, 0));
        self.wrote_float(d, keep);
    }

    fn convert_to_float<O: ToFloat>(&mut self, d: u16, a: CellSrc) {
        let (a, mode) = self.int_operand(a);
        let keep = self.next_reads(d);
        self.emit(emit::convert::<O>(mode, keep), word::regs(d, a, 0));
        self.wrote_float(d, keep);
    }

    /// A comparison of floats, with the branch on its result if that follows.
    fn float_compare<O: FloatCompare>(&mut self, d: u16, a: CellSrc, b: CellSrc) {
        let (a, a_mode) = self.float_operand(a);
        let branch = match self.next_in_block() {
            Some(&Instr::BrIf { cond, to }) if cond.cell() == CellSrc::Reg(d) => Some((true, to)),
            Some(&Instr::BrUnless { cond, to }) if cond.cell() == CellSrc::Reg(d) => Some((false, to)),
            _ => None,
        };
        if let Some((on, to)) = branch {
            let (b, b_mode, constant) = match b {
                CellSrc::Imm(cell) => (0, IMM, Some(cell)),
                CellSrc::Reg(_) => {
                    let (b, b_mode) = self.float_operand(b);
                    (b, if a_mode == ACC { SLOT } else { b_mode }, None)
                }
            };
            let from = self.code.len();
            let handler = emit::float_compare_branch::<O>(a_mode, b_mode, on, self.is_loop(to));
            self.emit(handler, word::regs(d, a, b));
            self.emit_target(to, from);
            if let Some(cell) = constant {
                self.extra(cell);
            }
            self.wrote(d);
            self.skip_next(from);
            return;
        }
        let keep = self.next_reads(d);
        if let CellSrc::Imm(cell) = b {
            self.emit(emit::float_compare::<O>(a_mode, IMM, keep), word::regs(d, a, 0));
            self.extra(cell);
        } else {
            let (b, b_mode) = self.float_operand(b);
            let b_mode = if a_mode == ACC { SLOT } else { b_mode };
            self.emit(emit::float_compare::<O>(a_mode, b_mode, keep), word::regs(d, a, b));
        }
        self.wrote_int(d, keep);
    }

    fn select(&mut self, d: u16, cond: CellSrc, a: CellSrc, b: CellSrc) {
        let (a, b) = (self.cell(a), self.cell(b));
        let (cond, mode) = self.int_operand(cond);
        let handler = if mode == ACC { int::select::<ACC> } else { int::select::<SLOT> };
        self.emit(handler as Handler, word::regs4(d, a, b, cond));
        self.wrote(d);
    }

    fn global_get(&mut self, d: u16, global: u32) {
        let keep = self.next_reads(d);
        let handler = if keep { int::global_get::<true> } else { int::global_get::<false> };
        self.emit(handler as Handler, word::regs_imm(d, 0, global));
        self.wrote_int(d, keep);
    }

    fn global_set(&mut self, global: u32, a: CellSrc, narrow: bool) {
        let (a, mode) = self.int_operand(a);
        let handler = match (mode, narrow) {
            (ACC, true) => int::global_set::<ACC, true> as Handler,
            (ACC, false) => int::global_set::<ACC, false> as Handler,
            (_, true) => int::global_set::<SLOT, true> as Handler,
            (_, false) => int::global_set::<SLOT, false> as Handler,
        };
        self.emit(handler, word::regs_imm(0, a, global));
    }

    /// Cell, mode and offset of an address. A constant address is added to the offset if 32 bits hold the sum.
    fn address(&mut self, addr: CellSrc, offset: u32) -> (u16, u8, u32) {
        if let CellSrc::Imm(cell) = addr
            && let Some(sum) = (cell as u32).checked_add(offset)
        {
            return (0, IMM, sum);
        }
        let (cell, mode) = self.int_operand(addr);
        (cell, mode, offset)
    }

    fn load<T: Access>(&mut self, d: u16, addr: CellSrc, offset: u32) {
        let (cell, mode, offset) = self.address(addr, offset);
        let keep = self.next_reads(d);
        self.emit(emit::load::<T>(mode, keep), word::regs_imm(d, cell, offset));
        self.wrote_int(d, keep);
    }

    fn load_float(&mut self, d: u16, addr: CellSrc, offset: u32) {
        let (cell, mode, offset) = self.address(addr, offset);
        self.emit(emit::load_float(mode), word::regs_imm(d, cell, offset));
        self.wrote_float(d, true);
    }

    fn store<T: Access>(&mut self, addr: CellSrc, offset: u32, value: CellSrc) {
        let (cell, mode, offset) = self.address(addr, offset);
        let (value, value_mode) = match small_constant(value, size_of::<T::Raw>() <= 4) {
            Some(imm) => (imm as u16, IMM),
            None => self.int_operand(value),
        };
        self.emit(emit::store::<T>(mode, value_mode), word::regs_imm(value, cell, offset));
    }

    fn store_float(&mut self, addr: CellSrc, offset: u32, value: CellSrc) {
        if let CellSrc::Reg(r) = value
            && self.facc == Some(r)
        {
            let (cell, mode, offset) = self.address(addr, offset);
            self.emit(emit::store_float(mode), word::regs_imm(0, cell, offset));
            return;
        }
        self.store::<memory::U64>(addr, offset, value);
    }

    /// Number of a handle field among all cells of a record.
    fn handle_field(&self, shape: u32, field: u16) -> u32 {
        u32::from(self.program.cartridge().shapes[shape as usize].scalars) + u32::from(field)
    }

    fn field_get(&mut self, d: u16, a: H, shape: u32, cell: u32) {
        let a = self.handle_src(a);
        let a = self.cell(a);
        let keep = self.next_reads(d);
        let handler = if keep { heap::field_get::<true> } else { heap::field_get::<false> };
        self.emit(handler as Handler, word::regs(d, a, 0));
        self.extra(u64::from(shape) | u64::from(cell) << 32);
        self.wrote_int(d, keep);
    }

    fn field_set(&mut self, handler: Handler, a: H, shape: u32, cell: u32, value: CellSrc) {
        let a = self.handle_src(a);
        let (a, value) = (self.cell(a), self.cell(value));
        self.emit(handler, word::regs(0, a, value));
        self.extra(u64::from(shape) | u64::from(cell) << 32);
    }

    fn element_get(&mut self, handler: Handler, d: u16, a: H, index: CellSrc, keep: bool) {
        let a = self.handle_src(a);
        let (a, index) = (self.cell(a), self.cell(index));
        self.emit(handler, word::regs(d, a, index));
        self.wrote_int(d, keep);
    }

    fn element_set(&mut self, handler: Handler, a: H, index: CellSrc, value: CellSrc) {
        let a = self.handle_src(a);
        let (a, index, value) = (self.cell(a), self.cell(index), self.cell(value));
        self.emit(handler, word::regs4(0, a, index, value));
    }
}
