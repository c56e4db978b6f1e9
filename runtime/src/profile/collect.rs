//! From what guests counted to rows.

use std::collections::BTreeMap;

use cartwheel_hostabi::{CATALOGUE, Status, SyscallInfo, resolve};
use cartwheel_kernel::Published;
use cartwheel_vm::{Callee, Counts, FunctionCounts, Instance, Program, SiteCounts};

use super::model::*;
use super::places::{Lines, Places};
use super::zones::Zones;
use crate::config::SEMANTICS_VERSION;
use crate::machine::Machine;
use crate::module::Module;
use crate::report::{FrameReport, ModuleReport};

/// Watches a machine from frame to frame.
#[derive(Debug)]
pub struct Profiler {
    seed: u64,
    modules: Vec<Watched>,
    /// Place of each: a number can have several, one after the other, so it is by serial number.
    places: BTreeMap<u64, usize>,
}

/// A module that is watched.
#[derive(Debug)]
struct Watched {
    profile: ModuleProfile,
    lines: Lines,
    zones: Zones,
    /// Places of functions that were executed.
    places: BTreeMap<u32, Places>,
    overruns: u64,
    /// What the last frame counted.
    counts: Counts,
    line_rows: Rows<LineRow>,
    syscall_rows: Rows<SyscallRow>,
}

impl Profiler {
    /// Begins to watch: the modules, and those that come later, count from here on.
    pub fn attach(machine: &mut Machine) -> Profiler {
        machine.profiled = true;
        let mut profiler =
            Profiler { seed: machine.config().seed, modules: Vec::new(), places: BTreeMap::new() };
        for module in &mut machine.modules {
            module.instance.set_profiled(true);
            let mut watched = Watched::of(module);
            watched.zones = Zones::new(machine.kernel.zones(module.id));
            watched.overruns = module.schedule.overruns;
            profiler.places.insert(module.serial, profiler.modules.len());
            profiler.modules.push(watched);
        }
        profiler
    }

    /// Where a module is watched. One in whose place there is another now is not that one.
    fn place(&mut self, module: &Module) -> usize {
        *self.places.entry(module.serial).or_insert_with(|| {
            self.modules.push(Watched::of(module));
            self.modules.len() - 1
        })
    }

    /// Takes in the frame that the machine has just made.
    pub fn frame(&mut self, machine: &mut Machine, report: &FrameReport) {
        let Machine { modules, parted, kernel, .. } = machine;
        for done in &report.modules {
            // Who made the frame can be gone at its end, and another one can be in its place.
            let module = match parted.iter_mut().find(|module| module.id == done.module) {
                Some(module) => module,
                None => match modules.binary_search_by_key(&done.module, |module| module.id) {
                    Ok(place) => &mut modules[place],
                    Err(_) => continue,
                },
            };
            let place = self.place(module);
            let published = kernel.published(done.module);
            self.modules[place].frame(report.frame, done, &mut module.instance, published);
        }
    }

    /// Notes how long the last frame took. Profiles that say nothing of it are the same on every machine.
    pub fn wall_time(&mut self, nanos: u64) {
        for watched in &mut self.modules {
            if let Some(frame) = watched.profile.frames.last_mut() {
                frame.wall_nanos = Some(nanos);
            }
        }
    }

    /// The frames so far of the first module, as they are being collected.
    pub fn frames(&self) -> &[FrameProfile] {
        self.modules.first().map_or(&[], |watched| &watched.profile.frames)
    }

    /// Ends watching.
    pub fn finish(self, machine: &mut Machine) -> Profile {
        machine.profiled = false;
        machine.parted.clear();
        for module in &mut machine.modules {
            module.instance.set_profiled(false);
        }
        let modules = self.modules.into_iter().map(|watched| {
            let Watched { mut profile, lines, zones, .. } = watched;
            profile.lines = lines.names;
            profile.zones = zones.names;
            profile
        });
        Profile {
            format: FORMAT.to_owned(),
            version: VERSION,
            semantics: SEMANTICS_VERSION,
            seed: self.seed,
            modules: modules.collect(),
        }
    }
}

