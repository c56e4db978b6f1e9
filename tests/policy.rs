//! Policies, quarantine and `exec` at the command line.

mod common;

use common::{Place, cartridges};

const GAME: &str = ".title \"Game\" .video 8, 8 .capability gfx, log
.func update()
  .local n: i32
  frame.index n
  i32.add n, n, 1
  syscall gfx.pixel(n, 1, 2)
  syscall log.write(n, \"hello\") -> n
  return
.end
";

const ALLOW_DRAWING: &str = "[[rule]]\ncapability = \"gfx\"\nverdict = \"allow\"\n";

fn place(policy: &str) -> Place {
    let place = Place::new();
    place.write("game.asm", GAME);
    place.write("p.toml", policy);
    place
}

fn cartridge(name: &str) -> (String, String) {
    let (_, folder) = cartridges().into_iter().find(|(found, _)| found == name).expect("the cartridge");
    let policy = folder.join("policy.toml");
    (folder.to_str().expect("UTF-8").to_owned(), policy.to_str().expect("UTF-8").to_owned())
}

#[test]
fn a_denied_call_is_a_status_that_the_cartridge_handles() {
    let (folder, policy) = cartridge("denied");
    let place = Place::new();
    let texts = |args: &[&str]| {
        let summary = place.json(&[&[&folder, "--frames", "121"], args].concat());
        assert_eq!(summary["stop"], "frames");
        let log = summary["log"].as_array().expect("a list").clone();
        (log.len(), summary["trust"]["violations"].as_u64(), summary["trust"]["score"].as_u64())
    };
    assert_eq!(texts(&[]), (3, Some(0), Some(1000)));
    assert_eq!(texts(&["--policy", &policy]), (2, Some(1), Some(990)));
}

// covers SEC-5
#[test]
fn a_quarantine_ends_the_run_or_is_recovered() {
    let (folder, policy) = cartridge("quarantine");
    let place = Place::new();
    let run = |args: &[&str]| {
        let done = place.run(&[&["run", &folder, "--policy", &policy, "--json"], args].concat());
        let summary: serde_json::Value = serde_json::from_str(&done.stdout).expect("JSON");
        (done.status, summary)
    };
    let (status, summary) = run(&["--save-state", "q.state"]);
    assert_eq!((status, &summary["stop"], &summary["frames"]), (5, &"quarantined".into(), &120.into()));
    let (status, whole) = run(&["--recover-after", "30", "--frames", "400"]);
    assert_eq!((status, &whole["stop"], &whole["trust"]["score"]), (0, &"frames".into(), &600.into()));
    let actions = whole["actions"].as_array().expect("a list");
    assert_eq!(actions[0], serde_json::json!({ "frame": 149, "action": "recover module 0" }));
    assert_eq!(actions.len(), 2);
    // The state of a machine in quarantine, with its policy, goes on in another process.
    let done = place.run(&["run", &folder, "--load-state", "q.state", "--frames", "1"]);
    assert_eq!(done.status, 5, "{}", done.stdout);
    let rest = place.json(&[&folder, "--load-state", "q.state", "--frames", "130", "--recover-after", "29"]);
    let (_, whole) = run(&["--recover-after", "30", "--frames", "250"]);
    assert_eq!(rest["state_hash"], whole["state_hash"]);
}

// covers SEC-15
#[test]
fn a_cartridge_that_could_never_call_what_it_imports_is_refused() {
    let place = place(ALLOW_DRAWING);
    let error = place.bad(&["run", "game.asm", "--policy", "p.toml"]);
    assert_eq!(
        error,
        "error: game.asm: the policy never lets `log.write@1` run: no rule mentions it, and the mode is enforce\n"
    );
    // The assembler refuses what is not declared, before there is a cartridge.
    let line =
        GAME.lines().find(|line| line.contains(".capability") && line.contains("log")).expect("it declares");
    place.write("undeclared.asm", GAME.replace(line, &line.replace("log", "telemetry")));
    let error = place.bad(&["asm", "undeclared.asm", "-o", "undeclared.cart"]);
    assert!(error.contains("`log.write@1` needs the capability `log`, which is not declared"), "{error}");
    assert!(!place.path("undeclared.cart").exists());
    place.write("p.toml", format!("mode = \"audit\"\n{ALLOW_DRAWING}"));
    let summary = place.json(&["game.asm", "--policy", "p.toml", "--frames", "3"]);
    assert_eq!(
        (&summary["trust"]["violations"], summary["log"].as_array().map(Vec::len)),
        (&3.into(), Some(3))
    );
}

#[test]
fn a_policy_that_is_none_says_where() {
    let place = place("mode = \"strict\"\n[[rule]]\nverdict = \"allow\"\nscore = 2000\n");
    for args in [
        &["run", "game.asm", "--policy", "p.toml"][..],
        &["policy", "check", "p.toml"],
        &["exec", "gfx.size", "--policy", "p.toml"],
    ] {
        assert_eq!(
            place.bad(args),
            "error: there is no mode `strict`; modes are `enforce`, `audit` and `permissive`\n --> p.toml:1:8\n  |\n\
             1 | mode = \"strict\"\n  |        ^\n\
             error: `score` is a whole number from 0 to 1000\n --> p.toml:4:9\n  |\n4 | score = 2000\n  |         ^\n"
        );
    }
    place.write("p.toml", b"\xff\xfe");
    assert!(place.bad(&["policy", "check", "p.toml"]).contains("not UTF-8"));
    assert!(place.bad(&["policy", "check", "none.toml"]).contains("none.toml"));
}

// covers SEC-6
#[test]
fn policy_check_explains_each_import() {
    let text = format!(
        "{ALLOW_DRAWING}[[rule]]\nname = \"short\"\nsyscall = \"log.write\"\narguments = {{ text.max = 9, level = 1 }}\nverdict = \"allow\"\n"
    )
    .replace("text.max = 9", "text = { max = 9 }");
    let place = place(&text);
    assert_eq!(
        place.good(&["policy", "check", "p.toml", "game.asm"]),
        "p.toml: 2 rules, mode enforce\n\
         gfx.pixel@1  allow       rule 1 (line 1): any module to capability `gfx`\n\
         log.write@1  allow      if level 1..1, text at most 9  rule 2 `short` (line 4): any module to `log.write@1`\n             \
         deny        no rule mentions it, and the mode is enforce\n"
    );
    place.write("p.toml", format!("{ALLOW_DRAWING}{ALLOW_DRAWING}"));
    let done = place.run(&["policy", "check", "p.toml", "game.asm", "--json"]);
    let value: serde_json::Value = serde_json::from_str(&done.stdout).expect("JSON");
    assert_eq!(done.status, 1, "log.write never runs");
    assert_eq!(
        (&value["warnings"][0]["line"], &value["imports"][1]["never_runs"]),
        (&4.into(), &true.into())
    );
    let text = place.run(&["policy", "check", "p.toml"]).stdout;
    assert!(
        text.contains(
            "warning: rule 2 is never consulted: rule 1, before it, decides all of it\n --> p.toml:4:1\n"
        ),
        "{text}"
    );
}

// covers ABI-11
#[test]
fn exec_calls_any_syscall() {
    let place = place(ALLOW_DRAWING);
    assert_eq!(
        place.good(&["exec", "gfx.size"]),
        "syscall   gfx.size@1\nverdict   allow\nwidth     320\nheight    180\ncycles    5\n"
    );
    let json = |args: &[&str]| -> serde_json::Value {
        serde_json::from_str(&place.run(&[&["exec", "--json"], args].concat()).stdout).expect("JSON")
    };
    let answer = json(&["log.write.v1", "1", "hello"]);
    assert_eq!(
        (&answer["syscall"], &answer["status"], &answer["cycles"]),
        (&"log.write@1".into(), &"OK".into(), &52.into())
    );
    assert_eq!((&answer["transport"], &answer["verdict"]), (&"host".into(), &"allow".into()));
    assert_eq!(json(&["log.write", "9", "hello"])["status"], "BAD_LEVEL");
    assert_eq!(json(&["log.write_bytes", "1", "hex:00ff"])["status"], "OK");
    assert_eq!(json(&["gfx.pixel_get", "-1", "0x10"])["status"], "OUTSIDE");
    assert_eq!(
        json(&["kernel.describe", "gfx.size", "64"])["spans"]["text"].as_str().map(|s| &s[..8]),
        Some("6766782e")
    );
    assert_eq!(json(&["log.write", "1", "hello", "--policy", "p.toml"])["status"], "DENIED");
    let done = place.run(&["exec", "gfx.image", "0", "0", "0", "300", "0"]);
    assert!(
        done.status == 2 && done.stdout.contains("trap      argument outside its allowed values"),
        "{}",
        done.stdout
    );
    assert!(place.bad(&["exec", "gfx.warp"]).contains("no syscall is called `gfx.warp`"));
    assert!(place.bad(&["exec", "gfx.size", "1"]).contains("takes no arguments; 1 given"));
    assert!(place.bad(&["exec", "gfx.clear", "x"]).contains("no whole number"));
    assert!(place.bad(&["exec", "gfx.clear", "4294967296"]).contains("no whole number"));
    assert!(place.bad(&["exec", "log.write_bytes", "1", "hex:0"]).contains("pairs of hexadecimal digits"));
    assert!(place.bad(&["exec", "telemetry.frame", "99999999999"]).contains("no whole number"));
}

// covers SEC-13
#[test]
fn a_trap_names_function_line_syscall_and_argument() {
    let place = Place::new();
    place.write("t.asm", ".capability log\n.func update()\n  call deep()\n  return\n.end\n.func deep()\n  .local n: i32\n  syscall log.write(1, -1, 5) -> n\n  return\n.end\n");
    let done = place.run(&["run", "t.asm", "-q"]);
    assert_eq!(
        done.stderr,
        "trap: span outside linear memory at `syscall log.write@1`, argument `text`\n  0: deep+0 (t.asm:8)\n  1: update+0 (t.asm:3)\n"
    );
}
