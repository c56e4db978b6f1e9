//! Reads a module section by section and makes the cartridge.

use cartwheel_bytecode::cartridge::*;
use cartwheel_bytecode::{Cartridge, ValType};
use wasmparser::{
    DataKind, ElementItems, ElementKind, ExternalKind, FuncValidatorAllocations, KnownCustom, MemoryType,
    Parser, Payload, RefType, TableType, TypeRef, ValidPayload, Validator, WasmFeatures,
};

use super::Options;
use super::constant::evaluate;
use super::convert::{signature, value_type};
use super::error::{Error, ErrorKind};
use super::function::{Env, Translator};
use super::imports::{ImportedFunction, Resolver};
use super::manifest::ManifestText;
use super::{names, profile};

/// What modules can use.
const FEATURES: WasmFeatures = WasmFeatures::MUTABLE_GLOBAL
    .union(WasmFeatures::SATURATING_FLOAT_TO_INT)
    .union(WasmFeatures::SIGN_EXTENSION)
    .union(WasmFeatures::REFERENCE_TYPES)
    .union(WasmFeatures::MULTI_VALUE)
    .union(WasmFeatures::BULK_MEMORY)
    .union(WasmFeatures::EXTENDED_CONST)
    .union(WasmFeatures::FLOATS)
    .union(WasmFeatures::GC_TYPES);

/// The custom section with the manifest.
const MANIFEST_SECTION: &str = "cartwheel";
/// Longest code of all functions: so many times the module's length, and so many bytes more. No compiler's output comes
/// near it; calls with a thousand parameters do.
const CODE_FACTOR: usize = 64;
const CODE_BYTES: usize = 1 << 20;
/// Most items of a list in a cartridge, and longest name.
const MAX_ITEMS: usize = 1 << 20;
const MAX_NAME_BYTES: usize = 1 << 16;

pub fn translate(bytes: &[u8], options: &Options<'_>) -> Result<Cartridge, Error> {
    translate_once(bytes, options).map_err(|error| match error.kind {
        // What is wrong with the module itself matters more than what the host has for it.
        ErrorKind::Import => match Validator::new_with_features(FEATURES).validate_all(bytes) {
            Ok(_) => error,
            Err(invalid) => invalid.into(),
        },
        _ => error,
    })
}

fn translate_once(bytes: &[u8], options: &Options<'_>) -> Result<Cartridge, Error> {
    let (manifest, detected) = look_ahead(bytes, options)?;
    let profile = options.profile.unwrap_or(detected);
    let declared = options.declare.map(<[String]>::to_vec).or_else(|| manifest.capabilities.clone());
    if let Some(max) = profile.max_bytes.filter(|&max| bytes.len() > max) {
        let message = format!("the module has {} bytes; {} allows {max}", bytes.len(), profile.name);
        return Err(Error::limit(max as u64, message));
    }
    let mut resolver = Resolver { profile, catalogue: options.catalogue, capabilities: Vec::new(), declared };
    resolver.host()?;
    let mut module = Module {
        cart: Cartridge::default(),
        resolver,
        imported: Vec::new(),
        functions: Vec::new(),
        globals: Vec::new(),
        tables: Vec::new(),
        start: None,
        translator: Translator::default(),
        allocations: FuncValidatorAllocations::default(),
        max_code_bytes: bytes.len() * CODE_FACTOR + CODE_BYTES,
    };
    for &(address, bytes) in profile.data {
        module.cart.data.push(DataSegment { address: Some(address), bytes: bytes.to_vec() });
    }
    let mut validator = Validator::new_with_features(FEATURES);
    for payload in parser().parse_all(bytes) {
        let payload = payload?;
        if let ValidPayload::Func(func, body) = validator.payload(&payload)? {
            let mut validator = func.into_validator(std::mem::take(&mut module.allocations));
            module.body(&body, &mut validator)?;
            module.allocations = validator.into_allocations();
        } else {
            module.payload(payload)?;
        }
    }
    let Module { mut cart, resolver, start, .. } = module;
    if let Some(memory) = profile.fixed_memory {
        cart.memory = Some(memory);
    }
    if cart.debug.as_ref().is_some_and(|debug| *debug == DebugInfo::default()) {
        cart.debug = None;
    }
    manifest.apply(&mut cart, start, profile, options.title, resolver.capabilities)?;
    Ok(cart)
}

