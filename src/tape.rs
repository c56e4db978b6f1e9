//! Where a run's frames come from, and where they are recorded.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use cartwheel_runtime::trace::{self, Frames, Mismatch, RecordOptions, Recorder, Trace};
use cartwheel_runtime::{
    Action, Applied, FrameReport, InputFrame, Inputs, Journal, Machine, ModuleId, Status, SyncMismatch,
    SyncTest,
};

use crate::audit_log::AuditLog;
use crate::failure::{Exit, Failure};
use crate::messages::Feed;
use crate::mounts::Mounts;
use crate::realtime::Realtime;
use crate::storage::StorageFolder;
use crate::summary::Stop;
use crate::{files, print, traces};

/// A frame that was made.
pub struct Made {
    /// Its input.
    pub input: InputFrame,
    /// What it came to.
    pub report: FrameReport,
}

/// Where frames come from.
pub trait Tape {
    /// Makes the machine's next frame.
    fn step(&mut self, machine: &mut Machine) -> Result<Made, Failure>;

    /// Takes note of the frame. Says if the run ends with it, where the guest has said `stop`.
    fn made(
        &mut self,
        machine: &mut Machine,
        made: &Made,
        stop: Option<Stop>,
    ) -> Result<Option<Stop>, Failure>;
}

/// Inputs, what the host does beside the run, and perhaps a trace that is being recorded.
pub struct InputTape {
    /// The module that is fed.
    pub module: ModuleId,
    /// Inputs from frame 0 on.
    pub inputs: Inputs,
    /// The trace.
    pub recording: Option<Recording>,
    /// Rolls back in every frame.
    pub sync_test: Option<SyncTest>,
    /// Where the cartridges are that modules ask for.
    pub mounts: Mounts,
    /// Folders that mirror modules' files.
    pub folders: Vec<(ModuleId, StorageFolder)>,
    /// Messages for the module.
    pub feed: Option<Feed>,
    /// Datagrams for the machine.
    pub journal: Option<Journal>,
    /// Log of every call.
    pub audit: Option<AuditLog>,
    /// Frames in quarantine after which the host recovers a module.
    pub recover_after: Option<u64>,
    /// Modules in quarantine, and the frames that they have been in it.
    pub quarantined: BTreeMap<ModuleId, u64>,
    /// What frames took.
    pub realtime: Realtime,
    /// What people are to be told.
    pub warnings: Vec<String>,
}

impl Tape for InputTape {
    fn step(&mut self, machine: &mut Machine) -> Result<Made, Failure> {
        let input = self.inputs.frame(machine.frame());
        if let Some(test) = &mut self.sync_test {
            self.mounts.before_frame(machine);
            let (report, mismatch) = test.step(machine, &input)?;
            return match mismatch {
                None => Ok(Made { input, report }),
                Some(SyncMismatch { frame, roots: (first, again) }) => Err(Failure {
                    message: format!(
                        "frame {frame} came out differently when it was made again: state {first:032x}, then {again:032x}"
                    ),
                    exit: Exit::Diverged,
                }),
            };
        }
        let made = self.step_with(machine, input);
        for warning in self.warnings.drain(..) {
            print::stderr(&format!("warning: {warning}\n"));
        }
        made
    }

    fn made(
        &mut self,
        machine: &mut Machine,
        made: &Made,
        stop: Option<Stop>,
    ) -> Result<Option<Stop>, Failure> {
        self.audit.as_mut().map_or(Ok(()), AuditLog::write)?;
        if let Some(recording) = &mut self.recording {
            recording.frame(machine, &made.input, &made.report.actions)?;
        }
        Ok(self.recovered(machine, stop))
    }
}

impl InputTape {
    /// Makes the machine's next frame with an input.
    pub fn step_with(&mut self, machine: &mut Machine, input: InputFrame) -> Result<Made, Failure> {
        self.mounts.before_frame(machine);
        for module in machine.modules().collect::<Vec<_>>() {
            // Without a folder nothing can be wrong with it, whatever a loaded state says.
            let folder = self.folders.iter_mut().find(|(other, _)| *other == module);
            machine.tell_disk(module, folder.and_then(|(_, folder)| folder.fault(&mut self.warnings)));
        }
        if let Some(feed) = &mut self.feed {
            feed.before_frame(machine, self.module);
        }
        if let Some(journal) = &self.journal {
            journal.before_frame(machine);
        }
        let report = self.realtime.time(|| machine.step(&input))?;
        for (module, folder) in &mut self.folders {
            folder.after_frame(machine, *module);
        }
        Ok(Made { input, report })
    }

