//! Trace files, and the cartridges that they were recorded with.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cartwheel_runtime::trace::{self, ReplayError, Trace, Unfit};
use cartwheel_runtime::{Machine, Program};

use crate::failure::{Exit, Failure};
use crate::{files, print, project};

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

/// Where the cartridge of a trace was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// On the command line, or beside the trace.
    File(PathBuf),
    /// In the trace.
    Embedded,
}

/// The cartridge for a trace.
pub struct Found {
    /// It.
    pub program: Arc<Program>,
    /// Where it was.
    pub place: Place,
    /// True if it is the one that was recorded.
    pub recorded: bool,
}

impl Found {
    /// What people call it.
    pub fn name(&self) -> PathBuf {
        match &self.place {
            Place::File(path) => path.clone(),
            Place::Embedded => PathBuf::from("the embedded cartridge"),
        }
    }
}

/// The cartridge to replay a trace with: the one given; else that with the recorded hash, beside the trace or embedded; else
/// the only one beside the trace.
pub fn cartridge(path: &Path, trace: &Trace, given: Option<&Path>) -> Result<Found, Failure> {
    let wanted = single(path, trace)?.hash;
    if let Some(given) = given {
        let program = project::load(given)?.verify()?;
        let recorded = program.content_hash() == wanted;
        return Ok(Found { program, place: Place::File(given.to_owned()), recorded });
    }
    if let Some(found) = recorded_cartridge(path, trace)? {
        return Ok(found);
    }
    let mut beside = beside(path);
    let named = beside.iter().position(|(other, _)| other.file_stem() == path.file_stem());
    match named.or((beside.len() == 1).then_some(0)) {
        Some(index) => {
            let (path, program) = beside.swap_remove(index);
            Ok(Found { program, place: Place::File(path), recorded: false })
        }
        None => {
            let there = if beside.is_empty() { "no cartridge" } else { "no cartridge of that hash" };
            let hash = hex(&wanted);
            let help = "give one with --cart, or record with --embed";
            let message = format!("recorded with cartridge {hash}, and there is {there} beside it; {help}");
            Err(Failure::file(path, message))
        }
    }
}

/// The cartridge that a trace was recorded with, if it is to be had.
pub fn recorded_cartridge(path: &Path, trace: &Trace) -> Result<Option<Found>, Failure> {
    let wanted = single(path, trace)?;
    if let Some(embedded) = wanted.embedded() {
        let cart = embedded.map_err(|e| Failure::file(path, format!("embedded cartridge: {e}")))?;
        let program =
            Program::new(cart).map_err(|e| Failure::file(path, format!("embedded cartridge: {e}")))?;
        return Ok(Some(Found { program, place: Place::Embedded, recorded: true }));
    }
    let found = beside(path).into_iter().find(|(_, program)| program.content_hash() == wanted.hash);
    Ok(found.map(|(path, program)| Found { program, place: Place::File(path), recorded: true }))
}

fn single<'t>(
    path: &Path,
    trace: &'t Trace,
) -> Result<&'t cartwheel_runtime::trace::TracedCartridge, Failure> {
    match trace.header().cartridges.as_slice() {
        [one] => Ok(one),
        all => Err(Failure::file(path, format!("it has {} modules; this build runs one", all.len()))),
    }
}

/// Cartridges in the folder of a trace: files, source files, and the project in it. What cannot be loaded is none.
fn beside(path: &Path) -> Vec<(PathBuf, Arc<Program>)> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut candidates: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| {
            let cartridge =
                |e: &std::ffi::OsStr| e == project::CARTRIDGE_EXTENSION || e == "asm" || e == "wasm";
            path.extension().is_some_and(cartridge)
        })
        .collect();
    candidates.sort();
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

/// Refuses a trace that was recorded under other rules, as far as the recorded cartridge can see them.
pub fn check_rules(path: &Path, trace: &Trace, found: &Found) -> Result<(), Failure> {
    let program = match found.recorded {
        true => Some(found.program.clone()),
        false => recorded_cartridge(path, trace)?.map(|found| found.program),
    };
    let cartridges = program.iter().map(|program| program.cartridge());
    let checked = trace.header().check_semantics(cartridges);
    checked.map_err(|unfit: Unfit| Failure::file(path, format!("{unfit} (--anyway replays it all the same)")))
}

/// A machine that stands behind the last frame of a trace, which must be what running it comes to.
pub fn machine_at_end(path: &Path, trace: &Trace, program: &Arc<Program>) -> Result<Machine, Failure> {
    let programs = [program.clone()];
    if !trace.is_of(&programs) {
        return Err(Failure::file(path, "it was recorded with another cartridge"));
    }
    let place = Place::File(path.to_owned());
    check_rules(path, trace, &Found { program: program.clone(), place, recorded: true })?;
    let failed = |e: ReplayError| failure(path, e);
    let mut machine = trace.machine(&programs).map_err(failed)?;
    match trace.seek(&mut machine, trace.next_frame()).map_err(failed)? {
        None => Ok(machine),
        Some(mismatch) => Err(Failure {
            message: format!(
                "{}: its frames are not what running them comes to, from frame {} on; `cartwheel replay` says more",
                path.display(),
                mismatch.frame
            ),
            exit: Exit::Diverged,
        }),
    }
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
