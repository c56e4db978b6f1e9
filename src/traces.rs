//! Trace files, and the cartridges that they were recorded with.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cartwheel_runtime::trace::{self, ReplayError, Trace, TracedCartridge, Unfit};
use cartwheel_runtime::{Machine, Program};

use crate::crowd::Crowd;
use crate::failure::{Exit, Failure};
use crate::machine_file::Member;
use crate::{crowd, files, machine_file, print, project};

/// Files beside a trace that are looked at for its cartridge.
const MAX_CANDIDATES: usize = 64;

/// Opens a trace. One that was cut short is used as far as it goes, and a note says so; one that was changed is refused.
pub fn open(path: &Path) -> Result<Trace, Failure> {
    let trace = open_quietly(path)?;
    if trace.damage().is_some() {
        let note = "was cut short while it was recorded";
        print::stderr(&format!("note: {} {note}; it has {} frames\n", path.display(), trace.len()));
    }
    Ok(trace)
}

/// Opens a trace, damaged or not. A file is read where it is looked at, as long as it may be; what is none is read at once.
pub fn read(path: &Path) -> Result<Trace, Failure> {
    let failed = |e: std::io::Error| Failure::file(path, format!("cannot read it: {e}"));
    let file = File::open(path).map_err(failed)?;
    let trace = match file.metadata().map_err(failed)?.is_file() {
        true => Trace::read(file),
        false => Trace::open(files::read(path)?),
    };
    trace.map_err(|e| Failure::file(path, e))
}

/// True if a file begins like a trace.
pub fn is_trace(path: &Path) -> Result<bool, Failure> {
    let mut start = Vec::new();
    let read = File::open(path).and_then(|file| file.take(8).read_to_end(&mut start));
    read.map_err(|e| Failure::file(path, format!("cannot read it: {e}")))?;
    Ok(trace::is_trace(&start))
}

/// Opens a trace without a note.
pub fn open_quietly(path: &Path) -> Result<Trace, Failure> {
    let trace = read(path)?;
    if let Some(damage) = trace.damage().filter(|damage| !damage.torn) {
        let frames = trace.len();
        let help = format!("`cartwheel trace cut` can keep the {frames} frames before it");
        return Err(Failure::file(path, format!("damaged trace: {damage}; {help}")));
    }
    Ok(trace)
}

/// Where a cartridge of a trace was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// On the command line, or beside the trace.
    File(PathBuf),
    /// In the trace.
    Embedded,
}

/// The cartridges for a trace.
pub struct Found {
    /// They, in the order of those of the trace.
    pub programs: Vec<Arc<Program>>,
    /// Where each of them was.
    places: Vec<Place>,
    /// True if they are the ones that were recorded.
    pub recorded: bool,
}

impl Found {
    fn new(trace: &Trace, chosen: Vec<Candidate>) -> Found {
        let (places, programs): (Vec<_>, Vec<_>) = chosen.into_iter().unzip();
        Found { recorded: trace.is_of(&programs), programs, places }
    }

    /// What people call it, or the first of several.
    pub fn name(&self) -> PathBuf {
        match self.places.first() {
            Some(Place::File(path)) => path.clone(),
            Some(Place::Embedded) => PathBuf::from("the embedded cartridge"),
            None => PathBuf::from("a machine without modules"),
        }
    }

    /// Those that are not the recorded ones: what people call them, and their hashes.
    pub fn others(&self, trace: &Trace) -> Vec<(String, [u8; 32])> {
        let recorded = &trace.header().cartridges;
        let all = self.programs.iter().zip(&self.places).zip(recorded);
        let other = all.filter(|((program, _), recorded)| program.content_hash() != recorded.hash);
        other
            .map(|((program, place), _)| {
                let name = match place {
                    Place::File(path) => path.display().to_string(),
                    Place::Embedded => "the embedded cartridge".to_owned(),
                };
                (name, program.content_hash())
            })
            .collect()
    }
}

type Candidate = (Place, Arc<Program>);

