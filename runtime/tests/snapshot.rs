//! Saving, restoring, forking.

mod common;

use cartwheel_runtime::{Buttons, Config, InputFrame, Limits, Machine, Quotas, RestoreError};
use common::*;
use xxhash_rust::xxh3::xxh3_64;

/// Uses everything that is state: nested calls suspended by the budget and by `frame.sync`, memory, globals, tables, heap,
/// random numbers, the surface, input of the frame before.
const BUSY: &str = "
    .video 32, 24 .cycles 700
    .capability gfx, log, telemetry
    .shape node { value: scalar, next: handle }
    .type step = (i32) -> i32
    .table steps: func 2
    .elem at steps, 0 = double, double
    .global list: handle
    .global count: i32 = 0
    .data noise: i32[64]

    .func double(n: i32) -> i32
      i32.shl n, n, 1
      return n
    .end

    .func main()
      .local i: i32
    again:
      loop
      call grow(3)
      input.pressed i, 0
      syscall gfx.camera(i, 0)
      syscall gfx.pixel(i, 3, 5)
      frame.sync
      br again
    .end

    .func grow(n: i32)
      .local x, at: i32, fresh, old: handle
      br.i32.eq n, 0, leaf
      i32.sub n, n, 1
      call grow(n)
      call grow(n)
    leaf:
      move x, 0
    spin:
      loop
      i32.add x, x, 1
      br.i32.lt_s x, 20, spin
      rng.i32 x
      i32.and at, x, 0xfc
      i32.store [at + noise], x
      call_indirect step, steps, 1(x) -> x
      record.new fresh, node
      record.set fresh, node.value, x
      i32.and at, x, 31
      br.i32.eq at, 0, forget
      global.get_h old, list
      record.set_h fresh, node.next, old
    forget:
      global.set_h list, fresh
      syscall gfx.pixel(at, n, x)
      return
    .end";

fn input(frame: u64) -> InputFrame {
    let bits = (frame.wrapping_mul(0x9e37_79b9) >> 7) as u32 & 0xfff;
    InputFrame { pads: [Buttons::from_bits(bits).expect("buttons"); 4], ..InputFrame::default() }
}

fn run(machine: &mut Machine, frames: u64) -> Vec<String> {
    (0..frames)
        .map(|_| {
            let input = input(machine.frame());
            step_with(machine, &input);
            hash(machine)
        })
        .collect()
}

// covers VM-3
#[test]
fn a_state_restored_at_any_frame_goes_on_the_same() {
    const FRAMES: u64 = 60;
    let expected = run(&mut machine(BUSY), FRAMES);
    let mut first = machine(BUSY);
    let mut ends = Vec::new();
    for frame in 0..FRAMES {
        let bytes = first.save().expect("no panic");
        let mut second = machine(BUSY);
        second.restore(&bytes).expect("a good state");
        assert_eq!(second.save().expect("no panic"), bytes);
        assert_eq!(run(&mut second, FRAMES - frame), expected[frame as usize..], "from frame {frame}");
        ends.push(step_with(&mut first, &input(frame)).end.to_string());
    }
    ends.sort();
    ends.dedup();
    assert_eq!(ends, ["budget spent", "frame.sync"], "both ways to be suspended occur");
}

#[test]
fn a_fork_goes_its_own_way() {
    let mut one = machine(BUSY);
    run(&mut one, 10);
    let mut two = one.fork().expect("no panic");
    let after = run(&mut two, 10);
    step(&mut one);
    assert_ne!(hash(&one), after[0], "other input");
    let mut one = two.fork().expect("no panic");
    assert_eq!(run(&mut one, 5), run(&mut two, 5));
}

#[test]
fn going_back_and_forth_is_the_same_as_going_on() {
    let expected = run(&mut machine(BUSY), 40);
    let mut machine = machine(BUSY);
    for start in (0..36).step_by(3) {
        let bytes = machine.save().expect("no panic");
        assert_eq!(run(&mut machine, 4), expected[start..start + 4]);
        machine.restore(&bytes).expect("its own state");
        run(&mut machine, 3);
    }
}

/// A state with its checksum made good again.
fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
    let content = bytes.len() - 8;
    let sum = xxh3_64(&bytes[..content]);
    bytes[content..].copy_from_slice(&sum.to_le_bytes());
    bytes
}

#[test]
fn truncated_and_changed_bytes_are_refused_and_change_nothing() {
    let mut machine = machine(BUSY);
    run(&mut machine, 7);
    let bytes = machine.save().expect("no panic");
    run(&mut machine, 2);
    let before = hash(&machine);
    let lengths = (0..300).chain((300..bytes.len()).step_by(997)).chain(bytes.len() - 300..bytes.len());
    for len in lengths {
        machine.restore(&bytes[..len]).expect_err("too short");
        let mut short = bytes[..len].to_vec();
        // Eight bytes less and a checksum is the state itself.
        if len > 20 && len + 8 != bytes.len() {
            short.extend([0; 8]);
            machine.restore(&sealed(short)).expect_err("too short");
        }
    }
    for at in (0..bytes.len()).step_by(101).chain(0..300) {
        let mut changed = bytes.clone();
        changed[at] ^= 0x10;
        machine.restore(&changed).expect_err("changed");
    }
    assert_eq!(hash(&machine), before);
    machine.restore(&bytes).expect("the state as it was");
}

