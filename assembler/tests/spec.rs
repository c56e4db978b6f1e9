//! `spec/assembly.md` agrees with the assembler.

use std::fs;
use std::path::Path;

use cartwheel_assembler::{NoFiles, assemble};

fn chapter() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../spec/assembly.md");
    fs::read_to_string(path).expect("the chapter exists")
}

#[test]
fn the_examples_of_the_chapter_assemble() {
    let chapter = chapter();
    let examples: Vec<&str> =
        chapter.split("```asm\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(examples.len() >= 4);
    for example in examples {
        if let Err(diagnostics) = assemble("example.asm", example, &NoFiles) {
            panic!("{diagnostics}");
        }
    }
}

#[test]
fn the_directives_of_the_chapter_exist() {
    let chapter = chapter();
    let mut names: Vec<&str> = chapter
        .split_whitespace()
        .filter_map(|word| word.trim_start_matches('`').strip_prefix('.'))
        .map(|word| word.split(|c: char| !c.is_ascii_lowercase() && c != '_').next().unwrap_or(""))
        // The ending of cartridge files is no directive.
        .filter(|name| !name.is_empty() && *name != "cart")
        .collect();
    names.sort_unstable();
    names.dedup();
    assert!(names.len() > 40, "{names:?}");
    for name in names {
        let message = match assemble("x.asm", format!(".{name}\n"), &NoFiles) {
            Ok(_) => String::new(),
            Err(diagnostics) => diagnostics.render(),
        };
        assert!(!message.contains("unknown directive"), "`.{name}`: {message}");
    }
}
