//! Flame graphs: stacks of calls with the cycles of each.

use cartwheel_runtime::profile::Totals;
use inferno::flamegraph;

use super::Part;
use crate::failure::Failure;

/// A line per stack: the module, the calls, outermost first, then its cycles.
pub fn folded(parts: &[Part<'_>]) -> String {
    let mut lines: Vec<String> = parts.iter().flat_map(|part| folded_part(part, parts.len() > 1)).collect();
    lines.sort();
    lines.concat()
}

fn folded_part(part: &Part<'_>, named: bool) -> Vec<String> {
    let module = part.module;
    let totals = Totals::new(module, part.frames);
    let stacks = totals.stacks.iter().filter(|row| row.cycles > 0);
    stacks
        .map(|row| {
            let path = module.stack_path(row.stack);
            let mut names: Vec<String> = path.iter().map(|&at| label(module.stack_label(at))).collect();
            if named {
                names[0] = label(&part.label);
            }
            format!("{} {}\n", names.join(";"), row.cycles)
        })
        .collect()
}

/// A name in a line: what separates calls is no part of it.
fn label(name: &str) -> String {
    name.chars().map(|c| if c == ';' || c.is_control() { '_' } else { c }).collect()
}

/// The flame graph as a picture.
pub fn svg(name: &str, parts: &[Part<'_>]) -> Result<String, Failure> {
    let folded = folded(parts);
    if folded.is_empty() {
        return Err(Failure::new("there is nothing to draw: no cycles were spent"));
    }
    let mut options = flamegraph::Options::default();
    let longest = parts.iter().map(|part| part.frames).max_by_key(|frames| frames.len());
    options.title = match longest.unwrap_or_default() {
        [frame] => format!("{name}, frame {}", frame.frame),
        frames => format!("{name}, {} frames", frames.len()),
    };
    options.count_name = "cycles".to_owned();
    // Colours that follow from names make equal profiles equal files.
    options.hash = true;
    options.deterministic = true;
    let mut svg = Vec::new();
    flamegraph::from_lines(&mut options, folded.lines(), &mut svg)
        .map_err(|e| Failure::new(format!("cannot draw the flame graph: {e}")))?;
    String::from_utf8(svg).map_err(|e| Failure::new(format!("cannot draw the flame graph: {e}")))
}
