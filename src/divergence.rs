//! What two runs that part have to say.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use cartwheel_runtime::Cell;
use cartwheel_runtime::trace::{
    self, Basis, Difference, Divergence, Mismatch, OtherCall, Part, Place, Trace,
};

use crate::failure::Failure;
use crate::traces::{self, Found};

/// Differences that are shown; the rest is counted.
const MAX_SHOWN: usize = 8;
/// Calls that are shown of a backtrace.
const MAX_CALLS: usize = 8;

/// The report on a replay that is not as recorded.
pub fn report(path: &Path, trace: &Trace, found: &Found, mismatch: &Mismatch) -> Result<String, Failure> {
    let mut out = String::new();
    let titles = traces::titles(trace, &found.programs, mismatch.frame);
    let (recorded, now) = mismatch.roots;
    let _ = writeln!(out, "diverged in frame {}: {}", mismatch.frame, path.display());
    let _ = writeln!(out, "  state: recorded {recorded:032x}, now {now:032x}");
    match &mismatch.components {
        Some(components) => {
            let names: Vec<String> =
                components.iter().map(|(module, name)| component(*module, name, &titles)).collect();
            let _ = writeln!(out, "  components: {}", names.join(", "));
        }
        None => out.push_str("  components: their hashes were not recorded in this frame\n"),
    }
    let original =
        if found.recorded { None } else { traces::recorded_cartridges(path, trace).unwrap_or_default() };
    let recorded = original.as_ref().map(|found| found.programs.as_slice());
    match trace.diverge(mismatch.frame, recorded, &found.programs) {
        Ok(divergence) => out += &text(&divergence, ("recorded", "now"), found.recorded, &titles),
        Err(error) => {
            let _ = writeln!(out, "  it cannot be looked into: {error}");
        }
    }
    Ok(out)
}

/// Titles of modules by number.
type Titles = BTreeMap<u32, String>;

fn component(module: Option<u32>, name: &str, titles: &Titles) -> String {
    let Some(module) = module else { return name.to_owned() };
    let title = titles.get(&module).map_or(String::new(), |title| format!(" {title:?}"));
    format!("{name} of module {module}{title}")
}

/// A divergence, for people. `names` are those of the two runs.
pub fn text(divergence: &Divergence, names: (&str, &str), same_cartridge: bool, titles: &Titles) -> String {
    let mut out = String::new();
    if let Some(frame) = divergence.costs_from {
        let _ = writeln!(out, "  from frame {frame} on frames cost another number of cycles");
    }
    let line = match divergence.basis {
        Basis::BothRuns => {
            let frame = divergence.frame;
            format!("both runs were made again; what differs after frame {frame}, first written first:")
        }
        Basis::OnlyCosts => "both runs were made again; nothing else differs in any frame".to_owned(),
        Basis::Start => "they differ before the first frame, in what they begin with:".to_owned(),
        Basis::Keyframe(frame) => {
            format!("compared with the recorded state before frame {frame}; what differs there:")
        }
        Basis::HashesOnly(frame) => format!(
            "the recorded state before frame {frame} is what running comes to: the trace was changed, not the run"
        ),
        Basis::Nothing if same_cartridge => {
            "no recorded state follows that could be compared; record with --keyframes to know more".to_owned()
        }
        Basis::Nothing => {
            "the recorded cartridge is not at hand; record with --embed, or keep it beside the trace, to know more"
                .to_owned()
        }
    };
    let _ = writeln!(out, "  {line}");
    if let Some(OtherCall { number, calls: (one, other) }) = &divergence.call {
        let shown = |call: &Option<String>| call.clone().unwrap_or_else(|| "no further call".to_owned());
        let _ = writeln!(out, "\n  first different call, number {number} of frame {}:", divergence.frame);
        let _ = writeln!(out, "    {:<9}{}\n    {:<9}{}", names.0, shown(one), names.1, shown(other));
    }
    let stretches = stretches(&divergence.differences);
    for stretch in stretches.iter().take(MAX_SHOWN) {
        one(&mut out, stretch, (names, titles), divergence.basis == Basis::BothRuns);
    }
    if stretches.len() > MAX_SHOWN {
        out.push_str("\n  and more\n");
    }
    out
}

/// Bytes side by side that were written at once belong together.
fn stretches(differences: &[Difference]) -> Vec<&[Difference]> {
    let follows = |a: &Difference, b: &Difference| {
        let (Part::Place(Place::Guest(Cell::Memory(x))), Part::Place(Place::Guest(Cell::Memory(y)))) =
            (&a.part, &b.part)
        else {
            return false;
        };
        let moment = |write: &Option<trace::Write>| write.as_ref().map(|write| (write.frame, write.step));
        let moments = |d: &Difference| (moment(&d.writes.0), moment(&d.writes.1));
        *y == x + 1 && a.module == b.module && moments(a) == moments(b)
    };
    differences.chunk_by(follows).collect()
}

fn one(out: &mut String, stretch: &[Difference], (names, titles): ((&str, &str), &Titles), both: bool) {
    let [first, rest @ ..] = stretch else { return };
    let Difference { module, component: name, part, writes, .. } = first;
    let label = first.name.as_ref().map_or(String::new(), |name| format!(" ({name})"));
    let place = component(module.map(|id| id.0), name, titles);
    let more = if rest.is_empty() { String::new() } else { format!(" and {} behind it", rest.len()) };
    let _ = writeln!(out, "\n  {place}: {part}{label}{more}");
    let values = |value: fn(&Difference) -> &String| -> String {
        stretch.iter().map(|d| value(d).as_str()).collect::<Vec<_>>().join(" ")
    };
    let values = (values(|d| &d.values.0), values(|d| &d.values.1));
    for (name, value, write) in [(names.0, values.0, &writes.0), (names.1, values.1, &writes.1)] {
        let _ = write!(out, "    {name:<9}{value}");
        match write {
            Some(write) => {
                let _ = write!(out, ", written by {}", writer(write));
            }
            None if both && matches!(part, Part::Place(_)) => out.push_str(", not written in this frame"),
            None => {}
        }
        out.push('\n');
    }
}

/// The instruction of a write, and where it stands.
pub fn writer(write: &trace::Write) -> String {
    let instruction = write.instruction.as_deref().unwrap_or("the host");
    let mut out = format!("`{instruction}`");
    for (i, point) in write.backtrace.iter().take(MAX_CALLS).enumerate() {
        let word = if i == 0 { " at" } else { "\n             called from" };
        let _ = write!(out, "{word} {point}");
    }
    out
}
