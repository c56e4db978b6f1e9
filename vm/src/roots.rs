//! Objects that the host keeps: roots of the collector, known by generational keys.
//!
//! A `slotmap` makes "released" a fact that stale keys cannot hide. Its own serialised form forgets the order in
//! which released keys are used again, which would make a restored machine hand out other keys than one that never
//! stopped; so the order is part of the state here, and a test compares the two.

use slotmap::{Key, KeyData, SlotMap, new_key_type};

use crate::state::RootState;

new_key_type! {
    struct RootKey;
}

/// The table of host roots.
#[derive(Clone, Debug, Default)]
pub(crate) struct Roots {
    map: SlotMap<RootKey, u32>,
}

/// `SlotMap` numbers its slots from 1; the portable form counts from 0.
fn key(index: u32, generation: u32) -> RootKey {
    KeyData::from_ffi(u64::from(generation) << 32 | (u64::from(index) + 1)).into()
}

fn index_and_generation(key: RootKey) -> (u32, u32) {
    let data = key.data().as_ffi();
    (data as u32 - 1, (data >> 32) as u32)
}

impl Roots {
    /// Keeps an object; index and generation of its root.
    pub(crate) fn insert(&mut self, object: u32) -> (u32, u32) {
        index_and_generation(self.map.insert(object))
    }

    /// Lets go of an object; `None` if that was done before.
    pub(crate) fn remove(&mut self, index: u32, generation: u32) -> Option<u32> {
        // An even generation is a free slot's, which `SlotMap` would take for the odd one above it.
        if generation.is_multiple_of(2) {
            return None;
        }
        self.map.remove(key(index, generation))
    }

    /// The object of a root, unless it was released.
    pub(crate) fn get(&self, index: u32, generation: u32) -> Option<u32> {
        if generation.is_multiple_of(2) {
            return None;
        }
        self.map.get(key(index, generation)).copied()
    }

    /// The objects, by ascending index.
    pub(crate) fn objects(&self) -> impl Iterator<Item = u32> {
        self.map.values().copied()
    }

    /// All slots in order, and the free ones in the order in which they will be used.
    pub(crate) fn state(&self) -> (Vec<RootState>, Vec<u32>) {
        // What a slot map would hand out next is found out by asking a copy of it.
        let mut slots: Vec<Option<RootState>> = Vec::new();
        let mut put = |(index, generation): (u32, u32), object, free| {
            let at = index as usize;
            slots.resize((at + 1).max(slots.len()), None);
            slots[at] =
                Some(RootState { generation: if free { generation - 1 } else { generation }, object });
        };
        for (root, &object) in &self.map {
            put(index_and_generation(root), object, false);
        }
        let mut free = Vec::new();
        let mut copy = self.map.clone();
        loop {
            let (index, generation) = index_and_generation(copy.insert(0));
            // A slot that was never used has no generation to keep: it comes after all others.
            if generation == 1 {
                break;
            }
            free.push(index);
            put((index, generation), 0, true);
        }
        let slots = slots.into_iter().map(|slot| slot.expect("a slot is used or free")).collect();
        (slots, free)
    }

    /// The table of a state that was checked.
    pub(crate) fn from_state(slots: &[RootState], free: &[u32]) -> Roots {
        if slots.is_empty() {
            return Roots::default();
        }
        // A vacant slot takes part two generations early, so that using and releasing it once brings it to its
        // own; releasing in reverse puts the list of free slots in order.
        let sentinel = (None, 0);
        let serial: Vec<(Option<u32>, u32)> = std::iter::once(sentinel)
            .chain(slots.iter().map(|slot| match slot.object {
                0 => (None, slot.generation.wrapping_sub(2)),
                object => (Some(object), slot.generation),
            }))
            .collect();
        let config = bincode::config::standard();
        let bytes = bincode::serde::encode_to_vec(&serial, config).expect("plain data can be encoded");
        let (mut map, _): (SlotMap<RootKey, u32>, usize) =
            bincode::serde::decode_from_slice(&bytes, config).expect("what was encoded can be decoded");
        let mut keys = vec![RootKey::null(); slots.len()];
        for _ in free {
            let key = map.insert(0);
            keys[index_and_generation(key).0 as usize] = key;
        }
        for &index in free.iter().rev() {
            map.remove(keys[index as usize]);
        }
        Roots { map }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// A restored table hands out the same keys as one that never stopped.
        // covers POL-19
        #[test]
        fn restored_roots_hand_out_the_same_keys(
            steps in proptest::collection::vec((any::<bool>(), any::<u8>()), 0..60),
            later in proptest::collection::vec((any::<bool>(), any::<u8>()), 0..60),
        ) {
            let mut live = Vec::new();
            let mut roots = Roots::default();
            let step = |roots: &mut Roots, live: &mut Vec<(u32, u32)>, (insert, pick): (bool, u8)| {
                if insert || live.is_empty() {
                    let key = roots.insert(u32::from(pick) + 1);
                    live.push(key);
                    Some(key)
                } else {
                    let (index, generation) = live.remove(usize::from(pick) % live.len());
                    assert!(roots.remove(index, generation).is_some());
                    assert_eq!(roots.remove(index, generation), None);
                    None
                }
            };
            for s in steps {
                step(&mut roots, &mut live, s);
            }
            let (slots, free) = roots.state();
            let mut restored = Roots::from_state(&slots, &free);
            prop_assert_eq!(restored.state(), (slots, free));
            let mut live_restored = live.clone();
            for s in later {
                let a = step(&mut roots, &mut live, s);
                let b = step(&mut restored, &mut live_restored, s);
                prop_assert_eq!(a, b);
                prop_assert_eq!(roots.objects().collect::<Vec<_>>(), restored.objects().collect::<Vec<_>>());
            }
        }
    }
}
