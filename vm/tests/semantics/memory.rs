//! Linear memory, data segments, instantiation.

use super::*;
use cartwheel_bytecode::TrapCode::MemoryOutOfBounds;

const OUT: TrapKind = TrapKind::Instruction(MemoryOutOfBounds);

/// A page of memory, a passive segment 0 and an active segment 1.
fn with_data(sig: &str, text: &str) -> Asm {
    let mut asm = Asm::new();
    asm.memory(1, None);
    asm.data(None, b"passive!");
    asm.data(Some(65_530), b"active");
    asm.func(sig, text);
    asm
}

in_every_tier! {
    fn accesses_do_not_wrap<T>() {
        let load = |addr: u64| eval::<T>("i32 -> i32", "i32.load r0, r0, 4\nreturn (r0)", &[addr]);
        assert_eq!(load(65_528), [0]);
        let trap = |addr: u64, text: &str| trap_kind::<T>("i32 -> i32", &format!("{text}\nreturn (r0)"), &[addr]);
        assert_eq!(trap(65_529, "i32.load r0, r0, 4"), OUT);
        assert_eq!(trap(0xffff_fffc, "i32.load r0, r0, 4"), OUT);
        assert_eq!(trap(0xffff_ffff, "i32.load8_u r0, r0, 4294967295"), OUT);
        assert_eq!(trap(65_536, "i32.load8_s r0, r0, 0"), OUT);
        assert_eq!(trap(65_529, "i64.store r0, 0, 1"), OUT);
        assert_eq!(trap(65_535, "i64.store16 r0, 0, 1"), OUT);
        assert_eq!(trap(1, "f32.load r0, r0, 65533"), OUT);
    }

    fn memory_is_little_endian_and_loads_extend<T>() {
        let text = "
            i64.store 0, 8, -2
            i32.store8 1, 8, 128
            i32.load r0, 0, 8
            i32.load8_s r1, 0, 9
            i64.load16_u r2, 0, 8
            i64.load32_s r3, 0, 12
            i64.load32_u r4, 4, 8
            return (r0, r1, r2, r3, r4)";
        assert_eq!(
            eval::<T>("-> i64 i64 i64 i64 i64", text, &[]),
            [0xffff_80fe, 0xffff_ff80, 0x80fe, u64::MAX, 0xffff_ffff]
        );
    }

    /// A store that does not fit writes nothing.
    fn trapping_stores_change_nothing<T>() {
        let mut tier: T = new(with_data("", "i64.store 65532, 0, -1\nreturn ()"));
        let before = tier.state().memory;
        tier.call(0, &[]);
        assert_eq!(run(&mut tier), Stop::Trapped);
        assert_eq!(tier.state().memory, before);
    }

    fn bulk_operations_check_before_they_act<T>() {
        let memory = |text: &str| {
            let mut tier: T = new(with_data("", &format!("{text}\nreturn ()")));
            tier.call(0, &[]);
            let stop = run(&mut tier);
            (stop == Stop::Returned, tier.state().memory)
        };
        let (_, before) = memory("nop");
        assert_eq!(&before[65_530..], b"active");
        for text in [
            "memory.fill 65530, 1, 7",
            "memory.copy 65530, 0, 7",
            "memory.copy 0, 65530, 7",
            "memory.init 0, 0, 1, 8",
            "memory.init 0, 65535, 0, 8",
            "memory.init 1, 0, 0, 1",
            "memory.fill 65537, 1, 0",
            "memory.copy 0, 65537, 0",
            "memory.init 0, 0, 9, 0",
            "memory.fill 1, 1, -1",
        ] {
            assert_eq!(memory(text), (false, before.clone()), "{text}");
        }
        for text in
            ["memory.fill 65536, 1, 0", "memory.copy 65536, 65536, 0", "memory.init 0, 65536, 8, 0", "memory.init 1, 0, 0, 0"]
        {
            assert_eq!(memory(text), (true, before.clone()), "{text}");
        }
        let (_, after) = memory("memory.init 0, 0, 0, 8\nmemory.copy 2, 0, 6\nmemory.fill 0, 321, 1");
        assert_eq!(&after[..8], b"Aapassiv");
        let (_, after) = memory("memory.init 0, 0, 0, 8\nmemory.copy 0, 2, 6");
        assert_eq!(&after[..8], b"ssive!e!");
    }

    fn dropped_segments_are_empty<T>() {
        let kind = |text: &str| trap::<T>(with_data("", &format!("{text}\nreturn ()")), 0, &[]).kind;
        assert_eq!(kind("data.drop 0\nmemory.init 0, 0, 0, 0\nmemory.init 0, 0, 0, 1"), OUT);
        assert_eq!(kind("data.drop 0\nbytes.data h0, 0, 0, 1"), OUT);
        let mut tier: T = new(with_data("", "data.drop 0\nreturn ()"));
        assert_eq!(tier.state().dropped_data, [false, true]);
        tier.call(0, &[]);
        run(&mut tier);
        assert_eq!(tier.state().dropped_data, [true, true]);
    }

    fn memory_grows_up_to_its_limits<T>() {
        let grow = |max: Option<u32>, quota: u32, by: u64| {
            let mut asm = Asm::new();
            asm.memory(1, max);
            asm.func("i32 -> i32 i32", "memory.grow r1, r0\nmemory.size r2\nreturn (r1, r2)");
            let limits = Limits { max_memory_pages: quota, ..Limits::default() };
            let mut tier = T::new(asm.program(), limits, 0);
            tier.call(0, &[by]);
            assert_eq!(run(&mut tier), Stop::Returned);
            let results = tier.take_results();
            assert_eq!(tier.state().memory.len() as u64, results[1] * 65_536);
            results
        };
        let refused = u64::from(u32::MAX);
        assert_eq!(grow(None, 3, 2), [1, 3]);
        assert_eq!(grow(None, 3, 3), [refused, 1]);
        assert_eq!(grow(Some(2), 3, 1), [1, 2]);
        assert_eq!(grow(Some(2), 3, 2), [refused, 1]);
        assert_eq!(grow(Some(2), 3, 0), [1, 1]);
        assert_eq!(grow(None, u32::MAX, 65_536), [refused, 1]);
        assert_eq!(grow(None, 3, refused), [refused, 1]);
    }

    fn grown_memory_can_be_used_at_once<T>() {
        let text = "
            memory.grow r0, 1
            i64.store 65532, 0, -1
            i32.load r0, 65536, 0
            return (r0)";
        assert_eq!(eval::<T>("-> i32", text, &[]), [0xffff_ffff]);
    }

    fn an_active_segment_that_does_not_fit_traps_without_a_position<T>() {
        let mut asm = Asm::new();
        asm.memory(1, None);
        asm.data(Some(0), b"first");
        asm.data(Some(65_535), b"xy");
        asm.data(Some(8), b"never");
        asm.func("", "return ()");
        let tier: T = new(asm);
        let record = trap_record(&tier);
        assert_eq!((record.kind, record.backtrace, record.depth), (OUT, vec![], 0));
        assert_eq!(&tier.state().memory[..16], b"first\0\0\0\0\0\0\0\0\0\0\0");
        assert_eq!(tier.state().memory[65_535], 0);
    }
}
