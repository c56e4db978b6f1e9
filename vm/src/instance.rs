//! One module's machine: its state, driven by the fast interpreter.

use std::sync::Arc;

use cartwheel_bytecode::cartridge::{ElemMode, Import, PAGE_BYTES};
use cartwheel_bytecode::{Bank, TrapCode, ValType};
use cartwheel_hostabi::SyscallTrap;
use thiserror::Error;

mod guest;

use crate::buffer::Buffer;
use crate::heap::Heap;
use crate::interp::core::{Core, Entry, Frame, SlowStop, window_cells};
use crate::interp::{control, dispatch, exit, word};
use crate::limits::Limits;
use crate::profile::{self, CallNode, Counts, Form};
use crate::program::Program;
use crate::snapshot::apply_frames;
use crate::stop::{Ended, FrameInput, Stop, TrapKind, TrapRecord};
use crate::{rng, walk};

/// A module's machine.
///
/// Its life: [`Instance::call`] enters a function, [`Instance::grant`] begins a slice, and [`Instance::run`] executes
/// until something stops it. After [`Stop::Syscall`] the host acts through [`cartwheel_hostabi::Guest`] and runs again.
pub struct Instance {
    pub(crate) core: Box<Core>,
    pub(crate) activity: Activity,
    pub(crate) results: Vec<u64>,
    pub(crate) ended: Option<Ended>,
    /// Granted budget and what remains of it, in cycles.
    budget: i64,
    remaining: i64,
    /// What was taken from the remaining budget to stop the guest.
    withheld: i64,
    module: u32,
    /// Numbers of arguments and results of every import.
    imports: Vec<(usize, usize)>,
}

/// What the guest is doing while it stands still.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Activity {
    /// Nothing: there are no frames.
    Idle,
    /// It goes on at `core.ip`.
    Suspended {
        /// Offset of the innermost frame's next instruction.
        offset: u32,
        /// What the cycle counter has above the remaining budget there.
        prefix: i32,
        /// True if the budget is checked before it goes on.
        checkpoint: bool,
    },
    /// It waits for a syscall; `core.ip` is at its word.
    Syscall {
        /// Cells of the stack with the arguments; the results go behind them.
        window: usize,
        /// Number of arguments.
        args: usize,
        /// The import's index.
        import: u32,
    },
}

/// Why a module could not be made of a program.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LoadError {
    /// The program's memory is larger at its start than the module may have.
    #[error("the program starts with {0} pages of memory; {1} are allowed")]
    Memory(u32, u32),
    /// The program's tables are larger at their start than the module may have.
    #[error("the program starts with {0} table elements; {1} are allowed")]
    Tables(u64, u32),
}

static RETURNED_WORD: std::sync::OnceLock<[u64; 1]> = std::sync::OnceLock::new();

/// Code that the outermost frame returns to.
pub(crate) fn returned_word() -> *const u64 {
    RETURNED_WORD.get_or_init(|| [control::returned as dispatch::Handler as usize as u64]).as_ptr()
}

impl std::fmt::Debug for Instance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Instance")
            .field("activity", &self.activity)
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}

// SAFETY: the pointers in the core point into buffers of the same instance and into code that its program owns.
unsafe impl Send for Instance {}

impl Instance {
    /// Instantiates a program: memory, tables and globals as it declares them. A segment that does not fit leaves the
    /// module trapped.
    ///
    /// # Errors
    ///
    /// If the program's declared start sizes are above the limits.
    pub fn new(program: Arc<Program>, limits: Limits, seed: u64) -> Result<Instance, LoadError> {
        Instance::prepared(program, limits, seed, |_| ())
    }

