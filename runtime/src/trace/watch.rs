//! Who wrote what: running a frame again and looking at one place of the state.
//!
//! The fast interpreter runs from checkpoint to checkpoint and the place is looked at in between; the stretch in which it
//! changed last is run again by the reference interpreter, which is looked at before every instruction.

use cartwheel_bytecode::Bank;
use cartwheel_kernel::{Kernel, ModuleId};
use cartwheel_vm::{Cell, FrameInput, Instance, Position, Reference, Stop};

use super::frame::TracedFrame;
use crate::input::InputFrame;
use crate::machine::{Machine, Panic};
use crate::trap::{TracePoint, instruction_at};

/// A place of a module's state that can be watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A cell of the guest.
    Guest(Cell),
    /// A register: number of the call, outermost 0; bank; number of the register.
    Register(u32, Bank, u16),
    /// A pixel of its picture: column and row.
    Pixel(u16, u16),
}

impl Place {
    fn value(self, module: ModuleId, instance: &Instance, kernel: &Kernel) -> Option<u64> {
        match self {
            Place::Guest(cell) => instance.cell(cell),
            Place::Register(call, bank, number) => instance.register(call, bank, number),
            Place::Pixel(x, y) => {
                let surface = kernel.surface(module)?;
                let at = usize::from(y) * usize::from(surface.width) + usize::from(x);
                surface.pixels.get(at).filter(|_| x < surface.width).map(|&pixel| pixel.into())
            }
        }
    }

    /// Value of the place in a machine; `None` if there is no such place, or no such module.
    pub fn of(self, machine: &Machine, module: ModuleId) -> Option<u64> {
        machine.has(module).then_some(())?;
        self.value(module, machine.instance(module), &machine.kernel)
    }
}

/// Values before and after.
type Change = (Option<u64>, Option<u64>);

/// A change of a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    /// The frame in which it happened.
    pub frame: u64,
    /// Number of the step in the frame, for what happened first.
    pub step: u64,
    /// Value before and after; `None` where there was no such place.
    pub values: Change,
    /// The instruction, with the syscall's id if it is one. `None` if it was none: the host changed the place between slices.
    pub instruction: Option<String>,
    /// Where it stands, innermost call first.
    pub backtrace: Vec<TracePoint>,
}

/// The last change of one of some places in the next frame of a machine, if there is one. The machine has made the frame then.
///
/// # Errors
///
/// If the machine panics.
pub fn last_write(
    machine: &mut Machine,
    recorded: &TracedFrame,
    module: ModuleId,
    places: &[Place],
) -> Result<Option<(Place, Write)>, Panic> {
    let input = &recorded.input;
    let mut fork = machine.fork()?;
    for machine in [&mut *machine, &mut fork] {
        // What cannot be queued was refused when the frame was replayed.
        recorded.actions().flatten().for_each(|action| drop(machine.queue(action)));
    }
    let frame = machine.frame();
    let mut seen: Vec<Option<u64>> = places.iter().map(|place| place.of(machine, module)).collect();
    let mut steps = 0;
    let mut last = None;
    machine.advance(
        input,
        Some(&mut |id, instance, kernel| {
            if id == module {
                for (&place, before) in places.iter().zip(&mut seen) {
                    let now = place.value(module, instance, kernel);
                    if now != *before {
                        last = Some((place, steps, (*before, now)));
                        *before = now;
                    }
                }
                steps += 1;
            }
        }),
    )?;
    for (&place, before) in places.iter().zip(seen) {
        let now = place.of(machine, module);
        if now != before {
            last = Some((place, steps, (before, now)));
        }
    }
    let Some((place, step, values)) = last else { return Ok(None) };
    let mut write = Write { frame, step, values, instruction: None, backtrace: Vec::new() };
    // What changed before the first look or behind the last one was changed by the host.
    if (1..steps).contains(&step) && machine.has(module) {
        let calls = calls_in_stretch(&mut fork, input, module, (place, values), step - 1)?;
        let cart = machine.instance(module).program().cartridge();
        write.instruction = calls.first().and_then(|&at| instruction_at(cart, at));
        write.backtrace = calls.into_iter().map(|at| TracePoint::new(cart, at)).collect();
    }
    Ok(Some((place, write)))
}

/// Calls at the instruction that changes a place in a stretch between two looks of the machine's next frame.
fn calls_in_stretch(
    machine: &mut Machine,
    input: &InputFrame,
    module: ModuleId,
    (place, change): (Place, Change),
    stretch: u64,
) -> Result<Vec<Position>, Panic> {
    let seen = machine.frame_input(input);
    let (mut steps, mut found) = (0, None);
    machine.advance(
        input,
        Some(&mut |id, instance, _| {
            if id == module {
                if steps == stretch {
                    found = instruction(instance, &seen, place, change);
                }
                steps += 1;
            }
        }),
    )?;
    Ok(found.unwrap_or_default())
}

/// Calls at the instruction that changes a place last in the stretch before the next checkpoint.
fn instruction(
    instance: &Instance,
    input: &FrameInput,
    place: Place,
    (old, new): Change,
) -> Option<Vec<Position>> {
    if instance.is_idle() {
        return None;
    }
    let mut reference =
        Reference::from_state(instance.program().clone(), *instance.limits(), instance.state());
    reference.grant(1);
    let value_in = |reference: &Reference| match place {
        Place::Guest(cell) => reference.cell(cell),
        Place::Register(call, bank, number) => reference.register(call, bank, number),
        Place::Pixel(..) => None,
    };
    if let Place::Pixel(..) = place {
        return syscall_in(&mut reference, input);
    }
    let (mut value, mut executed, mut writer) = (old, Vec::new(), None);
    let stop = reference.run_watched(input, &mut |reference| {
        let now = value_in(reference);
        if now != value {
            value = now;
            writer = Some(std::mem::take(&mut executed));
        }
        executed = reference.positions().collect();
    });
    // What the last instruction did was not looked at yet, and what a syscall did shows only in what came of it.
    let by_syscall = matches!(stop, Stop::Syscall(_)) && value != new;
    if value_in(&reference) != value || by_syscall {
        writer = Some(executed);
    }
    writer
}

fn syscall_in(reference: &mut Reference, input: &FrameInput) -> Option<Vec<Position>> {
    match reference.run(input) {
        Stop::Syscall(_) => Some(reference.positions().collect()),
        _ => None,
    }
}
