//! The small libraries for guests: what they build is what the host reads, and they read what the host writes.

use std::process::Command;

use cartwheel_hostabi::cbor::{canonical, decode, encode, from_json, to_json};

#[path = "../cartridges/lib/messages.rs"]
mod messages;

use messages::{Reader, Writer};

const BUILT: &str = "{\"a\":[0,23,24,255,256,65536,{\"$int\":\"9223372036854775807\"},-1,-25,{\"$int\":\"-9223372036854775808\"}],\"bytes\":{\"$bytes\":\"00ff\"},\"text\":\"caf\u{e9}\",\"none\":null,\"yes\":true,\"no\":false}";

#[test]
fn rust_guests_build_and_read_messages() {
    let mut room = [0; 128];
    let mut message = Writer::new(&mut room);
    message.map(6).text("no").bool(false).text("yes").bool(true).text("none").null();
    message.text("text").text("caf\u{e9}").text("bytes").bytes(&[0, 255]).text("a").array(10);
    for value in [0, 23, 24, 255, 256, 65_536, i64::MAX, -1, -25, i64::MIN] {
        message.int(value);
    }
    let built = message.finish().expect("it fits").to_vec();
    let expected = encode(&from_json(BUILT).expect("JSON"));
    assert_eq!(&*canonical(&built).expect("CBOR"), expected.as_slice());
    let read = Reader(&expected);
    assert_eq!(read.find("text").and_then(Reader::as_text), Some("caf\u{e9}"));
    assert_eq!(read.find("bytes").and_then(Reader::as_bytes), Some([0, 255].as_slice()));
    assert!(read.find("missing").is_none() && read.find("tex").is_none());
    let nested = encode(&from_json("{\"b\":{\"c\":[[1],{}]},\"n\":-5}").expect("JSON"));
    assert_eq!(Reader(&nested).find("n").and_then(Reader::as_int), Some(-5));
    // Whatever is cut off is nothing, and nothing panics.
    for end in 0..expected.len() {
        for key in ["a", "text", "no"] {
            let found = Reader(&expected[..end]).find(key);
            assert!(found.is_none_or(|found| found.0.len() < end));
        }
    }
    for size in 0..built.len() {
        let mut room = vec![0; size];
        let mut message = Writer::new(&mut room);
        message.map(1).text("bytes").bytes(&built);
        assert_eq!(message.finish(), None, "{size}");
    }
}

const PROGRAM: &str = r#"
#include <stdio.h>
#include <string.h>
#include "messages.h"
int main(void) {
    uint8_t room[128];
    static const int64_t numbers[] = { 0, 23, 24, 255, 256, 65536, INT64_MAX, -1, -25, INT64_MIN };
    message_writer m = message_begin(room, sizeof room);
    message_map(&m, 6);
    message_text(&m, "no"); message_bool(&m, 0);
    message_text(&m, "yes"); message_bool(&m, 1);
    message_text(&m, "none"); message_null(&m);
    message_text(&m, "text"); message_text(&m, "caf\xc3\xa9");
    message_text(&m, "bytes"); message_bytes(&m, "\0\xff", 2);
    message_text(&m, "a"); message_array(&m, 10);
    for (int i = 0; i < 10; i++) message_int(&m, numbers[i]);
    for (uint32_t i = 0; i < m.len; i++) printf("%02x", room[i]);
    message_item item = { room, room + m.len };
    uint32_t len = 0;
    const uint8_t *text = message_get_bytes(message_find(item, "text"), &len);
    printf(" %d %.*s %d", m.overflow, (int)len, (const char *)text, message_find(item, "missing").at == 0);
    item.at = message_find(item, "a").at + 1;
    for (int i = 0; i < 9; i++) item = message_next(item);
    printf(" %lld", (long long)message_get_int(item, 7));
    for (uint32_t cut = 0; cut < m.len; cut++) {
        message_item part = { room, room + cut };
        if (message_find(part, "missing").at != 0) printf(" bad");
        message_writer small = message_begin(room + 64, cut % 8);
        message_text(&small, "too long a text");
        if (!small.overflow || small.len > cut % 8) printf(" bad");
    }
    return 0;
}
"#;

/// Compiled for the machine that runs the tests: the header has nothing that depends on the target.
#[test]
fn c_guests_build_and_read_messages() {
    let folder = tempfile::tempdir().expect("a folder");
    let (source, program) = (folder.path().join("messages.c"), folder.path().join("messages"));
    std::fs::write(&source, PROGRAM).expect("a file");
    let lib = concat!(env!("CARGO_MANIFEST_DIR"), "/cartridges/lib");
    let built = Command::new("cc")
        .args(["-Wall", "-Wextra", "-Werror", "-I", lib, "-o"])
        .args([&program, &source])
        .output()
        .expect("a C compiler, which also links Rust programs");
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let out = Command::new(&program).output().expect("it runs");
    let out = String::from_utf8(out.stdout).expect("text");
    let (hex, rest) = out.split_once(' ').expect("two parts");
    let bytes: Vec<u8> =
        (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(&hex[i..i + 2], 16).expect("hex")).collect();
    assert_eq!(to_json(&decode(&bytes).expect("CBOR")), to_json(&from_json(BUILT).expect("JSON")));
    assert_eq!(rest, "0 caf\u{e9} 1 -9223372036854775808");
}
