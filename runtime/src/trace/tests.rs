//! What damaged, cut and hostile traces do.

use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cartwheel_vm::{Cell, Program};
use proptest::prelude::*;

use super::file::{MAGIC, START};
use super::frame::{Event, MIN_RECORD_BYTES, TracedFrame};
use super::index::trailer;
use super::keyframe::{self, Chunks};
use super::record::{self, RecordKind};
use super::wire::{Wire, put_bytes, put_u64};
use super::*;
use crate::config::Config;
use crate::input::{Buttons, InputFrame, Pointer, PointerButtons};
use crate::machine::Machine;

const SOURCE: &str = ".video 8, 8 .capability gfx
.data count: i32 0
.func update()
  .local n, x: i32
  i32.load n, [count]
  input.held x, 0
  i32.add n, n, x
  i32.add n, n, 1
  i32.store [count], n
  syscall gfx.pixel(n, 5, n)
  return
.end
";

const OPTIONS: RecordOptions = RecordOptions { keyframes: 4, components: 3, embed: false };

fn machine() -> Machine {
    let cart =
        cartwheel_assembler::assemble("test.asm", SOURCE, &cartwheel_assembler::NoFiles).expect("good");
    let mut machine = Machine::new(Config { seed: 7, ..Config::default() });
    machine.load(Program::new(cart).expect("a good program")).expect("it can be loaded");
    machine
}

fn input(frame: u64) -> InputFrame {
    let mut input = InputFrame::default();
    input.pads[0] = Buttons::from_bits(frame as u32 / 3 % 4).expect("two buttons");
    input
}

fn record_on<W: Write>(recorder: &mut Recorder<W>, machine: &mut Machine, frames: u64) -> io::Result<()> {
    for _ in 0..frames {
        let input = input(machine.frame());
        machine.step(&input).expect("no panic");
        recorder.frame(machine, &input, Vec::new())?;
    }
    Ok(())
}

fn recorded(frames: u64, options: RecordOptions) -> Vec<u8> {
    let mut machine = machine();
    let mut recorder = Recorder::new(Vec::new(), &machine, options).expect("memory can be written");
    record_on(&mut recorder, &mut machine, frames).expect("memory can be written");
    recorder.finish().expect("memory can be written")
}

fn open(bytes: &[u8]) -> Result<Trace, TraceError> {
    Trace::open(bytes.to_vec())
}

fn frames(trace: &Trace) -> Vec<TracedFrame> {
    trace.frames(0).collect::<Result<_, _>>().expect("completed frames are whole")
}

/// Where the records of a good file begin.
fn records(file: &[u8]) -> Vec<(RecordKind, usize, usize)> {
    let mut found = Vec::new();
    let mut offset = START;
    loop {
        let record = record::read(&file[offset as usize..], offset)
            .expect("a good record")
            .expect("the index comes last");
        found.push((record.kind, offset as usize, record.end as usize));
        offset = record.end;
        if record.kind == RecordKind::Index {
            return found;
        }
    }
}

/// Everything that is to be read of a trace. The first thing that is wrong.
fn read_all(bytes: &[u8]) -> Result<Trace, String> {
    let mut trace = open(bytes).map_err(|e| e.to_string())?;
    for frame in trace.frames(0) {
        frame.map_err(|e| e.to_string())?;
    }
    for at in trace.keyframes() {
        trace.state(at).map_err(|e| e.to_string())?;
    }
    trace.check().map_err(|e| e.to_string())?;
    trace.damage().map_or(Ok(()), |damage| Err(damage.to_string()))?;
    if trace.is_finished() { Ok(trace) } else { Err("it has no index".to_owned()) }
}

