// Cartwheel's host interface for guests in Rust that are compiled to WebAssembly: put it beside your source and
// write `mod cartwheel;`. It needs no standard library.
//
// Generated from the table of syscalls: `cartwheel syscalls --header rust` prints it.
// What each function does in full is in `cartwheel syscalls ID`. A guest declares the capability of what it uses.

/// What became of a call; codes from 16 belong to the domain of the call.
pub type Status = i32;

/// Statuses that every domain shares.
pub mod status {
    use super::Status;
    /// Done.
    pub const OK: Status = 0;
    /// Not finished; ask again in a later frame.
    pub const PENDING: Status = 1;
    /// The policy refuses the call.
    pub const DENIED: Status = 2;
    /// The call put the module into quarantine.
    pub const QUARANTINED: Status = 3;
    /// There is nothing to answer with here and now.
    pub const UNAVAILABLE: Status = 4;
    /// A quota of the module is spent.
    pub const QUOTA: Status = 5;
}

/// Instructions of the machine; they need no capability.
pub mod frame {
    #[cfg_attr(target_family = "wasm", link(wasm_import_module = "frame"))]
    unsafe extern "C" {
        /// Number of the current frame; the first is 0.
        #[link_name = "index"]
        pub safe fn index() -> i64;
        /// Ends the slice; the next frame continues behind it.
        #[link_name = "sync"]
        pub safe fn sync();
    }
}

/// Instructions of the machine; they need no capability.
pub mod input {
    #[cfg_attr(target_family = "wasm", link(wasm_import_module = "input"))]
    unsafe extern "C" {
        /// Buttons held on pad 0 to 3, a bit each.
        #[link_name = "held"]
        pub safe fn held(pad: i32) -> i32;
        /// Buttons of the pointer: 1 left, 2 right, 4 middle.
        #[link_name = "pointer_buttons"]
        pub safe fn pointer_buttons() -> i32;
        /// X of the pointer in pixels.
        #[link_name = "pointer_x"]
        pub safe fn pointer_x() -> i32;
        /// Y of the pointer in pixels.
        #[link_name = "pointer_y"]
        pub safe fn pointer_y() -> i32;
        /// Buttons held now and not in the frame before.
        #[link_name = "pressed"]
        pub safe fn pressed(pad: i32) -> i32;
        /// Buttons held in the frame before and not now.
        #[link_name = "released"]
        pub safe fn released(pad: i32) -> i32;
    }
}

/// Instructions of the machine; they need no capability.
pub mod rng {
    #[cfg_attr(target_family = "wasm", link(wasm_import_module = "rng"))]
    unsafe extern "C" {
        /// Random number below `bound`, which is unsigned; traps on 0.
        #[link_name = "below"]
        pub safe fn below(bound: i32) -> i32;
        /// Random number in 0.0 .. 1.0, a multiple of 2^-53.
        #[link_name = "f64"]
        pub safe fn f64() -> f64;
        /// 32 random bits.
        #[link_name = "i32"]
        pub safe fn i32() -> i32;
        /// 64 random bits.
        #[link_name = "i64"]
        pub safe fn i64() -> i64;
        /// Starts the module's random sequence anew.
        #[link_name = "seed"]
        pub safe fn seed(seed: i64);
    }
}

/// Named blobs of the cartridge, numbered by their names in ascending order. A cartridge that
/// declares `asset` loads its assets itself: none is there before it was requested and published.
/// Without the capability all are there from the start.
///
/// Not for guests with this header, because they take or give handles: asset.read_bytes@1.
pub mod asset {
    use super::Status;
    /// The cartridge has no asset of that name or number.
    pub const NOT_FOUND: Status = 16;
    /// The asset is not loaded.
    pub const NOT_LOADED: Status = 17;
    /// The asset is loaded; there is nothing to ask for.
    pub const ALREADY_LOADED: Status = 18;
    /// The place is outside the asset.
    pub const OUTSIDE: Status = 19;

    /// What `find` gives.
    #[derive(Clone, Copy, Debug, PartialEq)]
    #[repr(C)]
    pub struct Find {
        /// Result `status`.
        pub status: Status,
        /// Result `asset`.
        pub asset: i32,
    }

    /// What `info` gives.
    #[derive(Clone, Copy, Debug, PartialEq)]
    #[repr(C)]
    pub struct Info {
        /// Result `status`.
        pub status: Status,
        /// Result `len`.
        pub len: i32,
    }

    /// What `read` gives.
    #[derive(Clone, Copy, Debug, PartialEq)]
    #[repr(C)]
    pub struct Read {
        /// Result `status`.
        pub status: Status,
        /// Result `len`.
        pub len: i32,
    }

    /// Finds the number of the asset with a name. Besides OK: NOT_FOUND.
    pub fn find(name: &[u8]) -> Find {
        // SAFETY: pointers and lengths are those of slices, which the host reads or writes during the call only.
        unsafe { import::find(name.as_ptr(), name.len() as u32) }
    }

    /// Gives the length of a loaded asset in bytes. Besides OK: NOT_FOUND, NOT_LOADED.
    pub fn info(asset: i32) -> Info {
        import::info(asset)
    }

    /// Tells whether an asset is there: OK, PENDING if it was requested, NOT_LOADED if not. Besides
    /// OK: NOT_FOUND, NOT_LOADED, PENDING.
    pub fn poll(asset: i32) -> Status {
        import::poll(asset)
    }

    /// Copies a loaded asset from `offset` on, as much as there is and the buffer takes, and gives
    /// the number of bytes; OUTSIDE if it is shorter than `offset`. Besides OK: NOT_FOUND,
    /// NOT_LOADED, OUTSIDE.
    pub fn read(asset: i32, offset: i32, buffer: &mut [u8]) -> Read {
        // SAFETY: pointers and lengths are those of slices, which the host reads or writes during the call only.
        unsafe { import::read(asset, offset, buffer.as_mut_ptr(), buffer.len() as u32) }
    }

    /// Lets go of a loaded asset; it can be requested again. Besides OK: NOT_FOUND, NOT_LOADED.
    pub fn release(asset: i32) -> Status {
        import::release(asset)
    }

    /// Asks for an asset; PENDING if that was done before, QUOTA if too many requests are open,
    /// UNAVAILABLE if the host does not have its content. Besides OK: NOT_FOUND, ALREADY_LOADED,
    /// PENDING, QUOTA, UNAVAILABLE.
    pub fn request(asset: i32) -> Status {
        import::request(asset)
    }

    #[allow(clashing_extern_declarations)] // calls of one name in several domains
    mod import {
        use super::Status;
        #[cfg_attr(target_family = "wasm", link(wasm_import_module = "asset"))]
        unsafe extern "C" {
            #[link_name = "find@1"]
            pub unsafe fn find(name: *const u8, name_len: u32) -> super::Find;
            #[link_name = "info@1"]
            pub safe fn info(asset: i32) -> super::Info;
            #[link_name = "poll@1"]
            pub safe fn poll(asset: i32) -> Status;
            #[link_name = "read@1"]
            pub unsafe fn read(asset: i32, offset: i32, buffer: *mut u8, buffer_len: u32) -> super::Read;
            #[link_name = "release@1"]
            pub safe fn release(asset: i32) -> Status;
            #[link_name = "request@1"]
            pub safe fn request(asset: i32) -> Status;
        }
    }
}

/// Eight voices, mixed to 44,100 stereo samples a second; a frame has 735 (`spec/audio.md`). A
/// *pitch* is in 1/256 semitones: 256 times a MIDI note, so 69 * 256 is the A of 440 Hz. It goes
/// from 0 to 34815; volumes, sustain and duty go from 0 to 255, pan from -128 (left) to 128, times
/// from 0 to 60,000 ms. A value outside is taken as the nearest inside. What a call changes is
/// heard from the first sample of its frame on. An *instrument* (0 to 31) says how a note sounds;
/// those that nobody has set are pulses of duty 128, but 1 is a pulse of duty 64, 2 one of 32, 3
/// the triangle, 4 noise, 5 noise of mode 1; their envelope is 2, 0, 255, 50. A *voice* is what
/// `audio.play` gave for a note; the number is above 0 and means no other note later.
pub mod audio {
    use super::Status;
    /// All voices are taken; nothing was played.
    pub const NO_VOICE: Status = 16;
    /// The note has ended, or there never was one of that number.
    pub const NOT_PLAYING: Status = 17;
    /// Instruments have the numbers 0 to 31.
    pub const BAD_INSTRUMENT: Status = 18;
    /// The cartridge has no asset of that number.
    pub const NOT_FOUND: Status = 19;
    /// The asset is not loaded yet.
    pub const NOT_LOADED: Status = 20;
    /// The asset is no recording of this form.
    pub const BAD_SAMPLE: Status = 21;
    /// The instrument has no recording with such a stretch.
    pub const BAD_LOOP: Status = 22;

    /// What `play` gives.
    #[derive(Clone, Copy, Debug, PartialEq)]
    #[repr(C)]
    pub struct Play {
        /// Result `status`.
        pub status: Status,
        /// Result `voice`.
        pub voice: i32,
    }

    /// What `state` gives.
    #[derive(Clone, Copy, Debug, PartialEq)]
    #[repr(C)]
    pub struct State {
        /// Result `status`.
        pub status: Status,
        /// Result `stage`.
        pub stage: i32,
        /// Result `pitch`.
        pub pitch: i32,
        /// Result `level`.
        pub level: i32,
    }

    /// Ends a note at once, whatever its envelope says. Besides OK: NOT_PLAYING.
    pub fn cut(voice: i32) -> Status {
        import::cut(voice)
    }

    /// Sets how the notes of an instrument rise to full level, fall to the sustained one, and fade
    /// when they end; times in ms. A note whose sustain is 0 ends after its decay. Besides OK:
    /// BAD_INSTRUMENT.
    pub fn envelope(instrument: i32, attack: i32, decay: i32, sustain: i32, release: i32) -> Status {
        import::envelope(instrument, attack, decay, sustain, release)
    }

    /// Gives the number of voices that play nothing.
    pub fn free() -> i32 {
        import::free()
    }

    /// Sets the volume of everything; 255 at the start.
    pub fn master(volume: i32) {
        import::master(volume)
    }

    /// Gives the volume of everything.
    pub fn master_get() -> i32 {
        import::master_get()
    }

    /// Makes an instrument noise whose values change 16 times in a period; `mode` 0 rushes, 1
    /// repeats after 127 values and has a tone. Besides OK: BAD_INSTRUMENT.
    pub fn noise(instrument: i32, mode: i32) -> Status {
        import::noise(instrument, mode)
    }

    /// Sets where a note is between left and right. Besides OK: NOT_PLAYING.
    pub fn pan(voice: i32, pan: i32) -> Status {
        import::pan(voice, pan)
    }

    /// Sets the pitch of a note and ends a slide of it. Besides OK: NOT_PLAYING.
    pub fn pitch(voice: i32, pitch: i32) -> Status {
        import::pitch(voice, pitch)
    }

