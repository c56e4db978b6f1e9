//! Directives of the manifest, of explicit debug information and of raw sections.

use cartwheel_bytecode::cartridge::{DataSymbol, DebugInfo, LineEntry};

use crate::cursor::Cursor;
use crate::declare::Reader;
use crate::expr::Expr;
use crate::items::{bytes_of, parse_symbol_type};
use crate::names::Ref;
use crate::program::{DebugDecl, EntryDecl};
use crate::source::{Error, Res, Span, error, error_help};
use crate::suggest::did_you_mean;
use crate::token::{Punct, Tok};

/// Reads one of these directives.
pub(crate) fn directive(r: &mut Reader<'_>, directive: &str, span: Span, cur: &mut Cursor<'_>) -> Res<()> {
    match directive {
        "title" => set(&mut r.program.manifest.title, cur.text("the title in quotes")?, span),
        "author" => set(&mut r.program.manifest.author, cur.text("the author in quotes")?, span),
        "version" => set(&mut r.program.manifest.version, cur.text("the version in quotes")?, span),
        "video" => {
            let mode = if cur.eat_word("none") {
                None
            } else {
                let width = Expr::parse(cur)?;
                cur.eat(Punct::Comma);
                Some((width, Expr::parse(cur)?))
            };
            set(&mut r.program.manifest.video, mode, span)
        }
        "cycles" => set(&mut r.program.manifest.cycles, Expr::parse(cur)?, span),
        "capability" => capability(r, cur),
        "entry" => {
            let entry = entry(cur)?;
            set(&mut r.program.manifest.entry, (entry, span), span)
        }
        "section" => section(r, span, cur),
        "signature" => {
            let items = r.items.list(cur, r.sources)?;
            let bytes = bytes_of(&items, &r.program)?;
            if bytes.is_empty() {
                return error(span, "a signature cannot be empty");
            }
            set(&mut r.program.signature, bytes, span)
        }
        _ => debug(r, directive, span, cur),
    }
}

fn set<T>(slot: &mut Option<T>, value: T, span: Span) -> Res<()> {
    if slot.is_some() {
        return error(span, "this is already set above");
    }
    *slot = Some(value);
    Ok(())
}

/// Capabilities; a quoted one is not checked against those that exist.
fn capability(r: &mut Reader<'_>, cur: &mut Cursor<'_>) -> Res<()> {
    let known = r.catalogue.capabilities();
    loop {
        let span = cur.span();
        let checked = !matches!(cur.peek().map(|t| &t.tok), Some(Tok::Str(_)));
        let name = cur.text_or_name("a capability")?;
        if checked && !known.contains(&name) {
            let help = did_you_mean(&name, known.iter().map(String::as_str))
                .unwrap_or_else(|| format!("capabilities are: {}", known.join(", ")));
            // It counts as declared: what needs it is no further mistake.
            r.sources.report(*Error::new(span, format!("unknown capability `{name}`"), Some(help)));
        }
        r.program.manifest.capabilities.push(name);
        if !cur.eat(Punct::Comma) {
            return Ok(());
        }
    }
}

/// `update`, `update=NAME`, `main=NAME` or `library`, and any number of `start=NAME`.
fn entry(cur: &mut Cursor<'_>) -> Res<EntryDecl> {
    let (mut main, mut update, mut library) = (None, None, false);
    let mut starts = Vec::new();
    let start_of_line = cur.span();
    loop {
        let span = cur.span();
        let Some(word) = cur.peek().and_then(|t| t.word()).map(|w| w.to_string()) else { break };
        match word.as_str() {
            "library" => {
                cur.next();
                library = true;
            }
            "main" | "update" => {
                let named = cur.name("a name")?;
                let target =
                    if cur.eat(Punct::Eq) { Ref::parse(cur, "a function")? } else { Ref::Name(named) };
                set(if word == "main" { &mut main } else { &mut update }, target, span)?;
            }
            "start" => {
                let named = cur.name("a name")?;
                starts.push(if cur.eat(Punct::Eq) {
                    Ref::parse(cur, "a function")?
                } else {
                    Ref::Name(named)
                });
            }
            _ => {
                let help = did_you_mean(&word, ["main", "update", "start", "library"]);
                let message = format!("expected `update=`, `main=`, `start=` or `library`, found `{word}`");
                return Err(Error::new(span, message, help));
            }
        }
        cur.eat(Punct::Comma);
    }
    match (main, update, library) {
        (Some(main), None, false) => Ok(EntryDecl::Main { main, starts }),
        (None, Some(update), false) => Ok(EntryDecl::Update { update, starts }),
        (None, None, true) => Ok(EntryDecl::Library { starts }),
        _ => error_help(
            start_of_line,
            "an entry needs exactly one of `main=`, `update=` and `library`",
            "for example `.entry update=update start=start`",
        ),
    }
}

fn section(r: &mut Reader<'_>, span: Span, cur: &mut Cursor<'_>) -> Res<()> {
    let at = cur.span();
    let number =
        Expr::parse(cur)?.int_in(&r.program, "the number of an unknown optional section", 141, 254)? as u8;
    if number == 192 {
        return error(at, "section 192 is the debug information");
    }
    let items = r.items.list(cur, r.sources)?;
    let bytes = bytes_of(&items, &r.program)?;
    if bytes.is_empty() {
        return error(span, "a section cannot be empty");
    }
    r.program.unknown.push((number, bytes, at));
    Ok(())
}

fn debug(r: &mut Reader<'_>, directive: &str, span: Span, cur: &mut Cursor<'_>) -> Res<()> {
    if directive == "debug" {
        r.program.debug = if cur.eat_word("none") {
            DebugDecl::None
        } else if cur.eat_word("explicit") {
            DebugDecl::Explicit(DebugInfo::default())
        } else if cur.eat_word("auto") {
            DebugDecl::Auto
        } else {
            return cur.expected("`auto`, `none` or `explicit`");
        };
        return Ok(());
    }
    let DebugDecl::Explicit(info) = &mut r.program.debug else {
        return error_help(
            span,
            format!("`.{directive}` needs explicit debug information"),
            "write `.debug explicit` above",
        );
    };
    match directive {
        "debug_func" => info.functions.push((cur.index("an index")?, cur.text("a name in quotes")?)),
        "debug_global" => info.globals.push((cur.index("an index")?, cur.text("a name in quotes")?)),
        "debug_shape" => info.shapes.push((cur.index("an index")?, cur.text("a name in quotes")?)),
        "debug_symbol" => {
            let name = cur.text("a name in quotes")?;
            let (address, len) = (cur.index("an address")?, cur.index("a length")?);
            let ty = parse_symbol_type(cur)?;
            info.symbols.push(DataSymbol { name, address, len, ty });
        }
        "debug_file" => info.files.push(cur.text("a name in quotes")?),
        _ => {
            let mut number = || cur.index("a number");
            let (func, offset, file, line) = (number()?, number()?, number()?, number()?);
            info.lines.push(LineEntry { func, offset, file, line });
        }
    }
    Ok(())
}
