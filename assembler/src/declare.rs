//! Reads the directives of a program.

use std::ops::Range;
use std::rc::Rc;

use cartwheel_bytecode::operand::Space;
use cartwheel_bytecode::{Bank, Op, Signature, TABLE, ValType};

use crate::catalogue::Catalogue;
use crate::cursor::{Cursor, Name};
use crate::expand::Expanded;
use crate::expr::Expr;
use crate::items::{ItemReader, parse_symbol_type};
use crate::manifest;
use crate::names::Ref;
use crate::program::*;
use crate::signature::{import, signature, syscall_id, typed_names, value_type};
use crate::source::{Error, Loader, Res, Sources, Span, error, error_help};
use crate::suggest::{did_you_mean, nearest};
use crate::token::{Line, Punct, Tok};

/// Reads the lines of a program; errors go to `sources`.
pub(crate) fn declare(
    sources: &mut Sources,
    loader: &dyn Loader,
    catalogue: &dyn Catalogue,
    expanded: Expanded,
) -> Program {
    let Expanded { lines, consts, macros } = expanded;
    let items = ItemReader { loader, loaded: 0 };
    let lines: Rc<[Line]> = lines.into();
    let program = Program::new(consts, macros, lines.clone());
    let mut reader = Reader { sources, catalogue, items, program, lines: &lines, pos: 0 };
    reader.run();
    reader.program
}

pub(crate) struct Reader<'a> {
    pub sources: &'a mut Sources,
    pub catalogue: &'a dyn Catalogue,
    pub items: ItemReader<'a>,
    pub program: Program,
    pub lines: &'a [Line],
    /// The next line.
    pub pos: usize,
}

/// All directives outside functions, for suggestions.
const DIRECTIVES: &[&str] = &[
    "title",
    "author",
    "version",
    "video",
    "cycles",
    "capability",
    "entry",
    "memory",
    "data",
    "sprite",
    "org",
    "align",
    "segment",
    "table",
    "elem",
    "global",
    "shape",
    "type",
    "import",
    "func",
    "export",
    "asset",
    "section",
    "signature",
    "debug",
    "debug_func",
    "debug_global",
    "debug_shape",
    "debug_symbol",
    "debug_file",
    "debug_line",
    "include",
    "macro",
    "endmacro",
    "repeat",
    "endrepeat",
    "if",
    "elif",
    "else",
    "endif",
    "const",
    "error",
];

