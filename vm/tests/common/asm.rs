//! Programs written as text, read by operand kind: enough for tests, with no names and no friendly errors.
//!
//! A line is `mnemonic operand ...`, or a label `name:`. Registers are `r0`, `h0`; lists are in parentheses;
//! everything else is a number, `null`, or a label's name. Commas mean nothing; `;` begins a comment.

use std::collections::BTreeMap;
use std::sync::Arc;

use cartwheel_bytecode::cartridge::{
    DataSegment, ElemMode, ElemSegment, Function, GlobalDef, Import, MemoryDef, ShapeDef, TableDef,
};
use cartwheel_bytecode::codec::Writer;
use cartwheel_bytecode::operand::{AnyDst, Arg, CellSrc, Kind, Operand, Scalar};
use cartwheel_bytecode::{Bank, Cartridge, Instr, Op, Signature, ValType};
use cartwheel_vm::Program;

/// A program while it is written.
#[derive(Clone, Default)]
pub struct Asm {
    pub cart: Cartridge,
}

/// `i32 handle -> i64` as a signature.
pub fn signature(text: &str) -> Signature {
    let (params, results) = text.split_once("->").unwrap_or((text, ""));
    let types = |list: &str| list.split_whitespace().map(|t| ValType::from_name(t).unwrap()).collect();
    Signature { params: types(params), results: types(results) }
}

impl Asm {
    pub fn new() -> Asm {
        Asm::default()
    }

    pub fn sig(&mut self, text: &str) -> u32 {
        self.cart.types.push(signature(text));
        self.cart.types.len() as u32 - 1
    }

    /// Adds a function with as many registers as it names, at least its parameters.
    pub fn func(&mut self, sig: &str, text: &str) -> u32 {
        let sig = self.sig(sig);
        let (code, labels, mut registers) = assemble(text);
        for (bank, count) in [Bank::Scalar, Bank::Handle].into_iter().zip(&mut registers) {
            *count = (*count).max(self.cart.types[sig as usize].param_count(bank) as u16);
        }
        let [scalars, handles] = registers;
        self.cart.functions.push(Function { sig, scalars, handles, labels, code });
        self.cart.functions.len() as u32 - 1
    }

    pub fn import(&mut self, id: &str, sig: &str) -> u32 {
        let sig = self.sig(sig);
        self.cart.imports.push(Import { id: id.to_owned(), sig });
        self.cart.imports.len() as u32 - 1
    }

    pub fn memory(&mut self, min: u32, max: Option<u32>) {
        self.cart.memory = Some(MemoryDef { min, max });
    }

    pub fn table(&mut self, handles: bool, min: u32, max: Option<u32>) -> u32 {
        self.cart.tables.push(TableDef { handles, min, max });
        self.cart.tables.len() as u32 - 1
    }

    pub fn global(&mut self, ty: ValType, init: u64) -> u32 {
        self.cart.globals.push(GlobalDef { ty, mutable: true, init });
        self.cart.globals.len() as u32 - 1
    }

    pub fn data(&mut self, address: Option<u32>, bytes: &[u8]) -> u32 {
        self.cart.data.push(DataSegment { address, bytes: bytes.to_vec() });
        self.cart.data.len() as u32 - 1
    }

    pub fn elems(&mut self, mode: ElemMode, items: &[u32]) -> u32 {
        self.cart.elems.push(ElemSegment { handles: false, mode, items: items.to_vec() });
        self.cart.elems.len() as u32 - 1
    }

    pub fn shape(&mut self, scalars: u16, handles: u16) -> u32 {
        self.cart.shapes.push(ShapeDef { scalars, handles });
        self.cart.shapes.len() as u32 - 1
    }

    pub fn program(self) -> Arc<Program> {
        Program::new(self.cart).unwrap_or_else(|error| panic!("{error}"))
    }
}

