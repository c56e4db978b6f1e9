//! The `.cart` file: header, then sections by ascending number. The normative text is `spec/cartridge.md`.

use thiserror::Error;

use super::*;
use crate::codec::{DecodeError, DecodeErrorKind, Reader, Writer};
use crate::operand::MAX_REGISTERS;
use crate::types::ValType;

const MAGIC: &[u8; 4] = b"CART";
const VERSION: u16 = 1;
const HASH_BYTES: usize = 32;
const HEADER_BYTES: usize = MAGIC.len() + 2 + 2 + HASH_BYTES;

/// Bit of a section number that says: skip it if you do not know it.
const OPTIONAL: u8 = 0x80;
const MANIFEST: u8 = 1;
const TYPES: u8 = 2;
const IMPORTS: u8 = 3;
const FUNCTIONS: u8 = 4;
const TABLES: u8 = 5;
const MEMORY: u8 = 6;
const GLOBALS: u8 = 7;
const DATA: u8 = 8;
const ELEMS: u8 = 9;
const SHAPES: u8 = 10;
const EXPORTS: u8 = 11;
const ASSETS: u8 = 12;
const DEBUG: u8 = OPTIONAL | 64;
/// Comes last and is the only section that the content hash does not cover.
const SIGNATURE: u8 = OPTIONAL | 127;

const MAX_ITEMS: u32 = 1 << 20;
const MAX_NAME: u32 = 1 << 16;
const MAX_BLOB: u32 = 1 << 28;

/// Why bytes are not a cartridge.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CartridgeError {
    /// The file does not begin like a cartridge.
    #[error("not a Cartwheel cartridge: the file does not begin with \"CART\"")]
    NotACartridge,
    /// The file has another version of the format.
    #[error("cartridge format version {0}; this build reads version {VERSION}")]
    Version(u16),
    /// The content hash in the header is not that of the content.
    #[error("damaged cartridge: its content does not match its BLAKE3 hash")]
    Hash,
    /// A section that is required has a number that this version does not know.
    #[error("cartridge needs section {0}, which this build does not know")]
    UnknownSection(u8),
    /// A section comes twice, out of order, or is empty.
    #[error("section {0} is repeated, out of order or empty")]
    SectionOrder(u8),
    /// A section's bytes make no sense.
    #[error("section {section}: {source}")]
    Section {
        /// Number of the section; 0 for the header.
        section: u8,
        /// What is wrong; the offset counts from the start of the file.
        source: DecodeError,
    },
}

