//! Finished calls on their way to observers: noted one by one in a form that costs a call little, told together.

use cartwheel_hostabi::{Completed, Guest, Syscall, Verdict};

use crate::load::ModuleId;
use crate::record::{CallRecord, OriginId, Outcome, Transport};

/// Most calls of a batch, so that it stays in the processor's cache and a frame of many calls takes no memory.
const MAX_CALLS: usize = 1_024;
/// Slots beyond which a batch is not added to: a late-bound call that is refused can have any number.
const MAX_SLOTS: usize = 16 * MAX_CALLS;

/// Stands for a call whose arguments were all valid.
const NO_PARAM: u8 = u8::MAX;

/// What is noted of a call, besides its argument slots.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Note {
    pub module: ModuleId,
    pub origin: OriginId,
    pub syscall: Option<Syscall>,
    pub transport: Transport,
    pub verdict: Option<Verdict>,
    pub outcome: Outcome,
    pub cycles: u64,
    pub bytes: u64,
    pub objects: u64,
    /// Place of the parameter whose argument was not valid.
    param: u8,
    slots: u32,
}

impl Note {
    /// A call that did not get anywhere.
    #[inline(always)]
    pub fn new(module: ModuleId, origin: OriginId, syscall: Option<Syscall>, transport: Transport) -> Note {
        Note {
            module,
            origin,
            syscall,
            transport,
            verdict: None,
            outcome: Outcome::Done,
            cycles: 0,
            bytes: 0,
            objects: 0,
            param: NO_PARAM,
            slots: 0,
        }
    }

    /// What it came to.
    #[inline(always)]
    pub fn done(self, verdict: Option<Verdict>, outcome: Outcome, done: &Completed) -> Note {
        let Completed { cycles, bytes, objects, .. } = *done;
        Note { verdict, outcome, cycles, bytes, objects, ..self }
    }

    /// Adds the parameter that stopped it before its verdict, if one did.
    pub fn stopped_by(self, guest: &dyn Guest) -> Note {
        let row = self.syscall.filter(|_| self.verdict.is_none()).map(Syscall::info);
        let name = row.and_then(|row| row.invalid_param(guest)).map(|param| param.name);
        Note { param: place(self.syscall, name), ..self }
    }

    fn argument(&self) -> Option<&'static str> {
        self.syscall?.info().params.get(usize::from(self.param)).map(|param| param.name)
    }
}

fn place(syscall: Option<Syscall>, param: Option<&str>) -> u8 {
    let params = syscall.map_or(&[][..], |syscall| syscall.info().params);
    let place = params.iter().position(|info| Some(info.name) == param);
    place.map_or(NO_PARAM, |place| place as u8)
}

/// Calls of one frame in the order in which they ended, in a compact form that [`CallBatch::iter`] spells out.
#[derive(Debug, Default)]
pub struct CallBatch {
    frame: u64,
    /// Number of the first call.
    first: u64,
    notes: Vec<Note>,
    /// Argument slots of all calls.
    slots: Vec<u64>,
}

impl CallBatch {
    /// No calls yet, of a frame, the first of which will have a number.
    pub fn new(frame: u64, first: u64) -> CallBatch {
        CallBatch { frame, first, ..CallBatch::default() }
    }

    /// Frame of the calls.
    pub fn frame(&self) -> u64 {
        self.frame
    }

    /// Calls in it.
    pub fn len(&self) -> usize {
        self.notes.len()
    }

    /// True if there is none.
    pub fn is_empty(&self) -> bool {
        self.notes.is_empty()
    }

    /// Adds a call. Its frame and its number are those of its place.
    pub fn push(&mut self, record: &CallRecord) {
        let CallRecord { module, origin, syscall, transport, verdict, outcome, .. } = *record;
        let CallRecord { cycles, bytes, objects, .. } = *record;
        let note = Note {
            verdict,
            outcome,
            cycles,
            bytes,
            objects,
            ..Note::new(module, origin, syscall, transport)
        };
        let note = Note { param: place(syscall, record.argument), ..note };
        self.note(note, |slots| slots.extend_from_slice(&record.slots));
    }

    /// The calls in full.
    pub fn iter(&self) -> impl Iterator<Item = CallRecord> {
        self.compact().zip(self.first..).map(|((note, slots), sequence)| CallRecord {
            sequence,
            frame: self.frame,
            module: note.module,
            origin: note.origin,
            syscall: note.syscall,
            transport: note.transport,
            verdict: note.verdict,
            outcome: note.outcome,
            argument: note.argument(),
            cycles: note.cycles,
            bytes: note.bytes,
            objects: note.objects,
            slots: slots.into(),
        })
    }

    /// The calls with their slots as they were noted.
    #[inline]
    pub(crate) fn compact(&self) -> impl Iterator<Item = (&Note, &[u64])> {
        let mut rest = self.slots.as_slice();
        self.notes.iter().map(move |note| {
            let slots;
            (slots, rest) = rest.split_at(note.slots as usize);
            (note, slots)
        })
    }

    /// Adds a call whose slots are put down by `write`.
    #[inline(always)] // so that the note is put together where it goes
    pub(crate) fn note(&mut self, note: Note, write: impl FnOnce(&mut Vec<u64>)) {
        let before = self.slots.len();
        write(&mut self.slots);
        self.notes.push(Note { slots: (self.slots.len() - before) as u32, ..note });
    }

    /// Takes over the calls of another one.
    pub(crate) fn append(&mut self, other: &mut CallBatch) {
        self.notes.append(&mut other.notes);
        self.slots.append(&mut other.slots);
    }

    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.notes.len() >= MAX_CALLS || self.slots.len() >= MAX_SLOTS
    }

    /// Forgets the calls; the numbers of later ones go on.
    pub(crate) fn clear(&mut self) {
        self.first += self.notes.len() as u64;
        self.notes.clear();
        self.slots.clear();
    }

    /// Sets the frame of the calls. There are none yet.
    pub(crate) fn set_frame(&mut self, frame: u64) {
        self.frame = frame;
    }
}
