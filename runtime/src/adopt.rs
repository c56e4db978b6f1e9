//! Ingest at a frame boundary: what was fetched is validated, loaded, and takes the place of the module that asked.

use std::fmt::Display;
use std::sync::Arc;

use cartwheel_bytecode::Cartridge;
use cartwheel_hostabi::Capability;
use cartwheel_kernel::ingest::{Ingested, KeyRing, Phase, Refused, Vouched, Wanted};
use cartwheel_kernel::policy::TrustLevel;
use cartwheel_kernel::{Due, Kernel, ModuleId};
use cartwheel_vm::{Instance, Program};

use crate::load::{LoadError, admit};
use crate::machine::Machine;
use crate::module::{Module, Schedule, Status};
use crate::setup::ModuleSetup;

/// An ingest that ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IngestReport {
    /// The module that asked.
    pub module: ModuleId,
    /// Where the cartridge was said to be.
    pub address: String,
    /// How it ended.
    pub ingested: Ingested,
}

/// Why an ingest fails.
type Failure = (Phase, String);

fn in_phase<E: Display>(phase: Phase) -> impl Fn(E) -> Failure {
    move |error| (phase, error.to_string())
}

impl Machine {
    /// Sets whose signatures count, before anything is loaded.
    ///
    /// # Panics
    ///
    /// If there is a module.
    pub fn set_key_ring(&mut self, ring: Option<KeyRing>) {
        assert!(self.modules.is_empty(), "the key ring is set before modules are loaded");
        self.kernel.set_key_ring(ring);
    }

    /// Whose signatures count, if anybody said so.
    pub fn key_ring(&self) -> Option<&KeyRing> {
        self.kernel.key_ring()
    }

    /// What the machine's key ring makes of a program.
    ///
    /// # Errors
    ///
    /// Why it is refused.
    pub fn vouch(&self, program: &Program) -> Result<Vouched, Refused> {
        self.kernel.vouch(&program.content_hash(), program.cartridge().signature.as_deref())
    }

    /// Loads a program that [`Machine::vouch`] has let in: with the trust level and the origin that come from there, and the
    /// rest of its setup as given. No older version of it comes in from here on.
    ///
    /// # Errors
    ///
    /// As [`Machine::load`].
    pub fn load_vouched(
        &mut self,
        program: Arc<Program>,
        vouched: Vouched,
        setup: ModuleSetup,
    ) -> Result<ModuleId, LoadError> {
        let id = self.load_with(program, identified(setup, &vouched))?;
        vouched.release.into_iter().for_each(|release| self.kernel.know_release(release));
        Ok(id)
    }

    /// What the host has to fetch before the next frame, and hand over with [`crate::Action::Deliver`].
    pub fn wanted(&self) -> impl Iterator<Item = Wanted> {
        self.kernel.wanted()
    }

    /// The beginning of a frame, behind the host's actions: ingests that are due, in the order of the modules.
    pub(crate) fn ingest_due(&mut self) -> Vec<IngestReport> {
        let mut reports = Vec::new();
        for place in 0..self.modules.len() {
            let Some(due) = self.kernel.due_ingest(self.modules[place].id) else { continue };
            let failed = |(phase, reason)| Ingested::Failed { phase, reason };
            let ingested = self.ingest(place, &due).unwrap_or_else(failed);
            self.kernel.end_ingest(&due, ingested.clone());
            reports.push(IngestReport { module: due.module, address: due.address, ingested });
        }
        reports
    }

    fn ingest(&mut self, place: usize, due: &Due) -> Result<Ingested, Failure> {
        let bytes = due.fetched.as_ref().map_err(|reason| (Phase::Fetch, reason.clone()))?;
        let cart = Cartridge::from_bytes(bytes).map_err(in_phase(Phase::Validate))?;
        let content = cart.content_hash();
        if let Some(pinned) = due.pinned.filter(|pinned| *pinned != content) {
            return Err(in_phase(Phase::Validate)(Refused::OtherThanPinned { pinned, content }));
        }
        let vouched = self.kernel.vouch(&content, cart.signature.as_deref());
        let vouched = vouched.map_err(in_phase(Phase::Validate))?;
        let program = Program::new(cart).map_err(in_phase(Phase::Load))?;
        self.adopt(place, &program, &vouched)?;
        let release = vouched.release;
        release.iter().cloned().for_each(|release| self.kernel.know_release(release));
        Ok(Ingested::Adopted { content, level: vouched.level, release })
    }

