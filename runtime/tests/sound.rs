//! A machine's sound: mixed once a frame, saved in the middle of a note, silent when nothing runs.

mod common;

use cartwheel_runtime::{InputFrame, Machine, SAMPLES_PER_FRAME};
use common::{MODULE, machine};

/// A note every 7 frames, of another instrument each time, that slides.
const NOTES: &str = ".capability audio
.func start()
  syscall audio.noise(6, 1)
  syscall audio.envelope(6, 30, 50, 100, 300)
  return
.end
.func update()
  .local n, at, voice: i32
  frame.index n
  i32.rem_u at, n, 7
  br_if at, done
  i32.and at, n, 7
  i32.mul voice, n, 40
  i32.add voice, voice, 9000
  syscall audio.play(at, voice, 200, n, 5, 1) -> _, voice
  syscall audio.slide(voice, 20000, 11)
done:
  return
.end
";

fn step(machine: &mut Machine) -> (Vec<i16>, String) {
    machine.step(&InputFrame::default()).expect("no panic");
    let samples = machine.audio(MODULE).expect("it has sound").to_vec();
    assert_eq!(samples.len(), 2 * SAMPLES_PER_FRAME);
    (samples, machine.hash().expect("no panic").to_string())
}

// covers VM-3
#[test]
fn a_fork_in_any_frame_sounds_the_same() {
    let mut original = machine(NOTES);
    for _ in 0..40 {
        let mut fork = original.fork().expect("no panic");
        assert!(fork.audio(MODULE).expect("it has sound").iter().all(|&sample| sample == 0));
        let mut ahead = original.fork().expect("no panic");
        for _ in 0..10 {
            assert!(step(&mut fork) == step(&mut ahead));
        }
        let (samples, _) = step(&mut original);
        assert!(samples.iter().any(|&sample| sample != 0));
    }
}

#[test]
fn the_hash_names_the_sound() {
    let (mut a, mut b) = (machine(NOTES), machine(&NOTES.replace("200, n", "201, n")));
    step(&mut a);
    step(&mut b);
    let (a, b) = (a.hash().expect("no panic"), b.hash().expect("no panic"));
    let differing: Vec<&str> =
        a.components().zip(b.components()).filter(|(a, b)| a.2 != b.2).map(|(a, _)| a.1).collect();
    assert_eq!(differing, ["sound"]);
}

#[test]
fn a_module_that_has_ended_is_silent_after_its_last_frame() {
    let mut machine = machine(&NOTES.replace("done:", "done:\n  br.i32.ne n, 3, on\n  halt 0\non:"));
    for frame in 0..6 {
        let heard = step(&mut machine).0.iter().any(|&sample| sample != 0);
        assert_eq!(heard, frame <= 3, "{frame}");
    }
}

#[test]
fn a_module_without_the_capability_has_no_sound() {
    let mut machine = machine(".func update()\n return\n.end");
    machine.step(&InputFrame::default()).expect("no panic");
    assert!(machine.audio(MODULE).is_none());
}

/// While an update outlives its frame, sound goes on.
#[test]
fn sound_goes_on_while_a_module_computes() {
    let endless = NOTES.replace("done:", "done:\nagain:\n  loop\n  br again");
    let mut machine = machine(&endless);
    for _ in 0..5 {
        assert!(step(&mut machine).0.iter().any(|&sample| sample != 0));
    }
}
