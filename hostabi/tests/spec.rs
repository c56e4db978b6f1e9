//! The generated chapter and headers are up to date.

use cartwheel_hostabi::{c_header, rust_header, syscalls_chapter};

/// `BLESS=1 cargo test` writes the file anew.
// covers POL-11
#[test]
#[allow(clippy::disallowed_methods)] // BLESS is for people who run tests
fn syscalls_chapter_is_fresh() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../spec/syscalls.md");
    let chapter = syscalls_chapter();
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(path, &chapter).expect("writing the chapter");
    }
    let found = std::fs::read_to_string(path).unwrap_or_default();
    assert!(found == chapter, "spec/syscalls.md is stale: run BLESS=1 cargo test -p cartwheel-hostabi");
}

/// `BLESS=1 cargo test -p cartwheel-hostabi --test spec` writes the files anew.
#[test]
#[allow(clippy::disallowed_methods)] // BLESS is for people who run tests
fn headers_are_fresh() {
    for (name, text) in [("cartwheel.h", c_header()), ("cartwheel.rs", rust_header())] {
        let path = format!("{}/../spec/headers/{name}", env!("CARGO_MANIFEST_DIR"));
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(&path, &text).expect("writing the header");
        }
        let found = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            found == text,
            "spec/headers/{name} is stale: run BLESS=1 cargo test -p cartwheel-hostabi --test spec"
        );
    }
}