    /// Gives the pitch nearest to a frequency in 1/1000 Hz, at most 0.012 % from it; 440,000 is
    /// 17664.
    pub fn pitch_of(millihertz: i32) -> i32 {
        import::pitch_of(millihertz)
    }

    /// Plays a note that is released after `frames` frames; below 1, when `audio.stop` says so.
    /// `flags`: 1 takes the voice of another note if none is free: of the one that was played
    /// first, but before that of one that fades out; 2 protects the note from that. NO_VOICE if no
    /// voice is free. Besides OK: NO_VOICE, BAD_INSTRUMENT.
    pub fn play(instrument: i32, pitch: i32, volume: i32, pan: i32, frames: i32, flags: i32) -> Play {
        import::play(instrument, pitch, volume, pan, frames, flags)
    }

    /// Makes an instrument a pulse that is high for `duty`, at least 1, of 256 parts of a period.
    /// Besides OK: BAD_INSTRUMENT.
    pub fn pulse(instrument: i32, duty: i32) -> Status {
        import::pulse(instrument, duty)
    }

    /// Makes an instrument the recording in a WAV asset (integers of 8 to 32 bits, one or two
    /// channels), which is heard as recorded at the pitch `root`. It ends when it has been played
    /// once. Besides OK: BAD_INSTRUMENT, NOT_FOUND, NOT_LOADED, BAD_SAMPLE.
    pub fn sample(instrument: i32, asset: i32, root: i32) -> Status {
        import::sample(instrument, asset, root)
    }

    /// Lets an instrument's recording repeat its samples from `start` up to, not including, `end`;
    /// with `end` 0 it is played once. Besides OK: BAD_INSTRUMENT, BAD_LOOP.
    pub fn sample_loop(instrument: i32, start: i32, end: i32) -> Status {
        import::sample_loop(instrument, start, end)
    }

    /// As `audio.sample`, with an asset that is nothing but samples: `bits` 8 (unsigned) or 16
    /// (signed, little-endian), `rate` 1 to 192000 a second. Besides OK: BAD_INSTRUMENT, NOT_FOUND,
    /// NOT_LOADED, BAD_SAMPLE.
    pub fn sample_raw(instrument: i32, asset: i32, bits: i32, rate: i32, root: i32) -> Status {
        import::sample_raw(instrument, asset, bits, rate, root)
    }

    /// Lets the pitch of a note go evenly to another one in `frames` frames, at most 65,535; below
    /// 1 it is there at once. Besides OK: NOT_PLAYING.
    pub fn slide(voice: i32, pitch: i32, frames: i32) -> Status {
        import::slide(voice, pitch, frames)
    }

    /// Tells how a note does: stage 1 attack, 2 decay, 3 sustain, 4 release; its pitch; its level,
    /// 0 to 255. Besides OK: NOT_PLAYING.
    pub fn state(voice: i32) -> State {
        import::state(voice)
    }

    /// Releases a note: it fades out as its envelope says, if it does not already. Besides OK:
    /// NOT_PLAYING.
    pub fn stop(voice: i32) -> Status {
        import::stop(voice)
    }

    /// Ends all notes at once.
    pub fn stop_all() {
        import::stop_all()
    }

    /// Makes an instrument a triangle. Besides OK: BAD_INSTRUMENT.
    pub fn triangle(instrument: i32) -> Status {
        import::triangle(instrument)
    }

    /// Sets the volume of a note. Besides OK: NOT_PLAYING.
    pub fn volume(voice: i32, volume: i32) -> Status {
        import::volume(voice, volume)
    }

    #[allow(clashing_extern_declarations)] // calls of one name in several domains
    mod import {
        use super::Status;
        #[cfg_attr(target_family = "wasm", link(wasm_import_module = "audio"))]
        unsafe extern "C" {
            #[link_name = "cut@1"]
            pub safe fn cut(voice: i32) -> Status;
            #[link_name = "envelope@1"]
            pub safe fn envelope(instrument: i32, attack: i32, decay: i32, sustain: i32, release: i32) -> Status;
            #[link_name = "free@1"]
            pub safe fn free() -> i32;
            #[link_name = "master@1"]
            pub safe fn master(volume: i32);
            #[link_name = "master_get@1"]
            pub safe fn master_get() -> i32;
            #[link_name = "noise@1"]
            pub safe fn noise(instrument: i32, mode: i32) -> Status;
            #[link_name = "pan@1"]
            pub safe fn pan(voice: i32, pan: i32) -> Status;
            #[link_name = "pitch@1"]
            pub safe fn pitch(voice: i32, pitch: i32) -> Status;
            #[link_name = "pitch_of@1"]
            pub safe fn pitch_of(millihertz: i32) -> i32;
            #[link_name = "play@1"]
            pub safe fn play(instrument: i32, pitch: i32, volume: i32, pan: i32, frames: i32, flags: i32) -> super::Play;
            #[link_name = "pulse@1"]
            pub safe fn pulse(instrument: i32, duty: i32) -> Status;
            #[link_name = "sample@1"]
            pub safe fn sample(instrument: i32, asset: i32, root: i32) -> Status;
            #[link_name = "sample_loop@1"]
            pub safe fn sample_loop(instrument: i32, start: i32, end: i32) -> Status;
            #[link_name = "sample_raw@1"]
            pub safe fn sample_raw(instrument: i32, asset: i32, bits: i32, rate: i32, root: i32) -> Status;
            #[link_name = "slide@1"]
            pub safe fn slide(voice: i32, pitch: i32, frames: i32) -> Status;
            #[link_name = "state@1"]
            pub safe fn state(voice: i32) -> super::State;
            #[link_name = "stop@1"]
            pub safe fn stop(voice: i32) -> Status;
            #[link_name = "stop_all@1"]
            pub safe fn stop_all();
            #[link_name = "triangle@1"]
            pub safe fn triangle(instrument: i32) -> Status;
            #[link_name = "volume@1"]
            pub safe fn volume(voice: i32, volume: i32) -> Status;
        }
    }
}

/// Given bytes, the completion that begins with them (`spec/completion.md`). The completer with the
/// longest prefix is asked: the kernel's own, or a module that provides one.
pub mod completion {
    use super::Status;
    /// There is no request of that number.
    pub const UNKNOWN: Status = 16;
    /// The request was submitted before.
    pub const SUBMITTED: Status = 17;
    /// The request was not submitted.
    pub const NOT_SUBMITTED: Status = 18;
    /// The buffer is too small; nothing was copied.
    pub const TOO_SMALL: Status = 19;
    /// A request has at most 4,096 bytes, a completion 65,536.
    pub const TOO_LARGE: Status = 20;
    /// There is no completion: the completer found none, refused, or has gone.
    pub const BROKEN: Status = 21;
    /// A prefix has 1 to 64 bytes, and one that is withdrawn was provided by the module.
    pub const BAD_PREFIX: Status = 22;
    /// Somebody else completes the prefix.
    pub const TAKEN: Status = 23;
    /// No request waits for the module.
    pub const NONE: Status = 24;
    /// A completion begins with the bytes of the request.
    pub const OTHER: Status = 25;

    /// What `open` gives.
    #[derive(Clone, Copy, Debug, PartialEq)]
    #[repr(C)]
    pub struct Open {
        /// Result `status`.
        pub status: Status,
        /// Result `completion`.
        pub completion: i32,
    }

    /// What `read` gives.
    #[derive(Clone, Copy, Debug, PartialEq)]
    #[repr(C)]
    pub struct Read {
        /// Result `status`.
        pub status: Status,
        /// Result `len`.
        pub len: i32,
    }

    /// What `take` gives.
    #[derive(Clone, Copy, Debug, PartialEq)]
    #[repr(C)]
    pub struct Take {
        /// Result `status`.
        pub status: Status,
        /// Result `request`.
        pub request: i32,
        /// Result `len`.
        pub len: i32,
    }

    /// Answers a request that was taken; who made it can read it in the next frame. Besides OK:
    /// UNKNOWN, OTHER, TOO_LARGE.
    pub fn answer(request: i32, completion: &[u8]) -> Status {
        // SAFETY: pointers and lengths are those of slices, which the host reads or writes during the call only.
        unsafe { import::answer(request, completion.as_ptr(), completion.len() as u32) }
    }

    /// Lets go of a request, in whatever state it is. Besides OK: UNKNOWN.
    pub fn close(completion: i32) -> Status {
        import::close(completion)
    }

    /// Begins a request and gives its number; as many as the quota of the module allows. Besides
    /// OK: QUOTA.
    pub fn open() -> Open {
        import::open()
    }

    /// Makes the module the completer of requests that begin with a prefix; as many prefixes as its
    /// quota allows. Besides OK: BAD_PREFIX, TAKEN, QUOTA.
    pub fn provide(prefix: &[u8]) -> Status {
        // SAFETY: pointers and lengths are those of slices, which the host reads or writes during the call only.
        unsafe { import::provide(prefix.as_ptr(), prefix.len() as u32) }
    }

    /// Copies the completion, which begins with the bytes of the request, and gives its length; it
    /// can be read again. Besides OK: PENDING, UNKNOWN, NOT_SUBMITTED, BROKEN, TOO_SMALL.
    pub fn read(completion: i32, buffer: &mut [u8]) -> Read {
        // SAFETY: pointers and lengths are those of slices, which the host reads or writes during the call only.
        unsafe { import::read(completion, buffer.as_mut_ptr(), buffer.len() as u32) }
    }

    /// Breaks the promise of a request that was taken. Besides OK: UNKNOWN.
    pub fn refuse(request: i32) -> Status {
        import::refuse(request)
    }

    /// Asks for the completion of what was written. Besides OK: UNKNOWN, SUBMITTED.
    pub fn submit(completion: i32) -> Status {
        import::submit(completion)
    }

    /// Takes the next request that the module has to answer, in the order in which they were
    /// submitted before this frame. Besides OK: NONE, TOO_SMALL.
    pub fn take(buffer: &mut [u8]) -> Take {
        // SAFETY: pointers and lengths are those of slices, which the host reads or writes during the call only.
        unsafe { import::take(buffer.as_mut_ptr(), buffer.len() as u32) }
    }

    /// Ends what `completion.provide` began; requests that were submitted before are still the
    /// module's to answer. Besides OK: BAD_PREFIX.
    pub fn withdraw(prefix: &[u8]) -> Status {
        // SAFETY: pointers and lengths are those of slices, which the host reads or writes during the call only.
        unsafe { import::withdraw(prefix.as_ptr(), prefix.len() as u32) }
    }

    /// Appends bytes to a request. Besides OK: UNKNOWN, SUBMITTED, TOO_LARGE.
    pub fn write(completion: i32, bytes: &[u8]) -> Status {
        // SAFETY: pointers and lengths are those of slices, which the host reads or writes during the call only.
        unsafe { import::write(completion, bytes.as_ptr(), bytes.len() as u32) }
    }

