//! `cartwheel keygen`.

use crate::cli::KeygenArgs;
use crate::failure::{Exit, Failure};
use crate::keys::{hex, make, public_path};
use crate::print;

/// Makes a key that signs cartridges and audit logs.
pub fn run(args: &KeygenArgs) -> Result<Exit, Failure> {
    let key = make(&args.file)?;
    if !args.quiet {
        let name = args.file.file_stem().unwrap_or_default().to_string_lossy();
        // A text in JSON is one in TOML too.
        let quoted = serde_json::Value::from(name);
        let public = hex(key.verifying_key().as_bytes());
        print::stdout(&format!(
            "{}: the secret key; whoever has it can sign\n{}: the public key; in a key ring it is\n\n\
             [[key]]\nname = {quoted}\npublic = \"{public}\"\n",
            args.file.display(),
            public_path(&args.file).display(),
        ))?;
    }
    Ok(Exit::Fine)
}
