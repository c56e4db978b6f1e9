//! The terminal while a cartridge is played in it. However that ends, the terminal is left as it was found.

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::cursor::{Hide, Show};
use ratatui::crossterm::event::{
    self, Event, KeyboardEnhancementFlags, PopKeyboardEnhancementFlags, PushKeyboardEnhancementFlags,
};
use ratatui::crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
    disable_raw_mode, enable_raw_mode, supports_keyboard_enhancement,
};
use ratatui::crossterm::{execute, queue};
use ratatui::{Frame, Terminal};

use crate::failure::Failure;

/// True while the terminal is not as it was found.
static TAKEN: AtomicBool = AtomicBool::new(false);
/// True while the terminal tells when keys are let go.
static TELLS_RELEASES: AtomicBool = AtomicBool::new(false);

/// How long after a signal the program is to have ended itself.
#[cfg(unix)]
const PATIENCE: Duration = Duration::from_secs(2);

/// The terminal, taken over until this is dropped.
pub struct Screen {
    terminal: Terminal<CrosstermBackend<Batch>>,
    _guard: Guard,
}

/// Standard output in pieces that are whole. A piece that is not complete when the program panics is never written: it would
/// come out on the screen that is there afterwards.
#[derive(Default)]
struct Batch(Vec<u8>);

impl Write for Batch {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let mut out = io::stdout().lock();
        let written = out.write_all(&self.0).and_then(|()| out.flush());
        self.0.clear();
        written
    }
}

/// Gives the terminal back.
struct Guard;

impl Drop for Guard {
    fn drop(&mut self) {
        give_back();
        if !std::thread::panicking() {
            // Back to the hook that there is without ours.
            drop(std::panic::take_hook());
        }
    }
}

/// Gives the terminal back, once.
fn give_back() {
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    let mut out = io::stdout();
    // A terminal that is gone cannot be tidied up, and each step helps without the others.
    if TELLS_RELEASES.swap(false, Ordering::SeqCst) {
        let _ = execute!(out, PopKeyboardEnhancementFlags);
    }
    let _ = execute!(out, EndSynchronizedUpdate, Show, LeaveAlternateScreen);
    let _ = disable_raw_mode();
    let _ = out.flush();
}

impl Screen {
    /// Takes the terminal over.
    pub fn open() -> Result<Screen, Failure> {
        if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
            let message =
                "--live needs a terminal as standard input and output; without --live the run needs none";
            return Err(Failure::new(message));
        }
        enable_raw_mode().map_err(failed)?;
        TAKEN.store(true, Ordering::SeqCst);
        // A message of a panic belongs on the screen that is there afterwards.
        let previous = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            give_back();
            previous(info);
        }));
        let guard = Guard;
        let mut out = Batch::default();
        execute!(out, EnterAlternateScreen, Hide).map_err(failed)?;
        if matches!(supports_keyboard_enhancement(), Ok(true)) {
            let flags = KeyboardEnhancementFlags::DISAMBIGUATE_ESCAPE_CODES
                | KeyboardEnhancementFlags::REPORT_EVENT_TYPES;
            execute!(out, PushKeyboardEnhancementFlags(flags)).map_err(failed)?;
            TELLS_RELEASES.store(true, Ordering::SeqCst);
        }
        let terminal = Terminal::new(CrosstermBackend::new(out)).map_err(failed)?;
        Ok(Screen { terminal, _guard: guard })
    }

    /// True if the terminal tells when keys are let go.
    pub fn tells_releases(&self) -> bool {
        TELLS_RELEASES.load(Ordering::SeqCst)
    }

    /// The next event, if there is one before a time has passed.
    pub fn event(&self, within: Duration) -> Result<Option<Event>, Failure> {
        let there = event::poll(within).map_err(failed)?;
        there.then(event::read).transpose().map_err(failed)
    }

    /// Draws, without anything half-drawn being seen where the terminal can do that.
    pub fn draw(&mut self, draw: impl FnOnce(&mut Frame<'_>)) -> Result<(), Failure> {
        queue!(self.terminal.backend_mut(), BeginSynchronizedUpdate).map_err(failed)?;
        self.terminal.draw(draw).map_err(failed)?;
        execute!(self.terminal.backend_mut(), EndSynchronizedUpdate).map_err(failed)
    }
}

