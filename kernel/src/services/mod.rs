//! The services behind the boundary, a module per domain.
//!
//! Handlers are methods of the traits in [`cartwheel_hostabi::handlers`], and stand with their service. They take a
//! [`cartwheel_hostabi::Call`], which only the dispatcher can make: nothing else can reach them.

pub(crate) mod asset;
pub(crate) mod audio;
pub(crate) mod fs;
pub(crate) mod gfx;
pub(crate) mod kernel;
pub(crate) mod log;
pub(crate) mod mem;
mod module;
pub(crate) mod telemetry;
pub(crate) mod wasm4;

use cartwheel_hostabi::{Capability, CapabilitySet};

use crate::caller::Caller;
use crate::codec::{Reader, RestoreError};
use crate::host::{self, DiskFault};
use crate::load::StagedConfig;
use crate::policy::Policy;
use crate::shared::Shared;
use crate::staged::Requests;
use asset::{Asset, Assets};
use audio::Sound;
use fs::Root;
use gfx::{Gfx, Surface, VideoMode};
use kernel::{Host, Memories, Mount};
use log::Log;
use telemetry::{FrameFigures, Telemetry};
use wasm4::Wasm4;

/// Everything that the services have of one module.
pub(crate) struct Services {
    pub(crate) assets: Assets,
    /// Assets are state only for a module that can request and release them.
    assets_are_state: bool,
    /// The module's own storage, if it can use it.
    pub(crate) root: Option<Root>,
    /// Open requests: state of a module that has anything to ask for.
    pub(crate) requests: Requests,
    pub(crate) gfx: Option<Box<Gfx>>,
    /// There if the module declared the capability.
    pub(crate) sound: Option<Box<Sound>>,
    pub(crate) log: Log,
    pub(crate) telemetry: Telemetry,
    /// There if the capability `kernel` was declared.
    pub(crate) host: Option<Host>,
    /// The host of a WASM-4 game.
    pub(crate) wasm4: Option<Wasm4>,
}

/// What a handler works on. The dispatcher makes it for the module that calls; a handler cannot get at another's.
pub(crate) struct Context<'k> {
    pub(crate) services: &'k mut Services,
    pub(crate) caller: &'k mut Caller,
    pub(crate) policy: &'k Policy,
    pub(crate) memories: &'k mut Memories,
    pub(crate) shared: &'k mut Shared,
}

impl Services {
    pub(crate) fn new(
        declared: CapabilitySet,
        video: Option<VideoMode>,
        assets: Vec<Asset>,
        mounts: Option<Vec<Mount>>,
        staged: &StagedConfig,
        processing: host::Host,
        wasm4: Option<Wasm4>,
    ) -> Self {
        Services {
            assets: Assets::new(assets, staged.assets_on_request),
            assets_are_state: declared.contains(Capability::Asset),
            root: declared.contains(Capability::Fs).then(|| Root::new(staged)),
            requests: Requests::new(staged.latency_frames, staged.max_requests, processing),
            gfx: video.map(Gfx::new).map(Box::new),
            sound: declared.contains(Capability::Audio).then(|| Box::new(Sound::new())),
            log: Log::default(),
            telemetry: Telemetry::default(),
            host: mounts.map(Host::new),
            wasm4,
        }
    }

    /// A frame boundary: publishes the staged work that is due.
    pub(crate) fn begin_frame(&mut self) {
        self.requests.publish(self.root.as_mut().map(Root::storage_mut), &mut self.assets);
        // A module that has ended has no more frames that end.
        if let Some(sound) = &mut self.sound {
            sound.clear_samples();
        }
        if let Some(wasm4) = &mut self.wasm4 {
            wasm4.begin_frame();
        }
    }

    /// Takes what is known of the disk behind the storage; false if it was known.
    pub(crate) fn set_disk(&mut self, fault: Option<DiskFault>) -> bool {
        self.root.as_mut().is_some_and(|root| root.set_disk(fault))
    }

    fn has_requests(&self) -> bool {
        self.root.is_some() || self.assets_are_state
    }