/// The cartridges to replay a trace with: those given; else those with the recorded hashes, embedded or beside the trace; else
/// for each the one beside the trace with its title, or the only one there.
pub fn cartridges(path: &Path, trace: &Trace, given: &[PathBuf]) -> Result<Found, Failure> {
    let wanted = &trace.header().cartridges;
    let mut chosen: Vec<Option<Candidate>> = vec![None; wanted.len()];
    give(path, wanted, given, &mut chosen)?;
    let there = OnceCell::new();
    for (slot, wanted) in chosen.iter_mut().zip(wanted).filter(|(slot, _)| slot.is_none()) {
        *slot = recorded(path, wanted, &there)?;
    }
    if chosen.iter().any(Option::is_none) {
        let known = |program: &Program| wanted.iter().any(|wanted| wanted.hash == program.content_hash());
        let changed = there.get_or_init(|| beside(path)).iter().filter(|(_, program)| !known(program));
        let changed: Vec<&(PathBuf, Arc<Program>)> = changed.collect();
        for (slot, wanted) in chosen.iter_mut().zip(wanted).filter(|(slot, _)| slot.is_none()) {
            let alone = trace.header().cartridges.len() == 1;
            let named = changed.iter().position(|(other, _)| alone && other.file_stem() == path.file_stem());
            let titled = || the_only(&changed, |(_, program)| has_title(program, &wanted.name));
            let only = || (changed.len() == 1 && alone).then_some(0);
            // A state to begin with is that of the recorded cartridge.
            let head = trace.header();
            let free = head.first_frame == 0 && head.digests.is_empty();
            let Some(index) = named.or_else(titled).or_else(only).filter(|_| free) else {
                let there = if changed.is_empty() { "no cartridge" } else { "no cartridge of that hash" };
                let hash = hex(&wanted.hash);
                let help = "give one with --cart, or record with --embed";
                let message =
                    format!("recorded with cartridge {hash}, and there is {there} beside it; {help}");
                return Err(Failure::file(path, message));
            };
            let (path, program) = changed[index];
            *slot = Some((Place::File(path.clone()), program.clone()));
        }
    }
    Ok(Found::new(trace, chosen.into_iter().flatten().collect()))
}

fn has_title(program: &Program, title: &str) -> bool {
    !title.is_empty() && program.cartridge().manifest.title == title
}

fn the_only<T>(list: &[T], wanted: impl Fn(&T) -> bool) -> Option<usize> {
    let mut found = list.iter().enumerate().filter(|(_, one)| wanted(one));
    found.next().filter(|_| found.next().is_none()).map(|(index, _)| index)
}

/// Puts cartridges that were given in their places: as many as there are in their order, fewer and those of a machine file by
/// hash or title.
fn give(
    trace: &Path,
    wanted: &[TracedCartridge],
    given: &[PathBuf],
    chosen: &mut [Option<Candidate>],
) -> Result<(), Failure> {
    let machine = |path: &PathBuf| path.extension().is_some_and(|name| name == machine_file::EXTENSION);
    let (machines, given): (Vec<&PathBuf>, Vec<&PathBuf>) = given.iter().partition(|path| machine(path));
    let all = given.len() == wanted.len();
    for (place, path) in given.into_iter().enumerate() {
        let program = project::load(path)?.verify()?;
        let hash = program.content_hash();
        let by_hash = wanted.iter().any(|wanted| wanted.hash == hash);
        let mut used = false;
        for (i, (slot, wanted)) in chosen.iter_mut().zip(wanted).enumerate() {
            let fits = match (all, by_hash) {
                (true, _) => i == place,
                (false, true) => wanted.hash == hash,
                (false, false) => has_title(&program, &wanted.name),
            };
            if fits && slot.is_none() {
                *slot = Some((Place::File(path.clone()), program.clone()));
                used = true;
            }
        }
        if !used {
            let names: Vec<String> = wanted.iter().map(|wanted| format!("{:?}", wanted.name)).collect();
            let names = names.join(", ");
            let message = format!(
                "{} has {} cartridges ({names}), and this one has neither the hash nor the title of one that is not given \
                 yet; give all of them in this order",
                trace.display(),
                wanted.len()
            );
            return Err(Failure::file(path, message));
        }
    }
    machines.into_iter().try_for_each(|machine| give_machine(trace, wanted, machine, chosen))
}

