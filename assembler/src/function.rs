//! Assembles the body of a function.

use std::collections::BTreeMap;
use std::rc::Rc;

use cartwheel_bytecode::cartridge::{Function, LineEntry};
use cartwheel_bytecode::codec::Writer;
use cartwheel_bytecode::operand::{MAX_REGISTERS, Operand};
use cartwheel_bytecode::{Bank, Flow, Instr, Op, TABLE, TrapCode, ValType};

use crate::catalogue::Catalogue;
use crate::cursor::{Cursor, Name};
use crate::expr::{Builtin, Env, Value};
use crate::names::Ref;
use crate::operands::usage;
use crate::program::{DebugDecl, FuncDecl, Program};
use crate::signature::typed_names;
use crate::source::{Error, Res, Sources, Span, error, error_help};
use crate::suggest::{did_you_mean, nearest};
use crate::token::{Line, Punct, Tok, Token};

/// A name with the macro expansion that it belongs to.
type Key = (Rc<str>, u32);

/// A register.
pub(crate) type Reg = (Bank, u16);

/// A function while it is assembled.
pub(crate) struct Code<'a> {
    pub program: &'a mut Program,
    pub sources: &'a mut Sources,
    pub catalogue: &'a dyn Catalogue,
    pub signature: cartwheel_bytecode::Signature,
    index: u32,
    registers: BTreeMap<Key, Reg>,
    /// Number of registers of each bank: scalars, handles.
    counts: [u32; 2],
    /// Registers that `_` stands for.
    discard: [Option<u16>; 2],
    explicit_counts: Option<([u32; 2], Span)>,
    labels: BTreeMap<Key, u32>,
    /// First instruction behind each label, and its offset.
    targets: Vec<Option<(u32, Op)>>,
    label_spans: Vec<(Span, Rc<str>)>,
    branches: Vec<Branch>,
    lines: Vec<(u32, Span)>,
    out: Writer,
}

struct Branch {
    label: u32,
    offset: u32,
    span: Span,
}

/// An assembled function and the source lines of its instructions: offset and place.
pub(crate) struct Assembled {
    pub function: Function,
    pub lines: Vec<(u32, Span)>,
}

/// Assembles the function with an index; errors go to `sources`.
pub(crate) fn assemble(
    program: &mut Program,
    sources: &mut Sources,
    catalogue: &dyn Catalogue,
    index: usize,
) -> Assembled {
    let decl = &*program.funcs[index].clone();
    let lines = program.lines.clone();
    let body = &lines[decl.body.clone()];
    let mut code = Code {
        program,
        sources,
        catalogue,
        signature: decl.signature.clone(),
        index: index as u32,
        registers: BTreeMap::new(),
        counts: [0, 0],
        discard: [None, None],
        explicit_counts: None,
        labels: BTreeMap::new(),
        targets: Vec::new(),
        label_spans: Vec::new(),
        branches: Vec::new(),
        lines: Vec::new(),
        out: Writer::new(),
    };
    for param in &decl.params {
        let result = code.declare_register(param.name.as_ref(), decl.name.span, param.ty);
        code.sources.ok(result);
    }
    code.declare(body);
    let last = code.instructions(body);
    code.check_end(decl, body, last);
    code.check_branches();
    code.finish(decl)
}

/// The number of a raw register name such as `r12`.
pub(crate) fn raw_register(name: &str) -> Option<(Bank, u32)> {
    let bank = match name.as_bytes().first()? {
        b'r' => Bank::Scalar,
        b'h' => Bank::Handle,
        _ => return None,
    };
    let digits = &name[1..];
    let plain = digits.bytes().all(|b| b.is_ascii_digit()) && (digits == "0" || !digits.starts_with('0'));
    if digits.is_empty() || !plain {
        return None;
    }
    // A number beyond 32 bits is beyond the limit all the more.
    Some((bank, digits.parse().unwrap_or(u32::MAX)))
}

fn bank_index(bank: Bank) -> usize {
    match bank {
        Bank::Scalar => 0,
        Bank::Handle => 1,
    }
}

/// `a scalar register` and the like.
pub(crate) fn bank_name(bank: Bank) -> &'static str {
    match bank {
        Bank::Scalar => "scalar",
        Bank::Handle => "handle",
    }
}

/// The labels in front of a line, and where the rest begins.
fn labels(line: &Line) -> (Vec<Name>, usize) {
    let mut names = Vec::new();
    let mut at = 0;
    while let (Some(token), true) = (line.get(at), line.get(at + 1).is_some_and(|t| t.is(Punct::Colon))) {
        let (text, quoted) = match &token.tok {
            Tok::Ident(name) => (name, false),
            Tok::Quoted(name) => (name, true),
            _ => break,
        };
        names.push(Name { text: text.clone(), span: token.span, scope: token.scope, quoted });
        at += 2;
    }
    (names, at)
}

