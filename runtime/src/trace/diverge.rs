//! Where two runs part: the first frame, and there the places of the state, with who wrote them.

use std::fmt;
use std::sync::Arc;

use cartwheel_bytecode::Bank;
use cartwheel_bytecode::cartridge::DataSymbol;
use cartwheel_kernel::ModuleId;
use cartwheel_vm::{Cell, FrameState, Position, Program};

use super::calls::{OtherCall, first_other};
use super::file::Trace;
use super::frame::TracedFrame;
use super::record::Damage;
use super::replay::{ReplayError, compare, step};
use super::watch::{Place, Write, last_write};
use crate::machine::{Machine, Panic};
use crate::snapshot;
use crate::trap::TracePoint;

/// Places of a component that are looked into, at most.
const MAX_PLACES: usize = 16;

/// Components that have how long frames took: of the last one, and what was overdrawn.
const COSTS: [&str; 2] = ["telemetry", "machine"];

/// Component that has the hashes of the cartridges: another cartridge is no difference by itself.
const CARTRIDGES: &str = "modules";

/// A part of the state in which two machines differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// A cell of the guest, a register or a pixel.
    Place(Place),
    /// The place where a call is.
    Position(u32),
    /// Number of calls.
    Depth,
    /// How the module ended.
    Ending,
    /// A component of which nothing more is known than that it differs.
    Component(String),
}

/// A difference between two machines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The module; `None` for the machine itself.
    pub module: Option<ModuleId>,
    /// Component of the state's hash.
    pub component: String,
    /// What differs.
    pub part: Part,
    /// What it is called: symbol, function and line, as far as known.
    pub name: Option<String>,
    /// Its values, as text: the first machine's and the second's.
    pub values: (String, String),
    /// Who wrote it last, in the first machine and in the second, as far as that was looked for.
    pub writes: (Option<Write>, Option<Write>),
}

/// Where two machines differ. Of each component at most a number of places.
///
/// # Errors
///
/// If one of them has panicked.
pub fn differences(a: &Machine, b: &Machine) -> Result<Vec<Difference>, Panic> {
    let (a_hash, b_hash) = (a.hash()?, b.hash()?);
    let hashes = |hash: &crate::hash::StateHash| hash.components().collect::<Vec<_>>();
    let (ours, theirs) = (hashes(&a_hash), hashes(&b_hash));
    let mut found = Vec::new();
    for &(module, name, hash) in &ours {
        let other = theirs.iter().find(|&&(other, named, _)| (other, named) == (module, name));
        if other.is_some_and(|&(.., other)| other == hash) {
            continue;
        }
        let parts = match module {
            Some(id) if other.is_some() => parts(a, b, id, name),
            _ => Vec::new(),
        };
        if parts.is_empty() {
            let part = Part::Component(name.to_owned());
            let value =
                |hash: Option<u128>| hash.map_or("not there".to_owned(), |hash| format!("hash {hash:032x}"));
            let values = (value(Some(hash)), value(other.map(|row| row.2)));
            found.push((module, name, part, None, values));
        }
        found.extend(parts.into_iter().map(|(part, label, values)| (module, name, part, label, values)));
    }
    for &(module, name, hash) in &theirs {
        if ours.iter().all(|&(other, named, _)| (other, named) != (module, name)) {
            let values = ("not there".to_owned(), format!("hash {hash:032x}"));
            found.push((module, name, Part::Component(name.to_owned()), None, values));
        }
    }
    let found = found.into_iter().map(|(module, component, part, name, values)| Difference {
        module,
        component: component.to_owned(),
        part,
        name,
        values,
        writes: (None, None),
    });
    Ok(found.collect())
}

type Found = (Part, Option<String>, (String, String));

fn parts(a: &Machine, b: &Machine, id: ModuleId, component: &str) -> Vec<Found> {
    match component {
        "registers" => registers(a, b, id),
        "memory" | "globals" | "heap" | "rng" => cells(a, b, id, component),
        "video" => pixels(a, b, id),
        _ => Vec::new(),
    }
}

fn hex(value: Option<u64>) -> String {
    value.map_or("not there".to_owned(), |value| format!("{value:#x}"))
}

fn cells(a: &Machine, b: &Machine, id: ModuleId, component: &str) -> Vec<Found> {
    let (ours, theirs) = (a.instance(id).state(), b.instance(id).state());
    let of_component = |cell: &Cell| match cell {
        Cell::Memory(_) => component == "memory",
        Cell::Global(_) | Cell::Table(..) => component == "globals",
        Cell::Object(..) => component == "heap",
        Cell::Rng(_) => component == "rng",
    };
    let differing = ours.differing_cells(&theirs).filter(of_component).take(MAX_PLACES);
    let program = b.instance(id).program();
    let found = differing.map(|cell| {
        let values = (hex(ours.cell(cell)), hex(theirs.cell(cell)));
        (Part::Place(Place::Guest(cell)), name(program, cell), values)
    });
    found.collect()
}

