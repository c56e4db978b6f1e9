//! The modules of a run: what they are called, what each has come to, and when none of them goes on.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{Display, Formatter};
use std::path::{Path, PathBuf};

use cartwheel_hostabi::Capability;
use cartwheel_runtime::{FrameReport, Machine, ModuleId, ModuleState, Program, Status};

use crate::failure::{Exit, Failure};
use crate::machine_file::Member;
use crate::summary::{Stop, Tally};

/// All modules that were there at some time.
#[derive(Default)]
pub struct Crowd {
    modules: BTreeMap<u32, Seen>,
    /// Their names, as they can be part of files'.
    taken: BTreeSet<String>,
    /// True if it is a run of one cartridge by itself, of which nobody has to say which one is meant.
    alone: bool,
    /// The one that is meant, if one was named.
    chosen: Option<String>,
    /// What else people can call the one cartridge: its file, without the extension.
    stem: Option<String>,
}

/// A module that trapped. It is shown with its name where that is not the only one.
#[derive(Clone, Debug)]
pub struct Trapped {
    /// Its number.
    pub module: u32,
    name: Option<String>,
    /// How it trapped.
    pub trap: String,
}

impl Display for Trapped {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        self.name.iter().try_for_each(|name| write!(f, "{name}: "))?;
        f.write_str(&self.trap)
    }
}

/// What is known of a module.
pub struct Seen {
    /// What people call it; no other module of the run is called so.
    pub name: String,
    /// What its frames came to.
    pub tally: Tally,
    /// How it was when it was seen last.
    pub state: ModuleState,
    /// What it halted with.
    pub code: Option<i32>,
    /// How it trapped.
    pub trap: Option<String>,
    /// True if the host loaded it: what becomes of it is what becomes of the run.
    own: bool,
}

impl Crowd {
    /// The only module of a machine, called by its title, or else `place`.
    pub fn alone(machine: &Machine, place: &Path, chosen: Option<&str>) -> Result<Crowd, Failure> {
        let first = machine.modules().next();
        let titled = first.and_then(|id| named(machine, id)).map(str::to_owned);
        let name = titled.unwrap_or_else(|| place.display().to_string());
        let stem = place.file_stem().map(|stem| stem.to_string_lossy().into_owned());
        let mut crowd = Crowd { alone: true, stem, ..Crowd::default() };
        crowd.add(name, ModuleId(0), true);
        match chosen.filter(|&chosen| crowd.id_of(chosen).is_none()) {
            Some(chosen) => Err(crowd.no_module(machine, chosen)),
            None => Ok(crowd),
        }
    }

    /// Several modules, of which one may be chosen by number or name.
    pub fn new(machine: &Machine, members: Vec<Member>, chosen: Option<&str>) -> Result<Crowd, Failure> {
        let mut crowd = Crowd { chosen: chosen.map(str::to_owned), ..Crowd::default() };
        members.into_iter().for_each(|Member { id, name }| crowd.add(name, id, true));
        match chosen.filter(|chosen| crowd.id_of(chosen).is_none() && !can_come(machine, chosen)) {
            Some(chosen) => Err(crowd.no_module(machine, chosen)),
            None => Ok(crowd),
        }
    }

    /// Fails if no program of a module will be called so, before anything runs. A module can become a program of another name.
    pub fn check_name(&self, machine: &Machine, wanted: &str) -> Result<(), Failure> {
        let name = wanted.split(" from frame ").next().unwrap_or(wanted);
        let stored = || machine.store().any(|(_, program)| title_of(program) == name);
        let becomes = |id| {
            let manifest = &machine.instance(id).program().cartridge().manifest;
            manifest.capabilities.iter().any(|name| name == Capability::Kernel.name())
        };
        let known = self.id_of(name).is_some() || can_come(machine, name) || stored();
        match known || machine.modules().any(becomes) {
            true => Ok(()),
            false => Err(self.no_module(machine, wanted)),
        }
    }

    fn no_module(&self, machine: &Machine, wanted: &str) -> Failure {
        let later: Vec<&str> = machine.store().map(|(name, _)| name).collect();
        let later =
            if later.is_empty() { String::new() } else { format!("; later perhaps {}", later.join(", ")) };
        let are = if self.alone { "is" } else { "are" };
        Failure::new(format!("there is no module {wanted}; there {are} {}{later}", self.names()))
    }

    /// True if it is one cartridge by itself.
    pub fn is_alone(&self) -> bool {
        self.alone
    }

