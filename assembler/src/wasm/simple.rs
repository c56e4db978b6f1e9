//! Operators that neither branch nor call. Those whose instruction has the same name and operands stand in lists by their
//! operands; only the rest is written out.

use cartwheel_bytecode::operand::*;
use cartwheel_bytecode::{Bank, Instr};
use wasmparser::Operator;

use super::convert::value_type;
use super::function::{Env, Translator};
use super::stack::Value;
use super::test::{Relation, Test};

/// `$self` takes operands of the kinds in the order in which they were pushed.
macro_rules! translate {
    (
        ($this:ident, $operator:ident, $next:ident)
        unary { $($un:ident($un_a:ident))* }
        binary { $($bin:ident($bin_a:ident))* }
        compare $cmp_self:ident { $($cmp:ident($cmp_a:ident, $family:ident $relation:ident))* }
        load { $($load:ident)* }
        store { $($store:ident($store_a:ident))* }
        rest { $($rest:tt)* }
    ) => {
        match $operator {
            $(Operator::$un => {
                let a = $this.$un_a();
                let d = $this.dst($next);
                $this.code.push(&Instr::$un { d, a });
            })*
            $(Operator::$bin => {
                let b = $this.$bin_a();
                let a = $this.$bin_a();
                let d = $this.dst($next);
                $this.code.push(&Instr::$bin { d, a, b });
            })*
            $(Operator::$cmp => {
                let b = $this.$cmp_a();
                let a = $this.$cmp_a();
                $this.push_test(Test::$family(Relation::$relation, a, b), $next);
            })*
            $(Operator::$load { memarg } => {
                let addr = $this.i32();
                let d = $this.dst($next);
                $this.code.push(&Instr::$load { d, addr, offset: Offset(memarg.offset as u32) });
            })*
            $(Operator::$store { memarg } => {
                let a = $this.$store_a();
                let addr = $this.i32();
                $this.code.push(&Instr::$store { addr, offset: Offset(memarg.offset as u32), a });
            })*
            $($rest)*
        }
    };
}