impl Cartridge {
    /// Reads a `.cart` file. Accepts exactly the bytes that [`Cartridge::to_bytes`] writes.
    ///
    /// # Errors
    ///
    /// Says what is wrong and where. Memory use is bounded by a constant times the length of `bytes`.
    pub fn from_bytes(bytes: &[u8]) -> Result<Cartridge, CartridgeError> {
        if bytes.get(..4) != Some(MAGIC.as_slice()) {
            return Err(CartridgeError::NotACartridge);
        }
        let mut input = Reader::at(bytes, 4);
        let header =
            |input: &Reader<'_>, kind| CartridgeError::Section { section: 0, source: input.error(kind) };
        let version = u16::from_le_bytes(input.array().map_err(|k| header(&input, k))?);
        if version != VERSION {
            return Err(CartridgeError::Version(version));
        }
        let reserved: [u8; 2] = input.array().map_err(|k| header(&input, k))?;
        if reserved != [0, 0] {
            return Err(header(&input, DecodeErrorKind::Tag(reserved[0].into())));
        }
        let hash: [u8; HASH_BYTES] = input.array().map_err(|k| header(&input, k))?;

        let mut cart = Cartridge::default();
        let mut last = 0;
        let mut hashed_end = bytes.len();
        let mut seen_manifest = false;
        while !input.is_empty() {
            let start = input.offset();
            let number = input.u8().map_err(|k| header(&input, k))?;
            let order = number & !OPTIONAL;
            if order <= last {
                return Err(CartridgeError::SectionOrder(number));
            }
            last = order;
            let in_section = |input: &Reader<'_>, kind| CartridgeError::Section {
                section: number,
                source: input.error(kind),
            };
            let len = input.count(MAX_BLOB).map_err(|k| in_section(&input, k))? as usize;
            if len == 0 {
                return Err(CartridgeError::SectionOrder(number));
            }
            let end = input.offset() + len;
            let mut body = Reader::at(&bytes[..end], input.offset());
            cart.read_section(number, &mut body).map_err(|e| match e {
                SectionError::Unknown => CartridgeError::UnknownSection(number),
                SectionError::Decode(kind) => in_section(&body, kind),
            })?;
            if !body.is_empty() {
                return Err(in_section(&body, DecodeErrorKind::TrailingBytes));
            }
            seen_manifest |= number == MANIFEST;
            if number == SIGNATURE {
                hashed_end = start;
            }
            input = Reader::at(bytes, end);
        }
        if !seen_manifest {
            return Err(CartridgeError::Section {
                section: MANIFEST,
                source: input.error(DecodeErrorKind::UnexpectedEnd),
            });
        }
        if blake3::hash(&bytes[HEADER_BYTES..hashed_end]) != blake3::Hash::from_bytes(hash) {
            return Err(CartridgeError::Hash);
        }
        Ok(cart)
    }

    /// The cartridge as a `.cart` file. Equal cartridges have equal bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let content = self.content();
        let mut out = Writer::new();
        out.bytes(MAGIC);
        out.bytes(&VERSION.to_le_bytes());
        out.bytes(&[0, 0]);
        out.bytes(blake3::hash(&content).as_bytes());
        out.bytes(&content);
        if let Some(signature) = &self.signature {
            section(&mut out, SIGNATURE, |out| out.bytes(signature));
        }
        out.into_bytes()
    }

    /// BLAKE3 of all sections except the signature: the identity of the cartridge.
    pub fn content_hash(&self) -> [u8; 32] {
        *blake3::hash(&self.content()).as_bytes()
    }

    fn content(&self) -> Vec<u8> {
        let mut out = Writer::new();
        section(&mut out, MANIFEST, |out| self.manifest.encode(out));
        list_section(&mut out, TYPES, &self.types);
        list_section(&mut out, IMPORTS, &self.imports);
        list_section(&mut out, FUNCTIONS, &self.functions);
        list_section(&mut out, TABLES, &self.tables);
        if let Some(memory) = &self.memory {
            section(&mut out, MEMORY, |out| memory.encode(out));
        }
        list_section(&mut out, GLOBALS, &self.globals);
        list_section(&mut out, DATA, &self.data);
        list_section(&mut out, ELEMS, &self.elems);
        list_section(&mut out, SHAPES, &self.shapes);
        list_section(&mut out, EXPORTS, &self.exports);
        list_section(&mut out, ASSETS, &self.assets);
        // Debug information has a number like any other; unknown sections go around it in order.
        let (before, after) = self.unknown.split_at(self.unknown.partition_point(|(n, _)| *n < DEBUG));
        let write_unknown = |out: &mut Writer, sections: &[(u8, Vec<u8>)]| {
            for (number, bytes) in sections {
                section(out, *number, |out| out.bytes(bytes));
            }
        };
        write_unknown(&mut out, before);
        if let Some(debug) = &self.debug {
            section(&mut out, DEBUG, |out| debug.encode(out));
        }
        write_unknown(&mut out, after);
        out.into_bytes()
    }

    fn read_section(&mut self, number: u8, input: &mut Reader<'_>) -> Result<(), SectionError> {
        match number {
            MANIFEST => self.manifest = Manifest::decode(input)?,
            TYPES => self.types = decode_section(input)?,
            IMPORTS => self.imports = decode_section(input)?,
            FUNCTIONS => self.functions = decode_section(input)?,
            TABLES => self.tables = decode_section(input)?,
            MEMORY => self.memory = Some(MemoryDef::decode(input)?),
            GLOBALS => self.globals = decode_section(input)?,
            DATA => self.data = decode_section(input)?,
            ELEMS => self.elems = decode_section(input)?,
            SHAPES => self.shapes = decode_section(input)?,
            EXPORTS => {
                self.exports = decode_section(input)?;
                unique(self.exports.iter().map(|e| e.name.as_str()))?;
            }
            ASSETS => {
                self.assets = decode_section(input)?;
                ascending(self.assets.iter().map(|a| &a.name))?;
            }
            DEBUG => self.debug = Some(DebugInfo::decode(input)?),
            SIGNATURE => self.signature = Some(input.bytes(input.remaining())?.to_vec()),
            // Numbers up to the last known required section stay ours: an optional one among them is an error.
            n if n & OPTIONAL != 0 && n > OPTIONAL | ASSETS => {
                self.unknown.push((n, input.bytes(input.remaining())?.to_vec()));
            }
            _ => return Err(SectionError::Unknown),
        }
        Ok(())
    }
}