    /// Recovers modules that have been in quarantine long enough, if that was asked for; nothing ends with a quarantine then.
    fn recovered(&mut self, machine: &mut Machine, stop: Option<Stop>) -> Option<Stop> {
        let Some(after) = self.recover_after else { return stop };
        let all: Vec<ModuleId> = machine.modules().collect();
        let quarantined = all.into_iter().filter(|&id| machine.status(id) == Status::Quarantined);
        let counted = quarantined.map(|id| (id, self.quarantined.get(&id).map_or(1, |frames| frames + 1)));
        self.quarantined = counted.collect();
        for (id, _) in self.quarantined.iter().filter(|&(_, &frames)| frames >= after) {
            machine.queue(Action::Recover { module: id.0 }).expect("the module is there");
        }
        self.quarantined.retain(|_, frames| *frames < after);
        stop.filter(|&stop| stop != Stop::Quarantined)
    }

    /// Ends everything that is written frame by frame; the first failure is told.
    pub fn finish(&mut self) -> Result<(), Failure> {
        let stored = self.folders.drain(..).try_for_each(|(_, folder)| folder.finish());
        let audited = self.audit.as_mut().map_or(Ok(()), AuditLog::finish);
        let recorded = self.recording.take().map_or(Ok(()), Recording::finish);
        stored.and(audited).and(recorded)
    }
}

/// What a trace is written to, and brought to the disk when it is complete.
trait Durable: Write {
    fn sync(&self) -> io::Result<()>;
}

impl Durable for File {
    fn sync(&self) -> io::Result<()> {
        self.sync_all()
    }
}

/// A trace file that is being written.
pub struct Recording {
    path: PathBuf,
    options: RecordOptions,
    first_frame: u64,
    /// Root of the state's hash before the first frame, where it is known.
    first_root: Option<u128>,
    recorder: Recorder<Box<dyn Durable>>,
}

impl Recording {
    /// Begins a trace with a machine's next frame. Until there is enough of it to go on with, the file is as it was.
    pub fn create(path: &Path, machine: &Machine, options: RecordOptions) -> Result<Recording, Failure> {
        let failed = |e: std::io::Error| Failure::file(path, format!("cannot record there: {e}"));
        let device = std::fs::metadata(path).is_ok_and(|there| !there.is_file());
        let recorder = if device {
            let file: Box<dyn Durable> = Box::new(File::create(path).map_err(failed)?);
            Recorder::new(file, machine, options).map_err(failed)?
        } else {
            // What a link points to is replaced, not the link.
            let target = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
            // The kind alone: the error itself names a file that nobody knows.
            let beside = files::temporary_beside(&target).map_err(|e| failed(e.kind().into()))?;
            let file: Box<dyn Durable> = Box::new(beside.reopen().map_err(failed)?);
            let recorder = Recorder::new(file, machine, options).map_err(failed)?;
            beside.persist(&target).map_err(|e| failed(e.error))?;
            recorder
        };
        let first_root = Some(machine.hash()?.root);
        let (path, first_frame) = (path.to_owned(), machine.frame());
        Ok(Recording { path, options, first_frame, first_root, recorder })
    }

    /// Goes on with a trace, behind its last completed frame.
    pub fn resume(path: &Path, trace: &Trace, options: RecordOptions) -> Result<Recording, Failure> {
        let failed = |e: std::io::Error| Failure::file(path, format!("cannot record there: {e}"));
        let file = OpenOptions::new().append(true).open(path).map_err(failed)?;
        file.set_len(trace.completed_bytes()).map_err(failed)?;
        let file: Box<dyn Durable> = Box::new(file);
        let recorder = Recorder::resume(file, trace, options).map_err(|e| Failure::file(path, e))?;
        let (path, first_frame) = (path.to_owned(), trace.header().first_frame);
        Ok(Recording { path, options, first_frame, first_root: None, recorder })
    }

    fn next_frame(&self) -> u64 {
        self.first_frame + self.recorder.frames()
    }

    /// True if a machine stands where the recorded run has been, so that recording can go on from there.
    pub fn has(&self, machine: &Machine) -> Result<bool, Failure> {
        let frame = machine.frame();
        let root = match frame.cmp(&self.first_frame) {
            Ordering::Less => None,
            Ordering::Equal => self.first_root,
            Ordering::Greater => {
                let trace = traces::open_quietly(&self.path)?;
                let before = trace.frames(frame - 1).next().transpose();
                before.map_err(|e| Failure::file(&self.path, e))?.map(|before| before.root)
            }
        };
        Ok(root == Some(machine.hash()?.root))
    }

