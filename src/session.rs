//! A run under way: frames from a tape, outputs, and what is said at the end.

use std::io::IsTerminal;
use std::path::Path;
use std::time::{Duration, Instant};

use cartwheel_runtime::{Action, FrameReport, IngestReport, Machine};
use indicatif::{ProgressBar, ProgressState, ProgressStyle};

use crate::audit_log::AuditLog;
use crate::cli::OutputArgs;
use crate::crowd::Crowd;
use crate::failure::Failure;
use crate::outputs::Outputs;
use crate::print::clean;
use crate::realtime::Realtime;
use crate::summary::{Stop, Summary, grouped};
use crate::tape::{Made, Tape};
use crate::{messages, print, watch};

/// A run under way.
pub struct Session {
    pub machine: Machine,
    pub crowd: Crowd,
    frames: u64,
    outputs: Outputs,
    watched: Vec<String>,
    watch_to_stderr: bool,
    made: u64,
    /// What the host did: frame and action.
    actions: Vec<(u64, String)>,
    progress: ProgressBar,
}

/// What a summary says besides what the session knows.
#[derive(Default)]
pub struct Said<'s> {
    /// What frames took.
    pub realtime: Option<&'s Realtime>,
    /// The log that was kept.
    pub audit: Option<&'s AuditLog>,
    /// True if a trace was replayed.
    pub replayed: bool,
}

impl Session {
    /// A run of so many frames. `place` is what people call what runs.
    pub fn new(
        args: &OutputArgs,
        place: &Path,
        crowd: Crowd,
        mut machine: Machine,
        frames: u64,
    ) -> Result<Session, Failure> {
        machine.watch_ports(args.watch_ports);
        watch::check(&machine, &crowd, &args.watch)?;
        Ok(Session {
            frames,
            outputs: Outputs::create(args, place, &machine, &crowd, frames)?,
            watched: args.watch.clone(),
            watch_to_stderr: args.json,
            machine,
            crowd,
            made: 0,
            actions: Vec::new(),
            progress: if args.quiet { ProgressBar::hidden() } else { progress_bar() },
        })
    }

    /// Runs. Why it ended, and the wall time in seconds.
    pub fn timed(&mut self, tape: &mut impl Tape) -> Result<(Stop, f64), Failure> {
        self.time(|session| session.run(tape))
    }

    /// Makes frames in some other way. Why it ended, and the wall time in seconds.
    pub fn time(
        &mut self,
        run: impl FnOnce(&mut Session) -> Result<Stop, Failure>,
    ) -> Result<(Stop, f64), Failure> {
        #[expect(clippy::disallowed_methods, reason = "the clock is for frames per second only")]
        let started = Instant::now();
        let stop = run(self)?;
        let seconds = started.elapsed().as_secs_f64();
        self.progress.finish_and_clear();
        Ok((stop, seconds))
    }

    fn run(&mut self, tape: &mut impl Tape) -> Result<Stop, Failure> {
        self.progress.set_length(self.frames);
        for _ in 0..self.frames {
            let made = tape.step(&mut self.machine)?;
            let number = made.report.frame;
            self.messages(&made.report)?;
            let stop = self.frame(tape, made)?;
            self.watch(number)?;
            self.progress.inc(1);
            if let Some(stop) = stop {
                return Ok(stop);
            }
        }
        Ok(Stop::Frames)
    }

    /// Takes in a frame that the tape has just made. Says if the run ends with it.
    pub fn frame(&mut self, tape: &mut impl Tape, mut made: Made) -> Result<Option<Stop>, Failure> {
        let report = &mut made.report;
        let number = report.frame;
        // What was delivered is told with what became of it; what is fed is shown as messages, if at all.
        let told = report
            .actions
            .iter()
            .filter(|done| !matches!(done.action, Action::Deliver { .. } | Action::Feed { .. }));
        self.actions.extend(told.map(|done| (number, done.action.to_string())));
        let ended = report.ingests.iter();
        let told = |end: &IngestReport| clean(&format!("module {} {}", end.module.0, end.ingested));
        self.actions.extend(ended.map(|end| (number, told(end))));
        self.crowd.frame(&self.machine, report);
        self.made += 1;
        self.outputs.frame(number, &self.machine, &self.crowd)?;
        let over = self.crowd.over(&self.machine);
        tape.made(&mut self.machine, &made, over)
    }

    /// Frames from a number on were taken back.
    pub fn take_back(&mut self, frame: u64) {
        self.crowd.take_back(&self.machine, frame);
        self.actions.retain(|&(number, _)| number < frame);
    }

    fn messages(&self, report: &FrameReport) -> Result<(), Failure> {
        if report.messages.is_empty() && report.port_events.is_empty() {
            return Ok(());
        }
        self.progress.suspend(|| messages::show(report, self.watch_to_stderr))
    }

    fn watch(&self, frame: u64) -> Result<(), Failure> {
        if self.watched.is_empty() {
            return Ok(());
        }
        let text = watch::text(frame, &self.machine, &self.crowd, &self.watched);
        self.progress.suspend(|| {
            if self.watch_to_stderr {
                print::stderr(&text);
                return Ok(());
            }
            print::stdout(&text)
        })
    }

    /// Writes the files that were asked for.
    pub fn finish(&mut self) -> Result<(), Failure> {
        self.outputs.finish(&self.machine, &self.crowd)
    }

    /// Prints what the run came to.
    pub fn report(&self, args: &OutputArgs, stop: Stop, seconds: f64, said: Said<'_>) -> Result<(), Failure> {
        let summary = Summary {
            machine: &self.machine,
            crowd: &self.crowd,
            frames: self.made,
            stop,
            state_hash: self.machine.hash()?,
            actions: &self.actions,
            seconds,
            audit: said.audit,
            realtime: said.realtime,
            replayed: said.replayed,
        };
        if args.json {
            print::stdout(&summary.json())?;
        } else if !args.quiet {
            print::stdout(&summary.text())?;
        }
        self.crowd.traps().for_each(|trapped| print::stderr(&format!("{trapped}\n")));
        Ok(())
    }
}

/// Shown on a terminal only.
pub fn progress_bar() -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:30} {human_pos} of {human_len} frames, {rate} per second")
        .expect("the template is good")
        .with_key("rate", |state: &ProgressState, out: &mut dyn std::fmt::Write| {
            // A bar that cannot be drawn is no reason to stop.
            let _ = out.write_str(&grouped(state.per_sec() as u64));
        });
    ProgressBar::no_length().with_style(style).with_elapsed(Duration::ZERO)
}
