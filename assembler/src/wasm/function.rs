//! Translates the body of one function.
//!
//! One pass over the operators, with a look at the next one: a result that `local.set` takes goes straight to the local, and
//! a comparison that a branch takes is not computed at all. Locals keep a register for themselves, and the place `n` of
//! the operand stack has the register behind them that is its slot; what is really copied there, `stack` decides.

use cartwheel_bytecode::cartridge::Function;
use cartwheel_bytecode::operand::*;
use cartwheel_bytecode::{Bank, Instr, Signature, ValType};
use wasmparser::{BlockType, BrTable, FuncValidator, FunctionBody, Operator, ValidatorResources};

use super::code::{Code, LabelId};
use super::convert::value_type;
use super::error::Error;
use super::imports::ImportedFunction;
use super::stack::{Entry, Stack, Value};
use super::test::Test;

/// What a body refers to.
pub struct Env<'a> {
    /// Types of the module.
    pub types: &'a [Signature],
    /// Type of every function.
    pub functions: &'a [u32],
    /// What the first functions, which are imported, really are.
    pub imported: &'a [ImportedFunction],
    /// Types of globals.
    pub globals: &'a [ValType],
    /// Whether tables hold handles.
    pub tables: &'a [bool],
    /// What is added to the index of a data segment.
    pub first_data: u32,
    /// True if the memory never grows.
    pub fixed_memory: bool,
    /// Most bytes of code of all functions together.
    pub max_code_bytes: usize,
}

/// Translates functions, one after another, with buffers that are made once.
#[derive(Default)]
pub struct Translator {
    pub(super) code: Code,
    pub(super) stack: Stack,
    frames: Vec<Frame>,
    /// Register and bank of every local.
    locals: Vec<(u16, Bank)>,
    /// Registers of each bank that locals take.
    local_counts: [u32; 2],
    /// Registers of each bank that are used.
    registers: [u32; 2],
    /// Blocks that have begun since execution cannot get here; 0 where it can.
    dead: u32,
    /// True if the next operator has been dealt with.
    pub(super) skip: bool,
    /// Count of `br_table`s, to tell which of them made a stub.
    switches: u32,
    /// Bytes of code of functions that are done.
    done_bytes: usize,
}

/// A block that has begun.
#[derive(Clone, Copy)]
struct Frame {
    kind: FrameKind,
    block: BlockType,
    /// Height of the stack below its parameters.
    height: usize,
    /// Where branches to it go; nothing has this label if the block is the function's body.
    label: LabelId,
    /// The code of a `br_table` that moves values and then branches to it.
    stub: Option<(u32, LabelId)>,
}

#[derive(Clone, Copy, PartialEq)]
enum FrameKind {
    Body,
    Block,
    Loop,
    /// With the label of its other arm.
    If(LabelId),
    Else,
}

impl Translator {
    /// Translates a body while validating it.
    pub fn function(
        &mut self,
        env: &Env<'_>,
        sig: u32,
        body: &FunctionBody<'_>,
        validator: &mut FuncValidator<ValidatorResources>,
    ) -> Result<Function, Error> {
        let start = body.range().start;
        self.begin(env, sig, body, validator)?;
        let mut operators = body.get_operators_reader()?;
        let mut next = Some(operators.read_with_offset()?);
        while let Some((operator, offset)) = next {
            validator.op(offset, &operator)?;
            next = if operators.eof() { None } else { Some(operators.read_with_offset()?) };
            if std::mem::take(&mut self.skip) {
                continue;
            }
            self.operator(env, &operator, next.as_ref().map(|(operator, _)| operator));
            self.check(env, offset)?;
        }
        operators.finish()?;
        let (code, labels) = self.code.finish();
        self.done_bytes += code.len();
        if code.len() >= 1 << 28 || labels.len() > 1 << 20 {
            return Err(Error::limit(start, "a function that is too large"));
        }
        let [scalars, handles] = self.registers.map(|count| count as u16);
        Ok(Function { sig, scalars, handles, labels, code })
    }

    fn begin(
        &mut self,
        env: &Env<'_>,
        sig: u32,
        body: &FunctionBody<'_>,
        validator: &mut FuncValidator<ValidatorResources>,
    ) -> Result<(), Error> {
        self.locals.clear();
        self.local_counts = [0; 2];
        for ty in &env.types[sig as usize].params {
            self.local(ty.bank());
        }
        let start = body.range().start;
        let mut locals = body.get_binary_reader();
        validator.read_locals(&mut locals)?;
        for group in body.get_locals_reader()? {
            let (count, ty) = group?;
            let bank = value_type(ty, start)?.bank();
            (0..count).for_each(|_| self.local(bank));
        }
        self.registers = self.local_counts;
        self.stack.reset(self.locals.len());
        self.frames.clear();
        self.dead = 0;
        self.skip = false;
        let label = self.code.label();
        let block = BlockType::FuncType(sig);
        self.frames.push(Frame { kind: FrameKind::Body, block, height: 0, label, stub: None });
        self.check(env, start)
    }

