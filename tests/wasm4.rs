//! WASM-4 games of our own, run by the real command.

mod common;

use common::Place;
use serde_json::Value;

/// A folder with a game from `tests/wasm4`.
fn place(game: &str) -> Place {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wasm4").join(game);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let place = Place::new();
    place.write("game.wasm", module(&text));
    place
}

fn module(text: &str) -> Vec<u8> {
    let buffer = wast::parser::ParseBuffer::new(text).expect("good tokens");
    let mut module = wast::parser::parse::<wast::Wat<'_>>(&buffer).expect("good text");
    module.encode().expect("a good module")
}

fn json(place: &Place, args: &[&str]) -> Value {
    let done = place.run(&[&["run", "game.wasm", "--json"], args].concat());
    assert_eq!(done.status, 0, "{}", done.stderr);
    serde_json::from_str(&done.stdout).expect("JSON")
}

fn int(memory: &[u8], address: usize) -> i32 {
    i32::from_le_bytes(memory[address..address + 4].try_into().expect("four bytes"))
}

/// A part of the framebuffer as text: `.` for palette entry 0.
fn region(memory: &[u8], width: usize, height: usize) -> Vec<String> {
    let pixel = |x: usize, y: usize| {
        ['.', '1', '2', '3'][usize::from(memory[0xa0 + y * 40 + x / 4] >> (x % 4 * 2) & 3)]
    };
    (0..height).map(|y| (0..width).map(|x| pixel(x, y)).collect()).collect()
}

#[test]
fn a_game_that_uses_every_import_shows_the_expected_picture() {
    let place = place("imports.wat");
    let summary =
        json(&place, &["--frames", "3", "--dump-memory", "memory", "--png", "out.png", "--scale", "2"]);
    let memory = place.read("memory");
    assert_eq!(
        region(&memory, 24, 14),
        [
            "................",
            ".3333.....333...",
            ".3113....31113..",
            ".3333....31113..",
            ".........31113..",
            "..........333...",
            "................",
            "................",
            ".......2........",
            ".313...2.133....",
            ".331...2........",
            ".......2.22.....",
            ".2222......22...",
            "................",
        ]
        .iter()
        .enumerate()
        .map(|(y, left)| format!("{left}{}", if [0, 2, 4].contains(&y) { ".22222.." } else { "........" }))
        .collect::<Vec<_>>()
    );
    // Growing fails, by nothing too; there is one page; the disk took five bytes and gave three.
    let notes: Vec<i32> = (0..5).map(|i| int(&memory, 0x3000 + 4 * i)).collect();
    assert_eq!(notes, [-1, -1, 1, 5, 3]);
    assert_eq!(memory[0x2080..0x2085], *b"hel\0\0");
    let log: Vec<&str> = summary["log"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|line| line["text"].as_str().expect("text"))
        .collect();
    assert_eq!(log, ["hello", "he", "hi", "hello -7 of A%"]);

    // The picture has the palette's colours: a pixel of the rectangle's outline and one of the paper beside it.
    let decoder = png::Decoder::new(std::io::Cursor::new(place.read("out.png")));
    let mut reader = decoder.read_info().expect("a picture");
    let mut pixels = vec![0; reader.output_buffer_size().expect("it fits")];
    reader.next_frame(&mut pixels).expect("pixels");
    let info = reader.info();
    assert_eq!((info.width, info.height), (320, 320));
    let palette = info.palette.clone().expect("a palette");
    let colour = |x: usize, y: usize| &palette[usize::from(pixels[y * 320 + x]) * 3..][..3];
    assert_eq!(colour(2, 2), [0x07, 0x18, 0x21]);
    assert_eq!(colour(0, 0), [0xe0, 0xf8, 0xcf]);
}

#[test]
fn an_update_that_is_too_long_goes_on_in_the_next_frame() {
    let place = place("heavy.wat");
    let whole = json(&place, &["--frames", "6", "--dump-memory", "memory"]);
    assert_eq!((&whole["overruns"], &whole["cycles_budget"]), (&0.into(), &120_000_000.into()));
    assert_eq!(int(&place.read("memory"), 0x2000), 6);
    let budget = (whole["cycles_median"].as_u64().expect("a number") / 2 + 1_000).to_string();
    let cut =
        json(&place, &["--frames", "6", "--budget", &budget, "--dump-memory", "memory", "--png", "cut.png"]);
    assert_eq!(
        (&cut["overruns"], &cut["cycles_budget"]),
        (&3.into(), &budget.parse::<u64>().expect("it").into())
    );
    let memory = place.read("memory");
    assert_eq!(int(&memory, 0x2000), 3);
    assert_eq!(int(&memory, 0x2004), (500_000_500_000_i64 & 0xffff_ffff) as u32 as i32);
    assert_eq!(region(&memory, 8, 1), ["222....."]);
    // The same updates in half as many frames draw the same picture.
    json(&place, &["--frames", "3", "--png", "whole.png"]);
    assert!(place.read("cut.png") == place.read("whole.png"));
}

