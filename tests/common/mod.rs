//! The real command in a folder of its own.
#![allow(dead_code)] // every test file uses its own part

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// A folder that the command runs in.
pub struct Place(TempDir);

/// What a command did.
pub struct Done {
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Place {
    pub fn new() -> Place {
        Place(tempfile::tempdir().expect("a folder for the test"))
    }

    /// With text files in it.
    pub fn with(files: &[(&str, &str)]) -> Place {
        let place = Place::new();
        files.iter().for_each(|(name, text)| place.write(name, text));
        place
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), bytes).expect("a file for the test");
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
    }

    pub fn text(&self, name: &str) -> String {
        String::from_utf8(self.read(name)).expect("text")
    }

    /// Names of everything in the folder.
    pub fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.0.path()).expect("the folder is there");
        let mut names: Vec<String> = entries
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cartwheel"));
        command.args(args).current_dir(self.0.path()).stdin(Stdio::null());
        command
    }

    /// Runs the command. It must not panic, whatever it is given.
    pub fn run(&self, args: &[&str]) -> Done {
        let done = Done::from(self.command(args).output().expect("the command starts"));
        assert!(
            [0, 1, 2, 4, 5].contains(&done.status) || (16..64).contains(&done.status),
            "{args:?}: {}",
            done.stderr
        );
        assert!(!done.stderr.contains("panicked"), "{args:?}: {}", done.stderr);
        done
    }

    /// Runs the command, which must succeed, and gives its standard output.
    pub fn good(&self, args: &[&str]) -> String {
        let done = self.run(args);
        assert_eq!(done.status, 0, "{args:?}: {}", done.stderr);
        done.stdout
    }

    /// Runs the command, which must fail with status 1, and gives its standard error.
    pub fn bad(&self, args: &[&str]) -> String {
        let done = self.run(args);
        assert_eq!(done.status, 1, "{args:?}: {}{}", done.stdout, done.stderr);
        assert!(done.stderr.starts_with("error"), "{args:?}: {}", done.stderr);
        done.stderr
    }

    /// Runs a cartridge and gives its summary.
    pub fn json(&self, args: &[&str]) -> serde_json::Value {
        let out = self.good(&[&["run"], args, &["--json"]].concat());
        serde_json::from_str(&out).unwrap_or_else(|e| panic!("{e}: {out}"))
    }

    pub fn state_hash(&self, args: &[&str]) -> String {
        self.json(args)["state_hash"].as_str().expect("a hash").to_owned()
    }
}

impl From<Output> for Done {
    fn from(output: Output) -> Done {
        Done {
            status: output.status.code().expect("it ended by itself"),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// The cartridges of the repository: name and folder.
pub fn cartridges() -> Vec<(String, PathBuf)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("cartridges");
    let Ok(entries) = std::fs::read_dir(root) else { return Vec::new() };
    let mut found: Vec<(String, PathBuf)> = entries
        .map(|entry| entry.expect("an entry").path())
        .map(|path| (path.file_name().expect("a name").to_string_lossy().into_owned(), path))
        .filter(|(name, path)| {
            [format!("{name}.asm"), "main.asm".to_owned(), format!("{name}.wasm")]
                .iter()
                .any(|main| path.join(main).is_file())
        })
        .collect();
    found.sort();
    found
}

/// The machine files of the repository: name of the folder, and file.
pub fn machines() -> Vec<(String, PathBuf)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("cartridges");
    let Ok(entries) = std::fs::read_dir(root) else { return Vec::new() };
    let folders = entries.map(|entry| entry.expect("an entry").path());
    let mut found: Vec<(String, PathBuf)> = folders
        .filter(|folder| folder.join("machine.toml").is_file())
        .map(|folder| {
            let name = folder.file_name().expect("a name").to_string_lossy().into_owned();
            (name, folder.join("machine.toml"))
        })
        .collect();
    found.sort();
    found
}
