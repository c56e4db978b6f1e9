//! What the host does to a machine: applied at frame boundaries only, so that a run can be repeated with them.

use std::fmt;

use cartwheel_hostabi::Loader;
use cartwheel_hostabi::cbor::{CborError, canonical};
use cartwheel_kernel::host::DiskFault;
use cartwheel_kernel::policy::{Policy, PolicyError, TrustLevel};
use cartwheel_kernel::{Answer, Answered, Datagram, Kernel, ModuleHost, ModuleId, Transition, Value};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::machine::Machine;

/// Something that the host does between two frames.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Action {
    /// Takes a module out of quarantine: it goes on where it stood.
    Recover {
        /// Number of the module.
        module: u32,
    },
    /// Ends a module.
    Terminate {
        /// Number of the module.
        module: u32,
    },
    /// Puts a module's score and violations back to where they began.
    ResetTrust {
        /// Number of the module.
        module: u32,
    },
    /// Sets a module's trust level.
    SetTrustLevel {
        /// Number of the module.
        module: u32,
        /// Name of the level.
        level: String,
    },
    /// Sets the policy.
    SetPolicy {
        /// Its text; empty for the built-in one.
        text: String,
    },
    /// Tells a module what has become of the disk behind its storage.
    Disk {
        /// Number of the module.
        module: u32,
        /// Name of what is wrong with it; `None` if it works again.
        fault: Option<String>,
    },
    /// Calls a syscall in the name of a module.
    Exec {
        /// Number of the module.
        module: u32,
        /// Id of the syscall.
        id: String,
        /// Encoded arguments.
        args: Vec<u8>,
    },
    /// Loads a program of the cartridge store as a module that runs.
    Load {
        /// Name of the program.
        name: String,
    },
    /// Starts a module that is ready.
    Start {
        /// Number of the module.
        module: u32,
    },
    /// Suspends a module that runs.
    Pause {
        /// Number of the module.
        module: u32,
    },
    /// Lets a paused module go on.
    Resume {
        /// Number of the module.
        module: u32,
    },
    /// Ends a module for good.
    Stop {
        /// Number of the module.
        module: u32,
        /// Frames that it has left if it runs, from this one on.
        frames: u16,
    },
    /// Lets go of a module in any state, with all that it loaded.
    Unload {
        /// Number of the module.
        module: u32,
    },
    /// Gives a module another program of the cartridge store.
    Replace {
        /// Number of the module.
        module: u32,
        /// Name of the program.
        name: String,
    },
    /// Gives a module what was fetched because it asked for it.
    Deliver {
        /// Number of the module.
        module: u32,
        /// The promise that it got.
        promise: i32,
        /// The bytes of a cartridge, or why there are none.
        fetched: Result<Vec<u8>, String>,
    },
    /// Feeds a message to a module's stdin.
    Feed {
        /// Number of the module.
        module: u32,
        /// The message.
        message: Vec<u8>,
    },
    /// Brings a datagram from another machine.
    Datagram {
        /// The machine that it comes from, 1 or more.
        machine: i32,
        /// Address that it is from.
        from: i32,
        /// Address that it is for.
        to: i32,
        /// Content.
        payload: Vec<u8>,
    },
}

/// Why an action cannot be queued.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ActionError {
    /// It is about a module that there is not.
    #[error("there is no module {0}")]
    NoSuchModule(u32),
    /// There is no such trust level.
    #[error("there is no trust level `{0}`")]
    NoSuchLevel(String),
    /// There is no such fault of a disk.
    #[error("a disk has no fault `{0}`")]
    NoSuchFault(String),
    /// The cartridge store has no such program.
    #[error("the cartridge store has no program `{0}`")]
    NoSuchProgram(String),
    /// What should be fed is no message.
    #[error("no message: {0}")]
    Message(CborError),
    /// The policy is none.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Policy(Vec<PolicyError>),
    /// The arguments are no encoded values.
    #[error("the arguments are no encoded values")]
    Arguments,
}

/// An action that was applied.
#[derive(Clone, Debug, PartialEq)]
pub struct Applied {
    /// The action.
    pub action: Action,
    /// What it came to.
    pub outcome: ActionOutcome,
}

/// What an action came to.
#[derive(Clone, Debug, PartialEq)]
pub enum ActionOutcome {
    /// It was done.
    Done,
    /// There was nothing to do: the module was in another state.
    Nothing,
    /// A call returned.
    Answered(Answer),
    /// There is a module of this number now.
    Loaded(u32),
    /// A program was not taken; why, in words.
    Refused(String),
}

