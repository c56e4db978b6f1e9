//! Flame graphs: stacks of calls with the cycles of each.

use cartwheel_runtime::profile::{FrameProfile, ModuleProfile, Totals};
use inferno::flamegraph;

use crate::failure::Failure;

/// A line per stack: the calls, outermost first, then its cycles.
pub fn folded(module: &ModuleProfile, frames: &[FrameProfile]) -> String {
    let mut lines: Vec<String> = Totals::new(module, frames)
        .stacks
        .iter()
        .filter(|row| row.cycles > 0)
        .map(|row| {
            let path = module.stack_path(row.stack);
            let names: Vec<String> = path.iter().map(|&at| label(module.stack_label(at))).collect();
            format!("{} {}\n", names.join(";"), row.cycles)
        })
        .collect();
    lines.sort();
    lines.concat()
}

/// A name in a line: what separates calls is no part of it.
fn label(name: &str) -> String {
    name.chars().map(|c| if c == ';' || c.is_control() { '_' } else { c }).collect()
}

/// The flame graph as a picture.
pub fn svg(name: &str, module: &ModuleProfile, frames: &[FrameProfile]) -> Result<String, Failure> {
    let folded = folded(module, frames);
    if folded.is_empty() {
        return Err(Failure::new("there is nothing to draw: no cycles were spent"));
    }
    let mut options = flamegraph::Options::default();
    options.title = match frames {
        [frame] => format!("{name}, frame {}", frame.frame),
        _ => format!("{name}, {} frames", frames.len()),
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
