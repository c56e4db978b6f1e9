//! The syscalls of `audio`: voices, instruments, recordings, and what arguments from outside their ranges do.

mod common;

use std::collections::BTreeSet;

use cartwheel_hostabi::mock::Slot;
use cartwheel_hostabi::{CATALOGUE, Status};
use cartwheel_kernel::{
    Asset, FrameFigures, INSTRUMENTS, Kernel, ModuleConfig, RestoreError, SAMPLES_PER_FRAME, VOICES,
};
use common::{MODULE, Rig};
use proptest::prelude::*;

const OK: i32 = 0;
const NO_VOICE: i32 = 16;
const NOT_PLAYING: i32 = 17;
const BAD_LOOP: i32 = 22;
const A4: i32 = 69 * 256;

/// Number of the asset that is a WAV file; three that are not follow.
const BELL: i32 = 0;

/// A WAV file as another program writes it.
fn wav(channels: u16, bits: u16, rate: u32, values: &[i32]) -> Vec<u8> {
    let mut file = std::io::Cursor::new(Vec::new());
    let sample_format = hound::SampleFormat::Int;
    let spec = hound::WavSpec { channels, sample_rate: rate, bits_per_sample: bits, sample_format };
    let mut writer = hound::WavWriter::new(&mut file, spec).expect("a good form");
    values.iter().for_each(|&value| writer.write_sample(value).expect("room in memory"));
    writer.finalize().expect("room in memory");
    file.into_inner()
}

fn asset(name: &str, bytes: impl Into<Vec<u8>>) -> Asset {
    Asset { name: name.to_owned(), bytes: Some(bytes.into().into()) }
}

fn rig_with(assets: Vec<Asset>) -> Rig {
    Rig::with_assets(8, 8, Vec::new(), assets)
}

fn rig() -> Rig {
    let later = Asset { name: "later".to_owned(), bytes: None };
    let bell = wav(1, 16, 44_100, &[0, 1_000, 2_000, 3_000]);
    rig_with(vec![asset("bell", bell), later, asset("odd", [1, 2, 3]), asset("text", "RIFFRAFF")])
}

fn frame(rig: &mut Rig) -> Vec<i16> {
    rig.kernel.begin_frame(MODULE);
    rig.kernel.end_frame(MODULE, FrameFigures::default());
    rig.kernel.audio(MODULE).expect("it has sound").to_vec()
}

/// Plays a note that lasts.
fn play(rig: &mut Rig, flags: i32) -> (i32, i32) {
    let results = rig.call("audio.play", &[0, A4, 255, 0, 0, flags]);
    (results[0], results[1])
}

fn taken(rig: &mut Rig, flags: i32) {
    for _ in 0..VOICES {
        assert_eq!(play(rig, flags).0, OK);
    }
}

fn slots(args: &[i32]) -> Vec<Slot> {
    args.iter().map(|&arg| arg.into()).collect()
}

// covers POL-13
#[test]
fn a_ninth_note_gets_no_voice_unless_it_may_take_one() {
    let mut rig = rig();
    assert_eq!(rig.call("audio.free", &[]), [VOICES as i32]);
    let notes: Vec<i32> = (0..VOICES).map(|i| play(&mut rig, if i == 0 { 2 } else { 0 }).1).collect();
    assert_eq!(rig.call("audio.free", &[]), [0]);
    assert_eq!(play(&mut rig, 0), (NO_VOICE, 0));
    frame(&mut rig);
    assert_eq!(play(&mut rig, 0), (NO_VOICE, 0));
    // The first is protected, so the second is taken; then the fifth, which fades out.
    let (status, taken) = play(&mut rig, 1);
    assert_eq!((status, taken % 8), (OK, notes[1] % 8));
    assert_eq!(rig.call("audio.state", &[notes[1]])[0], NOT_PLAYING);
    assert_eq!(rig.call("audio.stop", &[notes[4]]), [OK]);
    assert_eq!(play(&mut rig, 1).1 % 8, notes[4] % 8);
    // All others still play.
    for &note in [0, 2, 3, 5, 6, 7].map(|i| &notes[i]) {
        assert_eq!(rig.call("audio.state", &[note])[0], OK);
    }
    rig.call("audio.stop_all", &[]);
    assert_eq!(rig.call("audio.free", &[]), [VOICES as i32]);
}

