//! `cartwheel audit`.

use std::fmt::Write;
use std::fs::File;
use std::io::{BufReader, Write as _};
use std::path::Path;

use cartwheel_runtime::audit::{Entry, Event, Record, Report, Signature, verify};
use serde_json::{Value, json};

use crate::cli::{AuditArgs, AuditExportArgs, AuditShowArgs, AuditVerb, AuditVerifyArgs};
use crate::failure::{Exit, Failure};
use crate::files::Output;
use crate::keys::{hex, public_key};
use crate::print;
use crate::summary::grouped;
use crate::verbs::syscalls;

/// Verifies, shows or exports an audit log.
pub fn run(args: &AuditArgs) -> Result<Exit, Failure> {
    match &args.verb {
        AuditVerb::Verify(args) => verify_log(args),
        AuditVerb::Show(args) => show(args),
        AuditVerb::Export(args) => export(args),
    }
}

fn open(path: &Path) -> Result<BufReader<File>, Failure> {
    let file = File::open(path).map_err(|e| Failure::file(path, format!("cannot read it: {e}")))?;
    Ok(BufReader::new(file))
}

fn problem_of(path: &Path, report: &Report) -> Result<Exit, Failure> {
    match &report.problem {
        None => Ok(Exit::Fine),
        Some(problem) => Err(Failure::file(path, problem)),
    }
}

fn verify_log(args: &AuditVerifyArgs) -> Result<Exit, Failure> {
    let key = args.key.as_deref().map(public_key).transpose()?;
    let report = verify(open(&args.file)?, key, |_| {});
    print::stdout(&if args.json {
        format!("{:#}\n", report_json(&report))
    } else {
        report_text(&report, key.is_some())
    })?;
    if args.incomplete && report.is_good_so_far() {
        return Ok(Exit::Fine);
    }
    problem_of(&args.file, &report)
}

fn report_text(report: &Report, key_given: bool) -> String {
    let mut out = String::new();
    let mut line = |name: &str, value: String| {
        let _ = writeln!(out, "{name:<12}{value}");
    };
    let good = if report.is_good() { "all of them" } else { "up to the first that cannot be relied on" };
    line("entries", format!("{} as they were written, {good}", grouped(report.entries)));
    if let Some((first, last)) = report.frames {
        line("frames", format!("{first} to {last}"));
    }
    match report.signature {
        Some(Signature::Key(key)) => {
            line("signed", format!("{} entries", grouped(report.signed_entries)));
            let compared = if key_given { "" } else { " (compare it with the one that you expect: --key)" };
            line("key", format!("{}{compared}", hex(&key)));
        }
        Some(Signature::None) => line(
            "signed",
            "no: accidents show, but whoever can write the file could have made all of it anew".to_owned(),
        ),
        None => {}
    }
    out
}

fn report_json(report: &Report) -> Value {
    let key = match report.signature {
        Some(Signature::Key(key)) => Some(hex(&key)),
        _ => None,
    };
    json!({
        "good": report.is_good(),
        "complete": report.is_good(),
        "good_so_far": report.is_good_so_far(),
        "entries": report.entries,
        "signed_entries": report.signed_entries,
        "first_frame": report.frames.map(|frames| frames.0),
        "last_frame": report.frames.map(|frames| frames.1),
        "bytes": report.bytes,
        "key": key,
        "problem": report.problem.as_ref().map(|problem| json!({
            "kind": format!("{:?}", problem.kind).to_lowercase(),
            "entry": problem.entry,
            "frame": problem.frame,
            "offset": problem.offset,
            "message": problem.message,
        })),
    })
}

/// What entries are shown, and the names in them.
struct View<'a> {
    args: &'a AuditShowArgs,
    syscall: Option<&'static str>,
    ids: Vec<String>,
}

impl View<'_> {
    fn shows(&self, entry: &Entry) -> bool {
        let args = self.args;
        let id = name(&self.ids, entry);
        args.frame.is_none_or(|frame| frame == entry.frame)
            && args.module.is_none_or(|module| module == entry.module)
            && self.syscall.is_none_or(|syscall| Some(syscall) == id)
            && (!args.refused || entry.verdict.is_some_and(|verdict| verdict.name() != "allow"))
    }
}

