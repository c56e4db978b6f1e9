//! `cartwheel.rs`.

use std::fmt::Write;

use super::{
    Form, Intrinsic, comment, form, function_name, import_name, intrinsic_modules, left_out, meaning, rows,
    speaks_c, statuses, struct_name,
};
use crate::catalogue::{DOMAINS, DomainInfo, ResultInfo, SyscallInfo};

const HEAD: &str = "\
// Cartwheel's host interface for guests in Rust that are compiled to WebAssembly: put it beside your source and
// write `mod cartwheel;`. It needs no standard library.
//
// Generated from the table of syscalls: `cartwheel syscalls --header rust` prints it.
// What each function does in full is in `cartwheel syscalls ID`. A guest declares the capability of what it uses.
";

/// The text of the header for Rust.
pub fn rust_header() -> String {
    let mut out = HEAD.to_owned();
    out.push_str(
        "\n/// What became of a call; codes from 16 belong to the domain of the call.\npub type Status = i32;\n",
    );
    out.push_str("\n/// Statuses that every domain shares.\npub mod status {\n    use super::Status;\n");
    constants(&mut out, "shared");
    out.push_str("}\n");
    for (module, functions) in intrinsic_modules() {
        let _ =
            writeln!(out, "\n/// Instructions of the machine; they need no capability.\npub mod {module} {{");
        let _ = writeln!(
            out,
            "    #[cfg_attr(target_family = \"wasm\", link(wasm_import_module = \"{module}\"))]"
        );
        out.push_str("    unsafe extern \"C\" {\n");
        functions.iter().for_each(|function| intrinsic(&mut out, function));
        out.push_str("    }\n}\n");
    }
    DOMAINS.iter().for_each(|info| domain(&mut out, info));
    out
}

fn constants(out: &mut String, domain: &str) {
    for status in statuses(domain) {
        let _ = writeln!(out, "    /// {}", status.doc());
        let _ = writeln!(out, "    pub const {}: Status = {};", status.name(), status.code());
    }
}

fn intrinsic(out: &mut String, function: &Intrinsic) {
    let (_, name) = function.import();
    let params: Vec<String> =
        function.params.iter().map(|(name, slot)| format!("{name}: {}", slot.name())).collect();
    comment(out, "        ///", function.doc);
    let _ = writeln!(out, "        #[link_name = \"{name}\"]");
    let result = function.result.map_or(String::new(), |slot| format!(" -> {}", slot.name()));
    let _ = writeln!(out, "        pub safe fn {}({}){result};", identifier(name), params.join(", "));
}

fn domain(out: &mut String, info: &DomainInfo) {
    let rows: Vec<&SyscallInfo> = rows(info).filter(|row| speaks_c(row)).collect();
    out.push('\n');
    comment(out, "///", info.doc);
    if let Some(note) = left_out(info) {
        out.push_str("///\n");
        comment(out, "///", &note);
    }
    let _ = writeln!(out, "pub mod {} {{", identifier(info.name));
    let returns_status = |row: &&SyscallInfo| row.has_status();
    if rows.iter().any(returns_status) || statuses(info.name).next().is_some() {
        out.push_str("    use super::Status;\n");
    }
    constants(out, info.name);
    rows.iter().filter(|row| row.results.len() > 1).for_each(|row| structure(out, row));
    rows.iter().for_each(|row| wrapper(out, row));
    out.push_str("\n    #[allow(clashing_extern_declarations)] // calls of one name in several domains\n    mod import {\n");
    if rows.iter().any(|row| row.results.len() == 1 && row.has_status()) {
        out.push_str("        use super::Status;\n");
    }
    let _ = writeln!(
        out,
        "        #[cfg_attr(target_family = \"wasm\", link(wasm_import_module = \"{}\"))]",
        info.name
    );
    out.push_str("        unsafe extern \"C\" {\n");
    rows.iter().for_each(|row| import(out, row));
    out.push_str("        }\n    }\n}\n");
}

