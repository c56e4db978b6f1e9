//! Going back: the last states of a machine, and a test that going back changes nothing.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::action::Action;
use crate::input::InputFrame;
use crate::machine::{Machine, Panic};
use crate::report::FrameReport;
use crate::snapshot::{self, RestoreError};

/// A state in chunks, of which those that did not change are shared with the states around it.
struct Kept {
    frame: u64,
    chunks: Vec<Arc<[u8]>>,
}

/// The last states of a machine. States that follow each other share the memory pages that did not change.
pub struct Rewind {
    states: VecDeque<Kept>,
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
        let state = machine.save()?;
        while self.states.back().is_some_and(|kept| kept.frame >= machine.frame()) {
            self.states.pop_back();
        }
        let before = self.states.back().map_or(&[][..], |kept| kept.chunks.as_slice());
        let chunks = snapshot::chunks(&state).into_iter().enumerate().map(|(i, range)| {
            let chunk = &state[range];
            before.get(i).filter(|old| ***old == *chunk).cloned().unwrap_or_else(|| Arc::from(chunk))
        });
        let kept = Kept { frame: machine.frame(), chunks: chunks.collect() };
        self.states.push_back(kept);
        if self.states.len() > self.capacity {
            self.states.pop_front();
        }
        Ok(())
    }

    /// Frames of the states that are kept: the first and the last one's.
    pub fn range(&self) -> Option<(u64, u64)> {
        Some((self.states.front()?.frame, self.states.back()?.frame))
    }

    /// Bytes that the states take up; what they share counts once.
    pub fn bytes(&self) -> usize {
        let mut total = 0;
        let mut before: &[Arc<[u8]>] = &[];
        for kept in &self.states {
            let shared =
                |i: usize, chunk: &Arc<[u8]>| before.get(i).is_some_and(|old| Arc::ptr_eq(old, chunk));
            let own = kept.chunks.iter().enumerate().filter(|(i, chunk)| !shared(*i, chunk));
            total += own.map(|(_, chunk)| chunk.len()).sum::<usize>();
            before = &kept.chunks;
        }
        total
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
        machine.restore(&self.states[index].chunks.concat())?;
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
