//! The reference interpreter: slow, obvious, and the oracle that faster tiers are compared with.
//!
//! It decodes the on-disk code and follows `spec/machine.md` word by word. With the fast tier it shares the
//! scalar operations, the random generator and the portable state, and nothing else: blocks, liveness, heap
//! and collector are written a second time here, so that a mistake has to be made twice to go unnoticed.

mod access;
mod code;
mod control;
mod execute;
mod guest;
mod heap;
mod memory;
mod objects;
mod tables;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cartwheel_bytecode::cartridge::{ElemMode, PAGE_BYTES};
use cartwheel_bytecode::{Bank, Instr, TrapCode, ValType};
use cartwheel_hostabi::SyscallTrap;

use crate::limits::Limits;
use crate::program::Program;
use crate::rng;
use crate::state::State;
use crate::stop::{Ended, FrameInput, Position, Stop, TrapKind, TrapRecord};
use code::{Code, Register};
use guest::Pending;

/// One module, run by the reference interpreter.
#[derive(Debug)]
pub struct Reference {
    program: Arc<Program>,
    limits: Limits,
    /// Functions decoded so far.
    code: BTreeMap<u32, Arc<Code>>,
    /// The state, with registers that are not live still holding what was last written to them.
    state: State,
    /// True if the block with the top frame's position has been charged.
    block_charged: bool,
    budget: u64,
    used: u64,
    /// The syscall that the guest waits for.
    pending: Option<Pending>,
}

/// What follows an instruction.
enum Then {
    /// The next instruction.
    Next,
    /// The instruction at a label.
    Label(u32),
    /// The instruction that is the top frame's position now, at the beginning of a block.
    Frame,
    /// The same instruction, in a later slice.
    Stall,
    /// The next instruction, in a later slice.
    Sync,
    /// The outside, until it has answered a syscall.
    Syscall(u32),
    /// The outside, with the results of its call.
    Returned,
    /// Nothing.
    Halt(i32),
}

/// A cell that crosses the boundary: one of a 32-bit type has no upper half.
fn narrow(cell: u64, ty: ValType) -> u64 {
    if ty.is_32_bit() { u64::from(cell as u32) } else { cell }
}

/// What an instruction ends in.
type Executed = Result<Then, TrapKind>;

impl Reference {
    /// Instantiates a program: memory, globals, tables, active segments. The module has trapped if one of
    /// those does not fit.
    pub fn new(program: Arc<Program>, limits: Limits, seed: u64) -> Reference {
        let cart = program.cartridge();
        let state = State {
            memory: vec![0; cart.memory.map_or(0, |memory| memory.min as usize * PAGE_BYTES)],
            globals: cart.globals.iter().map(|global| global.init).collect(),
            tables: cart.tables.iter().map(|table| vec![0; table.min as usize]).collect(),
            dropped_data: vec![false; cart.data.len()],
            dropped_elems: vec![false; cart.elems.len()],
            rng: rng::seeded(seed),
            frames: Vec::new(),
            results: Vec::new(),
            heap: heap::empty(),
            ended: None,
        };
        let mut reference = Reference::from_state(program, limits, state);
        if let Err(trap) = reference.place_segments() {
            reference.trap(TrapKind::Instruction(trap));
        }
        reference
    }

    /// Continues from a state that another tier or this one has saved.
    pub fn from_state(program: Arc<Program>, limits: Limits, state: State) -> Reference {
        // A stalled allocation is the only thing that stops a guest in the middle of a block.
        let block_charged = state.heap.stall > 0;
        Reference {
            program,
            limits,
            code: BTreeMap::new(),
            state,
            block_charged,
            budget: 0,
            used: 0,
            pending: None,
        }
    }

    fn place_segments(&mut self) -> Result<(), TrapCode> {
        let program = self.program.clone();
        let cart = program.cartridge();
        for (index, elem) in cart.elems.iter().enumerate() {
            if let ElemMode::Active { table, index: to } = elem.mode {
                self.init_table(table, index, to, 0, elem.items.len() as u32)?;
            }
        }
        for (index, data) in cart.data.iter().enumerate() {
            if let Some(to) = data.address {
                self.init_memory(index, to, 0, data.bytes.len() as u32)?;
            }
        }
        for (elem, dropped) in cart.elems.iter().zip(&mut self.state.dropped_elems) {
            *dropped = elem.mode != ElemMode::Passive;
        }
        for (data, dropped) in cart.data.iter().zip(&mut self.state.dropped_data) {
            *dropped = data.address.is_some();
        }
        Ok(())
    }

    /// The portable state: registers that are not live hold 0.
    pub fn state(&self) -> State {
        let mut state = self.state.clone();
        for (index, frame) in state.frames.iter_mut().enumerate() {
            let live = self.live(index);
            for (r, cell) in frame.scalars.iter_mut().enumerate() {
                if !live.contains(&Register::Scalar(r as u16)) {
                    *cell = 0;
                }
            }
            for (r, cell) in frame.handles.iter_mut().enumerate() {
                if !live.contains(&Register::Handle(r as u16)) {
                    *cell = 0;
                }
            }
        }
        state
    }

    /// Calls a function from outside, with its arguments' cells in the order of its signature; handles are
    /// handle numbers. Nothing runs yet, but the module has trapped if the limits leave no room for the call.
    ///
    /// # Panics
    ///
    /// If the module has ended, is in a call, or the arguments are not those of the signature.
    pub fn call(&mut self, func: u32, args: &[u64]) {
        assert!(self.state.ended.is_none() && self.state.frames.is_empty(), "not ready for a call");
        let program = self.program.clone();
        let sig = &program.cartridge().types[program.function(func).sig as usize];
        assert_eq!(args.len(), sig.params.len());
        let args: Vec<(Bank, u64)> =
            sig.params.iter().zip(args).map(|(ty, &cell)| (ty.bank(), narrow(cell, *ty))).collect();
        self.state.results.clear();
        if let Err(trap) = self.push_frame(func, &args) {
            self.trap(TrapKind::Instruction(trap));
        }
    }