    fn local(&mut self, bank: Bank) {
        let register = &mut self.local_counts[bank as usize];
        self.locals.push((*register as u16, bank));
        *register += 1;
    }

    /// What cannot be said anywhere in the middle: that something has become too large.
    fn check(&self, env: &Env<'_>, offset: u64) -> Result<(), Error> {
        if self.registers.iter().any(|&count| count > MAX_REGISTERS) {
            let message =
                format!("a function that needs more than {MAX_REGISTERS} registers: it has too many locals");
            return Err(Error::limit(offset, message));
        }
        if self.done_bytes + self.code.len() > env.max_code_bytes {
            return Err(Error::limit(offset, "code that would become much longer than the module"));
        }
        Ok(())
    }

    fn operator(&mut self, env: &Env<'_>, operator: &Operator<'_>, next: Option<&Operator<'_>>) {
        if self.dead > 0 {
            match operator {
                Operator::Block { .. } | Operator::Loop { .. } | Operator::If { .. } => {
                    self.dead += 1;
                    return;
                }
                Operator::Else if self.dead == 1 => {}
                Operator::End if self.dead > 1 => {
                    self.dead -= 1;
                    return;
                }
                Operator::End => {}
                _ => return,
            }
        }
        match *operator {
            Operator::Nop => {}
            Operator::Unreachable => self.stop(&Instr::Unreachable {}),
            Operator::Block { blockty } => self.begin_block(env, blockty),
            Operator::Loop { blockty } => self.begin_loop(env, blockty),
            Operator::If { blockty } => self.begin_if(env, blockty),
            Operator::Else => self.begin_else(env),
            Operator::End => self.end(env),
            Operator::Br { relative_depth } => {
                self.go_to(env, relative_depth);
                self.die();
            }
            Operator::BrIf { relative_depth } => self.branch_if(env, relative_depth),
            Operator::BrTable { ref targets } => self.branch_table(env, targets),
            Operator::Return => {
                self.leave(env);
                self.die();
            }
            Operator::Call { function_index } => self.call(env, function_index, next),
            Operator::CallIndirect { type_index, table_index } => {
                let index = self.i32();
                let sig = &env.types[type_index as usize];
                let args = self.args(&sig.params);
                let results = self.results(&sig.results, next);
                let (sig, table) = (Sig(type_index), Table(table_index));
                self.code.push(&Instr::CallIndirect { sig, table, index, args, results });
            }
            _ => self.simple(env, operator, next),
        }
    }

    // ---- blocks ----------------------------------------------------------------------------------------

    fn begin_block(&mut self, env: &Env<'_>, block: BlockType) {
        self.settle_locals();
        let label = self.code.label();
        self.enter(env, FrameKind::Block, block, label);
    }

    fn begin_loop(&mut self, env: &Env<'_>, block: BlockType) {
        self.settle_locals();
        self.settle_constants(params(env, &block).len());
        let label = self.code.label();
        self.code.bind_loop(label);
        self.enter(env, FrameKind::Loop, block, label);
    }

    fn begin_if(&mut self, env: &Env<'_>, block: BlockType) {
        let test = self.test();
        self.settle_locals();
        self.settle_constants(params(env, &block).len());
        let (label, otherwise) = (self.code.label(), self.code.label());
        self.code.branch(&test.negated().branch(), otherwise);
        self.enter(env, FrameKind::If(otherwise), block, label);
    }

    fn enter(&mut self, env: &Env<'_>, kind: FrameKind, block: BlockType, label: LabelId) {
        let height = self.stack.height() - params(env, &block).len();
        self.frames.push(Frame { kind, block, height, label, stub: None });
    }

    fn begin_else(&mut self, env: &Env<'_>) {
        let frame = *self.frames.last().expect("a validated module has a block here");
        let FrameKind::If(otherwise) = frame.kind else { unreachable!("`else` belongs to an `if`") };
        if self.dead == 0 {
            self.moves(&frame, results(env, &frame.block).len());
            self.code.jump(frame.label);
        }
        self.dead = 0;
        self.code.bind(otherwise);
        self.stack.truncate(frame.height);
        self.push_slots(params(env, &frame.block));
        self.frames.last_mut().expect("it is still there").kind = FrameKind::Else;
    }