#[test]
fn a_trace_of_any_length_opens_with_its_completed_frames() {
    let file = recorded(9, OPTIONS);
    let whole = frames(&open(&file).expect("a good trace"));
    assert_eq!(whole.len(), 9);
    let records = records(&file);
    for len in 0..file.len() {
        let completed =
            records.iter().filter(|&&(kind, _, end)| kind == RecordKind::Frame && end <= len).count();
        match open(&file[..len]) {
            Ok(trace) => {
                assert!(!trace.is_finished());
                assert_eq!(frames(&trace), whole[..completed], "cut to {len} bytes");
                let at_end = records.iter().any(|&(_, _, end)| end == len);
                assert_eq!(trace.damage().is_none(), at_end && records.last().is_some_and(|r| r.2 != len));
                assert!(trace.damage().is_none_or(|damage| damage.torn), "cut to {len} bytes");
            }
            Err(error) => assert!(len < records[0].2, "cut to {len} bytes: {error}"),
        }
    }
}

#[test]
fn recording_goes_on_wherever_it_was_cut() {
    let file = recorded(9, OPTIONS);
    let whole = frames(&open(&file).expect("a good trace"));
    let header_end = records(&file)[0].2;
    for len in header_end..file.len() {
        let trace = open(&file[..len]).expect("its header is whole");
        let mut machine = machine();
        assert_eq!(trace.seek(&mut machine, trace.next_frame()), Ok(None));
        let kept = file[..trace.completed_bytes() as usize].to_vec();
        let mut recorder = Recorder::resume(kept, &trace, OPTIONS).expect("its last frame is whole");
        record_on(&mut recorder, &mut machine, 9 - trace.len()).expect("memory can be written");
        let again = read_all(&recorder.finish().expect("memory can be written"))
            .unwrap_or_else(|e| panic!("cut to {len} bytes and resumed: {e}"));
        assert_eq!(frames(&again), whole, "cut to {len} bytes");
        assert_eq!(again.seek(&mut machine, 5), Ok(None));
    }
}

#[test]
fn any_changed_byte_is_found() {
    let file = recorded(6, OPTIONS);
    read_all(&file).expect("a good trace");
    for at in 0..file.len() {
        for change in [1, 0x80, 0xff] {
            let mut bad = file.clone();
            bad[at] ^= change;
            let error = read_all(&bad).err().unwrap_or_else(|| panic!("byte {at} changed unnoticed"));
            assert!(
                error.contains("byte ") || error.contains("version") || error.contains("CWTR"),
                "{error}"
            );
        }
    }
}

#[test]
fn records_that_were_moved_repeated_or_left_out_are_found() {
    let file = recorded(6, RecordOptions { keyframes: 0, components: 0, embed: false });
    let records = records(&file);
    let frames: Vec<&[u8]> =
        records.iter().filter(|r| r.0 == RecordKind::Frame).map(|&(_, from, to)| &file[from..to]).collect();
    let (from, to) = (records[1].1, records[records.len() - 2].2);
    let rebuilt = |order: &[usize]| {
        let middle: Vec<u8> = order.iter().flat_map(|&i| frames[i].to_vec()).collect();
        [&file[..from], &middle, &file[to..]].concat()
    };
    assert_eq!(rebuilt(&[0, 1, 2, 3, 4, 5]), file);
    for order in [&[0, 2, 1, 3, 4, 5][..], &[0, 1, 1, 2, 3, 4, 5], &[0, 1, 3, 4, 5], &[0, 1, 2, 4, 3, 5]] {
        let error = read_all(&rebuilt(order)).expect_err("frames are out of order");
        assert!(error.contains("frame record at byte"), "{error}");
    }
}

#[test]
fn other_versions_and_other_files_are_refused() {
    let mut file = recorded(1, OPTIONS);
    assert_eq!(open(b"").err(), Some(TraceError::NotATrace));
    assert_eq!(open(b"CWSS....").err(), Some(TraceError::NotATrace));
    file[4] = 9;
    assert_eq!(open(&file).err(), Some(TraceError::Version(9)));
}

