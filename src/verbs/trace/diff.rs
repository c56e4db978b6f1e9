//! `cartwheel trace diff`.

use std::fmt::Write;
use std::path::Path;

use cartwheel_runtime::trace::{self, Trace, TracedFrame};

use crate::cli::TraceDiffArgs;
use crate::failure::{Exit, Failure};
use crate::{divergence, print, traces};

/// Compares two traces.
pub fn run(args: &TraceDiffArgs) -> Result<Exit, Failure> {
    let (first, second) = (traces::open(&args.first)?, traces::open(&args.second)?);
    let mut out = String::new();
    heads(&mut out, &first, &second);
    let range = |trace: &Trace| (trace.header().first_frame, trace.next_frame());
    let (from, to) = (range(&first).0.max(range(&second).0), range(&first).1.min(range(&second).1));
    if from >= to {
        let message = format!("it has no frame in common with {}", args.second.display());
        return Err(Failure::file(&args.first, message));
    }
    let same_frames = range(&first) == range(&second);
    let parted = parted(args, &first, &second)?;
    match &parted {
        Parted::Never if same_frames && out.is_empty() => {
            let _ = writeln!(out, "the same: {} frames", first.len());
            print::stdout(&out)?;
            return Ok(Exit::Fine);
        }
        Parted::Never if same_frames => {
            let _ = writeln!(out, "all {} frames are the same", first.len());
        }
        Parted::Never => {
            let (a, b) = (first.next_frame(), second.next_frame());
            let _ = writeln!(
                out,
                "the same in frames {from} to {to}, which both have: they end before frames {a} and {b}"
            );
        }
        Parted::Input(a, b) => {
            let _ = writeln!(
                out,
                "first different input: frame {}\n  first    {}\n  second   {}",
                a.number, a.input, b.input
            );
        }
        Parted::Events(a, b) => {
            let _ = writeln!(
                out,
                "first different events: frame {}, {} and {} of them",
                a.number,
                a.events.len(),
                b.events.len()
            );
        }
        Parted::State(a, b) => {
            let _ = writeln!(
                out,
                "first different state: after frame {}, with equal inputs up to it\n  first    {:032x}\n  second   {:032x}",
                a.number, a.root, b.root
            );
        }
    }
    if let Parted::Input(a, _) | Parted::Events(a, _) | Parted::State(a, _) = &parted {
        states(&mut out, args, (&first, &second), a.number)?;
    }
    print::stdout(&out)?;
    Ok(if matches!(parted, Parted::Never) && same_frames { Exit::Fine } else { Exit::Diverged })
}

/// Where two traces part.
enum Parted {
    Never,
    Input(TracedFrame, TracedFrame),
    Events(TracedFrame, TracedFrame),
    State(TracedFrame, TracedFrame),
}

fn heads(out: &mut String, first: &Trace, second: &Trace) {
    let (a, b) = (first.header(), second.header());
    let hashes = |trace: &Trace| trace.header().cartridges.iter().map(|c| c.hash).collect::<Vec<_>>();
    if hashes(first) != hashes(second) {
        out.push_str("recorded with different cartridges\n");
    }
    if a.first_frame != b.first_frame {
        let _ = writeln!(out, "they begin with frames {} and {}", a.first_frame, b.first_frame);
    }
    if a.digests != b.digests {
        let names = a.digests.iter().chain(&b.digests).map(|(name, _)| name.as_str());
        let names: std::collections::BTreeSet<&str> = names.collect();
        let names: Vec<&str> = names.into_iter().collect();
        let _ = writeln!(out, "they begin with something else: {}", names.join(", "));
    }
    if a.script != b.script {
        out.push_str("recorded with different scripts of statuses\n");
    }
    for (name, value) in &a.settings {
        let other = b.settings.iter().find(|(other, _)| other == name).map(|(_, value)| value);
        if other != Some(value) {
            let other = other.map_or("not set".to_owned(), ToString::to_string);
            let _ = writeln!(out, "setting {name}: {value} and {other}");
        }
    }
    for (name, value) in &b.settings {
        if a.settings.iter().all(|(other, _)| other != name) {
            let _ = writeln!(out, "setting {name}: not set and {value}");
        }
    }
    if a.semantics != b.semantics {
        out.push_str("recorded by machines with different rules\n");
    }
}

fn parted(args: &TraceDiffArgs, first: &Trace, second: &Trace) -> Result<Parted, Failure> {
    let from = first.header().first_frame.max(second.header().first_frame);
    let read = |path: &Path, frame: Result<TracedFrame, trace::Damage>| {
        frame.map_err(|e| Failure::file(path, format!("damaged trace: {e}")))
    };
    for (a, b) in first.frames(from).zip(second.frames(from)) {
        let (a, b) = (read(&args.first, a)?, read(&args.second, b)?);
        if a.input != b.input {
            return Ok(Parted::Input(a, b));
        }
        if a.events != b.events {
            return Ok(Parted::Events(a, b));
        }
        if a.root != b.root {
            return Ok(Parted::State(a, b));
        }
    }
    Ok(Parted::Never)
}

/// Runs both side by side and looks into the frame.
fn states(
    out: &mut String,
    args: &TraceDiffArgs,
    (first, second): (&Trace, &Trace),
    frame: u64,
) -> Result<(), Failure> {
    let machine = |path: &Path, trace: &Trace, carts: &[std::path::PathBuf]| {
        let found = traces::cartridges(path, trace, carts).map_err(|e| e.message)?;
        if !found.recorded {
            return Err(format!("{}: its recorded cartridge is not at hand", path.display()));
        }
        let mut machine = trace.machine(&found.programs).map_err(|e| e.to_string())?;
        match trace.seek(&mut machine, frame).map_err(|e| e.to_string())? {
            None => Ok((machine, traces::titles(trace, &found.programs, frame))),
            Some(mismatch) => {
                Err(format!("{}: frame {} is not what running it comes to", path.display(), mismatch.frame))
            }
        }
    };
    let machines = machine(&args.first, first, &args.first_cart)
        .and_then(|one| Ok((one, machine(&args.second, second, &args.second_cart)?)));
    match machines {
        Ok(((mut one, titles), (mut other, _))) => {
            let pairs = first.frames(frame).zip(second.frames(frame));
            let pairs = pairs.map(|(a, b)| Ok((a?, b?)));
            let found = trace::part_ways(&mut one, &mut other, pairs)
                .map_err(|e| traces::failure(&args.second, e))?;
            *out += &divergence::text(&found, ("first", "second"), true, &titles);
        }
        Err(message) => {
            let _ = writeln!(out, "  states cannot be compared: {message}");
        }
    }
    Ok(())
}