/// A profile with its names, before the first frame.
fn names(module: &Module) -> ModuleProfile {
    let program = module.instance.program();
    let cart = program.cartridge();
    let syscalls = cart.imports.iter().map(|import| {
        let row = resolve(&import.id);
        let row = row.unwrap_or_else(|| {
            unreachable!("a loaded module's import {} is one of {}", import.id, CATALOGUE.len())
        });
        syscall_name(row)
    });
    ModuleProfile {
        module: module.id.0,
        name: module.frozen.name().unwrap_or(&cart.manifest.title).to_owned(),
        cartridge: program.content_hash().iter().map(|byte| format!("{byte:02x}")).collect(),
        budget: module.schedule.budget,
        capabilities: cart.manifest.capabilities.clone(),
        functions: (0..cart.functions.len() as u32).map(|func| cart.function_name(func)).collect(),
        lines: Vec::new(),
        syscalls: syscalls.collect(),
        stacks: Vec::new(),
        zones: Vec::new(),
        frames: Vec::new(),
    }
}

fn syscall_name(row: &SyscallInfo) -> SyscallName {
    SyscallName {
        id: row.id.to_owned(),
        capability: row.capability.name().to_owned(),
        statuses: statuses(row),
    }
}

/// Everything that calls of a row can return.
fn statuses(row: &SyscallInfo) -> Vec<StatusName> {
    if !row.has_status() {
        return Vec::new();
    }
    let any = [Status::Ok, Status::Denied, Status::Quarantined];
    let mut statuses: Vec<StatusName> = any
        .iter()
        .chain(row.statuses)
        .map(|status| StatusName { code: status.code(), name: status.name().to_owned() })
        .collect();
    statuses.sort_by_key(|status| status.code);
    statuses
}

impl Watched {
    /// A module before its first frame.
    fn of(module: &Module) -> Watched {
        Watched {
            profile: names(module),
            lines: Lines::default(),
            zones: Zones::default(),
            places: BTreeMap::new(),
            overruns: 0,
            counts: Counts::default(),
            line_rows: Rows::default(),
            syscall_rows: Rows::default(),
        }
    }

    fn frame(
        &mut self,
        number: u64,
        report: &ModuleReport,
        instance: &mut Instance,
        published: &[Published],
    ) {
        instance.take_counts(&mut self.counts);
        let (heap_bytes, heap_objects) = instance.heap_in_use();
        let mut frame = FrameProfile {
            frame: number,
            end: report.end.to_string(),
            granted: report.granted,
            cycles: report.cycles,
            calls: report.syscalls,
            host: [report.host.calls, report.host.cycles, report.host.bytes, report.host.objects],
            collector_cycles: report.collector_cycles,
            bytes: report.bytes,
            objects: report.objects,
            overruns: report.overruns - self.overruns,
            memory_bytes: instance.memory().len() as u64,
            heap_bytes,
            heap_objects: heap_objects.into(),
            zones: self.zones.frame(&report.zones, report.cycles),
            latencies: self.latencies(published),
            counters: report.counters.iter().map(|c| (c.name.clone(), c.value)).collect(),
            ..FrameProfile::default()
        };
        self.overruns = report.overruns;
        self.code(instance.program(), &mut frame);
        frame.stacks = self
            .counts
            .nodes
            .iter()
            .map(|&(stack, calls, cycles)| StackRow { stack, calls, cycles })
            .collect();
        let known = self.profile.stacks.len();
        self.profile.stacks.extend(instance.call_tree(known).iter().map(|node| {
            let (kind, index) = match node.callee {
                Callee::Module => (StackKind::Module, 0),
                Callee::Function(func) => (StackKind::Function, func),
                Callee::Syscall(import) => (StackKind::Syscall, import),
            };
            StackName { parent: node.parent, kind, index }
        }));
        self.profile.frames.push(frame);
    }

