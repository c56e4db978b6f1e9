//! Turns a verified function into the code that the interpreter runs.
//!
//! One pass, instruction by instruction, with a look at the next one: results that the next instruction reads
//! travel in an accumulator, constants become immediates, a comparison and its branch become one handler. Nothing of
//! this shows: positions and cycles are those of the encoded instructions, kept in side tables.
//!
//! # Frames
//!
//! A frame has the function's scalar registers, then its handle registers, then [`FRAME_OVERHEAD_CELLS`] cells of
//! scratch for constants that no handler takes as immediate. Behind them is the *window*: arguments of a call go there
//! and are the callee's first cells; its results come back there in the order of the signature. A syscall has its
//! arguments there in the order of the signature and its results behind them.
//!
//! # Cycles
//!
//! The counter in a register is *remaining budget + prefix*, where the prefix of a block is the cost of the blocks
//! from the start of its segment up to and including itself, in the order of the code. Going on to the next block
//! therefore charges nothing, and a branch charges a constant that is often zero. A segment begins where the counter has
//! to be the plain remaining budget: at a function's start, at loop heads, and behind calls, syscalls and `frame.sync`.

mod emit;
mod fuse;
mod lower;
mod simple;

use cartwheel_bytecode::Instr;
use cartwheel_bytecode::codec::Reader;

use crate::profile::{Form, Layout};
use crate::program::{FRAME_OVERHEAD_CELLS, Program};

/// A function in the form that handlers run.
#[derive(Debug)]
pub(crate) struct Prepared {
    /// Code words. Handlers' addresses and pointers into `slow` stand in them.
    pub code: Box<[u64]>,
    /// Instructions that are executed by [`crate::interp::slow`]; the code points at them.
    #[allow(dead_code, reason = "owns what the code points at")]
    slow: Box<[Instr]>,
    /// Where a function goes on whose frame is made, but of which nothing has run: behind the prologue.
    pub entry: u32,
    /// What the prologue does, for whoever enters the function without running it.
    pub prologue: Prologue,
    /// First word of every instruction with its offset in the encoded code; both ascend.
    map: Box<[(u32, u32)]>,
    /// Offset of every call with the word that its callee returns to; both ascend.
    returns: Box<[(u32, u32)]>,
    /// Prefix of every block.
    prefixes: Box<[i32]>,
    /// By block: whether a word in front of it counts it, or behind its `loop`.
    counted: Box<[bool]>,
    /// Counters, if this is the counted form.
    layout: Option<Layout>,
}

/// What happens to a new frame: handle parameters move to their registers, live registers become zero.
#[derive(Debug, Default)]
pub(crate) struct Prologue {
    /// Cells copied, in order: from, to.
    pub copies: Vec<(u16, u16)>,
    /// Cells zeroed: first and number.
    pub zeros: Vec<(u16, u16)>,
}

/// Where a suspended guest goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Resume {
    /// Word in the code.
    pub word: u32,
    /// What the counter has above the remaining budget.
    pub prefix: i32,
}

impl Prepared {
    /// Prepares a function of a verified program.
    pub(crate) fn new(program: &Program, func: u32, form: Form) -> Prepared {
        lower::lower(program, func, form)
    }

    /// Where the counters stand, in the counted form.
    pub(crate) fn layout(&self) -> Option<&Layout> {
        self.layout.as_ref()
    }

    /// Offset of the instruction whose words include `word`.
    pub(crate) fn offset_at(&self, word: u32) -> u32 {
        let after = self.map.partition_point(|&(w, _)| w <= word);
        self.map[after.max(1) - 1].1
    }

    /// Word that the callee of the call at an offset returns to.
    pub(crate) fn return_word(&self, offset: u32) -> Option<u32> {
        let index = self.returns.binary_search_by_key(&offset, |&(o, _)| o).ok()?;
        Some(self.returns[index].1)
    }

    /// First word of the instruction at an offset.
    fn word_at(&self, offset: u32) -> Option<u32> {
        let index = self.map.binary_search_by_key(&offset, |&(_, o)| o).ok()?;
        Some(self.map[index].0)
    }

    /// What the counter has above the remaining budget in the block of an offset.
    pub(crate) fn prefix(&self, program: &Program, func: u32, offset: u32) -> i32 {
        self.prefixes[program.analysis(func).block_at(offset)]
    }

    /// Where a guest goes on whose next instruction is at an offset: the start of a block, or, if `stalled`, an
    /// allocation whose block was charged.
    pub(crate) fn resume(&self, program: &Program, func: u32, offset: u32, stalled: bool) -> Resume {
        let word = self.word_at(offset).expect("positions are checked before they get here");
        let analysis = program.analysis(func);
        let block = analysis.block_at(offset);
        if stalled {
            // The block was counted.
            let counted = self.counted[block] && analysis.blocks[block].start == offset;
            let word = if counted { word + emit::COUNT_WORDS } else { word };
            return Resume { word, prefix: self.prefixes[block] };
        }
        if decode(&program.function(func).code, offset) == (Instr::Loop {}) {
            return Resume { word: word + emit::LOOP_WORDS, prefix: 0 };
        }
        let word = if offset == 0 { self.entry } else { word };
        Resume { word, prefix: self.prefixes[block] - analysis.blocks[block].cost as i32 }
    }
}

fn decode(code: &[u8], offset: u32) -> Instr {
    Instr::decode(&mut Reader::at(code, offset as usize)).expect("verified code decodes")
}

/// Number of a handle register's cell.
pub(crate) fn handle_cell(scalars: u16, register: u16) -> u16 {
    scalars + register
}

/// First cell of the window.
pub(crate) fn window(program: &Program, func: u32) -> u16 {
    program.frame_cells(func) as u16
}

const _: () = assert!(FRAME_OVERHEAD_CELLS >= 6, "an instruction has at most six scalar sources");
