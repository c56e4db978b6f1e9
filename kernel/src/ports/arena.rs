//! Things that are known by generational keys: a key of something that is gone names nothing, and never its successor.
//!
//! The order in which places are used again is part of the state, so a restored table hands out the same keys as one that
//! never stopped.

use crate::codec::{Reader, RestoreError};

/// A place, and how often it was used before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ArenaKey {
    index: u32,
    generation: u32,
}

impl ArenaKey {
    pub(super) fn save(self, out: &mut Vec<u8>) {
        out.extend(self.index.to_le_bytes());
        out.extend(self.generation.to_le_bytes());
    }

    pub(super) fn read(input: &mut Reader<'_>) -> Result<ArenaKey, RestoreError> {
        Ok(ArenaKey { index: input.u32()?, generation: input.u32()? })
    }
}

#[derive(Debug)]
struct Slot<T> {
    generation: u32,
    value: Option<T>,
}

/// A table with generational keys.
#[derive(Debug)]
pub(super) struct Arena<T> {
    slots: Vec<Slot<T>>,
    /// Places without a value; the last one is used next.
    free: Vec<u32>,
}

impl<T> Default for Arena<T> {
    fn default() -> Self {
        Arena { slots: Vec::new(), free: Vec::new() }
    }
}

impl<T> Arena<T> {
    pub(super) fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    pub(super) fn insert(&mut self, value: T) -> ArenaKey {
        let index = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot { generation: 0, value: None });
            self.slots.len() as u32 - 1
        });
        let slot = &mut self.slots[index as usize];
        slot.value = Some(value);
        ArenaKey { index, generation: slot.generation }
    }

    fn slot(&self, key: ArenaKey) -> Option<&Slot<T>> {
        self.slots.get(key.index as usize).filter(|slot| slot.generation == key.generation)
    }

    pub(super) fn get(&self, key: ArenaKey) -> Option<&T> {
        self.slot(key)?.value.as_ref()
    }

    pub(super) fn get_mut(&mut self, key: ArenaKey) -> Option<&mut T> {
        self.slots
            .get_mut(key.index as usize)
            .filter(|slot| slot.generation == key.generation)?
            .value
            .as_mut()
    }

    pub(super) fn remove(&mut self, key: ArenaKey) -> Option<T> {
        let slot = self.slots.get_mut(key.index as usize).filter(|slot| slot.generation == key.generation)?;
        let value = slot.value.take()?;
        // A place that was used as often as can be counted is not used again.
        match slot.generation.checked_add(1) {
            Some(generation) => slot.generation = generation,
            None => return Some(value),
        }
        self.free.push(key.index);
        Some(value)
    }

    /// Everything there is, in the order of the places.
    pub(super) fn iter(&self) -> impl Iterator<Item = (ArenaKey, &T)> {
        self.slots.iter().enumerate().filter_map(|(index, slot)| {
            let key = ArenaKey { index: index as u32, generation: slot.generation };
            slot.value.as_ref().map(|value| (key, value))
        })
    }

    /// Everything there is, in the same order, to change it.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.slots.iter_mut().filter_map(|slot| slot.value.as_mut())
    }

    pub(super) fn save(&self, out: &mut Vec<u8>, write: impl Fn(&T, &mut Vec<u8>)) {
        out.extend((self.slots.len() as u32).to_le_bytes());
        for slot in &self.slots {
            out.extend(slot.generation.to_le_bytes());
            out.push(slot.value.is_some().into());
            if let Some(value) = &slot.value {
                write(value, out);
            }
        }
        out.extend((self.free.len() as u32).to_le_bytes());
        self.free.iter().for_each(|index| out.extend(index.to_le_bytes()));
    }

    pub(super) fn read(
        input: &mut Reader<'_>,
        mut read: impl FnMut(&mut Reader<'_>) -> Result<T, RestoreError>,
    ) -> Result<Arena<T>, RestoreError> {
        let mut arena = Arena::default();
        for _ in 0..input.u32()? {
            let generation = input.u32()?;
            let value = if input.flag()? { Some(read(input)?) } else { None };
            arena.slots.push(Slot { generation, value });
        }
        let mut listed = vec![false; arena.slots.len()];
        for _ in 0..input.u32()? {
            let index = input.u32()?;
            let slot = arena.slots.get(index as usize).ok_or(RestoreError::Value)?;
            if slot.value.is_some() || std::mem::replace(&mut listed[index as usize], true) {
                return Err(RestoreError::Value);
            }
            arena.free.push(index);
        }
        Ok(arena)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// A restored table hands out the same keys as one that never stopped, and keys of what is gone name nothing.
        #[test]
        fn a_restored_arena_hands_out_the_same_keys(steps in proptest::collection::vec((any::<bool>(), any::<u8>()), 0..80)) {
            let mut arena = Arena::default();
            let mut live: Vec<(ArenaKey, u8)> = Vec::new();
            for (insert, pick) in steps {
                if insert || live.is_empty() {
                    live.push((arena.insert(pick), pick));
                } else {
                    let (key, value) = live.swap_remove(usize::from(pick) % live.len());
                    prop_assert_eq!(arena.remove(key), Some(value));
                    prop_assert_eq!((arena.remove(key), arena.get(key)), (None, None));
                }
                let mut saved = Vec::new();
                arena.save(&mut saved, |value, out| out.push(*value));
                let mut reader = Reader(&saved);
                let mut restored = Arena::read(&mut reader, |input| input.u8()).expect("it was saved");
                prop_assert!(reader.end().is_ok());
                let keys: Vec<_> = (0..6).map(|i| restored.insert(i)).collect();
                // The original goes on from its own copy, so that it is unharmed.
                let mut original = Arena::read(&mut Reader(&saved), |input| input.u8()).expect("it was saved");
                std::mem::swap(&mut original, &mut arena);
                let expected: Vec<_> = (0..6).map(|i| original.insert(i)).collect();
                prop_assert_eq!(keys, expected);
                for (key, value) in &live {
                    prop_assert_eq!(arena.get(*key), Some(value));
                }
                prop_assert_eq!(arena.len(), live.len());
            }
        }
    }
}
