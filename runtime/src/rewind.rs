//! Going back: the last states of a machine, and a test that going back changes nothing.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::action::Action;
use crate::input::InputFrame;
use crate::machine::{Machine, Panic};
use crate::report::FrameReport;
use crate::snapshot::{self, RestoreError};

/// A saved state that shares the memory pages that are equal with another one: many forks of a machine, or states that follow
/// each other, take little more room than what differs between them.
#[derive(Clone)]
pub struct SharedState {
    frame: u64,
    chunks: Arc<[Arc<[u8]>]>,
}

impl SharedState {
    /// The state of a machine. What is the same in `near`, it shares with that.
    ///
    /// # Errors
    ///
    /// If the machine has panicked.
    pub fn of(machine: &Machine, near: Option<&SharedState>) -> Result<SharedState, Panic> {
        let state = machine.save()?;
        let near = near.map_or(&[][..], |near| &near.chunks[..]);
        let chunks = snapshot::chunks(&state).into_iter().enumerate().map(|(i, range)| {
            let chunk = &state[range];
            near.get(i).filter(|old| ***old == *chunk).cloned().unwrap_or_else(|| Arc::from(chunk))
        });
        Ok(SharedState { frame: machine.frame(), chunks: chunks.collect() })
    }

    /// Puts a machine into this state.
    ///
    /// # Errors
    ///
    /// If it is that of another machine.
    pub fn restore(&self, machine: &mut Machine) -> Result<(), RestoreError> {
        machine.restore(&self.chunks.concat())
    }

    /// Number of the frame that follows it.
    pub fn frame(&self) -> u64 {
        self.frame
    }

    /// Bytes of it that are not shared with another one.
    pub fn own_bytes(&self, near: Option<&SharedState>) -> usize {
        let near = near.map_or(&[][..], |near| &near.chunks[..]);
        let shared = |i: usize, chunk: &Arc<[u8]>| near.get(i).is_some_and(|old| Arc::ptr_eq(old, chunk));
        let own = self.chunks.iter().enumerate().filter(|(i, chunk)| !shared(*i, chunk));
        own.map(|(_, chunk)| chunk.len()).sum()
    }
}

/// The last states of a machine. States that follow each other share the memory pages that did not change.
pub struct Rewind {
    states: VecDeque<SharedState>,
    capacity: usize,
}

impl Rewind {
    /// Room for so many states; with more, the oldest goes.
    pub fn new(capacity: usize) -> Rewind {
        Rewind { states: VecDeque::new(), capacity }
    }

    /// Keeps a machine's state. Those of the same frame and later ones are forgotten: the machine has been there, and may go
    /// another way.
    ///
    /// # Errors
    ///
    /// If the machine has panicked.
    pub fn keep(&mut self, machine: &Machine) -> Result<(), Panic> {
        // Before anything is forgotten: a machine that has panicked has no state.
        let state = SharedState::of(machine, self.before(machine.frame()))?;
        while self.states.back().is_some_and(|kept| kept.frame >= machine.frame()) {
            self.states.pop_back();
        }
        self.states.push_back(state);
        if self.states.len() > self.capacity {
            self.states.pop_front();
        }
        Ok(())
    }

    /// The last state before a frame.
    fn before(&self, frame: u64) -> Option<&SharedState> {
        let after = self.states.partition_point(|kept| kept.frame < frame);
        self.states.get(after.checked_sub(1)?)
    }

    /// Frames of the states that are kept: the first and the last one's.
    pub fn range(&self) -> Option<(u64, u64)> {
        Some((self.states.front()?.frame, self.states.back()?.frame))
    }

    /// Bytes that the states take up; what they share counts once.
    pub fn bytes(&self) -> usize {
        let before = std::iter::once(None).chain(self.states.iter().map(Some));
        self.states.iter().zip(before).map(|(kept, before)| kept.own_bytes(before)).sum()
    }

    /// Forgets the oldest states until those that are left take up so many bytes at most. The last one stays.
    pub fn trim(&mut self, max_bytes: usize) {
        while self.states.len() > 1 && self.bytes() > max_bytes {
            // A good part at once: counting takes as long as there are states.
            self.states.drain(..self.states.len().div_ceil(8));
        }
    }

    /// Puts a machine back to before a frame. `false` if that state is not kept.
    ///
    /// # Errors
    ///
    /// If the states are those of another machine.
    pub fn back(&self, machine: &mut Machine, frame: u64) -> Result<bool, RestoreError> {
        let Ok(index) = self.states.binary_search_by_key(&frame, |kept| kept.frame) else { return Ok(false) };
        self.states[index].restore(machine)?;
        Ok(true)
    }
}

/// A frame that came out differently when it was made again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyncMismatch {
    /// The frame.
    pub frame: u64,
    /// Root of the state's hash after it, the first and the second time.
    pub roots: (u128, u128),
}

/// Makes every frame several times: rolls back, resimulates, compares. What a rollback would break shows here.
pub struct SyncTest {
    depth: usize,
    states: Rewind,
    /// Inputs, what the host did before them, and roots of the last frames.
    made: VecDeque<(InputFrame, Vec<Action>, u128)>,
}

impl SyncTest {
    /// Rolls back so many frames in every frame.
    pub fn new(depth: u16) -> SyncTest {
        let depth = usize::from(depth);
        SyncTest { depth, states: Rewind::new(depth + 1), made: VecDeque::new() }
    }

    /// Makes a frame, then the last ones once more. The report is that of the first time.
    ///
    /// # Errors
    ///
    /// If the machine panics.
    pub fn step(
        &mut self,
        machine: &mut Machine,
        input: &InputFrame,
    ) -> Result<(FrameReport, Option<SyncMismatch>), Panic> {
        self.states.keep(machine)?;
        let report = machine.step(input)?;
        let actions = report.actions.iter().map(|done| done.action.clone()).collect();
        self.made.push_back((*input, actions, machine.hash()?.root));
        if self.made.len() > self.depth {
            self.made.pop_front();
        }
        if self.made.len() < self.depth || self.depth == 0 {
            return Ok((report, None));
        }
        let first = machine.frame() - self.depth as u64;
        let back = self.states.back(machine, first).expect("it is the machine's own state");
        assert!(back, "as many states are kept as frames");
        for (input, actions, root) in &self.made {
            for action in actions {
                machine.queue(action.clone()).expect("it was queued before the frame the first time");
            }
            machine.step(input)?;
            let again = machine.hash()?.root;
            if again != *root {
                let frame = machine.frame() - 1;
                return Ok((report, Some(SyncMismatch { frame, roots: (*root, again) })));
            }
        }
        Ok((report, None))
    }
}