impl Action {
    /// Everything about it that can be checked before it is applied.
    pub(crate) fn check(&self, machine: &Machine) -> Result<(), ActionError> {
        match self {
            Action::SetPolicy { text } => return policy(text).map(drop).map_err(ActionError::Policy),
            Action::SetTrustLevel { level, .. } if TrustLevel::from_name(level).is_none() => {
                return Err(ActionError::NoSuchLevel(level.clone()));
            }
            Action::Disk { fault: Some(fault), .. } if DiskFault::from_name(fault).is_none() => {
                return Err(ActionError::NoSuchFault(fault.clone()));
            }
            Action::Exec { args, .. } => {
                Value::decode_all(args).map_err(|_| ActionError::Arguments)?;
            }
            Action::Feed { message, .. } => {
                canonical(message).map_err(ActionError::Message)?;
            }
            Action::Datagram { .. }
            | Action::Recover { .. }
            | Action::Terminate { .. }
            | Action::ResetTrust { .. }
            | Action::SetTrustLevel { .. }
            | Action::Disk { .. }
            | Action::Start { .. }
            | Action::Pause { .. }
            | Action::Resume { .. }
            | Action::Stop { .. }
            | Action::Unload { .. }
            | Action::Deliver { .. } => {}
            Action::Load { name } | Action::Replace { name, .. } => {
                if !machine.store.contains_key(name) {
                    return Err(ActionError::NoSuchProgram(name.clone()));
                }
            }
        }
        match self.module() {
            Some(module) if !machine.has(ModuleId(module)) => Err(ActionError::NoSuchModule(module)),
            _ => Ok(()),
        }
    }

    fn module(&self) -> Option<u32> {
        match self {
            Action::Recover { module }
            | Action::Terminate { module }
            | Action::ResetTrust { module }
            | Action::SetTrustLevel { module, .. }
            | Action::Disk { module, .. }
            | Action::Exec { module, .. }
            | Action::Feed { module, .. }
            | Action::Start { module }
            | Action::Pause { module }
            | Action::Resume { module }
            | Action::Stop { module, .. }
            | Action::Unload { module }
            | Action::Replace { module, .. }
            | Action::Deliver { module, .. } => Some(*module),
            Action::SetPolicy { .. } | Action::Load { .. } | Action::Datagram { .. } => None,
        }
    }

    /// Applies it; it was checked when it was queued. `Err` is a panic of the kernel.
    pub(crate) fn apply(self, machine: &mut Machine) -> Result<Applied, String> {
        let kernel = &mut machine.kernel;
        let done = |done| if done { ActionOutcome::Done } else { ActionOutcome::Nothing };
        let outcome = match &self {
            Action::Recover { module } => done(kernel.recover(ModuleId(*module))),
            Action::Terminate { module } => {
                let id = ModuleId(*module);
                let runs = machine.module_mut(id).is_some_and(|module| module.instance.ended().is_none());
                done(runs && machine.kernel.terminate(id))
            }
            Action::ResetTrust { module } => done(kernel.reset_trust(ModuleId(*module))),
            Action::SetTrustLevel { module, level } => {
                let level = TrustLevel::from_name(level).ok_or("an unknown trust level was queued")?;
                done(kernel.set_trust_level(ModuleId(*module), level))
            }
            Action::Disk { module, fault } => {
                let fault = fault.as_deref().map(|name| DiskFault::from_name(name).ok_or(name));
                let fault = fault.transpose().map_err(|name| format!("a disk has no fault `{name}`"))?;
                done(kernel.set_disk(ModuleId(*module), fault))
            }
            Action::Load { name } => match machine.load_stored(name) {
                Ok(id) => ActionOutcome::Loaded(id.0),
                Err(refusal) => ActionOutcome::Refused(refusal.to_string()),
            },
            Action::Start { module } => done(kernel.change(ModuleId(*module), Transition::Start, 0)),
            Action::Pause { module } => done(kernel.change(ModuleId(*module), Transition::Pause, 0)),
            Action::Resume { module } => done(kernel.change(ModuleId(*module), Transition::Resume, 0)),
            Action::Stop { module, frames } => {
                done(kernel.change(ModuleId(*module), Transition::Stop, *frames))
            }
            Action::Unload { module } => done(machine.unload(ModuleId(*module))),
            Action::Replace { module, name } => {
                let hash = machine.find(name);
                match hash.map(|hash| Loader::replace(machine, *module, &hash)) {
                    Some(Ok(())) => ActionOutcome::Done,
                    Some(Err(refusal)) => ActionOutcome::Refused(refusal.to_string()),
                    None => ActionOutcome::Nothing,
                }
            }
            Action::Deliver { module, promise, fetched } => {
                let fetched = fetched.as_ref().map(Vec::as_slice).map_err(String::as_str);
                done(kernel.deliver(ModuleId(*module), *promise, fetched))
            }
            Action::Datagram { machine: other, from, to, payload } => {
                let payload = payload.clone();
                done(kernel.arrive(Datagram { machine: *other, from: *from, to: *to, payload }))
            }
            Action::Feed { module, message } => done(
                kernel.feed(ModuleId(*module), message).map_err(|e| format!("no message was queued: {e}"))?,
            ),
            Action::SetPolicy { text } => {
                kernel.set_policy(policy(text).map_err(|_| "a policy that is none was queued")?);
                ActionOutcome::Done
            }
            Action::Exec { module, id, args } => {
                let values = Value::decode_all(args).map_err(|_| "arguments that are none were queued")?;
                let number = ModuleId(*module);
                match machine.modules.binary_search_by_key(&number, |module| module.id) {
                    Ok(place) => {
                        let guest = &mut machine.modules[place].instance;
                        let answered = exec(&mut machine.kernel, number, id, &values, guest)?;
                        ActionOutcome::Answered(answered.answer)
                    }
                    Err(_) => ActionOutcome::Nothing,
                }
            }
        };
        Ok(Applied { action: self, outcome })
    }
}

