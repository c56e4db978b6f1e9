//! Lowering: encoded instructions to code words, one after another.

use cartwheel_bytecode::cartridge::Function;
use cartwheel_bytecode::codec::Reader;
use cartwheel_bytecode::operand::{AnyDst, Arg, Args, CellSrc, Dsts, H, Label};
use cartwheel_bytecode::{Bank, Flow, Instr, SizeCost};

use super::{Prepared, Prologue, decode, fuse, handle_cell, window};
use crate::analysis::{Access, Analysis, Block, for_each_register};
use crate::interp::control::{self, BY_ITSELF, COUNTED, PLAIN};
use crate::interp::dispatch::Handler;
use crate::interp::mode::{ACC, IMM, SLOT};
use crate::interp::{count, slow, word};
use crate::prepare::emit;
use crate::profile::{Form, Layout, Site};
use crate::program::Program;

/// A function while it is lowered.
pub(super) struct Lowering<'a> {
    pub(super) program: &'a Program,
    pub(super) function: &'a Function,
    pub(super) func: u32,
    analysis: &'a Analysis,
    /// Decoded instructions with their offsets.
    pub(super) instrs: Vec<(u32, Instr)>,
    /// Number of the instruction being lowered, and its block.
    pub(super) at: usize,
    block: usize,
    pub(super) code: Vec<u64>,
    slow: Vec<Instr>,
    /// Code words that have to point at instructions in `slow`.
    slow_words: Vec<(usize, usize)>,
    map: Vec<(u32, u32)>,
    returns: Vec<(u32, u32)>,
    prefixes: Vec<i32>,
    /// Counters, if this is the counted form, and the number of calls that were lowered.
    layout: Option<Layout>,
    calls: u32,
    counted: Vec<bool>,
    /// Block and first word of every label; branches to later ones are patched.
    labels: Vec<LabelInfo>,
    patches: Vec<Patch>,
    /// Cell whose value the integer accumulator holds.
    pub(super) acc: Option<u16>,
    /// Cell whose value the float accumulator holds.
    pub(super) facc: Option<u16>,
    scratch: u16,
    /// Register whose value the instruction being lowered writes to the window instead, and where: see `destination`.
    redirect: Option<(u16, u16)>,
    /// The same of the instruction before.
    redirected: Option<(u16, u16)>,
}

#[derive(Clone, Copy)]
struct LabelInfo {
    block: usize,
    is_loop: bool,
    /// Word that branches go to, once known.
    word: Option<u32>,
}

struct Patch {
    label: u32,
    /// Word whose lower half becomes the distance from `from` to the label.
    word: usize,
    from: usize,
}

pub(super) fn lower(program: &Program, func: u32, form: Form) -> Prepared {
    let function = program.function(func);
    let analysis = program.analysis(func);
    let mut instrs = Vec::new();
    let mut input = Reader::new(&function.code);
    while !input.is_empty() {
        let offset = input.offset() as u32;
        instrs.push((offset, Instr::decode(&mut input).expect("verified code decodes")));
    }
    let prefixes = prefixes(analysis, &instrs);
    let layout = (form == Form::Counted).then(|| layout(program, function, analysis, &instrs));
    fuse::bring_together(&mut instrs, analysis, function.scalars);
    let labels = function
        .labels
        .iter()
        .map(|&label| {
            let at = instrs.partition_point(|&(offset, _)| offset < label);
            LabelInfo { block: analysis.block_at(label), is_loop: instrs[at].1 == Instr::Loop {}, word: None }
        })
        .collect();
    let lowering = Lowering {
        program,
        function,
        func,
        analysis,
        instrs,
        at: 0,
        block: 0,
        code: Vec::new(),
        slow: Vec::new(),
        slow_words: Vec::new(),
        map: Vec::new(),
        returns: Vec::new(),
        prefixes,
        layout,
        calls: 0,
        counted: vec![false; analysis.blocks.len()],
        labels,
        patches: Vec::new(),
        acc: None,
        facc: None,
        scratch: 0,
        redirect: None,
        redirected: None,
    };
    lowering.run()
}

