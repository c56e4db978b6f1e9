//! Instructions that are executed by ordinary code on their decoded form: everything that allocates, copies spans or
//! may panic, and what is rare. One handler calls [`execute`].

use cartwheel_bytecode::cartridge::{MAX_PAGES, PAGE_BYTES};
use cartwheel_bytecode::operand::{CellSrc, H};
use cartwheel_bytecode::{Instr, SizeCost, TrapCode};

use super::core::{Core, SlowStop};
use super::dispatch::{exit, go, handler};
use super::{Cell, exit, word};
use crate::heap::{Kind, Room};
use crate::walk::{self, Allocator};
use crate::{arith, rng};

handler!(
    /// Executes the instruction that the third word points at.
    slow [] (core, ip, fp, cycles, acc, facc) {
    (*core).ip = ip;
    (*core).fp = fp;
    (*core).cycles = cycles;
    if execute_raw(core, word::imm64(ip) as *const Instr) {
        exit!(core, ip, fp, (*core).cycles, exit::SLOW)
    }
    go!(core, ip.add(3), fp, (*core).cycles, 0, 0.0)
});

handler!(
    /// Zeroes cells: the first in `d`, their number in the immediate.
    zero_cells [] (core, ip, fp, cycles, acc, facc) {
    std::ptr::write_bytes(fp.add(word::d(ip).into()), 0, word::imm(ip) as usize);
    go!(core, ip.add(2), fp, cycles, acc, facc)
});

/// Keeps everything with drop glue or panics out of the handler. True if the machine stops.
#[inline(never)]
pub(super) fn execute_raw(core: *mut Core, instr: *const Instr) -> bool {
    // SAFETY: the handler has the core to itself, and the instruction belongs to the prepared code that runs.
    let (core, instr) = unsafe { (&mut *core, &*instr) };
    match execute(core, instr) {
        Ok(()) => false,
        Err(stop) => {
            core.slow_stop = stop;
            true
        }
    }
}

impl From<TrapCode> for SlowStop {
    fn from(code: TrapCode) -> Self {
        SlowStop::Trap(code)
    }
}

/// The registers of the running function.
struct Registers {
    fp: *mut u64,
    scalars: usize,
}

impl Registers {
    fn cell(&self, src: CellSrc) -> u64 {
        match src {
            // SAFETY: the verifier checked register numbers against the frame at `fp`.
            CellSrc::Reg(r) => unsafe { *self.fp.add(r.into()) },
            CellSrc::Imm(cell) => cell,
        }
    }

    fn u32(&self, src: cartwheel_bytecode::operand::I32) -> u32 {
        self.cell(src.cell()) as u32
    }

    fn h(&self, src: H) -> u64 {
        // SAFETY: as above; handle registers follow the scalar ones.
        src.0.map_or(0, |r| unsafe { *self.fp.add(self.scalars + usize::from(r)) })
    }

    fn set(&self, d: cartwheel_bytecode::operand::Dst, cell: u64) {
        // SAFETY: as above.
        unsafe { *self.fp.add(d.0.into()) = cell }
    }

    fn set_h(&self, d: cartwheel_bytecode::operand::HDst, handle: u64) {
        // SAFETY: as above.
        unsafe { *self.fp.add(self.scalars + usize::from(d.0)) = handle }
    }
}

/// The part of something of length `len` that begins at `from` and has `count` elements.
fn span(from: u32, count: u32, len: usize, code: TrapCode) -> Result<std::ops::Range<usize>, TrapCode> {
    let end = u64::from(from) + u64::from(count);
    if end > len as u64 { Err(code) } else { Ok(from as usize..end as usize) }
}

fn ordering(order: std::cmp::Ordering) -> u64 {
    (order as i32).to_cell()
}