    /// As [`Instance::new`], with a host that writes to the memory, all 0, before the program's segments are placed.
    ///
    /// # Errors
    ///
    /// If the program's declared start sizes are above the limits.
    pub fn prepared(
        program: Arc<Program>,
        limits: Limits,
        seed: u64,
        prepare: impl FnOnce(&mut [u8]),
    ) -> Result<Instance, LoadError> {
        let cart = program.cartridge();
        let pages = cart.memory.map_or(0, |m| m.min);
        if pages > limits.max_memory_pages {
            return Err(LoadError::Memory(pages, limits.max_memory_pages));
        }
        let elements: u64 = cart.tables.iter().map(|t| u64::from(t.min)).sum();
        if elements > limits.max_table_elements.into() {
            return Err(LoadError::Tables(elements, limits.max_table_elements));
        }
        let mut instance = Instance::blank(program, limits);
        let core = &mut *instance.core;
        let cart = core.program.cartridge();
        core.memory = Buffer::new(pages as usize * PAGE_BYTES);
        core.tables = cart.tables.iter().map(|t| vec![0; t.min as usize]).collect();
        for (cell, def) in core.global_cells.as_mut_slice().iter_mut().zip(&cart.globals) {
            *cell = def.init;
        }
        core.rng = rng::seeded(seed);
        core.refresh_memory();
        prepare(core.memory.as_mut_slice());
        if let Err(code) = place_segments(core) {
            instance.end_trapped(TrapKind::Instruction(code), Vec::new(), 0);
        }
        Ok(instance)
    }

    /// An instance whose state still has to be filled in.
    pub(crate) fn blank(program: Arc<Program>, limits: Limits) -> Instance {
        let cart = program.cartridge();
        let mut entry_cells: Buffer<Entry> = Buffer::new(cart.functions.len());
        for (entry, function) in entry_cells.as_mut_slice().iter_mut().zip(&cart.functions) {
            *entry = Entry {
                code: std::ptr::null(),
                bytes: Entry::UNPREPARED,
                signature: program.signature_id(function.sig).into(),
            };
        }
        let global_cells = Buffer::new(cart.globals.len());
        let max_memory_pages =
            cart.memory.and_then(|m| m.max).unwrap_or(u32::MAX).min(limits.max_memory_pages);
        let window_cells = window_cells(&program);
        let core = Core {
            mem: std::ptr::null_mut(),
            bound: [0; 4],
            globals: global_cells.as_ptr(),
            entries: entry_cells.as_ptr(),
            frame: std::ptr::null_mut(),
            frame_last: std::ptr::null_mut(),
            stack_end: std::ptr::null_mut(),
            ip: std::ptr::null(),
            fp: std::ptr::null_mut(),
            cycles: 0,
            acc: 0,
            facc: 0.0,
            stack: Buffer::new(FIRST_STACK_CELLS + window_cells),
            window_cells,
            frames: Buffer::new(FIRST_FRAMES),
            memory: Buffer::new(0),
            max_memory_pages,
            global_cells,
            entry_cells,
            tables: Vec::new(),
            dropped_data: vec![false; cart.data.len()],
            dropped_elems: vec![false; cart.elems.len()],
            rng: [0; 4],
            heap: Heap::new(&limits),
            limits,
            input: FrameInput::default(),
            callee: 0,
            slow_stop: SlowStop::Stalled,
            made: Vec::new(),
            program: program.clone(),
            form: Form::Plain,
            counters: std::ptr::null_mut(),
            called_at: 0,
            profile: None,
        };
        let cart = program.cartridge();
        let counts = |import: &Import| {
            let sig = &cart.types[import.sig as usize];
            (sig.params.len(), sig.results.len())
        };
        let imports = cart.imports.iter().map(counts).collect();
        let mut core = Box::new(core);
        core.refresh_stacks();
        core.frame = core.frames.as_ptr();
        core.fp = core.stack.as_ptr();
        Instance {
            core,
            activity: Activity::Idle,
            results: Vec::new(),
            ended: None,
            budget: 0,
            remaining: 0,
            withheld: 0,
            module: 0,
            imports,
        }
    }

    /// The program.
    pub fn program(&self) -> &Arc<Program> {
        &self.core.program
    }

    /// The limits that the instance was made with.
    pub fn limits(&self) -> &Limits {
        &self.core.limits
    }

    /// Tags roots that the host takes with the number of a module, so that another module refuses them.
    pub fn set_module(&mut self, module: u32) {
        self.module = module;
    }

    /// How the module ended, if it did.
    pub fn ended(&self) -> Option<&Ended> {
        self.ended.as_ref()
    }

    /// True if no function is being executed.
    pub fn is_idle(&self) -> bool {
        self.activity == Activity::Idle
    }

    /// Linear memory.
    pub fn memory(&self) -> &[u8] {
        self.core.memory.as_slice()
    }

    /// Heap bytes and objects in use.
    pub fn heap_in_use(&self) -> (u64, u32) {
        (self.core.heap.bytes_in_use(), self.core.heap.objects())
    }

