//! Scripts of statuses: what they decide, what they leave alone, and what is wrong with bad ones.

mod common;

use std::sync::Arc;

use cartwheel_hostabi::mock::{MockGuest, Slot};
use cartwheel_hostabi::{Fault, Status, SyscallTrap, resolve};
use cartwheel_kernel::{FrameFigures, Kernel, RestoreError, Script};
use common::{MODULE, Rig, config};

fn rig(script: Option<&str>) -> Rig {
    let mut kernel = Kernel::new();
    kernel.set_script(script.map(|text| Arc::new(Script::parse(text).expect("a good script"))));
    kernel.load(MODULE, config(8, 8, Vec::new())).expect("a good configuration");
    Rig { kernel, guest: MockGuest::new(vec![b'a'; 100]) }
}

/// Statuses of calls of `log.write`, so many in each of so many frames.
fn play(rig: &mut Rig, frames: std::ops::Range<u64>, calls: usize) -> Vec<&'static str> {
    let mut statuses = Vec::new();
    for frame in frames {
        rig.kernel.open_frame(frame);
        rig.kernel.begin_frame(MODULE);
        for _ in 0..calls {
            let args = [1, 0, 2].map(Slot::from);
            let status = rig.try_call("log.write", &args).expect("a good call").expect("a status");
            assert_eq!(rig.guest.result(0), status.code() as u64);
            statuses.push(status.name());
        }
        rig.kernel.end_frame(MODULE, FrameFigures::default());
        rig.kernel.close_frame();
    }
    statuses
}

const RULES: &str = "
[[rule]]
syscall = \"log.write\"
status = \"QUOTA\"
frames = \"2..\"
calls = 3

[[rule]]
syscall = \"log.write@1\"
status = \"DENIED\"
frames = \"1..2\"
calls = \"2..3\"
";

// covers SEC-1
#[test]
fn rules_decide_by_frame_and_by_count_and_the_first_wins() {
    let mut rig = rig(Some(RULES));
    // Frame 0: none. Frame 1: calls 1 and 2 of the second rule. Frame 2: its calls 3 and 4; calls 1 and 2 of the first.
    // Frame 3: calls 3 and 4 of the first.
    let statuses = play(&mut rig, 0..4, 2);
    assert_eq!(statuses, ["OK", "OK", "OK", "DENIED", "DENIED", "OK", "QUOTA", "OK"]);
    assert_eq!(rig.kernel.take_log(MODULE).len(), 5);
    assert_eq!(rig.kernel.trust(MODULE).expect("a module").violations, 0);
    // Both about one call: the first decides.
    let both = RULES.replace("calls = 3", "calls = 1").replace("\"2..3\"", "3");
    let mut rig = self::rig(Some(&both));
    assert_eq!(play(&mut rig, 0..3, 2)[4], "QUOTA");
}

#[test]
fn numbers_mean_what_toml_says() {
    let statuses = |calls: &str| {
        let script = format!("[[rule]]\nsyscall = \"log.write\"\nstatus = \"QUOTA\"\ncalls = {calls}");
        play(&mut rig(Some(&script)), 0..1, 16).iter().position(|&status| status == "QUOTA")
    };
    for (calls, nth) in [("0x10", 16), ("0b11", 3), ("0o10", 8), ("1_0", 10), ("+4", 4)] {
        assert_eq!(statuses(calls), Some(nth - 1), "{calls}");
    }
    for calls in ["-1", "0x0", "0x1_0000_0000_0000_0000"] {
        let script = format!("[[rule]]\nsyscall = \"log.write\"\nstatus = \"QUOTA\"\ncalls = {calls}");
        assert_eq!(Script::parse(&script).expect_err("no number of a call").len(), 1, "{calls}");
    }
}

#[test]
fn a_scripted_call_is_validated_counted_and_costs_its_base() {
    let mut rig = rig(Some("[[rule]]\nsyscall = \"gfx.image_size\"\nstatus = \"NOT_LOADED\""));
    assert_eq!(rig.call("gfx.image_size", &[0]), [Status::GfxNotLoaded.code(), 0, 0]);
    let row = resolve("gfx.image_size").expect("a row");
    assert_eq!(rig.guest.cycles, u64::from(row.cost.base));
    assert_eq!(rig.kernel.usage(MODULE).calls, 1);
    let mut rig = self::rig(Some("[[rule]]\nsyscall = \"log.write\"\nstatus = \"OK\""));
    let fault = rig.try_call("log.write", &[1, 99, 2].map(Slot::from));
    assert_eq!(fault, Err(Fault::Trap(SyscallTrap::OutOfBoundsSpan)));
    assert_eq!(rig.call("log.write", &[9, 0, 2]), [0], "OK says so although nothing was done");
    assert!(rig.kernel.take_log(MODULE).is_empty());
}