    /// Forgets what was recorded from a frame on. The file is replaced in one step.
    fn cut(&mut self, frame: u64) -> Result<(), Failure> {
        let trace = traces::open_quietly(&self.path)?;
        let failed =
            |e: &dyn std::fmt::Display| Failure::file(&self.path, format!("cannot go back in it: {e}"));
        let beside = files::temporary_beside(&self.path).map_err(|e| failed(&e))?;
        let file: Box<dyn Durable> = Box::new(beside.reopen().map_err(|e| failed(&e))?);
        let part = (self.first_frame, frame);
        let recorder = Recorder::copy(file, &trace, part, None, self.options).map_err(|e| failed(&e))?;
        beside.persist(&self.path).map_err(|e| failed(&e))?;
        self.recorder = recorder;
        Ok(())
    }

    fn frame(&mut self, machine: &Machine, input: &InputFrame, done: &[Applied]) -> Result<(), Failure> {
        let made = machine.frame() - 1;
        if made < self.next_frame() {
            self.cut(made)?;
        }
        let events = done.iter().map(|done| trace::Event::of(&done.action)).collect();
        self.recorder.frame(machine, input, events).map_err(|e| {
            let kept = self.recorder.frames().saturating_sub(1);
            let help = "`run --record FILE --resume` goes on there";
            Failure::file(&self.path, format!("cannot record on: {e}; {kept} frames are kept, {help}"))
        })
    }

    fn finish(self) -> Result<(), Failure> {
        let path = self.path;
        let done = self.recorder.finish().and_then(|file| file.sync());
        done.map_err(|e| Failure::file(&path, format!("cannot finish the trace: {e}")))
    }
}

/// A trace that is replayed.
pub struct TraceTape<'t> {
    path: &'t Path,
    frames: Frames<'t>,
    recorded: Option<trace::TracedFrame>,
    /// Frame that the replay stops before.
    pub to: u64,
    /// The first frame that was not as recorded.
    pub mismatch: Option<Mismatch>,
}

impl<'t> TraceTape<'t> {
    /// The frames from a number on.
    pub fn new(path: &'t Path, trace: &'t Trace, from: u64) -> TraceTape<'t> {
        let to = trace.next_frame();
        TraceTape { path, frames: trace.frames(from), recorded: None, to, mismatch: None }
    }
}

impl Tape for TraceTape<'_> {
    fn step(&mut self, machine: &mut Machine) -> Result<Made, Failure> {
        let failed = |e: &dyn std::fmt::Display| Failure::file(self.path, e);
        let frame = self.frames.next().ok_or_else(|| failed(&"frames are missing"))?;
        let frame = frame.map_err(|e| failed(&format!("damaged trace: {e}")))?;
        let report = trace::step(machine, &frame).map_err(|e| failed(&e))?;
        let input = frame.input;
        self.recorded = Some(frame);
        Ok(Made { input, report })
    }

    fn made(&mut self, machine: &mut Machine, _: &Made, stop: Option<Stop>) -> Result<Option<Stop>, Failure> {
        if let Some(recorded) = self.recorded.take() {
            self.mismatch = trace::compare(&recorded, machine)?;
        }
        // What stopped everything before the last frame did so until the host did something about it.
        let stop = stop.filter(|_| machine.frame() == self.to);
        Ok(self.mismatch.as_ref().map(|_| Stop::Diverged).or(stop))
    }
}

#[cfg(test)]
mod tests {
    use cartwheel_runtime::Config;

    use super::*;

    /// A disk that takes everything and keeps nothing.
    struct Forgetful;

    impl Write for Forgetful {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Durable for Forgetful {
        fn sync(&self) -> io::Result<()> {
            // EIO, as a disk says it.
            Err(io::Error::from_raw_os_error(5))
        }
    }

    #[test]
    fn a_trace_that_does_not_reach_the_disk_is_a_failure() {
        let mut machine = Machine::new(Config::default());
        let out: Box<dyn Durable> = Box::new(Forgetful);
        let options = RecordOptions::default();
        let recorder = Recorder::new(out, &machine, options).expect("it takes everything");
        let path = PathBuf::from("a.trace");
        let mut recording = Recording { path, options, first_frame: 0, first_root: None, recorder };
        let input = InputFrame::default();
        machine.step(&input).expect("no panic");
        recording.frame(&machine, &input, &[]).expect("it takes everything");
        let failure = recording.finish().expect_err("nothing is on the disk");
        assert!(failure.message.starts_with("a.trace: cannot finish the trace: "), "{}", failure.message);
        assert_eq!(failure.exit, Exit::Usage);
    }
}
