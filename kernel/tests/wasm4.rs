//! WASM-4's host, call by call, with pictures that can be checked by hand.
//!
//! In a picture `.` is palette entry 0 and `1` to `3` are the others; it shows the top left corner of the screen
//! unless a case says otherwise. Draw colours are given as the four nibbles of indices 3, 2, 1, 0.

mod common;

use cartwheel_hostabi::mock::Slot;
use cartwheel_hostabi::{Fault, SyscallTrap};
use cartwheel_kernel::{FrameFigures, HeldInput, LogLevel, RestoreError};
use common::{MODULE, Rig};

const FREE: usize = 0x2000;

fn framebuffer_pixel(memory: &[u8], x: usize, y: usize) -> u8 {
    memory[0xa0 + y * 40 + x / 4] >> (x % 4 * 2) & 3
}

/// A part of the screen as text.
fn region(memory: &[u8], (left, top): (usize, usize), width: usize, height: usize) -> String {
    let pixel = |x, y| ['.', '1', '2', '3'][usize::from(framebuffer_pixel(memory, x, y))];
    (top..top + height)
        .map(|y| (left..left + width).map(|x| pixel(x, y)).collect::<String>() + "\n")
        .collect()
}

fn colours(rig: &mut Rig, nibbles: u16) {
    rig.guest.memory[0x14..0x16].copy_from_slice(&nibbles.to_le_bytes());
}

fn poke(rig: &mut Rig, address: usize, bytes: &[u8]) -> i32 {
    rig.guest.memory[address..address + bytes.len()].copy_from_slice(bytes);
    address as i32
}

fn drawn(nibbles: u16, id: &str, args: &[i32]) -> Rig {
    let mut rig = Rig::wasm4();
    colours(&mut rig, nibbles);
    rig.call(id, args);
    rig
}

fn set_pixels(rig: &Rig) -> usize {
    (0..160 * 160).filter(|i| framebuffer_pixel(&rig.guest.memory, i % 160, i / 160) != 0).count()
}

#[track_caller]
fn check(rig: &Rig, at: (usize, usize), picture: &str) {
    let rows: Vec<&str> = picture.split_whitespace().collect();
    let found = region(&rig.guest.memory, at, rows[0].len(), rows.len());
    let expected = rows.join("\n") + "\n";
    assert_eq!(found, expected, "found\n{found}expected\n{expected}");
}

#[test]
fn memory_starts_as_the_profile_says() {
    let rig = Rig::wasm4();
    let memory = &rig.guest.memory;
    let mut expected = vec![0; 65_536];
    for (i, rgb) in [0xe0f8cf_u32, 0x86c06c, 0x306850, 0x071821].into_iter().enumerate() {
        expected[4 + 4 * i..][..4].copy_from_slice(&rgb.to_le_bytes());
    }
    expected[0x14..0x16].copy_from_slice(&[0x03, 0x12]);
    expected[0x1a..0x1e].copy_from_slice(&[0xff, 0x7f, 0xff, 0x7f]);
    assert_eq!(*memory, expected);
}

#[test]
fn lines_to_the_right_and_down_are_clipped() {
    check(&drawn(0x0003, "wasm4.hline", &[2, 1, 5]), (0, 0), "........ ..22222. ........");
    check(&drawn(0x0002, "wasm4.hline", &[-3, 0, 5]), (0, 0), "11...... ........");
    check(&drawn(0x0004, "wasm4.hline", &[157, 159, 9]), (152, 158), "........ .....333");
    check(&drawn(0x0004, "wasm4.vline", &[1, 1, 3]), (0, 0), "... .3. .3. .3. ...");
    check(&drawn(0x0004, "wasm4.vline", &[0, -2, 3]), (0, 0), "3.. ... ...");
    check(&drawn(0x0004, "wasm4.vline", &[159, 158, 9]), (157, 157), "... ..3 ..3");
    for (id, args) in [
        ("wasm4.hline", [0, 0, 0]),
        ("wasm4.hline", [9, 9, -5]),
        ("wasm4.hline", [-5, 0, 5]),
        ("wasm4.hline", [160, 0, 5]),
        ("wasm4.hline", [0, -1, 5]),
        ("wasm4.hline", [0, 160, 5]),
        ("wasm4.hline", [i32::MAX, 0, i32::MAX]),
        ("wasm4.vline", [0, 0, 0]),
        ("wasm4.vline", [9, 9, -5]),
        ("wasm4.vline", [0, -5, 5]),
        ("wasm4.vline", [0, 160, 5]),
        ("wasm4.vline", [-1, 0, 5]),
        ("wasm4.vline", [160, 0, 5]),
    ] {
        assert_eq!(set_pixels(&drawn(0x0004, id, &args)), 0, "{id} {args:?}");
    }
    // Colour 0 draws nothing, and only the lowest nibble is asked.
    for id in ["wasm4.hline", "wasm4.vline", "wasm4.line"] {
        let args = if id == "wasm4.line" { &[0, 0, 9, 9][..] } else { &[0, 0, 9] };
        assert_eq!(set_pixels(&drawn(0xfff0, id, args)), 0, "{id}");
    }
    // Every length reaches its own last pixel, from every place in a byte.
    for x in 0..8 {
        for len in 1..12 {
            let rig = drawn(0x0004, "wasm4.hline", &[x, 0, len]);
            let row: String = (0..24).map(|i| if (x..x + len).contains(&i) { '3' } else { '.' }).collect();
            check(&rig, (0, 0), &row);
        }
    }
}

