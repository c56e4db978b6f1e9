//! Rectangles, lines and circles. Functions return the number of pixels that they drew, if they do not say otherwise.

use super::canvas::Canvas;

/// The rim of a rectangle; each of its pixels is drawn once.
pub(super) fn rect(canvas: &mut Canvas, x: i64, y: i64, width: i64, height: i64, color: u8) -> u64 {
    if width <= 0 || height <= 0 {
        return 0;
    }
    let (right, bottom) = (x + width, y + height);
    let mut drawn = canvas.fill_row(y, x, right, color);
    if height > 1 {
        drawn += canvas.fill_row(bottom - 1, x, right, color);
    }
    drawn += canvas.fill(x, y + 1, x + 1, bottom - 1, color);
    if width > 1 {
        drawn += canvas.fill(right - 1, y + 1, right, bottom - 1, color);
    }
    drawn
}

/// A line from end to end.
///
/// With `steps` the longer and `rise` the shorter of its two extents, the pixel `k` steps along the longer axis
/// from the end that is first on that axis lies `floor((2 k rise + steps) / (2 steps))` along the other one. So the
/// line does not depend on the order of its ends, nor on what the clip leaves of it.
pub(super) fn line(canvas: &mut Canvas, from: (i64, i64), to: (i64, i64), color: u8) -> u64 {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    if dy == 0 {
        return canvas.fill_row(from.1, from.0.min(to.0), from.0.max(to.0) + 1, color);
    }
    if dx == 0 {
        return canvas.fill(from.0, from.1.min(to.1), from.0 + 1, from.1.max(to.1) + 1, color);
    }
    let clip = canvas.clip();
    let columns = (i64::from(clip.left), i64::from(clip.right));
    let rows = (i64::from(clip.top), i64::from(clip.bottom));
    let stride = canvas.stride();
    // From here on, `major` is the axis of the longer extent and `minor` the other one.
    let steep = dy.abs() > dx.abs();
    let turn = |(x, y): (i64, i64)| if steep { (y, x) } else { (x, y) };
    let (a, b) = (turn(from), turn(to));
    let (start, end) = if a.0 <= b.0 { (a, b) } else { (b, a) };
    let (major_clip, minor_clip) = if steep { (rows, columns) } else { (columns, rows) };
    let (major_stride, minor_stride) = if steep { (stride, 1) } else { (1, stride) };

    let slope = Slope { steps: end.0 - start.0, rise: (end.1 - start.1).abs() };
    let down = end.1 >= start.1;
    let mut first = (major_clip.0 - start.0).max(0);
    let mut last = (major_clip.1 - 1 - start.0).min(slope.steps);
    // Rise at which the line enters and at which it has left the clip on the minor axis.
    let (enter, leave) = if down {
        (minor_clip.0 - start.1, minor_clip.1 - start.1)
    } else {
        (start.1 - (minor_clip.1 - 1), start.1 - (minor_clip.0 - 1))
    };
    if enter > slope.rise || minor_clip.0 >= minor_clip.1 {
        return 0;
    }
    if enter > 0 {
        first = first.max(slope.reaches(enter));
    }
    if leave <= slope.rise {
        last = last.min(slope.reaches(leave) - 1);
    }
    if first > last {
        return 0;
    }

    let (rise, mut error) = slope.at(first);
    let minor = if down { start.1 + rise } else { start.1 - rise };
    // All that follows is within the clip, so the casts lose nothing.
    let mut index = (start.0 + first) as usize * major_stride + minor as usize * minor_stride;
    let pixels = canvas.pixels_mut();
    for _ in first..last {
        pixels[index] = color;
        index += major_stride;
        error += 2 * slope.rise;
        if error >= 2 * slope.steps {
            error -= 2 * slope.steps;
            index = if down { index + minor_stride } else { index - minor_stride };
        }
    }
    pixels[index] = color;
    (last - first + 1) as u64
}

/// Extents of a line, both above 0, `rise` not above `steps`.
struct Slope {
    steps: i64,
    rise: i64,
}

impl Slope {
    /// Rise after `k` steps, and the remainder of the division that gives it.
    fn at(&self, k: i64) -> (i64, i64) {
        // Extents have 33 bits and so their product more than 64.
        let numerator = 2 * i128::from(k) * i128::from(self.rise) + i128::from(self.steps);
        if let Ok(numerator) = i64::try_from(numerator) {
            return (numerator / (2 * self.steps), numerator % (2 * self.steps));
        }
        let denominator = 2 * i128::from(self.steps);
        ((numerator / denominator) as i64, (numerator % denominator) as i64)
    }

    /// The first step after which the rise is at least `rise`, which is not above the line's own.
    fn reaches(&self, rise: i64) -> i64 {
        if rise <= 0 {
            return 0;
        }
        let numerator = i128::from(self.steps) * (2 * i128::from(rise) - 1);
        let denominator = 2 * i128::from(self.rise);
        ((numerator + denominator - 1) / denominator) as i64
    }
}

/// Half the width of row `dy` of a disc without its middle column, for `0 <= dy <= radius`: the disc has the places
/// that are nearer than `radius + 1/2` to its centre.
fn half_width(radius: i64, dy: i64) -> i64 {
    let square = (radius * radius + radius - dy * dy) as u64;
    match u32::try_from(square) {
        Ok(square) => square.isqrt().into(), // much the faster one
        Err(_) => square.isqrt() as i64,
    }
}

/// Calls `row` with the rows in which something of a disc is visible, and their distances from the centre. Returns
/// their number.
fn for_rows(
    canvas: &mut Canvas,
    (x, y): (i64, i64),
    radius: i64,
    mut row: impl FnMut(&mut Canvas, i64, i64),
) -> u64 {
    let clip = canvas.clip();
    // Distance from the centre to the nearest visible column. A disc is as high at a distance as it is wide there.
    let aside = (i64::from(clip.left) - x).max(x - (i64::from(clip.right) - 1)).max(0);
    if aside > radius || clip.left >= clip.right {
        return 0;
    }
    let reach = half_width(radius, aside);
    let (top, bottom) = ((y - reach).max(clip.top.into()), (y + reach + 1).min(clip.bottom.into()));
    for row_y in top..bottom {
        row(canvas, row_y, (row_y - y).abs());
    }
    (bottom - top).max(0) as u64
}

/// A disc; a negative radius has no rows. Returns the number of rows.
pub(super) fn circle_fill(canvas: &mut Canvas, (x, y): (i64, i64), radius: i64, color: u8) -> u64 {
    for_rows(canvas, (x, y), radius, |canvas, row, dy| {
        let half = half_width(radius, dy);
        canvas.fill_row(row, x - half, x + half + 1, color);
    })
}

/// The rim of a disc: its places with a neighbour above, below, left or right that is outside. Returns the number of
/// the disc's rows.
pub(super) fn circle(canvas: &mut Canvas, (x, y): (i64, i64), radius: i64, color: u8) -> u64 {
    for_rows(canvas, (x, y), radius, |canvas, row, dy| {
        let half = half_width(radius, dy);
        // Nearest column to the middle that is on the rim: the row further out does not cover it.
        let inner = if dy == radius { 0 } else { half.min(half_width(radius, dy + 1) + 1) };
        if inner == 0 {
            canvas.fill_row(row, x - half, x + half + 1, color);
        } else {
            canvas.fill_row(row, x - half, x - inner + 1, color);
            canvas.fill_row(row, x + inner, x + half + 1, color);
        }
    })
}
