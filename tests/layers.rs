//! Who knows whom: what ARCHITECTURE.md says of the crates is what their manifests say.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// Crates of the workspace and those of them that they may know.
const LAYERS: [(&str, &[&str]); 6] = [
    ("cartwheel-bytecode", &[]),
    ("cartwheel-hostabi", &[]),
    ("cartwheel-vm", &["cartwheel-bytecode", "cartwheel-hostabi"]),
    ("cartwheel-kernel", &["cartwheel-hostabi"]),
    ("cartwheel-assembler", &["cartwheel-bytecode", "cartwheel-hostabi"]),
    ("cartwheel-runtime", &["cartwheel-bytecode", "cartwheel-hostabi", "cartwheel-kernel", "cartwheel-vm"]),
];

/// Crates of ours that each crate is built with; tests may see all.
#[expect(clippy::disallowed_methods, reason = "cargo says where it is")]
fn known() -> BTreeMap<String, BTreeSet<String>> {
    let cargo = std::env::var_os("CARGO").expect("cargo runs the tests");
    let done = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo can be run");
    let metadata: serde_json::Value = serde_json::from_slice(&done.stdout).expect("cargo writes JSON");
    let mut known = BTreeMap::new();
    for package in metadata["packages"].as_array().expect("packages") {
        let name = |value: &serde_json::Value| value["name"].as_str().expect("a name").to_owned();
        let dependencies = package["dependencies"].as_array().expect("dependencies").iter();
        let built_with = dependencies.filter(|dependency| dependency["kind"] != "dev").map(name);
        known.insert(name(package), built_with.filter(|name| name.starts_with("cartwheel")).collect());
    }
    known
}

// covers ABI-12
#[test]
fn crates_know_only_the_layers_below() {
    let known = known();
    for (layer, below) in LAYERS {
        let below: BTreeSet<String> = below.iter().map(|name| (*name).to_owned()).collect();
        let known = known.get(layer).unwrap_or_else(|| panic!("there is no crate {layer}"));
        assert!(known.is_subset(&below), "{layer} knows {:?}", known.difference(&below));
    }
}