#[test]
fn a_nibble_above_4_wraps_around_the_palette() {
    for (nibble, entry) in [(1, '.'), (2, '1'), (3, '2'), (4, '3'), (5, '.'), (6, '1'), (15, '2')] {
        let mut rig = Rig::wasm4();
        rig.guest.memory[0xa0] = 0xff;
        colours(&mut rig, nibble);
        rig.call("wasm4.hline", &[1, 0, 2]);
        check(&rig, (0, 0), &format!("3{entry}{entry}3...."));
    }
}

#[test]
fn rectangles_are_filled_and_outlined() {
    check(
        &drawn(0x0042, "wasm4.rect", &[1, 1, 5, 4]),
        (0, 0),
        "....... .33333. .31113. .31113. .33333. .......",
    );
    check(&drawn(0x0040, "wasm4.rect", &[1, 1, 4, 3]), (0, 0), "...... .3333. .3..3. .3333. ......");
    check(&drawn(0x0004, "wasm4.rect", &[1, 1, 4, 2]), (0, 0), "...... .3333. .3333. ......");
    check(&drawn(0x0042, "wasm4.rect", &[0, 0, 1, 1]), (0, 0), "3. ..");
    check(&drawn(0x0042, "wasm4.rect", &[0, 0, 2, 1]), (0, 0), "33. ...");
    assert_eq!(set_pixels(&drawn(0x0000, "wasm4.rect", &[1, 1, 5, 5])), 0);
    assert_eq!(set_pixels(&drawn(0x0042, "wasm4.rect", &[0, 0, 160, 160])), 160 * 160);
}

#[test]
fn an_edge_of_a_rectangle_is_drawn_only_where_it_is_on_the_screen() {
    check(&drawn(0x0042, "wasm4.rect", &[-1, -1, 4, 4]), (0, 0), "113. 113. 333. ....");
    check(&drawn(0x0042, "wasm4.rect", &[0, 0, 3, 3]), (0, 0), "333. 313. 333. ....");
    check(&drawn(0x0042, "wasm4.rect", &[158, 158, 3, 3]), (157, 157), "... .33 .31");
    check(&drawn(0x0042, "wasm4.rect", &[157, 157, 3, 3]), (156, 156), ".... .333 .313 .333");
    // Around the whole screen: no edge at all.
    let rig = drawn(0x0042, "wasm4.rect", &[-5, -5, 170, 170]);
    check(&rig, (0, 0), "1111 1111");
    check(&rig, (156, 158), "1111 1111");
    let rig = drawn(0x0042, "wasm4.rect", &[i32::MIN, i32::MIN, i32::MAX, i32::MAX]);
    assert_eq!(set_pixels(&rig), 0);
    let rig = drawn(0x0042, "wasm4.rect", &[-1, -1, i32::MAX, i32::MAX]);
    check(&rig, (0, 0), "1111 1111");
}

#[test]
fn a_rectangle_without_width_still_has_its_columns() {
    // The left column is at x and the right one at x + width - 1, wherever that is.
    check(&drawn(0x0042, "wasm4.rect", &[3, 1, 0, 2]), (0, 0), "..... ..33. ..33. .....");
    check(&drawn(0x0042, "wasm4.rect", &[4, 1, -2, 2]), (0, 0), "...... .3..3. .3..3. ......");
    check(&drawn(0x0042, "wasm4.rect", &[1, 3, 2, 0]), (0, 0), ".... .... .33. .33. ....");
}

#[test]
fn lines_go_from_the_upper_end_to_the_lower_one() {
    check(
        &drawn(0x0004, "wasm4.line", &[1, 1, 6, 3]),
        (0, 0),
        "........ .33..... ...33... .....33. ........",
    );
    check(
        &drawn(0x0004, "wasm4.line", &[1, 3, 6, 1]),
        (0, 0),
        "........ .....33. ...33... .33..... ........",
    );
    check(&drawn(0x0004, "wasm4.line", &[0, 0, 3, 1]), (0, 0), "33.. ..33 ....");
    check(&drawn(0x0004, "wasm4.line", &[1, 0, 2, 3]), (0, 0), ".3.. .3.. ..3. ..3. ....");
    check(&drawn(0x0004, "wasm4.line", &[2, 0, 1, 3]), (0, 0), "..3. ..3. .3.. .3.. ....");
    check(&drawn(0x0004, "wasm4.line", &[0, 0, 3, 3]), (0, 0), "3... .3.. ..3. ...3");
    check(&drawn(0x0004, "wasm4.line", &[2, 2, 2, 2]), (0, 0), ".... .... ..3. ....");
    check(&drawn(0x0004, "wasm4.line", &[4, 1, 1, 1]), (0, 0), "...... .3333. ......");
    check(&drawn(0x0004, "wasm4.line", &[-2, -1, 3, 1]), (0, 0), "33.. ..33 ....");
    // What is far away is cut off, and what remains is in its place.
    let rig = drawn(0x0004, "wasm4.line", &[i32::MIN, i32::MIN, i32::MAX, i32::MAX]);
    check(&rig, (0, 0), "3... .3.. ..3. ...3");
    check(&rig, (156, 156), "3... .3.. ..3. ...3");
    assert_eq!(set_pixels(&rig), 160);
    assert_eq!(set_pixels(&drawn(0x0004, "wasm4.line", &[i32::MAX, 0, i32::MIN, 0])), 160);
    assert_eq!(set_pixels(&drawn(0x0004, "wasm4.line", &[0, i32::MAX, 0, i32::MIN])), 160);
    assert_eq!(set_pixels(&drawn(0x0004, "wasm4.line", &[i32::MAX, 5, i32::MAX, -5])), 0);
}

