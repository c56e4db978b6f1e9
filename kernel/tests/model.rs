//! Drawing compared with a model that asks of every pixel of the surface whether it belongs to the shape.

mod common;

use std::collections::BTreeSet;

use cartwheel_hostabi::mock::Slot;
use cartwheel_hostabi::resolve;
use cartwheel_kernel::glyph;
use common::Rig;
use proptest::prelude::*;

const WIDTH: u16 = 40;
const HEIGHT: u16 = 28;

/// A call that draws.
#[derive(Clone, Debug)]
enum Shape {
    Pixel {
        x: i32,
        y: i32,
    },
    Rect {
        x: i32,
        y: i32,
        width: i32,
        height: i32,
        fill: bool,
    },
    Circle {
        x: i32,
        y: i32,
        radius: i32,
        fill: bool,
    },
    Line {
        from: (i32, i32),
        to: (i32, i32),
    },
    Sprite {
        sheet: Sheet,
        x: i32,
        y: i32,
        transparent: i32,
        flags: i32,
    },
    /// Scale 0 stands for the version without one.
    Text {
        text: Vec<u8>,
        x: i32,
        y: i32,
        scale: i32,
    },
}

/// A part of a picture in memory.
#[derive(Clone, Debug)]
struct Sheet {
    pixels: Vec<u8>,
    stride: usize,
    part: (usize, usize, usize, usize),
}

impl Sheet {
    /// The sprite as it is drawn, a vector per row.
    fn rows(&self, flags: i32) -> Vec<Vec<u8>> {
        let (x, y, width, height) = self.part;
        let row = |row: usize| self.pixels[row * self.stride + x..][..width].to_vec();
        let mut rows: Vec<Vec<u8>> = (y..y + height).map(row).collect();
        if flags & 1 != 0 {
            rows.iter_mut().for_each(|row| row.reverse());
        }
        if flags & 2 != 0 {
            rows.reverse();
        }
        if flags & 4 != 0 {
            // A column read upwards becomes a row.
            rows = (0..width).map(|x| rows.iter().rev().map(|row| row[x]).collect()).collect();
        }
        rows
    }
}

/// What a shape does to a pixel.
enum Touch {
    No,
    /// It counts as work but keeps its colour.
    Seen,
    Drawn(u8),
}

fn in_disc(dx: i128, dy: i128, radius: i128) -> bool {
    radius >= 0 && dx * dx + dy * dy <= radius * radius + radius
}

fn on_line(from: (i128, i128), to: (i128, i128), at: (i128, i128)) -> bool {
    let steep = (to.1 - from.1).abs() > (to.0 - from.0).abs();
    let turn = |(x, y): (i128, i128)| if steep { (y, x) } else { (x, y) };
    let (from, to, at) = (turn(from), turn(to), turn(at));
    let (start, end) = if from.0 <= to.0 { (from, to) } else { (to, from) };
    let (steps, rise) = (end.0 - start.0, (end.1 - start.1).abs());
    if steps == 0 {
        return at == start;
    }
    let k = at.0 - start.0;
    let risen = (2 * k * rise + steps).div_euclid(2 * steps);
    (0..=steps).contains(&k) && at.1 == start.1 + risen * (end.1 - start.1).signum()
}

impl Shape {
    /// What the shape in a colour does to the pixel at a place of the drawing.
    fn touch(&self, px: i128, py: i128, color: u8) -> Touch {
        let covered = |covered| if covered { Touch::Drawn(color) } else { Touch::No };
        let wide = i128::from;
        match *self {
            Shape::Pixel { x, y } => covered((px, py) == (x.into(), y.into())),
            Shape::Rect { x, y, width, height, fill } => {
                let inside = |px: i128, py: i128| {
                    (wide(x)..wide(x) + wide(width)).contains(&px)
                        && (wide(y)..wide(y) + wide(height)).contains(&py)
                };
                covered(inside(px, py) && (fill || has_neighbour_outside(px, py, &inside)))
            }
            Shape::Circle { x, y, radius, fill } => {
                let inside = |px: i128, py: i128| in_disc(px - wide(x), py - wide(y), radius.into());
                covered(inside(px, py) && (fill || has_neighbour_outside(px, py, &inside)))
            }
            Shape::Line { from, to } => {
                covered(on_line((from.0.into(), from.1.into()), (to.0.into(), to.1.into()), (px, py)))
            }
            Shape::Sprite { ref sheet, x, y, transparent, flags } => {
                let rows = sheet.rows(flags);
                let row = usize::try_from(py - wide(y)).ok().and_then(|row| rows.get(row));
                let pixel = usize::try_from(px - wide(x)).ok().and_then(|column| row?.get(column));
                match pixel {
                    None => Touch::No,
                    Some(&pixel) if i32::from(pixel) == transparent => Touch::Seen,
                    Some(&pixel) => Touch::Drawn(pixel),
                }
            }
            Shape::Text { ref text, x, y, scale } => {
                let scale = i128::from(scale.max(1));
                let text = String::from_utf8_lossy(text);
                let hit = text.split('\n').zip(0..).any(|(line, row)| {
                    line.chars().zip(0..).any(|(character, column): (char, i128)| {
                        let (dx, dy) = (px - wide(x), py - wide(y));
                        let (dx, dy) = (dx.div_euclid(scale) - 8 * column, dy.div_euclid(scale) - 8 * row);
                        (0..8).contains(&dx)
                            && (0..8).contains(&dy)
                            && glyph(character)[dy as usize] & (0x80 >> dx) != 0
                    })
                });
                covered(hit)
            }
        }
    }

