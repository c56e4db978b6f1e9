//! Who knows whom: what ARCHITECTURE.md says of the crates is what their manifests say.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
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

/// The layers of a running machine, from below: the folder of each, and what none of its sources may name.
const RUNNING: [(&str, &str, &[&str]); 5] = [
    (
        "host",
        "kernel/src/host",
        &["crate::pipeline", "crate::policy", "crate::ports", "crate::services", "cartwheel_vm"],
    ),
    ("kernel", "kernel/src", &["cartwheel_vm", "cartwheel_bytecode", "cartwheel_runtime"]),
    ("completion", "kernel/src/completion", &["memory_mut()", "new_bytes(", "std::fs", "std::net"]),
    ("module runtime", "runtime/src", &["std::fs", "std::net", "std::time", "println!"]),
    ("module", "cartridges", &[]),
];

/// Rust sources below a folder, without the tests in them.
fn sources(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
    for entry in std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        if entry.is_dir() {
            sources(&entry, found);
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&entry).expect("text");
            let product = text.split("#[cfg(test)]").next().unwrap_or_default().to_owned();
            found.push((entry, product));
        }
    }
}

// covers LAY-1
#[test]
fn the_five_layers_are_where_the_architecture_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let architecture = std::fs::read_to_string(root.join("ARCHITECTURE.md")).expect("it is there");
    let table = architecture.split("### The five layers").nth(1).expect("a section about them");
    let rows: Vec<Vec<&str>> = table
        .lines()
        .skip_while(|line| !line.starts_with("|---"))
        .skip(1)
        .take_while(|line| line.starts_with('|'))
        .map(|line| line.split('|').map(str::trim).collect())
        .collect();
    assert_eq!(rows.len(), RUNNING.len());
    for (row, (layer, folder, unknown)) in rows.iter().zip(RUNNING) {
        assert_eq!((row[1], row[2].trim_matches(['`', '/'])), (layer, folder.trim_end_matches("/src")));
        let mut found = Vec::new();
        sources(&root.join(folder), &mut found);
        assert!(!found.is_empty() || layer == "module", "{folder} has sources");
        for (path, text) in found {
            for name in unknown {
                assert!(!text.contains(name), "{}: the layer {layer} does not know {name}", path.display());
            }
        }
    }
}
