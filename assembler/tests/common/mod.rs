//! Random cartridges that the format accepts and whose code makes sense, made by operand kind.

use std::collections::{BTreeMap, BTreeSet};

use cartwheel_bytecode::cartridge::*;
use cartwheel_bytecode::codec::Writer;
use cartwheel_bytecode::operand::*;
use cartwheel_bytecode::{Bank, Cartridge, Flow, Instr, Op, OpInfo, Signature, TABLE, TrapCode, ValType};

/// Random choices from a seed.
pub struct Gen {
    state: u64,
    /// Roughly how many things of each kind are made.
    size: usize,
}

impl Gen {
    pub fn new(seed: u64, size: usize) -> Self {
        Gen { state: seed, size: size.max(1) }
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }

    fn chance(&mut self, one_in: usize) -> bool {
        self.below(one_in) == 0
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> Option<T> {
        if from.is_empty() { None } else { Some(from[self.below(from.len())]) }
    }

    fn list<T>(&mut self, mut make: impl FnMut(&mut Self) -> T) -> Vec<T> {
        let len = self.below(self.size + 1);
        (0..len).map(|_| make(self)).collect()
    }

    fn option<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.chance(2) { Some(make(self)) } else { None }
    }

    fn bytes(&mut self) -> Vec<u8> {
        let text = self.chance(3);
        let len = self.below(70);
        (0..len).map(|_| if text { b' ' + self.below(95) as u8 } else { self.next() as u8 }).collect()
    }

    fn filled(&mut self) -> Vec<u8> {
        let mut bytes = self.bytes();
        bytes.push(self.next() as u8);
        bytes
    }

    /// Names as people choose them, keywords, and anything else that is UTF-8.
    pub fn string(&mut self) -> String {
        const NAMES: &[&str] = &[
            "",
            "_",
            "update",
            "start",
            "r0",
            "h1",
            "null",
            "const",
            "type",
            "passive",
            "at",
            "declared",
            "handle",
            "func",
            "func0",
            "global0",
            "type0",
            "a.b",
            "a.",
            ".a",
            "x@1",
            "gfx.rect",
            "i32.add",
            "loop",
            "nan",
            "cell",
            "L0",
            "data_end",
            "sizeof",
            "hex",
            "file",
            "memory",
            "main",
            "library",
            "i32",
            "scalar",
            "\u{feff}x",
            "a b",
            "`",
            "\"",
            "\\",
            "'",
            ";",
            "\n",
            "\r\n",
            "\0",
            "\u{7f}",
            "größe",
            "ボール",
            "\u{2028}",
            "\u{10ffff}",
            "}",
            "$x",
        ];
        let simple = self.pick(NAMES).unwrap_or("");
        match self.below(4) {
            0 => (0..self.below(6)).filter_map(|_| char::from_u32(self.next() as u32 % 0x11_0000)).collect(),
            1 => format!("{simple}{}", self.pick(NAMES).unwrap_or("")),
            _ => simple.to_owned(),
        }
    }

    fn bits(&mut self) -> u64 {
        const SPECIAL: &[u64] = &[
            0,
            1,
            2,
            10,
            127,
            128,
            0x7fff_ffff,
            0x8000_0000,
            0xffff_ffff,
            0x7f80_0000,
            0xff80_0000,
            0x7fc0_0000,
            0xffc0_0000,
            0x7f80_0001,
            0x7fff_ffff_ffff_ffff,
            1 << 63,
            u64::MAX,
            0x7ff0_0000_0000_0000,
            0xfff0_0000_0000_0000,
            0x7ff8_0000_0000_0000,
            0xfff8_0000_0000_0000,
            0x7ff0_0000_0000_0001,
            0x3ff0_0000_0000_0000,
            0x3f80_0000,
            0x0000_0001,
        ];
        if self.chance(2) { self.next() >> self.below(64) } else { self.pick(SPECIAL).unwrap_or(0) }
    }

    fn cell(&mut self, scalar: Scalar) -> u64 {
        let bits = self.bits();
        match scalar {
            Scalar::I32 | Scalar::F32 => bits & 0xffff_ffff,
            Scalar::I64 | Scalar::F64 => bits,
        }
    }

    fn value_type(&mut self) -> ValType {
        self.pick(&ValType::ALL).unwrap_or(ValType::I32)
    }

    fn signature(&mut self) -> Signature {
        let params = (0..self.below(5)).map(|_| self.value_type()).collect();
        let results = (0..self.below(4)).map(|_| self.value_type()).collect();
        Signature { params, results }
    }
}

fn value_cell(g: &mut Gen, ty: ValType) -> u64 {
    match ty {
        ValType::I32 | ValType::Func => g.cell(Scalar::I32),
        ValType::F32 => g.cell(Scalar::F32),
        ValType::I64 | ValType::F64 => g.bits(),
        ValType::Handle => 0,
    }
}

