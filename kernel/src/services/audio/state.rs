//! A module's sound as portable bytes; `spec/audio.md` lists them.

use xxhash_rust::xxh3::xxh3_128;

use super::envelope::{Envelope, FULL, MAX_TIME_MS, Ramp, Stage, samples};
use super::pitch::{Glide, MAX_PITCH};
use super::sample::{Format, MAX_RATE, Recording};
use super::voice::{Instrument, Note, PEAK, UNITY, Voice};
use super::wave::{NOISE_START, Place, Wave};
use super::{INSTRUMENTS, MAX_SLIDE_FRAMES, Sound, TICKS_PER_FRAME, VOICES};
use crate::codec::{Reader, RestoreError};
use crate::services::asset::Assets;

/// More than the tails of all notes that can end in a voice within milliseconds come to.
const MAX_TAIL: i32 = 1 << 24;

/// A saved sound whose parts are known to fit.
pub(crate) struct SavedSound {
    instruments: [Instrument; INSTRUMENTS],
    voices: [Voice; VOICES],
    played: u64,
    master: u8,
    master_gain: u16,
}

impl Sound {
    pub(crate) fn hash(&self) -> u128 {
        let mut bytes = Vec::with_capacity(1_024);
        self.save(&mut bytes);
        xxh3_128(&bytes)
    }

    pub(crate) fn save(&self, out: &mut Vec<u8>) {
        out.extend(self.played.to_le_bytes());
        out.push(self.master);
        out.extend(self.master_gain.to_le_bytes());
        self.instruments.iter().for_each(|instrument| save_instrument(instrument, out));
        for voice in &self.voices {
            voice.tail.iter().for_each(|tail| out.extend(tail.to_le_bytes()));
            out.push(voice.note.is_some().into());
            if let Some(note) = &voice.note {
                save_note(note, out);
            }
        }
    }

    pub(crate) fn read(input: &mut Reader<'_>, assets: &Assets) -> Result<SavedSound, RestoreError> {
        let played = input.u64()?;
        let master = byte(input)?;
        let master_gain = checked(input.u16()?, |gain| *gain <= 256)?;
        let mut saved = SavedSound { played, master, master_gain, ..SavedSound::from(Sound::new()) };
        for instrument in &mut saved.instruments {
            *instrument = read_instrument(input, assets)?;
        }
        for voice in &mut saved.voices {
            voice.tail = read_pair(input, MAX_TAIL)?;
            voice.note = if input.flag()? { Some(read_note(input, played, assets)?) } else { None };
        }
        Ok(saved)
    }

    pub(crate) fn restore(&mut self, saved: SavedSound) {
        let SavedSound { instruments, voices, played, master, master_gain } = saved;
        self.clear_samples();
        (self.instruments, self.voices) = (instruments, voices);
        (self.played, self.master, self.master_gain) = (played, master, master_gain);
    }
}

impl From<Sound> for SavedSound {
    fn from(sound: Sound) -> Self {
        let Sound { instruments, voices, played, master, master_gain, .. } = sound;
        SavedSound { instruments, voices, played, master, master_gain }
    }
}

fn save_instrument(instrument: &Instrument, out: &mut Vec<u8>) {
    match &instrument.wave {
        Wave::Pulse { duty } => out.extend([0, *duty]),
        Wave::Triangle => out.push(1),
        Wave::Noise { short } => out.extend([2, (*short).into()]),
        Wave::Sample { recording, root, repeat } => {
            let (bits, rate) = match recording.format {
                Format::Wav => (0, 0),
                Format::Raw { wide, rate } => (if wide { 16 } else { 8 }, rate),
            };
            out.push(3);
            out.extend(recording.asset.to_le_bytes());
            out.push(bits);
            out.extend(rate.to_le_bytes());
            out.extend(root.to_le_bytes());
            out.extend(repeat.0.to_le_bytes());
            out.extend(repeat.1.to_le_bytes());
        }
    }
    let Envelope { attack, decay, sustain, release } = instrument.envelope;
    for time in [attack, decay, release] {
        out.extend(time.to_le_bytes());
    }
    out.push(sustain);
}

fn read_instrument(input: &mut Reader<'_>, assets: &Assets) -> Result<Instrument, RestoreError> {
    let wave = match byte(input)? {
        0 => Wave::Pulse { duty: checked(byte(input)?, |duty| *duty > 0)? },
        1 => Wave::Triangle,
        2 => Wave::Noise { short: input.flag()? },
        3 => read_sample(input, assets)?,
        _ => return Err(RestoreError::Value),
    };
    let mut time = || checked(input.u16()?, |time| *time <= MAX_TIME_MS);
    let (attack, decay, release) = (time()?, time()?, time()?);
    Ok(Instrument { wave, envelope: Envelope { attack, decay, sustain: byte(input)?, release } })
}

