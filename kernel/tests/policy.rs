//! What policies say, and what becomes of it.

mod common;

use std::sync::{Arc, Mutex};

use cartwheel_hostabi::mock::{MockGuest, MockObject, Slot};
use cartwheel_hostabi::{CATALOGUE, Fault, Object, SlotType, Status, SyscallTrap, Verdict, resolve};
use cartwheel_kernel::policy::{
    Custody, MAX_POLICY_BYTES, MAX_RULES, Mode, Policy, Reason, Trust, TrustLevel,
};
use cartwheel_kernel::{
    Answer, CallRecord, FrameFigures, Import, Kernel, LoadError, ModuleConfig, ModuleId, Mount, Observer,
    Outcome, RestoreError, Transport, Value,
};
use common::*;
use proptest::prelude::*;

fn policy(text: &str) -> Policy {
    Policy::parse(text).unwrap_or_else(|errors| panic!("{errors:?}\n{text}"))
}

fn under(text: &str) -> Rig {
    let mut rig = rig();
    rig.kernel.set_policy(policy(text));
    rig
}

fn score(rig: &Rig) -> (u16, u64) {
    let trust = rig.kernel.trust(MODULE).expect("the module is there");
    (trust.score, trust.violations)
}

const DENIED: Result<Option<Status>, Fault> = Ok(Some(Status::Denied));

// covers SEC-3 SEC-8
#[test]
fn what_no_rule_mentions_is_denied_unless_the_mode_is_permissive() {
    for (mode, expected) in [
        ("enforce", (DENIED, Err(Fault::Trap(SyscallTrap::Denied)))),
        ("audit", (Ok(Some(Status::Ok)), Ok(None))),
        ("permissive", (Ok(Some(Status::Ok)), Ok(None))),
    ] {
        let mut rig = under(&format!("mode = \"{mode}\""));
        assert_eq!(rig.try_call("gfx.pixel_get", &ints([0, 0])), expected.0, "{mode}");
        assert_eq!(rig.try_call("gfx.pixel", &ints([0, 0, 0])), expected.1, "{mode}");
    }
}

// covers SEC-3
#[test]
fn the_built_in_policy_allows_what_was_declared() {
    let mut rig = rig();
    assert!(rig.kernel.policy().is_built_in());
    assert_eq!(rig.try_call("gfx.pixel", &ints([0, 0, 0])), Ok(None));
    let row = resolve("gfx.pixel").expect("a row");
    let explained = rig.kernel.policy().explain("x", "y", &Trust::new(TrustLevel::Unverified), row);
    assert_eq!(explained.cases, [(String::new(), Verdict::Allow, Reason::Rule(0))]);
}

// covers SEC-8
#[test]
fn explicit_rules_hold_in_permissive_mode_and_are_only_recorded_in_audit_mode() {
    let rule = "[[rule]]\nsyscall = \"gfx.pixel_get\"\nverdict = ";
    let mut rig = under(&format!("mode = \"permissive\"\n{rule}\"deny\""));
    assert_eq!(rig.try_call("gfx.pixel_get", &ints([0, 0])), DENIED);
    let mut rig = under(&format!("mode = \"audit\"\n{rule}\"quarantine\""));
    let records = watched(&mut rig);
    assert_eq!(rig.try_call("gfx.pixel_get", &ints([0, 0])), Ok(Some(Status::Ok)));
    assert_eq!((rig.kernel.custody(MODULE), score(&rig)), (Custody::Free, (900, 1)));
    let record = told(&mut rig, &records).pop().expect("a record");
    assert_eq!((record.verdict, record.outcome), (Some(Verdict::Quarantine), Outcome::Status(Status::Ok)));
}

struct Keep(Arc<Mutex<Vec<CallRecord>>>);

impl Observer for Keep {
    fn called(&mut self, record: &CallRecord) {
        self.0.lock().expect("not poisoned").push(record.clone());
    }
}

fn watched(rig: &mut Rig) -> Arc<Mutex<Vec<CallRecord>>> {
    let records = Arc::default();
    rig.kernel.observe(Box::new(Keep(Arc::clone(&records))));
    records
}

/// What observers are told of a frame.
fn told(rig: &mut Rig, records: &Mutex<Vec<CallRecord>>) -> Vec<CallRecord> {
    rig.kernel.close_frame();
    std::mem::take(&mut *records.lock().expect("not poisoned"))
}

// covers SEC-2 SEC-13
#[test]
fn denied_calls_are_told_to_observers() {
    let mut rig = under("mode = \"enforce\"");
    let records = watched(&mut rig);
    let _ = rig.try_call("gfx.pixel", &ints([1, 2, 3]));
    let _ = rig.try_call("log.write", &ints([1, -1, 3]));
    let records = told(&mut rig, &records);
    let seen: Vec<_> = records.iter().map(|r| (r.verdict, r.outcome, r.argument, r.slots.to_vec())).collect();
    assert_eq!(
        seen,
        [
            (Some(Verdict::Deny), Outcome::Trap(SyscallTrap::Denied), None, vec![1, 2, 3]),
            (None, Outcome::Trap(SyscallTrap::OutOfBoundsSpan), Some("text"), vec![1, u32::MAX.into(), 3]),
        ]
    );
}