    /// Heap bytes and objects allocated since the instance was made or restored.
    pub fn heap_allocated(&self) -> (u64, u64) {
        (self.core.heap.allocated_bytes, self.core.heap.allocated_objects)
    }

    /// Cycles that the collector has charged since the instance was made or restored.
    pub fn collector_cycles(&self) -> u64 {
        self.core.heap.worked_units
    }

    /// Enters a function from outside; it runs with the next [`Instance::run`]. Arguments are cells in the order of
    /// the signature, handles as handle numbers. If the stack limits forbid it, the module traps.
    ///
    /// # Panics
    ///
    /// If a function is being executed, the module has ended, or the number of arguments is wrong.
    pub fn call(&mut self, func: u32, args: &[u64]) {
        assert!(self.activity == Activity::Idle && self.ended.is_none(), "the module can be called");
        self.results.clear();
        let core = &mut *self.core;
        let cells = core.program.frame_cells(func);
        let refused = if core.limits.max_frames == 0 {
            Some(TrapCode::CallDepth)
        } else if cells > core.limits.max_stack_cells {
            Some(TrapCode::StackOverflow)
        } else {
            None
        };
        if let Some(code) = refused {
            self.end_trapped(TrapKind::Instruction(code), Vec::new(), 0);
            return;
        }
        core.fp = core.stack.as_ptr();
        grow_stack(core, cells as usize);
        core.frame = core.frames.as_ptr();
        core.frames.as_mut_slice()[0] = Frame { ret: returned_word(), advance: 0, func };
        let sig = &core.program.cartridge().types[core.program.function(func).sig as usize];
        assert_eq!(args.len(), sig.params.len(), "one cell per parameter");
        let (mut scalar, mut handle) = (0, sig.param_count(Bank::Scalar));
        for (&arg, ty) in args.iter().zip(&sig.params) {
            let place = if ty.bank() == Bank::Scalar { &mut scalar } else { &mut handle };
            core.stack.as_mut_slice()[*place] = if ty.is_32_bit() { arg & 0xffff_ffff } else { arg };
            *place += 1;
        }
        profile::called(core, None, func, self.remaining);
        self.enter(func);
    }

    /// Makes the frame of `func`, whose arguments have arrived at `fp`, ready to run its body.
    fn enter(&mut self, func: u32) {
        let core = &mut *self.core;
        let program = core.program.clone();
        let prepared = program.prepared(func, core.form);
        if let Some(layout) = prepared.layout() {
            profile::entered_later(core, layout);
        }
        let base = walk::base(core);
        let cells = &mut core.stack.as_mut_slice()[base..];
        for &(from, to) in &prepared.prologue.copies {
            cells[usize::from(to)] = cells[usize::from(from)];
        }
        for &(first, count) in &prepared.prologue.zeros {
            cells[usize::from(first)..usize::from(first) + usize::from(count)].fill(0);
        }
        core.ip = prepared.code[prepared.entry as usize..].as_ptr();
        self.activity = Activity::Suspended { offset: 0, prefix: 0, checkpoint: true };
    }

    /// Begins a slice with a budget in cycles. More than 2^62 are as good as that: nobody lives to see them spent.
    pub fn grant(&mut self, budget: u64) {
        // The counter is the remaining budget plus the cost of a stretch of code, which has to fit, too.
        const MAX_BUDGET: u64 = 1 << 62;
        self.budget = budget.min(MAX_BUDGET) as i64;
        self.remaining = self.budget;
        self.withheld = 0;
        self.profile_granted();
    }

    /// Stops the guest at the next checkpoint as if its budget were spent there.
    pub fn stop_at_checkpoint(&mut self) {
        let withheld = self.remaining.max(0);
        self.withheld += withheld;
        self.remaining -= withheld;
        if let Some(profile) = &mut self.core.profile {
            profile.tree.withheld(withheld);
            self.core.called_at -= withheld;
        }
    }

    /// Cycles charged in this slice.
    pub fn used(&self) -> u64 {
        (self.budget - self.withheld - self.remaining) as u64
    }

