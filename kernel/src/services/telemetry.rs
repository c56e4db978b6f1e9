//! A module's own figures: what its last frame cost, and numbers that it reports.

use cartwheel_hostabi::{Call, Fault, Span, SpanMut, Status, handlers};
use xxhash_rust::xxh3::xxh3_128;

use super::Context;
use crate::codec::{Reader, RestoreError};

/// Numbers that a module can report in a frame.
pub const COUNTERS_PER_FRAME: u32 = 64;
/// Zones that can be open at a time.
pub const MAX_ZONES: usize = 16;
const MAX_NAME_LEN: usize = 32;

/// A number that a module reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counter {
    /// Name, printable ASCII.
    pub name: String,
    /// Value.
    pub value: i64,
}

/// The beginning or end of a zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZoneEvent {
    /// Name of the zone that begins; none where the innermost one ends.
    pub begins: Option<String>,
    /// Cycles of the slice that were used before the call.
    pub used: u64,
}

/// What a module's frame came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FrameFigures {
    /// Number of the frame.
    pub frame: u64,
    /// Cycles used.
    pub cycles: u64,
    /// Cycles granted.
    pub budget: u64,
    /// Syscalls made.
    pub syscalls: u64,
    /// Bytes allocated on the heap.
    pub bytes: u64,
    /// Objects allocated on the heap.
    pub objects: u64,
    /// Cycles of the collector, which are part of `cycles`.
    pub collector_cycles: u64,
    /// Updates so far that did not finish in their frame.
    pub overruns: u64,
}

/// Bytes of the record that a guest gets.
const RECORD_LEN: usize = 64;

impl FrameFigures {
    /// The fields in the order of the record.
    fn fields(&self) -> [u64; RECORD_LEN / 8] {
        let FrameFigures { frame, cycles, budget, syscalls, bytes, objects, collector_cycles, overruns } =
            *self;
        [frame, cycles, budget, syscalls, bytes, objects, collector_cycles, overruns]
    }

    fn record(&self) -> [u8; RECORD_LEN] {
        let mut record = [0; RECORD_LEN];
        for (place, field) in record.chunks_exact_mut(8).zip(self.fields()) {
            place.copy_from_slice(&field.to_le_bytes());
        }
        record
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, RestoreError> {
        Ok(FrameFigures {
            frame: input.u64()?,
            cycles: input.u64()?,
            budget: input.u64()?,
            syscalls: input.u64()?,
            bytes: input.u64()?,
            objects: input.u64()?,
            collector_cycles: input.u64()?,
            overruns: input.u64()?,
        })
    }
}

/// The figures of a module.
#[derive(Default)]
pub(crate) struct Telemetry {
    /// Figures of the frame before; a guest can ask for them, so they are state.
    last: Option<FrameFigures>,
    /// Numbers reported in this frame.
    used: u32,
    /// Names of the open zones, outermost first.
    zones: Vec<String>,
    /// Output on its way out, which no guest can see.
    counters: Vec<Counter>,
    zone_events: Vec<ZoneEvent>,
}

impl Telemetry {
    fn count(&mut self, name: &[u8], value: i64) -> Status {
        let Some(name) = name_from(name) else { return Status::TelemetryBadName };
        if self.used >= COUNTERS_PER_FRAME {
            return Status::Quota;
        }
        self.used += 1;
        self.counters.push(Counter { name, value });
        Status::Ok
    }

    fn begin_zone(&mut self, name: &[u8], used: u64) -> Status {
        let Some(name) = name_from(name) else { return Status::TelemetryBadName };
        if self.zones.len() == MAX_ZONES {
            return Status::Quota;
        }
        self.zones.push(name.clone());
        self.zone_events.push(ZoneEvent { begins: Some(name), used });
        Status::Ok
    }

    fn end_zone(&mut self, used: u64) -> Status {
        if self.zones.pop().is_none() {
            return Status::TelemetryNoZone;
        }
        self.zone_events.push(ZoneEvent { begins: None, used });
        Status::Ok
    }

