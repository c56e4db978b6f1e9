//! `cartwheel info`.

use std::collections::BTreeMap;
use std::fmt::Write;

use cartwheel_bytecode::Cartridge;
use cartwheel_bytecode::cartridge::{EntryBody, ExportItem};
use cartwheel_hostabi::{resolve, retired};
use serde_json::{Value, json};

use crate::cli::InfoArgs;
use crate::failure::{Exit, Failure};
use crate::summary::grouped;
use crate::{print, project};

/// Shows what a cartridge consists of.
pub fn run(args: &InfoArgs) -> Result<Exit, Failure> {
    let loaded = project::load_declaring(&args.cartridge, args.declare.as_deref())?;
    let path = loaded.path.clone();
    let cart = loaded.cart.clone();
    // What does not verify is shown all the same: that is when people look.
    let problem = loaded.verify().err().map(|failure| failure.message);
    let info = Info { cart: &cart, path: path.display().to_string(), problem };
    print::stdout(&if args.json { format!("{:#}\n", info.json()) } else { info.text() })?;
    Ok(Exit::Fine)
}

struct Info<'a> {
    cart: &'a Cartridge,
    path: String,
    problem: Option<String>,
}

/// What this host makes of an import.
fn standing(id: &str) -> &'static str {
    match (resolve(id), retired(id)) {
        (Some(_), _) => "available",
        (None, Some(_)) => "retired",
        (None, None) => "unknown",
    }
}

fn hex(hash: &[u8]) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn export_kind(item: ExportItem) -> &'static str {
    match item {
        ExportItem::Func(_) => "function",
        ExportItem::Table(_) => "table",
        ExportItem::Memory => "memory",
        ExportItem::Global(_) => "global",
    }
}

/// Characters that would drive a terminal are shown as escapes.
fn clean(text: &str) -> String {
    text.chars().flat_map(|c| if c.is_control() { c.escape_debug().collect() } else { vec![c] }).collect()
}

impl Info<'_> {
    fn entry(&self) -> (&'static str, Option<u32>) {
        match self.cart.manifest.entry.body {
            EntryBody::Library => ("library", None),
            EntryBody::Main(func) => ("main", Some(func)),
            EntryBody::Update(func) => ("update", Some(func)),
        }
    }

    /// Names and sizes of the parts, in bytes.
    fn sizes(&self) -> BTreeMap<&'static str, u64> {
        let cart = self.cart;
        let sum = |lens: &mut dyn Iterator<Item = usize>| lens.map(|len| len as u64).sum::<u64>();
        BTreeMap::from([
            ("file", cart.to_bytes().len() as u64),
            ("code", sum(&mut cart.functions.iter().map(|f| f.code.len()))),
            ("data", sum(&mut cart.data.iter().map(|d| d.bytes.len()))),
            ("assets", sum(&mut cart.assets.iter().map(|a| a.bytes.len()))),
        ])
    }

    fn json(&self) -> Value {
        let cart = self.cart;
        let manifest = &cart.manifest;
        let (kind, body) = self.entry();
        let name = |func: u32| cart.function_name(func);
        json!({
            "file": self.path,
            "title": manifest.title,
            "author": manifest.author,
            "version": manifest.version,
            "content_hash": hex(&cart.content_hash()),
            "signed": cart.signature.is_some(),
            "valid": self.problem.is_none(),
            "problem": self.problem,
            "entry": {
                "kind": kind,
                "function": body.map(name),
                "starts": manifest.entry.starts.iter().map(|&func| name(func)).collect::<Vec<_>>(),
            },
            "video": manifest.video.map(|mode| json!({ "width": mode.width, "height": mode.height })),
            "cycles_per_frame": manifest.cycles_per_frame,
            "memory": cart.memory.map(|m| json!({ "min_pages": m.min, "max_pages": m.max })),
            "capabilities": manifest.capabilities,
            "imports": cart.imports.iter().map(|import| json!({
                "id": import.id,
                "signature": cart.types.get(import.sig as usize).map(ToString::to_string),
                "standing": standing(&import.id),
            })).collect::<Vec<_>>(),
            "exports": cart.exports.iter().map(|export| json!({
                "name": export.name,
                "kind": export_kind(export.item),
            })).collect::<Vec<_>>(),
            "assets": cart.assets.iter().map(|asset| json!({
                "name": asset.name,
                "kind": asset.kind,
                "bytes": asset.bytes.len(),
            })).collect::<Vec<_>>(),
            "functions": cart.functions.len(),
            "tables": cart.tables.len(),
            "globals": cart.globals.len(),
            "debug": cart.debug.is_some(),
            "sizes": self.sizes(),
        })
    }

    fn text(&self) -> String {
        let cart = self.cart;
        let manifest = &cart.manifest;
        let mut out = String::new();
        let mut line = |name: &str, value: String| {
            if !value.is_empty() {
                let _ = writeln!(out, "{name:<14}{value}");
            }
        };
        line("file", self.path.clone());
        line("title", clean(&manifest.title));
        line("author", clean(&manifest.author));
        line("version", clean(&manifest.version));
        line("content hash", hex(&cart.content_hash()));
        line("signed", if cart.signature.is_some() { "yes" } else { "no" }.to_owned());
        let (kind, body) = self.entry();
        let starts = manifest.entry.starts.iter().map(|&func| cart.function_name(func));
        let starts: Vec<String> = starts.collect();
        line("start", clean(&starts.join(", ")));
        line(kind, body.map_or("nothing runs by itself".to_owned(), |func| clean(&cart.function_name(func))));
        line("video", manifest.video.map_or(String::new(), |mode| format!("{}x{}", mode.width, mode.height)));
        line("cycles/frame", grouped(manifest.cycles_per_frame));
        line(
            "memory",
            cart.memory.map_or(String::new(), |m| {
                let max = m.max.map_or("the quota".to_owned(), |max| grouped(max.into()));
                format!("{} pages of 64 KiB, up to {max}", grouped(m.min.into()))
            }),
        );
        line("capabilities", clean(&manifest.capabilities.join(", ")));
        let sizes = self.sizes();
        let sizes: Vec<String> = ["file", "code", "data", "assets"]
            .iter()
            .map(|name| format!("{name} {}", grouped(sizes[name])))
            .collect();
        line("bytes", sizes.join(", "));
        line(
            "contents",
            format!(
                "{} functions, {} tables, {} globals, debug information: {}",
                cart.functions.len(),
                cart.tables.len(),
                cart.globals.len(),
                if cart.debug.is_some() { "yes" } else { "no" }
            ),
        );
        for import in &cart.imports {
            let sig = cart.types.get(import.sig as usize).map_or_else(String::new, ToString::to_string);
            let standing = match standing(&import.id) {
                "available" => String::new(),
                other => format!("  ({other} here)"),
            };
            line("import", format!("{} {sig}{standing}", clean(&import.id)));
        }
        for export in &cart.exports {
            line("export", format!("{} {}", export_kind(export.item), clean(&export.name)));
        }
        for asset in &cart.assets {
            line(
                "asset",
                format!(
                    "{} {}, {} bytes",
                    clean(&asset.kind),
                    clean(&asset.name),
                    grouped(asset.bytes.len() as u64)
                ),
            );
        }
        line("problem", self.problem.as_deref().map_or(String::new(), clean));
        out
    }
}
