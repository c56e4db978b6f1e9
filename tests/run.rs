//! `cartwheel run`.

mod common;

use std::io::Read;
use std::process::Stdio;

use common::Place;

const COUNTER: &str = ".video 20, 10 .capability gfx, log
.data count: i32 0
.data name: text \"counter\"
.data pair: i16 -1, 2
.data half: f64 0.5
.func update()
  .local n, x: i32
  i32.load n, [count]
  i32.add n, n, 1
  i32.store [count], n
  input.held x, 0
  i32.add n, n, x
  syscall gfx.pixel(n, 5, n)
  return
.end
";

fn place() -> Place {
    let place = Place::new();
    place.write("counter.asm", COUNTER);
    place
}

#[test]
fn the_exit_status_tells_how_it_ended() {
    let place = place();
    let end = |code: &str| {
        place.write(
            "end.asm",
            format!(".func main()\n  .local n: i32\n  frame.sync\n  {code}\n  return\n.end\n"),
        );
        let done = place.run(&["run", "end.asm", "--json"]);
        let summary: serde_json::Value = serde_json::from_str(&done.stdout).expect("JSON");
        assert_eq!(summary["frames"], 2);
        (done.status, summary["stop"].as_str().expect("text").to_owned())
    };
    assert_eq!(end("nop"), (0, "halted".to_owned()));
    assert_eq!(end("halt 0"), (0, "halted".to_owned()));
    for (code, status) in [("1", 17), ("40", 56), ("47", 63), ("48", 63), ("300", 63), ("-1", 63)] {
        assert_eq!(end(&format!("halt {code}")), (status, "halted".to_owned()), "{code}");
    }
    assert_eq!(end("i32.div_s n, 1, n"), (2, "trapped".to_owned()));
    assert_eq!(end("trap 5"), (2, "trapped".to_owned()));
    let done = place.run(&["run", "end.asm", "-q"]);
    assert_eq!(done.stdout, "");
    assert_eq!(
        done.stderr,
        "trap: the program trapped by itself with code 5 at `trap`\n  0: main+1 (end.asm:4)\n"
    );
}