enum SectionError {
    Unknown,
    Decode(DecodeErrorKind),
}

impl From<DecodeErrorKind> for SectionError {
    fn from(kind: DecodeErrorKind) -> Self {
        SectionError::Decode(kind)
    }
}

fn section(out: &mut Writer, number: u8, write: impl FnOnce(&mut Writer)) {
    let mut body = Writer::new();
    write(&mut body);
    out.u8(number);
    out.u32(body.len() as u32);
    out.bytes(&body.into_bytes());
}

fn list_section<T: Item>(out: &mut Writer, number: u8, items: &[T]) {
    if !items.is_empty() {
        section(out, number, |out| encode_list(out, items));
    }
}

/// A list that makes up a whole section and is left out when empty.
fn decode_section<T: Item>(input: &mut Reader<'_>) -> Result<Vec<T>, DecodeErrorKind> {
    let items = decode_list(input)?;
    if items.is_empty() { Err(DecodeErrorKind::Count(0)) } else { Ok(items) }
}

fn encode_list<T: Item>(out: &mut Writer, items: &[T]) {
    out.u32(items.len() as u32);
    for item in items {
        item.encode(out);
    }
}

fn decode_list<T: Item>(input: &mut Reader<'_>) -> Result<Vec<T>, DecodeErrorKind> {
    let len = input.count(MAX_ITEMS)?;
    (0..len).map(|_| T::decode(input)).collect()
}

fn ascending<T: Ord>(items: impl Iterator<Item = T>) -> Result<(), DecodeErrorKind> {
    if items.is_sorted_by(|a, b| a < b) { Ok(()) } else { Err(DecodeErrorKind::Order) }
}

fn unique<T: Ord>(items: impl Iterator<Item = T>) -> Result<(), DecodeErrorKind> {
    let mut sorted: Vec<T> = items.collect();
    sorted.sort_unstable();
    ascending(sorted.into_iter())
}

/// A part that can be written and read back.
trait Item: Sized {
    fn encode(&self, out: &mut Writer);
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeErrorKind>;
}

fn encode_flag(out: &mut Writer, flag: bool) {
    out.u8(flag.into());
}

fn decode_flag(input: &mut Reader<'_>) -> Result<bool, DecodeErrorKind> {
    match input.u8()? {
        0 => Ok(false),
        1 => Ok(true),
        tag => Err(DecodeErrorKind::Tag(tag.into())),
    }
}

fn encode_option(out: &mut Writer, value: Option<u32>) {
    encode_flag(out, value.is_some());
    if let Some(value) = value {
        out.u32(value);
    }
}

fn decode_option(input: &mut Reader<'_>) -> Result<Option<u32>, DecodeErrorKind> {
    Ok(if decode_flag(input)? { Some(input.u32()?) } else { None })
}

fn encode_blob(out: &mut Writer, bytes: &[u8]) {
    out.u32(bytes.len() as u32);
    out.bytes(bytes);
}

fn decode_blob(input: &mut Reader<'_>) -> Result<Vec<u8>, DecodeErrorKind> {
    let len = input.count(MAX_BLOB)?;
    Ok(input.bytes(len as usize)?.to_vec())
}

impl Item for u32 {
    fn encode(&self, out: &mut Writer) {
        out.u32(*self);
    }
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeErrorKind> {
        input.u32()
    }
}

impl Item for String {
    fn encode(&self, out: &mut Writer) {
        out.string(self);
    }
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeErrorKind> {
        input.string(MAX_NAME)
    }
}

impl Item for (u32, String) {
    fn encode(&self, out: &mut Writer) {
        out.u32(self.0);
        out.string(&self.1);
    }
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeErrorKind> {
        Ok((input.u32()?, input.string(MAX_NAME)?))
    }
}

impl Item for Signature {
    fn encode(&self, out: &mut Writer) {
        Signature::encode(self, out);
    }
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeErrorKind> {
        Signature::decode(input)
    }
}