fn structure(out: &mut String, row: &SyscallInfo) {
    out.push('\n');
    comment(out, "    ///", &format!("What `{}` gives.", function_name(row)));
    out.push_str("    #[derive(Clone, Copy, Debug, PartialEq)]\n    #[repr(C)]\n");
    let _ = writeln!(out, "    pub struct {} {{", struct_name(row));
    for result in row.results {
        let _ = writeln!(out, "        /// Result `{}`.", result.name);
        let _ = writeln!(out, "        pub {}: {},", identifier(result.name), result_type(result));
    }
    out.push_str("    }\n");
}

fn wrapper(out: &mut String, row: &SyscallInfo) {
    let name = function_name(row);
    let (mut params, mut args, mut spans) = (Vec::new(), Vec::new(), false);
    for param in row.params {
        let name = identifier(param.name);
        match form(param) {
            Form::Number(slot) => {
                params.push(format!("{name}: {}", slot.name()));
                args.push(name);
            }
            Form::Span(writes) => {
                spans = true;
                params.push(format!("{name}: &{}[u8]", if writes { "mut " } else { "" }));
                args.push(format!("{name}.as_{}ptr()", if writes { "mut_" } else { "" }));
                args.push(format!("{name}.len() as u32"));
            }
        }
    }
    out.push('\n');
    comment(out, "    ///", &meaning(row));
    if params.len() > 7 {
        out.push_str("    #[allow(clippy::too_many_arguments)] // as many as the syscall has\n");
    }
    let call = format!("import::{}({})", identifier(&name), args.join(", "));
    let _ = writeln!(out, "    pub fn {}({}){} {{", identifier(&name), params.join(", "), returns(row));
    if spans {
        out.push_str("        // SAFETY: pointers and lengths are those of slices, which the host reads or writes during the call only.\n");
        let _ = writeln!(out, "        unsafe {{ {call} }}");
    } else {
        let _ = writeln!(out, "        {call}");
    }
    out.push_str("    }\n");
}

fn import(out: &mut String, row: &SyscallInfo) {
    let (mut params, mut safety) = (Vec::new(), "safe");
    for param in row.params {
        let name = identifier(param.name);
        match form(param) {
            Form::Number(slot) => params.push(format!("{name}: {}", slot.name())),
            Form::Span(writes) => {
                safety = "unsafe";
                params.push(format!("{name}: *{} u8", if writes { "mut" } else { "const" }));
                params.push(format!("{}_len: u32", param.name));
            }
        }
    }
    let _ = writeln!(out, "            #[link_name = \"{}\"]", import_name(row));
    let result =
        if row.results.len() > 1 { format!(" -> super::{}", struct_name(row)) } else { returns(row) };
    let name = identifier(&function_name(row));
    let _ = writeln!(out, "            pub {safety} fn {name}({}){result};", params.join(", "));
}

fn returns(row: &SyscallInfo) -> String {
    match row.results {
        [] => String::new(),
        [result] => format!(" -> {}", result_type(result)),
        _ => format!(" -> {}", struct_name(row)),
    }
}

fn result_type(result: &ResultInfo) -> &'static str {
    if result.kind == "status" { "Status" } else { result.slot.name() }
}

/// A name that the language keeps for itself gets an underscore.
fn identifier(name: &str) -> String {
    const KEYWORDS: &[&str] = &[
        "as", "break", "const", "continue", "crate", "else", "enum", "extern", "false", "fn", "for", "if",
        "impl", "in", "let", "loop", "match", "mod", "move", "mut", "pub", "ref", "return", "self", "static",
        "struct", "super", "trait", "true", "type", "unsafe", "use", "where", "while", "async", "await",
        "dyn", "abstract", "become", "box", "do", "final", "gen", "macro", "override", "priv", "try",
        "typeof", "unsized", "virtual", "yield",
    ];
    if KEYWORDS.contains(&name) { format!("{name}_") } else { name.to_owned() }
}
