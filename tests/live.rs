//! `cartwheel run --live` in a real terminal: tmux gets its keys and shows what is on it.

mod common;

use std::path::PathBuf;
use std::process::{Command, Output};
use std::thread::sleep;
use std::time::Duration;

use common::Place;

/// A shell in a terminal of 80 columns and 24 rows.
struct Terminal {
    place: Place,
    started: bool,
}

impl Terminal {
    /// `None` where there is no tmux.
    fn new() -> Option<Terminal> {
        let terminal = Terminal { place: Place::new(), started: false };
        if Command::new("tmux").arg("-V").output().is_err() {
            eprintln!("skipped: there is no tmux");
            return None;
        }
        Some(terminal.start())
    }

    fn start(mut self) -> Terminal {
        let folder = self.place.path("").display().to_string();
        let shell = "exec env PS1='ready> ' ENV= sh";
        let done = self.tmux(&["new-session", "-d", "-x", "80", "-y", "24", "-c", &folder, shell]);
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        self.started = true;
        self.wait(|screen| screen.contains("ready>"));
        self
    }

    fn tmux(&self, args: &[&str]) -> Output {
        let socket = self.place.path("tmux");
        let mut command = Command::new("tmux");
        command.arg("-S").arg(socket).args(["-f", "/dev/null"]).args(args);
        command.output().expect("tmux runs")
    }

    fn keys(&self, keys: &[&str]) {
        assert!(self.tmux(&[&["send-keys"], keys].concat()).status.success());
    }

    fn screen(&self) -> String {
        String::from_utf8(self.tmux(&["capture-pane", "-p"]).stdout).expect("text")
    }

    /// What is on the screen as soon as it is as wanted.
    fn wait(&self, wanted: impl Fn(&str) -> bool) -> String {
        for _ in 0..1_200 {
            let screen = self.screen();
            if wanted(&screen) {
                return screen;
            }
            sleep(Duration::from_millis(50));
        }
        panic!("that does not come:\n{}", self.screen());
    }

    /// Plays a cartridge, and waits for its picture.
    fn play(&self, arguments: &str) {
        self.shell(&format!("run {arguments} --live"));
        self.wait(|screen| screen.contains("q leave") && screen.contains("frame "));
    }

    /// Begins a command, whose status the shell says when it has ended.
    fn shell(&self, arguments: &str) {
        let command = env!("CARGO_BIN_EXE_cartwheel");
        let line = format!("clear; echo before; '{command}' {arguments}; echo status $?");
        self.keys(&["-l", &line]);
        self.keys(&["Enter"]);
    }

    /// Waits for the end of the command: the terminal is as it was. What is on it.
    fn ended(&self, status: i32) -> String {
        let screen = self.wait(|screen| screen.lines().any(|line| line.starts_with("status ")));
        assert!(screen.contains(&format!("status {status}\n")), "{screen}");
        assert!(screen.contains("before"), "what was there before is there again:\n{screen}");
        assert!(!screen.contains('▀'), "{screen}");
        let modes = self.tmux(&["display-message", "-p", "#{alternate_on} #{cursor_flag} #{keypad_flag}"]);
        assert_eq!(String::from_utf8_lossy(&modes.stdout).trim(), "0 1 0");
        self.keys(&["-l", "stty -a"]);
        self.keys(&["Enter"]);
        let modes = self.wait(|screen| screen.contains("echoctl"));
        assert!(modes.contains(" icanon") && modes.contains(" echo "), "{modes}");
        screen
    }

    /// Number of the next frame, as the first line says it.
    fn frame(&self) -> u64 {
        frame(&self.screen())
    }

    /// Waits for a frame.
    fn at(&self, number: u64) {
        self.wait(|screen| frame(screen) == number);
    }

    fn pause(&self) -> u64 {
        self.keys(&["Space"]);
        self.wait(|screen| screen.lines().next().is_some_and(|line| line.contains("paused")));
        self.frame()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if self.started {
            self.tmux(&["kill-server"]);
        }
    }
}

