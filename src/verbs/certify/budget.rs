//! Budgets: what they say, and whether a run keeps it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use cartwheel_hostabi::{CATALOGUE, Capability, resolve};
use cartwheel_runtime::SliceEnd;
use cartwheel_runtime::profile::{Distribution, FrameProfile, ModuleProfile};
use serde::Deserialize;

use crate::failure::Failure;
use crate::files;
use crate::summary::grouped;

/// A budget file. What it does not name is free.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// Capabilities that may be used; none other then.
    capabilities: Option<Vec<String>>,
    /// Whether a run that traps fails; it does unless this is true.
    #[serde(default)]
    traps_allowed: bool,
    /// Updates that may not finish in their frame, over the whole run.
    overruns: Option<u64>,
    /// Syscalls in all frames and together.
    #[serde(default)]
    frame: FrameLimits,
    /// Per syscall, by id.
    #[serde(default)]
    syscall: BTreeMap<String, SyscallLimits>,
    /// Per zone, by its path.
    #[serde(default)]
    zone: BTreeMap<String, ZoneLimits>,
    /// What holds for a module, by its name, instead of all else.
    #[serde(default)]
    module: BTreeMap<String, Budget>,
}

/// What each frame may come to.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct FrameLimits {
    cycles_median: Option<u64>,
    cycles_p99: Option<u64>,
    cycles_max: Option<u64>,
    calls_max: Option<u64>,
    collector_cycles_max: Option<u64>,
    allocated_bytes_max: Option<u64>,
    allocated_objects_max: Option<u64>,
    memory_bytes_max: Option<u64>,
    heap_bytes_max: Option<u64>,
    heap_objects_max: Option<u64>,
}

/// What calls of a syscall may come to in a frame.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct SyscallLimits {
    calls_max: Option<u64>,
    cycles_max: Option<u64>,
    bytes_max: Option<u64>,
    objects_max: Option<u64>,
}

/// What a zone may come to in a frame.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ZoneLimits {
    cycles_max: Option<u64>,
}

/// A line of a budget, held against a run.
#[derive(Debug, PartialEq, Eq)]
pub struct Check {
    /// The line, as `key = limit`.
    pub line: String,
    /// What the run came to.
    pub found: String,
    /// Where and why it is broken, if it is.
    pub broken: Option<String>,
}

/// A number of a frame.
type Figure = fn(&FrameProfile) -> u64;

/// Numbers of the frames, with their frames.
type Numbers<'a> = Vec<(&'a FrameProfile, u64)>;

impl Budget {
    /// Reads a budget.
    pub fn parse(path: &Path, bytes: &[u8]) -> Result<Budget, Failure> {
        let text = files::text(path, bytes)?;
        let mut budget: Budget =
            toml::from_str(text).map_err(|e| Failure::file(path, e.to_string().trim_end()))?;
        budget.resolve(path)?;
        for (name, of_module) in &mut budget.module {
            if !of_module.module.is_empty() {
                return Err(Failure::file(path, format!("`module.{}` has modules of its own", quoted(name))));
            }
            of_module.resolve(path)?;
        }
        Ok(budget)
    }

    /// Checks names, and makes ids of syscalls of them.
    fn resolve(&mut self, path: &Path) -> Result<(), Failure> {
        let budget = self;
        for name in budget.capabilities.iter().flatten() {
            if Capability::from_name(name).is_none() {
                return Err(Failure::file(path, format!("no capability is called `{name}`")));
            }
        }
        for (id, limits) in std::mem::take(&mut budget.syscall) {
            let Some(row) = resolve(&id) else {
                return Err(Failure::file(
                    path,
                    format!(
                        "no syscall is called `{id}`; there are {}, which `cartwheel info` lists by cartridge",
                        CATALOGUE.len()
                    ),
                ));
            };
            if budget.syscall.insert(row.id.to_owned(), limits).is_some() {
                return Err(Failure::file(path, format!("`{}` is there twice", row.id)));
            }
        }
        Ok(())
    }

    /// The budget of a module.
    pub fn of(&self, name: &str) -> &Budget {
        self.module.get(name).unwrap_or(self)
    }

    /// Fails if it names a module that none is called by.
    pub fn check_modules(&self, path: &Path, names: &[String]) -> Result<(), Failure> {
        match self.module.keys().find(|name| !names.contains(name)) {
            None => Ok(()),
            Some(name) => {
                let there: BTreeSet<&String> = names.iter().collect();
                let there = there.into_iter().map(String::as_str).collect::<Vec<_>>().join(", ");
                Err(Failure::file(path, format!("no module was called `{name}`; there were {there}")))
            }
        }
    }

