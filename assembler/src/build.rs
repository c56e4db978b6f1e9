//! Puts the cartridge together.

use std::collections::BTreeMap;

use cartwheel_bytecode::cartridge::*;
use cartwheel_bytecode::operand::Space;
use cartwheel_bytecode::{Cartridge, Signature, ValType};

use crate::catalogue::{Catalogue, HostCatalogue};
use crate::declare::declare;
use crate::diagnostic::Diagnostics;
use crate::expand::expand;
use crate::function;
use crate::items::bytes_of;
use crate::layout::{Layout, layout};
use crate::names::Ref;
use crate::operands::scalar_of;
use crate::program::*;
use crate::source::{Error, Loader, Res, Sources, Span, error, error_help, plural};

/// Assembles a program.
///
/// `name` is the name of the main file: for errors, for debug information, and what the paths of included
/// files are relative to. The same name, source and files give the same bytes. A cartridge that is returned
/// fits the file format; whether its code is safe to run is for the verifier to say.
///
/// # Errors
///
/// All mistakes in the program, each with its place.
pub fn assemble(name: &str, source: impl AsRef<[u8]>, loader: &dyn Loader) -> Result<Cartridge, Diagnostics> {
    assemble_with(name, source, loader, &HostCatalogue)
}

/// Like [`assemble`], with another catalogue of syscalls.
///
/// # Errors
///
/// As [`assemble`].
pub fn assemble_with(
    name: &str,
    source: impl AsRef<[u8]>,
    loader: &dyn Loader,
    catalogue: &dyn Catalogue,
) -> Result<Cartridge, Diagnostics> {
    let mut sources = Sources::default();
    let file = sources.add(name, source.as_ref());
    let expanded = expand(&mut sources, loader, file, source.as_ref());
    let mut program = declare(&mut sources, loader, catalogue, expanded);
    resolve_types(&mut sources, &mut program);
    program.asset_names = program.assets.iter().map(|a| a.name.clone()).collect();
    program.asset_names.sort_unstable();
    program.place_strings();
    let layout = layout(&mut sources, &mut program);
    evaluate_constants(&mut sources, &program);
    let mut builder = Builder { sources: &mut sources, program, cart: Cartridge::default() };
    builder.code(catalogue);
    builder.manifest(catalogue);
    builder.items(layout);
    let cart = builder.cart;
    if !sources.has_errors() {
        check_format(&mut sources, &cart, file);
    }
    if sources.has_errors() { Err(sources.diagnostics()) } else { Ok(cart) }
}

/// The file format has limits on counts and lengths; it knows them best itself.
fn check_format(sources: &mut Sources, cart: &Cartridge, file: u32) {
    if let Err(e) = Cartridge::from_bytes(&cart.to_bytes()) {
        let span = Span { file, line: 1, col: 1, len: 0, origin: 0 };
        let message = format!("the program is beyond a limit of the cartridge format: {e}");
        sources.report(*Error::new(span, message, None));
    }
}

/// Gives the signatures of functions and imports their indices.
fn resolve_types(sources: &mut Sources, program: &mut Program) {
    for func in program.funcs.clone() {
        let sig = type_of(program, &func.signature, func.type_ref.as_ref());
        let sig = sources.ok(sig).unwrap_or(0);
        program.func_sigs.push(sig);
    }
    for import in std::mem::take(&mut program.pending_imports) {
        let sig = type_of(program, &import.signature, import.type_ref.as_ref());
        // The index has to exist even if it is wrong: later operands look it up.
        let sig = sources.ok(sig).unwrap_or_else(|| program.intern(&import.signature));
        program.add_import(ImportDecl { id: import.id, sig, unchecked: import.unchecked, span: import.span });
    }
}

fn type_of(program: &mut Program, signature: &Signature, explicit: Option<&Ref>) -> Res<u32> {
    let Some(explicit) = explicit else { return Ok(program.intern(signature)) };
    let index = program.space(Space::Sig).find(explicit)?;
    let found = &program.types[index as usize];
    if found != signature {
        return error(explicit.span(), format!("this type is {found}, not {signature}"));
    }
    Ok(index)
}