// covers SEC-6
#[test]
fn the_first_rule_that_holds_decides() {
    let mut rig = under(
        "[[rule]]\nsyscall = \"gfx.pixel_get\"\nverdict = \"deny\"\n\
         [[rule]]\norigin = \"te*\"\ncapability = \"gfx\"\nverdict = \"allow\"\n\
         [[rule]]\nmodule = \"other\"\nverdict = \"allow\"\n",
    );
    assert_eq!(rig.try_call("gfx.pixel_get", &ints([0, 0])), DENIED);
    assert_eq!(rig.try_call("gfx.size", &[]), Ok(None));
    assert_eq!(rig.try_call("log.write", &ints([1, 0, 0])), DENIED);
}

// covers SEC-6 SEC-9
#[test]
fn arguments_are_bounded_at_every_edge() {
    let rule = |bounds: &str, syscall: &str| {
        format!("[[rule]]\nsyscall = \"{syscall}\"\narguments = {{ {bounds} }}\nverdict = \"allow\"\n")
    };
    let mut rig = under(&rule("x = { min = -1, max = 3 }, y = 2", "gfx.pixel_get"));
    for (x, y, allowed) in
        [(-1, 2, true), (3, 2, true), (-2, 2, false), (4, 2, false), (0, 1, false), (i32::MIN, 2, false)]
    {
        let denied = rig.try_call("gfx.pixel_get", &ints([x, y])) == DENIED;
        assert_eq!(denied, !allowed, "{x} {y}");
    }
    let mut rig = under(&rule("text = { max = 3 }", "log.write"));
    for len in 0..6 {
        assert_eq!(rig.try_call("log.write", &ints([1, 0, len])) == DENIED, len > 3);
    }
    let mut rig = under(&rule("text = { min = 2 }", "log.write_bytes"));
    for len in 0..4 {
        let args = [1.into(), bytes(&mut rig, &vec![b'x'; len])];
        assert_eq!(rig.try_call("log.write_bytes", &args) == DENIED, len < 2);
    }
    let mut rig = under(&rule("value = { min = 9223372036854775807 }", "telemetry.counter"));
    for value in [i64::MAX, i64::MAX - 1, i64::MIN] {
        let args = [0.into(), 1.into(), value.into()];
        assert_eq!(rig.try_call("telemetry.counter", &args) == DENIED, value != i64::MAX);
    }
}

// covers SEC-7 SEC-9
#[test]
fn violations_lower_the_score_and_rules_see_it_at_once() {
    let mut rig = under(
        "[penalty]\ndeny = 300\n\
         [[rule]]\nsyscall = \"log.write\"\nverdict = \"deny\"\n\
         [[rule]]\nviolations = { min = 4 }\nverdict = \"quarantine\"\n\
         [[rule]]\nsyscall = \"gfx.pixel_get\"\nscore = { min = 500 }\nverdict = \"allow\"\n",
    );
    let look = |rig: &mut Rig| rig.try_call("gfx.pixel_get", &ints([0, 0])).expect("it has a status");
    assert_eq!(look(&mut rig), Some(Status::Ok));
    rig.call("log.write", &[1, 0, 0]);
    assert_eq!((look(&mut rig), score(&rig)), (Some(Status::Ok), (700, 1)));
    rig.call("log.write", &[1, 0, 0]);
    assert_eq!((look(&mut rig), score(&rig)), (Some(Status::Denied), (100, 3)));
    rig.call("log.write", &[1, 0, 0]);
    assert_eq!(score(&rig), (0, 4));
    assert_eq!(look(&mut rig), Some(Status::Quarantined));
    assert_eq!(rig.kernel.custody(MODULE), Custody::Quarantined);
    assert!(rig.kernel.reset_trust(MODULE) && rig.kernel.recover(MODULE) && !rig.kernel.recover(MODULE));
    assert_eq!((look(&mut rig), score(&rig)), (Some(Status::Ok), (1000, 0)));
}

// covers SEC-7
#[test]
fn levels_are_conditions_and_compromised_always_denies() {
    for mode in Mode::ALL {
        let mut rig = under(&format!("mode = \"{mode}\"\n[[rule]]\nverdict = \"allow\""));
        assert!(rig.kernel.set_trust_level(MODULE, TrustLevel::Compromised));
        assert_eq!(rig.try_call("gfx.pixel_get", &ints([0, 0])), DENIED, "{mode}");
    }
    let mut rig = rig();
    rig.kernel.set_trust_level(MODULE, TrustLevel::Compromised);
    assert_eq!(rig.try_call("gfx.pixel_get", &ints([0, 0])), DENIED);
    let mut rig = under("[[rule]]\nlevel = [\"root\", \"signed\"]\nverdict = \"allow\"");
    for (level, allowed) in
        [(TrustLevel::Root, true), (TrustLevel::Signed, true), (TrustLevel::Unverified, false)]
    {
        rig.kernel.set_trust_level(MODULE, level);
        assert_eq!(rig.try_call("gfx.pixel_get", &ints([0, 0])) != DENIED, allowed, "{level}");
    }
}

