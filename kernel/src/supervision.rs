//! Modules that control other modules: who supervises whom, what was asked for, and doing it at the frame boundary.
//!
//! A module supervises those that it loaded, and those that they loaded. `spec/modules.md` says what that means.

use std::collections::{BTreeMap, BTreeSet};

use cartwheel_hostabi::{Loader, Refusal, Status};
use xxhash_rust::xxh3::xxh3_128;

use crate::codec::{Reader, RestoreError};
use crate::lifecycle::{ModuleState, Transition};
use crate::load::ModuleId;
use crate::pipeline::Kernel;

/// Commands that a module can give in a frame.
pub const MAX_COMMANDS: usize = 64;
/// Bytes of the name of a program.
pub const MAX_PROGRAM_NAME_BYTES: usize = 64;
/// Most frames that a module that is being stopped can have.
pub const MAX_STOP_FRAMES: u16 = u16::MAX;

/// What a supervisor knows of a module that was loaded by a module.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Child {
    parent: ModuleId,
    stage: Stage,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Stage {
    /// It is made of the program with this name at the `wait`th boundary from here.
    Loading { wait: u32, name: String },
    /// It was not made; whoever asked for it may not know yet.
    Failed(Status),
    /// It is there. State and exit code are as of the last boundary, and no state of their own.
    There(ModuleState, i32),
}

/// What a module asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Command {
    by: ModuleId,
    module: ModuleId,
    what: Transition,
    /// Frames of a stop.
    frames: u16,
    /// Name of the program of a replacement.
    name: String,
}

/// All that modules have to do with each other.
#[derive(Default)]
pub(crate) struct Supervision {
    /// Number of the next module; none is given twice.
    next: u32,
    /// Modules that modules loaded.
    children: BTreeMap<ModuleId, Child>,
    /// In the order of issue.
    commands: Vec<Command>,
    /// Who loaded whom, the same as in `children`.
    pairs: BTreeSet<(ModuleId, ModuleId)>,
    /// How many commands each module has given, and what they will make of others: what `commands` comes to.
    given: BTreeMap<ModuleId, usize>,
    planned: BTreeMap<ModuleId, ModuleState>,
    /// All modules that are there, and how many each may have below it. Configuration, and no state.
    most: BTreeMap<ModuleId, u32>,
}

impl Supervision {
    /// True if a module is `child`, or loaded it, or loaded what loaded it.
    fn supervises(&self, module: ModuleId, child: ModuleId) -> bool {
        self.line(child).any(|above| above == module)
    }

    /// Who loaded a module, who loaded that one, and so on.
    fn line(&self, module: ModuleId) -> impl Iterator<Item = ModuleId> {
        std::iter::successors(self.parent(module), |&above| self.parent(above))
    }

    pub(crate) fn parent(&self, module: ModuleId) -> Option<ModuleId> {
        self.children.get(&module).map(|child| child.parent)
    }

    /// The modules that a module supervises, in the order of their numbers.
    pub(crate) fn below(&self, module: ModuleId) -> Vec<ModuleId> {
        let (mut found, mut seen) = (vec![module], 0);
        while let Some(&above) = found.get(seen) {
            let own = (above, ModuleId(0))..=(above, ModuleId(u32::MAX));
            found.extend(self.pairs.range(own).map(|(_, child)| *child));
            seen += 1;
        }
        found.remove(0);
        found.sort();
        found
    }

    /// How many modules a module may have below it.
    pub(crate) fn most(&self, module: ModuleId) -> u32 {
        self.most.get(&module).copied().unwrap_or(0)
    }

    /// True if a module, and all that supervise it, may have one more module below them.
    pub(crate) fn has_room(&self, module: ModuleId) -> bool {
        let room = |above| self.below(above).len() < self.most(above) as usize;
        self.line(module).chain([module]).all(room)
    }

