//! The collector: pacing, barrier, stalls, and the bound on its work in a frame.

use super::*;
use cartwheel_bytecode::TrapCode::HeapExhausted;
use cartwheel_vm::{Instance, Phase, SlotState};

fn live(tier: &impl Tier) -> usize {
    let slots = tier.state().heap.slots;
    slots.iter().filter(|slot| matches!(slot, SlotState::Object { .. })).count()
}

fn limited<T: Tier>(text: &str, limits: Limits) -> T {
    let mut asm = Asm::new();
    asm.func("", text);
    let mut tier = T::new(asm.program(), limits, 0);
    tier.call(0, &[]);
    tier
}

in_every_tier! {
    /// An array of 1,000 scalars is 8,032 bytes: the ninth brings `since_cycle` above the trigger.
    fn a_cycle_begins_when_enough_was_allocated<T>() {
        let text = "
            refs.new h1, 3
            again:
            loop
            array.new h0, 1000
            frame.sync
            ref.is_null r0, h1
            br again";
        let mut tier: T = limited(text, Limits::default());
        let mut used = Vec::new();
        for _ in 0..10 {
            assert_eq!(run(&mut tier), Stop::FrameSync);
            used.push(tier.used());
            if used.len() == 8 {
                let heap = tier.state().heap;
                assert_eq!((heap.phase, heap.since_cycle), (Phase::Idle, 56 + 8 * 8_032));
            }
        }
        // Block of the loop with the allocation, its size, the block up to the end of the slice, and that back to the loop.
        let plain = (1 + 20) + 1_000 + 1 + (1 + 1);
        assert_eq!(used[0], (20 + 1 + 3) + plain - 2);
        assert_eq!(used[1..8], [plain; 7]);
        // The ninth: h1 is live (1 unit), its three cells are marked, nine slots are swept.
        assert_eq!(used[8], plain + 1 + 3 + 9);
        assert_eq!(used[9], plain);
        let heap = tier.state().heap;
        assert_eq!((heap.phase, heap.since_cycle, heap.trigger), (Phase::Idle, 8_032, 65_536));
        // The list, and the arrays of the ninth and tenth turn.
        assert_eq!(live(&tier), 3);
    }

    /// Work is a quarter of the bytes allocated: what does not fit goes on with the next allocation.
    fn work_is_paced_by_allocation<T>() {
        let text = "
            refs.new h1, 10000
            bytes.new h0, 4000
            frame.sync
            bytes.new h0, 4000
            frame.sync
            ref.is_null r0, h1
            return ()";
        let mut tier: T = limited(text, Limits::default());
        assert_eq!(run(&mut tier), Stop::FrameSync);
        // The first allocation was above the trigger, and its cycle found nothing to do.
        let heap = tier.state().heap;
        assert_eq!((heap.phase, heap.since_cycle, heap.trigger, heap.epoch), (Phase::Idle, 4_032, 65_536, true));
        assert_eq!(run(&mut tier), Stop::FrameSync);
        assert_eq!(tier.state().heap.since_cycle, 8_064);
        let text = "
            refs.new h1, 8000
            bytes.new h0, 1504
            frame.sync
            bytes.new h0, 4000
            frame.sync
            ref.is_null r0, h1
            return ()";
        let mut tier: T = limited(text, Limits::default());
        assert_eq!(run(&mut tier), Stop::FrameSync);
        // 64,032 + 1,536 bytes: the second begins a cycle with one root and has 384 units for it.
        let heap = tier.state().heap;
        assert_eq!((heap.phase, heap.gray), (Phase::Mark, vec![(0, 384)]));
        assert_eq!(tier.used(), (1 + 20 + 8_000) + (20 + 1_504 / 16) + 1 + 1 + 384);
        assert_eq!(run(&mut tier), Stop::FrameSync);
        assert_eq!(tier.state().heap.gray, [(0, 384 + 4_032 / 4)]);
        assert_eq!(tier.used(), 20 + 4_000 / 16 + 1 + 4_032 / 4);
    }

    /// A handle that moves from an unscanned cell to a scanned place is still found.
    fn overwritten_cells_are_shaded<T>() {
        let text = "
            refs.new h1, 8000
            bytes.new h2, 1
            refs.set h1, 7999, h2
            move_h h2, null
            bytes.new h0, 1504
            refs.get h2, h1, 7999
            refs.set h1, 7999, null
            refs.set h1, 0, h2
            move_h h2, null
            bytes.new h0, 32000
            frame.sync
            refs.get h2, h1, 0
            bytes.get r0, h2, 0
            return ()";
        let mut tier: T = limited(text, Limits::default());
        assert_eq!(run(&mut tier), Stop::FrameSync);
        assert_eq!(tier.state().heap.phase, Phase::Idle);
        assert_eq!(run(&mut tier), Stop::Returned);
    }

    // covers POL-17
    fn handles_in_globals_tables_and_waiting_frames_are_roots<T>() {
        let mut asm = Asm::new();
        asm.global(cartwheel_bytecode::ValType::Handle, 0);
        asm.table(true, 2, None);
        asm.func(
            "",
            "bytes.new h0, 1
             global.set_h 0, h0
             bytes.new h0, 2
             table.set_h 0, 1, h0
             bytes.new h0, 3
             bytes.new h1, 4
             call 1, (h1), ()
             ref.is_null r0, h0
             return ()",
        );
        asm.func("handle", "array.new h0, 9000\nframe.sync\nreturn ()");
        let mut tier: T = new(asm);
        tier.call(0, &[]);
        assert_eq!(run(&mut tier), Stop::FrameSync);
        // The argument h1 is dead at once; the array took its slot.
        let heap = tier.state().heap;
        assert_eq!((heap.slots.len(), live(&tier)), (4, 4));
        // A global, two elements, h0 of the waiting frame; four slots.
        let made = (1 + 20 + 1) + (2 + 20 + 1) + (3 + 20 + 1) + (20 + 1) + 5;
        assert_eq!(tier.used(), made + (1 + 20) + 4 + 4 + 9_000 + 1);
    }

    /// An allocation without room works through up to 65,536 units a frame and is then executed anew.
    fn an_allocation_without_room_stalls<T>() {
        let text = "
            refs.new h0, 100000
            bytes.new h1, 150000
            bytes.new h1, 150000
            refs.len r0, h0
            return ()";
        let limits = Limits { max_heap_bytes: 1_000_000, ..Limits::default() };
        let mut tier: T = limited(text, limits);
        assert_eq!(run(&mut tier), Stop::Stalled);
        let paced = 150_032 / 4;
        let first = 1 + 20 + 100_000;
        let second = 20 + 1 + paced + 150_000 / 16;
        assert_eq!(tier.used(), first + second + 20 + paced + 65_536);
        let state = tier.state();
        // The cycle under way found the old byte string alive; the stall is in the cycle after it.
        assert_eq!((state.heap.stall, state.heap.phase, state.heap.slots.len()), (1, Phase::Mark, 2));
        assert_eq!(state.heap.since_cycle, 0);
        let left = 100_000 - 2 * paced;
        let marked = 65_536 - (left + 2) - 1;
        assert_eq!(state.heap.gray, [(0, marked as u32)]);

        // In a saved state the allocation is known by the stall: its block is not charged again.
        let mut asm = Asm::new();
        asm.func("", text);
        let mut restored = T::from_state(asm.program(), limits, state);
        for tier in [&mut tier, &mut restored] {
            assert_eq!(run(tier), Stop::Returned);
            assert_eq!(tier.used(), (100_000 - marked) + 2 + 150_000 / 16 + (2 + 2));
            let heap = tier.state().heap;
            assert_eq!((heap.stall, heap.slots.len()), (0, 2));
        }
    }

    // covers SEC-14
    fn an_exhausted_heap_traps<T>() {
        let exhausted = |text: &str, limits: Limits| {
            let mut tier: T = limited(text, limits);
            assert_eq!(run(&mut tier), Stop::Trapped);
            assert_eq!(trap_record(&tier).kind, TrapKind::Instruction(HeapExhausted));
            assert_eq!(tier.state().heap.stall, 0);
        };
        let bytes = Limits { max_heap_bytes: 10_000, ..Limits::default() };
        // Above the quota there is never room.
        exhausted("array.new h0, 1247\nreturn ()", bytes);
        exhausted("array.new h0, -1\nreturn ()", bytes);
        let keep = "bytes.new h0, 5000\nbytes.new h1, 5000\nref.is_null r0, h0\nreturn ()";
        exhausted(keep, bytes);
        let objects = Limits { max_heap_objects: 1, ..Limits::default() };
        exhausted(keep, objects);

        // With h0 dead there is room after a cycle.
        let drop = "bytes.new h0, 5000\nbytes.new h1, 5000\nreturn ()";
        for limits in [bytes, objects] {
            let mut tier: T = limited(drop, limits);
            assert_eq!(run(&mut tier), Stop::Returned);
            assert_eq!(live(&tier), 1);
        }
        let exact = "array.new h0, 1246\nreturn ()";
        assert_eq!(run(&mut limited::<T>(exact, bytes)), Stop::Returned);
    }
}

