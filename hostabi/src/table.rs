//! **The** syscall table. Everything that has to know the syscalls derives from it: the catalogue, the look-up
//! by id, checks of signatures, the traits with a method per row that the kernel implements, validation of
//! arguments, cost, and the chapter `spec/syscalls.md`.
//!
//! Rows stand in blocks, a block per domain. A row reads
//!
//! ```text
//! Variant method "domain.name@version" (param: Kind, ...) -> (result: Kind, ...)
//!     Capability [statuses] [traps] BASE + (CYCLES / UNITS Unit) Mode
//!     "one line of meaning";
//! ```
//!
//! * *Kinds* are the types that implement [`crate::ParamKind`] and [`crate::ResultKind`].
//! * *statuses* are what the row can return besides `Ok`, and besides `Denied` and `Quarantined`, which the
//!   policy can make of any call that has a status.
//! * *traps* are those of the handler; those of the kinds come by themselves.
//! * The cost formula is [`crate::Cost`]; the part in parentheses is missing where work does not vary.
//!
//! # Grammar of ids
//!
//! A domain and a name of lower-case words joined by `_`, a name of `noun` or `verb` alone or `noun_detail`
//! (`rect`, `rect_fill`). A row that can fail in normal operation returns `status` first. A changed signature is
//! a new row with the next version; the old row stays. A row that is taken out goes to [`crate::RETIRED`].
//!
//! Domains and ids are sorted; it does not compile otherwise.

