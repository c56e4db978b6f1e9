//! `cartwheel policy`.

use std::fmt::Write;

use cartwheel_hostabi::{SyscallInfo, resolve};
use cartwheel_runtime::origin_of;
use cartwheel_runtime::policy::{Explained, Policy, Trust, TrustLevel};
use serde_json::{Value, json};

use crate::cli::{PolicyCheckArgs, PolicyVerb};
use crate::failure::{Exit, Failure};
use crate::{policies, print, project};

/// Runs a verb on policies.
pub fn run(verb: &PolicyVerb) -> Result<Exit, Failure> {
    match verb {
        PolicyVerb::Check(args) => check(args),
    }
}

/// An import of the cartridge, and what the policy makes of it.
struct Import {
    row: &'static SyscallInfo,
    explained: Explained,
}

fn check(args: &PolicyCheckArgs) -> Result<Exit, Failure> {
    let policy = policies::parse(&args.policy)?;
    let imports = match &args.cartridge {
        Some(path) => {
            let loaded = project::load(path)?;
            let title = loaded.cart.manifest.title.clone();
            let program = loaded.verify()?;
            let origin = origin_of(&program);
            let trust = Trust::new(TrustLevel::Unverified);
            // Ids that name nothing are refused whatever the policy says.
            let rows = program.cartridge().imports.iter().filter_map(|import| resolve(&import.id));
            rows.map(|row| Import { row, explained: policy.explain(&title, &origin, &trust, row) }).collect()
        }
        None => Vec::new(),
    };
    if args.json {
        print::stdout(&format!("{:#}\n", to_json(args, &policy, &imports)))?;
    } else {
        print::stdout(&to_text(args, &policy, &imports))?;
    }
    // As `run` would: it refuses the cartridge.
    Ok(if imports.iter().any(|import| import.explained.never) { Exit::Usage } else { Exit::Fine })
}

fn to_text(args: &PolicyCheckArgs, policy: &Policy, imports: &[Import]) -> String {
    let file = args.policy.display().to_string();
    let plural = if policy.rules().len() == 1 { "" } else { "s" };
    let mut out = format!("{file}: {} rule{plural}, mode {}\n", policy.rules().len(), policy.mode());
    for warning in policy.warnings() {
        let _ = writeln!(out, "{}", warning.render("warning", &file));
    }
    let width = imports.iter().map(|import| import.row.id.len()).max().unwrap_or(0);
    for Import { row, explained } in imports {
        let mut id = row.id;
        for (when, verdict, reason) in &explained.cases {
            let when = if when.is_empty() { String::new() } else { format!(" if {when}") };
            let _ = writeln!(out, "{id:<width$}  {:<10}{when}  {}", verdict.name(), policy.describe(*reason));
            id = "";
        }
        if explained.never {
            let _ = writeln!(out, "{:<width$}  never runs: a cartridge that imports it is not loaded", "");
        }
    }
    out
}

fn to_json(args: &PolicyCheckArgs, policy: &Policy, imports: &[Import]) -> Value {
    let imports = imports.iter().map(|Import { row, explained }| {
        let cases = explained.cases.iter().map(|(when, verdict, reason)| {
            json!({ "when": when, "verdict": verdict.name(), "reason": policy.describe(*reason) })
        });
        json!({ "id": row.id, "never_runs": explained.never, "cases": cases.collect::<Vec<_>>() })
    });
    let warnings = policy.warnings();
    let warnings = warnings
        .iter()
        .map(|warning| json!({ "line": warning.line, "column": warning.column, "message": warning.message }));
    json!({
        "policy": args.policy.display().to_string(),
        "mode": policy.mode().name(),
        "rules": policy.rules().len(),
        "warnings": warnings.collect::<Vec<_>>(),
        "imports": imports.collect::<Vec<_>>(),
    })
}
