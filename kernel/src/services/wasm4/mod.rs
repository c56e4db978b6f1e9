//! The host of WASM-4 games: `spec/wasm4.md` says what it does.
//!
//! What a game draws on, its palette and its inputs are in its own memory; what is kept here is the picture that is
//! shown and sound. The disk is a file of the game's storage. Pixels are functions of memory and arguments, in a file per kind of shape.

mod apu;
mod disk;
mod handlers;
mod memory;
mod screen;
mod shapes;
mod sprite;
mod text;
mod trace;
mod video;

use xxhash_rust::xxh3::xxh3_128;

use crate::codec::{Reader, RestoreError};
use crate::services::gfx::Surface;
use apu::Apu;
use memory::Memory;
use text::Font;
use video::Video;

pub use text::WASM4_FONT_BYTES;

/// Name of the asset that a cartridge brings its own font in.
pub const WASM4_FONT_ASSET: &str = "wasm4.font";

/// What is held on pads and pointer, in the bits that the instructions for input give.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HeldInput {
    /// Buttons of each pad.
    pub pads: [u32; 4],
    /// Column and row of the pointer.
    pub pointer: (i32, i32),
    /// Buttons of the pointer: left 1, right 2, middle 4.
    pub pointer_buttons: u32,
}

/// Bits of a pad and of a WASM-4 gamepad: A is X, B is Z.
const GAMEPAD_BITS: [(u32, u8); 6] =
    [(1 << 0, 1), (1 << 1, 2), (1 << 10, 16), (1 << 11, 32), (1 << 8, 64), (1 << 9, 128)];

/// Everything that the host has of one game.
pub(crate) struct Wasm4 {
    /// Part of the cartridge and so no state.
    font: Box<Font>,
    /// True once an update has begun: only later ones find a cleared framebuffer.
    updated: bool,
    video: Video,
    apu: Apu,
}

impl Wasm4 {
    /// A game's host, with the font of the cartridge if it brings one.
    pub(crate) fn new(font: Option<&[u8; WASM4_FONT_BYTES]>) -> Self {
        Wasm4 {
            font: Box::new(font.copied().unwrap_or_else(text::built_in)),
            updated: false,
            video: Video::new(),
            apu: Apu::new(),
        }
    }

    /// Writes start values into memory in which nothing else is yet.
    pub(crate) fn prepare(memory: &mut [u8]) {
        if let Some(mut memory) = Memory::new(memory) {
            memory.write_start_values();
        }
    }

    /// What a game sees of the world at the beginning of an update.
    pub(crate) fn begin_update(&mut self, memory: &mut [u8], input: &HeldInput) {
        let first = !std::mem::replace(&mut self.updated, true);
        let Some(mut memory) = Memory::new(memory) else { return };
        if !first {
            memory.clear();
        }
        let within = |place: i32| place.clamp(i16::MIN.into(), i16::MAX.into()) as i16;
        let (x, y) = input.pointer;
        memory.write_input(
            input.pads.map(gamepad),
            (within(x), within(y)),
            (input.pointer_buttons & 7) as u8,
        );
    }

    /// Takes the picture of a game that is between two updates.
    pub(crate) fn present(&mut self, memory: &[u8]) {
        if let Some((framebuffer, palette)) = memory::picture(memory) {
            self.video.show(framebuffer, palette);
        }
    }

    pub(crate) fn begin_frame(&mut self) {
        self.apu.begin_frame();
    }

    pub(crate) fn end_frame(&mut self) {
        self.apu.play_frame();
    }

    pub(crate) fn surface(&self) -> Surface<'_> {
        self.video.surface()
    }

    pub(crate) fn samples(&self) -> &[i16] {
        self.apu.samples()
    }

    pub(crate) fn save(&self, out: &mut Vec<u8>) {
        self.save_video(out);
        self.apu.save(out);
    }

    fn save_video(&self, out: &mut Vec<u8>) {
        out.push(self.updated.into());
        self.video.save(out);
    }

    /// Reads a saved state, apart from the font, which stays.
    pub(crate) fn read(&self, input: &mut Reader<'_>) -> Result<Self, RestoreError> {
        Ok(Wasm4 {
            font: self.font.clone(),
            updated: input.flag()?,
            video: Video::read(input)?,
            apu: Apu::read(input)?,
        })
    }

    pub(crate) fn hashes(&self) -> [(&'static str, u128); 2] {
        let hash = |save: &dyn Fn(&mut Vec<u8>)| {
            let mut bytes = Vec::new();
            save(&mut bytes);
            xxh3_128(&bytes)
        };
        [("wasm4_video", hash(&|out| self.save_video(out))), ("wasm4_sound", hash(&|out| self.apu.save(out)))]
    }
}

fn gamepad(pad: u32) -> u8 {
    GAMEPAD_BITS.iter().filter(|(ours, _)| pad & ours != 0).map(|(_, bit)| bit).sum()
}