    #[allow(clashing_extern_declarations)] // calls of one name in several domains
    mod import {
        use super::Status;
        #[cfg_attr(target_family = "wasm", link(wasm_import_module = "completion"))]
        unsafe extern "C" {
            #[link_name = "answer@1"]
            pub unsafe fn answer(request: i32, completion: *const u8, completion_len: u32) -> Status;
            #[link_name = "close@1"]
            pub safe fn close(completion: i32) -> Status;
            #[link_name = "open@1"]
            pub safe fn open() -> super::Open;
            #[link_name = "provide@1"]
            pub unsafe fn provide(prefix: *const u8, prefix_len: u32) -> Status;
            #[link_name = "read@1"]
            pub unsafe fn read(completion: i32, buffer: *mut u8, buffer_len: u32) -> super::Read;
            #[link_name = "refuse@1"]
            pub safe fn refuse(request: i32) -> Status;
            #[link_name = "submit@1"]
            pub safe fn submit(completion: i32) -> Status;
            #[link_name = "take@1"]
            pub unsafe fn take(buffer: *mut u8, buffer_len: u32) -> super::Take;
            #[link_name = "withdraw@1"]
            pub unsafe fn withdraw(prefix: *const u8, prefix_len: u32) -> Status;
            #[link_name = "write@1"]
            pub unsafe fn write(completion: i32, bytes: *const u8, bytes_len: u32) -> Status;
        }
    }
}

/// The module's files. Calls that name files issue a request and give its id, which is positive;
/// what came of it is published at a frame boundary, in the order of issue. `poll` tells: PENDING,
/// or how it ended, which also ends the request, except for a result that waits to be taken with
/// `take` or `take_bytes`. Paths are 1 to 255 bytes: names of `a` to `z`, `0` to `9`, `_`, `-` and
/// `.`, joined by `/` (`spec/storage.md`).
///
/// Not for guests with this header, because they take or give handles: fs.read_bytes@1,
/// fs.take_bytes@1, fs.write_bytes@1.
pub mod fs {
    use super::Status;
    /// No file or folder can have such a path; nothing was asked for.
    pub const BAD_PATH: Status = 16;
    /// There is nothing of that path.
    pub const NOT_FOUND: Status = 17;
    /// There is a folder where a file is needed, or a file where a folder is.
    pub const CONFLICT: Status = 18;
    /// The storage has no room for it.
    pub const FULL: Status = 19;
    /// The storage cannot be changed.
    pub const READ_ONLY: Status = 20;
    /// The buffer is too small for the result; nothing was copied.
    pub const TOO_SMALL: Status = 21;
    /// There is no open request of that id.
    pub const UNKNOWN_REQUEST: Status = 22;
    /// The host's disk does not take what was written.
    pub const DISK_FAILED: Status = 23;

    /// What `delete` gives.
    #[derive(Clone, Copy, Debug, PartialEq)]
    #[repr(C)]
    pub struct Delete {
        /// Result `status`.
        pub status: Status,
        /// Result `request`.
        pub request: i32,
    }

    /// What `list` gives.
    #[derive(Clone, Copy, Debug, PartialEq)]
    #[repr(C)]
    pub struct List {
        /// Result `status`.
        pub status: Status,
        /// Result `request`.
        pub request: i32,
    }

    /// What `poll` gives.
    #[derive(Clone, Copy, Debug, PartialEq)]
    #[repr(C)]
    pub struct Poll {
        /// Result `status`.
        pub status: Status,
        /// Result `len`.
        pub len: i32,
    }

    /// What `read` gives.
    #[derive(Clone, Copy, Debug, PartialEq)]
    #[repr(C)]
    pub struct Read {
        /// Result `status`.
        pub status: Status,
        /// Result `request`.
        pub request: i32,
    }

    /// What `space` gives.
    #[derive(Clone, Copy, Debug, PartialEq)]
    #[repr(C)]
    pub struct Space {
        /// Result `used`.
        pub used: i64,
        /// Result `quota`.
        pub quota: i64,
    }

    /// What `stat` gives.
    #[derive(Clone, Copy, Debug, PartialEq)]
    #[repr(C)]
    pub struct Stat {
        /// Result `status`.
        pub status: Status,
        /// Result `request`.
        pub request: i32,
    }

    /// What `take` gives.
    #[derive(Clone, Copy, Debug, PartialEq)]
    #[repr(C)]
    pub struct Take {
        /// Result `status`.
        pub status: Status,
        /// Result `len`.
        pub len: i32,
    }

    /// What `write` gives.
    #[derive(Clone, Copy, Debug, PartialEq)]
    #[repr(C)]
    pub struct Write {
        /// Result `status`.
        pub status: Status,
        /// Result `request`.
        pub request: i32,
    }

    /// Lets go of a request and of its result; what was asked for is done nevertheless. Besides OK:
    /// UNKNOWN_REQUEST.
    pub fn close(request: i32) -> Status {
        import::close(request)
    }

    /// Asks for a file to be deleted. Besides OK: BAD_PATH, READ_ONLY, QUOTA.
    pub fn delete(path: &[u8]) -> Delete {
        // SAFETY: pointers and lengths are those of slices, which the host reads or writes during the call only.
        unsafe { import::delete(path.as_ptr(), path.len() as u32) }
    }

    /// Tells how the host's disk behind the storage is; files of the module are unharmed, but may
    /// be gone when the host ends. Besides OK: FULL, READ_ONLY, DISK_FAILED.
    pub fn disk() -> Status {
        import::disk()
    }

    /// Asks for the names in a folder, an empty path for the outermost: sorted, each followed by
    /// byte 10, those of folders with `/` at their end. Besides OK: BAD_PATH, QUOTA.
    pub fn list(folder: &[u8]) -> List {
        // SAFETY: pointers and lengths are those of slices, which the host reads or writes during the call only.
        unsafe { import::list(folder.as_ptr(), folder.len() as u32) }
    }

    /// Tells what became of a request and how long its result is; TOO_SMALL if the byte string that
    /// it was to be read into is shorter, then it waits to be taken. Besides OK: PENDING,
    /// UNKNOWN_REQUEST, NOT_FOUND, CONFLICT, FULL, TOO_SMALL.
    pub fn poll(request: i32) -> Poll {
        import::poll(request)
    }

    /// Asks for the content of a file. Besides OK: BAD_PATH, QUOTA.
    pub fn read(path: &[u8]) -> Read {
        // SAFETY: pointers and lengths are those of slices, which the host reads or writes during the call only.
        unsafe { import::read(path.as_ptr(), path.len() as u32) }
    }

    /// Gives the bytes of storage that are used, and how many can be: a file counts its content,
    /// its path, and 64.
    pub fn space() -> Space {
        import::space()
    }

    /// Asks what a path names; the result is two u64: 1 for a file or 2 for a folder, then the
    /// length of the file in bytes or the number of names in the folder. Besides OK: BAD_PATH,
    /// QUOTA.
    pub fn stat(path: &[u8]) -> Stat {
        // SAFETY: pointers and lengths are those of slices, which the host reads or writes during the call only.
        unsafe { import::stat(path.as_ptr(), path.len() as u32) }
    }

    /// As `fs.poll`, and copies the result to the buffer, which ends the request; TOO_SMALL if it
    /// does not fit, then it waits on. Besides OK: PENDING, UNKNOWN_REQUEST, NOT_FOUND, CONFLICT,
    /// FULL, TOO_SMALL.
    pub fn take(request: i32, buffer: &mut [u8]) -> Take {
        // SAFETY: pointers and lengths are those of slices, which the host reads or writes during the call only.
        unsafe { import::take(request, buffer.as_mut_ptr(), buffer.len() as u32) }
    }

    /// Asks for a file to be written, whole, over one that is there; FULL at once if it is longer
    /// than the storage, QUOTA also if so much is being written already. Besides OK: BAD_PATH,
    /// FULL, READ_ONLY, QUOTA.
    pub fn write(path: &[u8], content: &[u8]) -> Write {
        // SAFETY: pointers and lengths are those of slices, which the host reads or writes during the call only.
        unsafe { import::write(path.as_ptr(), path.len() as u32, content.as_ptr(), content.len() as u32) }
    }

    #[allow(clashing_extern_declarations)] // calls of one name in several domains
    mod import {
        use super::Status;
        #[cfg_attr(target_family = "wasm", link(wasm_import_module = "fs"))]
        unsafe extern "C" {
            #[link_name = "close@1"]
            pub safe fn close(request: i32) -> Status;
            #[link_name = "delete@1"]
            pub unsafe fn delete(path: *const u8, path_len: u32) -> super::Delete;
            #[link_name = "disk@1"]
            pub safe fn disk() -> Status;
            #[link_name = "list@1"]
            pub unsafe fn list(folder: *const u8, folder_len: u32) -> super::List;
            #[link_name = "poll@1"]
            pub safe fn poll(request: i32) -> super::Poll;
            #[link_name = "read@1"]
            pub unsafe fn read(path: *const u8, path_len: u32) -> super::Read;
            #[link_name = "space@1"]
            pub safe fn space() -> super::Space;
            #[link_name = "stat@1"]
            pub unsafe fn stat(path: *const u8, path_len: u32) -> super::Stat;
            #[link_name = "take@1"]
            pub unsafe fn take(request: i32, buffer: *mut u8, buffer_len: u32) -> super::Take;
            #[link_name = "write@1"]
            pub unsafe fn write(path: *const u8, path_len: u32, content: *const u8, content_len: u32) -> super::Write;
        }
    }
}

/// Drawing on the module's surface of 8-bit palette indices. A colour is the low 8 bits of its
/// argument. Coordinates are reduced by the camera, then clipped. Sizes below 1 have no pixels. A
/// sprite's `transparent` is the index that is not drawn, or -1. `flags`: 1 mirrors left to right,
/// 2 top to bottom, 4 then turns a quarter clockwise. A cartridge that uses these needs a video
/// mode.
///
/// Not for guests with this header, because they take or give handles: gfx.sprite_bytes@1,
/// gfx.text_bytes@1.
pub mod gfx {
    use super::Status;
    /// The place is outside the surface or image.
    pub const OUTSIDE: Status = 16;
    /// The cartridge has no asset of that number.
    pub const NOT_FOUND: Status = 17;
    /// The asset is not loaded yet.
    pub const NOT_LOADED: Status = 18;
    /// The asset is not an image.
    pub const BAD_IMAGE: Status = 19;

    /// What `image_size` gives.
    #[derive(Clone, Copy, Debug, PartialEq)]
    #[repr(C)]
    pub struct ImageSize {
        /// Result `status`.
        pub status: Status,
        /// Result `width`.
        pub width: i32,
        /// Result `height`.
        pub height: i32,
    }

    /// What `pixel_get` gives.
    #[derive(Clone, Copy, Debug, PartialEq)]
    #[repr(C)]
    pub struct PixelGet {
        /// Result `status`.
        pub status: Status,
        /// Result `color`.
        pub color: i32,
    }

    /// What `size` gives.
    #[derive(Clone, Copy, Debug, PartialEq)]
    #[repr(C)]
    pub struct Size {
        /// Result `width`.
        pub width: i32,
        /// Result `height`.
        pub height: i32,
    }

    /// Sets the place that is drawn at the surface's top left corner.
    pub fn camera(x: i32, y: i32) {
        import::camera(x, y)
    }