/// A cartridge that the verifier would accept.
pub fn cartridge(g: &mut Gen) -> Cartridge {
    let mut cart = Cartridge { types: g.list(Gen::signature), ..Cartridge::default() };
    let unit = g.below(cart.types.len() + 1);
    cart.types.insert(unit, Signature::default());
    cart.memory = if g.chance(4) {
        None
    } else {
        let min = g.below(3) as u32;
        Some(MemoryDef { min, max: g.option(|g| min + g.below(9) as u32) })
    };
    cart.tables = g.list(|g| {
        let min = g.below(20) as u32;
        TableDef { handles: g.chance(2), min, max: g.option(|g| min + g.below(9) as u32) }
    });
    let functions = 1 + g.below(g.size);
    cart.globals = g.list(|g| {
        let ty = g.value_type();
        let init = if ty == ValType::Func { g.below(functions + 1) as u64 } else { value_cell(g, ty) };
        GlobalDef { ty, mutable: g.chance(2), init }
    });
    let placed = cart.memory.is_some();
    cart.data = g.list(|g| DataSegment {
        address: g.option(|g| g.next() as u32).filter(|_| placed),
        bytes: g.bytes(),
    });
    let tables = cart.tables.clone();
    cart.elems = g.list(|g| elem(g, &tables, functions));
    cart.shapes = g.list(|g| ShapeDef { scalars: g.below(4) as u16, handles: g.below(4) as u16 });
    let types = cart.types.len();
    cart.imports =
        g.list(|g| cartwheel_bytecode::cartridge::Import { id: import_id(g), sig: g.below(types) as u32 });
    manifest(g, &mut cart);
    cart.functions = (0..functions)
        .map(|i| Function { sig: if i == 0 { unit } else { g.below(types) } as u32, ..Default::default() })
        .collect();
    for index in 0..functions {
        cart.functions[index] = function(g, &cart, index);
    }
    exports(g, &mut cart);
    let assets: BTreeMap<String, (String, Vec<u8>)> =
        g.list(|g| (g.string(), (g.string(), g.bytes()))).into_iter().collect();
    cart.assets = assets.into_iter().map(|(name, (kind, bytes))| Asset { name, kind, bytes }).collect();
    let unknown: BTreeMap<u8, Vec<u8>> =
        g.list(|g| (141 + g.below(114) as u8, g.filled())).into_iter().filter(|(n, _)| *n != 192).collect();
    cart.unknown = unknown.into_iter().collect();
    cart.signature = g.option(Gen::filled);
    cart.debug = if g.chance(4) { None } else { Some(debug(g, &cart)) };
    cart
}

fn import_id(g: &mut Gen) -> String {
    const IDS: &[&str] =
        &["gfx.rect@1", "gfx.clear@1", "log.write@1", "gfx.rect", "gfx.rect.v1", "my.call@7", "a.b@01"];
    if g.chance(3) { g.string() } else { g.pick(IDS).unwrap_or("").to_owned() }
}

fn elem(g: &mut Gen, tables: &[TableDef], functions: usize) -> ElemSegment {
    let mut handles = g.chance(3);
    let mode = match (g.below(3), tables.len()) {
        (0, 1..) => {
            let table = g.below(tables.len());
            handles = tables[table].handles;
            ElemMode::Active { table: table as u32, index: g.below(5) as u32 }
        }
        (1, _) => ElemMode::Declared,
        _ => ElemMode::Passive,
    };
    let items = g.list(|g| if handles { 0 } else { g.below(functions + 1) as u32 });
    ElemSegment { handles, mode, items }
}

fn manifest(g: &mut Gen, cart: &mut Cartridge) {
    let capabilities: BTreeSet<String> =
        g.list(|g| if g.chance(2) { "gfx".to_owned() } else { g.string() }).into_iter().collect();
    cart.manifest = Manifest {
        title: g.string(),
        author: g.string(),
        version: g.string(),
        // Function 0 has no parameters.
        entry: Entry {
            starts: g.list(|_| 0),
            body: match g.below(3) {
                0 => EntryBody::Library,
                1 => EntryBody::Main(0),
                _ => EntryBody::Update(0),
            },
        },
        video: g.option(|g| VideoMode { width: 1 + g.below(640) as u16, height: 1 + g.below(360) as u16 }),
        cycles_per_frame: g.bits().max(1),
        capabilities: capabilities.into_iter().collect(),
    };
}

fn exports(g: &mut Gen, cart: &mut Cartridge) {
    let mut seen = BTreeSet::new();
    for _ in 0..g.below(g.size + 1) {
        let item = match g.below(4) {
            0 if !cart.tables.is_empty() => ExportItem::Table(g.below(cart.tables.len()) as u32),
            1 if !cart.globals.is_empty() => ExportItem::Global(g.below(cart.globals.len()) as u32),
            2 if cart.memory.is_some() => ExportItem::Memory,
            _ => ExportItem::Func(g.below(cart.functions.len()) as u32),
        };
        let name = g.string();
        if seen.insert(name.clone()) {
            cart.exports.push(Export { name, item });
        }
    }
}

