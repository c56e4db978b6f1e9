//! The verbs besides `run`.

mod common;

use common::Place;

/// A program that the assembler takes and the verifier does not.
const TOO_LARGE: &str = ".func update()\n  .registers 30000, 30000\n  return\n.end\n";

#[test]
fn a_new_project_runs_at_once() {
    let place = Place::new();
    let out = place.good(&["new", "bounce"]);
    assert!(out.contains("cartwheel run bounce --png bounce.png --scale 4"), "{out}");
    let summary = place.json(&["bounce", "--png", "bounce.png", "--scale", "4"]);
    assert_eq!((summary["frames"].as_u64(), summary["stop"].as_str()), (Some(600), Some("frames")));
    assert_eq!(summary["log"][0]["text"], "hello");
    assert!(place.read("bounce.png").starts_with(b"\x89PNG"));
    assert!(place.text("bounce/README.md").starts_with("# bounce\n"));
    // From inside, the folder has no name in its path.
    let inside =
        place.command(&["run", ".", "-q"]).current_dir(place.path("bounce")).status().expect("it starts");
    assert!(inside.success());

    let error = place.bad(&["new", "bounce"]);
    assert!(error.contains("there already"), "{error}");
    place.bad(&["new", "no/such/folder"]);
    place.bad(&["new", ".."]);
    place.good(&["new", "odd \" \\ name"]);
    place.good(&["run", "odd \" \\ name", "-q"]);
    assert_eq!(place.names(), ["bounce", "bounce.png", "odd \" \\ name"]);
}

#[test]
fn asm_and_disasm_are_inverse() {
    let place = Place::new();
    place.good(&["new", "game"]);
    assert_eq!(place.good(&["asm", "game/main.asm"]), place.good(&["asm", "game", "-o", "main.cart"]));
    let text = place.good(&["disasm", "main.cart"]);
    assert!(text.contains(".title \"game\"") && text.contains("update"), "{text}");
    place.good(&["disasm", "main.cart", "-o", "again.asm"]);
    assert_eq!(place.text("again.asm"), text);
    place.good(&["asm", "again.asm", "-o", "again.cart"]);
    assert_eq!(place.read("again.cart"), place.read("main.cart"));
    assert_eq!(place.state_hash(&["main.cart"]), place.state_hash(&["game"]));
}

#[test]
fn asm_shows_all_errors_and_writes_nothing() {
    let place = Place::new();
    place.write("bad.asm", ".func update()\n  hat 7\n  i32.ad r0, r0, 1\n  return\n.end\n");
    let error = place.bad(&["asm", "bad.asm"]);
    assert!(
        error.contains("bad.asm:2:3") && error.contains("bad.asm:3:3") && error.contains("2 errors"),
        "{error}"
    );
    assert!(error.contains("did you mean `halt`?"), "{error}");
    // Good for the assembler, but not for the verifier.
    place.write("large.asm", TOO_LARGE);
    let error = place.bad(&["asm", "large.asm", "-o", "large.cart"]);
    assert!(error.contains("not valid") && error.contains("update"), "{error}");
    place.write("good.asm", ".func update()\n  return\n.end\n");
    assert!(place.bad(&["asm", "good.asm", "-o", "good.asm"]).contains("same file"));
    place.bad(&["asm", "good.asm", "-o", "no/such/folder.cart"]);
    place.bad(&["asm", "good.asm", "-o", "."]);
    place.bad(&["asm", "nothing.asm"]);
    place.bad(&["asm", "."]);
    assert_eq!(place.names(), ["bad.asm", "good.asm", "large.asm"]);
}

#[test]
fn projects_include_their_own_files_and_those_of_lib_beside_them() {
    let place = Place::new();
    for folder in ["game", "game/more", "lib", "other"] {
        std::fs::create_dir(place.path(folder)).expect("a folder");
    }
    place.write("lib/exit.inc", ".include \"code.inc\"\n.macro leave\n  halt CODE\n.endmacro\n");
    place.write("lib/code.inc", ".const CODE = 9\n");
    place.write("other/code.inc", ".const CODE = 8\n");
    place.write("game/more/a.inc", ".include \"../../lib/exit.inc\"\n");
    place.write("game/game.asm", ".include \"more/a.inc\"\n.func main()\n  leave\n.end\n");
    assert_eq!(place.run(&["run", "game"]).status, 16 + 9);
    for path in
        ["../other/code.inc", "../../lib/code.inc", "/lib/code.inc", "../lib/../other/code.inc", "../lib"]
    {
        place.write("game/game.asm", format!(".include \"{path}\"\n.func main()\n  halt 1\n.end\n"));
        let error = place.bad(&["run", "game"]);
        assert!(error.contains("game/game.asm:1:"), "{error}");
    }
}

#[test]
fn info_tells_what_a_cartridge_is() {
    let place = Place::new();
    place.good(&["new", "game"]);
    place.good(&["asm", "game", "-o", "game.cart"]);
    let text = place.good(&["info", "game.cart"]);
    for part in [
        "title         game",
        "video         160x120",
        "capabilities  gfx, log",
        "import        gfx.clear@1 (i32)",
    ] {
        assert!(text.contains(part), "{text}");
    }
    let info: serde_json::Value =
        serde_json::from_str(&place.good(&["info", "game.cart", "--json"])).expect("JSON");
    assert_eq!(info["entry"]["kind"], "update");
    assert_eq!(info["valid"], true);
    assert_eq!(info["content_hash"].as_str().map(str::len), Some(64));
    assert_eq!(info["imports"][0]["standing"], "available");
    // What does not verify is shown with its problem.
    place.write("large.asm", TOO_LARGE);
    let text = place.good(&["info", "large.asm"]);
    assert!(text.contains("problem") && text.contains("update"), "{text}");
}

#[test]
fn help_has_examples_and_completions_name_the_verbs() {
    let place = Place::new();
    assert!(place.good(&["--help"]).contains("Exit status:"));
    for verb in ["new", "asm", "disasm", "info", "run", "completions"] {
        let help = place.good(&[verb, "--help"]);
        assert!(help.contains("Example"), "{help}");
    }
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        assert!(place.good(&["completions", shell]).contains("disasm"), "{shell}");
    }
    assert!(place.good(&["--version"]).starts_with("cartwheel "));
    for args in
        [&[][..], &["fly"], &["run"], &["run", "x", "--frames", "many"], &["run", "x", "--scale", "0"]]
    {
        assert_eq!(place.run(args).status, 1, "{args:?}");
    }
}
