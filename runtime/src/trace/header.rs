//! What a run depends on besides its inputs: rules of the machine, settings, cartridges.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::sync::Arc;

use cartwheel_bytecode::codec::Reader;
use cartwheel_bytecode::operand::Kind;
use cartwheel_bytecode::{Cartridge, Instr, Op, OpInfo};
use cartwheel_hostabi::{SyscallInfo, resolve};
use cartwheel_kernel::{QuotaError, Script};
use cartwheel_vm::{Limits, Program};
use thiserror::Error;
use xxhash_rust::xxh3::xxh3_128;

use super::wire::{Wire, Wrong, put_bytes, put_u64};
use crate::config::{Config, SEMANTICS_VERSION};
use crate::machine::Machine;
use crate::roster::Roster;

/// Numbers of the random generator and of the collector: those of `spec/machine.md`.
const RNG: &[u8] = b"xoshiro256**";
const COLLECTOR: &[u8] = b"yuasa 1";

/// Names of the rules that depend on what cartridges use.
const INSTRUCTIONS: &str = "instructions or cycle costs";
const SYSCALLS: &str = "syscalls";

/// Setting with the number of modules, if that is not the number of cartridges; and digest of which modules there are, if
/// they are not what loading the cartridges comes to.
const MODULES: &str = "modules";

/// Digests of what the cartridge store has begin so; the name follows.
const PROGRAM: &str = "program ";
/// In front of the name of a quota, among settings.
const QUOTA: &str = "quota.";

/// Largest cartridge that can be embedded, in bytes.
const MAX_CARTRIDGE_BYTES: usize = 1 << 28;

/// A cartridge of a recorded machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TracedCartridge {
    /// Content hash.
    pub hash: [u8; 32],
    /// Title, or where it came from: for people.
    pub name: String,
    /// The cartridge file, compressed with zstd, if it is embedded.
    pub(super) packed: Option<Vec<u8>>,
}

/// The head of a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// What decides the meaning of programs, by name: equal names have equal values, or the run means something else.
    pub semantics: Vec<(String, Vec<u8>)>,
    /// Settings of the machine by name.
    pub settings: Vec<(String, u64)>,
    /// Digests of other things that the run depends on (a policy, storage at the start), by name.
    pub digests: Vec<(String, Vec<u8>)>,
    /// The modules' cartridges in the order of their numbers, then those that modules can be loaded of later.
    pub cartridges: Vec<TracedCartridge>,
    /// Number of the first recorded frame.
    pub first_frame: u64,
    /// Text of the script of statuses that calls got, if there was one.
    pub script: Option<String>,
}

/// Why a trace cannot be replayed by this build.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Unfit {
    /// The machine has other rules.
    #[error("recorded by a machine with other {0}: its frames mean something else here")]
    Semantics(String),
    /// A setting has no meaning here.
    #[error("recorded with the setting `{0}`, which this build does not have")]
    UnknownSetting(String),
    /// A setting is out of range.
    #[error("recorded with {1} for the setting `{0}`, which is out of range")]
    Setting(String, u64),
    /// The script of statuses cannot be read.
    #[error("recorded with a script of statuses that this build cannot read: {0}")]
    Script(String),
}

