//! The framebuffer: 160 by 160 pixels of 2 bits, the leftmost of a byte in its low bits.

use super::memory::FRAMEBUFFER_BYTES;

/// Width and height in pixels.
pub(super) const SIZE: i64 = 160;
const ROW_BYTES: usize = SIZE as usize / 4;

/// The framebuffer, to draw on. Coordinates are clipped; an ink is a palette entry below 4.
pub(super) struct Screen<'m>(pub(super) &'m mut [u8; FRAMEBUFFER_BYTES]);

impl Screen<'_> {
    /// Draws a pixel. Gives the number of pixels that were on the screen.
    #[inline]
    pub(super) fn plot(&mut self, x: i64, y: i64, ink: u8) -> u64 {
        if !(0..SIZE).contains(&x) || !(0..SIZE).contains(&y) {
            return 0;
        }
        let (byte, shift) = place(x as usize, y as usize);
        self.0[byte] = self.0[byte] & !(3 << shift) | ink << shift;
        1
    }

    /// Draws the pixels of a row from `left` up to, not including, `right`. Gives how many were on the screen.
    pub(super) fn row(&mut self, left: i64, right: i64, y: i64, ink: u8) -> u64 {
        let (left, right) = (left.max(0), right.min(SIZE));
        if left >= right || !(0..SIZE).contains(&y) {
            return 0;
        }
        let row = &mut self.0[y as usize * ROW_BYTES..][..ROW_BYTES];
        let (first, last) = (left as usize / 4, (right - 1) as usize / 4);
        let inks = ink * 0x55;
        let from = 0xffu8 << (2 * (left % 4));
        let to = 0xffu8 >> (6 - 2 * ((right - 1) % 4));
        let mut blend = |byte: usize, mask: u8| row[byte] = row[byte] & !mask | inks & mask;
        if first == last {
            blend(first, from & to);
        } else {
            blend(first, from);
            blend(last, to);
            row[first + 1..last].fill(inks);
        }
        (right - left) as u64
    }

    /// Draws the pixels of a column from `top` up to, not including, `bottom`. Gives how many were on the screen.
    pub(super) fn column(&mut self, x: i64, top: i64, bottom: i64, ink: u8) -> u64 {
        (top.max(0)..bottom.min(SIZE)).map(|y| self.plot(x, y, ink)).sum()
    }
}

/// Byte of the framebuffer and lowest bit in it of a pixel on the screen.
#[inline]
pub(super) fn place(x: usize, y: usize) -> (usize, usize) {
    (y * ROW_BYTES + x / 4, x % 4 * 2)
}
