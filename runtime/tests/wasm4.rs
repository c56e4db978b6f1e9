//! The frame loop of a WASM-4 game.

mod common;

use cartwheel_runtime::{
    Button, Config, InputFrame, Machine, Pointer, PointerButton, Program, SliceEnd, Status,
};
use common::*;

/// `start` draws a pixel; every update draws one more to the right of it and counts.
const COUNTING: &str = ".capability wasm4
    .memory 1, 1
    .const FIRST_PIXELS = 0xa0, COUNT = 0x2000
    .func start()
      i32.store8 [FIRST_PIXELS], 3
      return
    .end
    .func update()
      .local n: i32
      i32.load n, [COUNT]
      i32.add n, n, 1
      i32.store [COUNT], n
      syscall wasm4.hline(n, 0, 1)
      return
    .end";

fn row(machine: &Machine) -> String {
    let pixels = machine.surface(MODULE).expect("a picture").pixels;
    pixels[..8].iter().map(|pixel| char::from(b'0' + pixel)).collect()
}

fn byte(machine: &Machine, address: usize) -> u8 {
    machine.instance(MODULE).memory()[address]
}

#[test]
fn the_screen_is_cleared_before_every_update_but_the_first() {
    let mut machine = machine(COUNTING);
    let mut rows = Vec::new();
    for _ in 0..3 {
        assert_eq!(step(&mut machine).end, SliceEnd::UpdateDone);
        rows.push(row(&machine));
    }
    // The pixel of `start` is there in the first frame; the draw colour of lines is 3 at the start.
    assert_eq!(rows, ["32000000", "00200000", "00020000"]);
    let surface = machine.surface(MODULE).expect("a picture");
    assert_eq!(surface.palette[..4], [0xe0f8cf, 0x86c06c, 0x306850, 0x071821]);
}

#[test]
fn data_of_the_game_wins_over_start_values() {
    let machine = machine(
        ".capability wasm4
        .memory 1, 1
        .segment colours at 0x14 = 0x42
        .func update()
          return
        .end",
    );
    assert_eq!(peek(&machine, 0x04), 0xe0f8cf);
    assert_eq!((byte(&machine, 0x14), byte(&machine, 0x15)), (0x42, 0x12));
    assert_eq!(peek(&machine, 0x1a), 0x7fff_7fff);
}

#[test]
fn a_program_without_the_capability_has_its_memory_for_itself() {
    let mut machine = machine(".memory 1, 1\n.func update()\n return\n.end");
    step(&mut machine);
    assert!(machine.instance(MODULE).memory().iter().all(|&byte| byte == 0));
    assert!(machine.surface(MODULE).is_none() && machine.audio(MODULE).is_none());
    let names: Vec<&str> = machine.hash().expect("no panic").modules[0].kernel.iter().map(|c| c.0).collect();
    assert!(names.iter().all(|name| !name.starts_with("wasm4")), "{names:?}");
}

#[test]
fn pads_and_pointer_arrive_as_gamepads_and_mouse() {
    let mut machine = machine(COUNTING);
    let cases = [
        (Button::A, 1),
        (Button::B, 2),
        (Button::Left, 16),
        (Button::Right, 32),
        (Button::Up, 64),
        (Button::Down, 128),
        (Button::X, 0),
        (Button::Start, 0),
    ];
    for (button, bit) in cases {
        for pad in 0..4 {
            let mut input = InputFrame::default();
            input.pads[pad].insert(button);
            step_with(&mut machine, &input);
            let expected: [u8; 4] = std::array::from_fn(|i| if i == pad { bit } else { 0 });
            assert_eq!(machine.instance(MODULE).memory()[0x16..0x1a], expected, "{button:?}");
        }
    }
    for (button, bit) in [(PointerButton::Left, 1), (PointerButton::Right, 2), (PointerButton::Middle, 4)] {
        let buttons = [button].into_iter().collect();
        let pointer = Pointer { x: 259, y: -3, buttons };
        step_with(&mut machine, &InputFrame { pointer, ..InputFrame::default() });
        assert_eq!(machine.instance(MODULE).memory()[0x1a..0x1f], [3, 1, 0xfd, 0xff, bit]);
    }
}