impl Reader<'_> {
    fn run(&mut self) {
        let mut stray = false;
        while let Some(line) = self.lines.get(self.pos) {
            self.pos += 1;
            if self.sources.is_full() {
                break;
            }
            if line[0].directive().is_none() {
                // One message for a run of instructions that stand outside a function.
                if !stray {
                    let result = stray_line(line);
                    self.sources.ok::<()>(result);
                }
                stray = true;
                continue;
            }
            stray = false;
            let result = self.line(line);
            self.sources.ok(result);
        }
    }

    /// The directives of a line.
    fn line(&mut self, line: &Line) -> Res<()> {
        let mut cur = Cursor::new(line);
        while let Some(token) = cur.next() {
            let Some(directive) = token.directive() else {
                return Cursor::after(line, line.len() - cur.rest().len() - 1).end();
            };
            self.directive(directive, token.span, &mut cur)?;
        }
        Ok(())
    }

    fn directive(&mut self, directive: &str, span: Span, cur: &mut Cursor<'_>) -> Res<()> {
        match directive {
            "title" | "author" | "version" | "video" | "cycles" | "capability" | "entry" | "section"
            | "signature" | "debug" | "debug_func" | "debug_global" | "debug_shape" | "debug_symbol"
            | "debug_file" | "debug_line" => manifest::directive(self, directive, span, cur),
            "memory" => self.memory(span, cur),
            "data" => self.data(cur),
            "sprite" => self.sprite(span, cur),
            "org" => {
                self.program.layout.push(Place::Org(Expr::parse(cur)?));
                Ok(())
            }
            "align" => {
                self.program.layout.push(Place::Align(Expr::parse(cur)?));
                Ok(())
            }
            "segment" => self.segment(cur),
            "table" => self.table(cur),
            "elem" => self.elem(cur),
            "global" => self.global(cur),
            "shape" => self.shape(cur),
            "type" => self.type_def(cur),
            "import" => self.import(cur),
            "func" => self.func(cur),
            "export" => self.export(cur),
            "asset" => self.asset(cur),
            "end" => error(span, "`.end` without `.func` or `.sprite` before it"),
            "local" | "registers" | "loc" => error(span, format!("`.{directive}` belongs in a function")),
            _ => {
                let help = nearest(directive, DIRECTIVES.iter().copied());
                let help = help.map(|name| format!("did you mean `.{name}`?"));
                Err(Error::new(span, format!("unknown directive `.{directive}`"), help))
            }
        }
    }

    // ---- memory ----

    fn memory(&mut self, span: Span, cur: &mut Cursor<'_>) -> Res<()> {
        let pages = if cur.eat_word("none") { None } else { Some(limits(cur)?) };
        if self.program.memory.is_some() {
            return error(span, "the memory is declared twice");
        }
        self.program.memory = Some(MemoryDecl { span, pages });
        Ok(())
    }

    fn data(&mut self, cur: &mut Cursor<'_>) -> Res<()> {
        let name = cur.name("a name")?;
        cur.expect(Punct::Colon)?;
        let ty = parse_symbol_type(cur)?;
        let count = if cur.eat(Punct::LBracket) {
            let count = Expr::parse(cur)?;
            cur.expect(Punct::RBracket)?;
            Some(count)
        } else {
            None
        };
        let items = self.items.list(cur, self.sources)?;
        if items.is_empty() && count.is_none() {
            cur.sound()?;
            let help =
                format!("write `.data {0}: T VALUE, ...` or, for zeros, `.data {0}: T[COUNT]`", name.text);
            return error_help(cur.span(), format!("`{}` has no values", name.text), help);
        }
        self.place(DataDecl { name, ty, count, items })
    }

    pub(crate) fn place(&mut self, data: DataDecl) -> Res<()> {
        let name = &data.name;
        if !name.is_word("_") {
            if self.program.consts.contains(&name.text) {
                return error(name.span, format!("`{}` is already a constant", name.text));
            }
            if self.program.unplaced.insert(name.text.clone(), name.span).is_some() {
                return error(name.span, format!("data `{}` is defined twice", name.text));
            }
        }
        self.program.layout.push(Place::Data(data));
        Ok(())
    }

    fn segment(&mut self, cur: &mut Cursor<'_>) -> Res<()> {
        let name = optional_name(cur, &["passive", "at"])?;
        let address = if cur.eat_word("passive") {
            None
        } else if cur.eat_word("at") {
            Some(Expr::parse(cur)?)
        } else {
            return cur.expected("`passive` or `at ADDRESS`");
        };
        let items = self.items.list(cur, self.sources)?;
        self.program.segments.push(SegmentDecl { address, items });
        self.program.space_mut(Space::Data).add(name.as_ref()).map(|_| ())
    }

    // ---- tables, globals, shapes, types ----

    fn table(&mut self, cur: &mut Cursor<'_>) -> Res<()> {
        let name = cur.name("a name")?;
        cur.expect(Punct::Colon)?;
        let handles = self.table_kind(cur)?;
        let (min, max) = limits(cur)?;
        self.program.tables.push(TableDecl { handles, min, max });
        self.program.space_mut(Space::Table).add(Some(&name)).map(|_| ())
    }

    fn table_kind(&mut self, cur: &mut Cursor<'_>) -> Res<bool> {
        if cur.eat_word("handle") {
            Ok(true)
        } else if cur.eat_word("func") {
            Ok(false)
        } else {
            cur.expected("`func` or `handle`")
        }
    }

    fn elem(&mut self, cur: &mut Cursor<'_>) -> Res<()> {
        let name = optional_name(cur, &["passive", "declared", "at", "handle"])?;
        let handles = cur.eat_word("handle");
        let mode = if cur.eat_word("passive") {
            ElemModeDecl::Passive
        } else if cur.eat_word("declared") {
            ElemModeDecl::Declared
        } else if cur.eat_word("at") {
            let table = Ref::parse(cur, "a table")?;
            let index = if cur.eat(Punct::Comma) { Some(Expr::parse(cur)?) } else { None };
            ElemModeDecl::At(table, index)
        } else {
            return cur.expected("`at TABLE, INDEX`, `passive` or `declared`");
        };
        cur.eat(Punct::Eq);
        let mut items = Vec::new();
        while cur.peek().is_some_and(|t| t.directive().is_none()) {
            items.push(if cur.eat_word("null") {
                None
            } else {
                Some(Ref::parse(cur, "a function or `null`")?)
            });
            if !cur.eat(Punct::Comma) {
                break;
            }
        }
        self.program.elems.push(ElemDecl { handles, mode, items });
        self.program.space_mut(Space::Elem).add(name.as_ref()).map(|_| ())
    }

    fn global(&mut self, cur: &mut Cursor<'_>) -> Res<()> {
        let named_const = cur.peek_at(1).is_some_and(|t| t.is(Punct::Colon));
        let mutable = !cur.at_word("const") || named_const;
        if !mutable {
            cur.next();
        }
        let name = cur.name("a name")?;
        cur.expect(Punct::Colon)?;
        let ty = value_type(cur)?;
        let init = if !cur.eat(Punct::Eq) || (ty == ValType::Handle && cur.eat_word("null")) {
            None
        } else {
            Some(Expr::parse(cur)?)
        };
        self.program.globals.push(GlobalDecl { ty, mutable, init });
        self.program.space_mut(Space::Global).add(Some(&name)).map(|_| ())
    }

    fn shape(&mut self, cur: &mut Cursor<'_>) -> Res<()> {
        let name = cur.name("a name")?;
        let mut shape = ShapeDecl::default();
        if cur.eat(Punct::LParen) {
            // Counts alone, as the disassembler writes them.
            let count = |cur: &mut Cursor<'_>| {
                let span = cur.span();
                u16::try_from(cur.int("a number of fields")?)
                    .or_else(|_| error(span, "a record has at most 65535 fields of a bank"))
            };
            shape.scalars = count(cur)?;
            cur.expect(Punct::Comma)?;
            shape.handles = count(cur)?;
            cur.expect(Punct::RParen)?;
        } else {
            cur.expect(Punct::LBrace)?;
            for (field, ty) in typed_names(cur, Some(Punct::RBrace), false)? {
                let Some(field) = field else { continue };
                let count = if ty.bank() == Bank::Scalar { &mut shape.scalars } else { &mut shape.handles };
                let index = *count;
                let Some(more) = count.checked_add(1) else {
                    return error(field.span, "a record has at most 65535 fields of a bank");
                };
                *count = more;
                if shape.fields.insert(field.text.clone(), (ty.bank(), index)).is_some() {
                    return error(field.span, format!("field `{}` is there twice", field.text));
                }
            }
        }
        self.program.shapes.push(shape);
        self.program.space_mut(Space::Shape).add(Some(&name)).map(|_| ())
    }

    fn type_def(&mut self, cur: &mut Cursor<'_>) -> Res<()> {
        let name = if cur.at(Punct::LParen) { None } else { Some(cur.name("a name or `(`")?) };
        if name.is_some() {
            cur.expect(Punct::Eq)?;
        }
        let (_, signature) = signature(cur)?;
        self.program.define_type(name.as_ref(), signature)
    }

    // ---- code ----

    fn func(&mut self, cur: &mut Cursor<'_>) -> Res<()> {
        let body = self.body(cur.span());
        // The name first: uses of a function whose header is wrong are no further mistakes.
        let name = cur.name("a name for the function")?;
        let index = self.program.space_mut(Space::Func).add(Some(&name));
        self.sources.ok(index);
        let header = self.func_header(cur);
        let (params, signature, type_ref) = match header {
            Ok(header) => header,
            Err(e) => {
                self.sources.report(*e);
                Default::default()
            }
        };
        let (body, result) = match body {
            Ok(range) => (range, Ok(())),
            Err(e) => (0..0, Err(e)),
        };
        self.program.funcs.push(FuncDecl { name, params, signature, type_ref, body }.into());
        result
    }

    #[allow(clippy::type_complexity)]
    fn func_header(&mut self, cur: &mut Cursor<'_>) -> Res<(Vec<Param>, Signature, Option<Ref>)> {
        let (params, signature) = signature(cur)?;
        let type_ref = if cur.eat_word("type") { Some(Ref::parse(cur, "a type")?) } else { None };
        cur.end()?;
        Ok((params, signature, type_ref))
    }

    /// The lines up to `.end`.
    fn body(&mut self, span: Span) -> Res<Range<usize>> {
        let start = self.pos;
        while let Some(line) = self.lines.get(self.pos) {
            match line[0].directive() {
                Some("end") => {
                    self.pos += 1;
                    return Cursor::after(line, 1).end().map(|()| start..self.pos - 1);
                }
                Some("func") => break,
                _ => self.pos += 1,
            }
        }
        error(span, "`.end` is missing for this function")
    }

    fn import(&mut self, cur: &mut Cursor<'_>) -> Res<()> {
        let span = cur.span();
        let name = match cur.peek_at(1) {
            Some(t) if t.is(Punct::Eq) => {
                let name = cur.name("a name")?;
                cur.next();
                Some(name)
            }
            _ => None,
        };
        let id_span = cur.span();
        let (id, plain) = syscall_id(cur)?;
        let explicit = if cur.at(Punct::LParen) { Some(signature(cur)?.1) } else { None };
        let type_ref = if cur.eat_word("type") { Some(Ref::parse(cur, "a type")?) } else { None };
        let unchecked = cur.eat_word("unchecked");
        let text: Rc<str> = plain.into();
        let name = name.unwrap_or(Name { text, span: id_span, scope: 0, quoted: true });
        let index = self.program.space_mut(Space::Import).add(Some(&name));
        self.sources.ok(index);
        let declared = import(self, &id, id_span, explicit, unchecked);
        let (id, signature) = match declared {
            Ok(found) => found,
            Err(e) => {
                self.sources.report(*e);
                (id, Signature::default())
            }
        };
        // Kept apart: types written with `.type` have to come first.
        self.program.pending_imports.push(PendingImport { id, signature, type_ref, unchecked, span });
        Ok(())
    }

    fn export(&mut self, cur: &mut Cursor<'_>) -> Res<()> {
        let span = cur.span();
        let own = matches!(cur.peek().map(|t| &t.tok), Some(Tok::Ident(_) | Tok::Quoted(_)));
        let reference = if own { Some(Ref::parse(&mut cur.clone(), "a name")?) } else { None };
        let name = cur.text_or_name("a name")?;
        let kind = if cur.eat(Punct::Eq) {
            if cur.eat_word("memory") {
                ExportKind::Memory
            } else if cur.eat_word("func") {
                ExportKind::Func(Ref::parse(cur, "a function")?)
            } else if cur.eat_word("table") {
                ExportKind::Table(Ref::parse(cur, "a table")?)
            } else if cur.eat_word("global") {
                ExportKind::Global(Ref::parse(cur, "a global")?)
            } else {
                return cur.expected("`func NAME`, `global NAME`, `table NAME` or `memory`");
            }
        } else {
            match reference {
                Some(reference) => ExportKind::Func(reference),
                None => return cur.expected("`=`"),
            }
        };
        self.program.exports.push(ExportDecl { name, span, kind });
        Ok(())
    }

    fn asset(&mut self, cur: &mut Cursor<'_>) -> Res<()> {
        let span = cur.span();
        let name = cur.text_or_name("a name")?;
        let kind = cur.text_or_name("a kind, such as `image`")?;
        let items = self.items.list(cur, self.sources)?;
        self.program.assets.push(AssetDecl { name, kind, span, items });
        Ok(())
    }
}

