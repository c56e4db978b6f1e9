//! Machines of several modules: the cartridges on a command line, or a machine file. `spec/modules.md` describes the file.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cartwheel_runtime::policy::{Policy, TrustLevel};
use cartwheel_runtime::{
    Config, Machine, ModuleId, ModuleSetup, Mount, Program, QuotaError, Quotas, Storage,
};
use serde::Deserialize;
use toml::Spanned;

use crate::failure::Failure;
use crate::storage::StorageFolder;
use crate::wishes::Bringer;
pub use crate::wishes::Wishes;
use crate::{files, policies};

/// Extension of machine files.
pub const EXTENSION: &str = "toml";

/// A machine file, as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct MachineFile {
    seed: Option<u64>,
    latency: Option<Spanned<u32>>,
    policy: Option<Spanned<PathBuf>>,
    max_modules: Option<u32>,
    #[serde(default)]
    quotas: BTreeMap<Spanned<String>, Spanned<u64>>,
    #[serde(default)]
    module: Vec<Part>,
    #[serde(default)]
    program: Vec<Part>,
}

/// A module, or a program that modules can be made of.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Part {
    name: Spanned<String>,
    file: Spanned<PathBuf>,
    origin: Option<String>,
    trust: Option<Spanned<String>>,
    cycles: Option<Spanned<u64>>,
    storage: Option<Spanned<PathBuf>>,
    storage_bytes: Option<u64>,
    read_only: Option<bool>,
    requests: Option<u32>,
    modules: Option<u32>,
    memory_pages: Option<Spanned<u32>>,
    heap_bytes: Option<Spanned<u64>>,
    heap_objects: Option<Spanned<u32>>,
    supervisor: Option<Spanned<String>>,
    #[serde(default)]
    mounts: BTreeMap<String, String>,
    #[serde(default)]
    quotas: BTreeMap<Spanned<String>, Spanned<u64>>,
}

/// A module that was loaded.
pub struct Member {
    /// Its number.
    pub id: ModuleId,
    /// What people call it.
    pub name: String,
}

/// A machine that is ready to run.
pub struct Made {
    /// It.
    pub machine: Machine,
    /// Its modules.
    pub members: Vec<Member>,
    /// Folders with the modules' files.
    pub folders: Vec<(ModuleId, StorageFolder)>,
}

/// A text file, with the places in it that have a value.
struct Source<'a> {
    path: &'a Path,
    text: &'a str,
}