fn frame(screen: &str) -> u64 {
    let number = screen.lines().next().and_then(|line| line.split_once("frame "));
    let digits = number.and_then(|(_, rest)| rest.split(' ').next()).unwrap_or_default().replace(',', "");
    digits.parse().unwrap_or_else(|_| panic!("no frame:\n{screen}"))
}

fn cartridge(name: &str) -> String {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("cartridges").join(name).display().to_string()
}

/// The hash of a run without a terminal.
fn hash(place: &Place, cartridge: &str, frames: u64) -> String {
    let summary = place.good(&["run", cartridge, "--frames", &frames.to_string(), "--json"]);
    let summary: serde_json::Value = serde_json::from_str(&summary).expect("JSON");
    summary["state_hash"].as_str().expect("a hash").to_owned()
}

#[test]
fn pausing_stepping_rewinding_saving_and_restoring_lead_where_a_plain_run_does() {
    let Some(terminal) = Terminal::new() else { return };
    let pong = cartridge("pong");
    terminal.play(&format!("{pong} --slot slot.state"));
    let screen = terminal.wait(|screen| frame(screen) > 30);
    assert!(screen.starts_with("Pong  frame "), "{screen}");
    assert!(screen.matches('▀').count() > 500, "a picture:\n{screen}");
    for part in ["of 200,000 cycles", "budget──", "gfx.rect_fill@1", "log: nothing yet", "z A"] {
        assert!(screen.contains(part), "no {part:?}:\n{screen}");
    }
    let colours = String::from_utf8_lossy(&terminal.tmux(&["capture-pane", "-p", "-e"]).stdout).into_owned();
    assert!(colours.contains("38;2;") && colours.contains("48;2;"), "colours of 24 bits");

    let paused = terminal.pause();
    sleep(Duration::from_millis(200));
    assert_eq!(terminal.frame(), paused, "time stands still");
    terminal.keys(&[".", ".", "."]);
    terminal.at(paused + 3);
    terminal.keys(&[",", ","]);
    terminal.at(paused + 1);
    terminal.keys(&["s"]);
    terminal.wait(|screen| screen.contains("saved frame"));
    assert!(terminal.place.path("slot.state").exists());
    terminal.keys(&["Space"]);
    terminal.wait(|screen| frame(screen) > paused + 30);
    let before = terminal.pause();
    terminal.keys(&["-N", "3", "r"]);
    terminal.wait(|screen| frame(screen) < before - 2);
    assert!(terminal.frame() > paused + 1, "rewinding goes frame by frame");
    // The key counts as held a little longer.
    sleep(Duration::from_millis(700));
    terminal.keys(&["l"]);
    terminal.at(paused + 1);
    terminal.keys(&["-N", "20", "."]);
    terminal.at(paused + 21);
    terminal.keys(&["q"]);
    let screen = terminal.ended(0);
    let hash = hash(&terminal.place, &pong, paused + 21);
    assert!(screen.contains(&format!("state hash   {hash}")), "{hash}\n{screen}");
    assert!(screen.contains("stop         left"), "{screen}");

    // What the file has is there in the next run.
    terminal.play(&format!("{pong} --slot slot.state"));
    terminal.keys(&["l"]);
    terminal.wait(|screen| frame(screen) > paused);
    terminal.keys(&["C-c"]);
    terminal.ended(0);
}

#[test]
fn what_is_played_and_taken_back_is_recorded_as_if_it_had_been_played_at_once() {
    let Some(terminal) = Terminal::new() else { return };
    let place = &terminal.place;
    place.write(
        "pads.asm",
        ".video 8, 8\n.capability gfx\n.func update()\n  .local pad: i32\n  input.held pad, 0\n  syscall gfx.pixel(0, 0, pad)\n  return\n.end\n",
    );
    terminal.play("pads.asm --record play.trace --embed --hold 5");
    terminal.wait(|screen| frame(screen) > 20);
    let paused = terminal.pause();
    terminal.keys(&["x"]);
    terminal.keys(&["-N", "10", "."]);
    terminal.at(paused + 10);
    terminal.keys(&["-N", "8", ","]);
    terminal.at(paused + 2);
    terminal.keys(&["z"]);
    terminal.keys(&["-N", "10", "."]);
    terminal.at(paused + 12);
    terminal.keys(&["q"]);
    terminal.ended(0);
    place.good(&["replay", "play.trace", "--quiet"]);
    let inputs = place.good(&["trace", "inputs", "play.trace"]);
    let held = |letter: &str| -> u64 {
        let lines = inputs.lines().filter(|line| line.contains(letter));
        lines.map(|line| line.split_once('*').map_or(1, |(_, n)| n.parse().expect("a number"))).sum()
    };
    assert_eq!((held("B"), held("A")), (2, 5), "{inputs}");
    let info: serde_json::Value =
        serde_json::from_str(&place.good(&["trace", "info", "play.trace", "--json"])).expect("JSON");
    assert_eq!(info["frames"], paused + 12, "{info}");
}