    /// Every line of the budget, held against the frames of a module.
    pub fn check(&self, module: &ModuleProfile, trap: Option<&str>) -> Vec<Check> {
        let mut checks = Vec::new();
        if let Some(allowed) = &self.capabilities {
            checks.push(capabilities(allowed, module));
        }
        if !self.traps_allowed {
            checks.push(Check {
                line: "traps_allowed = false".to_owned(),
                found: if trap.is_some() { "it trapped" } else { "no trap" }.to_owned(),
                broken: trap.map(|trap| {
                    let trapped = SliceEnd::Trapped.to_string();
                    let frame = module.frames.iter().find(|frame| frame.end == trapped);
                    let frame = frame.or(module.frames.last()).map_or(0, |frame| frame.frame);
                    format!("in frame {frame}: {}", trap.replace('\n', " "))
                }),
            });
        }
        if let Some(limit) = self.overruns {
            checks.push(overruns(limit, module));
        }
        self.check_frames(module, &mut checks);
        for (id, limits) in &self.syscall {
            check_syscall(id, limits, module, &mut checks);
        }
        for (path, limits) in &self.zone {
            if let Some(limit) = limits.cycles_max {
                let zone = module.zones.iter().position(|names| names.join(" > ") == *path);
                let numbers = numbers(module, |frame| {
                    let row = frame.zones.iter().find(|row| Some(row.zone as usize) == zone);
                    row.map_or(0, |row| row.cycles)
                });
                checks.push(most(&format!("zone.{}.cycles_max", quoted(path)), limit, &numbers, module));
            }
        }
        checks
    }

    fn check_frames(&self, module: &ModuleProfile, checks: &mut Vec<Check>) {
        let cycles = numbers(module, |frame| frame.cycles);
        let spread = Distribution::new(cycles.iter().map(|&(frame, value)| (frame.frame, value)));
        let ranks = [
            ("frame.cycles_median", self.frame.cycles_median, spread.median),
            ("frame.cycles_p99", self.frame.cycles_p99, spread.p99),
        ];
        for (key, limit, found) in ranks {
            let Some(limit) = limit else { continue };
            checks.push(Check {
                line: format!("{key} = {limit}"),
                found: grouped(found),
                broken: (found > limit).then(|| {
                    let above = cycles.iter().filter(|&&(_, value)| value > limit).count();
                    let first = cycles.iter().find(|&&(_, value)| value > limit);
                    let first = first.map_or_else(String::new, |(frame, _)| {
                        format!(", the first is frame {}: {}", frame.frame, cause(module, frame))
                    });
                    format!(
                        "{} of {} frames are above{first}",
                        grouped(above as u64),
                        grouped(cycles.len() as u64)
                    )
                }),
            });
        }
        let limits = &self.frame;
        let of: [(&str, Option<u64>, Figure); 8] = [
            ("frame.cycles_max", limits.cycles_max, |frame| frame.cycles),
            ("frame.calls_max", limits.calls_max, |frame| frame.calls),
            ("frame.collector_cycles_max", limits.collector_cycles_max, |frame| frame.collector_cycles),
            ("frame.allocated_bytes_max", limits.allocated_bytes_max, |frame| frame.bytes),
            ("frame.allocated_objects_max", limits.allocated_objects_max, |frame| frame.objects),
            ("frame.memory_bytes_max", limits.memory_bytes_max, |frame| frame.memory_bytes),
            ("frame.heap_bytes_max", limits.heap_bytes_max, |frame| frame.heap_bytes),
            ("frame.heap_objects_max", limits.heap_objects_max, |frame| frame.heap_objects),
        ];
        for (key, limit, value) in of {
            if let Some(limit) = limit {
                checks.push(most(key, limit, &numbers(module, value), module));
            }
        }
    }
}

/// A text as TOML has it, for a key or a value.
pub fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// The frames of a module up to its end: those behind it are nothing, and would make all others look dear.
pub fn lived(module: &ModuleProfile) -> &[FrameProfile] {
    let frames = &module.frames;
    let is_end = |frame: &FrameProfile| {
        frame.end.starts_with("halted")
            || [SliceEnd::Trapped, SliceEnd::Quarantined, SliceEnd::Terminated]
                .iter()
                .any(|end| frame.end == end.to_string())
    };
    let idle = |frame: &&FrameProfile| frame.granted == 0 && frame.cycles == 0 && is_end(frame);
    let behind = frames.iter().rev().take_while(idle).count();
    // A module that ends before it runs has a frame all the same.
    &frames[..(frames.len() - behind).max(frames.len().min(1))]
}

