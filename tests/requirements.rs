//! `spec/requirements.md` names the tests that prove each row; this keeps its column in step with the sources.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

const FOLDERS: [&str; 8] = ["bytecode", "hostabi", "vm", "kernel", "runtime", "assembler", "src", "tests"];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(folder: &Path, files: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = fs::read_dir(folder).expect("a folder of the project").flatten().collect();
    entries.sort_by_key(|e| e.path());
    for entry in entries {
        let path = entry.path();
        if path.is_dir() {
            rust_files(&path, files);
        } else if path.extension().is_some_and(|e| e == "rs") {
            files.push(path);
        }
    }
}

/// Rows named by a line of the form `// covers A-1, B-2`.
fn rows_of(line: &str) -> Vec<String> {
    let Some(list) = line.trim().strip_prefix("// covers ") else { return Vec::new() };
    list.split([',', ' ']).filter(|s| s.contains('-')).map(|s| s.trim_end_matches('.').to_owned()).collect()
}

/// Name of the function that a line declares.
fn function_of(line: &str) -> Option<&str> {
    let rest = line.trim().strip_prefix("pub ").unwrap_or(line.trim()).strip_prefix("fn ")?;
    Some(rest.split(['(', '<']).next().unwrap_or(rest))
}

/// Row to the tests that prove it.
fn proofs() -> BTreeMap<String, Vec<String>> {
    let mut files = Vec::new();
    for folder in FOLDERS {
        rust_files(&root().join(folder), &mut files);
    }
    let mut proofs: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for file in files {
        let text = fs::read_to_string(&file).expect("sources are UTF-8");
        let name = file.strip_prefix(root()).expect("below the root").display().to_string();
        let mut pending: Vec<String> = Vec::new();
        for line in text.lines() {
            pending.extend(rows_of(line));
            if let (false, Some(function)) = (pending.is_empty(), function_of(line)) {
                for row in pending.drain(..) {
                    proofs.entry(row).or_default().push(format!("`{name}` {function}"));
                }
            }
        }
        assert!(pending.is_empty(), "{name}: `// covers {pending:?}` stands above no test");
    }
    proofs
}

#[test]
#[allow(clippy::disallowed_methods, reason = "a test may look at the environment")]
fn every_row_names_its_proof() {
    let path = root().join("spec/requirements.md");
    let text = fs::read_to_string(&path).expect("the chapter exists");
    let mut proofs = proofs();
    let mut chapter = String::new();
    for line in text.lines() {
        let cells: Vec<&str> = line.split('|').collect();
        let row = cells.get(1).map_or("", |c| c.trim());
        let is_row =
            line.starts_with("| ") && row.split_once('-').is_some_and(|(_, n)| n.parse::<u32>().is_ok());
        if is_row {
            let behaviour = cells[2..cells.len() - 2].join("|");
            let proof = proofs.remove(row).map_or_else(|| "-".to_owned(), |tests| tests.join(", "));
            chapter.push_str(&format!("| {row} |{behaviour}| {proof} |\n"));
        } else {
            chapter.push_str(line);
            chapter.push('\n');
        }
    }
    assert!(proofs.is_empty(), "tests cover rows that the chapter does not have: {proofs:?}");
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, &chapter).expect("the chapter can be written");
    } else {
        assert!(text == chapter, "spec/requirements.md is stale: run BLESS=1 cargo test --test requirements");
    }
}
