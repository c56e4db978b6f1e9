//! Traps as people read them.

use std::fmt;

use cartwheel_bytecode::codec::Reader;
use cartwheel_bytecode::{Cartridge, Instr};
use cartwheel_vm::{Position, Program, TrapKind, TrapRecord};

/// A trap with everything that is known about where it happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrapReport {
    /// Why.
    pub kind: TrapKind,
    /// Mnemonic of the instruction that trapped, with the syscall's id if it is one.
    pub instruction: Option<String>,
    /// Name of the syscall's parameter whose argument was not valid, if that is why, and the machine was not restored
    /// since.
    pub argument: Option<&'static str>,
    /// Where, innermost call first; empty if a segment did not fit when the module was made.
    pub backtrace: Vec<TracePoint>,
    /// Calls that the backtrace leaves out.
    pub omitted: u32,
}

/// A place in a guest's code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TracePoint {
    /// Name of the function.
    pub function: String,
    /// Offset of the instruction in the function's code, in bytes.
    pub offset: u32,
    /// File and line, if the cartridge has debug information.
    pub source: Option<(String, u32)>,
}

impl TrapReport {
    pub(crate) fn new(program: &Program, record: &TrapRecord) -> TrapReport {
        let cart = program.cartridge();
        TrapReport {
            kind: record.kind,
            instruction: record.backtrace.first().and_then(|&at| instruction_at(cart, at)),
            argument: None,
            backtrace: record.backtrace.iter().map(|&at| TracePoint::new(cart, at)).collect(),
            omitted: record.depth - record.backtrace.len() as u32,
        }
    }

    /// What happened, without the place.
    pub fn message(&self) -> String {
        match self.kind {
            TrapKind::Instruction(code) => code.message().to_owned(),
            TrapKind::User(code) => format!("the program trapped by itself with code {code}"),
            TrapKind::Syscall(trap) => trap.message().to_owned(),
        }
    }
}

/// Mnemonic of the instruction at a place, with the syscall's id if it is one.
pub(crate) fn instruction_at(cart: &Cartridge, at: Position) -> Option<String> {
    let code = &cart.functions.get(at.func as usize)?.code;
    let mut input = Reader::at(code.get(at.offset as usize..)?, 0);
    let instr = Instr::decode(&mut input).ok()?;
    let mnemonic = instr.op().info().mnemonic;
    Some(match &instr {
        Instr::Syscall { import, .. } => {
            let id = cart.imports.get(import.0 as usize).map_or("?", |import| import.id.as_str());
            format!("{mnemonic} {id}")
        }
        _ => mnemonic.to_owned(),
    })
}

impl TracePoint {
    pub(crate) fn new(cart: &Cartridge, at: Position) -> TracePoint {
        let line = cart.debug.as_ref().and_then(|debug| debug.line(at.func, at.offset));
        TracePoint {
            function: cart.function_name(at.func),
            offset: at.offset,
            source: line.map(|(file, line)| (file.to_owned(), line)),
        }
    }
}

/// Writes `function+offset (file:line)`.
impl fmt::Display for TracePoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}+{}", self.function, self.offset)?;
        match &self.source {
            Some((file, line)) => write!(f, " ({file}:{line})"),
            None => Ok(()),
        }
    }
}

/// Writes the message, the instruction and the backtrace, a line each.
impl fmt::Display for TrapReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "trap: {}", self.message())?;
        if let Some(instruction) = &self.instruction {
            write!(f, " at `{instruction}`")?;
        }
        if let Some(argument) = self.argument {
            write!(f, ", argument `{argument}`")?;
        }
        let mut depth = 0;
        for same in self.backtrace.chunk_by(|a, b| a == b) {
            // Endless recursion is the same call over and over.
            match (same.len(), &same[0]) {
                (1, point) => write!(f, "\n  {depth}: {point}")?,
                (n, point) => write!(f, "\n  {depth}: {point}, {n} times")?,
            }
            depth += same.len();
        }
        if self.omitted > 0 {
            write!(f, "\n  and {} more calls", self.omitted)?;
        }
        if self.backtrace.is_empty() {
            write!(f, "\n  before the first instruction: a segment or stack that does not fit")?;
        }
        Ok(())
    }
}
