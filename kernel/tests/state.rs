//! What the services have of a module is one value: saved, restored and hashed.

mod common;

use cartwheel_hostabi::Status;
use cartwheel_kernel::{FrameFigures, RestoreError, default_palette};
use common::{MODULE, Rig};
use proptest::prelude::*;

/// A rig in which everything that is state differs from its start.
fn used() -> Rig {
    let mut rig = Rig::new(20, 10, vec![b'x'; 100]);
    rig.kernel.end_frame(MODULE, FrameFigures { frame: 41, cycles: 7, ..FrameFigures::default() });
    rig.call("gfx.rect_fill", &[2, 2, 9, 5, 77]);
    rig.call("gfx.palette", &[77, 0x12_3456]);
    rig.call("gfx.clip", &[1, 2, 12, 6]);
    rig.call("gfx.camera", &[-5, i32::MAX]);
    rig.call("log.write", &[1, 0, 10]);
    rig.call("telemetry.begin", &[0, 3]);
    rig
}

fn play(rig: &mut Rig) {
    rig.call("gfx.camera", &[-5, 3]);
    rig.call("gfx.circle_fill", &[3, 7, 6, 5]);
    rig.call("telemetry.begin", &[0, 3]);
    rig.call("telemetry.frame", &[0, 64]);
    rig.call("log.write", &[2, 0, 64]);
}

#[test]
fn a_restored_module_goes_on_as_the_saved_one() {
    let mut original = used();
    let saved = original.saved();
    let mut restored = Rig::new(20, 10, original.guest.memory.clone());
    assert_ne!(original.hashes(), restored.hashes());
    restored.kernel.restore(MODULE, &saved).expect("it was saved so");
    assert_eq!(restored.saved(), saved);
    assert_eq!(restored.hashes(), original.hashes());
    play(&mut original);
    play(&mut restored);
    assert_eq!(restored.saved(), original.saved());
    assert_eq!(restored.hashes(), original.hashes());
    assert_eq!(restored.guest.memory, original.guest.memory);
}

/// Every part of the state changes its own component of the hash and no other.
#[test]
fn hashes_name_the_component() {
    let names: Vec<&str> = used().hashes().iter().map(|(name, _)| *name).collect();
    assert_eq!(names[..5], ["video", "log", "telemetry", "sound", "kernel"]);
    assert_eq!(names.last(), Some(&"memory of the origin"));
    type Change = fn(&mut Rig);
    let cases: [(usize, Change); 10] = [
        (4, |rig| drop(rig.call("kernel.exec", &[0, 1, 0, 0]))),
        (8, |rig| drop(rig.call("kernel.memory_set", &[0, 1, 0, 1]))),
        (0, |rig| drop(rig.call("gfx.pixel", &[0, 0, 1]))),
        (0, |rig| drop(rig.call("gfx.palette", &[3, 1]))),
        (0, |rig| drop(rig.call("gfx.clip", &[0, 0, 3, 3]))),
        (0, |rig| drop(rig.call("gfx.camera", &[0, 1]))),
        (1, |rig| drop(rig.call("log.write", &[0, 0, 0]))),
        (2, |rig| rig.kernel.end_frame(MODULE, FrameFigures::default())),
        (2, |rig| drop(rig.call("telemetry.begin", &[0, 3]))),
        (2, |rig| {
            let args = [0, 1].map(|arg: i32| arg.into()).into_iter().chain([0i64.into()]).collect::<Vec<_>>();
            rig.try_call("telemetry.counter", &args).expect("a good call");
        }),
    ];
    for (component, change) in cases {
        let mut rig = Rig::new(20, 10, vec![b'x'; 100]);
        let before = rig.hashes();
        change(&mut rig);
        let after = rig.hashes();
        for i in 0..before.len() {
            assert_eq!(before[i] != after[i], i == component, "{component} {i}");
        }
    }
}

/// A hash that was kept from the frame before is the one that would be taken now.
#[test]
fn kept_hashes_are_never_stale() {
    let mut rig = used();
    for change in [
        ("gfx.clear", &[9][..]),
        ("gfx.palette", &[1, 2]),
        ("gfx.clip", &[3, 3, 3, 3]),
        ("gfx.camera", &[1, 2]),
        ("gfx.pixel", &[4, 5, 6]),
        ("gfx.size", &[]),
    ] {
        rig.kernel.end_frame(MODULE, FrameFigures::default());
        let kept = rig.hashes();
        rig.call(change.0, change.1);
        let mut fresh = Rig::new(20, 10, Vec::new());
        fresh.kernel.restore(MODULE, &rig.saved()).expect("it was saved so");
        assert_eq!(rig.hashes(), fresh.hashes(), "{}", change.0);
        assert_eq!(rig.hashes() == kept, change.0 == "gfx.size");
    }
}

