//! What a run came to, as text and as JSON.

use std::collections::VecDeque;
use std::fmt::Write;

use cartwheel_runtime::policy::{MAX_SCORE, Trust};
use cartwheel_runtime::{LogLine, Machine, ModuleId, ModuleReport, ModuleState, StateHash};
use serde_json::{Value, json};

use crate::audit_log::AuditLog;
use crate::crowd::{Crowd, Seen};
use crate::failure::Exit;
use crate::keys::hex;
use crate::realtime::Realtime;
use crate::sound::Loudness;

/// Lines of the guest's log that are kept.
const MAX_LOG_LINES: usize = 1_000;
/// Frames per second of somebody who plays.
const FRAMES_PER_SECOND: f64 = 60.0;

/// Why a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// All frames that were asked for have been run.
    Frames,
    /// The cartridge has nothing to run any more.
    Idle,
    /// The cartridge halted with a code.
    Halted(i32),
    /// The cartridge trapped.
    Trapped,
    /// The cartridge was put into quarantine, or one of several while none of the others runs.
    Quarantined,
    /// What is there is paused or was never started, and nobody is left to change that.
    Waiting,
    /// The cartridge was terminated.
    Terminated,
    /// The state is not the one that was recorded.
    Diverged,
    /// Whoever played it has left.
    Left,
    /// A signal ended it.
    Killed(i32),
}

impl Stop {
    /// Name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Stop::Frames => "frames",
            Stop::Idle => "idle",
            Stop::Halted(_) => "halted",
            Stop::Trapped => "trapped",
            Stop::Quarantined => "quarantined",
            Stop::Waiting => "waiting",
            Stop::Terminated => "terminated",
            Stop::Diverged => "diverged",
            Stop::Left => "left",
            Stop::Killed(_) => "killed",
        }
    }

    /// How the command ends.
    pub fn exit(self) -> Exit {
        match self {
            Stop::Frames | Stop::Idle | Stop::Waiting | Stop::Terminated | Stop::Left => Exit::Fine,
            Stop::Quarantined => Exit::Quarantined,
            Stop::Halted(code) => Exit::Halted(code),
            Stop::Trapped => Exit::Trapped,
            Stop::Diverged => Exit::Diverged,
            Stop::Killed(signal) => Exit::Killed(signal),
        }
    }

    /// For people.
    pub fn sentence(self) -> String {
        match self {
            Stop::Frames => "ran all frames".to_owned(),
            Stop::Idle => "nothing left to run".to_owned(),
            Stop::Halted(code) => format!("halted with code {code}"),
            Stop::Trapped => "trapped".to_owned(),
            Stop::Quarantined => "put into quarantine (--recover-after N would go on)".to_owned(),
            Stop::Waiting => "all that is left waits to be started or resumed".to_owned(),
            Stop::Terminated => "terminated".to_owned(),
            Stop::Diverged => "not the state that was recorded".to_owned(),
            Stop::Left => "left".to_owned(),
            Stop::Killed(signal) => format!("ended by signal {signal}"),
        }
    }
}

/// What a run has come to so far.
#[derive(Default)]
pub struct Tally {
    cycles: Vec<u64>,
    syscalls: u64,
    bytes: u64,
    objects: u64,
    collector: u64,
    overruns: u64,
    log: VecDeque<(u64, LogLine)>,
    log_dropped: u64,
    /// How loud it was; `None` for a cartridge without sound.
    pub sound: Option<Loudness>,
}

impl Tally {
    /// Adds a frame.
    pub fn add(&mut self, frame: u64, report: ModuleReport) {
        self.cycles.push(report.cycles);
        self.syscalls += report.syscalls;
        self.bytes += report.bytes;
        self.objects += report.objects;
        self.collector += report.collector_cycles;
        self.overruns = report.overruns;
        for line in report.log {
            if self.log.len() == MAX_LOG_LINES {
                self.log.pop_front();
                self.log_dropped += 1;
            }
            self.log.push_back((frame, line));
        }
    }

    /// Frames from a number on were taken back: what they logged is gone. What they cost was spent all the same.
    pub fn take_back(&mut self, frame: u64) {
        self.log.retain(|&(number, _)| number < frame);
    }

    /// Frames run.
    pub fn frames(&self) -> u64 {
        self.cycles.len() as u64
    }

