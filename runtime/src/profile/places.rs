//! Which line each part of a function's cost belongs to.

use std::collections::BTreeMap;

use cartwheel_bytecode::codec::Reader;
use cartwheel_bytecode::{Cartridge, Instr};
use cartwheel_vm::Program;

use super::model::LineName;

/// Lines of a module as far as they were executed.
#[derive(Debug, Default)]
pub(super) struct Lines {
    places: BTreeMap<LineName, u32>,
    /// The lines by place.
    pub names: Vec<LineName>,
}

impl Lines {
    fn place(&mut self, name: LineName) -> u32 {
        *self.places.entry(name).or_insert_with_key(|name| {
            self.names.push(name.clone());
            self.names.len() as u32 - 1
        })
    }
}

/// Where a function's costs belong.
#[derive(Debug, Default)]
pub(super) struct Places {
    /// Lines with their part of a block's static cost, in cycles; block after block.
    parts: Vec<(u32, u64)>,
    /// By block, where its parts end.
    ends: Vec<u32>,
    /// Offset, line and, of a syscall, the import of every instruction; ascending.
    instrs: Vec<(u32, u32, Option<u32>)>,
}

impl Places {
    pub fn new(program: &Program, func: u32, lines: &mut Lines) -> Places {
        let cart = program.cartridge();
        let analysis = program.analysis(func);
        let mut input = Reader::new(&program.function(func).code);
        let mut blocks: Vec<Vec<(u32, u64)>> = vec![Vec::new(); analysis.blocks.len()];
        let mut places = Places::default();
        while !input.is_empty() {
            let offset = input.offset() as u32;
            let instr = Instr::decode(&mut input).expect("verified code decodes");
            let block = analysis.block_at(offset);
            let line = lines.place(line_name(cart, func, offset, analysis.blocks[block].start));
            let import = match instr {
                Instr::Syscall { import, .. } => Some(import.0),
                _ => None,
            };
            places.instrs.push((offset, line, import));
            let parts = &mut blocks[block];
            match parts.iter_mut().find(|(other, _)| *other == line) {
                Some((_, cost)) => *cost += u64::from(instr.op().info().cost),
                None => parts.push((line, instr.op().info().cost.into())),
            }
        }
        for (mut parts, block) in blocks.into_iter().zip(&analysis.blocks) {
            // What making the frame costs belongs to where the function begins.
            let instrs: u64 = parts.iter().map(|(_, cost)| cost).sum();
            if let Some((_, cost)) = parts.first_mut() {
                *cost += u64::from(block.cost) - instrs;
            }
            places.parts.append(&mut parts);
            places.ends.push(places.parts.len() as u32);
        }
        places
    }

    /// Lines of a block with their part of its static cost, in cycles.
    pub fn block(&self, block: u32) -> &[(u32, u64)] {
        let start = block.checked_sub(1).map_or(0, |before| self.ends[before as usize]);
        &self.parts[start as usize..self.ends[block as usize] as usize]
    }

    /// Line of the instruction at an offset, and the import that it calls.
    pub fn at(&self, offset: u32) -> (u32, Option<u32>) {
        let place = self.instrs.binary_search_by_key(&offset, |&(offset, ..)| offset);
        let (_, line, import) = self.instrs[place.expect("what counts is an instruction")];
        (line, import)
    }
}

fn line_name(cart: &Cartridge, func: u32, offset: u32, block: u32) -> LineName {
    match cart.debug.as_ref().and_then(|debug| debug.line(func, offset)) {
        Some((file, line)) => LineName { function: func, file: Some(file.to_owned()), line },
        None => LineName { function: func, file: None, line: block },
    }
}
