//! The generated chapter on syscalls.

use std::fmt::Write;

use crate::capability::Capability;
use crate::catalogue::{CATALOGUE, DOMAINS, RETIRED, SyscallInfo, foreign_profile};
use crate::fault::SyscallTrap;
use crate::status::Status;

/// The text of `spec/syscalls.md`.
pub fn syscalls_chapter() -> String {
    let mut out = String::from(
        "# Syscalls\n\n\
         Generated from the table in `hostabi/src/table.rs`; a test fails when this file is stale.\n\n\
         A syscall is known by its id `domain.name@version`; `domain.name.vN` means the same, and an id without\n\
         a version means version 1. A cartridge declares the capability of every syscall that it imports.\n\n\
         A `span` is two `i32` slots, address and length of a stretch of linear memory, both unsigned; `span_mut` is\n\
         one that the host writes. `bytes` is the handle of a byte string. A `status` is an `i32`; when it is not\n\
         OK, further results are 0 or null. Costs are cycles on top of the `syscall` instruction's own, rounded up to\n\
         whole ones; pixels are those that are left after clipping, rows those of the surface in which\n\
         clipping leaves something of a shape and what it encloses.\n\n\
         A call that breaks the rules of the boundary traps: it has done nothing, and its module ends.\n",
    );
    out.push_str(
        "\n## Shared statuses\n\nAny row with a status can also return OK, DENIED and QUARANTINED.\n\n",
    );
    statuses(&mut out, "shared");
    out.push_str("\n## Capabilities\n\n");
    for &capability in Capability::ALL {
        let domains: Vec<&str> = DOMAINS
            .iter()
            .map(|domain| domain.name)
            .filter(|domain| rows(domain).any(|row| row.capability == capability))
            .collect();
        let domains = if domains.is_empty() { "nothing yet".to_owned() } else { domains.join(", ") };
        line(&mut out, format_args!("* `{capability}`: {domains}"));
    }
    for domain in DOMAINS {
        line(&mut out, format_args!("\n## {}\n\n{}\n", domain.name, domain.doc));
        if let Some(console) = foreign_profile(domain.name) {
            line(&mut out, format_args!("Foreign profile: these rows keep the shape of {console}.\n"));
        }
        out.push_str(
            "| id | parameters | results | statuses | traps | cost | capability, mode, meaning |\n|---|---|---|---|---|---|---|\n",
        );
        rows(domain.name).for_each(|info| row(&mut out, info));
        if Status::ALL.iter().any(|status| status.domain() == domain.name) {
            out.push('\n');
            statuses(&mut out, domain.name);
        }
    }
    out.push_str("\n## Traps\n\n");
    for trap in SyscallTrap::ALL {
        line(&mut out, format_args!("* {trap:?}: {trap}"));
    }
    out.push_str("\n## Retired ids\n\n");
    for entry in RETIRED {
        line(&mut out, format_args!("* `{}`: {}", entry.id, entry.note));
    }
    if RETIRED.is_empty() {
        out.push_str("None yet.\n");
    }
    out
}

fn rows(domain: &str) -> impl Iterator<Item = &'static SyscallInfo> {
    CATALOGUE.iter().filter(move |row| row.domain == domain)
}

fn row(out: &mut String, info: &SyscallInfo) {
    let params: Vec<String> = info.params.iter().map(|p| format!("{}: {}", p.name, p.kind)).collect();
    let results: Vec<String> = info.results.iter().map(|r| format!("{}: {}", r.name, r.kind)).collect();
    let statuses: Vec<&str> = info.statuses.iter().map(|status| status.name()).collect();
    let traps: Vec<String> = info.traps().iter().map(|trap| format!("{trap:?}")).collect();
    line(
        out,
        format_args!(
            "| `{}` | {} | {} | {} | {} | {} | {}, {}. {} |",
            info.id,
            params.join(", "),
            results.join(", "),
            statuses.join(", "),
            traps.join(", "),
            info.cost,
            info.capability,
            info.mode.name(),
            info.doc
        ),
    );
}

fn statuses(out: &mut String, domain: &str) {
    out.push_str("| code | status | meaning |\n|---|---|---|\n");
    for status in Status::ALL.iter().filter(|status| status.domain() == domain) {
        line(out, format_args!("| {} | {} | {} |", status.code(), status.name(), status.doc()));
    }
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    writeln!(out, "{text}").expect("writing to a string");
}