    /// Rows of staged calls whose results came with the frame.
    fn latencies(&mut self, published: &[Published]) -> Vec<LatencyRow> {
        let mut times: BTreeMap<(u32, u64), u64> = BTreeMap::new();
        for done in published {
            *times.entry((self.syscall(done.syscall.info()), done.frames.into())).or_default() += 1;
        }
        let row = |((syscall, frames), times)| LatencyRow { syscall, frames, times };
        times.into_iter().map(row).collect()
    }

    /// Place of a syscall, which is no import if it was called by its id.
    fn syscall(&mut self, row: &SyscallInfo) -> u32 {
        let names = &mut self.profile.syscalls;
        let place = names.iter().position(|name| name.id == row.id).unwrap_or_else(|| {
            names.push(syscall_name(row));
            names.len() - 1
        });
        place as u32
    }

    /// Rows of functions, lines and syscalls.
    fn code(&mut self, program: &Program, frame: &mut FrameProfile) {
        let Watched { counts, lines, places, line_rows, syscall_rows, .. } = self;
        frame.functions.reserve_exact(counts.functions().len());
        for function in counts.functions() {
            let places =
                places.entry(function.func).or_insert_with(|| Places::new(program, function.func, lines));
            frame.functions.push(function_row(&function, places, line_rows, syscall_rows));
        }
        for &(import, result, times) in &counts.results {
            syscall_rows.at(import).statuses.push((result as i32, times));
        }
        frame.lines = line_rows.take(|line, row| LineRow { line, ..row });
        frame.syscalls = syscall_rows.take(|syscall, mut row| {
            row.statuses.sort_unstable();
            SyscallRow { syscall, ..row }
        });
    }
}

/// Rows by number while they are added up.
#[derive(Debug, Default)]
struct Rows<T> {
    rows: Vec<Option<T>>,
    /// Numbers of those that there are.
    used: Vec<u32>,
}

impl<T: Default> Rows<T> {
    /// A row, which is made if need be.
    fn at(&mut self, number: u32) -> &mut T {
        let place = number as usize;
        if place >= self.rows.len() {
            self.rows.resize_with(place + 1, || None);
        }
        let used = &mut self.used;
        self.rows[place].get_or_insert_with(|| {
            used.push(number);
            T::default()
        })
    }

    /// Takes the rows in ascending order.
    fn take(&mut self, finish: impl Fn(u32, T) -> T) -> Vec<T> {
        self.used.sort_unstable();
        let rows = &mut self.rows;
        self.used
            .drain(..)
            .map(|number| finish(number, rows[number as usize].take().unwrap_or_default()))
            .collect()
    }
}

/// The row of a function, with its part of the rows of lines and syscalls.
fn function_row(
    counts: &FunctionCounts<'_>,
    places: &Places,
    lines: &mut Rows<LineRow>,
    syscalls: &mut Rows<SyscallRow>,
) -> FunctionRow {
    let mut row = FunctionRow { function: counts.func, calls: counts.calls, ..FunctionRow::default() };
    for &(block, times) in counts.blocks {
        for &(line, cost) in places.block(block) {
            lines.at(line).cycles += cost * times;
            row.cycles += cost * times;
        }
    }
    for &(offset, site) in counts.sites {
        let SiteCounts { calls, cycles, collector_cycles, bytes, objects } = site;
        let (line, import) = places.at(offset);
        let line = lines.at(line);
        if let Some(import) = import {
            line.syscall_cycles += cycles;
            row.syscall_cycles += cycles;
            let syscall = syscalls.at(import);
            syscall.calls += calls;
            syscall.cycles += cycles - collector_cycles;
            syscall.collector_cycles += collector_cycles;
            syscall.bytes += bytes;
            syscall.objects += objects;
        } else {
            line.cycles += cycles;
            row.cycles += cycles;
        }
        line.collector_cycles += collector_cycles;
        line.bytes += bytes;
        line.objects += objects;
        row.collector_cycles += collector_cycles;
        row.bytes += bytes;
        row.objects += objects;
    }
    row
}
