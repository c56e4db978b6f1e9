//! Named data of a guest, as text.

use cartwheel_bytecode::cartridge::{DataSymbol, SymbolType};
use cartwheel_runtime::Program;

use crate::failure::Failure;

/// Elements that are shown of a datum.
const MAX_SHOWN: usize = 32;

/// The datum with a name.
pub fn find<'a>(program: &'a Program, name: &str) -> Result<&'a DataSymbol, Failure> {
    let Some(debug) = &program.cartridge().debug else {
        return Err(Failure::new(format!("cannot watch `{name}`: the cartridge has no debug information")));
    };
    debug.symbols.iter().find(|symbol| symbol.name == name).ok_or_else(|| {
        let near =
            debug.symbols.iter().map(|symbol| (strsim::jaro_winkler(&symbol.name, name), &symbol.name));
        let help = match near.max_by(|a, b| a.0.total_cmp(&b.0)) {
            Some((likeness, near)) if likeness > 0.75 => format!("did you mean `{near}`?"),
            Some(_) => format!("there are {}", names(&debug.symbols)),
            None => "it has no named data".to_owned(),
        };
        Failure::new(format!("cannot watch `{name}`: the cartridge has no datum of that name; {help}"))
    })
}

fn names(symbols: &[DataSymbol]) -> String {
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
