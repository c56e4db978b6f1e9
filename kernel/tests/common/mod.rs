//! A kernel with one module that imports everything, and a mock guest to call it with.
#![allow(dead_code)] // every test file uses its own part

use cartwheel_hostabi::mock::{MockGuest, Slot};
use cartwheel_hostabi::{CATALOGUE, Capability, Fault, Status, resolve};
use cartwheel_kernel::{Asset, Import, Kernel, ModuleConfig, ModuleId, VideoMode};

pub const MODULE: ModuleId = ModuleId(0);

pub struct Rig {
    pub kernel: Kernel,
    pub guest: MockGuest,
}

/// A configuration that imports every row of the catalogue but those of WASM-4, with the row's place as its index.
pub fn config(width: u16, height: u16, assets: Vec<Asset>) -> ModuleConfig<'static> {
    let capabilities = Capability::ALL.iter().filter(|&&capability| capability != Capability::Wasm4);
    ModuleConfig {
        capabilities: capabilities.map(|capability| capability.name()).collect(),
        // They come last, so that the others keep their places without them.
        imports: CATALOGUE
            .iter()
            .take_while(|row| row.foreign_profile().is_none())
            .map(|row| Import { id: row.id, params: row.param_slots, results: row.result_slots })
            .collect(),
        video: Some(VideoMode { width, height }),
        assets,
    }
}

/// A configuration of a WASM-4 game, which imports every row of the catalogue.
pub fn wasm4_config(assets: Vec<Asset>) -> ModuleConfig<'static> {
    ModuleConfig {
        capabilities: Capability::ALL.iter().map(|capability| capability.name()).collect(),
        imports: CATALOGUE
            .iter()
            .map(|row| Import { id: row.id, params: row.param_slots, results: row.result_slots })
            .collect(),
        ..config(1, 1, assets)
    }
}

impl Rig {
    /// A WASM-4 game whose memory, of a page, has its start values.
    pub fn wasm4() -> Self {
        let mut kernel = Kernel::new();
        kernel.load(MODULE, wasm4_config(Vec::new())).expect("the configuration is good");
        let mut memory = vec![0; 65_536];
        kernel.prepare_memory(MODULE, &mut memory);
        Rig { kernel, guest: MockGuest::new(memory) }
    }

    pub fn new(width: u16, height: u16, memory: Vec<u8>) -> Self {
        Rig::with_assets(width, height, memory, Vec::new())
    }

    pub fn with_assets(width: u16, height: u16, memory: Vec<u8>, assets: Vec<Asset>) -> Self {
        let mut kernel = Kernel::new();
        kernel.load(MODULE, config(width, height, assets)).expect("the configuration is good");
        Rig { kernel, guest: MockGuest::new(memory) }
    }

    pub fn try_call(&mut self, id: &str, args: &[Slot]) -> Result<Option<Status>, Fault> {
        let row = resolve(id).unwrap_or_else(|| panic!("no syscall is called {id}"));
        assert_eq!(args.len(), row.param_slots.len(), "{id} takes {}", row.signature());
        self.guest.prepare(args.iter().copied());
        self.kernel.call(MODULE, row.syscall as u32, &mut self.guest)
    }

    /// Makes a call that must come back and gives its results, all of them scalars.
    pub fn call(&mut self, id: &str, args: &[i32]) -> Vec<i32> {
        let args: Vec<Slot> = args.iter().map(|&arg| arg.into()).collect();
        self.try_call(id, &args).unwrap_or_else(|fault| panic!("{id}: {fault}"));
        (0..self.guest.results.len()).map(|slot| self.guest.result(slot) as i32).collect()
    }

    pub fn pixels(&self) -> Vec<u8> {
        self.kernel.surface(MODULE).expect("there is a surface").pixels.to_vec()
    }

    pub fn saved(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.kernel.save(MODULE, &mut out);
        out
    }

    pub fn hashes(&self) -> Vec<(&'static str, u128)> {
        self.kernel.hashes(MODULE).collect()
    }
}

/// An image asset with this content.
pub fn image(name: &str, width: u16, height: u16, pixels: &[u8]) -> Asset {
    let mut bytes = Vec::from(width.to_le_bytes());
    bytes.extend(height.to_le_bytes());
    bytes.extend(pixels);
    Asset { name: name.to_owned(), bytes: Some(bytes.into()) }
}