fn parser() -> Parser {
    let mut parser = Parser::new(0);
    parser.set_features(FEATURES);
    parser
}

/// Finds what has to be known before the first section: the manifest, and the profile by the imports.
fn look_ahead(
    bytes: &[u8],
    options: &Options<'_>,
) -> Result<(ManifestText, &'static profile::Profile<'static>), Error> {
    let mut manifest = None;
    let mut imports = Vec::new();
    for payload in parser().parse_all(bytes) {
        match payload? {
            Payload::CustomSection(section) if section.name() == MANIFEST_SECTION => {
                let text = std::str::from_utf8(section.data())
                    .map_err(|_| Error::manifest("the section `cartwheel` is not UTF-8"))?;
                manifest = Some(ManifestText::parse(text)?);
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    let import = import?;
                    imports.push(import);
                }
            }
            _ => {}
        }
    }
    let manifest = match (manifest, options.manifest) {
        (Some(manifest), _) => manifest,
        (None, Some(text)) => ManifestText::parse(text)?,
        (None, None) => ManifestText::default(),
    };
    Ok((manifest, profile::detect(&imports)))
}

struct Module<'a> {
    cart: Cartridge,
    resolver: Resolver<'a>,
    imported: Vec<ImportedFunction>,
    /// Type of every function.
    functions: Vec<u32>,
    /// Type of every global.
    globals: Vec<ValType>,
    /// Whether tables hold handles.
    tables: Vec<bool>,
    start: Option<u32>,
    translator: Translator,
    allocations: FuncValidatorAllocations,
    max_code_bytes: usize,
}