#[test]
fn ovals_have_their_known_shapes() {
    check(
        &drawn(0x0042, "wasm4.oval", &[1, 1, 5, 5]),
        (0, 0),
        "....... ..333.. .31113. .31113. .31113. ..333.. .......",
    );
    check(&drawn(0x0042, "wasm4.oval", &[1, 1, 4, 4]), (0, 0), "...... ..33.. .3113. .3113. ..33.. ......");
    check(&drawn(0x0040, "wasm4.oval", &[0, 0, 3, 3]), (0, 0), ".3.. 3.3. .3.. ....");
    check(&drawn(0x0042, "wasm4.oval", &[1, 1, 1, 1]), (0, 0), "... .3. ...");
    check(&drawn(0x0042, "wasm4.oval", &[1, 1, 1, 5]), (0, 0), "... .3. .3. .3. .3. .3. ...");
    check(&drawn(0x0042, "wasm4.oval", &[1, 1, 5, 1]), (0, 0), "....... .33333. .......");
    check(&drawn(0x0042, "wasm4.oval", &[-2, -2, 5, 5]), (0, 0), "113. 113. 33.. ....");
}

#[test]
fn an_oval_without_an_outline_has_one_in_the_last_colour() {
    check(&drawn(0x0002, "wasm4.oval", &[0, 0, 5, 5]), (0, 0), ".333.. 31113. 31113. 31113. .333.. ......");
    check(&drawn(0x0000, "wasm4.oval", &[0, 0, 3, 3]), (0, 0), ".3.. 3.3. .3.. ....");
    assert_eq!(set_pixels(&drawn(0x00f2, "wasm4.oval", &[0, 0, 9, 9])), 0);
}

/// A sprite of 3 by 2 pixels whose corners differ: `#.#` over `##.`, a bit a pixel without padding.
const SPRITE_1: &[u8] = &[0b1011_1000];
/// The same size with 2 bits: `0 1 2` over `3 2 1`.
const SPRITE_2: &[u8] = &[0b0001_1011, 0b1001_0000];

#[test]
fn sprites_turn_by_their_flags() {
    let cases: [(i32, &str); 8] = [
        (0, "..... .313. .331. ....."),
        (2, "..... .313. .133. ....."),
        (4, "..... .331. .313. ....."),
        (6, "..... .133. .313. ....."),
        // A quarter turn counter-clockwise: the right column becomes the top row.
        (8, ".... .31. .13. .33. ...."),
        (10, ".... .33. .13. .31. ...."),
        (12, ".... .13. .31. .33. ...."),
        (14, ".... .33. .31. .13. ...."),
    ];
    for (flags, picture) in cases {
        let mut rig = Rig::wasm4();
        let sprite = poke(&mut rig, FREE, SPRITE_1);
        colours(&mut rig, 0x0042);
        rig.call("wasm4.blit", &[sprite, 1, 1, 3, 2, flags]);
        check(&rig, (0, 0), picture);
    }
    for (flags, picture) in [
        (1, "..... ..12. .321. ....."),
        (3, "..... .21.. .123. ....."),
        (5, "..... .321. ..12. ....."),
        (9, ".... .21. .12. ..3. ...."),
        (15, ".... .3.. .21. .12. ...."),
    ] {
        let mut rig = Rig::wasm4();
        let sprite = poke(&mut rig, FREE, SPRITE_2);
        colours(&mut rig, 0x4321);
        rig.call("wasm4.blit", &[sprite, 1, 1, 3, 2, flags]);
        check(&rig, (0, 0), picture);
    }
}

#[test]
fn a_sprite_leaves_out_what_is_transparent() {
    let mut rig = Rig::wasm4();
    colours(&mut rig, 0x0002);
    rig.call("wasm4.rect", &[0, 0, 5, 4]);
    let sprite = poke(&mut rig, FREE, SPRITE_1);
    colours(&mut rig, 0x0040);
    rig.call("wasm4.blit", &[sprite, 1, 1, 3, 2, 0]);
    check(&rig, (0, 0), "11111 13131 13311 11111");
    colours(&mut rig, 0x0003);
    rig.call("wasm4.blit", &[sprite, 1, 1, 3, 2, 0]);
    check(&rig, (0, 0), "11111 13231 13321 11111");
}

