//! Pitches, in 1/256 semitones, and what they are in steps of a phase.

use super::SAMPLE_RATE;

/// Pitches of a semitone.
const PER_SEMITONE: i32 = 256;
const PER_OCTAVE: i32 = 12 * PER_SEMITONE;
/// The highest pitch, 21 kHz: 1/256 semitone below MIDI note 136.
pub(super) const MAX_PITCH: u16 = (136 * PER_SEMITONE - 1) as u16;

/// 2^(i / 12) in units of 2^-30, rounded to nearest.
const SEMITONES: [u32; 12] = [
    1_073_741_824,
    1_137_589_835,
    1_205_234_447,
    1_276_901_417,
    1_352_829_926,
    1_433_273_380,
    1_518_500_250,
    1_608_794_974,
    1_704_458_901,
    1_805_811_301,
    1_913_190_429,
    2_026_954_652,
];

/// 2^(i / 192) in units of 2^-30, rounded to nearest.
const SIXTEENTHS: [u32; 16] = [
    1_073_741_824,
    1_077_625_190,
    1_081_522_600,
    1_085_434_106,
    1_089_359_758,
    1_093_299_609,
    1_097_253_708,
    1_101_222_108,
    1_105_204_861,
    1_109_202_018,
    1_113_213_631,
    1_117_239_753,
    1_121_280_436,
    1_125_335_733,
    1_129_405_696,
    1_133_490_379,
];

/// 2^(i / 3072) in units of 2^-30, rounded to nearest.
const FINE: [u32; 16] = [
    1_073_741_824,
    1_073_984_124,
    1_074_226_478,
    1_074_468_888,
    1_074_711_351,
    1_074_953_870,
    1_075_196_443,
    1_075_439_071,
    1_075_681_754,
    1_075_924_492,
    1_076_167_284,
    1_076_410_131,
    1_076_653_033,
    1_076_895_990,
    1_077_139_002,
    1_077_382_068,
];

/// Step of a 32-bit phase per sample at MIDI note 120, 8,372 Hz, rounded to nearest.
const STEP_120: u64 = 815_363_807;

/// The pitch nearest to a number.
pub(super) fn clamped(pitch: i32) -> u16 {
    pitch.clamp(0, MAX_PITCH.into()) as u16
}

/// 2^(distance / 3072) as octave and mantissa: 2^octave times mantissa times 2^-30, the mantissa from 2^30 to 2^31.
fn exp2(distance: i32) -> (i32, u64) {
    let (octave, rest) = (distance.div_euclid(PER_OCTAVE), distance.rem_euclid(PER_OCTAVE) as usize);
    let semitone = u64::from(SEMITONES[rest / 256]);
    let sixteenth = u64::from(SIXTEENTHS[rest / 16 % 16]);
    let fine = u64::from(FINE[rest % 16]);
    (octave, (((semitone * sixteenth) >> 30) * fine) >> 30)
}

/// What a 32-bit phase advances by in a sample.
pub(super) fn phase_step(pitch: u16) -> u32 {
    let (octave, mantissa) = exp2(pitch.into());
    ((STEP_120 * mantissa) >> (40 - octave)) as u32
}

/// What a place in a recording advances by in a sample, in units of 2^-32 of its samples.
pub(super) fn sample_step(rate: u32, pitch: u16, root: u16) -> u64 {
    let (octave, mantissa) = exp2(i32::from(pitch) - i32::from(root));
    let as_recorded = (u64::from(rate) << 32) / u64::from(SAMPLE_RATE);
    ((u128::from(as_recorded) * u128::from(mantissa)) >> (30 - octave)) as u64
}

/// The pitch nearest to a frequency in 1/1000 Hz; the lower one of two that are equally near.
pub(super) fn nearest(millihertz: i32) -> u16 {
    let step = (millihertz.max(0) as u64) * (1 << 32) / (u64::from(SAMPLE_RATE) * 1_000);
    let (mut low, mut high) = (0, MAX_PITCH);
    // The highest pitch that is not above the frequency.
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        if u64::from(phase_step(middle)) <= step {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    let distance = |pitch| step.abs_diff(phase_step(pitch).into());
    if low < MAX_PITCH && distance(low + 1) < distance(low) { low + 1 } else { low }
}

/// A pitch on its way to another one. Its time is counted in ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Glide {
    pub(super) from: u16,
    pub(super) to: u16,
    pub(super) done: u32,
    pub(super) total: u32,
}

impl Glide {
    /// A pitch that stays.
    pub(super) fn at(pitch: u16) -> Self {
        Glide { from: pitch, to: pitch, done: 0, total: 0 }
    }

    pub(super) fn pitch(&self) -> u16 {
        if self.done >= self.total {
            return self.to;
        }
        let way = i64::from(self.to) - i64::from(self.from);
        (i64::from(self.from) + way * i64::from(self.done) / i64::from(self.total)) as u16
    }

    pub(super) fn tick(&mut self) {
        if self.done < self.total {
            self.done += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[allow(clippy::disallowed_methods, reason = "an independent way to the same numbers")]
    fn tables_are_the_powers_that_they_say() {
        for (table, parts) in [(&SEMITONES[..], 12.0), (&SIXTEENTHS[..], 192.0), (&FINE[..], 3072.0)] {
            for (i, &entry) in table.iter().enumerate() {
                assert_eq!(f64::from(entry), ((i as f64 / parts).exp2() * f64::from(1 << 30)).round());
            }
        }
        let note_120 = 440.0 * (51.0f64 / 12.0).exp2();
        assert_eq!(STEP_120 as f64, (note_120 * f64::from(1 << 16) * f64::from(1 << 16) / 44_100.0).round());
    }

    #[test]
    #[allow(clippy::disallowed_methods, reason = "an independent way to the same numbers")]
    fn every_pitch_is_within_a_millionth_and_a_half() {
        for pitch in 0..=MAX_PITCH {
            let hertz = 440.0 * ((f64::from(pitch) / 256.0 - 69.0) / 12.0).exp2();
            let found = f64::from(phase_step(pitch)) * 44_100.0 / 4_294_967_296.0;
            assert!((found / hertz - 1.0).abs() < 1.5e-6, "{pitch}: {found} {hertz}");
            let ratio = f64::from(phase_step(pitch)) / f64::from(phase_step(60 * 256));
            let step = sample_step(44_100, pitch, 60 * 256) as f64 / 4_294_967_296.0;
            assert!((step / ratio - 1.0).abs() < 3e-6, "{pitch}");
        }
    }

    #[test]
    fn the_nearest_pitch_of_a_pitch_is_itself() {
        for pitch in 0..=MAX_PITCH {
            let millihertz = (u64::from(phase_step(pitch)) * 44_100_000 + (1 << 31)) >> 32;
            assert_eq!(nearest(millihertz as i32), pitch);
        }
        assert_eq!((nearest(440_000), nearest(i32::MIN), nearest(i32::MAX)), (69 * 256, 0, MAX_PITCH));
    }
}
