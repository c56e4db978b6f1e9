//! How loud a note is from its beginning to its end.

use super::SAMPLE_RATE;
use super::voice::Heard;

/// Full level. Levels are this fine so that the slowest ramp still ends within a thousandth of a step of its target.
pub(super) const FULL: i64 = 1 << 40;
/// Longest time of a ramp in milliseconds.
pub(super) const MAX_TIME_MS: u16 = 60_000;

/// An envelope as it was set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Envelope {
    /// Milliseconds.
    pub(super) attack: u16,
    /// Milliseconds.
    pub(super) decay: u16,
    /// 0 to 255.
    pub(super) sustain: u8,
    /// Milliseconds.
    pub(super) release: u16,
}

impl Envelope {
    pub(super) const START: Envelope = Envelope { attack: 2, decay: 0, sustain: 255, release: 50 };

    pub(super) fn clamped(attack: i32, decay: i32, sustain: i32, release: i32) -> Self {
        let time = |ms: i32| ms.clamp(0, MAX_TIME_MS.into()) as u16;
        Envelope {
            attack: time(attack),
            decay: time(decay),
            sustain: sustain.clamp(0, 255) as u8,
            release: time(release),
        }
    }
}

/// Where in its envelope a note is; the numbers are those that a guest sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Attack = 1,
    Decay = 2,
    Sustain = 3,
    Release = 4,
}

/// A note's way through its envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ramp {
    pub(super) stage: Stage,
    /// 0 to [`FULL`].
    pub(super) level: i64,
    /// Change of the level per sample.
    pub(super) step: i64,
    /// Samples until the target is reached; 0 only while the level is sustained.
    pub(super) left: u32,
}

/// The level has come to its end.
pub(super) struct Ended;

impl Ramp {
    /// The beginning of a note, which can be its end already: with no attack, no decay and no sustain.
    pub(super) fn new(envelope: &Envelope) -> Result<Self, Ended> {
        let mut ramp = Ramp { stage: Stage::Attack, level: 0, step: 0, left: 0 };
        ramp.enter(Stage::Attack, envelope)?;
        Ok(ramp)
    }

    /// The levels of samples, 0 to 2^15.
    pub(super) fn render(&mut self, envelope: &Envelope, levels: &mut [i32]) -> Heard {
        let heard = levels.len();
        if self.left == 0 || self.left as usize > heard {
            for level in levels {
                *level = (self.level >> 25) as i32;
                self.level += self.step;
            }
            self.left = self.left.saturating_sub(heard as u32);
            return Heard { heard, ended: false };
        }
        for (i, level) in levels.iter_mut().enumerate() {
            *level = (self.level >> 25) as i32;
            if let Err(Ended) = self.advance(envelope) {
                return Heard { heard: i + 1, ended: true };
            }
        }
        Heard { heard, ended: false }
    }

    /// Goes on by a sample.
    fn advance(&mut self, envelope: &Envelope) -> Result<(), Ended> {
        if self.left == 0 {
            return Ok(());
        }
        self.left -= 1;
        if self.left > 0 {
            self.level += self.step;
            return Ok(());
        }
        self.reach(envelope)
    }

    /// Begins to fade out, unless it does so already.
    pub(super) fn release(&mut self, envelope: &Envelope) -> Result<(), Ended> {
        match self.stage {
            Stage::Release => Ok(()),
            _ if self.level == 0 => Err(Ended),
            _ => self.enter(Stage::Release, envelope),
        }
    }

    fn enter(&mut self, stage: Stage, envelope: &Envelope) -> Result<(), Ended> {
        self.stage = stage;
        let time = match stage {
            Stage::Attack => envelope.attack,
            Stage::Decay => envelope.decay,
            Stage::Release => envelope.release,
            Stage::Sustain => {
                (self.step, self.left) = (0, 0);
                return if self.level == 0 { Err(Ended) } else { Ok(()) };
            }
        };
        self.left = samples(time);
        if self.left == 0 {
            return self.reach(envelope);
        }
        self.step = (target(stage, envelope) - self.level) / i64::from(self.left);
        Ok(())
    }

    /// The stage's target is reached: on to the next one.
    fn reach(&mut self, envelope: &Envelope) -> Result<(), Ended> {
        self.level = target(self.stage, envelope);
        match self.stage {
            Stage::Attack => self.enter(Stage::Decay, envelope),
            Stage::Decay => self.enter(Stage::Sustain, envelope),
            Stage::Sustain => Ok(()),
            Stage::Release => Err(Ended),
        }
    }
}

fn target(stage: Stage, envelope: &Envelope) -> i64 {
    match stage {
        Stage::Attack => FULL,
        // 255 is full level, exactly.
        Stage::Decay | Stage::Sustain => FULL * i64::from(envelope.sustain) / 255,
        Stage::Release => 0,
    }
}

/// Samples in a time, rounded down.
pub(super) fn samples(ms: u16) -> u32 {
    u32::from(ms) * (SAMPLE_RATE / 100) / 10
}
