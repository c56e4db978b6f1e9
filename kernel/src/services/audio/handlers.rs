//! The syscalls of the domain.

use cartwheel_hostabi::{Call, Fault, Status, SyscallTrap, handlers};

use super::envelope::{Envelope, FULL};
use super::pitch::{Glide, clamped, nearest};
use super::sample::{Format, MAX_RATE, Recording};
use super::voice::{Instrument, Voice};
use super::wave::Wave;
use super::{FLAG_PROTECT, FLAG_STEAL, MAX_SLIDE_FRAMES, Note, Sound, TICKS_PER_FRAME, Wish};
use crate::services::Context;

fn volume(volume: i32) -> u8 {
    volume.clamp(0, 255) as u8
}

fn pan(pan: i32) -> i16 {
    pan.clamp(-128, 128) as i16
}

impl Context<'_> {
    fn sound(&mut self) -> Result<&mut Sound, Fault> {
        self.services.sound.as_deref_mut().ok_or_else(no_sound)
    }

    /// Does something to a note.
    fn note(&mut self, voice: i32, change: impl FnOnce(&mut Note)) -> Result<Status, Fault> {
        Ok(self.sound()?.note(voice).map_or(Status::AudioNotPlaying, |note| {
            change(note);
            Status::Ok
        }))
    }

    /// Ends a note in some way.
    fn end_note(&mut self, voice: i32, how: impl FnOnce(&mut Voice)) -> Result<Status, Fault> {
        Ok(self.sound()?.voice(voice).map_or(Status::AudioNotPlaying, |voice| {
            how(voice);
            Status::Ok
        }))
    }

    /// Does something to an instrument.
    fn instrument(
        &mut self,
        number: i32,
        change: impl FnOnce(&mut Instrument) -> Status,
    ) -> Result<Status, Fault> {
        Ok(self.sound()?.instrument(number).map_or(Status::AudioBadInstrument, change))
    }

    fn wave(&mut self, number: i32, wave: Wave) -> Result<Status, Fault> {
        self.instrument(number, |instrument| {
            instrument.wave = wave;
            Status::Ok
        })
    }

    fn recording(&mut self, instrument: i32, asset: i32, format: Format, root: i32) -> Result<Status, Fault> {
        let sound = self.services.sound.as_deref_mut().ok_or_else(no_sound)?;
        let Some(instrument) = sound.instrument(instrument) else { return Ok(Status::AudioBadInstrument) };
        Ok(match Recording::open(&self.services.assets, asset, format) {
            Ok(recording) => {
                instrument.wave = Wave::Sample { recording, root: clamped(root), repeat: (0, 0) };
                Status::Ok
            }
            Err(status) => status,
        })
    }
}

#[cold]
fn no_sound() -> Fault {
    Fault::Panic("sound without its capability, which loading rules out".to_owned())
}

