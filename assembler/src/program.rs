//! Everything that the directives of a program say, before it becomes a cartridge.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::rc::Rc;

use cartwheel_bytecode::cartridge::{DebugInfo, SymbolType, VideoMode};
use cartwheel_bytecode::operand::Space;
use cartwheel_bytecode::{Bank, Signature, ValType};

use crate::consts::Consts;
use crate::cursor::Name;
use crate::expr::{Builtin, Env, Expr, Value};
use crate::items::Item;
use crate::names::{Names, Ref};
use crate::source::{Error, Res, Span, error};
use crate::suggest::did_you_mean;
use crate::token::{Line, Tok};

/// A program as read.
pub(crate) struct Program {
    pub consts: Consts,
    pub names: [Names; 8],
    pub manifest: ManifestDecl,
    pub types: Vec<Signature>,
    /// First index of each signature in `types`.
    pub type_index: BTreeMap<Vec<u8>, u32>,
    pub imports: Vec<ImportDecl>,
    /// Index of the first import of an id.
    pub import_index: BTreeMap<String, u32>,
    pub pending_imports: Vec<PendingImport>,
    pub funcs: Vec<Rc<FuncDecl>>,
    /// Index of the signature of each function, once known.
    pub func_sigs: Vec<u32>,
    /// All lines, for the bodies of functions.
    pub lines: Rc<[Line]>,
    pub tables: Vec<TableDecl>,
    pub memory: Option<MemoryDecl>,
    /// Set before code is assembled.
    pub has_memory: bool,
    pub globals: Vec<GlobalDecl>,
    pub segments: Vec<SegmentDecl>,
    pub elems: Vec<ElemDecl>,
    pub shapes: Vec<ShapeDecl>,
    pub exports: Vec<ExportDecl>,
    pub assets: Vec<AssetDecl>,
    /// Names of assets in order, once all are known.
    pub asset_names: Vec<String>,
    pub layout: Vec<Place>,
    pub symbols: BTreeMap<Rc<str>, Symbol>,
    /// Addresses of strings that stand among arguments.
    pub strings: BTreeMap<Rc<[u8]>, u32>,
    /// Names of symbols that are not placed yet, or that could not be.
    pub unplaced: BTreeMap<Rc<str>, Span>,
    /// Address behind the last datum, once known.
    pub data_end: Option<u64>,
    pub debug: DebugDecl,
    pub unknown: Vec<(u8, Vec<u8>, Span)>,
    pub signature: Option<Vec<u8>>,
    /// Names of macros, for suggestions.
    pub macros: Vec<Rc<str>>,
}

/// Where execution starts, as written.
pub(crate) enum EntryDecl {
    Library { starts: Vec<Ref> },
    Main { main: Ref, starts: Vec<Ref> },
    Update { update: Ref, starts: Vec<Ref> },
}

#[derive(Default)]
pub(crate) struct ManifestDecl {
    pub title: Option<String>,
    pub author: Option<String>,
    pub version: Option<String>,
    pub video: Option<Option<(Expr, Expr)>>,
    pub cycles: Option<Expr>,
    pub capabilities: Vec<String>,
    pub entry: Option<(EntryDecl, Span)>,
}

pub(crate) struct ImportDecl {
    pub id: String,
    pub sig: u32,
    /// Neither its signature nor its capability is compared with the catalogue.
    pub unchecked: bool,
    pub span: Span,
}

/// An import before its signature has an index.
pub(crate) struct PendingImport {
    pub id: String,
    pub signature: Signature,
    pub type_ref: Option<Ref>,
    pub unchecked: bool,
    pub span: Span,
}

pub(crate) struct Param {
    pub name: Option<Name>,
    pub ty: ValType,
}

pub(crate) struct FuncDecl {
    pub name: Name,
    pub params: Vec<Param>,
    pub signature: Signature,
    pub type_ref: Option<Ref>,
    /// Where its lines are among those of the program.
    pub body: Range<usize>,
}

pub(crate) struct TableDecl {
    pub handles: bool,
    pub min: Expr,
    pub max: Option<Expr>,
}

pub(crate) struct MemoryDecl {
    pub span: Span,
    /// `None` says that there is no memory.
    pub pages: Option<(Expr, Option<Expr>)>,
}

pub(crate) struct GlobalDecl {
    pub ty: ValType,
    pub mutable: bool,
    pub init: Option<Expr>,
}

