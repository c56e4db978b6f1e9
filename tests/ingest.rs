//! Keys, signatures, the store, and cartridges that become others, through the real command.

mod common;

use common::{Done, Place};

/// A folder with a key, a ring with it, and two versions of the updater: `u1.cart`, and `up/updater2.cart`.
fn place() -> Place {
    let place = Place::new();
    place.good(&["keygen", "studio.key", "-q"]);
    let public = place.text("studio.key.pub");
    place.write("ring.toml", format!("[[key]]\nname = \"studio\"\npublic = \"{}\"\n", public.trim()));
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("cartridges/updater");
    let path = |name: &str| folder.join(name).to_str().expect("UTF-8").to_owned();
    std::fs::create_dir(place.path("up")).expect("a folder");
    place.good(&["asm", &path("updater.asm"), "-o", "u1.cart"]);
    place.good(&["asm", &path("updater2.asm"), "-o", "up/updater2.cart"]);
    place
}

fn sign(place: &Place, cart: &str, version: &str) {
    place.good(&["sign", cart, "--key", "studio.key", "--name", "demo/updater", "--release", version, "-q"]);
}

fn actions(summary: &serde_json::Value) -> Vec<String> {
    let actions = summary["actions"].as_array().expect("a list");
    actions.iter().map(|action| action["action"].as_str().expect("a text").to_owned()).collect()
}

// covers ABI-7 SEC-7
#[test]
fn a_cartridge_updates_itself_from_a_mount_and_the_run_replays_without_it() {
    let place = place();
    sign(&place, "u1.cart", "1");
    sign(&place, "up/updater2.cart", "2");
    let args = ["u1.cart", "--keys", "ring.toml", "--mount", "updates=up", "--frames", "200"];
    let extra = [
        "--record",
        "r.trace",
        "--keyframes",
        "50",
        "--hashes",
        "run.txt",
        "--audit",
        "log",
        "--png",
        "p.png",
    ];
    let summary = place.json(&[args.as_slice(), &extra].concat());
    let told = actions(&summary);
    assert_eq!(told[0], "module 0 became `demo/updater` version 2, signed");
    assert!(told[1] == "module 0 failed to fetch: there is no updates:updater3.cart", "{}", told[1]);
    place.good(&["audit", "verify", "log"]);
    let log = place.good(&["audit", "show", "log"]);
    assert!(log.contains("event: ingest address updates:updater2.cart, adopted "), "{log}");
    assert!(log.contains("level signed, release demo/updater, version 2"), "{log}");
    assert!(log.contains("failed fetch, reason "), "{log}");

    // Neither ring nor mount is there any more: all of it is in the trace.
    for gone in ["ring.toml", "studio.key", "up/updater2.cart"] {
        std::fs::remove_file(place.path(gone)).expect("it was there");
    }
    place.good(&["verify", "."]);
    place.good(&["verify", "r.trace"]);
    place.good(&["replay", "r.trace", "--hashes", "again.txt", "-q"]);
    assert!(place.text("run.txt") == place.text("again.txt"));
    place.good(&["replay", "r.trace", "--from", "170", "--hashes", "late.txt", "-q"]);
    assert!(place.text("run.txt").ends_with(&place.text("late.txt")));
    assert_eq!(place.text("late.txt").lines().count(), 30);
    // Each of both versions is a module of the profile.
    let profile = place.good(&["profile", "r.trace"]);
    assert!(profile.contains("module       Updater 1\nframes       60 "), "{profile}");
    assert!(profile.contains("module       Updater 2 from frame 60\nframes       140 "), "{profile}");
}

// covers VM-3 ABI-7
#[test]
fn a_state_with_an_ingest_on_its_way_goes_on_in_another_process() {
    let place = place();
    let mounted = ["--mount", "updates=up"];
    let run = |cart: &str, args: &[&str]| place.good(&[&["run", cart, "-q"], args].concat());
    run(
        "u1.cart",
        &[&mounted[..], &["--latency", "5", "--cycles", "3000", "--frames", "90", "--hashes", "whole.txt"]]
            .concat(),
    );
    let whole = place.text("whole.txt");
    for (at, rest) in [("60", "30"), ("61", "29"), ("63", "27"), ("64", "26")] {
        run(
            "u1.cart",
            &[
                &mounted[..],
                &[
                    "--latency",
                    "5",
                    "--cycles",
                    "3000",
                    "--frames",
                    at,
                    "--hashes",
                    "a.txt",
                    "--save-state",
                    "s",
                ],
            ]
            .concat(),
        );
        // What was delivered is in the state; before that, the host has to fetch it.
        let mounts: &[&str] = if at == "60" { &mounted } else { &[] };
        // Latency and cycles per frame are in the state.
        let args = [mounts, &["--frames", rest, "--hashes", "b.txt", "--load-state", "s"]].concat();
        run("u1.cart", &args);
        assert!(place.text("a.txt") + &place.text("b.txt") == whole, "saved after {at} frames");
    }
}

