//! Counting, blocks, checkpoints, slices and overdraft.

use super::*;
use cartwheel_bytecode::TrapCode;

/// Cycles that a function of a new module charges until it stops.
fn cycles<T: Tier>(asm: Asm, args: &[u64]) -> u64 {
    let mut tier: T = new(asm);
    tier.call(0, args);
    run(&mut tier);
    tier.used()
}

fn function(sig: &str, text: &str) -> Asm {
    let mut asm = Asm::new();
    asm.memory(1, None);
    asm.func(sig, text);
    asm
}

in_every_tier! {
    fn the_first_block_pays_for_the_registers<T>() {
        assert_eq!(cycles::<T>(function("", "return ()"), &[]), 2);
        assert_eq!(cycles::<T>(function("", "i32.const r15, 0\nreturn ()"), &[]), 1 + 2 + 1);
        assert_eq!(cycles::<T>(function("", "i32.const r15, 0\nmove_h h0, null\nreturn ()"), &[]), 2 + 2 + 2);
        // Only once per call, not at a loop.
        let text = "i32.const r0, 3\nagain:\nloop\ni32.sub r0, r0, 1\nbr_if r0, again\nreturn ()";
        assert_eq!(cycles::<T>(function("", text), &[]), 2 + 3 * 3 + 2);
    }

    fn a_block_is_charged_as_a_whole_even_if_it_traps<T>() {
        let text = "nop\ni32.div_u r0, 1, r1\nnop\nnop\nreturn ()";
        assert_eq!(cycles::<T>(function("", text), &[]), 1 + 1 + 8 + 1 + 1 + 2);
    }

    fn bulk_operations_charge_by_size_unless_they_trap<T>() {
        let fill = |len: u64| cycles::<T>(function("i32", "memory.fill 0, 7, r0\nreturn ()"), &[len]);
        assert_eq!(fill(0), 7);
        assert_eq!(fill(1), 8);
        assert_eq!(fill(16), 8);
        assert_eq!(fill(17), 9);
        assert_eq!(fill(65_536), 7 + 4_096);
        assert_eq!(fill(65_537), 7);
        let grow = |by: u64| cycles::<T>(function("i32", "memory.grow r1, r0\nreturn ()"), &[by]);
        assert_eq!(grow(2), 1 + 8 + 2 + 2 * 1_024);
        assert_eq!(grow(100_000), 1 + 8 + 2);
    }

    fn comparing_costs_the_shorter_operand<T>() {
        let text = "
            array.new h0, 10
            array.new h1, 3
            array.set h0, 0, 1
            array.compare r0, h0, h1
            return ()";
        assert_eq!(cycles::<T>(function("", text), &[]), (1 + 20 + 10) + (20 + 3) + (2 + 4 + 2 + 3));
    }

    /// A `loop` without a label is a checkpoint like any other, and begins a block.
    fn a_loop_in_the_middle_is_a_checkpoint<T>() {
        let mut tier: T = new(function("-> i32", "i32.const r0, 5\nloop\ni32.add r0, r0, 1\nreturn (r0)"));
        tier.call(0, &[]);
        tier.grant(1);
        assert_eq!(tier.run(&FrameInput::default()), Stop::BudgetSpent);
        assert_eq!(tier.used(), 1 + 1);
        let state = tier.state();
        assert_eq!((state.frames[0].offset, state.frames[0].scalars[0]), (3, 5));
        tier.grant(1);
        assert_eq!(tier.run(&FrameInput::default()), Stop::Returned);
        assert_eq!(tier.used(), 1 + 1 + 2);
        assert_eq!(tier.take_results(), [6]);
    }

    /// A slice may overdraw by what lies between two checkpoints, and stops at the first one behind its budget.
    // covers VM-2
    fn slices_end_at_checkpoints<T>() {
        let mut asm = Asm::new();
        asm.func(
            "-> i32",
            "i32.const r0, 2
             again:
             loop
             i32.div_u r1, 100, 3
             call 1, (r1), ()
             i32.sub r0, r0, 1
             br_if r0, again
             return (r1)",
        );
        asm.func("i32", "i32.div_u r0, r0, 7\nreturn ()");
        let mut tier: T = new(asm);
        tier.call(0, &[]);
        let mut slices = Vec::new();
        let mut places = Vec::new();
        loop {
            tier.grant(1);
            let stop = tier.run(&FrameInput::default());
            slices.push(tier.used());
            if stop == Stop::Returned {
                break;
            }
            assert_eq!(stop, Stop::BudgetSpent);
            let state = tier.state();
            let top = state.frames.last().unwrap();
            places.push((state.frames.len(), top.func, top.offset));
        }
        // Before the first instruction nothing is spent. A slice with a budget of 1 runs one stretch between checkpoints.
        assert_eq!(slices, [2, 14, 9 + 2 + 2, 14, 9 + 2 + 4]);
        assert_eq!(places, [(1, 0, 3), (2, 1, 0), (1, 0, 3), (2, 1, 0)]);
    }

    fn the_largest_budget_is_one_like_others<T>() {
        let text = "i32.const r0, 3\nagain:\nloop\ni32.sub r0, r0, 1\nbr_if r0, again\nreturn ()";
        let mut tier: T = new(function("", text));
        tier.call(0, &[]);
        tier.grant(u64::MAX);
        assert_eq!(tier.run(&FrameInput::default()), Stop::Returned);
        assert_eq!(tier.used(), 2 + 3 * 3 + 2);
    }

    fn an_empty_budget_stops_before_the_first_block<T>() {
        let mut tier: T = new(function("-> i32", "return (1)"));
        tier.call(0, &[]);
        tier.grant(0);
        assert_eq!(tier.run(&FrameInput::default()), Stop::BudgetSpent);
        assert_eq!(tier.used(), 0);
        assert_eq!(tier.state().frames[0].offset, 0);
    }

    // covers VM-2
    fn frame_sync_ends_the_slice_behind_itself<T>() {
        let mut tier: T = new(function("-> i64 i64", "frame.index r0\nframe.sync\nframe.index r1\nreturn (r0, r1)"));
        tier.call(0, &[]);
        tier.grant(PLENTY);
        assert_eq!(tier.run(&FrameInput { frame: 8, ..FrameInput::default() }), Stop::FrameSync);
        assert_eq!(tier.used(), 1 + 1 + 1);
        assert_eq!(tier.state().frames[0].scalars, [8, 0]);
        tier.grant(PLENTY);
        assert_eq!(tier.run(&FrameInput { frame: 9, ..FrameInput::default() }), Stop::Returned);
        assert_eq!(tier.used(), 1 + 2);
        assert_eq!(tier.take_results(), [8, 9]);
    }

    fn calls_charge_their_blocks_in_order<T>() {
        let mut asm = Asm::new();
        asm.func("", "call 1, (), ()\nunreachable");
        asm.func("", "return ()");
        let mut tier: T = new(asm);
        tier.call(0, &[]);
        assert_eq!(run(&mut tier), Stop::Trapped);
        assert_eq!(trap_record(&tier).kind, TrapKind::Instruction(TrapCode::Unreachable));
        assert_eq!(tier.used(), 5 + 2 + 1);
    }
}
