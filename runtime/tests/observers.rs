//! Who watches a machine changes nothing of it.

mod common;

use std::sync::{Arc, Mutex};

use cartwheel_runtime::audit::{Auditor, Chain, Record, SigningKey, verify};
use cartwheel_runtime::{CallRecord, LifecycleEvent, Observer};
use common::{hash, machine, step};

const GAME: &str = "
.video 32, 32
.capability gfx, log, telemetry
.func update()
  .local x, status: i32
  rng.below x, 32
  syscall gfx.pixel(x, x, x)
  syscall telemetry.counter(\"x\", 5) -> status
  syscall log.write(7, \"never\") -> status
  return
.end
";

#[derive(Clone, Default)]
struct Count(Arc<Mutex<(u64, u64, u64)>>);

impl Observer for Count {
    fn called(&mut self, record: &CallRecord) {
        let mut seen = self.0.lock().expect("not poisoned");
        assert_eq!(record.sequence, seen.0);
        seen.0 += 1;
    }

    fn lifecycle(&mut self, _: &LifecycleEvent) {
        self.0.lock().expect("not poisoned").1 += 1;
    }

    fn frame_ended(&mut self, _: u64) {
        self.0.lock().expect("not poisoned").2 += 1;
    }
}

// covers SEC-12
#[test]
fn hashes_and_saved_states_are_the_same_with_and_without_observers() {
    let (mut alone, mut watched) = (machine(GAME), machine(GAME));
    let count = Count::default();
    let (auditor, outbox) = Auditor::new(Chain::new(Some(SigningKey::from_bytes(&[1; 32]))));
    watched.observe(Box::new(count.clone()));
    watched.observe(Box::new(auditor));
    let mut early = Vec::new();
    for frame in 0..50 {
        assert_eq!(step(&mut alone), step(&mut watched));
        assert_eq!(hash(&alone), hash(&watched), "frame {frame}");
        assert_eq!(alone.save(), watched.save(), "frame {frame}");
        if frame == 20 {
            early = watched.save().expect("no panic");
        }
    }
    // Going back is no call, and what was logged stays logged.
    let end = hash(&alone);
    watched.restore(&early).expect("its own state");
    for _ in 21..50 {
        step(&mut watched);
    }
    assert_eq!(hash(&watched), end);
    // A fork is watched by nobody.
    let mut fork = watched.fork().expect("no panic");
    step(&mut fork);
    assert_eq!(*count.0.lock().expect("not poisoned"), (3 * 79, 0, 79));

    drop(watched.stop_observing());
    step(&mut watched);
    assert_eq!(hash(&watched), hash(&fork));
    let mut log = Vec::new();
    outbox.take(&mut log);
    let mut frames = Vec::new();
    let report = verify(log.as_slice(), None, |record| {
        if let Record::Calls(calls) = record {
            assert_eq!(calls.len(), 3);
            frames.push(calls[0].frame);
        }
    });
    assert!(report.is_good(), "{report:?}");
    assert_eq!(frames, (0..50).chain(21..50).collect::<Vec<_>>());
}
