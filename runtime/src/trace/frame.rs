//! The record of a frame: input as a difference from the frame before, events, hashes.

use cartwheel_kernel::host::MAX_FETCH_BYTES;

use super::wire::{Wire, Wrong, put_bytes, put_i64, put_u64};
use crate::action::Action;
use crate::codec;
use crate::hash::StateHash;
use crate::input::{Buttons, InputFrame, PADS, Pointer, PointerButtons};

/// Frames per block: the first of each has its number and its whole input, so reading can begin there.
pub(super) const BLOCK_FRAMES: u64 = 256;
/// Bytes that a frame's record has at least, framing included.
pub(super) const MIN_RECORD_BYTES: u64 = 1 + 1 + 1 + 16 + 4;

const INPUT: u8 = 1;
const EVENTS: u8 = 2;
const COMPONENTS: u8 = 4;
const BLOCK: u8 = 8;

const POINTER_PLACE: u8 = 1 << PADS;
const POINTER_BUTTONS: u8 = 2 << PADS;

/// True if a frame begins a block.
pub(super) fn begins_block(number: u64, first_frame: u64) -> bool {
    number == first_frame || number.is_multiple_of(BLOCK_FRAMES)
}

/// Something besides its input that a frame was given from outside: an action of the host, a completion of staged work.
/// Traces carry it without knowing what it means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// What it is and in which version. Numbers are never used again.
    pub kind: u32,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// An action of the host, as `bincode` has it.
const ACTION: u32 = 1;
/// Most bytes that an action may claim while it is read: a cartridge that is delivered, and what stands around it.
const MAX_ACTION_BYTES: usize = (MAX_FETCH_BYTES + (1 << 20)) as usize;

impl Event {
    /// The event of an action that was applied.
    pub fn of(action: &Action) -> Event {
        let mut bytes = Vec::new();
        codec::encode(action, &mut bytes);
        Event { kind: ACTION, bytes }
    }

    /// The action, if it is one that this build has.
    fn action(&self) -> Option<Action> {
        (self.kind == ACTION).then(|| codec::decode_within::<MAX_ACTION_BYTES, _>(&self.bytes).ok()).flatten()
    }
}

/// Hash of a component: module (`None` for the machine), name, hash.
pub type Component = (Option<u32>, String, u128);

/// A recorded frame.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TracedFrame {
    /// Its number.
    pub number: u64,
    /// Its input.
    pub input: InputFrame,
    /// Events, in the order in which they took effect.
    pub events: Vec<Event>,
    /// Root of the state's hash after it.
    pub root: u128,
    /// Hashes of the components after it; empty in frames without.
    pub components: Vec<Component>,
}

/// Hashes of components in the form of traces.
pub fn components(hash: &StateHash) -> Vec<Component> {
    hash.components().map(|(module, name, hash)| (module.map(|id| id.0), name.to_owned(), hash)).collect()
}

impl TracedFrame {
    /// What the host did before the frame, in order; `None` for an event that this build knows nothing of.
    pub fn actions(&self) -> impl Iterator<Item = Option<Action>> {
        self.events.iter().map(Event::action)
    }

    /// Appends the frame, as a difference from the input before; whole if it begins a block.
    pub(super) fn encode(&self, before: &InputFrame, block: bool, out: &mut Vec<u8>) {
        let before = if block { &InputFrame::default() } else { before };
        let flag = |set: bool, flag| if set { flag } else { 0 };
        out.push(
            flag(self.input != *before, INPUT)
                | flag(!self.events.is_empty(), EVENTS)
                | flag(!self.components.is_empty(), COMPONENTS)
                | flag(block, BLOCK),
        );
        if block {
            put_u64(out, self.number);
        }
        if self.input != *before {
            encode_input(&self.input, before, out);
        }
        if !self.events.is_empty() {
            put_u64(out, self.events.len() as u64);
            for Event { kind, bytes } in &self.events {
                put_u64(out, (*kind).into());
                put_bytes(out, bytes);
            }
        }
        out.extend_from_slice(&self.root.to_le_bytes());
        if !self.components.is_empty() {
            put_u64(out, self.components.len() as u64);
            for (module, name, hash) in &self.components {
                put_u64(out, module.map_or(0, |module| u64::from(module) + 1));
                put_bytes(out, name.as_bytes());
                out.extend_from_slice(&hash.to_le_bytes());
            }
        }
    }

