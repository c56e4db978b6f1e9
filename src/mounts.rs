//! Where the cartridges are that a running one asks for, and fetching them between frames.

use std::io::ErrorKind;
use std::path::Path;

use cartwheel_assembler::wasm;
use cartwheel_bytecode::Cartridge;
use cartwheel_runtime::host::{FolderSource, Source, Sources, os::Folder};
use cartwheel_runtime::{Action, Machine};

use crate::cli::MountArgs;
use crate::failure::Failure;
use crate::verbs::ingest;
use crate::{project, signatures};

/// Name of the store.
const STORE: &str = "store";

/// What is mounted.
#[derive(Default)]
pub struct Mounts {
    sources: Sources,
}

impl Mounts {
    /// Opens what was asked for.
    pub fn open(args: &MountArgs) -> Result<Mounts, Failure> {
        let mut sources = Sources::new();
        if let Some(path) = &args.store {
            sources.mount(STORE, Box::new(ingest::open(path)?));
        }
        for (name, path) in &args.mount {
            if !path.is_dir() {
                return Err(Failure::file(path, "cannot mount it: there is no such folder"));
            }
            let folder =
                Folder::open(path).map_err(|e| Failure::file(path, format!("cannot mount it: {e}")))?;
            if !sources.mount(name, Box::new(ProjectSource(FolderSource::new(Box::new(folder))))) {
                let message = "a mount has a name of 1 to 32 characters a to z, 0 to 9, `_`, `-`, once, and not `fs` or `asset`";
                return Err(Failure::new(format!("cannot mount `{}`: {message}", name.escape_debug())));
            }
        }
        Ok(Mounts { sources })
    }

    /// Before a frame: hands over what its modules ask for. It is recorded with the frame.
    pub fn before_frame(&mut self, machine: &mut Machine) {
        let wanted: Vec<_> = machine.wanted().collect();
        for wanted in wanted {
            let fetched = self.sources.fetch(&wanted.address).map_err(|e| match e.kind() {
                // The same on every system.
                ErrorKind::NotFound => format!("there is no {}", wanted.address),
                _ => format!("{}: {e}", wanted.address),
            });
            let action = Action::Deliver { module: wanted.module.0, promise: wanted.promise, fetched };
            machine.queue(action).expect("a module that asked is there");
        }
    }
}

/// A folder whose WebAssembly modules are translated, and whose signatures can stand in files of their own.
struct ProjectSource(FolderSource);

impl Source for ProjectSource {
    fn fetch(&mut self, name: &str, max_bytes: u64) -> std::io::Result<Vec<u8>> {
        let bytes = self.0.fetch(name, max_bytes)?;
        let beside = signatures::path_beside(Path::new(name));
        let signature = self.0.fetch(&beside.to_string_lossy(), max_bytes).ok();
        let mut cart = if wasm::is_module(&bytes) {
            let manifest = project::manifest_path(Path::new(name));
            let manifest = self.0.fetch(&manifest.to_string_lossy(), max_bytes).ok();
            let wrong = |message: String| std::io::Error::new(ErrorKind::InvalidData, message);
            project::translate(Path::new(name), &bytes, manifest, None)
                .map_err(|failure| wrong(failure.message))?
        } else {
            match (signature.is_some(), Cartridge::from_bytes(&bytes)) {
                (true, Ok(cart)) => cart,
                // What is wrong with it is found when it is validated.
                _ => return Ok(bytes),
            }
        };
        if cart.signature.is_none() {
            cart.signature = signature;
        }
        Ok(cart.to_bytes())
    }
}

/// `NAME=DIR` as an argument.
pub fn parse(text: &str) -> Result<(String, std::path::PathBuf), String> {
    let (name, path) = text.split_once('=').ok_or("a mount is NAME=DIR")?;
    Ok((name.to_owned(), path.into()))
}
