//! The cartridge store, and loading, replacing and unloading modules while the machine runs.

use std::sync::Arc;

use cartwheel_hostabi::{Loader, Refusal};
use cartwheel_kernel::policy::Custody;
use cartwheel_kernel::{
    Blob, Detached, Ending, Kernel, Lifecycle, ModuleHost, ModuleId, ModuleState, QUOTAS, QuotaInfo, Quotas,
    Storage, StoragePath, Transition,
};
use cartwheel_vm::{Ended, Program};

use crate::codec;
use crate::load::LoadError;
use crate::machine::Machine;
use crate::module::{Module, Status};
use crate::setup::{Frozen, ModuleSetup};

/// A program that modules can be made of by its name.
#[derive(Clone)]
pub(crate) struct Stored {
    pub program: Arc<Program>,
    pub setup: ModuleSetup,
}

/// Files that a stored program starts with: paths and contents.
type Files = Vec<(String, Vec<u8>)>;

impl Stored {
    /// All of it but the program, as bytes for a trace.
    pub fn encode(&self) -> Vec<u8> {
        let files: Files = self
            .setup
            .storage
            .iter()
            .flat_map(Storage::files)
            .map(|(path, blob)| (path.as_str().to_owned(), blob.bytes().to_vec()))
            .collect();
        let mut out = self.program.content_hash().to_vec();
        // Nothing is left out here for being what the configuration says.
        let quota = self.setup.storage.as_ref().map(Storage::quota_bytes);
        codec::encode(&(Frozen::whole(&self.setup), quota, self.setup.cycles_per_frame, files), &mut out);
        if let Some(quotas) = self.setup.quotas {
            let values: Vec<u32> = quotas.iter().map(|(_, value)| value).collect();
            codec::encode(&values, &mut out);
        }
        out
    }

    /// Hash of the program, and the setup.
    pub fn decode(bytes: &[u8]) -> Option<([u8; 32], ModuleSetup)> {
        let (hash, bytes) = bytes.split_first_chunk()?;
        let (frozen, quota, cycles, files): (Frozen, Option<u64>, Option<u64>, Files);
        let rest;
        ((frozen, quota, cycles, files), rest) = codec::decode_first(bytes).ok()?;
        let mut setup = ModuleSetup { cycles_per_frame: cycles, ..frozen.thaw()? };
        setup.quotas =
            if rest.is_empty() { None } else { Some(quotas_of(&codec::decode::<Vec<u32>>(rest).ok()?)?) };
        setup.storage = quota.map(Storage::new);
        if let Some(storage) = &mut setup.storage {
            for (path, content) in files {
                storage.write(&StoragePath::parse(path.as_bytes())?, Blob::new(content)).ok()?;
            }
        }
        Some((*hash, setup))
    }
}

fn quotas_of(values: &[u32]) -> Option<Quotas> {
    let mut quotas = Quotas::default();
    let all = QUOTAS.len() == values.len();
    let named = QUOTAS.iter().zip(values);
    let set = |(info, &value): (&QuotaInfo, &u32)| quotas.set(info.name, value.into());
    named.map(set).all(|set| set.is_ok()).then_some(quotas).filter(|_| all)
}

impl Machine {
    /// Puts a program into the cartridge store: modules and the host can load it by its name, set up like this. Configuration,
    /// and no part of the state.
    pub fn add_to_store(&mut self, name: &str, program: Arc<Program>, setup: ModuleSetup) {
        self.add_program(program.clone());
        self.store.insert(name.to_owned(), Stored { program, setup });
    }

    /// Names and programs of the cartridge store, in the order of the names.
    pub fn store(&self) -> impl Iterator<Item = (&str, &Arc<Program>)> {
        self.store.iter().map(|(name, stored)| (name.as_str(), &stored.program))
    }

    /// Lets a module supervise another one as if it had loaded it, between two frames. A trace knows of it if it was done before
    /// recording began. False if it would be above itself.
    ///
    /// # Panics
    ///
    /// If one of them is not there.
    pub fn set_supervisor(&mut self, id: ModuleId, supervisor: ModuleId) -> bool {
        assert!(self.has(id) && self.has(supervisor), "the machine has both modules");
        self.kernel.set_supervisor(id, supervisor)
    }

    /// The module that supervises a module, if one does.
    pub fn supervisor(&self, id: ModuleId) -> Option<ModuleId> {
        self.kernel.supervisor(id)
    }

    /// Loads a program of the cartridge store as a module with the next number, which runs.
    pub(crate) fn load_stored(&mut self, name: &str) -> Result<ModuleId, Refusal> {
        let stored = self.store.get(name).cloned().ok_or(Refusal::NotFound)?;
        self.load_with(stored.program, stored.setup).map_err(refused)
    }