#[test]
fn numbers_of_notes_that_ended_mean_no_later_note() {
    let mut rig = rig();
    let mut seen = BTreeSet::new();
    for _ in 0..100 {
        let (status, voice) = play(&mut rig, 0);
        assert!(status == OK && voice > 0 && seen.insert(voice), "{voice}");
        assert_eq!(rig.call("audio.cut", &[voice]), [OK]);
        for &old in &seen {
            assert_eq!(rig.call("audio.volume", &[old, 1]), [NOT_PLAYING]);
        }
    }
}

#[test]
fn a_note_ends_when_it_is_told_to() {
    let mut rig = rig();
    rig.call("audio.envelope", &[9, 0, 0, 255, 0]);
    let state = |rig: &mut Rig, voice: i32| rig.call("audio.state", &[voice]);
    let voice = rig.call("audio.play", &[9, A4, 255, 0, 3, 0])[1];
    for _ in 0..3 {
        assert_eq!(state(&mut rig, voice), [OK, 3, A4, 255]);
        frame(&mut rig);
    }
    assert_eq!(state(&mut rig, voice), [NOT_PLAYING, 0, 0, 0]);

    // 100 ms up, 50 ms down, half, 200 ms out: 6, 3 and 12 frames.
    rig.call("audio.envelope", &[9, 100, 50, 128, 200]);
    let voice = rig.call("audio.play", &[9, A4, 255, 0, 20, 0])[1];
    let mut stages = Vec::new();
    while state(&mut rig, voice)[0] == OK {
        let found = state(&mut rig, voice);
        stages.push(found[1]);
        frame(&mut rig);
    }
    assert_eq!(stages, [vec![1; 6], vec![2; 3], vec![3; 11], vec![4; 12]].concat());

    // Nothing to be heard at all: the note has ended before it began.
    rig.call("audio.envelope", &[9, 0, 0, 0, 1_000]);
    let voice = rig.call("audio.play", &[9, A4, 255, 0, 20, 0])[1];
    assert_eq!(state(&mut rig, voice)[0], NOT_PLAYING);
    // And one that ends by itself when it has faded.
    rig.call("audio.envelope", &[9, 0, 100, 0, 1_000]);
    let voice = rig.call("audio.play", &[9, A4, 255, 0, 0, 0])[1];
    let frames = (0..).take_while(|_| state(&mut rig, voice)[0] == OK && frame(&mut rig).len() > 1).count();
    assert_eq!(frames, 6);
}

#[test]
fn instruments_are_as_documented_until_they_are_set() {
    let define = |number: i32| -> (&str, Vec<i32>) {
        match number {
            1 => ("audio.pulse", vec![1, 64]),
            2 => ("audio.pulse", vec![2, 32]),
            3 => ("audio.triangle", vec![3]),
            4 => ("audio.noise", vec![4, 0]),
            5 => ("audio.noise", vec![5, 1]),
            _ => ("audio.pulse", vec![number, 128]),
        }
    };
    for number in 0..INSTRUMENTS as i32 {
        let (mut set, fresh) = (rig(), rig());
        let (id, args) = define(number);
        assert_eq!(set.call(id, &args), [OK]);
        assert_eq!(set.call("audio.envelope", &[number, 2, 0, 255, 50]), [OK]);
        assert!(set.saved() == fresh.saved(), "{number}");
    }
}

/// A note goes on as it began, whatever becomes of its instrument.
#[test]
fn a_note_keeps_its_instrument() {
    let sound = |change: bool| {
        let mut rig = rig();
        play(&mut rig, 0);
        if change {
            rig.call("audio.noise", &[0, 0]);
            rig.call("audio.envelope", &[0, 0, 0, 3, 0]);
        }
        [frame(&mut rig), frame(&mut rig)]
    };
    assert_eq!(sound(true), sound(false));
}

