//! The built-in font: 8 by 8 pixels, drawn in `font.txt`.

/// Rows of a glyph from the top; the highest bit is the leftmost pixel.
pub(crate) type Glyph = [u8; 8];

const FIRST: u8 = 32;
const COUNT: usize = 96;
const BLOCK: usize = 8;

static FONT: [Glyph; COUNT] = parse(include_bytes!("font.txt"));

/// The glyph of a character: its own from 32 to 126, the box for every other.
pub fn glyph(character: char) -> &'static [u8; 8] {
    let code = u32::from(character).wrapping_sub(FIRST.into()) as usize;
    FONT.get(code).unwrap_or(&FONT[COUNT - 1])
}

/// Reads the drawing when the crate is compiled; a drawing with a pixel too few or too many does not compile.
pub(crate) const fn parse<const N: usize>(text: &[u8]) -> [Glyph; N] {
    let mut font = [[0; 8]; N];
    // Pixels of a block come row by row through all its glyphs.
    let (mut i, mut pixel) = (0, 0);
    while i < text.len() {
        match text[i] {
            b'/' => {
                while text[i] != b'\n' {
                    i += 1;
                }
            }
            b'.' | b'#' => {
                let (block, row) = (pixel / (64 * BLOCK), pixel / (8 * BLOCK) % 8);
                let (column, bit) = (pixel / 8 % BLOCK, pixel % 8);
                if text[i] == b'#' {
                    font[block * BLOCK + column][row] |= 0x80 >> bit;
                }
                pixel += 1;
            }
            b' ' | b'\n' => {}
            _ => panic!("the font has a character that is neither `.` nor `#`"),
        }
        i += 1;
    }
    assert!(pixel == N * 64, "the font has a pixel too few or too many");
    font
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_printable_character_has_a_glyph_of_its_own() {
        let glyphs: Vec<&Glyph> = (FIRST..=127).map(|code| glyph(code.into())).collect();
        for (i, a) in glyphs.iter().enumerate() {
            assert!(i == 0 || **a != [0; 8], "{:?} is empty", char::from(FIRST + i as u8));
            assert!(!glyphs[..i].contains(a), "{:?} looks like another", char::from(FIRST + i as u8));
            // The rightmost column keeps letters apart.
            assert!(
                a.iter().all(|row| row & 1 == 0),
                "{:?} touches its neighbour",
                char::from(FIRST + i as u8)
            );
        }
        for other in ['\0', '\n', '\x1f', '\x7f', '\u{80}', 'ä', '\u{10ffff}'] {
            assert_eq!(glyph(other), glyphs[95]);
        }
    }
}