/// Puts cartridges that a machine file names in the places of those of their hashes, and then of their titles.
fn give_machine(
    trace: &Path,
    wanted: &[TracedCartridge],
    machine: &Path,
    chosen: &mut [Option<Candidate>],
) -> Result<(), Failure> {
    files::read(machine)?;
    let named: Vec<Candidate> = machine_file::cartridges(machine)
        .into_iter()
        .map(|path| Ok((Place::File(path.clone()), project::load(&path)?.verify()?)))
        .collect::<Result<_, Failure>>()?;
    let recorded = |program: &Program| wanted.iter().any(|wanted| wanted.hash == program.content_hash());
    let mut used = false;
    for (slot, wanted) in chosen.iter_mut().zip(wanted).filter(|(slot, _)| slot.is_none()) {
        let same = named.iter().find(|(_, program)| program.content_hash() == wanted.hash);
        let titled =
            || named.iter().find(|(_, program)| !recorded(program) && has_title(program, &wanted.name));
        *slot = same.or_else(titled).cloned();
        used |= slot.is_some();
    }
    if used {
        return Ok(());
    }
    let trace = trace.display();
    Err(Failure::file(machine, format!("it names no cartridge with the hash or the title of one of {trace}")))
}

/// A cartridge that was recorded, if it is to be had.
fn recorded(
    path: &Path,
    wanted: &TracedCartridge,
    there: &OnceCell<Vec<(PathBuf, Arc<Program>)>>,
) -> Result<Option<Candidate>, Failure> {
    if let Some(embedded) = wanted.embedded() {
        let cart = embedded.map_err(|e| Failure::file(path, format!("embedded cartridge: {e}")))?;
        let program =
            Program::new(cart).map_err(|e| Failure::file(path, format!("embedded cartridge: {e}")))?;
        return Ok(Some((Place::Embedded, program)));
    }
    let beside = there.get_or_init(|| beside(path));
    let found = beside.iter().find(|(_, program)| program.content_hash() == wanted.hash);
    Ok(found.map(|(path, program)| (Place::File(path.clone()), program.clone())))
}

/// True for a trace of several modules, or of one that is set up in its own way.
pub fn is_crowd(trace: &Trace) -> bool {
    let header = trace.header();
    header.loaded() != 1 || header.digests.iter().any(|(name, _)| name == "modules")
}

/// The cartridges that a trace was recorded with, if all are to be had.
pub fn recorded_cartridges(path: &Path, trace: &Trace) -> Result<Option<Found>, Failure> {
    let there = OnceCell::new();
    let all = trace.header().cartridges.iter().map(|wanted| recorded(path, wanted, &there));
    let all: Option<Vec<Candidate>> = all.collect::<Result<_, _>>()?;
    Ok(all.map(|chosen| Found::new(trace, chosen)))
}

/// The modules that a trace begins with, which `machine` has: they are called as in a run of the same files, and those of
/// embedded cartridges, or of one cartridge by itself, by their titles. A name that the machine knows goes before both.
pub fn members(found: &Found, machine: &Machine) -> Vec<Member> {
    let mut members: Vec<Member> = Vec::new();
    for (id, place) in machine.modules().zip(&found.places) {
        let name = match (machine.name(id), place) {
            (None, Place::File(path)) if machine.modules().len() > 1 => machine_file::name_of(path, &members),
            _ => crowd::title(machine, id),
        };
        members.push(Member { id, name });
    }
    members
}

/// The modules of a machine that replays a trace, which has begun with `members`. `place` is what people call a cartridge by
/// itself.
pub fn crowd(
    trace: &Trace,
    place: &Path,
    machine: &Machine,
    mut members: Vec<Member>,
    chosen: Option<&str>,
) -> Result<Crowd, Failure> {
    if !is_crowd(trace) {
        return Crowd::alone(machine, place, chosen);
    }
    members.retain(|member| machine.has(member.id));
    let later = machine.modules().filter(|id| members.iter().all(|member| member.id != *id));
    let later: Vec<Member> = later.map(|id| Member { id, name: crowd::title(machine, id) }).collect();
    members.extend(later);
    Crowd::new(machine, members, chosen)
}

/// What modules are called that are there when a trace begins or before a frame, by number; none if there is only one, which
/// needs no name.
pub fn titles(trace: &Trace, programs: &[Arc<Program>], frame: u64) -> BTreeMap<u32, String> {
    if !is_crowd(trace) {
        return BTreeMap::new();
    }
    let Ok(mut machine) = trace.machine(programs) else { return BTreeMap::new() };
    let mut titles = titles_now(&machine);
    // A machine that cannot be brought there has titles all the same.
    let _ = trace.seek(&mut machine, frame);
    titles.extend(titles_now(&machine));
    titles
}