#[test]
fn pads_and_mouse_come_from_the_inputs() {
    let place = place("pads.wat");
    place.write("play.txt", "|L A|\n||R B|||80,-1,LM|\n||*2\n");
    json(&place, &["--input", "play.txt", "--dump-memory", "memory"]);
    let memory = place.read("memory");
    assert_eq!(memory[0x2010..0x2019], [16 | 1, 0, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(memory[0x2020..0x2029], [0, 32 | 2, 0, 0, 80, 0, 0xff, 0xff, 1 | 4]);
    // Cleared before the second update, and kept from then on.
    assert_eq!(region(&memory, 6, 3)[..2], [".222..", ".222.."]);
}

#[test]
fn a_font_can_be_brought_and_has_its_size() {
    let place = place("imports.wat");
    // Every glyph is a single pixel of ink in its corner.
    let font: Vec<u8> = (0..1_792).map(|i| if i % 8 == 0 { 0x7f } else { 0xff }).collect();
    place.write("font", &font);
    place.write("short", &font[1..]);
    json(&place, &["--frames", "1", "--wasm4-font", "font", "--dump-memory", "memory"]);
    let rows = region(&place.read("memory"), 24, 3);
    assert_eq!([&rows[0][16..], &rows[1][16..]], ["........", "2......."]);
    let done = place.run(&["run", "game.wasm", "--wasm4-font", "short"]);
    assert_eq!(done.status, 1);
    assert!(done.stderr.contains("short: it has 1791 bytes; a font has 1792"), "{}", done.stderr);
    place.write("main.asm", ".func update()\n return\n.end");
    let done = place.run(&["run", "main.asm", "--wasm4-font", "font"]);
    assert!(done.stderr.contains("the font is for WASM-4 games"), "{}", done.stderr);
    // Another font is another cartridge: its saved states do not mix with those of the built-in one.
    json(&place, &["--frames", "1", "--wasm4-font", "font", "--save-state", "state"]);
    assert_eq!(place.run(&["run", "game.wasm", "--load-state", "state"]).status, 1);
    json(&place, &["--frames", "1", "--wasm4-font", "font", "--load-state", "state"]);
}

#[test]
fn the_disk_of_a_game_is_there_again_in_the_next_run() {
    let place = place("disk.wat");
    let starts = |args: &[&str]| {
        json(&place, &[&["--frames", "3", "--dump-memory", "memory"], args].concat());
        let memory = place.read("memory");
        (int(&memory, 0x2000), int(&memory, 0x2010))
    };
    assert_eq!(starts(&["--storage", "saves"]), (1, 4));
    assert_eq!(starts(&["--storage", "saves", "--save-state", "state"]), (2, 4));
    assert_eq!(place.read("saves/wasm4.disk"), 2_u32.to_le_bytes());
    assert_eq!(starts(&["--storage", "other"]), (1, 4));
    assert_eq!(starts(&[]), (1, 4));
    // Of a storage that cannot be written, or that is full, the game learns that nothing was.
    assert_eq!(starts(&["--storage", "saves", "--read-only"]), (3, 0));
    assert_eq!(starts(&["--storage-quota", "77"]), (1, 0));
    assert_eq!(place.read("saves/wasm4.disk"), 2_u32.to_le_bytes());
    // A state brings its disk, and the folder follows.
    std::fs::remove_dir_all(place.path("saves")).expect("a folder");
    assert_eq!(starts(&["--storage", "saves", "--load-state", "state"]), (2, 4));
    assert_eq!(place.read("saves/wasm4.disk"), 2_u32.to_le_bytes());
    // A recording has the disk that it began with, whatever becomes of the folder.
    let record = ["--storage", "saves", "--record", "run.cwtrace", "--embed", "--keyframes", "1"];
    assert_eq!(starts(&record), (3, 4));
    std::fs::remove_dir_all(place.path("saves")).expect("a folder");
    place.good(&["replay", "run.cwtrace", "--dump-memory", "memory", "-q"]);
    assert_eq!(int(&place.read("memory"), 0x2000), 3);
}

#[test]
fn the_share_of_real_time_is_told_when_asked_for() {
    let place = place("imports.wat");
    assert_eq!(json(&place, &["--frames", "5"])["realtime"], Value::Null);
    let realtime = &json(&place, &["--frames", "5", "--realtime-check"])["realtime"];
    assert!(realtime["share"].as_f64().expect("a number") > 0.0, "{realtime}");
    assert!(realtime["frame_nanoseconds_mean"].as_u64() <= realtime["frame_nanoseconds_max"].as_u64());
    let text = place.run(&["run", "game.wasm", "--frames", "5", "--realtime-check"]).stdout;
    assert!(text.contains("times as fast"), "{text}");
}

// covers VM-3
#[test]
fn a_game_goes_on_from_a_saved_state_in_another_process() {
    let place = place("heavy.wat");
    let budget = "1500000";
    let whole = json(&place, &["--frames", "9", "--budget", budget, "--png", "whole.png"]);
    json(&place, &["--frames", "4", "--budget", budget, "--save-state", "state"]);
    let rest = json(&place, &["--frames", "5", "--load-state", "state", "--png", "rest.png"]);
    assert_eq!(whole["state_hash"], rest["state_hash"]);
    assert!(place.read("whole.png") == place.read("rest.png"));
}
