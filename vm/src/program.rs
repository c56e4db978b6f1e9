//! Verified programs: the only thing that the machine runs.

use std::sync::{Arc, OnceLock};

use cartwheel_bytecode::Cartridge;
use cartwheel_bytecode::cartridge::Function;
use cartwheel_hostabi::{SyscallInfo, resolve};

use crate::analysis::Analysis;
use crate::prepare::Prepared;
use crate::profile::Form;
use crate::verify::{VerifyError, verify};

/// A cartridge that passed the verifier, with what was computed from it. Shared between instances.
#[derive(Debug)]
pub struct Program {
    cart: Cartridge,
    content_hash: [u8; 32],
    /// For every signature the first index with equal content, so that signatures compare by number.
    signature_ids: Vec<u32>,
    functions: Vec<FunctionData>,
}

/// What is computed of a function when it is first needed.
#[derive(Debug, Default)]
struct FunctionData {
    analysis: OnceLock<Analysis>,
    prepared: OnceLock<Prepared>,
    counted: OnceLock<Prepared>,
}

impl Program {
    /// Verifies a cartridge.
    ///
    /// # Errors
    ///
    /// See [`verify`].
    pub fn new(cart: Cartridge) -> Result<Arc<Program>, VerifyError> {
        verify(&cart)?;
        let mut first = std::collections::BTreeMap::new();
        let signature_ids = cart
            .types
            .iter()
            .enumerate()
            .map(|(i, sig)| {
                let key: (Vec<_>, Vec<_>) = (
                    sig.params.iter().map(|&t| t as u8).collect(),
                    sig.results.iter().map(|&t| t as u8).collect(),
                );
                *first.entry(key).or_insert(i as u32)
            })
            .collect();
        let functions = cart.functions.iter().map(|_| FunctionData::default()).collect();
        let content_hash = cart.content_hash();
        Ok(Arc::new(Program { cart, content_hash, signature_ids, functions }))
    }

    /// The cartridge.
    pub fn cartridge(&self) -> &Cartridge {
        &self.cart
    }

    /// The cartridge's identity; see [`Cartridge::content_hash`].
    pub fn content_hash(&self) -> [u8; 32] {
        self.content_hash
    }

    /// A function of the cartridge.
    pub fn function(&self, func: u32) -> &Function {
        &self.cart.functions[func as usize]
    }

    /// Number that is equal for signatures of equal content.
    pub fn signature_id(&self, sig: u32) -> u32 {
        self.signature_ids[sig as usize]
    }

    /// Basic blocks and liveness of a function.
    pub fn analysis(&self, func: u32) -> &Analysis {
        self.functions[func as usize].analysis.get_or_init(|| Analysis::new(self.function(func)))
    }

    /// The function in the form that the interpreter runs.
    pub(crate) fn prepared(&self, func: u32, form: Form) -> &Prepared {
        let data = &self.functions[func as usize];
        let place = match form {
            Form::Plain => &data.prepared,
            Form::Counted => &data.counted,
        };
        place.get_or_init(|| Prepared::new(self, func, form))
    }

    /// True if an import's first result is a status.
    pub(crate) fn returns_status(&self, import: u32) -> bool {
        let id = &self.cart.imports[import as usize].id;
        resolve(id).is_some_and(SyscallInfo::has_status)
    }

    /// Cells that a call of the function takes of the register stack.
    pub fn frame_cells(&self, func: u32) -> u32 {
        let function = self.function(func);
        u32::from(function.scalars) + u32::from(function.handles) + FRAME_OVERHEAD_CELLS
    }
}

/// Cells of the register stack that every call takes besides its registers.
pub const FRAME_OVERHEAD_CELLS: u32 = 8;