    /// True for places of a disc and so within its rim.
    fn encloses(&self, px: i128, py: i128) -> bool {
        match *self {
            Shape::Circle { x, y, radius, .. } => {
                in_disc(px - i128::from(x), py - i128::from(y), radius.into())
            }
            _ => false,
        }
    }

    /// Id, memory and arguments of the call.
    fn call(&self, color: u8) -> (&'static str, Vec<u8>, Vec<i32>) {
        let color = i32::from(color);
        match *self {
            Shape::Pixel { x, y } => ("gfx.pixel", vec![], vec![x, y, color]),
            Shape::Rect { x, y, width, height, fill } => {
                let id = if fill { "gfx.rect_fill" } else { "gfx.rect" };
                (id, vec![], vec![x, y, width, height, color])
            }
            Shape::Circle { x, y, radius, fill } => {
                let id = if fill { "gfx.circle_fill" } else { "gfx.circle" };
                (id, vec![], vec![x, y, radius, color])
            }
            Shape::Line { from, to } => ("gfx.line", vec![], vec![from.0, from.1, to.0, to.1, color]),
            Shape::Sprite { ref sheet, x, y, transparent, flags } => {
                let (len, stride) = (sheet.pixels.len() as i32, sheet.stride as i32);
                let (sx, sy, width, height) = sheet.part;
                let part = [sx, sy, width, height].map(|value| value as i32);
                let args = [&[0, len, stride][..], &part, &[x, y, transparent, flags]].concat();
                ("gfx.sprite_sub", sheet.pixels.clone(), args)
            }
            Shape::Text { ref text, x, y, scale: 0 } => {
                ("gfx.text", text.clone(), vec![0, text.len() as i32, x, y, color])
            }
            Shape::Text { ref text, x, y, scale } => {
                ("gfx.text@2", text.clone(), vec![0, text.len() as i32, x, y, color, scale])
            }
        }
    }
}

fn has_neighbour_outside(x: i128, y: i128, inside: &impl Fn(i128, i128) -> bool) -> bool {
    !(inside(x - 1, y) && inside(x + 1, y) && inside(x, y - 1) && inside(x, y + 1))
}

/// Mostly on or near the surface, sometimes as far away as can be.
fn coordinate() -> impl Strategy<Value = i32> {
    prop_oneof![
        40 => -6..36i32,
        4 => -100..140i32,
        1 => -3_000..3_000i32,
        1 => any::<i32>(),
        1 => prop::sample::select(vec![i32::MIN, i32::MIN + 1, i32::MAX - 1, i32::MAX]),
    ]
}

fn size() -> impl Strategy<Value = i32> {
    prop_oneof![
        20 => -1..30i32,
        2 => 0..3_000i32,
        1 => any::<i32>(),
        1 => prop::sample::select(vec![i32::MIN, i32::MAX]),
    ]
}

/// Mostly a good part of the surface: where nothing is left, nothing is tested.
fn clip() -> impl Strategy<Value = [i32; 4]> {
    prop_oneof![
        4 => Just([0, 0, i32::MAX, i32::MAX]),
        4 => [-5..10i32, -5..10i32, 10..50i32, 10..40i32],
        2 => (coordinate(), coordinate(), size(), size()).prop_map(|(x, y, width, height)| [x, y, width, height]),
    ]
}

fn camera() -> impl Strategy<Value = [i32; 2]> {
    prop_oneof![
        6 => Just([0, 0]),
        3 => [-8..8i32, -8..8i32],
        1 => [coordinate().boxed(), coordinate().boxed()],
    ]
}

fn sheet() -> impl Strategy<Value = Sheet> {
    (0..3usize, 0..3usize, 0..9usize, 0..9usize, 0..3usize).prop_flat_map(|(x, y, width, height, more)| {
        let stride = x + width + more;
        let pixels = prop::collection::vec(0..4u8, stride * (y + height) + more);
        pixels.prop_map(move |pixels| Sheet { pixels, stride, part: (x, y, width, height) })
    })
}