    /// Executes until something stops the guest.
    ///
    /// # Panics
    ///
    /// If nothing is being executed.
    pub fn run(&mut self, input: &FrameInput) -> Stop {
        self.core.input = *input;
        let prefix = match self.activity {
            Activity::Idle => panic!("run without a call"),
            Activity::Suspended { checkpoint: true, .. } if self.remaining <= 0 => return Stop::BudgetSpent,
            Activity::Suspended { prefix, .. } => prefix,
            Activity::Syscall { .. } => return self.go_on(),
        };
        self.core.cycles = self.remaining + i64::from(prefix);
        self.drive()
    }

    /// Executes on behind the pending syscall, which has returned. As [`Instance::run`] with the same input as before.
    ///
    /// # Panics
    ///
    /// If no syscall is pending.
    #[inline]
    pub fn go_on(&mut self) -> Stop {
        assert!(matches!(self.activity, Activity::Syscall { .. }), "no syscall is pending");
        // SAFETY: behind a syscall's word (handler, operands, charge) the code goes on.
        self.core.ip = unsafe { self.core.ip.add(3) };
        self.core.cycles = self.remaining;
        self.drive()
    }

    fn drive(&mut self) -> Stop {
        loop {
            // SAFETY: `ip` and `fp` are those of the innermost frame, as `activity` says.
            let why = unsafe { dispatch::run(&raw mut *self.core) };
            // First, and apart: nothing else stops a guest as often.
            if why == exit::SYSCALL {
                return self.called_out();
            }
            if let Some(stop) = self.stopped(why) {
                self.profile_stop();
                return stop;
            }
        }
    }

    /// The guest has come to a syscall.
    #[inline]
    fn called_out(&mut self) -> Stop {
        let core = &mut *self.core;
        self.remaining = core.cycles;
        // SAFETY: `ip` is at the syscall's word.
        let (import, advance) = unsafe { (word::imm(core.ip) as u32, word::d(core.ip)) };
        let window = walk::base(core) + usize::from(advance);
        let (args, results) = self.imports[import as usize];
        self.activity = Activity::Syscall { window, args, import };
        core.made.clear();
        // Mostly none, or the status alone, for which a call of a library would cost more than the rest.
        match results {
            0 => {}
            1 => core.stack.as_mut_slice()[window + args] = 0,
            _ => core.stack.as_mut_slice()[window + args..][..results].fill(0),
        }
        Stop::Syscall(import)
    }

    /// Deals with a handler's exit that is no syscall; `None` if execution goes on. Apart, so that a syscall has fewer registers
    /// to save.
    #[inline(never)]
    fn stopped(&mut self, why: u64) -> Option<Stop> {
        let suspended = |offset| Activity::Suspended { offset, prefix: 0, checkpoint: true };
        match why & 0xff {
            exit::RETURNED => {
                self.remaining = self.core.cycles;
                let func = self.core.frames.as_slice()[0].func;
                let program = &self.core.program;
                let types = &program.cartridge().types[program.function(func).sig as usize].results;
                let cells = self.core.stack.as_slice().iter();
                self.results = cells.zip(types).map(|(&cell, ty)| narrow(cell, *ty)).collect();
                self.activity = Activity::Idle;
                Some(Stop::Returned)
            }
            exit::BUDGET_LOOP => {
                self.remaining = self.core.cycles;
                self.activity = suspended(self.block_at(self.core.ip.wrapping_sub(1)));
                Some(Stop::BudgetSpent)
            }
            exit::BUDGET_ENTRY => {
                self.remaining = self.core.cycles;
                self.enter(walk::current_function(&self.core));
                Some(Stop::BudgetSpent)
            }
            exit::BUDGET_NEXT => {
                self.remaining = self.core.cycles;
                self.activity = suspended(self.block_at(self.core.ip));
                Some(Stop::BudgetSpent)
            }
            exit::SYNC => {
                self.remaining = self.core.cycles;
                let offset = self.block_at(self.core.ip);
                self.activity = Activity::Suspended { offset, prefix: 0, checkpoint: false };
                Some(Stop::FrameSync)
            }
            exit::CALL => self.make_room_for_call().map(|code| self.trap(TrapKind::Instruction(code))),
            exit::SLOW => Some(match self.core.slow_stop {
                SlowStop::Trap(code) => self.trap(TrapKind::Instruction(code)),
                SlowStop::User(code) => self.trap(TrapKind::User(code)),
                SlowStop::Halt(code) => {
                    self.leave_block();
                    self.activity = Activity::Idle;
                    self.ended = Some(Ended::Halted(code));
                    Stop::Halted(code)
                }
                SlowStop::Stalled => {
                    let (offset, prefix) = self.leave_block();
                    self.activity = Activity::Suspended { offset, prefix, checkpoint: false };
                    Stop::Stalled
                }
            }),
            exit::TRAP => Some(self.trap(TrapKind::Instruction(exit::trap_code(why)))),
            other => unreachable!("exit {other}"),
        }
    }

