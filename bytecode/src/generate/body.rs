//! Bodies of generated functions: nested branches, switches and loops around simple instructions.

use crate::cartridge::{Cartridge, Function};
use crate::codec::Writer;
use crate::instr::{Flow, Instr, OpInfo, families};
use crate::operand::{Dst, Func, Import, Label, Operand, Sig, Src, Table};
use crate::types::Bank;

use super::entropy::Entropy;

/// Most instructions of a function, nearly.
const MAX_INSTRS: usize = 160;
/// Most loops around each other, each with a counter that nothing else writes.
const MAX_DEPTH: u16 = 3;
/// Registers that only hold operands of the next instruction.
const SCRATCH: u16 = 4;

/// What a handle register is known to refer to. Objects are long enough for the usual indices.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    Nothing,
    Bytes,
    Array,
    Refs,
    Record(u32),
}

/// A function while it is made.
pub(super) struct Body<'a, 'e> {
    pub(super) cart: &'a Cartridge,
    pub(super) entropy: &'a mut Entropy<'e>,
    func: u32,
    /// Registers that instructions may write. Scratch registers and counters come behind them.
    scalars: u16,
    next_scratch: u16,
    pub(super) known: Vec<Known>,
    code: Vec<Instr>,
    /// Index of the instruction that a label stands at, once that is known.
    labels: Vec<Option<usize>>,
    /// Labels behind the constructs that are open.
    exits: Vec<u32>,
    loops: u16,
}

/// Makes the body of a declared function.
pub(super) fn generate(cart: &mut Cartridge, entropy: &mut Entropy<'_>, index: usize) {
    let sig = &cart.types[cart.functions[index].sig as usize];
    let scalars = sig.param_count(Bank::Scalar) as u16 + 4 + entropy.below(8) as u16;
    let handles = sig.param_count(Bank::Handle) as u16 + 2 + entropy.below(4) as u16;
    let mut body = Body {
        cart,
        entropy,
        func: index as u32,
        scalars,
        next_scratch: 0,
        known: vec![Known::Nothing; handles.into()],
        code: Vec::new(),
        labels: Vec::new(),
        exits: Vec::new(),
        loops: 0,
    };
    body.statements(MAX_INSTRS);
    body.give_back();
    let (labels, code) = body.finish();
    let sig = cart.functions[index].sig;
    cart.functions[index] = Function { sig, scalars: scalars + SCRATCH + MAX_DEPTH, handles, labels, code };
}

fn rows(wanted: impl Fn(&OpInfo) -> bool) -> Vec<Vec<&'static OpInfo>> {
    let in_family = |rows: &'static [OpInfo]| rows.iter().filter(|row| wanted(row)).collect::<Vec<_>>();
    families().into_iter().map(|(_, rows)| in_family(rows)).filter(|rows| !rows.is_empty()).collect()
}

// ---- what operands are made of -------------------------------------------------------------------

impl Body<'_, '_> {
    pub(super) fn push(&mut self, instr: Instr) {
        self.code.push(instr);
    }

    /// Any scalar register but scratch ones.
    pub(super) fn scalar_src(&mut self) -> u16 {
        let register = self.entropy.below(u32::from(self.scalars + self.loops)) as u16;
        if register < self.scalars { register } else { register + SCRATCH }
    }

    pub(super) fn scalar_dst(&mut self) -> u16 {
        self.entropy.below(self.scalars.into()) as u16
    }

    pub(super) fn handle_src(&mut self) -> u16 {
        self.entropy.below(self.known.len() as u32) as u16
    }

    pub(super) fn handle_dst(&mut self) -> u16 {
        let register = self.handle_src();
        self.known[usize::from(register)] = Known::Nothing;
        register
    }

    /// The next scratch register; an instruction has fewer scalar sources than there are.
    pub(super) fn scratch(&mut self) -> u16 {
        self.next_scratch = (self.next_scratch + 1) % SCRATCH;
        self.scalars + self.next_scratch
    }

    pub(super) fn new_label(&mut self) -> u32 {
        self.labels.push(None);
        self.labels.len() as u32 - 1
    }