#[test]
fn a_sprite_is_clipped_at_every_edge_with_every_turn() {
    for (at, picture, corner) in [((-1, -1), "31. ... ...", (0, 0)), ((158, -1), "... ... .33", (157, 157))] {
        let mut rig = Rig::wasm4();
        let sprite = poke(&mut rig, FREE, SPRITE_1);
        colours(&mut rig, 0x0042);
        let y = if at.0 < 0 { at.1 } else { 159 };
        rig.call("wasm4.blit", &[sprite, at.0, y, 3, 2, if at.0 < 0 { 0 } else { 4 }]);
        check(&rig, corner, picture);
    }
    // Turned by a quarter it is two wide and three high: rows `31`, `13`, `33`.
    for (x, y, picture, corner) in [
        (-1, 0, "1. 3. 3. ..", (0, 0)),
        (0, -1, "13. 33. ...", (0, 0)),
        (159, 0, ".3 .1 .3 ..", (158, 0)),
        (0, 158, "... 31. 13.", (0, 157)),
    ] {
        let mut rig = Rig::wasm4();
        let sprite = poke(&mut rig, FREE, SPRITE_1);
        colours(&mut rig, 0x0042);
        rig.call("wasm4.blit", &[sprite, x, y, 3, 2, 8]);
        check(&rig, corner, picture);
    }
    for (x, y) in [(-3, 0), (160, 0), (0, -2), (0, 160), (i32::MIN, 0), (i32::MAX, i32::MAX), (0, i32::MIN)] {
        for flags in [0, 2, 4, 6, 8, 10, 12, 14] {
            let mut rig = Rig::wasm4();
            let sprite = poke(&mut rig, FREE, SPRITE_1);
            colours(&mut rig, 0x0042);
            let x = if flags & 8 != 0 && x == -3 { -2 } else { x };
            let y = if flags & 8 != 0 && y == -2 { -3 } else { y };
            rig.call("wasm4.blit", &[sprite, x, y, 3, 2, flags]);
            assert_eq!(set_pixels(&rig), 0, "{x} {y} {flags}");
        }
    }
}

#[test]
fn a_part_of_a_sheet_is_drawn_by_its_stride() {
    // 6 by 3 pixels: `......`, `.###..`, `.#....`.
    let mut rig = Rig::wasm4();
    let sheet = poke(&mut rig, FREE, &[0b0000_0001, 0b1100_0100, 0b0000_0000]);
    colours(&mut rig, 0x0040);
    rig.call("wasm4.blit_sub", &[sheet, 1, 1, 3, 2, 1, 1, 6, 0]);
    check(&rig, (0, 0), "..... .333. .3... .....");
    let mut rig = Rig::wasm4();
    let sheet = poke(&mut rig, FREE, &[0b0000_0001, 0b1100_0100, 0b0000_0000]);
    colours(&mut rig, 0x0040);
    rig.call("wasm4.blit_sub", &[sheet, 1, 1, 3, 2, 1, 1, 6, 6]);
    check(&rig, (0, 0), "..... ...3. .333. .....");
}

#[test]
fn a_sprite_in_the_framebuffer_sees_what_it_draws() {
    // The first byte of the screen, as a sprite of 4 pixels of 2 bits, most significant first, drawn on itself.
    let mut rig = Rig::wasm4();
    rig.guest.memory[0xa0] = 0b11_10_01_00;
    colours(&mut rig, 0x4321);
    rig.call("wasm4.blit", &[0xa0, 0, 0, 4, 1, 1]);
    // Its pixels are 3, 2, 1, 0 at first; by the time that the last two are read, they have been drawn over.
    check(&rig, (0, 0), "3223");
}

#[test]
fn text_is_ink_and_paper_with_lines_of_its_own() {
    let mut rig = Rig::wasm4();
    let text = poke(&mut rig, FREE, b"-\n\x01.\0");
    colours(&mut rig, 0x0024);
    rig.call("wasm4.text", &[text, 0, 0]);
    check(
        &rig,
        (0, 0),
        "11111111........
         11111111........
         11111111........
         13333311........
         11111111........
         11111111........
         11111111........
         11111111........
         ........11111111
         ........11111111
         ........11111111
         ........11111111
         ........11111111
         ........11133111
         ........11133111
         ........11111111",
    );
    // The same by length, and as 16-bit units; half a unit at the end is none.
    for (id, bytes) in
        [("wasm4.text_utf8", &b"-\n\x01."[..]), ("wasm4.text_utf16", &b"-\0\n\0\x01\0.\0-"[..])]
    {
        let mut other = Rig::wasm4();
        let text = poke(&mut other, FREE, bytes);
        colours(&mut other, 0x0024);
        other.call(id, &[text, bytes.len() as i32, 0, 0]);
        assert_eq!(
            region(&other.guest.memory, (0, 0), 160, 160),
            region(&rig.guest.memory, (0, 0), 160, 160),
            "{id}"
        );
    }
    // Units that no font has advance; so does every byte of what would be one character elsewhere.
    let mut rig = Rig::wasm4();
    let text = poke(&mut rig, FREE, &[0x00, 0x01, b'-', 0]);
    colours(&mut rig, 0x0004);
    rig.call("wasm4.text_utf16", &[text, 4, -8, 0]);
    check(&rig, (0, 3), ".33333.. ........");
}

