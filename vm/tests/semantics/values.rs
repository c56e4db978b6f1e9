//! Registers, immediates, globals, and how 32-bit values lie in 64-bit cells.

use super::*;
use cartwheel_bytecode::TrapCode::{DivideByZero, IntegerOverflow, InvalidConversion, Unreachable};
use cartwheel_bytecode::ValType;
use cartwheel_vm::Reference;

in_every_tier! {
    fn results_of_32_bits_leave_the_upper_half_zero<T>() {
        let text = "
            i64.const r1, -1
            i32.add r1, r0, 1
            i64.const r2, -1
            f32.add r2, r0, 0
            i64.const r3, -1
            i32.const r3, -5
            return (r1, r2, r3)";
        let all = u64::from(u32::MAX);
        assert_eq!(eval::<T>("i64 -> i64 i64 i64", text, &[all << 32 | 7]), [8, 7, all - 4]);
    }

    /// Calls copy whole cells, also for 32-bit types; only the boundary clears upper halves.
    fn calls_copy_whole_cells<T>() {
        let mut asm = Asm::new();
        asm.func("i64 -> i64 i32", "call 1, (r0), (r1)\nreturn (r1, r1)");
        asm.func("i32 -> i32", "return (r0)");
        let cell = 0x0123_4567_89ab_cdef;
        assert_eq!(results::<T>(asm.clone(), 0, &[cell]), [cell, 0x89ab_cdef]);
        assert_eq!(results::<T>(asm, 1, &[cell]), [0x89ab_cdef]);
    }

    fn results_are_written_in_the_order_of_destinations<T>() {
        let mut asm = Asm::new();
        asm.func("-> i64", "call 1, (), (r0, r1, r0)\nreturn (r0)");
        asm.func("-> i64 i64 i64", "return (1, 2, 3)");
        assert_eq!(results::<T>(asm, 0, &[]), [3]);
    }

    fn parameters_of_the_banks_are_counted_apart<T>() {
        let mut asm = Asm::new();
        asm.func(
            "-> i64 i32 i64",
            "bytes.new h1, 3
             call 1, (11, h1, 22, null), (r0, r1, r2)
             return (r0, r1, r2)",
        );
        asm.func(
            "i64 handle i64 handle -> i64 i32 i64",
            "bytes.len r2, h0
             ref.is_null r3, h1
             i32.add r2, r2, r3
             return (r1, r2, r0)",
        );
        assert_eq!(results::<T>(asm, 0, &[]), [22, 4, 11]);
    }

    fn registers_start_at_zero_in_every_call<T>() {
        let mut asm = Asm::new();
        asm.func(
            "-> i64 i32",
            "call 1, (), (r0, r1)
             call 1, (), (r0, r1)
             return (r0, r1)",
        );
        asm.func(
            "-> i64 i32",
            "ref.is_null r9, h3
             move r1, r8
             i64.const r8, 77
             bytes.new h3, 1
             return (r1, r9)",
        );
        assert_eq!(results::<T>(asm, 0, &[]), [0, 1]);
    }

    fn globals_of_32_bits_keep_the_lower_half<T>() {
        let mut asm = Asm::new();
        asm.global(ValType::I32, 5);
        asm.global(ValType::I64, 6);
        asm.func(
            "i64 -> i64 i64",
            "global.set 0, r0
             global.set 1, r0
             global.get r1, 0
             global.get r2, 1
             return (r1, r2)",
        );
        assert_eq!(results::<T>(asm, 0, &[u64::MAX - 1]), [0xffff_fffe, u64::MAX - 1]);
    }

    fn moves_keep_the_bits_of_a_nan_and_arithmetic_does_not<T>() {
        let signalling = 0xfff4_0000_0000_0001_u64;
        let text = "
            f64.neg r1, r0
            f64.add r2, r0, 1
            f64.store 0, 0, r0
            f64.load r3, 0, 0
            f64.min r4, r0, 1
            return (r1, r2, r3, r4)";
        let canonical = 0x7ff8_0000_0000_0000;
        assert_eq!(
            eval::<T>("f64 -> f64 f64 f64 f64", text, &[signalling]),
            [signalling ^ 1 << 63, canonical, signalling, canonical]
        );
    }

    fn arithmetic_traps<T>() {
        let kind = |text: &str| trap_kind::<T>("-> i32", &format!("{text}\nreturn (r0)"), &[]);
        let instruction = TrapKind::Instruction;
        assert_eq!(kind("i32.div_s r0, -2147483648, -1"), instruction(IntegerOverflow));
        assert_eq!(kind("i32.rem_u r0, 1, 0"), instruction(DivideByZero));
        assert_eq!(kind("i64.div_s r0, 1, r1"), instruction(DivideByZero));
        assert_eq!(kind("i64.trunc_f64_u r0, NaN"), instruction(InvalidConversion));
        assert_eq!(kind("i32.trunc_f32_s r0, 1e10"), instruction(IntegerOverflow));
        assert_eq!(kind("rng.below r0, r1"), instruction(DivideByZero));
        assert_eq!(kind("unreachable"), instruction(Unreachable));
        assert_eq!(kind("i32.const r1, -7\ntrap r1"), TrapKind::User(-7));
    }

    fn switches_take_the_last_target_beyond_the_others<T>() {
        let text = "
            br_table r0, (one two rest)
            one:
            return (1)
            two:
            return (2)
            rest:
            return (3)";
        for (index, expected) in [(0, 1), (1, 2), (2, 3), (3, 3), (0xffff_ffff, 3)] {
            assert_eq!(eval::<T>("i32 -> i64", text, &[index]), [expected]);
        }
    }

    fn halting_ends_the_module<T>() {
        let mut asm = Asm::new();
        asm.func("i32", "halt r0");
        let mut tier: T = new(asm);
        tier.call(0, &[0xffff_fffe]);
        assert_eq!(run(&mut tier), Stop::Halted(-2));
        let state = tier.state();
        assert_eq!((state.ended, state.frames), (Some(Ended::Halted(-2)), vec![]));
    }
}

/// An ended module stays as it is.
#[test]
fn running_an_ended_module_says_how_it_ended() {
    let mut asm = Asm::new();
    asm.func("", "halt 3");
    let mut tier: Reference = new(asm);
    tier.call(0, &[]);
    assert_eq!(run(&mut tier), Stop::Halted(3));
    assert_eq!(run(&mut tier), Stop::Halted(3));
}
