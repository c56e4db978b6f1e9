//! Going back and going on, forks, and rolling back in every frame.

mod common;

use cartwheel_runtime::{InputFrame, Machine, Rewind, SharedState, SyncTest};
use common::{BUSY, buttons, hash, machine, step_with};
use proptest::prelude::*;

// covers VM-3
#[test]
fn every_frame_is_the_same_after_a_rollback() {
    for depth in [1, 2, 7] {
        let (mut plain, mut tested) = (machine(BUSY), machine(BUSY));
        let mut test = SyncTest::new(depth);
        for frame in 0..120 {
            let input = buttons(frame / 5);
            let report = plain.step(&input).expect("no panic");
            let (same, mismatch) = test.step(&mut tested, &input).expect("no panic");
            assert_eq!(mismatch, None, "depth {depth}, frame {frame}");
            assert_eq!((hash(&tested), same.frame), (hash(&plain), report.frame));
            assert_eq!(same.modules[0].cycles, report.modules[0].cycles);
        }
        assert!(plain.instance(common::MODULE).heap_in_use().1 > 0, "the heap was used");
    }
}

/// Sound, and files that are written and read with requests that are always pending.
const BUSY_OUTSIDE: &str = ".capability audio, fs
.data total: i32 0
.data buffer: i32 0
.func start()
  syscall audio.noise(6, 1)
  syscall audio.envelope(6, 30, 50, 100, 300)
  return
.end
.func update()
  .local n, pitch, voice, status, request: i32
  frame.index n
  i32.mul pitch, n, 40
  i32.add pitch, pitch, 9000
  syscall audio.play(2, pitch, 200, n, 5, 1) -> _, voice
  syscall audio.slide(voice, 20000, 11)
  i32.load n, [total]
  i32.add n, n, 1
  i32.store [total], n
  syscall fs.write(\"count\", \"content\") -> status, request
  i32.add n, n, status
  i32.add n, n, request
  i32.store [total], n
  return
.end
";

/// Two modules of different cartridges, the second one with work that takes three frames.
fn duo() -> Machine {
    let mut machine = Machine::new(cartwheel_runtime::Config { latency: 3, ..Default::default() });
    for source in [BUSY, BUSY_OUTSIDE] {
        machine.load(common::program(source)).expect("it can be loaded");
    }
    machine
}

// covers VM-3
#[test]
fn several_modules_with_sound_and_pending_requests_are_the_same_after_a_rollback() {
    let other = cartwheel_runtime::ModuleId(1);
    for depth in [1, 2, 7] {
        let (mut plain, mut tested) = (duo(), duo());
        let mut test = SyncTest::new(depth);
        let mut loud = 0;
        for frame in 0..90 {
            let input = buttons(frame / 5);
            let report = plain.step(&input).expect("no panic");
            let (same, mismatch) = test.step(&mut tested, &input).expect("no panic");
            assert_eq!(mismatch, None, "depth {depth}, frame {frame}");
            assert_eq!((hash(&tested), same), (hash(&plain), report), "depth {depth}, frame {frame}");
            assert_eq!(tested.audio(other), plain.audio(other), "depth {depth}, frame {frame}");
            loud += u32::from(plain.audio(other).is_some_and(|samples| samples.iter().any(|&s| s != 0)));
        }
        let files = plain.storage(other).expect("it has files").files().count();
        assert!(loud > 60 && files == 1, "{loud} frames with sound, {files} files");
    }
}

#[test]
fn a_rollback_that_changes_something_is_found() {
    let mut machine = machine(BUSY);
    let mut test = SyncTest::new(2);
    for frame in 0..5 {
        assert_eq!(test.step(&mut machine, &buttons(frame)).expect("no panic").1, None);
    }
    // Another machine's past: what is kept is not how this one came here.
    let mut other = Machine::new(cartwheel_runtime::Config { seed: 1, ..Default::default() });
    other.load(machine.instance(common::MODULE).program().clone()).expect("it can be loaded");
    (0..5).for_each(|frame| drop(step_with(&mut other, &buttons(frame))));
    let (_, mismatch) = test.step(&mut other, &buttons(5)).expect("no panic");
    assert_eq!(mismatch.map(|found| found.frame), Some(5));
}

#[test]
fn states_that_follow_each_other_share_pages() {
    let source = ".memory 4\n.data n: i32 0\n.func update()\n .local i: i32\n i32.load i, [n]\n i32.add i, i, 1\n i32.store [n], i\n return\n.end";
    let mut machine = machine(source);
    let mut rewind = Rewind::new(100);
    rewind.keep(&machine).expect("no panic");
    let one = rewind.bytes();
    for _ in 0..50 {
        step_with(&mut machine, &InputFrame::default());
        rewind.keep(&machine).expect("no panic");
    }
    assert!(one >= 4 * 65_536 && rewind.bytes() < 2 * one, "{} bytes for 51 states of {one}", rewind.bytes());
}

/// A search that tries something else from one place again and again.
#[test]
fn many_forks_share_what_is_the_same_in_them() {
    let source = ".memory 8\n.data n: i32 0\n.func update()\n .local i: i32\n rng.i32 i\n i32.store [n], i\n \
        input.held i, 0\n i32.store [300000 + i], 1\n return\n.end";
    let mut machine = machine(source);
    let root = SharedState::of(&machine, None).expect("no panic");
    let whole = root.own_bytes(None);
    let mut forks = Vec::new();
    for bits in 0..200 {
        root.restore(&mut machine).expect("its own state");
        step_with(&mut machine, &buttons(bits));
        let fork = SharedState::of(&machine, Some(&root)).expect("no panic");
        forks.push((fork, hash(&machine), bits));
    }
    let own: usize = forks.iter().map(|(fork, ..)| fork.own_bytes(Some(&root))).sum();
    assert!(whole > 8 * 65_536 && own < 200 * 4 * 4_096, "{own} bytes for 200 forks of {whole}");
    for (fork, at, bits) in forks.iter().rev() {
        fork.restore(&mut machine).expect("its own state");
        assert_eq!((hash(&machine), machine.frame()), (at.clone(), fork.frame()));
        let mut plain = common::machine(source);
        step_with(&mut plain, &buttons(*bits));
        step_with(&mut plain, &buttons(1));
        step_with(&mut machine, &buttons(1));
        assert_eq!(hash(&machine), hash(&plain));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn going_back_and_on_again_is_the_same_way(jumps in prop::collection::vec((1..20u64, 0..25u64), 1..8)) {
        let mut machine = machine(BUSY);
        let mut rewind = Rewind::new(12);
        let mut hashes = vec![hash(&machine)];
        for (ahead, back) in jumps {
            for _ in 0..ahead {
                rewind.keep(&machine).expect("no panic");
                let input = buttons(machine.frame() as u32);
                step_with(&mut machine, &input);
                let at = machine.frame() as usize;
                match hashes.get(at) {
                    Some(known) => prop_assert_eq!(known, &hash(&machine)),
                    None => hashes.push(hash(&machine)),
                }
            }
            let (first, last) = rewind.range().expect("states are kept");
            prop_assert!(last - first < 12);
            let to = machine.frame().saturating_sub(back);
            let kept = (first..=last).contains(&to);
            prop_assert_eq!(rewind.back(&mut machine, to), Ok(kept));
            prop_assert_eq!(&hashes[machine.frame() as usize], &hash(&machine));
            // A fork goes its own way and leaves this one alone.
            let mut fork = machine.fork().expect("no panic");
            step_with(&mut fork, &buttons(15));
            prop_assert_eq!(&hashes[machine.frame() as usize], &hash(&machine));
        }
    }
}