/// The rules of this build, as far as programs with this code and these imports can see them.
///
/// Only the rows that are used count: an instruction or syscall that is added somewhere else changes no run.
pub fn semantics<'a>(cartridges: impl Iterator<Item = &'a Cartridge>) -> Vec<(String, Vec<u8>)> {
    let (mut ops, mut ids) = (BTreeSet::new(), BTreeSet::new());
    for cart in cartridges {
        ops.extend(cart.functions.iter().flat_map(|function| ops_of(&function.code)));
        ids.extend(cart.imports.iter().map(|import| import.id.as_str()));
    }
    let mut instructions = String::new();
    for op in ops {
        let row = op.info();
        let kinds: Vec<Kind> = row.operands.iter().map(|operand| operand.kind).collect();
        let OpInfo { number, mnemonic, cost, size_cost, flow, .. } = row;
        let _ = writeln!(instructions, "{number} {mnemonic} {cost} {size_cost:?} {flow:?} {kinds:?}");
    }
    let mut syscalls = String::new();
    for id in ids {
        let _ = match resolve(id) {
            Some(row) => {
                let SyscallInfo { id, cost, mode, statuses, .. } = row;
                writeln!(syscalls, "{id} {} {cost:?} {mode:?} {statuses:?}", row.signature())
            }
            None => writeln!(syscalls, "{id} unknown"),
        };
    }
    let digest = |text: &str| xxh3_128(text.as_bytes()).to_le_bytes().to_vec();
    [
        ("machine", SEMANTICS_VERSION.to_le_bytes().to_vec()),
        ("random generator", RNG.to_vec()),
        ("collector", COLLECTOR.to_vec()),
        (INSTRUCTIONS, digest(&instructions)),
        (SYSCALLS, digest(&syscalls)),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec()
}

/// The instructions in a function's code.
fn ops_of(code: &[u8]) -> BTreeSet<Op> {
    let mut input = Reader::new(code);
    let mut ops = BTreeSet::new();
    while !input.is_empty() {
        let Ok(instr) = Instr::decode(&mut input) else { break };
        ops.insert(instr.op());
    }
    ops
}

/// Settings by name. A setting that is not there has its default.
fn settings(config: &Config) -> Vec<(String, u64)> {
    let Config {
        seed,
        limits,
        cycles_per_frame,
        latency,
        max_requests,
        storage_bytes,
        read_only_storage,
        max_modules,
        max_loaded,
        quotas,
    } = *config;
    let Limits {
        max_frames,
        max_stack_cells,
        max_memory_pages,
        max_table_elements,
        max_heap_bytes,
        max_heap_objects,
    } = limits;
    let mut settings = vec![
        ("seed", seed),
        ("max_frames", max_frames.into()),
        ("max_stack_cells", max_stack_cells.into()),
        ("max_memory_pages", max_memory_pages.into()),
        ("max_table_elements", max_table_elements.into()),
        ("max_heap_bytes", max_heap_bytes),
        ("max_heap_objects", max_heap_objects.into()),
        ("latency", latency.into()),
        ("max_requests", max_requests.into()),
        ("storage_bytes", storage_bytes),
        ("read_only_storage", read_only_storage.into()),
        ("max_modules", max_modules.into()),
        ("max_loaded", max_loaded.into()),
    ];
    settings.extend(cycles_per_frame.map(|cycles| ("cycles_per_frame", cycles)));
    let mut settings: Vec<(String, u64)> =
        settings.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let set = quotas.iter().filter(|(info, value)| *value != info.default);
    settings.extend(set.map(|(info, value)| (format!("{QUOTA}{}", info.name), value.into())));
    settings
}

/// What a machine begins with besides its cartridges, by name: then only a state can make another one like it.
fn beginning(machine: &Machine) -> Vec<(String, Vec<u8>)> {
    let mut digests = Vec::new();
    if !machine.policy().is_built_in() {
        digests.push(("policy".to_owned(), machine.policy().digest().to_le_bytes().to_vec()));
    }
    for (name, stored) in &machine.store {
        digests.push((format!("{PROGRAM}{name}"), stored.encode()));
    }
    if let Some(ring) = machine.key_ring() {
        let digest = xxh3_128(ring.text().as_bytes()).to_le_bytes().to_vec();
        digests.push(("key ring".to_owned(), digest));
    }
    let supervised = machine.modules().any(|id| machine.supervisor(id).is_some());
    if (supervised || !Roster::is_loadable(machine))
        && let Some(hash) = Roster::hash(machine)
    {
        digests.push((MODULES.to_owned(), hash.to_le_bytes().to_vec()));
    }
    for module in machine.modules() {
        if let Some(storage) = machine.storage(module).filter(|storage| storage.files().next().is_some()) {
            digests.push((format!("storage of module {}", module.0), storage.content_hash().to_vec()));
        }
    }
    digests
}

impl Header {
    /// The head of a trace that begins with a machine's next frame. With `embed`, cartridges are part of it.
    pub fn of(machine: &Machine, embed: bool) -> Header {
        let mut programs: Vec<&Program> =
            machine.modules().map(|module| &**machine.instance(module).program()).collect();
        let others = machine.programs().filter(|program| {
            let hash = program.content_hash();
            programs.iter().all(|loaded| loaded.content_hash() != hash)
        });
        let others: Vec<&Program> = others.map(|program| &**program).collect();
        programs.extend(others);
        let cartridges = programs.iter().map(|program| TracedCartridge::of(program, embed));
        let mut settings = settings(machine.config());
        if programs.len() != machine.modules.len() {
            settings.push((MODULES.to_owned(), machine.modules.len() as u64));
        }
        Header {
            semantics: semantics(programs.iter().map(|program| program.cartridge())),
            settings,
            digests: beginning(machine),
            cartridges: cartridges.collect(),
            first_frame: machine.frame(),
            script: machine.script().map(|script| script.text().to_owned()),
        }
    }

    /// Adds a cartridge that a module can become or be loaded of later.
    pub(super) fn embed_later(&mut self, program: &Program) {
        if self.cartridges.iter().any(|cartridge| cartridge.hash == program.content_hash()) {
            return;
        }
        if self.settings.iter().all(|(name, _)| name != MODULES) {
            self.settings.push((MODULES.to_owned(), self.cartridges.len() as u64));
        }
        self.cartridges.push(TracedCartridge::of(program, true));
    }

    /// How many of the cartridges were loaded when recording began.
    pub fn loaded(&self) -> usize {
        let modules = self.settings.iter().find(|(name, _)| name == MODULES);
        modules.and_then(|&(_, count)| usize::try_from(count).ok()).unwrap_or(self.cartridges.len())
    }

    /// What the cartridge store has, by name.
    pub(super) fn store(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.digests.iter().filter_map(|(name, value)| Some((name.strip_prefix(PROGRAM)?, value.as_slice())))
    }

    /// True if loading those cartridges one after the other comes to the modules that recording began with.
    pub(super) fn is_loadable(&self) -> bool {
        self.digests.iter().all(|(name, _)| name != MODULES)
    }

    /// The script of statuses of the recorded machine, if it had one.
    ///
    /// # Errors
    ///
    /// If it names what this build does not have, or is no script.
    pub fn script(&self) -> Result<Option<Arc<Script>>, Unfit> {
        let Some(text) = &self.script else { return Ok(None) };
        let script = Script::parse(text).map_err(|errors| {
            let first = errors.first().map_or_else(String::new, ToString::to_string);
            Unfit::Script(first)
        })?;
        Ok(Some(Arc::new(script)))
    }

    /// The configuration of the recorded machine.
    ///
    /// # Errors
    ///
    /// If there is a setting that this build does not have, or one out of range.
    pub fn config(&self) -> Result<Config, Unfit> {
        let mut config = Config::default();
        for (name, value) in &self.settings {
            let value = *value;
            let small = || u32::try_from(value).map_err(|_| Unfit::Setting(name.clone(), value));
            let limits = &mut config.limits;
            if let Some(quota) = name.strip_prefix(QUOTA) {
                config.quotas.set(quota, value).map_err(|e| match e {
                    QuotaError::Unknown(_) => Unfit::UnknownSetting(name.clone()),
                    QuotaError::Range(..) => Unfit::Setting(name.clone(), value),
                })?;
                continue;
            }
            match name.as_str() {
                "seed" => config.seed = value,
                "max_frames" => limits.max_frames = small()?,
                "max_stack_cells" => limits.max_stack_cells = small()?,
                "max_memory_pages" => limits.max_memory_pages = small()?,
                "max_table_elements" => limits.max_table_elements = small()?,
                "max_heap_bytes" => limits.max_heap_bytes = value,
                "max_heap_objects" => limits.max_heap_objects = small()?,
                "latency" if value > 0 => config.latency = small()?,
                "max_requests" => config.max_requests = small()?,
                MODULES => {}
                "max_loaded" => config.max_loaded = small()?,
                "max_modules" => config.max_modules = small()?,
                "storage_bytes" => config.storage_bytes = value,
                "read_only_storage" if value <= 1 => config.read_only_storage = value == 1,
                "cycles_per_frame" if value > 0 => config.cycles_per_frame = Some(value),
                "cycles_per_frame" | "latency" | "read_only_storage" => {
                    return Err(Unfit::Setting(name.clone(), value));
                }
                _ => return Err(Unfit::UnknownSetting(name.clone())),
            }
        }
        Ok(config)
    }

    /// Compares the rules that the trace was recorded under with those of this build. `cartridges` are the recorded ones; without
    /// any, the rules that depend on what they use are left out.
    ///
    /// # Errors
    ///
    /// The first rule that differs.
    pub fn check_semantics<'a>(&self, cartridges: impl Iterator<Item = &'a Cartridge>) -> Result<(), Unfit> {
        let mut cartridges = cartridges.peekable();
        let known = cartridges.peek().is_some();
        let here = semantics(cartridges);
        for (name, value) in &self.semantics {
            if !known && [INSTRUCTIONS, SYSCALLS].contains(&name.as_str()) {
                continue;
            }
            if !here.iter().any(|(other, here)| other == name && here == value) {
                return Err(Unfit::Semantics(name.clone()));
            }
        }
        let missing = here.iter().find(|(name, _)| self.semantics.iter().all(|(other, _)| other != name));
        missing.map_or(Ok(()), |(name, _)| Err(Unfit::Semantics(name.clone())))
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for list in [&self.semantics, &self.digests] {
            put_u64(&mut out, list.len() as u64);
            for (name, value) in list {
                put_bytes(&mut out, name.as_bytes());
                put_bytes(&mut out, value);
            }
        }
        put_u64(&mut out, self.settings.len() as u64);
        for (name, value) in &self.settings {
            put_bytes(&mut out, name.as_bytes());
            put_u64(&mut out, *value);
        }
        put_u64(&mut out, self.cartridges.len() as u64);
        for TracedCartridge { hash, name, packed } in &self.cartridges {
            out.extend_from_slice(hash);
            put_bytes(&mut out, name.as_bytes());
            out.push(packed.is_some().into());
            if let Some(packed) = packed {
                put_bytes(&mut out, packed);
            }
        }
        put_u64(&mut out, self.first_frame);
        if let Some(script) = &self.script {
            put_bytes(&mut out, script.as_bytes());
        }
        out
    }

    pub(super) fn decode(mut wire: Wire<'_>) -> Result<Header, Wrong> {
        let named = |wire: &mut Wire<'_>| {
            let count = wire.count(2)?;
            (0..count)
                .map(|_| Ok((wire.text()?, wire.counted()?.to_vec())))
                .collect::<Result<Vec<_>, Wrong>>()
        };
        let semantics = named(&mut wire)?;
        let digests = named(&mut wire)?;
        let count = wire.count(2)?;
        let settings =
            (0..count).map(|_| Ok((wire.text()?, wire.u64()?))).collect::<Result<Vec<_>, Wrong>>()?;
        let count = wire.count(34)?;
        let cartridge = |wire: &mut Wire<'_>| {
            let (hash, name) = (wire.array()?, wire.text()?);
            let packed = match wire.u8()? {
                0 => None,
                1 => Some(wire.counted()?.to_vec()),
                _ => return Err("a flag is neither 0 nor 1"),
            };
            Ok(TracedCartridge { hash, name, packed })
        };
        let cartridges = (0..count).map(|_| cartridge(&mut wire)).collect::<Result<Vec<_>, Wrong>>()?;
        let first_frame = wire.u64()?;
        let script = if wire.0.is_empty() { None } else { Some(wire.text()?) };
        wire.end()?;
        // As many as a machine can count without wrapping.
        if first_frame > i64::MAX as u64 {
            return Err("the number of the first frame is out of range");
        }
        Ok(Header { semantics, settings, digests, cartridges, first_frame, script })
    }
}