// covers SEC-15
#[test]
fn a_module_whose_import_could_never_run_is_not_loaded() {
    let load = |text: &str| {
        let mut kernel = Kernel::new();
        kernel.set_policy(policy(text));
        let i32s = [SlotType::I32; 2];
        let config = ModuleConfig {
            name: "game",
            capabilities: vec!["gfx"],
            imports: vec![Import { id: "gfx.pixel_get", params: &i32s, results: &i32s }],
            video: Some(cartwheel_kernel::VideoMode { width: 8, height: 8 }),
            ..ModuleConfig::default()
        };
        kernel.load(MODULE, config).map_err(|errors| match errors.as_slice() {
            [LoadError::Policy { id, .. }] => id.to_string(),
            other => panic!("{other:?}"),
        })
    };
    let never = Err("gfx.pixel_get@1".to_owned());
    let allow = "[[rule]]\nverdict = \"allow\"\n";
    let deny = "[[rule]]\nverdict = \"deny\"\n";
    assert_eq!(load("mode = \"enforce\""), never);
    assert_eq!(load(&format!("{deny}{allow}")), never);
    assert_eq!(load(&format!("mode = \"permissive\"\n{deny}")), never);
    assert_eq!(load(&format!("[[rule]]\nmodule = \"other\"\nverdict = \"allow\"\n{deny}")), never);
    assert_eq!(load("[[rule]]\nlevel = \"compromised\"\nverdict = \"allow\""), never);
    assert_eq!(load("mode = \"permissive\""), Ok(()));
    assert_eq!(load(&format!("mode = \"audit\"\n{deny}")), Ok(()));
    assert_eq!(load("[[rule]]\nmodule = \"game\"\nlevel = \"root\"\nverdict = \"allow\""), Ok(()));
    assert_eq!(load(&format!("[[rule]]\nviolations.min = 1\nverdict = \"deny\"\n{allow}")), Ok(()));
    assert_eq!(load("[[rule]]\nsyscall = \"gfx.pixel_get\"\narguments.x = 7\nverdict = \"allow\""), Ok(()));
}

// covers SEC-6
#[test]
fn rules_that_are_never_consulted_are_named() {
    let unreachable = |text: &str| {
        let warnings = policy(text).warnings();
        warnings.iter().map(|warning| (warning.line, warning.message.clone())).collect::<Vec<_>>()
    };
    let lines = |text: &str| unreachable(text).iter().map(|(line, _)| *line).collect::<Vec<_>>();
    let rule = |keys: &str| format!("[[rule]]\n{keys}\nverdict = \"allow\"\n");
    let any = rule("");
    assert_eq!(lines(&any), [0_u32; 0]);
    assert_eq!(lines(&format!("{any}{any}")), [4]);
    assert_eq!(lines(&format!("{}{any}", rule("capability = \"gfx\""))), [0_u32; 0]);
    assert_eq!(lines(&format!("{any}{}", rule("capability = \"gfx\""))), [4]);
    assert_eq!(lines(&format!("{}{}", rule("score.min = 5"), rule("score = 7"))), [4]);
    assert_eq!(lines(&format!("{}{}", rule("score = 7"), rule("score.min = 5"))), [0_u32; 0]);
    assert_eq!(lines(&format!("{}{}", rule("violations.max = 3"), rule("violations = 3"))), [4]);
    assert_eq!(lines(&format!("{}{}", rule("module = \"a*\""), rule("module = \"abc\""))), [4]);
    assert_eq!(lines(&format!("{}{}", rule("module = \"abc\""), rule("module = \"a*\""))), [0_u32; 0]);
    assert_eq!(lines(&format!("{}{}", rule("module = \"a\""), rule("origin = \"a\""))), [0_u32; 0]);
    assert_eq!(lines(&rule("level = \"compromised\"")), [1]);
    assert_eq!(
        lines(&format!("{}{}", rule("level = \"root\""), rule("level = [\"root\", \"compromised\"]"))),
        [4]
    );
    let x = |range: &str| rule(&format!("syscall = \"gfx.pixel\"\narguments.x = {range}"));
    assert_eq!(lines(&format!("{}{}", x("{ max = 3 }"), x("{ min = 1, max = 3 }"))), [5]);
    assert_eq!(lines(&format!("{}{}", x("{ max = 3 }"), x("{ max = 4 }"))), [0_u32; 0]);
    // Several rules together.
    let two = rule("syscall = [\"gfx.size\", \"gfx.pixel\"]");
    let text = format!("{}{}{two}", rule("syscall = \"gfx.pixel\""), rule("syscall = \"gfx.size\""));
    assert_eq!(
        unreachable(&text),
        [(7, "rule 3 is never consulted: rules 1 and 2, before it, decide all of it".to_owned())]
    );
}