impl Code<'_> {
    // ---- declarations ----

    fn declare_register(&mut self, name: Option<&Name>, near: Span, ty: ValType) -> Res<()> {
        let bank = ty.bank();
        let number = self.counts[bank_index(bank)];
        if number >= MAX_REGISTERS {
            let span = name.map_or(near, |n| n.span);
            return error(span, format!("a function has at most {MAX_REGISTERS} registers of a bank"));
        }
        self.counts[bank_index(bank)] += 1;
        let Some(name) = name.filter(|n| !n.is_word("_")) else { return Ok(()) };
        if !name.quoted && (raw_register(&name.text).is_some() || &*name.text == "null") {
            return error(
                name.span,
                format!("`{}` has a meaning of its own and cannot be a name", name.text),
            );
        }
        let key = (name.text.clone(), name.scope);
        if self.registers.insert(key, (bank, number as u16)).is_some() {
            return error(name.span, format!("register `{}` is declared twice", name.text));
        }
        Ok(())
    }

    /// Labels, locals and the highest raw registers of the body.
    fn declare(&mut self, body: &[Line]) {
        let mut fresh = true;
        for line in body {
            let (names, start) = labels(line);
            for name in names {
                if fresh {
                    self.targets.push(None);
                    self.label_spans.push((name.span, name.text.clone()));
                    fresh = false;
                }
                let index = self.targets.len() as u32 - 1;
                if self.labels.insert((name.text.clone(), name.scope), index).is_some() {
                    let message =
                        format!("label `{}` is there twice in this function", name.text.escape_debug());
                    self.sources.report(*Error::new(name.span, message, None));
                }
            }
            let rest = &line[start..];
            match rest.first().map(|t| (t, t.directive())) {
                None => {}
                Some((token, Some(directive))) => {
                    let result = self.declare_directive(directive, token.span, rest);
                    self.sources.ok(result);
                }
                Some((_, None)) => fresh = true,
            }
            for token in rest {
                let result = self.count_raw(token);
                self.sources.ok(result);
            }
        }
    }

    fn declare_directive(&mut self, directive: &str, span: Span, rest: &[Token]) -> Res<()> {
        let mut cur = Cursor::after(rest, 1);
        match directive {
            "local" => {
                for (name, ty) in typed_names(&mut cur, None, false)? {
                    self.declare_register(name.as_ref(), span, ty)?;
                }
                Ok(())
            }
            "registers" => {
                let mut count = || {
                    let at = cur.span();
                    let count = cur.index("a number of registers")?;
                    cur.eat(Punct::Comma);
                    if count > MAX_REGISTERS {
                        return error(
                            at,
                            format!("a function has at most {MAX_REGISTERS} registers of a bank"),
                        );
                    }
                    Ok(count)
                };
                let counts = [count()?, count()?];
                if self.explicit_counts.replace((counts, span)).is_some() {
                    return error(span, "`.registers` is there twice");
                }
                cur.end()
            }
            "loc" => Ok(()),
            _ => {
                let help =
                    did_you_mean(directive, ["local", "registers", "loc", "end"]).unwrap_or_else(|| {
                        "functions end with `.end`; other directives stand outside".to_owned()
                    });
                error_help(span, format!("`.{directive}` cannot stand in a function"), help)
            }
        }
    }

    fn count_raw(&mut self, token: &Token) -> Res<()> {
        let Some((bank, number)) = token.word().and_then(|w| raw_register(w)) else { return Ok(()) };
        if number >= MAX_REGISTERS {
            return error(token.span, format!("registers are numbered 0 to {}", MAX_REGISTERS - 1));
        }
        let count = &mut self.counts[bank_index(bank)];
        *count = (*count).max(number + 1);
        Ok(())
    }

    // ---- names ----

    /// The register that a name means.
    pub fn register(&self, name: &Name) -> Option<Reg> {
        if let Some(&reg) = self.registers.get(&(name.text.clone(), name.scope)) {
            return Some(reg);
        }
        if name.quoted {
            return None;
        }
        raw_register(&name.text).map(|(bank, number)| (bank, number.min(MAX_REGISTERS - 1) as u16))
    }

    /// A register for a result that nobody wants.
    pub fn discard(&mut self, bank: Bank) -> u16 {
        let count = &mut self.counts[bank_index(bank)];
        *self.discard[bank_index(bank)].get_or_insert_with(|| {
            *count += 1;
            (*count - 1) as u16
        })
    }

    /// The nearest register name.
    pub fn nearest_register(&self, name: &str) -> Option<String> {
        did_you_mean(name, self.registers.keys().map(|(n, _)| &**n))
    }

    pub fn label(&self, name: &Name) -> Res<u32> {
        if let Some(&index) = self.labels.get(&(name.text.clone(), name.scope)) {
            return Ok(index);
        }
        let help = did_you_mean(&name.text, self.labels.keys().map(|(n, _)| &**n));
        let message = format!("unknown label `{}` in this function", name.text.escape_debug());
        Err(Error::new(name.span, message, help))
    }

    /// Remembers that the instruction now being read branches to a label.
    pub fn branch(&mut self, label: u32, span: Span) {
        self.branches.push(Branch { label, offset: self.out.len() as u32, span });
    }

    // ---- instructions ----

    /// Encodes all instructions; the flow and place of the last one.
    fn instructions(&mut self, body: &[Line]) -> Option<(Flow, Span)> {
        let mut last = None;
        let mut pending: Option<usize> = None;
        for line in body {
            if self.sources.is_full() {
                return None;
            }
            let (names, start) = labels(line);
            if let Some(name) = names.first() {
                pending = self.labels.get(&(name.text.clone(), name.scope)).map(|i| *i as usize);
            }
            let Some(first) = line.get(start) else { continue };
            if let Some(directive) = first.directive() {
                if directive == "loc" {
                    let result = self.loc(first.span, &line[start..]);
                    self.sources.ok(result);
                }
                continue;
            }
            let offset = self.out.len() as u32;
            let branches = self.branches.len();
            let result = self.instruction(&line[start..]);
            let Some(instr) = self.sources.ok(result) else {
                // What is wrong already says so; what follows from it stays silent.
                self.branches.truncate(branches);
                last = None;
                pending = None;
                continue;
            };
            if let Some(index) = pending.take() {
                self.targets[index] = Some((offset, instr.op()));
            }
            last = Some((instr.op().info().flow, first.span));
            self.lines.push((offset, first.span));
            instr.encode(&mut self.out);
        }
        if let Some(index) = pending {
            let (span, name) = self.label_spans[index].clone();
            let message = format!("no instruction follows the label `{}`", name.escape_debug());
            self.sources.report(*Error::new(span, message, None));
            return None;
        }
        last
    }

    fn loc(&mut self, span: Span, rest: &[Token]) -> Res<()> {
        let mut cur = Cursor::after(rest, 1);
        let (file, line) = (cur.index("the index of a file")?, cur.index("a line")?);
        cur.end()?;
        let (func, offset) = (self.index, self.out.len() as u32);
        match &mut self.program.debug {
            DebugDecl::Explicit(info) => info.lines.push(LineEntry { func, offset, file, line }),
            _ => {
                return error_help(
                    span,
                    "`.loc` needs explicit debug information",
                    "write `.debug explicit` above",
                );
            }
        }
        Ok(())
    }

    fn instruction(&mut self, tokens: &[Token]) -> Res<Instr> {
        let mut cur = Cursor::new(tokens);
        let span = cur.span();
        let Some(word) = tokens[0].word() else {
            return cur.expected("an instruction");
        };
        let Some(op) = crate::operands::op(word) else {
            return Err(self.unknown_instruction(word, span, tokens));
        };
        cur.next();
        let info = op.info();
        let operands = self.operands(info, &mut cur).map_err(|mut e| {
            if e.help.is_none() && e.message.starts_with("expected") {
                e.help = Some(format!("write `{}`", usage(info)));
            }
            e
        })?;
        if !cur.at_end() {
            cur.sound()?;
            return error_help(
                cur.span(),
                format!("expected the end of the line, found {}", cur.found()),
                format!("write `{}`", usage(info)),
            );
        }
        match Instr::from_operands(op, &operands) {
            Some(instr) => self.check(&instr, span).map(|()| instr),
            None => error(span, format!("these are not the operands of `{word}`: write `{}`", usage(info))),
        }
    }

    /// What no single operand says.
    fn check(&self, instr: &Instr, span: Span) -> Res<()> {
        if needs_memory(instr) && !self.program.has_memory {
            return error_help(span, "the program has no memory", "declare one: `.memory 1`");
        }
        let handles = |table: u32| self.program.tables[table as usize].handles;
        let same_kind = match instr {
            Instr::TableCopy { dst, src, .. } => handles(dst.0) == handles(src.0),
            Instr::TableInit { table, elem, .. } => {
                handles(table.0) == self.program.elems[elem.0 as usize].handles
            }
            _ => true,
        };
        if same_kind { Ok(()) } else { error(span, "one of these holds functions and the other one handles") }
    }

    fn unknown_instruction(&self, word: &str, span: Span, tokens: &[Token]) -> Box<Error> {
        if tokens.get(1).is_some_and(|t| t.is(Punct::Eq)) {
            let help =
                "registers are set by instructions, as in `i32.const x, 5`; constants by `.const NAME = 5`";
            return Error::new(span, format!("unknown instruction `{word}`"), Some(help.to_owned()));
        }
        let names = TABLE.iter().map(|row| row.mnemonic).chain(self.program.macros.iter().map(|m| &**m));
        let help = did_you_mean(word, names);
        Error::new(span, format!("unknown instruction or macro `{word}`"), help)
    }

    // ---- checks of the whole function ----

    fn check_end(&mut self, decl: &FuncDecl, body: &[Line], last: Option<(Flow, Span)>) {
        let empty = body.iter().all(|line| {
            let rest = line.get(labels(line).1);
            rest.is_none_or(|token| token.directive().is_some())
        });
        if empty && self.label_spans.is_empty() {
            let message = format!("function `{}` has no instructions", decl.name.text.escape_debug());
            let help = Some("a function that does nothing is a lone `return`".to_owned());
            self.sources.report(*Error::new(decl.name.span, message, help));
        }
        if let Some((flow, span)) = last
            && !matches!(flow, Flow::Jump | Flow::Switch | Flow::Return | Flow::Stop)
        {
            let help = "end it with `return`, `br`, `halt`, `trap` or `unreachable`".to_owned();
            self.sources.report(*Error::new(
                span,
                "execution would run out of the function behind this",
                Some(help),
            ));
        }
    }

    /// Every backward branch has to go to a `loop`.
    fn check_branches(&mut self) {
        for branch in &self.branches {
            let Some((target, op)) = self.targets[branch.label as usize] else { continue };
            if target <= branch.offset && op != Op::Loop {
                let name = &self.label_spans[branch.label as usize].1;
                let help = format!(
                    "put the instruction `loop` directly behind the label `{}:`",
                    name.escape_debug()
                );
                let message =
                    format!("a backward branch has to go to a `loop`, `{}` is none", name.escape_debug());
                self.sources.report(*Error::new(branch.span, message, Some(help)));
            }
        }
    }

    fn finish(self, decl: &FuncDecl) -> Assembled {
        let mut counts = self.counts;
        if let Some((explicit, span)) = self.explicit_counts {
            if explicit[0] < counts[0] || explicit[1] < counts[1] {
                let message =
                    format!("the function uses {} scalar and {} handle registers", counts[0], counts[1]);
                self.sources.report(*Error::new(span, message, None));
            }
            counts = explicit;
        }
        if counts.iter().any(|c| *c > MAX_REGISTERS) {
            let message = format!("a function has at most {MAX_REGISTERS} registers of a bank");
            self.sources.report(*Error::new(decl.name.span, message, None));
        }
        let labels = self.targets.iter().map(|t| t.map_or(0, |(offset, _)| offset)).collect();
        let [scalars, handles] = counts.map(|c| c as u16);
        let sig = self.program.func_sigs[self.index as usize];
        let function = Function { sig, scalars, handles, labels, code: self.out.into_bytes() };
        Assembled { function, lines: self.lines }
    }
}