/// A finished file with records behind a good header.
fn crafted(records: &[(RecordKind, Vec<u8>)]) -> Vec<u8> {
    let mut file = MAGIC.to_vec();
    file.extend(TRACE_VERSION.to_le_bytes());
    file.extend([0, 0]);
    let mut at = 0;
    let head = (RecordKind::Header, Header::of(&machine(), false).encode());
    for (kind, content) in [head].iter().chain(records) {
        at = file.len() as u64;
        record::put(&mut file, at, *kind, content);
    }
    file.extend(trailer(at));
    file
}

#[test]
fn an_index_cannot_claim_more_than_the_file_has() {
    let mut index = Vec::new();
    for number in [1 << 60, 1 << 52] {
        put_u64(&mut index, number);
    }
    index.extend([1; 40]);
    let mut trace = open(&crafted(&[(RecordKind::Index, index.clone())])).expect("the header is good");
    assert_eq!((trace.len(), trace.keyframes().len()), (0, 0));
    trace.check().expect("there is no index to believe");
    // A frame that is not there cannot be read either.
    index.clear();
    for number in [1, 1, START, 0] {
        put_u64(&mut index, number);
    }
    let trace = open(&crafted(&[(RecordKind::Frame, vec![0; 40]), (RecordKind::Index, index)]));
    assert_eq!(trace.expect("the header is good").frames(0).filter(Result::is_ok).count(), 0);
}

#[test]
fn keyframes_that_unpack_to_too_much_are_refused() {
    let bomb = |claimed: usize| {
        let zeros = zstd::bulk::compress(&vec![0; claimed], 1).expect("memory can be written");
        let mut content = Vec::new();
        for number in [0, 0, 1, 1, 2] {
            put_u64(&mut content, number);
        }
        put_bytes(&mut content, &zeros);
        content
    };
    for claimed in [1 << 20, 3 * MAX_KEYFRAME_BYTES] {
        let trace = open(&crafted(&[(RecordKind::Keyframe, bomb(claimed))])).expect("the header is good");
        let at = trace.keyframes()[0];
        let error = trace.state(&at).expect_err("a bomb");
        assert!(matches!(error, TraceError::Keyframe { frame: 0, .. }), "{error}");
    }
}

#[test]
fn a_one_pad_game_takes_less_than_forty_bytes_per_frame() {
    let options = RecordOptions { keyframes: 0, ..RecordOptions::default() };
    let empty = recorded(0, options).len();
    let per_frame = (recorded(600, options).len() - empty) as f64 / 600.0;
    assert!(per_frame <= 40.0, "{per_frame} bytes");
    assert!(per_frame >= MIN_RECORD_BYTES as f64);
}

#[test]
fn keyframes_share_chunks_and_give_the_states_back() {
    let mut machine = machine();
    let mut chunks = Chunks::default();
    let mut contents: Vec<Vec<u8>> = Vec::new();
    let mut firsts = Vec::new();
    for _ in 0..5 {
        let state = machine.save().expect("no panic");
        firsts.push(contents.len());
        let (content, new) = chunks.encode(machine.frame(), &state);
        // Memory has one page that changes; machine, video and the rest are a few chunks.
        assert!(contents.is_empty() || new < 8, "{new} new chunks");
        contents.push(content);
        let head = |i: usize| keyframe::decode_head(Wire(&contents[i])).expect("a good head");
        let holder = |chunk| {
            let i = (0..contents.len()).rfind(|&i| head(i).first_chunk <= chunk && head(i).new_chunks > 0);
            keyframe::open(Wire(&contents[i.expect("there is one")]))
        };
        let last = contents.last().expect("there is one");
        let own = keyframe::open(Wire(last)).expect("a good keyframe");
        assert_eq!(keyframe::assemble(&own, holder), Ok(state));
        machine.step(&input(machine.frame())).expect("no panic");
    }
}

/// Counts what is read of bytes in memory.
struct Counting(io::Cursor<Vec<u8>>, Arc<AtomicU64>);

impl Read for Counting {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.0.read(bytes)?;
        self.1.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

impl Seek for Counting {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.0.seek(to)
    }
}

