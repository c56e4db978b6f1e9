//! Reads operands, by kind.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use cartwheel_bytecode::operand::{CellSrc, Kind, Labels, MAX_TARGETS, Operand, Scalar, Space};
use cartwheel_bytecode::{Bank, Flow, Op, OpInfo, OperandInfo, Signature, TABLE, ValType};

use crate::cursor::{Cursor, Name};
use crate::expr::Expr;
use crate::function::{Code, Operands, Reg, bank_name, reference};
use crate::names::{Ref, space_name};
use crate::program::ImportDecl;
use crate::signature::{syscall_id, unknown_syscall};
use crate::source::{Error, Res, Span, error, error_help, plural};
use crate::suggest::did_you_mean;
use crate::token::{Punct, Tok};

/// Scalar type that a value type is written as.
pub(crate) fn scalar_of(ty: ValType) -> Scalar {
    match ty {
        ValType::I32 | ValType::Func => Scalar::I32,
        ValType::I64 | ValType::Handle => Scalar::I64,
        ValType::F32 => Scalar::F32,
        ValType::F64 => Scalar::F64,
    }
}

/// How an instruction is written, as in `i32.load d, [addr + offset]`.
pub(crate) fn usage(info: &OpInfo) -> String {
    let mut out = info.mnemonic.to_owned();
    for (i, operand) in info.operands.iter().enumerate() {
        let name = operand.name;
        match operand.kind {
            Kind::Offset => {}
            Kind::Args if i > 0 => out.push_str("(ARGUMENTS)"),
            Kind::Args => out.push_str(" VALUES"),
            Kind::Dsts => out.push_str(" -> RESULTS"),
            kind => {
                out.push_str(if i == 0 { " " } else { ", " });
                let address = info.operands.get(i + 1).is_some_and(|next| next.kind == Kind::Offset);
                out.push_str(&match kind {
                    _ if address => format!("[{name} + offset]"),
                    Kind::Labels => "[LABEL, ..., DEFAULT]".to_owned(),
                    _ => name.to_owned(),
                });
            }
        }
    }
    out
}

/// The instruction with a mnemonic.
pub(crate) fn op(mnemonic: &str) -> Option<Op> {
    static OPS: OnceLock<BTreeMap<&'static str, Op>> = OnceLock::new();
    OPS.get_or_init(|| TABLE.iter().map(|row| (row.mnemonic, row.op)).collect()).get(mnemonic).copied()
}

/// What an operand has to be, for messages.
fn describe(operand: &OperandInfo) -> String {
    let what = match operand.kind {
        Kind::Dst => "a scalar register",
        Kind::HDst => "a handle register",
        Kind::Src(Scalar::I32) => "a scalar register or an i32 constant",
        Kind::Src(Scalar::I64) => "a scalar register or an i64 constant",
        Kind::Src(Scalar::F32) => "a scalar register or an f32 constant",
        Kind::Src(Scalar::F64) => "a scalar register or an f64 constant",
        Kind::H => "a handle register or `null`",
        Kind::Imm(_) => "a constant",
        Kind::Index(space) => return format!("the {} `{}`", space_name(space), operand.name),
        Kind::Label => "a label",
        Kind::Labels => "a list of labels in `[...]`",
        Kind::Field | Kind::HField => "a field",
        Kind::Offset => "an offset",
        Kind::Args => "arguments in `(...)`",
        Kind::Dsts => "`->` and registers for the results",
    };
    format!("{what} for `{}`", operand.name)
}

/// What the operands read so far say of those that follow.
#[derive(Default)]
pub(crate) struct Context {
    pub signature: Option<Signature>,
    shape: Option<u32>,
    /// The field of `shape.field`.
    field: Option<Name>,
    pub callee: String,
}

