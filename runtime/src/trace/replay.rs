//! Running a trace again.

use std::collections::BTreeSet;
use std::sync::Arc;

use cartwheel_bytecode::Cartridge;
use cartwheel_kernel::ModuleId;
use cartwheel_vm::Program;
use thiserror::Error;

use super::file::{Trace, TraceError};
use super::frame::{TracedFrame, components};
use super::header::Unfit;
use super::record::Damage;
use crate::action::Action;
use crate::load::LoadError;
use crate::machine::{Machine, Panic};
use crate::report::FrameReport;
use crate::snapshot::RestoreError;
use crate::store::Stored;

/// Why a trace cannot be replayed, or no further.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ReplayError {
    /// It was recorded under other rules.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// Its cartridge cannot be loaded.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// It is damaged.
    #[error(transparent)]
    Trace(#[from] TraceError),
    /// The state at its beginning does not fit the machine.
    #[error("keyframe of frame {frame}: {error}")]
    Restore {
        /// Number of the frame that follows the keyframe.
        frame: u64,
        /// Why not.
        error: RestoreError,
    },
    /// Other cartridges can only be run from frame 0 on, without a policy and files of the recorded run.
    #[error(
        "the trace begins with frame {0} from a state (later, with a policy, or with files) that only the recorded cartridge has"
    )]
    OtherCartridge(u64),
    /// A frame has an event that this build knows nothing of.
    #[error("frame {frame} has an event of kind {kind}, which this build cannot replay")]
    Event {
        /// The frame.
        frame: u64,
        /// The event's kind.
        kind: u32,
    },
    /// The host broke one of its own invariants.
    #[error(transparent)]
    Panic(#[from] Panic),
}

impl From<Damage> for ReplayError {
    fn from(damage: Damage) -> ReplayError {
        ReplayError::Trace(damage.into())
    }
}

/// A frame whose state is not the recorded one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// The frame.
    pub frame: u64,
    /// Recorded and found root of the state's hash.
    pub roots: (u128, u128),
    /// Components that differ: module (`None` for the machine) and name. `None` if the frame was recorded without hashes of
    /// its components.
    pub components: Option<Vec<(Option<u32>, String)>>,
}

impl Trace {
    /// A machine that stands where the trace begins, with these programs instead of the recorded ones if they are others.
    ///
    /// # Errors
    ///
    /// If such a machine cannot be made here.
    pub fn machine(&self, programs: &[Arc<Program>]) -> Result<Machine, ReplayError> {
        let mut machine = self.fresh_machine(programs)?;
        let first = self.header().first_frame;
        let recorded = self.is_of(programs);
        match self.keyframes().first() {
            Some(at) if at.frame == first && recorded => self.restore(&mut machine, first)?,
            _ if (first > 0 || !self.header().digests.is_empty()) && !recorded => {
                return Err(ReplayError::OtherCartridge(first));
            }
            _ if first > 0 || !self.header().digests.is_empty() => {
                let message = "the trace does not begin with the state that it needs".to_owned();
                return Err(TraceError::Keyframe { frame: first, message }.into());
            }
            _ => {}
        }
        Ok(machine)
    }

    pub(super) fn fresh_machine(&self, programs: &[Arc<Program>]) -> Result<Machine, ReplayError> {
        let mut machine = Machine::new(self.header().config()?);
        machine.set_script(self.header().script()?);
        // Modules of another sort are in the state that the trace begins with.
        if self.header().is_loadable() {
            for program in programs.iter().take(self.header().loaded()) {
                machine.load(program.clone())?;
            }
        }
        // Modules can be loaded of these later.
        programs.iter().for_each(|program| machine.add_program(program.clone()));
        // That a program is another one is no difference by itself: what it does is.
        let loaded = programs.iter().zip(&self.header().cartridges).take(self.header().loaded());
        for (number, (program, recorded)) in (0..).zip(loaded) {
            machine.stand_ins.insert(ModuleId(number), (program.content_hash(), recorded.hash));
        }
        for (name, stored) in self.header().store() {
            // What is wrong shows as a state that does not fit, or a load that fails.
            if let Some((hash, setup)) = Stored::decode(stored)
                && let Some(program) = programs.iter().find(|program| program.content_hash() == hash)
            {
                machine.add_to_store(name, program.clone(), setup);
            }
        }
        let later = self.header().cartridges.iter().skip(self.header().loaded());
        let embedded = later.filter_map(|cartridge| cartridge.embedded()?.ok());
        embedded.filter_map(|cart| Program::new(cart).ok()).for_each(|program| machine.add_program(program));
        Ok(machine)
    }

    /// True if these are the recorded programs: those that were loaded, then any of the others.
    pub fn is_of(&self, programs: &[Arc<Program>]) -> bool {
        let recorded = &self.header().cartridges;
        let (loaded, later) = recorded.split_at(self.header().loaded().min(recorded.len()));
        let given: Vec<[u8; 32]> = programs.iter().map(|program| program.content_hash()).collect();
        let Some((first, others)) = given.split_at_checked(loaded.len()) else { return false };
        loaded.iter().zip(first).all(|(cartridge, hash)| cartridge.hash == *hash)
            && others.iter().all(|hash| later.iter().any(|cartridge| cartridge.hash == *hash))
    }