    /// Offset of the block that begins at a code word. The word can be that of several instructions, and has the offset of the
    /// one that can trap.
    fn block_at(&self, ip: *const u64) -> u32 {
        let offset = self.offset_at(ip);
        let analysis = self.core.program.analysis(walk::current_function(&self.core));
        analysis.blocks[analysis.block_at(offset)].start
    }

    /// Offset of the instruction at a word of the innermost frame's function.
    fn offset_at(&self, ip: *const u64) -> u32 {
        walk::offset_of(&self.core.program, self.core.form, walk::current_function(&self.core), ip)
    }

    /// Takes the remaining budget from the counter in the middle of a block; the instruction's offset and the
    /// block's prefix.
    fn leave_block(&mut self) -> (u32, i32) {
        let func = walk::current_function(&self.core);
        let offset = self.offset_at(self.core.ip);
        let prefix =
            self.core.program.prepared(func, self.core.form).prefix(&self.core.program, func, offset);
        self.remaining = self.core.cycles - i64::from(prefix);
        (offset, prefix)
    }

    fn trap(&mut self, kind: TrapKind) -> Stop {
        let (offset, _) = self.leave_block();
        self.trap_at(kind, offset)
    }

    fn trap_at(&mut self, kind: TrapKind, offset: u32) -> Stop {
        let frames = walk::frames(&walk::stacks(&self.core), offset);
        let depth = frames.len() as u32;
        let backtrace = frames.iter().rev().map(|f| f.position).take(TrapRecord::MAX_BACKTRACE).collect();
        self.end_trapped(kind, backtrace, depth);
        Stop::Trapped
    }

    fn end_trapped(&mut self, kind: TrapKind, backtrace: Vec<crate::stop::Position>, depth: u32) {
        self.activity = Activity::Idle;
        self.ended = Some(Ended::Trapped(TrapRecord { kind, backtrace, depth }));
    }

    /// The pending syscall found a structural violation: the module traps there.
    ///
    /// # Panics
    ///
    /// If no syscall is pending.
    pub fn trap_syscall(&mut self, trap: SyscallTrap) {
        assert!(matches!(self.activity, Activity::Syscall { .. }), "a syscall is pending");
        let site = self.site();
        profile::trapped(&mut self.core, site, self.remaining);
        self.trap_at(TrapKind::Syscall(trap), self.offset_at(self.core.ip));
        self.profile_stop();
    }

    /// Results of the function that returned to the outside: cells in the order of its signature.
    pub fn take_results(&mut self) -> Vec<u64> {
        std::mem::take(&mut self.results)
    }

    /// Prepares the callee and grows the stacks for the call that the guest stands at, or says why it traps.
    fn make_room_for_call(&mut self) -> Option<TrapCode> {
        let core = &mut *self.core;
        let callee = core.callee;
        let program = core.program.clone();
        let entry = &mut core.entry_cells.as_mut_slice()[callee as usize];
        let prepared = program.prepared(callee, core.form);
        entry.code = prepared.code.as_ptr();
        let cells = program.frame_cells(callee) as usize;
        entry.bytes = cells as u64 * 8;

        let depth = walk::depth(core);
        if depth + 1 > core.limits.max_frames as usize {
            return Some(TrapCode::CallDepth);
        }
        let func = walk::current_function(core);
        let base = walk::base(core);
        let needed = base + program.frame_cells(func) as usize + cells;
        if needed > core.limits.max_stack_cells as usize {
            return Some(TrapCode::StackOverflow);
        }
        grow_stack(core, needed);
        if depth == core.frames.len() {
            core.frames.grow(depth * 2);
            core.refresh_stacks();
            core.frame = core.frames.as_ptr().wrapping_add(depth - 1);
        }
        None
    }

    // ---- the profile -------------------------------------------------------------------------------

