//! A function as the reference sees it: its instructions in order, what its blocks cost, and which registers
//! are live before each instruction.

use std::collections::{BTreeMap, BTreeSet};

use cartwheel_bytecode::cartridge::Function;
use cartwheel_bytecode::codec::Reader;
use cartwheel_bytecode::operand::{AnyDst, Arg, CellSrc, Operand};
use cartwheel_bytecode::{Flow, Instr};

/// A register of either bank. Scalars order before handles, each by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Register {
    Scalar(u16),
    Handle(u16),
}

/// A decoded function.
#[derive(Debug)]
pub(super) struct Code {
    instrs: Vec<Placed>,
    /// Static cost of the block that begins at an offset.
    blocks: BTreeMap<u32, u64>,
}

#[derive(Debug)]
struct Placed {
    offset: u32,
    instr: Instr,
    /// Registers that are live before the instruction.
    live: BTreeSet<Register>,
}

impl Code {
    pub(super) fn new(function: &Function) -> Code {
        let instrs = decode(function);
        let blocks = blocks(function, &instrs);
        let mut code = Code { instrs, blocks };
        code.find_live_registers(function);
        code
    }

    /// The instruction at an offset.
    pub(super) fn instr(&self, offset: u32) -> &Instr {
        &self.instrs[self.index(offset)].instr
    }

    /// Offset of the instruction behind the one at an offset. Verified code never asks at its end.
    pub(super) fn next(&self, offset: u32) -> u32 {
        self.instrs[self.index(offset) + 1].offset
    }

    /// Static cost of the block that begins at an offset, if one does.
    pub(super) fn block_cost(&self, offset: u32) -> Option<u64> {
        self.blocks.get(&offset).copied()
    }

    /// Registers that are live before the instruction at an offset.
    pub(super) fn live_before(&self, offset: u32) -> BTreeSet<Register> {
        self.instrs[self.index(offset)].live.clone()
    }

    /// Registers that are live while the call at an offset has not returned: those that are live behind it,
    /// without its destinations, which count as written.
    pub(super) fn live_across(&self, offset: u32) -> BTreeSet<Register> {
        let index = self.index(offset);
        &self.instrs[index + 1].live - &written(&self.instrs[index].instr)
    }

    fn index(&self, offset: u32) -> usize {
        self.instrs.binary_search_by_key(&offset, |placed| placed.offset).expect("an instruction starts here")
    }

    /// Goes over the code, last instruction first, until nothing changes any more.
    fn find_live_registers(&mut self, function: &Function) {
        let mut changed = true;
        while changed {
            changed = false;
            for index in (0..self.instrs.len()).rev() {
                let mut live = BTreeSet::new();
                for next in self.successors(function, index) {
                    live.extend(&self.instrs[next].live);
                }
                let placed = &mut self.instrs[index];
                live = &(&live - &written(&placed.instr)) | &read(&placed.instr);
                changed |= live != placed.live;
                placed.live = live;
            }
        }
    }

    /// Indices of the instructions that can be executed after another in the same call.
    fn successors(&self, function: &Function, index: usize) -> Vec<usize> {
        let instr = &self.instrs[index].instr;
        let mut successors = Vec::new();
        match instr.op().info().flow {
            Flow::Next | Flow::Branch | Flow::Call | Flow::Syscall | Flow::Alloc | Flow::Sync => {
                successors.push(index + 1);
            }
            Flow::Jump | Flow::Switch | Flow::Return | Flow::Stop => {}
        }
        for operand in instr.operands() {
            let labels = match operand {
                Operand::Label(label) => vec![label],
                Operand::Labels(labels) => labels.to_vec(),
                _ => Vec::new(),
            };
            successors.extend(labels.iter().map(|&label| self.index(function.labels[label as usize])));
        }
        successors
    }
}

fn decode(function: &Function) -> Vec<Placed> {
    let mut input = Reader::new(&function.code);
    let mut instrs = Vec::new();
    while !input.is_empty() {
        let offset = input.offset() as u32;
        let instr = Instr::decode(&mut input).expect("verified code decodes");
        instrs.push(Placed { offset, instr, live: BTreeSet::new() });
    }
    instrs
}

fn blocks(function: &Function, instrs: &[Placed]) -> BTreeMap<u32, u64> {
    let mut blocks = BTreeMap::new();
    let mut start = 0;
    let mut begins = true;
    for Placed { offset, instr, .. } in instrs {
        if begins || function.labels.contains(offset) || *instr == (Instr::Loop {}) {
            start = *offset;
        }
        let info = instr.op().info();
        *blocks.entry(start).or_insert(0) += u64::from(info.cost);
        begins = info.flow != Flow::Next;
    }
    let registers = u64::from(function.scalars) + u64::from(function.handles);
    *blocks.entry(0).or_insert(0) += registers.div_ceil(16);
    blocks
}

fn read(instr: &Instr) -> BTreeSet<Register> {
    let mut registers = BTreeSet::new();
    for operand in instr.operands() {
        match operand {
            Operand::Src(_, CellSrc::Reg(r)) => _ = registers.insert(Register::Scalar(r)),
            Operand::H(Some(r)) => _ = registers.insert(Register::Handle(r)),
            Operand::Args(args) => {
                registers.extend(args.iter().filter_map(|arg| match *arg {
                    Arg::Reg(r) => Some(Register::Scalar(r)),
                    Arg::HReg(r) => Some(Register::Handle(r)),
                    Arg::Imm(_) | Arg::Null => None,
                }));
            }
            Operand::Src(_, CellSrc::Imm(_))
            | Operand::H(None)
            | Operand::Dst(_)
            | Operand::HDst(_)
            | Operand::Dsts(_)
            | Operand::Imm(..)
            | Operand::Index(..)
            | Operand::Label(_)
            | Operand::Labels(_)
            | Operand::Field(_)
            | Operand::HField(_)
            | Operand::Offset(_) => {}
        }
    }
    registers
}

fn written(instr: &Instr) -> BTreeSet<Register> {
    let mut registers = BTreeSet::new();
    for operand in instr.operands() {
        match operand {
            Operand::Dst(r) => _ = registers.insert(Register::Scalar(r)),
            Operand::HDst(r) => _ = registers.insert(Register::Handle(r)),
            Operand::Dsts(dsts) => {
                registers.extend(dsts.iter().map(|dst| match *dst {
                    AnyDst::Reg(r) => Register::Scalar(r),
                    AnyDst::HReg(r) => Register::Handle(r),
                }));
            }
            Operand::Src(..)
            | Operand::H(_)
            | Operand::Args(_)
            | Operand::Imm(..)
            | Operand::Index(..)
            | Operand::Label(_)
            | Operand::Labels(_)
            | Operand::Field(_)
            | Operand::HField(_)
            | Operand::Offset(_) => {}
        }
    }
    registers
}