#[test]
fn changed_bytes_with_a_good_checksum_are_a_state_or_an_error() {
    let mut machine = machine(BUSY);
    run(&mut machine, 7);
    let bytes = machine.save().expect("no panic");
    let memory = 65_536;
    // All of it but most of linear memory, where every byte is good.
    let places = (0..bytes.len() - memory).map(|i| if i < 2_500 { i } else { i + memory });
    let (mut restored, mut refused) = (0, 0);
    for at in places.filter(|&at| at < bytes.len() - 8) {
        for change in [0x01, 0x80, 0xff] {
            let mut changed = bytes.clone();
            changed[at] ^= change;
            let before = hash(&machine);
            match machine.restore(&sealed(changed)) {
                Err(_) => {
                    refused += 1;
                    assert_eq!(hash(&machine), before);
                }
                Ok(()) => {
                    restored += 1;
                    machine.save().expect("no panic");
                    for _ in 0..2 {
                        step(&mut machine);
                    }
                }
            }
        }
    }
    assert!(restored > 100 && refused > 100, "{restored} {refused}");
}

#[test]
fn states_of_other_machines_are_refused_by_name() {
    let bytes = machine(BUSY).save().expect("no panic");
    let mut other = machine(".func update()\n return\n.end");
    assert!(matches!(other.restore(&bytes), Err(RestoreError::OtherCartridge(_))));
    let limits = Limits { max_frames: 5, ..Limits::default() };
    let mut other = machine_with(Config { limits, ..Config::default() }, BUSY);
    assert_eq!(other.restore(&bytes), Err(RestoreError::OtherLimits));
    let mut empty = Machine::new(Config::default());
    assert!(matches!(empty.restore(&bytes), Err(RestoreError::OtherCartridge(_))));
    let mut none = Machine::new(Config { max_modules: 0, ..Config::default() });
    assert_eq!(none.restore(&bytes), Err(RestoreError::ModuleCount(1, 0)));
    assert_eq!(empty.restore(b"CART"), Err(RestoreError::NotASnapshot));
    assert_eq!(empty.restore(b""), Err(RestoreError::NotASnapshot));
    let with = |at: usize, value: u16| {
        let mut bytes = bytes.clone();
        bytes[at..at + 2].copy_from_slice(&value.to_le_bytes());
        sealed(bytes)
    };
    assert_eq!(empty.restore(&with(4, 9)), Err(RestoreError::Version(9)));
    assert_eq!(empty.restore(&with(6, 9)), Err(RestoreError::Semantics(9)));
}

#[test]
fn budget_and_seed_come_with_the_state() {
    let config = Config { seed: 5, cycles_per_frame: Some(321), ..Config::default() };
    let mut original = machine_with(config, BUSY);
    run(&mut original, 3);
    let bytes = original.save().expect("no panic");
    let mut other = machine(BUSY);
    other.restore(&bytes).expect("a good state");
    assert_eq!((other.cycles_per_frame(MODULE), other.config().seed), (321, 5));
    assert_eq!(run(&mut other, 5), run(&mut original, 5));
}

/// Loaded later, after a state has been restored: whatever the configuration says of it came with the state.
#[test]
fn every_setting_comes_with_the_state_or_is_refused() {
    let source = ".capability fs\n.data n: i32 0\n.func update()\n .local status, request: i32\n rng.i32 request\n \
        i32.store [n], request\n syscall fs.write(\"a\", \"content\") -> status, request\n return\n.end";
    let base = Config::default();
    let configs = [
        Config { seed: 9, ..base },
        Config { cycles_per_frame: Some(777), ..base },
        Config { latency: 5, ..base },
        Config { max_requests: 2, ..base },
        Config { storage_bytes: 3, ..base },
        Config { read_only_storage: true, ..base },
        Config { max_loaded: 3, ..base },
        Config { quotas: Quotas { ports: 9, completions: 2, ..base.quotas }, ..base },
    ];
    let mut roots = vec![];
    for config in configs {
        let mut first = Machine::new(config);
        first.load(common::program(source)).expect("it can be loaded");
        (0..3).for_each(|_| drop(step(&mut first)));
        let saved = first.save().expect("no panic");
        let mut other = Machine::new(base);
        other.add_program(common::program(source));
        other.restore(&saved).expect("the settings come with it");
        assert_eq!(*other.config(), config);
        for machine in [&mut first, &mut other] {
            machine.load(common::program(source)).expect("it can be loaded");
        }
        for _ in 0..10 {
            assert_eq!(step(&mut other), step(&mut first), "{config:?}");
            assert_eq!(hash(&other), hash(&first), "{config:?}");
        }
        roots.push(hash(&first));
        // A state that is refused changes no setting.
        let mut changed = saved.clone();
        let last = changed.len() - 20;
        changed[last] ^= 1;
        other.restore(&changed).expect_err("a wrong checksum");
        let mut empty = Machine::new(base);
        empty.restore(&saved).expect_err("an unknown cartridge");
        assert_eq!((*empty.config(), *other.config()), (base, config));
    }
    roots.sort();
    roots.dedup();
    assert_eq!(roots.len(), configs.len(), "each setting is seen in the hash");
    let mut few = Machine::new(Config { max_modules: 5, ..base });
    few.load(common::program(source)).expect("it can be loaded");
    let mut many = Machine::new(base);
    many.add_program(common::program(source));
    let refused = many.restore(&few.save().expect("no panic"));
    assert_eq!(refused, Err(RestoreError::OtherMaxModules(5, base.max_modules)));
}
