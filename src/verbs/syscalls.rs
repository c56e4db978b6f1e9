//! `cartwheel syscalls`.

use std::fmt::Write;

use cartwheel_hostabi::{
    CATALOGUE, Capability, DOMAINS, RETIRED, Status, SyscallId, SyscallInfo, c_header, resolve, retired,
    rust_header,
};
use serde_json::{Value, json};

use crate::cli::{HeaderLanguage, SyscallsArgs};
use crate::failure::{Exit, Failure};
use crate::{print, suggest};

/// Prints the catalogue, a domain or a row of it, or a header made from it.
pub fn run(args: &SyscallsArgs) -> Result<Exit, Failure> {
    let text = match (args.header, &args.id) {
        (Some(HeaderLanguage::C), _) => c_header(),
        (Some(HeaderLanguage::Rust), _) => rust_header(),
        (None, None) if args.json => pretty(&catalogue_json()),
        (None, None) => list(None),
        (None, Some(name)) if DOMAINS.iter().any(|domain| domain.name == name) => {
            let rows = CATALOGUE.iter().filter(|row| row.domain == name);
            if args.json { pretty(&rows.map(row_json).collect()) } else { list(Some(name)) }
        }
        (None, Some(id)) => {
            let row = find(id)?;
            if args.json { pretty(&row_json(row)) } else { row_text(row) }
        }
    };
    print::stdout(&text)?;
    Ok(Exit::Fine)
}

fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}

/// The row that an id names, or a failure that says what was meant perhaps.
pub fn find(id: &str) -> Result<&'static SyscallInfo, Failure> {
    if let Some(row) = resolve(id) {
        return Ok(row);
    }
    if let Some(entry) = retired(id) {
        return Err(Failure::new(format!("`{}` is retired: {}", entry.id, entry.note)));
    }
    Err(Failure::new(format!("no syscall is called `{id}`; {}", hint(id))))
}

fn hint(id: &str) -> String {
    if let Ok(wanted) = SyscallId::parse(id) {
        let same = |row: &&SyscallInfo| (row.domain, row.name()) == (wanted.domain, wanted.name);
        let versions: Vec<&str> = CATALOGUE.iter().filter(same).map(|row| row.id).collect();
        if !versions.is_empty() {
            return format!("there is {}", versions.join(" and "));
        }
    }
    let ids = CATALOGUE.iter().map(|row| row.id).chain(DOMAINS.iter().map(|domain| domain.name));
    // A bare name is looked for among the names.
    let named = CATALOGUE.iter().filter(|row| row.name() == id).map(|row| row.id).next();
    match named.or_else(|| suggest::nearest(id, ids)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`cartwheel syscalls` lists them all".to_owned(),
    }
}

/// Parameters and results with names and kinds.
fn signature(row: &SyscallInfo) -> String {
    let params: Vec<String> = row.params.iter().map(|p| format!("{}: {}", p.name, p.kind)).collect();
    let results: Vec<String> = row.results.iter().map(|r| format!("{}: {}", r.name, r.kind)).collect();
    let arrow = if results.is_empty() { "" } else { " -> " };
    format!("({}){arrow}{}", params.join(", "), results.join(", "))
}

/// What a call can return, OK first.
fn statuses(row: &SyscallInfo) -> Vec<Status> {
    if !row.has_status() {
        return Vec::new();
    }
    let policy = [Status::Denied, Status::Quarantined];
    let of_policy = policy.into_iter().filter(|status| !row.statuses.contains(status));
    std::iter::once(Status::Ok).chain(row.statuses.iter().copied()).chain(of_policy).collect()
}