/// Constants that nothing uses have to make sense, too.
fn evaluate_constants(sources: &mut Sources, program: &Program) {
    let names: Vec<_> = program.consts.names().map(|(name, span)| (name.clone(), span)).collect();
    for (text, span) in names {
        if sources.is_full() {
            break;
        }
        let name = crate::cursor::Name { text, span, scope: 0, quoted: true };
        if let Some(result) = program.consts.value(&name, program) {
            sources.ok(result);
        }
    }
}

struct Builder<'a> {
    sources: &'a mut Sources,
    program: Program,
    cart: Cartridge,
}

impl Builder<'_> {
    fn code(&mut self, catalogue: &dyn Catalogue) {
        let pages = memory(&self.program);
        // A memory whose size is wrong is there all the same: instructions that use it are no mistakes.
        self.program.has_memory = !matches!(pages, Ok(None));
        self.cart.memory = self.sources.ok(pages).flatten();
        let mut lines = Vec::new();
        for index in 0..self.program.funcs.len() {
            if self.sources.is_full() {
                break;
            }
            let assembled = function::assemble(&mut self.program, self.sources, catalogue, index);
            self.cart.functions.push(assembled.function);
            lines.push(assembled.lines);
        }
        self.debug(&lines);
    }

    fn manifest(&mut self, catalogue: &dyn Catalogue) {
        let program = &self.program;
        let declared = &program.manifest;
        let manifest = &mut self.cart.manifest;
        manifest.title = declared.title.clone().unwrap_or_default();
        manifest.author = declared.author.clone().unwrap_or_default();
        manifest.version = declared.version.clone().unwrap_or_default();
        if let Some(Some((width, height))) = &declared.video {
            manifest.video = self.sources.ok(video_mode(program, width, height));
        }
        if let Some(cycles) = &declared.cycles {
            let cycles = cycles.int_in(program, "the number of cycles", 1, u64::MAX.into());
            manifest.cycles_per_frame = self.sources.ok(cycles).map_or(1, |c| c as u64);
        }
        manifest.capabilities = declared.capabilities.clone();
        manifest.capabilities.sort();
        manifest.capabilities.dedup();
        let entry = entry(program);
        manifest.entry = self.sources.ok(entry).unwrap_or_default();
        for import in &program.imports {
            if let Err(e) = check_capability(catalogue, import, &self.cart.manifest.capabilities) {
                self.sources.report(*e);
            }
        }
    }

    fn items(&mut self, layout: Layout) {
        let Builder { sources, program, cart } = self;
        let program = &*program;
        let memory = cart.memory;
        cart.types = program.types.clone();
        cart.imports = program.imports.iter().map(|i| Import { id: i.id.clone(), sig: i.sig }).collect();
        cart.tables = collect(sources, &program.tables, |t| table(program, t));
        cart.globals = collect(sources, &program.globals, |g| global(program, g));
        cart.data = collect(sources, &program.segments, |s| {
            let address = s.address.as_ref().map(|a| a.u32(program, "an address")).transpose()?;
            if let (Some(expr), None) = (&s.address, memory) {
                return error_help(expr.span, "the program has no memory", "declare one: `.memory 1`");
            }
            Ok(DataSegment { address, bytes: bytes_of(&s.items, program)? })
        });
        cart.data.extend(layout.segments);
        cart.elems = collect(sources, &program.elems, |e| elem(program, e));
        cart.shapes =
            program.shapes.iter().map(|s| ShapeDef { scalars: s.scalars, handles: s.handles }).collect();
        cart.exports = collect(sources, &program.exports, |e| export(program, memory, e));
        unique(sources, "export", program.exports.iter().map(|e| (e.name.as_str(), e.span)));
        cart.assets = collect(sources, &program.assets, |a| {
            Ok(Asset { name: a.name.clone(), kind: a.kind.clone(), bytes: bytes_of(&a.items, program)? })
        });
        unique(sources, "asset", program.assets.iter().map(|a| (a.name.as_str(), a.span)));
        cart.assets.sort_by(|a, b| a.name.cmp(&b.name));
        let mut unknown = BTreeMap::new();
        for (number, bytes, span) in &program.unknown {
            if unknown.insert(*number, bytes.clone()).is_some() {
                sources.report(*Error::new(*span, format!("section {number} is there twice"), None));
            }
        }
        cart.unknown = unknown.into_iter().collect();
        cart.signature = program.signature.clone();
        if let (Some(debug), DebugDecl::Auto) = (&mut cart.debug, &program.debug) {
            debug.symbols = layout.symbols;
        }
    }

    fn debug(&mut self, code: &[Vec<(u32, Span)>]) {
        self.cart.debug = match &self.program.debug {
            DebugDecl::None => None,
            DebugDecl::Explicit(info) => {
                let mut info = info.clone();
                info.functions.sort_by_key(|(index, _)| *index);
                info.globals.sort_by_key(|(index, _)| *index);
                info.shapes.sort_by_key(|(index, _)| *index);
                info.lines.sort_by_key(|l| (l.func, l.offset));
                Some(info)
            }
            DebugDecl::Auto => Some(self.auto_debug(code)),
        };
    }

    fn auto_debug(&self, code: &[Vec<(u32, Span)>]) -> DebugInfo {
        let mut debug = DebugInfo::default();
        let functions = self.program.funcs.iter().enumerate();
        debug.functions = functions.map(|(i, f)| (i as u32, f.name.text.to_string())).collect();
        debug.globals = names_by_index(&self.program, Space::Global);
        debug.shapes = names_by_index(&self.program, Space::Shape);
        let mut files = BTreeMap::new();
        for (func, lines) in code.iter().enumerate() {
            let mut last = None;
            for (offset, span) in lines {
                let at = self.sources.outermost(*span);
                if last.replace((at.file, at.line)) == Some((at.file, at.line)) {
                    continue;
                }
                let file = *files.entry(at.file).or_insert_with(|| {
                    debug.files.push(self.sources.file_name(at.file).to_owned());
                    debug.files.len() as u32 - 1
                });
                debug.lines.push(LineEntry { func: func as u32, offset: *offset, file, line: at.line });
            }
        }
        debug
    }
}

