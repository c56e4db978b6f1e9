//! Paths and links in the documents lead somewhere.

use std::fs;
use std::path::Path;

/// Places that only exist once something has been built or run.
const MADE_LATER: [&str; 1] = ["target/"];

/// The documents that people read, by folder.
fn documents(root: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for folder in [".", "spec", "benches", "cartridges"] {
        for entry in fs::read_dir(root.join(folder)).expect("a folder of the project").flatten() {
            let path = entry.path();
            let page = if path.is_dir() { path.join("README.md") } else { path };
            if page.extension().is_some_and(|e| e == "md") && page.exists() {
                found.push(page.strip_prefix(root).expect("below the root").display().to_string());
            }
        }
    }
    found.sort();
    found.dedup();
    found
}

/// What stands in backticks and looks like a path of the repository.
fn paths(text: &str) -> impl Iterator<Item = &str> {
    text.lines().flat_map(|line| line.split('`').skip(1).step_by(2)).filter(|code| {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-./".contains(c);
        code.contains('/') && !code.starts_with('/') && !code.contains("..") && code.chars().all(plain)
    })
}

/// Targets of links that are no addresses.
fn links(text: &str) -> impl Iterator<Item = &str> {
    text.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next()).filter(|l| !l.contains("://"))
}

#[test]
fn paths_and_links_of_documents_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut wrong = Vec::new();
    let mut checked = 0;
    for page in documents(root) {
        let text = fs::read_to_string(root.join(&page)).expect("documents are UTF-8");
        let folder = Path::new(&page).parent().expect("it is a file");
        // A path is meant from the root, or from the document's own folder.
        let paths = paths(&text).filter(|path| !MADE_LATER.iter().any(|made| path.starts_with(made)));
        for path in paths.chain(links(&text)).filter(|path| !path.is_empty()) {
            checked += 1;
            if !root.join(path).exists() && !root.join(folder).join(path).exists() {
                wrong.push(format!("{page}: {path}"));
            }
        }
    }
    assert!(checked > 50, "only {checked} paths were found in the documents: the search for them is broken");
    assert!(wrong.is_empty(), "these lead nowhere:\n{}", wrong.join("\n"));
}