#[test]
fn an_hour_is_opened_and_searched_without_reading_it() {
    const HOUR: u64 = 216_000;
    let header = Header::of(&machine(), false);
    let mut recorder = Recorder::with_header(Vec::new(), header, OPTIONS);
    let mut states = Vec::new();
    let mut state = vec![0; 300_000];
    for number in 0..HOUR {
        if number % 600 == 0 {
            // Noise in a tenth of the state.
            let noise = xxhash_rust::xxh3::xxh3_64(&number.to_le_bytes());
            let from = (noise % 9) as usize * 30_000;
            for (i, byte) in state[from..from + 30_000].iter_mut().enumerate() {
                *byte = (noise.rotate_left(i as u32 % 64).wrapping_mul(i as u64 | 1) >> 29) as u8;
            }
            recorder.put_keyframe(number, &state);
            states.push(xxhash_rust::xxh3::xxh3_128(&state));
        }
        recorder.put_frame(&TracedFrame { number, root: number.into(), ..TracedFrame::default() });
    }
    let file = recorder.finish().expect("memory can be written");
    let len = file.len() as u64;
    let read = Arc::new(AtomicU64::new(0));
    let trace = Trace::read(Counting(io::Cursor::new(file), read.clone())).expect("a good trace");
    assert_eq!((trace.len(), trace.keyframes().len()), (HOUR, 360));
    for frame in [0, 1_234, HOUR / 2, HOUR - 1] {
        let before = read.load(Ordering::Relaxed);
        let at = trace.keyframe_before(frame).expect("there is one");
        let state = trace.state(&at).expect("a good keyframe");
        assert_eq!(xxhash_rust::xxh3::xxh3_128(&state), states[(frame / 600) as usize]);
        let found = trace.frames(frame).next().expect("it is there").expect("it is good");
        assert_eq!((found.number, found.root), (frame, frame.into()));
        // Some windows for each of at most 36 keyframes of 30 KB, and for the frame's block.
        let read = read.load(Ordering::Relaxed) - before;
        assert!(read < 4 << 20 && read < len / 3, "{read} bytes of {len} were read for frame {frame}");
    }
}

/// A disk that cannot read some bytes.
struct Unreadable(io::Cursor<Vec<u8>>, std::ops::Range<u64>);

impl Read for Unreadable {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let at = self.0.position();
        if at < self.1.end && at + bytes.len() as u64 > self.1.start {
            return Err(io::Error::other("bad sector"));
        }
        self.0.read(bytes)
    }
}

impl Seek for Unreadable {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.0.seek(to)
    }
}

/// What cannot be read is not what was cut off: recording must not go on over it.
#[test]
fn a_disk_that_cannot_read_is_not_taken_for_the_end() {
    let mut file = recorded(600, OPTIONS);
    let len = file.len() as u64;
    for at in (0..len).step_by(777) {
        let trace = Trace::read(Unreadable(io::Cursor::new(file.clone()), at..at + 1));
        let Ok(mut trace) = trace else { continue };
        let damage = trace.check().map_or_else(
            |e| e.to_string(),
            |()| {
                let damage = trace.damage().expect("a part cannot be read");
                assert!(!damage.torn, "byte {at}: {damage}");
                damage.to_string()
            },
        );
        assert!(damage.contains("cannot be read: bad sector"), "{damage}");
    }
    // Nor without an index.
    file.truncate(file.len() - 1);
    let trace = Trace::read(Unreadable(io::Cursor::new(file), len - 3..len - 2)).expect("it has frames");
    assert!(trace.damage().is_some_and(|damage| !damage.torn), "{:?}", trace.damage());
}

/// A file layer that writes little at a time, and fails from some write on.
struct Failing {
    written: Vec<u8>,
    good_writes: usize,
    /// Number of the error that comes then.
    error: i32,
}

/// As Unix numbers them: an error of the disk, and no room on it.
const ERRORS: [i32; 2] = [5, 28];

