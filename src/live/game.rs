//! A run that somebody plays: frames forward and back, saved states, and what there is to show.

use std::collections::VecDeque;
use std::path::PathBuf;

use cartwheel_runtime::{Button, Buttons, FrameReport, LogLine, Machine, ModuleId, Rewind, SliceEnd};

use crate::failure::Failure;
use crate::files::{self, Output};
use crate::session::Session;
use crate::summary::{Stop, grouped};
use crate::tape::InputTape;

/// Frames that one can go back: half a minute.
const REWIND_FRAMES: usize = 1_800;
/// Bytes that the states of these frames may take up; with more, the oldest are forgotten.
const REWIND_BYTES: usize = 512 << 20;
/// Frames between looks at how many bytes they take up.
const REWIND_CHECK: u64 = 60;
/// Frames for which something is told.
const NOTICE_FRAMES: u32 = 180;
/// Lines of the log that can be shown.
const LOG_LINES: usize = 100;

/// What a syscall cost in a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyscallCost {
    /// Canonical id.
    pub id: &'static str,
    /// Calls.
    pub calls: u64,
    /// Cycles charged.
    pub cycles: u64,
}

/// Something to tell.
struct Notice {
    text: String,
    /// Frames for which it is still told, where frames go by; it stays where they do not.
    frames_left: u32,
}

/// What a frame cost, all modules together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrameCost {
    /// Number of the frame.
    pub frame: u64,
    /// Cycles used.
    pub cycles: u64,
    /// Syscalls made.
    pub calls: u64,
    /// Bytes allocated.
    pub bytes: u64,
    /// Objects allocated.
    pub objects: u64,
    /// Why the slices ended, where they did not end by themselves.
    pub ends: Vec<String>,
    /// Syscalls, the dearest first.
    pub syscalls: Vec<SyscallCost>,
}

impl FrameCost {
    /// Of the frame that a machine has just made.
    fn of(machine: &Machine, report: &FrameReport) -> FrameCost {
        let mut syscalls: Vec<SyscallCost> = Vec::new();
        for module in &report.modules {
            for binding in machine.bindings(module.module).iter().filter(|binding| binding.usage.calls > 0) {
                let id = binding.syscall.info().id;
                match syscalls.iter_mut().find(|cost| cost.id == id) {
                    Some(cost) => {
                        cost.calls += binding.usage.calls;
                        cost.cycles += binding.usage.cycles;
                    }
                    None => syscalls.push(SyscallCost {
                        id,
                        calls: binding.usage.calls,
                        cycles: binding.usage.cycles,
                    }),
                }
            }
        }
        syscalls.sort_by(|a, b| b.cycles.cmp(&a.cycles).then(a.id.cmp(b.id)));
        let modules = &report.modules;
        let usual = |end: SliceEnd| matches!(end, SliceEnd::UpdateDone | SliceEnd::FrameSync);
        FrameCost {
            frame: report.frame,
            cycles: modules.iter().map(|module| module.cycles).sum(),
            calls: modules.iter().map(|module| module.syscalls).sum(),
            bytes: modules.iter().map(|module| module.bytes).sum(),
            objects: modules.iter().map(|module| module.objects).sum(),
            ends: modules.iter().filter(|m| !usual(m.end)).map(|m| m.end.to_string()).collect(),
            syscalls,
        }
    }
}

/// A run that is played.
pub struct Game<'g> {
    session: &'g mut Session,
    tape: &'g mut InputTape,
    rewind: Rewind,
    /// What the last frames cost, ascending.
    pub costs: VecDeque<FrameCost>,
    /// The last lines of the log, with their frames.
    pub log: VecDeque<(u64, String)>,
    notice: Option<Notice>,
    /// True if frames are made only when that is asked for.
    pub paused: bool,
    /// Why no frame can be made any more.
    pub ended: Option<Stop>,
    /// Buttons that were held in the last frame.
    pub held: Buttons,
    saved: Option<Vec<u8>>,
    slot: Option<PathBuf>,
    /// Frame before which the run ends.
    until: Option<u64>,
}

