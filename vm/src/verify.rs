//! The verifier: after it, nothing checks formats again.
//!
//! One pass over every function, in time linear in its size and with constant stack. What it establishes,
//! and what `unsafe` code elsewhere in this crate leans on:
//!
//! * code decodes, instruction by instruction, and does not fall off its end;
//! * every label is the offset of an instruction, and every backward branch goes to a `loop`;
//! * register numbers are below the function's counts, indices are in range and name things of the right kind;
//! * argument and result lists have the number and banks that their signature says.

use cartwheel_bytecode::cartridge::{Cartridge, ElemMode, EntryBody, ExportItem, Function, MAX_PAGES};
use cartwheel_bytecode::codec::{DecodeError, Reader};
use cartwheel_bytecode::operand::{self, AnyDst, Arg, CellSrc, Operand, Space};
use cartwheel_bytecode::{Bank, Flow, Instr, Signature, TrapCode, ValType};
use thiserror::Error;

/// Most registers of both banks together that a function can have.
pub const MAX_FUNCTION_REGISTERS: u32 = 50_000;
/// Largest sum of the static costs of a function's instructions, in cycles.
pub const MAX_FUNCTION_COST: u64 = 1 << 28;
/// Most registers times basic blocks of a function: bounds the time and memory of liveness.
pub const MAX_FUNCTION_COMPLEXITY: u64 = 1 << 26;

/// Why a cartridge was refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum VerifyError {
    /// Something outside functions is wrong.
    #[error("{0}")]
    Cartridge(String),
    /// Something in a function is wrong.
    #[error("in function `{name}` at offset {offset}{}: {message}", line.as_ref().map_or(String::new(), |l| format!(" ({l})")))]
    Code {
        /// Index of the function.
        func: u32,
        /// Its name, if known.
        name: String,
        /// Offset of the instruction in the function's code.
        offset: u32,
        /// `file:line`, if known.
        line: Option<String>,
        /// What is wrong.
        message: String,
    },
}

type Checked<T = ()> = Result<T, String>;

/// Checks a whole cartridge.
///
/// # Errors
///
/// The first thing that is wrong, with its place.
pub fn verify(cart: &Cartridge) -> Result<(), VerifyError> {
    check_cartridge(cart).map_err(VerifyError::Cartridge)?;
    for (index, function) in cart.functions.iter().enumerate() {
        let func = index as u32;
        let mut checker = FunctionChecker { cart, function, offset: 0 };
        checker.check().map_err(|message| VerifyError::Code {
            func,
            name: cart.function_name(func),
            offset: checker.offset,
            line: line_text(cart, func, checker.offset),
            message,
        })?;
    }
    Ok(())
}

/// `file:line` of an instruction, if the cartridge has debug information for it.
pub fn line_text(cart: &Cartridge, func: u32, offset: u32) -> Option<String> {
    let (file, line) = cart.debug.as_ref()?.line(func, offset)?;
    Some(format!("{file}:{line}"))
}

