//! Which modules a machine has: their numbers, programs and setups.

use std::sync::Arc;

use cartwheel_kernel::{Detached, ModuleId};
use cartwheel_vm::Program;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::Xxh3Default;

use crate::codec;
use crate::machine::Machine;
use crate::module::Module;
use crate::setup::{Frozen, ModuleSetup, within};
use crate::snapshot::RestoreError;

/// Which modules there are, and the number of the next one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Roster {
    next: u32,
    /// In the order of their numbers.
    modules: Vec<(u32, Frozen)>,
}

impl Roster {
    pub fn of(machine: &Machine) -> Roster {
        let modules = machine.modules.iter().map(|module| (module.id.0, module.frozen.clone()));
        Roster { next: machine.kernel.next_number(), modules: modules.collect() }
    }

    /// True if loading the programs one after the other into a new machine comes to it.
    pub fn is_loadable(machine: &Machine) -> bool {
        let in_order = (0..).zip(&machine.modules).all(|(number, module)| module.id == ModuleId(number));
        machine.kernel.next_number() as usize == machine.modules.len()
            && in_order
            && !machine.kernel.has_own_quotas()
            && machine.modules.iter().all(|module| module.frozen == Frozen::default())
    }

    /// Hash of it with the programs; `None` if there is nothing to it but one program.
    pub fn hash(machine: &Machine) -> Option<u128> {
        if machine.modules.len() <= 1 && Roster::is_loadable(machine) {
            return None;
        }
        let mut bytes = Vec::new();
        codec::encode(&Roster::of(machine), &mut bytes);
        let mut hash = Xxh3Default::new();
        hash.update(&bytes);
        for module in &machine.modules {
            let program = module.instance.program().content_hash();
            let stand_in = machine.stand_ins.get(&module.id).filter(|(here, _)| *here == program);
            hash.update(stand_in.map_or(&program, |(_, recorded)| recorded));
        }
        Some(hash.digest128())
    }

    /// Finds the programs of a saved state, and checks what a machine can be asked to have.
    pub fn check(&self, machine: &Machine, hashes: &[[u8; 32]]) -> Result<Vec<Wanted>, RestoreError> {
        let wrong = || RestoreError::Damaged("its list of modules makes no sense".to_owned());
        let most = machine.config.max_modules;
        if hashes.len() > most as usize {
            return Err(RestoreError::ModuleCount(hashes.len() as u32, most));
        }
        let ascending = self.modules.windows(2).all(|pair| pair[0].0 < pair[1].0);
        let last = self.modules.last().map_or(0, |(number, _)| u64::from(*number) + 1);
        if self.modules.len() != hashes.len() || !ascending || last > self.next.into() {
            return Err(wrong());
        }
        let wanted = self.modules.iter().zip(hashes).map(|((number, frozen), hash)| {
            let program = machine.programs.get(hash).ok_or(RestoreError::OtherCartridge(*hash))?;
            let setup = frozen.thaw().ok_or_else(wrong)?;
            if !setup.limits.is_none_or(|limits| within(limits, machine.config.limits)) {
                return Err(RestoreError::OtherLimits);
            }
            Ok(Wanted { id: ModuleId(*number), program: program.clone(), frozen: frozen.clone(), setup })
        });
        wanted.collect()
    }

    /// Number of the next module.
    pub fn next(&self) -> u32 {
        self.next
    }
}

/// A module of a saved state.
pub(crate) struct Wanted {
    pub id: ModuleId,
    pub program: Arc<Program>,
    frozen: Frozen,
    setup: ModuleSetup,
}

impl Wanted {
    fn is(&self, module: &Module) -> bool {
        module.id == self.id
            && module.frozen == self.frozen
            && module.instance.program().content_hash() == self.program.content_hash()
    }
}

/// What has to be done to give a machine back the modules that it had.
pub(crate) struct Exchange {
    /// Modules that went, with what the kernel had of them.
    gone: Vec<(Module, Option<Detached>)>,
    /// Modules that came.
    pub new: Vec<ModuleId>,
}

impl Exchange {
    /// Gives a machine the modules of a saved state, of which those that it does not have begin like loaded ones. On failure
    /// it has the modules that it had.
    pub fn make(machine: &mut Machine, wanted: Vec<Wanted>) -> Result<Exchange, RestoreError> {
        let mut exchange = Exchange { gone: Vec::new(), new: Vec::new() };
        // Almost always nothing changes, and nothing has to be taken apart.
        let same = machine.modules.len() == wanted.len()
            && machine.modules.iter().zip(&wanted).all(|(module, wanted)| wanted.is(module))
            && machine.modules.iter().all(|module| machine.kernel.is_loaded(module.id));
        if same {
            return Ok(exchange);
        }
        let mut missing = Vec::new();
        let mut old: Vec<Option<Module>> =
            std::mem::take(&mut machine.modules).into_iter().map(Some).collect();
        for wanted in wanted {
            let found = old.iter_mut().find(|slot| slot.as_ref().is_some_and(|module| wanted.is(module)));
            match found.filter(|_| machine.kernel.is_loaded(wanted.id)).and_then(Option::take) {
                Some(module) => machine.modules.push(module),
                None => missing.push(wanted),
            }
        }
        for module in old.into_iter().flatten() {
            let kernel = machine.kernel.detach(module.id);
            exchange.gone.push((module, kernel));
        }
        for Wanted { id, program, frozen: _, setup } in missing {
            match machine.make(id, program, setup) {
                Ok(module) => machine.modules.push(module),
                Err(error) => {
                    let message = error.to_string();
                    exchange.undo(machine);
                    return Err(RestoreError::Module { module: id, message });
                }
            }
            exchange.new.push(id);
        }
        machine.modules.sort_by_key(|module| module.id);
        Ok(exchange)
    }

    /// Gives the machine back the modules that it had before.
    pub fn undo(self, machine: &mut Machine) {
        machine.modules.retain(|module| !self.new.contains(&module.id));
        let came: Vec<Detached> = self.new.iter().filter_map(|&id| machine.kernel.detach(id)).collect();
        for (module, kernel) in self.gone {
            machine.modules.push(module);
            kernel.into_iter().for_each(|kernel| machine.kernel.attach(kernel));
        }
        machine.modules.sort_by_key(|module| module.id);
        came.into_iter().for_each(|module| machine.kernel.drop_detached(module));
    }

    /// Lets go of the modules that went.
    pub fn finish(self, machine: &mut Machine) {
        for (_, kernel) in self.gone {
            kernel.into_iter().for_each(|kernel| machine.kernel.drop_detached(kernel));
        }
    }
}
