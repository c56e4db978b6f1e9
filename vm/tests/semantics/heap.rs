//! Heap objects: kinds, traps and their order, comparisons, reuse of slots.

use super::*;
use cartwheel_bytecode::TrapCode::{IndexOutOfBounds, MemoryOutOfBounds, NullHandle, WrongKind};
use cartwheel_vm::{ObjectState, SlotState};

/// A byte string in h0, an array of scalars in h1, one of handles in h2, records of shapes 0 and 1 in h3 and h4;
/// h5 is null.
fn objects(sig: &str, text: &str) -> Asm {
    let mut asm = Asm::new();
    asm.memory(1, None);
    asm.data(None, b"0123456789");
    asm.shape(2, 1);
    asm.shape(1, 1);
    let make = "bytes.data h0, 0, 0, 10\narray.new h1, 4\nrefs.new h2, 4\nrecord.new h3, 0\nrecord.new h4, 1";
    asm.func(sig, &format!("{make}\nmove_h h5, null\n{text}"));
    asm
}

fn kind<T: Tier>(text: &str) -> TrapKind {
    trap::<T>(objects("", &format!("{text}\nreturn ()")), 0, &[]).kind
}

fn all<T: Tier>(results_of: &str) -> Vec<u64> {
    results::<T>(objects("-> i32 i32 i32 i32", results_of), 0, &[])
}

fn bodies(tier: &impl Tier) -> Vec<ObjectState> {
    let body = |slot| match slot {
        SlotState::Object { body, .. } => body,
        SlotState::Free(_) => panic!("a free slot"),
    };
    tier.state().heap.slots.into_iter().map(body).collect()
}