// covers ABI-7
#[test]
fn an_update_that_is_refused_leaves_the_cartridge_as_it_is() {
    let place = place();
    sign(&place, "u1.cart", "3");
    let run = |about: &str| {
        let args = ["u1.cart", "--keys", "ring.toml", "--mount", "updates=up", "--frames", "70"];
        let told = actions(&place.json(&args));
        assert_eq!(told.len(), 1);
        assert!(told[0].contains(about), "{about}: {}", told[0]);
        place.state_hash(&args)
    };
    let unsigned = run("failed to validate: it is not signed");
    sign(&place, "up/updater2.cart", "2");
    let older = run("failed to validate: `demo/updater` version 2 is older than version 3");
    // Only the reason that they were told differs.
    assert_ne!(unsigned, older);
    let mut bytes = place.read("up/updater2.cart");
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    place.write("up/updater2.cart", &bytes);
    run("failed to validate: the signature names the key `studio`");
    bytes[100] ^= 1;
    place.write("up/updater2.cart", &bytes);
    run("failed to validate: ");
    place.write("up/updater2.cart", "");
    run("failed to validate: not a Cartwheel cartridge");
}

#[test]
fn a_run_under_a_ring_begins_with_validation() {
    let place = place();
    let run = |more: &[&str]| {
        place.run(&[&["run", "u1.cart", "--frames", "2", "-q", "--keys", "ring.toml"], more].concat())
    };
    let refused = |done: Done, reason: &str| {
        assert_eq!(done.status, 1);
        assert!(done.stderr.contains(reason), "{}", done.stderr);
    };
    refused(run(&[]), "it is not signed");
    place.good(&["run", "u1.cart", "--frames", "2", "-q"]);
    let args =
        ["--key", "studio.key", "--name", "demo/updater", "--release", "1", "--expires", "2026-12-31", "-q"];
    place.good(&[&["sign", "u1.cart"], args.as_slice()].concat());
    refused(run(&[]), "nobody says what day it is");
    refused(run(&["--as-of", "2027-01-01"]), "good until 2026-12-31; it is 2027-01-01");
    refused(run(&["--as-of", "soon"]), "a day is like 2026-12-31");
    assert_eq!(run(&["--as-of", "2026-12-31"]).status, 0);
    // Without a ring a signature means nothing, and does no harm.
    place.good(&["run", "u1.cart", "--frames", "2", "-q"]);
    place.write("bad.toml", "[[key]]\nname = 1\n");
    assert!(place.bad(&["run", "u1.cart", "--keys", "bad.toml"]).contains("bad.toml:2:8"));
    for (mount, reason) in [("updates=nowhere", "no such folder"), ("fs=up", "not `fs`"), ("up", "NAME=DIR")]
    {
        refused(place.run(&["run", "u1.cart", "--mount", mount]), reason);
    }
}

#[test]
fn a_store_takes_in_what_is_vouched_for_and_nothing_else() {
    let place = place();
    let ingest = |cart: &str, more: &[&str]| place.run(&[&["ingest", cart, "--store", "st"], more].concat());
    let ring = ["--keys", "ring.toml"];
    let refused = |done: Done, reason: &str| {
        assert_eq!(done.status, 1);
        assert!(done.stderr.contains(reason), "{}", done.stderr);
    };
    let content = |cart: &str| {
        let info: serde_json::Value =
            serde_json::from_str(&place.good(&["info", cart, "--json"])).expect("JSON");
        info["content_hash"].as_str().expect("a text").to_owned()
    };
    refused(ingest("u1.cart", &ring), "validate: it is not signed");
    refused(ingest("nothing.cart", &ring), "fetch: nothing.cart: cannot read it");
    place.write("junk.cart", "junk");
    refused(ingest("junk.cart", &ring), "validate: junk.cart: not a Cartwheel cartridge");
    let zeros = "0".repeat(64);
    refused(ingest("u1.cart", &["--hash", &zeros]), "validate: it is another cartridge");
    place.write("strict.toml", "[[rule]]\ncapability = \"log\"\nverdict = \"allow\"\n");
    refused(ingest("u1.cart", &["--policy", "strict.toml"]), "load: the policy never lets");
    assert!(std::fs::read_dir(place.path("st/carts")).expect("a store").next().is_none());

    sign(&place, "u1.cart", "1");
    sign(&place, "up/updater2.cart", "2");
    let good = ingest("u1.cart", &ring);
    assert_eq!(good.status, 0, "{}", good.stderr);
    let phases: Vec<&str> = good.stdout.lines().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(phases, ["fetch", "validate", "load", "adopt"]);
    let first = content("u1.cart");
    assert!(place.read(&format!("st/carts/{first}.cart")) == place.read("u1.cart"));
    assert_eq!(place.text("st/releases/demo!updater"), format!("1 {first}\n"));
    assert!(ingest("u1.cart", &ring).stdout.contains("where it was already"));
    assert_eq!(ingest("up/updater2.cart", &ring).status, 0);
    refused(ingest("u1.cart", &ring), "version 1 is older than version 2");
    refused(
        place.run(&["verify", "u1.cart", "--keys", "ring.toml", "--store", "st"]),
        "older than version 2",
    );
    place.good(&["verify", "u1.cart", "--keys", "ring.toml"]);
    // The same without its signature does not take the place of the signed one.
    place.good(&["asm", &path("updater2.asm"), "-o", "plain.cart"]);
    assert_eq!(content("plain.cart"), content("up/updater2.cart"));
    assert_eq!(ingest("plain.cart", &[]).status, 0);
    assert!(
        place.read(&format!("st/carts/{}.cart", content("plain.cart"))) == place.read("up/updater2.cart")
    );

    // A cartridge finds the store's latest version by its name.
    let source = place_source("store:demo/updater");
    place.write("asks.asm", source);
    let told = actions(&place.json(&["asks.asm", "--store", "st", "--frames", "4"]));
    assert!(told[0].starts_with("module 0 became "), "{told:?}");
}

