//! What the imports of a module stand for.

use cartwheel_bytecode::cartridge::{self, Cartridge, Function, MemoryDef, TableDef};
use cartwheel_bytecode::codec::Writer;
use cartwheel_bytecode::operand::{AnyDst, Arg, Args, CellSrc, Dsts, Func, Import, Kind, Operand, Scalar};
use cartwheel_bytecode::{Bank, Instr, Op, Signature, ValType};

use super::error::Error;
use super::profile::Profile;
use crate::catalogue::Catalogue;
use crate::suggest::did_you_mean;

/// Modules whose functions are instructions.
const INSTRUCTION_MODULES: [&str; 3] = ["frame", "input", "rng"];

/// What an imported function really is.
#[derive(Clone, Debug)]
pub enum ImportedFunction {
    /// A syscall, with zeros behind its arguments.
    Syscall { import: u32, zeros: usize },
    /// A syscall whose results are stored as the fields of a C structure, at an address that is the first parameter: what
    /// compilers of C make of a function that returns a structure. It is called as a function of its own.
    Stored { import: u32, results: Vec<ValType> },
    /// An instruction.
    Instruction(Op),
}

impl ImportedFunction {
    /// The instruction that calls it as the function with this index.
    pub fn instr(&self, func: u32, args: &mut Args, results: Dsts) -> Instr {
        match *self {
            ImportedFunction::Syscall { import, zeros } => {
                args.extend(std::iter::repeat_n(Arg::Imm(0), zeros));
                Instr::Syscall { import: Import(import), args: std::mem::take(args), results }
            }
            ImportedFunction::Stored { .. } => {
                Instr::Call { func: Func(func), args: std::mem::take(args), results }
            }
            ImportedFunction::Instruction(op) => {
                let (mut args, mut results) = (args.iter(), results.iter());
                let operand = |kind: &Kind| match *kind {
                    Kind::Src(scalar) => {
                        Operand::Src(scalar, source(args.next().expect("its type was checked")))
                    }
                    _ => Operand::Dst(destination(results.next().expect("its type was checked"))),
                };
                let operands: Vec<Operand> =
                    op.info().operands.iter().map(|info| &info.kind).map(operand).collect();
                Instr::from_operands(op, &operands).expect("the operands are of the table's kinds")
            }
        }
    }

    /// A function that does nothing else, for references to an imported function.
    pub fn thunk(&self, sig: u32, ty: &Signature) -> Function {
        if let ImportedFunction::Stored { import, results } = self {
            return storing_thunk(*import, results, sig, ty);
        }
        let mut next = [0u16; 2];
        let mut register = |ty: &ValType| {
            let bank = ty.bank();
            let register = next[bank as usize];
            next[bank as usize] += 1;
            (bank, register)
        };
        let mut args: Args = ty.params.iter().map(|ty| argument(register(ty))).collect();
        let places: Vec<(Bank, u16)> = ty.results.iter().map(&mut register).collect();
        let results = places.iter().map(|&(bank, register)| match bank {
            Bank::Scalar => AnyDst::Reg(register),
            Bank::Handle => AnyDst::HReg(register),
        });
        let mut code = Writer::new();
        self.instr(0, &mut args, results.collect()).encode(&mut code);
        Instr::Return { values: places.into_iter().map(argument).collect() }.encode(&mut code);
        let [scalars, handles] = next;
        Function { sig, scalars, handles, labels: Vec::new(), code: code.into_bytes() }
    }
}

/// The function of [`ImportedFunction::Stored`]. Fields lie as C has them: each at a multiple of its size.
fn storing_thunk(import: u32, results: &[ValType], sig: u32, ty: &Signature) -> Function {
    const ADDRESS: u16 = 0;
    let params = ty.params.len() as u16;
    let fields = (params..).zip(results);
    let syscall = Instr::Syscall {
        import: Import(import),
        args: (ADDRESS + 1..params).map(Arg::Reg).collect(),
        results: fields.clone().map(|(register, _)| AnyDst::Reg(register)).collect(),
    };
    let mut code = Writer::new();
    syscall.encode(&mut code);
    let mut offset = 0u32;
    for (register, ty) in fields {
        let (op, scalar, size) = match ty {
            ValType::I64 => (Op::I64Store, Scalar::I64, 8),
            ValType::F32 => (Op::F32Store, Scalar::F32, 4),
            ValType::F64 => (Op::F64Store, Scalar::F64, 8),
            _ => (Op::I32Store, Scalar::I32, 4),
        };
        offset = offset.next_multiple_of(size);
        let operands = [
            Operand::Src(Scalar::I32, CellSrc::Reg(ADDRESS)),
            Operand::Offset(offset),
            Operand::Src(scalar, CellSrc::Reg(register)),
        ];
        let store = Instr::from_operands(op, &operands).expect("the operands are of the table's kinds");
        store.encode(&mut code);
        offset += size;
    }
    Instr::Return { values: Args::default() }.encode(&mut code);
    let scalars = params + results.len() as u16;
    Function { sig, scalars, handles: 0, labels: Vec::new(), code: code.into_bytes() }
}