    /// All that were there, by number.
    pub fn iter(&self) -> impl Iterator<Item = (ModuleId, &Seen)> {
        self.modules.iter().map(|(&number, seen)| (ModuleId(number), seen))
    }

    /// The module that was chosen, or the first one; `None` if the one that was chosen is not there yet.
    pub fn first(&self) -> Option<ModuleId> {
        match self.chosen {
            Some(_) => self.chosen_now(),
            None => self.iter().next().map(|(id, _)| id),
        }
    }

    /// The module that was chosen, if one was and it has been there.
    fn chosen_now(&self) -> Option<ModuleId> {
        self.id_of(self.chosen.as_deref()?)
    }

    /// The module that people call so, or else that has this number.
    pub fn id_of(&self, wanted: &str) -> Option<ModuleId> {
        let named = self.iter().find(|(_, seen)| seen.name == wanted).map(|(id, _)| id);
        let filed = self.stem.as_deref().filter(|&stem| stem == wanted).map(|_| ModuleId(0));
        let numbered =
            || wanted.parse().ok().filter(|number| self.modules.contains_key(number)).map(ModuleId);
        named.or(filed).or_else(numbered)
    }

    /// The modules that trapped, by number.
    pub fn traps(&self) -> impl Iterator<Item = Trapped> {
        self.iter().filter_map(|(id, seen)| {
            let name = (!self.alone).then(|| seen.name.clone());
            Some(Trapped { module: id.0, name, trap: seen.trap.clone()? })
        })
    }

    /// The modules of a machine that outputs are of: the one that was chosen, or all.
    pub fn meant(&self, machine: &Machine) -> Vec<ModuleId> {
        match self.chosen {
            Some(_) => self.chosen_now().into_iter().filter(|&id| machine.has(id)).collect(),
            None => machine.modules().collect(),
        }
    }

    /// True if outputs are of one module, and have the names that were given.
    pub fn one_is_meant(&self) -> bool {
        self.alone || self.chosen.is_some()
    }

    /// What people call a module.
    pub fn name(&self, id: ModuleId) -> &str {
        self.modules.get(&id.0).map_or("", |seen| &seen.name)
    }

    /// Names of all, for who has given another one.
    pub fn names(&self) -> String {
        let names: Vec<String> = self.iter().map(|(id, seen)| format!("{} {}", id.0, seen.name)).collect();
        names.join(", ")
    }

    /// Why there can be nothing of a kind to write. `place` is what people call what runs.
    pub fn nothing(&self, place: &Path, what: &str, declared: &str) -> Failure {
        match &self.chosen {
            _ if self.alone => {
                Failure::file(place, format!("it has no {what} to write: it declares no {declared}"))
            }
            Some(chosen) => {
                Failure::new(format!("module {chosen} has no {what} to write: it declares no {declared}"))
            }
            None => Failure::file(place, format!("no module has {what} to write: none declares {declared}")),
        }
    }

    /// Why there was nothing of a kind to write to a file after all.
    pub fn nothing_came(&self, path: &Path, what: &str) -> Failure {
        let who = match &self.chosen {
            Some(chosen) => format!("module {chosen} does not have"),
            None if self.alone => "it does not have".to_owned(),
            None => "no module has".to_owned(),
        };
        let why = match self.chosen_now().and_then(|id| self.modules.get(&id.0)) {
            Some(seen) => format!(" (it is {} at the end of the run)", seen.state.name()),
            None => String::new(),
        };
        Failure::file(path, format!("there is nothing to write: {who} {what}{why}"))
    }

    /// Fails if the module that was chosen was never there.
    pub fn check_chosen(&self) -> Result<(), Failure> {
        match &self.chosen {
            Some(chosen) if self.chosen_now().is_none() => {
                Err(Failure::new(format!("there was no module {chosen}; there were {}", self.names())))
            }
            _ => Ok(()),
        }
    }

    /// Takes in what a frame came to.
    pub fn frame(&mut self, machine: &Machine, report: &mut FrameReport) {
        // Those that were loaded at the end of the frame are there too, and have no row yet.
        for id in report.modules.iter().map(|row| row.module).chain(machine.modules()) {
            if !self.modules.contains_key(&id.0) {
                self.add(title(machine, id), id, false);
            }
        }
        for row in report.modules.drain(..) {
            let Some(seen) = self.modules.get_mut(&row.module.0) else { continue };
            seen.trap = row.trap.as_ref().map(ToString::to_string).or(seen.trap.take());
            if let Some(samples) = machine.has(row.module).then(|| machine.audio(row.module)).flatten() {
                seen.tally.sound.get_or_insert_default().add(samples);
            }
            seen.tally.add(report.frame, row);
        }
        self.look(machine);
    }

