//! The services behind the boundary, a module per domain.
//!
//! Handlers are methods of the traits in [`cartwheel_hostabi::handlers`], and stand with their service. They take a
//! [`cartwheel_hostabi::Call`], which only the dispatcher can make: nothing else can reach them.

pub(crate) mod asset;
pub(crate) mod gfx;
pub(crate) mod log;
pub(crate) mod telemetry;
pub(crate) mod wasm4;

use crate::codec::{Reader, RestoreError};
use asset::{Asset, Assets};
use gfx::{Gfx, Surface, VideoMode};
use log::Log;
use telemetry::{FrameFigures, Telemetry};
use wasm4::Wasm4;

/// Everything that the services have of one module.
pub(crate) struct Services {
    /// Part of the cartridge and so no state.
    pub(crate) assets: Assets,
    pub(crate) gfx: Option<Gfx>,
    pub(crate) log: Log,
    pub(crate) telemetry: Telemetry,
    /// The host of a WASM-4 game.
    pub(crate) wasm4: Option<Wasm4>,
}

/// What a handler works on. The dispatcher makes it for the module that calls; a handler cannot get at another's.
pub(crate) struct Context<'k> {
    pub(crate) services: &'k mut Services,
}

impl Services {
    pub(crate) fn new(video: Option<VideoMode>, assets: Vec<Asset>, wasm4: Option<Wasm4>) -> Self {
        Services {
            assets: Assets::new(assets),
            gfx: video.map(Gfx::new),
            log: Log::default(),
            telemetry: Telemetry::default(),
            wasm4,
        }
    }

    pub(crate) fn end_frame(&mut self, figures: FrameFigures) {
        if let Some(gfx) = &mut self.gfx {
            gfx.end_frame();
        }
        self.log.end_frame();
        self.telemetry.end_frame(figures);
        if let Some(wasm4) = &mut self.wasm4 {
            wasm4.end_frame();
        }
    }

    /// The picture, if there is one: the module's own surface, or else that of a WASM-4 game.
    pub(crate) fn surface(&self) -> Option<Surface<'_>> {
        let own = self.gfx.as_ref().map(Gfx::surface);
        own.or_else(|| self.wasm4.as_ref().map(Wasm4::surface))
    }

    pub(crate) fn save(&self, out: &mut Vec<u8>) {
        out.push(self.gfx.is_some().into());
        if let Some(gfx) = &self.gfx {
            gfx.save(out);
        }
        self.log.save(out);
        self.telemetry.save(out);
        if let Some(wasm4) = &self.wasm4 {
            wasm4.save(out);
        }
    }

    /// Reads everything before it changes anything.
    pub(crate) fn restore(&mut self, bytes: &[u8]) -> Result<(), RestoreError> {
        let mut input = Reader(bytes);
        if input.flag()? != self.gfx.is_some() {
            return Err(RestoreError::VideoMode);
        }
        let gfx = self.gfx.as_ref().map(|gfx| gfx.read(&mut input)).transpose()?;
        let log = Log::read(&mut input)?;
        let telemetry = Telemetry::read(&mut input)?;
        let wasm4 = self.wasm4.as_ref().map(|wasm4| wasm4.read(&mut input)).transpose()?;
        input.end()?;
        if let (Some(gfx), Some(saved)) = (&mut self.gfx, gfx) {
            gfx.restore(&saved);
        }
        self.log = log;
        self.telemetry = telemetry;
        self.wasm4 = wasm4;
        Ok(())
    }

    pub(crate) fn hashes(&self) -> impl Iterator<Item = (&'static str, u128)> {
        let video = self.gfx.as_ref().map(|gfx| ("video", gfx.hash()));
        let always = [("log", self.log.hash()), ("telemetry", self.telemetry.hash())];
        let wasm4 = self.wasm4.iter().flat_map(Wasm4::hashes);
        video.into_iter().chain(always).chain(wasm4)
    }
}
