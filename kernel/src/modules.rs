//! The kernel's modules by their numbers.

use crate::load::ModuleId;
use crate::pipeline::Module;

/// Modules in ascending order of their numbers. Numbers are never used again, so they are no places: what a module took
/// up is given back when it goes, however many came before it.
#[derive(Default)]
pub(crate) struct Modules {
    sorted: Vec<(ModuleId, Box<Module>)>,
    /// Place of the module that was asked for last: the next question is most likely about it too.
    last: usize,
}

impl Modules {
    fn place(&self, id: ModuleId) -> Result<usize, usize> {
        // And if not, about the one behind it, whose turn is next.
        for place in [self.last, self.last + 1] {
            if self.sorted.get(place).is_some_and(|(number, _)| *number == id) {
                return Ok(place);
            }
        }
        self.sorted.binary_search_by_key(&id, |(number, _)| *number)
    }

    pub(crate) fn get(&self, id: ModuleId) -> Option<&Module> {
        self.place(id).ok().map(|place| &*self.sorted[place].1)
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, id: ModuleId) -> Option<&mut Module> {
        if self.sorted.get(self.last).is_none_or(|(number, _)| *number != id) {
            self.last = self.place(id).ok()?;
        }
        Some(&mut self.sorted[self.last].1)
    }

    /// Takes a module in. The number must be free.
    pub(crate) fn insert(&mut self, module: Box<Module>) {
        let id = module.caller.id;
        let place = self.sorted.partition_point(|(number, _)| *number < id);
        self.sorted.insert(place, (id, module));
    }

    pub(crate) fn remove(&mut self, id: ModuleId) -> Option<Box<Module>> {
        let place = self.place(id).ok()?;
        Some(self.sorted.remove(place).1)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Module> {
        self.sorted.iter().map(|(_, module)| &**module)
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Module> {
        self.sorted.iter_mut().map(|(_, module)| &mut **module)
    }
}
