//! The generated chapter is in step with the table.

use std::fs;

#[test]
#[allow(clippy::disallowed_methods, reason = "a test may look at the environment")]
fn instructions_chapter_is_current() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../spec/instructions.md");
    let chapter = cartwheel_bytecode::instructions_chapter();
    if std::env::var_os("BLESS").is_some() {
        fs::write(path, chapter).expect("the chapter can be written");
    } else {
        let text = fs::read_to_string(path).expect("the chapter exists");
        assert!(
            text == chapter,
            "spec/instructions.md is stale: BLESS=1 cargo test -p cartwheel-bytecode --test chapter"
        );
    }
}