impl Translator {
    /// Translates an operator that neither branches nor calls.
    pub(super) fn simple(&mut self, env: &Env<'_>, operator: &Operator<'_>, next: Option<&Operator<'_>>) {
        translate! {
            (self, operator, next)
            unary {
                I32Clz(i32) I32Ctz(i32) I32Popcnt(i32) I32Extend8S(i32) I32Extend16S(i32)
                I64Clz(i64) I64Ctz(i64) I64Popcnt(i64) I64Extend8S(i64) I64Extend16S(i64) I64Extend32S(i64)
                F32Abs(f32) F32Neg(f32) F32Ceil(f32) F32Floor(f32) F32Trunc(f32) F32Nearest(f32) F32Sqrt(f32)
                F64Abs(f64) F64Neg(f64) F64Ceil(f64) F64Floor(f64) F64Trunc(f64) F64Nearest(f64) F64Sqrt(f64)
                I32WrapI64(i64) I64ExtendI32S(i32)
                I32TruncF32S(f32) I32TruncF32U(f32) I32TruncF64S(f64) I32TruncF64U(f64)
                I64TruncF32S(f32) I64TruncF32U(f32) I64TruncF64S(f64) I64TruncF64U(f64)
                I32TruncSatF32S(f32) I32TruncSatF32U(f32) I32TruncSatF64S(f64) I32TruncSatF64U(f64)
                I64TruncSatF32S(f32) I64TruncSatF32U(f32) I64TruncSatF64S(f64) I64TruncSatF64U(f64)
                F32ConvertI32S(i32) F32ConvertI32U(i32) F32ConvertI64S(i64) F32ConvertI64U(i64)
                F64ConvertI32S(i32) F64ConvertI32U(i32) F64ConvertI64S(i64) F64ConvertI64U(i64)
                F32DemoteF64(f64) F64PromoteF32(f32)
            }
            binary {
                I32Add(i32) I32Sub(i32) I32Mul(i32) I32DivS(i32) I32DivU(i32) I32RemS(i32) I32RemU(i32)
                I32And(i32) I32Or(i32) I32Xor(i32) I32Shl(i32) I32ShrS(i32) I32ShrU(i32) I32Rotl(i32) I32Rotr(i32)
                I64Add(i64) I64Sub(i64) I64Mul(i64) I64DivS(i64) I64DivU(i64) I64RemS(i64) I64RemU(i64)
                I64And(i64) I64Or(i64) I64Xor(i64) I64Shl(i64) I64ShrS(i64) I64ShrU(i64) I64Rotl(i64) I64Rotr(i64)
                F32Eq(f32) F32Ne(f32) F32Lt(f32) F32Gt(f32) F32Le(f32) F32Ge(f32)
                F32Add(f32) F32Sub(f32) F32Mul(f32) F32Div(f32) F32Min(f32) F32Max(f32) F32Copysign(f32)
                F64Eq(f64) F64Ne(f64) F64Lt(f64) F64Gt(f64) F64Le(f64) F64Ge(f64)
                F64Add(f64) F64Sub(f64) F64Mul(f64) F64Div(f64) F64Min(f64) F64Max(f64) F64Copysign(f64)
            }
            compare self {
                I32Eq(i32, Int32 Eq) I32Ne(i32, Int32 Ne) I32LtS(i32, Int32 LtS) I32LtU(i32, Int32 LtU)
                I32GtS(i32, Int32 GtS) I32GtU(i32, Int32 GtU) I32LeS(i32, Int32 LeS) I32LeU(i32, Int32 LeU)
                I32GeS(i32, Int32 GeS) I32GeU(i32, Int32 GeU)
                I64Eq(i64, Int64 Eq) I64Ne(i64, Int64 Ne) I64LtS(i64, Int64 LtS) I64LtU(i64, Int64 LtU)
                I64GtS(i64, Int64 GtS) I64GtU(i64, Int64 GtU) I64LeS(i64, Int64 LeS) I64LeU(i64, Int64 LeU)
                I64GeS(i64, Int64 GeS) I64GeU(i64, Int64 GeU)
            }
            load {
                I32Load I64Load F32Load F64Load I32Load8S I32Load8U I32Load16S I32Load16U
                I64Load8S I64Load8U I64Load16S I64Load16U I64Load32S I64Load32U
            }
            store {
                I32Store(i32) I64Store(i64) F32Store(f32) F64Store(f64) I32Store8(i32) I32Store16(i32)
                I64Store8(i64) I64Store16(i64) I64Store32(i64)
            }
            rest {
                Operator::I32Eqz => {
                    let test = self.test().negated();
                    self.push_test(test, next);
                }
                Operator::I64Eqz => {
                    let a = self.i64();
                    self.push_test(Test::Int64(Relation::Eq, a, Src::Imm(0)), next);
                }
                Operator::I32Const { value } => self.constant(Scalar::I32, u64::from(*value as u32)),
                Operator::I64Const { value } => self.constant(Scalar::I64, *value as u64),
                Operator::F32Const { value } => self.constant(Scalar::F32, value.bits().into()),
                Operator::F64Const { value } => self.constant(Scalar::F64, value.bits()),
                // The upper half of a register with a 32-bit value is 0: the same bits are the result.
                Operator::I64ExtendI32U | Operator::I64ReinterpretF64 => self.retype(Scalar::I64),
                Operator::I32ReinterpretF32 => self.retype(Scalar::I32),
                Operator::F32ReinterpretI32 => self.retype(Scalar::F32),
                Operator::F64ReinterpretI64 => self.retype(Scalar::F64),
                Operator::Drop => _ = self.stack.pop(),
                Operator::Select => self.select(Bank::Scalar, next),
                Operator::TypedSelect { ty } => {
                    let ty = value_type(*ty, 0).expect("the validator accepts only types that exist");
                    self.select(ty.bank(), next);
                }
                Operator::LocalGet { local_index } => {
                    self.stack.push(Value::Local(*local_index), self.local_bank(*local_index));
                }
                Operator::LocalSet { local_index } => self.set_local(*local_index),
                Operator::LocalTee { local_index } => {
                    self.set_local(*local_index);
                    self.stack.push(Value::Local(*local_index), self.local_bank(*local_index));
                }
                Operator::GlobalGet { global_index } => {
                    let global = Global(*global_index);
                    let instr = match env.globals[*global_index as usize].bank() {
                        Bank::Scalar => Instr::GlobalGet { d: self.dst(next), global },
                        Bank::Handle => Instr::GlobalGetH { d: self.hdst(next), global },
                    };
                    self.code.push(&instr);
                }
                Operator::GlobalSet { global_index } => {
                    let global = Global(*global_index);
                    let instr = match env.globals[*global_index as usize].bank() {
                        Bank::Scalar => Instr::GlobalSet { global, a: self.i64() },
                        Bank::Handle => Instr::GlobalSetH { global, a: self.handle() },
                    };
                    self.code.push(&instr);
                }
                _ => self.memory_or_table(env, operator, next),
            }
        }
    }

