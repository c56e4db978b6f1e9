//! Signatures beside and in cartridges, and the key rings that they are held against.

use std::path::{Path, PathBuf};

use cartwheel_bytecode::Cartridge;
use cartwheel_runtime::ingest::{
    Date, KeyRing, Known, MAX_SIGNATURE_BYTES, Refused, RingError, Vouched, validate,
};

use crate::cli::RingArgs;
use crate::failure::Failure;
use crate::{files, project};

/// What a signature's file is called after the file that it belongs to.
const EXTENSION: &str = ".sig";

/// Where the signature of a file stands that has none in itself.
pub fn path_beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(EXTENSION);
    PathBuf::from(name)
}

/// Gives a cartridge that has no signature in itself the one beside its file, if there is one.
pub fn attach(loaded: &mut project::Loaded) -> Result<(), Failure> {
    let beside = path_beside(&loaded.path);
    if loaded.cart.signature.is_none() && beside.is_file() {
        let mut bytes = files::read(&beside)?;
        // It is refused all the same, but need not be carried around.
        bytes.truncate(MAX_SIGNATURE_BYTES + 1);
        loaded.cart.signature = Some(bytes);
    }
    Ok(())
}

/// The ring that was asked for.
pub fn ring(args: &RingArgs) -> Result<Option<KeyRing>, Failure> {
    let Some(path) = &args.keys else { return Ok(None) };
    let text = files::read_text(path)?;
    let ring = KeyRing::parse(&text).map_err(|errors| {
        let name = path.display().to_string();
        let shown: Vec<String> =
            errors.iter().map(|error: &RingError| error.render("error", &name)).collect();
        Failure::new(shown.join("\n"))
    })?;
    Ok(Some(match args.as_of {
        Some(day) => ring.as_of(day),
        None => ring,
    }))
}

/// A day as an argument.
pub fn day(text: &str) -> Result<Date, String> {
    Date::parse(text).ok_or_else(|| "a day is like 2026-12-31".to_owned())
}

/// What a ring makes of a cartridge.
pub fn vouch(cart: &Cartridge, ring: Option<&KeyRing>, known: &[Known]) -> Result<Vouched, Refused> {
    validate(&cart.content_hash(), cart.signature.as_deref(), ring, known)
}
