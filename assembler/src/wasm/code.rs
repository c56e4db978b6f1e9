//! The code of a function while it is made: encoded instructions with branches whose labels have no number yet.
//!
//! Labels of a cartridge are numbered by their place, which is not known when a forward branch is written. So a branch
//! is encoded with a byte in its label's place, and [`Code::finish`] copies the code with the numbers in.

use cartwheel_bytecode::Instr;
use cartwheel_bytecode::codec::Writer;
use cartwheel_bytecode::operand::{I32, Label, Labels};

/// A label that may not have a place yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LabelId(u32);

/// Bytes of the code at which a label goes in, or something ends.
#[derive(Clone, Copy, Debug)]
struct At {
    offset: u32,
    label: LabelId,
}

/// Code that is being written. One value is used for all functions, so that its buffers are made once.
#[derive(Debug, Default)]
pub struct Code {
    bytes: Writer,
    /// Places of labels, in the order of the code.
    bound: Vec<At>,
    /// Bytes that stand for a label.
    branches: Vec<At>,
    /// `loop` instructions with their labels; those that nothing jumps back to are left out.
    loops: Vec<At>,
    /// Number of branches to each label.
    uses: Vec<u32>,
}

/// What no label has as its number.
const UNNUMBERED: u32 = u32::MAX;

impl Code {
    /// Number of bytes so far.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Appends an instruction that is no branch.
    #[inline]
    pub fn push(&mut self, instr: &Instr) {
        instr.encode(&mut self.bytes);
    }

    /// A new label.
    pub fn label(&mut self) -> LabelId {
        self.uses.push(0);
        LabelId(self.uses.len() as u32 - 1)
    }

    /// True if something branches to a label.
    pub fn is_used(&self, label: LabelId) -> bool {
        self.uses[label.0 as usize] > 0
    }

    /// Puts a label here.
    pub fn bind(&mut self, label: LabelId) {
        self.bound.push(At { offset: self.len() as u32, label });
    }

    /// Puts a label and a `loop` here.
    pub fn bind_loop(&mut self, label: LabelId) {
        self.bind(label);
        self.loops.push(At { offset: self.len() as u32, label });
        self.push(&Instr::Loop {});
    }

    /// Appends a branch, given with any label in its place.
    pub fn branch(&mut self, instr: &Instr, label: LabelId) {
        self.push(instr);
        self.refer(self.len() as u32 - 1, label);
    }

    /// Appends a jump.
    pub fn jump(&mut self, label: LabelId) {
        self.branch(&Instr::Br { to: Label(0) }, label);
    }

    /// Appends a `br_table`.
    pub fn switch(&mut self, index: I32, labels: &[LabelId]) {
        let targets: Labels = labels.iter().map(|_| 0).collect();
        self.push(&Instr::BrTable { index, targets });
        let first = self.len() - labels.len();
        for (i, &label) in labels.iter().enumerate() {
            self.refer((first + i) as u32, label);
        }
    }

    fn refer(&mut self, offset: u32, label: LabelId) {
        self.uses[label.0 as usize] += 1;
        self.branches.push(At { offset, label });
    }

    /// Takes the code and the offsets of its labels, and leaves this empty for the next function.
    pub fn finish(&mut self) -> (Vec<u8>, Vec<u32>) {
        let bytes = std::mem::take(&mut self.bytes).into_bytes();
        let numbers = self.number();
        let mut out = Writer::onto(Vec::with_capacity(bytes.len() + self.branches.len()));
        let mut labels = Vec::new();
        let mut copied = 0;
        let mut branches = self.branches.iter().peekable();
        let mut loops = self.loops.iter().filter(|at| !self.is_used(at.label)).peekable();
        let mut copy_to = |end: u32, out: &mut Writer| {
            while copied < end {
                let offset = |at: Option<&&At>| at.map_or(end, |at| at.offset.min(end));
                let (branch, unused) = (offset(branches.peek()), offset(loops.peek()));
                let stop = branch.min(unused);
                out.bytes(&bytes[copied as usize..stop as usize]);
                copied = stop;
                if stop == end {
                    break;
                }
                copied += 1;
                if branch < unused {
                    let at = branches.next().expect("it was looked at");
                    out.u32(numbers[at.label.0 as usize]);
                } else {
                    loops.next();
                }
            }
        };
        for at in &self.bound {
            if numbers[at.label.0 as usize] == labels.len() as u32 {
                copy_to(at.offset, &mut out);
                labels.push(out.len() as u32);
            }
        }
        copy_to(bytes.len() as u32, &mut out);
        self.bound.clear();
        self.branches.clear();
        self.loops.clear();
        self.uses.clear();
        (out.into_bytes(), labels)
    }

    /// Numbers of labels by id: those that are used, in the order of their places, one number for a place.
    fn number(&self) -> Vec<u32> {
        let mut numbers = vec![UNNUMBERED; self.uses.len()];
        let mut next = 0;
        let mut last = None;
        let mut dropped = 0;
        let mut loops = self.loops.iter().filter(|at| !self.is_used(at.label)).peekable();
        for at in self.bound.iter().filter(|at| self.is_used(at.label)) {
            while loops.next_if(|unused| unused.offset < at.offset).is_some() {
                dropped += 1;
            }
            let place = at.offset - dropped;
            if last != Some(place) {
                last = Some(place);
                next += 1;
            }
            numbers[at.label.0 as usize] = next - 1;
        }
        numbers
    }
}
