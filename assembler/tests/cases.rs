//! Text cases: every file of `tests/cases` is a program with what becomes of it behind the line `;;;`, either
//! its errors or its disassembly. `BLESS=1 cargo test -p cartwheel-assembler --test cases` writes that part.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use cartwheel_assembler::{FileLoader, assemble, disassemble};

const MARK: &str = "\n;;;";

fn outcome(folder: &Path, name: &str, source: &str) -> String {
    match assemble(name, source, &FileLoader::new(folder)) {
        Ok(cart) => {
            let text = disassemble(&cart);
            let again =
                assemble("again.asm", &text, &FileLoader::new(folder)).expect("the disassembly assembles");
            assert!(again == cart, "{name}: the disassembly makes another cartridge");
            text
        }
        Err(diagnostics) => diagnostics.render(),
    }
}

#[test]
#[allow(clippy::disallowed_methods)] // Blessing is asked for in the environment.
fn programs_have_the_outcome_that_is_written_behind_them() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let bless = std::env::var_os("BLESS").is_some();
    let mut names: Vec<String> = fs::read_dir(&folder)
        .expect("the folder exists")
        .map(|entry| entry.expect("readable").file_name().into_string().expect("UTF-8"))
        .filter(|name| name.ends_with(".asm"))
        .collect();
    names.sort();
    assert!(!names.is_empty());
    let mut stale = Vec::new();
    for name in &names {
        let path = folder.join(name);
        let text = fs::read_to_string(&path).expect("readable");
        let source = text.split_once(MARK).map_or(text.as_str(), |(source, _)| source);
        let mut expected = format!("{source}{MARK}");
        for line in outcome(&folder, name, source).trim_end().lines() {
            let _ = write!(expected, "\n; {line}");
        }
        let expected: String = expected.lines().map(|line| format!("{}\n", line.trim_end())).collect();
        if bless {
            fs::write(&path, &expected).expect("writable");
        } else if expected != text {
            stale.push(format!("{name}:\n{expected}"));
        }
    }
    assert!(stale.is_empty(), "other outcomes than written; BLESS=1 accepts them\n{}", stale.join("\n"));
}
