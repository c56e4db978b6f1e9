//! Any bytes as any file: a clear error, and no half-written output.

mod common;

use common::{Done, Place};

const GAME: &str = ".video 8, 8 .capability gfx, log
.shape node { value: scalar, next: handle }
.table t: func 2
.elem at t, 0 = update
.global g: i64 = 5
.asset a data = \"bytes\"
.export update
.data d: i32 1, 2, 3
.func start()
  .local h: handle
  syscall log.write(1, \"hello\")
  record.new h, node
  return
.end
.func update()
  .local n: i32
  i32.load n, [d]
  i32.add n, n, 1
  i32.store [d], n
  syscall gfx.pixel(n, n, n)
  return
.end
";

fn place() -> Place {
    let place = Place::new();
    place.write("game.asm", GAME);
    place.good(&["asm", "game.asm", "-o", "game.cart"]);
    place.good(&["run", "game.cart", "--frames", "3", "--save-state", "game.state", "-q"]);
    place
}

/// All lengths up to 200 and some of the others.
fn lengths(len: usize) -> impl Iterator<Item = usize> {
    (0..len).filter(move |&i| i < 40 || i % (len / 60).max(1) == 0 || i + 20 > len)
}

#[test]
fn truncated_and_changed_cartridges_are_refused() {
    let place = place();
    let cart = place.read("game.cart");
    for len in lengths(cart.len()) {
        place.write("short.cart", &cart[..len]);
        let error = place.bad(&["run", "short.cart", "--hashes", "h.txt"]);
        assert!(error.contains("short.cart: "), "{error}");
    }
    for at in lengths(cart.len()) {
        let mut changed = cart.clone();
        changed[at] ^= 0x41;
        place.write("changed.cart", &changed);
        for verb in [&["run"][..], &["info"], &["disasm"]] {
            place.bad(&[verb, &["changed.cart"]].concat());
        }
    }
    assert_eq!(place.names(), ["changed.cart", "game.asm", "game.cart", "game.state", "short.cart"]);
}

#[test]
fn truncated_and_changed_states_are_refused() {
    let place = place();
    let state = place.read("game.state");
    place.good(&["run", "game.cart", "--load-state", "game.state", "-q"]);
    for len in lengths(state.len()) {
        place.write("short.state", &state[..len]);
        let error = place.bad(&["run", "game.cart", "--load-state", "short.state", "--save-state", "s"]);
        assert!(error.contains("short.state: "), "{error}");
        let mut changed = state.clone();
        changed[len] ^= 0x80;
        place.write("short.state", &changed);
        place.bad(&["run", "game.cart", "--load-state", "short.state", "--save-state", "s"]);
    }
    place.write("other.asm", ".func update()\n return\n.end");
    let error = place.bad(&["run", "other.asm", "--load-state", "game.state"]);
    assert!(error.contains("another cartridge"), "{error}");
    assert!(!place.names().contains(&"s".to_owned()));
}

#[test]
fn changed_sources_and_inputs_run_or_are_refused_with_their_place() {
    let place = place();
    let inputs = b"# comment\n|U...A.......|*3\n||R|||5,6,L|\n".to_vec();
    for seed in 0..150u64 {
        let mut noise = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut next = |below: usize| {
            noise ^= noise << 13;
            noise ^= noise >> 7;
            noise ^= noise << 17;
            (noise % below as u64) as usize
        };
        let mut source = GAME.as_bytes().to_vec();
        for _ in 0..1 + next(4) {
            let at = next(source.len());
            source[at] = [b'(', b'.', 0, 0xff, b'9', b'"', b'\n', b'r'][next(8)];
        }
        place.write("noisy.asm", &source);
        let Done { status, stderr, .. } = place.run(&["run", "noisy.asm", "--frames", "3", "-q"]);
        assert!(status != 1 || stderr.contains("noisy.asm:"), "{stderr}");
        let mut text = inputs.clone();
        let at = next(text.len());
        text[at] = [b'|', b'*', 0, 0xff, b'9', b',', b'\n', b'U'][next(8)];
        place.write("noisy.txt", &text);
        let Done { status, stderr, .. } =
            place.run(&["run", "game.cart", "--input", "noisy.txt", "--frames", "3", "-q"]);
        assert!(status != 1 || stderr.contains("noisy.txt:"), "{stderr}");
    }
}

#[test]
fn files_that_are_none_are_named() {
    let place = place();
    for args in [
        &["run", "missing"][..],
        &["run", "game.cart", "--input", "missing"],
        &["run", "game.cart", "--load-state", "missing"],
        &["info", "missing"],
        &["disasm", "missing"],
        &["asm", "missing"],
    ] {
        assert!(place.bad(args).contains("missing: cannot read it"), "{args:?}");
    }
    place.write("empty", "");
    place.write("module.wasm", b"\0asm\x01\0\0\0");
    assert!(place.bad(&["run", "module.wasm"]).contains("nothing to run"));
    place.write("cut.wasm", b"\0asm\x01\0\0\0\x01\x7f");
    assert!(place.bad(&["run", "cut.wasm"]).contains("at byte 0x"));
    assert!(place.bad(&["disasm", "empty"]).contains("not a Cartwheel cartridge"));
    // An empty program is a library.
    assert!(place.bad(&["run", "empty"]).contains("library"));
    for option in ["--hashes", "--png", "--save-state"] {
        let error = place.bad(&["run", "game.cart", option, "no/such/file"]);
        assert!(error.contains("no/such/file: cannot write it: there is no folder no/such"), "{error}");
        assert!(place.bad(&["run", "game.cart", option, "."]).contains("it is a folder"));
    }
}

#[test]
fn machine_files_and_traces_are_no_cartridges() {
    let place = place();
    place.write("machine.toml", "[[module]]\ncartridge = \"game.cart\"\n");
    place.good(&["run", "game.cart", "--frames", "3", "--record", "game.trace", "-q"]);
    for verb in ["info", "asm", "call"] {
        let export: &[&str] = if verb == "call" { &["update"] } else { &[] };
        let error = place.bad(&[&[verb, "machine.toml"], export].concat());
        assert!(error.contains("machine.toml: a machine file is a whole machine"), "{error}");
        let error = place.bad(&[&[verb, "game.trace"], export].concat());
        assert!(error.contains("game.trace: it is a trace; `replay` runs it"), "{error}");
    }
    assert!(place.bad(&["run", "game.trace"]).contains("game.trace: it is a trace"));
}

#[test]
fn numbers_below_zero_are_refused_by_the_option_that_they_are_for() {
    let place = place();
    for (option, value) in
        [("--frames", "-1"), ("--storage-quota", "-5"), ("--cycles", "-2"), ("--scale", "-3")]
    {
        let error = place.bad(&["run", "game.cart", option, value]);
        assert!(error.contains(&format!("invalid value '{value}' for '{option} <")), "{error}");
    }
    let error = place.bad(&["audit", "show", "game.audit", "--module", "-1"]);
    assert!(error.contains("invalid value '-1' for '--module <N>'"), "{error}");
}

#[test]
fn a_file_is_written_by_one_option_and_read_by_none() {
    let place = place();
    place.write("i.txt", "||\n");
    place.good(&["run", "game.cart", "--frames", "3", "--record", "game.trace", "-q"]);
    for (args, said) in [
        (&["--png", "a.png", "--gif", "./a.png"][..], "./a.png: --png and --gif would both write it"),
        (&["--hashes", "a", "--record", "a"], "a: --record and --hashes would both write it"),
        (&["--save-state", "game.cart"], "game.cart: --save-state would write over it, and the run reads it"),
        (
            &["--input", "i.txt", "--hashes", "i.txt"],
            "i.txt: --hashes would write over it, and --input reads it",
        ),
    ] {
        let error = place.bad(&[&["run", "game.cart"], args].concat());
        assert!(error.contains(said), "{args:?}: {error}");
    }
    let error = place.bad(&["replay", "game.trace", "--hashes", "game.trace"]);
    assert!(error.contains("and the replay reads it"), "{error}");
    assert_eq!(place.names(), ["game.asm", "game.cart", "game.state", "game.trace", "i.txt"]);
    place.good(&["run", "game.cart", "--frames", "3", "--hashes", "/dev/null", "--save-state", "/dev/null"]);
}

#[test]
fn a_storage_that_is_a_file_is_called_one() {
    let place = place();
    place.write("saves.asm", GAME.replace("gfx, log", "gfx, log, fs"));
    let error = place.bad(&["run", "saves.asm", "--storage", "game.asm"]);
    assert!(error.contains("game.asm: not a storage: it is a file, and a folder is wanted"), "{error}");
}

#[cfg(target_os = "linux")]
#[test]
fn full_disks_are_reported() {
    let place = place();
    let error = place.bad(&["run", "game.cart", "--hashes", "/dev/full"]);
    assert!(error.contains("/dev/full: cannot write it: No space left"), "{error}");
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("it is there");
    let output = place.command(&["info", "game.cart"]).stdout(full).output().expect("the command starts");
    let done = Done::from(output);
    assert_eq!(done.status, 1);
    assert!(done.stderr.starts_with("error: cannot write to standard output"), "{}", done.stderr);
}