    /// Puts a program in the place of a module, which is as it was if that fails.
    fn adopt(&mut self, place: usize, program: &Arc<Program>, vouched: &Vouched) -> Result<(), Failure> {
        let id = self.modules[place].id;
        let files = self.kernel.files_to_hand_over(id);
        let has_files = files.as_ref().is_some_and(|files| files.files().next().is_some());
        let takes_files = declares(program, Capability::Fs);
        let setup = self.modules[place].frozen.thaw();
        let setup = setup.ok_or_else(|| (Phase::Adopt, "its setup is none".to_owned()))?;
        let setup = ModuleSetup {
            name: None,
            storage: files.filter(|_| takes_files),
            cycles_per_frame: Some(self.budget_after(place, program)),
            quotas: Some(self.kernel.quotas(id)),
            ..setup
        };
        let setup = identified(setup, vouched);
        self.try_out(id, program, &setup).map_err(in_phase(Phase::Load))?;
        let status = self.modules[place].status(&self.kernel);
        if status != Status::Running {
            return Err((Phase::Adopt, format!("the module does not run any more: {}", word(status))));
        }
        // Nobody gets rid of that by becoming another.
        if self.trust(id).level == TrustLevel::Compromised {
            return Err((Phase::Adopt, "the module is compromised".to_owned()));
        }
        if has_files && !takes_files {
            return Err((
                Phase::Adopt,
                "the module has files, and the cartridge declares no `fs`".to_owned(),
            ));
        }
        let Module { id, schedule: Schedule { debt, .. }, .. } = self.modules[place];
        let before = self.exchange(place, program, setup).map_err(in_phase(Phase::Load))?;
        self.modules[place].schedule.debt = debt;
        self.kernel.succeed(id, before);
        Ok(())
    }

    /// Cycles per frame of what comes after a module: those that it asks for itself, unless somebody set others for the module.
    /// All of it is in the state; the configuration of the machine is not.
    fn budget_after(&self, place: usize, program: &Program) -> u64 {
        let asked = |program: &Program| program.cartridge().manifest.cycles_per_frame;
        let Module { instance, schedule, .. } = &self.modules[place];
        if schedule.budget == asked(instance.program()) { asked(program) } else { schedule.budget }
    }

    /// Tries whether a module could be made, on a kernel that is thrown away.
    pub(crate) fn try_out(
        &self,
        id: ModuleId,
        program: &Arc<Program>,
        setup: &ModuleSetup,
    ) -> Result<(), LoadError> {
        let mut scratch = Kernel::new();
        scratch.set_policy(self.kernel.policy().clone());
        admit(&mut scratch, id, program, setup, setup.staged(&self.config))?;
        let limits = setup.limits.unwrap_or(self.config.limits);
        Instance::new(program.clone(), limits, 0)?;
        Ok(())
    }
}

fn declares(program: &Program, capability: Capability) -> bool {
    program.cartridge().manifest.capabilities.iter().any(|name| name == capability.name())
}

/// A setup with the identity that comes from validation.
fn identified(setup: ModuleSetup, vouched: &Vouched) -> ModuleSetup {
    // What is as without a key ring is not said: then the module is as if there were none.
    let origin = vouched.release.is_some().then(|| vouched.origin.clone());
    let level = Some(vouched.level).filter(|level| *level != TrustLevel::Unverified);
    ModuleSetup { origin, level, ..setup }
}

fn word(status: Status) -> String {
    match status {
        Status::Running => "it runs".to_owned(),
        Status::Halted(code) => format!("it halted with code {code}"),
        Status::Trapped => "it trapped".to_owned(),
        Status::Quarantined => "it is in quarantine".to_owned(),
        Status::Terminated => "the host ended it".to_owned(),
        Status::Ready => "it was not started".to_owned(),
        Status::Paused => "it is paused".to_owned(),
        Status::Stopping | Status::Stopped => "it was stopped".to_owned(),
    }
}
