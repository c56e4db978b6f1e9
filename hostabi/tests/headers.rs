//! Compilers take the generated headers. That the headers are up to date is checked beside the chapter.

use std::process::{Command, Stdio};

use cartwheel_hostabi::{CATALOGUE, INTRINSICS, SlotType, c_header, c_signature, resolve, rust_header};

/// The header for guests in Rust, compiled as it is committed.
#[allow(dead_code)] // nothing can call it here: there is no host to link with
mod guest {
    include!("../../spec/headers/cartwheel.rs");
}

// covers ABI-1
#[test]
fn headers_have_every_row_that_a_guest_without_handles_can_call() {
    let (c, rust) = (c_header(), rust_header());
    for row in CATALOGUE {
        let import = format!("(\"{}\", \"{}@{}\")", row.domain, row.name(), row.version());
        let link_name = format!("#[link_name = \"{}@{}\"]", row.name(), row.version());
        match c_signature(row) {
            Some((params, result)) => {
                assert!(c.contains(&import) && rust.contains(&link_name), "{}", row.id);
                let indirect = row.results.len() > 1;
                assert_eq!(params.len(), row.param_slots.len() + usize::from(indirect), "{}", row.id);
                assert_eq!(result.is_some(), row.results.len() == 1, "{}", row.id);
            }
            None => {
                let left_out = row.id;
                assert!(
                    !c.contains(&import) && c.contains(left_out) && rust.contains(left_out),
                    "{}",
                    row.id
                );
            }
        }
    }
    for intrinsic in INTRINSICS {
        let (module, name) = intrinsic.import();
        assert!(c.contains(&format!("(\"{module}\", \"{name}\")")), "{intrinsic:?}");
        assert!(rust.contains(&format!("#[link_name = \"{name}\"]")), "{intrinsic:?}");
    }
    let find = c_signature(resolve("asset.find").expect("a row"));
    assert_eq!(find, Some((vec![SlotType::I32; 3], None)));
    assert_eq!(guest::gfx::NOT_LOADED, cartwheel_hostabi::Status::GfxNotLoaded.code());
}

/// Compilers that are there have to take the header; a machine without any checks nothing.
#[test]
fn c_compilers_take_the_header() {
    let header = concat!(env!("CARGO_MANIFEST_DIR"), "/../spec/headers/cartwheel.h");
    let mut commands: Vec<Vec<&str>> = Vec::new();
    for language in ["c", "c++"] {
        commands.push(vec!["cc", "-x", language]);
        commands.push(vec!["clang", "--target=wasm32", "-ffreestanding", "-x", language]);
    }
    for command in commands {
        let tried = Command::new(command[0])
            .args(&command[1..])
            .args(["-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-Wno-pragma-once-outside-header", header])
            .stdin(Stdio::null())
            .output();
        let Ok(output) = tried else {
            eprintln!("there is no {}", command[0]);
            continue;
        };
        assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}