    pub(crate) fn take_zone_events(&mut self) -> Vec<ZoneEvent> {
        std::mem::take(&mut self.zone_events)
    }

    pub(crate) fn zones(&self) -> &[String] {
        &self.zones
    }

    pub(crate) fn take(&mut self) -> Vec<Counter> {
        std::mem::take(&mut self.counters)
    }

    pub(crate) fn end_frame(&mut self, figures: FrameFigures) {
        self.last = Some(figures);
        self.used = 0;
    }

    pub(crate) fn save(&self, out: &mut Vec<u8>) {
        out.extend(self.used.to_le_bytes());
        out.push(self.last.is_some().into());
        if let Some(figures) = &self.last {
            out.extend(figures.record());
        }
        out.push(self.zones.len() as u8);
        self.save_zone_names(out);
    }

    fn save_zone_names(&self, out: &mut Vec<u8>) {
        for name in &self.zones {
            out.push(name.len() as u8);
            out.extend(name.as_bytes());
        }
    }

    pub(crate) fn read(input: &mut Reader<'_>) -> Result<Self, RestoreError> {
        let used = input.u32()?;
        if used > COUNTERS_PER_FRAME {
            return Err(RestoreError::Value);
        }
        let last = if input.flag()? { Some(FrameFigures::read(input)?) } else { None };
        let zones = usize::from(input.u8()?);
        if zones > MAX_ZONES {
            return Err(RestoreError::Value);
        }
        let zones = (0..zones)
            .map(|_| {
                let len = usize::from(input.u8()?);
                name_from(input.bytes(len)?).ok_or(RestoreError::Value)
            })
            .collect::<Result<_, _>>()?;
        Ok(Telemetry { last, used, zones, ..Telemetry::default() })
    }

    pub(crate) fn hash(&self) -> u128 {
        // Zones are hashed only where there are some: most modules have none, and this is on the path of every frame.
        if !self.zones.is_empty() {
            let mut saved = Vec::with_capacity(256);
            self.save(&mut saved);
            return xxh3_128(&saved);
        }
        // What `save` writes, without its allocation.
        let mut saved = [0; 5 + RECORD_LEN];
        saved[..4].copy_from_slice(&self.used.to_le_bytes());
        let Some(figures) = &self.last else { return xxh3_128(&saved[..5]) };
        saved[4] = 1;
        saved[5..].copy_from_slice(&figures.record());
        xxh3_128(&saved)
    }
}

/// A name that counters and zones can have.
fn name_from(bytes: &[u8]) -> Option<String> {
    let fits =
        (1..=MAX_NAME_LEN).contains(&bytes.len()) && bytes.iter().all(|byte| (b' '..=b'~').contains(byte));
    let bytes = if fits { bytes } else { &[] };
    str::from_utf8(bytes).ok().filter(|_| fits).map(str::to_owned)
}

impl handlers::Telemetry for Context<'_> {
    fn begin(&mut self, call: &mut Call<'_>, name: Span) -> Result<Status, Fault> {
        let used = call.cycles_used();
        Ok(self.services.telemetry.begin_zone(call.span(name)?, used))
    }

    fn end(&mut self, call: &mut Call<'_>) -> Result<Status, Fault> {
        Ok(self.services.telemetry.end_zone(call.cycles_used()))
    }

    fn counter(&mut self, call: &mut Call<'_>, name: Span, value: i64) -> Result<Status, Fault> {
        let status = self.services.telemetry.count(call.span(name)?, value);
        call.work(name.len.into());
        Ok(status)
    }

    fn frame(&mut self, call: &mut Call<'_>, record: SpanMut) -> Result<Status, Fault> {
        let Some(figures) = self.services.telemetry.last else { return Ok(Status::Unavailable) };
        match call.span_mut(record)?.first_chunk_mut() {
            Some(place) => *place = figures.record(),
            None => return Ok(Status::TelemetryTooSmall),
        }
        Ok(Status::Ok)
    }
}
