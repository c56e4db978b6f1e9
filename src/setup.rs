//! The machine that a command runs: what can be asked of it, and making it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cartwheel_bytecode::cartridge::EntryBody;
use cartwheel_runtime::host::Host;
use cartwheel_runtime::{Inputs, Journal, Machine, ModuleId, Script, ScriptError};
use clap::Args;

use crate::audit_log::AuditLog;
use crate::cli::{MountArgs, RingArgs};
use crate::crowd::Crowd;
use crate::failure::Failure;
use crate::machine_file::{self, Made};
use crate::messages::Feed;
use crate::mounts::Mounts;
use crate::realtime::Realtime;
use crate::storage::StorageFolder;
use crate::tape::InputTape;
use crate::wishes::Wishes;
use crate::{crowd, files, signatures};

/// What can be asked of a machine that runs cartridges.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
pub struct MachineArgs {
    /// Capabilities that a WebAssembly module may need at most [default: those that its imports need]
    #[arg(long, value_name = "CAPABILITY", value_delimiter = ',')]
    pub declare: Option<Vec<String>>,
    /// Messages for the cartridge's stdin, `-` for those on standard input: a text a line, or JSON if FILE ends in .jsonl
    #[arg(long, value_name = "FILE")]
    pub stdin: Option<PathBuf>,
    /// Datagrams that come from other machines: a line of JSON each, with frame, machine, from, to and payload
    #[arg(long, value_name = "FILE")]
    pub net: Option<PathBuf>,
    /// Seed of the random generator [default: 0]
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Cycles per frame instead of those that the cartridge asks for
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub cycles: Option<u64>,
    /// Folder with the cartridge's files, or a folder for each of several: read at the start, kept in step with them [default:
    /// files are forgotten]
    #[arg(long, value_name = "DIR")]
    pub storage: Option<PathBuf>,
    /// Bytes that the files of the cartridge can have together
    #[arg(long, value_name = "BYTES", value_parser = clap::value_parser!(u64).range(1..=1 << 30))]
    pub storage_quota: Option<u64>,
    /// Let the cartridge read its files only
    #[arg(long)]
    pub read_only: bool,
    /// Frames from a staged call to its result [default: 1]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub latency: Option<u32>,
    /// Threads that do staged work, with no effect on results [default: it is done at once]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=64))]
    pub threads: Option<u32>,
    /// Policy, instead of the built-in one, which allows what the cartridge declares
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// Take the cartridge out of quarantine when it has been in it for so many frames, instead of ending with status 5
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub recover_after: Option<u64>,
    /// Font of a WASM-4 game: 1,792 bytes, 8 for each of the codes from 32 on
    #[arg(long, value_name = "FILE")]
    pub wasm4_font: Option<PathBuf>,
    /// Script of statuses that calls get instead of being done, to test how a cartridge handles them
    #[arg(long, value_name = "FILE")]
    pub mock: Option<PathBuf>,
    /// Keep an audit log of every syscall
    #[arg(long, value_name = "FILE")]
    pub audit: Option<PathBuf>,
    /// Key that signs the audit log; it is made if there is no such file, and FILE.pub with its public key
    #[arg(long, value_name = "FILE", requires = "audit")]
    pub audit_key: Option<PathBuf>,
    /// Whose signatures count.
    #[command(flatten)]
    pub ring: RingArgs,
    /// Where the cartridges are that it asks for.
    #[command(flatten)]
    pub mounts: MountArgs,
}

/// A machine that is ready to run, with what the host does beside it.
pub struct Ready {
    /// It.
    pub machine: Machine,
    /// Its modules.
    pub crowd: Crowd,
    /// Folders that mirror modules' files.
    pub folders: Vec<(ModuleId, StorageFolder)>,
    mounts: Mounts,
    feed: Option<Feed>,
    journal: Option<Journal>,
    audit: Option<AuditLog>,
}