/// Calls `$callback!` with every row of the table (see the module documentation for the form of a row).
#[macro_export]
macro_rules! for_each_syscall {
    ($callback:path) => {
        $callback! {

            domain Asset "asset" "Named blobs of the cartridge, numbered by their names in ascending order. A cartridge that declares `asset` \
                loads its assets itself: none is there before it was requested and published. Without the capability all are \
                there from the start." {
                AssetFind find "asset.find@1" (name: Span) -> (status: Status, asset: i32)
                    Asset [AssetNotFound] [] 40 + (1 / 8 Byte) Immediate
                    "Finds the number of the asset with a name.";
                AssetInfo info "asset.info@1" (asset: i32) -> (status: Status, len: i32)
                    Asset [AssetNotFound, AssetNotLoaded] [] 10 Immediate
                    "Gives the length of a loaded asset in bytes.";
                AssetPoll poll "asset.poll@1" (asset: i32) -> (status: Status)
                    Asset [AssetNotFound, AssetNotLoaded, Pending] [] 10 Immediate
                    "Tells whether an asset is there: OK, PENDING if it was requested, NOT_LOADED if not.";
                AssetRead read "asset.read@1" (asset: i32, offset: i32, buffer: SpanMut) -> (status: Status, len: i32)
                    Asset [AssetNotFound, AssetNotLoaded, AssetOutside] [] 30 + (1 / 8 Byte) Immediate
                    "Copies a loaded asset from `offset` on, as much as there is and the buffer takes, and gives the number of bytes; OUTSIDE if it is shorter than `offset`.";
                AssetReadBytes read_bytes "asset.read_bytes@1" (asset: i32) -> (status: Status, content: Object)
                    Asset [AssetNotFound, AssetNotLoaded, Quota] [] 60 + (1 / 8 Byte) Immediate
                    "Gives a loaded asset as a new byte string; QUOTA if the heap has no room for it.";
                AssetRelease release "asset.release@1" (asset: i32) -> (status: Status)
                    Asset [AssetNotFound, AssetNotLoaded] [] 20 Immediate
                    "Lets go of a loaded asset; it can be requested again.";
                AssetRequest request "asset.request@1" (asset: i32) -> (status: Status)
                    Asset [AssetNotFound, AssetAlreadyLoaded, Pending, Quota, Unavailable] [] 100 Staged
                    "Asks for an asset; PENDING if that was done before, QUOTA if too many requests are open, UNAVAILABLE if the host does not have its content.";
            }

            domain Audio "audio" "Eight voices, mixed to 44,100 stereo samples a second; a frame has 735 (`spec/audio.md`). A *pitch* is in 1/256 \
                semitones: 256 times a MIDI note, so 69 * 256 is the A of 440 Hz. It goes from 0 to 34815; volumes, sustain and duty \
                go from 0 to 255, pan from -128 (left) to 128, times from 0 to 60,000 ms. A value outside is taken as the nearest inside. \
                What a call changes is heard from the first sample of its frame on. An *instrument* (0 to 31) says how a note sounds; \
                those that nobody has set are pulses of duty 128, but 1 is a pulse of duty 64, 2 one of 32, 3 the triangle, 4 noise, \
                5 noise of mode 1; their envelope is 2, 0, 255, 50. A *voice* is what `audio.play` gave for a note; the number is \
                above 0 and means no other note later." {
                AudioCut cut "audio.cut@1" (voice: i32) -> (status: Status)
                    Audio [AudioNotPlaying] [] 10 Immediate
                    "Ends a note at once, whatever its envelope says.";
                AudioEnvelope envelope "audio.envelope@1" (instrument: i32, attack: i32, decay: i32, sustain: i32, release: i32) -> (status: Status)
                    Audio [AudioBadInstrument] [] 10 Immediate
                    "Sets how the notes of an instrument rise to full level, fall to the sustained one, and fade when they end; times in ms. A note whose sustain is 0 ends after its decay.";
                AudioFree free "audio.free@1" () -> (voices: i32)
                    Audio [] [] 5 Immediate
                    "Gives the number of voices that play nothing.";
                AudioMaster master "audio.master@1" (volume: i32) -> ()
                    Audio [] [] 5 Immediate
                    "Sets the volume of everything; 255 at the start.";
                AudioMasterGet master_get "audio.master_get@1" () -> (volume: i32)
                    Audio [] [] 5 Immediate
                    "Gives the volume of everything.";
                AudioNoise noise "audio.noise@1" (instrument: i32, mode: i32) -> (status: Status)
                    Audio [AudioBadInstrument] [BadArgument] 10 Immediate
                    "Makes an instrument noise whose values change 16 times in a period; `mode` 0 rushes, 1 repeats after 127 values and has a tone.";
                AudioPan pan "audio.pan@1" (voice: i32, pan: i32) -> (status: Status)
                    Audio [AudioNotPlaying] [] 10 Immediate
                    "Sets where a note is between left and right.";
                AudioPitch pitch "audio.pitch@1" (voice: i32, pitch: i32) -> (status: Status)
                    Audio [AudioNotPlaying] [] 10 Immediate
                    "Sets the pitch of a note and ends a slide of it.";
                AudioPitchOf pitch_of "audio.pitch_of@1" (millihertz: i32) -> (pitch: i32)
                    Audio [] [] 30 Immediate
                    "Gives the pitch nearest to a frequency in 1/1000 Hz, at most 0.012 % from it; 440,000 is 17664.";
                AudioPlay play "audio.play@1" (instrument: i32, pitch: i32, volume: i32, pan: i32, frames: i32, flags: i32) -> (status: Status, voice: i32)
                    Audio [AudioNoVoice, AudioBadInstrument] [BadArgument] 40 Immediate
                    "Plays a note that is released after `frames` frames; below 1, when `audio.stop` says so. `flags`: 1 takes the voice of another note if none is free: of the one that was played first, but before that of one that fades out; 2 protects the note from that. NO_VOICE if no voice is free.";
                AudioPulse pulse "audio.pulse@1" (instrument: i32, duty: i32) -> (status: Status)
                    Audio [AudioBadInstrument] [] 10 Immediate
                    "Makes an instrument a pulse that is high for `duty`, at least 1, of 256 parts of a period.";
                AudioSample sample "audio.sample@1" (instrument: i32, asset: i32, root: i32) -> (status: Status)
                    Audio [AudioBadInstrument, AudioNotFound, AudioNotLoaded, AudioBadSample] [] 60 Immediate
                    "Makes an instrument the recording in a WAV asset (integers of 8 to 32 bits, one or two channels), which is heard as recorded at the pitch `root`. It ends when it has been played once.";
                AudioSampleLoop sample_loop "audio.sample_loop@1" (instrument: i32, start: i32, end: i32) -> (status: Status)
                    Audio [AudioBadInstrument, AudioBadLoop] [] 10 Immediate
                    "Lets an instrument's recording repeat its samples from `start` up to, not including, `end`; with `end` 0 it is played once.";
                AudioSampleRaw sample_raw "audio.sample_raw@1" (instrument: i32, asset: i32, bits: i32, rate: i32, root: i32) -> (status: Status)
                    Audio [AudioBadInstrument, AudioNotFound, AudioNotLoaded, AudioBadSample] [BadArgument] 60 Immediate
                    "As `audio.sample`, with an asset that is nothing but samples: `bits` 8 (unsigned) or 16 (signed, little-endian), `rate` 1 to 192000 a second.";
                AudioSlide slide "audio.slide@1" (voice: i32, pitch: i32, frames: i32) -> (status: Status)
                    Audio [AudioNotPlaying] [] 10 Immediate
                    "Lets the pitch of a note go evenly to another one in `frames` frames, at most 65,535; below 1 it is there at once.";
                AudioState state "audio.state@1" (voice: i32) -> (status: Status, stage: i32, pitch: i32, level: i32)
                    Audio [AudioNotPlaying] [] 10 Immediate
                    "Tells how a note does: stage 1 attack, 2 decay, 3 sustain, 4 release; its pitch; its level, 0 to 255.";
                AudioStop stop "audio.stop@1" (voice: i32) -> (status: Status)
                    Audio [AudioNotPlaying] [] 10 Immediate
                    "Releases a note: it fades out as its envelope says, if it does not already.";
                AudioStopAll stop_all "audio.stop_all@1" () -> ()
                    Audio [] [] 20 Immediate
                    "Ends all notes at once.";
                AudioTriangle triangle "audio.triangle@1" (instrument: i32) -> (status: Status)
                    Audio [AudioBadInstrument] [] 10 Immediate
                    "Makes an instrument a triangle.";
                AudioVolume volume "audio.volume@1" (voice: i32, volume: i32) -> (status: Status)
                    Audio [AudioNotPlaying] [] 10 Immediate
                    "Sets the volume of a note.";
            }

            domain Completion "completion" "Given bytes, the completion that begins with them (`spec/completion.md`). The completer with the longest prefix is \
                asked: the kernel's own, or a module that provides one." {
                CompletionAnswer answer "completion.answer@1" (request: i32, completion: Span) -> (status: Status)
                    Completion [CompletionUnknown, CompletionOther, CompletionTooLarge] [] 40 + (1 / 4 Byte) Immediate
                    "Answers a request that was taken; who made it can read it in the next frame.";
                CompletionClose close "completion.close@1" (completion: i32) -> (status: Status)
                    Completion [CompletionUnknown] [] 20 Immediate
                    "Lets go of a request, in whatever state it is.";
                CompletionOpen open "completion.open@1" () -> (status: Status, completion: i32)
                    Completion [Quota] [] 40 Immediate
                    "Begins a request and gives its number; as many as the quota of the module allows.";
                CompletionProvide provide "completion.provide@1" (prefix: Span) -> (status: Status)
                    Completion [CompletionBadPrefix, CompletionTaken, Quota] [] 80 Immediate
                    "Makes the module the completer of requests that begin with a prefix; as many prefixes as its quota allows.";
                CompletionRead read "completion.read@1" (completion: i32, buffer: SpanMut) -> (status: Status, len: i32)
                    Completion [Pending, CompletionUnknown, CompletionNotSubmitted, CompletionBroken, CompletionTooSmall] [] 30 + (1 / 4 Byte) Immediate
                    "Copies the completion, which begins with the bytes of the request, and gives its length; it can be read again.";
                CompletionRefuse refuse "completion.refuse@1" (request: i32) -> (status: Status)
                    Completion [CompletionUnknown] [] 30 Immediate
                    "Breaks the promise of a request that was taken.";
                CompletionSubmit submit "completion.submit@1" (completion: i32) -> (status: Status)
                    Completion [CompletionUnknown, CompletionSubmitted] [] 100 + (4 / 1 Byte) Staged
                    "Asks for the completion of what was written.";
                CompletionTake take "completion.take@1" (buffer: SpanMut) -> (status: Status, request: i32, len: i32)
                    Completion [CompletionNone, CompletionTooSmall] [] 60 + (1 / 4 Byte) Immediate
                    "Takes the next request that the module has to answer, in the order in which they were submitted before this frame.";
                CompletionWithdraw withdraw "completion.withdraw@1" (prefix: Span) -> (status: Status)
                    Completion [CompletionBadPrefix] [] 40 Immediate
                    "Ends what `completion.provide` began; requests that were submitted before are still the module's to answer.";
                CompletionWrite write "completion.write@1" (completion: i32, bytes: Span) -> (status: Status)
                    Completion [CompletionUnknown, CompletionSubmitted, CompletionTooLarge] [] 30 + (1 / 4 Byte) Immediate
                    "Appends bytes to a request.";
            }

            domain Fs "fs" "The module's files. Calls that name files issue a request and give its id, which is positive; what came of it is \
                published at a frame boundary, in the order of issue. `poll` tells: PENDING, or how it ended, which also ends the \
                request, except for a result that waits to be taken with `take` or `take_bytes`. Paths are 1 to 255 bytes: names of \
                `a` to `z`, `0` to `9`, `_`, `-` and `.`, joined by `/` (`spec/storage.md`)." {
                FsClose close "fs.close@1" (request: i32) -> (status: Status)
                    Fs [FsUnknownRequest] [] 20 Immediate
                    "Lets go of a request and of its result; what was asked for is done nevertheless.";
                FsDelete delete "fs.delete@1" (path: Span) -> (status: Status, request: i32)
                    Fs [FsBadPath, FsReadOnly, Quota] [] 100 + (1 / 4 Byte) Staged
                    "Asks for a file to be deleted.";
                FsDisk disk "fs.disk@1" () -> (status: Status)
                    Fs [FsFull, FsReadOnly, FsDiskFailed] [] 10 Immediate
                    "Tells how the host's disk behind the storage is; files of the module are unharmed, but may be gone when the host ends.";
                FsList list "fs.list@1" (folder: Span) -> (status: Status, request: i32)
                    Fs [FsBadPath, Quota] [] 100 + (1 / 4 Byte) Staged
                    "Asks for the names in a folder, an empty path for the outermost: sorted, each followed by byte 10, those of folders with `/` at their end.";
                FsPoll poll "fs.poll@1" (request: i32) -> (status: Status, len: i32)
                    Fs [Pending, FsUnknownRequest, FsNotFound, FsConflict, FsFull, FsTooSmall] [] 20 + (1 / 8 Byte) Immediate
                    "Tells what became of a request and how long its result is; TOO_SMALL if the byte string that it was to be read into is shorter, then it waits to be taken.";
                FsRead read "fs.read@1" (path: Span) -> (status: Status, request: i32)
                    Fs [FsBadPath, Quota] [] 100 + (1 / 4 Byte) Staged
                    "Asks for the content of a file.";
                FsReadBytes read_bytes "fs.read_bytes@1" (path: Span, buffer: Bytes) -> (status: Status, request: i32)
                    Fs [FsBadPath, Quota] [] 120 + (1 / 4 Byte) Staged
                    "As `fs.read`; the first `poll` that finds it done copies the content to the start of `buffer`, which the host keeps until then.";
                FsSpace space "fs.space@1" () -> (used: i64, quota: i64)
                    Fs [] [] 10 Immediate
                    "Gives the bytes of storage that are used, and how many can be: a file counts its content, its path, and 64.";
                FsStat stat "fs.stat@1" (path: Span) -> (status: Status, request: i32)
                    Fs [FsBadPath, Quota] [] 100 + (1 / 4 Byte) Staged
                    "Asks what a path names; the result is two u64: 1 for a file or 2 for a folder, then the length of the file in bytes or the number of names in the folder.";
                FsTake take "fs.take@1" (request: i32, buffer: SpanMut) -> (status: Status, len: i32)
                    Fs [Pending, FsUnknownRequest, FsNotFound, FsConflict, FsFull, FsTooSmall] [] 20 + (1 / 8 Byte) Immediate
                    "As `fs.poll`, and copies the result to the buffer, which ends the request; TOO_SMALL if it does not fit, then it waits on.";
                FsTakeBytes take_bytes "fs.take_bytes@1" (request: i32) -> (status: Status, content: Object)
                    Fs [Pending, FsUnknownRequest, FsNotFound, FsConflict, FsFull, Quota] [] 60 + (1 / 8 Byte) Immediate
                    "As `fs.take`, with the result as a new byte string; QUOTA if the heap has no room for it, then it waits on.";
                FsWrite write "fs.write@1" (path: Span, content: Span) -> (status: Status, request: i32)
                    Fs [FsBadPath, FsFull, FsReadOnly, Quota] [] 150 + (1 / 4 Byte) Staged
                    "Asks for a file to be written, whole, over one that is there; FULL at once if it is longer than the storage, QUOTA also if so much is being written already.";
                FsWriteBytes write_bytes "fs.write_bytes@1" (path: Span, content: Bytes) -> (status: Status, request: i32)
                    Fs [FsBadPath, FsFull, FsReadOnly, Quota] [] 150 + (1 / 4 Byte) Staged
                    "As `fs.write`, with the content in a byte string.";
            }

            domain Gfx "gfx" "Drawing on the module's surface of 8-bit palette indices. A colour is the low 8 bits of its argument. \
                Coordinates are reduced by the camera, then clipped. Sizes below 1 have no pixels. A sprite's `transparent` is the \
                index that is not drawn, or -1. `flags`: 1 mirrors left to right, 2 top to bottom, 4 then turns a quarter clockwise. \
                A cartridge that uses these needs a video mode." {
                GfxCamera camera "gfx.camera@1" (x: i32, y: i32) -> ()
                    Gfx [] [] 5 Immediate
                    "Sets the place that is drawn at the surface's top left corner.";
                GfxCircle circle "gfx.circle@1" (x: i32, y: i32, radius: i32, color: i32) -> ()
                    Gfx [] [] 30 + (8 / 1 Row) Immediate
                    "Draws the rim of a disc of diameter 2 * radius + 1; a radius below 0 has no pixels.";
                GfxCircleFill circle_fill "gfx.circle_fill@1" (x: i32, y: i32, radius: i32, color: i32) -> ()
                    Gfx [] [] 20 + (6 / 1 Row) Immediate
                    "Draws a disc of diameter 2 * radius + 1; a radius below 0 has no pixels.";
                GfxClear clear "gfx.clear@1" (color: i32) -> ()
                    Gfx [] [] 10 + (1 / 16 Pixel) Immediate
                    "Fills the whole surface, whatever clip and camera are.";
                GfxClip clip "gfx.clip@1" (x: i32, y: i32, width: i32, height: i32) -> ()
                    Gfx [] [] 5 Immediate
                    "Limits drawing to a rectangle of the surface (the camera has no part in it).";
                GfxImage image "gfx.image@1" (asset: i32, x: i32, y: i32, transparent: i32, flags: i32) -> (status: Status)
                    Gfx [GfxNotFound, GfxNotLoaded, GfxBadImage] [BadArgument] 20 + (1 / 2 Pixel) Immediate
                    "Draws an image asset as a sprite.";
                GfxImageSize image_size "gfx.image_size@1" (asset: i32) -> (status: Status, width: i32, height: i32)
                    Gfx [GfxNotFound, GfxNotLoaded, GfxBadImage] [] 10 Immediate
                    "Gives the size of an image asset.";
                GfxImageSub image_sub "gfx.image_sub@1" (asset: i32, src_x: i32, src_y: i32, width: i32, height: i32, x: i32, y: i32, transparent: i32, flags: i32) -> (status: Status)
                    Gfx [GfxNotFound, GfxNotLoaded, GfxBadImage, GfxOutside] [BadArgument] 20 + (1 / 2 Pixel) Immediate
                    "Draws a rectangle of an image asset as a sprite; OUTSIDE if not all of it is in the image.";
                GfxLine line "gfx.line@1" (x1: i32, y1: i32, x2: i32, y2: i32, color: i32) -> ()
                    Gfx [] [] 20 + (1 / 1 Pixel) Immediate
                    "Draws a line; both ends belong to it.";
                GfxPalette palette "gfx.palette@1" (index: i32, rgb: i32) -> ()
                    Gfx [] [] 5 Immediate
                    "Sets the colour that the low 8 bits of `index` stand for to 0xRRGGBB; the upper 8 bits are ignored.";
                GfxPaletteGet palette_get "gfx.palette_get@1" (index: i32) -> (rgb: i32)
                    Gfx [] [] 5 Immediate
                    "Gives the colour that the low 8 bits of `index` stand for as 0xRRGGBB.";
                GfxPixel pixel "gfx.pixel@1" (x: i32, y: i32, color: i32) -> ()
                    Gfx [] [] 5 Immediate
                    "Draws a pixel.";
                GfxPixelGet pixel_get "gfx.pixel_get@1" (x: i32, y: i32) -> (status: Status, color: i32)
                    Gfx [GfxOutside] [] 5 Immediate
                    "Gives the palette index of a pixel, clipped or not.";
                GfxRect rect "gfx.rect@1" (x: i32, y: i32, width: i32, height: i32, color: i32) -> ()
                    Gfx [] [] 20 + (1 / 2 Pixel) Immediate
                    "Draws the rim of a rectangle, one pixel wide.";
                GfxRectFill rect_fill "gfx.rect_fill@1" (x: i32, y: i32, width: i32, height: i32, color: i32) -> ()
                    Gfx [] [] 20 + (1 / 8 Pixel) Immediate
                    "Draws a rectangle.";
                GfxSize size "gfx.size@1" () -> (width: i32, height: i32)
                    Gfx [] [] 5 Immediate
                    "Gives the size of the surface.";
                GfxSprite sprite "gfx.sprite@1" (pixels: Span, width: i32, height: i32, x: i32, y: i32, transparent: i32, flags: i32) -> ()
                    Gfx [] [ShortSpan, BadArgument] 20 + (1 / 2 Pixel) Immediate
                    "Draws `width * height` pixels of memory, a byte each, row by row.";
                GfxSpriteBytes sprite_bytes "gfx.sprite_bytes@1" (pixels: Bytes, width: i32, height: i32, x: i32, y: i32, transparent: i32, flags: i32) -> ()
                    Gfx [] [ShortSpan, BadArgument] 20 + (1 / 2 Pixel) Immediate
                    "As `gfx.sprite`, with the pixels in a byte string.";
                GfxSpriteSub sprite_sub "gfx.sprite_sub@1" (pixels: Span, stride: i32, src_x: i32, src_y: i32, width: i32, height: i32, x: i32, y: i32, transparent: i32, flags: i32) -> ()
                    Gfx [] [ShortSpan, BadArgument] 20 + (1 / 2 Pixel) Immediate
                    "Draws a rectangle of a picture in memory whose rows are `stride` bytes apart.";
                GfxText text "gfx.text@1" (text: Span, x: i32, y: i32, color: i32) -> ()
                    Gfx [] [] 20 + (20 / 1 Byte) Immediate
                    "Draws UTF-8 text in the built-in 8 by 8 font; byte 10 starts a new line, what is not printable ASCII is a box.";
                GfxText2 text2 "gfx.text@2" (text: Span, x: i32, y: i32, color: i32, scale: i32) -> ()
                    Gfx [] [BadArgument] 20 + (20 / 1 Byte) Immediate
                    "As `gfx.text@1`, with glyphs of 8 * scale by 8 * scale pixels, scale 1 to 8; each byte counts scale * scale times.";
                GfxTextBytes text_bytes "gfx.text_bytes@1" (text: Bytes, x: i32, y: i32, color: i32) -> ()
                    Gfx [] [] 20 + (20 / 1 Byte) Immediate
                    "As `gfx.text`, with the text in a byte string.";
            }

            domain Kernel "kernel" "The host itself: what it offers, calls by id, names, and a small memory that all modules of an origin \
                share. A call by id is answered at the end of its frame; `spec/policy.md` has the form of its arguments and of its answer. \
                A module can become another cartridge (`spec/ingest.md`). \
                Texts are UTF-8." {
                KernelDescribe describe "kernel.describe@1" (id: Span, text: SpanMut) -> (status: Status, len: i32)
                    Kernel [KernelNotFound, KernelTooSmall] [] 40 + (1 / 4 Byte) Immediate
                    "Writes the signature and the capability of a syscall, as in `gfx.pixel_get@1 (i32, i32) -> i32, i32 gfx`, and gives the length.";
                KernelExec exec "kernel.exec@1" (id: Span, args: Span) -> (status: Status, promise: i32)
                    Kernel [Quota] [BadArgument] 100 + (1 / 4 Byte) Immediate
                    "Calls a syscall by its id, which costs what it costs on top; at most 64 answers can wait to be polled. Traps if `args` are no encoded values.";
                KernelIngest ingest "kernel.ingest@1" (uri: Span) -> (status: Status, promise: i32)
                    Kernel [KernelBadName, Quota] [] 10000 + (1 / 4 Byte) Staged
                    "Asks for the module to become the cartridge at an address (`spec/ingest.md`). If that fails, the answer says in which phase and why, and the module goes on as it is; QUOTA if it asked before and has no answer yet.";
                KernelIngestPinned ingest_pinned "kernel.ingest@2" (uri: Span, hash: Span) -> (status: Status, promise: i32)
                    Kernel [KernelBadName, Quota] [BadArgument] 10000 + (1 / 4 Byte) Staged
                    "As version 1, with the content hash that the cartridge has to have; traps if that is not 32 bytes.";
                KernelList list "kernel.list@1" (index: i32, id: SpanMut) -> (status: Status, len: i32)
                    Kernel [KernelNotFound, KernelTooSmall] [] 20 Immediate
                    "Writes the id of a syscall that this host offers, counted from 0 in the order of the ids, and gives the length.";
                KernelMemoryGet memory_get "kernel.memory_get@1" (key: Span, value: SpanMut) -> (status: Status, len: i32)
                    Kernel [KernelNotFound, KernelTooSmall] [] 30 + (1 / 4 Byte) Immediate
                    "Writes the value that the origin remembers for a key, and gives the length.";
                KernelMemoryList memory_list "kernel.memory_list@1" (index: i32, key: SpanMut) -> (status: Status, len: i32)
                    Kernel [KernelNotFound, KernelTooSmall] [] 30 + (1 / 4 Byte) Immediate
                    "Writes a key that the origin remembers, counted from 0 in ascending order of the keys, and gives the length.";
                KernelMemoryRemove memory_remove "kernel.memory_remove@1" (key: Span) -> (status: Status)
                    Kernel [KernelNotFound] [] 30 + (1 / 4 Byte) Immediate
                    "Forgets a key.";
                KernelMemorySet memory_set "kernel.memory_set@1" (key: Span, value: Span) -> (status: Status)
                    Kernel [KernelBadKey, Quota] [] 30 + (1 / 4 Byte) Immediate
                    "Remembers a value for a key of 1 to 64 bytes; at most 64 keys, and 16 KiB of keys and values.";
                KernelPing ping "kernel.ping@1" (value: i64) -> (value: i64)
                    Kernel [] [] 5 Immediate
                    "Gives back its argument.";
                KernelPoll poll "kernel.poll@1" (promise: i32, answer: SpanMut) -> (status: Status, len: i32)
                    Kernel [Pending, KernelNotFound, KernelTooSmall] [] 30 + (1 / 4 Byte) Immediate
                    "Writes the answer to a call by id or to an ingest, gives its length and forgets it. TOO_SMALL leaves it where it is.";
                KernelResolve resolve "kernel.resolve@1" (name: Span, base: Span, text: SpanMut) -> (status: Status, len: i32)
                    Kernel [KernelBadName, KernelTooSmall] [] 40 + (1 / 4 Byte) Immediate
                    "Writes what a name stands for, as the mount with the longest prefix says, and gives the length; a name that does not begin with `/` is below `base`.";
            }

            domain Log "log" "Lines of text for people." {
                LogWrite write "log.write@1" (level: i32, text: Span) -> (status: Status)
                    Log [LogBadLevel, Quota] [] 50 + (1 / 4 Byte) Immediate
                    "Writes a line of UTF-8 text at level 0 debug, 1 info, 2 warning or 3 error; QUOTA if it does not fit in what is left of the frame's 64 KiB (a line counts 16 on top of its bytes).";
                LogWriteBytes write_bytes "log.write_bytes@1" (level: i32, text: Bytes) -> (status: Status)
                    Log [LogBadLevel, Quota] [] 50 + (1 / 4 Byte) Immediate
                    "As `log.write`, with the text in a byte string.";
            }

            domain Mem "mem" "A memory card of 16 slots, 0 to 15, kept as files `00.card` to `15.card` in the folder `mem` of the module's storage. \
                What is written is seen by this domain at once, and by files when it is committed." {
                MemCommit commit "mem.commit@1" () -> (status: Status)
                    Fs [MemUnchanged, MemFull, MemBlocked] [] 100 + (1 / 4 Byte) Immediate
                    "Makes files of all that was written and erased since the last commit, or of nothing of it.";
                MemDiscard discard "mem.discard@1" () -> (status: Status)
                    Fs [MemUnchanged] [] 20 Immediate
                    "Forgets all that was written and erased since the last commit.";
                MemErase erase "mem.erase@1" (slot: i32) -> (status: Status)
                    Fs [MemBadSlot, MemEmpty, MemReadOnly] [] 40 Immediate
                    "Empties a slot.";
                MemRead read "mem.read@1" (slot: i32, buffer: SpanMut) -> (status: Status, len: i32)
                    Fs [MemBadSlot, MemEmpty, MemCorrupt, MemTooSmall] [] 40 + (1 / 4 Byte) Immediate
                    "Copies the content of a slot and gives its length; TOO_SMALL if it does not fit.";
                MemReadBytes read_bytes "mem.read_bytes@1" (slot: i32) -> (status: Status, content: Object)
                    Fs [MemBadSlot, MemEmpty, MemCorrupt, Quota] [] 80 + (1 / 4 Byte) Immediate
                    "Gives the content of a slot as a new byte string; QUOTA if the heap has no room for it.";
                MemSize size "mem.size@1" (slot: i32) -> (status: Status, len: i32)
                    Fs [MemBadSlot, MemEmpty, MemCorrupt] [] 40 + (1 / 4 Byte) Immediate
                    "Gives the length of the content of a slot.";
                MemWrite write "mem.write@1" (slot: i32, content: Span) -> (status: Status)
                    Fs [MemBadSlot, MemFull, MemReadOnly] [] 60 + (1 / 4 Byte) Immediate
                    "Writes a slot, whole; FULL if it could not be committed now.";
                MemWriteBytes write_bytes "mem.write_bytes@1" (slot: i32, content: Bytes) -> (status: Status)
                    Fs [MemBadSlot, MemFull, MemReadOnly] [] 60 + (1 / 4 Byte) Immediate
                    "As `mem.write`, with the content in a byte string.";
            }

            domain Module "module" "Other modules. A module supervises those that it loaded, and those that they loaded; nobody else can see or control them, \
                but for the host. What is asked for happens at the end of the frame, in the order in which it was asked for; a command that \
                the module's own end overtakes comes to nothing. States (`spec/modules.md`): 0 loading, 1 ready, 2 running, 3 paused, 4 quarantined, \
                5 stopping, 6 stopped, 7 trapped, 8 unloaded. QUOTA if the calling module has given 64 commands in the frame." {
                ModuleInfo info "module.info@1" (module: i32) -> (status: Status, state: i32, code: i32)
                    Module [ModuleUnknown, ModuleNotYours] [] 20 Immediate
                    "Gives the state of a module as it was at the beginning of the frame, and the exit code of one that halted, else 0.";
                ModuleList list "module.list@1" (index: i32) -> (status: Status, module: i32)
                    Module [ModuleUnknown] [] 30 Immediate
                    "Gives the number of the module at a place, from 0, in the ascending list of those that the calling module supervises.";
                ModuleLoad load "module.load@1" (name: Span) -> (status: Status, module: i32)
                    Module [ModuleBadName, Quota] [] 200 + (1 / 4 Byte) Staged
                    "Asks for a module of the program that the cartridge store has under a name, and gives its number; `module.poll` tells what became of it. Once ready, it waits for `module.start`. QUOTA if there are as many modules as the calling one, or one of its supervisors, may have loaded.";
                ModulePause pause "module.pause@1" (module: i32) -> (status: Status)
                    Module [ModuleUnknown, ModuleNotYours, ModuleBadState, Quota] [] 40 Immediate
                    "Suspends a running module where it stands.";
                ModulePoll poll "module.poll@1" (module: i32) -> (status: Status)
                    Module [Pending, ModuleUnknown, ModuleNotYours, ModuleNotFound, ModuleRefused] [] 20 Immediate
                    "Tells what became of a load: PENDING, OK once the module is there, or why not; then the number is forgotten.";
                ModulePort port "module.port@1" (module: i32, port: i32) -> (status: Status, token: i32)
                    Module [ModuleUnknown, ModuleNotYours, ModuleBadState, Quota, Unavailable] [BadArgument] 60 Immediate
                    "Gives a token for the far end of a port that a module has from load: to send and manage for 0 (stdin), to receive and manage for 1 (stdout) and 2 (stderr). UNAVAILABLE if one of the two modules has no ports.";
                ModuleQuarantine quarantine "module.quarantine@1" (module: i32) -> (status: Status)
                    Module [ModuleUnknown, ModuleNotYours, ModuleBadState, Quota] [] 40 Immediate
                    "Puts a running, paused or stopping module into quarantine, which only the host can end.";
                ModuleReplace replace "module.replace@1" (module: i32, name: Span) -> (status: Status)
                    Module [ModuleUnknown, ModuleNotYours, ModuleBadState, ModuleBadName, Quota] [] 200 + (1 / 4 Byte) Immediate
                    "Gives a module another program of the cartridge store: it begins anew, with its own number and files. If there is no such program, it goes on as it is.";
                ModuleResume resume "module.resume@1" (module: i32) -> (status: Status)
                    Module [ModuleUnknown, ModuleNotYours, ModuleBadState, Quota] [] 40 Immediate
                    "Lets a paused module go on.";
                ModuleStart start "module.start@1" (module: i32) -> (status: Status)
                    Module [ModuleUnknown, ModuleNotYours, ModuleBadState, Quota] [] 40 Immediate
                    "Lets a module that is ready begin.";
                ModuleStop stop "module.stop@1" (module: i32, frames: i32) -> (status: Status)
                    Module [ModuleUnknown, ModuleNotYours, ModuleBadState, Quota] [] 40 Immediate
                    "Ends a ready, running or paused module for good. One that runs has so many frames more, at most 65,535, to end by itself.";
                ModuleUnload unload "module.unload@1" (module: i32) -> (status: Status)
                    Module [ModuleUnknown, ModuleNotYours, ModuleBadState, Quota] [] 60 Immediate
                    "Lets go of a module that is ready, stopped or trapped, or of a load under way, with all that it loaded. Its number is never used again.";
            }

            domain Net "net" "A virtual network. Datagrams between modules of a machine are there at the next frame boundary; those to another machine (1 \
                or more; what the numbers mean is up to the host) leave with the frame, and those from one come as input. There are no sockets." {
                NetBind bind "net.bind@1" (address: i32) -> (status: Status)
                    Net [NetBadAddress, NetTaken, Quota] [] 40 Immediate
                    "Gives the module an address of the machine, 1 to 65535; as many as its quota allows.";
                NetClose close "net.close@1" (address: i32) -> (status: Status)
                    Net [NetNotBound] [] 30 Immediate
                    "Gives an address back; what waits there is lost.";
                NetRecv recv "net.recv@1" (address: i32, buffer: SpanMut) -> (status: Status, len: i32, machine: i32, from: i32)
                    Net [NetNotBound, NetEmpty, NetTooSmall] [] 30 + (1 / 4 Byte) Immediate
                    "Takes the first datagram that came to an address: its length, the machine (0 for this one) and the address that it is from.";
                NetSend send "net.send@1" (from: i32, machine: i32, to: i32, payload: Span) -> (status: Status)
                    Net [NetNotBound, NetBadAddress, NetUnreachable, NetTooLarge, NetFull] [] 50 + (1 / 4 Byte) Immediate
                    "Sends a datagram from an address of the module's own; machine 0 is this one. Whether another machine gets it, nobody tells.";
            }

            domain Port "port" "Messages to the kernel and to other modules (`spec/messages.md`). A *port* is a number in the module's own table; \
                0 is stdin, 1 stdout, 2 stderr. A *token* is a number in another table of the module: rights on the far end of a \
                port, 1 to send, 2 to receive, 4 to manage, added up; token 1 is the right to ports of one's own. Messages are \
                CBOR of at most 64 KiB and are delivered at the next frame boundary, in the order in which they were sent." {
                PortDerive derive "port.derive@1" (token: i32, rights: i32) -> (status: Status, token: i32)
                    Port [PortBadToken, PortNoRight, Quota] [] 40 Immediate
                    "Makes another token of one that may be managed, with no more rights.";
                PortDrop drop_token "port.drop@1" (token: i32) -> (status: Status)
                    Port [PortBadToken] [] 30 Immediate
                    "Lets go of a token, and closes ports that were opened with it. What was derived from it stays.";
                PortFind find "port.find@1" (name: Span) -> (status: Status, token: i32)
                    Port [PortNotFound, Quota] [] 60 Immediate
                    "Gives a token with the rights of the one that was published under a name, derived from it.";
                PortOpen open "port.open@1" (token: i32) -> (status: Status, port: i32)
                    Port [PortBadToken, PortNoRight, PortClosed, Quota] [] 60 Immediate
                    "Opens a port: the far end that the token names, for as long as the module has the token; with token 1 a new one of the module's own.";
                PortPoll poll "port.poll@1" (port: i32) -> (status: Status, messages: i32, len: i32)
                    Port [PortBadPort, PortNoRight, PortEmpty, PortClosed] [] 15 Immediate
                    "Tells how many messages wait to be received, and the length of the first.";
                PortPublish publish "port.publish@1" (name: Span, token: i32) -> (status: Status)
                    Port [PortBadToken, PortBadName, PortTaken, PortNoRight, Quota] [] 80 Immediate
                    "Puts a token into the machine's directory under a name, which takes it out of the module's table; as many names as its quota allows.";
                PortReceive receive "port.receive@1" (port: i32, buffer: SpanMut) -> (status: Status, len: i32, sender: i32, token: i32)
                    Port [PortBadPort, PortNoRight, PortEmpty, PortClosed, PortTooSmall, Quota] [] 20 + (1 / 8 Byte) Immediate
                    "Takes the first message: its length, the number of the module that sent it (-1 for the kernel and the host), and the token that came with it, or 0. QUOTA if there is no room for the token.";
                PortReceiveBytes receive_bytes "port.receive_bytes@1" (port: i32) -> (status: Status, message: Object, sender: i32, token: i32)
                    Port [PortBadPort, PortNoRight, PortEmpty, PortClosed, Quota] [] 40 + (1 / 8 Byte) Immediate
                    "As `port.receive`, with the message as a new byte string; QUOTA also if the heap has no room for it.";
                PortRelease release "port.release@1" (port: i32) -> (status: Status)
                    Port [PortBadPort, PortNoRight] [] 40 Immediate
                    "Gives a port back; the other end finds it closed. The first three stay.";
                PortRevoke revoke "port.revoke@1" (token: i32) -> (status: Status, revoked: i32)
                    Port [PortBadToken] [] 40 + (40 / 1 Byte) Immediate
                    "Ends all tokens that were derived from a token, whoever has them, and closes the ports that were opened with them; gives their number, each of which counts as a byte.";
                PortRights rights "port.rights@1" (token: i32) -> (status: Status, rights: i32)
                    Port [PortBadToken] [] 15 Immediate
                    "Tells the rights that a token gives.";
                PortSend send "port.send@1" (port: i32, message: Span) -> (status: Status)
                    Port [PortBadPort, PortNoRight, PortFull, PortClosed, PortTooLarge] [] 30 + (1 / 4 Byte) Immediate
                    "Sends a message; on stdin to the kernel, which does what it asks for at that price on top and answers on stdout or stderr. A message that is no CBOR is answered on stderr.";
                PortSendBytes send_bytes "port.send_bytes@1" (port: i32, message: Bytes) -> (status: Status)
                    Port [PortBadPort, PortNoRight, PortFull, PortClosed, PortTooLarge] [] 30 + (1 / 4 Byte) Immediate
                    "As `port.send`, with the message in a byte string, which is copied.";
                PortToken token "port.token@1" (port: i32, rights: i32) -> (status: Status, token: i32)
                    Port [PortBadPort, PortNoRight, Quota] [] 40 Immediate
                    "Makes a token for the far end of one of the module's own ports: to send is to send to the module, to receive is to get what it sends.";
                PortTransfer transfer "port.transfer@1" (port: i32, token: i32, message: Span) -> (status: Status)
                    Port [PortBadPort, PortBadToken, PortNoRight, PortFull, PortClosed, PortTooLarge] [] 60 + (1 / 4 Byte) Immediate
                    "Sends a message and a token with it, which leaves the module's table; ports that were opened with it are closed.";
                PortWithdraw withdraw "port.withdraw@1" (name: Span) -> (status: Status)
                    Port [PortNotFound] [] 60 Immediate
                    "Takes a name that the module published, and its token, out of the directory. What others derived from it stays.";
            }

            domain Proc "proc" "The module itself, as one among others." {
                ProcId id "proc.id@1" () -> (module: i32)
                    Proc [] [] 5 Immediate
                    "Gives the module's number.";
                ProcParent parent "proc.parent@1" () -> (status: Status, module: i32)
                    Proc [ProcNoSupervisor] [] 10 Immediate
                    "Gives the number of the module that loaded this one.";
                ProcPause pause "proc.pause@1" () -> (status: Status)
                    Proc [ProcNoSupervisor, ProcBadState, Quota] [] 40 Immediate
                    "Pauses the module from the end of the frame on, until its supervisor resumes it.";
                ProcQuota quota "proc.quota@1" (kind: i32) -> (used: i64, limit: i64)
                    Proc [] [BadArgument] 20 Immediate
                    "Gives what is used of a quota, and the quota: `kind` 0 modules that it loaded and that these loaded, 1 open requests, 2 bytes of storage (0 and 0 for a module without).";
                ProcStop stop "proc.stop@1" (frames: i32) -> (status: Status)
                    Proc [ProcBadState, Quota] [] 40 Immediate
                    "Ends the module for good, `frames` frames, at most 65,535, after this one.";
                ProcStopping stopping "proc.stopping@1" () -> (frames: i32)
                    Proc [] [] 5 Immediate
                    "Gives the number of frames that are left to a module that is being stopped, this one included; 0 if it is not.";
            }

            domain Telemetry "telemetry" "The module's own figures." {
                TelemetryBegin begin "telemetry.begin@1" (name: Span) -> (status: Status)
                    Telemetry [TelemetryBadName, Quota] [] 20 Immediate
                    "Opens a named zone, inside those that are open: a profile shows what is spent in it. QUOTA if 16 are open. A zone stays open beyond the frame.";
                TelemetryCounter counter "telemetry.counter@1" (name: Span, value: i64) -> (status: Status)
                    Telemetry [TelemetryBadName, Quota] [] 50 + (1 / 4 Byte) Immediate
                    "Reports a named number of this frame; at most 64 in a frame.";
                TelemetryEnd end "telemetry.end@1" () -> (status: Status)
                    Telemetry [TelemetryNoZone] [] 10 Immediate
                    "Closes the zone that was opened last.";
                TelemetryFrame frame "telemetry.frame@1" (record: SpanMut) -> (status: Status)
                    Telemetry [TelemetryTooSmall, Unavailable] [] 30 Immediate
                    "Writes figures of the module's frame before this one as eight u64: number of the frame, cycles, budget, syscalls, bytes and objects allocated, collector cycles, overruns so far. UNAVAILABLE in a module's first frame.";
            }

            domain Wasm4 "wasm4" "The imports of WASM-4 games, by `wasm4.md`. Drawing is clipped and goes to the framebuffer in the module's \
                memory, with the draw colours that are there. A row that draws traps if the memory does not hold all of the framebuffer." {
                Wasm4Blit blit "wasm4.blit@1" (sprite: i32, x: i32, y: i32, width: i32, height: i32, flags: i32) -> ()
                    Wasm4 [] [OutOfBoundsSpan] 20 + (1 / 2 Pixel) Immediate
                    "Draws a sprite of 1 or 2 bits a pixel.";
                Wasm4BlitSub blit_sub "wasm4.blit_sub@1" (sprite: i32, x: i32, y: i32, width: i32, height: i32, src_x: i32, src_y: i32, stride: i32, flags: i32) -> ()
                    Wasm4 [] [OutOfBoundsSpan] 20 + (1 / 2 Pixel) Immediate
                    "Draws a rectangle of a sprite whose rows are `stride` pixels apart.";
                Wasm4Diskr diskr "wasm4.diskr@1" (to: SpanMut) -> (read: i32)
                    Fs [] [] 20 + (1 / 8 Byte) Immediate
                    "Reads from the start of the disk; gives the number of bytes read.";
                Wasm4Diskw diskw "wasm4.diskw@1" (from: Span) -> (written: i32)
                    Fs [] [] 20 + (1 / 8 Byte) Immediate
                    "Replaces the disk by at most 1,024 bytes; gives their number, or 0 if the storage does not take them.";
                Wasm4Hline hline "wasm4.hline@1" (x: i32, y: i32, len: i32) -> ()
                    Wasm4 [] [OutOfBoundsSpan] 10 + (1 / 8 Pixel) Immediate
                    "Draws a line to the right.";
                Wasm4Line line "wasm4.line@1" (x1: i32, y1: i32, x2: i32, y2: i32) -> ()
                    Wasm4 [] [OutOfBoundsSpan] 20 + (1 / 1 Pixel) Immediate
                    "Draws a line; both ends belong to it.";
                Wasm4Oval oval "wasm4.oval@1" (x: i32, y: i32, width: i32, height: i32) -> ()
                    Wasm4 [] [OutOfBoundsSpan] 30 + (6 / 1 Round) Immediate
                    "Draws an oval that fills a rectangle.";
                Wasm4Rect rect "wasm4.rect@1" (x: i32, y: i32, width: i32, height: i32) -> ()
                    Wasm4 [] [OutOfBoundsSpan] 20 + (1 / 4 Pixel) Immediate
                    "Draws a rectangle and its outline.";
                Wasm4Text text "wasm4.text@1" (text: i32, x: i32, y: i32) -> ()
                    Wasm4 [] [OutOfBoundsSpan] 20 + (20 / 1 Byte) Immediate
                    "Draws the characters up to a byte 0.";
                Wasm4TextUtf16 text_utf16 "wasm4.text_utf16@1" (text: Span, x: i32, y: i32) -> ()
                    Wasm4 [] [OutOfBoundsSpan] 20 + (10 / 1 Byte) Immediate
                    "Draws a character for every two bytes.";
                Wasm4TextUtf8 text_utf8 "wasm4.text_utf8@1" (text: Span, x: i32, y: i32) -> ()
                    Wasm4 [] [OutOfBoundsSpan] 20 + (20 / 1 Byte) Immediate
                    "Draws a character for every byte.";
                Wasm4Tone tone "wasm4.tone@1" (frequency: i32, duration: i32, volume: i32, flags: i32) -> ()
                    Wasm4 [] [] 20 Immediate
                    "Starts a tone on one of the four channels.";
                Wasm4Trace trace "wasm4.trace@1" (text: i32) -> ()
                    Wasm4 [] [OutOfBoundsSpan] 50 + (1 / 4 Byte) Immediate
                    "Logs the UTF-8 text up to a byte 0.";
                Wasm4TraceUtf16 trace_utf16 "wasm4.trace_utf16@1" (text: Span) -> ()
                    Wasm4 [] [] 50 + (1 / 4 Byte) Immediate
                    "Logs UTF-16 text.";
                Wasm4TraceUtf8 trace_utf8 "wasm4.trace_utf8@1" (text: Span) -> ()
                    Wasm4 [] [] 50 + (1 / 4 Byte) Immediate
                    "Logs UTF-8 text.";
                Wasm4Tracef tracef "wasm4.tracef@1" (format: i32, args: i32) -> ()
                    Wasm4 [] [OutOfBoundsSpan] 50 + (1 / 2 Byte) Immediate
                    "Logs text in which `%c`, `%d`, `%x`, `%s` and `%f` stand for values at `args`.";
                Wasm4Vline vline "wasm4.vline@1" (x: i32, y: i32, len: i32) -> ()
                    Wasm4 [] [OutOfBoundsSpan] 10 + (1 / 1 Pixel) Immediate
                    "Draws a line downwards.";
            }
        }
    };
}