    /// Draws the rim of a disc of diameter 2 * radius + 1; a radius below 0 has no pixels.
    pub fn circle(x: i32, y: i32, radius: i32, color: i32) {
        import::circle(x, y, radius, color)
    }

    /// Draws a disc of diameter 2 * radius + 1; a radius below 0 has no pixels.
    pub fn circle_fill(x: i32, y: i32, radius: i32, color: i32) {
        import::circle_fill(x, y, radius, color)
    }

    /// Fills the whole surface, whatever clip and camera are.
    pub fn clear(color: i32) {
        import::clear(color)
    }

    /// Limits drawing to a rectangle of the surface (the camera has no part in it).
    pub fn clip(x: i32, y: i32, width: i32, height: i32) {
        import::clip(x, y, width, height)
    }

    /// Draws an image asset as a sprite. Besides OK: NOT_FOUND, NOT_LOADED, BAD_IMAGE.
    pub fn image(asset: i32, x: i32, y: i32, transparent: i32, flags: i32) -> Status {
        import::image(asset, x, y, transparent, flags)
    }

    /// Gives the size of an image asset. Besides OK: NOT_FOUND, NOT_LOADED, BAD_IMAGE.
    pub fn image_size(asset: i32) -> ImageSize {
        import::image_size(asset)
    }

    /// Draws a rectangle of an image asset as a sprite; OUTSIDE if not all of it is in the image.
    /// Besides OK: NOT_FOUND, NOT_LOADED, BAD_IMAGE, OUTSIDE.
    #[allow(clippy::too_many_arguments)] // as many as the syscall has
    pub fn image_sub(asset: i32, src_x: i32, src_y: i32, width: i32, height: i32, x: i32, y: i32, transparent: i32, flags: i32) -> Status {
        import::image_sub(asset, src_x, src_y, width, height, x, y, transparent, flags)
    }

    /// Draws a line; both ends belong to it.
    pub fn line(x1: i32, y1: i32, x2: i32, y2: i32, color: i32) {
        import::line(x1, y1, x2, y2, color)
    }

    /// Sets the colour that the low 8 bits of `index` stand for to 0xRRGGBB; the upper 8 bits are
    /// ignored.
    pub fn palette(index: i32, rgb: i32) {
        import::palette(index, rgb)
    }

    /// Gives the colour that the low 8 bits of `index` stand for as 0xRRGGBB.
    pub fn palette_get(index: i32) -> i32 {
        import::palette_get(index)
    }

    /// Draws a pixel.
    pub fn pixel(x: i32, y: i32, color: i32) {
        import::pixel(x, y, color)
    }

    /// Gives the palette index of a pixel, clipped or not. Besides OK: OUTSIDE.
    pub fn pixel_get(x: i32, y: i32) -> PixelGet {
        import::pixel_get(x, y)
    }

    /// Draws the rim of a rectangle, one pixel wide.
    pub fn rect(x: i32, y: i32, width: i32, height: i32, color: i32) {
        import::rect(x, y, width, height, color)
    }

    /// Draws a rectangle.
    pub fn rect_fill(x: i32, y: i32, width: i32, height: i32, color: i32) {
        import::rect_fill(x, y, width, height, color)
    }

    /// Gives the size of the surface.
    pub fn size() -> Size {
        import::size()
    }

    /// Draws `width * height` pixels of memory, a byte each, row by row.
    pub fn sprite(pixels: &[u8], width: i32, height: i32, x: i32, y: i32, transparent: i32, flags: i32) {
        // SAFETY: pointers and lengths are those of slices, which the host reads or writes during the call only.
        unsafe { import::sprite(pixels.as_ptr(), pixels.len() as u32, width, height, x, y, transparent, flags) }
    }

    /// Draws a rectangle of a picture in memory whose rows are `stride` bytes apart.
    #[allow(clippy::too_many_arguments)] // as many as the syscall has
    pub fn sprite_sub(pixels: &[u8], stride: i32, src_x: i32, src_y: i32, width: i32, height: i32, x: i32, y: i32, transparent: i32, flags: i32) {
        // SAFETY: pointers and lengths are those of slices, which the host reads or writes during the call only.
        unsafe { import::sprite_sub(pixels.as_ptr(), pixels.len() as u32, stride, src_x, src_y, width, height, x, y, transparent, flags) }
    }

    /// Draws UTF-8 text in the built-in 8 by 8 font; byte 10 starts a new line, what is not
    /// printable ASCII is a box.
    pub fn text(text: &[u8], x: i32, y: i32, color: i32) {
        // SAFETY: pointers and lengths are those of slices, which the host reads or writes during the call only.
        unsafe { import::text(text.as_ptr(), text.len() as u32, x, y, color) }
    }

    /// As `gfx.text@1`, with glyphs of 8 * scale by 8 * scale pixels, scale 1 to 8; each byte
    /// counts scale * scale times.
    pub fn text_v2(text: &[u8], x: i32, y: i32, color: i32, scale: i32) {
        // SAFETY: pointers and lengths are those of slices, which the host reads or writes during the call only.
        unsafe { import::text_v2(text.as_ptr(), text.len() as u32, x, y, color, scale) }
    }

    #[allow(clashing_extern_declarations)] // calls of one name in several domains
    mod import {
        use super::Status;
        #[cfg_attr(target_family = "wasm", link(wasm_import_module = "gfx"))]
        unsafe extern "C" {
            #[link_name = "camera@1"]
            pub safe fn camera(x: i32, y: i32);
            #[link_name = "circle@1"]
            pub safe fn circle(x: i32, y: i32, radius: i32, color: i32);
            #[link_name = "circle_fill@1"]
            pub safe fn circle_fill(x: i32, y: i32, radius: i32, color: i32);
            #[link_name = "clear@1"]
            pub safe fn clear(color: i32);
            #[link_name = "clip@1"]
            pub safe fn clip(x: i32, y: i32, width: i32, height: i32);
            #[link_name = "image@1"]
            pub safe fn image(asset: i32, x: i32, y: i32, transparent: i32, flags: i32) -> Status;
            #[link_name = "image_size@1"]
            pub safe fn image_size(asset: i32) -> super::ImageSize;
            #[link_name = "image_sub@1"]
            pub safe fn image_sub(asset: i32, src_x: i32, src_y: i32, width: i32, height: i32, x: i32, y: i32, transparent: i32, flags: i32) -> Status;
            #[link_name = "line@1"]
            pub safe fn line(x1: i32, y1: i32, x2: i32, y2: i32, color: i32);
            #[link_name = "palette@1"]
            pub safe fn palette(index: i32, rgb: i32);
            #[link_name = "palette_get@1"]
            pub safe fn palette_get(index: i32) -> i32;
            #[link_name = "pixel@1"]
            pub safe fn pixel(x: i32, y: i32, color: i32);
            #[link_name = "pixel_get@1"]
            pub safe fn pixel_get(x: i32, y: i32) -> super::PixelGet;
            #[link_name = "rect@1"]
            pub safe fn rect(x: i32, y: i32, width: i32, height: i32, color: i32);
            #[link_name = "rect_fill@1"]
            pub safe fn rect_fill(x: i32, y: i32, width: i32, height: i32, color: i32);
            #[link_name = "size@1"]
            pub safe fn size() -> super::Size;
            #[link_name = "sprite@1"]
            pub unsafe fn sprite(pixels: *const u8, pixels_len: u32, width: i32, height: i32, x: i32, y: i32, transparent: i32, flags: i32);
            #[link_name = "sprite_sub@1"]
            pub unsafe fn sprite_sub(pixels: *const u8, pixels_len: u32, stride: i32, src_x: i32, src_y: i32, width: i32, height: i32, x: i32, y: i32, transparent: i32, flags: i32);
            #[link_name = "text@1"]
            pub unsafe fn text(text: *const u8, text_len: u32, x: i32, y: i32, color: i32);
            #[link_name = "text@2"]
            pub unsafe fn text_v2(text: *const u8, text_len: u32, x: i32, y: i32, color: i32, scale: i32);
        }
    }
}

/// The host itself: what it offers, calls by id, names, and a small memory that all modules of an
/// origin share. A call by id is answered at the end of its frame; `spec/policy.md` has the form of
/// its arguments and of its answer. A module can become another cartridge (`spec/ingest.md`). Texts
/// are UTF-8.
pub mod kernel {
    use super::Status;
    /// There is no such thing.
    pub const NOT_FOUND: Status = 16;
    /// The span is too small; nothing was written.
    pub const TOO_SMALL: Status = 17;
    /// A key has 1 to 64 bytes; nothing was remembered.
    pub const BAD_KEY: Status = 18;
    /// The name is no UTF-8 text of at most 255 bytes, or leads above the root.
    pub const BAD_NAME: Status = 19;

    /// What `describe` gives.
    #[derive(Clone, Copy, Debug, PartialEq)]
    #[repr(C)]
    pub struct Describe {
        /// Result `status`.
        pub status: Status,
        /// Result `len`.
        pub len: i32,
    }

    /// What `exec` gives.
    #[derive(Clone, Copy, Debug, PartialEq)]
    #[repr(C)]
    pub struct Exec {
        /// Result `status`.
        pub status: Status,
        /// Result `promise`.
        pub promise: i32,
    }

    /// What `ingest` gives.
    #[derive(Clone, Copy, Debug, PartialEq)]
    #[repr(C)]
    pub struct Ingest {
        /// Result `status`.
        pub status: Status,
        /// Result `promise`.
        pub promise: i32,
    }

    /// What `ingest_v2` gives.
    #[derive(Clone, Copy, Debug, PartialEq)]
    #[repr(C)]
    pub struct IngestV2 {
        /// Result `status`.
        pub status: Status,
        /// Result `promise`.
        pub promise: i32,
    }

    /// What `list` gives.
    #[derive(Clone, Copy, Debug, PartialEq)]
    #[repr(C)]
    pub struct List {
        /// Result `status`.
        pub status: Status,
        /// Result `len`.
        pub len: i32,
    }

    /// What `memory_get` gives.
    #[derive(Clone, Copy, Debug, PartialEq)]
    #[repr(C)]
    pub struct MemoryGet {
        /// Result `status`.
        pub status: Status,
        /// Result `len`.
        pub len: i32,
    }

    /// What `memory_list` gives.
    #[derive(Clone, Copy, Debug, PartialEq)]
    #[repr(C)]
    pub struct MemoryList {
        /// Result `status`.
        pub status: Status,
        /// Result `len`.
        pub len: i32,
    }

    /// What `poll` gives.
    #[derive(Clone, Copy, Debug, PartialEq)]
    #[repr(C)]
    pub struct Poll {
        /// Result `status`.
        pub status: Status,
        /// Result `len`.
        pub len: i32,
    }

    /// What `resolve` gives.
    #[derive(Clone, Copy, Debug, PartialEq)]
    #[repr(C)]
    pub struct Resolve {
        /// Result `status`.
        pub status: Status,
        /// Result `len`.
        pub len: i32,
    }

