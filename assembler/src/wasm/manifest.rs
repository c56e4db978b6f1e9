//! What a module cannot say of itself: a TOML text in the custom section `cartwheel`, or in a file beside the module.

use cartwheel_bytecode::Cartridge;
use cartwheel_bytecode::cartridge::{
    Entry, EntryBody, ExportItem, MAX_VIDEO_HEIGHT, MAX_VIDEO_WIDTH, VideoMode,
};
use serde::Deserialize;

use super::error::Error;
use super::profile::Profile;
use crate::suggest::did_you_mean;

/// The text.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestText {
    title: Option<String>,
    author: Option<String>,
    version: Option<String>,
    video: Option<[u16; 2]>,
    cycles: Option<u64>,
    /// Exported functions that are called once, in order.
    start: Option<Vec<String>>,
    /// The exported function that is called in every frame.
    update: Option<String>,
    /// The exported function that runs on.
    main: Option<String>,
    /// Capabilities that the module may use; all that its imports need if missing.
    pub capabilities: Option<Vec<String>>,
}

impl ManifestText {
    pub fn parse(text: &str) -> Result<ManifestText, Error> {
        toml::from_str(text).map_err(|e| Error::manifest(format!("the manifest is not in order: {e}")))
    }

    /// Writes the manifest of a cartridge that is complete otherwise. `start` is the module's start function.
    pub fn apply(
        self,
        cart: &mut Cartridge,
        start: Option<u32>,
        profile: &Profile<'_>,
        title: &str,
        capabilities: Vec<String>,
    ) -> Result<(), Error> {
        cart.manifest.entry = self.entry(cart, start, profile)?;
        let manifest = &mut cart.manifest;
        let draws = capabilities.iter().any(|name| name == cartwheel_hostabi::Capability::Gfx.name());
        manifest.title = self.title.unwrap_or_else(|| title.to_owned());
        manifest.author = self.author.unwrap_or_default();
        manifest.version = self.version.unwrap_or_default();
        manifest.video = match self.video {
            Some([width, height]) => Some(video(width, height)?),
            None => profile.video.filter(|_| draws),
        };
        manifest.cycles_per_frame = self.cycles.unwrap_or(profile.cycles_per_frame);
        if manifest.cycles_per_frame == 0 {
            return Err(Error::manifest("`cycles` is 0; a frame has at least one cycle"));
        }
        manifest.capabilities = capabilities;
        manifest.capabilities.sort_unstable();
        Ok(())
    }

    fn entry(&self, cart: &Cartridge, start: Option<u32>, profile: &Profile<'_>) -> Result<Entry, Error> {
        let body = match (&self.update, &self.main) {
            (Some(_), Some(_)) => return Err(Error::manifest("`update` and `main` exclude each other")),
            (Some(name), None) => EntryBody::Update(named(cart, name)?),
            (None, Some(name)) => EntryBody::Main(named(cart, name)?),
            (None, None) => default_body(cart, profile),
        };
        let mut starts: Vec<u32> = start.into_iter().collect();
        match &self.start {
            Some(names) => {
                for name in names {
                    starts.push(named(cart, name)?);
                }
            }
            None => {
                let found = profile.starts.iter().filter_map(|name| callable(cart, name));
                let body = match body {
                    EntryBody::Main(func) | EntryBody::Update(func) => Some(func),
                    EntryBody::Library => None,
                };
                starts.extend(found.filter(|func| Some(*func) != body));
            }
        }
        Ok(Entry { starts, body })
    }
}

fn video(width: u16, height: u16) -> Result<VideoMode, Error> {
    if (1..=MAX_VIDEO_WIDTH).contains(&width) && (1..=MAX_VIDEO_HEIGHT).contains(&height) {
        return Ok(VideoMode { width, height });
    }
    let most = format!("at most {MAX_VIDEO_WIDTH} by {MAX_VIDEO_HEIGHT}");
    Err(Error::manifest(format!("`video` is {width} by {height}; it is at least 1 by 1 and {most}")))
}

/// The entry by the names of exports: `update` in every frame, or else one of the profile's that runs on.
fn default_body(cart: &Cartridge, profile: &Profile<'_>) -> EntryBody {
    let mut mains = profile.mains.iter().filter_map(|name| callable(cart, name));
    match callable(cart, "update") {
        Some(update) => EntryBody::Update(update),
        None => mains.next().map_or(EntryBody::Library, EntryBody::Main),
    }
}

/// The exported function with a name, if it has no parameters.
fn callable(cart: &Cartridge, name: &str) -> Option<u32> {
    cart.exported_function(name).filter(|&func| has_no_params(cart, func))
}

fn has_no_params(cart: &Cartridge, func: u32) -> bool {
    cart.types[cart.functions[func as usize].sig as usize].params.is_empty()
}

fn named(cart: &Cartridge, name: &str) -> Result<u32, Error> {
    let Some(func) = cart.exported_function(name) else {
        let exports = cart.exports.iter().filter(|export| matches!(export.item, ExportItem::Func(_)));
        let help = did_you_mean(name, exports.map(|export| export.name.as_str()));
        let help = help.map_or(String::new(), |help| format!("; {help}"));
        return Err(Error::manifest(format!("the module exports no function `{name}`{help}")));
    };
    if !has_no_params(cart, func) {
        return Err(Error::manifest(format!("`{name}` cannot be an entry function: it has parameters")));
    }
    Ok(func)
}
