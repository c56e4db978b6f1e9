//! Handlers of the counted form of prepared code: see [`crate::profile`].

use cartwheel_bytecode::Instr;

use super::core::Core;
use super::dispatch::{exit, go, handler};
use super::slow::execute_raw;
use super::{exit, word};
use crate::profile::{self, Before};

handler!(
    /// A block is entered: its counter's number is in the immediate.
    block [] (core, ip, fp, cycles, acc, facc) {
    *(*core).counters.add(word::imm(ip) as usize) += 1;
    go!(core, ip.add(2), fp, cycles, acc, facc)
});

handler!(
    /// A function was entered: the number of its counter of calls is in the immediate.
    entered [] (core, ip, fp, cycles, acc, facc) {
    profile::entered(&mut *core, word::imm(ip) as u32, cycles);
    // Accumulators are dead here.
    go!(core, ip.add(2), fp, cycles, 0, 0.0)
});

handler!(
    /// What a call returns to. Its result may be in the integer accumulator.
    left [] (core, ip, fp, cycles, acc, facc) {
    (*core).acc = acc;
    profile::left(&mut *core, cycles);
    go!(core, ip.add(2), fp, cycles, (*core).acc, 0.0)
});

handler!(
    /// As [`super::slow::slow`] for an instruction that charges by size; its site's counters begin at the immediate.
    measured [] (core, ip, fp, cycles, acc, facc) {
    (*core).ip = ip;
    (*core).fp = fp;
    (*core).cycles = cycles;
    if execute_measured(core, word::imm64(ip) as *const Instr, word::imm(ip) as u32) {
        exit!(core, ip, fp, (*core).cycles, exit::SLOW)
    }
    go!(core, ip.add(3), fp, (*core).cycles, 0, 0.0)
});

#[inline(never)]
fn execute_measured(core: *mut Core, instr: *const Instr, site: u32) -> bool {
    // SAFETY: the handler has the core to itself, and the borrow ends before the instruction is executed.
    let before = unsafe { Before::new((*core).cycles, &(*core).heap) };
    let stopped = execute_raw(core, instr);
    // SAFETY: as above.
    profile::measured(unsafe { &mut *core }, site, &before);
    stopped
}
