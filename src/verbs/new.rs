//! `cartwheel new`.

use std::path::Path;

use crate::cli::NewArgs;
use crate::failure::{Exit, Failure};
use crate::print;

const SOURCE: &str = include_str!("new/main.asm");
const README: &str = include_str!("new/README.md");

/// Makes a project.
pub fn run(args: &NewArgs) -> Result<Exit, Failure> {
    let path = &args.name;
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
        return Err(Failure::file(path, "this is no name for a folder"));
    };
    let title: String =
        name.chars().map(|c| if c == '"' || c == '\\' || c.is_control() { '_' } else { c }).collect();
    if path.exists() {
        return Err(Failure::file(path, "it is there already; choose another name"));
    }
    make(path, &title).map_err(|e| Failure::file(path, format!("cannot make the project: {e}")))?;
    let shown = path.display();
    print::stdout(&format!("made {shown}; run it: cartwheel run {shown} --png {name}.png --scale 4\n"))?;
    Ok(Exit::Fine)
}

/// The folder is made beside its place and renamed, so that it is there whole or not at all.
fn make(path: &Path, title: &str) -> std::io::Result<()> {
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = tempfile::Builder::new().prefix(".cartwheel-").tempdir_in(parent)?;
    #[cfg(unix)]
    {
        // As far as the folder that it is made in lets others in.
        let mode = std::fs::metadata(parent)?.permissions();
        std::fs::set_permissions(folder.path(), mode)?;
    }
    std::fs::write(folder.path().join("main.asm"), SOURCE.replace("NAME", title))?;
    std::fs::write(folder.path().join("README.md"), README.replace("NAME", title))?;
    std::fs::rename(folder.path(), path)?;
    let _ = folder.keep();
    Ok(())
}
