//! Syscalls as stops: arguments, results, roots, allocation by the host, and the checkpoint behind.

use super::*;
use cartwheel_hostabi::{Guest, NoRoom, Object, ObjectKind, SyscallTrap};
use cartwheel_vm::{Position, RootState, SlotState};

/// Function 0 passes its arguments to the import.
fn with_import(import: &str, text: &str) -> Asm {
    let mut asm = Asm::new();
    asm.memory(1, None);
    asm.import("test.call@1", import);
    asm.func("i64 -> i64", text);
    asm
}

/// A module that waits in its syscall.
fn waiting<T: Tier>(asm: Asm, limits: Limits) -> T {
    let mut tier = T::new(asm.program(), limits, 0);
    tier.call(0, &[0x1_0000_0002]);
    assert_eq!(run(&mut tier), Stop::Syscall(0));
    tier
}

// covers POL-4
#[test]
fn arguments_of_another_number_or_kind_are_refused_by_the_verifier() {
    for (call, message) in [
        ("(r0), (r1)", "1 arguments where 2 are expected"),
        ("(r0, null, r0), (r1)", "3 arguments where 2 are expected"),
        ("(), (r1)", "0 arguments where 2 are expected"),
        ("(null, null), (r1)", "argument 0 is in the wrong bank for type i64"),
        ("(r0, r0), (r1)", "argument 1 is in the wrong bank for type handle"),
        ("(r0, null), ()", "0 destinations for 1 results"),
        ("(r0, null), (h0)", "destination 0 is in the wrong bank"),
    ] {
        let asm = with_import("i64 handle -> i32", &format!("syscall 0, {call}\nreturn (r0)"));
        let error = cartwheel_vm::Program::new(asm.cart).expect_err(call).to_string();
        assert!(error.contains(message), "{call}: {error}");
    }
    let good = with_import("i64 handle -> i32", "syscall 0, (r0, null), (r1)\nreturn (r0)");
    assert!(cartwheel_vm::Program::new(good.cart).is_ok());
}

/// A root belongs to its module: another one refuses it, whatever it has at that place itself.
// covers POL-5
#[test]
fn roots_of_another_module_are_refused() {
    let asm = || with_import("handle", "bytes.new h0, 1\nsyscall 0, (h0), ()\nreturn (r0)");
    let [mut mine, mut other] = [1, 2].map(|module| {
        let mut tier: cartwheel_vm::Instance = waiting(asm(), Limits::default());
        tier.set_module(module);
        tier
    });
    let object = mine.arg_object(0);
    let (root, theirs) = (mine.root(object).unwrap(), other.root(other.arg_object(0)).unwrap());
    assert_eq!((root.index, root.generation), (theirs.index, theirs.generation));
    assert_eq!(other.rooted(root), Err(SyscallTrap::ForeignHandle));
    assert_eq!(other.unroot(root), Err(SyscallTrap::ForeignHandle));
    assert_eq!((mine.rooted(root), other.rooted(theirs)), (Ok(object), Ok(object)));
}