#[test]
fn values_outside_are_the_nearest_inside() {
    const FAR: i32 = i32::MAX;
    /// Stands for a note that is heard.
    const NOTE: i32 = -77_777;
    let same = |id: &str, outside: &[i32], inside: &[i32]| {
        let after = |args: &[i32]| {
            let mut rig = rig();
            let voice = play(&mut rig, 0).1;
            let args: Vec<i32> = args.iter().map(|&arg| if arg == NOTE { voice } else { arg }).collect();
            let results = rig.call(id, &args);
            (results, rig.saved())
        };
        assert!(after(outside) == after(inside), "{id} {outside:?} {inside:?}");
    };
    same("audio.volume", &[NOTE, FAR], &[NOTE, 255]);
    same("audio.volume", &[NOTE, -FAR], &[NOTE, 0]);
    same("audio.pan", &[NOTE, 129], &[NOTE, 128]);
    same("audio.pan", &[NOTE, i32::MIN], &[NOTE, -128]);
    same("audio.pitch", &[NOTE, 34_816], &[NOTE, 34_815]);
    same("audio.pitch", &[NOTE, -1], &[NOTE, 0]);
    same("audio.slide", &[NOTE, FAR, FAR], &[NOTE, 34_815, 65_535]);
    same("audio.slide", &[NOTE, -FAR, -1], &[NOTE, 0, 0]);
    same("audio.pulse", &[0, 0], &[0, 1]);
    same("audio.pulse", &[0, 256], &[0, 255]);
    same("audio.envelope", &[0, 60_001, -1, 256, FAR], &[0, 60_000, 0, 255, 60_000]);
    same("audio.master", &[-5], &[0]);
    same("audio.master", &[FAR], &[255]);
    same("audio.play", &[0, FAR, FAR, FAR, i32::MIN, 0], &[0, 34_815, 255, 128, 0, 0]);
    same("audio.sample", &[0, BELL, FAR], &[0, BELL, 34_815]);
}

#[test]
fn frequencies_become_the_nearest_pitch() {
    let mut rig = rig();
    let mut pitch_of = |millihertz: i32| rig.call("audio.pitch_of", &[millihertz])[0];
    assert_eq!([440_000, 880_000, 261_626, 8_176].map(&mut pitch_of), [A4, 81 * 256, 60 * 256, 0]);
    assert_eq!([0, -1, i32::MIN].map(&mut pitch_of), [0, 0, 0]);
    assert_eq!([22_000_000, i32::MAX].map(&mut pitch_of), [34_815, 34_815]);
    assert_eq!([440_028, 440_049].map(&mut pitch_of), [A4, A4]);
    assert_eq!(pitch_of(440_050), A4 + 1);
}

#[test]
fn loops_lie_inside_of_their_recording() {
    let mut rig = rig();
    assert_eq!(rig.call("audio.sample", &[0, BELL, A4]), [OK]);
    let edges = [i32::MIN, -1, 0, 1, 3, 4, 5, i32::MAX];
    for start in edges {
        for end in edges {
            let good = end == 0 || (start >= 0 && start < end && end <= 4);
            let expected = if good { OK } else { BAD_LOOP };
            assert_eq!(rig.call("audio.sample_loop", &[0, start, end]), [expected], "{start} {end}");
        }
    }
}

#[test]
fn wav_files_of_other_programs_are_read() {
    for (channels, bits) in [(1, 8), (1, 16), (1, 24), (1, 32), (2, 8), (2, 16), (2, 24), (2, 32)] {
        let top = i32::MAX >> (32 - bits);
        let one: Vec<i32> = (0..2_000).map(|i| top / 10 * (i % 10)).collect();
        let values: Vec<i32> = one.iter().flat_map(|&v| vec![v; channels.into()]).collect();
        let mut rig = rig_with(vec![asset("a", wav(channels, bits, 44_100, &values))]);
        assert_eq!(rig.call("audio.sample", &[0, 0, A4]), [OK], "{channels} {bits}");
        rig.call("audio.envelope", &[0, 0, 0, 255, 0]);
        rig.call("audio.play", &[0, A4, 255, 0, 0, 0]);
        let found = frame(&mut rig);
        for (i, sample) in found.chunks_exact(2).enumerate() {
            // A quarter of the height.
            let expected = ((top / 10 * (i as i32 % 10)) << (32 - bits) >> 16) / 4;
            let distance = (i32::from(sample[0]) - expected).abs();
            assert!(distance <= 1 && sample[0] == sample[1], "{channels} {bits} {i}: {sample:?} {expected}");
        }
    }
}

