//! What is heard: a second synthesiser, written after `spec/audio.md` as plainly as possible, has to agree to the bit; and
//! the sound has the frequencies, lengths and shapes that it was asked for.

mod common;
mod synthesiser;

use cartwheel_kernel::{Asset, FrameFigures, SAMPLE_RATE, SAMPLES_PER_FRAME};
use common::{MODULE, Rig};
use proptest::prelude::*;
use synthesiser::{Instrument, Synthesiser, Wave};

const A4: i32 = 69 * 256;
/// Number of the asset, a recording of 16 bits.
const RECORDING: i32 = 0;

fn recording() -> Vec<i16> {
    (0..600i32).map(|i| ((i * i * 37 + i * 911) % 65_536 - 32_768) as i16).collect()
}

fn rig() -> Rig {
    rig_of(&recording())
}

/// A rig whose asset has these samples.
fn rig_of(samples: &[i16]) -> Rig {
    let bytes: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    Rig::with_assets(8, 8, Vec::new(), vec![Asset { name: "r".to_owned(), bytes: Some(bytes.into()) }])
}

fn frame(rig: &mut Rig) -> Vec<[i16; 2]> {
    rig.kernel.begin_frame(MODULE);
    rig.kernel.end_frame(MODULE, FrameFigures::default());
    let samples = rig.kernel.audio(MODULE).expect("it has sound");
    samples.chunks_exact(2).map(|pair| [pair[0], pair[1]]).collect()
}

fn left(rig: &mut Rig, frames: usize) -> Vec<i32> {
    (0..frames).flat_map(|_| frame(rig)).map(|[left, _]| left.into()).collect()
}

/// Plays a note with no fading in or out, until it is stopped.
fn plain(rig: &mut Rig, instrument: i32, pitch: i32) -> i32 {
    rig.call("audio.envelope", &[instrument, 0, 0, 255, 0]);
    rig.call("audio.play", &[instrument, pitch, 255, 0, 0, 0])[1]
}

#[derive(Clone, Debug)]
enum Act {
    Wave { instrument: usize, wave: Wave },
    Envelope { instrument: usize, times: [i32; 4] },
    Play { instrument: usize, pitch: i32, volume: i32, pan: i32, frames: i32, flags: i32 },
    Stop(usize),
    Cut(usize),
    Volume(usize, i32),
    Pan(usize, i32),
    Pitch(usize, i32),
    Slide(usize, i32, i32),
    Master(i32),
    Frames(usize),
}

fn wave() -> impl Strategy<Value = Wave> {
    prop_oneof![
        (1..=255u64).prop_map(|duty| Wave::Pulse { duty }),
        Just(Wave::Triangle),
        any::<bool>().prop_map(|short| Wave::Noise { short }),
        (1..=192_000u64, 0..=34_815i64, prop::option::of((0..600u64, 0..600u64))).prop_map(
            |(rate, root, repeat)| {
                let repeat = repeat.map(|(a, b)| (a.min(b), a.max(b) + 1));
                Wave::Recording { samples: recording(), rate, root, repeat }
            }
        ),
    ]
}