/// Instructions that mean nothing without a linear memory.
fn needs_memory(instr: &Instr) -> bool {
    match instr {
        Instr::MemorySize { .. } | Instr::MemoryGrow { .. } => true,
        // Reads a data segment, which it may miss in the same way.
        Instr::BytesData { .. } => false,
        _ => instr.op().info().traps.contains(&TrapCode::MemoryOutOfBounds),
    }
}

/// The names in constant operands: registers are none.
impl Env for Code<'_> {
    fn value(&self, name: &Name) -> Res<Value> {
        if self.register(name).is_some() {
            let message = format!("`{}` is a register and cannot be part of a constant", name.text);
            return error_help(name.span, message, "calculate with instructions, such as `i32.add`");
        }
        self.program.known(name).unwrap_or_else(|| {
            let mut e = self.program.unknown(name, "register, constant or data");
            if e.help.is_none() {
                let names = self.registers.keys().map(|(n, _)| &**n);
                e.help = nearest(&name.text, names).map(|n| format!("did you mean the register `{n}`?"));
            }
            Err(e)
        })
    }

    fn builtin(&self, builtin: Builtin, name: &Name) -> Res<i128> {
        self.program.builtin(builtin, name)
    }
}

/// Operands of an instruction.
pub(crate) type Operands = Vec<Operand>;

/// A reference to the thing that a name or number means.
pub(crate) fn reference(cur: &mut Cursor<'_>, what: &str) -> Res<Ref> {
    Ref::parse(cur, &format!("a {what}"))
}