/// A module as it was loaded, or as a state has it.
struct Loaded {
    id: ModuleId,
    /// What people call it.
    name: String,
    /// What a machine file calls it.
    own_name: Option<String>,
    /// Content hash of its program.
    hash: [u8; 32],
    supervised: bool,
}

impl MachineArgs {
    /// What is asked for, over what cartridges and machine files say.
    pub fn wishes(&self) -> Wishes<'_> {
        Wishes {
            seed: self.seed,
            cycles: self.cycles,
            latency: self.latency,
            policy: self.policy.as_deref(),
            storage: self.storage.as_deref(),
            storage_bytes: self.storage_quota,
            read_only: self.read_only,
            declare: self.declare.as_deref(),
            wasm4_font: self.wasm4_font.as_deref(),
        }
    }

    /// Makes the machine of a machine file, or of a cartridge and more of them. `chosen` is the module that is meant, if one is.
    pub fn ready(&self, cartridge: &Path, more: &[PathBuf], chosen: Option<&str>) -> Result<Ready, Failure> {
        let file = cartridge.extension().is_some_and(|name| name == machine_file::EXTENSION);
        let mounts = Mounts::open(&self.mounts)?;
        let journal = self.net.as_deref().map(read_journal).transpose()?;
        let feed = self.stdin.as_deref().map(Feed::read).transpose()?;
        let mut audit = None;
        let prepare = |machine: &mut Machine| self.prepare(machine, &mut audit);
        let wishes = self.wishes();
        let Made { machine, members, folders } = match file {
            true if !more.is_empty() => {
                let help = "name the cartridges in it as [[module]]";
                return Err(Failure::file(&more[0], format!("a machine file is a whole machine; {help}")));
            }
            true => machine_file::read(cartridge, &wishes, prepare)?,
            false => {
                let paths: Vec<&Path> = [cartridge].into_iter().chain(more.iter().map(|p| &**p)).collect();
                machine_file::of_cartridges(&paths, &wishes, prepare)?
            }
        };
        let crowd = match file || !more.is_empty() {
            true => Crowd::new(&machine, members, chosen)?,
            false => Crowd::alone(&machine, cartridge, chosen)?,
        };
        if !machine.modules().any(|id| has_entry(&machine, id)) {
            let message = "there is nothing to run: it is a library, without `main` or `update`";
            return Err(Failure::file(cartridge, message));
        }
        Ok(Ready { machine, crowd, folders, mounts, feed, journal, audit })
    }

    /// What is asked of a machine before anything is loaded.
    fn prepare(&self, machine: &mut Machine, audit: &mut Option<AuditLog>) -> Result<(), Failure> {
        if let Some(threads) = self.threads {
            let failed = |e| Failure::new(format!("cannot start {threads} threads: {e}"));
            machine.set_host(Host::with_threads(threads).map_err(failed)?);
        }
        machine.set_key_ring(signatures::ring(&self.ring)?);
        machine.set_script(self.mock.as_deref().map(read_script).transpose()?);
        if let Some(path) = &self.audit {
            let (log, auditor) = AuditLog::new(path, self.audit_key.as_deref())?;
            machine.observe(Box::new(auditor));
            *audit = Some(log);
        }
        Ok(())
    }
}

