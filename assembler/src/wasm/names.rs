//! The custom section `name`: names for debug information.

use cartwheel_bytecode::cartridge::DebugInfo;
use wasmparser::{Name, NameMap, NameSectionReader};

/// Names that are longer than a cartridge's strings can be are left out.
const MAX_NAME_BYTES: usize = 1 << 16;

/// Reads what names it has for functions and globals. Names have no influence on execution, so what makes no sense is
/// left out, as the specification of WebAssembly wants it.
pub fn read(reader: NameSectionReader<'_>, functions: usize, globals: usize, debug: &mut DebugInfo) {
    for subsection in reader {
        match subsection {
            Ok(Name::Function(names)) => collect(names, functions, &mut debug.functions),
            Ok(Name::Global(names)) => collect(names, globals, &mut debug.globals),
            Ok(_) => {}
            Err(_) => return,
        }
    }
}

fn collect(names: NameMap<'_>, count: usize, out: &mut Vec<(u32, String)>) {
    for naming in names {
        let Ok(naming) = naming else { return };
        let last = out.last().map(|(index, _)| *index);
        let fits = (naming.index as usize) < count && last.is_none_or(|last| last < naming.index);
        if fits && naming.name.len() <= MAX_NAME_BYTES {
            out.push((naming.index, naming.name.to_owned()));
        }
    }
}