    /// Writes the signature and the capability of a syscall, as in `gfx.pixel_get@1 (i32, i32) ->
    /// i32, i32 gfx`, and gives the length. Besides OK: NOT_FOUND, TOO_SMALL.
    pub fn describe(id: &[u8], text: &mut [u8]) -> Describe {
        // SAFETY: pointers and lengths are those of slices, which the host reads or writes during the call only.
        unsafe { import::describe(id.as_ptr(), id.len() as u32, text.as_mut_ptr(), text.len() as u32) }
    }

    /// Calls a syscall by its id, which costs what it costs on top; at most 64 answers can wait to
    /// be polled. Traps if `args` are no encoded values. Besides OK: QUOTA.
    pub fn exec(id: &[u8], args: &[u8]) -> Exec {
        // SAFETY: pointers and lengths are those of slices, which the host reads or writes during the call only.
        unsafe { import::exec(id.as_ptr(), id.len() as u32, args.as_ptr(), args.len() as u32) }
    }

    /// Asks for the module to become the cartridge at an address (`spec/ingest.md`). If that fails,
    /// the answer says in which phase and why, and the module goes on as it is; QUOTA if it asked
    /// before and has no answer yet. Besides OK: BAD_NAME, QUOTA.
    pub fn ingest(uri: &[u8]) -> Ingest {
        // SAFETY: pointers and lengths are those of slices, which the host reads or writes during the call only.
        unsafe { import::ingest(uri.as_ptr(), uri.len() as u32) }
    }

    /// As version 1, with the content hash that the cartridge has to have; traps if that is not 32
    /// bytes. Besides OK: BAD_NAME, QUOTA.
    pub fn ingest_v2(uri: &[u8], hash: &[u8]) -> IngestV2 {
        // SAFETY: pointers and lengths are those of slices, which the host reads or writes during the call only.
        unsafe { import::ingest_v2(uri.as_ptr(), uri.len() as u32, hash.as_ptr(), hash.len() as u32) }
    }

    /// Writes the id of a syscall that this host offers, counted from 0 in the order of the ids,
    /// and gives the length. Besides OK: NOT_FOUND, TOO_SMALL.
    pub fn list(index: i32, id: &mut [u8]) -> List {
        // SAFETY: pointers and lengths are those of slices, which the host reads or writes during the call only.
        unsafe { import::list(index, id.as_mut_ptr(), id.len() as u32) }
    }

    /// Writes the value that the origin remembers for a key, and gives the length. Besides OK:
    /// NOT_FOUND, TOO_SMALL.
    pub fn memory_get(key: &[u8], value: &mut [u8]) -> MemoryGet {
        // SAFETY: pointers and lengths are those of slices, which the host reads or writes during the call only.
        unsafe { import::memory_get(key.as_ptr(), key.len() as u32, value.as_mut_ptr(), value.len() as u32) }
    }

    /// Writes a key that the origin remembers, counted from 0 in ascending order of the keys, and
    /// gives the length. Besides OK: NOT_FOUND, TOO_SMALL.
    pub fn memory_list(index: i32, key: &mut [u8]) -> MemoryList {
        // SAFETY: pointers and lengths are those of slices, which the host reads or writes during the call only.
        unsafe { import::memory_list(index, key.as_mut_ptr(), key.len() as u32) }
    }

    /// Forgets a key. Besides OK: NOT_FOUND.
    pub fn memory_remove(key: &[u8]) -> Status {
        // SAFETY: pointers and lengths are those of slices, which the host reads or writes during the call only.
        unsafe { import::memory_remove(key.as_ptr(), key.len() as u32) }
    }

    /// Remembers a value for a key of 1 to 64 bytes; at most 64 keys, and 16 KiB of keys and
    /// values. Besides OK: BAD_KEY, QUOTA.
    pub fn memory_set(key: &[u8], value: &[u8]) -> Status {
        // SAFETY: pointers and lengths are those of slices, which the host reads or writes during the call only.
        unsafe { import::memory_set(key.as_ptr(), key.len() as u32, value.as_ptr(), value.len() as u32) }
    }

    /// Gives back its argument.
    pub fn ping(value: i64) -> i64 {
        import::ping(value)
    }

    /// Writes the answer to a call by id or to an ingest, gives its length and forgets it.
    /// TOO_SMALL leaves it where it is. Besides OK: PENDING, NOT_FOUND, TOO_SMALL.
    pub fn poll(promise: i32, answer: &mut [u8]) -> Poll {
        // SAFETY: pointers and lengths are those of slices, which the host reads or writes during the call only.
        unsafe { import::poll(promise, answer.as_mut_ptr(), answer.len() as u32) }
    }

    /// Writes what a name stands for, as the mount with the longest prefix says, and gives the
    /// length; a name that does not begin with `/` is below `base`. Besides OK: BAD_NAME,
    /// TOO_SMALL.
    pub fn resolve(name: &[u8], base: &[u8], text: &mut [u8]) -> Resolve {
        // SAFETY: pointers and lengths are those of slices, which the host reads or writes during the call only.
        unsafe { import::resolve(name.as_ptr(), name.len() as u32, base.as_ptr(), base.len() as u32, text.as_mut_ptr(), text.len() as u32) }
    }

    #[allow(clashing_extern_declarations)] // calls of one name in several domains
    mod import {
        use super::Status;
        #[cfg_attr(target_family = "wasm", link(wasm_import_module = "kernel"))]
        unsafe extern "C" {
            #[link_name = "describe@1"]
            pub unsafe fn describe(id: *const u8, id_len: u32, text: *mut u8, text_len: u32) -> super::Describe;
            #[link_name = "exec@1"]
            pub unsafe fn exec(id: *const u8, id_len: u32, args: *const u8, args_len: u32) -> super::Exec;
            #[link_name = "ingest@1"]
            pub unsafe fn ingest(uri: *const u8, uri_len: u32) -> super::Ingest;
            #[link_name = "ingest@2"]
            pub unsafe fn ingest_v2(uri: *const u8, uri_len: u32, hash: *const u8, hash_len: u32) -> super::IngestV2;
            #[link_name = "list@1"]
            pub unsafe fn list(index: i32, id: *mut u8, id_len: u32) -> super::List;
            #[link_name = "memory_get@1"]
            pub unsafe fn memory_get(key: *const u8, key_len: u32, value: *mut u8, value_len: u32) -> super::MemoryGet;
            #[link_name = "memory_list@1"]
            pub unsafe fn memory_list(index: i32, key: *mut u8, key_len: u32) -> super::MemoryList;
            #[link_name = "memory_remove@1"]
            pub unsafe fn memory_remove(key: *const u8, key_len: u32) -> Status;
            #[link_name = "memory_set@1"]
            pub unsafe fn memory_set(key: *const u8, key_len: u32, value: *const u8, value_len: u32) -> Status;
            #[link_name = "ping@1"]
            pub safe fn ping(value: i64) -> i64;
            #[link_name = "poll@1"]
            pub unsafe fn poll(promise: i32, answer: *mut u8, answer_len: u32) -> super::Poll;
            #[link_name = "resolve@1"]
            pub unsafe fn resolve(name: *const u8, name_len: u32, base: *const u8, base_len: u32, text: *mut u8, text_len: u32) -> super::Resolve;
        }
    }
}

/// Lines of text for people.
///
/// Not for guests with this header, because they take or give handles: log.write_bytes@1.
pub mod log {
    use super::Status;
    /// There is no such level; nothing was written.
    pub const BAD_LEVEL: Status = 16;

    /// Writes a line of UTF-8 text at level 0 debug, 1 info, 2 warning or 3 error; QUOTA if it does
    /// not fit in what is left of the frame's 64 KiB (a line counts 16 on top of its bytes).
    /// Besides OK: BAD_LEVEL, QUOTA.
    pub fn write(level: i32, text: &[u8]) -> Status {
        // SAFETY: pointers and lengths are those of slices, which the host reads or writes during the call only.
        unsafe { import::write(level, text.as_ptr(), text.len() as u32) }
    }

    #[allow(clashing_extern_declarations)] // calls of one name in several domains
    mod import {
        use super::Status;
        #[cfg_attr(target_family = "wasm", link(wasm_import_module = "log"))]
        unsafe extern "C" {
            #[link_name = "write@1"]
            pub unsafe fn write(level: i32, text: *const u8, text_len: u32) -> Status;
        }
    }
}

/// A memory card of 16 slots, 0 to 15, kept as files `00.card` to `15.card` in the folder `mem` of
/// the module's storage. What is written is seen by this domain at once, and by files when it is
/// committed.
///
/// Not for guests with this header, because they take or give handles: mem.read_bytes@1,
/// mem.write_bytes@1.
pub mod mem {
    use super::Status;
    /// A card has slots 0 to 15.
    pub const BAD_SLOT: Status = 16;
    /// There is nothing in the slot.
    pub const EMPTY: Status = 17;
    /// The slot's file is not as it was committed.
    pub const CORRUPT: Status = 18;
    /// The storage has no room for it.
    pub const FULL: Status = 19;
    /// The storage cannot be changed.
    pub const READ_ONLY: Status = 20;
    /// The buffer is too small for the content; nothing was copied.
    pub const TOO_SMALL: Status = 21;
    /// Other files are where those of the card have to be; nothing was committed.
    pub const BLOCKED: Status = 22;
    /// Nothing was written or erased since the last commit.
    pub const UNCHANGED: Status = 23;

    /// What `read` gives.
    #[derive(Clone, Copy, Debug, PartialEq)]
    #[repr(C)]
    pub struct Read {
        /// Result `status`.
        pub status: Status,
        /// Result `len`.
        pub len: i32,
    }

    /// What `size` gives.
    #[derive(Clone, Copy, Debug, PartialEq)]
    #[repr(C)]
    pub struct Size {
        /// Result `status`.
        pub status: Status,
        /// Result `len`.
        pub len: i32,
    }

    /// Makes files of all that was written and erased since the last commit, or of nothing of it.
    /// Besides OK: UNCHANGED, FULL, BLOCKED.
    pub fn commit() -> Status {
        import::commit()
    }

    /// Forgets all that was written and erased since the last commit. Besides OK: UNCHANGED.
    pub fn discard() -> Status {
        import::discard()
    }

    /// Empties a slot. Besides OK: BAD_SLOT, EMPTY, READ_ONLY.
    pub fn erase(slot: i32) -> Status {
        import::erase(slot)
    }

    /// Copies the content of a slot and gives its length; TOO_SMALL if it does not fit. Besides OK:
    /// BAD_SLOT, EMPTY, CORRUPT, TOO_SMALL.
    pub fn read(slot: i32, buffer: &mut [u8]) -> Read {
        // SAFETY: pointers and lengths are those of slices, which the host reads or writes during the call only.
        unsafe { import::read(slot, buffer.as_mut_ptr(), buffer.len() as u32) }
    }

    /// Gives the length of the content of a slot. Besides OK: BAD_SLOT, EMPTY, CORRUPT.
    pub fn size(slot: i32) -> Size {
        import::size(slot)
    }

