//! Standard output and error. A reader that goes away is no error: what is left has nobody to read it.

use std::io::{self, ErrorKind, Write};

use crate::failure::Failure;

/// Writes text to standard output.
pub fn stdout(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(e) if e.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::new(format!("cannot write to standard output: {e}")))
        }
        _ => Ok(()),
    }
}

/// Writes text to standard error.
pub fn stderr(text: &str) {
    // There is nowhere left to complain to.
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// Writes an error message; one that begins with `error` has its heading already.
pub fn error(message: &str) {
    let heading = if message.starts_with("error") { "" } else { "error: " };
    stderr(&format!("{heading}{}\n", message.trim_end()));
}

/// Characters that would drive a terminal are shown as escapes.
pub fn clean(text: &str) -> String {
    text.chars().flat_map(|c| if c.is_control() { c.escape_debug().collect() } else { vec![c] }).collect()
}
