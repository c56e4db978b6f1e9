//! What states and the collector see of registers.

use super::*;
use cartwheel_vm::SlotState;

fn objects(tier: &impl Tier) -> usize {
    let slots = tier.state().heap.slots;
    slots.iter().filter(|slot| matches!(slot, SlotState::Object { .. })).count()
}

in_every_tier! {
    fn dead_registers_hold_zero<T>() {
        let mut asm = Asm::new();
        asm.func(
            "i64 i64 i64 -> i64",
            "bytes.new h0, 1
             bytes.new h1, 1
             i64.const r3, 9
             frame.sync
             i64.const r1, 5
             i64.add r0, r0, r1
             ref.is_null r4, h1
             return (r0)",
        );
        let mut tier: T = new(asm);
        tier.call(0, &[1, 2, 3]);
        assert_eq!(run(&mut tier), Stop::FrameSync);
        let state = tier.state();
        // r1 is written before it is read; nothing reads r2, r3 and h0 any more.
        assert_eq!((&*state.frames[0].scalars, &*state.frames[0].handles), (&[1, 0, 0, 0, 0][..], &[0, 2][..]));
        assert_eq!(run(&mut tier), Stop::Returned);
        assert_eq!(tier.take_results(), [6]);
    }

    /// For a waiting frame the path begins behind the call, whose destinations count as written.
    fn waiting_frames_hold_what_is_read_behind_the_call<T>() {
        let mut asm = Asm::new();
        asm.func(
            "i64 i64 i64 -> i64",
            "call 1, (r0, r1), (r1)
             i64.add r0, r1, r2
             return (r0)",
        );
        asm.func("i64 i64 -> i64", "frame.sync\nreturn (r1)");
        let mut tier: T = new(asm);
        tier.call(0, &[1, 2, 3]);
        assert_eq!(run(&mut tier), Stop::FrameSync);
        let state = tier.state();
        assert_eq!(state.frames[0].offset, 0);
        assert_eq!(state.frames[0].scalars, [0, 0, 3]);
        assert_eq!(state.frames[1].scalars, [0, 2]);
        assert_eq!(run(&mut tier), Stop::Returned);
        assert_eq!(tier.take_results(), [5]);
    }

    fn registers_are_live_around_loops<T>() {
        let mut asm = Asm::new();
        asm.func(
            "i64 i64 -> i64",
            "br entry
             again:
             loop
             i64.add r0, r0, r2
             entry:
             i64.const r2, 4
             frame.sync
             i64.sub r1, r1, 1
             br.i64.ne r1, 0, again
             return (r0)",
        );
        let mut tier: T = new(asm);
        tier.call(0, &[10, 2]);
        assert_eq!(run(&mut tier), Stop::FrameSync);
        assert_eq!(tier.state().frames[0].scalars, [10, 2, 4]);
        assert_eq!(run(&mut tier), Stop::FrameSync);
        assert_eq!(tier.state().frames[0].scalars, [14, 1, 4]);
        assert_eq!(run(&mut tier), Stop::Returned);
        assert_eq!(tier.take_results(), [14]);
    }

    /// Continuing from a saved state, where dead registers are 0, changes nothing.
    // covers VM-3
    fn a_saved_state_continues_in_the_middle_of_calls<T>() {
        let mut asm = Asm::new();
        asm.func("i64 -> i64", "call 1, (r0), (r1)\ni64.mul r0, r0, r1\nreturn (r0)");
        asm.func("i64 -> i64", "i64.add r0, r0, 1\nframe.sync\ni64.add r0, r0, 1\nreturn (r0)");
        let program = asm.program();
        let mut tier = T::new(program.clone(), Limits::default(), 0);
        tier.call(0, &[5]);
        assert_eq!(run(&mut tier), Stop::FrameSync);
        let state = tier.state();
        let mut restored = T::from_state(program, Limits::default(), state.clone());
        assert_eq!(restored.state(), state);
        assert_eq!(run(&mut restored), Stop::Returned);
        assert_eq!(run(&mut tier), Stop::Returned);
        assert_eq!(restored.take_results(), [35]);
        assert_eq!(tier.take_results(), [35]);
        assert_eq!(restored.used(), tier.used());
    }

    /// A handle in a register that nothing reads any more keeps nothing alive.
    fn dead_handles_are_no_roots<T>() {
        let text = |read: &str| {
            format!(
                "bytes.new h0, 10
                 array.new h1, 9000
                 array.new h1, 1
                 frame.sync
                 {read}
                 return ()"
            )
        };
        for (read, left) in [("nop", 1), ("ref.is_null r0, h0", 2)] {
            let mut asm = Asm::new();
            asm.func("", &text(read));
            let mut tier: T = new(asm);
            tier.call(0, &[]);
            assert_eq!(run(&mut tier), Stop::FrameSync);
            // The large array began a cycle before it was made, and its own size paid for all of it.
            assert_eq!(objects(&tier), left + 1, "{read}");
        }
    }
}