#[test]
fn text_is_clipped_at_every_edge() {
    for (x, y, corner, picture) in [
        (-3, 0, (0, 3), "333..... ........"),
        (0, -3, (0, 0), ".33333.. ........"),
        (157, 0, (152, 3), "......33 ........"),
        (0, 156, (0, 158), "........ .33333.."),
    ] {
        let mut rig = Rig::wasm4();
        let text = poke(&mut rig, FREE, b"-\0");
        colours(&mut rig, 0x0004);
        rig.call("wasm4.text", &[text, x, y]);
        check(&rig, corner, picture);
    }
    for (x, y) in [(-8, 0), (0, -8), (160, 0), (0, 160), (i32::MAX, i32::MAX), (i32::MIN, i32::MIN)] {
        let mut rig = Rig::wasm4();
        let text = poke(&mut rig, FREE, b"#\0");
        rig.call("wasm4.text", &[text, x, y]);
        assert_eq!(set_pixels(&rig), 0, "{x} {y}");
    }
}

#[test]
fn every_glyph_of_the_built_in_font_is_ink_on_paper() {
    let mut seen = std::collections::BTreeSet::new();
    for code in 33..=255u8 {
        let mut rig = Rig::wasm4();
        let text = poke(&mut rig, FREE, &[code]);
        colours(&mut rig, 0x0004);
        rig.call("wasm4.text_utf8", &[text, 1, 0, 0]);
        let ink = set_pixels(&rig);
        assert_eq!(ink == 0, code == 160, "only the space is empty: {code}");
        seen.insert(region(&rig.guest.memory, (0, 0), 8, 8));
    }
    // Everything but the boxes (of 127, 130, 131, 136 to 159) looks like nothing else.
    assert_eq!(seen.len(), 223 - 26, "some characters look the same");
}

#[test]
fn a_font_of_the_cartridge_is_used_instead() {
    let mut font = vec![0xff; 1_792];
    font[(usize::from(b'A') - 32) * 8] = 0b0111_1111;
    let asset = cartwheel_kernel::Asset { name: "wasm4.font".to_owned(), bytes: Some(font.into()) };
    let mut rig = Rig::wasm4();
    rig.kernel.unload(MODULE);
    rig.kernel.load(MODULE, common::wasm4_config(vec![asset])).expect("a good font");
    let text = poke(&mut rig, FREE, b"A\0");
    colours(&mut rig, 0x0024);
    rig.call("wasm4.text", &[text, 0, 0]);
    check(&rig, (0, 0), "31111111 11111111");
}

#[test]
fn the_disk_is_replaced_as_a_whole() {
    let mut rig = Rig::wasm4();
    let from = poke(&mut rig, FREE, b"hello");
    assert_eq!(rig.call("wasm4.diskr", &[0x3000, 10]), [0]);
    assert_eq!(rig.call("wasm4.diskw", &[from, 5]), [5]);
    assert_eq!(rig.call("wasm4.diskr", &[0x3000, 3]), [3]);
    assert_eq!(rig.guest.memory[0x3000..0x3006], *b"hel\0\0\0");
    assert_eq!(rig.call("wasm4.diskr", &[0x3000, 1_024]), [5]);
    assert_eq!(rig.guest.memory[0x3000..0x3006], *b"hello\0");
    assert_eq!(rig.call("wasm4.diskw", &[from, 2]), [2]);
    assert_eq!(rig.call("wasm4.diskr", &[0x4000, 1_024]), [2]);
    assert_eq!(rig.guest.memory[0x4000..0x4003], *b"he\0");
    assert_eq!(rig.call("wasm4.diskw", &[0, 65_536]), [1_024]);
    assert_eq!(rig.call("wasm4.diskr", &[0x5000, 2_000]), [1_024]);
    assert_eq!(rig.guest.memory[0x5000..0x5400], rig.guest.memory[..0x400]);
    assert_eq!(rig.guest.memory[0x5400], 0);
    assert_eq!(rig.call("wasm4.diskw", &[65_536, 0]), [0]);
    assert_eq!(rig.call("wasm4.diskr", &[0, 1_024]), [0]);
}

