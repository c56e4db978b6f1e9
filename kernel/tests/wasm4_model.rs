//! WASM-4's drawing compared with a slow model that decides about every pixel of the screen by itself, or that walks
//! step by step where the definition does.

mod common;

use cartwheel_hostabi::mock::Slot;
use common::Rig;
use proptest::prelude::*;

const SIZE: i64 = 160;
const SPRITE: usize = 0x4000;

/// A screen as a palette entry per pixel.
type Picture = Vec<u8>;

fn picture(rig: &Rig) -> Picture {
    let pixel = |i: usize| rig.guest.memory[0xa0 + i / 4] >> (i % 4 * 2) & 3;
    (0..160 * 160).map(pixel).collect()
}

/// A game with some pattern on the screen and in the place of sprites.
fn rig(colours: u16, seed: u8) -> Rig {
    let mut rig = Rig::wasm4();
    rig.guest.memory[0x14..0x16].copy_from_slice(&colours.to_le_bytes());
    for (i, byte) in rig.guest.memory[0xa0..].iter_mut().enumerate() {
        *byte = (i as u32).wrapping_mul(2_654_435_761).wrapping_add(seed.into()).to_be_bytes()[1] ^ seed;
    }
    rig
}

fn ink(colours: u16, index: u32) -> Option<u8> {
    let nibble = (colours >> (4 * index) & 15) as u8;
    nibble.checked_sub(1).map(|entry| entry % 4)
}

/// Calls, and compares the screen with one on which every pixel is asked what it becomes.
fn compare(mut rig: Rig, id: &str, args: &[i32], becomes: impl Fn(&Rig, i64, i64) -> Option<u8>) {
    let mut expected = picture(&rig);
    for (i, pixel) in expected.iter_mut().enumerate() {
        let (x, y) = (i as i64 % SIZE, i as i64 / SIZE);
        *pixel = becomes(&rig, x, y).unwrap_or(*pixel);
    }
    let slots: Vec<Slot> = args.iter().map(|&arg| arg.into()).collect();
    rig.try_call(id, &slots).unwrap_or_else(|fault| panic!("{id} {args:?}: {fault}"));
    let found = picture(&rig);
    let wrong = (0..found.len()).find(|&i| found[i] != expected[i]);
    assert_eq!(wrong.map(|i| (i % 160, i / 160)), None, "{id} {args:?}");
}

fn wide<const N: usize>(args: [i32; N]) -> [i64; N] {
    args.map(i64::from)
}

/// Places around the screen's edges, and far ones now and then.
fn place() -> impl Strategy<Value = i32> {
    prop_oneof![8 => -40..200i32, 2 => Just(0), 1 => Just(160), 1 => any::<i32>()]
}

fn size() -> impl Strategy<Value = i32> {
    prop_oneof![8 => 0..40i32, 2 => -3..200i32, 1 => any::<i32>()]
}

