//! `cartwheel run`.

use std::path::Path;
use std::sync::Arc;

use cartwheel_bytecode::cartridge::EntryBody;
use cartwheel_runtime::host::Host;
use cartwheel_runtime::trace::RecordOptions;
use cartwheel_runtime::{
    Action, Config, Inputs, Machine, ModuleSetup, Script, ScriptError, Storage, SyncTest,
};

use crate::audit_log::AuditLog;
use crate::cli::RunArgs;
use crate::crowd::Crowd;
use crate::failure::{Exit, Failure};
use crate::machine_file::{self, Wishes};
use crate::realtime::Realtime;
use crate::session::{Said, Session};
use crate::storage::StorageFolder;
use crate::tape::{InputTape, Recording};
use crate::{files, policies, project, traces, wasm4};

/// Frames that are run if nothing else says how many.
const DEFAULT_FRAMES: u64 = 600;

/// Runs a cartridge.
pub fn run(args: &RunArgs) -> Result<Exit, Failure> {
    if !args.more.is_empty() || args.cartridge.extension().is_some_and(|name| name == machine_file::EXTENSION)
    {
        return run_machine(args);
    }
    let mut loaded = project::load_declaring(&args.cartridge, args.declare.as_deref())?;
    if let Some(font) = &args.wasm4_font {
        wasm4::bring_font(&mut loaded.cart, font)?;
    }
    let path = loaded.path.clone();
    let program = loaded.verify()?;
    let entry = &program.cartridge().manifest.entry;
    if entry.starts.is_empty() && entry.body == EntryBody::Library {
        return Err(Failure::file(
            &path,
            "there is nothing to run: it is a library, without `main` or `update`",
        ));
    }
    let inputs = args.input.as_deref().map(read_inputs).transpose()?;
    let config = Config {
        seed: args.seed.unwrap_or(0),
        cycles_per_frame: args.cycles,
        latency: args.latency.unwrap_or(Config::default().latency),
        ..Config::default()
    };
    let mut machine = Machine::new(config);
    if let Some(threads) = args.threads {
        let failed = |e| Failure::new(format!("cannot start {threads} threads: {e}"));
        machine.set_host(Host::with_threads(threads).map_err(failed)?);
    }
    let policy = args.policy.as_deref().map(policies::read).transpose()?;
    if let Some(policy) = policy.clone() {
        machine.set_policy(policy);
    }
    machine.set_script(args.mock.as_deref().map(read_script).transpose()?);
    let mut audit = None;
    if let Some(path) = &args.audit {
        let (log, auditor) = AuditLog::new(path, args.audit_key.as_deref())?;
        machine.observe(Box::new(auditor));
        audit = Some(log);
    }
    let folder = args.storage.as_deref().map(|path| StorageFolder::open(path, config.storage_bytes));
    let (folder, files) = folder.transpose()?.unzip();
    let files = files.unwrap_or_else(|| Storage::new(config.storage_bytes));
    let module = machine
        .load_with(program.clone(), ModuleSetup { storage: Some(files), ..Default::default() })
        .map_err(|e| Failure::file(&path, e))?;
    if args.storage.is_some() && machine.storage(module).is_none() {
        return Err(Failure::file(&path, "it has no files to keep: it declares no `.capability fs`"));
    }
    if let Some(path) = &args.load_state {
        machine.restore(&files::read(path)?).map_err(|e| Failure::file(path, e))?;
        // A state brings the policy of its machine; the one that was asked for takes its place.
        if let Some(policy) = policy.filter(|policy| policy != machine.policy()) {
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
        machine = traces::machine_at_end(path, &trace, &program)?;
        resumed = Some(trace);
    }
    let left = inputs.as_ref().map(|inputs| inputs.len().saturating_sub(machine.frame()));
    let frames = args.frames.or(left).unwrap_or(DEFAULT_FRAMES);
    let mut session = Session::new(&args.output, &args.cartridge, &program, machine, frames)?;
    let recording = match (&args.record, &resumed) {
        (Some(path), Some(trace)) => Some(Recording::resume(path, trace, options)?),
        (Some(path), None) => Some(Recording::create(path, &session.machine, options)?),
        (None, _) => None,
    };
    let mut tape = InputTape {
        module,
        inputs: inputs.unwrap_or_default(),
        recording,
        sync_test: args.sync_test.map(SyncTest::new),
        folders: folder.into_iter().map(|folder| (module, folder)).collect(),
        audit,
        recover_after: args.recover_after,
        quarantined: 0,
        realtime: Realtime::default(),
    };
    tape.audit.as_mut().map_or(Ok(()), AuditLog::create)?;
    let ran = session.timed(&mut tape);
    // However the run ended: what was stored is written, and what was recorded is closed.
    drop(session.machine.stop_observing());
    let closed = tape.finish();
    let (stop, seconds) = ran?;
    session.outputs.finish(&session.machine, module, args.output.scale)?;
    let said = Said {
        realtime: args.realtime_check.then_some(&tape.realtime),
        audit: tape.audit.as_ref(),
        replayed: false,
    };
    session.report(&args.output, &args.cartridge, stop, seconds, said)?;
    closed?;
    Ok(stop.exit())
}

/// Runs several modules.
fn run_machine(args: &RunArgs) -> Result<Exit, Failure> {
    let only_one = [
        ("--declare", args.declare.is_some()),
        ("--storage", args.storage.is_some()),
        ("--wasm4-font", args.wasm4_font.is_some()),
        ("--recover-after", args.recover_after.is_some()),
        ("--realtime-check", args.realtime_check),
        ("--resume", args.resume),
    ];
    if let Some((option, _)) = only_one.iter().find(|(_, given)| *given) {
        let help = "a machine file can say it for each module, where it is about modules";
        return Err(Failure::new(format!("{option} is for a run of one module; {help}")));
    }
    let inputs = args.input.as_deref().map(read_inputs).transpose()?;
    let wishes = Wishes {
        seed: args.seed,
        cycles: args.cycles,
        latency: args.latency,
        policy: args.policy.as_deref(),
    };
    let mut audit = None;
    let prepare = |machine: &mut Machine| {
        if let Some(threads) = args.threads {
            let failed = |e| Failure::new(format!("cannot start {threads} threads: {e}"));
            machine.set_host(Host::with_threads(threads).map_err(failed)?);
        }
        machine.set_script(args.mock.as_deref().map(read_script).transpose()?);
        if let Some(path) = &args.audit {
            let (log, auditor) = AuditLog::new(path, args.audit_key.as_deref())?;
            machine.observe(Box::new(auditor));
            audit = Some(log);
        }
        Ok(())
    };
    let made = if args.more.is_empty() {
        machine_file::read(&args.cartridge, &wishes, prepare)?
    } else {
        let paths = [&args.cartridge].into_iter().chain(&args.more).map(|path| path.as_path());
        machine_file::of_cartridges(paths, &wishes, prepare)?
    };
    let machine_file::Made { mut machine, members, folders } = made;
    if args.sync_test.is_some() && !folders.is_empty() {
        return Err(Failure::new("--sync-test is for modules without folders of files"));
    }
    if let Some(path) = &args.load_state {
        machine.restore(&files::read(path)?).map_err(|e| Failure::file(path, e))?;
    }
    let left = inputs.as_ref().map(|inputs| inputs.len().saturating_sub(machine.frame()));
    let frames = args.frames.or(left).unwrap_or(DEFAULT_FRAMES);
    let keyframes = if args.load_state.is_some() && args.keyframes == 0 { u64::MAX } else { args.keyframes };
    let options = RecordOptions { keyframes, components: args.components, embed: args.embed };
    let first = members.first().map_or(cartwheel_runtime::ModuleId(0), |member| member.id);
    let mut crowd = Crowd::new(&args.output, machine, members, frames)?;
    let recording = args.record.as_ref().map(|path| Recording::create(path, &crowd.machine, options));
    let mut tape = InputTape {
        module: first,
        inputs: inputs.unwrap_or_default(),
        recording: recording.transpose()?,
        sync_test: args.sync_test.map(SyncTest::new),
        folders,
        audit,
        recover_after: None,
        quarantined: 0,
        realtime: Realtime::default(),
    };
    tape.audit.as_mut().map_or(Ok(()), AuditLog::create)?;
    let ran = crowd.timed(&mut tape);
    drop(crowd.machine.stop_observing());
    let closed = tape.finish();
    let (stop, seconds) = ran?;
    crowd.finish(&args.output)?;
    crowd.report(&args.output, stop, seconds)?;
    closed?;
    Ok(crowd.exit(stop))
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

pub fn read_inputs(path: &Path) -> Result<Inputs, Failure> {
    Inputs::parse(&files::read(path)?).map_err(|e| Failure::new(e.render(&path.display().to_string())))
}
