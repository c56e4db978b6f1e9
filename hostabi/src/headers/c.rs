//! `cartwheel.h`.

use std::fmt::Write;

use super::{
    Form, Intrinsic, comment, form, function_name, import_name, intrinsic_modules, left_out, meaning, rows,
    speaks_c, statuses, struct_name,
};
use crate::catalogue::{DOMAINS, DomainInfo, SyscallInfo};
use crate::kind::SlotType;

const HEAD: &str = "\
/* Cartwheel's host interface for guests in C and C++ that are compiled to WebAssembly.
 *
 * Generated from the table of syscalls: `cartwheel syscalls --header c` prints it.
 * What each function does in full is in `cartwheel syscalls ID`. A guest declares the capability of what it uses.
 * Functions that return a structure import the C ABI's form, with the address of the structure first.
 */
#ifndef CARTWHEEL_H
#define CARTWHEEL_H

#include <stdint.h>

#ifdef __wasm__
#define CARTWHEEL_IMPORT(module, name) __attribute__((import_module(module), import_name(name)))
#define CARTWHEEL_EXPORT(name) __attribute__((export_name(name)))
#else /* for editors and checks on other machines */
#define CARTWHEEL_IMPORT(module, name)
#define CARTWHEEL_EXPORT(name)
#endif

#ifdef __cplusplus
extern \"C\" {
#endif
";

const TAIL: &str = "
#ifdef __cplusplus
}
#endif

#endif
";

/// The text of the header for C and C++.
pub fn c_header() -> String {
    let mut out = HEAD.to_owned();
    out.push_str("\n/* Statuses that every domain shares. */\n");
    status_enum(&mut out, "shared", "cartwheel_status", "STATUS");
    for (module, functions) in intrinsic_modules() {
        let _ = writeln!(out, "\n/* {module}: instructions of the machine; they need no capability. */");
        functions.iter().for_each(|function| intrinsic(&mut out, function));
    }
    DOMAINS.iter().for_each(|info| domain(&mut out, info));
    out.push_str(TAIL);
    out
}

fn status_enum(out: &mut String, domain: &str, tag: &str, prefix: &str) {
    if statuses(domain).next().is_none() {
        return;
    }
    let _ = writeln!(out, "enum {tag} {{");
    for status in statuses(domain) {
        let _ = writeln!(out, "    {prefix}_{} = {}, /* {} */", status.name(), status.code(), status.doc());
    }
    out.push_str("};\n");
}

fn domain(out: &mut String, info: &DomainInfo) {
    let _ = writeln!(out);
    let mut text = format!("{}: {}", info.name, info.doc);
    if let Some(note) = left_out(info) {
        text = format!("{text} {note}");
    }
    block(out, &text);
    status_enum(out, info.name, &format!("{}_status", info.name), &info.name.to_uppercase());
    rows(info).filter(|row| speaks_c(row)).for_each(|row| function(out, row));
}

fn block(out: &mut String, text: &str) {
    let mut lines = String::new();
    comment(&mut lines, " *", &text.replace("*/", "* /"));
    let _ = writeln!(out, "/{} */", lines.trim());
}

fn intrinsic(out: &mut String, function: &Intrinsic) {
    let (module, name) = function.import();
    let params: Vec<String> =
        function.params.iter().map(|(name, slot)| format!("{} {name}", c_type(*slot))).collect();
    let result = function.result.map_or("void", c_type);
    declare(out, function.doc, (module, name), result, &format!("{module}_{name}"), &params);
}

fn function(out: &mut String, row: &SyscallInfo) {
    let mut params = Vec::new();
    for param in row.params {
        let name = param.name;
        match form(param) {
            Form::Number(slot) => params.push(format!("{} {name}", c_type(slot))),
            Form::Span(writes) => {
                params.push(format!("{} *{name}", if writes { "void" } else { "const void" }));
                params.push(format!("uint32_t {name}_len"));
            }
        }
    }
    let name = format!("{}_{}", row.domain, function_name(row));
    let result = match row.results {
        [] => "void".to_owned(),
        [result] => c_type(result.slot).to_owned(),
        results => {
            let tag = format!("{}{}", capitalised(row.domain), struct_name(row));
            let _ = writeln!(out, "\ntypedef struct {{");
            for result in results {
                let _ = writeln!(out, "    {} {};", c_type(result.slot), result.name);
            }
            let _ = writeln!(out, "}} {tag};");
            tag
        }
    };
    declare(out, &meaning(row), (row.domain, &import_name(row)), &result, &name, &params);
}

fn declare(out: &mut String, doc: &str, import: (&str, &str), result: &str, name: &str, params: &[String]) {
    let params = if params.is_empty() { "void".to_owned() } else { params.join(", ") };
    out.push('\n');
    block(out, doc);
    let _ = writeln!(out, "CARTWHEEL_IMPORT(\"{}\", \"{}\")", import.0, import.1);
    let _ = writeln!(out, "{result} {name}({params});");
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

fn c_type(slot: SlotType) -> &'static str {
    match slot {
        SlotType::I32 => "int32_t",
        SlotType::I64 => "int64_t",
        SlotType::F32 => "float",
        SlotType::F64 => "double",
        SlotType::Handle => unreachable!("rows with handles are left out"),
    }
}