    /// Takes note of a module that is there.
    pub(crate) fn admit(&mut self, id: ModuleId, most: u32) {
        self.most.insert(id, most);
        self.next = self.next.max(id.0.saturating_add(1));
    }

    /// A module is not there any more.
    pub(crate) fn dismiss(&mut self, id: ModuleId) {
        self.most.remove(&id);
    }

    fn add(&mut self, id: ModuleId, child: Child) {
        self.pairs.insert((child.parent, id));
        self.children.insert(id, child);
    }

    fn remove(&mut self, id: ModuleId) {
        if let Some(child) = self.children.remove(&id) {
            self.pairs.remove(&(child.parent, id));
        }
    }

    /// A module that another one may see.
    fn child(&self, by: ModuleId, module: i32) -> Result<(ModuleId, &Child), Status> {
        let id = u32::try_from(module).map(ModuleId).map_err(|_| Status::ModuleUnknown)?;
        match self.children.get(&id) {
            Some(child) if self.supervises(by, id) => Ok((id, child)),
            None if !self.most.contains_key(&id) => Err(Status::ModuleUnknown),
            _ => Err(Status::ModuleNotYours),
        }
    }

    /// State and exit code of a module as of the last boundary.
    pub(crate) fn info(&self, by: ModuleId, module: i32) -> Result<(ModuleState, i32), Status> {
        let (_, child) = self.child(by, module)?;
        match child.stage {
            Stage::Loading { .. } => Ok((ModuleState::Loading, 0)),
            Stage::Failed(_) => Ok((ModuleState::Unloaded, 0)),
            Stage::There(state, code) => Ok((state, code)),
        }
    }

    /// A module that is there and that another one supervises.
    pub(crate) fn there(&self, by: ModuleId, module: i32) -> Result<ModuleId, Status> {
        match self.child(by, module)? {
            (id, Child { stage: Stage::There(..), .. }) => Ok(id),
            _ => Err(Status::ModuleBadState),
        }
    }

    /// What became of a load. One that failed is forgotten when it was told.
    pub(crate) fn poll(&mut self, by: ModuleId, module: i32) -> Status {
        match self.child(by, module).map(|(id, child)| (id, child.stage.clone())) {
            Err(status) => status,
            Ok((_, Stage::Loading { .. })) => Status::Pending,
            Ok((_, Stage::There(..))) => Status::Ok,
            Ok((id, Stage::Failed(status))) => {
                self.remove(id);
                status
            }
        }
    }

    /// Asks for a module. The caller has looked at the quotas.
    pub(crate) fn load(&mut self, by: ModuleId, name: &str, latency: u32) -> Result<ModuleId, Status> {
        let id = ModuleId(self.next);
        if id.0 >= i32::MAX as u32 {
            return Err(Status::Quota);
        }
        self.next += 1;
        let stage = Stage::Loading { wait: latency, name: name.to_owned() };
        self.add(id, Child { parent: by, stage });
        Ok(id)
    }

    /// Asks for a transition of a module that another one supervises.
    pub(crate) fn ask(
        &mut self,
        by: ModuleId,
        module: i32,
        what: Transition,
        frames: u16,
        name: &str,
    ) -> Status {
        match self.child(by, module) {
            Ok((id, child)) => {
                let state = match child.stage {
                    Stage::Loading { .. } => ModuleState::Loading,
                    Stage::Failed(_) => ModuleState::Unloaded,
                    Stage::There(state, _) => state,
                };
                self.command(by, id, state, what, frames, name).unwrap_or(Status::ModuleBadState)
            }
            Err(status) => status,
        }
    }

    /// Asks for a transition of the module that calls; `None` if there is no such transition.
    pub(crate) fn ask_for_itself(&mut self, by: ModuleId, what: Transition, frames: u16) -> Option<Status> {
        // It runs, or it could not ask; stopping or not makes no difference to what it can ask for.
        self.command(by, by, ModuleState::Running, what, frames, "")
    }

