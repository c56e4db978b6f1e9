//! The parts of a cartridge.

use crate::types::ValType;

/// Largest width of the video surface in pixels.
pub const MAX_VIDEO_WIDTH: u16 = 640;
/// Largest height of the video surface in pixels.
pub const MAX_VIDEO_HEIGHT: u16 = 360;
/// Cycles per frame of a cartridge that asks for nothing else.
pub const DEFAULT_CYCLES_PER_FRAME: u64 = 1_000_000;
/// Bytes of a page of linear memory.
pub const PAGE_BYTES: usize = 65_536;
/// Most pages of a linear memory.
pub const MAX_PAGES: u32 = 65_536;

/// What a cartridge says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// Title.
    pub title: String,
    /// Author.
    pub author: String,
    /// Version, as the author writes it.
    pub version: String,
    /// Where execution starts.
    pub entry: Entry,
    /// Size of the video surface, if the cartridge draws.
    pub video: Option<VideoMode>,
    /// Cycles that the cartridge asks for in every frame; at least 1.
    pub cycles_per_frame: u64,
    /// Declared capabilities, sorted.
    pub capabilities: Vec<String>,
}

impl Default for Manifest {
    fn default() -> Self {
        Manifest {
            title: String::new(),
            author: String::new(),
            version: String::new(),
            entry: Entry::default(),
            video: None,
            cycles_per_frame: DEFAULT_CYCLES_PER_FRAME,
            capabilities: Vec::new(),
        }
    }
}

/// Where execution starts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// Functions called once, in order, before anything else.
    pub starts: Vec<u32>,
    /// What runs then.
    pub body: EntryBody,
}

/// What runs after the start functions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EntryBody {
    /// Nothing: the cartridge is a library whose exports are called from outside.
    #[default]
    Library,
    /// A function that runs on and calls `frame.sync`; when it returns, the module halts with code 0.
    Main(u32),
    /// A function that is called in every frame.
    Update(u32),
}

/// Size of the video surface in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VideoMode {
    /// 1 to [`MAX_VIDEO_WIDTH`].
    pub width: u16,
    /// 1 to [`MAX_VIDEO_HEIGHT`].
    pub height: u16,
}

/// A syscall that the program uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// Canonical id, `domain.name@version`.
    pub id: String,
    /// Index of the signature that the program calls it with.
    pub sig: u32,
}

/// A function.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Function {
    /// Index of its signature.
    pub sig: u32,
    /// Number of scalar registers, parameters included.
    pub scalars: u16,
    /// Number of handle registers, parameters included.
    pub handles: u16,
    /// Places that branches go to: offsets into `code`, strictly ascending.
    pub labels: Vec<u32>,
    /// Encoded instructions.
    pub code: Vec<u8>,
}

/// A table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableDef {
    /// True for handles, false for function references.
    pub handles: bool,
    /// Number of elements at the start, all null.
    pub min: u32,
    /// Number that it can grow to, if limited.
    pub max: Option<u32>,
}

/// Linear memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryDef {
    /// Pages at the start.
    pub min: u32,
    /// Pages that it can grow to, if limited.
    pub max: Option<u32>,
}

/// A global.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GlobalDef {
    /// Type.
    pub ty: ValType,
    /// False if the program never sets it.
    pub mutable: bool,
    /// Start value: the bits of its cell; 0 (null) for handles.
    pub init: u64,
}

/// Bytes for linear memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataSegment {
    /// Address that the bytes are copied to before anything runs; `None` for a passive segment.
    pub address: Option<u32>,
    /// Bytes.
    pub bytes: Vec<u8>,
}

/// Elements for a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ElemSegment {
    /// True for handles (which can only be null), false for function references.
    pub handles: bool,
    /// When the elements are copied.
    pub mode: ElemMode,
    /// Function references: 0 for null, else index + 1.
    pub items: Vec<u32>,
}

/// When the elements of a segment are copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ElemMode {
    /// By `table.init`.
    Passive,
    /// To a table before anything runs; the segment is empty then.
    Active {
        /// Index of the table.
        table: u32,
        /// Index of the first element.
        index: u32,
    },
    /// Never: the segment is empty from the start.
    Declared,
}

/// Numbers of fields of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShapeDef {
    /// Scalar fields.
    pub scalars: u16,
    /// Handle fields.
    pub handles: u16,
}

/// A thing that the host can reach by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Export {
    /// Name, unique in the cartridge.
    pub name: String,
    /// What it names.
    pub item: ExportItem,
}

/// What an export names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportItem {
    /// A function.
    Func(u32),
    /// A table.
    Table(u32),
    /// The linear memory.
    Memory,
    /// A global.
    Global(u32),
}

/// A named blob.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asset {
    /// Name, unique in the cartridge.
    pub name: String,
    /// Kind, as the author calls it (`image`, `sample`, `data`).
    pub kind: String,
    /// Bytes.
    pub bytes: Vec<u8>,
}

/// Debug information.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DebugInfo {
    /// Names of functions, by ascending index.
    pub functions: Vec<(u32, String)>,
    /// Names of globals, by ascending index.
    pub globals: Vec<(u32, String)>,
    /// Names of record shapes, by ascending index.
    pub shapes: Vec<(u32, String)>,
    /// Named places in linear memory, in the order of definition.
    pub symbols: Vec<DataSymbol>,
    /// Source files.
    pub files: Vec<String>,
    /// Source lines, by ascending function and offset.
    pub lines: Vec<LineEntry>,
}

impl DebugInfo {
    /// Name of a function.
    pub fn function_name(&self, index: u32) -> Option<&str> {
        lookup(&self.functions, index)
    }

    /// Name of a global.
    pub fn global_name(&self, index: u32) -> Option<&str> {
        lookup(&self.globals, index)
    }

    /// File and line (counted from 1) of the instruction at an offset in a function.
    pub fn line(&self, func: u32, offset: u32) -> Option<(&str, u32)> {
        let after = self.lines.partition_point(|l| (l.func, l.offset) <= (func, offset));
        let entry = self.lines[..after].last().filter(|l| l.func == func)?;
        Some((self.files.get(entry.file as usize)?, entry.line))
    }
}

fn lookup(names: &[(u32, String)], index: u32) -> Option<&str> {
    let at = names.binary_search_by_key(&index, |(i, _)| *i).ok()?;
    Some(&names[at].1)
}

/// A named place in linear memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataSymbol {
    /// Name.
    pub name: String,
    /// Address in bytes.
    pub address: u32,
    /// Length in bytes.
    pub len: u32,
    /// How its bytes read.
    pub ty: SymbolType,
}

/// How the bytes of a data symbol read: as an array of this type, little-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum SymbolType {
    Bytes,
    I8,
    I16,
    I32,
    I64,
    F32,
    F64,
    Text,
}

impl SymbolType {
    /// All types, in the order of their numbers in the encoding.
    pub const ALL: [SymbolType; 8] = [
        SymbolType::Bytes,
        SymbolType::I8,
        SymbolType::I16,
        SymbolType::I32,
        SymbolType::I64,
        SymbolType::F32,
        SymbolType::F64,
        SymbolType::Text,
    ];
}

/// The source line of an instruction and of those after it, up to the next entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineEntry {
    /// Index of the function.
    pub func: u32,
    /// Offset of the instruction in its code.
    pub offset: u32,
    /// Index of the file in [`DebugInfo::files`].
    pub file: u32,
    /// Line, counted from 1.
    pub line: u32,
}