fn read_sample(input: &mut Reader<'_>, assets: &Assets) -> Result<Wave, RestoreError> {
    let asset = input.u32()?;
    let (bits, rate) = (byte(input)?, input.u32()?);
    let format = match (bits, rate) {
        (0, 0) => Format::Wav,
        (8 | 16, 1..=MAX_RATE) => Format::Raw { wide: bits == 16, rate },
        _ => return Err(RestoreError::Value),
    };
    let root = checked(input.u16()?, |root| *root <= MAX_PITCH)?;
    let repeat = (input.u32()?, input.u32()?);
    let recording = Recording::again(assets, asset, format).ok_or(RestoreError::Value)?;
    let inside = repeat == (0, 0) || repeat.0 < repeat.1 && repeat.1 <= recording.frames;
    if inside { Ok(Wave::Sample { recording, root, repeat }) } else { Err(RestoreError::Value) }
}

fn save_note(note: &Note, out: &mut Vec<u8>) {
    out.extend(note.serial.to_le_bytes());
    save_instrument(&note.instrument, out);
    out.extend(note.place.at.to_le_bytes());
    out.extend(note.place.noise.to_le_bytes());
    out.extend(note.glide.from.to_le_bytes());
    out.extend(note.glide.to.to_le_bytes());
    out.extend(note.glide.done.to_le_bytes());
    out.extend(note.glide.total.to_le_bytes());
    out.push(note.ramp.stage as u8);
    out.extend(note.ramp.level.to_le_bytes());
    out.extend(note.ramp.step.to_le_bytes());
    out.extend(note.ramp.left.to_le_bytes());
    out.push(note.volume);
    out.extend(note.pan.to_le_bytes());
    out.extend(note.frames.to_le_bytes());
    out.push(note.protected.into());
    out.push(note.fresh.into());
    note.gains.iter().for_each(|gain| out.extend(gain.to_le_bytes()));
    note.last.iter().for_each(|last| out.extend(last.to_le_bytes()));
}

fn read_note(input: &mut Reader<'_>, played: u64, assets: &Assets) -> Result<Note, RestoreError> {
    Ok(Note {
        serial: checked(input.u64()?, |serial| *serial <= played)?,
        instrument: read_instrument(input, assets)?,
        place: Place {
            at: input.u64()?,
            noise: checked(input.u16()?, |bits| (1..=NOISE_START).contains(bits))?,
        },
        glide: Glide {
            from: checked(input.u16()?, |pitch| *pitch <= MAX_PITCH)?,
            to: checked(input.u16()?, |pitch| *pitch <= MAX_PITCH)?,
            done: input.u32()?,
            total: checked(input.u32()?, |ticks| *ticks <= MAX_SLIDE_FRAMES as u32 * TICKS_PER_FRAME)?,
        },
        ramp: read_ramp(input)?,
        volume: byte(input)?,
        pan: checked(input.u16()? as i16, |pan| (-128..=128).contains(pan))?,
        frames: checked(input.u32()?, |frames| *frames <= i32::MAX as u32)?,
        protected: input.flag()?,
        fresh: input.flag()?,
        gains: [read_gain(input)?, read_gain(input)?],
        last: read_pair(input, PEAK)?,
    })
    .and_then(|note| checked(note, fits))
}

/// What the parts of a note have to do with each other.
fn fits(note: &Note) -> bool {
    let end = match &note.instrument.wave {
        Wave::Sample { recording, repeat: (_, 0), .. } => u64::from(recording.frames) << 32,
        Wave::Sample { repeat: (_, end), .. } => u64::from(*end) << 32,
        _ => 1 << 32,
    };
    // Noise that repeats lives in the low bits; without any it would never be heard again.
    let silent = matches!(note.instrument.wave, Wave::Noise { short: true }) && note.place.noise & 0x7f == 0;
    note.place.at < end && note.glide.done <= note.glide.total && !silent
}

fn read_ramp(input: &mut Reader<'_>) -> Result<Ramp, RestoreError> {
    let stage = match byte(input)? {
        1 => Stage::Attack,
        2 => Stage::Decay,
        3 => Stage::Sustain,
        4 => Stage::Release,
        _ => return Err(RestoreError::Value),
    };
    let (level, step, left) = (input.u64()? as i64, input.u64()? as i64, input.u32()?);
    let levels = 0..=i128::from(FULL);
    let last = i128::from(level) + i128::from(step) * i128::from(left);
    let runs = match stage {
        Stage::Sustain => (step, left) == (0, 0) && level > 0,
        _ => (1..=samples(MAX_TIME_MS)).contains(&left),
    };
    let ramp = Ramp { stage, level, step, left };
    checked(ramp, |_| runs && levels.contains(&level.into()) && levels.contains(&last))
}

fn read_gain(input: &mut Reader<'_>) -> Result<u16, RestoreError> {
    checked(input.u16()?, |gain| *gain <= UNITY)
}

fn read_pair(input: &mut Reader<'_>, limit: i32) -> Result<[i32; 2], RestoreError> {
    let mut value = || checked(input.i32()?, |value| (-limit..=limit).contains(value));
    Ok([value()?, value()?])
}

fn byte(input: &mut Reader<'_>) -> Result<u8, RestoreError> {
    Ok(input.bytes(1)?[0])
}

fn checked<T>(value: T, fits: impl FnOnce(&T) -> bool) -> Result<T, RestoreError> {
    if fits(&value) { Ok(value) } else { Err(RestoreError::Value) }
}