/// True if a function of type `ty` is what compilers of C make of one that returns a structure of these results.
fn returns_structure(ty: &Signature, syscall: &Signature) -> bool {
    let scalar = |ty: &ValType| ty.bank() == Bank::Scalar;
    syscall.results.len() > 1
        && ty.results.is_empty()
        && ty.params.split_first() == Some((&ValType::I32, &syscall.params[..]))
        && syscall.params.iter().chain(&syscall.results).all(scalar)
}

fn argument((bank, register): (Bank, u16)) -> Arg {
    match bank {
        Bank::Scalar => Arg::Reg(register),
        Bank::Handle => Arg::HReg(register),
    }
}

fn source(arg: &Arg) -> CellSrc {
    match *arg {
        Arg::Imm(cell) => CellSrc::Imm(cell),
        Arg::Reg(register) | Arg::HReg(register) => CellSrc::Reg(register),
        Arg::Null => CellSrc::Imm(0),
    }
}

fn destination(dst: &AnyDst) -> u16 {
    match *dst {
        AnyDst::Reg(register) | AnyDst::HReg(register) => register,
    }
}

/// Resolves imports against a profile and the catalogue.
pub struct Resolver<'a> {
    pub profile: &'a Profile<'a>,
    pub catalogue: &'a dyn Catalogue,
    /// Capabilities that the imports need.
    pub capabilities: Vec<String>,
    /// Capabilities that may be needed, if that is limited.
    pub declared: Option<Vec<String>>,
}

impl Resolver<'_> {
    /// What every module of the profile needs.
    pub fn host(&mut self) -> Result<(), Error> {
        match self.profile.capability {
            Some(capability) => self.need(self.profile.name, Some(capability.to_owned()), 0),
            None => Ok(()),
        }
    }

    /// The module's own memory.
    pub fn own_memory(&self, asked: MemoryDef, offset: u64) -> Result<MemoryDef, Error> {
        match self.profile.fixed_memory {
            Some(memory) if asked.min > memory.min => {
                let message = format!(
                    "the module has a memory of {} pages; {} has {}",
                    asked.min, self.profile.name, memory.min
                );
                Err(Error::import(offset, message))
            }
            _ => Ok(asked),
        }
    }

    /// An imported function of type `ty`. The cartridge gets the syscall and its signature.
    pub fn function(
        &mut self,
        cart: &mut Cartridge,
        (module, field): (&str, &str),
        ty: &Signature,
        offset: u64,
    ) -> Result<ImportedFunction, Error> {
        if INSTRUCTION_MODULES.contains(&module) {
            return instruction(module, field, ty, offset);
        }
        let named = self.profile.functions.iter().find(|f| f.module == module && f.field == field);
        let asked = named.map_or_else(|| format!("{module}.{field}"), |f| f.id.to_owned());
        let Some(syscall) = self.catalogue.syscall(&asked) else {
            return Err(self.unknown(module, field, &asked, offset));
        };
        let stored = returns_structure(ty, &syscall.signature);
        let zeros = syscall.signature.params.len().saturating_sub(ty.params.len());
        let given = &syscall.signature.params[..syscall.signature.params.len() - zeros];
        let fits = given == ty.params && syscall.signature.results == ty.results;
        if !stored && (!fits || (zeros > 0 && !self.profile.fewer_params)) {
            let message = format!("import `{module}.{field}` is {} and not {ty}", syscall.signature);
            return Err(Error::import(offset, message));
        }
        self.need(&syscall.id, syscall.capability, offset)?;
        let results = syscall.signature.results.clone();
        let bound = |import: usize| match stored {
            true => ImportedFunction::Stored { import: import as u32, results },
            false => ImportedFunction::Syscall { import: import as u32, zeros },
        };
        if let Some(at) = cart.imports.iter().position(|import| import.id == syscall.id) {
            return Ok(bound(at));
        }
        let sig = cart.types.iter().position(|other| *other == syscall.signature).unwrap_or_else(|| {
            cart.types.push(syscall.signature.clone());
            cart.types.len() - 1
        });
        cart.imports.push(cartridge::Import { id: syscall.id, sig: sig as u32 });
        Ok(bound(cart.imports.len() - 1))
    }

    fn need(&mut self, id: &str, capability: Option<String>, offset: u64) -> Result<(), Error> {
        let Some(capability) = capability else { return Ok(()) };
        if self.declared.as_ref().is_some_and(|declared| !declared.contains(&capability)) {
            let message = format!("`{id}` needs the capability `{capability}`, which is not declared");
            return Err(Error::import(offset, message));
        }
        if !self.capabilities.contains(&capability) {
            self.capabilities.push(capability);
        }
        Ok(())
    }

    fn unknown(&self, module: &str, field: &str, asked: &str, offset: u64) -> Error {
        let mut message = format!("unknown import `{module}.{field}`");
        if let Some(note) = self.catalogue.retired(asked) {
            message = format!("import `{module}.{field}` is retired: {note}");
        } else {
            let ids = self.catalogue.ids();
            let plain = ids.iter().map(|id| id.strip_suffix("@1").unwrap_or(id));
            let own: Vec<String> =
                self.profile.functions.iter().map(|f| format!("{}.{}", f.module, f.field)).collect();
            let name = format!("{module}.{field}");
            if let Some(help) = did_you_mean(&name, own.iter().map(String::as_str).chain(plain)) {
                message += &format!("; {help}");
            }
        }
        Error::import(offset, message)
    }

    /// The start value of an imported global.
    pub fn global(&self, name: (&str, &str), ty: ValType, mutable: bool, offset: u64) -> Result<u64, Error> {
        let (module, field) = name;
        let found = self.profile.globals.iter().find(|g| (g.module, g.field) == name);
        match found {
            Some(global) if global.ty == ty && global.mutable == mutable => Ok(global.cell),
            Some(_) => {
                Err(Error::import(offset, format!("import `{module}.{field}` is a global of another type")))
            }
            None => Err(Error::import(offset, format!("unknown import `{module}.{field}`: no such global"))),
        }
    }

    /// An imported table.
    pub fn table(&self, name: (&str, &str), asked: TableDef, offset: u64) -> Result<TableDef, Error> {
        let (module, field) = name;
        let Some(table) = self.profile.tables.iter().find(|t| (t.module, t.field) == name) else {
            return Err(Error::import(offset, format!("unknown import `{module}.{field}`: no such table")));
        };
        let def = table.def;
        if def.handles != asked.handles || !fits((def.min, def.max), (asked.min, asked.max)) {
            return Err(Error::import(
                offset,
                format!("import `{module}.{field}` is a table of another type"),
            ));
        }
        Ok(def)
    }

    /// An imported memory.
    pub fn memory(&self, name: (&str, &str), asked: MemoryDef, offset: u64) -> Result<MemoryDef, Error> {
        let (module, field) = name;
        let Some(memory) = self.profile.memory else { return Ok(asked) };
        if (memory.module, memory.field) != name {
            return Err(Error::import(offset, format!("unknown import `{module}.{field}`: no such memory")));
        }
        let def = memory.def;
        // How far a memory that is fixed could have grown does not matter.
        let asked_max = asked.max.filter(|_| self.profile.fixed_memory.is_none());
        if !fits((def.min, def.max), (asked.min, asked_max)) {
            return Err(Error::import(
                offset,
                format!("import `{module}.{field}` is a memory of another size"),
            ));
        }
        Ok(def)
    }
}