    /// Writes a slot, whole; FULL if it could not be committed now. Besides OK: BAD_SLOT, FULL,
    /// READ_ONLY.
    pub fn write(slot: i32, content: &[u8]) -> Status {
        // SAFETY: pointers and lengths are those of slices, which the host reads or writes during the call only.
        unsafe { import::write(slot, content.as_ptr(), content.len() as u32) }
    }

    #[allow(clashing_extern_declarations)] // calls of one name in several domains
    mod import {
        use super::Status;
        #[cfg_attr(target_family = "wasm", link(wasm_import_module = "mem"))]
        unsafe extern "C" {
            #[link_name = "commit@1"]
            pub safe fn commit() -> Status;
            #[link_name = "discard@1"]
            pub safe fn discard() -> Status;
            #[link_name = "erase@1"]
            pub safe fn erase(slot: i32) -> Status;
            #[link_name = "read@1"]
            pub unsafe fn read(slot: i32, buffer: *mut u8, buffer_len: u32) -> super::Read;
            #[link_name = "size@1"]
            pub safe fn size(slot: i32) -> super::Size;
            #[link_name = "write@1"]
            pub unsafe fn write(slot: i32, content: *const u8, content_len: u32) -> Status;
        }
    }
}

/// Other modules. A module supervises those that it loaded, and those that they loaded; nobody else
/// can see or control them, but for the host. What is asked for happens at the end of the frame, in
/// the order in which it was asked for; a command that the module's own end overtakes comes to
/// nothing. States (`spec/modules.md`): 0 loading, 1 ready, 2 running, 3 paused, 4 quarantined, 5
/// stopping, 6 stopped, 7 trapped, 8 unloaded. QUOTA if the calling module has given 64 commands in
/// the frame.
pub mod module {
    use super::Status;
    /// There is no module of that number, or no more.
    pub const UNKNOWN: Status = 16;
    /// The module has another supervisor.
    pub const NOT_YOURS: Status = 17;
    /// The module's state does not allow it; nothing was asked for.
    pub const BAD_STATE: Status = 18;
    /// The cartridge store has no program of that name.
    pub const NOT_FOUND: Status = 19;
    /// The host cannot serve the program.
    pub const REFUSED: Status = 20;
    /// Names of programs are 1 to 64 bytes of text.
    pub const BAD_NAME: Status = 21;

    /// What `info` gives.
    #[derive(Clone, Copy, Debug, PartialEq)]
    #[repr(C)]
    pub struct Info {
        /// Result `status`.
        pub status: Status,
        /// Result `state`.
        pub state: i32,
        /// Result `code`.
        pub code: i32,
    }

    /// What `list` gives.
    #[derive(Clone, Copy, Debug, PartialEq)]
    #[repr(C)]
    pub struct List {
        /// Result `status`.
        pub status: Status,
        /// Result `module`.
        pub module: i32,
    }

    /// What `load` gives.
    #[derive(Clone, Copy, Debug, PartialEq)]
    #[repr(C)]
    pub struct Load {
        /// Result `status`.
        pub status: Status,
        /// Result `module`.
        pub module: i32,
    }

    /// What `port` gives.
    #[derive(Clone, Copy, Debug, PartialEq)]
    #[repr(C)]
    pub struct Port {
        /// Result `status`.
        pub status: Status,
        /// Result `token`.
        pub token: i32,
    }

    /// Gives the state of a module as it was at the beginning of the frame, and the exit code of
    /// one that halted, else 0. Besides OK: UNKNOWN, NOT_YOURS.
    pub fn info(module: i32) -> Info {
        import::info(module)
    }

    /// Gives the number of the module at a place, from 0, in the ascending list of those that the
    /// calling module supervises. Besides OK: UNKNOWN.
    pub fn list(index: i32) -> List {
        import::list(index)
    }

    /// Asks for a module of the program that the cartridge store has under a name, and gives its
    /// number; `module.poll` tells what became of it. Once ready, it waits for `module.start`.
    /// QUOTA if there are as many modules as the calling one, or one of its supervisors, may have
    /// loaded. Besides OK: BAD_NAME, QUOTA.
    pub fn load(name: &[u8]) -> Load {
        // SAFETY: pointers and lengths are those of slices, which the host reads or writes during the call only.
        unsafe { import::load(name.as_ptr(), name.len() as u32) }
    }

    /// Suspends a running module where it stands. Besides OK: UNKNOWN, NOT_YOURS, BAD_STATE, QUOTA.
    pub fn pause(module: i32) -> Status {
        import::pause(module)
    }

    /// Tells what became of a load: PENDING, OK once the module is there, or why not; then the
    /// number is forgotten. Besides OK: PENDING, UNKNOWN, NOT_YOURS, NOT_FOUND, REFUSED.
    pub fn poll(module: i32) -> Status {
        import::poll(module)
    }

    /// Gives a token for the far end of a port that a module has from load: to send and manage for
    /// 0 (stdin), to receive and manage for 1 (stdout) and 2 (stderr). UNAVAILABLE if one of the
    /// two modules has no ports. Besides OK: UNKNOWN, NOT_YOURS, BAD_STATE, QUOTA, UNAVAILABLE.
    pub fn port(module: i32, port: i32) -> Port {
        import::port(module, port)
    }

    /// Puts a running, paused or stopping module into quarantine, which only the host can end.
    /// Besides OK: UNKNOWN, NOT_YOURS, BAD_STATE, QUOTA.
    pub fn quarantine(module: i32) -> Status {
        import::quarantine(module)
    }

    /// Gives a module another program of the cartridge store: it begins anew, with its own number
    /// and files. If there is no such program, it goes on as it is. Besides OK: UNKNOWN, NOT_YOURS,
    /// BAD_STATE, BAD_NAME, QUOTA.
    pub fn replace(module: i32, name: &[u8]) -> Status {
        // SAFETY: pointers and lengths are those of slices, which the host reads or writes during the call only.
        unsafe { import::replace(module, name.as_ptr(), name.len() as u32) }
    }

    /// Lets a paused module go on. Besides OK: UNKNOWN, NOT_YOURS, BAD_STATE, QUOTA.
    pub fn resume(module: i32) -> Status {
        import::resume(module)
    }

    /// Lets a module that is ready begin. Besides OK: UNKNOWN, NOT_YOURS, BAD_STATE, QUOTA.
    pub fn start(module: i32) -> Status {
        import::start(module)
    }

    /// Ends a ready, running or paused module for good. One that runs has so many frames more, at
    /// most 65,535, to end by itself. Besides OK: UNKNOWN, NOT_YOURS, BAD_STATE, QUOTA.
    pub fn stop(module: i32, frames: i32) -> Status {
        import::stop(module, frames)
    }

    /// Lets go of a module that is ready, stopped or trapped, or of a load under way, with all that
    /// it loaded. Its number is never used again. Besides OK: UNKNOWN, NOT_YOURS, BAD_STATE, QUOTA.
    pub fn unload(module: i32) -> Status {
        import::unload(module)
    }

    #[allow(clashing_extern_declarations)] // calls of one name in several domains
    mod import {
        use super::Status;
        #[cfg_attr(target_family = "wasm", link(wasm_import_module = "module"))]
        unsafe extern "C" {
            #[link_name = "info@1"]
            pub safe fn info(module: i32) -> super::Info;
            #[link_name = "list@1"]
            pub safe fn list(index: i32) -> super::List;
            #[link_name = "load@1"]
            pub unsafe fn load(name: *const u8, name_len: u32) -> super::Load;
            #[link_name = "pause@1"]
            pub safe fn pause(module: i32) -> Status;
            #[link_name = "poll@1"]
            pub safe fn poll(module: i32) -> Status;
            #[link_name = "port@1"]
            pub safe fn port(module: i32, port: i32) -> super::Port;
            #[link_name = "quarantine@1"]
            pub safe fn quarantine(module: i32) -> Status;
            #[link_name = "replace@1"]
            pub unsafe fn replace(module: i32, name: *const u8, name_len: u32) -> Status;
            #[link_name = "resume@1"]
            pub safe fn resume(module: i32) -> Status;
            #[link_name = "start@1"]
            pub safe fn start(module: i32) -> Status;
            #[link_name = "stop@1"]
            pub safe fn stop(module: i32, frames: i32) -> Status;
            #[link_name = "unload@1"]
            pub safe fn unload(module: i32) -> Status;
        }
    }
}

/// A virtual network. Datagrams between modules of a machine are there at the next frame boundary;
/// those to another machine (1 or more; what the numbers mean is up to the host) leave with the
/// frame, and those from one come as input. There are no sockets.
pub mod net {
    use super::Status;
    /// Addresses are 1 to 65535, machines 0 or more.
    pub const BAD_ADDRESS: Status = 16;
    /// Somebody has the address.
    pub const TAKEN: Status = 17;
    /// The module does not have the address.
    pub const NOT_BOUND: Status = 18;
    /// Nothing has come.
    pub const EMPTY: Status = 19;
    /// The buffer is too small; nothing was taken.
    pub const TOO_SMALL: Status = 20;
    /// A datagram has at most 1,200 bytes; nothing was sent.
    pub const TOO_LARGE: Status = 21;
    /// Nobody of this machine has the address.
    pub const UNREACHABLE: Status = 22;
    /// There is no room for it; nothing was sent.
    pub const FULL: Status = 23;

    /// What `recv` gives.
    #[derive(Clone, Copy, Debug, PartialEq)]
    #[repr(C)]
    pub struct Recv {
        /// Result `status`.
        pub status: Status,
        /// Result `len`.
        pub len: i32,
        /// Result `machine`.
        pub machine: i32,
        /// Result `from`.
        pub from: i32,
    }

    /// Gives the module an address of the machine, 1 to 65535; as many as its quota allows. Besides
    /// OK: BAD_ADDRESS, TAKEN, QUOTA.
    pub fn bind(address: i32) -> Status {
        import::bind(address)
    }

    /// Gives an address back; what waits there is lost. Besides OK: NOT_BOUND.
    pub fn close(address: i32) -> Status {
        import::close(address)
    }

    /// Takes the first datagram that came to an address: its length, the machine (0 for this one)
    /// and the address that it is from. Besides OK: NOT_BOUND, EMPTY, TOO_SMALL.
    pub fn recv(address: i32, buffer: &mut [u8]) -> Recv {
        // SAFETY: pointers and lengths are those of slices, which the host reads or writes during the call only.
        unsafe { import::recv(address, buffer.as_mut_ptr(), buffer.len() as u32) }
    }

    /// Sends a datagram from an address of the module's own; machine 0 is this one. Whether another
    /// machine gets it, nobody tells. Besides OK: NOT_BOUND, BAD_ADDRESS, UNREACHABLE, TOO_LARGE,
    /// FULL.
    pub fn send(from: i32, machine: i32, to: i32, payload: &[u8]) -> Status {
        // SAFETY: pointers and lengths are those of slices, which the host reads or writes during the call only.
        unsafe { import::send(from, machine, to, payload.as_ptr(), payload.len() as u32) }
    }