#[allow(clippy::too_many_lines, reason = "one arm per instruction")]
fn execute(core: &mut Core, instr: &Instr) -> Result<(), SlowStop> {
    use TrapCode::{IndexOutOfBounds, MemoryOutOfBounds, TableOutOfBounds};
    // SAFETY: `frame` is the running function's.
    let func = unsafe { (*core.frame).func };
    let r = Registers { fp: core.fp, scalars: core.program.function(func).scalars.into() };
    let size_cost = instr.op().info().size_cost;
    match instr {
        Instr::Trap { code } => return Err(SlowStop::User(r.u32(*code) as i32)),
        Instr::Halt { code } => return Err(SlowStop::Halt(r.u32(*code) as i32)),

        Instr::FrameIndex { d } => r.set(*d, core.input.frame),
        Instr::InputHeld { d, pad } => {
            let pad = pad_number(r.u32(*pad))?;
            r.set(*d, core.input.held[pad].into());
        }
        Instr::InputPressed { d, pad } => {
            let pad = pad_number(r.u32(*pad))?;
            r.set(*d, (core.input.held[pad] & !core.input.held_before[pad]).into());
        }
        Instr::InputReleased { d, pad } => {
            let pad = pad_number(r.u32(*pad))?;
            r.set(*d, (core.input.held_before[pad] & !core.input.held[pad]).into());
        }
        Instr::InputPointerX { d } => r.set(*d, core.input.pointer.0.to_cell()),
        Instr::InputPointerY { d } => r.set(*d, core.input.pointer.1.to_cell()),
        Instr::InputPointerButtons { d } => r.set(*d, core.input.pointer_buttons.into()),
        Instr::RngSeed { seed } => core.rng = rng::seeded(r.cell(seed.cell())),
        Instr::RngI32 { d } => r.set(*d, rng::next_i32(&mut core.rng).to_cell()),
        Instr::RngI64 { d } => r.set(*d, rng::next(&mut core.rng)),
        Instr::RngBelow { d, bound } => {
            let value = rng::next_below(&mut core.rng, r.u32(*bound)).ok_or(TrapCode::DivideByZero)?;
            r.set(*d, value.into());
        }
        Instr::RngF64 { d } => r.set(*d, rng::next_f64(&mut core.rng).to_cell()),
        Instr::F64Sin { d, a } => r.set(*d, arith::f64_sin(f64::from_bits(r.cell(a.cell()))).to_bits()),
        Instr::F64Cos { d, a } => r.set(*d, arith::f64_cos(f64::from_bits(r.cell(a.cell()))).to_bits()),
        Instr::F64Tan { d, a } => r.set(*d, arith::f64_tan(f64::from_bits(r.cell(a.cell()))).to_bits()),
        Instr::F64Exp { d, a } => r.set(*d, arith::f64_exp(f64::from_bits(r.cell(a.cell()))).to_bits()),
        Instr::F64Log { d, a } => r.set(*d, arith::f64_log(f64::from_bits(r.cell(a.cell()))).to_bits()),
        Instr::F64Atan2 { d, a, b } => {
            let (a, b) = (f64::from_bits(r.cell(a.cell())), f64::from_bits(r.cell(b.cell())));
            r.set(*d, arith::f64_atan2(a, b).to_bits());
        }
        Instr::F64Pow { d, a, b } => {
            let (a, b) = (f64::from_bits(r.cell(a.cell())), f64::from_bits(r.cell(b.cell())));
            r.set(*d, arith::f64_pow(a, b).to_bits());
        }

        Instr::MemorySize { d } => r.set(*d, (core.memory.len() / PAGE_BYTES) as u64),
        Instr::MemoryGrow { d, pages } => {
            let old = (core.memory.len() / PAGE_BYTES) as u32;
            let by = r.u32(*pages);
            let max = core.max_memory_pages.min(MAX_PAGES);
            if u64::from(old) + u64::from(by) > u64::from(max) {
                r.set(*d, (-1i32).to_cell());
            } else {
                if by > 0 {
                    core.memory.grow((old + by) as usize * PAGE_BYTES);
                    core.refresh_memory();
                }
                r.set(*d, old.into());
                charge(core, size_cost, by.into());
            }
        }
        Instr::MemoryCopy { to, from, len } => {
            let (to, from, len) = (r.u32(*to), r.u32(*from), r.u32(*len));
            let size = core.memory.len();
            let from = span(from, len, size, MemoryOutOfBounds)?;
            let to = span(to, len, size, MemoryOutOfBounds)?;
            core.memory.as_mut_slice().copy_within(from, to.start);
            charge(core, size_cost, len.into());
        }
        Instr::MemoryFill { to, value, len } => {
            let len = r.u32(*len);
            let to = span(r.u32(*to), len, core.memory.len(), MemoryOutOfBounds)?;
            core.memory.as_mut_slice()[to].fill(r.u32(*value) as u8);
            charge(core, size_cost, len.into());
        }
        Instr::MemoryInit { data, to, from, len } => {
            let len = r.u32(*len);
            let from = segment_span(core, data.0, r.u32(*from), len)?;
            let to = span(r.u32(*to), len, core.memory.len(), MemoryOutOfBounds)?;
            let source = &core.program.cartridge().data[data.0 as usize].bytes;
            core.memory.as_mut_slice()[to].copy_from_slice(&source[from]);
            charge(core, size_cost, len.into());
        }
        Instr::DataDrop { data } => core.dropped_data[data.0 as usize] = true,

        Instr::TableGet { d, table, index } => {
            let table = &core.tables[table.0 as usize];
            let element = *table.get(r.u32(*index) as usize).ok_or(TableOutOfBounds)?;
            r.set(*d, element.into());
        }
        Instr::TableGetH { d, table, index } => {
            let table = &core.tables[table.0 as usize];
            let element = *table.get(r.u32(*index) as usize).ok_or(TableOutOfBounds)?;
            r.set_h(*d, element.into());
        }
        Instr::TableSet { table, index, a } => {
            let table = &mut core.tables[table.0 as usize];
            *table.get_mut(r.u32(*index) as usize).ok_or(TableOutOfBounds)? = r.u32(*a);
        }
        Instr::TableSetH { table, index, a } => {
            let table = &mut core.tables[table.0 as usize];
            *table.get_mut(r.u32(*index) as usize).ok_or(TableOutOfBounds)? = r.h(*a) as u32;
        }
        Instr::TableSize { d, table } => r.set(*d, core.tables[table.0 as usize].len() as u64),
        Instr::TableGrow { d, table, init, by } => {
            let by = r.u32(*by);
            let old = grow_table(core, table.0, r.u32(*init), by);
            r.set(*d, old.to_cell());
            if old >= 0 {
                charge(core, size_cost, by.into());
            }
        }
        Instr::TableGrowH { d, table, init, by } => {
            let by = r.u32(*by);
            let old = grow_table(core, table.0, r.h(*init) as u32, by);
            r.set(*d, old.to_cell());
            if old >= 0 {
                charge(core, size_cost, by.into());
            }
        }
        Instr::TableFill { table, index, a, len } => {
            fill_table(core, table.0, r.u32(*index), r.u32(*a), r.u32(*len))?;
            charge(core, size_cost, r.u32(*len).into());
        }
        Instr::TableFillH { table, index, a, len } => {
            fill_table(core, table.0, r.u32(*index), r.h(*a) as u32, r.u32(*len))?;
            charge(core, size_cost, r.u32(*len).into());
        }
        Instr::TableCopy { dst, src, to, from, len } => {
            let len = r.u32(*len);
            let (dst, src) = (dst.0 as usize, src.0 as usize);
            let from = span(r.u32(*from), len, core.tables[src].len(), TableOutOfBounds)?;
            let to = span(r.u32(*to), len, core.tables[dst].len(), TableOutOfBounds)?;
            if dst == src {
                core.tables[dst].copy_within(from, to.start);
            } else {
                let [dst, src] = core.tables.get_disjoint_mut([dst, src]).expect("two different tables");
                dst[to].copy_from_slice(&src[from]);
            }
            charge(core, size_cost, len.into());
        }
        Instr::TableInit { table, elem, to, from, len } => {
            let len = r.u32(*len);
            let source = &core.program.cartridge().elems[elem.0 as usize].items;
            let size = if core.dropped_elems[elem.0 as usize] { 0 } else { source.len() };
            let from = span(r.u32(*from), len, size, TableOutOfBounds)?;
            let table = &mut core.tables[table.0 as usize];
            let to = span(r.u32(*to), len, table.len(), TableOutOfBounds)?;
            table[to].copy_from_slice(&source[from]);
            charge(core, size_cost, len.into());
        }
        Instr::ElemDrop { elem } => core.dropped_elems[elem.0 as usize] = true,

        Instr::RefKind { d, a } => {
            let kind = match core.heap.kind(r.h(*a)) {
                None | Some(Kind::Free) => 0,
                Some(Kind::Bytes) => 1,
                Some(Kind::Array) => 2,
                Some(Kind::Refs) => 3,
                Some(Kind::Record) => 4,
            };
            r.set(*d, kind);
        }
        Instr::BytesNew { d, len } => {
            let len = r.u32(*len);
            reserve(core, bytes_payload(len))?;
            r.set_h(*d, core.heap.new_bytes(len));
            charge(core, size_cost, len.into());
        }
        Instr::BytesData { d, data, from, len } => {
            let len = r.u32(*len);
            let from = segment_span(core, data.0, r.u32(*from), len)?;
            reserve(core, bytes_payload(len))?;
            let handle = core.heap.new_bytes(len);
            let source = &core.program.cartridge().data[data.0 as usize].bytes[from];
            core.heap.bytes_mut(handle)?.copy_from_slice(source);
            r.set_h(*d, handle);
            charge(core, size_cost, len.into());
        }
        Instr::BytesLoad { d, from, len } => {
            let len = r.u32(*len);
            let from = span(r.u32(*from), len, core.memory.len(), MemoryOutOfBounds)?;
            reserve(core, bytes_payload(len))?;
            let handle = core.heap.new_bytes(len);
            core.heap.bytes_mut(handle)?.copy_from_slice(&core.memory.as_slice()[from]);
            r.set_h(*d, handle);
            charge(core, size_cost, len.into());
        }
        Instr::BytesStore { a, from, to, len } => {
            let len = r.u32(*len);
            let source = core.heap.bytes(r.h(*a))?;
            let from = span(r.u32(*from), len, source.len(), IndexOutOfBounds)?;
            let to = span(r.u32(*to), len, core.memory.len(), MemoryOutOfBounds)?;
            core.memory.as_mut_slice()[to].copy_from_slice(&source[from]);
            charge(core, size_cost, len.into());
        }
        Instr::BytesLen { d, a } => r.set(*d, core.heap.bytes(r.h(*a))?.len() as u64),
        Instr::BytesCopy { dst, to, src, from, len } => {
            let (dst, src, len) = (r.h(*dst), r.h(*src), r.u32(*len));
            let (to_len, from_len) = (core.heap.bytes(dst)?.len(), core.heap.bytes(src)?.len());
            let from = span(r.u32(*from), len, from_len, IndexOutOfBounds)?;
            let to = span(r.u32(*to), len, to_len, IndexOutOfBounds)?;
            core.heap.copy_bytes(dst, to.start, src, from.start, len as usize);
            charge(core, size_cost, len.into());
        }
        Instr::BytesFill { a, from, value, len } => {
            let len = r.u32(*len);
            let bytes = core.heap.bytes_mut(r.h(*a))?;
            let range = span(r.u32(*from), len, bytes.len(), IndexOutOfBounds)?;
            bytes[range].fill(r.u32(*value) as u8);
            charge(core, size_cost, len.into());
        }
        Instr::BytesCompare { d, a, b } => {
            let (a, b) = (core.heap.bytes(r.h(*a))?, core.heap.bytes(r.h(*b))?);
            let (order, amount) = (a.cmp(b), a.len().min(b.len()) as u64);
            r.set(*d, ordering(order));
            charge(core, size_cost, amount);
        }

        Instr::ArrayNew { d, len } => {
            let len = r.u32(*len);
            reserve(core, u64::from(len) * 8)?;
            r.set_h(*d, core.heap.new_array(Kind::Array, len));
            charge(core, size_cost, len.into());
        }
        Instr::ArrayLen { d, a } => r.set(*d, core.heap.elements(r.h(*a), Kind::Array)?.len() as u64),
        Instr::ArrayCopy { dst, to, src, from, len } => {
            let (to, from) = (r.u32(*to), r.u32(*from));
            let (dst, src, to, from, len) =
                array_spans(core, Kind::Array, (r.h(*dst), to), (r.h(*src), from), r.u32(*len))?;
            core.heap.copy_cells(dst, to, src, from, len);
            charge(core, size_cost, len as u64);
        }
        Instr::ArrayFill { a, from, value, len } => {
            let len = r.u32(*len);
            let elements = core.heap.array_mut(r.h(*a))?;
            let range = span(r.u32(*from), len, elements.len(), IndexOutOfBounds)?;
            elements[range].fill(r.cell(value.cell()));
            charge(core, size_cost, len.into());
        }
        Instr::ArrayCompare { d, a, b } => {
            let a = core.heap.elements(r.h(*a), Kind::Array)?;
            let b = core.heap.elements(r.h(*b), Kind::Array)?;
            let (order, amount) = (a.cmp(b), a.len().min(b.len()) as u64);
            r.set(*d, ordering(order));
            charge(core, size_cost, amount);
        }

        Instr::RefsNew { d, len } => {
            let len = r.u32(*len);
            reserve(core, u64::from(len) * 8)?;
            r.set_h(*d, core.heap.new_array(Kind::Refs, len));
            charge(core, size_cost, len.into());
        }
        Instr::RefsLen { d, a } => r.set(*d, core.heap.elements(r.h(*a), Kind::Refs)?.len() as u64),
        Instr::RefsSet { a, index, value } => {
            core.heap.set_ref(r.h(*a), r.u32(*index) as usize, r.h(*value))?;
        }
        Instr::RefsCopy { dst, to, src, from, len } => {
            let (to, from) = (r.u32(*to), r.u32(*from));
            let (dst, src, to, from, len) =
                array_spans(core, Kind::Refs, (r.h(*dst), to), (r.h(*src), from), r.u32(*len))?;
            core.heap.copy_refs(dst, to, src, from, len);
            charge(core, size_cost, len as u64);
        }
        Instr::RefsFill { a, from, value, len } => {
            let (a, len) = (r.h(*a), r.u32(*len));
            let size = core.heap.elements(a, Kind::Refs)?.len();
            let range = span(r.u32(*from), len, size, IndexOutOfBounds)?;
            core.heap.fill_refs(a, range, r.h(*value));
            charge(core, size_cost, len.into());
        }
        Instr::RefsCompare { d, a, b } => {
            let a = core.heap.elements(r.h(*a), Kind::Refs)?;
            let b = core.heap.elements(r.h(*b), Kind::Refs)?;
            let (equal, amount) = (a == b, a.len().min(b.len()) as u64);
            r.set(*d, equal.into());
            charge(core, size_cost, amount);
        }

        Instr::RecordNew { d, shape } => {
            let def = core.program.cartridge().shapes[shape.0 as usize];
            let cells = u64::from(def.scalars) + u64::from(def.handles);
            reserve(core, cells * 8)?;
            r.set_h(*d, core.heap.new_record(shape.0, def));
            charge(core, size_cost, cells);
        }
        Instr::RecordShape { d, a } => r.set(*d, core.heap.shape(r.h(*a))?.into()),
        Instr::RecordSetH { a, shape, field, value } => {
            let first = core.program.cartridge().shapes[shape.0 as usize].scalars;
            let cell = usize::from(first) + usize::from(field.0);
            core.heap.set_handle(r.h(*a), shape.0, cell, r.h(*value))?;
        }
        Instr::RecordCopy { dst, src } => {
            let amount = core.heap.copy_record(r.h(*dst), r.h(*src))?;
            charge(core, size_cost, amount);
        }
        Instr::RecordCompare { d, a, b } => {
            let (equal, amount) = core.heap.records_equal(r.h(*a), r.h(*b))?;
            r.set(*d, equal.into());
            charge(core, size_cost, amount);
        }
        other => unreachable!("{:?} is not of the slow kind", other.op()),
    }
    Ok(())
}