fn stray_line(line: &Line) -> Res<()> {
    Cursor::new(line).sound()?;
    let token = &line[0];
    let help = match &token.tok {
        Tok::Ident(word) if Op::from_mnemonic(word).is_some() => {
            Some("instructions stand between `.func NAME(...)` and `.end`".to_owned())
        }
        Tok::Ident(word) => did_you_mean(word, TABLE.iter().map(|row| row.mnemonic)),
        _ => None,
    };
    Err(Error::new(token.span, format!("expected a directive, found {}", token.describe()), help))
}

/// A name, unless one of these words stands there.
fn optional_name(cur: &mut Cursor<'_>, words: &[&str]) -> Res<Option<Name>> {
    if words.iter().any(|w| cur.at_word(w)) { Ok(None) } else { cur.name("a name").map(Some) }
}

/// `MIN` or `MIN, MAX`; the comma may be left out.
fn limits(cur: &mut Cursor<'_>) -> Res<(Expr, Option<Expr>)> {
    let min = Expr::parse(cur)?;
    let more = cur.eat(Punct::Comma) || cur.peek().is_some_and(|t| t.directive().is_none());
    let max = if more { Some(Expr::parse(cur)?) } else { None };
    Ok((min, max))
}

#[cfg(test)]
mod tests {
    use super::DIRECTIVES;

    #[test]
    fn the_chapter_speaks_of_every_directive() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../spec/assembly.md");
        let chapter = std::fs::read_to_string(path).expect("the chapter exists");
        for name in DIRECTIVES.iter().chain(&["local", "registers", "loc", "end"]) {
            assert!(chapter.contains(&format!(".{name}")), "{name}");
        }
    }
}
