//! What is spent in the zones that a guest marks.

use std::collections::BTreeMap;

use cartwheel_kernel::ZoneEvent;

use super::model::ZoneRow;

/// Zones of a module.
#[derive(Debug, Default)]
pub(super) struct Zones {
    places: BTreeMap<Vec<String>, u32>,
    /// The zones by place, each with those around it.
    pub names: Vec<Vec<String>>,
    /// Names of the open zones.
    open: Vec<String>,
}

impl Zones {
    /// Zones of a module that has some open already.
    pub fn new(open: &[String]) -> Zones {
        Zones { open: open.to_vec(), ..Zones::default() }
    }

    /// Takes what happened in a frame that used so many cycles.
    pub fn frame(&mut self, events: &[ZoneEvent], cycles: u64) -> Vec<ZoneRow> {
        let mut rows = BTreeMap::new();
        let mut at = 0;
        for event in events {
            self.spend(&mut rows, event.used.saturating_sub(at));
            at = event.used;
            match &event.begins {
                Some(name) => {
                    self.open.push(name.clone());
                    let zone = self.place(self.open.len());
                    rows.entry(zone).or_insert(ZoneRow { zone, ..ZoneRow::default() }).opened += 1;
                }
                None => _ = self.open.pop(),
            }
        }
        self.spend(&mut rows, cycles - at);
        rows.into_values().collect()
    }

    fn spend(&mut self, rows: &mut BTreeMap<u32, ZoneRow>, cycles: u64) {
        if cycles == 0 {
            return;
        }
        for depth in 1..=self.open.len() {
            let zone = self.place(depth);
            rows.entry(zone).or_insert(ZoneRow { zone, ..ZoneRow::default() }).cycles += cycles;
        }
    }

    /// Place of the zone at a depth.
    fn place(&mut self, depth: usize) -> u32 {
        if let Some(&place) = self.places.get(&self.open[..depth]) {
            return place;
        }
        let place = self.names.len() as u32;
        self.places.insert(self.open[..depth].to_vec(), place);
        self.names.push(self.open[..depth].to_vec());
        place
    }
}
