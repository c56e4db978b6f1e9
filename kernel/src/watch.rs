//! Who watches, and what is on its way to them.

use cartwheel_hostabi::Guest;

use crate::batch::{CallBatch, Note};
use crate::load::ModuleId;
use crate::observe::Observer;
use crate::record::{Lifecycle, LifecycleEvent};

/// The observers, with the calls that they were not told yet.
#[derive(Default)]
pub(crate) struct Watch {
    observers: Vec<Box<dyn Observer + Send>>,
    calls: CallBatch,
}

impl Watch {
    pub fn is_watching(&self) -> bool {
        !self.observers.is_empty()
    }

    /// Adds somebody, who is told what happens from here on.
    pub fn observe(&mut self, observer: Box<dyn Observer + Send>) {
        self.flush();
        self.observers.push(observer);
    }

    /// Lets go of everybody, with nothing left to tell them.
    pub fn stop(&mut self) -> Vec<Box<dyn Observer + Send>> {
        self.flush();
        std::mem::take(&mut self.observers)
    }

    /// Begins a frame. What happens before it counts as part of it.
    pub fn open_frame(&mut self, frame: u64) {
        self.flush();
        self.calls.set_frame(frame);
    }

    pub fn close_frame(&mut self) {
        self.flush();
        let frame = self.calls.frame();
        self.observers.iter_mut().for_each(|observer| observer.frame_ended(frame));
        self.calls.set_frame(frame + 1);
    }

    /// Takes note of a call by a guest that still waits in it.
    #[inline(always)] // as the note
    pub fn called<G: Guest>(&mut self, note: Note, guest: &G) {
        let types = note.syscall.map_or(&[][..], |syscall| syscall.info().param_slots);
        self.calls.note(note, |slots| guest.copy_args(types, slots));
        if self.calls.is_full() {
            self.flush();
        }
    }

    /// Takes over calls that were noted elsewhere.
    pub fn take_over(&mut self, calls: &mut CallBatch) {
        self.calls.append(calls);
    }

    pub fn tell(&mut self, module: Option<ModuleId>, what: Lifecycle) {
        self.flush();
        let event = LifecycleEvent { frame: self.calls.frame(), module, what };
        self.observers.iter_mut().for_each(|observer| observer.lifecycle(&event));
    }

    /// Tells the calls that were not told yet.
    #[cold]
    pub fn flush(&mut self) {
        if !self.calls.is_empty() {
            self.observers.iter_mut().for_each(|observer| observer.calls(&self.calls));
            self.calls.clear();
        }
    }
}

impl Drop for Watch {
    /// What was called is told even if the frame never ends.
    fn drop(&mut self) {
        self.flush();
    }
}
