//! `cartwheel run`.

use cartwheel_runtime::trace::RecordOptions;
use cartwheel_runtime::{Action, SyncTest};

use crate::audit_log::AuditLog;
use crate::cli::RunArgs;
use crate::failure::{Exit, Failure};
use crate::session::{Said, Session};
use crate::setup::read_inputs;
use crate::tape::Recording;
use crate::{live, traces};

/// Frames that are run if nothing else says how many.
const DEFAULT_FRAMES: u64 = 600;

/// Runs cartridges, or the machine that a file describes.
pub fn run(args: &RunArgs) -> Result<Exit, Failure> {
    let inputs = args.input.as_deref().map(read_inputs).transpose()?;
    let mut ready = args.machine.ready(&args.cartridge, &args.more, args.output.module.as_deref())?;
    if !ready.folders.is_empty() && (args.sync_test.is_some() || args.resume) {
        let option = if args.resume { "--resume" } else { "--sync-test" };
        let help = "leave `storage` out of the machine file: files are part of a state";
        return Err(Failure::new(format!("{option} is for modules without folders of files; {help}")));
    }
    if let Some(path) = &args.load_state {
        ready.load_state(path)?;
        // A state brings the policy of its machine; the one that was asked for takes its place.
        if let Some(policy) =
            args.machine.wishes().policy()?.filter(|policy| policy != ready.machine.policy())
        {
            let set = ready.machine.queue(Action::SetPolicy { text: policy.text().to_owned() });
            set.expect("a policy that was read from this text");
        }
    }
    // A trace of a run that goes on has to have the state that it goes on from.
    let keyframes = if args.load_state.is_some() && args.keyframes == 0 { u64::MAX } else { args.keyframes };
    let options = RecordOptions { keyframes, components: args.components, embed: args.embed };
    let mut resumed = None;
    if let (Some(path), true) = (&args.record, args.resume) {
        let trace = traces::open(path)?;
        ready.machine = traces::machine_at_end(path, &trace, &ready.machine)?;
        resumed = Some(trace);
    }
    ready.check_feed(&args.cartridge)?;
    let left = inputs.as_ref().map(|inputs| inputs.len().saturating_sub(ready.machine.frame()));
    let frames = args.frames.or(left).unwrap_or(DEFAULT_FRAMES);
    let (machine, crowd, mut tape) = ready.tape(&args.machine, inputs.unwrap_or_default());
    let mut session = Session::new(&args.output, &args.cartridge, crowd, machine, frames)?;
    tape.recording = match (&args.record, &resumed) {
        (Some(path), Some(trace)) => Some(Recording::resume(path, trace, options)?),
        (Some(path), None) => Some(Recording::create(path, &session.machine, options)?),
        (None, _) => None,
    };
    tape.sync_test = args.sync_test.map(SyncTest::new);
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
