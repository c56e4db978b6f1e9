//! `cartwheel trace why`.

use std::fmt::Write;

use cartwheel_runtime::trace::{self, Place};
use cartwheel_runtime::{Cell, ModuleId};

use crate::cli::TraceWhyArgs;
use crate::divergence::writer;
use crate::failure::{Exit, Failure};
use crate::{print, traces, watch};

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
    let found = traces::cartridge(path, &trace, args.cart.as_deref())?;
    if !found.recorded {
        return Err(Failure::file(&found.name(), "it is not the recorded cartridge"));
    }
    traces::check_rules(path, &trace, &found)?;
    let places: Vec<Place> = match (&args.symbol, args.address, args.global, args.pixel) {
        (Some(name), ..) => {
            let symbol = watch::find(&found.program, name)?;
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
    let programs = [found.program.clone()];
    let write =
        trace.why(&programs, args.frame + 1, ModuleId(0), &places).map_err(|e| traces::failure(path, e))?;
    let mut out = String::new();
    match write {
        None => {
            let _ = writeln!(out, "not written from frame {first} to the end of frame {}", args.frame);
        }
        Some((place, write)) => {
            let hex = |value: Option<u64>| value.map_or("nothing".to_owned(), |value| format!("{value:#x}"));
            let part = trace::Part::Place(place);
            let name = match place {
                Place::Guest(cell) => trace::name(&found.program, cell),
                Place::Pixel(..) => None,
            };
            let name = name.map_or(String::new(), |name| format!(" ({name})"));
            let _ = writeln!(
                out,
                "{part}{name}: written last in frame {}, from {} to {}",
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