/// The disk is a file like others: it counts, it can be refused, and it is there for who loads the files.
#[test]
fn the_disk_is_a_file_of_the_storage() {
    use cartwheel_kernel::{Blob, StagedConfig, Storage, StoragePath};
    let path = |name: &str| StoragePath::parse(name.as_bytes()).expect("a path");
    let rig = |storage: &Storage, read_only| {
        let mut rig = Rig::wasm4();
        rig.kernel.unload(MODULE);
        let staged = StagedConfig { storage: storage.clone(), read_only, ..StagedConfig::default() };
        let config = cartwheel_kernel::ModuleConfig { staged, ..common::wasm4_config(Vec::new()) };
        rig.kernel.load(MODULE, config).expect("a good configuration");
        rig
    };
    let files = |rig: &Rig| rig.kernel.storage(MODULE).expect("it has files").clone();
    // Room for a disk of 10 bytes: the file counts 64 and its name besides.
    let empty = Storage::new(64 + 10 + 10);
    let mut game = rig(&empty, false);
    poke(&mut game, FREE, b"0123456789a");
    assert_eq!(game.call("wasm4.diskw", &[FREE as i32, 10]), [10]);
    assert_eq!(game.call("wasm4.diskw", &[FREE as i32, 11]), [0], "beyond the quota");
    let kept = files(&game);
    assert_eq!(&**kept.read(&path("wasm4.disk")).expect("the disk").bytes(), b"0123456789");
    for read_only in [false, true] {
        let mut next = rig(&kept, read_only);
        assert_eq!(next.call("wasm4.diskr", &[0x3000, 20]), [10]);
        assert_eq!(next.guest.memory[0x3000..0x300b], *b"0123456789\0");
        let written = next.call("wasm4.diskw", &[0x3000, 3]);
        assert_eq!(written, [if read_only { 0 } else { 3 }]);
        assert_eq!(next.call("wasm4.diskr", &[0x3000, 20]), [if read_only { 10 } else { 3 }]);
        next.call("wasm4.diskw", &[0, 0]);
        assert_eq!(files(&next).files().len(), usize::from(read_only), "an empty disk has no file");
    }
    // What somebody else made.
    let mut other = Storage::new(10_000);
    other.write(&path("wasm4.disk"), Blob::new(vec![7; 2_000])).expect("it fits");
    assert_eq!(rig(&other, false).call("wasm4.diskr", &[0x3000, 4_000]), [1_024]);
    let mut other = Storage::new(10_000);
    other.write(&path("wasm4.disk/a"), Blob::new(*b"a")).expect("it fits");
    let mut game = rig(&other, false);
    assert_eq!(game.call("wasm4.diskr", &[0x3000, 4_000]), [0]);
    assert_eq!(game.call("wasm4.diskw", &[0x3000, 4]), [0]);
    assert_eq!(files(&game), other);
}

fn log(rig: &mut Rig) -> Vec<String> {
    let lines = rig.kernel.take_log(MODULE);
    assert!(lines.iter().all(|line| line.level == LogLevel::Info));
    lines.into_iter().map(|line| line.text).collect()
}

#[test]
fn traces_become_lines_of_the_log() {
    let mut rig = Rig::wasm4();
    let text = poke(&mut rig, FREE, "grün\0".as_bytes());
    rig.call("wasm4.trace", &[text]);
    rig.call("wasm4.trace_utf8", &[text, 2]);
    let wide: Vec<u8> =
        "a\u{1f600}".encode_utf16().chain([0xd800]).flat_map(u16::to_le_bytes).chain([7]).collect();
    let text = poke(&mut rig, FREE, &wide);
    rig.call("wasm4.trace_utf16", &[text, wide.len() as i32]);
    assert_eq!(log(&mut rig), ["grün", "gr", "a\u{1f600}\u{fffd}"]);
}

#[test]
fn a_format_takes_its_arguments_in_order() {
    let mut rig = Rig::wasm4();
    let format = poke(&mut rig, FREE, b"%d %x|%c%c|%s|%f %f|%%|%q|%\0");
    let string = poke(&mut rig, FREE + 0x100, b"str\0");
    let mut args = Vec::new();
    for value in [-1, -1, 'A' as i32, -1, string] {
        args.extend(value.to_le_bytes());
    }
    args.extend(1.5f64.to_le_bytes());
    args.extend(f64::NEG_INFINITY.to_le_bytes());
    let args = poke(&mut rig, FREE + 0x201, &args);
    rig.call("wasm4.tracef", &[format, args]);
    assert_eq!(log(&mut rig), ["-1 ffffffff|A\u{fffd}|str|1.5 -inf|%|%q|%"]);
}

#[test]
fn a_format_traps_where_its_arguments_end() {
    let mut rig = Rig::wasm4();
    let end = 65_536;
    for (format, args, good) in [
        (&b"%d\0"[..], end - 4, true),
        (b"%d\0", end - 3, false),
        (b"%f\0", end - 8, true),
        (b"%f\0", end - 7, false),
        (b"%d%c\0", end - 4, false),
        (b"%x\0", -1, false),
        (b"%%\0", -1, true),
        (b"%s\0", end - 4, true),
    ] {
        let format = poke(&mut rig, FREE, format);
        let result = rig.try_call("wasm4.tracef", &[format, args].map(Slot::from));
        assert_eq!(result.is_ok(), good, "{args}");
        assert!(good || result == Err(Fault::Trap(SyscallTrap::OutOfBoundsSpan)));
    }
    // A string that points behind memory.
    poke(&mut rig, 0x3000, &65_536u32.to_le_bytes());
    let format = poke(&mut rig, FREE, b"%s\0");
    rig.try_call("wasm4.tracef", &[format, 0x3000].map(Slot::from)).expect_err("no such string");
}

/// A format that names the same long string over and over ends with the frame's quota.
#[test]
fn a_format_cannot_grow_without_end() {
    let mut rig = Rig::wasm4();
    rig.guest.memory[0x2000..0xf000].fill(b'x');
    rig.guest.memory[0xf000] = 0;
    for (i, address) in (0x1000..0x1f00).enumerate() {
        rig.guest.memory[address] = if i % 2 == 0 { b'%' } else { b's' };
    }
    rig.guest.memory[0x1f00] = 0;
    poke(&mut rig, 0x100, &0x2000u32.to_le_bytes().repeat(100));
    let before = rig.guest.cycles;
    rig.call("wasm4.tracef", &[0x1000, 0x100]);
    assert!(rig.guest.cycles - before < 100_000);
    assert!(log(&mut rig).is_empty());
}