    fn memory_or_table(&mut self, env: &Env<'_>, operator: &Operator<'_>, next: Option<&Operator<'_>>) {
        let handles = |table: u32| env.tables[table as usize];
        let instr = match *operator {
            Operator::MemorySize { .. } => Instr::MemorySize { d: self.dst(next) },
            Operator::MemoryGrow { .. } => {
                let asked = self.i32();
                // More than there can ever be: that way even growing by nothing gives -1.
                let pages = if env.fixed_memory { Src::Imm(-1) } else { asked };
                Instr::MemoryGrow { d: self.dst(next), pages }
            }
            Operator::MemoryCopy { .. } => {
                let (len, from, to) = (self.i32(), self.i32(), self.i32());
                Instr::MemoryCopy { to, from, len }
            }
            Operator::MemoryFill { .. } => {
                let (len, value, to) = (self.i32(), self.i32(), self.i32());
                Instr::MemoryFill { to, value, len }
            }
            Operator::MemoryInit { data_index, .. } => {
                let (len, from, to) = (self.i32(), self.i32(), self.i32());
                Instr::MemoryInit { data: Data(env.first_data + data_index), to, from, len }
            }
            Operator::DataDrop { data_index } => Instr::DataDrop { data: Data(env.first_data + data_index) },
            Operator::TableGet { table } => {
                let index = self.i32();
                match handles(table) {
                    false => Instr::TableGet { d: self.dst(next), table: Table(table), index },
                    true => Instr::TableGetH { d: self.hdst(next), table: Table(table), index },
                }
            }
            Operator::TableSet { table } if handles(table) => {
                let (a, index) = (self.handle(), self.i32());
                Instr::TableSetH { table: Table(table), index, a }
            }
            Operator::TableSet { table } => {
                let (a, index) = (self.i32(), self.i32());
                Instr::TableSet { table: Table(table), index, a }
            }
            Operator::TableSize { table } => Instr::TableSize { d: self.dst(next), table: Table(table) },
            Operator::TableGrow { table } if handles(table) => {
                let (by, init) = (self.i32(), self.handle());
                Instr::TableGrowH { d: self.dst(next), table: Table(table), init, by }
            }
            Operator::TableGrow { table } => {
                let (by, init) = (self.i32(), self.i32());
                Instr::TableGrow { d: self.dst(next), table: Table(table), init, by }
            }
            Operator::TableFill { table } if handles(table) => {
                let (len, a, index) = (self.i32(), self.handle(), self.i32());
                Instr::TableFillH { table: Table(table), index, a, len }
            }
            Operator::TableFill { table } => {
                let (len, a, index) = (self.i32(), self.i32(), self.i32());
                Instr::TableFill { table: Table(table), index, a, len }
            }
            Operator::TableCopy { dst_table, src_table } => {
                let (len, from, to) = (self.i32(), self.i32(), self.i32());
                Instr::TableCopy { dst: Table(dst_table), src: Table(src_table), to, from, len }
            }
            Operator::TableInit { elem_index, table } => {
                let (len, from, to) = (self.i32(), self.i32(), self.i32());
                Instr::TableInit { table: Table(table), elem: Elem(elem_index), to, from, len }
            }
            Operator::ElemDrop { elem_index } => Instr::ElemDrop { elem: Elem(elem_index) },
            Operator::RefNull { hty } => {
                if hty == wasmparser::HeapType::FUNC {
                    self.constant(Scalar::I32, 0);
                } else {
                    self.stack.push(Value::Null, Bank::Handle);
                }
                return;
            }
            Operator::RefFunc { function_index } => {
                Instr::FuncRef { d: self.dst(next), func: Func(function_index) }
            }
            Operator::RefIsNull => {
                let top = self.stack.get(self.stack.height() - 1);
                let test = match top.bank {
                    Bank::Scalar => Test::Zero(self.i32()),
                    Bank::Handle => Test::Null(self.handle()),
                };
                // Nothing computes that a handle is not null, so `i32.eqz` gets a value.
                let next = next.filter(|next| top.bank == Bank::Scalar || !matches!(next, Operator::I32Eqz));
                return self.push_test(test, next);
            }
            ref other => unreachable!("the validator accepts no {other:?}"),
        };
        self.code.push(&instr);
    }

    fn constant(&mut self, scalar: Scalar, cell: u64) {
        self.stack.push(Value::Const(scalar, cell), Bank::Scalar);
    }

    /// The same bits with another type.
    fn retype(&mut self, scalar: Scalar) {
        if let Value::Const(_, cell) = self.stack.get(self.stack.height() - 1).value {
            self.stack.pop();
            self.constant(scalar, cell);
        }
    }

    /// Pushes a condition: as it is if the next operator can test it, else as the value 1 or 0.
    fn push_test(&mut self, test: Test, next: Option<&Operator<'_>>) {
        if let Some(Operator::BrIf { .. } | Operator::If { .. } | Operator::I32Eqz) = next {
            self.stack.push(Value::Test(test), Bank::Scalar);
            return;
        }
        let d = self.dst(next);
        self.code.push(&test.value(d));
    }

    fn select(&mut self, bank: Bank, next: Option<&Operator<'_>>) {
        let cond = self.i32();
        let instr = match bank {
            Bank::Scalar => {
                let (b, a) = (self.i64(), self.i64());
                Instr::Select { d: self.dst(next), cond, a, b }
            }
            Bank::Handle => {
                let (b, a) = (self.handle(), self.handle());
                Instr::SelectH { d: self.hdst(next), cond, a, b }
            }
        };
        self.code.push(&instr);
    }
}
