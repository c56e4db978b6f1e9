//! `cartwheel run`.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use cartwheel_bytecode::cartridge::EntryBody;
use cartwheel_runtime::host::Host;
use cartwheel_runtime::trace::RecordOptions;
use cartwheel_runtime::{Action, Inputs, Journal, Machine, ModuleId, Script, ScriptError, SyncTest};

use crate::audit_log::AuditLog;
use crate::cli::RunArgs;
use crate::crowd::Crowd;
use crate::failure::{Exit, Failure};
use crate::machine_file::{self, Made};
use crate::messages::Feed;
use crate::mounts::Mounts;
use crate::realtime::Realtime;
use crate::session::{Said, Session};
use crate::tape::{InputTape, Recording};
use crate::wishes::Wishes;
use crate::{files, live, signatures, traces};

/// Frames that are run if nothing else says how many.
const DEFAULT_FRAMES: u64 = 600;

/// Runs cartridges, or the machine that a file describes.
pub fn run(args: &RunArgs) -> Result<Exit, Failure> {
    let file = args.cartridge.extension().is_some_and(|name| name == machine_file::EXTENSION);
    let inputs = args.input.as_deref().map(read_inputs).transpose()?;
    let mounts = Mounts::open(&args.mounts)?;
    let journal = args.net.as_deref().map(read_journal).transpose()?;
    let feed = args.stdin.as_deref().map(Feed::read).transpose()?;
    let mut audit = None;
    let prepare = |machine: &mut Machine| prepare(args, machine, &mut audit);
    let wishes = wishes(args);
    let Made { mut machine, members, folders } = match file {
        true if !args.more.is_empty() => {
            let help = "name the cartridges in it as [[module]]";
            return Err(Failure::file(&args.more[0], format!("a machine file is a whole machine; {help}")));
        }
        true => machine_file::read(&args.cartridge, &wishes, prepare)?,
        false => {
            let paths: Vec<&Path> = [&args.cartridge].into_iter().chain(&args.more).map(|p| &**p).collect();
            machine_file::of_cartridges(&paths, &wishes, prepare)?
        }
    };
    let chosen = args.output.module.as_deref();
    let crowd = match file || !args.more.is_empty() {
        true => Crowd::new(&machine, members, chosen)?,
        false => Crowd::alone(&machine, &args.cartridge, chosen)?,
    };
    if !machine.modules().any(|id| has_entry(&machine, id)) {
        let message = "there is nothing to run: it is a library, without `main` or `update`";
        return Err(Failure::file(&args.cartridge, message));
    }
    if !folders.is_empty() && (args.sync_test.is_some() || args.resume) {
        let option = if args.resume { "--resume" } else { "--sync-test" };
        let help = "leave `storage` out of the machine file: files are part of a state";
        return Err(Failure::new(format!("{option} is for modules without folders of files; {help}")));
    }
    if let Some(path) = &args.load_state {
        machine.restore(&files::read(path)?).map_err(|e| Failure::file(path, e))?;
        // A state brings the policy of its machine; the one that was asked for takes its place.
        if let Some(policy) = wishes.policy()?.filter(|policy| policy != machine.policy()) {
            let set = machine.queue(Action::SetPolicy { text: policy.text().to_owned() });
            set.expect("a policy that was read from this text");
        }
    }
    // A trace of a run that goes on has to have the state that it goes on from.
    let keyframes = if args.load_state.is_some() && args.keyframes == 0 { u64::MAX } else { args.keyframes };
    let options = RecordOptions { keyframes, components: args.components, embed: args.embed };
    let mut resumed = None;
    if let (Some(path), true) = (&args.record, args.resume) {
        let trace = traces::open(path)?;
        machine = traces::machine_at_end(path, &trace, &machine)?;
        resumed = Some(trace);
    }
    let module = crowd.first();
    if feed.is_some() && !(machine.has(module) && machine.has_ports(module)) {
        let name = crowd.name(module);
        let message = format!("{name} reads no messages: it declares no `.capability port`");
        return Err(Failure::file(&args.cartridge, message));
    }
    let left = inputs.as_ref().map(|inputs| inputs.len().saturating_sub(machine.frame()));
    let frames = args.frames.or(left).unwrap_or(DEFAULT_FRAMES);
    let mut session = Session::new(&args.output, &args.cartridge, crowd, machine, frames)?;
    let recording = match (&args.record, &resumed) {
        (Some(path), Some(trace)) => Some(Recording::resume(path, trace, options)?),
        (Some(path), None) => Some(Recording::create(path, &session.machine, options)?),
        (None, _) => None,
    };
    let mut tape = InputTape {
        module,
        inputs: inputs.unwrap_or_default(),
        recording,
        mounts,
        sync_test: args.sync_test.map(SyncTest::new),
        folders,
        feed,
        journal,
        audit,
        recover_after: args.recover_after,
        quarantined: BTreeMap::new(),
        realtime: Realtime::default(),
        warnings: Vec::new(),
    };
    tape.audit.as_mut().map_or(Ok(()), AuditLog::create)?;
    let ran = match args.live {
        true => {
            let until = args.frames.map(|frames| session.machine.frame().saturating_add(frames));
            let options = live::Options { hold_frames: args.hold, slot: args.slot.clone(), until };
            session.time(|session| live::play(session, &mut tape, options))
        }
        false => session.timed(&mut tape),
    };
    // However the run ended: what was stored is written, and what was recorded is closed.
    drop(session.machine.stop_observing());
    let closed = tape.finish();
    let (stop, seconds) = ran?;
    session.finish()?;
    let said = Said {
        realtime: args.realtime_check.then_some(&tape.realtime),
        audit: tape.audit.as_ref(),
        replayed: false,
    };
    session.report(&args.output, stop, seconds, said)?;
    closed?;
    Ok(session.crowd.exit(stop))
}

