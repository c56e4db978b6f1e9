//! Text in the built-in font.

use super::canvas::Canvas;
use super::font::{Glyph, glyph};

/// Width and height of a glyph in pixels.
const SIZE: i64 = 8;

/// Draws UTF-8 text. A malformed sequence is drawn as one character that is not in the font.
pub(super) fn draw(canvas: &mut Canvas, text: &[u8], x: i64, y: i64, color: u8) {
    each_glyph(text, |glyph, column, row| {
        draw_glyph(canvas, glyph, x + column * SIZE, y + row * SIZE, color);
    });
}

/// As [`draw`], with squares of `scale` by `scale` pixels for each pixel.
pub(super) fn draw_large(canvas: &mut Canvas, text: &[u8], x: i64, y: i64, color: u8, scale: u8) {
    if scale == 1 {
        return draw(canvas, text, x, y, color);
    }
    let scale = i64::from(scale);
    let size = SIZE * scale;
    each_glyph(text, |glyph, column, row| {
        let (left, top) = (x + column * size, y + row * size);
        if canvas.visible(left, top, left + size, top + size).is_none() {
            return;
        }
        for (y, bits) in (0..SIZE).zip(glyph) {
            let (top, mut rest, mut x) = (top + y * scale, *bits, 0);
            while rest != 0 {
                let gap = i64::from(rest.leading_zeros());
                rest <<= gap;
                let ink = i64::from(rest.leading_ones());
                let from = left + (x + gap) * scale;
                canvas.fill(from, top, from + ink * scale, top + scale, color);
                rest = rest.checked_shl(ink as u32).unwrap_or(0);
                x += gap + ink;
            }
        }
    });
}

/// Gives the glyphs of a text with their columns and rows.
fn each_glyph(text: &[u8], mut draw: impl FnMut(&Glyph, i64, i64)) {
    let (mut column, mut row) = (0, 0);
    let mut put = |character: char| {
        if character == '\n' {
            (column, row) = (0, row + 1);
            return;
        }
        draw(glyph(character), column, row);
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
    let ink = u64::from_le_bytes([color; 8]);
    for (y, bits) in (visible.top..visible.bottom).zip(&glyph[skip_y..]) {
        let mask = MASKS[usize::from(bits << skip_x)];
        let row = canvas.row(y, visible.left, visible.right);
        match <&mut [u8; 8]>::try_from(&mut *row) {
            Ok(row) => *row = (u64::from_le_bytes(*row) & !mask | ink & mask).to_le_bytes(),
            Err(_) => {
                for (pixel, mask) in row.iter_mut().zip(mask.to_le_bytes()) {
                    *pixel = *pixel & !mask | color & mask;
                }
            }
        }
    }
}

/// For every row of a glyph, a byte of ones for each pixel that is ink, the leftmost in the lowest byte.
static MASKS: [u64; 256] = {
    let mut masks = [0; 256];
    let mut i = 0;
    while i < masks.len() * 8 {
        let (bits, pixel) = (i / 8, i % 8);
        if bits & (0x80 >> pixel) != 0 {
            masks[bits] |= 0xff << (8 * pixel);
        }
        i += 1;
    }
    masks
};