/// Restoring forgets the hash that was kept of another picture.
#[test]
fn a_restored_picture_has_its_own_hash() {
    let (mut a, mut b) = (used(), Rig::new(20, 10, Vec::new()));
    a.kernel.end_frame(MODULE, FrameFigures::default());
    b.kernel.end_frame(MODULE, FrameFigures::default());
    assert_ne!(a.hashes(), b.hashes());
    b.kernel.restore(MODULE, &a.saved()).expect("it was saved so");
    assert_eq!(a.hashes(), b.hashes());
}

/// Bytes in front of what the services save: a flag, and the number of keys that the origin remembers.
const FRONT: usize = 5;

#[test]
fn saved_bytes_have_one_meaning_on_every_machine() {
    let mut rig = Rig::new(2, 1, Vec::new());
    rig.call("gfx.pixel", &[1, 0, 7]);
    rig.call("gfx.camera", &[-2, 258]);
    // Nothing was done to policy and trust, and the origin remembers nothing.
    let saved = rig.saved();
    assert_eq!(saved[..FRONT], [0; FRONT]);
    let saved = &saved[FRONT..];
    assert_eq!(saved[..21], [1, 2, 0, 1, 0, 0, 0, 0, 0, 2, 0, 1, 0, 0xfe, 0xff, 0xff, 0xff, 2, 1, 0, 0]);
    let palette: Vec<u8> = default_palette().iter().flat_map(|rgb| rgb.to_le_bytes()).collect();
    assert_eq!(saved[21..21 + 1024], palette);
    assert_eq!(saved[21 + 1024..][..12], [0, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
}

#[test]
fn bytes_that_do_not_fit_are_refused_and_change_nothing() {
    let mut rig = used();
    let saved = rig.saved();
    for len in 0..saved.len() {
        assert_eq!(rig.kernel.restore(MODULE, &saved[..len]), Err(RestoreError::Truncated), "{len}");
    }
    let more = [&saved[..], &[0]].concat();
    assert_eq!(rig.kernel.restore(MODULE, &more), Err(RestoreError::TrailingBytes));
    let other = Rig::new(10, 20, Vec::new()).saved();
    assert_eq!(rig.kernel.restore(MODULE, &other), Err(RestoreError::VideoMode));
    // Clip beyond the surface, right before left, a palette entry of 25 bits.
    for (place, value) in [(9, 21), (5, 14), (21 + 3, 1)] {
        let mut bad = saved.clone();
        bad[FRONT + place] = value;
        assert_eq!(rig.kernel.restore(MODULE, &bad), Err(RestoreError::Value), "{place}");
    }
    assert_eq!(rig.saved(), saved);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is accepted is a state that works and saves as the same bytes.
    #[test]
    fn hostile_bytes_are_refused_or_harmless(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let mut rig = used();
        let mut bytes = rig.saved();
        for (place, value) in changes {
            // Mostly where it matters: before and behind the pixels.
            let place = place.index(2 * bytes.len());
            let place = if place < bytes.len() { place } else { place % 30 };
            bytes[place] = value;
        }
        let before = rig.saved();
        match rig.kernel.restore(MODULE, &bytes) {
            Ok(()) => {
                prop_assert_eq!(rig.saved(), bytes);
                play(&mut rig);
            }
            Err(_) => prop_assert_eq!(rig.saved(), before),
        }
    }
}

#[test]
fn the_palette_starts_as_documented() {
    let rig = Rig::new(1, 1, Vec::new());
    let palette = *rig.kernel.surface(MODULE).expect("a surface").palette;
    assert_eq!(palette, default_palette());
    assert!(palette.iter().all(|rgb| *rgb <= 0xff_ffff));
    let light = |rgb: u32| 2 * (rgb >> 16) + 3 * (rgb >> 8 & 0xff) + (rgb & 0xff);
    assert!((1..16).all(|i| light(palette[i]) > light(palette[0])), "the background is the darkest");
    assert_eq!(
        (palette[16], palette[231], palette[16 + 36 * 5], palette[21]),
        (0, 0xff_ffff, 0xff_0000, 0xff)
    );
    assert!((232..255).all(|i| palette[i] < palette[i + 1]));
    assert_eq!((palette[232], palette[255]), (0x0c_0c0c, 0xf2_f2f2));
}

#[test]
fn a_changed_colour_reads_back() {
    let mut rig = Rig::new(1, 1, Vec::new());
    rig.call("gfx.palette", &[-1, -1]);
    assert_eq!(rig.call("gfx.palette_get", &[255]), [0xff_ffff]);
    assert_eq!(rig.call("gfx.palette_get", &[256]), [default_palette()[0] as i32]);
    assert_eq!(Status::Ok.code(), 0);
}