#[test]
fn what_is_wrong_with_a_policy_has_its_place() {
    for (text, line, column, message) in [
        ("", 1, 1, "empty"),
        ("mode = 1", 1, 8, "text in quotes"),
        ("mode = \"strict\"", 1, 8, "`strict`"),
        ("mod = \"audit\"", 1, 1, "no key `mod`"),
        ("mode = \"audit\"\nmode = \"audit\"", 2, 1, "duplicate"),
        ("[[rule]]\nverdict = \"allow\"\n\n[[rule]]\n", 4, 1, "no `verdict`"),
        ("[[rule]]\n  verdict = \"alow\"", 2, 13, "`alow`"),
        ("[rule]\nverdict = \"allow\"", 1, 1, "[[rule]]"),
        ("[[rule]]\nverdict = \"allow\"\nsyscall = [\"gfx.size\", \"gfx.warp\"]", 3, 24, "`gfx.warp`"),
        ("[[rule]]\nverdict = \"allow\"\nsyscall = []", 3, 11, "empty"),
        ("[[rule]]\nverdict = \"allow\"\ncapability = \"time\"", 3, 14, "`time`"),
        (
            "[[rule]]\nverdict = \"allow\"\ncapability = \"gfx\"\nsyscall = \"gfx.size\"",
            4,
            11,
            "not about both",
        ),
        ("[[rule]]\nverdict = \"allow\"\nmodule = \"a\"\norigin = \"b\"", 4, 10, "not about both"),
        ("[[rule]]\nverdict = \"allow\"\nmodule = \"a*b\"", 3, 10, "`*`"),
        ("[[rule]]\nverdict = \"allow\"\nlevel = \"high\"", 3, 9, "`high`"),
        ("[[rule]]\nverdict = \"allow\"\nscore = { min = 1001 }", 3, 17, "0 to 1000"),
        ("[[rule]]\nverdict = \"allow\"\nscore = { min = 5, max = 4 }", 3, 9, "above its `max`"),
        ("[[rule]]\nverdict = \"allow\"\nviolations = -1", 3, 14, "whole number"),
        ("[[rule]]\nverdict = \"allow\"\nviolations = 1.5", 3, 14, "number"),
        ("[[rule]]\nverdict = \"allow\"\narguments.x = 1", 3, 1, "names its `syscall`"),
        ("[[rule]]\nverdict = \"allow\"\nsyscall = \"gfx.size\"\narguments.x = 1", 4, 11, "no parameter `x`"),
        ("[[rule]]\nverdict = \"allow\"\nsyscall = \"gfx.pixel\"\narguments = { ä = 1 }", 4, 15, ""),
        ("[penalty]\ndeny = 1001", 2, 8, "0 to 1000"),
        ("x = \u{7f}", 1, 5, ""),
    ] {
        let errors = Policy::parse(text).expect_err(text);
        assert_eq!((errors[0].line, errors[0].column), (line, column), "{text:?}: {errors:?}");
        assert!(errors[0].message.contains(message), "{text:?}: {errors:?}");
        let rendered = errors[0].render("error", "p.toml");
        assert!(rendered.contains(&format!("--> p.toml:{line}:{column}")), "{rendered}");
        assert_eq!(rendered.lines().last().map(|l| l.ends_with('^')), Some(true), "{rendered}");
    }
    let many = "[[rule]]\nverdict = \"allow\"\n".repeat(MAX_RULES);
    assert!(Policy::parse(&many).is_ok());
    assert!(Policy::parse(&(many + "[[rule]]\nverdict = \"allow\"\n")).is_err());
    assert!(Policy::parse(&" ".repeat(MAX_POLICY_BYTES + 1)).is_err());
    assert!(Policy::parse(&"[".repeat(60_000)).is_err());
}