impl Write for Failing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.good_writes == 0 {
            return Err(io::Error::from_raw_os_error(self.error));
        }
        self.good_writes -= 1;
        let short = bytes.len().min(17);
        self.written.extend_from_slice(&bytes[..short]);
        Ok(short)
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.good_writes == 0 { Err(io::Error::from_raw_os_error(self.error)) } else { Ok(()) }
    }
}

#[test]
fn a_disk_that_fails_at_any_write_leaves_the_completed_frames() {
    let whole = frames(&open(&recorded(9, OPTIONS)).expect("a good trace"));
    for good_writes in 0.. {
        let mut machine = machine();
        let error = ERRORS[good_writes % 2];
        let mut failing = Failing { written: Vec::new(), good_writes, error };
        let finished = (|| {
            let mut recorder = Recorder::new(&mut failing, &machine, OPTIONS)?;
            let done = record_on(&mut recorder, &mut machine, 9);
            if done.is_err() {
                machine.step(&InputFrame::default()).expect("no panic");
                recorder.frame(&machine, &InputFrame::default(), Vec::new()).expect_err("it has failed");
            }
            done?;
            recorder.finish().map(|_| ())
        })();
        assert!(finished.as_ref().err().is_none_or(|e| e.raw_os_error() == Some(error)), "{finished:?}");
        match open(&failing.written) {
            Ok(trace) => {
                let found = frames(&trace);
                assert_eq!(found, whole[..found.len()]);
                assert!(finished.is_err() || found.len() == 9);
            }
            Err(_) => assert!(failing.written.len() < START as usize + 400, "{}", failing.written.len()),
        }
        if finished.is_ok() {
            return;
        }
        assert!(good_writes < 10_000, "it never succeeds");
    }
}

/// The frames of a trace with one of them changed, as a trace.
fn patched(file: &[u8], change: impl Fn(&mut TracedFrame)) -> Trace {
    let trace = open(file).expect("a good trace");
    let mut recorder = Recorder::with_header(Vec::new(), trace.header().clone(), OPTIONS);
    for mut frame in frames(&trace) {
        if let Some(at) = trace.keyframes().iter().find(|at| at.frame == frame.number) {
            recorder.put_keyframe(at.frame, &trace.state(at).expect("a good keyframe"));
        }
        change(&mut frame);
        recorder.put_frame(&frame);
    }
    open(&recorder.finish().expect("memory can be written")).expect("a good trace")
}

fn first_mismatch(trace: &Trace) -> Mismatch {
    let programs = [machine().instance(cartwheel_kernel::ModuleId(0)).program().clone()];
    let mut machine = trace.machine(&programs).expect("it can be replayed");
    let first = trace.frames(0).find_map(|frame| {
        let frame = frame.expect("a good frame");
        step(&mut machine, &frame).expect("no panic");
        compare(&frame, &machine).expect("no panic")
    });
    first.expect("it is not as recorded")
}

#[test]
fn a_patched_hash_is_told_from_a_patched_run() {
    let file = recorded(15, OPTIONS);
    let programs = [machine().instance(cartwheel_kernel::ModuleId(0)).program().clone()];
    let trace = patched(&file, |frame| {
        if frame.number == 5 {
            frame.root ^= 1;
            frame.components.iter_mut().for_each(|component| component.2 ^= 1);
        }
    });
    let mismatch = first_mismatch(&trace);
    assert_eq!((mismatch.frame, mismatch.roots.0), (5, mismatch.roots.1 ^ 1));
    assert!(mismatch.components.is_some_and(|all| all.len() > 5), "all of them were changed");
    let divergence = trace.diverge(5, None, &programs).expect("it can be looked into");
    assert_eq!((divergence.basis, divergence.differences.len()), (Basis::HashesOnly(8), 0));
    // Other inputs than those that the states came from.
    let trace = patched(&file, |frame| {
        if frame.number == 9 {
            frame.input = InputFrame::default();
        }
    });
    assert_eq!(input(9).pads[0].bits(), 3);
    let mismatch = first_mismatch(&trace);
    assert_eq!((mismatch.frame, mismatch.components), (9, None));
    let divergence = trace.diverge(9, None, &programs).expect("it can be looked into");
    assert_eq!(divergence.basis, Basis::Keyframe(12));
    let memory = &divergence.differences[0];
    assert_eq!(memory.component, "memory");
    assert_eq!(
        (&memory.part, memory.name.as_deref()),
        (&Part::Place(Place::Guest(Cell::Memory(0))), Some("count"))
    );
    let write = memory.writes.1.as_ref().expect("it was written");
    assert_eq!((write.frame, write.instruction.as_deref()), (11, Some("i32.store")));
    assert_eq!(write.backtrace[0].source, Some(("test.asm".to_owned(), 9)));
}

