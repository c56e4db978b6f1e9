//! Text in the built-in font.

use super::canvas::Canvas;
use super::font::{Glyph, glyph};

/// Width and height of a glyph in pixels.
const SIZE: i64 = 8;

/// Draws UTF-8 text. A malformed sequence is drawn as one character that is not in the font.
pub(super) fn draw(canvas: &mut Canvas, text: &[u8], x: i64, y: i64, color: u8) {
    let (mut column, mut row) = (0, 0);
    let mut put = |character: char| {
        if character == '\n' {
            (column, row) = (0, row + 1);
            return;
        }
        draw_glyph(canvas, glyph(character), x + column * SIZE, y + row * SIZE, color);
        column += 1;
    };
    for chunk in text.utf8_chunks() {
        chunk.valid().chars().for_each(&mut put);
        if !chunk.invalid().is_empty() {
            put(char::REPLACEMENT_CHARACTER);
        }
    }
}

fn draw_glyph(canvas: &mut Canvas, glyph: &Glyph, x: i64, y: i64, color: u8) {
    let Some(visible) = canvas.visible(x, y, x + SIZE, y + SIZE) else { return };
    // Within the glyph, because the visible part is.
    let (skip_x, skip_y) = ((visible.left as i64 - x) as u32, (visible.top as i64 - y) as usize);
    for (y, bits) in (visible.top..visible.bottom).zip(&glyph[skip_y..]) {
        let bits = bits << skip_x;
        for (i, pixel) in canvas.row(y, visible.left, visible.right).iter_mut().enumerate() {
            if bits & (0x80 >> i) != 0 {
                *pixel = color;
            }
        }
    }
}