/// What a cell is called in a program's debug information.
pub fn name(program: &Program, cell: Cell) -> Option<String> {
    let debug = program.cartridge().debug.as_ref()?;
    match cell {
        Cell::Memory(address) => {
            let symbol = debug.symbols.iter().find(|symbol| contains(symbol, address))?;
            Some(match address - symbol.address {
                0 => symbol.name.clone(),
                offset => format!("{}+{offset}", symbol.name),
            })
        }
        Cell::Global(index) => debug.global_name(index).map(str::to_owned),
        Cell::Table(..) | Cell::Object(..) | Cell::Rng(_) => None,
    }
}

fn contains(symbol: &DataSymbol, address: u32) -> bool {
    address.checked_sub(symbol.address).is_some_and(|offset| offset < symbol.len)
}

fn registers(a: &Machine, b: &Machine, id: ModuleId) -> Vec<Found> {
    let (ours, theirs) = (a.instance(id).state(), b.instance(id).state());
    let mut found = Vec::new();
    if ours.ended != theirs.ended {
        let ending = |ended: &Option<cartwheel_vm::Ended>, machine: &Machine| match (ended, machine.trap(id))
        {
            (None, _) => "running".to_owned(),
            (_, Some(trap)) => trap.to_string().lines().take(2).collect::<Vec<_>>().join(" "),
            (Some(ended), None) => format!("{ended:?}"),
        };
        found.push((Part::Ending, None, (ending(&ours.ended, a), ending(&theirs.ended, b))));
    }
    if ours.frames.len() != theirs.frames.len() {
        let depth = |frames: &[FrameState]| format!("{} calls", frames.len());
        found.push((Part::Depth, None, (depth(&ours.frames), depth(&theirs.frames))));
    }
    let point = |machine: &Machine, frame: &FrameState| {
        let at = Position { func: frame.func, offset: frame.offset };
        TracePoint::new(machine.instance(id).program().cartridge(), at).to_string()
    };
    for (call, (one, other)) in (0..).zip(ours.frames.iter().zip(&theirs.frames)) {
        let (ours, theirs) = (point(a, one), point(b, other));
        if (one.func, one.offset) != (other.func, other.offset) {
            found.push((Part::Position(call), None, (ours, theirs)));
            continue;
        }
        let scalars = one.scalars.iter().zip(&other.scalars).map(|(&x, &y)| (x, y));
        let handles = one.handles.iter().zip(&other.handles).map(|(&x, &y)| (x.into(), y.into()));
        let scalars = (0u16..).zip(scalars).map(|(r, values)| (Bank::Scalar, r, values));
        let handles = (0u16..).zip(handles).map(|(r, values)| (Bank::Handle, r, values));
        for (bank, r, (x, y)) in scalars.chain(handles).filter(|(.., (x, y))| x != y) {
            let values = (hex(Some(x)), hex(Some(y)));
            found.push((Part::Place(Place::Register(call, bank, r)), Some(theirs.clone()), values));
        }
    }
    found.truncate(MAX_PLACES);
    found
}

fn pixels(a: &Machine, b: &Machine, id: ModuleId) -> Vec<Found> {
    let (Some(ours), Some(theirs)) = (a.surface(id), b.surface(id)) else { return Vec::new() };
    if (ours.width, ours.height) != (theirs.width, theirs.height) {
        return Vec::new();
    }
    let pixels = ours.pixels.iter().zip(theirs.pixels).enumerate().filter(|(_, (x, y))| x != y);
    let found = pixels.take(MAX_PLACES).map(|(at, (&x, &y))| {
        let width = usize::from(ours.width);
        let place = Place::Pixel((at % width) as u16, (at / width) as u16);
        (Part::Place(place), None, (hex(Some(x.into())), hex(Some(y.into()))))
    });
    found.collect()
}

/// Writes what it is, without its values.
impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Part::Place(Place::Guest(Cell::Memory(address))) => write!(f, "byte at address {address:#x}"),
            Part::Place(Place::Guest(Cell::Global(index))) => write!(f, "global {index}"),
            Part::Place(Place::Guest(Cell::Table(table, index))) => {
                write!(f, "element {index} of table {table}")
            }
            Part::Place(Place::Guest(Cell::Object(slot, cell))) => {
                write!(f, "cell {cell} of the object with handle {}", slot + 1)
            }
            Part::Place(Place::Guest(Cell::Rng(word))) => write!(f, "word {word} of the random generator"),
            Part::Place(Place::Pixel(x, y)) => write!(f, "pixel {x},{y}"),
            Part::Place(Place::Register(call, Bank::Scalar, r)) => write!(f, "register r{r} of call {call}"),
            Part::Place(Place::Register(call, Bank::Handle, r)) => write!(f, "register h{r} of call {call}"),
            Part::Position(call) => write!(f, "position of call {call}"),
            Part::Depth => f.write_str("number of calls"),
            Part::Ending => f.write_str("how it ended"),
            Part::Component(name) => write!(f, "component {name}"),
        }
    }
}