    fn command(
        &mut self,
        by: ModuleId,
        module: ModuleId,
        state: ModuleState,
        what: Transition,
        frames: u16,
        name: &str,
    ) -> Option<Status> {
        // What was asked for before in the frame comes first.
        let state = self.planned.get(&module).copied().unwrap_or(state);
        let what = match (what, state) {
            // Whoever does not run needs no time to end.
            (Transition::Stop, ModuleState::Ready | ModuleState::Paused) => Transition::Expire,
            (Transition::Stop, _) if frames == 0 => Transition::Expire,
            (what, _) => what,
        };
        if what == Transition::Expire && state == ModuleState::Stopping {
            return None;
        }
        let planned = state.after(what)?;
        let given = self.given.entry(by).or_default();
        if *given >= MAX_COMMANDS {
            return Some(Status::Quota);
        }
        *given += 1;
        self.planned.insert(module, planned);
        self.commands.push(Command { by, module, what, frames, name: name.to_owned() });
        Some(Status::Ok)
    }

    fn is_empty(&self) -> bool {
        self.children.is_empty() && self.commands.is_empty()
    }

    pub(crate) fn save(&self, out: &mut Vec<u8>) {
        out.extend((self.children.len() as u32).to_le_bytes());
        for (id, Child { parent, stage }) in &self.children {
            out.extend(id.0.to_le_bytes());
            out.extend(parent.0.to_le_bytes());
            match stage {
                Stage::There(..) => out.push(0),
                Stage::Loading { wait, name } => {
                    out.push(1);
                    out.extend(wait.to_le_bytes());
                    put(out, name);
                }
                Stage::Failed(status) => {
                    let number = FAILURES.iter().position(|failure| failure == status).unwrap_or(0);
                    out.extend([2, number as u8]);
                }
            }
        }
        out.extend((self.commands.len() as u32).to_le_bytes());
        for Command { by, module, what, frames, name } in &self.commands {
            out.extend(by.0.to_le_bytes());
            out.extend(module.0.to_le_bytes());
            out.push(*what as u8);
            out.extend(frames.to_le_bytes());
            put(out, name);
        }
    }

    /// Reads what [`Supervision::save`] wrote; the number of the next module is as it is.
    pub(crate) fn read(&self, input: &mut Reader<'_>) -> Result<Supervision, RestoreError> {
        let next = self.next;
        let mut supervision = Supervision { next, most: self.most.clone(), ..Supervision::default() };
        for _ in 0..input.u32()? {
            let (id, parent) = (ModuleId(input.u32()?), ModuleId(input.u32()?));
            let stage = match input.u8()? {
                0 => Stage::There(ModuleState::Ready, 0),
                1 => {
                    let wait = input.u32()?;
                    let name = name(input)?;
                    if wait == 0 || name.is_empty() {
                        return Err(RestoreError::Value);
                    }
                    Stage::Loading { wait, name }
                }
                2 => {
                    let number = usize::from(input.u8()?);
                    Stage::Failed(*FAILURES.get(number).ok_or(RestoreError::Value)?)
                }
                _ => return Err(RestoreError::Value),
            };
            let last = supervision.children.last_key_value();
            if last.is_some_and(|(last, _)| *last >= id) || id.0 >= next {
                return Err(RestoreError::Value);
            }
            supervision.add(id, Child { parent, stage });
        }
        let most = supervision.children.len();
        if supervision.children.keys().any(|&id| supervision.line(id).take(most + 1).count() > most) {
            // Somebody would be above itself.
            return Err(RestoreError::Value);
        }
        for _ in 0..input.u32()? {
            let (by, module) = (ModuleId(input.u32()?), ModuleId(input.u32()?));
            let what = *Transition::ALL.get(usize::from(input.u8()?)).ok_or(RestoreError::Value)?;
            let frames = input.u16()?;
            *supervision.given.entry(by).or_default() += 1;
            supervision.commands.push(Command { by, module, what, frames, name: name(input)? });
        }
        Ok(supervision)
    }

