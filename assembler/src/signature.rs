//! Types, signatures, and ids of syscalls.

use cartwheel_bytecode::{Signature, ValType};

use crate::catalogue::Catalogue;
use crate::cursor::{Cursor, Name};
use crate::declare::Reader;
use crate::program::Param;
use crate::source::{Error, Res, Span, error, error_help};
use crate::suggest::did_you_mean;
use crate::token::{Punct, Tok};

/// A value type; `scalar` is another word for `i64` where only the bank counts.
pub(crate) fn value_type(cur: &mut Cursor<'_>) -> Res<ValType> {
    let what = "a type: i32, i64, f32, f64, func or handle";
    let name = cur.name(what)?;
    match value_type_of(&name) {
        Some(ty) => Ok(ty),
        None => {
            let help = did_you_mean(&name.text, ValType::ALL.iter().map(|ty| ty.name()));
            Err(Error::new(name.span, format!("expected {what}, found `{}`", name.text), help))
        }
    }
}

fn value_type_of(name: &Name) -> Option<ValType> {
    if name.quoted {
        return None;
    }
    if &*name.text == "scalar" { Some(ValType::I64) } else { ValType::from_name(&name.text) }
}

/// `a, b: i32, c: handle` up to a closing bracket or, without one, the end of the line. With `unnamed`, a type
/// can stand alone.
pub(crate) fn typed_names(
    cur: &mut Cursor<'_>,
    close: Option<Punct>,
    unnamed: bool,
) -> Res<Vec<(Option<Name>, ValType)>> {
    let mut out: Vec<(Option<Name>, ValType)> = Vec::new();
    let mut waiting: Vec<Name> = Vec::new();
    while !cur.at_end() && !close.is_some_and(|c| cur.at(c)) {
        let name = cur.name("a name")?;
        match value_type_of(&name) {
            Some(ty) if unnamed && waiting.is_empty() && !cur.at(Punct::Colon) => out.push((None, ty)),
            _ => {
                waiting.push(name);
                if cur.eat(Punct::Colon) {
                    let ty = value_type(cur)?;
                    out.extend(waiting.drain(..).map(|n| (Some(n), ty)));
                } else if !cur.at(Punct::Comma) {
                    return cur.expected("`:` and a type");
                }
            }
        }
        if !cur.eat(Punct::Comma) {
            break;
        }
    }
    if let Some(name) = waiting.first() {
        return error_help(name.span, format!("`{}` has no type", name.text), "write `NAME: TYPE`");
    }
    match close {
        Some(close) => cur.expect(close)?,
        None => cur.end()?,
    }
    Ok(out)
}

/// `(x: i32, handle) -> i32, f64`.
pub(crate) fn signature(cur: &mut Cursor<'_>) -> Res<(Vec<Param>, Signature)> {
    cur.expect(Punct::LParen)?;
    let names = typed_names(cur, Some(Punct::RParen), true)?;
    let mut results = Vec::new();
    if cur.eat(Punct::Arrow) {
        results.push(value_type(cur)?);
        while cur.eat(Punct::Comma) {
            results.push(value_type(cur)?);
        }
    }
    let params = names.iter().map(|(_, ty)| *ty).collect();
    let named = names.into_iter().map(|(name, ty)| Param { name, ty }).collect();
    Ok((named, Signature { params, results }))
}

/// An id as `gfx.rect`, `gfx.rect@1` or in quotes, and the same without its version.
pub(crate) fn syscall_id(cur: &mut Cursor<'_>) -> Res<(String, String)> {
    if matches!(cur.peek().map(|t| &t.tok), Some(Tok::Str(_))) {
        let id = cur.text("an id")?;
        let plain = id.split_once('@').map_or(id.as_str(), |(plain, _)| plain).to_owned();
        return Ok((id, plain));
    }
    let name = cur.name("the id of a syscall, such as `gfx.rect@1`")?;
    let plain = name.text.to_string();
    let version = cur.eat(Punct::At).then(|| cur.int("a version number")).transpose()?;
    let id = version.map_or_else(|| plain.clone(), |v| format!("{plain}@{v}"));
    Ok((id, plain))
}

/// Canonical id and signature of an import.
pub(crate) fn import(
    reader: &Reader<'_>,
    id: &str,
    span: Span,
    explicit: Option<Signature>,
    unchecked: bool,
) -> Res<(String, Signature)> {
    if unchecked {
        return match explicit {
            Some(signature) => Ok((id.to_owned(), signature)),
            None => error(span, "an unchecked import needs a signature"),
        };
    }
    match (reader.catalogue.syscall(id), explicit) {
        (Some(info), Some(signature)) if info.signature != signature => {
            error(span, format!("`{}` has the signature {}, not {signature}", info.id, info.signature))
        }
        (Some(info), _) => Ok((info.id, info.signature)),
        (None, Some(signature)) => Ok((id.to_owned(), signature)),
        (None, None) => Err(unknown_syscall(reader.catalogue, id, span)),
    }
}

pub(crate) fn unknown_syscall(catalogue: &dyn Catalogue, id: &str, span: Span) -> Box<Error> {
    if let Some(note) = catalogue.retired(id) {
        return Error::new(span, format!("syscall `{}` is retired", id.escape_debug()), Some(note));
    }
    let ids = catalogue.ids();
    let plain = |id: &'_ str| id.split('@').next().unwrap_or("").to_owned();
    let names: Vec<String> = ids.iter().map(|id| plain(id)).collect();
    let help = did_you_mean(id, ids.iter().map(String::as_str))
        .or_else(|| did_you_mean(&plain(id), names.iter().map(String::as_str)));
    Error::new(span, format!("unknown syscall `{}`", id.escape_debug()), help)
}