impl Source<'_> {
    fn failure(&self, place: Range<usize>, message: impl std::fmt::Display) -> Failure {
        let before = &self.text[..place.start.min(self.text.len())];
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|&c| c != '\n').count() + 1;
        Failure::new(format!("{}:{line}:{column}: {message}", self.path.display()))
    }

    /// A path that is meant from where the file is.
    fn path(&self, path: &Path) -> PathBuf {
        self.path.parent().unwrap_or(Path::new("")).join(path)
    }

    /// Names are shown, chosen by, and parts of files' names.
    fn check_name(&self, name: &Spanned<String>) -> Result<(), Failure> {
        let message = match name.get_ref().as_str() {
            name if name.trim().is_empty() => "a name has at least a letter",
            name if name.contains(char::is_control) => "a name has no control characters",
            _ => return Ok(()),
        };
        Err(self.failure(name.span(), message))
    }

    fn program(&self, part: &Part, bringer: &Bringer<'_>) -> Result<Arc<Program>, Failure> {
        let loaded = bringer.program(&self.path(part.file.get_ref()), true);
        loaded.map_err(|e| self.failure(part.file.span(), e.message))
    }

    fn setup(&self, part: &Part, config: &Config) -> Result<ModuleSetup, Failure> {
        let mut setup = ModuleSetup { name: Some(part.name.get_ref().clone()), ..ModuleSetup::default() };
        setup.origin = part.origin.clone();
        if let Some(trust) = &part.trust {
            let level = TrustLevel::from_name(trust.get_ref()).ok_or_else(|| {
                let known: Vec<&str> = TrustLevel::ALL.iter().map(|level| level.name()).collect();
                self.failure(
                    trust.span(),
                    format!("no trust level is called so; there are {}", known.join(", ")),
                )
            })?;
            setup.level = Some(level);
        }
        if let Some(cycles) = &part.cycles {
            if *cycles.get_ref() == 0 {
                return Err(self.failure(cycles.span(), "a frame has at least one cycle"));
            }
            setup.cycles_per_frame = Some(*cycles.get_ref());
        }
        let mut limits = config.limits;
        self.lower(&mut limits.max_memory_pages, part.memory_pages.as_ref())?;
        self.lower(&mut limits.max_heap_bytes, part.heap_bytes.as_ref())?;
        self.lower(&mut limits.max_heap_objects, part.heap_objects.as_ref())?;
        setup.limits = (limits != config.limits).then_some(limits);
        setup.read_only_storage = part.read_only;
        setup.max_requests = part.requests;
        setup.max_loaded = part.modules;
        setup.quotas = match &part.quotas {
            named if named.is_empty() => None,
            named => Some(self.quotas(named, config.quotas)?),
        };
        if !part.mounts.is_empty() {
            let mount = |(prefix, target): (&String, &String)| Mount {
                prefix: prefix.clone(),
                target: target.clone(),
            };
            setup.mounts = Some(part.mounts.iter().map(mount).collect());
        }
        setup.storage = part.storage_bytes.map(Storage::new);
        Ok(setup)
    }

    /// The folder with a module's files, and these: what the file says of it goes before what the command line says.
    fn folder(
        &self,
        part: &Part,
        program: &Program,
        config: &Config,
        bringer: &Bringer<'_>,
    ) -> Result<Option<(StorageFolder, Storage)>, Failure> {
        let quota = part.storage_bytes.unwrap_or(config.storage_bytes);
        let Some(folder) = &part.storage else { return bringer.folder(program, part.name.get_ref(), quota) };
        let opened = StorageFolder::open(&self.path(folder.get_ref()), quota);
        opened.map(Some).map_err(|e| self.failure(folder.span(), e.message))
    }

    /// Quotas that are named, and the others as they are.
    fn quotas(
        &self,
        named: &BTreeMap<Spanned<String>, Spanned<u64>>,
        mut quotas: Quotas,
    ) -> Result<Quotas, Failure> {
        for (name, value) in named {
            quotas.set(name.get_ref(), *value.get_ref()).map_err(|e| match e {
                QuotaError::Unknown(_) => self.failure(name.span(), e),
                QuotaError::Range(..) => self.failure(value.span(), e),
            })?;
        }
        Ok(quotas)
    }

    /// Limits of a module are at most the machine's.
    fn lower<T: Copy + PartialOrd + std::fmt::Display>(
        &self,
        limit: &mut T,
        wanted: Option<&Spanned<T>>,
    ) -> Result<(), Failure> {
        let Some(wanted) = wanted else { return Ok(()) };
        if *wanted.get_ref() > *limit {
            return Err(self.failure(wanted.span(), format!("the machine allows at most {limit}")));
        }
        *limit = *wanted.get_ref();
        Ok(())
    }
}

/// What a module of a cartridge file is called behind others: like the file, with its place if one of them is called so too.
pub fn name_of(path: &Path, before: &[Member]) -> String {
    let name = path.file_stem().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    match before.iter().any(|member| member.name == name) {
        true => format!("{name}-{}", before.len()),
        false => name,
    }
}

/// Loads cartridges one after the other. A module is called like its file.
pub fn of_cartridges(
    paths: &[&Path],
    wishes: &Wishes<'_>,
    prepare: impl FnOnce(&mut Machine) -> Result<(), Failure>,
) -> Result<Made, Failure> {
    let config = wishes.config();
    let mut machine = Machine::new(config);
    if let Some(policy) = wishes.policy()? {
        machine.set_policy(policy);
    }
    prepare(&mut machine)?;
    let bringer = Bringer::new(wishes, paths.len() == 1);
    let (mut members, mut folders): (Vec<Member>, _) = (Vec::new(), Vec::new());
    for path in paths {
        let program = bringer.program(path, machine.key_ring().is_some())?;
        let name = name_of(path, &members);
        let (folder, storage) = bringer.folder(&program, &name, config.storage_bytes)?.unzip();
        let vouched = machine.vouch(&program).map_err(|refused| Failure::file(path, refused))?;
        let setup = ModuleSetup { storage, ..ModuleSetup::default() };
        let id = machine.load_vouched(program, vouched, setup).map_err(|e| Failure::file(path, e))?;
        members.push(Member { id, name });
        folders.extend(folder.map(|folder| (id, folder)));
    }
    bringer.check()?;
    Ok(Made { machine, members, folders })
}