impl Item for Manifest {
    fn encode(&self, out: &mut Writer) {
        out.string(&self.title);
        out.string(&self.author);
        out.string(&self.version);
        encode_list(out, &self.entry.starts);
        match self.entry.body {
            EntryBody::Library => out.u8(0),
            EntryBody::Main(func) => {
                out.u8(1);
                out.u32(func);
            }
            EntryBody::Update(func) => {
                out.u8(2);
                out.u32(func);
            }
        }
        encode_flag(out, self.video.is_some());
        if let Some(video) = self.video {
            out.u32(video.width.into());
            out.u32(video.height.into());
        }
        out.u64(self.cycles_per_frame);
        encode_list(out, &self.capabilities);
    }

    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeErrorKind> {
        let title = String::decode(input)?;
        let author = String::decode(input)?;
        let version = String::decode(input)?;
        let starts = decode_list(input)?;
        let body = match input.u8()? {
            0 => EntryBody::Library,
            1 => EntryBody::Main(input.u32()?),
            2 => EntryBody::Update(input.u32()?),
            tag => return Err(DecodeErrorKind::Tag(tag.into())),
        };
        let video = if decode_flag(input)? { Some(VideoMode::decode(input)?) } else { None };
        let cycles_per_frame = input.u64()?;
        if cycles_per_frame == 0 {
            return Err(DecodeErrorKind::Immediate);
        }
        let capabilities: Vec<String> = decode_list(input)?;
        ascending(capabilities.iter())?;
        Ok(Manifest {
            title,
            author,
            version,
            entry: Entry { starts, body },
            video,
            cycles_per_frame,
            capabilities,
        })
    }
}

impl VideoMode {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeErrorKind> {
        let side = |input: &mut Reader<'_>, max: u16| match input.u32()? {
            n if n >= 1 && n <= max.into() => Ok(n as u16),
            _ => Err(DecodeErrorKind::Immediate),
        };
        Ok(VideoMode { width: side(input, MAX_VIDEO_WIDTH)?, height: side(input, MAX_VIDEO_HEIGHT)? })
    }
}

impl Item for Import {
    fn encode(&self, out: &mut Writer) {
        out.string(&self.id);
        out.u32(self.sig);
    }
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeErrorKind> {
        Ok(Import { id: String::decode(input)?, sig: input.u32()? })
    }
}

impl Item for Function {
    fn encode(&self, out: &mut Writer) {
        out.u32(self.sig);
        out.u32(self.scalars.into());
        out.u32(self.handles.into());
        out.u32(self.labels.len() as u32);
        let mut last = 0;
        for &label in &self.labels {
            out.u32(label - last);
            last = label;
        }
        encode_blob(out, &self.code);
    }

    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeErrorKind> {
        let sig = input.u32()?;
        let registers = |input: &mut Reader<'_>| match input.u32()? {
            n if n <= MAX_REGISTERS => Ok(n as u16),
            _ => Err(DecodeErrorKind::Register),
        };
        let scalars = registers(input)?;
        let handles = registers(input)?;
        let len = input.count(MAX_ITEMS)?;
        let mut labels = Vec::with_capacity(len as usize);
        let mut last = 0u32;
        for i in 0..len {
            let delta = input.u32()?;
            if delta == 0 && i > 0 {
                return Err(DecodeErrorKind::Order);
            }
            last = last.checked_add(delta).ok_or(DecodeErrorKind::Integer)?;
            labels.push(last);
        }
        Ok(Function { sig, scalars, handles, labels, code: decode_blob(input)? })
    }
}

impl Item for TableDef {
    fn encode(&self, out: &mut Writer) {
        encode_flag(out, self.handles);
        out.u32(self.min);
        encode_option(out, self.max);
    }
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeErrorKind> {
        Ok(TableDef { handles: decode_flag(input)?, min: input.u32()?, max: decode_option(input)? })
    }
}

impl Item for MemoryDef {
    fn encode(&self, out: &mut Writer) {
        out.u32(self.min);
        encode_option(out, self.max);
    }
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeErrorKind> {
        Ok(MemoryDef { min: input.u32()?, max: decode_option(input)? })
    }
}

impl Item for GlobalDef {
    fn encode(&self, out: &mut Writer) {
        self.ty.encode(out);
        encode_flag(out, self.mutable);
        out.u64(self.init);
    }
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeErrorKind> {
        Ok(GlobalDef { ty: ValType::decode(input)?, mutable: decode_flag(input)?, init: input.u64()? })
    }
}

impl Item for DataSegment {
    fn encode(&self, out: &mut Writer) {
        encode_option(out, self.address);
        encode_blob(out, &self.bytes);
    }
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeErrorKind> {
        Ok(DataSegment { address: decode_option(input)?, bytes: decode_blob(input)? })
    }
}

