//! Drawing on a module's surface of 8-bit palette indices.
//!
//! Everything is integers. Coordinates are `i64` from the moment that the camera has been subtracted, so no sum
//! of two arguments can overflow, and every operation first reduces its work to what the clip leaves of it: its
//! time is bounded by the surface, whatever its arguments are.

mod canvas;
mod font;
mod handlers;
mod palette;
mod shapes;
mod sprite;
mod text;

use xxhash_rust::xxh3::Xxh3;

use crate::codec::{Reader, RestoreError};
use canvas::{Canvas, Clip};

pub use font::glyph;
pub(crate) use font::{Glyph, parse as parse_font};
pub use palette::default_palette;

/// Largest width of a surface in pixels.
pub const MAX_WIDTH: u16 = 640;
/// Largest height of a surface in pixels.
pub const MAX_HEIGHT: u16 = 360;

/// Size of a surface in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VideoMode {
    /// 1 to [`MAX_WIDTH`].
    pub width: u16,
    /// 1 to [`MAX_HEIGHT`].
    pub height: u16,
}

impl VideoMode {
    pub(crate) fn is_valid(self) -> bool {
        (1..=MAX_WIDTH).contains(&self.width) && (1..=MAX_HEIGHT).contains(&self.height)
    }
}

/// A module's picture.
#[derive(Clone, Copy, Debug)]
pub struct Surface<'a> {
    /// Width in pixels.
    pub width: u16,
    /// Height in pixels.
    pub height: u16,
    /// Palette indices, row by row.
    pub pixels: &'a [u8],
    /// What the indices stand for, 0xRRGGBB.
    pub palette: &'a [u32; 256],
}

/// A module's surface and how it is drawn on.
pub(crate) struct Gfx {
    canvas: Canvas,
    camera: (i32, i32),
    palette: [u32; 256],
    /// Hash of canvas and palette as they were when it was taken; `None` if they may have changed since.
    hash: Option<u128>,
}

/// A saved surface whose parts are known to fit, still in the bytes it was read from.
pub(crate) struct SavedGfx<'a> {
    camera: (i32, i32),
    clip: Clip,
    palette: &'a [u8],
    pixels: &'a [u8],
}

impl Gfx {
    pub(crate) fn new(mode: VideoMode) -> Self {
        let canvas = Canvas::new(mode.width, mode.height);
        Gfx { canvas, camera: (0, 0), palette: default_palette(), hash: None }
    }

    pub(crate) fn surface(&self) -> Surface<'_> {
        let (width, height) = self.canvas.size();
        Surface { width, height, pixels: self.canvas.pixels(), palette: &self.palette }
    }

    /// Takes the hash while nothing changes, so that a frame that draws nothing hashes nothing.
    pub(crate) fn end_frame(&mut self) {
        if self.hash.is_none() {
            self.hash = Some(self.hash());
        }
    }

    pub(crate) fn hash(&self) -> u128 {
        if let Some(hash) = self.hash {
            return hash;
        }
        let mut hasher = Xxh3::new();
        let mut head = Vec::with_capacity(HEAD_LEN);
        self.save_head(&mut head);
        hasher.update(&head);
        hasher.update(self.canvas.pixels());
        hasher.digest128()
    }

    fn save_head(&self, out: &mut Vec<u8>) {
        let (width, height) = self.canvas.size();
        let clip = self.canvas.clip();
        for value in [width, height, clip.left, clip.top, clip.right, clip.bottom] {
            out.extend(value.to_le_bytes());
        }
        out.extend(self.camera.0.to_le_bytes());
        out.extend(self.camera.1.to_le_bytes());
        out.extend(self.palette.iter().flat_map(|rgb| rgb.to_le_bytes()));
    }

    pub(crate) fn save(&self, out: &mut Vec<u8>) {
        out.reserve(HEAD_LEN + self.canvas.pixels().len());
        self.save_head(out);
        out.extend_from_slice(self.canvas.pixels());
    }

    pub(crate) fn read<'a>(&self, input: &mut Reader<'a>) -> Result<SavedGfx<'a>, RestoreError> {
        let (width, height) = self.canvas.size();
        if (input.u16()?, input.u16()?) != (width, height) {
            return Err(RestoreError::VideoMode);
        }
        let clip = Clip { left: input.u16()?, top: input.u16()?, right: input.u16()?, bottom: input.u16()? };
        if clip.left > clip.right || clip.right > width || clip.top > clip.bottom || clip.bottom > height {
            return Err(RestoreError::Value);
        }
        let camera = (input.i32()?, input.i32()?);
        let palette = input.bytes(256 * 4)?;
        if palette.chunks_exact(4).any(|rgb| rgb[3] != 0) {
            return Err(RestoreError::Value);
        }
        let pixels = input.bytes(self.canvas.pixels().len())?;
        Ok(SavedGfx { camera, clip, palette, pixels })
    }

    pub(crate) fn restore(&mut self, saved: &SavedGfx<'_>) {
        self.hash = None;
        self.camera = saved.camera;
        self.canvas.set_clip(saved.clip);
        for (rgb, bytes) in self.palette.iter_mut().zip(saved.palette.chunks_exact(4)) {
            *rgb = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        }
        self.canvas.pixels_mut().copy_from_slice(saved.pixels);
    }
}

/// Bytes of a saved surface before its pixels.
const HEAD_LEN: usize = 6 * 2 + 2 * 4 + 256 * 4;