    pub(crate) fn hash(&self) -> Option<(&'static str, u128)> {
        if self.is_empty() {
            return None;
        }
        let mut bytes = Vec::new();
        self.save(&mut bytes);
        Some(("supervision", xxh3_128(&bytes)))
    }

    /// Modules that have to be there: those that were loaded, and those that loaded.
    pub(crate) fn named(&self) -> impl Iterator<Item = ModuleId> {
        self.children.iter().flat_map(|(&id, child)| {
            let there = matches!(child.stage, Stage::There(..)).then_some(id);
            there.into_iter().chain([child.parent])
        })
    }

    fn take_commands(&mut self) -> Vec<Command> {
        self.given.clear();
        self.planned.clear();
        std::mem::take(&mut self.commands)
    }

    /// What the commands will make of modules, from the states that those have now.
    fn plan(&mut self) {
        self.planned.clear();
        for command in &self.commands {
            let published = self.children.get(&command.module).map(|child| match child.stage {
                Stage::There(state, _) => state,
                _ => ModuleState::Loading,
            });
            let state =
                self.planned.get(&command.module).copied().or(published).unwrap_or(ModuleState::Running);
            self.planned.insert(command.module, state.after(command.what).unwrap_or(state));
        }
    }
}

/// Why a load failed, in the order of their numbers in saved states.
const FAILURES: [Status; 2] = [Status::ModuleNotFound, Status::ModuleRefused];

fn put(out: &mut Vec<u8>, name: &str) {
    out.push(name.len() as u8);
    out.extend(name.as_bytes());
}

fn name(input: &mut Reader<'_>) -> Result<String, RestoreError> {
    let len = usize::from(input.u8()?);
    let bytes = input.bytes(len)?;
    str::from_utf8(bytes)
        .ok()
        .filter(|name| name.len() <= MAX_PROGRAM_NAME_BYTES)
        .map(str::to_owned)
        .ok_or(RestoreError::Value)
}

/// Whoever runs modules, as the kernel needs it at a frame boundary.
pub trait ModuleHost: Loader {
    /// The kernel of these modules.
    fn kernel(&mut self) -> &mut Kernel;

    /// Content hash of the program that the cartridge store has under a name.
    fn find(&self, name: &str) -> Option<[u8; 32]>;
}

/// The end of a frame, behind the slices of all modules: those that are being stopped have a frame less; loads that are due
/// are done in the order of their numbers; then what modules asked for, in the order of issue.
pub fn end_of_frame(host: &mut impl ModuleHost) {
    host.kernel().expire();
    let supervision = &mut host.kernel().shared.supervision;
    if !supervision.is_empty() {
        for (id, name) in due(supervision) {
            let result = host.load(id.0, &name);
            host.kernel().loaded(id, &result);
        }
        for command in host.kernel().shared.supervision.take_commands() {
            apply(host, command);
        }
    }
    host.kernel().publish_states();
}

/// Loads that are due; the others wait on.
fn due(supervision: &mut Supervision) -> Vec<(ModuleId, String)> {
    let mut due = Vec::new();
    for (id, child) in &mut supervision.children {
        if let Stage::Loading { wait, name } = &mut child.stage {
            *wait -= 1;
            if *wait == 0 {
                due.push((*id, std::mem::take(name)));
            }
        }
    }
    due
}

/// Does what a module asked for, if it can still be done.
fn apply(host: &mut impl ModuleHost, command: Command) {
    let Command { by: _, module, what, frames, name } = command;
    match what {
        Transition::Unload => {
            let kernel = host.kernel();
            let gone = matches!(
                kernel.state(module).and_then(|state| state.after(what)),
                Some(ModuleState::Unloaded)
            );
            if gone {
                for id in kernel.family(module) {
                    host.unload(id.0);
                }
            }
        }
        Transition::Replace => {
            let state = host.kernel().state(module);
            if state.and_then(|state| state.after(what)).is_some()
                && let Some(program) = host.find(&name)
            {
                // One that is refused leaves the module as it is.
                let _ = host.replace(module.0, &program);
            }
        }
        what => {
            host.kernel().change(module, what, frames);
        }
    }
}