#[test]
fn inputs_are_written_and_the_screen_cleared_before_an_update() {
    let mut rig = Rig::wasm4();
    let begin = |rig: &mut Rig, input: &HeldInput| rig.kernel.begin_update(MODULE, &mut rig.guest, input);
    let input = HeldInput {
        pads: [1, 2, 1 << 10 | 1 << 8, 1 << 11 | 1 << 9 | 0xfc],
        pointer: (-2, 70_000),
        pointer_buttons: 5,
    };
    rig.guest.memory[0xa0] = 0xff;
    begin(&mut rig, &input);
    assert_eq!(rig.guest.memory[0x16..0x20], [1, 2, 16 | 64, 32 | 128, 0xfe, 0xff, 0xff, 0x7f, 5, 0]);
    check(&rig, (0, 0), "3333....");
    // What `start` drew is still there in the first update, and gone in the second.
    begin(&mut rig, &HeldInput::default());
    assert_eq!(rig.guest.memory[0x16..0x20], [0; 10]);
    check(&rig, (0, 0), "........");
    rig.guest.memory[0xa0] = 0xff;
    rig.guest.memory[0x1f] = 2;
    begin(&mut rig, &input);
    check(&rig, (0, 0), "........");
    rig.guest.memory[0xa0] = 0xff;
    rig.guest.memory[0x1f] = 3;
    begin(&mut rig, &input);
    check(&rig, (0, 0), "3333....");
}

#[test]
fn the_picture_is_that_of_the_last_finished_update() {
    let mut rig = Rig::wasm4();
    rig.kernel.unload(MODULE);
    let config = cartwheel_kernel::ModuleConfig {
        video: None,
        imports: Vec::new(),
        ..common::wasm4_config(Vec::new())
    };
    rig.kernel
        .load(MODULE, cartwheel_kernel::ModuleConfig { capabilities: vec!["wasm4"], ..config })
        .expect("good");
    rig.guest.memory[0xa0..0xa2].copy_from_slice(&[0b11_10_01_00, 0b00_00_00_01]);
    rig.guest.memory[4..8].copy_from_slice(&0xff12_3456_u32.to_le_bytes());
    assert_eq!(rig.pixels()[..6], [0; 6]);
    rig.kernel.present(MODULE, &rig.guest.memory);
    rig.guest.memory[0xa0] = 0;
    let surface = rig.kernel.surface(MODULE).expect("a picture");
    assert_eq!((surface.width, surface.height), (160, 160));
    assert_eq!(surface.pixels[..6], [0, 1, 2, 3, 1, 0]);
    assert_eq!(surface.palette[..5], [0x12_3456, 0x86c06c, 0x306850, 0x071821, 0]);
    rig.kernel.present(MODULE, &rig.guest.memory);
    assert_eq!(rig.pixels()[..6], [0, 0, 0, 0, 1, 0]);
}

/// Sizes and places at every edge, for every row that draws: none of them panics, hangs, or draws outside.
#[test]
fn hostile_arguments_trap_or_draw() {
    let edges = [i32::MIN, i32::MIN + 1, -16_385, -1, 0, 1, 159, 160, 16_385, 65_536, i32::MAX - 1, i32::MAX];
    let mut rig = Rig::wasm4();
    colours(&mut rig, 0x4321);
    let outside = |rig: &Rig| [rig.guest.memory[..0xa0].to_vec(), rig.guest.memory[0xa0 + 6_400..].to_vec()];
    let before = outside(&rig);
    let mut call = |id: &str, args: &[i32]| {
        let args: Vec<Slot> = args.iter().map(|&arg| arg.into()).collect();
        match rig.try_call(id, &args) {
            Ok(_) | Err(Fault::Trap(SyscallTrap::OutOfBoundsSpan)) => {}
            Err(fault) => panic!("{id} {args:?}: {fault}"),
        }
    };
    for a in edges {
        for b in edges {
            call("wasm4.hline", &[a, 5, b]);
            call("wasm4.vline", &[5, a, b]);
            call("wasm4.text", &[a, b, b]);
            call("wasm4.text_utf8", &[a, b, 0, 0]);
            call("wasm4.text_utf16", &[a, b, a, b]);
            call("wasm4.trace_utf8", &[a, b]);
            call("wasm4.tracef", &[a, b]);
            call("wasm4.tone", &[a, b, a, b]);
            for c in edges {
                for d in [i32::MIN, -1, 0, 1, 160, i32::MAX] {
                    call("wasm4.line", &[a, b, c, d]);
                    call("wasm4.rect", &[a, b, c, d]);
                    call("wasm4.blit", &[0x2000, a, b, c, d, a & 15]);
                    call("wasm4.blit_sub", &[0x2000, 0, 0, 8, 8, a, b, c, d & 15]);
                    call("wasm4.blit_sub", &[a, 0, 0, c, d, b, b, c, 1]);
                }
            }
        }
    }
    // A scan takes as many rounds as an oval has rows and columns; the extremes are cut off.
    for a in [i32::MIN, -1, 0, 1, 2, 16_385, i32::MAX] {
        for b in [i32::MIN, -1, 0, 1, 2, 16_385, i32::MAX] {
            call("wasm4.oval", &[0, 0, a, b]);
            call("wasm4.oval", &[a, b, b, a]);
        }
    }
    assert!(outside(&rig) == before, "something was drawn outside of the framebuffer");
}