fn show(args: &AuditShowArgs) -> Result<Exit, Failure> {
    let syscall = args.syscall.as_deref().map(syscalls::find).transpose()?.map(|row| row.id);
    let mut view = View { args, syscall, ids: Vec::new() };
    let filtered = args.frame.is_some() || args.module.is_some() || syscall.is_some() || args.refused;
    let mut failed = None;
    let mut left = args.limit.unwrap_or(u64::MAX);
    if !args.json {
        print::stdout("   entry   frame module transport   verdict    outcome          cycles syscall\n")?;
    }
    let report = verify(open(&args.file)?, None, |record| {
        let mut text = String::new();
        match record {
            Record::Header(header) => view.ids.clone_from(&header.ids),
            Record::Calls(calls) => {
                for entry in calls.iter().filter(|entry| view.shows(entry)) {
                    if left == 0 {
                        break;
                    }
                    left -= 1;
                    if args.json {
                        let _ = writeln!(text, "{}", entry_json(&view.ids, entry));
                    } else {
                        line(&mut text, &view.ids, entry);
                    }
                }
            }
            Record::Event(event) if !filtered && left > 0 => {
                left -= 1;
                if args.json {
                    let _ = writeln!(text, "{}", event_json(event));
                } else {
                    let module = event.module.map_or("-".to_owned(), |module| module.to_string());
                    let details: Vec<String> = event
                        .details
                        .iter()
                        .map(|(name, value)| format!("{name} {}", clean(value)))
                        .collect();
                    let _ = writeln!(
                        text,
                        "       - {:>7} {module:>6} event: {} {}",
                        event.frame,
                        clean(&event.name),
                        details.join(", ")
                    );
                }
            }
            Record::Event(_) | Record::Head(_) => {}
        }
        if !text.is_empty() && failed.is_none() {
            failed = print::stdout(&text).err();
        }
    });
    failed.map_or(Ok(()), Err)?;
    problem_of(&args.file, &report)
}

fn line(out: &mut String, ids: &[String], entry: &Entry) {
    let id = name(ids, entry);
    let verdict = entry.verdict.map_or("-", |verdict| verdict.name());
    let _ = writeln!(
        out,
        "{:>8} {:>7} {:>6} {:<11} {:<10} {:<16} {:>6} {}",
        entry.sequence,
        entry.frame,
        entry.module,
        entry.transport.name(),
        verdict,
        entry.outcome.name(id),
        entry.cycles,
        id.map_or("?".to_owned(), clean),
    );
}

fn name<'a>(ids: &'a [String], entry: &Entry) -> Option<&'a str> {
    ids.get(usize::from(entry.syscall?)).map(String::as_str)
}

/// Characters that would drive a terminal are shown as escapes.
fn clean(text: &str) -> String {
    text.chars().flat_map(|c| if c.is_control() { c.escape_debug().collect() } else { vec![c] }).collect()
}

fn entry_json(ids: &[String], entry: &Entry) -> Value {
    let id = name(ids, entry);
    json!({
        "sequence": entry.sequence,
        "frame": entry.frame,
        "module": entry.module,
        "syscall": id,
        "transport": entry.transport.name(),
        "verdict": entry.verdict.map(|verdict| verdict.name()),
        "outcome": entry.outcome.name(id),
        "cycles": entry.cycles,
        "arguments": format!("{:016x}", entry.arguments),
    })
}

fn event_json(event: &Event) -> Value {
    let details: serde_json::Map<String, Value> =
        event.details.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
    json!({ "event": event.name, "frame": event.frame, "module": event.module, "details": details })
}

fn export(args: &AuditExportArgs) -> Result<Exit, Failure> {
    let mut out = args.output.as_deref().map(Output::create).transpose()?;
    let mut ids = Vec::new();
    let mut origins: std::collections::BTreeMap<u32, String> = Default::default();
    let mut failed = None;
    let report = verify(open(&args.file)?, None, |record| {
        let mut text = String::new();
        let mut put = |value: Value| {
            let _ = writeln!(text, "{value}");
        };
        match record {
            Record::Header(header) => {
                ids.clone_from(&header.ids);
                put(json!({ "log": "cartwheel audit", "key": header.key.map(|key| hex(&key)) }));
            }
            Record::Calls(calls) => {
                for entry in calls {
                    let mut value = entry_json(&ids, entry);
                    value["origin"] = json!(origins.get(&entry.module));
                    put(value);
                }
            }
            Record::Event(event) => {
                let origin = event.details.iter().find(|(name, _)| name == "origin");
                if let (Some(module), Some((_, origin))) = (event.module, origin) {
                    origins.insert(module, origin.clone());
                }
                put(event_json(event));
            }
            Record::Head(head) => {
                put(json!({ "head": { "entries": head.entries, "frame": head.frame, "last": head.last } }));
            }
        }
        if failed.is_none() {
            failed = match &mut out {
                Some(out) => out.write_all(text.as_bytes()).map_err(|e| out.failed(e)).err(),
                None => print::stdout(&text).err(),
            };
        }
    });
    failed.map_or(Ok(()), Err)?;
    // What was exported is as it was written, also if the rest is not there or was changed.
    out.map_or(Ok(()), Output::commit)?;
    problem_of(&args.file, &report)
}