#[test]
fn the_summary_has_the_keys_that_scripts_rely_on() {
    let summary = place().json(&["counter.asm", "--frames", "10"]);
    assert_eq!((&summary["frames"], &summary["stop"]), (&10.into(), &"frames".into()));
    assert_eq!(summary["state_hash"].as_str().map(str::len), Some(32));
    assert_eq!(summary["syscalls_total"], 10);
    assert!(summary["cycles_total"].as_u64() >= Some(100));
    assert!(summary["frames_per_second"].as_f64() > Some(0.0));
    let text = place().good(&["run", "counter.asm", "--frames", "10"]);
    for part in [
        "frames       10 (",
        "stop         ran all frames",
        "budget 1,000,000",
        "syscalls     10 (1.0 per frame)",
    ] {
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn inputs_are_a_line_per_frame() {
    let place = place();
    place.write("in.txt", "# seven frames\n|A|*3\n|U| # up\n\n||*3\n");
    let with = place.json(&["counter.asm", "--input", "in.txt"]);
    assert_eq!(with["frames"], 7);
    assert_ne!(with["state_hash"], place.json(&["counter.asm", "--frames", "7"])["state_hash"]);
    // Also for a run that goes on later, line N is frame N.
    place.good(&["run", "counter.asm", "--input", "in.txt", "--frames", "2", "--save-state", "two", "-q"]);
    let rest = place.json(&["counter.asm", "--input", "in.txt", "--load-state", "two"]);
    assert_eq!((&rest["frames"], &rest["state_hash"]), (&5.into(), &with["state_hash"]));
    place.write("in.txt", "|A|\n|A|*0\n");
    let error = place.bad(&["run", "counter.asm", "--input", "in.txt"]);
    assert!(error.contains("--> in.txt:2:5") && error.ends_with("    ^\n"), "{error}");
}

#[test]
fn seed_and_cycles_change_the_run() {
    let place = place();
    place.write("dice.asm", ".data n: i32 0\n.func update()\n rng.i32 r0\n i32.store [n], r0\n return\n.end");
    let hash = |args: &[&str]| place.state_hash(&[&["dice.asm"], args].concat());
    assert_eq!(hash(&[]), hash(&["--seed", "0"]));
    assert_ne!(hash(&[]), hash(&["--seed", "1"]));
    assert_eq!(place.json(&["dice.asm", "--cycles", "5000"])["cycles_budget"], 5_000);
    place.bad(&["run", "dice.asm", "--cycles", "0"]);
}

#[test]
fn watch_prints_data_by_type() {
    let place = place();
    let args = ["run", "counter.asm", "--frames", "2", "-q", "--watch", "count"];
    assert_eq!(place.good(&args), "frame 0      count = 1\nframe 1      count = 2\n");
    let out = place.good(&[
        "run",
        "counter.asm",
        "--frames",
        "1",
        "-q",
        "--watch",
        "name",
        "--watch",
        "pair",
        "--watch",
        "half",
    ]);
    assert_eq!(out, "frame 0      name = \"counter\"\nframe 0      pair = -1, 2\nframe 0      half = 0.5\n");
    let done = place.run(&["run", "counter.asm", "--frames", "1", "--json", "--watch", "count"]);
    assert_eq!(done.stderr, "frame 0      count = 1\n");
    assert!(place.bad(&["run", "counter.asm", "--watch", "cuont"]).contains("did you mean `count`?"));
}

#[test]
fn pictures_have_the_size_and_pixels_of_the_surface() {
    let place = place();
    let args = ["run", "counter.asm", "--frames", "8", "--scale", "3", "-q"];
    place.good(&[&args[..], &["--png", "p.png", "--gif", "g.gif", "--apng", "a.png"]].concat());

    let decode =
        |name: &str| png::Decoder::new(std::io::Cursor::new(place.read(name))).read_info().expect("a PNG");
    let mut picture = decode("p.png");
    assert_eq!((picture.info().width, picture.info().height), (60, 30));
    let mut pixels = vec![0; picture.output_buffer_size().expect("a size")];
    picture.next_frame(&mut pixels).expect("a picture");
    for x in 0..60u8 {
        let expected = if (1..9).contains(&(x / 3)) { x / 3 } else { 0 };
        assert_eq!(pixels[15 * 60 + usize::from(x)], expected, "{x}");
        assert_eq!(pixels[14 * 60 + usize::from(x)], 0);
    }

    let mut moving = decode("a.png");
    assert_eq!(
        moving.info().animation_control().map(|control| (control.num_frames, control.num_plays)),
        Some((8, 0))
    );
    for frame in 0..8 {
        moving.next_frame(&mut pixels).expect("a picture");
        let control = moving.info().frame_control().expect("a frame");
        assert_eq!((control.delay_num, control.delay_den), (1, 60), "{frame}");
    }

    let gif = place.read("g.gif");
    let mut options = gif::DecodeOptions::new();
    options.set_color_output(gif::ColorOutput::Indexed);
    let mut gif = options.read_info(gif.as_slice()).expect("a GIF");
    assert_eq!((gif.width(), gif.height()), (60, 30));
    let mut delays = Vec::new();
    while let Some(frame) = gif.read_next_frame().expect("a picture") {
        delays.push(frame.delay);
    }
    assert_eq!(delays, [3, 3, 4, 3], "eight frames are thirteen hundredths of a second");
}

#[test]
fn palettes_that_change_are_kept_in_animations() {
    let place = Place::new();
    place.write(
        "fade.asm",
        ".video 4, 4 .capability gfx
        .func update()
          frame.index r0
          syscall gfx.palette(0, r0)
          return
        .end",
    );
    place.good(&["run", "fade.asm", "--frames", "6", "--gif", "g.gif", "--apng", "a.png", "-q"]);
    let file = place.read("a.png");
    let mut moving = png::Decoder::new(std::io::Cursor::new(file)).read_info().expect("a PNG");
    let mut pixels = vec![0; moving.output_buffer_size().expect("a size")];
    for frame in 0..6 {
        moving.next_frame(&mut pixels).expect("a picture");
        assert_eq!(pixels[..3], [0, 0, frame]);
    }
    let file = place.read("g.gif");
    let mut options = gif::DecodeOptions::new();
    options.set_color_output(gif::ColorOutput::RGBA);
    let mut gif = options.read_info(file.as_slice()).expect("a GIF");
    for frame in [0, 2, 4] {
        let picture = gif.read_next_frame().expect("a picture").expect("three pictures");
        assert_eq!(picture.buffer[..3], [0, 0, frame]);
    }
}

#[test]
fn still_pictures_are_shown_for_long() {
    let place = Place::new();
    place.write("still.asm", ".video 2, 2\n.func update()\n return\n.end");
    place.good(&["run", "still.asm", "--frames", "70000", "--gif", "g.gif", "--apng", "a.png", "-q"]);
    let file = place.read("g.gif");
    let mut gif = gif::DecodeOptions::new().read_info(file.as_slice()).expect("a GIF");
    let mut total = 0;
    while let Some(frame) = gif.read_next_frame().expect("a picture") {
        total += u32::from(frame.delay);
    }
    assert_eq!(total, 70_000 * 100 / 60);
    let moving = png::Decoder::new(std::io::Cursor::new(place.read("a.png"))).read_info().expect("a PNG");
    assert_eq!(moving.info().animation_control().map(|control| control.num_frames), Some(2));
}

#[test]
fn hashes_states_and_memory_are_written() {
    let place = place();
    let summary =
        place.json(&["counter.asm", "--frames", "5", "--hashes", "h.txt", "--dump-memory", "m.bin"]);
    let hashes = place.text("h.txt");
    let lines: Vec<&str> = hashes.lines().collect();
    assert_eq!(lines.len(), 5);
    assert_eq!(lines[4], format!("4 {}", summary["state_hash"].as_str().expect("a hash")));
    assert_eq!((place.read("m.bin").len(), &place.read("m.bin")[..4]), (65_536, &[5, 0, 0, 0][..]));
    let run = |args: &[&str]| place.good(&[&["run", "counter.asm", "-q", "--frames"], args].concat());
    run(&["5", "--save-state", "s"]);
    run(&["0", "--load-state", "s", "--save-state", "t"]);
    assert_eq!(place.read("s"), place.read("t"));
}

#[test]
fn what_a_cartridge_does_not_have_is_refused_before_it_runs() {
    let place = place();
    place.write("dark.asm", ".func update()\n return\n.end");
    place.write("library.asm", ".func helper()\n return\n.end");
    for option in ["--png", "--gif", "--apng"] {
        assert!(place.bad(&["run", "dark.asm", option, "x"]).contains(".video WIDTH, HEIGHT"));
    }
    assert!(place.bad(&["run", "counter.asm", "--wav", "x"]).contains("no sound"));
    assert!(place.bad(&["run", "library.asm"]).contains("it is a library"));
    assert_eq!(place.names(), ["counter.asm", "dark.asm", "library.asm"]);
}

/// A reader that goes away is no error, and files are written all the same.
#[test]
fn a_broken_pipe_is_no_error() {
    let place = place();
    let mut child = place
        .command(&["run", "counter.asm", "--frames", "20000", "--watch", "count", "--hashes", "h.txt"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command starts");
    let mut out = child.stdout.take().expect("a pipe");
    out.read_exact(&mut [0; 10]).expect("a line");
    drop(out);
    let output = child.wait_with_output().expect("it ends");
    assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0));
    assert_eq!(place.text("h.txt").lines().count(), 20_000);
}

#[cfg(unix)]
#[test]
fn output_goes_through_links_and_into_devices() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let place = place();
    place.write("real.txt", "old");
    symlink(place.path("real.txt"), place.path("link.txt")).expect("a link");
    place.good(&[
        "run",
        "counter.asm",
        "--frames",
        "1",
        "--hashes",
        "link.txt",
        "--save-state",
        "/dev/null",
        "-q",
    ]);
    assert!(place.text("real.txt").starts_with("0 "));
    assert!(std::fs::symlink_metadata(place.path("link.txt")).expect("it is there").is_symlink());
    // As readable as what any other program writes.
    place.good(&["run", "counter.asm", "--frames", "1", "--hashes", "new.txt", "-q"]);
    let mode = |name: &str| std::fs::metadata(place.path(name)).expect("it is there").permissions().mode();
    assert_eq!(mode("new.txt"), mode("counter.asm"));
}