impl TracedCartridge {
    fn of(program: &Program, embed: bool) -> TracedCartridge {
        let cart = program.cartridge();
        let pack = || zstd::bulk::compress(&cart.to_bytes(), 9).expect("compressing into memory cannot fail");
        TracedCartridge {
            hash: program.content_hash(),
            name: cart.manifest.title.clone(),
            packed: embed.then(pack),
        }
    }

    /// True if the cartridge itself is part of the trace.
    pub fn is_embedded(&self) -> bool {
        self.packed.is_some()
    }

    /// The embedded cartridge.
    ///
    /// # Errors
    ///
    /// If its bytes are no cartridge, or one with another hash.
    pub fn embedded(&self) -> Option<Result<Cartridge, String>> {
        let packed = self.packed.as_ref()?;
        Some(unpack(packed, MAX_CARTRIDGE_BYTES).and_then(|bytes| {
            let cart = Cartridge::from_bytes(&bytes).map_err(|e| e.to_string())?;
            if cart.content_hash() == self.hash {
                Ok(cart)
            } else {
                Err("the embedded cartridge is not the one that was recorded".to_owned())
            }
        }))
    }
}

/// Unpacks at most so many bytes: what claims more is not even begun.
pub(super) fn unpack(packed: &[u8], max: usize) -> Result<Vec<u8>, String> {
    let claimed = zstd::zstd_safe::get_frame_content_size(packed).ok().flatten();
    match claimed {
        Some(len) if len <= max as u64 => {
            let out = zstd::bulk::decompress(packed, len as usize).map_err(|e| e.to_string())?;
            if out.len() as u64 == len { Ok(out) } else { Err("compressed bytes are damaged".to_owned()) }
        }
        Some(len) => Err(format!("it claims {len} bytes uncompressed; at most {max} are read")),
        None => Err("compressed bytes do not say how long they are".to_owned()),
    }
}