fn shape() -> impl Strategy<Value = Shape> {
    let place = || (coordinate(), coordinate());
    prop_oneof![
        place().prop_map(|(x, y)| Shape::Pixel { x, y }),
        (place(), size(), size(), any::<bool>()).prop_map(|((x, y), width, height, fill)| Shape::Rect {
            x,
            y,
            width,
            height,
            fill
        }),
        (place(), size(), any::<bool>()).prop_map(|((x, y), radius, fill)| Shape::Circle {
            x,
            y,
            radius,
            fill
        }),
        (place(), place()).prop_map(|(from, to)| Shape::Line { from, to }),
        (sheet(), place(), -1..4i32, 0..8i32).prop_map(|(sheet, (x, y), transparent, flags)| Shape::Sprite {
            sheet,
            x,
            y,
            transparent,
            flags
        }),
        (text(), place(), 0..=8).prop_map(|(text, (x, y), scale)| Shape::Text { text, x, y, scale }),
    ]
}

fn text() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![6 => 32..127u8, 1 => Just(b'\n'), 1 => any::<u8>()];
    prop_oneof![
        prop::collection::vec(byte, 0..20),
        "[ -~\\n\\u{c0}-\\u{17f}]{0,12}".prop_map(|text| text.into_bytes()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn drawing_is_what_the_model_says(
        clip in clip(),
        camera in camera(),
        shapes in prop::collection::vec((shape(), 1..=255u8), 1..5),
    ) {
        let mut rig = Rig::new(WIDTH, HEIGHT, Vec::new());
        rig.call("gfx.clip", &clip);
        rig.call("gfx.camera", &camera);
        let mut expected = rig.pixels();
        for (shape, color) in shapes {
            let (id, memory, args) = shape.call(color);
            rig.guest.memory = memory;
            let args: Vec<Slot> = args.into_iter().map(Slot::from).collect();
            let before = rig.guest.cycles;
            rig.try_call(id, &args).expect("a good call");
            let cycles = rig.guest.cycles - before;
            let (mut work, mut rows) = (0, BTreeSet::new());
            for (i, pixel) in expected.iter_mut().enumerate() {
                let (x, y) = ((i % usize::from(WIDTH)) as i64, (i / usize::from(WIDTH)) as i64);
                let [left, top, width, height] = clip.map(i64::from);
                if !(left..left + width).contains(&x) || !(top..top + height).contains(&y) {
                    continue;
                }
                let (x, y) = (i128::from(x) + i128::from(camera[0]), i128::from(y) + i128::from(camera[1]));
                if shape.encloses(x, y) {
                    rows.insert(y);
                }
                match shape.touch(x, y, color) {
                    Touch::No => {}
                    Touch::Seen => work += 1,
                    Touch::Drawn(index) => {
                        work += 1;
                        *pixel = index;
                    }
                }
            }
            prop_assert!(rig.pixels() == expected, "{id} drew other pixels");
            match &shape {
                // Charged by the byte, whatever is visible of it.
                Shape::Text { text, scale, .. } => {
                    work = text.len() as u64 * (*scale).max(1).pow(2) as u64;
                }
                Shape::Pixel { .. } => work = 0,
                Shape::Circle { .. } => work = rows.len() as u64,
                _ => {}
            }
            prop_assert_eq!(cycles, resolve(id).expect(id).cost.cycles(work), "{} costs", id);
        }
    }

    #[test]
    fn a_line_does_not_depend_on_the_order_of_its_ends(
        from in (coordinate(), coordinate()),
        to in (coordinate(), coordinate()),
    ) {
        let mut pictures = [(from, to), (to, from)].map(|(from, to)| {
            let mut rig = Rig::new(WIDTH, HEIGHT, Vec::new());
            rig.call("gfx.line", &[from.0, from.1, to.0, to.1, 1]);
            rig.pixels()
        });
        let [a, b] = &mut pictures;
        prop_assert!(a == b);
    }
}

/// Hostile sizes cost host time by the surface only: without that, this test would not end.
#[test]
fn hostile_sizes_are_bounded_by_the_surface() {
    let mut rig = Rig::new(640, 360, vec![1; 65_536]);
    let extremes = [i32::MIN, i32::MIN + 1, -1, 0, 1, i32::MAX - 1, i32::MAX];
    for a in extremes {
        for b in extremes {
            for c in extremes {
                rig.call("gfx.circle", &[a, b, c, 1]);
                rig.call("gfx.circle_fill", &[a, b, c, 1]);
                for d in extremes {
                    rig.call("gfx.rect", &[a, b, c, d, 1]);
                    rig.call("gfx.rect_fill", &[a, b, c, d, 1]);
                    rig.call("gfx.line", &[a, b, c, d, 1]);
                }
            }
            rig.call("gfx.sprite", &[0, 65_536, 256, 256, a, b, -1, 4]);
            rig.call("gfx.text", &[0, 100, a, b, 1]);
        }
    }
}