/// From what the differences of a [`Divergence`] were found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// Both runs were made again up to the frame.
    BothRuns,
    /// They are there before the first frame: the modules begin differently.
    Start,
    /// The recorded keyframe before this frame, the first one after the divergence. It says what differs there; between the
    /// divergence and there it can have spread.
    Keyframe(u64),
    /// The recorded keyframe before this frame is what running comes to: recorded hashes are wrong, not the run.
    HashesOnly(u64),
    /// Both runs were made again: nothing differs but costs.
    OnlyCosts,
    /// There is nothing to compare with.
    Nothing,
}

/// Where two runs part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Divergence {
    /// The first frame after which states differ, in more than costs if that could be told.
    pub frame: u64,
    /// The first frame from which on costs differ, if nothing else did before [`Divergence::frame`].
    pub costs_from: Option<u64>,
    /// From what the differences were found.
    pub basis: Basis,
    /// The first call of that frame that differs, if both runs were made again.
    pub call: Option<OtherCall>,
    /// Differences, those that were written first in the second run before others.
    pub differences: Vec<Difference>,
}

/// Compares two runs from a frame on before which they are equal; both machines stand before it. Frames in which nothing
/// differs but costs are passed over: what a program does is told from how long it takes.
///
/// # Errors
///
/// If a frame cannot be read or made.
pub fn part_ways(
    a: &mut Machine,
    b: &mut Machine,
    frames: impl Iterator<Item = Result<(TracedFrame, TracedFrame), Damage>>,
) -> Result<Divergence, ReplayError> {
    let first = a.frame();
    let at_start = differences(a, b)?;
    if !at_start.iter().all(is_beside) {
        return Ok(Divergence {
            frame: first,
            basis: Basis::Start,
            costs_from: None,
            call: None,
            differences: at_start,
        });
    }
    let mut costs_from = None;
    for pair in frames {
        let pair = pair?;
        let frame = a.frame();
        let (a_before, b_before) = (a.fork()?, b.fork()?);
        step(a, &pair.0)?;
        step(b, &pair.1)?;
        let mut differences = differences(a, b)?;
        if differences.iter().all(is_beside) {
            if differences.iter().any(is_cost) {
                costs_from = costs_from.or(Some(frame));
            }
            continue;
        }
        for difference in &mut differences {
            if let (Part::Place(place), Some(module)) = (&difference.part, difference.module) {
                let write = |before: &Machine, frame: &TracedFrame| {
                    let write = last_write(&mut before.fork()?, frame, module, &[*place])?;
                    Ok::<_, Panic>(write.map(|(_, write)| write))
                };
                difference.writes = (write(&a_before, &pair.0)?, write(&b_before, &pair.1)?);
            }
        }
        order(&mut differences);
        let call = first_other((&a_before, &b_before), &pair)?;
        return Ok(Divergence { frame, basis: Basis::BothRuns, costs_from, call, differences });
    }
    Ok(Divergence { frame: first, basis: Basis::OnlyCosts, costs_from, call: None, differences: Vec::new() })
}

/// True for what differs beside what a program does.
fn is_beside(difference: &Difference) -> bool {
    is_cost(difference) || (difference.module.is_none() && difference.component == CARTRIDGES)
}

fn is_cost(difference: &Difference) -> bool {
    COSTS.contains(&difference.component.as_str())
}

/// What was written first stands first: it is what the rest follows from.
fn order(differences: &mut [Difference]) {
    differences.sort_by_key(|difference| {
        let (a, b) = &difference.writes;
        let first = [a, b].into_iter().flatten().map(|write| (write.frame, write.step)).min();
        (is_beside(difference), first.unwrap_or((u64::MAX, u64::MAX)))
    });
}

impl Trace {
    /// Looks into a frame after which programs that replay the trace are not in the recorded state.
    ///
    /// `recorded` are the recorded programs, if they are to be had and not the same.
    ///
    /// # Errors
    ///
    /// If the trace is damaged or a machine panics.
    pub fn diverge(
        &self,
        frame: u64,
        recorded: Option<&[Arc<Program>]>,
        now: &[Arc<Program>],
    ) -> Result<Divergence, ReplayError> {
        let Some(traced) = self.frames(frame).next() else {
            return Ok(Divergence {
                frame,
                basis: Basis::Nothing,
                costs_from: None,
                call: None,
                differences: Vec::new(),
            });
        };
        let traced = traced?;
        if let Some(recorded) = recorded {
            let mut theirs = self.machine(recorded)?;
            // Only a run that is the recorded one up to here, and in this frame, can say what was right.
            if self.seek(&mut theirs, frame)?.is_none() {
                let mut probe = theirs.fork()?;
                step(&mut probe, &traced)?;
                if compare(&traced, &probe)?.is_none() {
                    let mut ours = self.machine(now)?;
                    self.seek(&mut ours, frame)?;
                    let pairs = self.frames(frame).map(|traced| traced.map(|t| (t.clone(), t)));
                    return part_ways(&mut theirs, &mut ours, pairs);
                }
            }
        }
        self.diverge_by_keyframe(frame, now)
    }

