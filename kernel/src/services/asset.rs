//! The named blobs of a cartridge.

use std::sync::Arc;

use cartwheel_hostabi::{Call, Fault, Object, Span, SpanMut, Status, handlers};
use xxhash_rust::xxh3::xxh3_128;

use super::Context;
use crate::codec::{Reader, RestoreError};
use crate::staged::Work;

/// A named blob of a cartridge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asset {
    /// Name, unique in the cartridge.
    pub name: String,
    /// Contents; `None` as long as they are not loaded.
    pub bytes: Option<Arc<[u8]>>,
}

/// The assets of a module. An asset's number is its place among the names in ascending order.
pub(crate) struct Assets {
    /// As the guest has them.
    list: Vec<Asset>,
    /// As the cartridge has them; no state.
    sources: Vec<Option<Arc<[u8]>>>,
}

impl Assets {
    /// Assets that are all loaded, or with `on_request` none of them.
    pub(crate) fn new(mut list: Vec<Asset>, on_request: bool) -> Self {
        let sources = list.iter().map(|asset| asset.bytes.clone()).collect();
        if on_request {
            list.iter_mut().for_each(|asset| asset.bytes = None);
        }
        Assets { list, sources }
    }

    fn find(&self, name: &[u8]) -> Option<i32> {
        let index = self.list.binary_search_by(|asset| asset.name.as_bytes().cmp(name)).ok()?;
        i32::try_from(index).ok()
    }

    /// The asset with a number.
    pub(crate) fn get(&self, number: i32) -> Option<&Asset> {
        self.list.get(usize::try_from(number).ok()?)
    }

    /// What the cartridge has under a number.
    pub(crate) fn source(&self, number: u32) -> Option<&Arc<[u8]>> {
        self.sources.get(number as usize)?.as_ref()
    }

    /// What the cartridge has under a name.
    pub(crate) fn source_named(&self, name: &str) -> Option<&Arc<[u8]>> {
        self.source(u32::try_from(self.find(name.as_bytes())?).ok()?)
    }

    /// The content of a loaded asset.
    fn loaded(&self, number: i32) -> Result<&Arc<[u8]>, Status> {
        let asset = self.get(number).ok_or(Status::AssetNotFound)?;
        asset.bytes.as_ref().ok_or(Status::AssetNotLoaded)
    }

    /// Makes an asset loaded.
    pub(crate) fn publish(&mut self, number: u32, content: Arc<[u8]>) {
        if let Some(asset) = self.list.get_mut(number as usize) {
            asset.bytes = Some(content);
        }
    }

    fn release(&mut self, number: i32) -> Status {
        if let Err(status) = self.loaded(number) {
            return status;
        }
        self.list[number as usize].bytes = None;
        Status::Ok
    }

    /// A byte per asset that says whether it is loaded; the content is the cartridge's.
    pub(crate) fn save(&self, out: &mut Vec<u8>) {
        out.extend(self.list.iter().map(|asset| u8::from(asset.bytes.is_some())));
    }

    pub(crate) fn read(&self, input: &mut Reader<'_>) -> Result<Vec<bool>, RestoreError> {
        let source = |loaded, source: &Option<_>| {
            if loaded && source.is_none() { Err(RestoreError::Value) } else { Ok(loaded) }
        };
        self.sources.iter().map(|content| source(input.flag()?, content)).collect()
    }

    pub(crate) fn restore(&mut self, loaded: &[bool]) {
        for ((asset, source), &loaded) in self.list.iter_mut().zip(&self.sources).zip(loaded) {
            asset.bytes = source.clone().filter(|_| loaded);
        }
    }

    pub(crate) fn hash(&self) -> u128 {
        let mut bytes = Vec::with_capacity(self.list.len());
        self.save(&mut bytes);
        xxh3_128(&bytes)
    }
}

impl Context<'_> {
    /// The content of a loaded asset, shared with it.
    fn asset(&self, number: i32) -> Result<Arc<[u8]>, Status> {
        self.services.assets.loaded(number).cloned()
    }
}

impl handlers::Asset for Context<'_> {
    fn find(&mut self, call: &mut Call<'_>, name: Span) -> Result<(Status, i32), Fault> {
        let found = self.services.assets.find(call.span(name)?);
        call.work(name.len.into());
        Ok(found.map_or((Status::AssetNotFound, 0), |number| (Status::Ok, number)))
    }

    fn info(&mut self, _: &mut Call<'_>, asset: i32) -> Result<(Status, i32), Fault> {
        Ok(match self.services.assets.loaded(asset) {
            Ok(content) => (Status::Ok, i32::try_from(content.len()).unwrap_or(i32::MAX)),
            Err(status) => (status, 0),
        })
    }

    fn poll(&mut self, _: &mut Call<'_>, asset: i32) -> Result<Status, Fault> {
        Ok(match self.services.assets.loaded(asset) {
            Ok(_) => Status::Ok,
            Err(Status::AssetNotLoaded) if self.services.requests.awaits_asset(asset as u32) => {
                Status::Pending
            }
            Err(status) => status,
        })
    }

    fn read(
        &mut self,
        call: &mut Call<'_>,
        asset: i32,
        offset: i32,
        buffer: SpanMut,
    ) -> Result<(Status, i32), Fault> {
        let content = match self.asset(asset) {
            Ok(content) => content,
            Err(status) => return Ok((status, 0)),
        };
        let Some(rest) = usize::try_from(offset).ok().and_then(|offset| content.get(offset..)) else {
            return Ok((Status::AssetOutside, 0));
        };
        let place = call.span_mut(buffer)?;
        let len = rest.len().min(place.len());
        place[..len].copy_from_slice(&rest[..len]);
        call.work(len as u64);
        Ok((Status::Ok, len as i32))
    }

    fn read_bytes(&mut self, call: &mut Call<'_>, asset: i32) -> Result<(Status, Object), Fault> {
        let content = match self.asset(asset) {
            Ok(content) => content,
            Err(status) => return Ok((status, Object::NULL)),
        };
        let Ok(object) = call.new_bytes(&content) else { return Ok((Status::Quota, Object::NULL)) };
        call.work(content.len() as u64);
        Ok((Status::Ok, object))
    }

    fn release(&mut self, _: &mut Call<'_>, asset: i32) -> Result<Status, Fault> {
        Ok(self.services.assets.release(asset))
    }

    fn request(&mut self, _: &mut Call<'_>, asset: i32) -> Result<Status, Fault> {
        let services = &mut *self.services;
        match services.assets.loaded(asset) {
            Ok(_) => return Ok(Status::AssetAlreadyLoaded),
            Err(Status::AssetNotLoaded) => {}
            Err(status) => return Ok(status),
        }
        let number = asset as u32;
        let Some(content) = services.assets.source(number) else { return Ok(Status::Unavailable) };
        if services.requests.awaits_asset(number) {
            return Ok(Status::Pending);
        }
        // Nothing is copied: the content is the cartridge's.
        if !services.requests.has_room(0, u64::MAX) {
            return Ok(Status::Quota);
        }
        services.requests.issue(Work::Asset(number, content.clone()), None);
        Ok(Status::Ok)
    }
}