fn check_cartridge(cart: &Cartridge) -> Checked {
    let in_range = |space: Space, index: u32, what: &dyn Fn() -> String| {
        if (index as usize) < cart.space_len(space) {
            Ok(())
        } else {
            Err(format!("{} refers to {} {index}, which does not exist", what(), space_name(space)))
        }
    };
    for import in &cart.imports {
        in_range(Space::Sig, import.sig, &|| format!("import `{}`", import.id))?;
    }
    for (i, function) in cart.functions.iter().enumerate() {
        in_range(Space::Sig, function.sig, &|| format!("function {i}"))?;
    }
    for (i, table) in cart.tables.iter().enumerate() {
        if table.max.is_some_and(|max| max < table.min) {
            return Err(format!("table {i} is larger at the start than its maximum"));
        }
    }
    if let Some(memory) = cart.memory {
        if memory.min > MAX_PAGES || memory.max.is_some_and(|max| max > MAX_PAGES) {
            return Err(format!("memory of more than {MAX_PAGES} pages"));
        }
        if memory.max.is_some_and(|max| max < memory.min) {
            return Err("memory is larger at the start than its maximum".into());
        }
    }
    for (i, global) in cart.globals.iter().enumerate() {
        let fits = match global.ty {
            ValType::Handle => global.init == 0,
            ValType::Func => global.init <= cart.functions.len() as u64,
            ty => !ty.is_32_bit() || u32::try_from(global.init).is_ok(),
        };
        if !fits {
            return Err(format!("start value of global {i} does not fit its type {}", global.ty.name()));
        }
    }
    if cart.memory.is_none() && cart.data.iter().any(|d| d.address.is_some()) {
        return Err("data is placed in memory, but there is no memory".into());
    }
    for (i, elem) in cart.elems.iter().enumerate() {
        let limit = if elem.handles { 0 } else { cart.functions.len() as u32 };
        if elem.items.iter().any(|&item| item > limit) {
            return Err(format!("element segment {i} refers to a function that does not exist"));
        }
        if let ElemMode::Active { table, .. } = elem.mode {
            in_range(Space::Table, table, &|| format!("element segment {i}"))?;
            if cart.tables[table as usize].handles != elem.handles {
                return Err(format!("element segment {i} and its table are of different kinds"));
            }
        }
    }
    for export in &cart.exports {
        let what = || format!("export `{}`", export.name);
        match export.item {
            ExportItem::Func(index) => in_range(Space::Func, index, &what)?,
            ExportItem::Table(index) => in_range(Space::Table, index, &what)?,
            ExportItem::Global(index) => in_range(Space::Global, index, &what)?,
            ExportItem::Memory if cart.memory.is_none() => return Err(format!("{} has no memory", what())),
            ExportItem::Memory => {}
        }
    }
    let body = match cart.manifest.entry.body {
        EntryBody::Library => None,
        EntryBody::Main(index) | EntryBody::Update(index) => Some(index),
    };
    for index in cart.manifest.entry.starts.iter().copied().chain(body) {
        in_range(Space::Func, index, &|| "entry".to_owned())?;
        if !cart.types[cart.functions[index as usize].sig as usize].params.is_empty() {
            return Err(format!("entry function `{}` has parameters", cart.function_name(index)));
        }
    }
    Ok(())
}

fn space_name(space: Space) -> &'static str {
    match space {
        Space::Func => "function",
        Space::Sig => "signature",
        Space::Table => "table",
        Space::Global => "global",
        Space::Data => "data segment",
        Space::Elem => "element segment",
        Space::Import => "import",
        Space::Shape => "record shape",
    }
}

struct FunctionChecker<'a> {
    cart: &'a Cartridge,
    function: &'a Function,
    /// Where the check is, for the error.
    offset: u32,
}

