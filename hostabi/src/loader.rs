//! What the kernel asks of whoever runs modules.

use std::fmt;

/// Why a module was not loaded or replaced. Nothing of it remains, and what was there goes on as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// There is no such program, or no such module.
    NotFound,
    /// The program cannot be a module here; why, in words.
    Refused(String),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::NotFound => f.write_str("there is no such program"),
            Refusal::Refused(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for Refusal {}

/// Loads, replaces and unloads modules, at frame boundaries only. Modules are known by their numbers.
pub trait Loader {
    /// Makes a module with this number, which is free, of the program that the cartridge store has under a name.
    ///
    /// # Errors
    ///
    /// If there is no such program, or the host cannot serve it.
    fn load(&mut self, module: u32, name: &str) -> Result<(), Refusal>;

    /// Gives a module another program, by content hash: it begins anew with its own number, files and supervisor.
    ///
    /// # Errors
    ///
    /// If the module or the program is not known, or the host cannot serve it.
    fn replace(&mut self, module: u32, program: &[u8; 32]) -> Result<(), Refusal>;

    /// Lets go of a module and of everything that there is of it. One that is not there is gone already.
    fn unload(&mut self, module: u32);
}