/// Debug information need not agree with anything.
fn debug(g: &mut Gen, cart: &Cartridge) -> DebugInfo {
    let names = |g: &mut Gen| -> Vec<(u32, String)> {
        let map: BTreeMap<u32, String> =
            g.list(|g| (g.below(g.size * 2) as u32, g.string())).into_iter().collect();
        map.into_iter().collect()
    };
    let symbol = |g: &mut Gen| DataSymbol {
        name: g.string(),
        address: g.next() as u32,
        len: g.next() as u32,
        ty: g.pick(&SymbolType::ALL).unwrap_or(SymbolType::I8),
    };
    let places: BTreeMap<(u32, u32), (u32, u32)> = g
        .list(|g| {
            let func = g.below(cart.functions.len() + 1) as u32;
            let code = cart.functions.get(func as usize).map_or(9, |f| f.code.len());
            ((func, g.below(code + 2) as u32), (g.below(4) as u32, g.below(99) as u32))
        })
        .into_iter()
        .collect();
    DebugInfo {
        functions: names(g),
        globals: names(g),
        shapes: names(g),
        symbols: g.list(symbol),
        files: g.list(Gen::string),
        lines: places
            .into_iter()
            .map(|((func, offset), (file, line))| LineEntry { func, offset, file, line })
            .collect(),
    }
}

// ---- code ----

struct Body<'a> {
    g: &'a mut Gen,
    cart: &'a Cartridge,
    scalars: u16,
    handles: u16,
    /// Position of each label, and whether a `loop` stands there.
    labels: Vec<(usize, bool)>,
    at: usize,
}

fn function(g: &mut Gen, cart: &Cartridge, index: usize) -> Function {
    let sig = cart.functions[index].sig;
    let signature = &cart.types[sig as usize];
    let extra = |g: &mut Gen| if g.chance(3) { 0 } else { 1 + g.below(200) };
    let scalars = (signature.param_count(Bank::Scalar) + extra(g)) as u16;
    let handles = (signature.param_count(Bank::Handle) + extra(g)) as u16;
    let count = 1 + g.below(g.size * 6);
    let positions: BTreeSet<usize> = (0..g.below(count + 1)).map(|_| g.below(count)).collect();
    let labels: Vec<(usize, bool)> =
        positions.into_iter().map(|at| (at, at + 1 < count && g.chance(2))).collect();
    let mut body = Body { g, cart, scalars, handles, labels: labels.clone(), at: 0 };
    let mut out = Writer::new();
    let mut offsets = Vec::new();
    for at in 0..count {
        body.at = at;
        let label = labels.iter().find(|(p, _)| *p == at);
        if label.is_some() {
            offsets.push(out.len() as u32);
        }
        let instr = match label {
            Some((_, true)) => Instr::Loop {},
            _ if at + 1 == count => body.last(signature),
            _ => body.instr(signature),
        };
        instr.encode(&mut out);
    }
    Function { sig, scalars, handles, labels: offsets, code: out.into_bytes() }
}

