//! What the host does to modules: policy, trust, quarantine, and calls of its own.

use cartwheel_hostabi::{Fault, Guest};

use crate::late::{self, Answered};
use crate::lifecycle::{Ending, ModuleState, Transition};
use crate::load::ModuleId;
use crate::pipeline::Kernel;
use crate::policy::{Custody, Policy, Trust, TrustLevel};
use crate::record::{Lifecycle, Transport};
use crate::services::Context;
use crate::value::Value;

impl Kernel {
    /// The policy.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Sets the policy for all modules. Those that are loaded stay, even if it lets them call nothing.
    pub fn set_policy(&mut self, policy: Policy) {
        self.watch.tell(None, Lifecycle::PolicySet { digest: policy.digest() });
        self.policy = policy;
        self.compile_all();
    }

    pub(crate) fn compile_all(&mut self) {
        self.modules.iter_mut().for_each(|module| module.compile(&self.policy));
    }

    /// How far a module is trusted; `None` if there is none.
    pub fn trust(&self, id: ModuleId) -> Option<Trust> {
        self.module(id).map(|module| module.caller.trust)
    }

    /// Sets the trust level of a module. False if there is none.
    pub fn set_trust_level(&mut self, id: ModuleId, level: TrustLevel) -> bool {
        self.change_trust(id, |trust| trust.level = level)
    }

    /// Puts score and violations of a module back to where they began. False if there is none.
    pub fn reset_trust(&mut self, id: ModuleId) -> bool {
        self.change_trust(id, |trust| *trust = Trust::new(trust.level))
    }

    /// Gives a module the trust of another one, whose place it takes. Nobody is told.
    pub fn inherit_trust(&mut self, id: ModuleId, trust: Trust) {
        if let Some(module) = self.modules.get_mut(id) {
            module.caller.trust = trust;
            module.compile(&self.policy);
        }
    }

    fn change_trust(&mut self, id: ModuleId, change: impl FnOnce(&mut Trust)) -> bool {
        let Some(module) = self.modules.get_mut(id) else { return false };
        change(&mut module.caller.trust);
        module.compile(&self.policy);
        self.watch.tell(Some(id), Lifecycle::TrustSet);
        true
    }

    /// Whether a module may run.
    pub fn custody(&self, id: ModuleId) -> Custody {
        self.module(id).map_or(Custody::Free, |module| module.caller.custody)
    }

    /// Takes a module out of quarantine. False if it is in none.
    pub fn recover(&mut self, id: ModuleId) -> bool {
        self.change(id, Transition::Recover, 0)
    }

    /// Ends a module, in quarantine or not. False if it has ended before, or there is none.
    pub fn terminate(&mut self, id: ModuleId) -> bool {
        self.change(id, Transition::Terminate, 0)
    }

    /// Makes a module take a transition of its life that somebody else decides on; `frames` are what a stop leaves it. False
    /// if there is no such transition from where it is, or no such module.
    pub fn change(&mut self, id: ModuleId, what: Transition, frames: u16) -> bool {
        let Some(module) = self.module_mut(id) else { return false };
        let state = module.caller.state();
        // A stop without time is an end, and whoever does not run needs no time.
        let idle = matches!(state, ModuleState::Ready | ModuleState::Paused);
        let what = if what == Transition::Stop && (frames == 0 || idle) { Transition::Expire } else { what };
        if state.after(what).is_none() {
            return false;
        }
        let (custody, told) = match what {
            Transition::Start => (Custody::Free, Lifecycle::Started),
            Transition::Pause => (Custody::Paused, Lifecycle::Paused),
            Transition::Resume => (Custody::Free, Lifecycle::Resumed),
            Transition::Quarantine => (Custody::Quarantined, Lifecycle::Quarantined),
            Transition::Recover => (Custody::Free, Lifecycle::Recovered),
            Transition::Stop => (Custody::Stopping, Lifecycle::Stopping(frames)),
            Transition::Expire => (Custody::Stopped, Lifecycle::Stopped),
            Transition::Terminate => (Custody::Terminated, Lifecycle::Terminated),
            // These come from the module itself, or from whoever runs it.
            Transition::Load
            | Transition::Halt
            | Transition::Trap
            | Transition::Replace
            | Transition::Unload => return false,
        };
        module.caller.custody = custody;
        module.caller.grace = if custody == Custody::Stopping { frames } else { 0 };
        self.watch.tell(Some(id), told);
        true
    }

    /// Puts a module into custody, whatever it was in before: for one that was only just made. Nobody is told.
    pub fn hold(&mut self, id: ModuleId, custody: Custody) {
        if let Some(module) = self.module_mut(id) {
            module.caller.custody = custody;
        }
    }

    /// Takes note of how a guest has ended by itself, if it has: its state says so, which is saved and restored elsewhere.
    pub fn note_ending(&mut self, id: ModuleId, ending: Option<Ending>) {
        if let Some(module) = self.module_mut(id) {
            module.caller.ending = ending;
        }
    }

    /// Makes a call by id in the name of a module: the host's own transport, with the checks, the cost and the record of any
    /// call. What it comes to is no doing of the module: its trust stays as it is, and it is not suspended.
    ///
    /// # Errors
    ///
    /// A panic, or that there is no such module.
    pub fn call_by_id(
        &mut self,
        id: ModuleId,
        syscall: &str,
        values: &[Value],
        guest: &mut dyn Guest,
    ) -> Result<Answered, Fault> {
        let Some(module) = self.modules.get_mut(id) else {
            return Err(Fault::Panic(format!("a call for module {}, which is not loaded", id.0)));
        };
        module.caller.host_calls = true;
        let mut context = Context {
            services: &mut module.services,
            caller: &mut module.caller,
            policy: &self.policy,
            memories: &mut self.memories,
            shared: &mut self.shared,
        };
        let result = late::call(&mut context, Transport::Host, syscall, values, guest);
        module.caller.host_calls = false;
        module.caller.unsettled = module.caller.watched;
        let records = std::mem::take(&mut module.caller.records);
        records.into_iter().for_each(|record| self.watch.called(record));
        result
    }
}