/// The walk along a line, one step after the other.
fn walked(mut x: i64, mut y: i64, to: (i64, i64)) -> Vec<(i64, i64)> {
    let (mut end_x, mut end_y) = to;
    if y > end_y {
        (x, y, end_x, end_y) = (end_x, end_y, x, y);
    }
    let (dx, dy) = ((end_x - x).abs(), end_y - y);
    let mut error = if dx > dy { dx / 2 } else { -dy / 2 };
    let mut points = vec![(x, y)];
    while (x, y) != (end_x, end_y) {
        let old = error;
        if old > -dx {
            error -= dy;
            x += (end_x - x).signum();
        }
        if old < dy {
            error += dx;
            y += 1;
        }
        points.push((x, y));
    }
    points
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn straight_lines_are_their_pixels(colours: u16, seed: u8, x in place(), y in place(), len in size()) {
        let [wx, wy, wlen] = wide([x, y, len]);
        compare(rig(colours, seed), "wasm4.hline", &[x, y, len], |_, px, py| {
            ink(colours, 0).filter(|_| py == wy && (wx..wx + wlen).contains(&px))
        });
        compare(rig(colours, seed), "wasm4.vline", &[x, y, len], |_, px, py| {
            ink(colours, 0).filter(|_| px == wx && (wy..wy + wlen).contains(&py))
        });
    }

    #[test]
    fn rectangles_are_their_pixels(colours: u16, seed: u8, x in place(), y in place(), width in size(), height in size()) {
        let [wx, wy, w, h] = wide([x, y, width, height]);
        compare(rig(colours, seed), "wasm4.rect", &[x, y, width, height], |_, px, py| {
            let (columns, rows) = ((wx..wx + w).contains(&px), (wy..wy + h).contains(&py));
            let outline = rows && (px == wx || px == wx + w - 1) || columns && (py == wy || py == wy + h - 1);
            let fill = ink(colours, 0).filter(|_| columns && rows);
            ink(colours, 1).filter(|_| outline).or(fill)
        });
    }

    #[test]
    fn lines_are_what_a_walk_gives(colours: u16, seed: u8, x1 in -300..400i32, y1 in -300..400i32, x2 in -300..400i32, y2 in -300..400i32) {
        let [a, b, c, d] = wide([x1, y1, x2, y2]);
        let points = walked(a, b, (c, d));
        compare(rig(colours, seed), "wasm4.line", &[x1, y1, x2, y2], |_, px, py| {
            ink(colours, 0).filter(|_| points.contains(&(px, py)))
        });
    }

    /// The model goes the other way: it asks for every pixel of the screen which pixel of the sprite lands there.
    #[test]
    fn sprites_are_their_pixels(
        colours: u16,
        seed: u8,
        (x, y) in (place(), place()),
        (width, height) in (0..50i32, 0..50i32),
        (src_x, src_y, stride) in (-20..60i32, -20..60i32, -30..90i32),
        whole: bool,
        flags in 0..16i32,
    ) {
        let (src_x, src_y, stride) = if whole { (0, 0, width) } else { (src_x, src_y, stride) };
        let [wx, wy, w, h] = wide([x, y, width, height]);
        let becomes = |rig: &Rig, px: i64, py: i64| {
            // Undo the turn, which is counter-clockwise: what was right is up, unless the sprite is flipped too.
            let (dx, dy) = (px - wx, py - wy);
            let (mut column, mut row) = if flags & 8 != 0 { (w - 1 - dy, dx) } else { (dx, dy) };
            if !(0..w).contains(&column) || !(0..h).contains(&row) {
                return None;
            }
            if flags & 2 != 0 {
                column = w - 1 - column;
            }
            if flags & 4 != 0 {
                row = h - 1 - row;
            }
            let pixel = (row + i64::from(src_y)) * i64::from(stride) + column + i64::from(src_x);
            let bit = |bit: i64| {
                let byte = rig.guest.memory[(SPRITE as i64 + bit.div_euclid(8)) as usize];
                u32::from(byte >> (7 - bit.rem_euclid(8)) & 1)
            };
            let index = if flags & 1 != 0 { bit(2 * pixel) * 2 + bit(2 * pixel + 1) } else { bit(pixel) };
            ink(colours, index)
        };
        if whole {
            compare(rig(colours, seed), "wasm4.blit", &[SPRITE as i32, x, y, width, height, flags], becomes);
        } else {
            let args = [SPRITE as i32, x, y, width, height, src_x, src_y, stride, flags];
            compare(rig(colours, seed), "wasm4.blit_sub", &args, becomes);
        }
    }

    /// An oval is symmetric and stays in its rectangle, whatever its size within the range in which nothing wraps.
    #[test]
    fn ovals_are_symmetric_and_stay_in_their_rectangle(x in 0..40i32, y in 0..40i32, width in 1..120i32, height in 1..120i32) {
        let mut rig = Rig::wasm4();
        rig.guest.memory[0x14..0x16].copy_from_slice(&0x0042u16.to_le_bytes());
        rig.call("wasm4.oval", &[x, y, width, height]);
        let found = picture(&rig);
        let at = |x: i32, y: i32| found[(y * 160 + x) as usize];
        let mut bounds = (160, 0, 160, 0);
        for py in 0..160 {
            for px in 0..160 {
                if at(px, py) != 0 {
                    bounds = (bounds.0.min(px), bounds.1.max(px), bounds.2.min(py), bounds.3.max(py));
                    prop_assert_eq!(at(px, py), at(2 * x + width - 1 - px, py));
                    prop_assert_eq!(at(px, py), at(px, 2 * y + height - 1 - py));
                }
            }
        }
        prop_assert_eq!(bounds, (x, x + width - 1, y, y + height - 1));
    }
}
