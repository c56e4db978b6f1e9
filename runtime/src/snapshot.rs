//! Saved states; `spec/snapshot.md` describes the bytes.

use cartwheel_kernel::ModuleId;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use xxhash_rust::xxh3::xxh3_64;

use crate::codec;
use crate::config::SEMANTICS_VERSION;
use crate::input::{Buttons, InputFrame, PADS, Pointer, PointerButtons};
use crate::machine::Machine;
use crate::module::{Module, Schedule, Stage};
use crate::roster::{Exchange, Roster, Wanted};
use crate::settings::Settings;
use crate::setup::numbers_of;

const MAGIC: &[u8; 4] = b"CWSS";
/// Version of the format.
pub const SNAPSHOT_VERSION: u16 = 3;
const CHECKSUM_BYTES: usize = 8;
/// Bytes that are shared between states together, at most.
pub(crate) const CHUNK_BYTES: usize = 4_096;

/// Why bytes cannot be restored into a machine.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RestoreError {
    /// They do not begin like a saved state.
    #[error("not a saved state: it does not begin with \"CWSS\"")]
    NotASnapshot,
    /// They have another version of the format.
    #[error("saved state of format version {0}; this build reads version {SNAPSHOT_VERSION}")]
    Version(u16),
    /// They come from a machine with other rules.
    #[error("saved by a machine of semantics version {0}; this one has version {SEMANTICS_VERSION}")]
    Semantics(u16),
    /// They are cut off or were changed.
    #[error("damaged saved state: {0}")]
    Damaged(String),
    /// They are of a cartridge that this machine does not know.
    #[error("saved state of another cartridge ({})", hex(.0))]
    OtherCartridge([u8; 32]),
    /// They are of more modules than there can be.
    #[error("saved state of {0} modules; this machine can have {1}")]
    ModuleCount(u32, u32),
    /// They are of a machine with other limits.
    #[error("saved by a machine with other limits for its modules")]
    OtherLimits,
    /// They are of a machine that could have more or fewer modules.
    #[error("saved by a machine that can have {0} modules; this one can have {1}")]
    OtherMaxModules(u32, u32),
    /// The state of a module does not fit it.
    #[error("state of module {}: {message}", .module.0)]
    Module {
        /// The module.
        module: ModuleId,
        /// What is wrong.
        message: String,
    },
}

fn hex(hash: &[u8; 32]) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What is saved of the machine besides its modules.
#[derive(Serialize, Deserialize)]
struct MachinePart {
    seed: u64,
    limits: [u64; 6],
    frame: u64,
    pads: [u32; PADS],
    pointer: (i32, i32, u32),
    schedules: Vec<Schedule>,
}

/// Appends what is saved of the machine besides its modules.
pub(crate) fn encode_machine(machine: &Machine, out: &mut Vec<u8>) {
    let InputFrame { pads, pointer } = machine.previous;
    let part = MachinePart {
        seed: machine.config.seed,
        limits: numbers_of(machine.config.limits),
        frame: machine.frame,
        pads: pads.map(|pad| pad.bits()),
        pointer: (pointer.x, pointer.y, pointer.buttons.bits()),
        schedules: machine.modules.iter().map(|module| module.schedule).collect(),
    };
    codec::encode(&part, out);
}

pub(crate) fn save(machine: &Machine) -> Vec<u8> {
    let memory: usize = machine.modules.iter().map(|module| module.instance.memory().len()).sum();
    let mut out = Vec::with_capacity(memory + 4_096);
    out.extend(MAGIC);
    out.extend(SNAPSHOT_VERSION.to_le_bytes());
    out.extend(SEMANTICS_VERSION.to_le_bytes());
    out.extend((machine.modules.len() as u32).to_le_bytes());
    for module in &machine.modules {
        out.extend(module.instance.program().content_hash());
    }
    section(&mut out, |out| encode_machine(machine, out));
    section(&mut out, |out| codec::encode(&Settings::of(&machine.config), out));
    section(&mut out, |out| codec::encode(&Roster::of(machine), out));
    section(&mut out, |out| machine.kernel.save_shared(out));
    for module in &machine.modules {
        section(&mut out, |out| machine.kernel.save(module.id, out));
        section(&mut out, |out| module.instance.save(out));
    }
    out.extend(xxh3_64(&out).to_le_bytes());
    out
}

/// Appends a part with its length in front.
fn section(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let at = out.len();
    out.extend([0; 8]);
    write(out);
    let len = (out.len() - at - 8) as u64;
    out[at..at + 8].copy_from_slice(&len.to_le_bytes());
}

pub(crate) fn restore(machine: &mut Machine, bytes: &[u8]) -> Result<(), RestoreError> {
    let before = machine.config;
    let restored = replace(machine, bytes);
    if restored.is_err() {
        machine.config = before;
    }
    restored
}

