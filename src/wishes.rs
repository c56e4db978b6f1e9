//! What the command line says of a machine, over what its cartridges and its file say.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cartwheel_runtime::policy::Policy;
use cartwheel_runtime::{Config, Program, Storage};

use crate::crowd::plain;
use crate::failure::Failure;
use crate::storage::StorageFolder;
use crate::{policies, project, signatures, wasm4};

/// What the command line says.
#[derive(Default)]
pub struct Wishes<'a> {
    /// Seed of the random generators.
    pub seed: Option<u64>,
    /// Cycles per frame of every module.
    pub cycles: Option<u64>,
    /// Frames from a staged call to its result.
    pub latency: Option<u32>,
    /// File of the policy.
    pub policy: Option<&'a Path>,
    /// Folder of files: of one cartridge by itself, or with a folder for each of several that can have files.
    pub storage: Option<&'a Path>,
    /// Bytes that the files of a module can have together.
    pub storage_bytes: Option<u64>,
    /// True if modules can only read their files.
    pub read_only: bool,
    /// Capabilities that WebAssembly modules may need at most.
    pub declare: Option<&'a [String]>,
    /// Font of WASM-4 games.
    pub wasm4_font: Option<&'a Path>,
}

impl Wishes<'_> {
    /// A machine's configuration, where no file says anything else.
    pub fn config(&self) -> Config {
        let default = Config::default();
        Config {
            seed: self.seed.unwrap_or(default.seed),
            cycles_per_frame: self.cycles,
            latency: self.latency.unwrap_or(default.latency),
            storage_bytes: self.storage_bytes.unwrap_or(default.storage_bytes),
            read_only_storage: self.read_only,
            ..default
        }
    }

    /// The policy, if one was asked for.
    pub fn policy(&self) -> Result<Option<Policy>, Failure> {
        self.policy.map(policies::read).transpose()
    }
}

/// Loads the cartridges of a machine, and gives each what was asked for and is for it.
pub struct Bringer<'w> {
    wishes: &'w Wishes<'w>,
    /// True if there is one cartridge only, for which everything that was asked for must be.
    alone: bool,
    /// What some cartridge was given.
    declared: Cell<bool>,
    lettered: Cell<bool>,
    folders: RefCell<BTreeSet<PathBuf>>,
}

impl<'w> Bringer<'w> {
    /// Nothing is loaded yet.
    pub fn new(wishes: &'w Wishes<'w>, alone: bool) -> Bringer<'w> {
        let (declared, lettered, folders) = Default::default();
        Bringer { wishes, alone, declared, lettered, folders }
    }

    /// The program in a file. `signed` says if signatures beside files count.
    pub fn program(&self, path: &Path, signed: bool) -> Result<Arc<Program>, Failure> {
        let declare = match self.wishes.declare {
            Some(declare) if self.alone || project::is_wasm(path)? => Some(declare),
            _ => None,
        };
        self.declared.set(self.declared.get() || declare.is_some());
        let mut loaded = project::load_declaring(path, declare)?;
        if let Some(font) = self.wishes.wasm4_font
            && (self.alone || wasm4::is_game(&loaded.cart))
        {
            wasm4::bring_font(&mut loaded.cart, font)?;
            self.lettered.set(true);
        }
        if signed {
            signatures::attach(&mut loaded)?;
        }
        loaded.verify()
    }

    /// The folder with a module's files, and these, if one was asked for and it can have files.
    pub fn folder(
        &self,
        program: &Program,
        name: &str,
        quota_bytes: u64,
    ) -> Result<Option<(StorageFolder, Storage)>, Failure> {
        let can = program.cartridge().manifest.capabilities.iter().any(|capability| capability == "fs");
        let Some(folder) = self.wishes.storage.filter(|_| can) else { return Ok(None) };
        let folder = if self.alone { folder.to_owned() } else { folder.join(plain(name)) };
        if !self.folders.borrow_mut().insert(folder.clone()) {
            return Err(Failure::file(&folder, "two modules would have their files in this folder"));
        }
        StorageFolder::open(&folder, quota_bytes).map(Some)
    }

    /// Fails if something was asked for that no cartridge can have.
    pub fn check(&self) -> Result<(), Failure> {
        let Bringer { wishes, declared, lettered, folders, .. } = self;
        let missing =
            |what: &str| Err(Failure::new(format!("{what}, and there is none among the cartridges")));
        if wishes.declare.is_some() && !declared.get() {
            return missing("--declare is for WebAssembly modules");
        }
        if wishes.wasm4_font.is_some() && !lettered.get() {
            return missing("--wasm4-font is for WASM-4 games");
        }
        if let Some(storage) = wishes.storage.filter(|_| folders.borrow().is_empty()) {
            let message = match self.alone {
                true => "it has no files to keep: it declares no `.capability fs`",
                false => {
                    "there are no files to keep: no module declares `.capability fs` that has no folder yet"
                }
            };
            return Err(Failure::file(storage, message));
        }
        Ok(())
    }
}