fn list(only: Option<&str>) -> String {
    let mut out = String::new();
    for domain in DOMAINS.iter().filter(|domain| only.is_none_or(|only| only == domain.name)) {
        let rows: Vec<&SyscallInfo> = CATALOGUE.iter().filter(|row| row.domain == domain.name).collect();
        let capabilities: Vec<&str> = Capability::ALL
            .iter()
            .filter(|&&capability| rows.iter().any(|row| row.capability == capability))
            .map(|capability| capability.name())
            .collect();
        let _ = writeln!(out, "{} (capability {})", domain.name, capabilities.join(", "));
        if only.is_some() {
            let _ = writeln!(out, "{}", domain.doc);
        }
        let width = rows.iter().map(|row| row.id.len()).max().unwrap_or_default();
        let cost_width =
            rows.iter().map(|row| row.cost.to_string().chars().count()).max().unwrap_or_default();
        for row in rows {
            let cost = row.cost.to_string();
            let _ = writeln!(out, "  {:<width$}  {cost:<cost_width$}  {}", row.id, signature(row));
        }
        out.push('\n');
    }
    if only.is_none() {
        for entry in RETIRED {
            let _ = writeln!(out, "retired: {}: {}", entry.id, entry.note);
        }
        let _ = writeln!(
            out,
            "{} syscalls: id, cost in cycles, parameters and results. `cartwheel syscalls ID` shows one in full.",
            CATALOGUE.len()
        );
    }
    out
}

fn row_text(row: &SyscallInfo) -> String {
    let mut out = format!("{}{}\n{}\n\n", row.id, signature(row), row.doc);
    let mut line = |name: &str, value: &str| {
        if !value.is_empty() {
            let _ = writeln!(out, "{name:<12}{value}");
        }
    };
    line("alias", &row.alias());
    line("assembly", &row.signature());
    line("capability", row.capability.name());
    line("mode", row.mode.name());
    line("cost", &format!("{} cycles", row.cost));
    let mut name = "statuses";
    for status in statuses(row) {
        line(name, &format!("{:>3} {:<12} {}", status.code(), status.name(), status.doc()));
        name = " ";
    }
    if !row.has_status() {
        line(name, "none: the call cannot fail in normal operation");
    }
    name = "traps";
    for trap in row.traps() {
        line(name, &format!("{trap:?}: {trap}"));
        name = " ";
    }
    if let Some(domain) = DOMAINS.iter().find(|domain| domain.name == row.domain) {
        let _ = writeln!(out, "\n{}: {}", domain.name, domain.doc);
    }
    out
}

fn row_json(row: &SyscallInfo) -> Value {
    let param = |p: &cartwheel_hostabi::ParamInfo| {
        let slots: Vec<&str> = p.slots.iter().map(|slot| slot.name()).collect();
        json!({ "name": p.name, "kind": p.kind, "slots": slots })
    };
    let result =
        |r: &cartwheel_hostabi::ResultInfo| json!({ "name": r.name, "kind": r.kind, "slot": r.slot.name() });
    let status = |s: Status| json!({ "code": s.code(), "name": s.name(), "meaning": s.doc() });
    json!({
        "id": row.id,
        "domain": row.domain,
        "version": row.version(),
        "params": row.params.iter().map(param).collect::<Vec<_>>(),
        "results": row.results.iter().map(result).collect::<Vec<_>>(),
        "capability": row.capability.name(),
        "mode": row.mode.name(),
        "cost": {
            "formula": row.cost.to_string(),
            "base_cycles": row.cost.base,
            "per": row.cost.rate.map(|(cycles, units, unit)| json!({
                "cycles": cycles, "units": units, "unit": format!("{unit:?}").to_lowercase(),
            })),
        },
        "statuses": statuses(row).into_iter().map(status).collect::<Vec<_>>(),
        "traps": row.traps().iter().map(|trap| json!({
            "name": format!("{trap:?}"), "meaning": trap.message(),
        })).collect::<Vec<_>>(),
        "meaning": row.doc,
    })
}

fn catalogue_json() -> Value {
    json!({
        "syscalls": CATALOGUE.iter().map(row_json).collect::<Vec<_>>(),
        "domains": DOMAINS.iter().map(|d| json!({ "name": d.name, "meaning": d.doc })).collect::<Vec<_>>(),
        "capabilities": Capability::ALL.iter().map(|c| c.name()).collect::<Vec<_>>(),
        "retired": RETIRED.iter().map(|r| json!({ "id": r.id, "note": r.note })).collect::<Vec<_>>(),
    })
}
