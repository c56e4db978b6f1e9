//! What an instrument sounds like, and the sound's way along it.

use super::pitch::{phase_step, sample_step};
use super::sample::Recording;
use super::voice::Heard;

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

    /// The values of samples, -32768 to 32767.
    pub(super) fn render(&self, place: &mut Place, step: u64, values: &mut [i32]) -> Heard {
        match self {
            Wave::Pulse { duty } => {
                // Of the same height for every duty, and around 0 in the mean.
                let duty = i32::from(*duty);
                let (high, low) = ((256 - duty) * (HALF / 128), -duty * (HALF / 128));
                periodic(place, step, values, |phase| if phase >> 24 < duty as u32 { high } else { low })
            }
            Wave::Triangle => periodic(place, step, values, triangle),
            Wave::Noise { short } => {
                for value in values.iter_mut() {
                    *value = if place.noise & 1 == 0 { HALF } else { -HALF };
                    let next = place.at + step;
                    for _ in place.at >> 28..next >> 28 {
                        place.noise = shifted(place.noise, *short);
                    }
                    place.at = next & 0xffff_ffff;
                }
                Heard { heard: values.len(), ended: false }
            }
            Wave::Sample { recording, repeat, .. } => recorded(recording, *repeat, place, step, values),
        }
    }
}

/// A wave that is a function of its phase.
fn periodic(place: &mut Place, step: u64, values: &mut [i32], wave: impl Fn(u32) -> i32) -> Heard {
    let (mut phase, step) = (place.at as u32, step as u32);
    for value in values.iter_mut() {
        *value = wave(phase);
        phase = phase.wrapping_add(step);
    }
    place.at = phase.into();
    Heard { heard: values.len(), ended: false }
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
fn recorded(
    recording: &Recording,
    repeat: (u32, u32),
    place: &mut Place,
    step: u64,
    values: &mut [i32],
) -> Heard {
    let repeats = repeat.1 != 0;
    let last = if repeats { repeat.1 } else { recording.frames } - 1;
    let behind_last = if repeats { recording.sample(repeat.0) } else { 0 };
    let (start, end) = (u64::from(repeat.0) << 32, u64::from(last + 1) << 32);
    for (i, value) in values.iter_mut().enumerate() {
        let (index, part) = ((place.at >> 32) as u32, i64::from((place.at >> 16) as u16));
        let from = recording.sample(index);
        let to = if index == last { behind_last } else { recording.sample(index + 1) };
        *value = from + ((i64::from(to - from) * part) >> 16) as i32;
        place.at += step;
        if place.at >= end {
            if !repeats {
                return Heard { heard: i + 1, ended: true };
            }
            place.at = start + (place.at - start) % (end - start);
        }
    }
    Heard { heard: values.len(), ended: false }
}
