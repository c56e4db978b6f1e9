//! The named blobs of a cartridge.

use std::sync::Arc;

use cartwheel_hostabi::{Call, Fault, Span, Status, handlers};

use super::Context;

/// A named blob of a cartridge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asset {
    /// Name, unique in the cartridge.
    pub name: String,
    /// Contents; `None` as long as they are not loaded.
    pub bytes: Option<Arc<[u8]>>,
}

/// The assets of a module. An asset's number is its place among the names in ascending order.
pub(crate) struct Assets(Vec<Asset>);

impl Assets {
    pub(crate) fn new(assets: Vec<Asset>) -> Self {
        Assets(assets)
    }

    fn find(&self, name: &[u8]) -> Option<i32> {
        let index = self.0.binary_search_by(|asset| asset.name.as_bytes().cmp(name)).ok()?;
        i32::try_from(index).ok()
    }

    /// The asset with a number.
    pub(crate) fn get(&self, number: i32) -> Option<&Asset> {
        self.0.get(usize::try_from(number).ok()?)
    }

    /// What the cartridge has under a number.
    pub(crate) fn source(&self, number: u32) -> Option<&Arc<[u8]>> {
        self.0.get(number as usize)?.bytes.as_ref()
    }
}

impl handlers::Asset for Context<'_> {
    fn find(&mut self, call: &mut Call<'_>, name: Span) -> Result<(Status, i32), Fault> {
        let found = self.services.assets.find(call.span(name)?);
        call.work(name.len.into());
        Ok(found.map_or((Status::AssetNotFound, 0), |number| (Status::Ok, number)))
    }
}
