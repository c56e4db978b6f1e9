//! The files that a run writes: of one module under the names that were given, of several with each one's name in them.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io::Write;
use std::path::{Path, PathBuf};

use cartwheel_runtime::{Machine, ModuleId, Surface};

use crate::cli::{OutputArgs, ReplayArgs, RunArgs};
use crate::crowd::Crowd;
use crate::failure::Failure;
use crate::files::{self, Output};
use crate::picture::write_png;
use crate::reel::Reel;
use crate::sound::{self, Recorder};
use crate::summary::grouped;

/// The files that a run writes.
pub struct Outputs {
    png: Option<OfModule>,
    gif: Option<OfModule>,
    apng: Option<OfModule>,
    wav: Option<OfModule>,
    memory: Option<OfModule>,
    hashes: Option<Output>,
    state: Option<Output>,
    scale: u16,
    reels: BTreeMap<ModuleId, Reel>,
    recorders: BTreeMap<ModuleId, Recorder>,
}

/// A file of a module.
struct OfModule {
    path: PathBuf,
    /// The file, where only one is written.
    begun: Option<Output>,
    /// True if there is anything to commit.
    written: bool,
}

impl OfModule {
    /// Begins a file, so that a place that cannot be written to is found before any work is done.
    fn plan(path: &Option<PathBuf>, crowd: &Crowd) -> Result<Option<OfModule>, Failure> {
        let Some(path) = path else { return Ok(None) };
        let begun = Output::create(path)?;
        Ok(Some(OfModule {
            path: path.clone(),
            begun: crowd.one_is_meant().then_some(begun),
            written: false,
        }))
    }

    /// The file of a module.
    fn begin(&mut self, crowd: &Crowd, id: ModuleId) -> Result<Output, Failure> {
        self.written = true;
        self.begun.take().map_or_else(|| Output::create(&crowd.path_of(&self.path, id)), Ok)
    }
}

impl Outputs {
    /// The files of a run of so many frames. `place` is what people call what runs.
    pub fn create(
        args: &OutputArgs,
        place: &Path,
        machine: &Machine,
        crowd: &Crowd,
        frames: u64,
    ) -> Result<Outputs, Failure> {
        if let Some(wav) = args.wav.as_deref().filter(|_| frames > sound::MAX_FRAMES) {
            let most = grouped(sound::MAX_FRAMES);
            return Err(Failure::file(wav, format!("a WAV file holds at most {most} frames; ask for fewer")));
        }
        // What is loaded later can have both.
        let later = machine.store().next().is_some();
        let meant = crowd.meant(machine);
        let pictures = args.png.is_some() || args.gif.is_some() || args.apng.is_some();
        if pictures && !later && meant.iter().all(|&id| machine.surface(id).is_none()) {
            return Err(crowd.nothing(place, "picture", "`.video WIDTH, HEIGHT`"));
        }
        if args.wav.is_some() && !later && meant.iter().all(|&id| machine.audio(id).is_none()) {
            return Err(crowd.nothing(place, "sound", "`.capability audio`"));
        }
        let plan = |path| OfModule::plan(path, crowd);
        let create = |path: &Option<PathBuf>| path.as_deref().map(Output::create).transpose();
        Ok(Outputs {
            png: plan(&args.png)?,
            gif: plan(&args.gif)?,
            apng: plan(&args.apng)?,
            wav: plan(&args.wav)?,
            memory: plan(&args.dump_memory)?,
            hashes: create(&args.hashes)?,
            state: create(&args.save_state)?,
            scale: args.scale,
            reels: BTreeMap::new(),
            recorders: BTreeMap::new(),
        })
    }

    /// Takes what a frame adds.
    pub fn frame(&mut self, number: u64, machine: &Machine, crowd: &Crowd) -> Result<(), Failure> {
        if let Some(out) = &mut self.hashes {
            let hash = machine.hash()?;
            writeln!(out, "{number} {hash}").map_err(|e| out.failed(e))?;
        }
        if self.wav.is_none() && self.gif.is_none() && self.apng.is_none() {
            return Ok(());
        }
        for id in crowd.meant(machine) {
            self.listen(machine, id)?;
            if let Some(surface) = machine.surface(id)
                && let Some(reel) = self.reel(id, &surface)?
            {
                reel.push(&surface).map_err(no_spool)?;
            }
        }
        Ok(())
    }

    /// Adds a frame's sound, from the first frame of a module with sound on.
    fn listen(&mut self, machine: &Machine, id: ModuleId) -> Result<(), Failure> {
        let samples = machine.audio(id);
        if self.wav.is_none() || samples.is_none() && !self.recorders.contains_key(&id) {
            return Ok(());
        }
        self.recorder(id)?.push(samples).map_err(no_sound_spool)
    }

    fn recorder(&mut self, id: ModuleId) -> Result<&mut Recorder, Failure> {
        Ok(match self.recorders.entry(id) {
            Entry::Occupied(begun) => begun.into_mut(),
            Entry::Vacant(free) => free.insert(Recorder::new().map_err(no_sound_spool)?),
        })
    }

    /// The pictures of a module, if there is to be an animation of them.
    fn reel(&mut self, id: ModuleId, surface: &Surface<'_>) -> Result<Option<&mut Reel>, Failure> {
        if self.gif.is_none() && self.apng.is_none() {
            return Ok(None);
        }
        Ok(Some(match self.reels.entry(id) {
            Entry::Occupied(begun) => begun.into_mut(),
            Entry::Vacant(free) => free.insert(Reel::new(surface, self.scale).map_err(no_spool)?),
        }))
    }

