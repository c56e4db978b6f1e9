//! The life of a module: its states, and what leads from one to another.

use crate::named::named;
use crate::policy::Custody;

named! {
    /// Where a module is in its life.
    ModuleState:
    /// It was asked for and is not there yet.
    Loading "loading",
    /// It is there and waits to be started.
    Ready "ready",
    /// It runs in every frame.
    Running "running",
    /// It is suspended until it is resumed.
    Paused "paused",
    /// It is suspended until the host recovers or terminates it.
    Quarantined "quarantined",
    /// It runs, for a last few frames.
    Stopping "stopping",
    /// It has ended, and can only be unloaded or replaced.
    Stopped "stopped",
    /// It has trapped, and can only be unloaded or replaced.
    Trapped "trapped",
    /// There is nothing of it any more.
    Unloaded "unloaded",
}

named! {
    /// What can happen to a module.
    Transition:
    /// Its load is complete.
    Load "load",
    /// Its supervisor or the host starts it.
    Start "start",
    /// Its supervisor, the host or itself pauses it.
    Pause "pause",
    /// Its supervisor or the host resumes it.
    Resume "resume",
    /// The policy or its supervisor puts it into quarantine.
    Quarantine "quarantine",
    /// The host takes it out of quarantine.
    Recover "recover",
    /// Its supervisor, the host or itself gives it a last few frames.
    Stop "stop",
    /// Its last frames are over, or there were none.
    Expire "expire",
    /// It halts, or its `main` returns.
    Halt "halt",
    /// It traps.
    Trap "trap",
    /// The host ends it.
    Terminate "terminate",
    /// It gets another program.
    Replace "replace",
    /// Its supervisor lets go of it, or its load is refused.
    Unload "unload",
}

/// **The** table: every transition that there is. All others are refused with a status.
#[rustfmt::skip]
pub const TRANSITIONS: &[(Transition, &[ModuleState], ModuleState)] = {
    use ModuleState::{Loading, Paused, Quarantined, Ready, Running, Stopped, Stopping, Trapped, Unloaded};
    &[
        (Transition::Load,       &[Loading],                                        Ready),
        (Transition::Start,      &[Ready],                                          Running),
        (Transition::Pause,      &[Running],                                        Paused),
        (Transition::Resume,     &[Paused],                                         Running),
        (Transition::Quarantine, &[Running, Paused, Stopping],                      Quarantined),
        (Transition::Recover,    &[Quarantined],                                    Running),
        (Transition::Stop,       &[Running],                                        Stopping),
        (Transition::Expire,     &[Ready, Running, Paused, Stopping],               Stopped),
        (Transition::Halt,       &[Running, Stopping],                              Stopped),
        (Transition::Trap,       &[Running, Stopping],                              Trapped),
        (Transition::Terminate,  &[Ready, Running, Paused, Quarantined, Stopping],  Stopped),
        (Transition::Replace,    &[Running, Stopped, Trapped],                      Running),
        (Transition::Replace,    &[Ready],                                          Ready),
        (Transition::Replace,    &[Paused],                                         Paused),
        (Transition::Unload,     &[Loading, Ready, Stopped, Trapped],               Unloaded),
    ]
};

impl ModuleState {
    /// The state behind a transition; `None` if there is no such transition.
    pub fn after(self, transition: Transition) -> Option<ModuleState> {
        let row = TRANSITIONS.iter().find(|(what, from, _)| *what == transition && from.contains(&self));
        row.map(|(_, _, to)| *to)
    }
}

/// How a module came to its end by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It halted with an exit code.
    Halted(i32),
    /// It trapped.
    Trapped,
}

/// The state of a module of which this is known.
pub(crate) fn state_of(ending: Option<Ending>, custody: Custody) -> ModuleState {
    match (ending, custody) {
        (Some(Ending::Trapped), _) => ModuleState::Trapped,
        (Some(Ending::Halted(_)), _) | (None, Custody::Terminated | Custody::Stopped) => ModuleState::Stopped,
        (None, Custody::Free) => ModuleState::Running,
        (None, Custody::Quarantined) => ModuleState::Quarantined,
        (None, Custody::Ready) => ModuleState::Ready,
        (None, Custody::Paused) => ModuleState::Paused,
        (None, Custody::Stopping) => ModuleState::Stopping,
    }
}
