//! What the pipeline lets in, what it refuses, and how it says so.

mod common;

use cartwheel_hostabi::mock::MockGuest;
use cartwheel_hostabi::mock::Slot;
use cartwheel_hostabi::{CATALOGUE, Fault, SlotType, Status, SyscallTrap, resolve};
use cartwheel_kernel::{
    Asset, CallRecord, FrameFigures, Import, Kernel, LOG_BYTES_PER_FRAME, LOG_BYTES_PER_LINE, LifecycleEvent,
    LoadError, LogLevel, ModuleConfig, ModuleId, Observer, Usage, VideoMode,
};
use common::*;

const I32: SlotType = SlotType::I32;

fn load(capabilities: &[&'static str], import: Import<'static>) -> Result<(), Vec<LoadError>> {
    let config = ModuleConfig {
        name: "test",
        origin: "test",
        capabilities: capabilities.to_vec(),
        imports: vec![import],
        video: Some(VideoMode { width: 8, height: 8 }),
        assets: Vec::new(),
    };
    Kernel::new().load(MODULE, config)
}

fn messages(result: Result<(), Vec<LoadError>>) -> Vec<String> {
    result.expect_err("must not load").iter().map(LoadError::to_string).collect()
}

// covers POL-2
#[test]
fn an_unknown_id_is_named_at_load() {
    for id in ["gfx.warp@1", "gfx.rect@7", "rect", "gfx.rect@01", ""] {
        let result = load(&["gfx"], Import { id, params: &[], results: &[] });
        assert_eq!(messages(result), [format!("no syscall is called `{id}`")]);
    }
}

// covers POL-3
#[test]
fn a_capability_that_is_not_declared_is_named_at_load() {
    let clear = Import { id: "gfx.clear", params: &[I32], results: &[] };
    assert_eq!(load(&["log", "gfx"], clear), Ok(()));
    assert_eq!(
        messages(load(&["log"], clear)),
        ["`gfx.clear@1` needs the capability `gfx`, which is not declared"]
    );
    assert_eq!(messages(load(&["gfx", "warp"], clear)), ["no capability is called `warp`"]);
}

// covers POL-4
#[test]
fn slots_of_other_number_or_kind_are_refused_at_load() {
    let import = |params, results| Import { id: "gfx.clear.v1", params, results };
    for (params, results) in [
        (&[][..], &[][..]),
        (&[I32, I32], &[]),
        (&[SlotType::I64], &[]),
        (&[SlotType::F32], &[]),
        (&[SlotType::Handle], &[]),
        (&[I32], &[I32]),
    ] {
        let messages = messages(load(&["gfx"], import(params, results)));
        assert!(messages[0].starts_with("`gfx.clear@1` is (i32) and not ("), "{messages:?}");
    }
}

#[test]
fn everything_that_is_wrong_is_listed_at_once_and_nothing_remains() {
    let mut kernel = Kernel::new();
    let asset = |name: &str| Asset { name: name.to_owned(), bytes: None };
    let bad = ModuleConfig {
        name: "test",
        origin: "test",
        capabilities: vec!["gfx", "time"],
        imports: vec![
            Import { id: "gfx.clear", params: &[], results: &[] },
            Import { id: "log.write", params: &[I32, I32, I32], results: &[I32] },
            Import { id: "clock.now", params: &[], results: &[] },
        ],
        video: Some(VideoMode { width: 641, height: 0 }),
        assets: vec![asset("b"), asset("a")],
    };
    let errors = kernel.load(MODULE, bad).expect_err("must not load");
    assert_eq!(errors.len(), 6, "{errors:?}");
    assert_eq!(kernel.load(MODULE, config(8, 8, Vec::new())), Ok(()));
    assert_eq!(kernel.load(MODULE, config(8, 8, Vec::new())), Err(vec![LoadError::NumberInUse(MODULE)]));
    kernel.unload(MODULE);
    assert_eq!(kernel.load(MODULE, config(8, 8, Vec::new())), Ok(()));
}

#[test]
fn drawing_needs_a_video_mode() {
    let mut bad = config(8, 8, Vec::new());
    bad.video = None;
    let errors = Kernel::new().load(MODULE, bad).expect_err("must not load");
    let drawing = CATALOGUE.iter().filter(|row| row.domain == "gfx").count();
    assert_eq!(errors.len(), drawing);
    assert_eq!(errors[0].to_string(), "`gfx.camera@1` needs a video mode, which is not declared");
    for (width, height) in [(0, 1), (1, 0), (641, 1), (1, 361)] {
        let errors =
            Kernel::new().load(MODULE, config(width, height, Vec::new())).expect_err("must not load");
        assert_eq!(errors, [LoadError::VideoMode(VideoMode { width, height })]);
    }
}

// covers POL-1 POL-7
#[test]
fn an_invalid_index_traps_and_a_call_without_a_module_panics() {
    let mut rig = Rig::new(8, 8, Vec::new());
    for index in [CATALOGUE.len() as u32, u32::MAX] {
        let fault = rig.kernel.call(MODULE, index, &mut rig.guest).expect_err("no such import");
        assert_eq!(fault, Fault::Trap(SyscallTrap::InvalidIndex));
    }
    let fault = rig.kernel.call(ModuleId(7), 0, &mut rig.guest).expect_err("no such module");
    assert!(matches!(fault, Fault::Panic(message) if message.contains('7')));
    // Two classes and no third: this match has to name them all.
    match (Fault::Trap(SyscallTrap::Denied), Fault::Panic(String::new())) {
        (Fault::Trap(_), Fault::Panic(_)) => {}
        (Fault::Panic(_) | Fault::Trap(_), _) => unreachable!(),
    }
}

// covers POL-6
#[test]
fn spans_are_checked_at_every_edge() {
    const LEN: i64 = 100;
    let mut rig = Rig::new(8, 8, vec![b'a'; LEN as usize]);
    let edges = [0, 1, LEN - 1, LEN, LEN + 1, i32::MAX.into(), i64::from(i32::MAX) + 1, u32::MAX.into()];
    for ptr in edges {
        for len in edges {
            let (p, l) = (Slot::from(ptr as i32), Slot::from(len as i32));
            let zero = Slot::from(0);
            for (id, args) in [
                ("log.write", vec![zero, p, l]),
                ("gfx.text", vec![p, l, zero, zero, zero]),
                ("telemetry.frame", vec![p, l]),
                ("asset.find", vec![p, l]),
            ] {
                let expected = if ptr + len <= LEN { None } else { Some(SyscallTrap::OutOfBoundsSpan) };
                let fault = rig.try_call(id, &args).err();
                assert_eq!(fault, expected.map(Fault::Trap), "{id} {ptr} {len}");
                assert_eq!(rig.guest.results.is_empty(), fault.is_some() || id == "gfx.text");
            }
        }
    }
    rig.guest.memory.clear();
    assert!(rig.try_call("log.write", &[0, 0, 0].map(Slot::from)).is_ok());
    assert!(rig.try_call("log.write", &[0, 0, 1].map(Slot::from)).is_err());
}

// covers POL-22
#[test]
fn calls_are_counted_by_syscall_and_by_frame() {
    let mut rig = rig();
    rig.kernel.begin_frame(MODULE);
    rig.call("gfx.clear", &[1]);
    rig.call("gfx.clear", &[1]);
    rig.call("gfx.pixel", &[1, 1, 1]);
    rig.try_call("gfx.text", &ints([-1, 2, 0, 0, 0])).expect_err("outside of memory");
    rig.kernel.end_frame(MODULE, FrameFigures::default());
    let usage =
        |rig: &Rig, id: &str| rig.kernel.bindings(MODULE)[resolve(id).expect(id).syscall as usize].usage;
    assert_eq!(
        usage(&rig, "gfx.clear"),
        Usage { calls: 2, cycles: 2 * (10 + 64 / 16), bytes: 0, objects: 0 }
    );
    assert_eq!(usage(&rig, "gfx.pixel").calls, 1);
    assert_eq!(usage(&rig, "gfx.text"), Usage { calls: 1, cycles: 20, bytes: 0, objects: 0 });
    assert_eq!(rig.kernel.usage(MODULE).calls, 4);
    assert_eq!(rig.kernel.usage(MODULE).cycles, rig.guest.cycles);
    rig.kernel.begin_frame(MODULE);
    assert_eq!(rig.kernel.usage(MODULE), Usage::default());
}

// covers SEC-12
#[test]
fn an_observer_sees_every_call_and_changes_nothing() {
    use std::sync::{Arc, Mutex};
    struct Names(Arc<Mutex<Vec<String>>>);
    impl Observer for Names {
        fn called(&mut self, record: &CallRecord) {
            let CallRecord { sequence, frame, verdict, outcome, cycles, .. } = record;
            let id = record.syscall.expect("an import").info().id;
            let line = format!(
                "{sequence} {frame} {id} {verdict:?} {outcome:?} {cycles} {:?}",
                record.slots.as_slice()
            );
            self.0.lock().expect("not poisoned").push(line);
        }
        fn lifecycle(&mut self, event: &LifecycleEvent) {
            self.0.lock().expect("not poisoned").push(format!("{:?}", event.what));
        }
        fn frame_ended(&mut self, frame: u64) {
            self.0.lock().expect("not poisoned").push(format!("end of {frame}"));
        }
    }
    let play = |rig: &mut Rig| {
        rig.call("gfx.clear", &[3]);
        rig.call("gfx.pixel_get", &[9, 9]);
        rig.try_call("gfx.text", &ints([-1, 2, 0, 0, 0])).expect_err("outside of memory");
    };
    let (mut watched, mut alone) = (rig(), rig());
    let seen = Arc::new(Mutex::new(Vec::new()));
    watched.kernel.observe(Box::new(Names(seen.clone())));
    watched.kernel.open_frame(7);
    play(&mut watched);
    watched.kernel.close_frame();
    play(&mut alone);
    assert_eq!(watched.hashes(), alone.hashes());
    assert_eq!(watched.guest, alone.guest);
    assert_eq!(
        *seen.lock().expect("not poisoned"),
        [
            "0 7 gfx.clear@1 Some(Allow) Done 14 [3]",
            "1 7 gfx.pixel_get@1 Some(Allow) Status(GfxOutside) 5 [9, 9]",
            "2 7 gfx.text@1 None Trap(OutOfBoundsSpan) 20 [4294967295, 2, 0, 0, 0]",
            "end of 7",
        ]
    );
}

#[test]
fn the_log_is_bounded_by_the_frame_and_comes_out_in_order() {
    let mut rig = rig();
    let args = text(&mut rig, "one", &[0], &[]);
    rig.try_call("log.write", &args).expect("a good call");
    let args = vec![3.into(), bytes(&mut rig, b"tw\xffo")];
    rig.try_call("log.write_bytes", &args).expect("a good call");
    let lines = rig.kernel.take_log(MODULE);
    let lines: Vec<(LogLevel, &str)> = lines.iter().map(|line| (line.level, line.text.as_str())).collect();
    assert_eq!(lines, [(LogLevel::Debug, "one"), (LogLevel::Error, "tw\u{fffd}o")]);
    assert!(rig.kernel.take_log(MODULE).is_empty());

    // Empty lines count too.
    rig.kernel.end_frame(MODULE, FrameFigures::default());
    let lines = LOG_BYTES_PER_FRAME / LOG_BYTES_PER_LINE;
    for _ in 0..lines {
        assert_eq!(rig.call("log.write", &[1, 0, 0]), [Status::Ok.code()]);
    }
    assert_eq!(rig.call("log.write", &[1, 0, 0]), [Status::Quota.code()]);
    assert_eq!(rig.kernel.take_log(MODULE).len() as u32, lines);
    assert_eq!(rig.call("log.write", &[1, 0, 0]), [Status::Quota.code()]);
    rig.kernel.end_frame(MODULE, FrameFigures::default());
    assert_eq!(rig.call("log.write", &[1, 0, 0]), [Status::Ok.code()]);
}

#[test]
fn telemetry_tells_the_figures_of_the_frame_before() {
    let mut rig = rig();
    let figures = FrameFigures {
        frame: 1,
        cycles: u64::MAX,
        budget: 3,
        syscalls: 4,
        bytes: 5,
        objects: 6,
        collector_cycles: 7,
        overruns: 0x0102_0304_0506_0708,
    };
    rig.kernel.end_frame(MODULE, figures);
    assert_eq!(rig.call("telemetry.frame", &[8, 70]), [Status::Ok.code()]);
    let fields: Vec<u64> = rig.guest.memory[8..72]
        .chunks_exact(8)
        .map(|field| u64::from_le_bytes(field.try_into().expect("eight bytes")))
        .collect();
    assert_eq!(fields, [1, u64::MAX, 3, 4, 5, 6, 7, 0x0102_0304_0506_0708]);
    assert_eq!(rig.guest.memory[72..80], [0; 8]);
    let args = counter(&mut rig, "lives");
    rig.try_call("telemetry.counter", &args).expect("a good call");
    let counters = rig.kernel.take_counters(MODULE);
    assert_eq!((counters[0].name.as_str(), counters[0].value, counters.len()), ("lives", -1, 1));
}

#[test]
fn modules_do_not_share_anything() {
    let mut rig = rig();
    let other = ModuleId(3);
    rig.kernel.load(other, config(4, 4, Vec::new())).expect("a good configuration");
    let mut guest = MockGuest::new(Vec::new());
    guest.module = other.0;
    guest.prepare([5]);
    let clear = resolve("gfx.clear").expect("gfx.clear").syscall as u32;
    rig.kernel.call(other, clear, &mut guest).expect("a good call");
    assert_eq!(rig.pixels(), [0; 64]);
    assert_eq!(rig.kernel.surface(other).expect("a surface").pixels, [5; 16]);
    assert!(rig.kernel.surface(ModuleId(1)).is_none());
    assert_eq!(rig.kernel.usage(MODULE).calls, 0);
}