impl Ready {
    /// Gives the machine a saved state, whose modules must be those that were loaded: under the same numbers, and all of them.
    pub fn load_state(&mut self, path: &Path) -> Result<(), Failure> {
        let loaded: Vec<Loaded> = self.crowd.iter().map(|(id, seen)| self.loaded(id, &seen.name)).collect();
        self.machine.restore(&files::read(path)?).map_err(|e| Failure::file(path, e))?;
        let help = "give the cartridges of the run that saved it, in its order";
        for was in &loaded {
            let Loaded { id, name, .. } = was;
            if !self.machine.has(*id) {
                // Only who supervises a module unloads it.
                if was.supervised {
                    continue;
                }
                let message = format!("it has no module {}, and {name} was loaded as that; {help}", id.0);
                return Err(Failure::file(path, message));
            }
            let now = self.loaded(*id, name);
            // A module that became another program has no name of its own, or the one that it had.
            let replaced = was.own_name.is_some() && was.own_name == now.own_name;
            let other = loaded.iter().find(|other| other.hash == now.hash);
            if let Some(Loaded { name: other, .. }) = other.filter(|_| now.hash != was.hash && !replaced) {
                let message =
                    format!("module {} is {other} in it, and {name} was loaded as that; {help}", id.0);
                return Err(Failure::file(path, message));
            }
        }
        // Without a store nobody but the host loads modules.
        let more = self.machine.modules().find(|id| loaded.iter().all(|was| was.id != *id));
        if let Some(id) = more.filter(|_| self.machine.store().next().is_none()) {
            let name = crowd::title(&self.machine, id);
            let message = format!("it has a module {} ({name}) that was not loaded; {help}", id.0);
            return Err(Failure::file(path, message));
        }
        Ok(())
    }

    fn loaded(&self, id: ModuleId, name: &str) -> Loaded {
        Loaded {
            id,
            name: name.to_owned(),
            own_name: self.machine.name(id).map(str::to_owned),
            hash: self.machine.instance(id).program().content_hash(),
            supervised: self.machine.supervisor(id).is_some(),
        }
    }

    /// Fails if there are messages for a module that reads none. `place` is what people call what runs.
    pub fn check_feed(&self, place: &Path) -> Result<(), Failure> {
        let fed = self.fed();
        if self.feed.is_none() || fed.is_some_and(|id| self.machine.has_ports(id)) {
            return Ok(());
        }
        let message = match fed {
            Some(id) => {
                format!("{} reads no messages: it declares no `.capability port`", self.crowd.name(id))
            }
            None => "--stdin feeds a module that is there from the beginning".to_owned(),
        };
        Err(Failure::file(place, message))
    }

    /// The module that messages are for, if it is there.
    fn fed(&self) -> Option<ModuleId> {
        self.crowd.first().filter(|&id| self.machine.has(id))
    }

    /// The machine, its modules, and a tape of inputs that does what the host does.
    pub fn tape(self, args: &MachineArgs, inputs: Inputs) -> (Machine, Crowd, InputTape) {
        let module = self.fed().unwrap_or(ModuleId(0));
        let Ready { machine, crowd, folders, mounts, feed, journal, audit } = self;
        let tape = InputTape {
            module,
            inputs,
            recording: None,
            mounts,
            sync_test: None,
            folders,
            feed,
            journal,
            audit,
            recover_after: args.recover_after,
            quarantined: BTreeMap::new(),
            realtime: Realtime::default(),
            warnings: Vec::new(),
        };
        (machine, crowd, tape)
    }
}

/// True if a module does anything by itself.
fn has_entry(machine: &Machine, module: ModuleId) -> bool {
    let entry = &machine.instance(module).program().cartridge().manifest.entry;
    !entry.starts.is_empty() || entry.body != EntryBody::Library
}

fn read_script(path: &Path) -> Result<Arc<Script>, Failure> {
    let text = files::read_text(path)?;
    let file = path.display().to_string();
    let shown = |errors: Vec<ScriptError>| -> Vec<String> {
        errors.iter().map(|error| error.render("error", &file)).collect()
    };
    Script::parse(&text).map(Arc::new).map_err(|errors| Failure::new(shown(errors).join("\n")))
}

fn read_journal(path: &Path) -> Result<Journal, Failure> {
    let text = files::read_text(path)?;
    Journal::parse(&text).map_err(|e| Failure::file(path, e))
}

/// Reads inputs in text form.
pub fn read_inputs(path: &Path) -> Result<Inputs, Failure> {
    Inputs::parse(&files::read(path)?).map_err(|e| Failure::new(e.render(&path.display().to_string())))
}