impl Kernel {
    /// Number that the next module gets.
    pub fn next_number(&self) -> u32 {
        self.shared.supervision.next
    }

    /// Sets the number that the next module gets.
    pub fn set_next_number(&mut self, next: u32) {
        self.shared.supervision.next = next;
    }

    /// Where a module is in its life; `None` if there is none of this number, or no more.
    pub fn state(&self, id: ModuleId) -> Option<ModuleState> {
        if let Some(module) = self.module(id) {
            return Some(module.caller.state());
        }
        match self.shared.supervision.children.get(&id)?.stage {
            Stage::Loading { .. } => Some(ModuleState::Loading),
            Stage::Failed(_) | Stage::There(..) => None,
        }
    }

    /// Lets a module supervise another one as if it had loaded it. False if one of them is not there, or it would be above itself.
    pub fn set_supervisor(&mut self, id: ModuleId, supervisor: ModuleId) -> bool {
        let supervision = &self.shared.supervision;
        let circle = id == supervisor || supervision.supervises(id, supervisor);
        let (Some(module), false) = (self.module(id), circle || !self.is_loaded(supervisor)) else {
            return false;
        };
        let stage = Stage::There(module.caller.state(), module.caller.exit_code());
        self.shared.supervision.remove(id);
        self.shared.supervision.add(id, Child { parent: supervisor, stage });
        true
    }

    /// Who supervises a module, if a module does.
    pub fn supervisor(&self, id: ModuleId) -> Option<ModuleId> {
        self.shared.supervision.parent(id)
    }

    /// A module and all that it supervises, those that were loaded last first: the order in which they go.
    pub fn family(&self, id: ModuleId) -> Vec<ModuleId> {
        let mut family = self.shared.supervision.below(id);
        family.insert(0, id);
        family.reverse();
        family
    }

    /// Takes note of what became of a load.
    fn loaded(&mut self, id: ModuleId, result: &Result<(), Refusal>) {
        if result.is_ok() {
            self.hold(id, crate::policy::Custody::Ready);
        }
        if let Some(child) = self.shared.supervision.children.get_mut(&id) {
            child.stage = match result {
                Ok(()) => Stage::There(ModuleState::Ready, 0),
                Err(Refusal::NotFound) => Stage::Failed(Status::ModuleNotFound),
                Err(Refusal::Refused(_)) => Stage::Failed(Status::ModuleRefused),
            };
        }
    }

    /// Forgets that a module was loaded by another one, and what was asked for in its name or about it.
    pub(crate) fn forget_child(&mut self, id: ModuleId) {
        self.shared.supervision.remove(id);
        self.shared.supervision.commands.retain(|command| command.module != id && command.by != id);
    }

    /// Takes a frame from the modules that are being stopped.
    fn expire(&mut self) {
        let stopping =
            self.modules.iter_mut().filter(|module| module.caller.state() == ModuleState::Stopping);
        let mut over = Vec::new();
        for module in stopping {
            module.caller.grace = module.caller.grace.saturating_sub(1);
            if module.caller.grace == 0 {
                over.push(module.caller.id);
            }
        }
        for id in over {
            self.change(id, Transition::Expire, 0);
        }
    }

    /// Lets supervisors see the states that modules have now.
    pub fn publish_states(&mut self) {
        if self.shared.supervision.children.is_empty() {
            return;
        }
        for (id, child) in &mut self.shared.supervision.children {
            if let (Stage::There(state, code), Some(module)) = (&mut child.stage, self.modules.get(*id)) {
                (*state, *code) = (module.caller.state(), module.caller.exit_code());
            }
        }
        self.shared.supervision.plan();
    }
}