fn replace(machine: &mut Machine, bytes: &[u8]) -> Result<(), RestoreError> {
    let mut input = Input::open(bytes)?;
    let hashes = (0..u32::from_le_bytes(input.array()?)).map(|_| input.array());
    let hashes: Vec<[u8; 32]> = hashes.collect::<Result<_, _>>()?;
    let part: MachinePart = codec::decode(input.section()?).map_err(RestoreError::Damaged)?;
    let settings: Settings = codec::decode(input.section()?).map_err(RestoreError::Damaged)?;
    let roster: Roster = codec::decode(input.section()?).map_err(RestoreError::Damaged)?;
    let wanted = roster.check(machine, &hashes)?;
    let previous = check_machine(machine, &part, &wanted)?;
    let shared = input.section()?;
    let mut states = Vec::with_capacity(wanted.len());
    for _ in &wanted {
        states.push((input.section()?, input.section()?));
    }
    if !input.0.is_empty() {
        return Err(damaged("bytes are left over"));
    }
    machine.config = settings.adopted(&machine.config, part.seed)?;
    let mut undo = Undo::of(machine);
    let exchange = match Exchange::make(machine, wanted) {
        Ok(exchange) => exchange,
        Err(error) => {
            undo.apply(machine);
            return Err(error);
        }
    };
    machine.kernel.set_next_number(roster.next());
    undo.new = exchange.new.clone();
    if let Err(error) = apply(machine, shared, &states, &mut undo) {
        exchange.undo(machine);
        undo.apply(machine);
        return Err(error);
    }
    machine.config.quotas = machine.kernel.machine_quotas();
    exchange.finish(machine);
    machine.frame = part.frame;
    machine.previous = previous;
    for (module, schedule) in machine.modules.iter_mut().zip(part.schedules) {
        module.schedule = schedule;
        module.argument = None;
    }
    machine.sync_endings();
    Ok(())
}

/// Everything about the machine's part that has to hold, and the input in it.
fn check_machine(
    machine: &Machine,
    part: &MachinePart,
    wanted: &[Wanted],
) -> Result<InputFrame, RestoreError> {
    if part.limits != numbers_of(machine.config.limits) {
        return Err(RestoreError::OtherLimits);
    }
    if part.schedules.len() != wanted.len() {
        return Err(damaged("a module's schedule is missing"));
    }
    for (wanted, schedule) in wanted.iter().zip(&part.schedules) {
        let starts = wanted.program.cartridge().manifest.entry.starts.len();
        let reached = match schedule.stage {
            Stage::Starts(called) => called as usize <= starts,
            Stage::Body | Stage::Done => true,
        };
        // A frame is counted late at most once, and frames never wrap.
        if !reached || schedule.budget == 0 || schedule.overruns > part.frame || part.frame > i64::MAX as u64
        {
            return Err(damaged("a module's schedule makes no sense"));
        }
    }
    let mut pads = [Buttons::NONE; PADS];
    for (pad, bits) in pads.iter_mut().zip(part.pads) {
        *pad = Buttons::from_bits(bits).ok_or_else(|| damaged("unknown buttons are held"))?;
    }
    let (x, y, bits) = part.pointer;
    let buttons =
        PointerButtons::from_bits(bits).ok_or_else(|| damaged("unknown pointer buttons are held"))?;
    Ok(InputFrame { pads, pointer: Pointer { x, y, buttons } })
}

/// Replaces the states of the kernel and of all modules, as far as they fit.
fn apply(
    machine: &mut Machine,
    shared: &[u8],
    states: &[(&[u8], &[u8])],
    undo: &mut Undo,
) -> Result<(), RestoreError> {
    machine.kernel.restore_shared(shared).map_err(|e| damaged(&e.to_string()))?;
    let last = states.len().saturating_sub(1);
    for (i, (services, guest)) in states.iter().enumerate() {
        let Module { id, instance, .. } = &mut machine.modules[i];
        let failed = |message: String| RestoreError::Module { module: *id, message };
        machine.kernel.restore(*id, services).map_err(|e| failed(e.to_string()))?;
        // Each restore is all or nothing by itself, so the last one need not be undone.
        let mut before = None;
        if i < last && !undo.new.contains(id) {
            instance.save(before.insert(Vec::new()));
        }
        instance.restore(guest).map_err(|e| failed(e.to_string()))?;
        undo.guests.extend(before.map(|before| (*id, before)));
    }
    Ok(())
}

/// What a restore that fails takes back.
struct Undo {
    /// Number of the next module.
    next: u32,
    shared: Vec<u8>,
    /// What the kernel had of the modules that were there.
    kernel: Vec<(ModuleId, Vec<u8>)>,
    /// Modules that were not there.
    new: Vec<ModuleId>,
    /// Guests that were replaced, of those that were there.
    guests: Vec<(ModuleId, Vec<u8>)>,
}

impl Undo {
    fn of(machine: &Machine) -> Undo {
        let mut shared = Vec::new();
        machine.kernel.save_shared(&mut shared);
        let there = machine.modules.iter().filter(|module| machine.kernel.is_loaded(module.id));
        let kernel = there.map(|module| {
            let mut bytes = Vec::new();
            machine.kernel.save(module.id, &mut bytes);
            (module.id, bytes)
        });
        let next = machine.kernel.next_number();
        Undo { next, shared, kernel: kernel.collect(), new: Vec::new(), guests: Vec::new() }
    }

