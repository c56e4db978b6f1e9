//! What an instrument sounds like, and the sound's way along it.

use super::pitch::{phase_step, sample_step};
use super::sample::Recording;

/// Pulses and noise are half as high as the other waves, which makes them about as loud.
const HALF: i32 = 1 << 14;
/// What the noise generator starts with: all bits set.
pub(super) const NOISE_START: u16 = 0x7fff;

/// A wave.
#[derive(Clone, Debug)]
pub(super) enum Wave {
    Pulse {
        /// 1 to 255.
        duty: u8,
    },
    Triangle,
    Noise {
        short: bool,
    },
    Sample {
        recording: Recording,
        /// Pitch at which it sounds as recorded.
        root: u16,
        /// What is repeated: from the first up to the second. Both are 0 if nothing is.
        repeat: (u32, u32),
    },
}

/// A place in a wave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// In units of 2^-32: of a period, below 1; of a recording's samples.
    pub(super) at: u64,
    /// Shift register of the noise: 15 bits, not all of them 0.
    pub(super) noise: u16,
}

impl Place {
    pub(super) const START: Place = Place { at: 0, noise: NOISE_START };
}

impl Wave {
    /// What [`Place::at`] advances by in a sample.
    pub(super) fn step(&self, pitch: u16) -> u64 {
        match self {
            Wave::Sample { recording, root, .. } => sample_step(recording.rate, pitch, *root),
            _ => phase_step(pitch).into(),
        }
    }

    /// The value at a place, -32768 to 32767.
    pub(super) fn value(&self, place: &Place) -> i32 {
        match self {
            Wave::Pulse { duty } => {
                // Of the same height for every duty, and around 0 in the mean.
                let duty = i32::from(*duty);
                if (place.at >> 24) < duty as u64 {
                    (256 - duty) * (HALF / 128)
                } else {
                    -duty * (HALF / 128)
                }
            }
            Wave::Triangle => triangle(place.at as u32),
            Wave::Noise { .. } => {
                if place.noise & 1 == 0 {
                    HALF
                } else {
                    -HALF
                }
            }
            Wave::Sample { recording, repeat, .. } => recorded(recording, *repeat, place.at),
        }
    }

    /// Goes on by a sample. False at the end of a recording.
    pub(super) fn advance(&self, place: &mut Place, step: u64) -> bool {
        let next = place.at + step;
        match self {
            Wave::Sample { recording, repeat, .. } => {
                let end = if repeat.1 == 0 { recording.frames } else { repeat.1 };
                let end = u64::from(end) << 32;
                if next < end {
                    place.at = next;
                } else if repeat.1 == 0 {
                    return false;
                } else {
                    let start = u64::from(repeat.0) << 32;
                    place.at = start + (next - start) % (end - start);
                }
            }
            wave => {
                if let Wave::Noise { short } = wave {
                    for _ in place.at >> 28..next >> 28 {
                        place.noise = shifted(place.noise, *short);
                    }
                }
                place.at = next & 0xffff_ffff;
            }
        }
        true
    }
}

/// Begins at 0 and rises first.
fn triangle(phase: u32) -> i32 {
    let value = (phase.wrapping_add(1 << 30) >> 15) as i32;
    (if value < 1 << 16 { value } else { (1 << 17) - 1 - value }) - (1 << 15)
}

fn shifted(register: u16, short: bool) -> u16 {
    let bit = (register ^ register >> 1) & 1;
    let register = register >> 1 | bit << 14;
    if short { register & !(1 << 6) | bit << 6 } else { register }
}

/// Between two samples on the line that joins them; behind the last one is silence, or what is repeated.
fn recorded(recording: &Recording, repeat: (u32, u32), at: u64) -> i32 {
    let (index, part) = ((at >> 32) as u32, i64::from((at >> 16) as u16));
    let next = index + 1;
    let from = recording.sample(index);
    let to = match repeat {
        (start, end) if end != 0 && next >= end => recording.sample(start),
        _ if next < recording.frames => recording.sample(next),
        _ => 0,
    };
    from + ((i64::from(to - from) * part) >> 16) as i32
}