    /// Writes everything; files take their names when all of them are complete.
    pub fn finish(&mut self, machine: &Machine, crowd: &Crowd) -> Result<(), Failure> {
        crowd.check_chosen()?;
        let mut done = Vec::new();
        for id in crowd.meant(machine) {
            self.last_look(machine, crowd, id, &mut done)?;
        }
        for (&id, reel) in &mut self.reels {
            if let Some(gif) = &mut self.gif {
                let mut out = gif.begin(crowd, id)?;
                reel.write_gif(&mut out).map_err(|e| out.failed(e))?;
                done.push(out);
            }
            if let Some(apng) = &mut self.apng {
                let mut out = apng.begin(crowd, id)?;
                reel.write_apng(&mut out).map_err(|e| out.failed(e))?;
                done.push(out);
            }
        }
        for (id, recorder) in std::mem::take(&mut self.recorders) {
            let Some(wav) = &mut self.wav else { continue };
            let mut out = wav.begin(crowd, id)?;
            recorder.write(&mut out).map_err(|e| out.failed(e))?;
            done.push(out);
        }
        let pictures = [&self.png, &self.gif, &self.apng].map(|file| (file, "a picture"));
        for (file, what) in pictures.into_iter().chain([(&self.wav, "sound"), (&self.memory, "memory")]) {
            if let Some(file) = file.as_ref().filter(|file| !file.written) {
                return Err(crowd.nothing_came(&file.path, what));
            }
        }
        if let Some(mut out) = self.state.take() {
            out.put(&machine.save()?)?;
            done.push(out);
        }
        done.extend(self.hashes.take());
        done.into_iter().try_for_each(Output::commit)
    }

    /// What is written of a module as it is at the end. What was begun for no frame at all is there too, and empty.
    fn last_look(
        &mut self,
        machine: &Machine,
        crowd: &Crowd,
        id: ModuleId,
        done: &mut Vec<Output>,
    ) -> Result<(), Failure> {
        if let Some(surface) = machine.surface(id) {
            if let Some(png) = &mut self.png {
                let mut out = png.begin(crowd, id)?;
                write_png(&mut out, &surface, self.scale).map_err(|e| out.failed(e))?;
                done.push(out);
            }
            if let Some(reel) = self.reel(id, &surface)?.filter(|reel| reel.is_empty()) {
                reel.push(&surface).map_err(no_spool)?;
            }
        }
        if self.wav.is_some() && machine.audio(id).is_some() {
            self.recorder(id)?;
        }
        if let Some(memory) = &mut self.memory {
            let mut out = memory.begin(crowd, id)?;
            out.put(machine.instance(id).memory())?;
            done.push(out);
        }
        Ok(())
    }
}

/// Refuses a run that would write two things to a file, or over a file that it reads.
pub fn check_run(args: &RunArgs) -> Result<(), Failure> {
    let machine = &args.machine;
    let inputs = [
        ("--input", &args.input),
        ("--stdin", &machine.stdin),
        ("--net", &machine.net),
        ("--policy", &machine.policy),
    ];
    let inputs = inputs.into_iter().filter_map(|(option, path)| Some((option, path.as_deref()?)));
    let cartridges = [&args.cartridge].into_iter().chain(&args.more).map(|path| ("the run", path.as_path()));
    let outputs = [("--record", &args.record), ("--audit", &machine.audit)];
    check_distinct(cartridges.chain(inputs), outputs.into_iter().chain(outputs_of(&args.output)))
}

/// Refuses a replay that would write two things to a file, or over a file that it reads.
pub fn check_replay(args: &ReplayArgs) -> Result<(), Failure> {
    let inputs = [&args.trace].into_iter().chain(&args.cart).map(|path| ("the replay", path.as_path()));
    check_distinct(inputs, outputs_of(&args.output))
}

fn outputs_of(args: &OutputArgs) -> impl Iterator<Item = (&'static str, &Option<PathBuf>)> {
    [
        ("--png", &args.png),
        ("--gif", &args.gif),
        ("--apng", &args.apng),
        ("--wav", &args.wav),
        ("--hashes", &args.hashes),
        ("--save-state", &args.save_state),
        ("--dump-memory", &args.dump_memory),
    ]
    .into_iter()
}

fn check_distinct<'a>(
    inputs: impl Iterator<Item = (&'static str, &'a Path)>,
    outputs: impl Iterator<Item = (&'static str, &'a Option<PathBuf>)>,
) -> Result<(), Failure> {
    let read: BTreeMap<PathBuf, &str> = inputs.map(|(option, path)| (files::place(path), option)).collect();
    let mut written: BTreeMap<PathBuf, &str> = BTreeMap::new();
    for (option, path) in outputs {
        let Some(path) = path else { continue };
        // A device takes what it is given.
        if std::fs::metadata(path).is_ok_and(|there| !there.is_file()) {
            continue;
        }
        let place = files::place(path);
        if let Some(reader) = read.get(&place) {
            return Err(Failure::file(path, format!("{option} would write over it, and {reader} reads it")));
        }
        if let Some(other) = written.insert(place, option) {
            return Err(Failure::file(path, format!("{other} and {option} would both write it")));
        }
    }
    Ok(())
}

fn no_sound_spool(e: std::io::Error) -> Failure {
    Failure::new(format!("cannot keep the sound of the run in a temporary file: {e}"))
}

fn no_spool(e: std::io::Error) -> Failure {
    Failure::new(format!("cannot keep the pictures of the run in a temporary file: {e}"))
}
