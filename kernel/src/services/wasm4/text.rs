//! Text in an 8 by 8 font of 224 glyphs, from code 32 on.

use super::memory::Memory;
use super::screen::{SIZE, Screen};
use crate::services::gfx::{Glyph, glyph, parse_font};

/// Bytes of a font: glyph after glyph, top row first. As in a sprite of 1 bit a pixel the highest bit is the
/// leftmost pixel; a bit of 0 is ink and one of 1 is paper.
pub const WASM4_FONT_BYTES: usize = 1_792;
const FIRST: u32 = 32;
const GLYPH_BYTES: usize = 8;
/// Pixels from a character to the next, and from a line to the next.
const ADVANCE: i64 = 8;
const NEWLINE: u32 = 10;

/// A font.
pub(super) type Font = [u8; WASM4_FONT_BYTES];

/// Glyphs of the codes from 128 on; those before are of the font that the whole machine has.
static UPPER: [Glyph; 128] = parse_font(include_bytes!("font.txt"));

/// The built-in font.
pub(super) fn built_in() -> Font {
    std::array::from_fn(|i| {
        let (code, row) = (FIRST as usize + i / GLYPH_BYTES, i % GLYPH_BYTES);
        !match code {
            0..128 => glyph(code as u8 as char)[row],
            _ => UPPER[code - 128][row],
        }
    })
}

/// A stretch of memory with a text, whose characters are units of one or two bytes.
#[derive(Clone, Copy)]
pub(super) struct Text {
    /// Address of the first unit.
    pub(super) start: usize,
    /// Number of units.
    pub(super) units: usize,
    /// Bytes of a unit.
    pub(super) unit_bytes: usize,
}

impl Text {
    fn unit(self, memory: &[u8], index: usize) -> u32 {
        let at = self.start + index * self.unit_bytes;
        match self.unit_bytes {
            1 => memory[at].into(),
            _ => u16::from_le_bytes([memory[at], memory[at + 1]]).into(),
        }
    }

    /// Draws it: ink is index 0 of the draw colours, paper index 1. Units are read as they are drawn, so a text that
    /// lies in the framebuffer sees what has been drawn before.
    pub(super) fn draw(self, memory: &mut Memory<'_>, font: &Font, x: i32, y: i32) {
        let colours = memory.draw_colours();
        let inks = [colours.ink(0), colours.ink(1)];
        let (mut column, mut row) = (i64::from(x), i64::from(y));
        for index in 0..self.units {
            let code = self.unit(memory.bytes(), index);
            if code == NEWLINE {
                (column, row) = (x.into(), row + ADVANCE);
                continue;
            }
            let glyph =
                code.checked_sub(FIRST).and_then(|code| font.chunks_exact(GLYPH_BYTES).nth(code as usize));
            if let Some(glyph) = glyph {
                draw_glyph(&mut Screen(memory.framebuffer()), glyph, column, row, inks);
            }
            column += ADVANCE;
        }
    }
}

fn draw_glyph(screen: &mut Screen<'_>, glyph: &[u8], x: i64, y: i64, inks: [Option<u8>; 2]) {
    if x <= -ADVANCE || x >= SIZE || y <= -ADVANCE || y >= SIZE {
        return;
    }
    for (y, bits) in (y..).zip(glyph) {
        for column in 0..8 {
            if let Some(ink) = inks[usize::from(bits >> (7 - column) & 1)] {
                screen.plot(x + column, y, ink);
            }
        }
    }
}
