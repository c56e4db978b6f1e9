//! Messages as they are written in source text: `message { syscall_type: "file_read", params: { path: "a" } }`.

use cartwheel_hostabi::cbor::{self, Item, MAX_MESSAGE_DEPTH};

use crate::cursor::Cursor;
use crate::float::Float;
use crate::items::hex;
use crate::source::{Res, error};
use crate::token::{Punct, Tok};

/// Reads a value and gives its deterministic CBOR.
pub(crate) fn message(cur: &mut Cursor<'_>) -> Res<Vec<u8>> {
    let span = cur.span();
    let bytes = cbor::encode(&value(cur, 0)?);
    // A key that is there twice, and limits that only the whole can break.
    match cbor::decode(&bytes) {
        Ok(_) => Ok(bytes),
        Err(wrong) => error(span, format!("this is no message: {wrong}")),
    }
}

fn value(cur: &mut Cursor<'_>, depth: usize) -> Res<Item> {
    if depth > MAX_MESSAGE_DEPTH {
        return error(cur.span(), "the values of a message are nested too deeply");
    }
    if cur.eat(Punct::LBrace) {
        return list(cur, Punct::RBrace, |cur| {
            let key = key(cur)?;
            cur.expect(Punct::Colon)?;
            Ok((key, value(cur, depth + 1)?))
        })
        .map(Item::Map);
    }
    if cur.eat(Punct::LBracket) {
        return list(cur, Punct::RBracket, |cur| value(cur, depth + 1)).map(Item::Array);
    }
    for (word, item) in [("true", Item::bool(true)), ("false", Item::bool(false)), ("null", Item::NULL)] {
        if cur.eat_word(word) {
            return Ok(item);
        }
    }
    if cur.eat_word("hex") {
        let span = cur.span();
        let digits = cur.string("hexadecimal digits in quotes")?;
        return Ok(Item::Bytes(hex(&digits, span)?));
    }
    let negative = cur.eat(Punct::Minus);
    let item = match cur.peek().map(|token| &token.tok) {
        Some(Tok::Int(value)) if negative && *value > 0 => Item::Nint(*value - 1),
        Some(Tok::Int(value)) => Item::Uint(*value),
        Some(Tok::Float(text)) => match Float::parse(text).map(|float| float.wide) {
            Some(float) => Item::Float(if negative { -float } else { float }.to_bits()),
            None => return cur.expected("a number"),
        },
        Some(Tok::Str(_)) if !negative => return cur.text("a text").map(Item::Text),
        _ => return cur.expected("a value of a message: a number, a text in quotes, `hex \"...\"`, `[`, `{`, `true`, `false` or `null`"),
    };
    cur.next();
    Ok(item)
}

/// A key: a text, in quotes or not, or a number.
fn key(cur: &mut Cursor<'_>) -> Res<Item> {
    if matches!(cur.peek().map(|token| &token.tok), Some(Tok::Int(_))) {
        return cur.int("a number").map(Item::Uint);
    }
    cur.text_or_name("a key").map(Item::Text)
}

fn list<T>(
    cur: &mut Cursor<'_>,
    end: Punct,
    mut element: impl FnMut(&mut Cursor<'_>) -> Res<T>,
) -> Res<Vec<T>> {
    let mut list = Vec::new();
    while !cur.eat(end) {
        list.push(element(cur)?);
        if !cur.eat(Punct::Comma) {
            cur.expect(end)?;
            break;
        }
    }
    Ok(list)
}
