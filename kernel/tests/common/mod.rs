//! A kernel with one module that imports everything, and a mock guest to call it with.
#![allow(dead_code)] // every test file uses its own part

use cartwheel_hostabi::mock::{MockGuest, MockKind, MockObject, Slot};
use cartwheel_hostabi::{CATALOGUE, Capability, Fault, Object, Status, resolve};
use cartwheel_kernel::{
    Asset, FrameFigures, Import, Kernel, ModuleConfig, ModuleId, StagedConfig, VideoMode,
};

pub const MODULE: ModuleId = ModuleId(0);

pub struct Rig {
    pub kernel: Kernel,
    pub guest: MockGuest,
}

/// A configuration that imports every row of the catalogue but those of WASM-4, with the row's place as its index.
pub fn config(width: u16, height: u16, assets: Vec<Asset>) -> ModuleConfig<'static> {
    let capabilities = Capability::ALL.iter().filter(|&&capability| capability != Capability::Wasm4);
    ModuleConfig {
        name: "test",
        origin: "test",
        level: None,
        mounts: Vec::new(),
        capabilities: capabilities.map(|capability| capability.name()).collect(),
        // They come last, so that the others keep their places without them.
        imports: CATALOGUE
            .iter()
            .take_while(|row| row.foreign_profile().is_none())
            .map(|row| Import { id: row.id, params: row.param_slots, results: row.result_slots })
            .collect(),
        video: Some(VideoMode { width, height }),
        assets,
        staged: StagedConfig::default(),
        quotas: None,
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

pub fn ints<const N: usize>(args: [i32; N]) -> Vec<Slot> {
    args.map(Slot::from).to_vec()
}

/// Arguments with a text at the start of memory between other ones.
pub fn text(rig: &mut Rig, text: &str, before: &[i32], after: &[i32]) -> Vec<Slot> {
    rig.guest.memory[..text.len()].copy_from_slice(text.as_bytes());
    let args = [before, &[0, text.len() as i32], after].concat();
    args.into_iter().map(Slot::from).collect()
}

pub fn bytes(rig: &mut Rig, contents: &[u8]) -> Slot {
    rig.guest.add(MockObject::Bytes(contents.to_vec())).into()
}

pub fn other(rig: &mut Rig) -> Object {
    rig.guest.add(MockObject::Other(MockKind::Record))
}

pub fn handle_first(object: Object, args: &[i32]) -> Vec<Slot> {
    std::iter::once(Slot::from(object)).chain(args.iter().map(|&arg| arg.into())).collect()
}

pub fn counter(rig: &mut Rig, name: &str) -> Vec<Slot> {
    let mut args = text(rig, name, &[], &[]);
    args.push((-1i64).into());
    args
}

/// Arguments for a record of some size, in a frame that is not the first.
pub fn record(rig: &mut Rig, len: i32) -> Vec<Slot> {
    rig.kernel.end_frame(MODULE, FrameFigures::default());
    ints([8, len])
}

/// Arguments with a span of one byte behind the end of memory between other ones.
pub fn beyond(rig: &mut Rig, before: &[i32], after: &[i32]) -> Vec<Slot> {
    let args = [before, &[rig.guest.memory.len() as i32, 1], after].concat();
    args.into_iter().map(Slot::from).collect()
}

/// A rig with memory and assets of every sort.
pub fn rig() -> Rig {
    staged_rig(StagedConfig::default())
}

/// As [`rig`], with other storage and staged work.
pub fn staged_rig(staged: StagedConfig) -> Rig {
    let empty = Asset { name: "later".to_owned(), bytes: None };
    let assets = vec![image("image", 2, 2, &[1, 2, 3, 4]), empty, image("text", 2, 2, &[1, 2, 3])];
    let mut kernel = Kernel::new();
    kernel.load(MODULE, ModuleConfig { staged, ..config(8, 8, assets) }).expect("the configuration is good");
    Rig { kernel, guest: MockGuest::new(vec![0; 128 * 1024]) }
}