impl Module<'_> {
    fn payload(&mut self, payload: Payload<'_>) -> Result<(), Error> {
        match payload {
            Payload::TypeSection(section) => {
                let start = section.range().start;
                for ty in section.into_iter_err_on_gc_types() {
                    self.cart.types.push(signature(&ty?, start)?);
                }
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports_with_offsets() {
                    let (offset, import) = import?;
                    self.import((import.module, import.name), import.ty, offset)?;
                }
            }
            Payload::FunctionSection(section) => {
                for ty in section {
                    self.functions.push(ty?);
                }
            }
            Payload::TableSection(section) => {
                for table in section.into_iter_with_offsets() {
                    let (offset, table) = table?;
                    self.table(table_def(&table.ty, offset)?);
                }
            }
            Payload::MemorySection(section) => {
                for memory in section.into_iter_with_offsets() {
                    let (offset, memory) = memory?;
                    self.cart.memory = Some(self.resolver.own_memory(memory_def(&memory), offset)?);
                }
            }
            Payload::GlobalSection(section) => {
                for global in section.into_iter_with_offsets() {
                    let (offset, global) = global?;
                    let ty = value_type(global.ty.content_type, offset)?;
                    let init = evaluate(&global.init_expr, &self.cart.globals)?;
                    self.global(GlobalDef { ty, mutable: global.ty.mutable, init });
                }
            }
            Payload::ExportSection(section) => {
                for export in section.into_iter_with_offsets() {
                    let (offset, export) = export?;
                    self.export(export.name, export.kind, export.index, offset)?;
                }
            }
            Payload::StartSection { func, .. } => self.start = Some(func),
            Payload::ElementSection(section) => {
                for element in section {
                    self.element(element?)?;
                }
            }
            Payload::DataSection(section) => {
                for data in section {
                    let data = data?;
                    let address = match &data.kind {
                        DataKind::Passive => None,
                        DataKind::Active { offset_expr, .. } => {
                            Some(evaluate(offset_expr, &self.cart.globals)? as u32)
                        }
                    };
                    self.cart.data.push(DataSegment { address, bytes: data.data.to_vec() });
                }
            }
            Payload::CustomSection(section) => {
                if let KnownCustom::Name(reader) = section.as_known() {
                    let debug = self.cart.debug.get_or_insert_default();
                    names::read(reader, self.functions.len(), self.cart.globals.len(), debug);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn import(&mut self, name: (&str, &str), ty: TypeRef, offset: u64) -> Result<(), Error> {
        match ty {
            TypeRef::Func(sig) | TypeRef::FuncExact(sig) => {
                let ty = self.cart.types[sig as usize].clone();
                let imported = self.resolver.function(&mut self.cart, name, &ty, offset)?;
                self.cart.functions.push(imported.thunk(sig, &ty));
                self.imported.push(imported);
                self.functions.push(sig);
            }
            TypeRef::Table(ty) => {
                let table = self.resolver.table(name, table_def(&ty, offset)?, offset)?;
                self.table(table);
            }
            TypeRef::Memory(ty) => {
                self.cart.memory = Some(self.resolver.memory(name, memory_def(&ty), offset)?);
            }
            TypeRef::Global(ty) => {
                let content = value_type(ty.content_type, offset)?;
                let init = self.resolver.global(name, content, ty.mutable, offset)?;
                self.global(GlobalDef { ty: content, mutable: ty.mutable, init });
            }
            TypeRef::Tag(_) => return Err(Error::module(offset, "exceptions are not supported")),
        }
        Ok(())
    }

    fn table(&mut self, def: TableDef) {
        self.tables.push(def.handles);
        self.cart.tables.push(def);
    }

    fn global(&mut self, def: GlobalDef) {
        self.globals.push(def.ty);
        self.cart.globals.push(def);
    }

    fn export(&mut self, name: &str, kind: ExternalKind, index: u32, offset: u64) -> Result<(), Error> {
        let item = match kind {
            ExternalKind::Func | ExternalKind::FuncExact => ExportItem::Func(index),
            ExternalKind::Table => ExportItem::Table(index),
            ExternalKind::Memory => ExportItem::Memory,
            ExternalKind::Global => ExportItem::Global(index),
            ExternalKind::Tag => return Err(Error::module(offset, "exceptions are not supported")),
        };
        if name.len() > MAX_NAME_BYTES {
            return Err(Error::limit(
                offset,
                format!("the name of an export has more than {MAX_NAME_BYTES} bytes"),
            ));
        }
        self.cart.exports.push(Export { name: name.to_owned(), item });
        Ok(())
    }

    fn element(&mut self, element: wasmparser::Element<'_>) -> Result<(), Error> {
        let mode = match &element.kind {
            ElementKind::Passive => ElemMode::Passive,
            ElementKind::Declared => ElemMode::Declared,
            ElementKind::Active { table_index, offset_expr } => ElemMode::Active {
                table: table_index.unwrap_or(0),
                index: evaluate(offset_expr, &self.cart.globals)? as u32,
            },
        };
        let mut items = Vec::new();
        let mut handles = false;
        match element.items {
            ElementItems::Functions(functions) => {
                for func in functions {
                    items.push(func? + 1);
                }
            }
            ElementItems::Expressions(ty, exprs) => {
                handles = ty == RefType::EXTERNREF;
                for expr in exprs {
                    items.push(evaluate(&expr?, &self.cart.globals)? as u32);
                }
            }
        }
        if items.len() > MAX_ITEMS {
            let message = format!("an element segment of more than {MAX_ITEMS} elements");
            return Err(Error::limit(element.range.start, message));
        }
        self.cart.elems.push(ElemSegment { handles, mode, items });
        Ok(())
    }

    fn body(
        &mut self,
        body: &wasmparser::FunctionBody<'_>,
        validator: &mut wasmparser::FuncValidator<wasmparser::ValidatorResources>,
    ) -> Result<(), Error> {
        let env = Env {
            types: &self.cart.types,
            functions: &self.functions,
            imported: &self.imported,
            globals: &self.globals,
            tables: &self.tables,
            first_data: self.resolver.profile.data.len() as u32,
            fixed_memory: self.resolver.profile.fixed_memory.is_some(),
            max_code_bytes: self.max_code_bytes,
        };
        let sig = self.functions[self.cart.functions.len()];
        let function = self.translator.function(&env, sig, body, validator)?;
        self.cart.functions.push(function);
        Ok(())
    }
}

fn table_def(ty: &TableType, offset: u64) -> Result<TableDef, Error> {
    let handles = ty.element_type == RefType::EXTERNREF;
    let number =
        |n: u64| u32::try_from(n).map_err(|_| Error::limit(offset, "a table of more than 2^32 elements"));
    Ok(TableDef { handles, min: number(ty.initial)?, max: ty.maximum.map(number).transpose()? })
}

/// Without memory64, the validator allows at most 65,536 pages.
fn memory_def(ty: &MemoryType) -> MemoryDef {
    MemoryDef { min: ty.initial as u32, max: ty.maximum.map(|max| max as u32) }
}