in_every_tier! {
    fn every_kind_is_told_apart<T>() {
        assert_eq!(all::<T>("ref.kind r0, h0\nref.kind r1, h1\nref.kind r2, h2\nref.kind r3, h4\nreturn (r0, r1, r2, r3)"), [1, 2, 3, 4]);
        assert_eq!(all::<T>("ref.kind r0, h5\nref.eq r1, h5, null\nref.eq r2, h0, h0\nref.eq r3, h0, h1\nreturn (r0, r1, r2, r3)"), [0, 1, 1, 0]);
        assert_eq!(all::<T>("bytes.len r0, h0\narray.len r1, h1\nrefs.len r2, h2\nrecord.shape r3, h4\nreturn (r0, r1, r2, r3)"), [10, 4, 4, 1]);
    }

    fn null_goes_before_kind_and_kind_before_index<T>() {
        let null = TrapKind::Instruction(NullHandle);
        let wrong = TrapKind::Instruction(WrongKind);
        let index = TrapKind::Instruction(IndexOutOfBounds);
        for (text, expected) in [
            ("bytes.get r0, h5, 99", null),
            ("bytes.get r0, h1, 99", wrong),
            ("bytes.get r0, h0, 10", index),
            ("bytes.set h0, -1, 0", index),
            ("array.get r0, h2, 0", wrong),
            ("array.set h1, 4, 0", index),
            ("refs.get h0, h1, 0", wrong),
            ("refs.set h2, 4, null", index),
            ("record.get r0, null, 0, 0", null),
            ("record.get r0, h0, 0, 0", wrong),
            ("record.get r0, h4, 0, 0", wrong),
            ("record.set_h h3, 1, 0, null", wrong),
            ("record.copy h3, h4", wrong),
            ("record.copy h3, h5", null),
            // The first operand is looked at before the second.
            ("bytes.copy h1, 99, h5, 99, 99", wrong),
            ("bytes.copy h5, 99, h1, 99, 99", null),
            ("bytes.copy h0, 99, h5, 99, 99", null),
            ("bytes.copy h0, 99, h1, 99, 99", wrong),
            ("array.compare r0, h0, h5", wrong),
            ("array.compare r0, h1, h5", null),
            ("refs.copy h2, 0, h2, 3, 2", index),
            ("refs.copy h2, 3, h2, 0, 2", index),
            ("array.copy h1, 5, h1, 0, 0", index),
            ("bytes.fill h0, 11, 0, 0", index),
            ("bytes.store h0, 3, 65535, 8", index),
            ("bytes.store h0, 3, 65535, 7", TrapKind::Instruction(MemoryOutOfBounds)),
            ("bytes.load h0, 65530, 7", TrapKind::Instruction(MemoryOutOfBounds)),
            ("bytes.data h0, 0, 10, 1", TrapKind::Instruction(MemoryOutOfBounds)),
        ] {
            assert_eq!(kind::<T>(text), expected, "{text}");
        }
    }

    fn empty_spans_at_the_end_are_inside<T>() {
        let text = "
            bytes.copy h0, 10, h0, 10, 0
            array.fill h1, 4, 7, 0
            refs.copy h2, 4, h2, 4, 0
            bytes.store h0, 10, 65536, 0
            return (1, 1, 1, 1)";
        assert_eq!(all::<T>(text), [1, 1, 1, 1]);
    }

    fn contents<T>() {
        let text = "
            bytes.set h0, 0, 321
            bytes.copy h0, 2, h0, 0, 4
            array.set h1, 1, -1
            array.copy h1, 2, h1, 1, 2
            refs.set h2, 0, h0
            refs.copy h2, 1, h2, 0, 3
            record.set h3, 0, 1, 7
            record.set_h h3, 0, 0, h2
            record.new h5, 0
            record.copy h5, h3
            frame.sync
            return ()";
        let mut tier: T = new(objects("", text));
        tier.call(0, &[]);
        assert_eq!(run(&mut tier), Stop::FrameSync);
        assert_eq!(bodies(&tier), [
            ObjectState::Bytes(b"A1A1236789".to_vec()),
            ObjectState::Array(vec![0, u64::MAX, u64::MAX, 0]),
            ObjectState::Refs(vec![1, 1, 0, 0]),
            ObjectState::Record(0, vec![0, 7], vec![3]),
            ObjectState::Record(1, vec![0], vec![0]),
            ObjectState::Record(0, vec![0, 7], vec![3]),
        ]);
    }

    fn comparisons<T>() {
        let minus = u64::from(u32::MAX);
        let text = "
            bytes.new h5, 10
            bytes.compare r0, h0, h5
            bytes.compare r1, h5, h0
            bytes.copy h5, 0, h0, 0, 10
            bytes.compare r2, h5, h0
            bytes.data h5, 0, 0, 9
            bytes.compare r3, h5, h0
            return (r0, r1, r2, r3)";
        assert_eq!(all::<T>(text), [1, minus, 0, minus]);
        let text = "
            array.new h5, 4
            array.set h5, 3, -1
            array.compare r0, h1, h5
            array.compare r1, h5, h1
            array.new h5, 5
            array.compare r2, h1, h5
            array.compare r3, h1, h1
            return (r0, r1, r2, r3)";
        assert_eq!(all::<T>(text), [minus, 1, minus, 0]);
        let text = "
            refs.new h5, 4
            refs.compare r0, h2, h5
            refs.set h5, 0, h5
            refs.compare r1, h2, h5
            record.compare r2, h3, h4
            record.new h5, 0
            record.compare r3, h3, h5
            return (r0, r1, r2, r3)";
        assert_eq!(all::<T>(text), [1, 0, 0, 1]);
    }

    /// A freed slot becomes the head of the list of free slots.
    fn slots_are_reused_last_freed_first<T>() {
        let mut asm = Asm::new();
        asm.func(
            "",
            "bytes.new h0, 1
             bytes.new h1, 2
             bytes.new h2, 3
             bytes.new h3, 4
             array.new h5, 9000
             bytes.new h5, 6
             frame.sync
             ref.is_null r0, h1
             ref.is_null r0, h3
             return ()",
        );
        let mut tier: T = new(asm);
        tier.call(0, &[]);
        assert_eq!(run(&mut tier), Stop::FrameSync);
        let lengths: Vec<usize> = bodies(&tier)
            .iter()
            .map(|body| match body {
                ObjectState::Bytes(bytes) => bytes.len(),
                ObjectState::Array(cells) => cells.len(),
                other => panic!("{other:?}"),
            })
            .collect();
        // Slots 0 and 2 were freed in this order, so the array got slot 2.
        assert_eq!(lengths, [6, 2, 9_000, 4]);
    }
}