/// Code, offsets of labels, and register counts of both banks.
fn assemble(text: &str) -> (Vec<u8>, Vec<u32>, [u16; 2]) {
    let spaced = text.replace(',', " ").replace('(', " ( ").replace(')', " ) ");
    let lines = spaced.lines().map(|line| line.split(';').next().unwrap().trim());
    let mut labels = BTreeMap::new();
    for name in lines.clone().filter_map(|line| line.strip_suffix(':')) {
        let number = labels.len() as u32;
        assert!(labels.insert(name.to_owned(), number).is_none(), "label {name} twice");
    }
    let (mut out, mut offsets, mut registers) = (Writer::new(), Vec::new(), [0, 0]);
    for line in lines.filter(|line| !line.is_empty()) {
        if line.ends_with(':') {
            offsets.push(out.len() as u32);
            continue;
        }
        let mut tokens = line.split_whitespace();
        let mnemonic = tokens.next().unwrap();
        let op = Op::from_mnemonic(mnemonic).unwrap_or_else(|| panic!("no instruction {mnemonic}"));
        let mut reader = Operands { tokens, labels: &labels, registers: &mut registers };
        let operands: Vec<Operand> = op.info().operands.iter().map(|o| reader.operand(o.kind)).collect();
        assert_eq!(reader.tokens.next(), None, "too many operands: {line}");
        Instr::from_operands(op, &operands)
            .unwrap_or_else(|| panic!("wrong operands: {line}"))
            .encode(&mut out);
    }
    (out.into_bytes(), offsets, registers)
}

struct Operands<'a> {
    tokens: std::str::SplitWhitespace<'a>,
    labels: &'a BTreeMap<String, u32>,
    registers: &'a mut [u16; 2],
}

impl<'a> Operands<'a> {
    fn token(&mut self) -> &'a str {
        self.tokens.next().expect("operand missing")
    }

    fn register(&mut self, token: &str) -> Option<(Bank, u16)> {
        let bank = match token.as_bytes()[0] {
            b'r' => Bank::Scalar,
            b'h' => Bank::Handle,
            _ => return None,
        };
        let number: u16 = token[1..].parse().ok()?;
        let count = &mut self.registers[usize::from(bank == Bank::Handle)];
        *count = (*count).max(number + 1);
        Some((bank, number))
    }

    fn list(&mut self) -> Vec<&'a str> {
        assert_eq!(self.token(), "(");
        std::iter::from_fn(|| Some(self.token()).filter(|&token| token != ")")).collect()
    }

    fn operand(&mut self, kind: Kind) -> Operand {
        match kind {
            Kind::Args => {
                let args = self.list().into_iter().map(|token| match self.register(token) {
                    Some((Bank::Scalar, r)) => Arg::Reg(r),
                    Some((Bank::Handle, r)) => Arg::HReg(r),
                    None if token == "null" => Arg::Null,
                    None => Arg::Imm(cell(Scalar::I64, token)),
                });
                return Operand::Args(args.collect());
            }
            Kind::Dsts => {
                let dsts = self.list().into_iter().map(|token| match self.register(token) {
                    Some((Bank::Scalar, r)) => AnyDst::Reg(r),
                    Some((Bank::Handle, r)) => AnyDst::HReg(r),
                    None => panic!("{token} is no register"),
                });
                return Operand::Dsts(dsts.collect());
            }
            Kind::Labels => {
                return Operand::Labels(self.list().into_iter().map(|name| self.labels[name]).collect());
            }
            _ => {}
        }
        let token = self.token();
        let register = self.register(token);
        match kind {
            Kind::Dst => Operand::Dst(register.expect("a register").1),
            Kind::HDst => Operand::HDst(register.expect("a register").1),
            Kind::Src(scalar) => Operand::Src(
                scalar,
                register.map_or_else(|| CellSrc::Imm(cell(scalar, token)), |(_, r)| CellSrc::Reg(r)),
            ),
            Kind::H => Operand::H(register.map(|(_, r)| r)),
            Kind::Imm(scalar) => Operand::Imm(scalar, cell(scalar, token)),
            Kind::Index(space) => Operand::Index(space, token.parse().unwrap()),
            Kind::Label => {
                Operand::Label(*self.labels.get(token).unwrap_or_else(|| panic!("no label {token}")))
            }
            Kind::Field => Operand::Field(token.parse().unwrap()),
            Kind::HField => Operand::HField(token.parse().unwrap()),
            Kind::Offset => Operand::Offset(token.parse().unwrap()),
            Kind::Args | Kind::Dsts | Kind::Labels => unreachable!("dealt with above"),
        }
    }
}

fn cell(scalar: Scalar, token: &str) -> u64 {
    match scalar {
        Scalar::I32 => (token.parse::<i64>().unwrap() as u32).into(),
        Scalar::I64 => token.parse::<i128>().unwrap() as u64,
        Scalar::F32 => token.parse::<f32>().unwrap().to_bits().into(),
        Scalar::F64 => token.parse::<f64>().unwrap().to_bits(),
    }
}