impl Code<'_> {
    /// The operands of an instruction.
    pub fn operands(&mut self, info: &'static OpInfo, cur: &mut Cursor<'_>) -> Res<Operands> {
        let mut out = Operands::new();
        let mut context = Context::default();
        if info.flow == Flow::Return {
            context.signature =
                Some(Signature { params: self.signature.results.clone(), results: Vec::new() });
            context.callee = "the function".to_owned();
        }
        let mut at = 0;
        while let Some(operand) = info.operands.get(at) {
            // Lists have brackets of their own; `shape.field` in one word has left nothing to separate.
            let list = matches!(operand.kind, Kind::Args | Kind::Dsts);
            let glued = context.field.is_some() && matches!(operand.kind, Kind::Field | Kind::HField);
            if at > 0 && !list && !glued {
                self.comma(info, operand, cur)?;
            }
            let missing = cur.at_end() && !list && !glued;
            if missing {
                return missing_operand(info, operand, cur.span());
            }
            let address = info.operands.get(at + 1).is_some_and(|next| next.kind == Kind::Offset);
            if let (true, Kind::Src(scalar)) = (address, operand.kind) {
                let (base, offset) = self.address(scalar, cur)?;
                out.push(Operand::Src(scalar, base));
                out.push(Operand::Offset(offset));
                at += 2;
                continue;
            }
            out.push(self.operand(info, operand, at, &mut context, cur)?);
            at += 1;
        }
        Ok(out)
    }

    fn comma(&mut self, info: &OpInfo, operand: &OperandInfo, cur: &mut Cursor<'_>) -> Res<()> {
        if cur.eat(Punct::Comma) {
            return Ok(());
        }
        if cur.at_end() {
            return missing_operand(info, operand, cur.span());
        }
        cur.sound()?;
        error_help(
            cur.span(),
            format!("expected `,` and {}, found {}", describe(operand), cur.found()),
            format!("write `{}`", usage(info)),
        )
    }

    fn operand(
        &mut self,
        info: &'static OpInfo,
        operand: &OperandInfo,
        at: usize,
        context: &mut Context,
        cur: &mut Cursor<'_>,
    ) -> Res<Operand> {
        Ok(match operand.kind {
            Kind::Dst => Operand::Dst(self.destination(Bank::Scalar, cur)?),
            Kind::HDst => Operand::HDst(self.destination(Bank::Handle, cur)?),
            Kind::Src(scalar) => Operand::Src(scalar, self.source(scalar, cur)?),
            Kind::H => Operand::H(self.handle(cur)?),
            Kind::Imm(scalar) => Operand::Imm(scalar, self.constant(scalar, cur)?),
            Kind::Index(space) => Operand::Index(space, self.index(info, space, context, cur)?),
            Kind::Label => {
                let name = cur.name("a label")?;
                let label = self.label(&name)?;
                self.branch(label, name.span);
                Operand::Label(label)
            }
            Kind::Labels => Operand::Labels(self.labels(cur)?),
            Kind::Field => Operand::Field(self.field(Bank::Scalar, context, cur)?),
            Kind::HField => Operand::HField(self.field(Bank::Handle, context, cur)?),
            Kind::Offset => Operand::Offset(Expr::parse(cur)?.u32(&*self, "an offset")?),
            Kind::Args => Operand::Args(self.args(at > 0, context, cur)?),
            Kind::Dsts => Operand::Dsts(self.dsts(info.op, context, cur)?),
        })
    }

    // ---- registers and constants ----

    /// The register that stands next, if one does.
    pub fn next_register(&self, cur: &Cursor<'_>) -> Option<(Reg, Name)> {
        let name = cur.clone().name("").ok()?;
        self.register(&name).map(|reg| (reg, name))
    }

    pub fn wrong_bank<T>(&self, name: &Name, found: Bank, needed: Bank) -> Res<T> {
        let (found, needed) = (bank_name(found), bank_name(needed));
        error(name.span, format!("`{}` is a {found} register, a {needed} is needed here", name.text))
    }

    pub fn destination(&mut self, bank: Bank, cur: &mut Cursor<'_>) -> Res<u16> {
        let what = format!("a {} register", bank_name(bank));
        let name = cur.name(&what)?;
        if name.is_word("_") {
            return Ok(self.discard(bank));
        }
        match self.register(&name) {
            Some((found, number)) if found == bank => Ok(number),
            Some((found, _)) => self.wrong_bank(&name, found, bank),
            None => {
                let is = |space| self.program.space(space).get(&name.text).is_some();
                let help = if is(Space::Global) {
                    Some(format!("`{}` is a global; write it with `global.set`", name.text))
                } else if self.program.symbols.contains_key(&name.text) {
                    Some(format!("`{}` is data in memory; write it with a store", name.text))
                } else {
                    self.nearest_register(&name.text)
                        .or_else(|| Some(format!("declare it: `.local {}: i32`", name.text)))
                };
                Err(Error::new(name.span, format!("unknown register `{}`", name.text), help))
            }
        }
    }

    fn source(&mut self, scalar: Scalar, cur: &mut Cursor<'_>) -> Res<CellSrc> {
        if let Some(((bank, number), name)) = self.next_register(cur) {
            if bank != Bank::Scalar {
                return self.wrong_bank(&name, bank, Bank::Scalar);
            }
            cur.next();
            return Ok(CellSrc::Reg(number));
        }
        self.constant(scalar, cur).map(CellSrc::Imm)
    }

    pub fn constant(&mut self, scalar: Scalar, cur: &mut Cursor<'_>) -> Res<u64> {
        if cur.at_word("null") {
            return error(cur.span(), "`null` is a handle, a scalar is needed here");
        }
        let span = cur.span();
        let cell = Expr::parse(cur)?.cell(&*self, scalar)?;
        if matches!(scalar, Scalar::I32 | Scalar::F32) && cell > u32::MAX.into() {
            return error(span, "this cell does not fit 32 bits");
        }
        Ok(cell)
    }

    pub fn handle(&mut self, cur: &mut Cursor<'_>) -> Res<Option<u16>> {
        if cur.eat_word("null") {
            return Ok(None);
        }
        let what = "a handle register or `null`";
        match self.next_register(cur) {
            Some(((Bank::Handle, number), _)) => {
                cur.next();
                Ok(Some(number))
            }
            Some(((found, _), name)) => self.wrong_bank(&name, found, Bank::Handle),
            None => {
                let name = cur.name(what)?;
                let help = self.nearest_register(&name.text);
                Err(Error::new(name.span, format!("expected {what}, found `{}`", name.text), help))
            }
        }
    }

    /// `[register]`, `[register + constant]`, `[constant + register]`, `[constant]` or `[base, offset]`.
    fn address(&mut self, scalar: Scalar, cur: &mut Cursor<'_>) -> Res<(CellSrc, u32)> {
        if !cur.at(Punct::LBracket) {
            return cur.expected("an address in `[...]`");
        }
        cur.next();
        let result = self.address_in_brackets(scalar, cur)?;
        cur.expect(Punct::RBracket)?;
        Ok(result)
    }

    fn address_in_brackets(&mut self, scalar: Scalar, cur: &mut Cursor<'_>) -> Res<(CellSrc, u32)> {
        if let Some((base, constant)) = self.trailing_base(cur)? {
            let mut inner = Cursor::new(&cur.rest()[..constant]);
            let offset = Expr::parse(&mut inner)?.u32(&*self, "an offset")?;
            inner.end()?;
            cur.skip(constant + 2);
            return Ok((base, offset));
        }
        let base = self.source(scalar, cur)?;
        let offset = match cur.peek().map(|t| &t.tok) {
            Some(Tok::Punct(Punct::Plus | Punct::Comma)) => {
                cur.next();
                let expr = Expr::parse(cur)?;
                expr.u32(&*self, "an offset").map_err(|mut e| {
                    e.help =
                        Some("offsets are unsigned constants; calculate the address with `i32.add`".into());
                    e
                })?
            }
            Some(Tok::Punct(Punct::Minus)) => {
                let help = "subtract from the register with `i32.sub` first";
                return error_help(cur.span(), "offsets of addresses cannot be negative", help);
            }
            _ => 0,
        };
        Ok((base, offset))
    }

    /// The register of `[constant + register]` and the number of tokens of the constant.
    fn trailing_base(&self, cur: &Cursor<'_>) -> Res<Option<(CellSrc, usize)>> {
        let rest = cur.rest();
        let Some(close) = rest.iter().position(|t| t.is(Punct::RBracket)) else { return Ok(None) };
        if close < 3 || !rest[close - 2].is(Punct::Plus) || self.next_register(cur).is_some() {
            return Ok(None);
        }
        match self.next_register(&Cursor::new(&rest[close - 1..close])) {
            Some(((Bank::Scalar, number), _)) => Ok(Some((CellSrc::Reg(number), close - 2))),
            Some(((bank, _), name)) => self.wrong_bank(&name, bank, Bank::Scalar),
            None => Ok(None),
        }
    }

    // ---- things, labels, fields ----

    fn index(
        &mut self,
        info: &'static OpInfo,
        space: Space,
        context: &mut Context,
        cur: &mut Cursor<'_>,
    ) -> Res<u32> {
        let span = cur.span();
        let index = match space {
            Space::Import => self.import(cur)?,
            Space::Shape => return self.shape(context, cur),
            _ => {
                let thing = reference(cur, space_name(space))?;
                self.program.space(space).find(&thing)?
            }
        };
        let at = index as usize;
        match space {
            Space::Func => {
                let func = &self.program.funcs[at];
                context.signature = Some(func.signature.clone());
                context.callee = format!("`{}`", func.name.text.escape_debug());
            }
            Space::Sig => {
                context.signature = Some(self.program.types[at].clone());
                context.callee = "the type".to_owned();
            }
            Space::Import => {
                let import = &self.program.imports[at];
                context.signature = Some(self.program.types[import.sig as usize].clone());
                context.callee = format!("`{}`", import.id.escape_debug());
            }
            Space::Global => self.check_global(info, at, span)?,
            Space::Table => self.check_table(info, at, span)?,
            _ => {}
        }
        Ok(index)
    }

    /// An import; a syscall that is named by its id is imported at its first use.
    fn import(&mut self, cur: &mut Cursor<'_>) -> Res<u32> {
        if cur.at(Punct::At) {
            let thing = Ref::parse(cur, "an import")?;
            return self.program.space(Space::Import).find(&thing);
        }
        let name = cur.clone().name("the name of a syscall")?;
        let versioned = cur.peek_at(1).is_some_and(|t| t.is(Punct::At));
        if let (false, Some(index)) = (versioned, self.program.space(Space::Import).get(&name.text)) {
            cur.next();
            return Ok(index);
        }
        let (id, _) = syscall_id(cur)?;
        let Some(found) = self.catalogue.syscall(&id) else {
            let mut e = unknown_syscall(self.catalogue, &id, name.span);
            e.help = did_you_mean(&name.text, self.program.space(Space::Import).keys()).or(e.help);
            return Err(e);
        };
        if let Some(&index) = self.program.import_index.get(&found.id) {
            return Ok(index);
        }
        let sig = self.program.intern(&found.signature);
        let index = self.program.space_mut(Space::Import).add(None)?;
        self.program.add_import(ImportDecl { id: found.id, sig, unchecked: false, span: name.span });
        Ok(index)
    }

    fn check_global(&self, info: &OpInfo, index: usize, span: Span) -> Res<()> {
        let global = &self.program.globals[index];
        let wants_handle = uses_handles(info);
        if wants_handle != (global.ty.bank() == Bank::Handle) {
            let twin = twin(info, wants_handle).map(|t| format!("use `{t}`"));
            let message = format!("this global holds {}", article(global.ty.name()));
            return Err(Error::new(span, message, twin));
        }
        // A destination is read into; without one the global is written.
        let writes = !info.operands.iter().any(|o| matches!(o.kind, Kind::Dst | Kind::HDst));
        if writes && !global.mutable {
            return error_help(span, "this global is constant", "declare it without `const` to set it");
        }
        Ok(())
    }

    fn check_table(&self, info: &OpInfo, index: usize, span: Span) -> Res<()> {
        let wants_handle = uses_handles(info);
        let bound = wants_handle || twin(info, false).is_some() || info.flow == Flow::Call;
        let handles = self.program.tables[index].handles;
        if bound && handles != wants_handle {
            let kind = if handles { "handles" } else { "function references" };
            let twin = twin(info, wants_handle).map(|t| format!("use `{t}`"));
            return Err(Error::new(span, format!("this table holds {kind}"), twin));
        }
        Ok(())
    }

    /// A shape; `shape.field` in one word leaves the field for the next operand.
    fn shape(&mut self, context: &mut Context, cur: &mut Cursor<'_>) -> Res<u32> {
        let thing = reference(cur, "shape")?;
        let shapes = self.program.space(Space::Shape);
        let index = match &thing {
            Ref::Name(name) if !name.quoted && shapes.get(&name.text).is_none() => {
                let split = name.text.rsplit_once('.').and_then(|(s, f)| Some((shapes.get(s)?, f)));
                let Some((index, field)) = split else { return Err(shapes.unknown(name)) };
                context.field = Some(Name { text: field.into(), ..name.clone() });
                index
            }
            _ => shapes.find(&thing)?,
        };
        context.shape = Some(index);
        Ok(index)
    }

    fn field(&mut self, bank: Bank, context: &Context, cur: &mut Cursor<'_>) -> Res<u16> {
        let Some(shape) = context.shape.and_then(|i| self.program.shapes.get(i as usize)) else {
            return error(cur.span(), "a field needs a shape in front of it");
        };
        let count = if bank == Bank::Scalar { shape.scalars } else { shape.handles };
        let named = matches!(cur.peek().map(|t| &t.tok), Some(Tok::Ident(_) | Tok::Quoted(_)));
        if !named && context.field.is_none() {
            let span = cur.span();
            let number = cur.index("a field's name or number")?;
            return match u16::try_from(number) {
                Ok(number) if number < count => Ok(number),
                _ => error(
                    span,
                    format!("the shape has {}", plural(count.into(), &format!("{} field", bank_name(bank)))),
                ),
            };
        }
        let name = match &context.field {
            Some(name) => name.clone(),
            None => cur.name("a field")?,
        };
        match shape.fields.get(&name.text) {
            Some((found, index)) if *found == bank => Ok(*index),
            Some((found, _)) => {
                let help = match found {
                    Bank::Scalar => "scalar fields are read and written by `record.get` and `record.set`",
                    Bank::Handle => "handle fields are read and written by `record.get_h` and `record.set_h`",
                };
                error_help(name.span, format!("`{}` is a {} field", name.text, bank_name(*found)), help)
            }
            None => {
                let help = did_you_mean(&name.text, shape.fields.keys().map(|k| &**k));
                Err(Error::new(name.span, format!("the shape has no field `{}`", name.text), help))
            }
        }
    }

    fn labels(&mut self, cur: &mut Cursor<'_>) -> Res<Labels> {
        cur.expect(Punct::LBracket)?;
        let mut labels = Labels::new();
        while !cur.at(Punct::RBracket) {
            let name = cur.name("a label")?;
            if labels.len() as u32 >= MAX_TARGETS {
                return error(name.span, format!("at most {MAX_TARGETS} labels can stand here"));
            }
            let label = self.label(&name)?;
            self.branch(label, name.span);
            labels.push(label);
            if !cur.eat(Punct::Comma) {
                break;
            }
        }
        if labels.is_empty() {
            return error(cur.span(), "at least one label is needed: the last one is the default");
        }
        cur.expect(Punct::RBracket)?;
        Ok(labels)
    }
}

fn missing_operand<T>(info: &OpInfo, operand: &OperandInfo, span: Span) -> Res<T> {
    error_help(span, format!("expected {}", describe(operand)), format!("write `{}`", usage(info)))
}

/// True if an operand of the instruction is a handle.
fn uses_handles(info: &OpInfo) -> bool {
    info.operands.iter().any(|o| matches!(o.kind, Kind::H | Kind::HDst))
}

/// The same instruction for the other bank.
fn twin(info: &OpInfo, handles: bool) -> Option<&'static str> {
    let name = match handles {
        true => info.mnemonic.strip_suffix("_h")?.to_owned(),
        false => format!("{}_h", info.mnemonic),
    };
    op(&name).map(|op| op.info().mnemonic)
}

pub(crate) fn article(name: &str) -> String {
    let an = name.starts_with('i') || name.starts_with("f3") || name.starts_with("f6");
    format!("{} {name}", if an { "an" } else { "a" })
}
