//! Cartridges as source text that assembles to the same bytes.

mod code;
mod names;
mod text;

use std::collections::BTreeMap;
use std::fmt::Write;

use cartwheel_bytecode::Cartridge;
use cartwheel_bytecode::cartridge::*;
use cartwheel_bytecode::operand::Space;

use crate::catalogue::{Catalogue, HostCatalogue};
use crate::items::symbol_type_name;
use names::NameTable;

/// The cartridge as source text.
///
/// For a cartridge that the verifier accepts, assembling the text gives the same bytes again. Of any other the
/// text shows as much as can be told; a function whose code cannot be decoded is shown as bytes, which the
/// assembler refuses.
pub fn disassemble(cart: &Cartridge) -> String {
    let catalogue = HostCatalogue;
    let names = NameTable::new(cart);
    let mut out = String::new();
    manifest(&mut out, cart, &names, &catalogue);
    for (i, ty) in cart.types.iter().enumerate() {
        let _ = writeln!(out, ".type {} = {ty}", names.get(Space::Sig, i as u32));
    }
    for (i, import) in cart.imports.iter().enumerate() {
        let name = names.get(Space::Import, i as u32);
        let id = syscall_id(&import.id);
        let unchecked = if agrees(cart, import, &catalogue) { "" } else { " unchecked" };
        // The name that an import has by itself needs no writing.
        let own = import.id.split('@').next() == Some(&name);
        let name = if own { String::new() } else { format!("{name} = ") };
        let _ = writeln!(out, ".import {name}{id} {}{unchecked}", signature_of(cart, &names, import.sig));
    }
    memory(&mut out, cart, &names);
    items(&mut out, cart, &names);
    // Blobs stand last: they are long.
    let decoded: Vec<_> = cart.functions.iter().map(code::decode).collect();
    let lines = debug(&mut out, cart, &decoded);
    let none = BTreeMap::new();
    for (i, decoded) in decoded.iter().enumerate() {
        code::function(&mut out, cart, &names, i, decoded, lines.get(&(i as u32)).unwrap_or(&none));
    }
    blobs(&mut out, cart);
    out
}

fn manifest(out: &mut String, cart: &Cartridge, names: &NameTable, catalogue: &dyn Catalogue) {
    let manifest = &cart.manifest;
    for (directive, value) in
        [("title", &manifest.title), ("author", &manifest.author), ("version", &manifest.version)]
    {
        if !value.is_empty() {
            let _ = writeln!(out, ".{directive} {}", text::string(value));
        }
    }
    if let Some(video) = manifest.video {
        let _ = writeln!(out, ".video {}, {}", video.width, video.height);
    }
    let _ = writeln!(out, ".cycles {}", manifest.cycles_per_frame);
    let known = catalogue.capabilities();
    for capability in &manifest.capabilities {
        let plain = known.contains(capability) && text::is_plain(capability);
        let written = if plain { capability.clone() } else { text::string(capability) };
        let _ = writeln!(out, ".capability {written}");
    }
    out.push_str(".entry ");
    match manifest.entry.body {
        EntryBody::Library => out.push_str("library"),
        EntryBody::Main(func) => out.push_str(&format!("main={}", names.get(Space::Func, func))),
        EntryBody::Update(func) => out.push_str(&format!("update={}", names.get(Space::Func, func))),
    }
    for start in &manifest.entry.starts {
        let _ = write!(out, " start={}", names.get(Space::Func, *start));
    }
    out.push('\n');
}

/// True if the assembler gives the import the same id and signature, and does not refuse it.
fn agrees(cart: &Cartridge, import: &Import, catalogue: &dyn Catalogue) -> bool {
    let Some(info) = catalogue.syscall(&import.id) else { return true };
    let allowed = info.capability.is_none_or(|c| cart.manifest.capabilities.contains(&c));
    info.id == import.id && cart.types.get(import.sig as usize) == Some(&info.signature) && allowed
}

/// An id as it is written.
fn syscall_id(id: &str) -> String {
    let plain = id.split_once('@').is_some_and(|(name, version)| {
        text::is_plain(name) && version.parse::<u32>().is_ok_and(|v| v.to_string() == version)
    });
    if plain { id.to_owned() } else { text::string(id) }
}

/// A signature by its index; the index is written if the assembler would choose another.
fn signature_of(cart: &Cartridge, names: &NameTable, index: u32) -> String {
    match cart.types.get(index as usize) {
        Some(ty) if names.is_first_type(index) => ty.to_string(),
        Some(ty) => format!("{ty} type @{index}"),
        None => format!("() type @{index}"),
    }
}