    #[allow(clashing_extern_declarations)] // calls of one name in several domains
    mod import {
        use super::Status;
        #[cfg_attr(target_family = "wasm", link(wasm_import_module = "net"))]
        unsafe extern "C" {
            #[link_name = "bind@1"]
            pub safe fn bind(address: i32) -> Status;
            #[link_name = "close@1"]
            pub safe fn close(address: i32) -> Status;
            #[link_name = "recv@1"]
            pub unsafe fn recv(address: i32, buffer: *mut u8, buffer_len: u32) -> super::Recv;
            #[link_name = "send@1"]
            pub unsafe fn send(from: i32, machine: i32, to: i32, payload: *const u8, payload_len: u32) -> Status;
        }
    }
}

/// Messages to the kernel and to other modules (`spec/messages.md`). A *port* is a number in the
/// module's own table; 0 is stdin, 1 stdout, 2 stderr. A *token* is a number in another table of
/// the module: rights on the far end of a port, 1 to send, 2 to receive, 4 to manage, added up;
/// token 1 is the right to ports of one's own. Messages are CBOR of at most 64 KiB and are
/// delivered at the next frame boundary, in the order in which they were sent.
///
/// Not for guests with this header, because they take or give handles: port.receive_bytes@1,
/// port.send_bytes@1.
pub mod port {
    use super::Status;
    /// The module has no port of that number.
    pub const BAD_PORT: Status = 16;
    /// The module has no token of that number, or it was revoked.
    pub const BAD_TOKEN: Status = 17;
    /// The port or token does not give the right to do that.
    pub const NO_RIGHT: Status = 18;
    /// There is no room where the message or its answer would wait.
    pub const FULL: Status = 19;
    /// No message is there.
    pub const EMPTY: Status = 20;
    /// The other end has gone.
    pub const CLOSED: Status = 21;
    /// The buffer is too small for the message; nothing was taken.
    pub const TOO_SMALL: Status = 22;
    /// A message has at most 65,536 bytes; nothing was sent.
    pub const TOO_LARGE: Status = 23;
    /// A name has 1 to 64 printable ASCII characters without spaces.
    pub const BAD_NAME: Status = 24;
    /// Something else has the name.
    pub const TAKEN: Status = 25;
    /// The name stands for nothing that could be had.
    pub const NOT_FOUND: Status = 26;

    /// What `derive` gives.
    #[derive(Clone, Copy, Debug, PartialEq)]
    #[repr(C)]
    pub struct Derive {
        /// Result `status`.
        pub status: Status,
        /// Result `token`.
        pub token: i32,
    }

    /// What `find` gives.
    #[derive(Clone, Copy, Debug, PartialEq)]
    #[repr(C)]
    pub struct Find {
        /// Result `status`.
        pub status: Status,
        /// Result `token`.
        pub token: i32,
    }

    /// What `open` gives.
    #[derive(Clone, Copy, Debug, PartialEq)]
    #[repr(C)]
    pub struct Open {
        /// Result `status`.
        pub status: Status,
        /// Result `port`.
        pub port: i32,
    }

    /// What `poll` gives.
    #[derive(Clone, Copy, Debug, PartialEq)]
    #[repr(C)]
    pub struct Poll {
        /// Result `status`.
        pub status: Status,
        /// Result `messages`.
        pub messages: i32,
        /// Result `len`.
        pub len: i32,
    }

    /// What `receive` gives.
    #[derive(Clone, Copy, Debug, PartialEq)]
    #[repr(C)]
    pub struct Receive {
        /// Result `status`.
        pub status: Status,
        /// Result `len`.
        pub len: i32,
        /// Result `sender`.
        pub sender: i32,
        /// Result `token`.
        pub token: i32,
    }

    /// What `revoke` gives.
    #[derive(Clone, Copy, Debug, PartialEq)]
    #[repr(C)]
    pub struct Revoke {
        /// Result `status`.
        pub status: Status,
        /// Result `revoked`.
        pub revoked: i32,
    }

    /// What `rights` gives.
    #[derive(Clone, Copy, Debug, PartialEq)]
    #[repr(C)]
    pub struct Rights {
        /// Result `status`.
        pub status: Status,
        /// Result `rights`.
        pub rights: i32,
    }

    /// What `token` gives.
    #[derive(Clone, Copy, Debug, PartialEq)]
    #[repr(C)]
    pub struct Token {
        /// Result `status`.
        pub status: Status,
        /// Result `token`.
        pub token: i32,
    }

    /// Makes another token of one that may be managed, with no more rights. Besides OK: BAD_TOKEN,
    /// NO_RIGHT, QUOTA.
    pub fn derive(token: i32, rights: i32) -> Derive {
        import::derive(token, rights)
    }

    /// Lets go of a token, and closes ports that were opened with it. What was derived from it
    /// stays. Besides OK: BAD_TOKEN.
    pub fn drop(token: i32) -> Status {
        import::drop(token)
    }

    /// Gives a token with the rights of the one that was published under a name, derived from it.
    /// Besides OK: NOT_FOUND, QUOTA.
    pub fn find(name: &[u8]) -> Find {
        // SAFETY: pointers and lengths are those of slices, which the host reads or writes during the call only.
        unsafe { import::find(name.as_ptr(), name.len() as u32) }
    }

    /// Opens a port: the far end that the token names, for as long as the module has the token;
    /// with token 1 a new one of the module's own. Besides OK: BAD_TOKEN, NO_RIGHT, CLOSED, QUOTA.
    pub fn open(token: i32) -> Open {
        import::open(token)
    }

    /// Tells how many messages wait to be received, and the length of the first. Besides OK:
    /// BAD_PORT, NO_RIGHT, EMPTY, CLOSED.
    pub fn poll(port: i32) -> Poll {
        import::poll(port)
    }

    /// Puts a token into the machine's directory under a name, which takes it out of the module's
    /// table; as many names as its quota allows. Besides OK: BAD_TOKEN, BAD_NAME, TAKEN, NO_RIGHT,
    /// QUOTA.
    pub fn publish(name: &[u8], token: i32) -> Status {
        // SAFETY: pointers and lengths are those of slices, which the host reads or writes during the call only.
        unsafe { import::publish(name.as_ptr(), name.len() as u32, token) }
    }

    /// Takes the first message: its length, the number of the module that sent it (-1 for the
    /// kernel and the host), and the token that came with it, or 0. QUOTA if there is no room for
    /// the token. Besides OK: BAD_PORT, NO_RIGHT, EMPTY, CLOSED, TOO_SMALL, QUOTA.
    pub fn receive(port: i32, buffer: &mut [u8]) -> Receive {
        // SAFETY: pointers and lengths are those of slices, which the host reads or writes during the call only.
        unsafe { import::receive(port, buffer.as_mut_ptr(), buffer.len() as u32) }
    }

    /// Gives a port back; the other end finds it closed. The first three stay. Besides OK:
    /// BAD_PORT, NO_RIGHT.
    pub fn release(port: i32) -> Status {
        import::release(port)
    }

    /// Ends all tokens that were derived from a token, whoever has them, and closes the ports that
    /// were opened with them; gives their number, each of which counts as a byte. Besides OK:
    /// BAD_TOKEN.
    pub fn revoke(token: i32) -> Revoke {
        import::revoke(token)
    }

    /// Tells the rights that a token gives. Besides OK: BAD_TOKEN.
    pub fn rights(token: i32) -> Rights {
        import::rights(token)
    }

    /// Sends a message; on stdin to the kernel, which does what it asks for at that price on top
    /// and answers on stdout or stderr. A message that is no CBOR is answered on stderr. Besides
    /// OK: BAD_PORT, NO_RIGHT, FULL, CLOSED, TOO_LARGE.
    pub fn send(port: i32, message: &[u8]) -> Status {
        // SAFETY: pointers and lengths are those of slices, which the host reads or writes during the call only.
        unsafe { import::send(port, message.as_ptr(), message.len() as u32) }
    }

    /// Makes a token for the far end of one of the module's own ports: to send is to send to the
    /// module, to receive is to get what it sends. Besides OK: BAD_PORT, NO_RIGHT, QUOTA.
    pub fn token(port: i32, rights: i32) -> Token {
        import::token(port, rights)
    }

    /// Sends a message and a token with it, which leaves the module's table; ports that were opened
    /// with it are closed. Besides OK: BAD_PORT, BAD_TOKEN, NO_RIGHT, FULL, CLOSED, TOO_LARGE.
    pub fn transfer(port: i32, token: i32, message: &[u8]) -> Status {
        // SAFETY: pointers and lengths are those of slices, which the host reads or writes during the call only.
        unsafe { import::transfer(port, token, message.as_ptr(), message.len() as u32) }
    }

    /// Takes a name that the module published, and its token, out of the directory. What others
    /// derived from it stays. Besides OK: NOT_FOUND.
    pub fn withdraw(name: &[u8]) -> Status {
        // SAFETY: pointers and lengths are those of slices, which the host reads or writes during the call only.
        unsafe { import::withdraw(name.as_ptr(), name.len() as u32) }
    }

    #[allow(clashing_extern_declarations)] // calls of one name in several domains
    mod import {
        use super::Status;
        #[cfg_attr(target_family = "wasm", link(wasm_import_module = "port"))]
        unsafe extern "C" {
            #[link_name = "derive@1"]
            pub safe fn derive(token: i32, rights: i32) -> super::Derive;
            #[link_name = "drop@1"]
            pub safe fn drop(token: i32) -> Status;
            #[link_name = "find@1"]
            pub unsafe fn find(name: *const u8, name_len: u32) -> super::Find;
            #[link_name = "open@1"]
            pub safe fn open(token: i32) -> super::Open;
            #[link_name = "poll@1"]
            pub safe fn poll(port: i32) -> super::Poll;
            #[link_name = "publish@1"]
            pub unsafe fn publish(name: *const u8, name_len: u32, token: i32) -> Status;
            #[link_name = "receive@1"]
            pub unsafe fn receive(port: i32, buffer: *mut u8, buffer_len: u32) -> super::Receive;
            #[link_name = "release@1"]
            pub safe fn release(port: i32) -> Status;
            #[link_name = "revoke@1"]
            pub safe fn revoke(token: i32) -> super::Revoke;
            #[link_name = "rights@1"]
            pub safe fn rights(token: i32) -> super::Rights;
            #[link_name = "send@1"]
            pub unsafe fn send(port: i32, message: *const u8, message_len: u32) -> Status;
            #[link_name = "token@1"]
            pub safe fn token(port: i32, rights: i32) -> super::Token;
            #[link_name = "transfer@1"]
            pub unsafe fn transfer(port: i32, token: i32, message: *const u8, message_len: u32) -> Status;
            #[link_name = "withdraw@1"]
            pub unsafe fn withdraw(name: *const u8, name_len: u32) -> Status;
        }
    }
}

/// The module itself, as one among others.
pub mod proc {
    use super::Status;
    /// The host loaded the module; no module supervises it.
    pub const NO_SUPERVISOR: Status = 16;
    /// The module's state does not allow it; nothing was asked for.
    pub const BAD_STATE: Status = 17;

    /// What `parent` gives.
    #[derive(Clone, Copy, Debug, PartialEq)]
    #[repr(C)]
    pub struct Parent {
        /// Result `status`.
        pub status: Status,
        /// Result `module`.
        pub module: i32,
    }