impl handlers::Audio for Context<'_> {
    fn cut(&mut self, _: &mut Call<'_>, voice: i32) -> Result<Status, Fault> {
        self.end_note(voice, Voice::cut)
    }

    fn envelope(
        &mut self,
        _: &mut Call<'_>,
        instrument: i32,
        attack: i32,
        decay: i32,
        sustain: i32,
        release: i32,
    ) -> Result<Status, Fault> {
        self.instrument(instrument, |instrument| {
            instrument.envelope = Envelope::clamped(attack, decay, sustain, release);
            Status::Ok
        })
    }

    fn free(&mut self, _: &mut Call<'_>) -> Result<i32, Fault> {
        Ok(self.sound()?.voices.iter().filter(|voice| voice.note.is_none()).count() as i32)
    }

    fn master(&mut self, _: &mut Call<'_>, level: i32) -> Result<(), Fault> {
        self.sound()?.master = volume(level);
        Ok(())
    }

    fn master_get(&mut self, _: &mut Call<'_>) -> Result<i32, Fault> {
        Ok(self.sound()?.master.into())
    }

    fn noise(&mut self, _: &mut Call<'_>, instrument: i32, mode: i32) -> Result<Status, Fault> {
        let short = match mode {
            0 => false,
            1 => true,
            _ => return Err(SyscallTrap::BadArgument.into()),
        };
        self.wave(instrument, Wave::Noise { short })
    }

    fn pan(&mut self, _: &mut Call<'_>, voice: i32, place: i32) -> Result<Status, Fault> {
        self.note(voice, |note| note.pan = pan(place))
    }

    fn pitch(&mut self, _: &mut Call<'_>, voice: i32, pitch: i32) -> Result<Status, Fault> {
        self.note(voice, |note| note.glide = Glide::at(clamped(pitch)))
    }

    fn pitch_of(&mut self, _: &mut Call<'_>, millihertz: i32) -> Result<i32, Fault> {
        Ok(nearest(millihertz).into())
    }

    fn play(
        &mut self,
        _: &mut Call<'_>,
        instrument: i32,
        pitch: i32,
        level: i32,
        place: i32,
        frames: i32,
        flags: i32,
    ) -> Result<(Status, i32), Fault> {
        if flags & !(FLAG_STEAL | FLAG_PROTECT) != 0 {
            return Err(SyscallTrap::BadArgument.into());
        }
        let sound = self.sound()?;
        let Some(instrument) = sound.instrument(instrument) else {
            return Ok((Status::AudioBadInstrument, 0));
        };
        let wish = Wish {
            instrument: instrument.clone(),
            pitch: clamped(pitch),
            volume: volume(level),
            pan: pan(place),
            frames: frames.max(0) as u32,
            flags,
        };
        Ok(sound.play(wish).map_or((Status::AudioNoVoice, 0), |voice| (Status::Ok, voice)))
    }

    fn pulse(&mut self, _: &mut Call<'_>, instrument: i32, duty: i32) -> Result<Status, Fault> {
        self.wave(instrument, Wave::Pulse { duty: duty.clamp(1, 255) as u8 })
    }

    fn sample(&mut self, _: &mut Call<'_>, instrument: i32, asset: i32, root: i32) -> Result<Status, Fault> {
        self.recording(instrument, asset, Format::Wav, root)
    }

    fn sample_loop(
        &mut self,
        _: &mut Call<'_>,
        instrument: i32,
        start: i32,
        end: i32,
    ) -> Result<Status, Fault> {
        self.instrument(instrument, |instrument| {
            let Wave::Sample { recording, repeat, .. } = &mut instrument.wave else {
                return Status::AudioBadLoop;
            };
            let stretch = if end == 0 { (0, 0) } else { (start as u32, end as u32) };
            let inside = 0 <= start && start < end && stretch.1 <= recording.frames;
            if end != 0 && !inside {
                return Status::AudioBadLoop;
            }
            *repeat = stretch;
            Status::Ok
        })
    }

    fn sample_raw(
        &mut self,
        _: &mut Call<'_>,
        instrument: i32,
        asset: i32,
        bits: i32,
        rate: i32,
        root: i32,
    ) -> Result<Status, Fault> {
        let wide = match bits {
            8 => false,
            16 => true,
            _ => return Err(SyscallTrap::BadArgument.into()),
        };
        let rate = rate as u32;
        if !(1..=MAX_RATE).contains(&rate) {
            return Err(SyscallTrap::BadArgument.into());
        }
        self.recording(instrument, asset, Format::Raw { wide, rate }, root)
    }

    fn slide(&mut self, _: &mut Call<'_>, voice: i32, pitch: i32, frames: i32) -> Result<Status, Fault> {
        self.note(voice, |note| {
            let ticks = frames.clamp(0, MAX_SLIDE_FRAMES) as u32 * TICKS_PER_FRAME;
            note.glide = Glide { from: note.glide.pitch(), to: clamped(pitch), done: 0, total: ticks };
        })
    }

    fn state(&mut self, _: &mut Call<'_>, voice: i32) -> Result<(Status, i32, i32, i32), Fault> {
        Ok(self.sound()?.note(voice).map_or((Status::AudioNotPlaying, 0, 0, 0), |note| {
            let level = note.ramp.level * 255 / FULL;
            (Status::Ok, note.ramp.stage as i32, note.glide.pitch().into(), level as i32)
        }))
    }

    fn stop(&mut self, _: &mut Call<'_>, voice: i32) -> Result<Status, Fault> {
        self.end_note(voice, Voice::release)
    }

    fn stop_all(&mut self, _: &mut Call<'_>) -> Result<(), Fault> {
        self.sound()?.voices.iter_mut().for_each(Voice::cut);
        Ok(())
    }

    fn triangle(&mut self, _: &mut Call<'_>, instrument: i32) -> Result<Status, Fault> {
        self.wave(instrument, Wave::Triangle)
    }

    fn volume(&mut self, _: &mut Call<'_>, voice: i32, level: i32) -> Result<Status, Fault> {
        self.note(voice, |note| note.volume = volume(level))
    }
}
