//! `cartwheel run --wav`.

mod common;

use common::Place;

/// Plays the A of 440 Hz on the left from frame 10 to 19, and ends in frame 29.
const TONE: &str = ".capability audio
.func update()
  .local n: i32
  frame.index n
  br.i32.ne n, 0, on
  syscall audio.envelope(0, 0, 0, 255, 0)
on:
  br.i32.ne n, 10, quiet
  syscall audio.play(0, 69 * 256, 255, -128, 10, 0)
quiet:
  br.i32.ne n, 29, done
  halt 0
done:
  return
.end
";

fn place() -> Place {
    let place = Place::new();
    place.write("tone.asm", TONE);
    place
}

fn samples(place: &Place, name: &str) -> Vec<i16> {
    let file = place.read(name);
    let mut reader = hound::WavReader::new(file.as_slice()).expect("a WAV file");
    let spec = reader.spec();
    assert_eq!((spec.channels, spec.sample_rate, spec.bits_per_sample), (2, 44_100, 16));
    assert_eq!(spec.sample_format, hound::SampleFormat::Int);
    assert_eq!(reader.len() as usize * 2 + 44, file.len());
    reader.samples().map(|sample| sample.expect("a sample")).collect()
}

#[test]
fn the_file_has_every_frame_of_the_run() {
    let place = place();
    let summary = place.json(&["tone.asm", "--wav", "tone.wav"]);
    assert_eq!((&summary["frames"], &summary["sound_peak"]), (&30.into(), &4_096.into()));
    let found = samples(&place, "tone.wav");
    assert_eq!(found.len(), 30 * 2 * 735);
    // Behind the note, what is left of it dies away within milliseconds.
    let (tone, rest) = (2 * 735 * 10..2 * 735 * 20, 2 * 735 * 21..);
    assert!(found[..tone.start].iter().chain(&found[rest]).all(|&sample| sample == 0));
    assert!(found.iter().skip(1).step_by(2).all(|&right| right == 0));
    let left: Vec<i16> = found[tone].iter().copied().step_by(2).collect();
    assert!(left.iter().all(|sample| sample.abs() == 4_096));
    assert_eq!(left.windows(2).filter(|pair| pair[0] < pair[1]).count(), 440 / 6);

    let squares: u64 = found.iter().map(|&sample| u64::from(sample.unsigned_abs()).pow(2)).sum();
    assert_eq!(summary["sound_rms"], (squares / found.len() as u64).isqrt());
    let text = place.good(&["run", "tone.asm"]);
    assert!(text.contains("sound        peak 4,096 of 32,768, rms 1,6"), "{text}");
}

#[test]
fn a_run_that_goes_on_writes_the_rest() {
    let place = place();
    place.good(&["run", "tone.asm", "--wav", "whole.wav", "-q"]);
    place.good(&["run", "tone.asm", "--frames", "13", "--wav", "a.wav", "--save-state", "s", "-q"]);
    place.good(&["run", "tone.asm", "--load-state", "s", "--wav", "b.wav", "-q"]);
    let whole = samples(&place, "whole.wav");
    assert_eq!([samples(&place, "a.wav"), samples(&place, "b.wav")].concat(), whole);
    place.good(&["run", "tone.asm", "--frames", "0", "--wav", "none.wav", "-q"]);
    assert!(samples(&place, "none.wav").is_empty());
}

#[test]
fn a_run_that_traps_keeps_what_was_heard() {
    let place = place();
    place.write("tone.asm", TONE.replace("halt 0", "trap 1"));
    assert_eq!(place.run(&["run", "tone.asm", "--wav", "tone.wav", "-q"]).status, 2);
    assert_eq!(samples(&place, "tone.wav").len(), 30 * 2 * 735);
}

#[test]
fn what_cannot_be_written_is_refused_before_it_runs() {
    let place = place();
    place.write("mute.asm", ".func update()\n return\n.end");
    let error = place.bad(&["run", "mute.asm", "--wav", "x.wav"]);
    assert!(error.contains("mute.asm: it has no sound") && error.contains(".capability audio"), "{error}");
    let error = place.bad(&["run", "tone.asm", "--frames", "1460873", "--wav", "x.wav"]);
    assert!(error.contains("at most 1,460,872 frames"), "{error}");
    assert!(place.bad(&["run", "tone.asm", "--wav", "no/x.wav"]).contains("there is no folder"));
    assert_eq!(place.names(), ["mute.asm", "tone.asm"]);
    let summary = place.json(&["mute.asm", "--frames", "1"]);
    assert!(summary["sound_peak"].is_null() && summary["sound_rms"].is_null());
}

/// Constants and macros of the library mean what they say.
#[test]
fn the_library_plays_what_it_is_asked_for() {
    let place = place();
    place.write("audio.inc", include_str!("../cartridges/lib/audio.inc"));
    let source = ".capability audio
        .include \"audio.inc\"
        .func start()
          .local voice, pan: i32
          pan_of pan, 80, 320
          BODY
          return
        .end
        .func update()
          return
        .end";
    let frequency = |body: &str, range: std::ops::Range<usize>| {
        place.write("play.asm", source.replace("BODY", body));
        place.good(&["run", "play.asm", "--frames", "120", "--wav", "x.wav", "-q"]);
        let found = samples(&place, "x.wav");
        let left: Vec<i16> =
            found[1_470 * range.start..1_470 * range.end].iter().copied().step_by(2).collect();
        60 * left.windows(2).filter(|pair| pair[0] < 0 && pair[1] >= 0).count() / range.len()
    };
    assert!(frequency("blip TRIANGLE, A4, 60", 0..60).abs_diff(440) <= 1);
    assert!(frequency("blip PULSE, B7 - OCTAVE + SEMITONE, 60, 99, pan", 0..60).abs_diff(2_093) <= 2);
    assert!(frequency("swoop voice, PULSE_EIGHTH, C2, C5", 0..1) < 140);
    assert!(
        frequency("swoop voice, PULSE_EIGHTH, C2, C5, 30, 255, pan\n syscall audio.pan(voice, pan)", 28..30)
            .abs_diff(500)
            <= 40
    );
    // A quarter from the left, the right is half as loud.
    let peak =
        |side: usize| samples(&place, "x.wav").iter().skip(side).step_by(2).copied().max().expect("samples");
    assert!(frequency("blip TRIANGLE, A4, 60, 255, pan", 0..60) > 0);
    assert!((peak(0) - 2 * peak(1)).abs() <= 1);
    assert_eq!(frequency("blip NOISE, A4", 60..120), 0, "a blip is over soon");
}

#[cfg(unix)]
#[test]
fn a_pipe_takes_the_file_too() {
    let place = place();
    place.good(&["run", "tone.asm", "--wav", "file.wav", "-q"]);
    let done = place.command(&["run", "tone.asm", "--wav", "/dev/stdout", "-q"]).output().expect("it starts");
    assert!(done.status.success() && done.stdout == place.read("file.wav"));
}
