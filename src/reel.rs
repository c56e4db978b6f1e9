//! All pictures of a run, and animations made of them.
//!
//! How many there are and whether they share a palette is known at the end only, and they can be too many for memory:
//! they wait in a temporary file without a name. Pictures that follow each other and are alike are kept once.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};

use cartwheel_runtime::Surface;

use crate::picture::{palette_bytes, scaled};

/// Pictures of a run.
pub struct Reel {
    width: u16,
    height: u16,
    scale: u16,
    spool: BufWriter<File>,
    /// Palette and pixels of the last picture.
    last: Vec<u8>,
    /// Frames that each picture is shown for.
    frames: Vec<u64>,
    /// False if pictures have different palettes.
    one_palette: bool,
}

const PALETTE_BYTES: usize = 256 * 3;
const FRAMES_PER_SECOND: u16 = 60;

impl Reel {
    /// No pictures yet.
    pub fn new(surface: &Surface<'_>, scale: u16) -> io::Result<Reel> {
        let Surface { width, height, .. } = *surface;
        let spool = BufWriter::new(tempfile::tempfile()?);
        Ok(Reel { width, height, scale, spool, last: Vec::new(), frames: Vec::new(), one_palette: true })
    }

    /// True if no picture was added.
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// Adds the picture of a frame.
    pub fn push(&mut self, surface: &Surface<'_>) -> io::Result<()> {
        let palette = palette_bytes(surface.palette);
        let same_palette = self.last.starts_with(&palette);
        let pixels = self.fitted(surface);
        if same_palette && self.last[PALETTE_BYTES..] == *pixels {
            *self.frames.last_mut().expect("there is a last picture") += 1;
            return Ok(());
        }
        self.one_palette &= same_palette || self.last.is_empty();
        self.last = palette;
        self.last.extend(&*pixels);
        self.frames.push(1);
        self.spool.write_all(&self.last)
    }

    /// The pixels of a picture as large as the first one: a module that has become another cartridge can have larger or
    /// smaller ones.
    fn fitted<'s>(&self, surface: &Surface<'s>) -> Cow<'s, [u8]> {
        if (surface.width, surface.height) == (self.width, self.height) {
            return surface.pixels.into();
        }
        let (width, height) = (usize::from(self.width), usize::from(self.height));
        let shown = width.min(surface.width.into());
        let mut pixels = vec![0; width * height];
        let rows = surface.pixels.chunks_exact(usize::from(surface.width));
        for (to, from) in pixels.chunks_exact_mut(width).zip(rows) {
            to[..shown].copy_from_slice(&from[..shown]);
        }
        pixels.into()
    }

    fn size(&self) -> (u32, u32) {
        let scale = u32::from(self.scale);
        (u32::from(self.width) * scale, u32::from(self.height) * scale)
    }

    /// Calls `show` with palette, scaled pixels and number of frames of each picture.
    fn play<E: From<io::Error>>(
        &mut self,
        mut show: impl FnMut(&[u8], &[u8], u64) -> Result<(), E>,
    ) -> Result<(), E> {
        self.spool.flush()?;
        let mut file = self.spool.get_ref();
        file.rewind()?;
        let mut spool = BufReader::new(file);
        let mut picture = vec![0; self.last.len()];
        for &frames in &self.frames {
            spool.read_exact(&mut picture)?;
            let (palette, pixels) = picture.split_at(PALETTE_BYTES);
            show(palette, &scaled(pixels, self.width.into(), self.scale.into()), frames)?;
        }
        Ok(())
    }

    /// Writes an animated PNG.
    pub fn write_apng(&mut self, out: impl Write) -> Result<(), png::EncodingError> {
        let (width, height) = self.size();
        let indexed = self.one_palette;
        let mut encoder = png::Encoder::new(out, width, height);
        encoder.set_color(if indexed { png::ColorType::Indexed } else { png::ColorType::Rgb });
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_palette(self.last[..PALETTE_BYTES].to_vec());
        let shown: u64 = self.frames.iter().map(|&frames| delays(frames).count() as u64).sum();
        encoder.set_animated(u32::try_from(shown).unwrap_or(u32::MAX), 0)?;
        let mut writer = encoder.write_header()?;
        self.play(|palette, pixels, frames| {
            let rgb = |&index: &u8| palette[usize::from(index) * 3..][..3].iter().copied();
            let colours: Vec<u8> = if indexed { Vec::new() } else { pixels.iter().flat_map(rgb).collect() };
            for delay in delays(frames) {
                writer.set_frame_delay(delay, FRAMES_PER_SECOND)?;
                writer.write_image_data(if indexed { pixels } else { &colours })?;
            }
            Ok::<(), png::EncodingError>(())
        })?;
        writer.finish()
    }

    /// Writes an animated GIF. Its clock has hundredths of a second and players are slow, so it has every second frame.
    pub fn write_gif(&mut self, out: impl Write) -> Result<(), gif::EncodingError> {
        let (width, height) = self.size();
        let (width, height) = (width as u16, height as u16);
        let mut encoder = gif::Encoder::new(out, width, height, &self.last[..PALETTE_BYTES])?;
        encoder.set_repeat(gif::Repeat::Infinite)?;
        let global = self.last[..PALETTE_BYTES].to_vec();
        let mut start = 0u64;
        self.play(|palette, pixels, frames| {
            let (from, to) = (hundredths(start), hundredths(start + frames));
            start += frames;
            for delay in delays(to - from) {
                let frame = gif::Frame {
                    delay,
                    width,
                    height,
                    buffer: pixels.into(),
                    palette: (palette != global).then(|| palette.to_vec()),
                    ..gif::Frame::default()
                };
                encoder.write_frame(&frame)?;
            }
            Ok(())
        })
    }
}

/// A time in frames as one in hundredths of a second, at the next even frame.
fn hundredths(frame: u64) -> u64 {
    frame.next_multiple_of(2) * 100 / u64::from(FRAMES_PER_SECOND)
}

/// A time in parts that fit.
fn delays(time: u64) -> impl Iterator<Item = u16> {
    let max = u64::from(u16::MAX);
    (0..time.div_ceil(max)).map(move |part| (time - part * max).min(max) as u16)
}