#[test]
fn several_are_played_and_one_is_shown() {
    let Some(terminal) = Terminal::new() else { return };
    let place = &terminal.place;
    place.write(
        "clerk.asm",
        ".title \"clerk\"\n.capability log\n.func update()\n  .local s: i32\n  syscall log.write(2, \"at work\") -> s\n  return\n.end\n",
    );
    let machine = format!("clerk.asm {} {}", cartridge("life"), cartridge("pong"));
    terminal.play(&format!("{machine} --module pong --record play.trace --embed --quiet"));
    let screen = terminal.wait(|screen| frame(screen) > 10 && screen.contains('▀'));
    assert!(screen.starts_with("clerk, Life, Pong  frame "), "{screen}");
    assert!(screen.contains("clerk: at work"), "{screen}");
    let shown = String::from_utf8_lossy(&terminal.tmux(&["capture-pane", "-p", "-e"]).stdout).into_owned();
    let paused = terminal.pause();
    terminal.keys(&["-N", "4", ","]);
    terminal.at(paused - 4);
    terminal.keys(&["q"]);
    terminal.ended(0);
    let replayed: serde_json::Value =
        serde_json::from_str(&place.good(&["replay", "play.trace", "--json"])).expect("JSON");
    assert_eq!(replayed["frames"], paused);
    // Another one's picture has other colours.
    terminal.play(&format!("{machine} --module life --quiet"));
    terminal.wait(|screen| frame(screen) > 10 && screen.contains('▀'));
    let other = String::from_utf8_lossy(&terminal.tmux(&["capture-pane", "-p", "-e"]).stdout).into_owned();
    let colours = |screen: &str| -> std::collections::BTreeSet<String> {
        screen.split("38;2;").skip(1).map(|rest| rest.chars().take(11).collect()).collect()
    };
    assert!(colours(&shown) != colours(&other), "{:?}", colours(&shown));
    terminal.keys(&["q"]);
    terminal.ended(0);
}

#[test]
fn a_trap_is_shown_can_be_taken_back_and_leaves_the_terminal_clean() {
    let Some(terminal) = Terminal::new() else { return };
    terminal.place.write(
        "crash.asm",
        ".video 8, 8\n.capability gfx, log\n.data rest: i32 3\n.func update()\n  .local s, left: i32\n  i32.load left, [rest]\n  i32.sub left, left, 1\n  i32.store [rest], left\n  syscall log.write(2, \"still there\") -> s\n  i32.div_u s, 7, left\n  return\n.end\n",
    );
    terminal.play("crash.asm");
    let screen = terminal.wait(|screen| screen.contains("ended"));
    assert!(screen.contains("trap: division by zero at `i32.div_u`"), "{screen}");
    assert!(screen.contains("still there"), "{screen}");
    let last = terminal.frame();
    terminal.keys(&[","]);
    terminal.wait(|screen| screen.contains("paused") && frame(screen) == last - 1);
    terminal.keys(&["."]);
    terminal.wait(|screen| screen.contains("ended") && frame(screen) == last);
    terminal.keys(&["q"]);
    let screen = terminal.ended(2);
    assert!(screen.contains("trap: division by zero at `i32.div_u`\n  0: update+"), "{screen}");
    assert_eq!(
        screen.matches("still there").count(),
        3,
        "a frame that was taken back left nothing:\n{screen}"
    );
}

