//! WASM-4's sound: what tones come to in samples.

mod common;

use cartwheel_kernel::FrameFigures;
use common::{MODULE, Rig};

/// Left and right samples of a frame.
fn frame(rig: &mut Rig) -> Vec<(i16, i16)> {
    rig.kernel.begin_frame(MODULE);
    rig.kernel.end_frame(MODULE, FrameFigures::default());
    let samples = rig.kernel.audio(MODULE).expect("a game has sound");
    assert_eq!(samples.len(), 735 * 2);
    samples.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect()
}

fn played(tones: &[[i32; 4]], frames: usize) -> Vec<(i16, i16)> {
    let mut rig = Rig::wasm4();
    for tone in tones {
        rig.call("wasm4.tone", tone);
    }
    (0..frames).flat_map(|_| frame(&mut rig)).collect()
}

fn left(samples: &[(i16, i16)]) -> Vec<i32> {
    samples.iter().map(|&(left, _)| left.into()).collect()
}

/// How often a wave rises through zero.
fn rises(samples: &[i32]) -> usize {
    samples.windows(2).filter(|pair| pair[0] < 0 && pair[1] >= 0).count()
}

fn loudest(samples: &[i32]) -> i32 {
    samples.iter().map(|sample| sample.abs()).max().expect("samples")
}

#[test]
fn nothing_sounds_without_a_tone_and_after_it() {
    assert!(played(&[], 2).iter().all(|&pair| pair == (0, 0)));
    let samples = left(&played(&[[440, 2, 100, 0]], 3));
    // An edge can fall on a sample, and there it is halfway.
    assert!(samples[..2 * 735].iter().filter(|&&sample| sample == 0).count() < 40);
    assert!(samples[2 * 735..].iter().all(|&sample| sample == 0));
    // A tone of no length ends the one before it.
    assert!(played(&[[440, 60, 100, 0], [440, 0, 100, 0]], 1).iter().all(|&pair| pair == (0, 0)));
    // One of no volume is there and cannot be heard.
    assert!(played(&[[440, 60, 0, 0]], 1).iter().all(|&pair| pair == (0, 0)));
}

#[test]
fn waves_have_their_frequency_and_full_volume() {
    for channel in 0..3 {
        for hertz in [50, 220, 441, 1_000, 5_000] {
            let samples = left(&played(&[[hertz, 60, 100, channel]], 60));
            let periods = rises(&samples) as i32;
            assert!((periods - hertz).abs() <= 1, "channel {channel}: {periods} periods, {hertz} Hz");
            let full = if channel == 2 { 0x2000 } else { 0x1333 };
            let loudest = loudest(&samples);
            assert!(loudest <= full && loudest > full * 8 / 10, "channel {channel} {hertz}: {loudest}");
        }
    }
}

#[test]
fn a_pulse_is_high_for_its_duty() {
    for (duty, eighths) in [(0, 1), (1, 2), (2, 4), (3, 2)] {
        let samples = left(&played(&[[100, 60, 100, 1 | duty << 2]], 60));
        let high = samples.iter().filter(|&&sample| sample > 0).count() as i32;
        assert!((high - 44_100 * eighths / 8).abs() < 250, "duty {duty}: {high}");
    }
}

#[test]
fn volume_and_envelope_shape_the_tone() {
    let level = |samples: &[(i16, i16)], frame: usize| loudest(&left(&samples[frame * 735..][..735]));
    let half = played(&[[440, 10, 50, 0]], 1);
    assert_eq!(level(&half, 0), 0x1333 / 2);
    // More than everything is everything.
    assert_eq!(level(&played(&[[440, 10, 255, 0]], 1), 0), 0x1333);
    // Ten frames each of attack to 80, decay to 40, sustain, and release.
    let samples = played(&[[440, 10 | 10 << 8 | 10 << 16 | 10 << 24, 40 | 80 << 8, 0]], 41);
    let levels: Vec<i32> = (0..41).map(|frame| level(&samples, frame)).collect();
    assert!(levels[..10].windows(2).all(|pair| pair[0] < pair[1]), "{levels:?}");
    assert!((levels[9] - 0x1333 * 80 / 100).abs() < 100);
    assert!(levels[10..20].windows(2).all(|pair| pair[0] > pair[1]), "{levels:?}");
    assert!(levels[20..30].iter().all(|&level| level == 0x1333 * 40 / 100));
    assert!(levels[30..41].windows(2).all(|pair| pair[0] > pair[1]), "{levels:?}");
    assert_eq!(levels[40], 0);
    // Without a peak of its own the attack goes to full volume.
    let samples = played(&[[440, 1 << 24, 0, 0]], 1);
    assert!(level(&samples, 0) > 0x1333 * 9 / 10);
}