pub(crate) struct SegmentDecl {
    pub address: Option<Expr>,
    pub items: Vec<Item>,
}

pub(crate) enum ElemModeDecl {
    Passive,
    Declared,
    At(Ref, Option<Expr>),
}

pub(crate) struct ElemDecl {
    pub handles: bool,
    pub mode: ElemModeDecl,
    /// `None` is null.
    pub items: Vec<Option<Ref>>,
}

#[derive(Default)]
pub(crate) struct ShapeDecl {
    pub fields: BTreeMap<Rc<str>, (Bank, u16)>,
    pub scalars: u16,
    pub handles: u16,
}

pub(crate) enum ExportKind {
    Func(Ref),
    Table(Ref),
    Memory,
    Global(Ref),
}

pub(crate) struct ExportDecl {
    pub name: String,
    pub span: Span,
    pub kind: ExportKind,
}

pub(crate) struct AssetDecl {
    pub name: String,
    pub kind: String,
    pub span: Span,
    pub items: Vec<Item>,
}

/// A step of placing data in linear memory.
pub(crate) enum Place {
    Org(Expr),
    Align(Expr),
    Data(DataDecl),
    /// A string that stands among arguments; these come last.
    Text(Rc<[u8]>, Span),
}

pub(crate) struct DataDecl {
    pub name: Name,
    pub ty: SymbolType,
    /// Number of elements, if it is written.
    pub count: Option<Expr>,
    pub items: Vec<Item>,
}

/// A named place in linear memory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Symbol {
    pub address: u32,
    pub len: u32,
    pub ty: SymbolType,
}

/// Where debug information comes from.
pub(crate) enum DebugDecl {
    /// From the source.
    Auto,
    /// There is none.
    None,
    /// From directives.
    Explicit(DebugInfo),
}

impl Program {
    pub fn new(consts: Consts, macros: Vec<Rc<str>>, lines: Rc<[Line]>) -> Self {
        let spaces = [
            Space::Func,
            Space::Sig,
            Space::Table,
            Space::Global,
            Space::Data,
            Space::Elem,
            Space::Import,
            Space::Shape,
        ];
        Program {
            consts,
            names: spaces.map(Names::new),
            manifest: ManifestDecl::default(),
            types: Vec::new(),
            type_index: BTreeMap::new(),
            imports: Vec::new(),
            import_index: BTreeMap::new(),
            pending_imports: Vec::new(),
            funcs: Vec::new(),
            func_sigs: Vec::new(),
            lines,
            tables: Vec::new(),
            memory: None,
            has_memory: false,
            globals: Vec::new(),
            segments: Vec::new(),
            elems: Vec::new(),
            shapes: Vec::new(),
            exports: Vec::new(),
            assets: Vec::new(),
            asset_names: Vec::new(),
            layout: Vec::new(),
            symbols: BTreeMap::new(),
            strings: BTreeMap::new(),
            unplaced: BTreeMap::new(),
            data_end: None,
            debug: DebugDecl::Auto,
            unknown: Vec::new(),
            signature: None,
            macros,
        }
    }

    pub fn space(&self, space: Space) -> &Names {
        &self.names[space as usize]
    }

    pub fn space_mut(&mut self, space: Space) -> &mut Names {
        &mut self.names[space as usize]
    }

    /// Places the strings that stand in functions behind all data, equal ones once.
    pub fn place_strings(&mut self) {
        let lines = self.lines.clone();
        let mut seen = BTreeSet::new();
        for token in self.funcs.iter().flat_map(|f| &lines[f.body.clone()]).flatten() {
            if let Tok::Str(bytes) = &token.tok
                && seen.insert(bytes.clone())
            {
                self.layout.push(Place::Text(bytes.clone(), token.span));
            }
        }
    }

    /// The value of a constant or the address of data; `None` if there is neither.
    pub fn known(&self, name: &Name) -> Option<Res<Value>> {
        if let Some(value) = self.consts.value(name, self) {
            return Some(value);
        }
        if let Some(symbol) = self.symbols.get(&name.text) {
            return Some(Ok(Value::Int(symbol.address.into())));
        }
        if self.unplaced.contains_key(&name.text) {
            return Some(error(name.span, format!("the address of `{}` is not known yet here", name.text)));
        }
        self.data_end_value(&name.text).map(Ok)
    }