    /// Begins a slice with a budget of cycles.
    pub fn grant(&mut self, budget: u64) {
        self.budget = budget;
        self.used = 0;
    }

    /// Cycles charged in this slice so far. What they exceed the budget by is the overdraft.
    pub fn used(&self) -> u64 {
        self.used
    }

    /// Takes the results of the function that returned to the outside, as cells.
    pub fn take_results(&mut self) -> Vec<u64> {
        std::mem::take(&mut self.state.results)
    }

    /// Runs until the guest stops. After [`Stop::Syscall`], running again hands the guest the results that
    /// were set in the meantime.
    pub fn run(&mut self, input: &FrameInput) -> Stop {
        if let Some(ended) = &self.state.ended {
            return match ended {
                Ended::Halted(code) => Stop::Halted(*code),
                Ended::Trapped(_) => Stop::Trapped,
            };
        }
        if self.pending.is_some() {
            self.finish_syscall();
            if self.used >= self.budget {
                return Stop::BudgetSpent;
            }
        }
        while !self.state.frames.is_empty() {
            if let Some(stop) = self.step(input) {
                return stop;
            }
        }
        Stop::Returned
    }

    /// Runs like [`Reference::run`], and shows itself to `see` before every instruction that it executes.
    pub fn run_watched(&mut self, input: &FrameInput, see: &mut dyn FnMut(&Reference)) -> Stop {
        if self.state.ended.is_some() || self.pending.is_some() {
            return self.run(input);
        }
        while !self.state.frames.is_empty() {
            see(self);
            if let Some(stop) = self.step(input) {
                return stop;
            }
        }
        Stop::Returned
    }

    /// Positions of all calls, innermost first: the next instruction, and the calls that are waited for.
    pub fn positions(&self) -> impl Iterator<Item = Position> + '_ {
        self.state.frames.iter().rev().map(|frame| Position { func: frame.func, offset: frame.offset })
    }

    /// The state, with whatever registers that are not live hold.
    pub(crate) fn raw_state(&self) -> &State {
        &self.state
    }

    /// Executes one instruction, and says if the guest stops there.
    fn step(&mut self, input: &FrameInput) -> Option<Stop> {
        let Position { func, offset } = self.position();
        let code = self.code(func);
        let instr = code.instr(offset);
        if !self.block_charged {
            let checkpoint = offset == 0 || *instr == (Instr::Loop {});
            if checkpoint && self.used >= self.budget {
                return Some(Stop::BudgetSpent);
            }
            self.charge_cycles(code.block_cost(offset).expect("only the start of a block is not charged"));
            self.block_charged = true;
        }
        match self.execute(instr, input) {
            Ok(Then::Next) => self.go_to(code.next(offset)),
            Ok(Then::Label(label)) => {
                self.go_to(self.program.function(func).labels[label as usize]);
            }
            Ok(Then::Frame) => self.block_charged = false,
            Ok(Then::Stall) => return Some(Stop::Stalled),
            Ok(Then::Sync) => {
                self.go_to(code.next(offset));
                return Some(Stop::FrameSync);
            }
            Ok(Then::Syscall(import)) => return Some(Stop::Syscall(import)),
            Ok(Then::Returned) => return Some(Stop::Returned),
            Ok(Then::Halt(exit_code)) => {
                self.end(Ended::Halted(exit_code));
                return Some(Stop::Halted(exit_code));
            }
            Err(kind) => {
                self.trap(kind);
                return Some(Stop::Trapped);
            }
        }
        None
    }

    fn position(&self) -> Position {
        let frame = self.state.frames.last().expect("a call is in progress");
        Position { func: frame.func, offset: frame.offset }
    }

    /// Makes an offset of the running function the position.
    fn go_to(&mut self, offset: u32) {
        let func = self.position().func;
        self.state.frames.last_mut().expect("a call is in progress").offset = offset;
        if self.code(func).block_cost(offset).is_some() {
            self.block_charged = false;
        }
    }

    fn code(&mut self, func: u32) -> Arc<Code> {
        let program = &self.program;
        self.code.entry(func).or_insert_with(|| Arc::new(Code::new(program.function(func)))).clone()
    }

    fn charge_cycles(&mut self, cycles: u64) {
        self.used = self.used.saturating_add(cycles);
    }

    /// Registers of a frame that are live.
    fn live(&self, frame: usize) -> BTreeSet<Register> {
        let waits = frame + 1 < self.state.frames.len();
        let frame = &self.state.frames[frame];
        let code = match self.code.get(&frame.func) {
            Some(code) => code.clone(),
            None => Arc::new(Code::new(self.program.function(frame.func))),
        };
        if waits { code.live_across(frame.offset) } else { code.live_before(frame.offset) }
    }

    /// Ends the pending syscall with a structural violation: the module traps at the syscall.
    pub fn trap_syscall(&mut self, trap: SyscallTrap) {
        self.trap(TrapKind::Syscall(trap));
    }

    fn trap(&mut self, kind: TrapKind) {
        let positions = self.state.frames.iter().rev();
        let backtrace = positions.map(|f| Position { func: f.func, offset: f.offset });
        let backtrace = backtrace.take(TrapRecord::MAX_BACKTRACE).collect();
        let depth = self.state.frames.len() as u32;
        self.end(Ended::Trapped(TrapRecord { kind, backtrace, depth }));
    }

    fn end(&mut self, ended: Ended) {
        self.state.frames.clear();
        self.state.ended = Some(ended);
        self.pending = None;
    }
}