fn act() -> impl Strategy<Value = Act> {
    let pitch = || 0..=34_815i32;
    let time = || prop_oneof![Just(0), 0..40i32, 0..500i32];
    let frames = || prop_oneof![Just(0), 1..8i32];
    prop_oneof![
        3 => (0..4usize, wave()).prop_map(|(instrument, wave)| Act::Wave { instrument, wave }),
        3 => (0..4usize, (time(), time(), prop_oneof![Just(0), Just(255), 0..=255i32], time())).prop_map(
            |(instrument, (attack, decay, sustain, release))| Act::Envelope {
                instrument,
                times: [attack, decay, sustain, release],
            }
        ),
        8 => (0..4usize, pitch(), 0..=255i32, -128..=128i32, frames(), 0..4i32).prop_map(
            |(instrument, pitch, volume, pan, frames, flags)| Act::Play {
                instrument,
                pitch,
                volume,
                pan,
                frames,
                flags,
            }
        ),
        1 => (0..30usize).prop_map(Act::Stop),
        1 => (0..30usize).prop_map(Act::Cut),
        1 => (0..30usize, 0..=255i32).prop_map(|(note, volume)| Act::Volume(note, volume)),
        1 => (0..30usize, -128..=128i32).prop_map(|(note, pan)| Act::Pan(note, pan)),
        1 => (0..30usize, pitch()).prop_map(|(note, pitch)| Act::Pitch(note, pitch)),
        2 => (0..30usize, pitch(), frames()).prop_map(|(note, pitch, frames)| Act::Slide(note, pitch, frames)),
        1 => (0..=255i32).prop_map(Act::Master),
        6 => (1..4usize).prop_map(Act::Frames),
    ]
}

