//! The generated list of message types.

/// The chapter is what the built-in modules say of themselves.
#[test]
fn the_list_of_message_types_is_current() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../spec/message-types.md");
    let chapter = format!(
        "# Message types\n\nGenerated from `kernel/src/builtin/`; a test fails when this file is stale. [messages.md](messages.md) says what requests are.\n{}",
        cartwheel_kernel::message_types()
    );
    #[expect(clippy::disallowed_methods, reason = "the variable says whether to write the file")]
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(path, &chapter).expect("the folder is there");
    }
    let current = std::fs::read_to_string(path).unwrap_or_default();
    assert!(current == chapter, "spec/message-types.md is stale: run with BLESS=1");
}