fn charge(core: &mut Core, cost: SizeCost, amount: u64) {
    core.cycles -= cost.cycles(amount) as i64;
}

fn pad_number(pad: u32) -> Result<usize, TrapCode> {
    if pad < 4 { Ok(pad as usize) } else { Err(TrapCode::NoSuchPad) }
}

/// Payload of a byte string: it fills whole cells.
pub(crate) fn bytes_payload(len: u32) -> u64 {
    u64::from(len).next_multiple_of(8)
}

fn segment_span(core: &Core, data: u32, from: u32, len: u32) -> Result<std::ops::Range<usize>, TrapCode> {
    let bytes = &core.program.cartridge().data[data as usize].bytes;
    let size = if core.dropped_data[data as usize] { 0 } else { bytes.len() };
    span(from, len, size, TrapCode::MemoryOutOfBounds)
}

/// Grows a table; its old size, or -1.
fn grow_table(core: &mut Core, table: u32, init: u32, by: u32) -> i32 {
    let total: u64 = core.tables.iter().map(|t| t.len() as u64).sum();
    let max = core.program.cartridge().tables[table as usize].max.unwrap_or(u32::MAX);
    let elements = &mut core.tables[table as usize];
    let old = elements.len();
    let new = old as u64 + u64::from(by);
    if new > max.into() || total + u64::from(by) > core.limits.max_table_elements.into() {
        return -1;
    }
    elements.resize(new as usize, init);
    old as i32
}

