//! Files that a program can name.

use std::fs;

use cartwheel_assembler::{FileLoader, Loader, assemble};

#[test]
fn paths_are_relative_to_the_file_that_names_them_and_stay_in_the_folder() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path().join("project");
    fs::create_dir_all(root.join("parts")).expect("folders");
    fs::write(folder.path().join("secret.txt"), "no").expect("a file");
    fs::write(root.join("parts/one.inc"), ".include \"two.inc\"\n.include \"../three.inc\"\n")
        .expect("a file");
    fs::write(root.join("parts/two.inc"), ".const TWO = 2\n").expect("a file");
    fs::write(root.join("three.inc"), ".const THREE = 3\n").expect("a file");
    let loader = FileLoader::new(&root);
    let source = ".include \"parts/one.inc\"\n.data x: i8 TWO, THREE\n";
    let cart = assemble("main.asm", source, &loader).expect("all files are there");
    assert_eq!(cart.data[0].bytes, [2, 3]);

    for path in ["../secret.txt", "parts/../../secret.txt", "/etc/hostname", "..", ""] {
        assert!(loader.load("main.asm", path).is_err(), "{path}");
    }
    assert!(loader.load("../main.asm", "secret.txt").is_err());
    assert_eq!(loader.load("parts/one.inc", "../three.inc").expect("it is there").name, "three.inc");
}
