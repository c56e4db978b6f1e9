//! Sound: eight voices that are mixed to a frame of stereo samples.
//!
//! `spec/audio.md` has all of it to the bit. Everything is integers, and what the arguments of a call are is clamped
//! before it becomes state, so no value can overflow later.

mod envelope;
mod handlers;
mod pitch;
mod sample;
mod state;
mod voice;
mod wave;

use envelope::{Envelope, Ramp};
use pitch::Glide;
use voice::{Instrument, Note, Voice, gain};
use wave::{Place, Wave};

/// Samples a second.
pub const SAMPLE_RATE: u32 = 44_100;
/// Samples of each channel in a frame.
pub const SAMPLES_PER_FRAME: usize = 735;
/// Samples in which a pitch stays the same; there are 49 such ticks in a frame.
const SAMPLES_PER_TICK: usize = 15;
const TICKS_PER_FRAME: u32 = (SAMPLES_PER_FRAME / SAMPLES_PER_TICK) as u32;
/// Notes that can be heard at a time.
pub const VOICES: usize = 8;
/// Instruments that a module has.
pub const INSTRUMENTS: usize = 32;

/// Numbers of notes begin anew after this many.
const SERIALS: u64 = (1 << 28) - 1;
/// Longest time of a slide in frames.
const MAX_SLIDE_FRAMES: i32 = 65_535;
/// Master gain that changes nothing.
const UNITY_MASTER: u16 = 256;
/// Most that the master gain changes in a sample.
const MASTER_STEP: u16 = 4;

const FLAG_STEAL: i32 = 1;
const FLAG_PROTECT: i32 = 2;

/// A module's sound.
pub(crate) struct Sound {
    instruments: [Instrument; INSTRUMENTS],
    voices: [Voice; VOICES],
    /// Notes played so far.
    played: u64,
    /// 0 to 255.
    master: u8,
    /// The master gain as it is, 0 to 256; `master` says what it is to be.
    master_gain: u16,
    /// Output of the last frame, left and right in turns. No guest can see it, so it is no state.
    samples: Box<[i16; 2 * SAMPLES_PER_FRAME]>,
    /// True if all of `samples` is 0.
    silent: bool,
}

/// What is asked for with a note.
struct Wish {
    instrument: Instrument,
    pitch: u16,
    volume: u8,
    pan: i16,
    frames: u32,
    flags: i32,
}

impl Sound {
    pub(crate) fn new() -> Self {
        Sound {
            instruments: std::array::from_fn(first_instrument),
            voices: Default::default(),
            played: 0,
            master: 255,
            master_gain: gain(255),
            samples: Box::new([0; 2 * SAMPLES_PER_FRAME]),
            silent: true,
        }
    }

    /// Samples of the last frame, left and right in turns.
    pub(crate) fn samples(&self) -> &[i16] {
        self.samples.as_slice()
    }

    /// Forgets the samples of the last frame: there was none.
    pub(crate) fn clear_samples(&mut self) {
        if !self.silent {
            self.samples.fill(0);
            self.silent = true;
        }
    }

    /// Mixes the samples of a frame.
    pub(crate) fn end_frame(&mut self) {
        let wanted = gain(self.master);
        if self.voices.iter().all(Voice::is_silent) {
            self.master_gain = wanted;
            self.clear_samples();
            return;
        }
        let mut sums = [[0; 2]; SAMPLES_PER_FRAME];
        self.voices.iter_mut().for_each(|voice| voice.mix(&mut sums));
        let samples = self.samples.as_chunks_mut::<2>().0.iter_mut().zip(sums);
        if (self.master_gain, wanted) == (UNITY_MASTER, UNITY_MASTER) {
            // The same as below for this gain, in half as many bits.
            samples.for_each(|(sample, sum)| *sample = sum.map(|sum| limited((sum + (1 << 8)) >> 9)));
        } else {
            for (sample, sum) in samples {
                self.master_gain = wanted
                    .clamp(self.master_gain.saturating_sub(MASTER_STEP), self.master_gain + MASTER_STEP);
                let gain = i64::from(self.master_gain);
                *sample = sum.map(|sum| limited(((i64::from(sum) * gain + (1 << 16)) >> 17) as i32));
            }
        }
        self.silent = false;
    }

    /// Plays a note and gives its number, if there is a voice for it.
    fn play(&mut self, wish: Wish) -> Option<i32> {
        let index = self.voice_for(wish.flags & FLAG_STEAL != 0)?;
        let voice = &mut self.voices[index];
        voice.cut();
        let serial = self.played;
        self.played = self.played.saturating_add(1);
        // An envelope can be over before it begins: then the note has ended, which its number tells.
        if let Ok(ramp) = Ramp::new(&wish.instrument.envelope) {
            voice.note = Some(Note {
                serial,
                place: Place::START,
                glide: Glide::at(wish.pitch),
                ramp,
                volume: wish.volume,
                pan: wish.pan,
                frames: wish.frames,
                protected: wish.flags & FLAG_PROTECT != 0,
                fresh: true,
                gains: [0; 2],
                last: [0; 2],
                instrument: wish.instrument,
            });
        }
        Some(number(serial, index))
    }

    /// A free voice; else, if that is wanted, one whose note may be ended.
    fn voice_for(&self, steal: bool) -> Option<usize> {
        if let Some(free) = self.voices.iter().position(|voice| voice.note.is_none()) {
            return Some(free);
        }
        let notes = self.voices.iter().enumerate().filter_map(|(i, voice)| Some((i, voice.note.as_ref()?)));
        let (index, _) = notes
            .filter(|(_, note)| steal && !note.protected)
            .min_by_key(|(_, note)| (!note.fades(), note.serial))?;
        Some(index)
    }

    /// The voice that a note is played in, if it has not ended.
    fn voice(&mut self, number: i32) -> Option<&mut Voice> {
        let index = number as usize % VOICES;
        let voice = &mut self.voices[index];
        let serial = voice.note.as_ref()?.serial;
        (self::number(serial, index) == number).then_some(voice)
    }

    fn note(&mut self, number: i32) -> Option<&mut Note> {
        self.voice(number)?.note.as_mut()
    }

    fn instrument(&mut self, number: i32) -> Option<&mut Instrument> {
        self.instruments.get_mut(usize::try_from(number).ok()?)
    }
}

fn limited(sample: i32) -> i16 {
    sample.clamp(i16::MIN.into(), i16::MAX.into()) as i16
}

/// The number of a note, above 0.
fn number(serial: u64, index: usize) -> i32 {
    ((serial % SERIALS) as i32 + 1) * VOICES as i32 + index as i32
}

/// An instrument that nobody has set.
fn first_instrument(number: usize) -> Instrument {
    let wave = match number {
        1 => Wave::Pulse { duty: 64 },
        2 => Wave::Pulse { duty: 32 },
        3 => Wave::Triangle,
        4 => Wave::Noise { short: false },
        5 => Wave::Noise { short: true },
        _ => Wave::Pulse { duty: 128 },
    };
    Instrument { wave, envelope: Envelope::START }
}