    /// Takes note of how modules are.
    fn look(&mut self, machine: &Machine) {
        for (&number, seen) in &mut self.modules {
            let id = ModuleId(number);
            if !machine.has(id) {
                seen.state = ModuleState::Unloaded;
                continue;
            }
            let status = machine.status(id);
            seen.state = status.into();
            seen.code = match status {
                Status::Halted(code) => Some(code),
                _ => None,
            };
            if status == Status::Trapped && seen.trap.is_none() {
                seen.trap = machine.trap(id).map(|trap| trap.to_string());
            }
        }
    }

    /// Adds a module; to a name that another one has, or that is the same in names of files, its number is added.
    fn add(&mut self, mut name: String, id: ModuleId, own: bool) {
        while !self.taken.insert(plain(&name)) {
            name = format!("{name}-{}", id.0);
        }
        let (tally, state) = (Tally::default(), ModuleState::Ready);
        self.modules.insert(id.0, Seen { name, tally, own, state, code: None, trap: None });
    }

    /// Frames from a number on were taken back.
    pub fn take_back(&mut self, machine: &Machine, frame: u64) {
        for seen in self.modules.values_mut() {
            seen.tally.take_back(frame);
            seen.trap = None;
        }
        self.look(machine);
    }

    /// Why no module runs any more unless the host does something; `None` if one does.
    pub fn over(&self, machine: &Machine) -> Option<Stop> {
        if machine.modules().any(|id| machine.will_run(id)) {
            return None;
        }
        let there: Vec<Status> = machine.modules().map(|id| machine.status(id)).collect();
        let stop = match there[..] {
            [Status::Halted(code)] if self.alone => Stop::Halted(code),
            [Status::Trapped] if self.alone => Stop::Trapped,
            [Status::Terminated] if self.alone => Stop::Terminated,
            _ if there.contains(&Status::Quarantined) => Stop::Quarantined,
            _ if there.contains(&Status::Paused) || there.contains(&Status::Ready) => Stop::Waiting,
            _ => Stop::Idle,
        };
        Some(stop)
    }

    /// How the command ends: by the first of the host's modules that did not end well.
    pub fn exit(&self, stop: Stop) -> Exit {
        if self.alone || matches!(stop, Stop::Diverged | Stop::Left | Stop::Killed(_)) {
            return stop.exit();
        }
        let own = self.modules.values().filter(|seen| seen.own);
        let mut exits = own.filter_map(|seen| match (seen.state, seen.code) {
            (ModuleState::Trapped, _) => Some(Exit::Trapped),
            (ModuleState::Quarantined, _) => Some(Exit::Quarantined),
            (_, Some(code)) if code != 0 => Some(Exit::Halted(code)),
            _ => None,
        });
        exits.next().unwrap_or(Exit::Fine)
    }

    /// The path of an output: as it was given, or with the module's name before the extension.
    pub fn path_of(&self, path: &Path, id: ModuleId) -> PathBuf {
        let Some(seen) = self.modules.get(&id.0).filter(|_| !self.one_is_meant()) else {
            return path.to_owned();
        };
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let name = plain(&seen.name);
        match path.extension() {
            Some(extension) => path.with_file_name(format!("{stem}.{name}.{}", extension.to_string_lossy())),
            None => path.with_file_name(format!("{stem}.{name}")),
        }
    }
}

/// What people call a module of which only the machine tells.
pub fn title(machine: &Machine, id: ModuleId) -> String {
    named(machine, id).map_or_else(|| format!("module-{}", id.0), str::to_owned)
}

/// The name that a module was set up with, or its title, if it has one of them.
pub fn named(machine: &Machine, id: ModuleId) -> Option<&str> {
    machine.has(id).then_some(())?;
    let title = title_of(machine.instance(id).program());
    machine.name(id).or(Some(title)).filter(|name| !name.is_empty())
}

fn title_of(program: &Program) -> &str {
    &program.cartridge().manifest.title
}

/// True if a module of this number or name can be loaded while the machine runs.
fn can_come(machine: &Machine, chosen: &str) -> bool {
    let number = chosen.parse::<u32>().is_ok();
    machine.store().any(|(name, _)| {
        let rest = chosen.strip_prefix(name);
        number || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    })
}

/// A name as it can be part of a file's.
pub fn plain(name: &str) -> String {
    name.chars().map(|c| if c.is_alphanumeric() || c == '-' { c } else { '_' }).collect()
}