#[test]
fn a_slide_goes_evenly_from_one_frequency_to_the_other() {
    let samples = left(&played(&[[200 | 600 << 16, 60, 100, 2]], 60));
    let quarters: Vec<usize> = samples.chunks(44_100 / 4).map(rises).collect();
    for (quarter, expected) in quarters.iter().zip([62, 87, 112, 137]) {
        assert!(quarter.abs_diff(expected) <= 2, "{quarters:?}");
    }
}

#[test]
fn notes_are_numbers_with_a_bend() {
    for (note, bend, hertz) in [
        (69, 0, 440.0),
        (81, 0, 880.0),
        (57, 0, 220.0),
        (60, 0, 261.63),
        (69, 128, 452.89),
        (0, 0, 8.18),
        (69, 255, 466.06),
    ] {
        let samples = left(&played(&[[note | bend << 8, 120, 100, 0x40 | 2], [440, 0, 0, 0]], 240));
        let seconds = 120.0 / 60.0;
        assert!(
            (rises(&samples) as f64 - hertz * seconds).abs() <= 1.5,
            "note {note} {bend}: {}",
            rises(&samples)
        );
    }
    // A slide between two notes.
    let samples = left(&played(&[[57 | 81 << 16, 60, 100, 0x40 | 2]], 60));
    assert!((rises(&samples) as i32 - 550).abs() <= 2, "{}", rises(&samples));
    // The highest note that can be named is nothing that breaks.
    played(&[[0xffff, 60, 100, 0x40], [-1, -1, -1, 0x42]], 2);
}

#[test]
fn tones_go_to_the_left_the_right_or_both() {
    for (pan, (left_on, right_on)) in
        [(0, (true, true)), (1, (true, false)), (2, (false, true)), (3, (true, true))]
    {
        let samples = played(&[[440, 10, 100, pan << 4]], 1);
        assert_eq!(samples.iter().any(|&(left, _)| left != 0), left_on, "{pan}");
        assert_eq!(samples.iter().any(|&(_, right)| right != 0), right_on, "{pan}");
    }
    // All four channels at once are their sum.
    let tones = [0, 1, 2, 3].map(|channel| [300 + 100 * channel, 10, 100, channel]);
    let together = left(&played(&tones, 1));
    let alone: Vec<Vec<i32>> = tones.iter().map(|&tone| left(&played(&[tone], 1))).collect();
    for (i, sum) in together.iter().enumerate() {
        assert_eq!(*sum, alone.iter().map(|samples| samples[i]).sum::<i32>());
    }
}

#[test]
fn noise_is_a_xorshift_that_steps_by_the_square_of_the_frequency() {
    // At 1,000 Hz it steps once in a sample.
    let samples = left(&played(&[[1_000, 60, 100, 3]], 2));
    let mut state = 1u16;
    for sample in &samples {
        state ^= state >> 7;
        state ^= state << 9;
        state ^= state >> 13;
        assert_eq!(*sample, if state & 1 == 1 { 0x1333 } else { -0x1333 });
    }
    let changes = |hertz: i32| {
        let samples = left(&played(&[[hertz, 60, 100, 3]], 60));
        samples.windows(2).filter(|pair| pair[0] != pair[1]).count() as f64
    };
    let ratio = changes(400) / changes(200);
    assert!((3.6..4.4).contains(&ratio), "twice the frequency is four times the steps: {ratio}");
}

#[test]
fn a_tone_that_replaces_another_does_not_click() {
    let mut rig = Rig::wasm4();
    rig.call("wasm4.tone", &[100, 60, 100, 2]);
    let before = left(&frame(&mut rig));
    rig.call("wasm4.tone", &[110, 60, 100, 2]);
    let after = left(&frame(&mut rig));
    // A step of the triangle at these frequencies is some hundred at most.
    assert!((before[734] - after[0]).abs() < 200, "{} {}", before[734], after[0]);
    // And one that begins in silence begins at zero.
    assert!(before[0].abs() < 200);
}