    /// Puts a label here. Control can come from elsewhere, so nothing is known of registers.
    fn place(&mut self, label: u32) {
        self.labels[label as usize] = Some(self.code.len());
        self.known.fill(Known::Nothing);
    }
}

// ---- statements ----------------------------------------------------------------------------------

impl Body<'_, '_> {
    /// Statements, until there are about `most` instructions more.
    fn statements(&mut self, most: usize) {
        let end = (self.code.len() + most).min(MAX_INSTRS);
        while self.code.len() < end && !self.entropy.is_empty() {
            self.statement(end - self.code.len());
        }
    }

    fn statement(&mut self, most: usize) {
        match self.entropy.below(256) {
            0..=175 => self.simple(),
            176..=190 => self.branch(most / 2),
            191..=205 => self.counted_loop(most / 2),
            206..=211 => self.switch(most / 4),
            212..=227 => self.call(),
            228..=235 => self.indirect_call(),
            236..=247 => self.syscall(),
            248..=250 => self.push(Instr::FrameSync {}),
            251 => self.stop(),
            252 => self.give_back_sometimes(),
            253 => self.exit(),
            254 => self.endless_loop(most / 4),
            _ => _ = self.row(|flow| flow == Flow::Alloc),
        }
    }

    /// An instruction that goes on to the next.
    fn simple(&mut self) {
        _ = self.row(|flow| matches!(flow, Flow::Next | Flow::Alloc));
    }

    /// An instruction of a flow, with operands by kind; returns its labels.
    fn row(&mut self, wanted: impl Fn(Flow) -> bool) -> Vec<u32> {
        let rows = rows(|row| wanted(row.flow));
        let family = self.entropy.pick(&rows);
        let row = *self.entropy.pick(family);
        let operands = self.operands(row);
        let labels = |operand: &Operand| match operand {
            Operand::Label(label) => vec![*label],
            Operand::Labels(labels) => labels.to_vec(),
            _ => Vec::new(),
        };
        self.push(Instr::from_operands(row.op, &operands).expect("operands are of the row's kinds"));
        operands.iter().flat_map(labels).collect()
    }

    /// A conditional forward branch over some statements.
    fn branch(&mut self, most: usize) {
        let labels = self.row(|flow| flow == Flow::Branch);
        self.exits.extend(&labels);
        self.statements(most);
        self.exits.truncate(self.exits.len() - labels.len());
        labels.into_iter().for_each(|label| self.place(label));
    }

    /// A switch with a stretch of statements for every target, some of which leave it.
    fn switch(&mut self, most: usize) {
        let labels = self.row(|flow| flow == Flow::Switch);
        let end = self.new_label();
        self.exits.push(end);
        for label in labels {
            self.place(label);
            self.statements(most);
            if self.entropy.chance(128) {
                self.push(Instr::Br { to: Label(end) });
            }
        }
        self.exits.pop();
        self.place(end);
    }

    /// A loop that counts a register down.
    fn counted_loop(&mut self, most: usize) {
        if self.loops == MAX_DEPTH {
            return self.simple();
        }
        let times = 1 + self.entropy.below(if self.loops == 0 { 12 } else { 4 });
        let counter = self.scalars + SCRATCH + self.loops;
        let (head, end) = (self.new_label(), self.new_label());
        self.push(Instr::I32Const { d: Dst(counter), value: crate::operand::Imm(times as i32) });
        self.place(head);
        self.push(Instr::Loop {});
        self.loops += 1;
        self.exits.push(end);
        self.statements(most);
        self.exits.pop();
        self.loops -= 1;
        self.push(Instr::I32Sub { d: Dst(counter), a: Src::Reg(counter), b: Src::Imm(1) });
        self.push(Instr::BrIf { cond: Src::Reg(counter), to: Label(head) });
        self.place(end);
    }

    /// A loop that ends only if something in it leaves it.
    fn endless_loop(&mut self, most: usize) {
        let (head, end) = (self.new_label(), self.new_label());
        self.place(head);
        self.push(Instr::Loop {});
        self.exits.push(end);
        self.statements(most);
        self.exits.pop();
        let leave = self.scalar_src();
        self.push(Instr::BrIf { cond: Src::Reg(leave), to: Label(end) });
        self.push(Instr::Br { to: Label(head) });
        self.place(end);
    }