// covers ABI-3 ABI-6
#[test]
fn transports_differ_in_their_tag_only() {
    let text = "[[rule]]\nsyscall = \"gfx.pixel_get\"\narguments.x = { max = 5 }\nverdict = \"allow\"\n\
                [[rule]]\nsyscall = [\"gfx.image\", \"gfx.text\", \"kernel.exec\", \"log.write_bytes\"]\nverdict = \"allow\"\n\
                [[rule]]\nsyscall = \"gfx.line\"\nverdict = \"quarantine\"\n";
    let string = |rig: &mut Rig, text: &[u8]| rig.guest.add(MockObject::Bytes(text.to_vec()));
    let i32s = |values: &[i32]| values.iter().map(|&value| Value::I32(value)).collect::<Vec<_>>();
    let cases: Vec<(&str, Vec<Value>)> = vec![
        ("gfx.pixel_get", i32s(&[1, 2])),
        ("gfx.pixel_get.v1", i32s(&[5, 200])),
        ("gfx.pixel_get@1", i32s(&[6, 2])),
        ("gfx.text", i32s(&[-1, 2, 0, 0, 0])),
        ("gfx.image", i32s(&[0, 0, 0, 300, 0])),
        ("gfx.image", i32s(&[0, 0, 0, -1, 0])),
        ("gfx.clear", i32s(&[1])),
        ("gfx.line", i32s(&[0, 0, 1, 1, 1])),
        ("log.write_bytes", vec![Value::I32(1), Value::Bytes(b"text".to_vec())]),
        ("log.write_bytes", vec![Value::I32(1), Value::Null]),
    ];
    for (id, values) in cases {
        let mut direct = under(text);
        let slots: Vec<Slot> = values
            .iter()
            .map(|value| match value {
                Value::I32(value) => (*value).into(),
                Value::Bytes(bytes) => string(&mut direct, bytes).into(),
                _ => Object::NULL.into(),
            })
            .collect();
        let records = watched(&mut direct);
        let _ = direct.try_call(id, &slots);
        let expected = told(&mut direct, &records).pop().expect("a record");

        let mut exec = under(text);
        let records = watched(&mut exec);
        let status = exec_by_id(&mut exec, id, &values);
        let cycles = exec.guest.cycles;
        let mut records = told(&mut exec, &records);
        let transport = records.pop().expect("the record of kernel.exec");
        let mut late = records.pop().expect("the record of the target");
        assert_eq!(cycles, transport.cycles + late.cycles, "{id}");
        let quarantined = expected.verdict == Some(Verdict::Quarantine);
        assert_eq!(status == Status::Quarantined, quarantined);
        assert_eq!(
            (exec.kernel.custody(MODULE), score(&exec)),
            (direct.kernel.custody(MODULE), score(&direct))
        );

        let mut host = under(text);
        let records = watched(&mut host);
        host.kernel.call_by_id(MODULE, id, &values, &mut host.guest).expect("no panic");
        let mut hosted = records.lock().expect("not poisoned").pop().expect("a record");
        assert_eq!((host.kernel.custody(MODULE), score(&host)), (Custody::Free, (1000, 0)));
        assert_eq!((late.transport, hosted.transport), (Transport::Exec, Transport::Host));
        for record in [&mut late, &mut hosted] {
            (record.transport, record.sequence) = (Transport::Instruction, expected.sequence);
            // Handles of late-bound calls are their own.
            if values.iter().any(|value| matches!(value, Value::Bytes(_))) {
                record.slots[1] = expected.slots[1];
            }
        }
        assert_eq!((&late, &hosted), (&expected, &expected), "{id}");
        for other in [&exec, &host] {
            assert_eq!(other.pixels(), direct.pixels(), "{id}");
        }
    }
}

fn exec_by_id(rig: &mut Rig, id: &str, values: &[Value]) -> Status {
    let mut args = Vec::new();
    values.iter().for_each(|value| value.encode(&mut args));
    rig.guest.memory[1000..1000 + id.len()].copy_from_slice(id.as_bytes());
    rig.guest.memory[2000..2000 + args.len()].copy_from_slice(&args);
    let call = ints([1000, id.len() as i32, 2000, args.len() as i32]);
    rig.try_call("kernel.exec", &call).expect("the transport call is well-formed").expect("it has a status")
}

/// The encoded answer, in the frame behind.
fn answer(rig: &mut Rig, id: &str, values: &[Value]) -> Vec<u8> {
    assert_eq!(exec_by_id(rig, id, values), Status::Ok);
    let promise = rig.guest.result(1) as i32;
    assert_eq!(rig.call("kernel.poll", &[promise, 3000, 1000])[0], Status::Pending.code());
    rig.kernel.end_frame(MODULE, FrameFigures::default());
    let polled = rig.call("kernel.poll", &[promise, 3000, 1000]);
    assert_eq!(polled[0], Status::Ok.code());
    assert_eq!(rig.call("kernel.poll", &[promise, 3000, 1000])[0], Status::KernelNotFound.code());
    rig.guest.memory[3000..3000 + polled[1] as usize].to_vec()
}

// covers ABI-6
#[test]
fn answers_are_resolved_or_rejected_with_a_class() {
    let mut rig = rig();
    let mut expected = vec![0];
    [Value::I32(8), Value::I32(8)].iter().for_each(|value| value.encode(&mut expected));
    assert_eq!(answer(&mut rig, "gfx.size", &[]), expected);
    assert_eq!(answer(&mut rig, "gfx.clear", &[Value::I32(1)]), [0]);
    assert_eq!(rig.pixels(), [1; 64]);
    let outside = answer(&mut rig, "gfx.pixel_get", &[Value::I32(99), Value::I32(0)]);
    assert_eq!(outside, [&[1, 16, 0, 0, 0][..], b"OUTSIDE"].concat());
    for (id, values, message) in [
        ("gfx.warp", vec![], "no syscall with this id: gfx.warp"),
        ("", vec![], "no syscall with this id: "),
        ("gfx.size", vec![Value::I32(1)], "gfx.size@1 takes ()"),
        ("gfx.clear", vec![Value::I64(1)], "gfx.clear@1 takes (i32)"),
        ("kernel.exec", vec![Value::I32(0); 4], "kernel.exec cannot call itself"),
        ("gfx.text", vec![Value::I32(-1); 5], "span outside linear memory"),
        ("log.write_bytes", vec![Value::I32(1), Value::Null], "null where an object is needed"),
    ] {
        let answer = answer(&mut rig, id, &values);
        assert_eq!(answer[0], 2, "{id}");
        assert!(String::from_utf8_lossy(&answer[1..]).contains(message), "{id}: {answer:?}");
    }
}