    /// The modules that were there are there again.
    fn apply(self, machine: &mut Machine) {
        machine.kernel.set_next_number(self.next);
        machine.kernel.restore_shared(&self.shared).expect("it was saved just now");
        for (id, bytes) in &self.kernel {
            machine.kernel.restore(*id, bytes).expect("it was saved just now");
        }
        for (id, bytes) in &self.guests {
            let module = machine.module_mut(*id).expect("it was there before");
            module.instance.restore(bytes).expect("it was saved just now");
        }
        machine.sync_endings();
    }
}

fn damaged(what: &str) -> RestoreError {
    RestoreError::Damaged(what.to_owned())
}

/// What remains to be read.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    /// Checks magic, checksum and versions.
    fn open(bytes: &'a [u8]) -> Result<Input<'a>, RestoreError> {
        if bytes.get(..MAGIC.len()) != Some(MAGIC.as_slice()) {
            return Err(RestoreError::NotASnapshot);
        }
        let mut input = Input(&bytes[MAGIC.len()..]);
        // Before the checksum, whose place another version may have changed.
        let version = u16::from_le_bytes(input.array()?);
        if version != SNAPSHOT_VERSION {
            return Err(RestoreError::Version(version));
        }
        let (content, sum) = bytes
            .split_last_chunk::<CHECKSUM_BYTES>()
            .filter(|(content, _)| content.len() >= MAGIC.len() + 2)
            .ok_or_else(|| damaged("it ends early"))?;
        if xxh3_64(content) != u64::from_le_bytes(*sum) {
            return Err(damaged("it is cut off or was changed"));
        }
        let mut input = Input(&content[MAGIC.len() + 2..]);
        let semantics = u16::from_le_bytes(input.array()?);
        if semantics != SEMANTICS_VERSION {
            return Err(RestoreError::Semantics(semantics));
        }
        Ok(input)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], RestoreError> {
        let (array, rest) = self.0.split_first_chunk().ok_or_else(|| damaged("it ends early"))?;
        self.0 = rest;
        Ok(*array)
    }

    fn section(&mut self) -> Result<&'a [u8], RestoreError> {
        let len = u64::from_le_bytes(self.array()?);
        let len = usize::try_from(len).map_err(|_| damaged("a part is too long"))?;
        let (part, rest) = self.0.split_at_checked(len).ok_or_else(|| damaged("a part is too long"))?;
        self.0 = rest;
        Ok(part)
    }
}

/// A saved state as one of these cartridges, whatever it was saved of; restoring it still checks that it fits.
pub(crate) fn adopted(mut bytes: Vec<u8>, hashes: &[[u8; 32]]) -> Vec<u8> {
    let named = MAGIC.len() + 8;
    let count = bytes.get(8..12).map(|count| u32::from_le_bytes([count[0], count[1], count[2], count[3]]));
    if count == Some(hashes.len() as u32)
        && let Some(place) = bytes.get_mut(named..named + 32 * hashes.len())
    {
        place.copy_from_slice(hashes.as_flattened());
        let content = bytes.len() - CHECKSUM_BYTES;
        let sum = xxh3_64(&bytes[..content]);
        bytes[content..].copy_from_slice(&sum.to_le_bytes());
    }
    bytes
}

/// Stretches of a saved state that change independently, in order and without gaps: what stands before a memory, the
/// memory, what follows. Everything is one stretch if the bytes are no saved state.
fn parts(bytes: &[u8]) -> Vec<std::ops::Range<usize>> {
    let mut cuts = vec![0];
    let mut scan = || -> Option<()> {
        let mut input = Input(bytes.get(8..)?);
        let at = |input: &Input<'_>| bytes.len() - input.0.len();
        let count = u32::from_le_bytes(input.array().ok()?);
        for _ in 0..count {
            input.array::<32>().ok()?;
        }
        for _ in ["machine", "settings", "modules", "shared"] {
            input.section().ok()?;
        }
        for _ in 0..count {
            cuts.push(at(&input));
            input.section().ok()?;
            let guest = at(&input) + 8;
            let section = input.section().ok()?;
            let memory = u64::from_le_bytes(*section.first_chunk()?);
            cuts.push(guest + 8);
            cuts.push(guest + 8 + usize::try_from(memory).ok().filter(|&len| len <= section.len() - 8)?);
        }
        Some(())
    };
    if scan().is_none() {
        cuts.truncate(1);
    }
    cuts.push(bytes.len());
    cuts.dedup();
    cuts.windows(2).map(|pair| pair[0]..pair[1]).collect()
}

/// Chunks of a saved state: on a grid from the start of every part, so that a part that grows moves no page.
pub(crate) fn chunks(state: &[u8]) -> Vec<std::ops::Range<usize>> {
    let mut chunks = Vec::with_capacity(state.len() / CHUNK_BYTES + 8);
    for part in parts(state) {
        let mut start = part.start;
        while start < part.end {
            let end = part.end.min(start + CHUNK_BYTES);
            chunks.push(start..end);
            start = end;
        }
    }
    chunks
}