    /// Reads the frame with a number, of which it is known if it begins a block.
    pub(super) fn decode(
        mut wire: Wire<'_>,
        number: u64,
        before: &InputFrame,
        block: bool,
    ) -> Result<TracedFrame, Wrong> {
        let flags = wire.u8()?;
        if flags & !(INPUT | EVENTS | COMPONENTS | BLOCK) != 0 {
            return Err("unknown flags are set");
        }
        if block != (flags & BLOCK != 0) || (block && wire.u64()? != number) {
            return Err("it is another frame");
        }
        let before = if block { InputFrame::default() } else { *before };
        let input = if flags & INPUT != 0 { decode_input(&mut wire, &before)? } else { before };
        let mut events = Vec::new();
        if flags & EVENTS != 0 {
            for _ in 0..some(wire.count(2)?)? {
                events.push(Event { kind: wire.u32()?, bytes: wire.counted()?.to_vec() });
            }
        }
        let root = u128::from_le_bytes(wire.array()?);
        let mut components = Vec::new();
        if flags & COMPONENTS != 0 {
            for _ in 0..some(wire.count(18)?)? {
                let module = wire.u32()?.checked_sub(1);
                components.push((module, wire.text()?, u128::from_le_bytes(wire.array()?)));
            }
        }
        wire.end()?;
        Ok(TracedFrame { number, input, events, root, components })
    }
}

fn some(count: usize) -> Result<usize, Wrong> {
    if count == 0 { Err("an empty list is there") } else { Ok(count) }
}

fn encode_input(input: &InputFrame, before: &InputFrame, out: &mut Vec<u8>) {
    let mask_at = out.len();
    out.push(0);
    let mut mask = 0;
    for pad in 0..PADS {
        let change = input.pads[pad].bits() ^ before.pads[pad].bits();
        if change != 0 {
            mask |= 1 << pad;
            put_u64(out, change.into());
        }
    }
    let (now, then) = (&input.pointer, &before.pointer);
    if (now.x, now.y) != (then.x, then.y) {
        mask |= POINTER_PLACE;
        put_i64(out, i64::from(now.x) - i64::from(then.x));
        put_i64(out, i64::from(now.y) - i64::from(then.y));
    }
    if now.buttons != then.buttons {
        mask |= POINTER_BUTTONS;
        put_u64(out, now.buttons.bits().into());
    }
    out[mask_at] = mask;
}

fn decode_input(wire: &mut Wire<'_>, before: &InputFrame) -> Result<InputFrame, Wrong> {
    const UNKNOWN: Wrong = "unknown buttons are held";
    let mask = wire.u8()?;
    if mask & !(POINTER_PLACE | POINTER_BUTTONS | (POINTER_PLACE - 1)) != 0 {
        return Err("unknown inputs change");
    }
    let mut input = *before;
    for pad in 0..PADS {
        if mask & 1 << pad != 0 {
            let bits = wire.u32()? ^ before.pads[pad].bits();
            input.pads[pad] = Buttons::from_bits(bits).ok_or(UNKNOWN)?;
        }
    }
    let Pointer { x, y, buttons } = &mut input.pointer;
    if mask & POINTER_PLACE != 0 {
        for place in [x, y] {
            let change = wire.i64()?;
            let moved = i64::from(*place).checked_add(change).and_then(|place| i32::try_from(place).ok());
            *place = moved.ok_or("the pointer is out of range")?;
        }
    }
    if mask & POINTER_BUTTONS != 0 {
        *buttons = PointerButtons::from_bits(wire.u32()?).ok_or(UNKNOWN)?;
    }
    Ok(input)
}