/// Counters of a function.
fn layout(program: &Program, function: &Function, analysis: &Analysis, instrs: &[(u32, Instr)]) -> Layout {
    let mut sites = Vec::new();
    let mut calls = 0;
    for (at, (offset, instr)) in instrs.iter().enumerate() {
        let info = instr.op().info();
        let import = match instr {
            Instr::Syscall { import, .. } => Some(import.0),
            _ => None,
        };
        calls += u32::from(info.flow == Flow::Call);
        if info.size_cost != SizeCost::Fixed || matches!(info.flow, Flow::Alloc | Flow::Syscall) {
            let next = instrs.get(at + 1).filter(|(_, next)| import.is_some() && *next != Instr::Loop {});
            sites.push(Site {
                offset: *offset,
                import,
                has_status: import.is_some_and(|import| program.returns_status(import)),
                behind: next.map(|&(offset, _)| analysis.block_at(offset) as u32),
            });
        }
    }
    Layout {
        blocks: analysis.blocks.len() as u32,
        sites: sites.into(),
        calls,
        entry_by_calls: !is_entered_otherwise(function, &analysis.blocks[0]),
    }
}

/// True if there is another way into a block than from the instruction before it, or from a call; or if it begins
/// with a checkpoint.
fn is_entered_otherwise(function: &Function, block: &Block) -> bool {
    function.labels.binary_search(&block.start).is_ok()
        || decode(&function.code, block.start) == (Instr::Loop {})
}

/// Prefix of every block; see the module documentation of [`super`].
fn prefixes(analysis: &Analysis, instrs: &[(u32, Instr)]) -> Vec<i32> {
    let mut prefixes = Vec::with_capacity(analysis.blocks.len());
    let mut prefix = 0i32;
    let mut at = 0;
    for block in &analysis.blocks {
        while instrs[at].0 < block.start {
            at += 1;
        }
        let after_stop =
            at > 0 && matches!(instrs[at - 1].1.op().info().flow, Flow::Call | Flow::Syscall | Flow::Sync);
        if at == 0 || after_stop || instrs[at].1 == (Instr::Loop {}) {
            prefix = 0;
        }
        prefix += block.cost as i32;
        prefixes.push(prefix);
    }
    prefixes
}