fn names_by_index(program: &Program, space: Space) -> Vec<(u32, String)> {
    let names = program.space(space);
    let mut out: Vec<(u32, String)> =
        names.keys().filter_map(|k| Some((names.get(k)?, k.to_owned()))).collect();
    out.sort();
    out
}

fn collect<T, U>(sources: &mut Sources, items: &[T], make: impl Fn(&T) -> Res<U>) -> Vec<U> {
    let mut out = Vec::new();
    for item in items {
        if sources.is_full() {
            break;
        }
        out.extend(sources.ok(make(item)));
    }
    out
}

fn unique<'a>(sources: &mut Sources, what: &str, names: impl Iterator<Item = (&'a str, Span)>) {
    let mut seen = BTreeMap::new();
    for (name, span) in names {
        if seen.insert(name, ()).is_some() {
            let message = format!("{what} `{}` is there twice", name.escape_debug());
            sources.report(*Error::new(span, message, None));
        }
    }
}

fn check_capability(catalogue: &dyn Catalogue, import: &ImportDecl, declared: &[String]) -> Res<()> {
    let Some(needed) = catalogue.syscall(&import.id).and_then(|info| info.capability) else { return Ok(()) };
    if import.unchecked || declared.contains(&needed) {
        return Ok(());
    }
    let message = format!("`{}` needs the capability `{needed}`, which is not declared", import.id);
    error_help(import.span, message, format!("add `.capability {needed}`"))
}

/// The entry as declared, or by the names that functions have.
fn entry(program: &Program) -> Res<Entry> {
    let funcs = program.space(Space::Func);
    let Some((declared, _)) = &program.manifest.entry else {
        let start = funcs.get("start").into_iter().collect();
        return Ok(match (funcs.get("update"), funcs.get("main")) {
            (Some(update), _) => Entry { starts: start, body: EntryBody::Update(update) },
            (None, Some(main)) => Entry { starts: start, body: EntryBody::Main(main) },
            (None, None) => Entry::default(),
        });
    };
    let find_all = |list: &[Ref]| list.iter().map(|r| entry_func(program, r)).collect::<Res<Vec<u32>>>();
    Ok(match declared {
        EntryDecl::Library { starts } => Entry { starts: find_all(starts)?, body: EntryBody::Library },
        EntryDecl::Main { main, starts } => {
            Entry { starts: find_all(starts)?, body: EntryBody::Main(entry_func(program, main)?) }
        }
        EntryDecl::Update { update, starts } => {
            Entry { starts: find_all(starts)?, body: EntryBody::Update(entry_func(program, update)?) }
        }
    })
}

