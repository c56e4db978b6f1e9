//! Basic blocks and liveness of a function, computed when first needed.
//!
//! Liveness walks each register backwards from its uses, so its time is at most registers times edges
//! between blocks, which the verifier bounds ([`crate::verify`]); passing whole sets around until nothing
//! changes would be quadratic on hostile functions.

use cartwheel_bytecode::cartridge::Function;
use cartwheel_bytecode::codec::Reader;
use cartwheel_bytecode::operand::{AnyDst, Arg, CellSrc, Operand};
use cartwheel_bytecode::{Flow, Instr};

/// Basic blocks of a verified function with the registers that are live at their starts.
#[derive(Debug)]
pub struct Analysis {
    /// Blocks in the order of the code.
    pub blocks: Vec<Block>,
    scalars: u16,
    words: usize,
    /// A row of `words` per block: scalar registers first, then handle registers.
    live_in: Vec<u64>,
}

/// A basic block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// Offset of the first instruction.
    pub start: u32,
    /// Static cost of all instructions, in cycles; that of the first block includes making the frame.
    pub cost: u32,
}

/// A set of registers of both banks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisterSet {
    scalars: u16,
    bits: Vec<u64>,
}

impl RegisterSet {
    /// True if the set has a scalar register.
    pub fn scalar(&self, register: u16) -> bool {
        bit(&self.bits, register.into())
    }

    /// True if the set has a handle register.
    pub fn handle(&self, register: u16) -> bool {
        bit(&self.bits, usize::from(self.scalars) + usize::from(register))
    }

    fn set(&mut self, index: usize, value: bool) {
        let mask = 1 << (index % 64);
        if value {
            self.bits[index / 64] |= mask;
        } else {
            self.bits[index / 64] &= !mask;
        }
    }
}