    /// Median and largest number of cycles in a frame.
    fn cycles(&self) -> (u64, u64) {
        let mut sorted = self.cycles.clone();
        sorted.sort_unstable();
        let median = sorted.get(sorted.len().saturating_sub(1) / 2).copied().unwrap_or(0);
        (median, sorted.last().copied().unwrap_or(0))
    }

    fn log_text(&self) -> String {
        let mut out = String::new();
        if self.log_dropped > 0 {
            let _ = writeln!(out, "  ... {} earlier lines", grouped(self.log_dropped));
        }
        for (frame, LogLine { level, text }) in &self.log {
            let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
            let _ = writeln!(out, "  {frame:>6} {:<7} {text}", level.name());
        }
        out
    }

    fn json(&self) -> Value {
        let (median, max) = self.cycles();
        let log = self.log.iter().map(
            |(frame, LogLine { level, text })| json!({ "frame": frame, "level": level.name(), "text": text }),
        );
        json!({
            "frames": self.frames(),
            "cycles_total": self.cycles.iter().sum::<u64>(),
            "cycles_median": median,
            "cycles_max": max,
            "syscalls_total": self.syscalls,
            "bytes_allocated": self.bytes,
            "objects_allocated": self.objects,
            "collector_cycles": self.collector,
            "overruns": self.overruns,
            "sound_peak": self.sound.map(|sound| sound.peak),
            "sound_rms": self.sound.map(|sound| sound.rms()),
            "log": log.collect::<Vec<_>>(),
            "log_lines_dropped": self.log_dropped,
        })
    }
}

/// A run that has ended.
pub struct Summary<'a> {
    /// The machine, as it is at the end.
    pub machine: &'a Machine,
    /// Its modules, and what they came to.
    pub crowd: &'a Crowd,
    /// Frames that were made.
    pub frames: u64,
    /// Why it ended.
    pub stop: Stop,
    /// Hash of the state after the last frame.
    pub state_hash: StateHash,
    /// What the host did: frame and action.
    pub actions: &'a [(u64, String)],
    /// Wall time.
    pub seconds: f64,
    /// The log that was kept.
    pub audit: Option<&'a AuditLog>,
    /// What frames took, if that was asked for.
    pub realtime: Option<&'a Realtime>,
    /// True if a trace was replayed.
    pub replayed: bool,
}

