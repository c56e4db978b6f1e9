//! Lines, rectangles and ovals. Each gives what its row's cost is counted in.
//!
//! Sums of arguments are taken in `i64`, where they cannot overflow, except in ovals, whose shape depends on
//! 32-bit wrapping.

use super::memory::DrawColours;
use super::screen::{SIZE, Screen};

/// Rounds after which the scan of an oval ends, whatever its arguments are.
pub(super) const MAX_OVAL_ROUNDS: u64 = 65_536;

pub(super) fn hline(screen: &mut Screen<'_>, colours: DrawColours, x: i32, y: i32, len: i32) -> u64 {
    let Some(ink) = colours.ink(0) else { return 0 };
    let (x, y) = (i64::from(x), i64::from(y));
    screen.row(x, x + i64::from(len), y, ink)
}

pub(super) fn vline(screen: &mut Screen<'_>, colours: DrawColours, x: i32, y: i32, len: i32) -> u64 {
    let Some(ink) = colours.ink(0) else { return 0 };
    let (x, y) = (i64::from(x), i64::from(y));
    screen.column(x, y, y + i64::from(len), ink)
}

pub(super) fn rect(
    screen: &mut Screen<'_>,
    colours: DrawColours,
    (x, y): (i32, i32),
    (width, height): (i32, i32),
) -> u64 {
    let (x, y) = (i64::from(x), i64::from(y));
    let (right, bottom) = (x + i64::from(width), y + i64::from(height));
    let mut pixels = 0;
    if let Some(ink) = colours.ink(0) {
        for row in y.max(0)..bottom.min(SIZE) {
            pixels += screen.row(x, right, row, ink);
        }
    }
    if let Some(ink) = colours.ink(1) {
        pixels += screen.column(x, y, bottom, ink);
        pixels += screen.column(right - 1, y, bottom, ink);
        pixels += screen.row(x, right, y, ink);
        pixels += screen.row(x, right, bottom - 1, ink);
    }
    pixels
}

/// A line from its upper end to its lower one.
///
/// Bresenham's error never leaves a range in which the longer axis moves in every step, so the line is a function
/// of the number of steps: the part that cannot be seen is skipped, whatever its length.
pub(super) fn line(screen: &mut Screen<'_>, colours: DrawColours, from: (i32, i32), to: (i32, i32)) -> u64 {
    let Some(ink) = colours.ink(0) else { return 0 };
    let wide = |(x, y): (i32, i32)| (i64::from(x), i64::from(y));
    let (from, to) = if from.1 > to.1 { (wide(to), wide(from)) } else { (wide(from), wide(to)) };
    let (dx, dy) = ((to.0 - from.0).abs(), to.1 - from.1);
    let forward = if from.0 < to.0 { 1 } else { -1 };
    let flat = dx > dy;
    let (long, short) = if flat { (dx, dy) } else { (dy, dx) };
    // Steps along the longer axis at which it is on the screen.
    let (first, last) = match (flat, forward) {
        (true, -1) => (from.0 - (SIZE - 1), from.0),
        (true, _) => (-from.0, SIZE - 1 - from.0),
        (false, _) => (-from.1, SIZE - 1 - from.1),
    };
    let (first, last) = (first.max(0), last.min(long));
    if first > last {
        return 0;
    }
    // The shorter axis has moved as often as keeps `late` within 0..long, the distance that it lags behind.
    let ahead = i128::from(first) * i128::from(short) + i128::from(long - 1 - long / 2);
    let (mut moved, mut late) = match i128::from(long) {
        0 => (0, 0),
        long => ((ahead / long) as i64, (ahead % long) as i64),
    };
    let mut pixels = 0;
    for step in first..=last {
        let (x, y) = if flat { (step, moved) } else { (moved, step) };
        pixels += screen.plot(from.0 + forward * x, from.1 + y, ink);
        late += short;
        if late >= long {
            late -= long;
            moved += 1;
        }
    }
    pixels
}

/// An oval by a midpoint scan from its left and right ends inwards. Gives the rounds of the scan.
pub(super) fn oval(
    screen: &mut Screen<'_>,
    colours: DrawColours,
    (x, y): (i32, i32),
    (width, height): (i32, i32),
) -> u64 {
    if colours.nibble(1) == 15 {
        return 0;
    }
    // An outline that should be transparent is drawn in the last colour; so it was, and games look like it.
    let outline = colours.nibble(1).wrapping_sub(1) & 3;
    let fill = colours.ink(0);
    let mut scan = OvalScan::new(x, y, width, height);
    let mut rounds = 0;
    while rounds < MAX_OVAL_ROUNDS {
        rounds += 1;
        for (x, y) in scan.ends(0) {
            screen.plot(x, y, outline);
        }
        if let Some(ink) = fill {
            for y in [scan.north, scan.south] {
                screen.row(i64::from(scan.west) + 1, scan.east.into(), y.into(), ink);
            }
        }
        scan.advance();
        if scan.west > scan.east {
            break;
        }
    }
    // A flat end leaves rows over, which get their points just outside of where the columns met.
    while rounds < MAX_OVAL_ROUNDS && scan.north.wrapping_sub(scan.south) < height {
        rounds += 1;
        for (x, y) in scan.ends(1) {
            screen.plot(x, y, outline);
        }
        scan.north = scan.north.wrapping_add(1);
        scan.south = scan.south.wrapping_sub(1);
    }
    rounds
}

/// Where the scan of an oval is. `north` moves down and `south` up: they begin in the middle.
struct OvalScan {
    north: i32,
    south: i32,
    west: i32,
    east: i32,
    dx: i32,
    dy: i32,
    err: i32,
    step_x: i32,
    step_y: i32,
}

impl OvalScan {
    fn new(x: i32, y: i32, width: i32, height: i32) -> Self {
        let (a, b) = (width.wrapping_sub(1), height.wrapping_sub(1));
        let parity = b % 2;
        let product = |factors: &[i32]| factors.iter().fold(1i32, |product, &f| product.wrapping_mul(f));
        let dx = product(&[4, 1i32.wrapping_sub(a), b, b]);
        let dy = product(&[4, parity + 1, a, a]);
        let north = y.wrapping_add(height / 2);
        OvalScan {
            north,
            south: north.wrapping_sub(parity),
            west: x,
            east: x.wrapping_add(width).wrapping_sub(1),
            dx,
            dy,
            err: dx.wrapping_add(dy).wrapping_add(product(&[parity, a, a])),
            step_x: product(&[8, b, b]),
            step_y: product(&[8, a, a]),
        }
    }

    /// The points on both sides of both rows, so many columns outside of the scan's: north west, north east, south
    /// west, south east.
    fn ends(&self, outside: i32) -> [(i64, i64); 4] {
        let west = i64::from(self.west.wrapping_sub(outside));
        let east = i64::from(self.east.wrapping_add(outside));
        let (north, south) = (self.north.into(), self.south.into());
        [(west, north), (east, north), (west, south), (east, south)]
    }

    fn advance(&mut self) {
        let err2 = self.err.wrapping_mul(2);
        if err2 <= self.dy {
            self.north = self.north.wrapping_add(1);
            self.south = self.south.wrapping_sub(1);
            self.dy = self.dy.wrapping_add(self.step_y);
            self.err = self.err.wrapping_add(self.dy);
        }
        if err2 >= self.dx || err2 > self.dy {
            self.west = self.west.wrapping_add(1);
            self.east = self.east.wrapping_sub(1);
            self.dx = self.dx.wrapping_add(self.step_x);
            self.err = self.err.wrapping_add(self.dx);
        }
    }
}
