//! `cartwheel trace why`.

use std::fmt::Write;

use cartwheel_runtime::trace::{self, Place};
use cartwheel_runtime::{Cell, ModuleId};

use crate::cli::TraceWhyArgs;
use crate::divergence::writer;
use crate::failure::{Exit, Failure};
use crate::{crowd, print, traces, watch};

/// Longest datum that is watched as a whole.
const MAX_SYMBOL_BYTES: u32 = 256;

/// Names the last write of a place.
pub fn run(args: &TraceWhyArgs) -> Result<Exit, Failure> {
    let path = args.trace.as_path();
    let trace = traces::open(path)?;
    let (first, end) = (trace.header().first_frame, trace.next_frame());
    if !(first..end).contains(&args.frame) {
        let message = format!("frame {} is not there: it has those from {first} to {end}", args.frame);
        return Err(Failure::file(path, message));
    }
    let found = traces::cartridges(path, &trace, &args.cart)?;
    if !found.recorded {
        return Err(Failure::file(&found.name(), "it is not the recorded cartridge"));
    }
    traces::check_rules(path, &trace, &found)?;
    let module = ModuleId(args.module);
    let mut then = trace.machine(&found.programs).map_err(|e| traces::failure(path, e))?;
    trace.seek(&mut then, args.frame + 1).map_err(|e| traces::failure(path, e))?;
    if !then.has(module) {
        let names: Vec<String> =
            then.modules().map(|id| format!("{} {}", id.0, crowd::title(&then, id))).collect();
        let message = format!(
            "there is no module {} after frame {}; there are {}",
            module.0,
            args.frame,
            if names.is_empty() { "none".to_owned() } else { names.join(", ") }
        );
        return Err(Failure::file(path, message));
    }
    let program = then.instance(module).program();
    let places: Vec<Place> = match (&args.symbol, args.address, args.global, args.pixel) {
        (Some(name), ..) => {
            let symbol = watch::find(program, name)?;
            if symbol.len > MAX_SYMBOL_BYTES {
                let message = format!(
                    "`{name}` has {} bytes; give the --address of one, from {:#x} on",
                    symbol.len, symbol.address
                );
                return Err(Failure::new(message));
            }
            (symbol.address..symbol.address.saturating_add(symbol.len))
                .map(|a| Place::Guest(Cell::Memory(a)))
                .collect()
        }
        (_, Some(address), ..) => vec![Place::Guest(Cell::Memory(address))],
        (_, _, Some(index), _) => vec![Place::Guest(Cell::Global(index))],
        (_, _, _, Some((x, y))) => vec![Place::Pixel(x, y)],
        _ => Vec::new(),
    };
    let write =
        trace.why(&found.programs, args.frame + 1, module, &places).map_err(|e| traces::failure(path, e))?;
    let mut out = String::new();
    match write {
        None => {
            let _ = writeln!(out, "not written from frame {first} to the end of frame {}", args.frame);
        }
        Some((place, write)) => {
            let hex = |value: Option<u64>| value.map_or("nothing".to_owned(), |value| format!("{value:#x}"));
            let part = trace::Part::Place(place);
            let name = match place {
                Place::Guest(cell) => trace::name(program, cell),
                Place::Pixel(..) | Place::Register(..) => None,
            };
            let name = name.map_or(String::new(), |name| format!(" ({name})"));
            let of = match crowd::named(&then, module) {
                _ if !traces::is_crowd(&trace) => String::new(),
                Some(name) => format!(" of module {} {name:?}", module.0),
                None => format!(" of module {}", module.0),
            };
            let _ = writeln!(
                out,
                "{part}{name}{of}: written last in frame {}, from {} to {}",
                write.frame,
                hex(write.values.0),
                hex(write.values.1)
            );
            let _ = writeln!(out, "  by {}", writer(&write));
        }
    }
    print::stdout(&out)?;
    Ok(Exit::Fine)
}