impl Item for ElemSegment {
    fn encode(&self, out: &mut Writer) {
        encode_flag(out, self.handles);
        match self.mode {
            ElemMode::Passive => out.u8(0),
            ElemMode::Active { table, index } => {
                out.u8(1);
                out.u32(table);
                out.u32(index);
            }
            ElemMode::Declared => out.u8(2),
        }
        encode_list(out, &self.items);
    }
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeErrorKind> {
        let handles = decode_flag(input)?;
        let mode = match input.u8()? {
            0 => ElemMode::Passive,
            1 => ElemMode::Active { table: input.u32()?, index: input.u32()? },
            2 => ElemMode::Declared,
            tag => return Err(DecodeErrorKind::Tag(tag.into())),
        };
        Ok(ElemSegment { handles, mode, items: decode_list(input)? })
    }
}

impl Item for ShapeDef {
    fn encode(&self, out: &mut Writer) {
        out.u32(self.scalars.into());
        out.u32(self.handles.into());
    }
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeErrorKind> {
        let count =
            |input: &mut Reader<'_>| u16::try_from(input.u32()?).map_err(|_| DecodeErrorKind::Immediate);
        Ok(ShapeDef { scalars: count(input)?, handles: count(input)? })
    }
}

impl Item for Export {
    fn encode(&self, out: &mut Writer) {
        out.string(&self.name);
        let (tag, index) = match self.item {
            ExportItem::Func(index) => (0, index),
            ExportItem::Table(index) => (1, index),
            ExportItem::Memory => (2, 0),
            ExportItem::Global(index) => (3, index),
        };
        out.u8(tag);
        out.u32(index);
    }
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeErrorKind> {
        let name = String::decode(input)?;
        let item = match (input.u8()?, input.u32()?) {
            (0, index) => ExportItem::Func(index),
            (1, index) => ExportItem::Table(index),
            (2, 0) => ExportItem::Memory,
            (3, index) => ExportItem::Global(index),
            (tag, _) => return Err(DecodeErrorKind::Tag(tag.into())),
        };
        Ok(Export { name, item })
    }
}

impl Item for Asset {
    fn encode(&self, out: &mut Writer) {
        out.string(&self.name);
        out.string(&self.kind);
        encode_blob(out, &self.bytes);
    }
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeErrorKind> {
        Ok(Asset { name: String::decode(input)?, kind: String::decode(input)?, bytes: decode_blob(input)? })
    }
}

impl Item for DataSymbol {
    fn encode(&self, out: &mut Writer) {
        out.string(&self.name);
        out.u32(self.address);
        out.u32(self.len);
        out.u8(SymbolType::ALL.iter().position(|&ty| ty == self.ty).expect("ALL is complete") as u8);
    }
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeErrorKind> {
        let (name, address, len, tag) = (String::decode(input)?, input.u32()?, input.u32()?, input.u8()?);
        let ty = *SymbolType::ALL.get(usize::from(tag)).ok_or(DecodeErrorKind::Tag(tag.into()))?;
        Ok(DataSymbol { name, address, len, ty })
    }
}

impl Item for LineEntry {
    fn encode(&self, out: &mut Writer) {
        for field in [self.func, self.offset, self.file, self.line] {
            out.u32(field);
        }
    }
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeErrorKind> {
        Ok(LineEntry { func: input.u32()?, offset: input.u32()?, file: input.u32()?, line: input.u32()? })
    }
}

impl Item for DebugInfo {
    fn encode(&self, out: &mut Writer) {
        encode_list(out, &self.functions);
        encode_list(out, &self.globals);
        encode_list(out, &self.shapes);
        encode_list(out, &self.symbols);
        encode_list(out, &self.files);
        encode_list(out, &self.lines);
    }
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeErrorKind> {
        let debug = DebugInfo {
            functions: decode_list(input)?,
            globals: decode_list(input)?,
            shapes: decode_list(input)?,
            symbols: decode_list(input)?,
            files: decode_list(input)?,
            lines: decode_list(input)?,
        };
        for names in [&debug.functions, &debug.globals, &debug.shapes] {
            ascending(names.iter().map(|(index, _)| index))?;
        }
        ascending(debug.lines.iter().map(|l| (l.func, l.offset)))?;
        Ok(debug)
    }
}
