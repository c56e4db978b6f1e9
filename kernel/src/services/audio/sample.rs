//! Recordings in assets: where their samples are. They are read in place and never copied.

use std::sync::Arc;

use cartwheel_hostabi::Status;

use crate::services::asset::Assets;

/// Most samples a second that a recording can have.
pub(super) const MAX_RATE: u32 = 192_000;
/// Longest recording in samples.
const MAX_FRAMES: usize = 1 << 30;
/// Chunks of a WAV file that are looked at, so that opening one has a bounded cost.
const MAX_CHUNKS: usize = 64;

/// What an asset is taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Wav,
    /// Nothing but samples of one channel.
    Raw {
        wide: bool,
        rate: u32,
    },
}

/// A recording.
#[derive(Clone, Debug)]
pub(super) struct Recording {
    pub(super) asset: u32,
    pub(super) format: Format,
    /// Samples a second.
    pub(super) rate: u32,
    /// Length in samples, at least 1.
    pub(super) frames: u32,
    bytes: Arc<[u8]>,
    /// Where the first sample is.
    start: usize,
    channels: usize,
    bytes_per_value: usize,
}

impl Recording {
    pub(super) fn open(assets: &Assets, number: i32, format: Format) -> Result<Self, Status> {
        let asset = assets.get(number).ok_or(Status::AudioNotFound)?;
        let bytes = asset.bytes.clone().ok_or(Status::AudioNotLoaded)?;
        Recording::of(number as u32, bytes, format).ok_or(Status::AudioBadSample)
    }

    /// The recording that was open when a state was saved. Since then its asset may have been released.
    pub(super) fn again(assets: &Assets, asset: u32, format: Format) -> Option<Self> {
        Recording::of(asset, assets.source(asset)?.clone(), format)
    }

    fn of(asset: u32, bytes: Arc<[u8]>, format: Format) -> Option<Self> {
        let layout = match format {
            Format::Wav => Layout::of_wav(&bytes)?,
            Format::Raw { wide, rate } => {
                let bytes_per_value = if wide { 2 } else { 1 };
                Layout { rate, channels: 1, bytes_per_value, start: 0, len: bytes.len() }
            }
        };
        let frames = layout.frames()?;
        let Layout { rate, channels, bytes_per_value, start, .. } = layout;
        Some(Recording { asset, format, rate, frames, bytes, start, channels, bytes_per_value })
    }

    /// A sample, both channels together, -32768 to 32767.
    #[inline]
    pub(super) fn sample(&self, index: u32) -> i32 {
        let at = self.start + index as usize * self.channels * self.bytes_per_value;
        if self.channels == 1 {
            self.value(at)
        } else {
            (self.value(at) + self.value(at + self.bytes_per_value)) >> 1
        }
    }

    #[inline]
    fn value(&self, at: usize) -> i32 {
        match self.bytes_per_value {
            1 => (i32::from(self.bytes[at]) - 128) << 8,
            // The upper 16 bits of wider values.
            wide => i32::from(i16::from_le_bytes([self.bytes[at + wide - 2], self.bytes[at + wide - 1]])),
        }
    }
}

/// Where and how samples lie in an asset.
struct Layout {
    rate: u32,
    channels: usize,
    bytes_per_value: usize,
    start: usize,
    len: usize,
}

impl Layout {
    /// Length in samples, if there is at least one and no part of one.
    fn frames(&self) -> Option<u32> {
        let size = self.channels * self.bytes_per_value;
        let frames = self.len / size;
        let whole = self.len.is_multiple_of(size) && (1..=MAX_FRAMES).contains(&frames);
        whole.then_some(frames as u32)
    }

    /// Reads the head of a WAV file.
    ///
    /// By hand, because what is accepted is part of what a cartridge does and has to stay as it is, and because a
    /// call's cost has to bound its work: libraries skip a chunk by reading it, and lose their way behind odd ones.
    fn of_wav(bytes: &[u8]) -> Option<Layout> {
        if bytes.get(..4)? != b"RIFF" || bytes.get(8..12)? != b"WAVE" {
            return None;
        }
        let (mut at, mut form) = (12, None);
        for _ in 0..MAX_CHUNKS {
            let name = bytes.get(at..at + 4)?;
            let len = u32::from_le_bytes(bytes.get(at + 4..at + 8)?.try_into().ok()?) as usize;
            let start = at + 8;
            let end = start.checked_add(len)?;
            let chunk = bytes.get(start..end)?;
            match name {
                b"fmt " => form = Some(WavForm::read(chunk)?),
                b"data" => {
                    let WavForm { rate, channels, bytes_per_value } = form?;
                    return Some(Layout { rate, channels, bytes_per_value, start, len });
                }
                _ => {}
            }
            // Chunks begin at even places.
            at = end.checked_add(len % 2)?;
        }
        None
    }
}

/// What the `fmt ` chunk says.
struct WavForm {
    rate: u32,
    channels: usize,
    bytes_per_value: usize,
}

impl WavForm {
    fn read(chunk: &[u8]) -> Option<WavForm> {
        const INTEGERS: u16 = 1;
        const EXTENSIBLE: u16 = 0xfffe;
        let u16_at = |at: usize| Some(u16::from_le_bytes(chunk.get(at..at + 2)?.try_into().ok()?));
        let rate = u32::from_le_bytes(chunk.get(4..8)?.try_into().ok()?);
        let (tag, channels, block, bits) = (u16_at(0)?, u16_at(2)?, u16_at(12)?, u16_at(14)?);
        // The long form has the tag at the start of a longer identifier.
        let tag = if tag == EXTENSIBLE { u16_at(24)? } else { tag };
        let fits = tag == INTEGERS
            && (1..=2).contains(&channels)
            && matches!(bits, 8 | 16 | 24 | 32)
            && block == channels * (bits / 8)
            && (1..=MAX_RATE).contains(&rate);
        fits.then_some(WavForm { rate, channels: channels.into(), bytes_per_value: usize::from(bits / 8) })
    }
}