// covers ABI-6 POL-3
#[test]
fn a_late_bound_call_needs_its_targets_capability_too() {
    let mut kernel = Kernel::new();
    let row = resolve("kernel.exec").expect("a row");
    let config = ModuleConfig {
        capabilities: vec!["kernel", "gfx"],
        imports: vec![Import { id: row.id, params: row.param_slots, results: row.result_slots }],
        ..ModuleConfig::default()
    };
    kernel.load(MODULE, config).expect("a good configuration");
    let mut guest = MockGuest::new(vec![0; 100]);
    for (id, values) in [("log.write", vec![Value::I32(0); 3]), ("gfx.size", vec![])] {
        let answered = kernel.call_by_id(MODULE, id, &values, &mut guest).expect("no panic");
        assert!(matches!(answered.answer, Answer::Trap(SyscallTrap::NotDeclared, _)), "{id}: {answered:?}");
    }
}

// covers ABI-8
#[test]
fn names_are_resolved_by_the_longest_mount() {
    let resolved = |mounts: &[(&str, &str)], name: &str, base: &str| {
        let mount = |(prefix, target): &(&str, &str)| Mount {
            prefix: (*prefix).to_owned(),
            target: (*target).to_owned(),
        };
        let mut config = config(8, 8, Vec::new());
        config.mounts = mounts.iter().map(mount).collect();
        let mut kernel = Kernel::new();
        kernel.load(MODULE, config)?;
        let mut rig = Rig { kernel, guest: MockGuest::new(vec![0; 4096]) };
        rig.guest.memory[..name.len()].copy_from_slice(name.as_bytes());
        rig.guest.memory[1000..1000 + base.len()].copy_from_slice(base.as_bytes());
        let out = rig.call("kernel.resolve", &[0, name.len() as i32, 1000, base.len() as i32, 2000, 500]);
        let text = String::from_utf8_lossy(&rig.guest.memory[2000..2000 + out[1] as usize]).into_owned();
        Ok::<_, Vec<LoadError>>(if out[0] == 0 { text } else { format!("status {}", out[0]) })
    };
    let mounts = [("/", "r:"), ("/a", "a:"), ("/a/b", "ab:"), ("/x", "")];
    for (name, base, expected) in [
        ("/", "", "r:"),
        ("", "", "r:"),
        ("c", "", "r:c"),
        ("/a", "", "a:"),
        ("/ab", "", "r:ab"),
        ("/a/c", "", "a:c"),
        ("/a/b/c", "", "ab:c"),
        ("b/./c//d", "/a", "ab:c/d"),
        ("../b", "/a", "r:b"),
        ("/b", "/a", "r:b"),
        ("/x/y", "/a", "y"),
        ("../..", "/a", "status 19"),
        ("/a/../..", "", "status 19"),
    ] {
        assert_eq!(resolved(&mounts, name, base).expect("it loads"), expected, "{name} {base}");
    }
    assert_eq!(resolved(&[], "/save/one", "").expect("it loads"), "fs:one");
    assert_eq!(resolved(&[("/a", "a:")], "", ""), Err(vec![LoadError::NoRootMount]));
    for bad in ["a", "/a/", "/a/../b", "//"] {
        let errors = resolved(&[("/", ""), (bad, "")], "", "").expect_err(bad);
        assert_eq!(errors, [LoadError::Mount(bad.to_owned())]);
    }
    assert_eq!(resolved(&[("/", ""), ("/", "")], "", ""), Err(vec![LoadError::Mount("/".to_owned())]));
}