impl Lowering<'_> {
    fn run(mut self) -> Prepared {
        let prologue = self.prologue();
        let body = self.code.len();
        let mut next_label = 0;
        while self.at < self.instrs.len() {
            let offset = self.instrs[self.at].0;
            let blocks = &self.analysis.blocks;
            if self.block + 1 < blocks.len() && blocks[self.block + 1].start == offset {
                self.block += 1;
            }
            // What was moved has the offset of its neighbour.
            let moved = self.map.last().is_some_and(|&(_, last)| last == offset);
            let begins = !moved && blocks[self.block].start == offset;
            if begins {
                // Nothing is known of accumulators at the start of a block.
                (self.acc, self.facc) = (None, None);
            }
            if !moved {
                self.map.push((self.code.len() as u32, offset));
            }
            if self.function.labels.get(next_label) == Some(&offset) {
                let skip = if self.labels[next_label].is_loop { emit::LOOP_WORDS } else { 0 };
                self.labels[next_label].word = Some(self.code.len() as u32 + skip);
                next_label += 1;
            }
            self.scratch = 0;
            let instr = self.instrs[self.at].1.clone();
            self.at += 1;
            self.redirected = self.redirect.take();
            // Whoever branches to a loop head, or stopped there, goes on behind its word.
            if begins && instr != (Instr::Loop {}) {
                self.count_block();
            }
            self.instr(&instr);
            if begins && instr == (Instr::Loop {}) {
                self.count_block();
            }
        }
        let entry = self.late_entry(body);
        self.finish(entry as u32, prologue)
    }

    /// In the counted form: counts that the current block is entered, unless whoever enters it does.
    fn count_block(&mut self) {
        let Some(layout) = &self.layout else { return };
        let before = self.at.checked_sub(2).map(|at| self.instrs[at].1.op().info().flow);
        let by_calls = if self.block == 0 { layout.entry_by_calls } else { before == Some(Flow::Call) };
        if by_calls && !self.is_entered_otherwise(self.block) {
            return;
        }
        self.counted[self.block] = true;
        let counter = layout.block(self.block as u32);
        self.emit(count::block as Handler, word::regs_imm(0, 0, counter));
    }

    /// True if there is another way into a block than from the instruction before it.
    fn is_entered_otherwise(&self, block: usize) -> bool {
        is_entered_otherwise(self.function, &self.analysis.blocks[block])
    }

    /// Where the first block begins for who has been called in an earlier slice: it has to be counted then, which the call
    /// does else.
    fn late_entry(&mut self, body: usize) -> usize {
        let Some(layout) = self.layout.as_ref().filter(|layout| layout.entry_by_calls) else { return body };
        let entry = self.code.len();
        let counter = layout.block(0);
        self.emit(count::block as Handler, word::regs_imm(0, 0, counter));
        let from = self.code.len();
        self.emit(control::branch::<false> as Handler, 0);
        self.extra(word::branch(body as i32 - from as i32, 0));
        entry
    }

    /// The first counter of the site that is being lowered, in the counted form.
    fn site(&self) -> Option<u32> {
        self.layout.as_ref()?.site(self.instrs[self.at - 1].0)
    }

    fn finish(mut self, entry: u32, prologue: Prologue) -> Prepared {
        for Patch { label, word, from } in std::mem::take(&mut self.patches) {
            let target = self.labels[label as usize].word.expect("all labels have been passed");
            let distance = target as i64 - from as i64;
            self.code[word] = self.code[word] & !0xffff_ffff | u64::from(distance as i32 as u32);
        }
        let slow = self.slow.into_boxed_slice();
        for &(word, index) in &self.slow_words {
            self.code[word] = &raw const slow[index] as usize as u64;
        }
        Prepared {
            code: self.code.into_boxed_slice(),
            slow,
            entry,
            prologue,
            map: self.map.into_boxed_slice(),
            returns: self.returns.into_boxed_slice(),
            prefixes: self.prefixes.into_boxed_slice(),
            counted: self.counted.into_boxed_slice(),
            layout: self.layout,
        }
    }

    fn prologue(&mut self) -> Prologue {
        let sig = &self.program.cartridge().types[self.function.sig as usize];
        let (scalar_params, handle_params) =
            (sig.param_count(Bank::Scalar) as u16, sig.param_count(Bank::Handle) as u16);
        let mut prologue = Prologue::default();
        if scalar_params != self.function.scalars {
            // Registers are at or above the places where parameters arrive: from the last to the first.
            for i in (0..handle_params).rev() {
                prologue.copies.push((scalar_params + i, handle_cell(self.function.scalars, i)));
            }
        }
        let live = self.analysis.live_at_entry();
        let mut zero = |cell: u16| match prologue.zeros.last_mut() {
            Some((first, count)) if *first + *count == cell => *count += 1,
            _ => prologue.zeros.push((cell, 1)),
        };
        (scalar_params..self.function.scalars).filter(|&r| live.scalar(r)).for_each(&mut zero);
        (handle_params..self.function.handles)
            .filter(|&r| live.handle(r))
            .for_each(|r| zero(handle_cell(self.function.scalars, r)));
        for &(from, to) in &prologue.copies {
            self.emit(emit::copy(SLOT, false), word::regs(to, from, 0));
        }
        for &(first, count) in &prologue.zeros {
            self.emit(slow::zero_cells as Handler, word::regs_imm(first, 0, count.into()));
        }
        prologue
    }

    // ---- what instructions need ------------------------------------------------------------------

    /// The next instruction, if it is in the same block.
    pub(super) fn next_in_block(&self) -> Option<&Instr> {
        let (offset, instr) = self.instrs.get(self.at)?;
        let next_block = self.analysis.blocks.get(self.block + 1);
        if next_block.is_some_and(|b| b.start == *offset) { None } else { Some(instr) }
    }

    /// The instruction that was peeked at was lowered with this one, by a handler that begins at a word. If it traps, then
    /// as itself.
    pub(super) fn skip_next(&mut self, word: usize) {
        let offset = self.instrs[self.at].0;
        if self.map.last().is_some_and(|&(_, last)| last != offset) {
            self.map.push((word as u32, offset));
        }
        self.at += 1;
    }

    /// True if the next instruction reads a scalar register, so that its value had better be in an accumulator. A store
    /// whose address is added first is one instruction with the addition.
    pub(super) fn next_reads(&self, register: u16) -> bool {
        let Some(next) = self.next_in_block() else { return false };
        let mut reads = false;
        for_each_register(next, self.function.scalars, |index, access| {
            reads |= access == Access::Read && index == usize::from(register);
        });
        reads || fuse::stores(next, self.instrs.get(self.at + 1), register)
    }

    /// Prefix of the current block.
    pub(super) fn prefix(&self) -> i32 {
        self.prefixes[self.block]
    }

    /// Cell of a handle register.
    pub(super) fn h(&self, register: u16) -> u16 {
        handle_cell(self.function.scalars, register)
    }

    /// A handle source as a source of cells: null is 0.
    pub(super) fn handle_src(&self, handle: H) -> CellSrc {
        handle.0.map_or(CellSrc::Imm(0), |r| CellSrc::Reg(self.h(r)))
    }

    /// Cell that a result for register `d` is written to: its own, or an argument's of the call that follows, if that
    /// is the only place that needs it.
    pub(super) fn destination(&mut self, d: u16) -> u16 {
        let Some(Instr::Call { args, .. }) = self.next_in_block() else { return d };
        let mut places = args.iter().enumerate().filter(|(_, arg)| **arg == Arg::Reg(d));
        let (Some((index, _)), None) = (places.next(), places.next()) else { return d };
        let scalars_before = args[..index].iter().filter(|a| matches!(a, Arg::Reg(_) | Arg::Imm(_))).count();
        if self.analysis.live_across(self.function, self.instrs[self.at].0).scalar(d) {
            return d;
        }
        let cell = window(self.program, self.func) + scalars_before as u16;
        self.redirect = Some((d, cell));
        cell
    }

    /// Notes that a cell was written by something that leaves accumulators alone.
    pub(super) fn wrote(&mut self, d: u16) {
        if self.acc == Some(d) {
            self.acc = None;
        }
        if self.facc == Some(d) {
            self.facc = None;
        }
    }

    /// Notes that a cell was written, and the integer accumulator too if `keep`.
    pub(super) fn wrote_int(&mut self, d: u16, keep: bool) {
        self.wrote(d);
        if keep {
            self.acc = Some(d);
        }
    }

    /// Notes that a cell was written, and the float accumulator too if `keep`.
    pub(super) fn wrote_float(&mut self, d: u16, keep: bool) {
        self.wrote(d);
        if keep {
            self.facc = Some(d);
        }
    }

    /// A cell that holds the source; constants go to scratch.
    pub(super) fn cell(&mut self, src: CellSrc) -> u16 {
        match src {
            CellSrc::Reg(r) => r,
            CellSrc::Imm(cell) => {
                let registers = self.function.scalars + self.function.handles;
                let scratch = registers + self.scratch;
                self.scratch += 1;
                self.emit_constant(scratch, cell, false);
                scratch
            }
        }
    }

    /// Cell and mode of a source that can be in the integer accumulator.
    pub(super) fn int_operand(&mut self, src: CellSrc) -> (u16, u8) {
        let cell = self.cell(src);
        (cell, if self.acc == Some(cell) { ACC } else { SLOT })
    }

    /// Cell and mode of a source that can be in the float accumulator.
    pub(super) fn float_operand(&mut self, src: CellSrc) -> (u16, u8) {
        let cell = self.cell(src);
        (cell, if self.facc == Some(cell) { ACC } else { SLOT })
    }

    /// Modes of two integer sources, and the operand word but for `d`. A constant `b` becomes an immediate if 32 bits
    /// hold it (`wide`: sign-extended to 64).
    pub(super) fn int_operands(&mut self, a: CellSrc, b: CellSrc, wide: bool) -> (u8, u8, u64) {
        let (a, a_mode) = self.int_operand(a);
        if let CellSrc::Imm(cell) = b {
            let imm = if wide { i32::try_from(cell as i64).ok() } else { Some(cell as i32) };
            if let Some(imm) = imm {
                return (a_mode, IMM, word::regs_imm(0, a, imm as u32));
            }
        }
        let (b, b_mode) = self.int_operand(b);
        // The same value twice needs no accumulator twice.
        let b_mode = if a_mode == ACC { SLOT } else { b_mode };
        (a_mode, b_mode, word::regs(0, a, b))
    }

    /// Writes an instruction of the slow kind.
    pub(super) fn emit_slow(&mut self, instr: &Instr) {
        match self.site() {
            Some(site) => self.emit(count::measured as Handler, word::regs_imm(0, 0, site)),
            None => self.emit(slow::slow as Handler, 0),
        }
        self.extra_instr(instr);
    }

    /// Writes a further word that points at the decoded instruction, whose execution may change the accumulators.
    pub(super) fn extra_instr(&mut self, instr: &Instr) {
        self.slow_words.push((self.code.len(), self.slow.len()));
        self.slow.push(instr.clone());
        self.extra(0);
        (self.acc, self.facc) = (None, None);
    }

    /// True if a label stands before a `loop`, so that branches to it are checkpoints.
    pub(super) fn is_loop(&self, label: Label) -> bool {
        self.labels[label.0 as usize].is_loop
    }

    /// What a branch to a label charges.
    fn charge(&self, label: u32) -> i32 {
        let info = self.labels[label as usize];
        if info.is_loop {
            return self.prefix();
        }
        self.prefix() - (self.prefixes[info.block] - self.analysis.blocks[info.block].cost as i32)
    }

    /// Writes the target word of a branch whose first word is `from`.
    pub(super) fn emit_target(&mut self, label: Label, from: usize) {
        self.patches.push(Patch { label: label.0, word: self.code.len(), from });
        self.extra(word::branch(0, self.charge(label.0)));
    }

    // ---- control ---------------------------------------------------------------------------------

    pub(super) fn loop_head(&mut self) {
        // Whoever comes from above comes from the block before, if that goes on.
        let from_above = if self.block == 0 { 0 } else { self.prefixes[self.block - 1] };
        let first = self.block == 0
            || matches!(self.instrs[self.at - 2].1.op().info().flow, Flow::Call | Flow::Syscall | Flow::Sync);
        self.emit(
            control::loop_head as Handler,
            word::regs_imm(0, 0, if first { 0 } else { from_above } as u32),
        );
    }

    pub(super) fn branch_table(&mut self, index: CellSrc, targets: &[u32]) {
        let (cell, mode) = self.int_operand(index);
        let from = self.code.len();
        let handler = if mode == ACC { control::branch_table::<ACC> } else { control::branch_table::<SLOT> };
        self.emit(handler as Handler, word::regs_imm(0, cell, targets.len() as u32 - 1));
        for &label in targets {
            let checked = i32::from(self.labels[label as usize].is_loop);
            self.patches.push(Patch { label, word: self.code.len(), from });
            self.extra(word::branch(0, self.charge(label) * 2 + checked));
        }
    }

    /// Puts arguments where they belong: scalars from `first` on, then handles, or all in the order given.
    fn arguments(&mut self, args: &Args, first: u16, by_bank: bool) {
        let scalars = args.iter().filter(|a| matches!(a, Arg::Reg(_) | Arg::Imm(_))).count() as u16;
        let (mut next_scalar, mut next_handle) = (first, first + scalars);
        for (i, arg) in args.iter().enumerate() {
            let (src, to) = match *arg {
                Arg::Reg(r) => (CellSrc::Reg(r), &mut next_scalar),
                Arg::Imm(cell) => (CellSrc::Imm(cell), &mut next_scalar),
                Arg::HReg(r) => (CellSrc::Reg(self.h(r)), &mut next_handle),
                Arg::Null => (CellSrc::Imm(0), &mut next_handle),
            };
            let cell = *to;
            *to += 1;
            let cell = if by_bank { cell } else { first + i as u16 };
            if let CellSrc::Reg(r) = src
                && self.redirected == Some((r, cell))
            {
                continue;
            }
            self.emit_copy(cell, src);
        }
    }

    /// d = a, for cells.
    pub(super) fn emit_copy(&mut self, d: u16, src: CellSrc) {
        match src {
            CellSrc::Imm(cell) => {
                let keep = self.next_reads(d) && d < self.function.scalars;
                self.emit_constant(d, cell, keep);
            }
            CellSrc::Reg(a) => {
                let mode = if self.acc == Some(a) { ACC } else { SLOT };
                let keep = mode == SLOT && d < self.function.scalars && self.next_reads(d);
                self.emit(emit::copy(mode, keep), word::regs(d, a, 0));
                self.wrote_int(d, keep || mode == ACC && self.next_reads(d));
            }
        }
    }

    /// Takes results from the window to their destinations. `in_acc` says that the first is in the accumulator.
    fn results(&mut self, results: &Dsts, first: u16, in_acc: bool) {
        (self.acc, self.facc) = (in_acc.then_some(first), None);
        for (i, dst) in results.iter().enumerate() {
            let d = match *dst {
                AnyDst::Reg(r) => r,
                AnyDst::HReg(r) => self.h(r),
            };
            self.emit_copy(d, CellSrc::Reg(first + i as u16));
        }
    }

    pub(super) fn call(&mut self, func: u32, args: &Args, results: &Dsts) {
        let first = window(self.program, self.func);
        self.arguments(args, first, true);
        let handler = match self.layout.is_some() {
            true if func == self.func => control::call::<BY_ITSELF> as Handler,
            true => control::call::<COUNTED> as Handler,
            false => control::call::<PLAIN> as Handler,
        };
        self.emit(handler, word::regs_imm(first, 0, func));
        self.emit_call_charge();
        self.returned(Some(func), results, first);
    }

    /// Where the callee of a call returns to, which is `func` if that is known.
    fn returned(&mut self, func: Option<u32>, results: &Dsts, first: u16) {
        self.returns.push((self.instrs[self.at - 1].0, self.code.len() as u32));
        if let Some(layout) = &self.layout {
            let behind = self.block_behind().filter(|&block| !self.is_entered_otherwise(block));
            let counter = behind.map(|block| layout.block(block as u32));
            self.emit(
                emit::left(func.map(|func| func == self.func), counter.is_some()),
                word::regs_imm(0, 0, self.func),
            );
            self.extra(counter.unwrap_or(0).into());
        }
        self.results(results, first, results.len() == 1);
    }

    /// Writes the word of a call with its charge and, in the counted form, the counter that remembers its callee's.
    fn emit_call_charge(&mut self) {
        let slot = self.layout.as_ref().map_or(0, |layout| layout.call(self.calls));
        self.calls += 1;
        self.extra(word::branch(slot as i32, self.prefix()));
    }

    /// The block behind the instruction that is being lowered, which ends its own.
    fn block_behind(&self) -> Option<usize> {
        (self.block + 1 < self.analysis.blocks.len()).then_some(self.block + 1)
    }

    pub(super) fn call_by_reference(
        &mut self,
        sig: u32,
        table: Option<u32>,
        callee: CellSrc,
        args: &Args,
        results: &Dsts,
    ) {
        let first = window(self.program, self.func);
        let callee = self.cell(callee);
        self.arguments(args, first, true);
        let handler = match (table.is_some(), self.layout.is_some()) {
            (true, true) => control::call_indirect::<COUNTED> as Handler,
            (true, false) => control::call_indirect::<PLAIN> as Handler,
            (false, true) => control::call_ref::<COUNTED> as Handler,
            (false, false) => control::call_ref::<PLAIN> as Handler,
        };
        self.emit(handler, word::regs_imm(first, callee, self.program.signature_id(sig)));
        self.emit_call_charge();
        if let Some(table) = table {
            self.extra(table.into());
        }
        self.returned(None, results, first);
    }

    pub(super) fn syscall(&mut self, import: u32, args: &Args, results: &Dsts) {
        let first = window(self.program, self.func);
        self.arguments(args, first, false);
        let site = self.site();
        let handler = if site.is_some() { count::syscall as Handler } else { control::syscall as Handler };
        self.emit(handler, word::regs_imm(first, 0, import));
        // The place of a branch's target holds the site.
        self.extra(word::branch(site.unwrap_or(0) as i32, self.prefix()));
        let result = first + args.len() as u16;
        self.results(results, result, false);
        match site {
            Some(site) => self.syscall_returned(import, result, site),
            None => self.emit(control::checkpoint as Handler, 0),
        }
    }

    /// The checkpoint behind a syscall, in the counted form.
    fn syscall_returned(&mut self, import: u32, result: u16, site: u32) {
        let status = self.program.returns_status(import);
        let handler = if status { count::syscall_returned::<true> } else { count::syscall_returned::<false> };
        self.emit(handler as Handler, word::regs_imm(result, 0, site));
        let block_counts = self.instrs.get(self.at).is_some_and(|(_, next)| *next != Instr::Loop {});
        let words = 3 + if block_counts { emit::COUNT_WORDS } else { 0 };
        self.extra(word::branch(import as i32, words as i32));
    }

    pub(super) fn return_values(&mut self, values: &Args) {
        use control::{NONE, return_to_caller};
        let charge = word::branch(0, self.prefix());
        match values.as_slice() {
            [] => self.emit(return_to_caller::<NONE> as Handler, 0),
            [Arg::Imm(cell)] => {
                self.emit(return_to_caller::<IMM> as Handler, 0);
                self.extra(charge);
                self.extra(*cell);
                return;
            }
            [Arg::Reg(r)] if self.acc == Some(*r) => self.emit(return_to_caller::<ACC> as Handler, 0),
            [Arg::Reg(r)] => self.emit(return_to_caller::<SLOT> as Handler, word::regs(0, *r, 0)),
            [Arg::HReg(r)] => {
                let cell = self.h(*r);
                self.emit(return_to_caller::<SLOT> as Handler, word::regs(0, cell, 0));
            }
            _ => {
                // Results may come from cells that others of them go to, so they take the way around the window.
                let first = window(self.program, self.func);
                self.arguments(values, first, false);
                for i in 0..values.len() as u16 {
                    self.emit_copy(i, CellSrc::Reg(first + i));
                }
                // One result alone travels in the accumulator too; a null does not come another way.
                if values.len() == 1 {
                    self.emit(return_to_caller::<SLOT> as Handler, word::regs(0, 0, 0));
                } else {
                    self.emit(return_to_caller::<NONE> as Handler, 0);
                }
            }
        }
        self.extra(charge);
    }

    pub(super) fn sync(&mut self) {
        self.emit(control::sync as Handler, word::regs_imm(0, 0, self.prefix() as u32));
    }
}