    /// Gives a module another program, between two frames. It keeps its number, its files, its supervisor and the modules that it
    /// loaded; whether it is ready, running or paused; trust, limits and quotas; and the name and origin that it was set up
    /// with, if it was. Everything else begins anew: memory, heap, random numbers, requests, picture, sound. One that has ended
    /// runs again.
    ///
    /// # Errors
    ///
    /// If the module is in quarantine or being stopped, or the host cannot serve the program. The module goes on as it was then.
    ///
    /// # Panics
    ///
    /// If there is no such module.
    pub fn replace(&mut self, id: ModuleId, program: Arc<Program>) -> Result<(), LoadError> {
        let state = self.kernel.state(id).expect("the machine has this module");
        let after = state.after(Transition::Replace).ok_or(LoadError::State(state))?;
        let place =
            self.modules.iter().position(|module| module.id == id).expect("the machine has this module");
        let mut setup = self.modules[place].frozen.thaw().unwrap_or_default();
        setup.storage = self.storage(id).cloned().or(setup.storage);
        setup.quotas = Some(self.kernel.quotas(id));
        // One that is asked for something else is that; one that is not asks for what its own manifest says.
        setup.cycles_per_frame = self.modules[place].cycles_per_frame;
        // What cannot be made costs nothing then: neither supervisor nor what its origin remembers.
        self.try_out(id, &program, &setup)?;
        let trust = self.kernel.trust(id);
        let before = self.exchange(place, &program, setup)?;
        self.kernel.discard(before);
        self.kernel.hold(
            id,
            match after {
                ModuleState::Ready => Custody::Ready,
                ModuleState::Paused => Custody::Paused,
                _ => Custody::Free,
            },
        );
        trust.into_iter().for_each(|trust| self.kernel.inherit_trust(id, trust));
        self.kernel.tell(id, Lifecycle::Replaced);
        Ok(())
    }

    /// Puts a new module in the place of another, under its number, and gives what the kernel had of that one. On failure it is
    /// as it was. Its ports are closed.
    pub(crate) fn exchange(
        &mut self,
        place: usize,
        program: &Arc<Program>,
        setup: ModuleSetup,
    ) -> Result<Detached, LoadError> {
        let id = self.modules[place].id;
        let before = self.kernel.detach(id).expect("the kernel has the machine's modules");
        let module = match self.make(id, program.clone(), setup) {
            Ok(module) => module,
            Err(error) => {
                self.kernel.attach(before);
                return Err(error);
            }
        };
        let before_it = std::mem::replace(&mut self.modules[place], module);
        self.part(before_it);
        self.kernel.renew(id);
        self.sync_ending(id);
        self.add_program(program.clone());
        Ok(before)
    }

    /// Lets the kernel know how a guest has ended, which its state says.
    pub(crate) fn sync_ending(&mut self, id: ModuleId) {
        let Ok(place) = self.place(id) else { return };
        let ending = self.modules[place].ending();
        self.kernel.note_ending(id, ending);
    }

    /// The same for all modules; and supervisors see the states that modules have now.
    pub(crate) fn sync_endings(&mut self) {
        for module in &self.modules {
            self.kernel.note_ending(module.id, module.ending());
        }
        self.kernel.publish_states();
    }
}

impl Module {
    /// How it has ended by itself, if it has.
    fn ending(&self) -> Option<Ending> {
        match self.instance.ended() {
            Some(Ended::Halted(code)) => Some(Ending::Halted(*code)),
            Some(Ended::Trapped(_)) => Some(Ending::Trapped),
            None if self.main_returned() => Some(Ending::Halted(0)),
            None => None,
        }
    }
}

impl From<Status> for ModuleState {
    fn from(status: Status) -> ModuleState {
        match status {
            Status::Ready => ModuleState::Ready,
            Status::Running => ModuleState::Running,
            Status::Paused => ModuleState::Paused,
            Status::Quarantined => ModuleState::Quarantined,
            Status::Stopping => ModuleState::Stopping,
            Status::Halted(_) | Status::Stopped | Status::Terminated => ModuleState::Stopped,
            Status::Trapped => ModuleState::Trapped,
        }
    }
}

fn refused(error: LoadError) -> Refusal {
    Refusal::Refused(error.to_string())
}

impl Loader for Machine {
    fn load(&mut self, module: u32, name: &str) -> Result<(), Refusal> {
        let stored = self.store.get(name).cloned().ok_or(Refusal::NotFound)?;
        if self.modules.len() >= self.config.max_modules as usize {
            return Err(refused(LoadError::Full(self.config.max_modules)));
        }
        let module = self.make(ModuleId(module), stored.program, stored.setup).map_err(refused)?;
        let place = self.modules.partition_point(|other| other.id < module.id);
        let id = module.id;
        self.modules.insert(place, module);
        self.sync_ending(id);
        Ok(())
    }

    fn replace(&mut self, module: u32, program: &[u8; 32]) -> Result<(), Refusal> {
        let program = self.programs.get(program).cloned().ok_or(Refusal::NotFound)?;
        let id = ModuleId(module);
        if !self.has(id) {
            return Err(Refusal::NotFound);
        }
        Machine::replace(self, id, program).map_err(refused)
    }

    fn unload(&mut self, module: u32) {
        let id = ModuleId(module);
        if let Ok(place) = self.place(id) {
            let module = self.modules.remove(place);
            self.part(module);
        }
        self.kernel.unload(id);
    }
}

impl ModuleHost for Machine {
    fn kernel(&mut self) -> &mut Kernel {
        &mut self.kernel
    }

    fn find(&self, name: &str) -> Option<[u8; 32]> {
        self.store.get(name).map(|stored| stored.program.content_hash())
    }
}
