//! Names, strings, bytes and numbers as source text.

use std::fmt::Write;

use cartwheel_bytecode::ValType;
use cartwheel_bytecode::operand::Scalar;

use crate::float::{print_f32, print_f64};
use crate::function::raw_register;
use crate::operands::scalar_of;
use crate::token::{continues_name, starts_name};

/// Names that mean something else where a name can stand.
const RESERVED: &[&str] = &["_", "null", "const", "passive", "at", "declared", "handle", "func"];

/// True if the text is one name when it is written as it is.
pub(crate) fn is_plain(name: &str) -> bool {
    let mut parts = name.split('.');
    let first = parts.next().unwrap_or("");
    first.starts_with(starts_name)
        && first.chars().all(continues_name)
        && parts.all(|part| !part.is_empty() && part.chars().all(continues_name))
        && !RESERVED.contains(&name)
        && raw_register(name).is_none()
}

/// A name, in backticks if it has to be.
pub(crate) fn name(name: &str) -> String {
    if is_plain(name) { name.to_owned() } else { format!("`{}`", escape(name)) }
}

/// Text in quotes.
pub(crate) fn string(text: &str) -> String {
    format!("\"{}\"", escape(text))
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for ch in text.chars() {
        match ch {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\\' | '"' | '`' => {
                out.push('\\');
                out.push(ch);
            }
            _ if ch.is_control() => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(ch));
            }
            _ => out.push(ch),
        }
    }
    out
}

/// Bytes of a line of hexadecimal digits or text.
const BYTES_PER_LINE: usize = 32;

/// Bytes as a list of items, a line each, with `=` in front; nothing for no bytes.
pub(crate) fn items(bytes: &[u8]) -> String {
    if bytes.is_empty() {
        return String::new();
    }
    let readable = |b: &u8| (0x20..0x7f).contains(b) || *b == b'\n';
    let text = bytes.iter().all(readable);
    let mut out = " =".to_owned();
    for (i, chunk) in bytes.chunks(BYTES_PER_LINE).enumerate() {
        out.push_str(if i > 0 { ",\n  " } else { "\n  " });
        match std::str::from_utf8(chunk).ok().filter(|_| text) {
            Some(chunk) => out.push_str(&string(chunk)),
            None => {
                out.push_str("hex \"");
                for byte in chunk {
                    let _ = write!(out, "{byte:02x}");
                }
                out.push('"');
            }
        }
    }
    out
}

/// A constant of a type, or the raw cell if no such constant has these bits.
pub(crate) fn cell(cell: u64, ty: Scalar) -> String {
    match (ty, u32::try_from(cell)) {
        (Scalar::I32, Ok(low)) => (low as i32).to_string(),
        (Scalar::F32, Ok(low)) => print_f32(low),
        (Scalar::I64, _) => (cell as i64).to_string(),
        (Scalar::F64, _) => print_f64(cell),
        _ => raw_cell(cell),
    }
}

/// A constant of a value type.
pub(crate) fn value(bits: u64, ty: ValType) -> String {
    match ty {
        ValType::Handle => raw_cell(bits),
        ty => cell(bits, scalar_of(ty)),
    }
}

pub(crate) fn raw_cell(cell: u64) -> String {
    format!("cell:{cell:#x}")
}
