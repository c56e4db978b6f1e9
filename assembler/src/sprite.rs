//! Sprites drawn as text.

use std::rc::Rc;

use cartwheel_bytecode::cartridge::SymbolType;

use crate::cursor::{Cursor, Name};
use crate::declare::Reader;
use crate::expr::Expr;
use crate::items::Item;
use crate::program::DataDecl;
use crate::source::{Res, Span, error, error_help};
use crate::token::{Punct, Tok, Token};

impl Reader<'_> {
    /// Rows of characters up to `.end`, each character a pixel.
    pub(crate) fn sprite(&mut self, span: Span, cur: &mut Cursor<'_>) -> Res<()> {
        let rows = self.sprite_rows(span);
        let name = cur.name("a name")?;
        let mut map: Option<Vec<char>> = None;
        let mut bits = 8;
        while !cur.at_end() {
            if cur.eat_word("map") {
                cur.expect(Punct::Eq)?;
                let at = cur.span();
                let chars: Vec<char> =
                    cur.text("the characters of colours 0, 1, ... in quotes")?.chars().collect();
                if chars.len() > 256 {
                    return error(at, "a sprite has at most 256 colours");
                }
                map = Some(chars);
            } else if cur.eat_word("bits") {
                cur.expect(Punct::Eq)?;
                let at = cur.span();
                bits = cur.int("1, 2, 4 or 8")? as u32;
                if ![1, 2, 4, 8].contains(&bits) {
                    return error(at, "a pixel has 1, 2, 4 or 8 bits");
                }
            } else {
                return cur.expected("`map=\"...\"`, `bits=N` or the rows on the next lines");
            }
        }
        let rows = rows?;
        let width = rows.first().map_or(0, |(text, _)| text.chars().count());
        let mut bytes = Vec::new();
        for (text, at) in &rows {
            let pixels = text.chars().count();
            if pixels != width {
                let message =
                    format!("this row has {pixels} pixels, the first row of the sprite has {width}");
                return error(*at, message);
            }
            let mut packed = Packer { out: &mut bytes, bits, byte: 0, filled: 0 };
            for ch in text.chars() {
                packed.push(pixel(ch, map.as_deref(), bits, *at)?);
            }
            packed.flush();
        }
        for (suffix, value) in [("width", width), ("height", rows.len())] {
            let text: Rc<str> = format!("{}.{suffix}", name.text).into();
            let token = Token { tok: Tok::Int(value as u64), span, scope: 0 };
            let expr = Expr::parse(&mut Cursor::new(&[token]))?;
            self.program.consts.define(&Name { text, ..name.clone() }, expr)?;
        }
        let items = vec![Item::Bytes(bytes.into(), span)];
        self.place(DataDecl { name, ty: SymbolType::Bytes, count: None, items })
    }

    fn sprite_rows(&mut self, span: Span) -> Res<Vec<(String, Span)>> {
        let mut rows = Vec::new();
        while let Some(line) = self.lines.get(self.pos) {
            let mut cur = Cursor::new(line);
            if line[0].directive() == Some("end") {
                self.pos += 1;
                Cursor::after(line, 1).end()?;
                if rows.is_empty() {
                    return error(span, "this sprite has no rows");
                }
                return Ok(rows);
            }
            if !matches!(line[0].tok, Tok::Str(_)) {
                break;
            }
            self.pos += 1;
            while !cur.at_end() {
                let at = cur.span();
                rows.push((cur.text("a row of pixels in quotes")?, at));
            }
        }
        error(span, "`.end` is missing for this sprite")
    }
}

/// The colour of a pixel's character.
fn pixel(ch: char, map: Option<&[char]>, bits: u32, span: Span) -> Res<u8> {
    let value = match map {
        Some(map) => map.iter().position(|c| *c == ch),
        None if ch == '.' || ch == ' ' => Some(0),
        None => ch.to_digit(16).map(|d| d as usize),
    };
    match value {
        Some(value) if value < 1 << bits => Ok(value as u8),
        Some(value) => error(span, format!("colour {value} of `{ch}` does not fit {bits} bits")),
        None => {
            let help = match map {
                Some(_) => "every character of a row has to be in the sprite's `map`",
                None => {
                    "without `map=\"...\"`, `.` and space are colour 0, 0 to 9 and a to f colours 0 to 15"
                }
            };
            error_help(span, format!("`{}` is no colour", ch.escape_debug()), help)
        }
    }
}

/// Packs pixels into bytes, the first pixel in the highest bits; rows begin at a byte.
struct Packer<'a> {
    out: &'a mut Vec<u8>,
    bits: u32,
    byte: u32,
    filled: u32,
}

impl Packer<'_> {
    fn push(&mut self, value: u8) {
        self.byte = self.byte << self.bits | u32::from(value);
        self.filled += self.bits;
        if self.filled == 8 {
            self.out.push(self.byte as u8);
            (self.byte, self.filled) = (0, 0);
        }
    }

    fn flush(&mut self) {
        if self.filled > 0 {
            self.out.push((self.byte << (8 - self.filled)) as u8);
        }
    }
}