/// True if limits are within those that an import asks for.
fn fits((min, max): (u32, Option<u32>), (asked_min, asked_max): (u32, Option<u32>)) -> bool {
    min >= asked_min && asked_max.is_none_or(|asked| max.is_some_and(|max| max <= asked))
}

/// A function of the modules `frame`, `input` and `rng`.
fn instruction(module: &str, field: &str, ty: &Signature, offset: u64) -> Result<ImportedFunction, Error> {
    let name = format!("{module}.{}", field.strip_suffix("@1").unwrap_or(field));
    let Some(op) = Op::from_mnemonic(&name) else {
        let names = cartwheel_bytecode::TABLE.iter().map(|row| row.mnemonic);
        let of_module =
            names.filter(|name| INSTRUCTION_MODULES.contains(&name.split('.').next().unwrap_or("")));
        let help = did_you_mean(&name, of_module).map_or(String::new(), |help| format!("; {help}"));
        return Err(Error::import(offset, format!("unknown import `{module}.{field}`{help}")));
    };
    let mut signature = Signature::default();
    for operand in op.info().operands {
        match operand.kind {
            Kind::Src(scalar) => signature.params.push(scalar_type(scalar)),
            _ => signature.results.push(result_type(op)),
        }
    }
    if signature != *ty {
        return Err(Error::import(offset, format!("import `{module}.{field}` is {signature} and not {ty}")));
    }
    Ok(ImportedFunction::Instruction(op))
}

fn scalar_type(scalar: Scalar) -> ValType {
    match scalar {
        Scalar::I32 => ValType::I32,
        Scalar::I64 => ValType::I64,
        Scalar::F32 => ValType::F32,
        Scalar::F64 => ValType::F64,
    }
}

/// Registers have no type; these instructions' results have.
fn result_type(op: Op) -> ValType {
    match op {
        Op::FrameIndex | Op::RngI64 => ValType::I64,
        Op::RngF64 => ValType::F64,
        _ => ValType::I32,
    }
}
