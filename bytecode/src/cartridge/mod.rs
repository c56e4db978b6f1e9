//! Cartridges: what a program consists of, and the `.cart` file.

mod file;
mod parts;

pub use file::CartridgeError;
pub use parts::*;

use crate::operand::Space;
use crate::types::Signature;

/// A program with everything that belongs to it. Nothing in it has been verified: indices may point
/// nowhere and code may be any bytes. The file format guarantees counts and lengths within limits only.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cartridge {
    /// Title, entry, video mode and the like.
    pub manifest: Manifest,
    /// Signatures that functions, imports and indirect calls refer to.
    pub types: Vec<Signature>,
    /// Syscalls that the program uses.
    pub imports: Vec<Import>,
    /// Functions.
    pub functions: Vec<Function>,
    /// Tables of function references or handles.
    pub tables: Vec<TableDef>,
    /// Linear memory, if there is one.
    pub memory: Option<MemoryDef>,
    /// Globals of both banks.
    pub globals: Vec<GlobalDef>,
    /// Data segments.
    pub data: Vec<DataSegment>,
    /// Element segments.
    pub elems: Vec<ElemSegment>,
    /// Record shapes.
    pub shapes: Vec<ShapeDef>,
    /// Things that the host can reach by name.
    pub exports: Vec<Export>,
    /// Named blobs, sorted by name.
    pub assets: Vec<Asset>,
    /// Debug information; it has no influence on execution.
    pub debug: Option<DebugInfo>,
    /// Optional sections that this version does not know: number and bytes, kept as they are.
    pub unknown: Vec<(u8, Vec<u8>)>,
    /// Signature over the content hash, as the signing tools wrote it.
    pub signature: Option<Vec<u8>>,
}

impl Cartridge {
    /// Number of things that an index of a space can name.
    pub fn space_len(&self, space: Space) -> usize {
        match space {
            Space::Func => self.functions.len(),
            Space::Sig => self.types.len(),
            Space::Table => self.tables.len(),
            Space::Global => self.globals.len(),
            Space::Data => self.data.len(),
            Space::Elem => self.elems.len(),
            Space::Import => self.imports.len(),
            Space::Shape => self.shapes.len(),
        }
    }

    /// Index of the exported function with a name.
    pub fn exported_function(&self, name: &str) -> Option<u32> {
        self.exports.iter().find_map(|export| match export.item {
            ExportItem::Func(index) if export.name == name => Some(index),
            _ => None,
        })
    }

    /// Name of a function from debug information or exports, else `func N`.
    pub fn function_name(&self, index: u32) -> String {
        let named = self.debug.as_ref().and_then(|debug| debug.function_name(index));
        let exported =
            || self.exports.iter().find(|e| e.item == ExportItem::Func(index)).map(|e| e.name.as_str());
        named.or_else(exported).map_or_else(|| format!("func {index}"), str::to_owned)
    }
}
