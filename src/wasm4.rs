//! What the command line adds to WASM-4 games.

use std::path::Path;

use cartwheel_bytecode::Cartridge;
use cartwheel_bytecode::cartridge::Asset;
use cartwheel_runtime::{WASM4_FONT_ASSET, WASM4_FONT_BYTES};

use crate::failure::Failure;
use crate::files;

/// True for a WASM-4 game.
pub fn is_game(cart: &Cartridge) -> bool {
    cart.manifest.capabilities.iter().any(|name| name == "wasm4")
}

/// Puts a font from a file into a game, as if its author had. So it is part of the cartridge's hash, and a saved state
/// fits only a game with the same font.
pub fn bring_font(cart: &mut Cartridge, path: &Path) -> Result<(), Failure> {
    if !is_game(cart) {
        return Err(Failure::file(path, "the font is for WASM-4 games, and the cartridge is none"));
    }
    let bytes = files::read(path)?;
    if bytes.len() != WASM4_FONT_BYTES {
        let message =
            format!("it has {} bytes; a font has {WASM4_FONT_BYTES}: 224 glyphs of 8 bytes", bytes.len());
        return Err(Failure::file(path, message));
    }
    cart.assets.retain(|asset| asset.name != WASM4_FONT_ASSET);
    let at = cart.assets.partition_point(|asset| asset.name.as_str() < WASM4_FONT_ASSET);
    cart.assets.insert(at, Asset { name: WASM4_FONT_ASSET.to_owned(), kind: "data".to_owned(), bytes });
    Ok(())
}
