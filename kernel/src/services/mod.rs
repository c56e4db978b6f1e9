//! The services behind the boundary, a module per domain.
//!
//! Handlers are methods of the traits in [`cartwheel_hostabi::handlers`], and stand with their service. They take a
//! [`cartwheel_hostabi::Call`], which only the dispatcher can make: nothing else can reach them.

pub(crate) mod asset;
pub(crate) mod gfx;
pub(crate) mod kernel;
pub(crate) mod log;
pub(crate) mod telemetry;

use crate::caller::Caller;
use crate::codec::{Reader, RestoreError};
use crate::policy::Policy;
use asset::{Asset, Assets};
use gfx::{Gfx, VideoMode};
use kernel::{Host, Memories, Mount};
use log::Log;
use telemetry::{FrameFigures, Telemetry};

/// Everything that the services have of one module.
pub(crate) struct Services {
    /// Part of the cartridge and so no state.
    pub(crate) assets: Assets,
    pub(crate) gfx: Option<Gfx>,
    pub(crate) log: Log,
    pub(crate) telemetry: Telemetry,
    /// There if the capability `kernel` was declared.
    pub(crate) host: Option<Host>,
}

/// What a handler works on. The dispatcher makes it for the module that calls; a handler cannot get at another's.
pub(crate) struct Context<'k> {
    pub(crate) services: &'k mut Services,
    pub(crate) caller: &'k mut Caller,
    pub(crate) policy: &'k Policy,
    pub(crate) memories: &'k mut Memories,
}

impl Services {
    pub(crate) fn new(video: Option<VideoMode>, assets: Vec<Asset>, mounts: Option<Vec<Mount>>) -> Self {
        Services {
            assets: Assets::new(assets),
            gfx: video.map(Gfx::new),
            log: Log::default(),
            telemetry: Telemetry::default(),
            host: mounts.map(Host::new),
        }
    }

    pub(crate) fn end_frame(&mut self, figures: FrameFigures) {
        if let Some(gfx) = &mut self.gfx {
            gfx.end_frame();
        }
        self.log.end_frame();
        self.telemetry.end_frame(figures);
        if let Some(host) = &mut self.host {
            host.end_frame();
        }
    }

    pub(crate) fn save(&self, out: &mut Vec<u8>) {
        out.push(self.gfx.is_some().into());
        if let Some(gfx) = &self.gfx {
            gfx.save(out);
        }
        self.log.save(out);
        self.telemetry.save(out);
        if let Some(host) = &self.host {
            host.save(out);
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
        let host = self.host.as_ref().map(|_| Host::read(&mut input)).transpose()?;
        input.end()?;
        if let (Some(gfx), Some(saved)) = (&mut self.gfx, gfx) {
            gfx.restore(&saved);
        }
        self.log = log;
        self.telemetry = telemetry;
        self.host = host;
        Ok(())
    }

    pub(crate) fn hashes(&self) -> impl Iterator<Item = (&'static str, u128)> {
        let video = self.gfx.as_ref().map(|gfx| ("video", gfx.hash()));
        let host = self.host.as_ref().map(|host| ("kernel", host.hash()));
        video.into_iter().chain([("log", self.log.hash()), ("telemetry", self.telemetry.hash())]).chain(host)
    }
}