// covers ABI-9
#[test]
fn modules_of_an_origin_share_a_memory_and_no_other_sees_it() {
    let mut rig = rig();
    for (id, origin) in [(1, "test"), (2, "tes"), (3, "other")] {
        let config = ModuleConfig { origin, ..config(8, 8, Vec::new()) };
        rig.kernel.load(ModuleId(id), config).expect("a good configuration");
    }
    rig.guest.memory[..8].copy_from_slice(b"keyvalue");
    rig.call("kernel.memory_set", &[0, 3, 3, 5]);
    let get = resolve("kernel.memory_get").expect("a row").syscall as u32;
    for (id, expected) in [(1, Status::Ok), (2, Status::KernelNotFound), (3, Status::KernelNotFound)] {
        let mut guest = MockGuest::new(b"key.....".to_vec());
        guest.prepare([0, 3, 3, 5]);
        assert_eq!(rig.kernel.call(ModuleId(id), get, &mut guest), Ok(Some(expected)));
        assert_eq!(guest.memory == b"keyvalue", expected == Status::Ok);
    }
    // It is saved with the first module that can see it, and with that one only.
    let saved = |rig: &Rig, id| {
        let mut out = Vec::new();
        rig.kernel.save(ModuleId(id), &mut out);
        out.windows(5).any(|window| window == b"value")
    };
    assert_eq!([0, 1, 2, 3].map(|id| saved(&rig, id)), [true, false, false, false]);
    let before = rig.saved();
    rig.call("kernel.memory_remove", &[0, 3]);
    rig.kernel.restore(MODULE, &before).expect("it was saved so");
    assert_eq!(rig.call("kernel.memory_get", &[0, 3, 100, 5]), [0, 5]);
    // It stays as long as a module of the origin does: in between it would be in nobody's saved state.
    let found = |rig: &mut Rig| rig.call("kernel.memory_get", &[0, 3, 100, 5])[0] == 0;
    for (partner, stays) in [(true, true), (false, false)] {
        if !partner {
            rig.kernel.unload(ModuleId(1));
        }
        rig.kernel.unload(MODULE);
        rig.kernel.load(MODULE, config(8, 8, Vec::new())).expect("its number is free");
        assert_eq!(found(&mut rig), stays);
    }
    // One that cannot see it does not save it, and so does not keep it either.
    rig.kernel
        .load(ModuleId(1), ModuleConfig { origin: "test", ..ModuleConfig::default() })
        .expect("it is good");
    rig.call("kernel.memory_set", &[0, 3, 3, 5]);
    assert!(found(&mut rig));
    assert_eq!([0, 1].map(|id| saved(&rig, id)), [true, false]);
    rig.kernel.unload(MODULE);
    rig.kernel.load(MODULE, config(8, 8, Vec::new())).expect("its number is free");
    assert!(!found(&mut rig));
}

// covers ABI-5
#[test]
fn a_handler_has_the_context_of_the_module_that_calls() {
    // Whatever the arguments say: the same calls of two modules touch what belongs to each.
    let mut rig = rig();
    let other = ModuleId(1);
    let config = ModuleConfig { origin: "other", ..config(8, 8, Vec::new()) };
    rig.kernel.load(other, config).expect("a good configuration");
    let mut guests = [MockGuest::new(b"key1".to_vec()), MockGuest::new(b"key2".to_vec())];
    for (id, guest) in [MODULE, other].into_iter().zip(&mut guests) {
        guest.prepare([0, 3, 3, 1]);
        let set = resolve("kernel.memory_set").expect("a row").syscall as u32;
        assert_eq!(rig.kernel.call(id, set, guest), Ok(Some(Status::Ok)));
    }
    for (id, guest) in [MODULE, other].into_iter().zip(&mut guests) {
        let value = guest.memory[3];
        guest.memory[3] = 0;
        guest.prepare([0, 3, 3, 1]);
        let get = resolve("kernel.memory_get").expect("a row").syscall as u32;
        assert_eq!(rig.kernel.call(id, get, guest), Ok(Some(Status::Ok)));
        assert_eq!(guest.memory[3], value);
    }
}

// covers ABI-10
#[test]
fn a_guest_can_find_out_what_the_host_offers() {
    let mut rig = rig();
    for (index, row) in CATALOGUE.iter().enumerate() {
        let out = rig.call("kernel.list", &[index as i32, 0, 64]);
        let id = String::from_utf8_lossy(&rig.guest.memory[..out[1] as usize]).into_owned();
        assert_eq!((out[0], id.as_str()), (0, row.id));
        let out = rig.call("kernel.describe", &[0, out[1], 100, 200]);
        let text = String::from_utf8_lossy(&rig.guest.memory[100..100 + out[1] as usize]).into_owned();
        assert_eq!(text, format!("{} {} {}", row.id, row.signature(), row.capability));
    }
    rig.try_call("kernel.ping", &[i64::MIN.into()]).expect("a good call");
    assert_eq!(rig.guest.result(0), i64::MIN as u64);
}

