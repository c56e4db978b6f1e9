//! What a replay that came to other states has to say.

use std::fmt::Write;
use std::path::Path;

use cartwheel_runtime::trace::{Mismatch, Trace};

use crate::failure::Failure;
use crate::traces::Found;

/// The report, for people.
pub fn report(path: &Path, trace: &Trace, found: &Found, mismatch: &Mismatch) -> Result<String, Failure> {
    let mut out = String::new();
    let (recorded, now) = mismatch.roots;
    let _ = writeln!(out, "diverged in frame {}: {}", mismatch.frame, path.display());
    let _ = writeln!(out, "  recorded state {recorded:032x}, now {now:032x}");
    let _ = (trace, found);
    Ok(out)
}
