//! Header files for guests in C and Rust that are compiled to WebAssembly, generated from the table.
//!
//! The module of an import is the domain and its name the rest of the id, so `gfx.rect@1` is imported as `rect@1`
//! of `gfx`. How things look from a guest's language:
//!
//! * a span is a pointer and a length, and in Rust a slice;
//! * a status is a 32-bit integer, with a named constant for each code;
//! * several results are the fields of a structure. In the C ABI of WebAssembly this makes the first parameter the
//!   address that the results are stored at, and the import has no results. [`c_signature`] is that form;
//! * rows with handles are left out: neither language can keep a handle in a variable like any other. Each of them has
//!   a form with spans;
//! * version 1 of a row has its plain name, later ones end in `_v2` and so on.

mod c;
mod rust;

pub use c::c_header;
pub use rust::rust_header;

use crate::catalogue::{CATALOGUE, DomainInfo, ParamInfo, SyscallInfo};
use crate::kind::SlotType;
use crate::status::Status;

/// An instruction that a guest in another language calls like an import.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Intrinsic {
    /// Mnemonic of the instruction, `module.name` of the import.
    pub mnemonic: &'static str,
    /// Parameters: name and type.
    pub params: &'static [(&'static str, SlotType)],
    /// Type of the result, if there is one.
    pub result: Option<SlotType>,
    /// One line of meaning.
    pub doc: &'static str,
}

const fn intrinsic(
    mnemonic: &'static str,
    params: &'static [(&'static str, SlotType)],
    result: Option<SlotType>,
    doc: &'static str,
) -> Intrinsic {
    Intrinsic { mnemonic, params, result, doc }
}

/// The imports that become instructions. Modules are those of the mnemonics: `frame`, `input`, `rng`.
pub static INTRINSICS: &[Intrinsic] = {
    use SlotType::{F64, I32, I64};
    &[
        intrinsic("frame.index", &[], Some(I64), "Number of the current frame; the first is 0."),
        intrinsic("frame.sync", &[], None, "Ends the slice; the next frame continues behind it."),
        intrinsic("input.held", &[("pad", I32)], Some(I32), "Buttons held on pad 0 to 3, a bit each."),
        intrinsic(
            "input.pointer_buttons",
            &[],
            Some(I32),
            "Buttons of the pointer: 1 left, 2 right, 4 middle.",
        ),
        intrinsic("input.pointer_x", &[], Some(I32), "X of the pointer in pixels."),
        intrinsic("input.pointer_y", &[], Some(I32), "Y of the pointer in pixels."),
        intrinsic(
            "input.pressed",
            &[("pad", I32)],
            Some(I32),
            "Buttons held now and not in the frame before.",
        ),
        intrinsic(
            "input.released",
            &[("pad", I32)],
            Some(I32),
            "Buttons held in the frame before and not now.",
        ),
        intrinsic(
            "rng.below",
            &[("bound", I32)],
            Some(I32),
            "Random number below `bound`, which is unsigned; traps on 0.",
        ),
        intrinsic("rng.f64", &[], Some(F64), "Random number in 0.0 .. 1.0, a multiple of 2^-53."),
        intrinsic("rng.i32", &[], Some(I32), "32 random bits."),
        intrinsic("rng.i64", &[], Some(I64), "64 random bits."),
        intrinsic("rng.seed", &[("seed", I64)], None, "Starts the module's random sequence anew."),
    ]
};

impl Intrinsic {
    /// Import module and import name.
    pub fn import(&self) -> (&'static str, &'static str) {
        self.mnemonic.split_once('.').expect("mnemonics of intrinsics have two parts")
    }
}

/// The intrinsics of each module, in order.
fn intrinsic_modules() -> impl Iterator<Item = (&'static str, &'static [Intrinsic])> {
    INTRINSICS
        .chunk_by(|a, b| a.import().0 == b.import().0)
        .map(|functions| (functions[0].import().0, functions))
}

/// How a guest compiled with the C ABI imports a row: slots of the parameters and of the result.
///
/// Up to one result is the function's own. More are stored as the fields of a C structure at an address that is the
/// first parameter. `None` for rows with handles.
pub fn c_signature(row: &SyscallInfo) -> Option<(Vec<SlotType>, Option<SlotType>)> {
    if !speaks_c(row) {
        return None;
    }
    let mut params = row.param_slots.to_vec();
    if row.result_slots.len() > 1 {
        params.insert(0, SlotType::I32);
        return Some((params, None));
    }
    Some((params, row.result_slots.first().copied()))
}

/// True if no slot is a handle.
fn speaks_c(row: &SyscallInfo) -> bool {
    let mut slots = row.param_slots.iter().chain(row.result_slots);
    slots.all(|slot| *slot != SlotType::Handle)
}

fn rows(domain: &DomainInfo) -> impl Iterator<Item = &'static SyscallInfo> {
    CATALOGUE.iter().filter(|row| row.domain == domain.name)
}

fn statuses(domain: &str) -> impl Iterator<Item = Status> {
    Status::ALL.iter().copied().filter(move |status| status.domain() == domain)
}

/// Import name of a row.
fn import_name(row: &SyscallInfo) -> String {
    format!("{}@{}", row.name(), row.version())
}

/// Name of a row's function within its domain.
fn function_name(row: &SyscallInfo) -> String {
    let name = row.name().replace('.', "_");
    if row.version() == 1 { name } else { format!("{name}_v{}", row.version()) }
}

/// Name of a row's structure of results.
fn struct_name(row: &SyscallInfo) -> String {
    let mut name = String::new();
    for word in function_name(row).split('_') {
        let mut letters = word.chars();
        name.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        name.push_str(letters.as_str());
    }
    name
}

/// What a parameter is in a guest's language.
enum Form {
    /// A number in one slot.
    Number(SlotType),
    /// A stretch of memory that the host reads, or with `true` writes.
    Span(bool),
}

fn form(param: &ParamInfo) -> Form {
    match param.slots {
        [slot] => Form::Number(*slot),
        _ => Form::Span(param.kind == "span_mut"),
    }
}

/// A line of meaning together with what has to be known to call the row.
fn meaning(row: &SyscallInfo) -> String {
    let mut text = row.doc.to_owned();
    if !row.statuses.is_empty() {
        let names: Vec<&str> = row.statuses.iter().map(|status| status.name()).collect();
        text.push_str(&format!(" Besides OK: {}.", names.join(", ")));
    }
    text
}

/// Breaks text into lines of a comment.
fn comment(out: &mut String, prefix: &str, text: &str) {
    const WIDTH: usize = 100;
    let mut line = prefix.to_owned();
    for word in text.split_whitespace() {
        if line.len() + 1 + word.len() > WIDTH && line.len() > prefix.len() {
            out.push_str(&line);
            out.push('\n');
            line = prefix.to_owned();
        }
        line.push(' ');
        line.push_str(word);
    }
    out.push_str(&line);
    out.push('\n');
}

/// Says which rows a header leaves out.
fn left_out(domain: &DomainInfo) -> Option<String> {
    let ids: Vec<&str> = rows(domain).filter(|row| !speaks_c(row)).map(|row| row.id).collect();
    (!ids.is_empty()).then(|| {
        format!("Not for guests with this header, because they take or give handles: {}.", ids.join(", "))
    })
}
