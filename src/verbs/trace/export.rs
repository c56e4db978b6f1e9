//! `cartwheel trace export`.

use std::io::{BufWriter, ErrorKind, Write};

use serde_json::json;

use crate::cli::TraceExportArgs;
use crate::failure::{Exit, Failure};
use crate::traces::{self, hex};

/// Writes a line of JSON per frame.
pub fn run(args: &TraceExportArgs) -> Result<Exit, Failure> {
    let trace = traces::open(&args.trace)?;
    // Without the cartridges only numbers are known.
    let found = traces::cartridges(&args.trace, &trace, &[]).ok();
    let first = trace.header().first_frame;
    let titles = found.map(|found| traces::titles(&trace, &found.programs, first)).unwrap_or_default();
    let title = |module: Option<u32>| module.and_then(|module| titles.get(&module));
    let mut out = BufWriter::new(std::io::stdout().lock());
    for frame in trace.frames(0) {
        let frame = frame.map_err(|e| Failure::file(&args.trace, format!("damaged trace: {e}")))?;
        let events =
            frame.events.iter().map(|event| json!({ "kind": event.kind, "bytes": hex(&event.bytes) }));
        let components = frame.components.iter().map(|(module, name, hash)| {
            json!({ "module": module, "title": title(*module), "name": name, "hash": format!("{hash:032x}") })
        });
        let line = json!({
            "frame": frame.number,
            "input": frame.input.to_string(),
            "pads": frame.input.pads.map(|pad| pad.bits()),
            "pointer": { "x": frame.input.pointer.x, "y": frame.input.pointer.y, "buttons": frame.input.pointer.buttons.bits() },
            "events": events.collect::<Vec<_>>(),
            "state_hash": format!("{:032x}", frame.root),
            "components": components.collect::<Vec<_>>(),
        });
        match writeln!(out, "{line}") {
            // A reader that goes away is no error.
            Err(e) if e.kind() == ErrorKind::BrokenPipe => return Ok(Exit::Fine),
            done => done.map_err(|e| Failure::new(format!("cannot write to standard output: {e}")))?,
        }
    }
    match out.flush() {
        Err(e) if e.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::new(format!("cannot write to standard output: {e}")))
        }
        _ => Ok(Exit::Fine),
    }
}