    /// What `quota` gives.
    #[derive(Clone, Copy, Debug, PartialEq)]
    #[repr(C)]
    pub struct Quota {
        /// Result `used`.
        pub used: i64,
        /// Result `limit`.
        pub limit: i64,
    }

    /// Gives the module's number.
    pub fn id() -> i32 {
        import::id()
    }

    /// Gives the number of the module that loaded this one. Besides OK: NO_SUPERVISOR.
    pub fn parent() -> Parent {
        import::parent()
    }

    /// Pauses the module from the end of the frame on, until its supervisor resumes it. Besides OK:
    /// NO_SUPERVISOR, BAD_STATE, QUOTA.
    pub fn pause() -> Status {
        import::pause()
    }

    /// Gives what is used of a quota, and the quota: `kind` 0 modules that it loaded and that these
    /// loaded, 1 open requests, 2 bytes of storage (0 and 0 for a module without).
    pub fn quota(kind: i32) -> Quota {
        import::quota(kind)
    }

    /// Ends the module for good, `frames` frames, at most 65,535, after this one. Besides OK:
    /// BAD_STATE, QUOTA.
    pub fn stop(frames: i32) -> Status {
        import::stop(frames)
    }

    /// Gives the number of frames that are left to a module that is being stopped, this one
    /// included; 0 if it is not.
    pub fn stopping() -> i32 {
        import::stopping()
    }

    #[allow(clashing_extern_declarations)] // calls of one name in several domains
    mod import {
        use super::Status;
        #[cfg_attr(target_family = "wasm", link(wasm_import_module = "proc"))]
        unsafe extern "C" {
            #[link_name = "id@1"]
            pub safe fn id() -> i32;
            #[link_name = "parent@1"]
            pub safe fn parent() -> super::Parent;
            #[link_name = "pause@1"]
            pub safe fn pause() -> Status;
            #[link_name = "quota@1"]
            pub safe fn quota(kind: i32) -> super::Quota;
            #[link_name = "stop@1"]
            pub safe fn stop(frames: i32) -> Status;
            #[link_name = "stopping@1"]
            pub safe fn stopping() -> i32;
        }
    }
}

/// The module's own figures.
pub mod telemetry {
    use super::Status;
    /// The span is too small for the record; nothing was written.
    pub const TOO_SMALL: Status = 16;
    /// A name has 1 to 32 printable ASCII characters; nothing was counted.
    pub const BAD_NAME: Status = 17;
    /// No zone is open.
    pub const NO_ZONE: Status = 18;

    /// Opens a named zone, inside those that are open: a profile shows what is spent in it. QUOTA
    /// if 16 are open. A zone stays open beyond the frame. Besides OK: BAD_NAME, QUOTA.
    pub fn begin(name: &[u8]) -> Status {
        // SAFETY: pointers and lengths are those of slices, which the host reads or writes during the call only.
        unsafe { import::begin(name.as_ptr(), name.len() as u32) }
    }

    /// Reports a named number of this frame; at most 64 in a frame. Besides OK: BAD_NAME, QUOTA.
    pub fn counter(name: &[u8], value: i64) -> Status {
        // SAFETY: pointers and lengths are those of slices, which the host reads or writes during the call only.
        unsafe { import::counter(name.as_ptr(), name.len() as u32, value) }
    }

    /// Closes the zone that was opened last. Besides OK: NO_ZONE.
    pub fn end() -> Status {
        import::end()
    }

    /// Writes figures of the module's frame before this one as eight u64: number of the frame,
    /// cycles, budget, syscalls, bytes and objects allocated, collector cycles, overruns so far.
    /// UNAVAILABLE in a module's first frame. Besides OK: TOO_SMALL, UNAVAILABLE.
    pub fn frame(record: &mut [u8]) -> Status {
        // SAFETY: pointers and lengths are those of slices, which the host reads or writes during the call only.
        unsafe { import::frame(record.as_mut_ptr(), record.len() as u32) }
    }

    #[allow(clashing_extern_declarations)] // calls of one name in several domains
    mod import {
        use super::Status;
        #[cfg_attr(target_family = "wasm", link(wasm_import_module = "telemetry"))]
        unsafe extern "C" {
            #[link_name = "begin@1"]
            pub unsafe fn begin(name: *const u8, name_len: u32) -> Status;
            #[link_name = "counter@1"]
            pub unsafe fn counter(name: *const u8, name_len: u32, value: i64) -> Status;
            #[link_name = "end@1"]
            pub safe fn end() -> Status;
            #[link_name = "frame@1"]
            pub unsafe fn frame(record: *mut u8, record_len: u32) -> Status;
        }
    }
}

/// The imports of WASM-4 games, by `wasm4.md`. Drawing is clipped and goes to the framebuffer in
/// the module's memory, with the draw colours that are there. A row that draws traps if the memory
/// does not hold all of the framebuffer.
pub mod wasm4 {

    /// Draws a sprite of 1 or 2 bits a pixel.
    pub fn blit(sprite: i32, x: i32, y: i32, width: i32, height: i32, flags: i32) {
        import::blit(sprite, x, y, width, height, flags)
    }

    /// Draws a rectangle of a sprite whose rows are `stride` pixels apart.
    #[allow(clippy::too_many_arguments)] // as many as the syscall has
    pub fn blit_sub(sprite: i32, x: i32, y: i32, width: i32, height: i32, src_x: i32, src_y: i32, stride: i32, flags: i32) {
        import::blit_sub(sprite, x, y, width, height, src_x, src_y, stride, flags)
    }

    /// Reads from the start of the disk; gives the number of bytes read.
    pub fn diskr(to: &mut [u8]) -> i32 {
        // SAFETY: pointers and lengths are those of slices, which the host reads or writes during the call only.
        unsafe { import::diskr(to.as_mut_ptr(), to.len() as u32) }
    }

    /// Replaces the disk by at most 1,024 bytes; gives their number, or 0 if the storage does not
    /// take them.
    pub fn diskw(from: &[u8]) -> i32 {
        // SAFETY: pointers and lengths are those of slices, which the host reads or writes during the call only.
        unsafe { import::diskw(from.as_ptr(), from.len() as u32) }
    }

    /// Draws a line to the right.
    pub fn hline(x: i32, y: i32, len: i32) {
        import::hline(x, y, len)
    }

    /// Draws a line; both ends belong to it.
    pub fn line(x1: i32, y1: i32, x2: i32, y2: i32) {
        import::line(x1, y1, x2, y2)
    }

    /// Draws an oval that fills a rectangle.
    pub fn oval(x: i32, y: i32, width: i32, height: i32) {
        import::oval(x, y, width, height)
    }

    /// Draws a rectangle and its outline.
    pub fn rect(x: i32, y: i32, width: i32, height: i32) {
        import::rect(x, y, width, height)
    }

    /// Draws the characters up to a byte 0.
    pub fn text(text: i32, x: i32, y: i32) {
        import::text(text, x, y)
    }

    /// Draws a character for every two bytes.
    pub fn text_utf16(text: &[u8], x: i32, y: i32) {
        // SAFETY: pointers and lengths are those of slices, which the host reads or writes during the call only.
        unsafe { import::text_utf16(text.as_ptr(), text.len() as u32, x, y) }
    }

    /// Draws a character for every byte.
    pub fn text_utf8(text: &[u8], x: i32, y: i32) {
        // SAFETY: pointers and lengths are those of slices, which the host reads or writes during the call only.
        unsafe { import::text_utf8(text.as_ptr(), text.len() as u32, x, y) }
    }

    /// Starts a tone on one of the four channels.
    pub fn tone(frequency: i32, duration: i32, volume: i32, flags: i32) {
        import::tone(frequency, duration, volume, flags)
    }

    /// Logs the UTF-8 text up to a byte 0.
    pub fn trace(text: i32) {
        import::trace(text)
    }

    /// Logs UTF-16 text.
    pub fn trace_utf16(text: &[u8]) {
        // SAFETY: pointers and lengths are those of slices, which the host reads or writes during the call only.
        unsafe { import::trace_utf16(text.as_ptr(), text.len() as u32) }
    }

    /// Logs UTF-8 text.
    pub fn trace_utf8(text: &[u8]) {
        // SAFETY: pointers and lengths are those of slices, which the host reads or writes during the call only.
        unsafe { import::trace_utf8(text.as_ptr(), text.len() as u32) }
    }

    /// Logs text in which `%c`, `%d`, `%x`, `%s` and `%f` stand for values at `args`.
    pub fn tracef(format: i32, args: i32) {
        import::tracef(format, args)
    }

    /// Draws a line downwards.
    pub fn vline(x: i32, y: i32, len: i32) {
        import::vline(x, y, len)
    }

    #[allow(clashing_extern_declarations)] // calls of one name in several domains
    mod import {
        #[cfg_attr(target_family = "wasm", link(wasm_import_module = "wasm4"))]
        unsafe extern "C" {
            #[link_name = "blit@1"]
            pub safe fn blit(sprite: i32, x: i32, y: i32, width: i32, height: i32, flags: i32);
            #[link_name = "blit_sub@1"]
            pub safe fn blit_sub(sprite: i32, x: i32, y: i32, width: i32, height: i32, src_x: i32, src_y: i32, stride: i32, flags: i32);
            #[link_name = "diskr@1"]
            pub unsafe fn diskr(to: *mut u8, to_len: u32) -> i32;
            #[link_name = "diskw@1"]
            pub unsafe fn diskw(from: *const u8, from_len: u32) -> i32;
            #[link_name = "hline@1"]
            pub safe fn hline(x: i32, y: i32, len: i32);
            #[link_name = "line@1"]
            pub safe fn line(x1: i32, y1: i32, x2: i32, y2: i32);
            #[link_name = "oval@1"]
            pub safe fn oval(x: i32, y: i32, width: i32, height: i32);
            #[link_name = "rect@1"]
            pub safe fn rect(x: i32, y: i32, width: i32, height: i32);
            #[link_name = "text@1"]
            pub safe fn text(text: i32, x: i32, y: i32);
            #[link_name = "text_utf16@1"]
            pub unsafe fn text_utf16(text: *const u8, text_len: u32, x: i32, y: i32);
            #[link_name = "text_utf8@1"]
            pub unsafe fn text_utf8(text: *const u8, text_len: u32, x: i32, y: i32);
            #[link_name = "tone@1"]
            pub safe fn tone(frequency: i32, duration: i32, volume: i32, flags: i32);
            #[link_name = "trace@1"]
            pub safe fn trace(text: i32);
            #[link_name = "trace_utf16@1"]
            pub unsafe fn trace_utf16(text: *const u8, text_len: u32);
            #[link_name = "trace_utf8@1"]
            pub unsafe fn trace_utf8(text: *const u8, text_len: u32);
            #[link_name = "tracef@1"]
            pub safe fn tracef(format: i32, args: i32);
            #[link_name = "vline@1"]
            pub safe fn vline(x: i32, y: i32, len: i32);
        }
    }
}
