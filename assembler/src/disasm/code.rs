//! Functions as source text.

use std::collections::BTreeMap;
use std::fmt::Write;

use cartwheel_bytecode::cartridge::{Function, LineEntry};
use cartwheel_bytecode::codec::Reader;
use cartwheel_bytecode::operand::{AnyDst, Arg, CellSrc, Kind, Operand, Scalar, Space};
use cartwheel_bytecode::{Cartridge, Flow, Instr, Signature, ValType};

use super::names::NameTable;
use super::{signature_of, text};

/// Decoded instructions with their offsets.
type Decoded = Vec<(u32, Instr)>;

/// The instructions of a function, if its code makes sense and its labels stand at instructions.
pub(crate) fn decode(function: &Function) -> Result<Decoded, String> {
    let mut out = Decoded::new();
    let mut input = Reader::new(&function.code);
    while !input.is_empty() {
        let offset = input.offset() as u32;
        out.push((offset, Instr::decode(&mut input).map_err(|e| e.to_string())?));
    }
    let at_instruction = |label: &u32| out.binary_search_by_key(label, |(offset, _)| *offset).is_ok();
    match function.labels.iter().position(|label| !at_instruction(label)) {
        Some(index) => Err(format!("label {index} is not at an instruction")),
        None => Ok(out),
    }
}

/// Writes the function with an index. `lines` are the source lines of its instructions.
pub(crate) fn function(
    out: &mut String,
    cart: &Cartridge,
    names: &NameTable,
    index: usize,
    decoded: &Result<Decoded, String>,
    lines: &BTreeMap<u32, LineEntry>,
) {
    let function = &cart.functions[index];
    let name = names.get(Space::Func, index as u32);
    let _ = writeln!(out, "\n.func {name}{}", signature_of(cart, names, function.sig));
    let _ = writeln!(out, "  .registers {}, {}", function.scalars, function.handles);
    match decoded {
        Ok(decoded) => {
            let mut labels = function.labels.iter().enumerate().peekable();
            for (offset, instr) in decoded {
                while let Some((label, _)) = labels.next_if(|(_, at)| *at == offset) {
                    let _ = writeln!(out, "L{label}:");
                }
                if let Some(line) = lines.get(offset) {
                    let _ = writeln!(out, "  .loc {} {}", line.file, line.line);
                }
                let _ = writeln!(out, "  {}", Printer { cart, names, function }.instruction(instr));
            }
        }
        Err(reason) => {
            let _ = writeln!(out, "  ; {reason}");
            let _ = writeln!(out, "  .undecodable{}", text::items(&function.code));
        }
    }
    out.push_str(".end\n");
}

struct Printer<'a> {
    cart: &'a Cartridge,
    names: &'a NameTable,
    function: &'a Function,
}

impl Printer<'_> {
    fn signature(&self, index: u32) -> Option<&Signature> {
        self.cart.types.get(index as usize)
    }

    fn instruction(&self, instr: &Instr) -> String {
        let info = instr.op().info();
        let operands = instr.operands();
        let mut out = info.mnemonic.to_owned();
        let mut signature = match info.flow {
            Flow::Return => self.signature(self.function.sig).map(|s| s.results.as_slice()),
            _ => None,
        };
        let mut results: Option<&[ValType]> = None;
        let mut at = 0;
        while let Some(operand) = operands.get(at) {
            if let Operand::Index(space, index) = operand {
                let callee = match space {
                    Space::Func => self.cart.functions.get(*index as usize).map(|f| f.sig),
                    Space::Import => self.cart.imports.get(*index as usize).map(|i| i.sig),
                    Space::Sig => Some(*index),
                    _ => None,
                };
                if let Some(callee) = callee.and_then(|sig| self.signature(sig)) {
                    signature = Some(&callee.params);
                    results = Some(&callee.results);
                }
            }
            match operand {
                Operand::Args(args) => {
                    let args = args.iter().enumerate();
                    let list: Vec<String> =
                        args.map(|(i, arg)| print_arg(*arg, signature.and_then(|s| s.get(i)))).collect();
                    match (at > 0, list.is_empty()) {
                        (true, _) => {
                            // A constant in front of a bracket would look like a call.
                            let glued = info.operands[at - 1].kind == Kind::Index(Space::Func)
                                || info.operands[at - 1].kind == Kind::Index(Space::Import);
                            let _ = write!(out, "{}({})", if glued { "" } else { ", " }, list.join(", "));
                        }
                        (false, false) => {
                            let _ = write!(out, " {}", list.join(", "));
                        }
                        (false, true) => {}
                    }
                }
                Operand::Dsts(dsts) => {
                    let list: Vec<String> = dsts.iter().map(print_dst).collect();
                    if !list.is_empty() {
                        let _ = write!(out, " -> {}", list.join(", "));
                    } else if results.is_some_and(|r| !r.is_empty()) {
                        out.push_str(" -> ; no results");
                    }
                }
                _ => {
                    out.push_str(if at == 0 { " " } else { ", " });
                    match operands.get(at + 1) {
                        Some(Operand::Offset(offset)) => {
                            out.push_str(&print_address(operand, *offset));
                            at += 1;
                        }
                        _ => out.push_str(&self.operand(operand)),
                    }
                }
            }
            at += 1;
        }
        out
    }

    fn operand(&self, operand: &Operand) -> String {
        match operand {
            Operand::Dst(r) => format!("r{r}"),
            Operand::HDst(h) | Operand::H(Some(h)) => format!("h{h}"),
            Operand::H(None) => "null".to_owned(),
            Operand::Src(scalar, src) => print_source(*scalar, *src),
            Operand::Imm(scalar, cell) => text::cell(*cell, *scalar),
            Operand::Index(space, index) => self.names.get(*space, *index),
            Operand::Label(label) => format!("L{label}"),
            Operand::Labels(labels) => {
                let labels: Vec<String> = labels.iter().map(|l| format!("L{l}")).collect();
                format!("[{}]", labels.join(", "))
            }
            Operand::Field(field) | Operand::HField(field) => field.to_string(),
            Operand::Offset(offset) => offset.to_string(),
            // Lists are printed with what is in front of them.
            Operand::Args(_) | Operand::Dsts(_) => String::new(),
        }
    }
}

fn print_source(scalar: Scalar, src: CellSrc) -> String {
    match src {
        CellSrc::Reg(r) => format!("r{r}"),
        CellSrc::Imm(cell) => text::cell(cell, scalar),
    }
}

fn print_address(base: &Operand, offset: u32) -> String {
    match base {
        Operand::Src(_, CellSrc::Reg(r)) if offset == 0 => format!("[r{r}]"),
        Operand::Src(_, CellSrc::Reg(r)) => format!("[r{r} + {offset}]"),
        Operand::Src(scalar, src) if offset == 0 => format!("[{}]", print_source(*scalar, *src)),
        Operand::Src(scalar, src) => format!("[{}, {offset}]", print_source(*scalar, *src)),
        _ => format!("[{offset}]"),
    }
}

fn print_arg(arg: Arg, ty: Option<&ValType>) -> String {
    match arg {
        Arg::Reg(r) => format!("r{r}"),
        Arg::HReg(h) => format!("h{h}"),
        Arg::Null => "null".to_owned(),
        Arg::Imm(cell) => ty.map_or_else(|| text::raw_cell(cell), |ty| text::value(cell, *ty)),
    }
}

fn print_dst(dst: &AnyDst) -> String {
    match dst {
        AnyDst::Reg(r) => format!("r{r}"),
        AnyDst::HReg(h) => format!("h{h}"),
    }
}
