//! Places data in linear memory.

use cartwheel_bytecode::cartridge::{DataSegment, DataSymbol};

use crate::expr::Value;
use crate::items::{Item, MAX_BYTES};
use crate::program::{DataDecl, Place, Program, Symbol, element_bytes};
use crate::source::{Res, Sources, Span, error, error_help};

/// Bytes that repeating a value may make: more than this is no table but a mistake.
const MAX_FILL: u64 = 1 << 24;
/// A run of zeros that is shorter than this is cheaper inside a segment than a segment of its own.
const MIN_GAP: u64 = 16;

/// Bytes of linear memory that can be addressed.
const ADDRESS_SPACE: u64 = 1 << 32;

struct Placed {
    index: usize,
    address: u64,
    len: u64,
    span: Span,
}

/// What data becomes.
#[derive(Default)]
pub(crate) struct Layout {
    pub segments: Vec<DataSegment>,
    pub symbols: Vec<DataSymbol>,
}

/// Gives every datum its address, then encodes the bytes: values can refer to addresses in front and behind.
pub(crate) fn layout(sources: &mut Sources, program: &mut Program) -> Layout {
    let places = std::mem::take(&mut program.layout);
    let mut placed: Vec<Placed> = Vec::new();
    let mut out = Layout::default();
    let mut here = 0u64;
    let mut end = 0u64;
    for (index, place) in places.iter().enumerate() {
        if matches!(place, Place::Text(..)) {
            here = end;
        }
        match step(program, place, here) {
            Err(e) => sources.report(*e),
            Ok((address, len)) => {
                here = address + len;
                let data = match place {
                    Place::Org(_) | Place::Align(_) => continue,
                    Place::Text(bytes, span) => {
                        end = here;
                        program.strings.insert(bytes.clone(), address as u32);
                        placed.push(Placed { index, address, len, span: *span });
                        continue;
                    }
                    Place::Data(data) => data,
                };
                end = end.max(here);
                placed.push(Placed { index, address, len, span: data.name.span });
                if data.name.is_word("_") {
                    continue;
                }
                let symbol = Symbol { address: address as u32, len: len as u32, ty: data.ty };
                program.unplaced.remove(&data.name.text);
                program.symbols.insert(data.name.text.clone(), symbol);
                let name = data.name.text.to_string();
                out.symbols.push(DataSymbol {
                    name,
                    address: symbol.address,
                    len: symbol.len,
                    ty: symbol.ty,
                });
            }
        }
    }
    program.data_end = Some(end);
    placed.sort_by_key(|p| (p.address, p.index));
    for pair in placed.windows(2) {
        if pair[0].address + pair[0].len > pair[1].address {
            let message = format!("this lies on top of other data at address {}", pair[1].address);
            sources.ok(error::<()>(pair[0].span.max(pair[1].span), message));
        }
    }
    let mut filled = 0;
    for item in &placed {
        let result = match &places[item.index] {
            Place::Data(data) => encode(program, data, item, &mut filled),
            Place::Text(bytes, _) => Ok(bytes.to_vec()),
            Place::Org(_) | Place::Align(_) => continue,
        };
        if let Some(bytes) = sources.ok(result) {
            append(&mut out.segments, item.address, &bytes);
        }
    }
    out
}

/// Address and length of what is placed.
fn step(program: &Program, place: &Place, here: u64) -> Res<(u64, u64)> {
    match place {
        Place::Org(expr) => Ok((expr.u32(program, "an address")?.into(), 0)),
        Place::Align(expr) => {
            let align = expr.int_in(program, "an alignment", 1, 1 << 20)? as u64;
            if !align.is_power_of_two() {
                return error(expr.span, "an alignment must be a power of two");
            }
            Ok((here.next_multiple_of(align), 0))
        }
        Place::Text(bytes, span) if here + bytes.len() as u64 >= ADDRESS_SPACE => beyond(*span),
        Place::Text(bytes, _) => Ok((here, bytes.len() as u64)),
        Place::Data(data) => {
            let element = u64::from(element_bytes(data.ty));
            let written: u64 = data.items.iter().map(|i| i.size(data.ty)).sum();
            let len = match &data.count {
                None => written,
                Some(count) => {
                    let most = i128::from(ADDRESS_SPACE - 1);
                    let len = count.int_in(program, "the number of elements", 0, most)? as u64 * element;
                    if written > len {
                        let message =
                            format!("{} elements are written, more than the count says", written / element);
                        return error(data.items.last().map_or(count.span, Item::span), message);
                    }
                    len
                }
            };
            let address = here.next_multiple_of(element);
            if address + len >= ADDRESS_SPACE {
                return beyond(data.name.span);
            }
            Ok((address, len))
        }
    }
}

fn beyond<T>(span: Span) -> Res<T> {
    error(span, "this lies beyond the 4 GiB that can be addressed")
}

/// The bytes of a datum, without zeros at its end.
fn encode(program: &Program, data: &DataDecl, placed: &Placed, filled: &mut u64) -> Res<Vec<u8>> {
    let mut bytes = Vec::new();
    for item in &data.items {
        item.encode(program, data.ty, &mut bytes)?;
    }
    let single = matches!(data.items[..], [Item::Value(_)]);
    if data.count.is_some() && single && bytes.iter().any(|b| *b != 0) {
        *filled += placed.len;
        if *filled > MAX_FILL.min(MAX_BYTES) {
            let message = format!("repeated values take more than {MAX_FILL} bytes");
            return error_help(data.name.span, message, "fill the memory with `memory.fill` at the start");
        }
        bytes = bytes.repeat((placed.len / bytes.len() as u64) as usize);
    }
    let used = bytes.iter().rposition(|b| *b != 0).map_or(0, |last| last + 1);
    bytes.truncate(used);
    Ok(bytes)
}

/// Adds bytes to the last segment if they come soon behind it. Memory is zero where no segment is.
fn append(segments: &mut Vec<DataSegment>, address: u64, bytes: &[u8]) {
    if bytes.is_empty() {
        return;
    }
    if let Some(DataSegment { address: Some(start), bytes: last }) = segments.last_mut() {
        let end = u64::from(*start) + last.len() as u64;
        if let Some(gap) = address.checked_sub(end).filter(|gap| *gap < MIN_GAP) {
            last.resize(last.len() + gap as usize, 0);
            last.extend_from_slice(bytes);
            return;
        }
    }
    segments.push(DataSegment { address: Some(address as u32), bytes: bytes.to_vec() });
}

impl Program {
    /// The address behind the last datum, as the constant `data_end`.
    pub(crate) fn data_end_value(&self, name: &str) -> Option<Value> {
        self.data_end.filter(|_| name == "data_end").map(|end| Value::Int(end.into()))
    }
}
