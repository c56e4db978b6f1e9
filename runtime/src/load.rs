//! From a program to a module that the machine can run.

use std::sync::Arc;

use cartwheel_bytecode::ValType;
use cartwheel_bytecode::cartridge::Import as ProgramImport;
use cartwheel_hostabi::{Capability, SlotType};
use cartwheel_kernel::{
    Asset, Import, Kernel, ModuleConfig, ModuleId, ModuleState, QuotaError, StagedConfig, VideoMode,
};
use cartwheel_vm::Program;
use thiserror::Error;

use crate::setup::ModuleSetup;

/// Why a program cannot be loaded.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LoadError {
    /// Everything that the kernel has against it.
    #[error("{}", list(.0))]
    Host(Vec<cartwheel_kernel::LoadError>),
    /// It is larger at its start than a module may be.
    #[error(transparent)]
    Limits(#[from] cartwheel_vm::LoadError),
    /// A syscall would take or give a function reference.
    #[error("`{0}` is imported with a function reference, which no syscall takes or gives")]
    FunctionReference(String),
    /// There are as many modules as there can be.
    #[error("the machine has {0} modules already, which is as many as it may have")]
    Full(u32),
    /// Every number that a module can have was given to one.
    #[error("the machine has loaded as many modules as it can count")]
    Numbers,
    /// The module that was to get another program is in a state in which it cannot.
    #[error("a module that is {} cannot get another program", .0.name())]
    State(ModuleState),
    /// The module's limits are above the machine's.
    #[error("the module's limits are above those of the machine")]
    AboveLimits,
    /// A quota of the module is none.
    #[error(transparent)]
    Quota(#[from] QuotaError),
    /// A frame of the module would have no cycles.
    #[error("a frame of the module would have no cycles")]
    NoCycles,
}

fn list(errors: &[cartwheel_kernel::LoadError]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// Makes the module known to the kernel, which checks everything about it that can be checked before it runs.
pub(crate) fn admit(
    kernel: &mut Kernel,
    id: ModuleId,
    program: &Program,
    setup: &ModuleSetup,
    staged: StagedConfig,
) -> Result<(), LoadError> {
    let cart = program.cartridge();
    let slots: Vec<(Vec<SlotType>, Vec<SlotType>)> = cart
        .imports
        .iter()
        .map(|import| {
            let sig = &cart.types[import.sig as usize];
            Ok((slot_types(import, &sig.params)?, slot_types(import, &sig.results)?))
        })
        .collect::<Result<_, LoadError>>()?;
    let imports = cart.imports.iter().zip(&slots);
    let origin = setup.origin.clone().unwrap_or_else(|| origin_of(program));
    let config = ModuleConfig {
        name: setup.name.as_ref().unwrap_or(&cart.manifest.title),
        origin: &origin,
        level: setup.level,
        mounts: setup.mounts.clone().unwrap_or_default(),
        capabilities: cart.manifest.capabilities.iter().map(String::as_str).collect(),
        imports: imports
            .map(|(import, (params, results))| Import { id: &import.id, params, results })
            .collect(),
        video: cart.manifest.video.map(|mode| VideoMode { width: mode.width, height: mode.height }),
        assets: cart
            .assets
            .iter()
            .map(|asset| Asset { name: asset.name.clone(), bytes: Some(Arc::from(asset.bytes.as_slice())) })
            .collect(),
        // Who can ask for assets asks for them; for all others they are there.
        staged: StagedConfig {
            assets_on_request: cart.manifest.capabilities.iter().any(|name| name == Capability::Asset.name()),
            ..staged
        },
        quotas: setup.quotas,
    };
    kernel.load(id, config).map_err(LoadError::Host)
}

/// Origin of a cartridge that nobody vouches for: its content.
pub fn origin_of(program: &Program) -> String {
    let hash = &program.content_hash()[..16];
    format!("cart:{}", hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}

fn slot_types(import: &ProgramImport, types: &[ValType]) -> Result<Vec<SlotType>, LoadError> {
    let slot = |ty: &ValType| match ty {
        ValType::I32 => Ok(SlotType::I32),
        ValType::I64 => Ok(SlotType::I64),
        ValType::F32 => Ok(SlotType::F32),
        ValType::F64 => Ok(SlotType::F64),
        ValType::Handle => Ok(SlotType::Handle),
        ValType::Func => Err(LoadError::FunctionReference(import.id.clone())),
    };
    types.iter().map(slot).collect()
}
