//! What the pipeline lets in, what it refuses, and how it says so.

mod common;

use std::collections::BTreeSet;

use cartwheel_hostabi::mock::{MockGuest, MockKind, MockObject, Slot};
use cartwheel_hostabi::{CATALOGUE, Fault, Object, SlotType, Status, SyscallTrap, resolve};
use cartwheel_kernel::{
    Asset, COUNTERS_PER_FRAME, CallEvent, FrameFigures, Import, Kernel, LOG_BYTES_PER_FRAME,
    LOG_BYTES_PER_LINE, LoadError, LogLevel, ModuleConfig, ModuleId, Observer, Usage, VideoMode,
    WASM4_FONT_ASSET,
};
use common::{MODULE, Rig, config, image, wasm4_config};

const I32: SlotType = SlotType::I32;

fn load(capabilities: &[&'static str], import: Import<'static>) -> Result<(), Vec<LoadError>> {
    let config = ModuleConfig {
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

// covers POL-3
#[test]
fn wasm4_rows_need_its_host_and_the_disk_its_own_capability_too() {
    let diskr = Import { id: "wasm4.diskr", params: &[I32, I32], results: &[I32] };
    let vline = Import { id: "wasm4.vline", params: &[I32, I32, I32], results: &[] };
    assert_eq!(load(&["fs", "wasm4"], diskr), Ok(()));
    assert_eq!(load(&["wasm4"], vline), Ok(()));
    for (capabilities, import, message) in [
        (&["fs"], diskr, "`wasm4.diskr@1` needs the capability `wasm4`, which is not declared"),
        (&["wasm4"], diskr, "`wasm4.diskr@1` needs the capability `fs`, which is not declared"),
        (&["gfx"], vline, "`wasm4.vline@1` needs the capability `wasm4`, which is not declared"),
    ] {
        assert_eq!(messages(load(capabilities, import)), [message]);
    }
}

#[test]
fn a_wasm4_font_has_the_size_of_one() {
    let font = |len: usize| Asset { name: WASM4_FONT_ASSET.to_owned(), bytes: Some(vec![0; len].into()) };
    assert_eq!(Kernel::new().load(MODULE, wasm4_config(vec![font(1_792)])), Ok(()));
    assert_eq!(Kernel::new().load(MODULE, config(8, 8, vec![font(3)])), Ok(()), "no game, no font");
    for len in [0, 1_791, 1_793] {
        assert_eq!(
            messages(Kernel::new().load(MODULE, wasm4_config(vec![font(len)]))),
            [format!("asset `wasm4.font` has {len} bytes; a font has 1792")]
        );
    }
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
    for index in [config(8, 8, Vec::new()).imports.len() as u32, u32::MAX] {
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

/// A way to provoke a status or trap: preparation, id, arguments.
type Provoke = (&'static str, fn(&mut Rig) -> Vec<Slot>);

fn ints<const N: usize>(args: [i32; N]) -> Vec<Slot> {
    args.map(Slot::from).to_vec()
}

/// A case for every status that a row lists, and for OK.
const STATUSES: &[(Status, Provoke)] = &[
    (Status::Ok, ("asset.find@1", |rig| text(rig, "image", &[], &[]))),
    (Status::AssetNotFound, ("asset.find@1", |rig| text(rig, "imag", &[], &[]))),
    (Status::Ok, ("gfx.image@1", |_| ints([0, 0, 0, -1, 0]))),
    (Status::GfxNotFound, ("gfx.image@1", |_| ints([3, 0, 0, -1, 0]))),
    (Status::GfxNotLoaded, ("gfx.image@1", |_| ints([1, 0, 0, -1, 0]))),
    (Status::GfxBadImage, ("gfx.image@1", |_| ints([2, 0, 0, -1, 0]))),
    (Status::Ok, ("gfx.image_size@1", |_| ints([0]))),
    (Status::GfxNotFound, ("gfx.image_size@1", |_| ints([-1]))),
    (Status::GfxNotLoaded, ("gfx.image_size@1", |_| ints([1]))),
    (Status::GfxBadImage, ("gfx.image_size@1", |_| ints([2]))),
    (Status::Ok, ("gfx.image_sub@1", |_| ints([0, 1, 1, 1, 1, 0, 0, -1, 0]))),
    (Status::GfxNotFound, ("gfx.image_sub@1", |_| ints([i32::MAX, 0, 0, 1, 1, 0, 0, -1, 0]))),
    (Status::GfxNotLoaded, ("gfx.image_sub@1", |_| ints([1, 0, 0, 1, 1, 0, 0, -1, 0]))),
    (Status::GfxBadImage, ("gfx.image_sub@1", |_| ints([2, 0, 0, 1, 1, 0, 0, -1, 0]))),
    (Status::GfxOutside, ("gfx.image_sub@1", |_| ints([0, 1, 1, 2, 1, 0, 0, -1, 0]))),
    (Status::Ok, ("gfx.pixel_get@1", |_| ints([7, 7]))),
    (Status::GfxOutside, ("gfx.pixel_get@1", |_| ints([8, 7]))),
    (Status::Ok, ("log.write@1", |rig| text(rig, "hello", &[1], &[]))),
    (Status::LogBadLevel, ("log.write@1", |rig| text(rig, "hello", &[4], &[]))),
    (Status::LogBadLevel, ("log.write@1", |rig| text(rig, "hello", &[-1], &[]))),
    (Status::Quota, ("log.write@1", |rig| text(rig, &"x".repeat(LOG_BYTES_PER_FRAME as usize), &[1], &[]))),
    (Status::Ok, ("log.write_bytes@1", |rig| vec![1.into(), bytes(rig, b"hello")])),
    (Status::LogBadLevel, ("log.write_bytes@1", |rig| vec![9.into(), bytes(rig, b"hello")])),
    (Status::Quota, ("log.write_bytes@1", |rig| vec![1.into(), bytes(rig, &[0; 65_537])])),
    (Status::Ok, ("telemetry.counter@1", |rig| counter(rig, "frames left"))),
    (Status::TelemetryBadName, ("telemetry.counter@1", |rig| counter(rig, ""))),
    (Status::TelemetryBadName, ("telemetry.counter@1", |rig| counter(rig, "a\n"))),
    (Status::TelemetryBadName, ("telemetry.counter@1", |rig| counter(rig, "ä"))),
    (
        Status::TelemetryBadName,
        ("telemetry.counter@1", |rig| counter(rig, "123456789012345678901234567890123")),
    ),
    (
        Status::Quota,
        ("telemetry.counter@1", |rig| {
            for _ in 0..COUNTERS_PER_FRAME {
                let args = counter(rig, "n");
                assert_eq!(rig.try_call("telemetry.counter", &args).expect("a good call"), Some(Status::Ok));
            }
            counter(rig, "n")
        }),
    ),
    (Status::Ok, ("telemetry.frame@1", |rig| record(rig, 64))),
    (Status::TelemetryTooSmall, ("telemetry.frame@1", |rig| record(rig, 63))),
    (Status::Unavailable, ("telemetry.frame@1", |_| ints([0, 64]))),
];

/// A case for every trap that a row can raise.
const TRAPS: &[(SyscallTrap, Provoke)] = &[
    (SyscallTrap::OutOfBoundsSpan, ("asset.find@1", |rig| beyond(rig, &[], &[]))),
    (SyscallTrap::BadArgument, ("gfx.image@1", |_| ints([0, 0, 0, 256, 0]))),
    (SyscallTrap::BadArgument, ("gfx.image@1", |_| ints([0, 0, 0, -2, 0]))),
    (SyscallTrap::BadArgument, ("gfx.image_sub@1", |_| ints([0, 0, 0, 1, 1, 0, 0, -1, 8]))),
    (SyscallTrap::OutOfBoundsSpan, ("gfx.sprite@1", |rig| beyond(rig, &[], &[1, 1, 0, 0, -1, 0]))),
    (SyscallTrap::ShortSpan, ("gfx.sprite@1", |_| ints([0, 5, 2, 3, 0, 0, -1, 0]))),
    (SyscallTrap::ShortSpan, ("gfx.sprite@1", |_| ints([0, 64, i32::MAX, i32::MAX, 0, 0, -1, 0]))),
    (SyscallTrap::BadArgument, ("gfx.sprite@1", |_| ints([0, 6, 2, 3, 0, 0, -1, -1]))),
    (SyscallTrap::NullHandle, ("gfx.sprite_bytes@1", |_| handle_first(Object::NULL, &[1, 1, 0, 0, -1, 0]))),
    (SyscallTrap::WrongKind, ("gfx.sprite_bytes@1", |rig| handle_first(other(rig), &[1, 1, 0, 0, -1, 0]))),
    (
        SyscallTrap::ShortSpan,
        ("gfx.sprite_bytes@1", |rig| {
            let object = rig.guest.add(MockObject::Bytes(vec![0; 5]));
            handle_first(object, &[2, 3, 0, 0, -1, 0])
        }),
    ),
    (
        SyscallTrap::BadArgument,
        ("gfx.sprite_bytes@1", |rig| {
            let object = rig.guest.add(MockObject::Bytes(vec![0; 6]));
            handle_first(object, &[2, 3, 0, 0, 999, 0])
        }),
    ),
    (
        SyscallTrap::OutOfBoundsSpan,
        ("gfx.sprite_sub@1", |rig| beyond(rig, &[], &[1, 0, 0, 1, 1, 0, 0, -1, 0])),
    ),
    (SyscallTrap::ShortSpan, ("gfx.sprite_sub@1", |_| ints([0, 9, 8, 2, 1, 1, 1, 0, 0, -1, 0]))),
    (
        SyscallTrap::ShortSpan,
        ("gfx.sprite_sub@1", |_| ints([0, 64, i32::MAX, 0, i32::MAX, i32::MAX, i32::MAX, 0, 0, -1, 0])),
    ),
    (SyscallTrap::BadArgument, ("gfx.sprite_sub@1", |_| ints([0, 64, 4, 3, 0, 2, 1, 0, 0, -1, 0]))),
    (SyscallTrap::BadArgument, ("gfx.sprite_sub@1", |_| ints([0, 64, 4, -1, 0, 2, 1, 0, 0, -1, 0]))),
    (SyscallTrap::BadArgument, ("gfx.sprite_sub@1", |_| ints([0, 64, 4, 0, -1, 2, 1, 0, 0, -1, 0]))),
    (SyscallTrap::OutOfBoundsSpan, ("gfx.text@1", |rig| beyond(rig, &[], &[0, 0, 0]))),
    (SyscallTrap::NullHandle, ("gfx.text_bytes@1", |_| handle_first(Object::NULL, &[0, 0, 0]))),
    (SyscallTrap::WrongKind, ("gfx.text_bytes@1", |rig| handle_first(other(rig), &[0, 0, 0]))),
    (SyscallTrap::OutOfBoundsSpan, ("log.write@1", |rig| beyond(rig, &[0], &[]))),
    (SyscallTrap::NullHandle, ("log.write_bytes@1", |_| vec![0.into(), Object::NULL.into()])),
    (SyscallTrap::WrongKind, ("log.write_bytes@1", |rig| vec![0.into(), other(rig).into()])),
    (
        SyscallTrap::OutOfBoundsSpan,
        ("telemetry.counter@1", |rig| {
            let mut args = beyond(rig, &[], &[]);
            args.push(0i64.into());
            args
        }),
    ),
    (SyscallTrap::OutOfBoundsSpan, ("telemetry.frame@1", |rig| beyond(rig, &[], &[]))),
    (SyscallTrap::OutOfBoundsSpan, ("wasm4.blit@1", |_| ints([65_535, 0, 0, 9, 1, 0]))),
    (SyscallTrap::OutOfBoundsSpan, ("wasm4.blit@1", |rig| small(rig, ints([0; 6])))),
    (SyscallTrap::OutOfBoundsSpan, ("wasm4.blit_sub@1", |_| ints([0, 0, 0, 1, 1, -1, 0, 8, 0]))),
    (SyscallTrap::OutOfBoundsSpan, ("wasm4.diskr@1", |rig| beyond(rig, &[], &[]))),
    (SyscallTrap::OutOfBoundsSpan, ("wasm4.diskw@1", |rig| beyond(rig, &[], &[]))),
    (SyscallTrap::OutOfBoundsSpan, ("wasm4.hline@1", |rig| small(rig, ints([0; 3])))),
    (SyscallTrap::OutOfBoundsSpan, ("wasm4.line@1", |rig| small(rig, ints([0; 4])))),
    (SyscallTrap::OutOfBoundsSpan, ("wasm4.oval@1", |rig| small(rig, ints([0; 4])))),
    (SyscallTrap::OutOfBoundsSpan, ("wasm4.rect@1", |rig| small(rig, ints([0; 4])))),
    (SyscallTrap::OutOfBoundsSpan, ("wasm4.text@1", |_| ints([65_536, 0, 0]))),
    (SyscallTrap::OutOfBoundsSpan, ("wasm4.text@1", |rig| small(rig, ints([0; 3])))),
    (SyscallTrap::OutOfBoundsSpan, ("wasm4.text_utf16@1", |rig| beyond(rig, &[], &[0, 0]))),
    (SyscallTrap::OutOfBoundsSpan, ("wasm4.text_utf8@1", |rig| beyond(rig, &[], &[0, 0]))),
    (SyscallTrap::OutOfBoundsSpan, ("wasm4.trace@1", |rig| unterminated(rig, &[65_000]))),
    (SyscallTrap::OutOfBoundsSpan, ("wasm4.trace_utf16@1", |rig| beyond(rig, &[], &[]))),
    (SyscallTrap::OutOfBoundsSpan, ("wasm4.trace_utf8@1", |rig| beyond(rig, &[], &[]))),
    (SyscallTrap::OutOfBoundsSpan, ("wasm4.tracef@1", |rig| unterminated(rig, &[65_000, 0]))),
    (SyscallTrap::OutOfBoundsSpan, ("wasm4.vline@1", |rig| small(rig, ints([0; 3])))),
];

/// The same arguments, in a memory that ends a byte before the framebuffer does.
fn small(rig: &mut Rig, args: Vec<Slot>) -> Vec<Slot> {
    rig.guest.memory.truncate(0xa0 + 6_400 - 1);
    args
}

/// The same arguments, in a memory that has no 0 from the first of them on.
fn unterminated(rig: &mut Rig, args: &[i32]) -> Vec<Slot> {
    rig.guest.memory[args[0] as usize..].fill(b'x');
    args.iter().map(|&arg| arg.into()).collect()
}

/// Arguments with a text at the start of memory between other ones.
fn text(rig: &mut Rig, text: &str, before: &[i32], after: &[i32]) -> Vec<Slot> {
    rig.guest.memory[..text.len()].copy_from_slice(text.as_bytes());
    let args = [before, &[0, text.len() as i32], after].concat();
    args.into_iter().map(Slot::from).collect()
}

fn bytes(rig: &mut Rig, contents: &[u8]) -> Slot {
    rig.guest.add(MockObject::Bytes(contents.to_vec())).into()
}

fn other(rig: &mut Rig) -> Object {
    rig.guest.add(MockObject::Other(MockKind::Record))
}

fn handle_first(object: Object, args: &[i32]) -> Vec<Slot> {
    std::iter::once(Slot::from(object)).chain(args.iter().map(|&arg| arg.into())).collect()
}

fn counter(rig: &mut Rig, name: &str) -> Vec<Slot> {
    let mut args = text(rig, name, &[], &[]);
    args.push((-1i64).into());
    args
}

/// Arguments for a record of some size, in a frame that is not the first.
fn record(rig: &mut Rig, len: i32) -> Vec<Slot> {
    rig.kernel.end_frame(MODULE, FrameFigures::default());
    ints([8, len])
}

/// Arguments with a span of one byte behind the end of memory between other ones.
fn beyond(rig: &mut Rig, before: &[i32], after: &[i32]) -> Vec<Slot> {
    let args = [before, &[rig.guest.memory.len() as i32, 1], after].concat();
    args.into_iter().map(Slot::from).collect()
}

fn rig() -> Rig {
    let empty = Asset { name: "later".to_owned(), bytes: None };
    let assets = vec![image("image", 2, 2, &[1, 2, 3, 4]), empty, image("text", 2, 2, &[1, 2, 3])];
    Rig::with_assets(8, 8, vec![0; 128 * 1024], assets)
}

// covers POL-12 POL-11 POL-6
#[test]
fn every_listed_status_is_provoked() {
    let mut missing: BTreeSet<(&str, &str)> = CATALOGUE
        .iter()
        .filter(|row| row.has_status())
        .flat_map(|row| row.statuses.iter().chain([&Status::Ok]).map(|status| (row.id, status.name())))
        .collect();
    for (status, (id, prepare)) in STATUSES {
        let mut rig = rig();
        let args = prepare(&mut rig);
        let before = (rig.pixels(), rig.guest.memory.clone());
        let done = rig.try_call(id, &args).unwrap_or_else(|fault| panic!("{id}: {fault}"));
        assert_eq!(done, Some(*status), "{id}");
        let row = resolve(id).expect(id);
        assert_eq!(rig.guest.results.len(), row.results.len(), "{id}");
        assert_eq!(rig.guest.result(0), status.code() as u64, "{id}");
        if *status != Status::Ok {
            assert!((1..row.results.len()).all(|slot| rig.guest.result(slot) == 0), "{id} {status:?}");
            assert!(before == (rig.pixels(), rig.guest.memory), "{id} {status:?} changed something");
        }
        missing.remove(&(row.id, status.name()));
    }
    assert!(missing.is_empty(), "no case provokes {missing:?}");
}

// covers POL-5 POL-6
#[test]
fn every_trap_of_a_row_is_provoked() {
    let mut missing: BTreeSet<(&str, String)> = CATALOGUE
        .iter()
        .flat_map(|row| row.traps().into_iter().map(|trap| (row.id, format!("{trap:?}"))))
        .collect();
    for (trap, (id, prepare)) in TRAPS {
        let mut rig = if id.starts_with("wasm4.") { Rig::wasm4() } else { rig() };
        let args = prepare(&mut rig);
        let before = (rig.saved(), rig.guest.memory.clone());
        assert_eq!(rig.try_call(id, &args), Err(Fault::Trap(*trap)), "{id}");
        assert!(rig.guest.results.is_empty(), "{id} wrote results");
        assert_eq!(rig.guest.cycles, u64::from(resolve(id).expect(id).cost.base), "{id}");
        assert!(before == (rig.saved(), rig.guest.memory), "{id} {trap:?} changed something");
        assert!(rig.kernel.take_log(MODULE).is_empty());
        missing.remove(&(*id, format!("{trap:?}")));
    }
    assert!(missing.is_empty(), "no case provokes {missing:?}");
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
    #[derive(Default)]
    struct Names(Arc<Mutex<Vec<String>>>);
    impl Observer for Names {
        fn called(&mut self, event: &CallEvent<'_>) {
            let fault = event.fault.map_or_else(String::new, Fault::to_string);
            let (status, cycles) = (event.done.status, event.done.cycles);
            self.0
                .lock()
                .expect("not poisoned")
                .push(format!("{} {status:?} {cycles} {fault}", event.syscall));
        }
    }
    let play = |rig: &mut Rig| {
        rig.call("gfx.clear", &[3]);
        rig.call("gfx.pixel_get", &[9, 9]);
        rig.try_call("gfx.text", &ints([-1, 2, 0, 0, 0])).expect_err("outside of memory");
    };
    let (mut watched, mut alone) = (rig(), rig());
    let seen = Arc::new(Mutex::new(Vec::new()));
    watched.kernel.observe(Some(Box::new(Names(seen.clone()))));
    play(&mut watched);
    play(&mut alone);
    assert_eq!(watched.hashes(), alone.hashes());
    assert_eq!(watched.guest, alone.guest);
    assert_eq!(
        *seen.lock().expect("not poisoned"),
        [
            "gfx.clear@1 None 14 ",
            "gfx.pixel_get@1 Some(GfxOutside) 5 ",
            "gfx.text@1 None 20 trap: span outside linear memory",
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