/// What `hound` refuses for no good reason, and what nobody should take.
#[test]
fn wav_heads_are_read_with_care() {
    let good = wav(1, 16, 8_000, &[1, 2, 3]);
    let status = |bytes: &[u8]| rig_with(vec![asset("a", bytes)]).call("audio.sample", &[0, 0, 0])[0];
    assert_eq!(status(&good), OK);
    let with = |at: usize, bytes: &[u8]| {
        let mut file = good.clone();
        file.splice(at..at, bytes.iter().copied());
        file
    };
    let patched = |at: usize, byte: u8| {
        let mut file = good.clone();
        file[at] = byte;
        file
    };
    let bad = Status::AudioBadSample.code();
    // An odd chunk with its pad byte before the data, and anything behind it.
    assert_eq!(status(&with(36, b"LIST\x03\0\0\0abc\0")), OK);
    assert_eq!(status(&with(good.len(), b"junk")), OK);
    // 64 chunks are looked at, fmt and data among them.
    assert_eq!(status(&with(36, &b"note\0\0\0\0".repeat(62))), OK);
    assert_eq!(status(&with(36, &b"note\0\0\0\0".repeat(63))), bad);
    for (at, byte) in [
        (0, b'X'), // RIFF
        (8, b'X'), // WAVE
        (20, 3),   // floats
        (22, 0),   // channels
        (22, 3),
        (26, 255),  // rate
        (32, 1),    // block
        (34, 12),   // bits
        (36, b'x'), // no data
        (40, 5),    // half a sample
        (40, 0),    // none
        (40, 7),    // beyond the end
        (43, 255),
        (12, b'x'), // data without fmt
        (16, 255),
    ] {
        assert_eq!(status(&patched(at, byte)), bad, "{at} {byte}");
    }
    for len in 0..good.len() {
        assert_eq!(status(&good[..len]), bad, "{len}");
    }
    assert_eq!(status(&[]), bad);
}

/// Assets and what is mixed are the host's memory: the guest's heap never hears of them.
// covers POL-17
#[test]
fn sound_takes_nothing_of_the_guests_heap() {
    let mut rig = rig_with(vec![asset("a", wav(1, 16, 8_000, &[7; 30_000]))]);
    assert_eq!(rig.call("audio.sample", &[0, 0, 0]), [OK]);
    taken(&mut rig, 0);
    frame(&mut rig);
    assert_eq!(rig.guest.roots().count(), 0);
    assert!(rig.guest.objects.is_empty());
    rig.kernel.end_frame(MODULE, FrameFigures::default());
    assert_eq!((rig.kernel.usage(MODULE).bytes, rig.kernel.usage(MODULE).objects), (0, 0));
}

#[test]
fn there_is_sound_only_if_it_was_declared() {
    let mut kernel = Kernel::new();
    kernel.load(MODULE, ModuleConfig { capabilities: vec!["log"], ..Default::default() }).expect("it loads");
    assert!(kernel.audio(MODULE).is_none());
    assert!(kernel.hashes(MODULE).all(|(name, _)| name != "sound"));
    let mut with = Kernel::new();
    with.load(MODULE, ModuleConfig { capabilities: vec!["audio"], ..Default::default() }).expect("it loads");
    assert_eq!(with.audio(MODULE).map(<[i16]>::len), Some(2 * SAMPLES_PER_FRAME));
    assert_eq!(with.hashes(MODULE).last().map(|(name, _)| name), Some("sound"));
    let mut saved = Vec::new();
    with.save(MODULE, &mut saved);
    assert_eq!(kernel.restore(MODULE, &saved), Err(RestoreError::TrailingBytes));
    saved.clear();
    kernel.save(MODULE, &mut saved);
    assert_eq!(with.restore(MODULE, &saved), Err(RestoreError::Truncated));
}

/// Arguments near every edge, and far outside.
fn argument() -> impl Strategy<Value = i32> {
    prop_oneof![
        any::<i32>(),
        prop::sample::select(vec![i32::MIN, i32::MIN + 1, i32::MAX, -1, 0, 1, 255, 256, 34_815, 34_816]),
        -130..130i32,
        0..40_000i32,
    ]
}

#[derive(Clone, Debug)]
enum Act {
    Call(usize, Vec<i32>),
    Frame,
}

fn act() -> impl Strategy<Value = Act> {
    let rows: Vec<usize> = (0..CATALOGUE.len()).filter(|&i| CATALOGUE[i].domain == "audio").collect();
    prop_oneof![
        6 => (prop::sample::select(rows), prop::collection::vec(argument(), 6)).prop_map(|(row, args)| Act::Call(row, args)),
        1 => Just(Act::Frame),
    ]
}

