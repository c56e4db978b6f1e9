//! `cartwheel sign`.

use cartwheel_runtime::ingest::{Release, Signature, is_release_name};

use crate::cli::SignArgs;
use crate::failure::{Exit, Failure};
use crate::keys::{self, hex};
use crate::project::{CARTRIDGE_EXTENSION, Loaded, load_declaring};
use crate::{files, print, signatures};

/// Signs a cartridge.
pub fn run(args: &SignArgs) -> Result<Exit, Failure> {
    let key = keys::load(&args.key)?;
    if !is_release_name(&args.name) {
        return Err(Failure::new(format!(
            "a release cannot be called `{}`: 1 to 64 characters a to z, 0 to 9, `_`, `-`, `.`, and `/` between parts",
            args.name.escape_debug()
        )));
    }
    let Loaded { cart, path } = load_declaring(&args.cartridge, args.declare.as_deref())?;
    // What could not run is not signed.
    let mut cart = Loaded { cart, path: path.clone() }.verify()?.cartridge().clone();
    let content = cart.content_hash();
    let release = Release { content, name: args.name.clone(), version: args.release, expires: args.expires };
    let signature = Signature::sign(release, &key).expect("name and version were checked").to_bytes();
    let in_itself = path.extension().is_some_and(|extension| extension == CARTRIDGE_EXTENSION);
    let written = match &args.output {
        None if !in_itself || args.detached => {
            let beside = signatures::path_beside(&path);
            files::write(&beside, &signature)?;
            beside
        }
        output => {
            cart.signature = Some(signature);
            let output = output.clone().unwrap_or(path);
            files::write(&output, &cart.to_bytes())?;
            output
        }
    };
    if !args.quiet {
        print::stdout(&format!(
            "{}: `{}` version {}, content {}\n",
            written.display(),
            args.name,
            args.release,
            hex(&content)
        ))?;
    }
    Ok(Exit::Fine)
}