    /// The error for a name that means nothing where one of `what` is needed.
    pub fn unknown(&self, name: &Name, what: &str) -> Box<Error> {
        let is = |space: Space| self.space(space).get(&name.text).is_some();
        let help = if is(Space::Global) {
            Some(format!("`{}` is a global; read it with `global.get`", name.text))
        } else if is(Space::Func) {
            Some(format!("`{0}` is a function; its reference is funcref({0})", name.text))
        } else {
            let consts = self.consts.names().map(|(k, _)| &**k);
            did_you_mean(&name.text, consts.chain(self.symbols.keys().map(|k| &**k)))
        };
        Error::new(name.span, format!("unknown {what} `{}`", name.text.escape_debug()), help)
    }

    /// The index of a signature that may already be there.
    pub fn intern(&mut self, signature: &Signature) -> u32 {
        let key = type_key(signature);
        if let Some(&index) = self.type_index.get(&key) {
            return index;
        }
        let index = self.types.len() as u32;
        self.types.push(signature.clone());
        self.type_index.insert(key, index);
        // Unnamed, so it cannot be there twice.
        let _ = self.space_mut(Space::Sig).add(None);
        index
    }

    /// Adds an import whose name is already known.
    pub fn add_import(&mut self, import: ImportDecl) {
        let index = self.imports.len() as u32;
        self.import_index.entry(import.id.clone()).or_insert(index);
        self.imports.push(import);
    }

    /// A signature of its own index, though an equal one may be there.
    pub fn define_type(&mut self, name: Option<&Name>, signature: Signature) -> Res<()> {
        let index = self.types.len() as u32;
        self.type_index.entry(type_key(&signature)).or_insert(index);
        self.types.push(signature);
        self.space_mut(Space::Sig).add(name).map(|_| ())
    }
}

/// A signature as bytes that order it.
pub(crate) fn type_key(signature: &Signature) -> Vec<u8> {
    let number = |ty: &ValType| ValType::ALL.iter().position(|t| t == ty).map_or(0, |n| n as u8);
    let mut key: Vec<u8> = signature.params.iter().map(number).collect();
    key.push(u8::MAX);
    key.extend(signature.results.iter().map(number));
    key
}

/// Bytes of an element of a type.
pub(crate) fn element_bytes(ty: SymbolType) -> u32 {
    match ty {
        SymbolType::Bytes | SymbolType::I8 | SymbolType::Text => 1,
        SymbolType::I16 => 2,
        SymbolType::I32 | SymbolType::F32 => 4,
        SymbolType::I64 | SymbolType::F64 => 8,
    }
}

impl Env for Program {
    fn value(&self, name: &Name) -> Res<Value> {
        self.known(name).unwrap_or_else(|| Err(self.unknown(name, "constant or data")))
    }

    fn builtin(&self, builtin: Builtin, name: &Name) -> Res<i128> {
        let symbol = || {
            self.symbols.get(&name.text).ok_or_else(|| {
                let help = did_you_mean(&name.text, self.symbols.keys().map(|k| &**k));
                Error::new(name.span, format!("unknown data `{}`", name.text), help)
            })
        };
        match builtin {
            Builtin::SizeOf => Ok(symbol()?.len.into()),
            Builtin::CountOf => symbol().map(|s| (s.len / element_bytes(s.ty)).into()),
            Builtin::FuncRef => {
                let index = self.space(Space::Func).find(&Ref::Name(name.clone()))?;
                Ok(i128::from(index) + 1)
            }
            Builtin::Asset => {
                let names = &self.asset_names;
                names.binary_search_by(|n| (**n).cmp(&*name.text)).map(|i| i as i128).map_err(|_| {
                    let help = did_you_mean(&name.text, names.iter().map(String::as_str));
                    Error::new(name.span, format!("unknown asset `{}`", name.text), help)
                })
            }
            Builtin::Defined => Ok(self.consts.contains(&name.text).into()),
        }
    }
}

/// The video mode, checked.
pub(crate) fn video_mode(env: &Program, width: &Expr, height: &Expr) -> Res<VideoMode> {
    use cartwheel_bytecode::cartridge::{MAX_VIDEO_HEIGHT, MAX_VIDEO_WIDTH};
    let width = width.int_in(env, "the width of the screen", 1, MAX_VIDEO_WIDTH.into())?;
    let height = height.int_in(env, "the height of the screen", 1, MAX_VIDEO_HEIGHT.into())?;
    Ok(VideoMode { width: width as u16, height: height as u16 })
}
