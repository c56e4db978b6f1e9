//! Sprites of 1 or 2 bits a pixel, read from memory while the framebuffer, which is memory too, is drawn on.

use cartwheel_hostabi::SyscallTrap;

use super::memory::{FRAMEBUFFER, Memory};
use super::screen::{SIZE, place};

const TWO_BITS: i32 = 1;
const FLIP_X: i32 = 2;
const FLIP_Y: i32 = 4;
const ROTATE: i32 = 8;

/// A sprite, or the rectangle of one, and where and how it is drawn.
#[derive(Clone, Copy, Debug)]
pub(super) struct Blit {
    /// Address of the sprite's first byte.
    pub(super) sprite: u32,
    /// Place on the screen.
    pub(super) x: i32,
    pub(super) y: i32,
    /// Size of the rectangle as it is in the sprite.
    pub(super) width: i32,
    pub(super) height: i32,
    /// Place of the rectangle in the sprite.
    pub(super) src_x: i32,
    pub(super) src_y: i32,
    /// Pixels from one row of the sprite to the next.
    pub(super) stride: i32,
    pub(super) flags: i32,
}

impl Blit {
    fn has(&self, flag: i32) -> bool {
        self.flags & flag != 0
    }

    /// Traps unless every bit that the rectangle reads, clipped or not, is in memory. One without pixels reads
    /// nothing, at a place that has to be in memory all the same.
    fn check(&self, memory_len: usize) -> Result<(), SyscallTrap> {
        let end = memory_len as i128;
        let sprite = i128::from(self.sprite);
        if self.width <= 0 || self.height <= 0 {
            return if sprite <= end { Ok(()) } else { Err(SyscallTrap::OutOfBoundsSpan) };
        }
        let wide = i128::from;
        let left = wide(self.src_x);
        let right = left + wide(self.width) - 1;
        let top = wide(self.src_y);
        let bottom = top + wide(self.height) - 1;
        let (top, bottom) = (top * wide(self.stride), bottom * wide(self.stride));
        let (first, last) = (top.min(bottom) + left, top.max(bottom) + right);
        let bits = if self.has(TWO_BITS) { 2 } else { 1 };
        let first_byte = sprite + (first * bits).div_euclid(8);
        let last_byte = sprite + (last * bits).div_euclid(8);
        if first_byte >= 0 && last_byte < end { Ok(()) } else { Err(SyscallTrap::OutOfBoundsSpan) }
    }

    /// Draws it. Gives the number of pixels on the screen, transparent ones too.
    ///
    /// Pixels are read and drawn one by one in the order of the sprite's rows, so a sprite that lies in the
    /// framebuffer sees what has been drawn before.
    pub(super) fn draw(&self, memory: &mut Memory<'_>) -> Result<u64, SyscallTrap> {
        self.check(memory.bytes().len())?;
        let colours = memory.draw_colours();
        let inks = [0, 1, 2, 3].map(|index| colours.ink(index));
        let rotate = self.has(ROTATE);
        let flip_x = self.has(FLIP_X) != rotate;
        let flip_y = self.has(FLIP_Y);
        // Along and across the rows of the sprite: where it begins on the screen.
        let (along, across) = if rotate { (self.y, self.x) } else { (self.x, self.y) };
        let visible = |start: i32, len: i32| {
            let start = i64::from(start);
            ((-start).max(0), i64::from(len).min(SIZE - start))
        };
        let ((left, right), (top, bottom)) = (visible(along, self.width), visible(across, self.height));
        if left >= right || top >= bottom {
            return Ok(0);
        }
        let sprite = i64::from(self.sprite);
        let two_bits = self.has(TWO_BITS);
        let bytes = memory.bytes();
        for row in top..bottom {
            let src_row = if flip_y { i64::from(self.height) - 1 - row } else { row } + i64::from(self.src_y);
            let row_start = src_row * i64::from(self.stride) + i64::from(self.src_x);
            for column in left..right {
                let src_column = if flip_x { i64::from(self.width) - 1 - column } else { column };
                let pixel = row_start + src_column;
                let index = if two_bits {
                    bytes[(sprite + (pixel >> 2)) as usize] >> (6 - 2 * (pixel & 3)) & 3
                } else {
                    bytes[(sprite + (pixel >> 3)) as usize] >> (7 - (pixel & 7)) & 1
                };
                if let Some(ink) = inks[usize::from(index)] {
                    let (x, y) = if rotate { (row, column) } else { (column, row) };
                    let (byte, shift) =
                        place((i64::from(self.x) + x) as usize, (i64::from(self.y) + y) as usize);
                    let byte = &mut bytes[FRAMEBUFFER + byte];
                    *byte = *byte & !(3 << shift) | ink << shift;
                }
            }
        }
        Ok(((right - left) * (bottom - top)) as u64)
    }
}
