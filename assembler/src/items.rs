//! Lists of values and bytes, as in `1, 2, "text", hex "00ff", file("level.bin")`.

use std::rc::Rc;

use cartwheel_bytecode::cartridge::SymbolType;
use cartwheel_bytecode::operand::Scalar;

use crate::cursor::Cursor;
use crate::expr::{Env, Expr};
use crate::message::message;
use crate::program::element_bytes;
use crate::source::{Loader, Res, Sources, Span, error, error_help};
use crate::token::{Punct, Tok, Token};

/// An element of a list.
pub(crate) enum Item {
    Value(Expr),
    /// A string, `hex` or the content of a file.
    Bytes(Rc<[u8]>, Span),
}

/// Most bytes that a program can hold, and that it can load from files.
pub(crate) const MAX_BYTES: u64 = 1 << 28;

/// Reads lists; counts what files are loaded.
pub(crate) struct ItemReader<'a> {
    pub loader: &'a dyn Loader,
    pub loaded: u64,
}

impl ItemReader<'_> {
    /// Items up to the end of the line or the next directive; `=` in front may be left out.
    pub fn list(&mut self, cur: &mut Cursor<'_>, sources: &Sources) -> Res<Vec<Item>> {
        cur.eat(Punct::Eq);
        let mut items = Vec::new();
        while cur.peek().is_some_and(|t| t.directive().is_none()) {
            items.push(self.item(cur, sources)?);
            if !cur.eat(Punct::Comma) {
                break;
            }
        }
        Ok(items)
    }

    fn item(&mut self, cur: &mut Cursor<'_>, sources: &Sources) -> Res<Item> {
        let span = cur.span();
        let after = cur.peek_at(1);
        if matches!(cur.peek().map(|t| &t.tok), Some(Tok::Str(_))) {
            return Ok(Item::Bytes(cur.string("a string")?, span));
        }
        if cur.at_word("hex") && matches!(after.map(|t| &t.tok), Some(Tok::Str(_))) {
            cur.next();
            let span = cur.span();
            let digits = cur.string("hexadecimal digits in quotes")?;
            return Ok(Item::Bytes(hex(&digits, span)?.into(), span));
        }
        if cur.at_word("message") && after.is_some_and(begins_message) {
            cur.next();
            return Ok(Item::Bytes(message(cur)?.into(), span));
        }
        if cur.at_word("file") && after.is_some_and(|t: &Token| t.is(Punct::LParen)) {
            cur.next();
            cur.next();
            let span = cur.span();
            let path = cur.text("the name of a file in quotes")?;
            cur.expect(Punct::RParen)?;
            return Ok(Item::Bytes(self.file(sources.file_name(span.file), &path, span)?, span));
        }
        Expr::parse(cur).map(Item::Value)
    }

    fn file(&mut self, from: &str, path: &str, span: Span) -> Res<Rc<[u8]>> {
        let file = match self.loader.load(from, path) {
            Ok(file) => file,
            Err(reason) => return error(span, format!("cannot read \"{}\": {reason}", path.escape_debug())),
        };
        self.loaded += file.bytes.len() as u64;
        if self.loaded > MAX_BYTES {
            return error(span, format!("files of more than {MAX_BYTES} bytes in all are loaded"));
        }
        Ok(file.bytes.into())
    }
}

/// True for what cannot go on with an expression that begins with the name `message`.
fn begins_message(token: &Token) -> bool {
    let value = matches!(token.tok, Tok::Ident(_) | Tok::Str(_) | Tok::Int(_) | Tok::Float(_));
    value || token.is(Punct::LBrace) || token.is(Punct::LBracket)
}

pub(crate) fn hex(digits: &[u8], span: Span) -> Res<Vec<u8>> {
    let digits: Vec<u8> = digits.iter().copied().filter(|b| !b.is_ascii_whitespace()).collect();
    let nibble = |b: u8| char::from(b).to_digit(16).map(|d| d as u8);
    let bytes = digits.chunks(2).map(|pair| match *pair {
        [high, low] => Some(nibble(high)? << 4 | nibble(low)?),
        _ => None,
    });
    bytes.collect::<Option<Vec<u8>>>().map_or_else(
        || error_help(span, "this is not hexadecimal", "write two digits 0 to 9 or a to f for each byte"),
        Ok,
    )
}

impl Item {
    pub fn span(&self) -> Span {
        match self {
            Item::Value(expr) => expr.span,
            Item::Bytes(_, span) => *span,
        }
    }

    /// Bytes that the item takes in a list of this type.
    pub fn size(&self, ty: SymbolType) -> u64 {
        match self {
            Item::Value(_) => element_bytes(ty).into(),
            Item::Bytes(bytes, _) => bytes.len() as u64,
        }
    }

    /// Appends the item's bytes.
    pub fn encode(&self, env: &dyn Env, ty: SymbolType, out: &mut Vec<u8>) -> Res<()> {
        let expr = match self {
            Item::Bytes(bytes, span) => {
                if bytes.len() % element_bytes(ty) as usize != 0 {
                    let size = element_bytes(ty);
                    return error(
                        *span,
                        format!("these bytes are no whole number of elements of {size} bytes"),
                    );
                }
                out.extend_from_slice(bytes);
                return Ok(());
            }
            Item::Value(expr) => expr,
        };
        let small = |what: &str, bits: u32| {
            let (min, max) = (-(1i128 << (bits - 1)), (1i128 << bits) - 1);
            expr.int_in(env, what, min, max)
        };
        match ty {
            SymbolType::Bytes | SymbolType::I8 | SymbolType::Text => out.push(small("a byte", 8)? as u8),
            SymbolType::I16 => out.extend_from_slice(&(small("a 16-bit value", 16)? as u16).to_le_bytes()),
            SymbolType::I32 => out.extend_from_slice(&(expr.cell(env, Scalar::I32)? as u32).to_le_bytes()),
            SymbolType::F32 => out.extend_from_slice(&(expr.cell(env, Scalar::F32)? as u32).to_le_bytes()),
            SymbolType::I64 => out.extend_from_slice(&expr.cell(env, Scalar::I64)?.to_le_bytes()),
            SymbolType::F64 => out.extend_from_slice(&expr.cell(env, Scalar::F64)?.to_le_bytes()),
        }
        Ok(())
    }
}

/// The bytes of a list.
pub(crate) fn bytes_of(items: &[Item], env: &dyn Env) -> Res<Vec<u8>> {
    let mut out = Vec::new();
    for item in items {
        item.encode(env, SymbolType::Bytes, &mut out)?;
    }
    Ok(out)
}

/// Name of a data type in assembly.
pub(crate) fn symbol_type_name(ty: SymbolType) -> &'static str {
    match ty {
        SymbolType::Bytes => "bytes",
        SymbolType::I8 => "i8",
        SymbolType::I16 => "i16",
        SymbolType::I32 => "i32",
        SymbolType::I64 => "i64",
        SymbolType::F32 => "f32",
        SymbolType::F64 => "f64",
        SymbolType::Text => "text",
    }
}

/// A data type.
pub(crate) fn parse_symbol_type(cur: &mut Cursor<'_>) -> Res<SymbolType> {
    let what = "a type: i8, i16, i32, i64, f32, f64, bytes or text";
    let name = cur.name(what)?;
    match SymbolType::ALL.into_iter().find(|ty| name.is_word(symbol_type_name(*ty))) {
        Some(ty) => Ok(ty),
        None => error(name.span, format!("expected {what}, found `{}`", name.text.escape_debug())),
    }
}