impl Machine {
    /// What a module was told of the disk behind its storage.
    ///
    /// # Panics
    ///
    /// If there is no such module.
    pub fn disk(&self, module: ModuleId) -> Option<DiskFault> {
        let place = self.modules.binary_search_by_key(&module, |module| module.id);
        assert!(place.is_ok(), "the machine has no module {}", module.0);
        self.kernel.disk(module)
    }

    /// Queues [`Action::Disk`] if a module knows something else of the disk behind its storage. Whoever has the disk says so
    /// before every frame, because a restored state knows what was true when it was saved.
    ///
    /// # Panics
    ///
    /// If there is no such module.
    pub fn tell_disk(&mut self, module: ModuleId, fault: Option<DiskFault>) {
        if self.disk(module) != fault && self.storage(module).is_some() {
            let fault = fault.map(|fault| fault.name().to_owned());
            self.queue(Action::Disk { module: module.0, fault }).expect("the module is there, and the fault");
        }
    }
}

fn exec(
    kernel: &mut Kernel,
    module: ModuleId,
    id: &str,
    values: &[Value],
    guest: &mut dyn cartwheel_hostabi::Guest,
) -> Result<Answered, String> {
    kernel.call_by_id(module, id, values, guest).map_err(|fault| fault.to_string())
}

/// A policy by its text; the built-in one if there is none.
pub(crate) fn policy(text: &str) -> Result<Policy, Vec<PolicyError>> {
    if text.is_empty() { Ok(Policy::built_in()) } else { Policy::parse(text) }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Action::Recover { module } => write!(f, "recover module {module}"),
            Action::Terminate { module } => write!(f, "terminate module {module}"),
            Action::ResetTrust { module } => write!(f, "reset the trust of module {module}"),
            Action::SetTrustLevel { module, level } => write!(f, "trust module {module} as {level}"),
            Action::Disk { module, fault: Some(fault) } => write!(f, "the disk of module {module}: {fault}"),
            Action::Disk { module, fault: None } => write!(f, "the disk of module {module} works again"),
            Action::SetPolicy { text } if text.is_empty() => f.write_str("set the built-in policy"),
            Action::SetPolicy { .. } => f.write_str("set a policy"),
            Action::Load { name } => write!(f, "load a module of {name}"),
            Action::Start { module } => write!(f, "start module {module}"),
            Action::Pause { module } => write!(f, "pause module {module}"),
            Action::Resume { module } => write!(f, "resume module {module}"),
            Action::Stop { module, frames: 0 } => write!(f, "stop module {module}"),
            Action::Stop { module, frames } => write!(f, "stop module {module} in {frames} frames"),
            Action::Unload { module } => write!(f, "unload module {module}"),
            Action::Replace { module, name } => write!(f, "replace module {module} by {name}"),
            Action::Deliver { module, fetched: Ok(bytes), .. } => {
                write!(f, "deliver {} bytes to module {module}", bytes.len())
            }
            Action::Deliver { module, fetched: Err(reason), .. } => {
                write!(f, "nothing to deliver to module {module}: {reason}")
            }
            Action::Datagram { machine, from, to, payload } => {
                write!(f, "{} bytes from address {from} of machine {machine} to {to}", payload.len())
            }
            Action::Feed { module, message } => {
                write!(f, "feed {} bytes to module {module}", message.len())
            }
            Action::Exec { module, id, .. } => write!(f, "call {id} for module {module}"),
        }
    }
}