in_every_tier! {
    fn arguments_and_results_are_slots_of_both_banks<T>() {
        let text = "
            bytes.new h0, 3
            syscall 0, (r0, h0, 7, null), (r1, h1, r2)
            ref.eq r3, h0, h1
            i64.add r1, r1, r2
            i64.add r1, r1, r3
            return (r1)";
        let mut tier: T = waiting(with_import("i64 handle i32 handle -> i32 handle i64", text), Limits::default());
        assert_eq!((tier.arg(0), tier.arg(2)), (0x1_0000_0002, 7));
        assert_eq!((tier.arg_object(1), tier.arg_object(3)), (Object(1), Object::NULL));
        let used = tier.used();
        tier.charge(100);
        assert_eq!(tier.used(), used + 100);
        // A result of 32 bits loses its upper half.
        tier.set_result(0, u64::MAX << 32 | 5);
        tier.set_result_object(1, Object(1));
        tier.set_result(2, 1 << 40);
        assert_eq!(tier.run(&FrameInput::default()), Stop::Returned);
        assert_eq!(tier.take_results(), [5 + (1 << 40) + 1]);
    }

    fn results_that_are_not_set_are_zero<T>() {
        let text = "i64.const r1, 9\nsyscall 0, (), (r1, h0)\nref.is_null r2, h0\ni64.add r1, r1, r2\nreturn (r1)";
        let mut tier: T = waiting(with_import("-> i64 handle", text), Limits::default());
        assert_eq!(run(&mut tier), Stop::Returned);
        assert_eq!(tier.take_results(), [1]);
    }

    // covers VM-2
    fn a_checkpoint_follows_the_results<T>() {
        let text = "syscall 0, (), (r1)\nreturn (r1)";
        let mut tier: T = waiting(with_import("-> i64", text), Limits::default());
        tier.set_result(0, 8);
        tier.charge(PLENTY);
        assert_eq!(tier.run(&FrameInput::default()), Stop::BudgetSpent);
        let state = tier.state();
        assert_eq!(state.frames[0].scalars, [0, 8]);
        assert!(state.frames[0].offset > 0);
        tier.grant(1);
        assert_eq!(tier.run(&FrameInput::default()), Stop::Returned);
        assert_eq!((tier.used(), tier.take_results()), (2, vec![8]));
    }

    fn a_violation_traps_at_the_syscall<T>() {
        let mut tier: T = waiting(with_import("", "nop\nsyscall 0, (), ()\nreturn (r0)"), Limits::default());
        tier.trap_syscall(SyscallTrap::ShortSpan);
        let record = trap_record(&tier);
        assert_eq!(record.kind, TrapKind::Syscall(SyscallTrap::ShortSpan));
        assert_eq!((record.backtrace, record.depth), (vec![Position { func: 0, offset: 1 }], 1));
    }

    // covers POL-5
    fn objects_are_checked<T>() {
        let text = "
            array.new h0, 1
            refs.new h1, 1
            bytes.new h2, 4
            syscall 0, (h0, h1, h2), ()
            return (r0)";
        let mut tier: T = waiting(with_import("handle handle handle", text), Limits::default());
        let [array, refs, bytes] = [0, 1, 2].map(|slot| tier.arg_object(slot));
        assert_eq!(tier.object_kind(array), Ok(ObjectKind::Array));
        assert_eq!(tier.object_kind(refs), Ok(ObjectKind::Refs));
        assert_eq!(tier.object_kind(Object::NULL), Err(SyscallTrap::NullHandle));
        assert_eq!(tier.bytes(Object::NULL), Err(SyscallTrap::NullHandle));
        assert_eq!(tier.bytes(array), Err(SyscallTrap::WrongKind));
        assert_eq!(tier.bytes_mut(refs), Err(SyscallTrap::WrongKind));
        tier.bytes_mut(bytes).unwrap().copy_from_slice(b"abcd");
        assert_eq!(tier.bytes(bytes), Ok(&b"abcd"[..]));
        assert_eq!(tier.root(Object::NULL), Err(SyscallTrap::NullHandle));
    }

    // covers POL-5
    // covers POL-18
    // covers POL-19
    fn host_roots_keep_objects_alive_also_across_a_saved_state<T>() {
        let text = "
            bytes.new h0, 1
            syscall 0, (h0), ()
            frame.sync
            array.new h0, 9000
            array.new h0, 9000
            frame.sync
            array.new h0, 9000
            array.new h0, 9000
            frame.sync
            syscall 0, (null), ()
            return (r0)";
        let asm = with_import("handle", text);
        let mut tier: T = waiting(asm.clone(), Limits::default());
        let object = tier.arg_object(0);
        tier.bytes_mut(object).unwrap()[0] = 42;
        let root = tier.root(object).unwrap();
        assert_eq!(run(&mut tier), Stop::FrameSync);
        let mut tier = T::from_state(asm.program(), Limits::default(), tier.state());
        assert_eq!(run(&mut tier), Stop::FrameSync);
        assert_eq!(tier.state().heap.slots.len(), 2);
        assert_eq!(tier.rooted(root), Ok(object));
        assert_eq!(tier.bytes(object), Ok(&[42][..]));
        assert_eq!(tier.unroot(root), Ok(()));
        assert_eq!(run(&mut tier), Stop::FrameSync);
        assert!(matches!(tier.state().heap.slots[0], SlotState::Free(_)), "the object is gone");
        assert_eq!(run(&mut tier), Stop::Syscall(0));
        assert_eq!(tier.rooted(root), Err(SyscallTrap::DeadHandle));
        assert_eq!(tier.unroot(root), Err(SyscallTrap::DeadHandle));
    }

    fn released_roots_are_reused_last_first<T>() {
        let text = "bytes.new h0, 1\nsyscall 0, (h0), ()\nframe.sync\nreturn (r0)";
        let mut tier: T = waiting(with_import("handle", text), Limits::default());
        let object = tier.arg_object(0);
        let roots = [0; 4].map(|_| tier.root(object).unwrap());
        assert_eq!(roots.map(|root| (root.index, root.generation)), [(0, 1), (1, 1), (2, 1), (3, 1)]);
        tier.unroot(roots[2]).unwrap();
        tier.unroot(roots[0]).unwrap();
        tier.unroot(roots[3]).unwrap();
        let again = tier.root(object).unwrap();
        assert_eq!((again.index, again.generation), (3, 3));
        assert_eq!(run(&mut tier), Stop::FrameSync);
        let heap = tier.state().heap;
        assert_eq!(heap.free_roots, [0, 2]);
        let states = [(2, 0), (1, 1), (2, 0), (3, 1)].map(|(generation, object)| RootState { generation, object });
        assert_eq!(heap.roots, states);
    }

    /// Without room the host is refused, and the guest does not stall.
    fn allocation_by_the_host_never_stalls<T>() {
        let text = "bytes.new h0, 1000\nsyscall 0, (h0), ()\nframe.sync\nreturn (r0)";
        let limits = Limits { max_heap_bytes: 2_000, ..Limits::default() };
        let mut tier: T = waiting(with_import("handle", text), limits);
        assert_eq!(tier.new_bytes(937), Err(NoRoom));
        assert_eq!(tier.new_bytes(u32::MAX), Err(NoRoom));
        let object = tier.new_bytes(936).unwrap();
        assert_eq!(tier.bytes(object).unwrap().len(), 936);
        assert_eq!(tier.new_bytes(0), Err(NoRoom));
        assert_eq!(run(&mut tier), Stop::FrameSync);
        assert_eq!(tier.state().heap.stall, 0);
    }

    /// Arguments and what was made in the same syscall survive a cycle that an allocation by the host runs.
    fn objects_made_in_one_syscall_survive_each_other<T>() {
        let text = "
            bytes.new h0, 8
            syscall 0, (h0), (h0, h1)
            bytes.get r0, h0, 0
            bytes.get r1, h1, 0
            i32.add r0, r0, r1
            return (r0)";
        let mut tier: T = waiting(with_import("handle -> handle handle", text), Limits::default());
        let arg = tier.arg_object(0);
        let first = tier.new_bytes(60_000).unwrap();
        tier.bytes_mut(first).unwrap()[0] = 1;
        let used = tier.used();
        let second = tier.new_bytes(10_000).unwrap();
        // Two roots and three slots.
        assert_eq!(tier.used(), used + 2 + 2);
        tier.bytes_mut(second).unwrap()[0] = 2;
        assert_eq!(tier.bytes(arg).unwrap().len(), 8);
        assert_eq!(tier.bytes(first).unwrap().len(), 60_000);
        tier.set_result_object(0, first);
        tier.set_result_object(1, second);
        assert_eq!(run(&mut tier), Stop::Returned);
        assert_eq!(tier.take_results(), [3]);
    }
}
