//! A note, and the place that it is played in.

use super::envelope::{Ended, Envelope, Ramp, Stage};
use super::pitch::Glide;
use super::wave::{Place, Wave};
use super::{SAMPLES_PER_FRAME, SAMPLES_PER_TICK};

/// Gain that changes nothing.
pub(super) const UNITY: u16 = 1 << 15;
/// Most that a gain changes in a sample, so that a change of volume or pan makes no click.
const GAIN_STEP: u16 = UNITY / 64;
/// Largest value that a note adds to the sum of a channel.
pub(super) const PEAK: i32 = 1 << 22;

/// How an instrument's notes sound.
#[derive(Clone, Debug)]
pub(super) struct Instrument {
    pub(super) wave: Wave,
    pub(super) envelope: Envelope,
}

/// A note that is heard.
#[derive(Clone, Debug)]
pub(super) struct Note {
    /// How many notes were played before it.
    pub(super) serial: u64,
    pub(super) instrument: Instrument,
    pub(super) place: Place,
    pub(super) glide: Glide,
    pub(super) ramp: Ramp,
    pub(super) volume: u8,
    /// -128 to 128.
    pub(super) pan: i16,
    /// Frames until it is released; 0 if nothing but the guest does that.
    pub(super) frames: u32,
    pub(super) protected: bool,
    /// Nothing of it has been heard: gains need not change slowly.
    pub(super) fresh: bool,
    /// Gains of left and right as they are; volume and pan say what they are to be.
    pub(super) gains: [u16; 2],
    /// What it added to the sums last.
    pub(super) last: [i32; 2],
}

impl Note {
    pub(super) fn fades(&self) -> bool {
        self.ramp.stage == Stage::Release
    }

    pub(super) fn release(&mut self) -> Result<(), Ended> {
        self.frames = 0;
        self.ramp.release(&self.instrument.envelope)
    }

    /// What the gains are to be.
    fn wanted(&self) -> [u16; 2] {
        let volume = gain(self.volume);
        let side = |pan: i16| volume * (128 - pan.max(0)) as u16;
        [side(self.pan), side(-self.pan)]
    }

    /// Adds a tick to the sums. Gives the samples that were added, and whether the note has ended with them.
    fn tick(&mut self, sums: &mut [[i32; 2]; SAMPLES_PER_TICK], wanted: [u16; 2]) -> (usize, bool) {
        let step = self.instrument.wave.step(self.glide.pitch());
        self.glide.tick();
        let (mut values, mut levels) = ([0; SAMPLES_PER_TICK], [0; SAMPLES_PER_TICK]);
        let recorded = self.instrument.wave.render(&mut self.place, step, &mut values);
        let heard = self.ramp.render(&self.instrument.envelope, &mut levels[..recorded.heard]);
        for (value, level) in values.iter_mut().zip(levels) {
            *value = (*value * level) >> 15;
        }
        let values = &values[..heard.heard];
        if self.gains == wanted {
            let [left, right] = wanted.map(i32::from);
            for (sum, value) in sums.iter_mut().zip(values) {
                sum[0] += (value * left) >> 8;
                sum[1] += (value * right) >> 8;
            }
        } else {
            for (sum, &value) in sums.iter_mut().zip(values) {
                self.gains = nearer(self.gains, wanted);
                (0..2).for_each(|side| sum[side] += (value * i32::from(self.gains[side])) >> 8);
            }
        }
        let last = values.last().copied().unwrap_or(0);
        self.last = self.gains.map(|gain| (last * i32::from(gain)) >> 8);
        (heard.heard, heard.ended || recorded.ended)
    }
}

/// How far something got in a tick.
pub(super) struct Heard {
    /// Samples, at least 1.
    pub(super) heard: usize,
    /// With the last of them it has ended.
    pub(super) ended: bool,
}

/// Gains in the next sample.
fn nearer(gains: [u16; 2], wanted: [u16; 2]) -> [u16; 2] {
    let side =
        |side: usize| wanted[side].clamp(gains[side].saturating_sub(GAIN_STEP), gains[side] + GAIN_STEP);
    [side(0), side(1)]
}

/// 0 to 255 as 0 to 256, so that full volume changes nothing.
pub(super) fn gain(volume: u8) -> u16 {
    u16::from(volume) + u16::from(volume >> 7)
}

/// The place of a note.
#[derive(Clone, Debug, Default)]
pub(super) struct Voice {
    pub(super) note: Option<Note>,
    /// What is left of notes that ended above silence. It dies away within milliseconds, so that there is no click.
    pub(super) tail: [i32; 2],
}

impl Voice {
    pub(super) fn is_silent(&self) -> bool {
        self.note.is_none() && self.tail == [0; 2]
    }

    /// Ends the note at once.
    pub(super) fn cut(&mut self) {
        if let Some(note) = self.note.take() {
            for (tail, last) in self.tail.iter_mut().zip(note.last) {
                *tail += last;
            }
        }
    }

    pub(super) fn release(&mut self) {
        if let Some(Err(Ended)) = self.note.as_mut().map(|note| note.release()) {
            self.cut();
        }
    }

    /// Adds a frame to the sums.
    pub(super) fn mix(&mut self, sums: &mut [[i32; 2]; SAMPLES_PER_FRAME]) {
        if self.is_silent() {
            return;
        }
        let wanted = self.note.as_mut().map_or([0; 2], |note| {
            let wanted = note.wanted();
            if note.fresh {
                (note.gains, note.fresh) = (wanted, false);
            }
            wanted
        });
        for tick in sums.as_chunks_mut().0 {
            let (heard, ended) = self.note.as_mut().map_or((0, false), |note| note.tick(tick, wanted));
            self.fade(&mut tick[..heard]);
            if ended {
                self.cut();
            }
            self.fade(&mut tick[heard..]);
        }
        self.count_down();
    }

    /// Adds the tails, which die away.
    fn fade(&mut self, sums: &mut [[i32; 2]]) {
        if self.tail == [0; 2] {
            return;
        }
        for sum in sums {
            self.tail = self.tail.map(faded);
            (0..2).for_each(|side| sum[side] += self.tail[side]);
        }
    }

    /// A frame of the note's time is over.
    fn count_down(&mut self) {
        let Some(note) = &mut self.note else { return };
        if note.frames > 0 {
            note.frames -= 1;
            if note.frames == 0 {
                self.release();
            }
        }
    }
}

/// Nearer to 0 by a 64th, by 1 at least.
fn faded(tail: i32) -> i32 {
    tail - tail.signum() * ((tail.abs() + 63) / 64)
}
