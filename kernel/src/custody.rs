//! What the host does to modules: policy, trust, quarantine, and calls of its own.

use cartwheel_hostabi::{Fault, Guest};

use crate::late::{self, Answered};
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
        self.change_custody(id, Custody::Quarantined, Custody::Free, Lifecycle::Recovered)
    }

    /// Ends a module, in quarantine or not. False if it was ended before, or there is none.
    pub fn terminate(&mut self, id: ModuleId) -> bool {
        let from = self.custody(id);
        from != Custody::Terminated
            && self.change_custody(id, from, Custody::Terminated, Lifecycle::Terminated)
    }

    fn change_custody(&mut self, id: ModuleId, from: Custody, to: Custody, what: Lifecycle) -> bool {
        let Some(module) = self.module_mut(id) else { return false };
        if module.caller.custody != from {
            return false;
        }
        module.caller.custody = to;
        self.watch.tell(Some(id), what);
        true
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