/// Cartridges that a machine file names; none if it is no machine file.
pub fn cartridges(path: &Path) -> Vec<PathBuf> {
    let Ok(text) = files::read_text(path) else { return Vec::new() };
    let file: MachineFile = toml::from_str(&text).unwrap_or_default();
    let source = Source { path, text: &text };
    file.module.iter().chain(&file.program).map(|part| source.path(part.file.get_ref())).collect()
}

/// Makes the machine that a file describes.
pub fn read(
    path: &Path,
    wishes: &Wishes<'_>,
    prepare: impl FnOnce(&mut Machine) -> Result<(), Failure>,
) -> Result<Made, Failure> {
    let text = files::read_text(path)?;
    let source = Source { path, text: &text };
    let file: MachineFile = toml::from_str(&text).map_err(|e| match e.span() {
        Some(span) => source.failure(span, e.message()),
        None => Failure::file(path, e.message()),
    })?;
    if file.module.is_empty() {
        return Err(Failure::file(path, "there is no [[module]] in it, so there is nothing to run"));
    }
    if let Some(latency) = file.latency.as_ref().filter(|latency| *latency.get_ref() == 0) {
        return Err(source.failure(latency.span(), "nothing is published before the next frame"));
    }
    let mut config = wishes.config();
    config.seed = wishes.seed.or(file.seed).unwrap_or(config.seed);
    config.latency = wishes.latency.or(file.latency.map(Spanned::into_inner)).unwrap_or(config.latency);
    config.max_modules = file.max_modules.unwrap_or(config.max_modules);
    config.quotas = source.quotas(&file.quotas, config.quotas)?;
    let mut machine = Machine::new(config);
    if let Some(policy) = policy(&source, wishes, file.policy.as_ref())? {
        machine.set_policy(policy);
    }
    prepare(&mut machine)?;
    let bringer = Bringer::new(wishes, false);
    let (mut members, mut folders): (Vec<Member>, _) = (Vec::new(), Vec::new());
    for part in file.program.iter().chain(&file.module) {
        source.check_name(&part.name)?;
    }
    for part in &file.program {
        if let Some(place) =
            part.storage.as_ref().map(Spanned::span).or(part.supervisor.as_ref().map(Spanned::span))
        {
            return Err(
                source.failure(place, "a program has no folder and no supervisor; the modules made of it do")
            );
        }
        let setup = source.setup(part, &config)?;
        let program = source.program(part, &bringer)?;
        if machine.store().any(|(name, _)| name == part.name.get_ref()) {
            return Err(source.failure(part.name.span(), "there is a program of this name already"));
        }
        machine.add_to_store(part.name.get_ref(), program, setup);
    }
    for part in &file.module {
        if members.iter().any(|member| member.name == *part.name.get_ref()) {
            return Err(source.failure(part.name.span(), "there is a module of this name already"));
        }
        let mut setup = source.setup(part, &config)?;
        let program = source.program(part, &bringer)?;
        let (folder, storage) = source.folder(part, &program, &config, &bringer)?.unzip();
        setup.storage = storage.or(setup.storage);
        let loaded = if part.trust.is_some() || machine.key_ring().is_none() {
            // What the file says of a module counts.
            machine.load_with(program, setup)
        } else {
            let vouched =
                machine.vouch(&program).map_err(|refused| source.failure(part.file.span(), refused))?;
            machine.load_vouched(program, vouched, setup)
        };
        let id = loaded.map_err(|e| source.failure(part.file.span(), e))?;
        members.push(Member { id, name: part.name.get_ref().clone() });
        folders.extend(folder.map(|folder| (id, folder)));
    }
    for (part, at) in file.module.iter().zip(0..) {
        let Some(supervisor) = &part.supervisor else { continue };
        let named = members.iter().find(|member| member.name == *supervisor.get_ref());
        let above =
            named.ok_or_else(|| source.failure(supervisor.span(), "there is no module of this name"))?;
        let (id, above): (ModuleId, ModuleId) = (members[at].id, above.id);
        if !machine.set_supervisor(id, above) {
            return Err(source.failure(supervisor.span(), "a module would be above itself"));
        }
    }
    bringer.check()?;
    Ok(Made { machine, members, folders })
}

fn policy(
    source: &Source<'_>,
    wishes: &Wishes<'_>,
    named: Option<&Spanned<PathBuf>>,
) -> Result<Option<Policy>, Failure> {
    if let Some(policy) = wishes.policy()? {
        return Ok(Some(policy));
    }
    let Some(named) = named else { return Ok(None) };
    let read = policies::read(&source.path(named.get_ref()));
    read.map(Some).map_err(|e| source.failure(named.span(), e.message))
}
