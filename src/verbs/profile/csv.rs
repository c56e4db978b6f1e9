//! Comma-separated values (RFC 4180), for spreadsheets and scripts.

use cartwheel_runtime::profile::FrameProfile;

use super::Part;
use super::args::View;

/// The rows of a view, frame by frame, with all their numbers; of several modules, one after the other and with a column that
/// names them.
pub fn text(parts: &[Part<'_>], by: View) -> String {
    let mut out = String::new();
    let mut line = |cells: &[String]| {
        let cells: Vec<String> = cells.iter().map(|cell| quoted(cell)).collect();
        out.push_str(&cells.join(","));
        out.push_str("\r\n");
    };
    let named = parts.len() > 1 && by != View::Module;
    let module = named.then(|| "module".to_owned());
    line(&module.into_iter().chain(head(by).map(str::to_owned)).collect::<Vec<_>>());
    for part in parts {
        for frame in part.frames {
            for (name, numbers) in rows(part, frame, by) {
                let mut cells: Vec<String> = named.then(|| part.label.clone()).into_iter().collect();
                cells.push(frame.frame.to_string());
                cells.extend(name);
                cells.extend(numbers.iter().map(u64::to_string));
                line(&cells);
            }
        }
    }
    out
}

fn head(by: View) -> impl Iterator<Item = &'static str> {
    match by {
        View::Syscall => "frame,syscall,calls,cycles,collector_cycles,bytes,objects",
        View::Function => "frame,function,calls,cycles,syscall_cycles,collector_cycles,bytes,objects",
        View::Line => "frame,line,function,cycles,syscall_cycles,collector_cycles,bytes,objects",
        View::Frame => {
            "frame,end,granted,cycles,calls,collector_cycles,bytes,objects,overruns,memory_bytes,heap_bytes,heap_objects"
        }
        View::Module => "frame,module,cycles,calls,bytes,objects",
        View::Status => "frame,syscall,status,times",
        View::Zone => "frame,zone,opened,cycles",
        View::Latency => "frame,syscall,frames,times",
    }
    .split(',')
}

fn rows(part: &Part<'_>, frame: &FrameProfile, by: View) -> Vec<(Vec<String>, Vec<u64>)> {
    let module = part.module;
    let syscall = |index: u32| module.syscall_id(index).to_owned();
    let f = frame;
    match by {
        View::Syscall => (f.syscalls.iter())
            .map(|row| {
                let numbers = vec![row.calls, row.cycles, row.collector_cycles, row.bytes, row.objects];
                (vec![syscall(row.syscall)], numbers)
            })
            .collect(),
        View::Function => (f.functions.iter())
            .map(|row| {
                let spent = [row.calls, row.cycles, row.syscall_cycles, row.collector_cycles];
                let numbers = [&spent[..], &[row.bytes, row.objects]].concat();
                (vec![module.function_name(row.function).to_owned()], numbers)
            })
            .collect(),
        View::Line => (f.lines.iter())
            .map(|row| {
                let function = module.function_name(module.lines[row.line as usize].function);
                let names = vec![module.line_name(row.line), function.to_owned()];
                let spent = [row.cycles, row.syscall_cycles, row.collector_cycles];
                (names, [&spent[..], &[row.bytes, row.objects]].concat())
            })
            .collect(),
        View::Frame => {
            let spent = [f.granted, f.cycles, f.calls, f.collector_cycles, f.bytes, f.objects, f.overruns];
            let numbers = [&spent[..], &[f.memory_bytes, f.heap_bytes, f.heap_objects]].concat();
            vec![(vec![f.end.clone()], numbers)]
        }
        View::Module => vec![(vec![part.label.clone()], vec![f.cycles, f.calls, f.bytes, f.objects])],
        View::Status => {
            let of_row = |row: &cartwheel_runtime::profile::SyscallRow| {
                let names = |code| vec![syscall(row.syscall), module.status_name(row.syscall, code)];
                row.statuses.iter().map(|&(code, times)| (names(code), vec![times])).collect::<Vec<_>>()
            };
            f.syscalls.iter().flat_map(of_row).collect()
        }
        View::Zone => (f.zones.iter())
            .map(|row| (vec![module.zones[row.zone as usize].join(" > ")], vec![row.opened, row.cycles]))
            .collect(),
        View::Latency => (f.latencies.iter())
            .map(|row| (vec![syscall(row.syscall)], vec![row.frames, row.times]))
            .collect(),
    }
}

fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}