    fn end(&mut self, env: &Env<'_>) {
        let frame = self.frames.pop().expect("a validated module has a block here");
        let results = results(env, &frame.block);
        if frame.kind == FrameKind::Body {
            if self.dead == 0 {
                self.frames.push(frame);
                self.leave(env);
                self.frames.pop();
            }
            return;
        }
        let mut alive = self.dead == 0;
        if alive {
            self.moves(&frame, results.len());
        }
        if let FrameKind::If(otherwise) = frame.kind {
            self.code.bind(otherwise);
            alive = true;
        }
        if frame.kind != FrameKind::Loop {
            self.code.bind(frame.label);
            alive |= self.code.is_used(frame.label);
        }
        self.stack.truncate(frame.height);
        self.dead = u32::from(!alive);
        if alive {
            self.push_slots(results);
        }
    }

    fn push_slots(&mut self, types: &[ValType]) {
        for ty in types {
            self.slot(self.stack.height(), ty.bank());
            self.stack.push(Value::Slot, ty.bank());
        }
    }

    // ---- branches --------------------------------------------------------------------------------------

    fn frame(&self, depth: u32) -> Frame {
        self.frames[self.frames.len() - 1 - depth as usize]
    }

    /// Types of the values that a branch to a block takes along.
    fn carried<'e>(&self, env: &Env<'e>, frame: &Frame) -> &'e [ValType] {
        match frame.kind {
            FrameKind::Loop => params(env, &frame.block),
            _ => results(env, &frame.block),
        }
    }

    /// True if the values that a branch takes along are not where the block wants them.
    fn needs_moves(&self, frame: &Frame, count: usize) -> bool {
        let first = self.stack.height() - count;
        count > 0
            && (first != frame.height
                || (first..self.stack.height()).any(|place| self.stack.get(place).value != Value::Slot))
    }

    fn moves(&mut self, frame: &Frame, count: usize) {
        let first = self.stack.height() - count;
        for i in 0..count {
            let entry = self.stack.get(first + i);
            if first != frame.height || entry.value != Value::Slot {
                self.copy(first + i, entry, frame.height + i);
            }
        }
    }

    /// Branches to a block with what it takes along.
    fn go_to(&mut self, env: &Env<'_>, depth: u32) {
        let frame = self.frame(depth);
        if frame.kind == FrameKind::Body {
            return self.leave(env);
        }
        self.moves(&frame, self.carried(env, &frame).len());
        self.code.jump(frame.label);
    }

    fn branch_if(&mut self, env: &Env<'_>, depth: u32) {
        let test = self.test();
        let frame = self.frame(depth);
        let count = self.carried(env, &frame).len();
        if frame.kind == FrameKind::Body || self.needs_moves(&frame, count) {
            let over = self.code.label();
            self.code.branch(&test.negated().branch(), over);
            self.go_to(env, depth);
            self.code.bind(over);
        } else {
            self.code.branch(&test.branch(), frame.label);
        }
    }

    fn branch_table(&mut self, env: &Env<'_>, table: &BrTable<'_>) {
        let index = self.i32();
        self.switches += 1;
        let mut stubs = Vec::new();
        let mut labels = Vec::with_capacity(table.len() as usize + 1);
        let depths = table.targets().map(|depth| depth.expect("the validator has read it"));
        for depth in depths.chain([table.default()]) {
            labels.push(self.switch_target(env, depth, &mut stubs));
        }
        self.code.switch(index, &labels);
        for (depth, label) in stubs {
            self.code.bind(label);
            self.go_to(env, depth);
        }
        self.die();
    }

    /// The label of a block, or of a stub for it.
    fn switch_target(&mut self, env: &Env<'_>, depth: u32, stubs: &mut Vec<(u32, LabelId)>) -> LabelId {
        let frame = self.frame(depth);
        if let Some((switch, label)) = frame.stub
            && switch == self.switches
        {
            return label;
        }
        let count = self.carried(env, &frame).len();
        let mut label = frame.label;
        if frame.kind == FrameKind::Body || self.needs_moves(&frame, count) {
            label = self.code.label();
            stubs.push((depth, label));
        }
        let at = self.frames.len() - 1 - depth as usize;
        self.frames[at].stub = Some((self.switches, label));
        label
    }

    /// Returns from the function.
    fn leave(&mut self, env: &Env<'_>) {
        let count = results(env, &self.frames[0].block).len();
        let first = self.stack.height() - count;
        let values =
            (first..self.stack.height()).map(|place| self.arg(place, self.stack.get(place))).collect();
        self.code.push(&Instr::Return { values });
    }

    /// Ends with an instruction that nothing follows.
    fn stop(&mut self, instr: &Instr) {
        self.code.push(instr);
        self.die();
    }

    /// Execution does not get any further in this block.
    fn die(&mut self) {
        let height = self.frames.last().expect("a validated module has a block here").height;
        self.stack.truncate(height);
        self.dead = 1;
    }

    // ---- calls -----------------------------------------------------------------------------------------

    fn call(&mut self, env: &Env<'_>, func: u32, next: Option<&Operator<'_>>) {
        let sig = &env.types[env.functions[func as usize] as usize];
        let mut args = self.args(&sig.params);
        match env.imported.get(func as usize) {
            None => {
                let results = self.results(&sig.results, next);
                self.code.push(&Instr::Call { func: Func(func), args, results });
            }
            Some(imported) => {
                let results = self.results(&sig.results, next);
                self.code.push(&imported.instr(func, &mut args, results));
            }
        }
    }

    /// Takes the arguments of a call.
    fn args(&mut self, types: &[ValType]) -> Args {
        let first = self.stack.height() - types.len();
        let args = (first..self.stack.height()).map(|place| self.arg(place, self.stack.get(place))).collect();
        self.stack.truncate(first);
        args
    }

    /// Pushes the results of a call.
    fn results(&mut self, types: &[ValType], next: Option<&Operator<'_>>) -> Dsts {
        let mut results = Dsts::new();
        for (i, ty) in types.iter().enumerate() {
            let next = if i + 1 == types.len() { next } else { None };
            let register = self.result(ty.bank(), next);
            results.push(match ty.bank() {
                Bank::Scalar => AnyDst::Reg(register),
                Bank::Handle => AnyDst::HReg(register),
            });
        }
        results
    }

    fn arg(&mut self, place: usize, entry: Entry) -> Arg {
        match entry.value {
            Value::Const(_, cell) => Arg::Imm(cell),
            Value::Null => Arg::Null,
            _ => match (self.register(place, entry), entry.bank) {
                (register, Bank::Scalar) => Arg::Reg(register),
                (register, Bank::Handle) => Arg::HReg(register),
            },
        }
    }

    // ---- registers -------------------------------------------------------------------------------------

    /// The slot of a place. If there is none, `check` says so behind the operator.
    fn slot(&mut self, place: usize, bank: Bank) -> u16 {
        let register = self.local_counts[bank as usize].saturating_add(place as u32);
        let used = &mut self.registers[bank as usize];
        *used = (*used).max(register.saturating_add(1));
        register.min(MAX_REGISTERS - 1) as u16
    }

    /// The register that holds a value.
    fn register(&mut self, place: usize, entry: Entry) -> u16 {
        match entry.value {
            Value::Local(local) => self.locals[local as usize].0,
            _ => self.slot(place, entry.bank),
        }
    }

    /// The register for a result: that of the local which takes it next, or else the slot where it is pushed.
    pub(super) fn result(&mut self, bank: Bank, next: Option<&Operator<'_>>) -> u16 {
        // The next operator has not been validated yet.
        if let Some(&(Operator::LocalSet { local_index } | Operator::LocalTee { local_index })) = next
            && self.locals.get(local_index as usize).is_some_and(|local| local.1 == bank)
        {
            self.skip = true;
            self.before_change(local_index);
            if let Some(Operator::LocalTee { .. }) = next {
                self.stack.push(Value::Local(local_index), bank);
            }
            return self.locals[local_index as usize].0;
        }
        let register = self.slot(self.stack.height(), bank);
        self.stack.push(Value::Slot, bank);
        register
    }

    pub(super) fn dst(&mut self, next: Option<&Operator<'_>>) -> Dst {
        Dst(self.result(Bank::Scalar, next))
    }

    pub(super) fn hdst(&mut self, next: Option<&Operator<'_>>) -> HDst {
        HDst(self.result(Bank::Handle, next))
    }

    /// Takes the uppermost value as a cell.
    pub(super) fn cell(&mut self) -> CellSrc {
        let entry = self.stack.pop();
        match entry.value {
            Value::Const(_, cell) => CellSrc::Imm(cell),
            _ => CellSrc::Reg(self.register(self.stack.height(), entry)),
        }
    }

    pub(super) fn i32(&mut self) -> I32 {
        match self.cell() {
            CellSrc::Imm(cell) => Src::Imm(cell as i32),
            CellSrc::Reg(register) => Src::Reg(register),
        }
    }

    pub(super) fn i64(&mut self) -> I64 {
        match self.cell() {
            CellSrc::Imm(cell) => Src::Imm(cell as i64),
            CellSrc::Reg(register) => Src::Reg(register),
        }
    }

    pub(super) fn f32(&mut self) -> F32 {
        match self.cell() {
            CellSrc::Imm(cell) => Src::Imm(F32Bits(cell as u32)),
            CellSrc::Reg(register) => Src::Reg(register),
        }
    }

    pub(super) fn f64(&mut self) -> F64 {
        match self.cell() {
            CellSrc::Imm(cell) => Src::Imm(F64Bits(cell)),
            CellSrc::Reg(register) => Src::Reg(register),
        }
    }

    pub(super) fn handle(&mut self) -> H {
        let entry = self.stack.pop();
        match entry.value {
            Value::Null => H(None),
            _ => H(Some(self.register(self.stack.height(), entry))),
        }
    }

    /// Takes the uppermost value as a condition.
    pub(super) fn test(&mut self) -> Test {
        if self.stack.height() > 0
            && let Value::Test(test) = self.stack.get(self.stack.height() - 1).value
        {
            self.stack.pop();
            return test;
        }
        Test::NotZero(self.i32())
    }

    // ---- copies ----------------------------------------------------------------------------------------

    pub(super) fn local_bank(&self, local: u32) -> Bank {
        self.locals[local as usize].1
    }

    /// Copies a value to its slot, or to that of another place.
    fn copy(&mut self, place: usize, entry: Entry, to: usize) {
        let register = self.slot(to, entry.bank);
        self.copy_to_register(place, entry, register);
    }

    fn copy_to_register(&mut self, place: usize, entry: Entry, to: u16) {
        let d = Dst(to);
        let instr = match entry.value {
            Value::Const(Scalar::I32, cell) => Instr::I32Const { d, value: Imm(cell as i32) },
            Value::Const(Scalar::I64, cell) => Instr::I64Const { d, value: Imm(cell as i64) },
            Value::Const(Scalar::F32, cell) => Instr::F32Const { d, value: Imm(F32Bits(cell as u32)) },
            Value::Const(Scalar::F64, cell) => Instr::F64Const { d, value: Imm(F64Bits(cell)) },
            Value::Null => Instr::MoveH { d: HDst(to), a: H(None) },
            _ => {
                let from = self.register(place, entry);
                match entry.bank {
                    Bank::Scalar => Instr::Move { d, a: Src::Reg(from) },
                    Bank::Handle => Instr::MoveH { d: HDst(to), a: H(Some(from)) },
                }
            }
        };
        self.code.push(&instr);
    }

    /// Takes the uppermost value into a local.
    pub(super) fn set_local(&mut self, local: u32) {
        let entry = self.stack.pop();
        if entry.value == Value::Local(local) {
            return;
        }
        self.before_change(local);
        let (register, _) = self.locals[local as usize];
        self.copy_to_register(self.stack.height(), entry, register);
    }

    /// Copies what the stack owes of a local.
    fn before_change(&mut self, local: u32) {
        let mut stack = std::mem::take(&mut self.stack);
        stack.settle_local(local, |place, entry| self.copy(place, entry, place));
        self.stack = stack;
    }

    fn settle_locals(&mut self) {
        let mut stack = std::mem::take(&mut self.stack);
        stack.settle_locals(|place, entry| self.copy(place, entry, place));
        self.stack = stack;
    }

    /// Copies those of the uppermost values to their slots that are constants; there are no locals.
    fn settle_constants(&mut self, count: usize) {
        let height = self.stack.height();
        for place in height - count..height {
            let entry = self.stack.get(place);
            if entry.value != Value::Slot {
                self.copy(place, entry, place);
                self.stack.settle_constant(place);
            }
        }
    }
}

fn params<'e>(env: &Env<'e>, block: &BlockType) -> &'e [ValType] {
    match *block {
        BlockType::Empty | BlockType::Type(_) => &[],
        BlockType::FuncType(index) => &env.types[index as usize].params,
    }
}

fn results<'e>(env: &Env<'e>, block: &BlockType) -> &'e [ValType] {
    match *block {
        BlockType::Empty => &[],
        BlockType::Type(ty) => {
            let ty = value_type(ty, 0).expect("the validator accepts only types that exist");
            let at = ValType::ALL.iter().position(|&other| other == ty).expect("ALL is complete");
            std::slice::from_ref(&ValType::ALL[at])
        }
        BlockType::FuncType(index) => &env.types[index as usize].results,
    }
}