impl<'g> Game<'g> {
    /// A run that ends before a frame if one is given. States are saved to a file if one is given.
    pub fn new(
        session: &'g mut Session,
        tape: &'g mut InputTape,
        slot: Option<PathBuf>,
        until: Option<u64>,
    ) -> Game<'g> {
        Game {
            session,
            tape,
            rewind: Rewind::new(REWIND_FRAMES),
            costs: VecDeque::new(),
            log: VecDeque::new(),
            notice: None,
            paused: false,
            ended: None,
            held: Buttons::NONE,
            saved: None,
            slot,
            until,
        }
    }

    /// The machine.
    pub fn machine(&self) -> &Machine {
        &self.session.machine
    }

    /// The first module with a picture, or that with a picture which was chosen.
    pub fn pictured(&self) -> Option<ModuleId> {
        let machine = self.machine();
        self.session.crowd.meant(machine).into_iter().find(|&module| machine.surface(module).is_some())
    }

    /// Cycles that the modules have in a frame.
    pub fn budget(&self) -> u64 {
        let machine = self.machine();
        machine.modules().map(|module| machine.cycles_per_frame(module)).sum()
    }

    /// True if the run is over because it has all its frames.
    pub fn is_over(&self) -> bool {
        self.until.is_some_and(|until| self.machine().frame() >= until)
    }

    /// Makes a frame with these buttons on the first pad, beside what the inputs hold.
    pub fn forward(&mut self, buttons: Buttons) -> Result<(), Failure> {
        if self.ended.is_some() {
            return Ok(());
        }
        let Game { session, tape, rewind, .. } = self;
        rewind.keep(&session.machine)?;
        if session.machine.frame().is_multiple_of(REWIND_CHECK) {
            rewind.trim(REWIND_BYTES);
        }
        let mut input = tape.inputs.frame(session.machine.frame());
        Button::ALL
            .iter()
            .filter(|&&button| buttons.contains(button))
            .for_each(|&button| input.pads[0].insert(button));
        let made = tape.step_with(&mut session.machine, input)?;
        let cost = FrameCost::of(&session.machine, &made.report);
        let rows = &made.report.modules;
        let lines = rows.iter().flat_map(|row| row.log.iter().map(|line| (row.module, line.clone())));
        let lines: Vec<(ModuleId, LogLine)> = lines.collect();
        let stop = session.frame(*tape, made)?;
        let frame = cost.frame;
        self.held = input.pads[0];
        self.notice = self.notice.take().filter(|notice| notice.frames_left > 0);
        if let Some(notice) = &mut self.notice {
            notice.frames_left -= 1;
        }
        self.costs.push_back(cost);
        if self.costs.len() > REWIND_FRAMES {
            self.costs.pop_front();
        }
        for (module, LogLine { level, text }) in lines {
            let crowd = &self.session.crowd;
            let of = if crowd.is_alone() { String::new() } else { format!("{}: ", crowd.name(module)) };
            self.say(frame, format!("{:<7} {of}{text}", level.name()));
        }
        let warnings: Vec<String> = self.tape.warnings.drain(..).collect();
        for warning in warnings {
            self.say(frame, format!("host    {warning}"));
        }
        if let Some(stop) = stop {
            self.end(stop);
        }
        Ok(())
    }

    fn say(&mut self, frame: u64, line: String) {
        self.log.push_back((frame, line));
        if self.log.len() > LOG_LINES {
            self.log.pop_front();
        }
    }

    fn end(&mut self, stop: Stop) {
        self.ended = Some(stop);
        self.tell(match self.trap() {
            Some(trap) => trap.lines().next().unwrap_or_default().to_owned(),
            None => stop.sentence(),
        });
    }

    fn tell(&mut self, text: impl Into<String>) {
        self.notice = Some(Notice { text: text.into(), frames_left: NOTICE_FRAMES });
    }

    /// What there is to tell.
    pub fn notice(&self) -> Option<&str> {
        self.notice.as_ref().map(|notice| notice.text.as_str())
    }

    /// Titles of what runs.
    pub fn title(&self) -> String {
        let machine = self.machine();
        let title = |module| machine.instance(module).program().cartridge().manifest.title.as_str();
        let titles: Vec<&str> = machine.modules().map(title).filter(|title| !title.is_empty()).collect();
        titles.join(", ")
    }

    fn trap(&self) -> Option<String> {
        self.machine().modules().find_map(|module| self.machine().trap(module)).map(|trap| trap.to_string())
    }

    /// Takes a frame back.
    pub fn back(&mut self) -> Result<(), Failure> {
        let Some(frame) = self.machine().frame().checked_sub(1) else { return Ok(()) };
        if self.tape.audit.is_some() {
            self.tell("an audit log is kept: it cannot go back");
            return Ok(());
        }
        let went =
            self.rewind.back(&mut self.session.machine, frame).map_err(|e| Failure::new(e.to_string()))?;
        if went {
            self.session.take_back(frame);
            self.went_to(frame);
        } else {
            self.tell(format!("no state before frame {} is kept", grouped(frame + 1)));
        }
        Ok(())
    }

    /// The machine stands before a frame where it has been before.
    fn went_to(&mut self, frame: u64) {
        self.costs.retain(|cost| cost.frame < frame);
        self.log.retain(|&(number, _)| number < frame);
        self.ended = None;
        self.notice = None;
        self.held = Buttons::NONE;
    }

    /// Saves the state, to the file if there is one.
    pub fn save(&mut self) -> Result<(), Failure> {
        let (frame, state) = (self.machine().frame(), self.machine().save()?);
        let mut notice = format!("saved frame {}", grouped(frame));
        if let Some(path) = &self.slot {
            let written =
                Output::create(path).and_then(|mut out| out.put(&state).and_then(|()| out.commit()));
            match written {
                Ok(()) => notice += &format!(" to {}", path.display()),
                Err(failure) => notice = failure.message,
            }
        }
        self.saved = Some(state);
        self.tell(notice);
        Ok(())
    }

    /// Restores the state that was saved, or that the file has from before.
    pub fn restore(&mut self) {
        match self.saved_state().and_then(|state| self.go_to(&state)) {
            Ok(()) => self.tell(format!("restored frame {}", grouped(self.machine().frame()))),
            Err(failure) => self.tell(failure.message),
        }
    }

    fn saved_state(&self) -> Result<Vec<u8>, Failure> {
        match (&self.saved, &self.slot) {
            (Some(saved), _) => Ok(saved.clone()),
            (None, Some(path)) if path.exists() => files::read(path),
            (None, _) => Err(Failure::new("nothing was saved yet")),
        }
    }

    fn go_to(&mut self, state: &[u8]) -> Result<(), Failure> {
        if self.tape.audit.is_some() {
            return Err(Failure::new("an audit log is kept: it cannot go back"));
        }
        let machine = &mut self.session.machine;
        let before = machine.save()?;
        machine.restore(state).map_err(|e| Failure::new(format!("not restored: {e}")))?;
        let fits = match &self.tape.recording {
            Some(recording) => recording.has(machine),
            None => Ok(true),
        };
        if !matches!(fits, Ok(true)) {
            machine.restore(&before).expect("it is the machine's own state");
            fits?;
            return Err(Failure::new("not restored: it is no state of the run that is recorded"));
        }
        // What came before that state is not what came before this one.
        self.rewind = Rewind::new(REWIND_FRAMES);
        let frame = machine.frame();
        self.session.take_back(frame);
        self.went_to(0);
        Ok(())
    }
}
