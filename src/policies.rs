//! Files with policies.

use std::path::Path;

use cartwheel_runtime::policy::Policy;

use crate::failure::Failure;
use crate::{files, print};

/// Reads a policy; says on standard error which of its rules are never consulted.
pub fn read(path: &Path) -> Result<Policy, Failure> {
    let policy = parse(path)?;
    for warning in policy.warnings() {
        print::stderr(&format!("{}\n", warning.render("warning", &path.display().to_string())));
    }
    Ok(policy)
}

/// Reads a policy.
pub fn parse(path: &Path) -> Result<Policy, Failure> {
    let text = files::read_text(path)?;
    Policy::parse(&text).map_err(|errors| {
        let name = path.display().to_string();
        let rendered: Vec<String> = errors.iter().map(|error| error.render("error", &name)).collect();
        Failure::new(rendered.join("\n"))
    })
}
