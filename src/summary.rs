//! What a run came to, as text and as JSON.

use std::collections::VecDeque;
use std::fmt::Write;

use cartwheel_runtime::policy::{MAX_SCORE, Trust};
use cartwheel_runtime::{LogLine, ModuleReport, SliceEnd, TrapReport};
use serde_json::json;

use crate::audit_log::{AuditLog, hex};
use crate::failure::Exit;
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
    /// The cartridge was put into quarantine.
    Quarantined,
    /// The cartridge was terminated.
    Terminated,
    /// The state is not the one that was recorded.
    Diverged,
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
            Stop::Terminated => "terminated",
            Stop::Diverged => "diverged",
        }
    }

    /// How the command ends.
    pub fn exit(self) -> Exit {
        match self {
            Stop::Frames | Stop::Idle | Stop::Terminated => Exit::Fine,
            Stop::Quarantined => Exit::Quarantined,
            Stop::Halted(code) => Exit::Halted(code),
            Stop::Trapped => Exit::Trapped,
            Stop::Diverged => Exit::Diverged,
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
            Stop::Terminated => "terminated".to_owned(),
            Stop::Diverged => "not the state that was recorded".to_owned(),
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
    /// Adds a frame. Says why the run ends with it, if it does.
    pub fn add(&mut self, frame: u64, report: ModuleReport) -> Option<Stop> {
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
        match report.end {
            SliceEnd::Halted(code) => Some(Stop::Halted(code)),
            SliceEnd::Trapped => Some(Stop::Trapped),
            SliceEnd::Idle => Some(Stop::Idle),
            SliceEnd::Quarantined => Some(Stop::Quarantined),
            SliceEnd::Terminated => Some(Stop::Terminated),
            _ => None,
        }
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
}

/// One of several modules.
impl Tally {
    /// For people.
    pub fn text(&self, budget: Option<u64>) -> String {
        let (median, max) = self.cycles();
        let budget = budget.map_or(String::new(), |budget| format!(", budget {}", grouped(budget)));
        let mut out = String::new();
        let _ =
            writeln!(out, "  {:<13}median {}, max {}{budget}", "cycles/frame", grouped(median), grouped(max));
        let _ = writeln!(out, "  {:<13}{}", "syscalls", grouped(self.syscalls));
        for (frame, LogLine { level, text }) in &self.log {
            let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
            let _ = writeln!(out, "  {frame:>6} {:<7} {text}", level.name());
        }
        out
    }

    /// For scripts.
    pub fn json(&self) -> serde_json::Value {
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
            "log": log.collect::<Vec<_>>(),
            "log_lines_dropped": self.log_dropped,
        })
    }
}