    /// Compares with the keyframe before the frame, if there is one right there, or runs on to the next one.
    fn diverge_by_keyframe(&self, frame: u64, now: &[Arc<Program>]) -> Result<Divergence, ReplayError> {
        let nothing = Divergence {
            frame,
            basis: Basis::Nothing,
            costs_from: None,
            call: None,
            differences: Vec::new(),
        };
        let mut ours = self.machine(now)?;
        if self.seek(&mut ours, frame)?.is_some() {
            return Ok(nothing);
        }
        if let Some(theirs) = self.recorded_state(frame, now)? {
            let differences = differences(&theirs, &ours)?;
            if !differences.is_empty() {
                return Ok(Divergence { frame, basis: Basis::Start, differences, ..nothing });
            }
        }
        let mut costs = None;
        for next in self.keyframes().iter().map(|at| at.frame).filter(|&at| at > frame) {
            let before = ours.fork()?;
            for traced in self.frames(ours.frame()).take((next - ours.frame()) as usize) {
                step(&mut ours, &traced?)?;
            }
            let Some(theirs) = self.recorded_state(next, now)? else { break };
            let mut differences = differences(&theirs, &ours)?;
            if differences.is_empty() {
                return Ok(Divergence { basis: Basis::HashesOnly(next), ..nothing });
            }
            if differences.iter().all(is_beside) {
                costs = Some(Divergence { basis: Basis::Keyframe(next), differences, ..nothing.clone() });
                continue;
            }
            for difference in &mut differences {
                if let (Part::Place(place), Some(module)) = (&difference.part, difference.module) {
                    let write = self.last_write_between(&before, next, module, &[*place])?;
                    difference.writes.1 = write.map(|(_, write)| write);
                }
            }
            order(&mut differences);
            let costs_from = costs.map(|_| frame);
            return Ok(Divergence {
                frame,
                basis: Basis::Keyframe(next),
                costs_from,
                call: None,
                differences,
            });
        }
        Ok(costs.unwrap_or(nothing))
    }

    /// A machine of these programs in the recorded state before a frame. `None` if there is no keyframe right there, or its state
    /// does not fit the programs, which need not be the recorded ones.
    fn recorded_state(&self, frame: u64, now: &[Arc<Program>]) -> Result<Option<Machine>, ReplayError> {
        let Some(at) = self.keyframe_before(frame).filter(|at| at.frame == frame) else { return Ok(None) };
        let hashes: Vec<[u8; 32]> = now.iter().map(|program| program.content_hash()).collect();
        let state = snapshot::adopted(self.state(&at)?, &hashes);
        let mut machine = self.fresh_machine(now)?;
        Ok(machine.restore(&state).is_ok().then_some(machine))
    }

    /// The last change of some places from where a machine stands to before a frame.
    fn last_write_between(
        &self,
        from: &Machine,
        to: u64,
        module: ModuleId,
        places: &[Place],
    ) -> Result<Option<(Place, Write)>, ReplayError> {
        let mut machine = from.fork()?;
        let mut last = None;
        for traced in self.frames(from.frame()) {
            let traced = traced?;
            if traced.number >= to {
                break;
            }
            let write = last_write(&mut machine, &traced, module, places)?;
            last = write.or(last);
        }
        Ok(last)
    }

    /// The last change of one of some places before a frame.
    ///
    /// # Errors
    ///
    /// If the trace is damaged or a machine panics.
    pub fn why(
        &self,
        programs: &[Arc<Program>],
        frame: u64,
        module: ModuleId,
        places: &[Place],
    ) -> Result<Option<(Place, Write)>, ReplayError> {
        let mut to = frame.min(self.next_frame());
        loop {
            let mut machine = self.machine(programs)?;
            let first = machine.frame();
            let from = self.keyframe_before(to.saturating_sub(1)).filter(|_| self.is_of(programs));
            if from.is_some_and(|at| at.frame > first) {
                self.restore(&mut machine, to - 1)?;
            }
            let from = machine.frame();
            let write = self.last_write_between(&machine, to, module, places)?;
            if write.is_some() || from <= first {
                return Ok(write);
            }
            to = from;
        }
    }
}