/// Looking on changes nothing: the states of frames made from checkpoint to checkpoint are those of frames made in one go.
#[test]
fn a_watched_run_is_the_same_run() {
    let loops = ".func main()
  .local n: i32
again:
  loop
  i32.add n, n, 1
  call work(n)
  br again
.end
.func work(n: i32)
  .local i: i32
more:
  loop
  i32.add i, i, 1
  br.i32.lt_u i, 100, more
  br.i32.ne i, n, done
  frame.sync
done:
  return
.end
";
    for (source, cycles) in [(SOURCE, None), (SOURCE, Some(3)), (loops, Some(1_000)), (loops, Some(1))] {
        let cart =
            cartwheel_assembler::assemble("test.asm", source, &cartwheel_assembler::NoFiles).expect("good");
        let mut plain = Machine::new(Config { cycles_per_frame: cycles, ..Config::default() });
        plain.load(Program::new(cart).expect("a good program")).expect("it can be loaded");
        let mut watched = plain.fork().expect("no panic");
        for frame in 0..30 {
            let report = plain.step(&input(frame)).expect("no panic");
            let mut looks = 0;
            let same = watched.advance(&input(frame), Some(&mut |_, _, _| looks += 1)).expect("no panic");
            assert_eq!(same, report);
            assert_eq!(watched.hash(), plain.hash(), "frame {frame}");
            assert!(looks > 1 || report.modules[0].cycles == 0);
        }
    }
}

fn any_input() -> impl Strategy<Value = InputFrame> {
    let pads = prop::array::uniform4(prop_oneof![Just(0u32), 0..0x1000u32]);
    (pads, any::<i32>(), any::<i32>(), 0..8u32).prop_map(|(pads, x, y, buttons)| InputFrame {
        pads: pads.map(|bits| Buttons::from_bits(bits & 0xfff).unwrap_or_default()),
        pointer: Pointer { x, y, buttons: PointerButtons::from_bits(buttons).unwrap_or_default() },
    })
}

fn any_frame() -> impl Strategy<Value = TracedFrame> {
    let event = (any::<u32>(), prop::collection::vec(any::<u8>(), 0..20))
        .prop_map(|(kind, bytes)| Event { kind, bytes });
    let component = (prop::option::of(0..9u32), "[a-z]{1,9}", any::<u128>());
    let events = prop::collection::vec(event, 0..3);
    let components = prop::collection::vec(component, 0..3);
    (any_input(), events, any::<u128>(), components).prop_map(|(input, events, root, components)| {
        TracedFrame { number: 0, input, events, root, components }
    })
}