/// A run that has ended.
pub struct Summary<'a> {
    /// Title of the cartridge, or the name of its file.
    pub title: &'a str,
    /// What the frames came to.
    pub tally: &'a Tally,
    /// Why it ended.
    pub stop: Stop,
    /// Hash of the state after the last frame.
    pub state_hash: String,
    /// Cycles per frame that the cartridge has.
    pub budget: u64,
    /// How it trapped.
    pub trap: Option<&'a TrapReport>,
    /// What the policy has against it.
    pub trust: Trust,
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
        if self.seconds > 0.0 { (self.tally.frames() as f64 / self.seconds).round() } else { 0.0 }
    }

    fn times_real_time(&self) -> f64 {
        self.frames_per_second() / FRAMES_PER_SECOND
    }

    /// For people.
    pub fn text(&self) -> String {
        let tally = self.tally;
        let (median, max) = tally.cycles();
        let frames = tally.frames();
        let mut out = String::new();
        let mut line = |name: &str, value: String| {
            let _ = writeln!(out, "{}", format!("{name:<13}{value}").trim_end());
        };
        line("cartridge", self.title.to_owned());
        line(
            "frames",
            format!("{} ({} per second)", grouped(frames), grouped(self.frames_per_second() as u64)),
        );
        if self.replayed {
            line("real time", format!("{:.0} times, at 60 frames per second", self.times_real_time()));
        } else if let Some(realtime) = self.realtime {
            line("real time", realtime.text());
        }
        line("stop", self.stop.sentence());
        line("state hash", self.state_hash.clone());
        line(
            "cycles/frame",
            format!("median {}, max {}, budget {}", grouped(median), grouped(max), grouped(self.budget)),
        );
        line(
            "syscalls",
            format!("{} ({} per frame)", grouped(tally.syscalls), per_frame(tally.syscalls, frames)),
        );
        line("allocations", format!("{} objects, {} bytes", grouped(tally.objects), grouped(tally.bytes)));
        if let Some(sound) = &tally.sound {
            let (peak, rms) = (grouped(sound.peak.into()), grouped(sound.rms().into()));
            line("sound", format!("peak {peak} of 32,768, rms {rms}"));
        }
        if tally.overruns > 0 {
            line("overruns", grouped(tally.overruns));
        }
        if self.trust.violations > 0 {
            let Trust { score, violations, .. } = self.trust;
            let plural = if violations == 1 { "" } else { "s" };
            line("trust", format!("score {score} of {MAX_SCORE}, {} violation{plural}", grouped(violations)));
        }
        for (frame, action) in self.actions {
            line("action", format!("frame {frame}: {action}"));
        }
        if let Some(audit) = self.audit {
            let signed = audit.key.map_or("not signed (--audit-key)".to_owned(), |key| {
                format!("signed with key {}...", &hex(&key)[..16])
            });
            line("audit log", format!("{}, {signed}", audit.path().display()));
        }
        if !tally.log.is_empty() {
            line("log", String::new());
        }
        if tally.log_dropped > 0 {
            let _ = writeln!(out, "  ... {} earlier lines", grouped(tally.log_dropped));
        }
        for (frame, LogLine { level, text }) in &tally.log {
            let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
            let _ = writeln!(out, "  {frame:>6} {:<7} {text}", level.name());
        }
        out
    }

    /// For scripts.
    pub fn json(&self) -> String {
        let tally = self.tally;
        let (median, max) = tally.cycles();
        let log = tally.log.iter().map(
            |(frame, LogLine { level, text })| json!({ "frame": frame, "level": level.name(), "text": text }),
        );
        let value = json!({
            "cartridge": self.title,
            "frames": tally.frames(),
            "stop": self.stop.name(),
            "exit_code": match self.stop { Stop::Halted(code) => Some(code), _ => None },
            "trap": self.trap.map(ToString::to_string),
            "trust": {
                "level": self.trust.level.name(),
                "score": self.trust.score,
                "violations": self.trust.violations,
            },
            "actions": self.actions.iter().map(|(frame, action)| json!({ "frame": frame, "action": action })).collect::<Vec<_>>(),
            "state_hash": self.state_hash,
            "cycles_total": tally.cycles.iter().sum::<u64>(),
            "cycles_median": median,
            "cycles_max": max,
            "cycles_budget": self.budget,
            "syscalls_total": tally.syscalls,
            "bytes_allocated": tally.bytes,
            "objects_allocated": tally.objects,
            "collector_cycles": tally.collector,
            "overruns": tally.overruns,
            "sound_peak": tally.sound.map(|sound| sound.peak),
            "sound_rms": tally.sound.map(|sound| sound.rms()),
            "frames_per_second": self.frames_per_second(),
            "audit": self.audit.map(|audit| json!({ "file": audit.path(), "key": audit.key.map(|key| hex(&key)) })),
            "realtime": self.realtime.map(Realtime::json),
            "times_real_time": self.times_real_time(),
            "log": log.collect::<Vec<_>>(),
            "log_lines_dropped": tally.log_dropped,
        });
        format!("{value:#}\n")
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
