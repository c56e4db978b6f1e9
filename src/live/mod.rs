//! `cartwheel run --live`: a cartridge is played in a terminal. The clock decides when a frame is made, and never what
//! becomes of it.

mod game;
mod keys;
mod picture;
mod terminal;
mod view;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use ratatui::crossterm::event::Event;

use crate::failure::Failure;
use crate::session::Session;
use crate::summary::Stop;
use crate::tape::InputTape;
use game::Game;
use keys::{Command, Keys};
use terminal::{Screen, Signals};

/// How long a frame is shown.
const FRAME: Duration = Duration::from_nanos(1_000_000_000 / 60);
/// The most that is made up for when frames are late; beyond it the game is slower than the clock.
const MAX_LATE: Duration = Duration::from_millis(100);
/// Frames of which at least one is drawn, however late it is.
const MAX_UNDRAWN: u32 = 6;
/// Over how long frames per second are counted.
const RATE_OVER: Duration = Duration::from_millis(500);

/// What there is to decide.
pub struct Options {
    /// Frames for which a key counts as held after the last that was heard of it.
    pub hold_frames: u16,
    /// File for the state that is saved.
    pub slot: Option<PathBuf>,
    /// Frame before which the run ends.
    pub until: Option<u64>,
}

/// Plays until somebody leaves. The terminal is then as it was before.
pub fn play(session: &mut Session, tape: &mut InputTape, options: Options) -> Result<Stop, Failure> {
    let signals = Signals::catch()?;
    let mut screen = Screen::open()?;
    let mut keys = Keys::new(options.hold_frames, screen.tells_releases());
    let mut game = Game::new(session, tape, options.slot, options.until);
    let mut clock = Clock::start();
    loop {
        let mut changed = false;
        while let Some(event) = screen.event(clock.left())? {
            changed = true;
            let command = match event {
                Event::Key(key) => keys.take(&key),
                _ => None,
            };
            match command {
                Some(Command::Leave) => return Ok(game.ended.unwrap_or(Stop::Left)),
                Some(command) => obey(&mut game, &mut keys, command)?,
                None => {}
            }
        }
        if let Some(signal) = signals.caught() {
            return Ok(Stop::Killed(signal));
        }
        clock.frame_begins();
        if keys.rewinds() {
            game.back()?;
            changed = true;
        } else if !game.paused && game.ended.is_none() {
            forward(&mut game, &mut keys)?;
            clock.frame_made();
            changed = true;
        }
        if game.is_over() {
            return Ok(Stop::Frames);
        }
        if changed && clock.may_draw() {
            let rate = clock.rate();
            screen.draw(|frame| view::draw(frame, &game, rate))?;
        }
    }
}

fn forward(game: &mut Game<'_>, keys: &mut Keys) -> Result<(), Failure> {
    game.forward(keys.held())?;
    keys.frame_made();
    Ok(())
}

fn obey(game: &mut Game<'_>, keys: &mut Keys, command: Command) -> Result<(), Failure> {
    match command {
        Command::Leave => {}
        Command::Pause => game.paused = !game.paused,
        Command::Step => {
            game.paused = true;
            forward(game, keys)?;
        }
        Command::Back => {
            game.paused = true;
            game.back()?;
        }
        Command::Save => game.save()?,
        Command::Restore => game.restore(),
    }
    Ok(())
}

/// When the next frame is due.
struct Clock {
    due: Instant,
    undrawn: u32,
    counted_from: Instant,
    counted: u32,
    rate: u32,
}

#[expect(
    clippy::disallowed_methods,
    reason = "when frames are made is the host's business, and not in the state"
)]
fn now() -> Instant {
    Instant::now()
}

impl Clock {
    fn start() -> Clock {
        let now = now();
        Clock { due: now, undrawn: 0, counted_from: now, counted: 0, rate: 0 }
    }

    /// Time until the next frame.
    fn left(&self) -> Duration {
        self.due.saturating_duration_since(now())
    }

    fn frame_begins(&mut self) {
        let now = now();
        self.due = (self.due + FRAME).max(now.checked_sub(MAX_LATE).unwrap_or(now));
    }

    fn frame_made(&mut self) {
        self.counted += 1;
    }

    /// True if there is time to draw, or nothing was drawn for long.
    fn may_draw(&mut self) -> bool {
        self.undrawn += 1;
        let may = !self.left().is_zero() || self.undrawn >= MAX_UNDRAWN;
        if may {
            self.undrawn = 0;
        }
        may
    }

    /// Frames per second of late.
    fn rate(&mut self) -> u32 {
        let passed = now().saturating_duration_since(self.counted_from);
        if passed >= RATE_OVER {
            self.rate = (f64::from(self.counted) / passed.as_secs_f64()).round() as u32;
            (self.counted_from, self.counted) = (now(), 0);
        }
        self.rate
    }
}