    /// A jump behind one of the constructs around.
    fn exit(&mut self) {
        if !self.exits.is_empty() {
            let to = *self.entropy.pick(&self.exits);
            self.push(Instr::Br { to: Label(to) });
        }
    }

    /// A call.
    fn call(&mut self) {
        let Some(func) = self.callee() else { return self.syscall() };
        let sig = self.cart.functions[func as usize].sig;
        let sig = &self.cart.types[sig as usize];
        let (args, results) = (self.arguments(&sig.params), self.destinations(&sig.results));
        self.push(Instr::Call { func: Func(func), args, results });
    }

    /// A function to call: mostly one behind this one, so that recursion is rare. `None` if there is none.
    fn callee(&mut self) -> Option<u32> {
        let functions = self.cart.functions.len() as u32;
        if self.entropy.chance(3) {
            return Some(self.entropy.below(functions));
        }
        let behind = functions - 1 - self.func;
        (behind > 0).then(|| self.func + 1 + self.entropy.below(behind))
    }

    /// A call through a table or by a function reference, mostly with the right signature.
    fn indirect_call(&mut self) {
        let Some(func) = self.callee() else { return self.syscall() };
        let sig = if self.entropy.chance(4) {
            self.entropy.below(self.cart.types.len() as u32)
        } else {
            self.cart.functions[func as usize].sig
        };
        let types = &self.cart.types[sig as usize];
        let (args, results) = (self.arguments(&types.params), self.destinations(&types.results));
        let sig = Sig(sig);
        let wrong = self.entropy.chance(4);
        if self.entropy.chance(128) {
            let index = if wrong { Src::Reg(self.scalar_src()) } else { Src::Imm(func as i32) };
            self.push(Instr::CallIndirect { sig, table: Table(0), index, args, results });
        } else {
            let callee = if wrong { Src::Reg(self.scalar_src()) } else { Src::Imm(func as i32 + 1) };
            self.push(Instr::CallRef { sig, callee, args, results });
        }
    }

    fn syscall(&mut self) {
        let import = self.entropy.below(self.cart.imports.len() as u32);
        let sig = &self.cart.types[self.cart.imports[import as usize].sig as usize];
        let (args, results) = (self.arguments(&sig.params), self.destinations(&sig.results));
        self.push(Instr::Syscall { import: Import(import), args, results });
    }

    /// Something that ends the module, if a register says so.
    fn stop(&mut self) {
        let over = self.new_label();
        let cond = Src::Reg(self.scalar_src());
        self.push(Instr::BrIf { cond, to: Label(over) });
        self.row(|flow| flow == Flow::Stop);
        self.place(over);
    }

    fn give_back_sometimes(&mut self) {
        let over = self.new_label();
        let cond = Src::Reg(self.scalar_src());
        self.push(Instr::BrIf { cond, to: Label(over) });
        self.give_back();
        self.place(over);
    }

    fn give_back(&mut self) {
        let sig = &self.cart.types[self.cart.functions[self.func as usize].sig as usize];
        let values = self.arguments(&sig.results);
        self.push(Instr::Return { values });
    }

    /// Labels by offset, and the code with labels numbered in that order.
    fn finish(self) -> (Vec<u32>, Vec<u8>) {
        let at: Vec<usize> = self.labels.iter().map(|at| at.expect("every label was placed")).collect();
        let mut places = at.clone();
        places.sort_unstable();
        places.dedup();
        let number = |label: u32| places.binary_search(&at[label as usize]).expect("places has all") as u32;
        let mut out = Writer::new();
        let mut offsets = Vec::new();
        for instr in &self.code {
            offsets.push(out.len() as u32);
            let operands: Vec<Operand> = instr
                .operands()
                .into_iter()
                .map(|operand| match operand {
                    Operand::Label(label) => Operand::Label(number(label)),
                    Operand::Labels(labels) => Operand::Labels(labels.into_iter().map(number).collect()),
                    other => other,
                })
                .collect();
            Instr::from_operands(instr.op(), &operands).expect("operands of an instruction").encode(&mut out);
        }
        (places.iter().map(|&place| offsets[place]).collect(), out.into_bytes())
    }
}