impl Summary<'_> {
    fn frames_per_second(&self) -> f64 {
        if self.seconds > 0.0 { (self.frames as f64 / self.seconds).round() } else { 0.0 }
    }

    fn times_real_time(&self) -> f64 {
        self.frames_per_second() / FRAMES_PER_SECOND
    }

    /// The module, if it is the only one.
    fn alone(&self) -> Option<(ModuleId, &Seen)> {
        self.crowd.iter().next().filter(|_| self.crowd.is_alone())
    }

    /// What is known of a module that is still there: cycles per frame and trust.
    fn there(&self, id: ModuleId) -> Option<(u64, Trust)> {
        self.machine.has(id).then(|| (self.machine.cycles_per_frame(id), self.machine.trust(id)))
    }

    /// For people.
    pub fn text(&self) -> String {
        let mut out = Lines::default();
        match self.alone() {
            Some((_, seen)) => out.line("cartridge", seen.name.clone()),
            None => out.line("modules", self.crowd.iter().count().to_string()),
        }
        let rate = grouped(self.frames_per_second() as u64);
        out.line("frames", format!("{} ({rate} per second)", grouped(self.frames)));
        if self.replayed {
            out.line("real time", format!("{:.0} times, at 60 frames per second", self.times_real_time()));
        } else if let Some(realtime) = self.realtime {
            out.line("real time", realtime.text());
        }
        out.line("stop", self.stop.sentence());
        out.line("state hash", self.state_hash.to_string());
        if let Some((id, seen)) = self.alone() {
            self.costs(&mut out, id, &seen.tally);
        }
        for (frame, action) in self.actions {
            out.line("action", format!("frame {frame}: {action}"));
        }
        if let Some(audit) = self.audit {
            let signed = audit.key.map_or("not signed (--audit-key)".to_owned(), |key| {
                format!("signed with key {}...", &hex(&key)[..16])
            });
            out.line("audit log", format!("{}, {signed}", audit.path().display()));
        }
        if let Some((_, seen)) = self.alone() {
            let log = seen.tally.log_text();
            if !log.is_empty() {
                out.line("log", String::new());
            }
            return out.text + &log;
        }
        for (id, seen) in self.crowd.iter() {
            out.indent = "";
            out.text.push('\n');
            out.line(&format!("module {}", id.0), format!("{} ({})", seen.name, state(seen)));
            out.indent = "  ";
            self.costs(&mut out, id, &seen.tally);
            out.text += &seen.tally.log_text();
        }
        out.text
    }

    /// What the frames of a module came to.
    fn costs(&self, out: &mut Lines, id: ModuleId, tally: &Tally) {
        let (median, max) = tally.cycles();
        let there = self.there(id);
        let budget = there.map_or(String::new(), |(budget, _)| format!(", budget {}", grouped(budget)));
        out.line("cycles/frame", format!("median {}, max {}{budget}", grouped(median), grouped(max)));
        let each = per_frame(tally.syscalls, tally.frames());
        out.line("syscalls", format!("{} ({each} per frame)", grouped(tally.syscalls)));
        out.line(
            "allocations",
            format!("{} objects, {} bytes", grouped(tally.objects), grouped(tally.bytes)),
        );
        if let Some(sound) = &tally.sound {
            let (peak, rms) = (grouped(sound.peak.into()), grouped(sound.rms().into()));
            out.line("sound", format!("peak {peak} of 32,768, rms {rms}"));
        }
        if tally.overruns > 0 {
            out.line("overruns", grouped(tally.overruns));
        }
        if let Some((_, Trust { score, violations, .. })) = there.filter(|(_, trust)| trust.violations > 0) {
            let plural = if violations == 1 { "" } else { "s" };
            out.line(
                "trust",
                format!("score {score} of {MAX_SCORE}, {} violation{plural}", grouped(violations)),
            );
        }
    }

    /// For scripts: a module alone has its rows beside those of the run, several have a list of them.
    pub fn json(&self) -> String {
        let actions = self.actions.iter().map(|(frame, action)| json!({ "frame": frame, "action": action }));
        let mut value = match self.alone() {
            Some((id, seen)) => {
                let mut value = self.module_json(id, seen);
                value["cartridge"] = json!(seen.name);
                value
            }
            None => {
                let module = |(id, seen): (ModuleId, &Seen)| {
                    let mut value = self.module_json(id, seen);
                    value["module"] = json!(id.0);
                    value["name"] = json!(seen.name);
                    value["state"] = json!(seen.state.name());
                    let hash = self.state_hash.modules.iter().find(|hash| hash.module == id);
                    value["state_hash"] = json!(hash.map(|hash| format!("{:032x}", hash.root())));
                    value["supervisor"] = json!(self.machine.supervisor(id).map(|id| id.0));
                    value
                };
                json!({ "modules": self.crowd.iter().map(module).collect::<Vec<_>>() })
            }
        };
        value["frames"] = json!(self.frames);
        value["stop"] = json!(self.stop.name());
        value["state_hash"] = json!(self.state_hash.to_string());
        value["actions"] = json!(actions.collect::<Vec<_>>());
        value["frames_per_second"] = json!(self.frames_per_second());
        value["times_real_time"] = json!(self.times_real_time());
        value["realtime"] = json!(self.realtime.map(Realtime::json));
        value["audit"] = json!(
            self.audit.map(|audit| json!({ "file": audit.path(), "key": audit.key.map(|key| hex(&key)) }))
        );
        format!("{value:#}\n")
    }

    fn module_json(&self, id: ModuleId, seen: &Seen) -> Value {
        let there = self.there(id);
        let mut value = seen.tally.json();
        value["exit_code"] = json!(seen.code);
        value["trap"] = json!(seen.trap);
        value["cycles_budget"] = json!(there.map(|(budget, _)| budget));
        value["trust"] = json!(there.map(|(_, trust)| json!({
            "level": trust.level.name(),
            "score": trust.score,
            "violations": trust.violations,
        })));
        value
    }
}

fn state(seen: &Seen) -> String {
    match seen.code {
        Some(code) if seen.state == ModuleState::Stopped => format!("halted with code {code}"),
        _ => seen.state.name().to_owned(),
    }
}

/// Names and values, a line each.
#[derive(Default)]
struct Lines {
    text: String,
    indent: &'static str,
}

impl Lines {
    fn line(&mut self, name: &str, value: String) {
        let line = format!("{}{name:<13}{value}", self.indent);
        let _ = writeln!(self.text, "{}", line.trim_end());
    }
}

/// A number with its digits in groups of three.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

fn per_frame(count: u64, frames: u64) -> String {
    if frames == 0 { "0".to_owned() } else { format!("{:.1}", count as f64 / frames as f64) }
}
