//! The sound of WASM-4: two pulses, a triangle and noise, in integers.

use crate::codec::{Reader, RestoreError};

/// Stereo samples of a frame: 44,100 Hz at 60 frames per second.
pub(super) const SAMPLES_PER_FRAME: u32 = 735;
const SAMPLES_PER_SECOND: u64 = 44_100;

const TRIANGLE: usize = 2;
const NOISE: usize = 3;
/// Amplitude of each channel at full volume.
const FULL: [i32; 4] = [0x1333, 0x1333, 0x2000, 0x1333];
/// Where the triangle crosses zero.
const TRIANGLE_START: u32 = 1 << 30;
/// Part of a period that a pulse is high for. That of 3/4 sounds as 1/4.
const DUTIES: [u32; 4] = [1 << 29, 1 << 30, 1 << 31, 1 << 30];
const NOTE_MODE: u32 = 0x40;
/// Noise is white long before it steps so often in a sample.
const MAX_NOISE_HZ: u64 = 4_000;

/// Frequencies are in 1/65,536 Hz.
const HZ: u64 = 1 << 16;
const MAX_FREQUENCY: u64 = 0xffff * HZ;
/// `2^(i/12)` in 1/2^30.
const SEMITONES: [u64; 13] = [
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
    2_147_483_648,
];
/// Frequency of note 0 in 1/2^32 Hz.
const NOTE_0: u64 = 35_114_788_961;

/// Four channels.
pub(super) struct Apu {
    channels: [Channel; 4],
    /// State of the xorshift, whose lowest bit is the noise.
    noise: u16,
    /// What the last frame sounded like; no part of the state.
    samples: Vec<i16>,
}

/// A channel and the tone on it. Times are in samples.
#[derive(Clone, Copy, Debug, Default)]
struct Channel {
    /// Since the tone began; it is over when all four parts are.
    elapsed: u32,
    attack: u32,
    decay: u32,
    sustain: u32,
    release: u32,
    /// Amplitude at the end of the attack.
    peak: i32,
    /// Amplitude while it is sustained.
    level: i32,
    /// Frequency at the beginning and at the end.
    from: u32,
    to: u32,
    /// Place in the period; a whole one is 2^32.
    phase: u32,
    duty: u8,
    pan: u8,
}

impl Apu {
    pub(super) fn new() -> Self {
        let mut channels = [Channel::default(); 4];
        channels[TRIANGLE].phase = TRIANGLE_START;
        Apu { channels, noise: 1, samples: Vec::new() }
    }

    /// Starts a tone in place of the one on its channel.
    pub(super) fn tone(&mut self, frequency: u32, duration: u32, volume: u32, flags: u32) {
        let index = (flags & 3) as usize;
        let channel = &mut self.channels[index];
        if channel.elapsed >= channel.len() {
            channel.phase = if index == TRIANGLE { TRIANGLE_START } else { 0 };
        }
        let part = |shift: u32| (duration >> shift & 0xff) * SAMPLES_PER_FRAME;
        let amplitude = |percent: u32| FULL[index] * percent.min(100) as i32 / 100;
        let pitch = |bits: u32| if flags & NOTE_MODE != 0 { note(bits) } else { bits << 16 };
        let (from, to) = (frequency & 0xffff, frequency >> 16);
        let peak = volume >> 8 & 0xff;
        *channel = Channel {
            elapsed: 0,
            attack: part(24),
            decay: part(16),
            sustain: part(0),
            release: part(8),
            peak: amplitude(if peak == 0 { 100 } else { peak }),
            level: amplitude(volume & 0xff),
            from: pitch(from),
            to: pitch(if to == 0 { from } else { to }),
            phase: channel.phase,
            duty: (flags >> 2 & 3) as u8,
            pan: (flags >> 4 & 3) as u8,
        };
    }

    /// Plays a frame.
    pub(super) fn play_frame(&mut self) {
        self.samples.clear();
        for _ in 0..SAMPLES_PER_FRAME {
            let (mut left, mut right) = (0, 0);
            for (index, channel) in self.channels.iter_mut().enumerate() {
                if channel.elapsed >= channel.len() {
                    continue;
                }
                let sample = channel.sample(index, &mut self.noise);
                channel.elapsed += 1;
                left += if channel.pan == 2 { 0 } else { sample };
                right += if channel.pan == 1 { 0 } else { sample };
            }
            // All four at full volume stay within 16 bits.
            self.samples.extend([left as i16, right as i16]);
        }
    }

    /// Left and right samples of the last frame, in turns.
    pub(super) fn samples(&self) -> &[i16] {
        &self.samples
    }

    /// Forgets what the last frame sounded like.
    pub(super) fn begin_frame(&mut self) {
        self.samples.clear();
    }

    pub(super) fn save(&self, out: &mut Vec<u8>) {
        for channel in &self.channels {
            let Channel { elapsed, attack, decay, sustain, release, peak, level, from, to, phase, duty, pan } =
                *channel;
            for value in [elapsed, attack, decay, sustain, release, from, to, phase] {
                out.extend(value.to_le_bytes());
            }
            for value in [peak as u16, level as u16, duty.into(), pan.into()] {
                out.extend(value.to_le_bytes());
            }
        }
        out.extend(self.noise.to_le_bytes());
    }