    /// Puts a machine into the state of the last keyframe at or before a frame.
    ///
    /// # Errors
    ///
    /// If there is none, it is damaged, or it is of other cartridges.
    pub fn restore(&self, machine: &mut Machine, frame: u64) -> Result<(), ReplayError> {
        let at = self.keyframe_before(frame).ok_or_else(|| TraceError::Keyframe {
            frame,
            message: "the trace has none so early".to_owned(),
        })?;
        let state = self.state(&at)?;
        let mut restored = machine.restore(&state);
        if let Err(RestoreError::OtherCartridge(_)) = restored {
            // One that a module has become on the way there.
            self.add_delivered(machine, at.frame)?;
            restored = machine.restore(&state);
        }
        restored.map_err(|error| ReplayError::Restore { frame: at.frame, error })?;
        if machine.frame() != at.frame {
            let message = format!("its state is that before frame {}", machine.frame());
            return Err(TraceError::Keyframe { frame: at.frame, message }.into());
        }
        Ok(())
    }

    /// Makes the programs known that were delivered before a frame.
    fn add_delivered(&self, machine: &mut Machine, frame: u64) -> Result<(), ReplayError> {
        self.delivered(frame)?.into_iter().for_each(|program| machine.add_program(program));
        Ok(())
    }

    /// The programs that were delivered before a frame: modules may have become them.
    pub(super) fn delivered(&self, frame: u64) -> Result<Vec<Arc<Program>>, Damage> {
        let mut programs = Vec::new();
        for recorded in self.frames(self.header().first_frame) {
            let recorded = recorded?;
            if recorded.number >= frame {
                break;
            }
            for action in recorded.actions().flatten() {
                let Action::Deliver { fetched: Ok(bytes), .. } = action else { continue };
                // What is no program was not adopted.
                let program = Cartridge::from_bytes(&bytes).ok().and_then(|cart| Program::new(cart).ok());
                programs.extend(program);
            }
        }
        Ok(programs)
    }

    /// Brings a machine that [`Trace::machine`] made to a frame: from the last keyframe before it if that saves frames, and
    /// then by running. Gives the first frame on the way that is not as recorded; the machine stands behind it then.
    ///
    /// # Errors
    ///
    /// If the trace is damaged.
    pub fn seek(&self, machine: &mut Machine, frame: u64) -> Result<Option<Mismatch>, ReplayError> {
        let keyframe = self.keyframe_before(frame).map(|at| at.frame);
        // Modules may have become others meanwhile.
        let known: BTreeSet<[u8; 32]> = machine.programs().map(|program| program.content_hash()).collect();
        let recorded = self.header().cartridges.iter().all(|cartridge| known.contains(&cartridge.hash));
        if recorded && keyframe.is_some_and(|at| at > machine.frame() || machine.frame() > frame) {
            self.restore(machine, frame)?;
            if let Some(before) =
                machine.frame().checked_sub(1).filter(|_| machine.frame() > self.header().first_frame)
                && let Some(recorded) = self.frames(before).next()
                && let Some(mismatch) = compare(&recorded?, machine)?
            {
                return Ok(Some(mismatch));
            }
        }
        for recorded in self.frames(machine.frame()) {
            let recorded = recorded?;
            if recorded.number >= frame {
                break;
            }
            step(machine, &recorded)?;
            if let Some(mismatch) = compare(&recorded, machine)? {
                return Ok(Some(mismatch));
            }
        }
        Ok(None)
    }
}

/// Makes a recorded frame with a machine that stands before it.
///
/// # Errors
///
/// If the frame has an event that this build cannot replay, or the machine panics.
pub fn step(machine: &mut Machine, recorded: &TracedFrame) -> Result<FrameReport, ReplayError> {
    for (event, action) in recorded.events.iter().zip(recorded.actions()) {
        let failed = || ReplayError::Event { frame: recorded.number, kind: event.kind };
        machine.queue(action.ok_or_else(failed)?).map_err(|_| failed())?;
    }
    Ok(machine.step(&recorded.input)?)
}

/// Compares the state after a frame with the recorded one.
///
/// # Errors
///
/// If the machine has panicked.
pub fn compare(recorded: &TracedFrame, machine: &Machine) -> Result<Option<Mismatch>, Panic> {
    let hash = machine.hash()?;
    if hash.root == recorded.root {
        return Ok(None);
    }
    let here = components(&hash);
    let differing = (!recorded.components.is_empty()).then(|| {
        let missing = recorded.components.iter().filter(|row| !here.contains(row));
        let new = here.iter().filter(|(module, name, _)| {
            recorded.components.iter().all(|(other, named, _)| (other, named) != (module, name))
        });
        missing.chain(new).map(|(module, name, _)| (*module, name.clone())).collect()
    });
    Ok(Some(Mismatch { frame: recorded.number, roots: (recorded.root, hash.root), components: differing }))
}