fn path(name: &str) -> String {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("cartridges/updater");
    folder.join(name).to_str().expect("UTF-8").to_owned()
}

/// Asks for what is at an address in its first frame.
fn place_source(address: &str) -> String {
    format!(
        ".capability kernel\n.func start()\n syscall kernel.ingest(\"{address}\")\n return\n.end\n.func update()\n return\n.end\n"
    )
}

// covers ABI-7
#[test]
fn signatures_stand_in_cartridges_or_beside_other_files() {
    let place = place();
    let bricks = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("cartridges/bricks");
    for name in ["bricks.wasm", "bricks.toml"] {
        std::fs::copy(bricks.join(name), place.path(name)).expect("a copy");
    }
    let before = place.read("bricks.wasm");
    let args = ["--key", "studio.key", "--name", "demo/bricks", "--release", "1"];
    assert!(
        place.good(&[&["sign", "bricks.wasm"], args.as_slice()].concat()).starts_with("bricks.wasm.sig: ")
    );
    assert!(place.read("bricks.wasm") == before);
    assert!(
        place.good(&["verify", "bricks.wasm", "--keys", "ring.toml"]).contains("`demo/bricks` version 1")
    );
    place.good(&["run", "bricks.wasm", "--keys", "ring.toml", "--frames", "2", "-q"]);
    // A mounted module is translated, with the manifest and the signature beside it.
    place.write("asks.asm", place_source("here:bricks.wasm"));
    place.good(&["asm", "asks.asm"]);
    place.good(&[&["sign", "asks.cart"], &args[..3], &["demo/asks", "--release", "1", "-q"][..]].concat());
    let told =
        actions(&place.json(&["asks.cart", "--keys", "ring.toml", "--mount", "here=.", "--frames", "4"]));
    assert_eq!(told[0], "module 0 became `demo/bricks` version 1, signed");
    // The manifest is part of what was signed.
    let manifest = place.text("bricks.toml");
    place.write("bricks.toml", manifest.replace("title = \"", "title = \"Other "));
    assert!(
        place
            .bad(&["verify", "bricks.wasm", "--keys", "ring.toml"])
            .contains("signature is that of another cartridge")
    );

    let bytes = place.read("u1.cart");
    place.good(&[&["sign", "u1.cart", "--detached"], args.as_slice()].concat());
    assert!(place.read("u1.cart") == bytes);
    place.good(&["verify", "u1.cart", "--keys", "ring.toml"]);
    let mut signature = place.read("u1.cart.sig");
    signature.push(0);
    place.write("u1.cart.sig", &signature);
    assert!(place.bad(&["verify", "u1.cart", "--keys", "ring.toml"]).contains("1 bytes too many"));
    place.good(&[&["sign", &path("updater.asm"), "-o", "made.cart"], args.as_slice()].concat());
    place.good(&["verify", "made.cart", "--keys", "ring.toml"]);
}

#[test]
fn keys_and_names_are_checked() {
    let place = place();
    assert!(place.bad(&["keygen", "studio.key"]).contains("a key replaces none"));
    let sign = |more: &[&str]| place.run(&[&["sign", "u1.cart", "--key", "studio.key"], more].concat());
    for (args, reason) in [
        (["--name", "Demo", "--release", "1"], "cannot be called `Demo`"),
        (["--name", "demo", "--release", "0"], "0 is not in 1"),
        (["--name", "demo", "--release", "x"], "invalid digit"),
    ] {
        let done = sign(&args);
        assert_eq!(done.status, 1);
        assert!(done.stderr.contains(reason), "{}", done.stderr);
    }
    let public = ["sign", "u1.cart", "--key", "studio.key.pub", "--name", "a", "--release", "1"];
    assert!(place.bad(&public).contains("not a secret key"));
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::MetadataExt::mode(
            &std::fs::metadata(place.path("studio.key")).expect("it is there"),
        );
        assert_eq!(mode & 0o777, 0o600);
    }
    // The same key signs audit logs.
    place.good(&["run", "u1.cart", "--frames", "5", "-q", "--audit", "log", "--audit-key", "studio.key"]);
    place.good(&["audit", "verify", "log", "--key", "studio.key.pub"]);
    assert!(place.bad(&["verify", "u1.cart"]).contains("give a key ring with --keys"));
}