    pub(super) fn read(input: &mut Reader<'_>) -> Result<Self, RestoreError> {
        let mut apu = Apu::new();
        for (index, channel) in apu.channels.iter_mut().enumerate() {
            *channel = Channel {
                elapsed: input.u32()?,
                attack: input.u32()?,
                decay: input.u32()?,
                sustain: input.u32()?,
                release: input.u32()?,
                from: input.u32()?,
                to: input.u32()?,
                phase: input.u32()?,
                peak: input.u16()?.into(),
                level: input.u16()?.into(),
                duty: below_4(input.u16()?)?,
                pan: below_4(input.u16()?)?,
            };
            let Channel { elapsed, attack, decay, sustain, release, peak, level, .. } = *channel;
            let parts = [attack, decay, sustain, release];
            let fits = parts.iter().all(|&part| part <= 0xff * SAMPLES_PER_FRAME)
                && elapsed <= channel.len()
                && peak <= FULL[index]
                && level <= FULL[index];
            if !fits {
                return Err(RestoreError::Value);
            }
        }
        apu.noise = input.u16()?;
        // A xorshift never gets to 0, and would stay there.
        if apu.noise == 0 { Err(RestoreError::Value) } else { Ok(apu) }
    }
}

fn below_4(value: u16) -> Result<u8, RestoreError> {
    if value < 4 { Ok(value as u8) } else { Err(RestoreError::Value) }
}

impl Channel {
    fn len(&self) -> u32 {
        self.attack + self.decay + self.sustain + self.release
    }

    fn amplitude(&self) -> i32 {
        let mut at = self.elapsed;
        for (len, from, to) in [
            (self.attack, 0, self.peak),
            (self.decay, self.peak, self.level),
            (self.sustain, self.level, self.level),
            (self.release, self.level, 0),
        ] {
            if at < len {
                return from + (to - from) * at as i32 / len as i32;
            }
            at -= len;
        }
        0
    }

    fn frequency(&self) -> u64 {
        let (from, to) = (i64::from(self.from), i64::from(self.to));
        if from == to {
            return from as u64;
        }
        (from + (to - from) * i64::from(self.elapsed) / i64::from(self.len())) as u64
    }

    fn sample(&mut self, index: usize, noise: &mut u16) -> i32 {
        let frequency = self.frequency();
        let amplitude = self.amplitude();
        if index == NOISE {
            let hz = (frequency / HZ).min(MAX_NOISE_HZ);
            let advanced = u64::from(self.phase) + ((hz * hz) << 32) / 1_000_000;
            self.phase = advanced as u32;
            for _ in 0..advanced >> 32 {
                *noise = step(*noise);
            }
            return if *noise & 1 == 0 { -amplitude } else { amplitude };
        }
        let period_part = (frequency * ((1 << 32) / HZ) / SAMPLES_PER_SECOND) as u32;
        let wave = if index == TRIANGLE {
            triangle(self.phase)
        } else {
            pulse(self.phase, DUTIES[usize::from(self.duty)], period_part)
        };
        self.phase = self.phase.wrapping_add(period_part);
        (wave * amplitude) >> 15
    }
}

/// The next state of a 16-bit xorshift.
fn step(mut state: u16) -> u16 {
    state ^= state >> 7;
    state ^= state << 9;
    state ^ state >> 13
}

/// Frequency of a note: its number in the low byte, 1/256 semitones above it in the next.
fn note(bits: u32) -> u32 {
    let (number, bend) = (bits & 0xff, u64::from(bits >> 8 & 0xff));
    let semitone = (number % 12) as usize;
    let (low, high) = (SEMITONES[semitone], SEMITONES[semitone + 1]);
    let ratio = low + (high - low) * bend / 256;
    let first_octave = (u128::from(NOTE_0) * u128::from(ratio)) >> (30 + 16);
    ((first_octave as u64) << (number / 12)).min(MAX_FREQUENCY) as u32
}

/// A triangle in 1/32,768, falling from its top at the beginning of the period.
fn triangle(phase: u32) -> i32 {
    let folded = if phase < 1 << 31 { phase } else { !phase };
    (1 << 15) - (folded >> 15) as i32
}

/// A pulse in 1/32,768 whose edges are rounded, so that high ones do not sound of what they are not.
fn pulse(phase: u32, duty: u32, period_part: u32) -> i32 {
    let level = if phase < duty { 1 << 15 } else { -(1 << 15) };
    let rounded = level + edge(phase, period_part) - edge(phase.wrapping_sub(duty), period_part);
    rounded.clamp(-(1 << 15), 1 << 15)
}

/// What rounds a rising edge at phase 0: a parabola on both sides, a sample wide each.
fn edge(phase: u32, period_part: u32) -> i32 {
    let part = |distance: u32| ((u64::from(distance) << 15) / u64::from(period_part)) as i32;
    let square = |x: i32| (x * x) >> 15;
    if phase < period_part {
        let x = (1 << 15) - part(phase);
        -square(x)
    } else if phase.wrapping_neg() < period_part {
        let x = (1 << 15) - part(phase.wrapping_neg());
        square(x)
    } else {
        0
    }
}
