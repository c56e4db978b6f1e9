//! Reading input files, and writing output files so that they are there whole or not at all.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::str::Utf8Error;

use tempfile::NamedTempFile;

use crate::failure::Failure;

/// Longest file that is read.
const MAX_FILE_BYTES: u64 = 1 << 30;

/// The content of a file.
pub fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let failed = |e: io::Error| Failure::file(path, format!("cannot read it: {e}"));
    let file = File::open(path).map_err(failed)?;
    let mut bytes = Vec::new();
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(Failure::file(path, format!("it is longer than {MAX_FILE_BYTES} bytes")));
    }
    Ok(bytes)
}

/// The content of a file of text.
pub fn read_text(path: &Path) -> Result<String, Failure> {
    String::from_utf8(read(path)?).map_err(|e| not_text(path, e.utf8_error()))
}

/// The content of a file as text.
pub fn text<'a>(path: &Path, bytes: &'a [u8]) -> Result<&'a str, Failure> {
    str::from_utf8(bytes).map_err(|e| not_text(path, e))
}

fn not_text(path: &Path, e: Utf8Error) -> Failure {
    Failure::file(path, format!("it is not UTF-8 text, from byte {} on", e.valid_up_to()))
}

/// A file that is being written. It takes its name when it is committed; until then nothing is seen of it.
pub struct Output {
    path: PathBuf,
    target: Target,
}

enum Target {
    /// Written beside its place.
    Beside(BufWriter<NamedTempFile>),
    /// A device or pipe, which cannot be replaced.
    Direct(BufWriter<File>),
}

impl Output {
    /// Begins a file, so that a place that cannot be written to is found before any work is done.
    pub fn create(path: &Path) -> Result<Output, Failure> {
        // What a link points to is replaced, not the link.
        let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let failed = |e: io::Error| Failure::file(&path, format!("cannot write it: {e}"));
        let target = match std::fs::metadata(&path) {
            Ok(meta) if meta.is_dir() => return Err(Failure::file(&path, "cannot write it: it is a folder")),
            Ok(meta) if !meta.is_file() => {
                Target::Direct(BufWriter::new(OpenOptions::new().write(true).open(&path).map_err(failed)?))
            }
            _ => {
                let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
                if !folder.is_dir() {
                    let message = format!("cannot write it: there is no folder {}", folder.display());
                    return Err(Failure::file(&path, message));
                }
                // The kind alone: the error itself names a file that nobody knows.
                Target::Beside(BufWriter::new(beside(folder).map_err(|e| failed(e.kind().into()))?))
            }
        };
        Ok(Output { path, target })
    }

    /// Gives the file its name.
    pub fn commit(self) -> Result<(), Failure> {
        let Output { path, target } = self;
        let failed = |e: io::Error| Failure::file(&path, format!("cannot write it: {e}"));
        match target {
            Target::Beside(out) => {
                let file = out.into_inner().map_err(|e| failed(e.into_error()))?;
                file.persist(&path).map_err(|e| failed(e.error))?;
            }
            Target::Direct(mut out) => out.flush().map_err(failed)?,
        }
        Ok(())
    }

    /// Says what went wrong while the file was written.
    pub fn failed(&self, e: impl std::fmt::Display) -> Failure {
        Failure::file(&self.path, format!("cannot write it: {e}"))
    }

    /// Writes bytes.
    pub fn put(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.write_all(bytes).map_err(|e| self.failed(e))
    }
}

/// Where a file is or would be, the same however its path is written.
pub fn place(path: &Path) -> PathBuf {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let beside = || Some(folder.canonicalize().ok()?.join(path.file_name()?));
    path.canonicalize().ok().or_else(beside).unwrap_or_else(|| path.to_owned())
}

/// A temporary file in the folder of a file, to take its place.
pub fn temporary_beside(path: &Path) -> io::Result<NamedTempFile> {
    beside(path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")))
}

/// A temporary file with the permissions that a new file has.
fn beside(folder: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".cartwheel-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder)
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.target {
            Target::Beside(out) => out.write(bytes),
            Target::Direct(out) => out.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.target {
            Target::Beside(out) => out.flush(),
            Target::Direct(out) => out.flush(),
        }
    }
}

/// Writes a whole file.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let mut out = Output::create(path)?;
    out.put(bytes)?;
    out.commit()
}
