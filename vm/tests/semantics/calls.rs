//! Calls, stack limits, indirect calls, backtraces.

use super::*;
use cartwheel_bytecode::TrapCode::{
    CallDepth, DivideByZero, NullFunction, SignatureMismatch, StackOverflow, TableOutOfBounds,
};
use cartwheel_bytecode::cartridge::ElemMode;
use cartwheel_vm::Position;

fn recursive() -> Asm {
    let mut asm = Asm::new();
    asm.func("i32 -> i32", "nop\ni32.add r0, r0, 1\ncall 0, (r0), (r0)\nreturn (r0)");
    asm
}

/// Offset of the call in [`recursive`].
const CALL: u32 = 7;

fn limited<T: Tier>(asm: Asm, limits: Limits) -> TrapRecord {
    let mut tier = T::new(asm.program(), limits, 0);
    tier.call(0, &[0]);
    if tier.state().ended.is_none() {
        assert_eq!(run(&mut tier), Stop::Trapped);
    }
    trap_record(&tier)
}

/// Functions 1 to 3 are called through table 0: `-> i32`, the same under another index, and `i32 -> i32`.
fn indirect(call: &str) -> Asm {
    let mut asm = Asm::new();
    asm.func("i32 -> i32", call);
    asm.func("-> i32", "return (11)");
    asm.func("-> i32", "return (12)");
    asm.func("i32 -> i32", "return (r0)");
    asm.table(false, 6, None);
    asm.elems(ElemMode::Active { table: 0, index: 0 }, &[2, 3, 4, 0]);
    asm
}

in_every_tier! {
    fn call_depth_is_limited<T>() {
        let record = limited::<T>(recursive(), Limits { max_frames: 5, ..Limits::default() });
        assert_eq!(record.kind, TrapKind::Instruction(CallDepth));
        assert_eq!(record.backtrace, vec![Position { func: 0, offset: CALL }; 5]);
        assert_eq!(record.depth, 5);
    }

    fn the_register_stack_is_limited<T>() {
        // A frame is 1 register and 8 cells more.
        let limits = Limits { max_stack_cells: 3 * 9 + 8, ..Limits::default() };
        let record = limited::<T>(recursive(), limits);
        assert_eq!((record.kind, record.depth), (TrapKind::Instruction(StackOverflow), 3));
        let exact = Limits { max_stack_cells: 4 * 9, ..Limits::default() };
        assert_eq!(limited::<T>(recursive(), exact).depth, 4);
    }

    fn call_depth_goes_before_the_register_stack<T>() {
        let limits = Limits { max_frames: 2, max_stack_cells: 18, ..Limits::default() };
        assert_eq!(limited::<T>(recursive(), limits).kind, TrapKind::Instruction(CallDepth));
    }

    fn calls_from_outside_have_the_same_limits<T>() {
        let record = limited::<T>(recursive(), Limits { max_stack_cells: 8, ..Limits::default() });
        assert_eq!(record.kind, TrapKind::Instruction(StackOverflow));
        assert_eq!((record.backtrace, record.depth), (vec![], 0));
        let record = limited::<T>(recursive(), Limits { max_frames: 0, max_stack_cells: 0, ..Limits::default() });
        assert_eq!(record.kind, TrapKind::Instruction(CallDepth));
    }

    fn backtraces_are_innermost_first_and_cut_off<T>() {
        let record = limited::<T>(recursive(), Limits { max_frames: 1_000, ..Limits::default() });
        assert_eq!((record.backtrace.len(), record.depth), (TrapRecord::MAX_BACKTRACE, 1_000));

        let mut asm = Asm::new();
        asm.func("i32", "nop\ncall 1, (), ()\nreturn ()");
        asm.func("", "call 2, (), ()\nreturn ()");
        asm.func("", "nop\nnop\ni32.rem_s r0, 1, r0\nreturn ()");
        let record = trap::<T>(asm, 0, &[0]);
        let expected = [(2, 2), (1, 0), (0, 1)].map(|(func, offset)| Position { func, offset });
        assert_eq!((record.kind, record.depth), (TrapKind::Instruction(DivideByZero), 3));
        assert_eq!(record.backtrace, expected);
    }

    fn indirect_calls_compare_signatures_by_content<T>() {
        // Signatures 1 and 2 are equal.
        for (index, expected) in [(0, 11), (1, 12)] {
            let asm = indirect("call_indirect 2, 0, r0, (), (r1)\nreturn (r1)");
            assert_eq!(results::<T>(asm, 0, &[index]), [expected]);
            let asm = indirect("i32.add r0, r0, 2\ncall_ref 1, r0, (), (r1)\nreturn (r1)");
            assert_eq!(results::<T>(asm, 0, &[index]), [expected]);
        }
    }

    fn indirect_calls_trap<T>() {
        let table = |index| trap::<T>(indirect("call_indirect 1, 0, r0, (), (r1)\nreturn (r1)"), 0, &[index]).kind;
        assert_eq!(table(2), TrapKind::Instruction(SignatureMismatch));
        assert_eq!(table(3), TrapKind::Instruction(NullFunction));
        assert_eq!(table(5), TrapKind::Instruction(NullFunction));
        assert_eq!(table(6), TrapKind::Instruction(TableOutOfBounds));
        assert_eq!(table(0xffff_ffff), TrapKind::Instruction(TableOutOfBounds));
        let reference = |value| trap::<T>(indirect("call_ref 1, r0, (), (r1)\nreturn (r1)"), 0, &[value]).kind;
        assert_eq!(reference(0), TrapKind::Instruction(NullFunction));
        assert_eq!(reference(4), TrapKind::Instruction(SignatureMismatch));
        assert_eq!(reference(5), TrapKind::Instruction(SignatureMismatch));
        assert_eq!(reference(0xffff_ffff), TrapKind::Instruction(SignatureMismatch));
    }

    fn indirect_calls_check_the_function_before_the_limits<T>() {
        let mut asm = Asm::new();
        asm.func("i32 -> i32", "call_ref 0, 0, (r0), (r0)\nreturn (r0)");
        let record = limited::<T>(asm, Limits { max_frames: 1, ..Limits::default() });
        assert_eq!(record.kind, TrapKind::Instruction(NullFunction));
        let mut asm = Asm::new();
        asm.func("i32 -> i32", "func.ref r1, 0\ncall_ref 0, r1, (r0), (r0)\nreturn (r0)");
        let record = limited::<T>(asm, Limits { max_frames: 3, ..Limits::default() });
        assert_eq!((record.kind, record.depth), (TrapKind::Instruction(CallDepth), 3));
    }

    fn results_wait_until_they_are_taken<T>() {
        let mut asm = Asm::new();
        asm.func("-> i32 i64", "return (1, 2)");
        let mut tier: T = new(asm);
        tier.call(0, &[]);
        assert_eq!(run(&mut tier), Stop::Returned);
        let state = tier.state();
        assert_eq!((state.results, state.frames), (vec![1, 2], vec![]));
        assert_eq!(tier.take_results(), [1, 2]);
        assert_eq!(tier.state().results, [0u64; 0]);
        tier.call(0, &[]);
        assert_eq!(run(&mut tier), Stop::Returned);
    }
}