/// An update that takes three frames: it plays a tone, draws, works, and notes how often it was called.
const HEAVY: &str = ".capability wasm4
    .memory 1, 1
    .const COUNT = 0x2000
    .func update()
      .local n, i: i32
      i32.load n, [COUNT]
      i32.add n, n, 1
      i32.store [COUNT], n
      syscall wasm4.tone(440, 60, 100, 0)
      syscall wasm4.hline(0, 0, n)
      move i, 50000
    work:
      loop
      i32.sub i, i, 1
      br.i32.ne i, 0, work
      syscall wasm4.hline(4, 0, 1)
      return
    .end";

// covers VM-2
#[test]
fn while_an_update_outlives_its_frame_the_picture_stays_and_the_sound_goes_on() {
    let config = Config { cycles_per_frame: Some(60_000), ..Config::default() };
    let mut machine = machine_with(config, HEAVY);
    let mut held = InputFrame::default();
    held.pads[0].insert(Button::A);
    let mut seen = Vec::new();
    for frame in 0..7 {
        let input = if frame == 1 { held } else { InputFrame::default() };
        let end = step_with(&mut machine, &input).end;
        let sound = machine.audio(MODULE).expect("a sound");
        assert_eq!(sound.len(), 735 * 2);
        assert!(sound.iter().any(|&sample| sample != 0), "silence in frame {frame}");
        // A button held only while an update is running is never seen.
        assert_eq!(byte(&machine, 0x16), 0);
        seen.push((end == SliceEnd::UpdateDone, row(&machine), peek(&machine, 0x2000)));
    }
    let expected = [
        (false, "00000000", 1),
        (false, "00000000", 1),
        (true, "20002000", 1),
        (false, "20002000", 2),
        (false, "20002000", 2),
        (true, "22002000", 2),
        (false, "22002000", 3),
    ];
    assert_eq!(seen, expected.map(|(done, row, count)| (done, row.to_owned(), count)));
}

// covers VM-3
#[test]
fn a_game_goes_on_from_a_state_saved_in_the_middle_of_an_update() {
    let config = Config { cycles_per_frame: Some(60_000), ..Config::default() };
    let mut machine = machine_with(config, HEAVY);
    for _ in 0..4 {
        step(&mut machine);
    }
    let mut fork = machine.fork().expect("no panic");
    assert_eq!(
        fork.surface(MODULE).expect("a picture").pixels,
        machine.surface(MODULE).expect("a picture").pixels
    );
    for _ in 0..5 {
        assert_eq!(step(&mut machine), step(&mut fork));
        assert_eq!(hash(&machine), hash(&fork));
        assert_eq!(machine.audio(MODULE), fork.audio(MODULE));
        assert_eq!(row(&machine), row(&fork));
    }
}

#[test]
fn a_game_that_traps_shows_its_last_picture_in_silence() {
    let source = COUNTING.replace(
        "      return\n    .end\n    .func update()",
        "      syscall wasm4.tone(440, 60, 100, 0)\n      return\n    .end\n    .func update()",
    );
    let source = source.replace(
        "syscall wasm4.hline(n, 0, 1)",
        "syscall wasm4.hline(n, 0, 1)\n br.i32.lt_s n, 3, fine\n syscall wasm4.text(-1, 0, 0)\n fine:",
    );
    let mut machine = machine(&source);
    step(&mut machine);
    step(&mut machine);
    assert!(machine.audio(MODULE).expect("sound").iter().any(|&sample| sample != 0));
    assert_eq!(step(&mut machine).end, SliceEnd::Trapped);
    assert_eq!((machine.status(MODULE), row(&machine)), (Status::Trapped, "00200000".to_owned()));
    step(&mut machine);
    assert_eq!(machine.audio(MODULE), Some(&[][..]));
    assert_eq!(row(&machine), "00200000");
}

#[test]
fn a_program_that_does_not_fit_leaves_nothing_behind() {
    let program = |source: &str| {
        let cart = cartwheel_assembler::assemble("test.asm", source, &cartwheel_assembler::NoFiles);
        Program::new(cart.expect("good source")).expect("a good program")
    };
    let mut machine = Machine::new(Config::default());
    machine.load(program(".memory 65536\n.func update()\n return\n.end")).expect_err("too large");
    machine.load(program(COUNTING)).expect("there is no module yet");
    step(&mut machine);
}
