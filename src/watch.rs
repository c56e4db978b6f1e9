//! Named data of a guest, as text.

use std::collections::BTreeSet;
use std::fmt::Write;

use cartwheel_bytecode::cartridge::{DataSymbol, SymbolType};
use cartwheel_runtime::{Machine, Program};

use crate::crowd::Crowd;
use crate::failure::Failure;

/// Elements that are shown of a datum.
const MAX_SHOWN: usize = 32;

fn symbols(program: &Program) -> &[DataSymbol] {
    program.cartridge().debug.as_ref().map_or(&[], |debug| &debug.symbols)
}

fn symbol<'a>(program: &'a Program, name: &str) -> Option<&'a DataSymbol> {
    symbols(program).iter().find(|symbol| symbol.name == name)
}

/// The datum with a name.
pub fn find<'a>(program: &'a Program, name: &str) -> Result<&'a DataSymbol, Failure> {
    symbol(program, name).ok_or_else(|| missing(&[program], name))
}

/// Fails if there is a name that no module's datum has that is watched, now or once it is loaded.
pub fn check(machine: &Machine, crowd: &Crowd, names: &[String]) -> Result<(), Failure> {
    let meant = crowd.meant(machine).into_iter().map(|id| &**machine.instance(id).program());
    let programs: Vec<&Program> = meant.chain(machine.store().map(|(_, program)| &**program)).collect();
    let unknown = names.iter().find(|name| programs.iter().all(|program| symbol(program, name).is_none()));
    unknown.map_or(Ok(()), |name| Err(missing(&programs, name)))
}

/// What data have become: those of each module that has a datum of a name.
pub fn text(frame: u64, machine: &Machine, crowd: &Crowd, names: &[String]) -> String {
    let mut out = String::new();
    for id in crowd.meant(machine) {
        let instance = machine.instance(id);
        for symbol in names.iter().filter_map(|name| symbol(instance.program(), name)) {
            let of = if crowd.one_is_meant() { String::new() } else { format!("{}.", crowd.name(id)) };
            let value = value(symbol, instance.memory());
            let _ = writeln!(out, "frame {frame:<6} {of}{} = {value}", symbol.name);
        }
    }
    out
}

fn missing(programs: &[&Program], name: &str) -> Failure {
    let (debug, datum) = match programs {
        [_] => ("the cartridge has no debug information", "the cartridge has no datum of that name"),
        _ => ("no cartridge has debug information", "no cartridge has a datum of that name"),
    };
    if programs.iter().all(|program| program.cartridge().debug.is_none()) {
        return Failure::new(format!("cannot watch `{name}`: {debug}"));
    }
    let mut symbols: Vec<&DataSymbol> = programs.iter().flat_map(|program| symbols(program)).collect();
    let mut known = BTreeSet::new();
    symbols.retain(|symbol| known.insert(&symbol.name));
    let near = symbols.iter().map(|symbol| (strsim::jaro_winkler(&symbol.name, name), &symbol.name));
    let help = match near.max_by(|a, b| a.0.total_cmp(&b.0)) {
        Some((likeness, near)) if likeness > 0.75 => format!("did you mean `{near}`?"),
        Some(_) => format!("there are {}", names(&symbols)),
        None => "there are no named data".to_owned(),
    };
    Failure::new(format!("cannot watch `{name}`: {datum}; {help}"))
}

fn names(symbols: &[&DataSymbol]) -> String {
    let mut names: Vec<&str> = symbols.iter().take(MAX_SHOWN).map(|symbol| symbol.name.as_str()).collect();
    if symbols.len() > MAX_SHOWN {
        names.push("...");
    }
    names.join(", ")
}

/// The value of a datum in a guest's memory.
pub fn value(symbol: &DataSymbol, memory: &[u8]) -> String {
    let start = symbol.address as usize;
    let Some(bytes) = start.checked_add(symbol.len as usize).and_then(|end| memory.get(start..end)) else {
        return "outside memory".to_owned();
    };
    match symbol.ty {
        SymbolType::Text => format!("{:?}", String::from_utf8_lossy(bytes)),
        SymbolType::Bytes => elements(bytes, |[byte]| format!("{byte:02x}"), " "),
        SymbolType::I8 => elements(bytes, |b| i8::from_le_bytes(b).to_string(), ", "),
        SymbolType::I16 => elements(bytes, |b| i16::from_le_bytes(b).to_string(), ", "),
        SymbolType::I32 => elements(bytes, |b| i32::from_le_bytes(b).to_string(), ", "),
        SymbolType::I64 => elements(bytes, |b| i64::from_le_bytes(b).to_string(), ", "),
        SymbolType::F32 => elements(bytes, |b| f32::from_le_bytes(b).to_string(), ", "),
        SymbolType::F64 => elements(bytes, |b| f64::from_le_bytes(b).to_string(), ", "),
    }
}

fn elements<const N: usize>(bytes: &[u8], show: impl Fn([u8; N]) -> String, separator: &str) -> String {
    let (chunks, _) = bytes.as_chunks::<N>();
    let mut shown: Vec<String> = chunks.iter().take(MAX_SHOWN).map(|chunk| show(*chunk)).collect();
    if chunks.len() > MAX_SHOWN {
        shown.push("...".to_owned());
    }
    shown.join(separator)
}