/// With a million live objects, the collector's cycles in a frame stay under a quarter of the bytes allocated in it
/// plus the roots. The reference is too slow for this many objects.
// covers VM-7
#[test]
fn a_million_objects_cause_no_long_pause() {
    const OBJECTS: u64 = 1_000_000;
    let mut asm = Asm::new();
    asm.shape(0, 1);
    asm.func(
        "i64",
        "build:
         loop
         record.new h1, 0
         record.set_h h1, 0, 0, h0
         move_h h0, h1
         i64.sub r0, r0, 1
         br.i64.ne r0, 0, build
         frame.sync
         frames:
         loop
         i32.const r1, 100
         allocate:
         loop
         bytes.new h1, 96
         i32.sub r1, r1, 1
         br_if r1, allocate
         frame.sync
         ref.is_null r2, h0
         br frames",
    );
    let mut tier: Instance = new(asm);
    tier.call(0, &[OBJECTS]);
    assert_eq!(run(&mut tier), Stop::FrameSync);
    assert!(live(&tier) as u64 >= OBJECTS);

    let allocated = 100 * (32 + 96);
    let mutator = (1 + 1) + 100 * (1 + 20 + 96 / 16 + 2) + 1 + 2;
    let (mut busy, mut idle, mut cycles) = (0, 0, 0);
    let mut epoch = tier.state().heap.epoch;
    while cycles < 3 {
        for _ in 0..500 {
            assert_eq!(run(&mut tier), Stop::FrameSync);
            let collector = tier.used().saturating_sub(mutator);
            // One live handle register is all that a cycle begins with.
            assert!(collector <= allocated / 4 + 1, "{collector} cycles for the collector in a frame");
            if collector > 0 { busy += 1 } else { idle += 1 }
        }
        let state = tier.state();
        cycles += u32::from(state.heap.epoch != epoch);
        epoch = state.heap.epoch;
    }
    assert!(busy > 500 && idle > 500, "{busy} busy and {idle} idle frames");
    assert!(live(&tier) as u64 >= OBJECTS);
}