impl FunctionChecker<'_> {
    fn check(&mut self) -> Checked {
        let Function { scalars, handles, labels, code, .. } = self.function;
        let sig = self.signature();
        if usize::from(*scalars) < sig.param_count(Bank::Scalar)
            || usize::from(*handles) < sig.param_count(Bank::Handle)
        {
            return Err("fewer registers than parameters".into());
        }
        let registers = u32::from(*scalars) + u32::from(*handles);
        if registers > MAX_FUNCTION_REGISTERS {
            return Err(format!("{registers} registers; at most {MAX_FUNCTION_REGISTERS} are possible"));
        }

        // `heads[i]` says whether label i stands before a `loop`. Forward branches are checked by existing.
        let mut heads = vec![false; labels.len()];
        let mut next_label = 0;
        let mut blocks = 0u64;
        let mut cost = 0u64;
        let mut input = Reader::new(code);
        let mut flow = Flow::Next;
        while !input.is_empty() {
            self.offset = input.offset() as u32;
            let instr = Instr::decode(&mut input).map_err(|DecodeError { kind, .. }| kind.to_string())?;
            let mut begins = self.offset == 0 || flow != Flow::Next || instr == Instr::Loop {};
            if labels.get(next_label) == Some(&self.offset) {
                heads[next_label] = instr == Instr::Loop {};
                next_label += 1;
                begins = true;
            } else if labels.get(next_label).is_some_and(|&label| label < self.offset) {
                return Err(format!("label {next_label} is not at the start of an instruction"));
            }
            blocks += u64::from(begins);
            self.check_operands(&instr, &heads[..next_label])?;
            self.check_instr(&instr)?;
            let info = instr.op().info();
            flow = info.flow;
            cost += u64::from(info.cost);
        }
        if next_label < labels.len() {
            return Err(format!("label {next_label} is not at the start of an instruction"));
        }
        if !matches!(flow, Flow::Jump | Flow::Switch | Flow::Return | Flow::Stop) {
            return Err("the function's code runs off its end".into());
        }
        if cost > MAX_FUNCTION_COST {
            return Err("function too large; split it up".into());
        }
        if u64::from(registers).saturating_mul(blocks) > MAX_FUNCTION_COMPLEXITY {
            return Err(format!(
                "function too complex: {registers} registers in {blocks} basic blocks; split it up"
            ));
        }
        Ok(())
    }

    fn signature(&self) -> &Signature {
        &self.cart.types[self.function.sig as usize]
    }

    /// Everything that goes by operand kind.
    fn check_operands(&self, instr: &Instr, passed_labels: &[bool]) -> Checked {
        for operand in instr.operands() {
            match operand {
                Operand::Dst(r) | Operand::Src(_, CellSrc::Reg(r)) => self.scalar(r)?,
                Operand::HDst(r) | Operand::H(Some(r)) => self.handle(r)?,
                Operand::Index(space, index) => {
                    if index as usize >= self.cart.space_len(space) {
                        return Err(format!("{} {index} does not exist", space_name(space)));
                    }
                }
                Operand::Label(label) => self.label(label, passed_labels)?,
                Operand::Labels(labels) => {
                    labels.iter().try_for_each(|&label| self.label(label, passed_labels))?;
                }
                Operand::Args(args) => {
                    for arg in args {
                        match arg {
                            Arg::Reg(r) => self.scalar(r)?,
                            Arg::HReg(r) => self.handle(r)?,
                            Arg::Imm(_) | Arg::Null => {}
                        }
                    }
                }
                Operand::Dsts(dsts) => {
                    for dst in dsts {
                        match dst {
                            AnyDst::Reg(r) => self.scalar(r)?,
                            AnyDst::HReg(r) => self.handle(r)?,
                        }
                    }
                }
                Operand::Src(_, CellSrc::Imm(_))
                | Operand::H(None)
                | Operand::Imm(..)
                | Operand::Field(_)
                | Operand::HField(_)
                | Operand::Offset(_) => {}
            }
        }
        Ok(())
    }

    fn scalar(&self, register: u16) -> Checked {
        if register < self.function.scalars {
            Ok(())
        } else {
            Err(format!("register r{register} in a function with {} scalar registers", self.function.scalars))
        }
    }

    fn handle(&self, register: u16) -> Checked {
        if register < self.function.handles {
            Ok(())
        } else {
            Err(format!("register h{register} in a function with {} handle registers", self.function.handles))
        }
    }

    /// `passed` are the labels up to and including this instruction's own.
    fn label(&self, label: u32, passed: &[bool]) -> Checked {
        if label as usize >= self.function.labels.len() {
            return Err(format!("label {label} does not exist"));
        }
        match passed.get(label as usize) {
            Some(false) => Err(format!("backward branch to label {label}, where no `loop` stands")),
            Some(true) | None => Ok(()),
        }
    }

    /// What goes by instruction: kinds of the things that indices name, and lists against signatures.
    fn check_instr(&self, instr: &Instr) -> Checked {
        use Instr::*;
        if needs_memory(instr) {
            self.memory()?;
        }
        match instr {
            GlobalGet { global, .. } => self.global(*global, Bank::Scalar, false),
            GlobalSet { global, .. } => self.global(*global, Bank::Scalar, true),
            GlobalGetH { global, .. } => self.global(*global, Bank::Handle, false),
            GlobalSetH { global, .. } => self.global(*global, Bank::Handle, true),
            TableGet { table, .. }
            | TableSet { table, .. }
            | TableGrow { table, .. }
            | TableFill { table, .. } => self.table(*table, Bank::Scalar),
            TableGetH { table, .. }
            | TableSetH { table, .. }
            | TableGrowH { table, .. }
            | TableFillH { table, .. } => self.table(*table, Bank::Handle),
            TableCopy { dst, src, .. } => self.table(*dst, self.table_bank(*src)),
            TableInit { table, elem, .. } => {
                let handles = self.cart.elems[elem.0 as usize].handles;
                self.table(*table, if handles { Bank::Handle } else { Bank::Scalar })
            }
            RecordGet { shape, field, .. } | RecordSet { shape, field, .. } => {
                self.field(field.0, self.cart.shapes[shape.0 as usize].scalars, "scalar")
            }
            RecordGetH { shape, field, .. } | RecordSetH { shape, field, .. } => {
                self.field(field.0, self.cart.shapes[shape.0 as usize].handles, "handle")
            }
            Call { func, args, results } => {
                let sig = self.cart.functions[func.0 as usize].sig;
                self.lists(&self.cart.types[sig as usize], args, results)
            }
            CallIndirect { sig, table, args, results, .. } => {
                self.table(*table, Bank::Scalar)?;
                self.lists(&self.cart.types[sig.0 as usize], args, results)
            }
            CallRef { sig, args, results, .. } => self.lists(&self.cart.types[sig.0 as usize], args, results),
            Syscall { import, args, results } => {
                let sig = self.cart.imports[import.0 as usize].sig;
                self.lists(&self.cart.types[sig as usize], args, results)
            }
            Return { values } => arguments(&self.signature().results, values, "result"),
            // The operands' kinds say everything about the rest.
            _ => Ok(()),
        }
    }

    fn memory(&self) -> Checked {
        if self.cart.memory.is_some() { Ok(()) } else { Err("the cartridge has no memory".into()) }
    }

    fn global(&self, global: operand::Global, bank: Bank, set: bool) -> Checked {
        let def = &self.cart.globals[global.0 as usize];
        if def.ty.bank() != bank {
            return Err(format!("global {} is of type {}", global.0, def.ty.name()));
        }
        if set && !def.mutable {
            return Err(format!("global {} is constant", global.0));
        }
        Ok(())
    }

    fn table_bank(&self, table: operand::Table) -> Bank {
        if self.cart.tables[table.0 as usize].handles { Bank::Handle } else { Bank::Scalar }
    }

    fn table(&self, table: operand::Table, bank: Bank) -> Checked {
        if self.table_bank(table) == bank {
            Ok(())
        } else {
            Err(format!("table {} holds the other kind of reference", table.0))
        }
    }

    fn field(&self, field: u16, count: u16, kind: &str) -> Checked {
        if field < count {
            Ok(())
        } else {
            Err(format!("{kind} field {field} of a shape with {count} {kind} fields"))
        }
    }

    fn lists(&self, sig: &Signature, args: &operand::Args, results: &operand::Dsts) -> Checked {
        arguments(&sig.params, args, "argument")?;
        if results.len() != sig.results.len() {
            return Err(format!("{} destinations for {} results", results.len(), sig.results.len()));
        }
        for (i, (dst, ty)) in results.iter().zip(&sig.results).enumerate() {
            let bank = match dst {
                AnyDst::Reg(_) => Bank::Scalar,
                AnyDst::HReg(_) => Bank::Handle,
            };
            if bank != ty.bank() {
                return Err(format!(
                    "destination {i} is in the wrong bank for a result of type {}",
                    ty.name()
                ));
            }
        }
        Ok(())
    }
}

fn arguments(types: &[ValType], args: &operand::Args, what: &str) -> Checked {
    if args.len() != types.len() {
        return Err(format!("{} {what}s where {} are expected", args.len(), types.len()));
    }
    for (i, (arg, ty)) in args.iter().zip(types).enumerate() {
        let bank = match arg {
            Arg::Reg(_) | Arg::Imm(_) => Bank::Scalar,
            Arg::HReg(_) | Arg::Null => Bank::Handle,
        };
        if bank != ty.bank() {
            return Err(format!("{what} {i} is in the wrong bank for type {}", ty.name()));
        }
        if let Arg::Imm(cell) = arg
            && ty.is_32_bit()
            && u32::try_from(*cell).is_err()
        {
            return Err(format!("{what} {i} is a constant that does not fit type {}", ty.name()));
        }
    }
    Ok(())
}

/// Instructions that mean nothing without a linear memory.
fn needs_memory(instr: &Instr) -> bool {
    match instr {
        Instr::MemorySize { .. } | Instr::MemoryGrow { .. } => true,
        // Reads a data segment, which it may miss in the same way.
        Instr::BytesData { .. } => false,
        _ => instr.op().info().traps.contains(&TrapCode::MemoryOutOfBounds),
    }
}