fn failed(e: io::Error) -> Failure {
    Failure::new(format!("cannot use the terminal: {e}"))
}

/// Signals that end a program, which are caught so that it can end itself.
pub struct Signals {
    #[cfg(unix)]
    caught: std::sync::Arc<std::sync::atomic::AtomicUsize>,
    #[cfg(unix)]
    handle: signal_hook::iterator::Handle,
}

#[cfg(unix)]
impl Signals {
    /// Catches them from here on, until this is dropped.
    pub fn catch() -> Result<Signals, Failure> {
        use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
        let signals = signal_hook::iterator::Signals::new([SIGHUP, SIGINT, SIGQUIT, SIGTERM]);
        let mut signals = signals.map_err(failed)?;
        let (caught, handle) =
            (std::sync::Arc::<std::sync::atomic::AtomicUsize>::default(), signals.handle());
        let tell = caught.clone();
        std::thread::spawn(move || {
            let handle = signals.handle();
            for signal in signals.forever() {
                tell.store(signal as usize, Ordering::SeqCst);
                std::thread::sleep(PATIENCE);
                // Whoever waits for keys of a terminal that is gone can wait for ever.
                if !handle.is_closed() {
                    give_back();
                    std::process::exit(128 + signal);
                }
            }
        });
        Ok(Signals { caught, handle })
    }

    /// The one that came last.
    pub fn caught(&self) -> Option<i32> {
        let signal = self.caught.load(Ordering::SeqCst);
        (signal != 0).then_some(signal as i32)
    }
}

#[cfg(unix)]
impl Drop for Signals {
    fn drop(&mut self) {
        self.handle.close();
    }
}

#[cfg(not(unix))]
impl Signals {
    /// There are none: what ends a program here comes as a key.
    pub fn catch() -> Result<Signals, Failure> {
        Ok(Signals {})
    }

    /// None.
    pub fn caught(&self) -> Option<i32> {
        None
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// Runs by itself in a terminal of its own; see below.
    #[test]
    #[ignore = "it panics; another test runs it where that shows"]
    fn panics_in_the_middle_of_a_picture() {
        let mut screen = Screen::open().expect("a terminal");
        let drawn = screen.draw(|frame| {
            frame.buffer_mut()[(0, 0)].set_char('A');
        });
        drawn.expect("a picture");
        let drawn = screen.draw(|frame| {
            frame.buffer_mut()[(0, 0)].set_char('B');
            panic!("in the middle");
        });
        drawn.expect("it panics before");
    }

    #[test]
    fn a_panic_leaves_the_terminal_as_it_was_and_its_message_there() {
        let folder = tempfile::tempdir().expect("a folder");
        let tmux = |args: &[&str]| {
            let socket = folder.path().join("tmux");
            let done =
                Command::new("tmux").arg("-S").arg(socket).args(["-f", "/dev/null"]).args(args).output();
            done.map(|done| String::from_utf8_lossy(&done.stdout).into_owned())
        };
        let test = std::env::current_exe().expect("this program");
        let name = "live::terminal::tests::panics_in_the_middle_of_a_picture";
        let script = format!(
            "echo before; RUST_BACKTRACE=0 '{}' --ignored --exact {name} --nocapture --test-threads 1; echo status $?; stty -a; exec sleep 1000",
            test.display()
        );
        if tmux(&["new-session", "-d", "-x", "100", "-y", "40", &script]).is_err() {
            eprintln!("skipped: there is no tmux");
            return;
        }
        let screen = (0..600).find_map(|_| {
            std::thread::sleep(Duration::from_millis(100));
            let screen = tmux(&["capture-pane", "-p"]).ok()?;
            screen.contains("echoctl").then_some(screen)
        });
        let modes = tmux(&["display-message", "-p", "#{alternate_on} #{cursor_flag}"]).expect("tmux runs");
        tmux(&["kill-server"]).expect("tmux runs");
        let screen = screen.expect("the command ends");
        assert_eq!(modes.trim(), "0 1", "{screen}");
        for part in ["before", "in the middle", "status 101", " icanon", " echo "] {
            assert!(screen.contains(part), "no {part:?}:\n{screen}");
        }
    }
}
