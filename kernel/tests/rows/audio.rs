//! Cases for the rows of `audio`.

use cartwheel_hostabi::mock::Slot;
use cartwheel_hostabi::{Status, SyscallTrap};
use cartwheel_kernel::{Asset, VOICES};

use crate::common::*;
use crate::{Case, status, trap};

const A4: i32 = 69 * 256;
/// Numbers of assets of the rig: 8 bytes, none yet, 7 bytes.
const EVEN: i32 = 0;
const LATER: i32 = 1;
const ODD: i32 = 2;

/// Plays a note that lasts, and gives its voice.
fn play(rig: &mut Rig, flags: i32) -> i32 {
    let results = rig.call("audio.play", &[0, A4, 255, 0, 0, flags]);
    assert_eq!(results[0], 0);
    results[1]
}

/// A note that is heard, and arguments behind it.
fn on_note(rig: &mut Rig, more: &[i32]) -> Vec<Slot> {
    let voice = play(rig, 0);
    std::iter::once(&voice).chain(more).map(|&arg| arg.into()).collect()
}

/// Takes all voices.
fn taken(rig: &mut Rig, flags: i32) {
    for _ in 0..VOICES {
        play(rig, flags);
    }
}

/// A rig whose asset 0 is a WAV file of two samples.
fn with_wav(rig: &mut Rig) {
    let head =
        b"RIFF\x28\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data\x04\0\0\0";
    let bytes = [&head[..], &[1, 2, 3, 4]].concat();
    *rig =
        Rig::with_assets(8, 8, Vec::new(), vec![Asset { name: "a".to_owned(), bytes: Some(bytes.into()) }]);
}

pub const CASES: &[Case] = &[
    status(Status::Ok, "audio.cut@1", |rig| on_note(rig, &[])),
    status(Status::AudioNotPlaying, "audio.cut@1", |_| ints([8])),
    status(Status::Ok, "audio.envelope@1", |_| ints([31, 1, 2, 3, 4])),
    status(Status::AudioBadInstrument, "audio.envelope@1", |_| ints([32, 1, 2, 3, 4])),
    status(Status::Ok, "audio.noise@1", |_| ints([0, 1])),
    status(Status::AudioBadInstrument, "audio.noise@1", |_| ints([-1, 1])),
    status(Status::Ok, "audio.pan@1", |rig| on_note(rig, &[-128])),
    status(Status::AudioNotPlaying, "audio.pan@1", |_| ints([0, 0])),
    status(Status::Ok, "audio.pitch@1", |rig| on_note(rig, &[1])),
    status(Status::AudioNotPlaying, "audio.pitch@1", |_| ints([-1, 0])),
    status(Status::Ok, "audio.play@1", |_| ints([31, A4, 1, 1, 1, 3])),
    status(Status::AudioBadInstrument, "audio.play@1", |_| ints([32, A4, 1, 1, 1, 0])),
    status(Status::AudioNoVoice, "audio.play@1", |rig| {
        taken(rig, 0);
        ints([0, A4, 1, 1, 1, 0])
    }),
    status(Status::AudioNoVoice, "audio.play@1", |rig| {
        taken(rig, 2);
        ints([0, A4, 1, 1, 1, 1])
    }),
    status(Status::Ok, "audio.pulse@1", |_| ints([0, 1])),
    status(Status::AudioBadInstrument, "audio.pulse@1", |_| ints([i32::MAX, 1])),
    status(Status::Ok, "audio.sample@1", |rig| {
        with_wav(rig);
        ints([0, 0, A4])
    }),
    status(Status::AudioBadInstrument, "audio.sample@1", |_| ints([32, EVEN, A4])),
    status(Status::AudioNotFound, "audio.sample@1", |_| ints([0, 4, A4])),
    status(Status::AudioNotFound, "audio.sample@1", |_| ints([0, -1, A4])),
    status(Status::AudioNotLoaded, "audio.sample@1", |_| ints([0, LATER, A4])),
    status(Status::AudioBadSample, "audio.sample@1", |_| ints([0, ODD, A4])),
    status(Status::Ok, "audio.sample_loop@1", |rig| {
        assert_eq!(rig.call("audio.sample_raw", &[0, EVEN, 16, 8_000, A4]), [0]);
        ints([0, 1, 4])
    }),
    status(Status::AudioBadInstrument, "audio.sample_loop@1", |_| ints([32, 0, 0])),
    status(Status::AudioBadLoop, "audio.sample_loop@1", |_| ints([0, 0, 1])),
    status(Status::Ok, "audio.sample_raw@1", |_| ints([0, ODD, 8, 192_000, A4])),
    status(Status::AudioBadInstrument, "audio.sample_raw@1", |_| ints([32, ODD, 8, 1, A4])),
    status(Status::AudioNotFound, "audio.sample_raw@1", |_| ints([0, i32::MIN, 8, 1, A4])),
    status(Status::AudioNotLoaded, "audio.sample_raw@1", |_| ints([0, LATER, 8, 1, A4])),
    status(Status::AudioBadSample, "audio.sample_raw@1", |_| ints([0, ODD, 16, 1, A4])),
    status(Status::Ok, "audio.slide@1", |rig| on_note(rig, &[1, 1])),
    status(Status::AudioNotPlaying, "audio.slide@1", |_| ints([i32::MIN, 1, 1])),
    status(Status::Ok, "audio.state@1", |rig| on_note(rig, &[])),
    status(Status::AudioNotPlaying, "audio.state@1", |_| ints([i32::MAX])),
    status(Status::Ok, "audio.stop@1", |rig| on_note(rig, &[])),
    status(Status::AudioNotPlaying, "audio.stop@1", |_| ints([1])),
    status(Status::Ok, "audio.triangle@1", |_| ints([0])),
    status(Status::AudioBadInstrument, "audio.triangle@1", |_| ints([i32::MIN])),
    status(Status::Ok, "audio.volume@1", |rig| on_note(rig, &[9])),
    status(Status::AudioNotPlaying, "audio.volume@1", |_| ints([7, 9])),
    trap(SyscallTrap::BadArgument, "audio.noise@1", |_| ints([0, 2])),
    trap(SyscallTrap::BadArgument, "audio.noise@1", |_| ints([0, -1])),
    trap(SyscallTrap::BadArgument, "audio.play@1", |_| ints([0, A4, 255, 0, 1, 4])),
    trap(SyscallTrap::BadArgument, "audio.play@1", |_| ints([0, A4, 255, 0, 1, -1])),
    trap(SyscallTrap::BadArgument, "audio.sample_raw@1", |_| ints([0, ODD, 0, 1, A4])),
    trap(SyscallTrap::BadArgument, "audio.sample_raw@1", |_| ints([0, ODD, 24, 1, A4])),
    trap(SyscallTrap::BadArgument, "audio.sample_raw@1", |_| ints([0, ODD, 8, 0, A4])),
    trap(SyscallTrap::BadArgument, "audio.sample_raw@1", |_| ints([0, ODD, 8, 192_001, A4])),
    trap(SyscallTrap::BadArgument, "audio.sample_raw@1", |_| ints([0, ODD, 8, -1, A4])),
];