    pub(crate) fn end_frame(&mut self, figures: FrameFigures) {
        if let Some(gfx) = &mut self.gfx {
            gfx.end_frame();
        }
        if let Some(sound) = &mut self.sound {
            sound.end_frame();
        }
        self.log.end_frame();
        self.telemetry.end_frame(figures);
        if let Some(host) = &mut self.host {
            host.end_frame();
        }
        if let Some(wasm4) = &mut self.wasm4 {
            wasm4.end_frame();
        }
    }

    /// The picture, if there is one: the module's own surface, or else that of a WASM-4 game.
    pub(crate) fn surface(&self) -> Option<Surface<'_>> {
        let own = self.gfx.as_ref().map(|gfx| gfx.surface());
        own.or_else(|| self.wasm4.as_ref().map(Wasm4::surface))
    }

    pub(crate) fn save(&self, out: &mut Vec<u8>) {
        out.push(self.gfx.is_some().into());
        if let Some(gfx) = &self.gfx {
            gfx.save(out);
        }
        self.log.save(out);
        self.telemetry.save(out);
        if let Some(sound) = &self.sound {
            sound.save(out);
        }
        if let Some(host) = &self.host {
            host.save(out);
        }
        if let Some(root) = &self.root {
            root.save(out);
        }
        if self.has_requests() {
            self.requests.save(out);
        }
        if self.assets_are_state {
            self.assets.save(out);
        }
        if let Some(wasm4) = &self.wasm4 {
            wasm4.save(out);
        }
    }

    /// Reads everything before it changes anything.
    pub(crate) fn restore(&mut self, mut input: Reader<'_>) -> Result<(), RestoreError> {
        if input.flag()? != self.gfx.is_some() {
            return Err(RestoreError::VideoMode);
        }
        let gfx = self.gfx.as_ref().map(|gfx| gfx.read(&mut input)).transpose()?;
        let log = Log::read(&mut input)?;
        let telemetry = Telemetry::read(&mut input)?;
        let sound = self.sound.as_ref().map(|_| Sound::read(&mut input, &self.assets)).transpose()?;
        let host = self.host.as_ref().map(|_| Host::read(&mut input)).transpose()?;
        let root = self.root.as_ref().map(|root| root.read(&mut input)).transpose()?;
        let requests =
            if self.has_requests() { Some(self.requests.read(&mut input, &self.assets)?) } else { None };
        let assets = if self.assets_are_state { Some(self.assets.read(&mut input)?) } else { None };
        let wasm4 = self.wasm4.as_ref().map(|wasm4| wasm4.read(&mut input)).transpose()?;
        input.end()?;
        if let (Some(gfx), Some(saved)) = (&mut self.gfx, gfx) {
            gfx.restore(&saved);
        }
        if let (Some(sound), Some(saved)) = (&mut self.sound, sound) {
            sound.restore(saved);
        }
        self.log = log;
        self.telemetry = telemetry;
        self.root = root;
        if let Some(saved) = requests {
            self.requests.resume(saved);
        }
        if let Some(loaded) = assets {
            self.assets.restore(&loaded);
        }
        self.host = host;
        self.wasm4 = wasm4;
        Ok(())
    }

    pub(crate) fn hashes(&self) -> impl Iterator<Item = (&'static str, u128)> {
        let video = self.gfx.as_ref().map(|gfx| ("video", gfx.hash()));
        let sound = self.sound.as_ref().map(|sound| ("sound", sound.hash()));
        let host = self.host.as_ref().map(|host| ("kernel", host.hash()));
        let storage = self.root.as_ref().map(|root| ("storage", root.hash()));
        let requests = self.has_requests().then(|| ("requests", self.requests.hash()));
        let assets = self.assets_are_state.then(|| ("assets", self.assets.hash()));
        video
            .into_iter()
            .chain([("log", self.log.hash()), ("telemetry", self.telemetry.hash())])
            .chain([sound, host, storage, requests, assets].into_iter().flatten())
            .chain(self.wasm4.iter().flat_map(Wasm4::hashes))
    }
}
