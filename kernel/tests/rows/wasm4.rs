//! Cases of the domain `wasm4`.

use cartwheel_hostabi::SyscallTrap;
use cartwheel_hostabi::mock::Slot;

use crate::common::{Rig, beyond, ints};
use crate::{Case, trap};

pub const CASES: &[Case] = &[
    trap(SyscallTrap::OutOfBoundsSpan, "wasm4.blit@1", |_| ints([65_535, 0, 0, 9, 1, 0])),
    trap(SyscallTrap::OutOfBoundsSpan, "wasm4.blit@1", |rig| small(rig, ints([0; 6]))),
    trap(SyscallTrap::OutOfBoundsSpan, "wasm4.blit_sub@1", |_| ints([0, 0, 0, 1, 1, -1, 0, 8, 0])),
    trap(SyscallTrap::OutOfBoundsSpan, "wasm4.diskr@1", |rig| beyond(rig, &[], &[])),
    trap(SyscallTrap::OutOfBoundsSpan, "wasm4.diskw@1", |rig| beyond(rig, &[], &[])),
    trap(SyscallTrap::OutOfBoundsSpan, "wasm4.hline@1", |rig| small(rig, ints([0; 3]))),
    trap(SyscallTrap::OutOfBoundsSpan, "wasm4.line@1", |rig| small(rig, ints([0; 4]))),
    trap(SyscallTrap::OutOfBoundsSpan, "wasm4.oval@1", |rig| small(rig, ints([0; 4]))),
    trap(SyscallTrap::OutOfBoundsSpan, "wasm4.rect@1", |rig| small(rig, ints([0; 4]))),
    trap(SyscallTrap::OutOfBoundsSpan, "wasm4.text@1", |_| ints([65_536, 0, 0])),
    trap(SyscallTrap::OutOfBoundsSpan, "wasm4.text@1", |rig| small(rig, ints([0; 3]))),
    trap(SyscallTrap::OutOfBoundsSpan, "wasm4.text_utf16@1", |rig| beyond(rig, &[], &[0, 0])),
    trap(SyscallTrap::OutOfBoundsSpan, "wasm4.text_utf8@1", |rig| beyond(rig, &[], &[0, 0])),
    trap(SyscallTrap::OutOfBoundsSpan, "wasm4.trace@1", |rig| unterminated(rig, &[65_000])),
    trap(SyscallTrap::OutOfBoundsSpan, "wasm4.trace_utf16@1", |rig| beyond(rig, &[], &[])),
    trap(SyscallTrap::OutOfBoundsSpan, "wasm4.trace_utf8@1", |rig| beyond(rig, &[], &[])),
    trap(SyscallTrap::OutOfBoundsSpan, "wasm4.tracef@1", |rig| unterminated(rig, &[65_000, 0])),
    trap(SyscallTrap::OutOfBoundsSpan, "wasm4.vline@1", |rig| small(rig, ints([0; 3]))),
];

/// The same arguments, in a memory that ends a byte before the framebuffer does.
fn small(rig: &mut Rig, args: Vec<Slot>) -> Vec<Slot> {
    rig.guest.memory.truncate(0xa0 + 6_400 - 1);
    args
}

/// The same arguments, in a memory that has no 0 from the first of them on.
fn unterminated(rig: &mut Rig, args: &[i32]) -> Vec<Slot> {
    rig.guest.memory[args[0] as usize..].fill(b'x');
    args.iter().map(|&arg| arg.into()).collect()
}