#[test]
fn policy_and_trust_are_state_where_they_are_not_as_at_the_start() {
    let names = |rig: &Rig| rig.hashes().iter().map(|(name, _)| *name).collect::<Vec<_>>();
    let mut rig = rig();
    assert!(!names(&rig).contains(&"policy"));
    let all = |rig: &Rig| {
        let mut shared = Vec::new();
        rig.kernel.save_shared(&mut shared);
        (shared, rig.saved())
    };
    let back = |rig: &mut Rig, (shared, module): &(Vec<u8>, Vec<u8>)| {
        rig.kernel.restore_shared(shared).expect("it was saved so");
        rig.kernel.restore(MODULE, module).expect("it was saved so");
    };
    let plain = all(&rig);
    rig.kernel.set_policy(policy("mode = \"enforce\"\n# one"));
    let (one, saved) = (rig.hashes(), all(&rig));
    assert!(names(&rig).contains(&"policy"));
    rig.call("gfx.pixel_get", &[0, 0]);
    assert_ne!(rig.hashes(), one, "the score is lower");
    let denied = all(&rig);
    rig.kernel.set_policy(policy("mode = \"enforce\"\n# two"));
    back(&mut rig, &saved);
    assert_eq!((rig.hashes(), rig.kernel.policy().text()), (one, "mode = \"enforce\"\n# one"));
    back(&mut rig, &denied);
    assert_eq!(score(&rig), (990, 1));
    back(&mut rig, &plain);
    assert_eq!((score(&rig), rig.kernel.policy().is_built_in()), ((1000, 0), true));
    assert_eq!(rig.call("gfx.pixel_get", &[0, 0]), [0, 0]);
    for (bytes, error) in [
        (&plain.0[..3], RestoreError::Truncated),
        (&[0; 1_000], RestoreError::Value),
        (&[1, 0, 0, 0, b'?'], RestoreError::Policy),
    ] {
        assert_eq!(rig.kernel.restore_shared(bytes), Err(error));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Any text is a policy or has something wrong with it at a place inside.
    #[test]
    fn hostile_texts_are_refused_with_a_place(
        pieces in prop::collection::vec(prop::sample::select(vec![
            "[[rule]]\n", "verdict = \"allow\"\n", "verdict = \"deny\"\n", "syscall = \"gfx.pixel\"\n", "capability = \"gfx\"\n",
            "arguments.x = { min = 1 }\n", "score = { max = 3 }\n", "level = \"root\"\n", "mode = \"audit\"\n", "= ", "\"", "[", "{",
            "}", "#", "\n", "ä", "\u{0}", "\r", "'''", "1979-05-27", "violations = 0x7fffffffffffffff\n", "origin = \"*\"\n",
        ]), 0..24)
    ) {
        let text = pieces.concat();
        match Policy::parse(&text) {
            Ok(policy) => drop((policy.warnings(), policy.explain("", "", &Trust::new(TrustLevel::Root), &CATALOGUE[0]))),
            Err(errors) => {
                prop_assert!(!errors.is_empty());
                for error in errors {
                    prop_assert!(error.line >= 1 && error.line as usize <= text.matches('\n').count() + 1);
                    prop_assert!(!error.render("error", "p").is_empty());
                }
            }
        }
    }

    /// A rule that is said to be never consulted makes no difference, whatever the call.
    #[test]
    fn a_rule_that_is_never_consulted_makes_no_difference(
        rules in prop::collection::vec(
            (0..3u8, 0..3u8, 0..3u8, 0..4u16, 0..4u16, prop::option::of(-1..3i64)), 1..6),
        score in 0..4u16, violations in 0..4u64, x in -2..4i32,
    ) {
        let rule = |&(party, target, verdict, low, high, x): &(u8, u8, u8, u16, u16, Option<i64>)| {
            let party = ["", "module = \"test\"\n", "origin = \"*\"\n"][usize::from(party)];
            let target = ["", "capability = \"gfx\"\n", "syscall = \"gfx.pixel_get\"\n"][usize::from(target)];
            let verdict = ["allow", "deny", "quarantine"][usize::from(verdict)];
            let x = x.filter(|_| target.starts_with("syscall")).map_or(String::new(), |x| format!("arguments.x.min = {x}\n"));
            format!("[[rule]]\n{party}{target}score.max = {}\nviolations.min = {}\n{x}verdict = \"{verdict}\"\n", high + 1, low / 2)
        };
        let texts: Vec<String> = rules.iter().map(rule).collect();
        let whole = policy(&texts.concat());
        let trust = Trust { level: TrustLevel::Unverified, score, violations };
        let row = resolve("gfx.pixel_get").expect("a row");
        let verdict = |policy: &Policy| {
            // The explanation is what is compiled.
            let cases = policy.explain("test", "test", &trust, row).cases;
            let holds = |when: &str| match when.strip_prefix("x at least ") {
                Some(min) => i64::from(x) >= min.parse::<i64>().expect("a number"),
                None => when.is_empty(),
            };
            cases.iter().find(|(when, ..)| holds(when)).map(|(_, verdict, _)| *verdict)
        };
        let plain = whole.rules().iter().find(|rule| {
            let bound = rule.conditions.arguments.first();
            rule.conditions.score.contains(score.into()) && rule.conditions.violations.contains(violations)
                && bound.is_none_or(|bound| bound.range.contains(x.into()))
        });
        prop_assert_eq!(verdict(&whole), Some(plain.map_or(Verdict::Deny, |rule| rule.verdict)));
        let unreachable: Vec<u32> = whole.warnings().iter().map(|warning| warning.line).collect();
        let rest = texts.iter().zip(whole.rules()).filter(|(_, rule)| !unreachable.contains(&rule.line));
        let rest = policy(&rest.map(|(text, _)| text.as_str()).collect::<String>());
        prop_assert_eq!(verdict(&rest), verdict(&whole));
    }
}

/// Nobody but WASM-4's host is behind its disk, whatever else was declared.
#[test]
fn calls_by_id_reach_no_console_that_is_not_there() {
    let mut rig = rig();
    for id in ["wasm4.diskr@1", "wasm4.diskw@1"] {
        let values = [Value::I32(0), Value::I32(4)];
        let answered = rig.kernel.call_by_id(MODULE, id, &values, &mut rig.guest).expect("no panic");
        assert!(matches!(answered.answer, Answer::Trap(SyscallTrap::NotDeclared, _)), "{id}: {answered:?}");
    }
}