/// A script is replayed from its text in the header. A text that is cut, no script, or taken away is an error that says so.
#[test]
fn a_script_is_part_of_the_header() {
    use cartwheel_kernel::Script;
    let text = "[[rule]]\nsyscall = \"gfx.pixel\"\nstatus = \"DENIED\"\ncalls = \"2..\"\n";
    let source =
        SOURCE.replace("gfx.pixel(n, 5, n)", "log.write(1, \"a\") -> x").replace("gfx\n", "gfx, log\n");
    let text = text.replace("gfx.pixel", "log.write");
    let cart = cartwheel_assembler::assemble("test.asm", &source, &cartwheel_assembler::NoFiles);
    let program = Program::new(cart.expect("good")).expect("a good program");
    let mut machine = Machine::new(Config::default());
    machine.set_script(Some(std::sync::Arc::new(Script::parse(&text).expect("a good script"))));
    machine.load(program.clone()).expect("it can be loaded");
    let mut recorder = Recorder::new(Vec::new(), &machine, OPTIONS).expect("memory can be written");
    record_on(&mut recorder, &mut machine, 6).expect("memory can be written");
    let file = recorder.finish().expect("memory can be written");
    let trace = read_all(&file).expect("a good trace");
    assert_eq!(trace.header().script.as_deref(), Some(&*text));
    let programs = [program];
    let mut again = trace.machine(&programs).expect("a machine");
    assert_eq!(trace.seek(&mut again, 6).expect("no damage"), None);
    assert_eq!(again.hash().expect("no panic"), machine.hash().expect("no panic"));

    let with = |script: Option<&str>, cut: usize| {
        let header = Header { script: script.map(str::to_owned), ..trace.header().clone() };
        let encoded = header.encode();
        let mut bytes = file[..START as usize].to_vec();
        record::put(&mut bytes, START, RecordKind::Header, &encoded[..encoded.len() - cut]);
        open(&bytes)
    };
    for cut in 1..text.len() + 1 {
        assert!(
            with(Some(&text), cut).expect_err("it is cut").to_string().contains("it ends early"),
            "{cut}"
        );
    }
    for (bad, what) in
        [("", "has no rules"), ("[[rule", ""), (&*text.replace("log.write", "log.wrote"), "log.wrote")]
    {
        let error = with(Some(bad), 0).expect("a good header").machine(&programs).expect_err("no script");
        let shown = error.to_string();
        assert!(
            shown.contains("script of statuses that this build cannot read") && shown.contains(what),
            "{shown}"
        );
    }
    let error = {
        let header = Header { script: None, ..trace.header().clone() };
        let mut recorder = Recorder::with_header(Vec::new(), header, OPTIONS);
        recorder.put_keyframe(0, &trace.state(&trace.keyframes()[0]).expect("a state"));
        let bare = open(&recorder.finish().expect("memory can be written")).expect("a good header");
        bare.machine(&programs).expect_err("the state is of a machine with a script").to_string()
    };
    assert!(error.contains("another script"), "{error}");
}

proptest! {
    #[test]
    fn frames_are_read_as_they_were_written(
        list in prop::collection::vec(any_frame(), 0..700),
        first_frame in prop_oneof![Just(0u64), 0..1_000u64],
        from in 0..2_000u64,
    ) {
        let header = Header { first_frame, ..Header::of(&machine(), false) };
        let mut recorder = Recorder::with_header(Vec::new(), header, OPTIONS);
        let list: Vec<TracedFrame> = (first_frame..).zip(list)
            .map(|(number, frame)| TracedFrame { number, ..frame }).collect();
        list.iter().for_each(|frame| recorder.put_frame(frame));
        let file = recorder.finish().expect("memory can be written");
        let trace = read_all(&file).expect("a good trace");
        prop_assert_eq!(&frames(&trace), &list);
        let later: Vec<TracedFrame> = list.iter().filter(|frame| frame.number >= from).cloned().collect();
        prop_assert_eq!(trace.frames(from).collect::<Result<Vec<_>, _>>(), Ok(later));
        // Without its index it is the same.
        let cut = open(&file[..trace.completed_bytes() as usize]).expect("a good trace");
        prop_assert_eq!(frames(&cut), list);
    }

    #[test]
    fn any_bytes_behind_a_header_are_read_or_refused(tail in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut file = recorded(2, OPTIONS);
        let keep = records(&file)[2].2;
        file.truncate(keep);
        file.extend(tail);
        let _ = read_all(&file);
    }
}