#[test]
fn signals_leave_the_terminal_clean_and_files_whole() {
    let Some(terminal) = Terminal::new() else { return };
    let command = env!("CARGO_BIN_EXE_cartwheel");
    for (signal, status) in [("TERM", 143), ("INT", 130), ("HUP", 129), ("QUIT", 131)] {
        let run = format!("exec '{command}' run '{}' --live --record {signal}.trace", cartridge("pong"));
        terminal.place.write("run.sh", format!("echo $$ > pid\n{run}\n"));
        terminal.keys(&["-l", "clear; echo before; sh run.sh; echo status $?"]);
        terminal.keys(&["Enter"]);
        terminal.wait(|screen| screen.contains("q leave"));
        let pid = terminal.place.text("pid");
        let killed = Command::new("kill").args([&format!("-{signal}"), pid.trim()]).status();
        assert!(killed.expect("kill runs").success());
        let screen = terminal.ended(status);
        assert!(screen.contains("ended by signal"), "{screen}");
        terminal.place.good(&["replay", &format!("{signal}.trace"), "--cart", &cartridge("pong"), "--quiet"]);
    }
}

#[test]
fn nothing_goes_on_when_the_terminal_is_gone() {
    let Some(terminal) = Terminal::new() else { return };
    let command = env!("CARGO_BIN_EXE_cartwheel");
    let run = format!("exec '{command}' run '{}' --live --record gone.trace --embed", cartridge("pong"));
    terminal.place.write("run.sh", format!("echo $$ > pid\n{run}\n"));
    terminal.keys(&["-l", "sh run.sh"]);
    terminal.keys(&["Enter"]);
    terminal.wait(|screen| screen.contains("q leave"));
    let pid = terminal.place.text("pid");
    terminal.tmux(&["kill-server"]);
    let lives = || {
        let asked = Command::new("kill").args(["-0", pid.trim()]).output().expect("kill runs");
        asked.status.success()
    };
    let gone = (0..600).any(|_| {
        sleep(Duration::from_millis(100));
        !lives()
    });
    assert!(gone, "it goes on");
    terminal.place.good(&["replay", "gone.trace", "--quiet"]);
}

#[test]
fn an_error_on_the_way_leaves_the_terminal_clean() {
    let Some(terminal) = Terminal::new() else { return };
    let command = env!("CARGO_BIN_EXE_cartwheel");
    // No file of more than a few blocks: recording fails in the middle.
    let run = format!("exec '{command}' run '{}' --live --record full.trace", cartridge("life"));
    terminal.place.write("run.sh", format!("trap '' XFSZ\nulimit -f 60\n{run}\n"));
    terminal.keys(&["-l", "clear; echo before; sh run.sh; echo status $?"]);
    terminal.keys(&["Enter"]);
    let screen = terminal.ended(1);
    assert!(screen.contains("error: full.trace: cannot record"), "{screen}");
}

#[test]
fn a_small_terminal_shows_what_it_can() {
    let Some(terminal) = Terminal::new() else { return };
    terminal.play(&cartridge("snake"));
    terminal.tmux(&["resize-window", "-x", "40", "-y", "12"]);
    let screen = terminal.wait(|screen| !screen.contains("q leave") && screen.contains('▀'));
    assert!(screen.lines().skip(1).any(|line| line.contains("▀▀▀▀▀▀▀▀")), "{screen}");
    terminal.tmux(&["resize-window", "-x", "12", "-y", "4"]);
    terminal.wait(|screen| screen.contains("too small"));
    terminal.tmux(&["resize-window", "-x", "80", "-y", "24"]);
    terminal.wait(|screen| screen.contains("q leave"));
    terminal.keys(&["q"]);
    terminal.ended(0);
}

#[test]
fn without_a_terminal_there_is_a_clear_error() {
    let place = Place::new();
    let error = place.bad(&["run", &cartridge("pong"), "--live"]);
    assert!(error.contains("--live needs a terminal"), "{error}");
    let error = place.bad(&["run", &cartridge("pong"), "--hold", "3"]);
    assert!(error.contains("--live"), "{error}");
}
