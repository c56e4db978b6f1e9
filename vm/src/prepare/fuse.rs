//! Two instructions as one handler: which they are, and bringing them together where others stand between them.

use cartwheel_bytecode::Instr;
use cartwheel_bytecode::operand::CellSrc;

use super::emit;
use super::lower::Lowering;
use super::simple::{SumAccess, ThreeModes, access, compare_of_add, second_binary, small_constant};
use crate::analysis::{Access, Analysis, for_each_register};
use crate::interp::dispatch::Handler;
use crate::interp::int::{self, Binary};
use crate::interp::mode::{ACC, IMM, SLOT};
use crate::interp::word;

/// How far apart two instructions may be that are brought together.
const REACH: usize = 8;

/// Moves additions down to the accesses whose addresses they make, and copies up to other copies, within a block and past
/// nothing that could tell. What is moved cannot trap; it takes the offset of its neighbour, and so never begins a block.
pub(super) fn bring_together(instrs: &mut [(u32, Instr)], analysis: &Analysis, scalars: u16) {
    let mut begin = 0;
    for next in 1..=analysis.blocks.len() {
        let end = match analysis.blocks.get(next) {
            Some(block) => begin + instrs[begin..].partition_point(|&(offset, _)| offset < block.start),
            None => instrs.len(),
        };
        for at in begin + 1..end {
            let last = end.min(at + REACH);
            if let Some(to) = address_use(&instrs[at..last], scalars) {
                let to = at + to;
                instrs[at].0 = instrs[to].0;
                instrs[at..to].rotate_left(1);
            }
        }
        let mut at = begin;
        while at < end {
            let last = end.min(at + REACH);
            match other_copy(&instrs[at..last], scalars) {
                Some(from) => {
                    instrs[at + from].0 = instrs[at].0;
                    instrs[at + 1..=at + from].rotate_right(1);
                    at += 2;
                }
                None if is_copy(&instrs[at].1) => at += 2,
                None => at += 1,
            }
        }
        begin = end;
    }
}

/// The access further on whose address the first instruction adds up, if nothing in between is in the way.
fn address_use(instrs: &[(u32, Instr)], scalars: u16) -> Option<usize> {
    let Instr::I32Add { d, a, b } = &instrs[0].1 else { return None };
    let (sum, a, b) = (CellSrc::Reg(d.0), a.cell(), b.cell());
    for (at, (_, instr)) in instrs.iter().enumerate().skip(1) {
        if access(instr).is_some_and(|(addr, ..)| addr == sum) {
            return (at > 1).then_some(at);
        }
        let mut in_the_way = false;
        for_each_register(instr, scalars, |index, access| {
            let register = CellSrc::Reg(index as u16);
            in_the_way |= register == sum || access == Access::Write && (register == a || register == b);
        });
        if in_the_way {
            return None;
        }
    }
    None
}

/// True if an instruction is an addition that becomes one handler with a store of the register behind it.
pub(super) fn stores(instr: &Instr, behind: Option<&(u32, Instr)>, register: u16) -> bool {
    let (Instr::I32Add { d, .. }, Some((_, behind))) = (instr, behind) else { return false };
    let Some((addr, _, SumAccess::Store { value, .. })) = access(behind) else { return false };
    addr == CellSrc::Reg(d.0) && value == CellSrc::Reg(register) && d.0 != register
}

fn is_copy(instr: &Instr) -> bool {
    matches!(instr, Instr::Move { a, .. } if matches!(a.cell(), CellSrc::Reg(_)))
}

/// The copy further on that can follow the first instruction, a copy, at once.
fn other_copy(instrs: &[(u32, Instr)], scalars: u16) -> Option<usize> {
    if !is_copy(&instrs[0].1) || instrs.get(1).is_some_and(|(_, next)| is_copy(next)) {
        return None;
    }
    let from = 2 + instrs.get(2..)?.iter().position(|(_, instr)| is_copy(instr))?;
    // It has another copy to be with, or the branch.
    if instrs.get(from + 1).is_none_or(|(_, next)| is_copy(next) || matches!(next, Instr::Br { .. })) {
        return None;
    }
    let Instr::Move { d, a } = &instrs[from].1 else { return None };
    let (d, a) = (CellSrc::Reg(d.0), a.cell());
    let mut in_the_way = false;
    for (_, instr) in &instrs[1..from] {
        for_each_register(instr, scalars, |index, access| {
            let register = CellSrc::Reg(index as u16);
            in_the_way |= register == d || access == Access::Write && register == a;
        });
    }
    (!in_the_way).then_some(from)
}