/// Uses and definitions of an instruction, by index over both banks.
pub(crate) fn for_each_register(instr: &Instr, scalars: u16, mut visit: impl FnMut(usize, Access)) {
    let h = |r: u16| usize::from(scalars) + usize::from(r);
    for operand in instr.operands() {
        match operand {
            Operand::Dst(r) => visit(r.into(), Access::Write),
            Operand::HDst(r) => visit(h(r), Access::Write),
            Operand::Src(_, CellSrc::Reg(r)) => visit(r.into(), Access::Read),
            Operand::H(Some(r)) => visit(h(r), Access::Read),
            Operand::Args(args) => {
                for arg in args {
                    match arg {
                        Arg::Reg(r) => visit(r.into(), Access::Read),
                        Arg::HReg(r) => visit(h(r), Access::Read),
                        Arg::Imm(_) | Arg::Null => {}
                    }
                }
            }
            Operand::Dsts(dsts) => {
                for dst in dsts {
                    match dst {
                        AnyDst::Reg(r) => visit(r.into(), Access::Write),
                        AnyDst::HReg(r) => visit(h(r), Access::Write),
                    }
                }
            }
            Operand::Src(..)
            | Operand::H(None)
            | Operand::Imm(..)
            | Operand::Index(..)
            | Operand::Label(_)
            | Operand::Labels(_)
            | Operand::Field(_)
            | Operand::HField(_)
            | Operand::Offset(_) => {}
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Write,
}

impl Analysis {
    /// Analyses a function that the verifier accepted.
    pub(crate) fn new(function: &Function) -> Analysis {
        let registers = usize::from(function.scalars) + usize::from(function.handles);
        let mut graph = Graph::new(function, registers);
        graph.propagate();
        Analysis {
            blocks: graph.blocks,
            scalars: function.scalars,
            words: graph.words,
            live_in: graph.live_in,
        }
    }

    /// Number of the block that has the instruction at an offset.
    pub fn block_at(&self, offset: u32) -> usize {
        self.blocks.partition_point(|b| b.start <= offset) - 1
    }

    /// Registers that are live before the instruction at an offset, which must begin a block or end one.
    pub fn live_before(&self, function: &Function, offset: u32) -> RegisterSet {
        let block = self.block_at(offset);
        if self.blocks[block].start == offset {
            return self.row(block);
        }
        let (instr, mut set) = self.at_end_of(function, block, offset);
        for_each_register(&instr, self.scalars, |index, access| {
            if access == Access::Write {
                set.set(index, false);
            }
        });
        for_each_register(&instr, self.scalars, |index, access| {
            if access == Access::Read {
                set.set(index, true);
            }
        });
        set
    }

    /// Registers that are live while the call at an offset, which ends a block, has not returned.
    pub fn live_across(&self, function: &Function, offset: u32) -> RegisterSet {
        let (instr, mut set) = self.at_end_of(function, self.block_at(offset), offset);
        for_each_register(&instr, self.scalars, |index, access| {
            if access == Access::Write {
                set.set(index, false);
            }
        });
        set
    }

    /// Registers that are live at the start of the function.
    pub(crate) fn live_at_entry(&self) -> RegisterSet {
        self.row(0)
    }

    fn row(&self, block: usize) -> RegisterSet {
        let bits = self.live_in[block * self.words..(block + 1) * self.words].to_vec();
        RegisterSet { scalars: self.scalars, bits }
    }

    /// The instruction at an offset, and the registers that are live behind it, where the next block begins.
    fn at_end_of(&self, function: &Function, block: usize, offset: u32) -> (Instr, RegisterSet) {
        let instr = decode(&function.code, offset);
        let set = if block + 1 < self.blocks.len() {
            self.row(block + 1)
        } else {
            RegisterSet { scalars: self.scalars, bits: vec![0; self.words] }
        };
        (instr, set)
    }
}

fn decode(code: &[u8], offset: u32) -> Instr {
    Instr::decode(&mut Reader::at(code, offset as usize)).expect("verified code decodes")
}

fn bit(bits: &[u64], index: usize) -> bool {
    bits[index / 64] >> (index % 64) & 1 != 0
}

/// The control-flow graph while liveness is computed.
struct Graph {
    blocks: Vec<Block>,
    words: usize,
    /// Registers read in a block before they are written; becomes liveness.
    live_in: Vec<u64>,
    /// Registers written in a block.
    written: Vec<u64>,
    /// Predecessors of all blocks, those of block `b` at `first_predecessor[b] .. first_predecessor[b + 1]`.
    predecessors: Vec<u32>,
    first_predecessor: Vec<u32>,
}

impl Graph {
    fn new(function: &Function, registers: usize) -> Graph {
        let mut blocks: Vec<Block> = Vec::new();
        let words = registers.div_ceil(64);
        let (mut live_in, mut written) = (Vec::new(), Vec::new());
        let mut edges: Vec<(u32, Target)> = Vec::new();
        let mut labels = function.labels.iter().peekable();
        let mut input = Reader::new(&function.code);
        let mut begins = true;
        while !input.is_empty() {
            let offset = input.offset() as u32;
            let instr = Instr::decode(&mut input).expect("verified code decodes");
            begins |= labels.next_if(|&&label| label == offset).is_some() || instr == Instr::Loop {};
            if begins {
                if !blocks.is_empty() && edges_fall_through(&edges, blocks.len() as u32 - 1) {
                    edges.push((blocks.len() as u32 - 1, Target::Next));
                }
                blocks.push(Block { start: offset, cost: 0 });
                live_in.resize(blocks.len() * words, 0u64);
                written.resize(blocks.len() * words, 0u64);
            }
            let block = blocks.len() - 1;
            let info = instr.op().info();
            blocks[block].cost += info.cost;
            let row = block * words..(block + 1) * words;
            let (reads, writes) = (&mut live_in[row.clone()], &mut written[row]);
            for_each_register(&instr, function.scalars, |index, access| {
                if access == Access::Read && !bit(writes, index) {
                    reads[index / 64] |= 1 << (index % 64);
                }
            });
            for_each_register(&instr, function.scalars, |index, access| {
                if access == Access::Write {
                    writes[index / 64] |= 1 << (index % 64);
                }
            });
            begins = info.flow != Flow::Next;
            let from = block as u32;
            match info.flow {
                Flow::Next | Flow::Call | Flow::Syscall | Flow::Alloc | Flow::Sync => {}
                Flow::Jump | Flow::Switch | Flow::Branch => {
                    for operand in instr.operands() {
                        match operand {
                            Operand::Label(label) => edges.push((from, Target::Label(label))),
                            Operand::Labels(labels) => {
                                edges.extend(labels.iter().map(|&l| (from, Target::Label(l))));
                            }
                            _ => {}
                        }
                    }
                    if info.flow != Flow::Branch {
                        edges.push((from, Target::Nowhere));
                    }
                }
                Flow::Return | Flow::Stop => edges.push((from, Target::Nowhere)),
            }
        }
        // Making a frame costs by its size, or a small program could have the host clear large frames for little.
        blocks[0].cost += (registers as u32).div_ceil(16);
        let (predecessors, first_predecessor) = predecessors(function, &blocks, &edges);
        Graph { blocks, words, live_in, written, predecessors, first_predecessor }
    }

    /// Carries every register from the blocks that read it first to all blocks from which it can get there.
    fn propagate(&mut self) {
        let mut stack = Vec::new();
        let count = self.blocks.len();
        for word in 0..self.words {
            for bit_index in 0..64 {
                let mask = 1u64 << bit_index;
                stack.extend((0..count).filter(|b| self.live_in[b * self.words + word] & mask != 0));
                while let Some(block) = stack.pop() {
                    let range =
                        self.first_predecessor[block] as usize..self.first_predecessor[block + 1] as usize;
                    for &from in &self.predecessors[range] {
                        let at = from as usize * self.words + word;
                        if self.written[at] & mask == 0 && self.live_in[at] & mask == 0 {
                            self.live_in[at] |= mask;
                            stack.push(from as usize);
                        }
                    }
                }
            }
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Target {
    Next,
    Label(u32),
    /// Marks a block that does not go on to the next.
    Nowhere,
}

fn edges_fall_through(edges: &[(u32, Target)], block: u32) -> bool {
    edges.last() != Some(&(block, Target::Nowhere))
}

fn predecessors(function: &Function, blocks: &[Block], edges: &[(u32, Target)]) -> (Vec<u32>, Vec<u32>) {
    let block_of_label: Vec<u32> = {
        let mut block = 0;
        let at = |label: &u32| {
            while blocks[block].start < *label {
                block += 1;
            }
            block as u32
        };
        function.labels.iter().map(at).collect()
    };
    let target = |from: u32, target: Target| match target {
        Target::Next => Some(from + 1),
        Target::Label(label) => Some(block_of_label[label as usize]),
        Target::Nowhere => None,
    };
    let resolved = || edges.iter().filter_map(|&(from, to)| Some((from, target(from, to)?)));
    let mut first = vec![0u32; blocks.len() + 1];
    for (_, to) in resolved() {
        first[to as usize + 1] += 1;
    }
    for i in 0..blocks.len() {
        first[i + 1] += first[i];
    }
    let mut next = first.clone();
    let mut predecessors = vec![0u32; first[blocks.len()] as usize];
    for (from, to) in resolved() {
        predecessors[next[to as usize] as usize] = from;
        next[to as usize] += 1;
    }
    (predecessors, first)
}