    /// Begins or ends counting what the guest does, from nothing. Nothing that the guest can see depends on it.
    ///
    /// # Panics
    ///
    /// If a syscall is pending: counting begins and ends between slices.
    pub fn set_profiled(&mut self, on: bool) {
        let (activity, frames) = (self.activity, self.frame_states());
        let core = &mut *self.core;
        core.form = if on { Form::Counted } else { Form::Plain };
        core.profile = on.then(Box::default);
        core.counters = std::ptr::null_mut();
        for entry in core.entry_cells.as_mut_slice() {
            (entry.code, entry.bytes) = (std::ptr::null(), Entry::UNPREPARED);
        }
        let stalled = core.heap.is_stalled();
        self.activity = apply_frames(core, &frames, stalled);
        if let (Activity::Suspended { checkpoint, .. }, Activity::Suspended { checkpoint: was, .. }) =
            (&mut self.activity, activity)
        {
            *checkpoint = was;
        }
        self.profile_granted();
    }

    /// True if what the guest does is counted.
    pub fn is_profiled(&self) -> bool {
        self.core.profile.is_some()
    }

    /// Takes what was counted since counting began or counts were last taken, in the place of what `counts` has. False
    /// if nothing is counted.
    pub fn take_counts(&mut self, counts: &mut Counts) -> bool {
        let Core { profile, program, counters, .. } = &mut *self.core;
        let Some(profile) = profile else { return false };
        profile.take(program, *counters, self.remaining, counts);
        true
    }

    /// Nodes of the tree of calls by number, from a number on. It grows when counts are taken, until counting ends.
    pub fn call_tree(&self, from: usize) -> Vec<CallNode> {
        let profile = self.core.profile.as_ref();
        profile.map_or_else(Vec::new, |profile| profile.tree.nodes().skip(from).collect())
    }

    /// What remains now is what a slice has, or what its calls beyond the tree are measured from.
    pub(crate) fn profile_granted(&mut self) {
        if let Some(profile) = &mut self.core.profile {
            profile.tree.granted(self.remaining);
        }
    }

    /// What remains to be attributed when the guest has stopped.
    fn profile_stop(&mut self) {
        let Core { profile: Some(profile), counters, .. } = &mut *self.core else { return };
        profile.tree.flush(self.remaining);
        if self.activity == Activity::Idle {
            profile.tree.leave();
            *counters = profile.tree.root();
        }
    }

    /// First counter of the pending syscall, in the counted form.
    fn site(&self) -> u32 {
        // SAFETY: `ip` is at the syscall's word.
        unsafe { word::target(self.core.ip) as u32 }
    }
}

const FIRST_STACK_CELLS: usize = 256;
const FIRST_FRAMES: usize = 16;

/// Makes room for frames up to `cells` cells from the start, and the window behind them.
pub(crate) fn grow_stack(core: &mut Core, cells: usize) {
    if cells + core.window_cells <= core.stack.len() {
        return;
    }
    let base = walk::base(core);
    core.stack.grow((cells * 2).min(core.limits.max_stack_cells as usize).max(cells) + core.window_cells);
    core.fp = core.stack.as_ptr().wrapping_add(base);
    core.refresh_stacks();
}

/// A cell as a value of a type: 32-bit ones have a zero upper half.
fn narrow(cell: u64, ty: ValType) -> u64 {
    if ty.is_32_bit() { cell & 0xffff_ffff } else { cell }
}

fn place_segments(core: &mut Core) -> Result<(), TrapCode> {
    let program = core.program.clone();
    let cart = program.cartridge();
    for elem in &cart.elems {
        if let ElemMode::Active { table, index } = elem.mode {
            let table = &mut core.tables[table as usize];
            let end = index as usize + elem.items.len();
            table
                .get_mut(index as usize..end)
                .ok_or(TrapCode::TableOutOfBounds)?
                .copy_from_slice(&elem.items);
        }
    }
    for data in &cart.data {
        if let Some(address) = data.address {
            let end = address as usize + data.bytes.len();
            core.memory
                .as_mut_slice()
                .get_mut(address as usize..end)
                .ok_or(TrapCode::MemoryOutOfBounds)?
                .copy_from_slice(&data.bytes);
        }
    }
    core.dropped_elems = cart.elems.iter().map(|elem| elem.mode != ElemMode::Passive).collect();
    core.dropped_data = cart.data.iter().map(|data| data.address.is_some()).collect();
    Ok(())
}