#[test]
fn what_was_counted_is_part_of_the_state() {
    let (mut one, mut two, mut none) = (rig(Some(RULES)), rig(Some(RULES)), rig(None));
    play(&mut one, 0..2, 2);
    let (saved, hashes) = (one.saved(), one.hashes());
    assert_eq!(hashes.last().map(|hash| hash.0), Some("script"));
    let rest = play(&mut one, 2..4, 2);
    assert_ne!(one.hashes(), hashes);
    two.kernel.restore(MODULE, &saved).expect("its own kind of state");
    assert_eq!((two.saved(), two.hashes()), (saved.clone(), hashes));
    assert_eq!(play(&mut two, 2..4, 2), rest);
    assert_eq!(one.hashes(), two.hashes());

    let before = (none.saved(), none.hashes());
    assert_eq!(none.kernel.restore(MODULE, &saved), Err(RestoreError::Script));
    assert_eq!(two.kernel.restore(MODULE, &before.0), Err(RestoreError::Script));
    let mut other = rig(Some("[[rule]]\nsyscall = \"log.write\"\nstatus = \"QUOTA\""));
    assert_eq!(other.kernel.restore(MODULE, &saved), Err(RestoreError::Script));
    assert_eq!((none.saved(), none.hashes()), before);
    for len in 0..saved.len() {
        assert!(two.kernel.restore(MODULE, &saved[..len]).is_err());
    }
}

#[test]
fn everything_that_is_wrong_is_named_with_line_and_column() {
    let rule = |text: &str| format!("[[rule]]\n{text}\n");
    for (text, expected) in [
        (String::new(), "line 1, column 1: the script has no rules"),
        ("x = 1".to_owned(), "line 1, column 1: a script has no key `x`"),
        ("rule = 3".to_owned(), "line 1, column 8: rules are written under `[[rule]]`, with two brackets"),
        ("rule = [3]".to_owned(), "line 1, column 9: rules are written under `[[rule]]`"),
        ("[[rule".to_owned(), "line 1, column 7: "),
        (rule("status = \"OK\""), "line 1, column 1: the rule has no `syscall`"),
        (rule("syscall = \"log.write\""), "line 1, column 1: the rule has no `status`"),
        (rule("syscall = 3\nstatus = \"OK\""), "line 2, column 11: a syscall is written in quotes"),
        (
            rule("syscall = \"log.wirte\"\nstatus = \"OK\""),
            "line 2, column 11: no syscall is called `log.wirte`; did you mean `log.write@1`?",
        ),
        (
            rule("syscall = \"log.write@2\"\nstatus = \"OK\""),
            "line 2, column 11: no syscall is called `log.write@2`; did you mean `log.write@1`?",
        ),
        (
            rule("syscall = \"gfx.clear\"\nstatus = \"OK\""),
            "line 2, column 11: `gfx.clear@1` has no status, so there is nothing to script",
        ),
        (
            rule("syscall = \"log.write\"\nstatus = \"QUOTE\""),
            "line 3, column 10: `log.write@1` cannot return `QUOTE`, but OK, DENIED, BAD_LEVEL, QUOTA; did you mean `QUOTA`?",
        ),
        (
            rule("syscall = \"log.write\"\nstatus = \"OUTSIDE\""),
            "line 3, column 10: `log.write@1` cannot return `OUTSIDE`, but OK, DENIED, BAD_LEVEL, QUOTA",
        ),
        (
            rule("syscall = \"log.write\"\nstatus = \"QUARANTINED\""),
            "line 3, column 10: a script cannot put a module into quarantine",
        ),
        (
            rule("syscall = \"log.write\"\nstatus = \"OK\"\ncall = 3"),
            "line 4, column 1: a rule has no key `call`",
        ),
    ] {
        let errors = Script::parse(&text).expect_err(&text);
        assert!(errors[0].to_string().starts_with(expected), "{text}\n{}\n{expected}", errors[0]);
    }
    for range in ["0", "-1", "\"5..3\"", "\"..\"", "\"a..\"", "\"3..=5\"", "1.5", "true", "[1]", "\"\""] {
        let text = rule(&format!("syscall = \"log.write\"\nstatus = \"OK\"\ncalls = {range}"));
        let errors = Script::parse(&text).expect_err(range);
        assert!(
            errors[0].to_string().starts_with("line 4, column 9: `calls` is a number from 1 on"),
            "{}",
            errors[0]
        );
    }
    let twice = rule("syscall = \"a\"\nstatus = \"OK\"") + &rule("syscall = \"b\"\nstatus = 3");
    assert_eq!(Script::parse(&twice).expect_err("two errors").len(), 2);
    assert!(Script::parse(&rule("syscall = \"log.write\"\nstatus = \"OK\"").repeat(257)).is_err());
}
