//! The generated chapter on instructions.

use std::fmt::Write;

use crate::instr::{SizeCost, families};
use crate::operand::{Kind, Scalar, Space};

/// The text of `spec/instructions.md`.
pub fn instructions_chapter() -> String {
    let mut out = String::from(
        "# Instructions\n\n\
         Generated from the table in `bytecode/src/table.rs`; a test fails when this file is stale.\n\n\
         Operand kinds: `r` scalar register written, `h` handle register written, `i32`, `i64`, `f32`, `f64` scalar\n\
         source (register or constant), `handle` handle source (register or `null`), `#` constant, `label` place in\n\
         the function, other names index what the cartridge declares. Costs are cycles; `+ n/16` is a cycle per\n\
         started 16 bytes, `+ n` a cycle per element, `+ 1024n` 1,024 cycles per page.\n",
    );
    for (family, rows) in families() {
        write!(out, "\n## {family}\n\n| no. | instruction | operands | cost | traps | meaning |\n|---|---|---|---|---|---|\n")
            .expect("writing to a string");
        for row in rows {
            let operands: Vec<String> =
                row.operands.iter().map(|o| format!("{}: {}", o.name, kind_name(o.kind))).collect();
            let traps: Vec<String> = row.traps.iter().map(|t| format!("{t:?}")).collect();
            let size = match row.size_cost {
                SizeCost::Fixed => "",
                SizeCost::Per16Bytes => " + n/16",
                SizeCost::PerElement => " + n",
                SizeCost::PerPage => " + 1024n",
            };
            writeln!(
                out,
                "| {:#x} | `{}` | {} | {}{size} | {} | {} |",
                row.number,
                row.mnemonic,
                operands.join(", "),
                row.cost,
                traps.join(", "),
                row.doc
            )
            .expect("writing to a string");
        }
    }
    out
}

fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Dst => "r",
        Kind::HDst => "h",
        Kind::Src(Scalar::I32) => "i32",
        Kind::Src(Scalar::I64) => "i64",
        Kind::Src(Scalar::F32) => "f32",
        Kind::Src(Scalar::F64) => "f64",
        Kind::H => "handle",
        Kind::Imm(_) => "#",
        Kind::Index(space) => match space {
            Space::Func => "function",
            Space::Sig => "signature",
            Space::Table => "table",
            Space::Global => "global",
            Space::Data => "data",
            Space::Elem => "elements",
            Space::Import => "import",
            Space::Shape => "shape",
        },
        Kind::Label => "label",
        Kind::Labels => "labels",
        Kind::Field => "scalar field",
        Kind::HField => "handle field",
        Kind::Offset => "#",
        Kind::Args => "arguments",
        Kind::Dsts => "results",
    }
}