fn numbers(module: &ModuleProfile, value: impl Fn(&FrameProfile) -> u64) -> Numbers<'_> {
    lived(module).iter().map(|frame| (frame, value(frame))).collect()
}

/// A limit that holds for every frame.
fn most(key: &str, limit: u64, numbers: &Numbers<'_>, module: &ModuleProfile) -> Check {
    let spread = Distribution::new(numbers.iter().map(|&(frame, value)| (frame.frame, value)));
    let above = numbers.iter().filter(|&&(_, value)| value > limit).count();
    let worst = module.frames.iter().find(|frame| frame.frame == spread.max_frame);
    Check {
        line: format!("{key} = {limit}"),
        found: format!("{} in frame {}", grouped(spread.max), spread.max_frame),
        broken: worst.filter(|_| spread.max > limit).map(|frame| {
            format!(
                "{} too many, above in {above} of {} frames; {}",
                grouped(spread.max - limit),
                numbers.len(),
                cause(module, frame)
            )
        }),
    }
}

/// What a frame's cycles went to, most of all.
fn cause(module: &ModuleProfile, frame: &FrameProfile) -> String {
    let functions = frame.functions.iter().map(|row| (row.cycles, module.function_name(row.function)));
    let syscalls =
        frame.syscalls.iter().map(|row| (row.cycles + row.collector_cycles, module.syscall_id(row.syscall)));
    let line =
        frame.lines.iter().max_by_key(|row| (row.cycles + row.syscall_cycles, std::cmp::Reverse(row.line)));
    match (functions.chain(syscalls).max_by_key(|&(cycles, name)| (cycles, std::cmp::Reverse(name))), line) {
        (Some((cycles, name)), Some(line)) => {
            format!(
                "most of it {name} with {} cycles, dearest line {}",
                grouped(cycles),
                module.line_name(line.line)
            )
        }
        _ => "nothing ran".to_owned(),
    }
}

fn capabilities(allowed: &[String], module: &ModuleProfile) -> Check {
    let declared = &module.capabilities;
    let unwelcome: Vec<&String> = declared.iter().filter(|name| !allowed.contains(name)).collect();
    let broken = (!unwelcome.is_empty()).then(|| {
        let of = |name: &String| {
            let ids = module.syscalls.iter().filter(|syscall| syscall.capability == *name);
            let ids: Vec<&str> = ids.map(|syscall| syscall.id.as_str()).collect();
            if ids.is_empty() {
                format!("`{name}` is declared")
            } else {
                format!("`{name}` is declared for {}", ids.join(", "))
            }
        };
        unwelcome.into_iter().map(of).collect::<Vec<_>>().join("; ")
    });
    Check { line: format!("capabilities = {allowed:?}"), found: format!("{declared:?}"), broken }
}

fn overruns(limit: u64, module: &ModuleProfile) -> Check {
    let found: u64 = module.frames.iter().map(|frame| frame.overruns).sum();
    let first = module.frames.iter().find(|frame| frame.overruns > 0);
    Check {
        line: format!("overruns = {limit}"),
        found: grouped(found),
        broken: first.filter(|_| found > limit).map(|frame| {
            format!("the first is in frame {} ({}); {}", frame.frame, frame.end, cause(module, frame))
        }),
    }
}

fn check_syscall(id: &str, limits: &SyscallLimits, module: &ModuleProfile, checks: &mut Vec<Check>) {
    // A cartridge can import a syscall more than once.
    let is_it = |index: u32| module.syscall_id(index) == id;
    let sum = |value: fn(&cartwheel_runtime::profile::SyscallRow) -> u64| {
        numbers(module, |frame| frame.syscalls.iter().filter(|row| is_it(row.syscall)).map(value).sum())
    };
    let key = |name: &str| format!("syscall.{}.{name}", quoted(id));
    let of = [
        ("calls_max", limits.calls_max, sum(|row| row.calls)),
        ("cycles_max", limits.cycles_max, sum(|row| row.cycles)),
        ("bytes_max", limits.bytes_max, sum(|row| row.bytes)),
        ("objects_max", limits.objects_max, sum(|row| row.objects)),
    ];
    for (name, limit, numbers) in of {
        if let Some(limit) = limit {
            checks.push(most(&key(name), limit, &numbers, module));
        }
    }
}