impl Body<'_> {
    fn instr(&mut self, own: &Signature) -> Instr {
        loop {
            let info = &TABLE[self.g.below(TABLE.len())];
            if let Some(instr) = self.make(info, own) {
                return instr;
            }
        }
    }

    /// An instruction that nothing follows.
    fn last(&mut self, own: &Signature) -> Instr {
        loop {
            let info = &TABLE[self.g.below(TABLE.len())];
            let ends = matches!(info.flow, Flow::Jump | Flow::Switch | Flow::Return | Flow::Stop);
            if let Some(instr) = ends.then(|| self.make(info, own)).flatten() {
                return instr;
            }
        }
    }

    fn make(&mut self, info: &OpInfo, own: &Signature) -> Option<Instr> {
        let memory = matches!(info.op, Op::MemorySize | Op::MemoryGrow)
            || (info.op != Op::BytesData && info.traps.contains(&TrapCode::MemoryOutOfBounds));
        if memory && self.cart.memory.is_none() {
            return None;
        }
        let mut signature = (info.flow == Flow::Return)
            .then(|| Signature { params: own.results.clone(), results: Vec::new() });
        let mut shape = None;
        let mut kinds = Vec::new();
        let mut operands = Vec::new();
        for operand in info.operands {
            let made = match operand.kind {
                Kind::Index(space) => {
                    let index = self.index(info, space, &mut kinds)?;
                    match space {
                        Space::Func => {
                            let sig = self.cart.functions[index as usize].sig;
                            signature = Some(self.cart.types[sig as usize].clone());
                        }
                        Space::Import => {
                            let sig = self.cart.imports[index as usize].sig;
                            signature = Some(self.cart.types[sig as usize].clone());
                        }
                        Space::Sig => signature = Some(self.cart.types[index as usize].clone()),
                        Space::Shape => shape = Some(self.cart.shapes[index as usize]),
                        _ => {}
                    }
                    Operand::Index(space, index)
                }
                Kind::Field => Operand::Field(self.field(shape?.scalars)?),
                Kind::HField => Operand::HField(self.field(shape?.handles)?),
                Kind::Args => Operand::Args(self.args(&signature.as_ref()?.params.clone())?),
                Kind::Dsts => Operand::Dsts(self.dsts(&signature.as_ref()?.results.clone())?),
                kind => self.simple(kind)?,
            };
            operands.push(made);
        }
        Instr::from_operands(info.op, &operands)
    }

    fn scalar(&mut self) -> Option<u16> {
        (self.scalars > 0).then(|| self.g.below(self.scalars.into()) as u16)
    }

    fn handle(&mut self) -> Option<u16> {
        (self.handles > 0).then(|| self.g.below(self.handles.into()) as u16)
    }

    fn field(&mut self, count: u16) -> Option<u16> {
        (count > 0).then(|| self.g.below(count.into()) as u16)
    }

    fn simple(&mut self, kind: Kind) -> Option<Operand> {
        Some(match kind {
            Kind::Dst => Operand::Dst(self.scalar()?),
            Kind::HDst => Operand::HDst(self.handle()?),
            Kind::H => Operand::H(if self.g.chance(3) { None } else { self.handle() }),
            Kind::Src(scalar) => {
                let register = if self.g.chance(2) { self.scalar() } else { None };
                let imm = CellSrc::Imm(self.g.cell(scalar));
                Operand::Src(scalar, register.map_or(imm, CellSrc::Reg))
            }
            Kind::Imm(scalar) => Operand::Imm(scalar, self.g.cell(scalar)),
            Kind::Offset => Operand::Offset(if self.g.chance(2) { 0 } else { self.g.bits() as u32 }),
            Kind::Label => Operand::Label(self.label()?),
            Kind::Labels => {
                let count = 1 + self.g.below(6);
                Operand::Labels((0..count).map(|_| self.label()).collect::<Option<_>>()?)
            }
            _ => return None,
        })
    }

    /// A label further on, or one at a `loop`.
    fn label(&mut self) -> Option<u32> {
        let at = self.at;
        let good: Vec<u32> = (0..self.labels.len())
            .filter(|&i| self.labels[i].0 > at || self.labels[i].1)
            .map(|i| i as u32)
            .collect();
        self.g.pick(&good)
    }

    fn index(&mut self, info: &OpInfo, space: Space, kinds: &mut Vec<bool>) -> Option<u32> {
        let uses_handles = info.operands.iter().any(|o| matches!(o.kind, Kind::H | Kind::HDst));
        let cart = self.cart;
        let fits = |i: u32| match space {
            Space::Global => {
                let global = cart.globals[i as usize];
                let writes = matches!(info.op, Op::GlobalSet | Op::GlobalSetH);
                (global.ty.bank() == Bank::Handle) == uses_handles && (global.mutable || !writes)
            }
            Space::Table if matches!(info.op, Op::TableSize | Op::TableCopy | Op::TableInit) => {
                kinds.is_empty() || kinds[0] == cart.tables[i as usize].handles
            }
            Space::Table => cart.tables[i as usize].handles == uses_handles,
            Space::Elem => kinds.is_empty() || kinds[0] == cart.elems[i as usize].handles,
            _ => true,
        };
        let good: Vec<u32> = (0..cart.space_len(space) as u32).filter(|i| fits(*i)).collect();
        let index = self.g.pick(&good)?;
        if space == Space::Table {
            kinds.push(cart.tables[index as usize].handles);
        }
        Some(index)
    }

    fn args(&mut self, types: &[ValType]) -> Option<Args> {
        types
            .iter()
            .map(|ty| match ty.bank() {
                Bank::Handle => {
                    Some(if self.g.chance(2) { None } else { self.handle() }.map_or(Arg::Null, Arg::HReg))
                }
                Bank::Scalar => {
                    let register = if self.g.chance(2) { self.scalar() } else { None };
                    Some(register.map_or_else(|| Arg::Imm(value_cell(self.g, *ty)), Arg::Reg))
                }
            })
            .collect()
    }

    fn dsts(&mut self, types: &[ValType]) -> Option<Dsts> {
        types
            .iter()
            .map(|ty| match ty.bank() {
                Bank::Handle => self.handle().map(AnyDst::HReg),
                Bank::Scalar => self.scalar().map(AnyDst::Reg),
            })
            .collect()
    }
}
