//! Sprites: pictures of palette indices, a byte each, that are copied to the surface.

use cartwheel_hostabi::SyscallTrap;

use super::canvas::Canvas;

/// How a sprite is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Style {
    transparent: Option<u8>,
    mirror_x: bool,
    mirror_y: bool,
    turn: bool,
}

impl Style {
    /// Reads the two arguments that every sprite has.
    pub(super) fn new(transparent: i32, flags: i32) -> Result<Self, SyscallTrap> {
        let transparent = match transparent {
            -1 => None,
            index => Some(u8::try_from(index).map_err(|_| SyscallTrap::BadArgument)?),
        };
        if !(0..8).contains(&flags) {
            return Err(SyscallTrap::BadArgument);
        }
        Ok(Style { transparent, mirror_x: flags & 1 != 0, mirror_y: flags & 2 != 0, turn: flags & 4 != 0 })
    }
}

/// A rectangle of a picture, wholly inside it and not empty.
#[derive(Clone, Copy, Debug)]
pub(super) struct Picture<'a> {
    pixels: &'a [u8],
    stride: usize,
    width: usize,
    height: usize,
}

impl<'a> Picture<'a> {
    /// A picture of `width * height` pixels at the start of `pixels`; `None` if it has no pixels.
    pub(super) fn new(pixels: &'a [u8], width: i32, height: i32) -> Result<Option<Self>, SyscallTrap> {
        Picture::part(pixels, width, 0, 0, width, height)
    }

    /// A rectangle of a picture whose rows are `stride` apart; `None` if it has no pixels.
    pub(super) fn part(
        pixels: &'a [u8],
        stride: i32,
        x: i32,
        y: i32,
        width: i32,
        height: i32,
    ) -> Result<Option<Self>, SyscallTrap> {
        if width < 1 || height < 1 {
            return Ok(None);
        }
        let [stride, x, y, width, height] = [stride, x, y, width, height].map(i64::from);
        if x < 0 || y < 0 || x + width > stride {
            return Err(SyscallTrap::BadArgument);
        }
        // At most (2^32 - 3) * (2^31 - 1) + 2^31 - 1, which an i64 holds.
        let (start, end) = (y * stride + x, (y + height - 1) * stride + x + width);
        if end > pixels.len() as i64 {
            return Err(SyscallTrap::ShortSpan);
        }
        Ok(Some(Picture {
            pixels: &pixels[start as usize..end as usize],
            stride: stride as usize,
            width: width as usize,
            height: height as usize,
        }))
    }
}

/// Draws a picture with its top left corner at a place; returns the pixels that the clip left of it.
pub(super) fn draw(canvas: &mut Canvas, picture: &Picture<'_>, x: i64, y: i64, style: Style) -> u64 {
    let (width, height) =
        if style.turn { (picture.height, picture.width) } else { (picture.width, picture.height) };
    let Some(visible) = canvas.visible(x, y, x + width as i64, y + height as i64) else { return 0 };
    let steps = Steps::new(picture, style);
    // Within the sprite, because the visible part is.
    let (skip_x, skip_y) = ((visible.left as i64 - x) as isize, (visible.top as i64 - y) as isize);
    let columns = visible.right - visible.left;
    for row in 0..visible.bottom - visible.top {
        let start = steps.start + skip_x * steps.x + (skip_y + row as isize) * steps.y;
        let target = canvas.row(visible.top + row, visible.left, visible.right);
        let start = start as usize;
        match steps.x {
            1 => copy(target, picture.pixels[start..start + columns].iter(), style.transparent),
            -1 => copy(target, picture.pixels[start + 1 - columns..=start].iter().rev(), style.transparent),
            step if step > 0 => {
                copy(target, picture.pixels[start..].iter().step_by(step as usize), style.transparent);
            }
            step => {
                let column = picture.pixels[..=start].iter().rev().step_by(step.unsigned_abs());
                copy(target, column, style.transparent);
            }
        }
    }
    visible.pixels()
}

/// How a walk over the drawn sprite moves through its picture: index of the pixel at the top left corner, and the
/// differences of indices for a pixel to the right and a pixel down.
struct Steps {
    start: isize,
    x: isize,
    y: isize,
}

impl Steps {
    fn new(picture: &Picture<'_>, style: Style) -> Self {
        let (width, height, stride) =
            (picture.width as isize, picture.height as isize, picture.stride as isize);
        let mut start = 0;
        let (mut right, mut down) = (1, stride);
        if style.mirror_x {
            start += width - 1;
            right = -1;
        }
        if style.mirror_y {
            start += (height - 1) * stride;
            down = -stride;
        }
        if style.turn {
            // Clockwise: what was the lower left corner becomes the upper left one.
            return Steps { start: start + (height - 1) * down, x: -down, y: right };
        }
        Steps { start, x: right, y: down }
    }
}

#[inline]
fn copy<'a>(target: &mut [u8], source: impl Iterator<Item = &'a u8>, transparent: Option<u8>) {
    match transparent {
        None => target.iter_mut().zip(source).for_each(|(to, &from)| *to = from),
        Some(hole) => {
            target.iter_mut().zip(source).for_each(|(to, &from)| *to = if from == hole { *to } else { from });
        }
    }
}