fn wishes(args: &RunArgs) -> Wishes<'_> {
    Wishes {
        seed: args.seed,
        cycles: args.cycles,
        latency: args.latency,
        policy: args.policy.as_deref(),
        storage: args.storage.as_deref(),
        storage_bytes: args.storage_quota,
        read_only: args.read_only,
        declare: args.declare.as_deref(),
        wasm4_font: args.wasm4_font.as_deref(),
    }
}

/// What is asked of a machine before anything is loaded.
fn prepare(args: &RunArgs, machine: &mut Machine, audit: &mut Option<AuditLog>) -> Result<(), Failure> {
    if let Some(threads) = args.threads {
        let failed = |e| Failure::new(format!("cannot start {threads} threads: {e}"));
        machine.set_host(Host::with_threads(threads).map_err(failed)?);
    }
    machine.set_key_ring(signatures::ring(&args.ring)?);
    machine.set_script(args.mock.as_deref().map(read_script).transpose()?);
    if let Some(path) = &args.audit {
        let (log, auditor) = AuditLog::new(path, args.audit_key.as_deref())?;
        machine.observe(Box::new(auditor));
        *audit = Some(log);
    }
    Ok(())
}

/// True if a module does anything by itself.
fn has_entry(machine: &Machine, module: ModuleId) -> bool {
    let entry = &machine.instance(module).program().cartridge().manifest.entry;
    !entry.starts.is_empty() || entry.body != EntryBody::Library
}

fn read_script(path: &Path) -> Result<Arc<Script>, Failure> {
    let text =
        String::from_utf8(files::read(path)?).map_err(|_| Failure::file(path, "it is not UTF-8 text"))?;
    let file = path.display().to_string();
    let shown = |errors: Vec<ScriptError>| -> Vec<String> {
        errors.iter().map(|error| error.render("error", &file)).collect()
    };
    Script::parse(&text).map(Arc::new).map_err(|errors| Failure::new(shown(errors).join("\n")))
}

fn read_journal(path: &Path) -> Result<Journal, Failure> {
    let text =
        String::from_utf8(files::read(path)?).map_err(|_| Failure::file(path, "it is not UTF-8 text"))?;
    Journal::parse(&text).map_err(|e| Failure::file(path, e))
}

/// Reads inputs in text form.
pub fn read_inputs(path: &Path) -> Result<Inputs, Failure> {
    Inputs::parse(&files::read(path)?).map_err(|e| Failure::new(e.render(&path.display().to_string())))
}
