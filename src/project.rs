//! What a path given to a verb means: a cartridge, a source file, a WebAssembly module, or a folder with a project.

use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use cartwheel_assembler::{FileLoader, LoadedFile, Loader, assemble, wasm};
use cartwheel_bytecode::Cartridge;
use cartwheel_hostabi::Capability;
use cartwheel_runtime::{Program, trace};

use crate::failure::Failure;
use crate::files;

/// Extension of source files.
const SOURCE_EXTENSION: &str = "asm";
/// Extension of cartridges.
pub const CARTRIDGE_EXTENSION: &str = "cart";
/// Extension of manifests beside WebAssembly modules, and of machine files.
const MANIFEST_EXTENSION: &str = "toml";
/// Extension of WebAssembly modules.
const MODULE_EXTENSION: &str = "wasm";
/// Folder beside a project that the project can include files from.
const SHARED_FOLDER: &str = "lib";

/// A cartridge and the file that it came from.
pub struct Loaded {
    /// The cartridge, not yet verified.
    pub cart: Cartridge,
    /// The cartridge file or main source file.
    pub path: PathBuf,
}

impl Loaded {
    /// The cartridge as a program.
    pub fn verify(self) -> Result<Arc<Program>, Failure> {
        Program::new(self.cart)
            .map_err(|e| Failure::file(&self.path, format!("the program is not valid: {e}")))
    }
}

/// Loads a cartridge, or makes one of a source file, a WebAssembly module or the project in a folder.
pub fn load(path: &Path) -> Result<Loaded, Failure> {
    load_declaring(path, None)
}

/// Loads like [`load`], and refuses a WebAssembly module that needs other capabilities than these.
pub fn load_declaring(path: &Path, declare: Option<&[String]>) -> Result<Loaded, Failure> {
    let path = if path.is_dir() { main_source(path)? } else { path.to_owned() };
    let bytes = files::read(&path)?;
    if wasm::is_module(&bytes) {
        return Ok(Loaded { cart: translate_file(&path, &bytes, declare)?, path });
    }
    if trace::is_trace(&bytes) {
        let message = "it is a trace; `replay` runs it, `profile` and `certify --trace` read it";
        return Err(Failure::file(&path, message));
    }
    if path.extension().is_some_and(|extension| extension == MANIFEST_EXTENSION) && !is_cartridge(&bytes) {
        let message = "a machine file is a whole machine: `run`, `profile` and `certify` take it by itself";
        return Err(Failure::file(&path, message));
    }
    if declare.is_some() {
        let message = "--declare is for WebAssembly modules; this program declares its capabilities itself";
        return Err(Failure::file(&path, message));
    }
    let named_cartridge = path.extension().is_some_and(|extension| extension == CARTRIDGE_EXTENSION);
    if named_cartridge || is_cartridge(&bytes) {
        return Ok(Loaded { cart: read_cartridge(&path, &bytes)?, path });
    }
    if path.extension().is_some_and(|extension| extension == MODULE_EXTENSION) {
        return Err(Failure::file(
            &path,
            "not a WebAssembly module: the file does not begin with \"\\0asm\"",
        ));
    }
    assemble_file(path, &bytes)
}

fn is_cartridge(bytes: &[u8]) -> bool {
    bytes.starts_with(b"CART")
}

/// True if a path means a WebAssembly module.
pub fn is_wasm(path: &Path) -> Result<bool, Failure> {
    let path = if path.is_dir() { main_source(path)? } else { path.to_owned() };
    Ok(wasm::is_module(&files::read(&path)?))
}

/// Where the manifest of a WebAssembly module stands.
pub fn manifest_path(path: &Path) -> PathBuf {
    path.with_extension(MANIFEST_EXTENSION)
}

/// Translates a WebAssembly module. What it does not say of itself stands in a TOML file beside it.
fn translate_file(path: &Path, bytes: &[u8], declare: Option<&[String]>) -> Result<Cartridge, Failure> {
    let beside = manifest_path(path);
    let manifest = if beside.is_file() { Some(files::read(&beside)?) } else { None };
    translate(path, bytes, manifest, declare)
}