impl Lowering<'_> {
    /// Modes of the operands of an addition that goes with another instruction, and their word but for `d`. None if both
    /// are constants.
    fn addends(&mut self, a: CellSrc, b: CellSrc) -> Option<(u8, u8, u64)> {
        let (a, b) = match (a, b) {
            (CellSrc::Imm(_), CellSrc::Imm(_)) => return None,
            (CellSrc::Imm(_), CellSrc::Reg(_)) => (b, a),
            // The accumulator is read as `a`.
            (CellSrc::Reg(_), CellSrc::Reg(r)) if self.acc == Some(r) => (b, a),
            _ => (a, b),
        };
        let (a_mode, b_mode, operands) = self.int_operands(a, b, false);
        Some((a_mode, if b_mode == IMM { IMM } else { SLOT }, operands))
    }

    /// True if an addition to `t` and the access with that address that follows become one handler.
    pub(super) fn add_and_access(&mut self, t: u16, a: CellSrc, b: CellSrc) -> bool {
        let Some((CellSrc::Reg(addr), offset, access)) = self.next_in_block().and_then(access) else {
            return false;
        };
        if addr != t {
            return false;
        }
        let Some((a, b, operands)) = self.addends(a, b) else { return false };
        let first = self.code.len();
        match access {
            SumAccess::Load { d, handler } => {
                self.skip_next(first);
                let keep = self.next_reads(d);
                self.emit(handler(a, b, keep), operands | u64::from(d));
                self.extra(word::second(offset, t));
                self.wrote(t);
                self.wrote_int(d, keep);
            }
            SumAccess::LoadFloat { d } => {
                self.skip_next(first);
                self.emit(emit::load_float_sum(a, b), operands | u64::from(d));
                self.extra(word::second(offset, t));
                self.wrote(t);
                self.wrote_float(d, true);
            }
            SumAccess::Store { value: CellSrc::Reg(r), float: true, .. }
                if self.facc == Some(r) && r != t =>
            {
                self.skip_next(first);
                self.emit(emit::store_float_sum(a, b), operands);
                self.extra(word::second(offset, t));
                self.wrote(t);
            }
            SumAccess::Store { value, narrow, handler, .. } => {
                let (value, mode) = match (value, small_constant(value, narrow)) {
                    (_, Some(imm)) => (imm as u16, IMM),
                    (CellSrc::Reg(r), None) => {
                        (r, if self.acc == Some(r) && r != t && a != ACC { ACC } else { SLOT })
                    }
                    (CellSrc::Imm(_), None) => return false,
                };
                self.skip_next(first);
                self.emit(handler(a, b, mode), operands | u64::from(value));
                self.extra(word::second(offset, t));
                self.wrote(t);
            }
        }
        true
    }

    /// True if an addition and that of a constant to its result become one handler.
    pub(super) fn add_and_add(&mut self, t: u16, a: CellSrc, b: CellSrc) -> bool {
        let Some(Instr::I32Add { d, a: x, b: y }) = self.next_in_block() else { return false };
        let (d, CellSrc::Reg(x), CellSrc::Imm(constant)) = (d.0, x.cell(), y.cell()) else { return false };
        if x != t || self.joins_next(d) {
            return false;
        }
        let (CellSrc::Reg(_), CellSrc::Reg(_)) = (a, b) else { return false };
        let Some((a, _, operands)) = self.addends(a, b) else { return false };
        let first = self.code.len();
        self.skip_next(first);
        let keep = self.next_reads(d);
        self.emit(emit::add_add(a, keep), operands | u64::from(d));
        self.extra(word::second(constant as u32, t));
        self.wrote(t);
        self.wrote_int(d, keep);
        true
    }

    /// True if the next instruction, whose result is in `d`, had better go with the one behind it: if it makes an address, or
    /// an argument of a call.
    fn joins_next(&self, d: u16) -> bool {
        let Some((_, behind)) = self.instrs.get(self.at + 1) else { return false };
        matches!(behind, Instr::Call { .. })
            || access(behind).is_some_and(|(addr, ..)| addr == CellSrc::Reg(d))
    }

    /// True if an operation and the branch that follows become one handler.
    pub(super) fn binary_and_branch(&mut self, handler: ThreeModes, d: u16, a: CellSrc, b: CellSrc) -> bool {
        let Some(&Instr::Br { to }) = self.next_in_block() else { return false };
        let (a, b, operands) = self.int_operands(a, b, false);
        let first = self.code.len();
        self.emit(handler(a, b, self.is_loop(to)), operands | u64::from(d));
        self.emit_target(to, first);
        self.skip_next(first);
        true
    }

    /// True if an operation and the copy of its result that follows become one handler.
    pub(super) fn binary_and_copy(&mut self, handler: ThreeModes, t: u16, a: CellSrc, b: CellSrc) -> bool {
        let Some(&Instr::Move { d, a: copied }) = self.next_in_block() else { return false };
        if copied.cell() != CellSrc::Reg(t) {
            return false;
        }
        let Some((a, b, operands)) = self.addends(a, b) else { return false };
        let first = self.code.len();
        self.skip_next(first);
        let read = [d.0, t].into_iter().find(|&r| self.next_reads(r));
        self.emit(handler(a, b, read.is_some()), operands | u64::from(d.0));
        self.extra(word::second(0, t));
        self.wrote(t);
        self.wrote(d.0);
        if let Some(read) = read {
            self.acc = Some(read);
        }
        true
    }

    /// True if an operation and the one on its result that follows become one handler.
    pub(super) fn binary_and_binary<S: Binary>(
        &mut self,
        t: u16,
        a: CellSrc,
        b: CellSrc,
        commutes: bool,
    ) -> bool {
        let next = self.next_in_block().and_then(second_binary::<S>);
        let Some((with_constant, with_register, x, y, d)) = next else { return false };
        let other = match (x, y) {
            (CellSrc::Reg(x), CellSrc::Reg(y)) if x == t && y != t => y,
            (CellSrc::Reg(x), CellSrc::Reg(y)) if y == t && x != t => x,
            _ => return false,
        };
        if self.joins_next(d) {
            return false;
        }
        let (a, b) = match (a, b) {
            (CellSrc::Imm(_), CellSrc::Reg(r)) if commutes => (r, a),
            (CellSrc::Reg(a), CellSrc::Reg(r)) if commutes && self.acc == Some(r) => (r, CellSrc::Reg(a)),
            (CellSrc::Reg(a), CellSrc::Imm(_)) => (a, b),
            (CellSrc::Reg(a), CellSrc::Reg(_)) if commutes => (a, b),
            _ => return false,
        };
        let mode = |cell| if self.acc == Some(cell) { ACC } else { SLOT };
        let (a_mode, other_mode) = (mode(a), mode(other));
        let first = self.code.len();
        self.skip_next(first);
        let keep = self.next_reads(d);
        match b {
            CellSrc::Imm(constant) => {
                self.emit(with_constant(a_mode, other_mode, keep), word::regs(d, a, other));
                self.extra(word::second(constant as u32, t));
            }
            CellSrc::Reg(b) => {
                // The same value twice needs no accumulator twice.
                let other_mode = if a_mode == ACC { SLOT } else { other_mode };
                self.emit(with_register(a_mode, other_mode, keep), word::regs4(d, a, b, other));
                self.extra(word::second(0, t));
            }
        }
        self.wrote(t);
        self.wrote_int(d, keep);
        true
    }

    /// True if a copy and the branch that follows become one handler.
    pub(super) fn copy_and_branch(&mut self, d: u16, a: CellSrc) -> bool {
        let (CellSrc::Reg(a), Some(&Instr::Br { to })) = (a, self.next_in_block()) else { return false };
        let mode = if self.acc == Some(a) { ACC } else { SLOT };
        let first = self.code.len();
        self.emit(emit::copy_branch(mode, self.is_loop(to)), word::regs(d, a, 0));
        self.emit_target(to, first);
        self.skip_next(first);
        true
    }

    /// True if an addition to `d` and the branch to a loop head that follows become one handler.
    pub(super) fn add_and_branch(&mut self, d: u16, a: CellSrc, b: CellSrc, wide: bool) -> bool {
        let (operands, addend) = match b {
            _ if a != CellSrc::Reg(d) => return false,
            CellSrc::Reg(b) => (word::regs(d, d, b), SLOT),
            CellSrc::Imm(cell) => {
                let imm = if wide { i32::try_from(cell as i64).ok() } else { Some(cell as i32) };
                let Some(imm) = imm else { return false };
                (word::regs_imm(d, d, imm as u32), IMM)
            }
        };
        let Some(next) = self.next_in_block() else { return false };
        let Some((handler, from, other, to)) = compare_of_add(next, wide, addend) else {
            return false;
        };
        if from != CellSrc::Reg(d) || !self.is_loop(to) {
            return false;
        }
        let first = self.code.len();
        self.emit(handler, operands);
        self.emit_target(to, first);
        self.extra(match other {
            CellSrc::Imm(cell) => cell,
            CellSrc::Reg(r) => r.into(),
        });
        self.wrote(d);
        self.skip_next(first);
        true
    }

    /// Copies of two registers that follow each other become one handler, with the branch behind them if there is one.
    pub(super) fn copy_pair(&mut self, d: u16, a: CellSrc) -> bool {
        let (CellSrc::Reg(a), Some(&Instr::Move { d: d2, a: next })) = (a, self.next_in_block()) else {
            return false;
        };
        let CellSrc::Reg(a2) = next.cell() else { return false };
        let operands = word::regs4(d, a, a2, d2.0);
        self.wrote(d);
        self.wrote(d2.0);
        let first = self.code.len();
        self.skip_next(first);
        if let Some(&Instr::Br { to }) = self.next_in_block() {
            let checked = self.is_loop(to);
            let handler = if checked { int::copy_two_branch::<true> } else { int::copy_two_branch::<false> };
            self.emit(handler as Handler, operands);
            self.emit_target(to, first);
            self.skip_next(first);
        } else {
            self.emit(int::copy_two as Handler, operands);
        }
        true
    }
}