/// A function that the machine calls by itself: there is nothing to pass to it.
fn entry_func(program: &Program, reference: &Ref) -> Res<u32> {
    let index = program.space(Space::Func).find(reference)?;
    let signature = &program.funcs[index as usize].signature;
    if !signature.params.is_empty() {
        let message = format!("an entry function has no parameters, this one is {signature}");
        return error(reference.span(), message);
    }
    Ok(index)
}

fn table(program: &Program, decl: &TableDecl) -> Res<TableDef> {
    let min = decl.min.u32(program, "the size of the table")?;
    let max = decl
        .max
        .as_ref()
        .map(|max| max.int_in(program, "the limit of the table", min.into(), u32::MAX.into()));
    Ok(TableDef { handles: decl.handles, min, max: max.transpose()?.map(|max| max as u32) })
}

fn global(program: &Program, decl: &GlobalDecl) -> Res<GlobalDef> {
    let Some(expr) = &decl.init else {
        return Ok(GlobalDef { ty: decl.ty, mutable: decl.mutable, init: 0 });
    };
    let init = expr.cell(program, scalar_of(decl.ty))?;
    if decl.ty.is_32_bit() && init > u32::MAX.into() {
        return error(expr.span, "this cell does not fit 32 bits");
    }
    match decl.ty {
        ValType::Handle => error(expr.span, "a handle can only start as `null`"),
        ValType::Func if init > program.funcs.len() as u64 => {
            error_help(expr.span, "there is no such function", "write funcref(NAME), or 0 for null")
        }
        ty => Ok(GlobalDef { ty, mutable: decl.mutable, init }),
    }
}

fn elem(program: &Program, decl: &ElemDecl) -> Res<ElemSegment> {
    let mode = match &decl.mode {
        ElemModeDecl::Passive => ElemMode::Passive,
        ElemModeDecl::Declared => ElemMode::Declared,
        ElemModeDecl::At(table, index) => {
            let index = index.as_ref().map(|i| i.u32(program, "an index")).transpose()?.unwrap_or(0);
            ElemMode::Active { table: program.space(Space::Table).find(table)?, index }
        }
    };
    let items = decl.items.iter().map(|item| match item {
        None => Ok(0),
        Some(func) if decl.handles => error(func.span(), "handles in a segment can only be `null`"),
        Some(func) => program.space(Space::Func).find(func).map(|index| index + 1),
    });
    Ok(ElemSegment { handles: decl.handles, mode, items: items.collect::<Res<_>>()? })
}

fn export(program: &Program, memory: Option<MemoryDef>, decl: &ExportDecl) -> Res<Export> {
    let item = match &decl.kind {
        ExportKind::Func(func) => ExportItem::Func(program.space(Space::Func).find(func)?),
        ExportKind::Table(table) => ExportItem::Table(program.space(Space::Table).find(table)?),
        ExportKind::Memory if memory.is_none() => {
            return error_help(decl.span, "the program has no memory", "declare one: `.memory 1`");
        }
        ExportKind::Memory => ExportItem::Memory,
        ExportKind::Global(global) => ExportItem::Global(program.space(Space::Global).find(global)?),
    };
    Ok(Export { name: decl.name.clone(), item })
}

/// The memory as declared, or as much as the data needs.
fn memory(program: &Program) -> Res<Option<MemoryDef>> {
    let needed = program.data_end.unwrap_or(0).div_ceil(PAGE_BYTES as u64) as u32;
    let Some(decl) = &program.memory else {
        return Ok((needed > 0).then_some(MemoryDef { min: needed, max: None }));
    };
    let Some((min, max)) = &decl.pages else {
        if needed > 0 {
            return error(decl.span, "the program has data, so it needs a memory");
        }
        return Ok(None);
    };
    let limit = i128::from(MAX_PAGES);
    let span = min.span;
    let min = min.int_in(program, "the number of pages", 0, limit)? as u32;
    if min < needed {
        return error(span, format!("the data needs {} of 64 KiB", plural(needed as usize, "page")));
    }
    let max = max.as_ref().map(|max| max.int_in(program, "the limit of pages", min.into(), limit));
    Ok(Some(MemoryDef { min, max: max.transpose()?.map(|max| max as u32) }))
}
