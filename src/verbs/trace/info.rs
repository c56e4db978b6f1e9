//! `cartwheel trace info`.

use std::fmt::Write;

use cartwheel_runtime::trace::{Sizes, Trace};
use serde_json::{Value, json};

use crate::cli::TraceInfoArgs;
use crate::failure::{Exit, Failure};
use crate::print;
use crate::summary::grouped;
use crate::traces::{self, hex};

/// Shows what a trace has.
pub fn run(args: &TraceInfoArgs) -> Result<Exit, Failure> {
    let mut trace = traces::read(&args.trace)?;
    // All of it, so that damage is found wherever it is.
    trace.check().map_err(|e| Failure::file(&args.trace, e))?;
    let text = if args.json { format!("{:#}\n", as_json(&trace)) } else { as_text(&trace) };
    print::stdout(&text)?;
    Ok(Exit::Fine)
}

fn bytes_per_frame(trace: &Trace, sizes: &Sizes) -> f64 {
    if trace.is_empty() { 0.0 } else { sizes.frames as f64 / trace.len() as f64 }
}

fn as_json(trace: &Trace) -> Value {
    let header = trace.header();
    let sizes = trace.sizes();
    let named = |list: &[(String, Vec<u8>)]| -> Value {
        list.iter().map(|(name, value)| (name.clone(), Value::from(hex(value)))).collect()
    };
    json!({
        "first_frame": header.first_frame,
        "frames": trace.len(),
        "finished": trace.is_finished(),
        "damage": trace.damage().map(ToString::to_string),
        "modules": header.loaded(),
        "cartridges": header.cartridges.iter().map(|cartridge| json!({
            "name": cartridge.name,
            "content_hash": hex(&cartridge.hash),
            "embedded": cartridge.is_embedded(),
        })).collect::<Vec<_>>(),
        "settings": header.settings.iter().map(|(name, value)| (name.clone(), json!(value))).collect::<Value>(),
        "rules": named(&header.semantics),
        "digests": named(&header.digests),
        "script": header.script,
        "keyframes": trace.keyframes().iter().map(|at| at.frame).collect::<Vec<_>>(),
        "bytes": { "frames": sizes.frames, "keyframes": sizes.keyframes, "rest": sizes.rest },
        "bytes_per_frame": bytes_per_frame(trace, &sizes),
    })
}

fn as_text(trace: &Trace) -> String {
    let header = trace.header();
    let sizes = trace.sizes();
    let mut out = String::new();
    let mut line = |name: &str, value: String| {
        let _ = writeln!(out, "{name:<13}{value}");
    };
    let frames = grouped(trace.len());
    let seconds = trace.len() as f64 / 60.0;
    line("frames", format!("{frames} from {}, {seconds:.1} s at 60 per second", grouped(header.first_frame)));
    let state = match trace.damage() {
        None if trace.is_finished() => "complete".to_owned(),
        None => "recording was cut short between two frames".to_owned(),
        Some(damage) if damage.torn => format!("recording was cut short: {damage}"),
        Some(damage) => format!("damaged: {damage}"),
    };
    line("state", state);
    if (header.loaded(), header.cartridges.len()) != (1, 1) {
        line("modules", grouped(header.loaded() as u64));
    }
    for cartridge in &header.cartridges {
        let embedded = if cartridge.is_embedded() { ", embedded" } else { "" };
        line("cartridge", format!("{} {:?}{embedded}", hex(&cartridge.hash), cartridge.name));
    }
    if let Some(script) = &header.script {
        let rules = script.lines().filter(|line| line.trim_start().starts_with("[[rule]]")).count();
        line("script", format!("of statuses; rules: {rules}; --json shows the text"));
    }
    let settings: Vec<String> =
        header.settings.iter().map(|(name, value)| format!("{name} {}", grouped(*value))).collect();
    line("settings", settings.join(", "));
    let keyframes = trace.keyframes().len() as u64;
    let each = sizes.keyframes.checked_div(keyframes).unwrap_or(0);
    line("keyframes", format!("{}, {} bytes each", grouped(keyframes), grouped(each)));
    line(
        "bytes",
        format!(
            "{} in all: frames {} ({:.1} each), keyframes {}, rest {}",
            grouped(trace.file_bytes()),
            grouped(sizes.frames),
            bytes_per_frame(trace, &sizes),
            grouped(sizes.keyframes),
            grouped(sizes.rest)
        ),
    );
    out
}