/// Does the same to both. `notes` has the numbers of all notes so far.
fn perform(rig: &mut Rig, model: &mut Synthesiser, notes: &mut Vec<i32>, act: &Act) {
    let nth = |notes: &Vec<i32>, n: usize| notes.get(notes.len().saturating_sub(n + 1)).copied().unwrap_or(0);
    let mut agree = |id: &str, args: &[i32], expected: bool| {
        assert_eq!(rig.call(id, args)[0] == 0, expected, "{id} {args:?}");
    };
    match act.clone() {
        Act::Wave { instrument, wave } => {
            let number = instrument as i32;
            match &wave {
                Wave::Pulse { duty } => agree("audio.pulse", &[number, *duty as i32], true),
                Wave::Triangle => agree("audio.triangle", &[number], true),
                Wave::Noise { short } => agree("audio.noise", &[number, (*short).into()], true),
                Wave::Recording { rate, root, repeat, .. } => {
                    agree("audio.sample_raw", &[number, RECORDING, 16, *rate as i32, *root as i32], true);
                    let (start, end) = repeat.unwrap_or((0, 0));
                    agree("audio.sample_loop", &[number, start as i32, end as i32], true);
                }
            }
            model.instruments[instrument].wave = wave;
        }
        Act::Envelope { instrument, times: [attack, decay, sustain, release] } => {
            agree("audio.envelope", &[instrument as i32, attack, decay, sustain, release], true);
            let times = [attack, decay, sustain, release].map(i64::from);
            model.instruments[instrument] = Instrument { times, ..model.instruments[instrument].clone() };
        }
        Act::Play { instrument, pitch, volume, pan, frames, flags } => {
            let found = rig.call("audio.play", &[instrument as i32, pitch, volume, pan, frames, flags]);
            let expected = model.play(
                instrument,
                i64::from(pitch),
                volume.into(),
                pan.into(),
                frames.into(),
                flags & 1 != 0,
                flags & 2 != 0,
            );
            assert_eq!(found[1], expected.unwrap_or(0));
            notes.extend(expected);
        }
        Act::Stop(n) => agree("audio.stop", &[nth(notes, n)], model.stop(nth(notes, n))),
        Act::Cut(n) => agree("audio.cut", &[nth(notes, n)], model.cut(nth(notes, n))),
        Act::Volume(n, volume) => {
            let note = model.note(nth(notes, n)).map(|note| note.volume = volume.into());
            agree("audio.volume", &[nth(notes, n), volume], note.is_some());
        }
        Act::Pan(n, pan) => {
            let note = model.note(nth(notes, n)).map(|note| note.pan = pan.into());
            agree("audio.pan", &[nth(notes, n), pan], note.is_some());
        }
        Act::Pitch(n, pitch) => {
            let note = model.note(nth(notes, n)).map(|note| note.slide(pitch.into(), 0));
            agree("audio.pitch", &[nth(notes, n), pitch], note.is_some());
        }
        Act::Slide(n, pitch, frames) => {
            let note = model.note(nth(notes, n)).map(|note| note.slide(pitch.into(), frames.into()));
            agree("audio.slide", &[nth(notes, n), pitch, frames], note.is_some());
        }
        Act::Master(volume) => {
            rig.call("audio.master", &[volume]);
            assert_eq!(rig.call("audio.master_get", &[]), [volume]);
            model.master = volume.into();
        }
        Act::Frames(count) => {
            for _ in 0..count {
                let (found, expected) = (frame(rig), model.frame());
                let wrong = (0..SAMPLES_PER_FRAME).find(|&i| found[i] != expected[i]);
                assert_eq!(wrong, None, "{:?}", wrong.map(|i| (found[i], expected[i])));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn the_sound_is_that_of_the_chapter(acts in prop::collection::vec(act(), 1..80)) {
        let (mut rig, mut model, mut notes) = (rig(), Synthesiser::new(), Vec::new());
        for number in 0..4 {
            // Both begin with pulses of the same duty.
            rig.call("audio.pulse", &[number, 128]);
        }
        for act in acts.iter().chain([&Act::Frames(3)]) {
            perform(&mut rig, &mut model, &mut notes, act);
        }
    }
}

/// Rises through zero in a stretch of samples.
fn periods(samples: &[i32]) -> usize {
    samples.windows(2).filter(|pair| pair[0] < 0 && pair[1] >= 0).count()
}

#[test]
fn frequencies_are_right_to_a_thousandth() {
    const SECONDS: usize = 40;
    for (wave, millihertz) in [
        ("pulse", 440_000),
        ("triangle", 440_000),
        ("pulse", 65_406),
        ("triangle", 1_760_000),
        ("pulse", 8_372_018),
    ] {
        let mut rig = rig();
        let args: &[i32] = if wave == "pulse" { &[0, 100] } else { &[0] };
        rig.call(&format!("audio.{wave}"), args);
        let pitch = rig.call("audio.pitch_of", &[millihertz])[0];
        plain(&mut rig, 0, pitch);
        let found = periods(&left(&mut rig, SECONDS * 60)) as f64 / SECONDS as f64;
        let wanted = f64::from(millihertz) / 1_000.0;
        // What is counted is whole periods.
        let tolerance = wanted * 0.001;
        assert!((found - wanted).abs() <= tolerance.max(1.0 / SECONDS as f64), "{wave} {wanted}: {found}");
    }
}

#[test]
fn a_recording_at_its_root_is_heard_as_recorded() {
    let mut rig = rig();
    rig.call("audio.sample_raw", &[0, RECORDING, 16, SAMPLE_RATE as i32, A4]);
    let voice = plain(&mut rig, 0, A4);
    let found = left(&mut rig, 1);
    let recorded = recording();
    for (i, &sample) in recorded.iter().enumerate() {
        assert!((found[i] - i32::from(sample) / 4).abs() <= 1, "{i}");
    }
    assert_eq!(rig.call("audio.state", &[voice])[0], 17, "it has ended");
    // An octave higher it takes half the time, and a loop goes on.
    for (pitch, repeat, period) in
        [(A4, (100, 300), 200), (A4 + 3072, (100, 300), 100), (A4 - 3072, (0, 600), 1_200)]
    {
        rig.call("audio.stop_all", &[]);
        left(&mut rig, 10);
        rig.call("audio.sample_loop", &[0, repeat.0, repeat.1]);
        plain(&mut rig, 0, pitch);
        let found = left(&mut rig, 10);
        let steady = &found[2_000..];
        assert!(steady[period..].iter().zip(steady).all(|(a, b)| a == b), "{pitch}");
        assert!((1..period).all(|p| steady[p..].iter().zip(steady).any(|(a, b)| a != b)), "{pitch}");
    }
}

#[test]
fn pulses_of_every_duty_are_around_zero() {
    for duty in [1, 32, 64, 128, 200, 255] {
        let mut rig = rig();
        rig.call("audio.pulse", &[0, duty]);
        let pitch = rig.call("audio.pitch_of", &[441_000])[0];
        plain(&mut rig, 0, pitch);
        let found = left(&mut rig, 60);
        let height = found.iter().max().expect("samples") - found.iter().min().expect("samples");
        let mean = found.iter().sum::<i32>() / found.len() as i32;
        assert!((height - 8_192).abs() <= 1 && mean.abs() < 40, "{duty}: {height} {mean}");
        let high = found.iter().filter(|&&sample| sample > 0).count() * 256 / found.len();
        assert!(high.abs_diff(duty as usize) <= 1, "{duty}: {high}");
    }
}

#[test]
fn noise_has_the_length_that_it_should() {
    for (mode, length) in [(0, 32_767), (1, 127)] {
        let mut rig = rig();
        rig.call("audio.noise", &[0, mode]);
        // 16 values in a period: at this pitch a value lasts 1.07 samples.
        let pitch = rig.call("audio.pitch_of", &[44_100_000 / 16 - 200_000])[0];
        plain(&mut rig, 0, pitch);
        let found = left(&mut rig, 60);
        let (high, low) =
            (found.iter().filter(|&&v| v > 0).count(), found.iter().filter(|&&v| v < 0).count());
        assert_eq!(high + low, found.len());
        assert!(high.abs_diff(low) < found.len() / 50, "{mode}: {high} {low}");
        let samples = (f64::from(length) * 1.078) as usize;
        let alike = |by: usize| {
            found[by..].iter().zip(&found).filter(|(a, b)| a == b).count() * 100 / (found.len() - by)
        };
        let best = (samples * 95 / 100..samples * 105 / 100 + 2).map(alike).max();
        let close = if mode == 1 { best > Some(90) } else { best < Some(100) };
        assert!(close, "{mode}: {best:?}");
    }
}

#[test]
fn envelopes_last_as_long_as_they_say() {
    // The recording never changes: what is heard is the envelope.
    let mut rig = rig_of(&[16_384; 2]);
    rig.call("audio.sample_raw", &[0, RECORDING, 16, SAMPLE_RATE as i32, A4]);
    rig.call("audio.sample_loop", &[0, 0, 2]);
    // 10 ms are 441 samples, 20 ms 882, 30 ms 1,323.
    rig.call("audio.envelope", &[0, 10, 20, 102, 30]);
    rig.call("audio.play", &[0, A4, 255, 0, 4, 0]);
    let found = left(&mut rig, 7);
    let full = 4_096;
    let sustained = full * 102 / 255;
    let ramp = |from: usize, len: usize, start: i32, end: i32| {
        for (i, &sample) in found[from..from + len].iter().enumerate() {
            let expected = start + (end - start) * i as i32 / len as i32;
            assert!((sample - expected).abs() <= 1, "{from} {i}: {sample} {expected}");
        }
    };
    assert_eq!((found[0], found[441]), (0, full));
    ramp(0, 441, 0, full);
    ramp(441, 882, full, sustained);
    ramp(1_323, 4 * 735 - 1_323, sustained, sustained);
    ramp(4 * 735, 1_323, sustained, 0);
    // What the last step of the ramp leaves is less than what can be heard, and soon nothing.
    let rest = &found[4 * 735 + 1_323..];
    assert!(rest.iter().all(|v| v.abs() <= 1) && rest[200..].iter().all(|v| *v == 0));
}

#[test]
fn slides_are_even_and_end_where_they_should() {
    let mut rig = rig();
    let voice = plain(&mut rig, 3, A4);
    rig.call("audio.slide", &[voice, A4 + 3_072, 10]);
    let pitch = |rig: &mut Rig| rig.call("audio.state", &[voice])[2];
    for i in 0..10 {
        assert_eq!(pitch(&mut rig), A4 + 3_072 * i / 10);
        frame(&mut rig);
    }
    assert_eq!(pitch(&mut rig), A4 + 3_072);
    let found = left(&mut rig, 60);
    assert!(periods(&found).abs_diff(880) <= 1);
    // A slide that is changed in its middle goes on from where it is.
    rig.call("audio.slide", &[voice, A4, 4]);
    frame(&mut rig);
    rig.call("audio.slide", &[voice, A4 + 3_072, 2]);
    assert_eq!(pitch(&mut rig), A4 + 3_072 * 3 / 4);
    frame(&mut rig);
    assert_eq!(pitch(&mut rig), A4 + 3_072 * 7 / 8);
}

/// Steps between samples, of a sound that itself has no steps.
fn largest_step(samples: &[i32]) -> i32 {
    samples.windows(2).map(|pair| (pair[1] - pair[0]).abs()).max().unwrap_or(0)
}

#[test]
fn nothing_clicks() {
    type Ending = fn(&mut Rig, i32);
    let endings: [(&str, Ending); 7] = [
        ("cut", |rig, voice| drop(rig.call("audio.cut", &[voice]))),
        ("stop without release", |rig, voice| drop(rig.call("audio.stop", &[voice]))),
        ("stop_all", |rig, _| drop(rig.call("audio.stop_all", &[]))),
        ("volume", |rig, voice| drop(rig.call("audio.volume", &[voice, 0]))),
        ("pan", |rig, voice| drop(rig.call("audio.pan", &[voice, 128]))),
        ("master", |rig, _| drop(rig.call("audio.master", &[0]))),
        ("stolen", |rig, _| {
            rig.call("audio.envelope", &[6, 100, 0, 255, 0]);
            for _ in 0..8 {
                rig.call("audio.play", &[6, 0, 1, 0, 0, 1]);
            }
        }),
    ];
    for (name, end) in endings {
        let mut rig = rig();
        // A pulse at 8 Hz: its first twentieth of a second is as good as a constant.
        let voice = plain(&mut rig, 0, 0);
        let before = left(&mut rig, 1);
        assert!(before.iter().all(|v| *v == 4_096), "{name}");
        end(&mut rig, voice);
        let after = [&before[734..], &left(&mut rig, 1)].concat();
        assert!(largest_step(&after) <= 4_096 / 60, "{name}: {}", largest_step(&after));
        assert!(after[700].abs() < 30, "{name}: {}", after[700]);
    }
}

#[test]
fn changes_before_a_note_is_heard_are_there_at_once() {
    let mut rig = rig();
    let voice = plain(&mut rig, 0, 0);
    rig.call("audio.pan", &[voice, -128]);
    rig.call("audio.volume", &[voice, 64]);
    let first = frame(&mut rig)[0];
    assert_eq!(first, [1_024, 0]);
}

#[test]
fn the_mix_has_room_and_never_wraps() {
    let mut rig = rig();
    for _ in 0..8 {
        plain(&mut rig, 0, 0);
    }
    assert_eq!(left(&mut rig, 1)[0], i32::from(i16::MAX));
    // Eight recordings at full height are too loud by a factor of two, above and below.
    let mut rig = rig_of(&[[i16::MAX; 400], [i16::MIN; 400]].concat());
    rig.call("audio.sample_raw", &[0, RECORDING, 16, SAMPLE_RATE as i32, A4]);
    for _ in 0..8 {
        plain(&mut rig, 0, A4);
    }
    let found = left(&mut rig, 1);
    assert_eq!((found[10], found[390], found[410], found[734]), (32_767, 32_767, -32_768, -32_768));
}

#[test]
fn a_frame_without_its_end_is_silent() {
    let mut rig = rig();
    plain(&mut rig, 0, A4);
    assert!(left(&mut rig, 1).iter().all(|v| *v != 0));
    rig.kernel.begin_frame(MODULE);
    assert!(rig.kernel.audio(MODULE).expect("it has sound").iter().all(|v| *v == 0));
}