/// Calls with a live note, a fitting instrument and known flags more often than chance would have it.
fn perform(rig: &mut Rig, notes: &mut Vec<i32>, act: &Act) -> Option<Vec<i16>> {
    let Act::Call(row, args) = act else { return Some(frame(rig)) };
    let row = &CATALOGUE[*row];
    let mut args = args[..row.param_slots.len()].to_vec();
    match row.params.first().map(|param| param.name) {
        Some("voice") if args[0] & 3 != 0 && !notes.is_empty() => {
            args[0] = notes[args[0].rem_euclid(notes.len() as i32) as usize];
        }
        Some("instrument") if args[0] & 3 != 0 => args[0] = args[0].rem_euclid(INSTRUMENTS as i32),
        _ => {}
    }
    match row.name() {
        "play" if args[1] & 7 != 0 => args[5] &= 3,
        "sample" => args[1] = args[1].rem_euclid(5),
        "sample_raw" => {
            args[1] = args[1].rem_euclid(5);
            if args[4] & 7 != 0 {
                (args[2], args[3]) = (8 + (args[2] & 8), args[3].rem_euclid(192_000) + 1);
            }
        }
        "noise" if args[0] & 3 != 0 => args[1] &= 1,
        "sample_loop" if args[0] & 1 != 0 => (args[1], args[2]) = (args[1] & 3, args[2] & 7),
        _ => {}
    }
    let before = rig.saved();
    let done = rig.try_call(row.id, &slots(&args));
    if done.is_ok() && row.name() == "play" {
        notes.push(rig.guest.result(1) as i32);
    }
    // A call that did not say OK did nothing.
    if done != Ok(Some(Status::Ok)) && row.has_status() {
        assert!(before == rig.saved(), "{} {args:?}: {done:?}", row.id);
    }
    None
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 200, ..ProptestConfig::default() })]

    /// Whatever is called, nothing overflows (these tests run with checks), and a module that is restored in any
    /// frame goes on with the same samples, hashes and answers.
    #[test]
    fn a_restored_module_sounds_the_same(acts in prop::collection::vec(act(), 1..120), at in any::<prop::sample::Index>()) {
        let at = at.index(acts.len());
        let (mut rig, mut notes) = (rig(), Vec::new());
        for act in &acts[..at] {
            perform(&mut rig, &mut notes, act);
        }
        let saved = rig.saved();
        let (mut restored, mut restored_notes) = (self::rig(), notes.clone());
        restored.kernel.restore(MODULE, &saved).expect("it was saved so");
        restored.guest = rig.guest.clone();
        prop_assert_eq!(restored.saved(), saved);
        prop_assert_eq!(restored.hashes(), rig.hashes());
        for act in acts[at..].iter().chain([&Act::Frame, &Act::Frame]) {
            let sounds = perform(&mut rig, &mut notes, act);
            prop_assert_eq!(perform(&mut restored, &mut restored_notes, act), sounds);
            prop_assert_eq!(&restored.guest.results, &rig.guest.results);
            prop_assert_eq!(restored.hashes(), rig.hashes());
        }
    }

    /// Whatever is accepted is a state that works and saves as the same bytes.
    #[test]
    fn hostile_states_are_refused_or_harmless(
        acts in prop::collection::vec(act(), 1..60),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let (mut rig, mut notes) = (rig(), Vec::new());
        for act in &acts {
            perform(&mut rig, &mut notes, act);
        }
        let mut bytes = rig.saved();
        // Sound is saved last.
        let mut silent = Vec::new();
        let mut dumb = Kernel::new();
        let mut config = common::config(8, 8, Vec::new());
        config.capabilities.retain(|&name| name != "audio");
        config.imports.retain(|import| !import.id.starts_with("audio."));
        dumb.load(MODULE, config).expect("it loads");
        dumb.save(MODULE, &mut silent);
        for (place, value) in changes {
            let at = silent.len() + place.index(bytes.len() - silent.len());
            bytes[at] = value;
        }
        let before = rig.saved();
        match rig.kernel.restore(MODULE, &bytes) {
            Ok(()) => {
                prop_assert_eq!(rig.saved(), bytes);
                for act in acts.iter().chain([&Act::Frame]) {
                    perform(&mut rig, &mut notes, act);
                    let saved = rig.saved();
                    rig.kernel.restore(MODULE, &saved).expect("a state that it came to by itself");
                }
            }
            Err(_) => prop_assert_eq!(rig.saved(), before),
        }
    }

    /// No bytes of an asset do harm.
    #[test]
    fn hostile_recordings_are_refused_or_played(
        changes in prop::collection::vec((0..60usize, any::<u8>()), 0..5),
        len in 0..200usize,
        pitch in argument(),
    ) {
        let mut bytes = wav(2, 24, 48_000, &[1 << 22; 60]);
        bytes.truncate(len.max(44));
        for (at, byte) in changes {
            if let Some(place) = bytes.get_mut(at) {
                *place = byte;
            }
        }
        let mut rig = rig_with(vec![asset("a", bytes)]);
        rig.call("audio.sample", &[0, 0, A4]);
        rig.call("audio.play", &[0, pitch, 255, 0, 0, 0]);
        frame(&mut rig);
    }
}