/// Translates a WebAssembly module with this manifest.
pub fn translate(
    path: &Path,
    bytes: &[u8],
    manifest: Option<Vec<u8>>,
    declare: Option<&[String]>,
) -> Result<Cartridge, Failure> {
    let manifest = manifest.map(String::from_utf8).transpose();
    let manifest = manifest.map_err(|_| Failure::file(&manifest_path(path), "the manifest is not UTF-8"))?;
    for name in declare.unwrap_or_default() {
        if Capability::from_name(name).is_none() {
            let known: Vec<&str> = Capability::ALL.iter().map(|capability| capability.name()).collect();
            return Err(Failure::new(format!(
                "unknown capability `{name}`; there are: {}",
                known.join(", ")
            )));
        }
    }
    let title = path.file_stem().unwrap_or_default().to_string_lossy();
    let options =
        wasm::Options { title: &title, manifest: manifest.as_deref(), declare, ..wasm::Options::default() };
    wasm::translate(bytes, &options).map_err(|e| Failure::file(path, e))
}

/// Loads a cartridge file, or translates a WebAssembly module.
pub fn load_program(path: &Path) -> Result<Cartridge, Failure> {
    let bytes = files::read(path)?;
    if wasm::is_module(&bytes) { translate_file(path, &bytes, None) } else { read_cartridge(path, &bytes) }
}

fn read_cartridge(path: &Path, bytes: &[u8]) -> Result<Cartridge, Failure> {
    Cartridge::from_bytes(bytes).map_err(|e| Failure::file(path, e))
}

/// The main source file of a project: named like its folder, or `main`.
fn main_source(folder: &Path) -> Result<PathBuf, Failure> {
    let full = folder.canonicalize().map_err(|e| Failure::file(folder, e))?;
    let name = full.file_name().unwrap_or_default().to_string_lossy();
    let candidates = [
        format!("{name}.{SOURCE_EXTENSION}"),
        format!("main.{SOURCE_EXTENSION}"),
        format!("{name}.{MODULE_EXTENSION}"),
    ];
    let found = candidates.iter().map(|candidate| folder.join(candidate)).find(|path| path.is_file());
    found.ok_or_else(|| {
        let [named, main, module] = candidates;
        Failure::file(folder, format!("there is neither {named} nor {main} nor {module} in this folder"))
    })
}

fn assemble_file(path: PathBuf, bytes: &[u8]) -> Result<Loaded, Failure> {
    let folder = path.parent().unwrap_or(Path::new("")).to_owned();
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
        return Err(Failure::file(&path, "its name is not UTF-8"));
    };
    match assemble(name, bytes, &ProjectFiles::new(&folder)) {
        Ok(cart) => Ok(Loaded { cart, path }),
        Err(mut diagnostics) => {
            // Debug information has names relative to the project; people want the way from where they are.
            for diagnostic in &mut diagnostics.list {
                diagnostic.file = folder.join(&diagnostic.file).display().to_string();
            }
            Err(Failure::new(diagnostics.render()))
        }
    }
}

/// The files that a project can include: those of its folder, and of the folder `lib` beside it.
struct ProjectFiles {
    own: FileLoader,
    shared: FileLoader,
}

impl ProjectFiles {
    fn new(folder: &Path) -> ProjectFiles {
        let own = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        ProjectFiles {
            own: FileLoader::new(own),
            shared: FileLoader::new(own.join("..").join(SHARED_FOLDER)),
        }
    }
}

impl Loader for ProjectFiles {
    fn load(&self, from: &str, path: &str) -> Result<LoadedFile, String> {
        // As far up as a project can reach, files of `lib` are called `../lib/...`.
        let mut parts: Vec<&str> = Vec::new();
        let folder = Path::new(from).parent().unwrap_or(Path::new(""));
        for component in folder.components().chain(Path::new(path).components()) {
            match component {
                Component::Normal(part) => parts.push(part.to_str().ok_or("the path is not UTF-8")?),
                Component::CurDir => {}
                Component::ParentDir if parts.last().is_some_and(|&part| part != "..") => {
                    parts.pop();
                }
                Component::ParentDir => parts.push(".."),
                _ => return Err("paths are relative to the file that names them".to_owned()),
            }
        }
        match parts.as_slice() {
            ["..", SHARED_FOLDER, rest @ ..] if !rest.contains(&"..") => {
                let file = self.shared.load("", &rest.join("/"))?;
                Ok(LoadedFile { name: format!("../{SHARED_FOLDER}/{}", file.name), ..file })
            }
            parts if parts.contains(&"..") => {
                Err(format!("a project can include its own files and those of ../{SHARED_FOLDER}"))
            }
            parts => self.own.load("", &parts.join("/")),
        }
    }
}
