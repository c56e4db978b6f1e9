//! What each instruction does. An instruction without an arm here is a compile error.

use cartwheel_bytecode::operand::{I32, I64};
use cartwheel_bytecode::{Instr, TrapCode};

use super::{Executed, Reference, Then};
use crate::arith;
use crate::rng;
use crate::stop::{FrameInput, TrapKind};

impl Reference {
    pub(super) fn execute(&mut self, instr: &Instr, input: &FrameInput) -> Executed {
        use Instr::*;
        match instr.clone() {
            Nop {} => Ok(Then::Next),
            Unreachable {} => Err(TrapCode::Unreachable.into()),
            Trap { code } => Err(TrapKind::User(self.value(code))),
            Halt { code } => Ok(Then::Halt(self.value(code))),
            Loop {} => Ok(Then::Next),
            Br { to } => Ok(Then::Label(to.0)),
            BrIf { cond, to } => self.branch_if(self.value(cond) != 0, to),
            BrUnless { cond, to } => self.branch_if(self.value(cond) == 0, to),
            BrI32Eq { a, b, to } => self.branch(a, b, arith::i32_eq, to),
            BrI32Ne { a, b, to } => self.branch(a, b, arith::i32_ne, to),
            BrI32LtS { a, b, to } => self.branch(a, b, arith::i32_lt_s, to),
            BrI32LtU { a, b, to } => self.branch(a, b, arith::i32_lt_u, to),
            BrI32GtS { a, b, to } => self.branch(a, b, arith::i32_gt_s, to),
            BrI32GtU { a, b, to } => self.branch(a, b, arith::i32_gt_u, to),
            BrI32LeS { a, b, to } => self.branch(a, b, arith::i32_le_s, to),
            BrI32LeU { a, b, to } => self.branch(a, b, arith::i32_le_u, to),
            BrI32GeS { a, b, to } => self.branch(a, b, arith::i32_ge_s, to),
            BrI32GeU { a, b, to } => self.branch(a, b, arith::i32_ge_u, to),
            BrI64Eq { a, b, to } => self.branch(a, b, arith::i64_eq, to),
            BrI64Ne { a, b, to } => self.branch(a, b, arith::i64_ne, to),
            BrI64LtS { a, b, to } => self.branch(a, b, arith::i64_lt_s, to),
            BrI64LtU { a, b, to } => self.branch(a, b, arith::i64_lt_u, to),
            BrI64GtS { a, b, to } => self.branch(a, b, arith::i64_gt_s, to),
            BrI64GtU { a, b, to } => self.branch(a, b, arith::i64_gt_u, to),
            BrI64LeS { a, b, to } => self.branch(a, b, arith::i64_le_s, to),
            BrI64LeU { a, b, to } => self.branch(a, b, arith::i64_le_u, to),
            BrI64GeS { a, b, to } => self.branch(a, b, arith::i64_ge_s, to),
            BrI64GeU { a, b, to } => self.branch(a, b, arith::i64_ge_u, to),
            BrNull { a, to } => self.branch_if(self.handle(a) == 0, to),
            BrNonnull { a, to } => self.branch_if(self.handle(a) != 0, to),
            BrTable { index, targets } => self.switch(index, &targets),
            Call { func, args, .. } => self.call_function(func.0, &args),
            CallIndirect { sig, table, index, args, .. } => {
                let callee = self.table_element(table.0, index)?;
                self.call_reference(sig.0, callee, &args)
            }
            CallRef { sig, callee, args, .. } => self.call_reference(sig.0, self.unsigned(callee), &args),
            Return { values } => self.return_values(&values),
            Syscall { import, args, results } => self.begin_syscall(import.0, &args, results.len()),
            FrameSync {} => Ok(Then::Sync),
            FrameIndex { d } => self.set(d, input.frame),
            InputHeld { d, pad } => {
                let pad = self.pad(pad)?;
                self.set(d, input.held[pad])
            }
            InputPressed { d, pad } => {
                let pad = self.pad(pad)?;
                self.set(d, input.held[pad] & !input.held_before[pad])
            }
            InputReleased { d, pad } => {
                let pad = self.pad(pad)?;
                self.set(d, input.held_before[pad] & !input.held[pad])
            }
            InputPointerX { d } => self.set(d, input.pointer.0),
            InputPointerY { d } => self.set(d, input.pointer.1),
            InputPointerButtons { d } => self.set(d, input.pointer_buttons),
            RngSeed { seed } => {
                self.state.rng = rng::seeded(self.value(seed) as u64);
                Ok(Then::Next)
            }
            RngI32 { d } => {
                let bits = rng::next_i32(&mut self.state.rng);
                self.set(d, bits)
            }
            RngI64 { d } => {
                let bits = rng::next(&mut self.state.rng);
                self.set(d, bits)
            }
            RngBelow { d, bound } => {
                let bound = self.unsigned(bound);
                let number = rng::next_below(&mut self.state.rng, bound).ok_or(TrapCode::DivideByZero)?;
                self.set(d, number)
            }
            RngF64 { d } => {
                let number = rng::next_f64(&mut self.state.rng);
                self.set(d, number)
            }
            Move { d, a } => {
                let value = self.value(a);
                self.set(d, value)
            }
            I32Const { d, value } => self.set(d, value.0),
            I64Const { d, value } => self.set(d, value.0),
            F32Const { d, value } => self.set(d, value.0.0),
            F64Const { d, value } => self.set(d, value.0.0),
            Select { d, cond, a, b } => self.select(d, cond, a, b),
            GlobalGet { d, global } => self.set(d, self.state.globals[global.0 as usize]),
            GlobalSet { global, a } => self.global_set(global.0, a),
            FuncRef { d, func } => self.set(d, func.0 + 1),
            MoveH { d, a } => self.set_h(d, self.handle(a)),
            SelectH { d, cond, a, b } => {
                self.set_h(d, self.handle(if self.value(cond) != 0 { a } else { b }))
            }
            GlobalGetH { d, global } => self.set_h(d, self.state.globals[global.0 as usize] as u32),
            GlobalSetH { global, a } => {
                self.state.globals[global.0 as usize] = self.handle(a).into();
                Ok(Then::Next)
            }
            RefIsNull { d, a } => self.set(d, self.handle(a) == 0),
            RefEq { d, a, b } => self.set(d, self.handle(a) == self.handle(b)),
            RefKind { d, a } => self.set(d, self.kind(a)),
            I32Eqz { d, a } => self.unary(d, a, arith::i32_eqz),
            I32Eq { d, a, b } => self.binary(d, a, b, arith::i32_eq),
            I32Ne { d, a, b } => self.binary(d, a, b, arith::i32_ne),
            I32LtS { d, a, b } => self.binary(d, a, b, arith::i32_lt_s),
            I32LtU { d, a, b } => self.binary(d, a, b, arith::i32_lt_u),
            I32GtS { d, a, b } => self.binary(d, a, b, arith::i32_gt_s),
            I32GtU { d, a, b } => self.binary(d, a, b, arith::i32_gt_u),
            I32LeS { d, a, b } => self.binary(d, a, b, arith::i32_le_s),
            I32LeU { d, a, b } => self.binary(d, a, b, arith::i32_le_u),
            I32GeS { d, a, b } => self.binary(d, a, b, arith::i32_ge_s),
            I32GeU { d, a, b } => self.binary(d, a, b, arith::i32_ge_u),
            I32Clz { d, a } => self.unary(d, a, arith::i32_clz),
            I32Ctz { d, a } => self.unary(d, a, arith::i32_ctz),
            I32Popcnt { d, a } => self.unary(d, a, arith::i32_popcnt),
            I32Add { d, a, b } => self.binary(d, a, b, arith::i32_add),
            I32Sub { d, a, b } => self.binary(d, a, b, arith::i32_sub),
            I32Mul { d, a, b } => self.binary(d, a, b, arith::i32_mul),
            I32DivS { d, a, b } => self.binary_or_trap(d, a, b, arith::i32_div_s),
            I32DivU { d, a, b } => self.binary_or_trap(d, a, b, arith::i32_div_u),
            I32RemS { d, a, b } => self.binary_or_trap(d, a, b, arith::i32_rem_s),
            I32RemU { d, a, b } => self.binary_or_trap(d, a, b, arith::i32_rem_u),
            I32And { d, a, b } => self.binary(d, a, b, arith::i32_and),
            I32Or { d, a, b } => self.binary(d, a, b, arith::i32_or),
            I32Xor { d, a, b } => self.binary(d, a, b, arith::i32_xor),
            I32Shl { d, a, b } => self.binary(d, a, b, arith::i32_shl),
            I32ShrS { d, a, b } => self.binary(d, a, b, arith::i32_shr_s),
            I32ShrU { d, a, b } => self.binary(d, a, b, arith::i32_shr_u),
            I32Rotl { d, a, b } => self.binary(d, a, b, arith::i32_rotl),
            I32Rotr { d, a, b } => self.binary(d, a, b, arith::i32_rotr),
            I32Extend8S { d, a } => self.unary(d, a, arith::i32_extend8_s),
            I32Extend16S { d, a } => self.unary(d, a, arith::i32_extend16_s),
            I64Eqz { d, a } => self.unary(d, a, arith::i64_eqz),
            I64Eq { d, a, b } => self.binary(d, a, b, arith::i64_eq),
            I64Ne { d, a, b } => self.binary(d, a, b, arith::i64_ne),
            I64LtS { d, a, b } => self.binary(d, a, b, arith::i64_lt_s),
            I64LtU { d, a, b } => self.binary(d, a, b, arith::i64_lt_u),
            I64GtS { d, a, b } => self.binary(d, a, b, arith::i64_gt_s),
            I64GtU { d, a, b } => self.binary(d, a, b, arith::i64_gt_u),
            I64LeS { d, a, b } => self.binary(d, a, b, arith::i64_le_s),
            I64LeU { d, a, b } => self.binary(d, a, b, arith::i64_le_u),
            I64GeS { d, a, b } => self.binary(d, a, b, arith::i64_ge_s),
            I64GeU { d, a, b } => self.binary(d, a, b, arith::i64_ge_u),
            I64Clz { d, a } => self.unary(d, a, arith::i64_clz),
            I64Ctz { d, a } => self.unary(d, a, arith::i64_ctz),
            I64Popcnt { d, a } => self.unary(d, a, arith::i64_popcnt),
            I64Add { d, a, b } => self.binary(d, a, b, arith::i64_add),
            I64Sub { d, a, b } => self.binary(d, a, b, arith::i64_sub),
            I64Mul { d, a, b } => self.binary(d, a, b, arith::i64_mul),
            I64DivS { d, a, b } => self.binary_or_trap(d, a, b, arith::i64_div_s),
            I64DivU { d, a, b } => self.binary_or_trap(d, a, b, arith::i64_div_u),
            I64RemS { d, a, b } => self.binary_or_trap(d, a, b, arith::i64_rem_s),
            I64RemU { d, a, b } => self.binary_or_trap(d, a, b, arith::i64_rem_u),
            I64And { d, a, b } => self.binary(d, a, b, arith::i64_and),
            I64Or { d, a, b } => self.binary(d, a, b, arith::i64_or),
            I64Xor { d, a, b } => self.binary(d, a, b, arith::i64_xor),
            I64Shl { d, a, b } => self.binary(d, a, b, arith::i64_shl),
            I64ShrS { d, a, b } => self.binary(d, a, b, arith::i64_shr_s),
            I64ShrU { d, a, b } => self.binary(d, a, b, arith::i64_shr_u),
            I64Rotl { d, a, b } => self.binary(d, a, b, arith::i64_rotl),
            I64Rotr { d, a, b } => self.binary(d, a, b, arith::i64_rotr),
            I64Extend8S { d, a } => self.unary(d, a, arith::i64_extend8_s),
            I64Extend16S { d, a } => self.unary(d, a, arith::i64_extend16_s),
            I64Extend32S { d, a } => self.unary(d, a, arith::i64_extend32_s),
            F32Eq { d, a, b } => self.binary(d, a, b, arith::f32_eq),
            F32Ne { d, a, b } => self.binary(d, a, b, arith::f32_ne),
            F32Lt { d, a, b } => self.binary(d, a, b, arith::f32_lt),
            F32Gt { d, a, b } => self.binary(d, a, b, arith::f32_gt),
            F32Le { d, a, b } => self.binary(d, a, b, arith::f32_le),
            F32Ge { d, a, b } => self.binary(d, a, b, arith::f32_ge),
            F32Abs { d, a } => self.unary(d, a, arith::f32_abs),
            F32Neg { d, a } => self.unary(d, a, arith::f32_neg),
            F32Ceil { d, a } => self.unary(d, a, arith::f32_ceil),
            F32Floor { d, a } => self.unary(d, a, arith::f32_floor),
            F32Trunc { d, a } => self.unary(d, a, arith::f32_trunc),
            F32Nearest { d, a } => self.unary(d, a, arith::f32_nearest),
            F32Sqrt { d, a } => self.unary(d, a, arith::f32_sqrt),
            F32Add { d, a, b } => self.binary(d, a, b, arith::f32_add),
            F32Sub { d, a, b } => self.binary(d, a, b, arith::f32_sub),
            F32Mul { d, a, b } => self.binary(d, a, b, arith::f32_mul),
            F32Div { d, a, b } => self.binary(d, a, b, arith::f32_div),
            F32Min { d, a, b } => self.binary(d, a, b, arith::f32_min),
            F32Max { d, a, b } => self.binary(d, a, b, arith::f32_max),
            F32Copysign { d, a, b } => self.binary(d, a, b, arith::f32_copysign),
            F64Eq { d, a, b } => self.binary(d, a, b, arith::f64_eq),
            F64Ne { d, a, b } => self.binary(d, a, b, arith::f64_ne),
            F64Lt { d, a, b } => self.binary(d, a, b, arith::f64_lt),
            F64Gt { d, a, b } => self.binary(d, a, b, arith::f64_gt),
            F64Le { d, a, b } => self.binary(d, a, b, arith::f64_le),
            F64Ge { d, a, b } => self.binary(d, a, b, arith::f64_ge),
            F64Abs { d, a } => self.unary(d, a, arith::f64_abs),
            F64Neg { d, a } => self.unary(d, a, arith::f64_neg),
            F64Ceil { d, a } => self.unary(d, a, arith::f64_ceil),
            F64Floor { d, a } => self.unary(d, a, arith::f64_floor),
            F64Trunc { d, a } => self.unary(d, a, arith::f64_trunc),
            F64Nearest { d, a } => self.unary(d, a, arith::f64_nearest),
            F64Sqrt { d, a } => self.unary(d, a, arith::f64_sqrt),
            F64Add { d, a, b } => self.binary(d, a, b, arith::f64_add),
            F64Sub { d, a, b } => self.binary(d, a, b, arith::f64_sub),
            F64Mul { d, a, b } => self.binary(d, a, b, arith::f64_mul),
            F64Div { d, a, b } => self.binary(d, a, b, arith::f64_div),
            F64Min { d, a, b } => self.binary(d, a, b, arith::f64_min),
            F64Max { d, a, b } => self.binary(d, a, b, arith::f64_max),
            F64Copysign { d, a, b } => self.binary(d, a, b, arith::f64_copysign),
            F64Sin { d, a } => self.unary(d, a, arith::f64_sin),
            F64Cos { d, a } => self.unary(d, a, arith::f64_cos),
            F64Tan { d, a } => self.unary(d, a, arith::f64_tan),
            F64Exp { d, a } => self.unary(d, a, arith::f64_exp),
            F64Log { d, a } => self.unary(d, a, arith::f64_log),
            F64Atan2 { d, a, b } => self.binary(d, a, b, arith::f64_atan2),
            F64Pow { d, a, b } => self.binary(d, a, b, arith::f64_pow),
            I32WrapI64 { d, a } => self.unary(d, a, arith::i32_wrap_i64),
            I64ExtendI32S { d, a } => self.unary(d, a, arith::i64_extend_i32_s),
            I64ExtendI32U { d, a } => self.unary(d, a, arith::i64_extend_i32_u),
            I32TruncF32S { d, a } => self.unary_or_trap(d, a, arith::i32_trunc_f32_s),
            I32TruncF32U { d, a } => self.unary_or_trap(d, a, arith::i32_trunc_f32_u),
            I32TruncF64S { d, a } => self.unary_or_trap(d, a, arith::i32_trunc_f64_s),
            I32TruncF64U { d, a } => self.unary_or_trap(d, a, arith::i32_trunc_f64_u),
            I64TruncF32S { d, a } => self.unary_or_trap(d, a, arith::i64_trunc_f32_s),
            I64TruncF32U { d, a } => self.unary_or_trap(d, a, arith::i64_trunc_f32_u),
            I64TruncF64S { d, a } => self.unary_or_trap(d, a, arith::i64_trunc_f64_s),
            I64TruncF64U { d, a } => self.unary_or_trap(d, a, arith::i64_trunc_f64_u),
            I32TruncSatF32S { d, a } => self.unary(d, a, arith::i32_trunc_sat_f32_s),
            I32TruncSatF32U { d, a } => self.unary(d, a, arith::i32_trunc_sat_f32_u),
            I32TruncSatF64S { d, a } => self.unary(d, a, arith::i32_trunc_sat_f64_s),
            I32TruncSatF64U { d, a } => self.unary(d, a, arith::i32_trunc_sat_f64_u),
            I64TruncSatF32S { d, a } => self.unary(d, a, arith::i64_trunc_sat_f32_s),
            I64TruncSatF32U { d, a } => self.unary(d, a, arith::i64_trunc_sat_f32_u),
            I64TruncSatF64S { d, a } => self.unary(d, a, arith::i64_trunc_sat_f64_s),
            I64TruncSatF64U { d, a } => self.unary(d, a, arith::i64_trunc_sat_f64_u),
            F32ConvertI32S { d, a } => self.unary(d, a, arith::f32_convert_i32_s),
            F32ConvertI32U { d, a } => self.unary(d, a, arith::f32_convert_i32_u),
            F32ConvertI64S { d, a } => self.unary(d, a, arith::f32_convert_i64_s),
            F32ConvertI64U { d, a } => self.unary(d, a, arith::f32_convert_i64_u),
            F64ConvertI32S { d, a } => self.unary(d, a, arith::f64_convert_i32_s),
            F64ConvertI32U { d, a } => self.unary(d, a, arith::f64_convert_i32_u),
            F64ConvertI64S { d, a } => self.unary(d, a, arith::f64_convert_i64_s),
            F64ConvertI64U { d, a } => self.unary(d, a, arith::f64_convert_i64_u),
            F32DemoteF64 { d, a } => self.unary(d, a, arith::f32_demote_f64),
            F64PromoteF32 { d, a } => self.unary(d, a, arith::f64_promote_f32),
            I32Load { d, addr, offset } => self.load(d, addr, offset, u32::from_le_bytes),
            I64Load { d, addr, offset } => self.load(d, addr, offset, u64::from_le_bytes),
            F32Load { d, addr, offset } => self.load(d, addr, offset, u32::from_le_bytes),
            F64Load { d, addr, offset } => self.load(d, addr, offset, u64::from_le_bytes),
            I32Load8S { d, addr, offset } => {
                self.load(d, addr, offset, |bytes| i32::from(i8::from_le_bytes(bytes)))
            }
            I32Load8U { d, addr, offset } => {
                self.load(d, addr, offset, |bytes| u32::from(u8::from_le_bytes(bytes)))
            }
            I32Load16S { d, addr, offset } => {
                self.load(d, addr, offset, |bytes| i32::from(i16::from_le_bytes(bytes)))
            }
            I32Load16U { d, addr, offset } => {
                self.load(d, addr, offset, |bytes| u32::from(u16::from_le_bytes(bytes)))
            }
            I64Load8S { d, addr, offset } => {
                self.load(d, addr, offset, |bytes| i64::from(i8::from_le_bytes(bytes)))
            }
            I64Load8U { d, addr, offset } => {
                self.load(d, addr, offset, |bytes| u64::from(u8::from_le_bytes(bytes)))
            }
            I64Load16S { d, addr, offset } => {
                self.load(d, addr, offset, |bytes| i64::from(i16::from_le_bytes(bytes)))
            }
            I64Load16U { d, addr, offset } => {
                self.load(d, addr, offset, |bytes| u64::from(u16::from_le_bytes(bytes)))
            }
            I64Load32S { d, addr, offset } => {
                self.load(d, addr, offset, |bytes| i64::from(i32::from_le_bytes(bytes)))
            }
            I64Load32U { d, addr, offset } => {
                self.load(d, addr, offset, |bytes| u64::from(u32::from_le_bytes(bytes)))
            }
            I32Store { addr, offset, a } => self.store(addr, offset, self.value(a).to_le_bytes()),
            I64Store { addr, offset, a } => self.store(addr, offset, self.value(a).to_le_bytes()),
            F32Store { addr, offset, a } => self.store(addr, offset, self.value(a).to_bits().to_le_bytes()),
            F64Store { addr, offset, a } => self.store(addr, offset, self.value(a).to_bits().to_le_bytes()),
            I32Store8 { addr, offset, a } => self.store(addr, offset, (self.value(a) as u8).to_le_bytes()),
            I32Store16 { addr, offset, a } => self.store(addr, offset, (self.value(a) as u16).to_le_bytes()),
            I64Store8 { addr, offset, a } => self.store(addr, offset, (self.value(a) as u8).to_le_bytes()),
            I64Store16 { addr, offset, a } => self.store(addr, offset, (self.value(a) as u16).to_le_bytes()),
            I64Store32 { addr, offset, a } => self.store(addr, offset, (self.value(a) as u32).to_le_bytes()),
            MemorySize { d } => self.set(d, self.memory_pages() as u32),
            MemoryGrow { d, pages } => self.memory_grow(d, pages),
            MemoryCopy { to, from, len } => self.memory_copy(to, from, len),
            MemoryFill { to, value, len } => self.memory_fill(to, value, len),
            MemoryInit { data, to, from, len } => self.memory_init(data.0, to, from, len),
            DataDrop { data } => {
                self.state.dropped_data[data.0 as usize] = true;
                Ok(Then::Next)
            }
            TableGet { d, table, index } => {
                let element = self.table_element(table.0, index)?;
                self.set(d, element)
            }
            TableSet { table, index, a } => self.table_set(table.0, index, self.unsigned(a)),
            TableGetH { d, table, index } => {
                let element = self.table_element(table.0, index)?;
                self.set_h(d, element)
            }
            TableSetH { table, index, a } => self.table_set(table.0, index, self.handle(a)),
            TableSize { d, table } => self.set(d, self.state.tables[table.0 as usize].len() as u32),
            TableGrow { d, table, init, by } => self.table_grow(d, table.0, self.unsigned(init), by),
            TableGrowH { d, table, init, by } => self.table_grow(d, table.0, self.handle(init), by),
            TableFill { table, index, a, len } => self.table_fill(table.0, index, self.unsigned(a), len),
            TableFillH { table, index, a, len } => self.table_fill(table.0, index, self.handle(a), len),
            TableCopy { dst, src, to, from, len } => self.table_copy(dst.0, src.0, to, from, len),
            TableInit { table, elem, to, from, len } => self.table_init(table.0, elem.0, to, from, len),
            ElemDrop { elem } => {
                self.state.dropped_elems[elem.0 as usize] = true;
                Ok(Then::Next)
            }
            BytesNew { d, len } => self.bytes_new(d, len),
            BytesData { d, data, from, len } => self.bytes_data(d, data.0, from, len),
            BytesLoad { d, from, len } => self.bytes_load(d, from, len),
            BytesStore { a, from, to, len } => self.bytes_store(a, from, to, len),
            BytesLen { d, a } => self.bytes_len(d, a),
            BytesGet { d, a, index } => self.bytes_get(d, a, index),
            BytesSet { a, index, value } => self.bytes_set(a, index, value),
            BytesCopy { dst, to, src, from, len } => self.bytes_copy(dst, to, src, from, len),
            BytesFill { a, from, value, len } => self.bytes_fill(a, from, value, len),
            BytesCompare { d, a, b } => self.bytes_compare(d, a, b),
            ArrayNew { d, len } => self.array_new(d, len),
            ArrayLen { d, a } => self.array_len(d, a),
            ArrayGet { d, a, index } => self.array_get(d, a, index),
            ArraySet { a, index, value } => self.array_set(a, index, value),
            ArrayCopy { dst, to, src, from, len } => self.array_copy(dst, to, src, from, len),
            ArrayFill { a, from, value, len } => self.array_fill(a, from, value, len),
            ArrayCompare { d, a, b } => self.array_compare(d, a, b),
            RefsNew { d, len } => self.refs_new(d, len),
            RefsLen { d, a } => self.refs_len(d, a),
            RefsGet { d, a, index } => self.refs_get(d, a, index),
            RefsSet { a, index, value } => self.refs_set(a, index, value),
            RefsCopy { dst, to, src, from, len } => self.refs_copy(dst, to, src, from, len),
            RefsFill { a, from, value, len } => self.refs_fill(a, from, value, len),
            RefsCompare { d, a, b } => self.refs_compare(d, a, b),
            RecordNew { d, shape } => self.record_new(d, shape.0),
            RecordShape { d, a } => self.record_shape(d, a),
            RecordGet { d, a, shape, field } => self.record_get(d, a, shape.0, field.0),
            RecordSet { a, shape, field, value } => self.record_set(a, shape.0, field.0, value),
            RecordGetH { d, a, shape, field } => self.record_get_h(d, a, shape.0, field.0),
            RecordSetH { a, shape, field, value } => self.record_set_h(a, shape.0, field.0, value),
            RecordCopy { dst, src } => self.record_copy(dst, src),
            RecordCompare { d, a, b } => self.record_compare(d, a, b),
        }
    }

    fn pad(&self, pad: I32) -> Result<usize, TrapCode> {
        let pad = self.unsigned(pad);
        if pad < 4 { Ok(pad as usize) } else { Err(TrapCode::NoSuchPad) }
    }

    fn global_set(&mut self, global: u32, a: I64) -> Executed {
        let cell = self.value(a) as u64;
        let ty = self.program.cartridge().globals[global as usize].ty;
        self.state.globals[global as usize] = if ty.is_32_bit() { u64::from(cell as u32) } else { cell };
        Ok(Then::Next)
    }
}