fn memory(out: &mut String, cart: &Cartridge, names: &NameTable) {
    if let Some(memory) = cart.memory {
        let _ = writeln!(out, ".memory {}", limits(memory.min, memory.max));
    }
    for (i, table) in cart.tables.iter().enumerate() {
        let kind = if table.handles { "handle" } else { "func" };
        let name = names.get(Space::Table, i as u32);
        let _ = writeln!(out, ".table {name}: {kind} {}", limits(table.min, table.max));
    }
    for (i, global) in cart.globals.iter().enumerate() {
        let name = names.get(Space::Global, i as u32);
        let constant = if global.mutable { "" } else { "const " };
        let null = !global.ty.is_32_bit()
            && global.ty.bank() == cartwheel_bytecode::Bank::Handle
            && global.init == 0;
        let init = if null { "null".to_owned() } else { text::value(global.init, global.ty) };
        let _ = writeln!(out, ".global {constant}{name}: {} = {init}", global.ty.name());
    }
    for (i, shape) in cart.shapes.iter().enumerate() {
        let name = names.get(Space::Shape, i as u32);
        let _ = writeln!(out, ".shape {name} ({}, {})", shape.scalars, shape.handles);
    }
}

fn limits(min: u32, max: Option<u32>) -> String {
    max.map_or_else(|| min.to_string(), |max| format!("{min}, {max}"))
}

fn items(out: &mut String, cart: &Cartridge, names: &NameTable) {
    for export in &cart.exports {
        let item = match export.item {
            ExportItem::Func(i) => format!("func {}", names.get(Space::Func, i)),
            ExportItem::Table(i) => format!("table {}", names.get(Space::Table, i)),
            ExportItem::Memory => "memory".to_owned(),
            ExportItem::Global(i) => format!("global {}", names.get(Space::Global, i)),
        };
        let _ = writeln!(out, ".export {} = {item}", text::string(&export.name));
    }
    for (i, elem) in cart.elems.iter().enumerate() {
        let name = names.get(Space::Elem, i as u32);
        let handle = if elem.handles { " handle" } else { "" };
        let mode = match elem.mode {
            ElemMode::Passive => "passive".to_owned(),
            ElemMode::Declared => "declared".to_owned(),
            ElemMode::Active { table, index } => format!("at {}, {index}", names.get(Space::Table, table)),
        };
        let refs: Vec<String> = elem
            .items
            .iter()
            .map(|item| item.checked_sub(1).map_or_else(|| "null".to_owned(), |f| names.get(Space::Func, f)))
            .collect();
        let list = if refs.is_empty() { String::new() } else { format!(" =\n  {}", refs.join(",\n  ")) };
        let _ = writeln!(out, ".elem {name}{handle} {mode}{list}");
    }
    for (i, data) in cart.data.iter().enumerate() {
        let name = names.get(Space::Data, i as u32);
        let mode = data.address.map_or_else(|| "passive".to_owned(), |a| format!("at {a}"));
        let _ = writeln!(out, ".segment {name} {mode}{}", text::items(&data.bytes));
    }
}

/// Writes the debug information; gives the source lines that are written at their instructions.
fn debug(
    out: &mut String,
    cart: &Cartridge,
    decoded: &[Result<Vec<(u32, cartwheel_bytecode::Instr)>, String>],
) -> BTreeMap<u32, BTreeMap<u32, LineEntry>> {
    let mut at_instructions: BTreeMap<u32, BTreeMap<u32, LineEntry>> = BTreeMap::new();
    let Some(debug) = &cart.debug else {
        out.push_str(".debug none\n");
        return at_instructions;
    };
    out.push_str(".debug explicit\n");
    for (directive, list) in
        [("debug_func", &debug.functions), ("debug_global", &debug.globals), ("debug_shape", &debug.shapes)]
    {
        for (index, name) in list {
            let _ = writeln!(out, ".{directive} {index} {}", text::string(name));
        }
    }
    for symbol in &debug.symbols {
        let (name, ty) = (text::string(&symbol.name), symbol_type_name(symbol.ty));
        let _ = writeln!(out, ".debug_symbol {name} {} {} {ty}", symbol.address, symbol.len);
    }
    for file in &debug.files {
        let _ = writeln!(out, ".debug_file {}", text::string(file));
    }
    for line in &debug.lines {
        let code = decoded.get(line.func as usize).and_then(|d| d.as_ref().ok());
        let there = code.is_some_and(|d| d.binary_search_by_key(&line.offset, |(o, _)| *o).is_ok());
        if there {
            at_instructions.entry(line.func).or_default().insert(line.offset, *line);
        } else {
            let _ = writeln!(out, ".debug_line {} {} {} {}", line.func, line.offset, line.file, line.line);
        }
    }
    at_instructions
}

fn blobs(out: &mut String, cart: &Cartridge) {
    for asset in &cart.assets {
        let kind = if text::is_plain(&asset.kind) { asset.kind.clone() } else { text::string(&asset.kind) };
        let _ = writeln!(out, "\n.asset {} {kind}{}", text::string(&asset.name), text::items(&asset.bytes));
    }
    for (number, bytes) in &cart.unknown {
        let _ = writeln!(out, "\n.section {number:#x}{}", text::items(bytes));
    }
    if let Some(signature) = &cart.signature {
        let _ = writeln!(out, "\n.signature{}", text::items(signature));
    }
}