fn fill_table(core: &mut Core, table: u32, index: u32, value: u32, len: u32) -> Result<(), TrapCode> {
    let table = &mut core.tables[table as usize];
    let range = span(index, len, table.len(), TrapCode::TableOutOfBounds)?;
    table[range].fill(value);
    Ok(())
}

type Spans = (u64, u64, usize, usize, usize);

/// Checks the spans of a copy between arrays of one kind: handles, first elements, number.
fn array_spans(
    core: &Core,
    kind: Kind,
    (dst, to): (u64, u32),
    (src, from): (u64, u32),
    len: u32,
) -> Result<Spans, TrapCode> {
    let (to_len, from_len) = (core.heap.elements(dst, kind)?.len(), core.heap.elements(src, kind)?.len());
    let from = span(from, len, from_len, TrapCode::IndexOutOfBounds)?;
    let to = span(to, len, to_len, TrapCode::IndexOutOfBounds)?;
    Ok((dst, src, to.start, from.start, len as usize))
}

/// Paces the collector before an allocating instruction and charges its work.
fn reserve(core: &mut Core, payload: u64) -> Result<(), SlowStop> {
    let (room, units) = walk::reserve(core, payload, Allocator::Guest);
    core.cycles -= units as i64;
    match room {
        Room::Ready => Ok(()),
        Room::Stalled => Err(SlowStop::Stalled),
        Room::Exhausted => Err(SlowStop::Trap(TrapCode::HeapExhausted)),
    }
}
