//! The picture that is shown: that of the last frame which left the game between two updates.

use super::memory::FRAMEBUFFER_BYTES;
use super::screen::SIZE;
use crate::codec::{Reader, RestoreError};
use crate::services::gfx::Surface;

/// A picture. It is state, because it stays while an update outlives its frame.
pub(super) struct Video {
    packed: Box<[u8; FRAMEBUFFER_BYTES]>,
    /// The same, a byte per pixel.
    pixels: Box<[u8; FRAMEBUFFER_BYTES * 4]>,
    /// Four colours, 0xRRGGBB; the others stay 0.
    palette: Box<[u32; 256]>,
}

impl Video {
    /// A black picture.
    pub(super) fn new() -> Self {
        Video {
            packed: Box::new([0; FRAMEBUFFER_BYTES]),
            pixels: Box::new([0; FRAMEBUFFER_BYTES * 4]),
            palette: Box::new([0; 256]),
        }
    }

    /// Takes a new picture.
    pub(super) fn show(&mut self, framebuffer: &[u8; FRAMEBUFFER_BYTES], palette: [u32; 4]) {
        self.palette[..4].copy_from_slice(&palette);
        // Most frames change few rows or none.
        let row = SIZE as usize / 4;
        let rows = self.packed.chunks_exact_mut(row).zip(framebuffer.chunks_exact(row));
        for ((shown, packed), pixels) in rows.zip(self.pixels.chunks_exact_mut(SIZE as usize)) {
            if shown != packed {
                shown.copy_from_slice(packed);
                for (pixels, packed) in pixels.as_chunks_mut().0.iter_mut().zip(packed) {
                    *pixels = [packed & 3, packed >> 2 & 3, packed >> 4 & 3, packed >> 6];
                }
            }
        }
    }

    pub(super) fn surface(&self) -> Surface<'_> {
        let (width, height) = (SIZE as u16, SIZE as u16);
        Surface { width, height, pixels: self.pixels.as_slice(), palette: &self.palette }
    }

    pub(super) fn save(&self, out: &mut Vec<u8>) {
        out.extend(self.palette[..4].iter().flat_map(|rgb| rgb.to_le_bytes()));
        out.extend_from_slice(self.packed.as_slice());
    }

    pub(super) fn read(input: &mut Reader<'_>) -> Result<Self, RestoreError> {
        let mut video = Video::new();
        let palette = [input.u32()?, input.u32()?, input.u32()?, input.u32()?];
        if palette.iter().any(|&rgb| rgb > 0xff_ffff) {
            return Err(RestoreError::Value);
        }
        let packed = input.bytes(FRAMEBUFFER_BYTES)?;
        video.show(packed.try_into().expect("it has that length"), palette);
        Ok(video)
    }
}
