//! Names for what instructions refer to.

use std::collections::{BTreeMap, BTreeSet};

use cartwheel_bytecode::Cartridge;
use cartwheel_bytecode::cartridge::ExportItem;
use cartwheel_bytecode::operand::Space;

use super::text;
use crate::program::type_key;

/// A name for everything in every space, as it is written.
pub(crate) struct NameTable {
    spaces: [Vec<String>; 8],
    /// For each type whether no equal one stands in front of it.
    first_types: Vec<bool>,
}

impl NameTable {
    /// Names from debug information, exports and ids where they name one thing only, else numbered ones.
    pub fn new(cart: &Cartridge) -> Self {
        let empty = Vec::new();
        let debug = cart.debug.as_ref();
        let exported = |select: fn(ExportItem) -> Option<u32>| {
            cart.exports.iter().filter_map(move |e| Some((select(e.item)?, e.name.as_str())))
        };
        let pairs = |list: &'_ [(u32, String)]| -> Vec<(u32, String)> { list.to_vec() };
        let own = |it: &mut dyn Iterator<Item = (u32, &str)>| -> Vec<(u32, String)> {
            it.map(|(i, n)| (i, n.to_owned())).collect()
        };
        let mut funcs = pairs(debug.map_or(&empty, |d| &d.functions));
        funcs.extend(own(&mut exported(|i| if let ExportItem::Func(i) = i { Some(i) } else { None })));
        let mut globals = pairs(debug.map_or(&empty, |d| &d.globals));
        globals.extend(own(&mut exported(|i| if let ExportItem::Global(i) = i { Some(i) } else { None })));
        let tables = own(&mut exported(|i| if let ExportItem::Table(i) = i { Some(i) } else { None }));
        let shapes = pairs(debug.map_or(&empty, |d| &d.shapes));
        let plain_id = |id: &str| id.split('@').next().unwrap_or("").to_owned();
        let imports =
            cart.imports.iter().enumerate().map(|(i, import)| (i as u32, plain_id(&import.id))).collect();
        let name = |space: Space, prefix: &str, wanted: Vec<(u32, String)>| {
            assign(cart.space_len(space), prefix, wanted)
        };
        let mut seen = BTreeSet::new();
        NameTable {
            first_types: cart.types.iter().map(|ty| seen.insert(type_key(ty))).collect(),
            spaces: [
                name(Space::Func, "func", funcs),
                name(Space::Sig, "type", Vec::new()),
                name(Space::Table, "table", tables),
                name(Space::Global, "global", globals),
                name(Space::Data, "data", Vec::new()),
                name(Space::Elem, "elem", Vec::new()),
                name(Space::Import, "import", imports),
                name(Space::Shape, "shape", shapes),
            ],
        }
    }

    /// True if the assembler would choose this type of all equal ones.
    pub fn is_first_type(&self, index: u32) -> bool {
        self.first_types.get(index as usize).copied().unwrap_or(false)
    }

    /// The name of a thing; its number if there is no such thing.
    pub fn get(&self, space: Space, index: u32) -> String {
        self.spaces[space as usize].get(index as usize).cloned().unwrap_or_else(|| format!("@{index}"))
    }
}

/// Names of `count` things: the first wanted name that only one thing wants, else prefix and number.
fn assign(count: usize, prefix: &str, wanted: Vec<(u32, String)>) -> Vec<String> {
    let mut owners: BTreeMap<&str, Option<u32>> = BTreeMap::new();
    for (index, name) in wanted.iter().filter(|(index, name)| (*index as usize) < count && !name.is_empty()) {
        owners.entry(name).and_modify(|owner| *owner = owner.filter(|o| o == index)).or_insert(Some(*index));
    }
    let mut names: Vec<Option<&str>> = vec![None; count];
    for (index, name) in &wanted {
        if owners.get(name.as_str()) == Some(&Some(*index)) {
            names[*index as usize].get_or_insert(name);
        }
    }
    let used: BTreeSet<&str> = names.iter().flatten().copied().collect();
    // It ends: every step needs one more name that is used.
    let numbered = |i: usize| {
        let mut name = format!("{prefix}{i}");
        while used.contains(name.as_str()) {
            name.push('_');
        }
        name
    };
    (0..count).map(|i| text::name(&names[i].map_or_else(|| numbered(i), str::to_owned))).collect()
}
