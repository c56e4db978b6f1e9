//! The host layer of the operating system: worker threads, and a folder that nothing can lead out of.

use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions};

use super::{Disk, DiskEntry, DiskKind, Host, Job, ProcessMemory, Processing};

impl Host {
    /// The operating system's memory and a number of worker threads, at least 1.
    ///
    /// # Errors
    ///
    /// If the threads cannot be started.
    pub fn with_threads(count: u32) -> io::Result<Host> {
        Ok(Host { memory: Arc::new(ProcessMemory), processing: Arc::new(Workers::new(count)?) })
    }
}

/// Threads that take jobs in the order in which they come. They end when the last clone of their host is dropped.
pub struct Workers {
    /// `None` only while they are told to end.
    jobs: Option<Mutex<Sender<Job>>>,
    threads: Vec<JoinHandle<()>>,
}

impl Workers {
    /// Starts threads, at least 1.
    ///
    /// # Errors
    ///
    /// If one cannot be started.
    pub fn new(count: u32) -> io::Result<Workers> {
        let (sender, receiver) = channel();
        let receiver = Arc::new(Mutex::new(receiver));
        let mut workers = Workers { jobs: Some(Mutex::new(sender)), threads: Vec::new() };
        for number in 0..count.max(1) {
            let receiver = receiver.clone();
            let builder = std::thread::Builder::new().name(format!("worker {number}"));
            workers.threads.push(builder.spawn(move || work(&receiver))?);
        }
        Ok(workers)
    }
}

fn work(jobs: &Mutex<Receiver<Job>>) {
    loop {
        // The lock is let go before the job is done.
        let next = match jobs.lock() {
            Ok(receiver) => receiver.recv(),
            Err(_) => return,
        };
        match next {
            Ok(job) => job(),
            Err(_) => return,
        }
    }
}

impl Processing for Workers {
    fn run(&self, job: Job) {
        // A job that nobody takes is dropped, which is allowed.
        if let Some(Ok(jobs)) = self.jobs.as_ref().map(Mutex::lock) {
            let _ = jobs.send(job);
        }
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.jobs = None;
        for thread in self.threads.drain(..) {
            // A worker that panicked has been replaced by the machine already.
            let _ = thread.join();
        }
    }
}

/// A folder of the file system. Links are never followed.
pub struct Folder(Dir);

impl Folder {
    /// Opens a folder, and makes it if it is not there.
    ///
    /// # Errors
    ///
    /// If it can be neither opened nor made.
    pub fn open(path: &Path) -> io::Result<Folder> {
        std::fs::create_dir_all(path)?;
        Ok(Folder(Dir::open_ambient_dir(path, ambient_authority())?))
    }

    /// The folder that a path is in, and its name there. Refuses links on the way, which a path of storage never has.
    fn parent<'p>(&self, path: &'p str) -> io::Result<(Dir, &'p str)> {
        match path.rsplit_once('/') {
            Some((folder, name)) => Ok((self.folder(folder)?, name)),
            None => Ok((self.0.try_clone()?, path)),
        }
    }

    fn folder(&self, path: &str) -> io::Result<Dir> {
        let mut dir = self.0.try_clone()?;
        for name in path.split('/').filter(|name| !name.is_empty()) {
            if !dir.symlink_metadata(name)?.is_dir() {
                return Err(io::Error::new(io::ErrorKind::NotADirectory, format!("`{path}` is no folder")));
            }
            dir = dir.open_dir(name)?;
        }
        Ok(dir)
    }
}

/// Opens what has to be a file itself, not a link to one.
fn open_file(dir: &Dir, name: &str, options: &OpenOptions) -> io::Result<cap_std::fs::File> {
    if !dir.symlink_metadata(name)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("`{name}` is not a file")));
    }
    dir.open_with(name, options)
}

impl Disk for Folder {
    fn list(&mut self, folder: &str) -> io::Result<Vec<DiskEntry>> {
        let mut entries = Vec::new();
        for entry in self.folder(folder)?.entries()? {
            let entry = entry?;
            let kind = match entry.file_type()? {
                kind if kind.is_file() => DiskKind::File,
                kind if kind.is_dir() => DiskKind::Folder,
                _ => DiskKind::Other,
            };
            entries.push(DiskEntry { name: entry.file_name().to_string_lossy().into_owned(), kind });
        }
        Ok(entries)
    }

    fn read(&mut self, path: &str, max_bytes: u64) -> io::Result<Vec<u8>> {
        let (dir, name) = self.parent(path)?;
        let file = open_file(&dir, name, OpenOptions::new().read(true))?;
        let mut bytes = Vec::new();
        file.take(max_bytes.saturating_add(1)).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > max_bytes {
            return Err(io::Error::new(
                io::ErrorKind::FileTooLarge,
                format!("longer than {max_bytes} bytes"),
            ));
        }
        Ok(bytes)
    }

    fn create(&mut self, path: &str, bytes: &[u8]) -> io::Result<()> {
        let (dir, name) = self.parent(path)?;
        dir.open_with(name, OpenOptions::new().write(true).create_new(true))?.write_all(bytes)
    }

    fn sync(&mut self, path: &str) -> io::Result<()> {
        let (dir, name) = self.parent(path)?;
        open_file(&dir, name, OpenOptions::new().write(true))?.sync_all()
    }

    fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        let (from_dir, from_name) = self.parent(from)?;
        let (to_dir, to_name) = self.parent(to)?;
        from_dir.rename(from_name, &to_dir, to_name)
    }

    fn remove(&mut self, path: &str) -> io::Result<()> {
        let (dir, name) = self.parent(path)?;
        // Systems differ in how they say it.
        if dir.symlink_metadata(name)?.is_dir() {
            return Err(io::Error::new(io::ErrorKind::IsADirectory, format!("`{path}` is a folder")));
        }
        dir.remove_file(name)
    }

    fn make_folder(&mut self, path: &str) -> io::Result<()> {
        let (dir, name) = self.parent(path)?;
        match dir.create_dir(name) {
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists && dir.symlink_metadata(name)?.is_dir() => {
                Ok(())
            }
            result => result,
        }
    }

    fn remove_folder(&mut self, path: &str) -> io::Result<()> {
        let (dir, name) = self.parent(path)?;
        dir.remove_dir(name)
    }

    fn sync_folder(&mut self, path: &str) -> io::Result<()> {
        let dir = self.folder(path)?;
        // Only Unix opens folders as files; elsewhere names are durable by the file system's own journal. (The folder that
        // is open already may be open for looking things up only.)
        if cfg!(unix) { dir.open(".")?.sync_all() } else { Ok(()) }
    }
}
