//! Pixels and a clip rectangle: what every shape is made of.

/// The part of a canvas that can be drawn on, `left..right` by `top..bottom`, within the canvas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Clip {
    pub(super) left: u16,
    pub(super) top: u16,
    pub(super) right: u16,
    pub(super) bottom: u16,
}

/// A rectangle of pixels, all of them within the clip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Visible {
    pub(super) left: usize,
    pub(super) top: usize,
    pub(super) right: usize,
    pub(super) bottom: usize,
}

impl Visible {
    pub(super) fn pixels(self) -> u64 {
        ((self.right - self.left) * (self.bottom - self.top)) as u64
    }
}

/// A surface with its clip. Its methods return the number of pixels that they drew.
pub(super) struct Canvas {
    width: u16,
    height: u16,
    pixels: Box<[u8]>,
    clip: Clip,
}

impl Canvas {
    pub(super) fn new(width: u16, height: u16) -> Self {
        let pixels = vec![0; usize::from(width) * usize::from(height)].into_boxed_slice();
        Canvas { width, height, pixels, clip: Clip { left: 0, top: 0, right: width, bottom: height } }
    }

    pub(super) fn size(&self) -> (u16, u16) {
        (self.width, self.height)
    }

    pub(super) fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    pub(super) fn pixels_mut(&mut self) -> &mut [u8] {
        &mut self.pixels
    }

    pub(super) fn stride(&self) -> usize {
        self.width.into()
    }

    pub(super) fn clip(&self) -> Clip {
        self.clip
    }

    pub(super) fn set_clip(&mut self, clip: Clip) {
        self.clip = clip;
    }

    /// Clips to what a rectangle has in common with the surface.
    pub(super) fn clip_to(&mut self, left: i64, top: i64, width: i64, height: i64) {
        let (right, bottom) = (left + width.max(0), top + height.max(0));
        let x = |x: i64| x.clamp(0, self.width.into()) as u16;
        let y = |y: i64| y.clamp(0, self.height.into()) as u16;
        self.clip = Clip { left: x(left), top: y(top), right: x(right), bottom: y(bottom) };
    }

    /// What the clip leaves of `left..right` by `top..bottom`, if anything.
    #[inline]
    pub(super) fn visible(&self, left: i64, top: i64, right: i64, bottom: i64) -> Option<Visible> {
        let (left, top) = (left.max(self.clip.left.into()), top.max(self.clip.top.into()));
        let (right, bottom) = (right.min(self.clip.right.into()), bottom.min(self.clip.bottom.into()));
        if left >= right || top >= bottom {
            return None;
        }
        // Within the clip, so none of these is negative or large.
        Some(Visible {
            left: left as usize,
            top: top as usize,
            right: right as usize,
            bottom: bottom as usize,
        })
    }

    /// The pixels of a row between two columns.
    #[inline]
    pub(super) fn row(&mut self, y: usize, left: usize, right: usize) -> &mut [u8] {
        let start = y * usize::from(self.width);
        &mut self.pixels[start + left..start + right]
    }

    /// Draws `left..right` by `top..bottom`.
    #[inline]
    pub(super) fn fill(&mut self, left: i64, top: i64, right: i64, bottom: i64, color: u8) -> u64 {
        let Some(visible) = self.visible(left, top, right, bottom) else { return 0 };
        if visible.right - visible.left == 1 {
            // A call to fill each single pixel would take several times as long.
            let (start, stride) = (visible.top * self.stride() + visible.left, self.stride());
            let rows = visible.bottom - visible.top;
            self.pixels[start..].iter_mut().step_by(stride).take(rows).for_each(|pixel| *pixel = color);
            return visible.pixels();
        }
        for y in visible.top..visible.bottom {
            self.row(y, visible.left, visible.right).fill(color);
        }
        visible.pixels()
    }

    /// Draws `left..right` of a row.
    #[inline]
    pub(super) fn fill_row(&mut self, y: i64, left: i64, right: i64, color: u8) -> u64 {
        self.fill(left, y, right, y + 1, color)
    }

    /// Draws a pixel.
    #[inline]
    pub(super) fn plot(&mut self, x: i64, y: i64, color: u8) -> u64 {
        let Some(visible) = self.visible(x, y, x + 1, y + 1) else { return 0 };
        self.pixels[visible.top * usize::from(self.width) + visible.left] = color;
        1
    }

    /// The pixel at a place of the surface, clipped or not.
    pub(super) fn get(&self, x: i64, y: i64) -> Option<u8> {
        let inside = (0..self.width.into()).contains(&x) && (0..self.height.into()).contains(&y);
        inside.then(|| self.pixels[y as usize * usize::from(self.width) + x as usize])
    }
}