fn titles_now(machine: &Machine) -> BTreeMap<u32, String> {
    machine.modules().filter_map(|id| Some((id.0, crowd::named(machine, id)?.to_owned()))).collect()
}

/// Cartridges in the folder of a trace: files, source files, the project in it, and what machine files in it name. What cannot be
/// loaded is none.
fn beside(path: &Path) -> Vec<(PathBuf, Arc<Program>)> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut candidates: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .flat_map(|path| match path.extension().and_then(|e| e.to_str()) {
            Some(project::CARTRIDGE_EXTENSION | "asm" | "wasm") => vec![path],
            Some(machine_file::EXTENSION) => machine_file::cartridges(&path),
            _ => Vec::new(),
        })
        .collect();
    candidates.sort();
    // Machine files of several folders name the same ones in different ways.
    let mut same = BTreeSet::new();
    candidates.retain(|path| same.insert(std::fs::canonicalize(path).unwrap_or_else(|_| path.clone())));
    candidates.truncate(MAX_CANDIDATES);
    let mut found: Vec<(PathBuf, Arc<Program>)> = Vec::new();
    for candidate in candidates {
        let Ok(program) = project::load(&candidate).and_then(project::Loaded::verify) else { continue };
        if found.iter().all(|(_, other)| other.content_hash() != program.content_hash()) {
            found.push((candidate, program));
        }
    }
    found
}

/// Refuses a trace that was recorded under other rules, as far as the recorded cartridges can see them.
pub fn check_rules(path: &Path, trace: &Trace, found: &Found) -> Result<(), Failure> {
    let programs = match found.recorded {
        true => found.programs.clone(),
        false => recorded_cartridges(path, trace)?.map_or(Vec::new(), |found| found.programs),
    };
    let cartridges = programs.iter().map(|program| program.cartridge());
    let checked = trace.header().check_semantics(cartridges);
    checked.map_err(|unfit: Unfit| Failure::file(path, format!("{unfit} (--anyway replays it all the same)")))
}

/// A machine that stands behind the last frame of a trace, which must be what running it comes to. It has the cartridges of
/// another machine, which must be the recorded ones.
pub fn machine_at_end(path: &Path, trace: &Trace, of: &Machine) -> Result<Machine, Failure> {
    let loaded = of.modules().map(|id| of.instance(id).program());
    let programs: Vec<&Arc<Program>> = loaded.chain(of.programs()).collect();
    let mut chosen = Vec::new();
    for wanted in &trace.header().cartridges {
        let hash = wanted.hash;
        let there = programs.iter().find(|program| program.content_hash() == hash);
        let none = OnceCell::from(Vec::new());
        let candidate = match there {
            Some(&program) => Some((Place::File(path.to_owned()), program.clone())),
            None => recorded(path, wanted, &none)?,
        };
        chosen.extend(candidate);
    }
    let found = Found::new(trace, chosen);
    let header = trace.header();
    let first = of.modules().zip(&header.cartridges).take(header.loaded());
    let same = first.filter(|(id, wanted)| of.instance(*id).program().content_hash() == wanted.hash).count();
    if !found.recorded || same != of.modules().len() {
        return Err(Failure::file(path, "it was recorded with another cartridge"));
    }
    check_rules(path, trace, &found)?;
    let failed = |e: ReplayError| failure(path, e);
    let mut machine = trace.machine(&found.programs).map_err(failed)?;
    match trace.seek(&mut machine, trace.next_frame()).map_err(failed)? {
        None => Ok(machine),
        Some(mismatch) => Err(diverged(path, mismatch.frame)),
    }
}

/// A trace whose frames are not what running them comes to, where that was not asked for.
pub fn diverged(path: &Path, frame: u64) -> Failure {
    let message = format!(
        "{}: its frames are not what running them comes to, from frame {frame} on; `cartwheel replay` says more",
        path.display()
    );
    Failure { message, exit: Exit::Diverged }
}

/// A replay that could not go on.
pub fn failure(path: &Path, error: ReplayError) -> Failure {
    match error {
        ReplayError::Panic(panic) => panic.into(),
        error => Failure::file(path, error),
    }
}

/// Bytes in hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