#[test]
fn spans_of_sprites_are_checked_to_the_bit() {
    let mut rig = Rig::wasm4();
    let end = 65_536;
    for (sprite, width, height, flags, good) in [
        (end - 1, 8, 1, 0, true),
        (end - 1, 9, 1, 0, false),
        (end - 1, 4, 1, 1, true),
        (end - 1, 5, 1, 1, false),
        (end - 2, 3, 5, 0, true),
        (end - 2, 17, 1, 0, false),
        (end, 1, 1, 0, false),
        (end, 0, 1, 0, true),
        (end, -1, 9, 0, true),
        (end + 1, 0, 0, 0, false),
        (-1, 1, 1, 0, false),
        (0, 65_536, 8, 0, true),
        (0, 65_536, 9, 0, false),
        (0, i32::MAX, i32::MAX, 1, false),
        (0, 65_536, 65_536, 0, false),
        (0, 1 << 30, 4, 1, false),
        (0, i32::MIN, i32::MIN, 1, true),
    ] {
        let args = [sprite, 200, 200, width, height, flags].map(Slot::from);
        assert_eq!(rig.try_call("wasm4.blit", &args).is_ok(), good, "{sprite} {width}x{height} {flags}");
    }
    // src_x, src_y, stride: what is read counts, and not what lies between.
    for (sprite, src, stride, good) in [
        (end - 3, (0, 0), 8, true),
        (end - 3, (0, 1), 8, true),
        (end - 3, (0, 2), 8, false),
        (end - 3, (7, 1), 8, true),
        (end - 3, (8, 1), 8, false),
        (1, (-8, 0), 8, true),
        (1, (-9, 0), 8, false),
        (1, (0, 0), -8, true),
        (1, (0, 0), -9, false),
        (0, (0, i32::MAX), 0, true),
        (0, (i32::MIN, i32::MIN), i32::MIN, false),
    ] {
        let args = [sprite, 200, 200, 1, 2, src.0, src.1, stride, 0].map(Slot::from);
        assert_eq!(rig.try_call("wasm4.blit_sub", &args).is_ok(), good, "{sprite} {src:?} {stride}");
    }
}

#[test]
fn costs_follow_what_is_on_the_screen() {
    for (id, args, cycles) in [
        ("wasm4.hline", &[0, 0, 16][..], 10 + 2),
        ("wasm4.hline", &[-100, 0, 50], 10),
        ("wasm4.vline", &[0, 100, 1_000], 10 + 60),
        ("wasm4.line", &[0, 0, 9, 3], 20 + 10),
        ("wasm4.rect", &[0, 0, 4, 4], 20 + 8),
        ("wasm4.blit", &[0x2000, 152, 0, 16, 2, 0], 20 + 8),
        ("wasm4.text_utf8", &[0x2000, 3, 0, 0], 20 + 60),
        ("wasm4.oval", &[0, 0, 3, 3], 30 + 18),
        ("wasm4.diskw", &[0, 64], 20 + 8),
    ] {
        let rig = drawn(0x0021, id, args);
        assert_eq!(rig.guest.cycles, cycles, "{id} {args:?}");
    }
}

#[test]
fn state_is_saved_hashed_and_restored() {
    let mut used = Rig::wasm4();
    used.kernel.begin_update(MODULE, &mut used.guest, &HeldInput::default());
    used.call("wasm4.rect", &[3, 3, 20, 20]);
    used.call("wasm4.tone", &[440 | 880 << 16, 30 | 10 << 8 | 5 << 16 | 5 << 24, 50, 1 | 2 << 2]);
    used.call("wasm4.tone", &[500, 30, 50, 3]);
    used.call("wasm4.diskw", &[0, 100]);
    used.kernel.present(MODULE, &used.guest.memory);
    used.kernel.end_frame(MODULE, FrameFigures::default());
    let saved = used.saved();
    let mut other = Rig::wasm4();
    let own = |rig: &Rig| {
        rig.hashes().into_iter().filter(|(name, _)| name.starts_with("wasm4_")).collect::<Vec<_>>()
    };
    let (fresh, changed) = (own(&other), own(&used));
    let names: Vec<&str> = fresh.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["wasm4_video", "wasm4_sound"]);
    assert!(fresh.iter().zip(&changed).all(|(a, b)| a != b));
    other.kernel.restore(MODULE, &saved).expect("it was saved so");
    assert_eq!((other.saved(), other.hashes()), (saved.clone(), used.hashes()));
    other.guest = used.guest.clone();
    for _ in 0..60 {
        for rig in [&mut used, &mut other] {
            rig.kernel.begin_update(MODULE, &mut rig.guest, &HeldInput::default());
            rig.kernel.end_frame(MODULE, FrameFigures::default());
        }
        assert_eq!(used.kernel.audio(MODULE), other.kernel.audio(MODULE));
        assert_eq!(used.saved(), other.saved());
    }
    assert_eq!(used.guest, other.guest);
    for len in 0..saved.len() {
        if len < 40 || len + 7_000 > saved.len() {
            assert_eq!(other.kernel.restore(MODULE, &saved[..len]), Err(RestoreError::Truncated), "{len}");
        }
    }
}
