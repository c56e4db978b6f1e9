/* Cartwheel's host interface for guests in C and C++ that are compiled to WebAssembly.
 *
 * Generated from the table of syscalls: `cartwheel syscalls --header c` prints it.
 * What each function does in full is in `cartwheel syscalls ID`. A guest declares the capability of what it uses.
 * Functions that return a structure import the C ABI's form, with the address of the structure first.
 */
#ifndef CARTWHEEL_H
#define CARTWHEEL_H

#include <stdint.h>

#ifdef __wasm__
#define CARTWHEEL_IMPORT(module, name) __attribute__((import_module(module), import_name(name)))
#define CARTWHEEL_EXPORT(name) __attribute__((export_name(name)))
#else /* for editors and checks on other machines */
#define CARTWHEEL_IMPORT(module, name)
#define CARTWHEEL_EXPORT(name)
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Statuses that every domain shares. */
enum cartwheel_status {
    STATUS_OK = 0, /* Done. */
    STATUS_PENDING = 1, /* Not finished; ask again in a later frame. */
    STATUS_DENIED = 2, /* The policy refuses the call. */
    STATUS_QUARANTINED = 3, /* The call put the module into quarantine. */
    STATUS_UNAVAILABLE = 4, /* There is nothing to answer with here and now. */
    STATUS_QUOTA = 5, /* A quota of the module is spent. */
};

/* frame: instructions of the machine; they need no capability. */

/* Number of the current frame; the first is 0. */
CARTWHEEL_IMPORT("frame", "index")
int64_t frame_index(void);

/* Ends the slice; the next frame continues behind it. */
CARTWHEEL_IMPORT("frame", "sync")
void frame_sync(void);

/* input: instructions of the machine; they need no capability. */

/* Buttons held on pad 0 to 3, a bit each. */
CARTWHEEL_IMPORT("input", "held")
int32_t input_held(int32_t pad);

/* Buttons of the pointer: 1 left, 2 right, 4 middle. */
CARTWHEEL_IMPORT("input", "pointer_buttons")
int32_t input_pointer_buttons(void);

/* X of the pointer in pixels. */
CARTWHEEL_IMPORT("input", "pointer_x")
int32_t input_pointer_x(void);

/* Y of the pointer in pixels. */
CARTWHEEL_IMPORT("input", "pointer_y")
int32_t input_pointer_y(void);

/* Buttons held now and not in the frame before. */
CARTWHEEL_IMPORT("input", "pressed")
int32_t input_pressed(int32_t pad);

/* Buttons held in the frame before and not now. */
CARTWHEEL_IMPORT("input", "released")
int32_t input_released(int32_t pad);

/* rng: instructions of the machine; they need no capability. */

/* Random number below `bound`, which is unsigned; traps on 0. */
CARTWHEEL_IMPORT("rng", "below")
int32_t rng_below(int32_t bound);

/* Random number in 0.0 .. 1.0, a multiple of 2^-53. */
CARTWHEEL_IMPORT("rng", "f64")
double rng_f64(void);

/* 32 random bits. */
CARTWHEEL_IMPORT("rng", "i32")
int32_t rng_i32(void);

/* 64 random bits. */
CARTWHEEL_IMPORT("rng", "i64")
int64_t rng_i64(void);

/* Starts the module's random sequence anew. */
CARTWHEEL_IMPORT("rng", "seed")
void rng_seed(int64_t seed);

/* asset: Named blobs of the cartridge, numbered by their names in ascending order. A cartridge that
 * declares `asset` loads its assets itself: none is there before it was requested and published.
 * Without the capability all are there from the start. Not for guests with this header, because
 * they take or give handles: asset.read_bytes@1. */
enum asset_status {
    ASSET_NOT_FOUND = 16, /* The cartridge has no asset of that name or number. */
    ASSET_NOT_LOADED = 17, /* The asset is not loaded. */
    ASSET_ALREADY_LOADED = 18, /* The asset is loaded; there is nothing to ask for. */
    ASSET_OUTSIDE = 19, /* The place is outside the asset. */
};

typedef struct {
    int32_t status;
    int32_t asset;
} AssetFind;

/* Finds the number of the asset with a name. Besides OK: NOT_FOUND. */
CARTWHEEL_IMPORT("asset", "find@1")
AssetFind asset_find(const void *name, uint32_t name_len);

typedef struct {
    int32_t status;
    int32_t len;
} AssetInfo;

/* Gives the length of a loaded asset in bytes. Besides OK: NOT_FOUND, NOT_LOADED. */
CARTWHEEL_IMPORT("asset", "info@1")
AssetInfo asset_info(int32_t asset);

/* Tells whether an asset is there: OK, PENDING if it was requested, NOT_LOADED if not. Besides OK:
 * NOT_FOUND, NOT_LOADED, PENDING. */
CARTWHEEL_IMPORT("asset", "poll@1")
int32_t asset_poll(int32_t asset);

typedef struct {
    int32_t status;
    int32_t len;
} AssetRead;

/* Copies a loaded asset from `offset` on, as much as there is and the buffer takes, and gives the
 * number of bytes; OUTSIDE if it is shorter than `offset`. Besides OK: NOT_FOUND, NOT_LOADED,
 * OUTSIDE. */
CARTWHEEL_IMPORT("asset", "read@1")
AssetRead asset_read(int32_t asset, int32_t offset, void *buffer, uint32_t buffer_len);

/* Lets go of a loaded asset; it can be requested again. Besides OK: NOT_FOUND, NOT_LOADED. */
CARTWHEEL_IMPORT("asset", "release@1")
int32_t asset_release(int32_t asset);

/* Asks for an asset; PENDING if that was done before, QUOTA if too many requests are open,
 * UNAVAILABLE if the host does not have its content. Besides OK: NOT_FOUND, ALREADY_LOADED,
 * PENDING, QUOTA, UNAVAILABLE. */
CARTWHEEL_IMPORT("asset", "request@1")
int32_t asset_request(int32_t asset);

/* audio: Eight voices, mixed to 44,100 stereo samples a second; a frame has 735 (`spec/audio.md`).
 * A *pitch* is in 1/256 semitones: 256 times a MIDI note, so 69 * 256 is the A of 440 Hz. It goes
 * from 0 to 34815; volumes, sustain and duty go from 0 to 255, pan from -128 (left) to 128, times
 * from 0 to 60,000 ms. A value outside is taken as the nearest inside. What a call changes is heard
 * from the first sample of its frame on. An *instrument* (0 to 31) says how a note sounds; those
 * that nobody has set are pulses of duty 128, but 1 is a pulse of duty 64, 2 one of 32, 3 the
 * triangle, 4 noise, 5 noise of mode 1; their envelope is 2, 0, 255, 50. A *voice* is what
 * `audio.play` gave for a note; the number is above 0 and means no other note later. */
enum audio_status {
    AUDIO_NO_VOICE = 16, /* All voices are taken; nothing was played. */
    AUDIO_NOT_PLAYING = 17, /* The note has ended, or there never was one of that number. */
    AUDIO_BAD_INSTRUMENT = 18, /* Instruments have the numbers 0 to 31. */
    AUDIO_NOT_FOUND = 19, /* The cartridge has no asset of that number. */
    AUDIO_NOT_LOADED = 20, /* The asset is not loaded yet. */
    AUDIO_BAD_SAMPLE = 21, /* The asset is no recording of this form. */
    AUDIO_BAD_LOOP = 22, /* The instrument has no recording with such a stretch. */
};

/* Ends a note at once, whatever its envelope says. Besides OK: NOT_PLAYING. */
CARTWHEEL_IMPORT("audio", "cut@1")
int32_t audio_cut(int32_t voice);

/* Sets how the notes of an instrument rise to full level, fall to the sustained one, and fade when
 * they end; times in ms. A note whose sustain is 0 ends after its decay. Besides OK:
 * BAD_INSTRUMENT. */
CARTWHEEL_IMPORT("audio", "envelope@1")
int32_t audio_envelope(int32_t instrument, int32_t attack, int32_t decay, int32_t sustain, int32_t release);

/* Gives the number of voices that play nothing. */
CARTWHEEL_IMPORT("audio", "free@1")
int32_t audio_free(void);

/* Sets the volume of everything; 255 at the start. */
CARTWHEEL_IMPORT("audio", "master@1")
void audio_master(int32_t volume);

/* Gives the volume of everything. */
CARTWHEEL_IMPORT("audio", "master_get@1")
int32_t audio_master_get(void);

/* Makes an instrument noise whose values change 16 times in a period; `mode` 0 rushes, 1 repeats
 * after 127 values and has a tone. Besides OK: BAD_INSTRUMENT. */
CARTWHEEL_IMPORT("audio", "noise@1")
int32_t audio_noise(int32_t instrument, int32_t mode);

/* Sets where a note is between left and right. Besides OK: NOT_PLAYING. */
CARTWHEEL_IMPORT("audio", "pan@1")
int32_t audio_pan(int32_t voice, int32_t pan);

/* Sets the pitch of a note and ends a slide of it. Besides OK: NOT_PLAYING. */
CARTWHEEL_IMPORT("audio", "pitch@1")
int32_t audio_pitch(int32_t voice, int32_t pitch);

/* Gives the pitch nearest to a frequency in 1/1000 Hz, at most 0.012 % from it; 440,000 is 17664. */
CARTWHEEL_IMPORT("audio", "pitch_of@1")
int32_t audio_pitch_of(int32_t millihertz);

typedef struct {
    int32_t status;
    int32_t voice;
} AudioPlay;

/* Plays a note that is released after `frames` frames; below 1, when `audio.stop` says so. `flags`:
 * 1 takes the voice of another note if none is free: of the one that was played first, but before
 * that of one that fades out; 2 protects the note from that. NO_VOICE if no voice is free. Besides
 * OK: NO_VOICE, BAD_INSTRUMENT. */
CARTWHEEL_IMPORT("audio", "play@1")
AudioPlay audio_play(int32_t instrument, int32_t pitch, int32_t volume, int32_t pan, int32_t frames, int32_t flags);

/* Makes an instrument a pulse that is high for `duty`, at least 1, of 256 parts of a period.
 * Besides OK: BAD_INSTRUMENT. */
CARTWHEEL_IMPORT("audio", "pulse@1")
int32_t audio_pulse(int32_t instrument, int32_t duty);

/* Makes an instrument the recording in a WAV asset (integers of 8 to 32 bits, one or two channels),
 * which is heard as recorded at the pitch `root`. It ends when it has been played once. Besides OK:
 * BAD_INSTRUMENT, NOT_FOUND, NOT_LOADED, BAD_SAMPLE. */
CARTWHEEL_IMPORT("audio", "sample@1")
int32_t audio_sample(int32_t instrument, int32_t asset, int32_t root);

/* Lets an instrument's recording repeat its samples from `start` up to, not including, `end`; with
 * `end` 0 it is played once. Besides OK: BAD_INSTRUMENT, BAD_LOOP. */
CARTWHEEL_IMPORT("audio", "sample_loop@1")
int32_t audio_sample_loop(int32_t instrument, int32_t start, int32_t end);

/* As `audio.sample`, with an asset that is nothing but samples: `bits` 8 (unsigned) or 16 (signed,
 * little-endian), `rate` 1 to 192000 a second. Besides OK: BAD_INSTRUMENT, NOT_FOUND, NOT_LOADED,
 * BAD_SAMPLE. */
CARTWHEEL_IMPORT("audio", "sample_raw@1")
int32_t audio_sample_raw(int32_t instrument, int32_t asset, int32_t bits, int32_t rate, int32_t root);

/* Lets the pitch of a note go evenly to another one in `frames` frames, at most 65,535; below 1 it
 * is there at once. Besides OK: NOT_PLAYING. */
CARTWHEEL_IMPORT("audio", "slide@1")
int32_t audio_slide(int32_t voice, int32_t pitch, int32_t frames);

typedef struct {
    int32_t status;
    int32_t stage;
    int32_t pitch;
    int32_t level;
} AudioState;

/* Tells how a note does: stage 1 attack, 2 decay, 3 sustain, 4 release; its pitch; its level, 0 to
 * 255. Besides OK: NOT_PLAYING. */
CARTWHEEL_IMPORT("audio", "state@1")
AudioState audio_state(int32_t voice);

/* Releases a note: it fades out as its envelope says, if it does not already. Besides OK:
 * NOT_PLAYING. */
CARTWHEEL_IMPORT("audio", "stop@1")
int32_t audio_stop(int32_t voice);

/* Ends all notes at once. */
CARTWHEEL_IMPORT("audio", "stop_all@1")
void audio_stop_all(void);

/* Makes an instrument a triangle. Besides OK: BAD_INSTRUMENT. */
CARTWHEEL_IMPORT("audio", "triangle@1")
int32_t audio_triangle(int32_t instrument);

/* Sets the volume of a note. Besides OK: NOT_PLAYING. */
CARTWHEEL_IMPORT("audio", "volume@1")
int32_t audio_volume(int32_t voice, int32_t volume);

/* completion: Given bytes, the completion that begins with them (`spec/completion.md`). The
 * completer with the longest prefix is asked: the kernel's own, or a module that provides one. */
enum completion_status {
    COMPLETION_UNKNOWN = 16, /* There is no request of that number. */
    COMPLETION_SUBMITTED = 17, /* The request was submitted before. */
    COMPLETION_NOT_SUBMITTED = 18, /* The request was not submitted. */
    COMPLETION_TOO_SMALL = 19, /* The buffer is too small; nothing was copied. */
    COMPLETION_TOO_LARGE = 20, /* A request has at most 4,096 bytes, a completion 65,536. */
    COMPLETION_BROKEN = 21, /* There is no completion: the completer found none, refused, or has gone. */
    COMPLETION_BAD_PREFIX = 22, /* A prefix has 1 to 64 bytes, and one that is withdrawn was provided by the module. */
    COMPLETION_TAKEN = 23, /* Somebody else completes the prefix. */
    COMPLETION_NONE = 24, /* No request waits for the module. */
    COMPLETION_OTHER = 25, /* A completion begins with the bytes of the request. */
};

/* Answers a request that was taken; who made it can read it in the next frame. Besides OK: UNKNOWN,
 * OTHER, TOO_LARGE. */
CARTWHEEL_IMPORT("completion", "answer@1")
int32_t completion_answer(int32_t request, const void *completion, uint32_t completion_len);

/* Lets go of a request, in whatever state it is. Besides OK: UNKNOWN. */
CARTWHEEL_IMPORT("completion", "close@1")
int32_t completion_close(int32_t completion);

typedef struct {
    int32_t status;
    int32_t completion;
} CompletionOpen;

/* Begins a request and gives its number; as many as the quota of the module allows. Besides OK:
 * QUOTA. */
CARTWHEEL_IMPORT("completion", "open@1")
CompletionOpen completion_open(void);

/* Makes the module the completer of requests that begin with a prefix; as many prefixes as its
 * quota allows. Besides OK: BAD_PREFIX, TAKEN, QUOTA. */
CARTWHEEL_IMPORT("completion", "provide@1")
int32_t completion_provide(const void *prefix, uint32_t prefix_len);

typedef struct {
    int32_t status;
    int32_t len;
} CompletionRead;

/* Copies the completion, which begins with the bytes of the request, and gives its length; it can
 * be read again. Besides OK: PENDING, UNKNOWN, NOT_SUBMITTED, BROKEN, TOO_SMALL. */
CARTWHEEL_IMPORT("completion", "read@1")
CompletionRead completion_read(int32_t completion, void *buffer, uint32_t buffer_len);

/* Breaks the promise of a request that was taken. Besides OK: UNKNOWN. */
CARTWHEEL_IMPORT("completion", "refuse@1")
int32_t completion_refuse(int32_t request);

/* Asks for the completion of what was written. Besides OK: UNKNOWN, SUBMITTED. */
CARTWHEEL_IMPORT("completion", "submit@1")
int32_t completion_submit(int32_t completion);

typedef struct {
    int32_t status;
    int32_t request;
    int32_t len;
} CompletionTake;

/* Takes the next request that the module has to answer, in the order in which they were submitted
 * before this frame. Besides OK: NONE, TOO_SMALL. */
CARTWHEEL_IMPORT("completion", "take@1")
CompletionTake completion_take(void *buffer, uint32_t buffer_len);

/* Ends what `completion.provide` began; requests that were submitted before are still the module's
 * to answer. Besides OK: BAD_PREFIX. */
CARTWHEEL_IMPORT("completion", "withdraw@1")
int32_t completion_withdraw(const void *prefix, uint32_t prefix_len);

/* Appends bytes to a request. Besides OK: UNKNOWN, SUBMITTED, TOO_LARGE. */
CARTWHEEL_IMPORT("completion", "write@1")
int32_t completion_write(int32_t completion, const void *bytes, uint32_t bytes_len);

/* fs: The module's files. Calls that name files issue a request and give its id, which is positive;
 * what came of it is published at a frame boundary, in the order of issue. `poll` tells: PENDING,
 * or how it ended, which also ends the request, except for a result that waits to be taken with
 * `take` or `take_bytes`. Paths are 1 to 255 bytes: names of `a` to `z`, `0` to `9`, `_`, `-` and
 * `.`, joined by `/` (`spec/storage.md`). Not for guests with this header, because they take or
 * give handles: fs.read_bytes@1, fs.take_bytes@1, fs.write_bytes@1. */
enum fs_status {
    FS_BAD_PATH = 16, /* No file or folder can have such a path; nothing was asked for. */
    FS_NOT_FOUND = 17, /* There is nothing of that path. */
    FS_CONFLICT = 18, /* There is a folder where a file is needed, or a file where a folder is. */
    FS_FULL = 19, /* The storage has no room for it. */
    FS_READ_ONLY = 20, /* The storage cannot be changed. */
    FS_TOO_SMALL = 21, /* The buffer is too small for the result; nothing was copied. */
    FS_UNKNOWN_REQUEST = 22, /* There is no open request of that id. */
    FS_DISK_FAILED = 23, /* The host's disk does not take what was written. */
};

/* Lets go of a request and of its result; what was asked for is done nevertheless. Besides OK:
 * UNKNOWN_REQUEST. */
CARTWHEEL_IMPORT("fs", "close@1")
int32_t fs_close(int32_t request);

typedef struct {
    int32_t status;
    int32_t request;
} FsDelete;

/* Asks for a file to be deleted. Besides OK: BAD_PATH, READ_ONLY, QUOTA. */
CARTWHEEL_IMPORT("fs", "delete@1")
FsDelete fs_delete(const void *path, uint32_t path_len);

/* Tells how the host's disk behind the storage is; files of the module are unharmed, but may be
 * gone when the host ends. Besides OK: FULL, READ_ONLY, DISK_FAILED. */
CARTWHEEL_IMPORT("fs", "disk@1")
int32_t fs_disk(void);

typedef struct {
    int32_t status;
    int32_t request;
} FsList;

/* Asks for the names in a folder, an empty path for the outermost: sorted, each followed by byte
 * 10, those of folders with `/` at their end. Besides OK: BAD_PATH, QUOTA. */
CARTWHEEL_IMPORT("fs", "list@1")
FsList fs_list(const void *folder, uint32_t folder_len);

typedef struct {
    int32_t status;
    int32_t len;
} FsPoll;

/* Tells what became of a request and how long its result is; TOO_SMALL if the byte string that it
 * was to be read into is shorter, then it waits to be taken. Besides OK: PENDING, UNKNOWN_REQUEST,
 * NOT_FOUND, CONFLICT, FULL, TOO_SMALL. */
CARTWHEEL_IMPORT("fs", "poll@1")
FsPoll fs_poll(int32_t request);

typedef struct {
    int32_t status;
    int32_t request;
} FsRead;

/* Asks for the content of a file. Besides OK: BAD_PATH, QUOTA. */
CARTWHEEL_IMPORT("fs", "read@1")
FsRead fs_read(const void *path, uint32_t path_len);

typedef struct {
    int64_t used;
    int64_t quota;
} FsSpace;

/* Gives the bytes of storage that are used, and how many can be: a file counts its content, its
 * path, and 64. */
CARTWHEEL_IMPORT("fs", "space@1")
FsSpace fs_space(void);

typedef struct {
    int32_t status;
    int32_t request;
} FsStat;

/* Asks what a path names; the result is two u64: 1 for a file or 2 for a folder, then the length of
 * the file in bytes or the number of names in the folder. Besides OK: BAD_PATH, QUOTA. */
CARTWHEEL_IMPORT("fs", "stat@1")
FsStat fs_stat(const void *path, uint32_t path_len);

typedef struct {
    int32_t status;
    int32_t len;
} FsTake;

/* As `fs.poll`, and copies the result to the buffer, which ends the request; TOO_SMALL if it does
 * not fit, then it waits on. Besides OK: PENDING, UNKNOWN_REQUEST, NOT_FOUND, CONFLICT, FULL,
 * TOO_SMALL. */
CARTWHEEL_IMPORT("fs", "take@1")
FsTake fs_take(int32_t request, void *buffer, uint32_t buffer_len);

typedef struct {
    int32_t status;
    int32_t request;
} FsWrite;

/* Asks for a file to be written, whole, over one that is there; FULL at once if it is longer than
 * the storage, QUOTA also if so much is being written already. Besides OK: BAD_PATH, FULL,
 * READ_ONLY, QUOTA. */
CARTWHEEL_IMPORT("fs", "write@1")
FsWrite fs_write(const void *path, uint32_t path_len, const void *content, uint32_t content_len);

/* gfx: Drawing on the module's surface of 8-bit palette indices. A colour is the low 8 bits of its
 * argument. Coordinates are reduced by the camera, then clipped. Sizes below 1 have no pixels. A
 * sprite's `transparent` is the index that is not drawn, or -1. `flags`: 1 mirrors left to right, 2
 * top to bottom, 4 then turns a quarter clockwise. A cartridge that uses these needs a video mode.
 * Not for guests with this header, because they take or give handles: gfx.sprite_bytes@1,
 * gfx.text_bytes@1. */
enum gfx_status {
    GFX_OUTSIDE = 16, /* The place is outside the surface or image. */
    GFX_NOT_FOUND = 17, /* The cartridge has no asset of that number. */
    GFX_NOT_LOADED = 18, /* The asset is not loaded yet. */
    GFX_BAD_IMAGE = 19, /* The asset is not an image. */
};

/* Sets the place that is drawn at the surface's top left corner. */
CARTWHEEL_IMPORT("gfx", "camera@1")
void gfx_camera(int32_t x, int32_t y);

/* Draws the rim of a disc of diameter 2 * radius + 1; a radius below 0 has no pixels. */
CARTWHEEL_IMPORT("gfx", "circle@1")
void gfx_circle(int32_t x, int32_t y, int32_t radius, int32_t color);

/* Draws a disc of diameter 2 * radius + 1; a radius below 0 has no pixels. */
CARTWHEEL_IMPORT("gfx", "circle_fill@1")
void gfx_circle_fill(int32_t x, int32_t y, int32_t radius, int32_t color);

/* Fills the whole surface, whatever clip and camera are. */
CARTWHEEL_IMPORT("gfx", "clear@1")
void gfx_clear(int32_t color);

/* Limits drawing to a rectangle of the surface (the camera has no part in it). */
CARTWHEEL_IMPORT("gfx", "clip@1")
void gfx_clip(int32_t x, int32_t y, int32_t width, int32_t height);

/* Draws an image asset as a sprite. Besides OK: NOT_FOUND, NOT_LOADED, BAD_IMAGE. */
CARTWHEEL_IMPORT("gfx", "image@1")
int32_t gfx_image(int32_t asset, int32_t x, int32_t y, int32_t transparent, int32_t flags);

typedef struct {
    int32_t status;
    int32_t width;
    int32_t height;
} GfxImageSize;

/* Gives the size of an image asset. Besides OK: NOT_FOUND, NOT_LOADED, BAD_IMAGE. */
CARTWHEEL_IMPORT("gfx", "image_size@1")
GfxImageSize gfx_image_size(int32_t asset);

/* Draws a rectangle of an image asset as a sprite; OUTSIDE if not all of it is in the image.
 * Besides OK: NOT_FOUND, NOT_LOADED, BAD_IMAGE, OUTSIDE. */
CARTWHEEL_IMPORT("gfx", "image_sub@1")
int32_t gfx_image_sub(int32_t asset, int32_t src_x, int32_t src_y, int32_t width, int32_t height, int32_t x, int32_t y, int32_t transparent, int32_t flags);

/* Draws a line; both ends belong to it. */
CARTWHEEL_IMPORT("gfx", "line@1")
void gfx_line(int32_t x1, int32_t y1, int32_t x2, int32_t y2, int32_t color);

/* Sets the colour that the low 8 bits of `index` stand for to 0xRRGGBB; the upper 8 bits are
 * ignored. */
CARTWHEEL_IMPORT("gfx", "palette@1")
void gfx_palette(int32_t index, int32_t rgb);

/* Gives the colour that the low 8 bits of `index` stand for as 0xRRGGBB. */
CARTWHEEL_IMPORT("gfx", "palette_get@1")
int32_t gfx_palette_get(int32_t index);

/* Draws a pixel. */
CARTWHEEL_IMPORT("gfx", "pixel@1")
void gfx_pixel(int32_t x, int32_t y, int32_t color);

typedef struct {
    int32_t status;
    int32_t color;
} GfxPixelGet;

/* Gives the palette index of a pixel, clipped or not. Besides OK: OUTSIDE. */
CARTWHEEL_IMPORT("gfx", "pixel_get@1")
GfxPixelGet gfx_pixel_get(int32_t x, int32_t y);

/* Draws the rim of a rectangle, one pixel wide. */
CARTWHEEL_IMPORT("gfx", "rect@1")
void gfx_rect(int32_t x, int32_t y, int32_t width, int32_t height, int32_t color);

/* Draws a rectangle. */
CARTWHEEL_IMPORT("gfx", "rect_fill@1")
void gfx_rect_fill(int32_t x, int32_t y, int32_t width, int32_t height, int32_t color);

typedef struct {
    int32_t width;
    int32_t height;
} GfxSize;

/* Gives the size of the surface. */
CARTWHEEL_IMPORT("gfx", "size@1")
GfxSize gfx_size(void);

/* Draws `width * height` pixels of memory, a byte each, row by row. */
CARTWHEEL_IMPORT("gfx", "sprite@1")
void gfx_sprite(const void *pixels, uint32_t pixels_len, int32_t width, int32_t height, int32_t x, int32_t y, int32_t transparent, int32_t flags);

/* Draws a rectangle of a picture in memory whose rows are `stride` bytes apart. */
CARTWHEEL_IMPORT("gfx", "sprite_sub@1")
void gfx_sprite_sub(const void *pixels, uint32_t pixels_len, int32_t stride, int32_t src_x, int32_t src_y, int32_t width, int32_t height, int32_t x, int32_t y, int32_t transparent, int32_t flags);

/* Draws UTF-8 text in the built-in 8 by 8 font; byte 10 starts a new line, what is not printable
 * ASCII is a box. */
CARTWHEEL_IMPORT("gfx", "text@1")
void gfx_text(const void *text, uint32_t text_len, int32_t x, int32_t y, int32_t color);

/* As `gfx.text@1`, with glyphs of 8 * scale by 8 * scale pixels, scale 1 to 8; each byte counts
 * scale * scale times. */
CARTWHEEL_IMPORT("gfx", "text@2")
void gfx_text_v2(const void *text, uint32_t text_len, int32_t x, int32_t y, int32_t color, int32_t scale);

/* kernel: The host itself: what it offers, calls by id, names, and a small memory that all modules
 * of an origin share. A call by id is answered at the end of its frame; `spec/policy.md` has the
 * form of its arguments and of its answer. A module can become another cartridge
 * (`spec/ingest.md`). Texts are UTF-8. */
enum kernel_status {
    KERNEL_NOT_FOUND = 16, /* There is no such thing. */
    KERNEL_TOO_SMALL = 17, /* The span is too small; nothing was written. */
    KERNEL_BAD_KEY = 18, /* A key has 1 to 64 bytes; nothing was remembered. */
    KERNEL_BAD_NAME = 19, /* The name is no UTF-8 text of at most 255 bytes, or leads above the root. */
};

typedef struct {
    int32_t status;
    int32_t len;
} KernelDescribe;

/* Writes the signature and the capability of a syscall, as in `gfx.pixel_get@1 (i32, i32) -> i32,
 * i32 gfx`, and gives the length. Besides OK: NOT_FOUND, TOO_SMALL. */
CARTWHEEL_IMPORT("kernel", "describe@1")
KernelDescribe kernel_describe(const void *id, uint32_t id_len, void *text, uint32_t text_len);

typedef struct {
    int32_t status;
    int32_t promise;
} KernelExec;

/* Calls a syscall by its id, which costs what it costs on top; at most 64 answers can wait to be
 * polled. Traps if `args` are no encoded values. Besides OK: QUOTA. */
CARTWHEEL_IMPORT("kernel", "exec@1")
KernelExec kernel_exec(const void *id, uint32_t id_len, const void *args, uint32_t args_len);

typedef struct {
    int32_t status;
    int32_t promise;
} KernelIngest;

/* Asks for the module to become the cartridge at an address (`spec/ingest.md`). If that fails, the
 * answer says in which phase and why, and the module goes on as it is; QUOTA if it asked before and
 * has no answer yet. Besides OK: BAD_NAME, QUOTA. */
CARTWHEEL_IMPORT("kernel", "ingest@1")
KernelIngest kernel_ingest(const void *uri, uint32_t uri_len);

typedef struct {
    int32_t status;
    int32_t promise;
} KernelIngestV2;

/* As version 1, with the content hash that the cartridge has to have; traps if that is not 32
 * bytes. Besides OK: BAD_NAME, QUOTA. */
CARTWHEEL_IMPORT("kernel", "ingest@2")
KernelIngestV2 kernel_ingest_v2(const void *uri, uint32_t uri_len, const void *hash, uint32_t hash_len);

typedef struct {
    int32_t status;
    int32_t len;
} KernelList;

/* Writes the id of a syscall that this host offers, counted from 0 in the order of the ids, and
 * gives the length. Besides OK: NOT_FOUND, TOO_SMALL. */
CARTWHEEL_IMPORT("kernel", "list@1")
KernelList kernel_list(int32_t index, void *id, uint32_t id_len);

typedef struct {
    int32_t status;
    int32_t len;
} KernelMemoryGet;

/* Writes the value that the origin remembers for a key, and gives the length. Besides OK:
 * NOT_FOUND, TOO_SMALL. */
CARTWHEEL_IMPORT("kernel", "memory_get@1")
KernelMemoryGet kernel_memory_get(const void *key, uint32_t key_len, void *value, uint32_t value_len);

typedef struct {
    int32_t status;
    int32_t len;
} KernelMemoryList;

/* Writes a key that the origin remembers, counted from 0 in ascending order of the keys, and gives
 * the length. Besides OK: NOT_FOUND, TOO_SMALL. */
CARTWHEEL_IMPORT("kernel", "memory_list@1")
KernelMemoryList kernel_memory_list(int32_t index, void *key, uint32_t key_len);

/* Forgets a key. Besides OK: NOT_FOUND. */
CARTWHEEL_IMPORT("kernel", "memory_remove@1")
int32_t kernel_memory_remove(const void *key, uint32_t key_len);

/* Remembers a value for a key of 1 to 64 bytes; at most 64 keys, and 16 KiB of keys and values.
 * Besides OK: BAD_KEY, QUOTA. */
CARTWHEEL_IMPORT("kernel", "memory_set@1")
int32_t kernel_memory_set(const void *key, uint32_t key_len, const void *value, uint32_t value_len);

/* Gives back its argument. */
CARTWHEEL_IMPORT("kernel", "ping@1")
int64_t kernel_ping(int64_t value);

typedef struct {
    int32_t status;
    int32_t len;
} KernelPoll;

/* Writes the answer to a call by id or to an ingest, gives its length and forgets it. TOO_SMALL
 * leaves it where it is. Besides OK: PENDING, NOT_FOUND, TOO_SMALL. */
CARTWHEEL_IMPORT("kernel", "poll@1")
KernelPoll kernel_poll(int32_t promise, void *answer, uint32_t answer_len);

typedef struct {
    int32_t status;
    int32_t len;
} KernelResolve;

/* Writes what a name stands for, as the mount with the longest prefix says, and gives the length; a
 * name that does not begin with `/` is below `base`. Besides OK: BAD_NAME, TOO_SMALL. */
CARTWHEEL_IMPORT("kernel", "resolve@1")
KernelResolve kernel_resolve(const void *name, uint32_t name_len, const void *base, uint32_t base_len, void *text, uint32_t text_len);

/* log: Lines of text for people. Not for guests with this header, because they take or give
 * handles: log.write_bytes@1. */
enum log_status {
    LOG_BAD_LEVEL = 16, /* There is no such level; nothing was written. */
};

/* Writes a line of UTF-8 text at level 0 debug, 1 info, 2 warning or 3 error; QUOTA if it does not
 * fit in what is left of the frame's 64 KiB (a line counts 16 on top of its bytes). Besides OK:
 * BAD_LEVEL, QUOTA. */
CARTWHEEL_IMPORT("log", "write@1")
int32_t log_write(int32_t level, const void *text, uint32_t text_len);

/* mem: A memory card of 16 slots, 0 to 15, kept as files `00.card` to `15.card` in the folder `mem`
 * of the module's storage. What is written is seen by this domain at once, and by files when it is
 * committed. Not for guests with this header, because they take or give handles: mem.read_bytes@1,
 * mem.write_bytes@1. */
enum mem_status {
    MEM_BAD_SLOT = 16, /* A card has slots 0 to 15. */
    MEM_EMPTY = 17, /* There is nothing in the slot. */
    MEM_CORRUPT = 18, /* The slot's file is not as it was committed. */
    MEM_FULL = 19, /* The storage has no room for it. */
    MEM_READ_ONLY = 20, /* The storage cannot be changed. */
    MEM_TOO_SMALL = 21, /* The buffer is too small for the content; nothing was copied. */
    MEM_BLOCKED = 22, /* Other files are where those of the card have to be; nothing was committed. */
    MEM_UNCHANGED = 23, /* Nothing was written or erased since the last commit. */
};

/* Makes files of all that was written and erased since the last commit, or of nothing of it.
 * Besides OK: UNCHANGED, FULL, BLOCKED. */
CARTWHEEL_IMPORT("mem", "commit@1")
int32_t mem_commit(void);

/* Forgets all that was written and erased since the last commit. Besides OK: UNCHANGED. */
CARTWHEEL_IMPORT("mem", "discard@1")
int32_t mem_discard(void);

/* Empties a slot. Besides OK: BAD_SLOT, EMPTY, READ_ONLY. */
CARTWHEEL_IMPORT("mem", "erase@1")
int32_t mem_erase(int32_t slot);

typedef struct {
    int32_t status;
    int32_t len;
} MemRead;

/* Copies the content of a slot and gives its length; TOO_SMALL if it does not fit. Besides OK:
 * BAD_SLOT, EMPTY, CORRUPT, TOO_SMALL. */
CARTWHEEL_IMPORT("mem", "read@1")
MemRead mem_read(int32_t slot, void *buffer, uint32_t buffer_len);

typedef struct {
    int32_t status;
    int32_t len;
} MemSize;

/* Gives the length of the content of a slot. Besides OK: BAD_SLOT, EMPTY, CORRUPT. */
CARTWHEEL_IMPORT("mem", "size@1")
MemSize mem_size(int32_t slot);

/* Writes a slot, whole; FULL if it could not be committed now. Besides OK: BAD_SLOT, FULL,
 * READ_ONLY. */
CARTWHEEL_IMPORT("mem", "write@1")
int32_t mem_write(int32_t slot, const void *content, uint32_t content_len);

/* module: Other modules. A module supervises those that it loaded, and those that they loaded;
 * nobody else can see or control them, but for the host. What is asked for happens at the end of
 * the frame, in the order in which it was asked for; a command that the module's own end overtakes
 * comes to nothing. States (`spec/modules.md`): 0 loading, 1 ready, 2 running, 3 paused, 4
 * quarantined, 5 stopping, 6 stopped, 7 trapped, 8 unloaded. QUOTA if the calling module has given
 * 64 commands in the frame. */
enum module_status {
    MODULE_UNKNOWN = 16, /* There is no module of that number, or no more. */
    MODULE_NOT_YOURS = 17, /* The module has another supervisor. */
    MODULE_BAD_STATE = 18, /* The module's state does not allow it; nothing was asked for. */
    MODULE_NOT_FOUND = 19, /* The cartridge store has no program of that name. */
    MODULE_REFUSED = 20, /* The host cannot serve the program. */
    MODULE_BAD_NAME = 21, /* Names of programs are 1 to 64 bytes of text. */
};

typedef struct {
    int32_t status;
    int32_t state;
    int32_t code;
} ModuleInfo;

/* Gives the state of a module as it was at the beginning of the frame, and the exit code of one
 * that halted, else 0. Besides OK: UNKNOWN, NOT_YOURS. */
CARTWHEEL_IMPORT("module", "info@1")
ModuleInfo module_info(int32_t module);

typedef struct {
    int32_t status;
    int32_t module;
} ModuleList;

/* Gives the number of the module at a place, from 0, in the ascending list of those that the
 * calling module supervises. Besides OK: UNKNOWN. */
CARTWHEEL_IMPORT("module", "list@1")
ModuleList module_list(int32_t index);

typedef struct {
    int32_t status;
    int32_t module;
} ModuleLoad;

/* Asks for a module of the program that the cartridge store has under a name, and gives its number;
 * `module.poll` tells what became of it. Once ready, it waits for `module.start`. QUOTA if there
 * are as many modules as the calling one, or one of its supervisors, may have loaded. Besides OK:
 * BAD_NAME, QUOTA. */
CARTWHEEL_IMPORT("module", "load@1")
ModuleLoad module_load(const void *name, uint32_t name_len);

/* Suspends a running module where it stands. Besides OK: UNKNOWN, NOT_YOURS, BAD_STATE, QUOTA. */
CARTWHEEL_IMPORT("module", "pause@1")
int32_t module_pause(int32_t module);

/* Tells what became of a load: PENDING, OK once the module is there, or why not; then the number is
 * forgotten. Besides OK: PENDING, UNKNOWN, NOT_YOURS, NOT_FOUND, REFUSED. */
CARTWHEEL_IMPORT("module", "poll@1")
int32_t module_poll(int32_t module);

typedef struct {
    int32_t status;
    int32_t token;
} ModulePort;

/* Gives a token for the far end of a port that a module has from load: to send and manage for 0
 * (stdin), to receive and manage for 1 (stdout) and 2 (stderr). UNAVAILABLE if one of the two
 * modules has no ports. Besides OK: UNKNOWN, NOT_YOURS, BAD_STATE, QUOTA, UNAVAILABLE. */
CARTWHEEL_IMPORT("module", "port@1")
ModulePort module_port(int32_t module, int32_t port);

/* Puts a running, paused or stopping module into quarantine, which only the host can end. Besides
 * OK: UNKNOWN, NOT_YOURS, BAD_STATE, QUOTA. */
CARTWHEEL_IMPORT("module", "quarantine@1")
int32_t module_quarantine(int32_t module);

/* Gives a module another program of the cartridge store: it begins anew, with its own number and
 * files. If there is no such program, it goes on as it is. Besides OK: UNKNOWN, NOT_YOURS,
 * BAD_STATE, BAD_NAME, QUOTA. */
CARTWHEEL_IMPORT("module", "replace@1")
int32_t module_replace(int32_t module, const void *name, uint32_t name_len);

/* Lets a paused module go on. Besides OK: UNKNOWN, NOT_YOURS, BAD_STATE, QUOTA. */
CARTWHEEL_IMPORT("module", "resume@1")
int32_t module_resume(int32_t module);

/* Lets a module that is ready begin. Besides OK: UNKNOWN, NOT_YOURS, BAD_STATE, QUOTA. */
CARTWHEEL_IMPORT("module", "start@1")
int32_t module_start(int32_t module);

/* Ends a ready, running or paused module for good. One that runs has so many frames more, at most
 * 65,535, to end by itself. Besides OK: UNKNOWN, NOT_YOURS, BAD_STATE, QUOTA. */
CARTWHEEL_IMPORT("module", "stop@1")
int32_t module_stop(int32_t module, int32_t frames);

/* Lets go of a module that is ready, stopped or trapped, or of a load under way, with all that it
 * loaded. Its number is never used again. Besides OK: UNKNOWN, NOT_YOURS, BAD_STATE, QUOTA. */
CARTWHEEL_IMPORT("module", "unload@1")
int32_t module_unload(int32_t module);

/* net: A virtual network. Datagrams between modules of a machine are there at the next frame
 * boundary; those to another machine (1 or more; what the numbers mean is up to the host) leave
 * with the frame, and those from one come as input. There are no sockets. */
enum net_status {
    NET_BAD_ADDRESS = 16, /* Addresses are 1 to 65535, machines 0 or more. */
    NET_TAKEN = 17, /* Somebody has the address. */
    NET_NOT_BOUND = 18, /* The module does not have the address. */
    NET_EMPTY = 19, /* Nothing has come. */
    NET_TOO_SMALL = 20, /* The buffer is too small; nothing was taken. */
    NET_TOO_LARGE = 21, /* A datagram has at most 1,200 bytes; nothing was sent. */
    NET_UNREACHABLE = 22, /* Nobody of this machine has the address. */
    NET_FULL = 23, /* There is no room for it; nothing was sent. */
};

/* Gives the module an address of the machine, 1 to 65535; as many as its quota allows. Besides OK:
 * BAD_ADDRESS, TAKEN, QUOTA. */
CARTWHEEL_IMPORT("net", "bind@1")
int32_t net_bind(int32_t address);

/* Gives an address back; what waits there is lost. Besides OK: NOT_BOUND. */
CARTWHEEL_IMPORT("net", "close@1")
int32_t net_close(int32_t address);

typedef struct {
    int32_t status;
    int32_t len;
    int32_t machine;
    int32_t from;
} NetRecv;

/* Takes the first datagram that came to an address: its length, the machine (0 for this one) and
 * the address that it is from. Besides OK: NOT_BOUND, EMPTY, TOO_SMALL. */
CARTWHEEL_IMPORT("net", "recv@1")
NetRecv net_recv(int32_t address, void *buffer, uint32_t buffer_len);

/* Sends a datagram from an address of the module's own; machine 0 is this one. Whether another
 * machine gets it, nobody tells. Besides OK: NOT_BOUND, BAD_ADDRESS, UNREACHABLE, TOO_LARGE, FULL. */
CARTWHEEL_IMPORT("net", "send@1")
int32_t net_send(int32_t from, int32_t machine, int32_t to, const void *payload, uint32_t payload_len);

/* port: Messages to the kernel and to other modules (`spec/messages.md`). A *port* is a number in
 * the module's own table; 0 is stdin, 1 stdout, 2 stderr. A *token* is a number in another table of
 * the module: rights on the far end of a port, 1 to send, 2 to receive, 4 to manage, added up;
 * token 1 is the right to ports of one's own. Messages are CBOR of at most 64 KiB and are delivered
 * at the next frame boundary, in the order in which they were sent. Not for guests with this
 * header, because they take or give handles: port.receive_bytes@1, port.send_bytes@1. */
enum port_status {
    PORT_BAD_PORT = 16, /* The module has no port of that number. */
    PORT_BAD_TOKEN = 17, /* The module has no token of that number, or it was revoked. */
    PORT_NO_RIGHT = 18, /* The port or token does not give the right to do that. */
    PORT_FULL = 19, /* There is no room where the message or its answer would wait. */
    PORT_EMPTY = 20, /* No message is there. */
    PORT_CLOSED = 21, /* The other end has gone. */
    PORT_TOO_SMALL = 22, /* The buffer is too small for the message; nothing was taken. */
    PORT_TOO_LARGE = 23, /* A message has at most 65,536 bytes; nothing was sent. */
    PORT_BAD_NAME = 24, /* A name has 1 to 64 printable ASCII characters without spaces. */
    PORT_TAKEN = 25, /* Something else has the name. */
    PORT_NOT_FOUND = 26, /* The name stands for nothing that could be had. */
};

typedef struct {
    int32_t status;
    int32_t token;
} PortDerive;

/* Makes another token of one that may be managed, with no more rights. Besides OK: BAD_TOKEN,
 * NO_RIGHT, QUOTA. */
CARTWHEEL_IMPORT("port", "derive@1")
PortDerive port_derive(int32_t token, int32_t rights);

/* Lets go of a token, and closes ports that were opened with it. What was derived from it stays.
 * Besides OK: BAD_TOKEN. */
CARTWHEEL_IMPORT("port", "drop@1")
int32_t port_drop(int32_t token);

typedef struct {
    int32_t status;
    int32_t token;
} PortFind;

/* Gives a token with the rights of the one that was published under a name, derived from it.
 * Besides OK: NOT_FOUND, QUOTA. */
CARTWHEEL_IMPORT("port", "find@1")
PortFind port_find(const void *name, uint32_t name_len);

typedef struct {
    int32_t status;
    int32_t port;
} PortOpen;

/* Opens a port: the far end that the token names, for as long as the module has the token; with
 * token 1 a new one of the module's own. Besides OK: BAD_TOKEN, NO_RIGHT, CLOSED, QUOTA. */
CARTWHEEL_IMPORT("port", "open@1")
PortOpen port_open(int32_t token);

typedef struct {
    int32_t status;
    int32_t messages;
    int32_t len;
} PortPoll;

/* Tells how many messages wait to be received, and the length of the first. Besides OK: BAD_PORT,
 * NO_RIGHT, EMPTY, CLOSED. */
CARTWHEEL_IMPORT("port", "poll@1")
PortPoll port_poll(int32_t port);

/* Puts a token into the machine's directory under a name, which takes it out of the module's table;
 * as many names as its quota allows. Besides OK: BAD_TOKEN, BAD_NAME, TAKEN, NO_RIGHT, QUOTA. */
CARTWHEEL_IMPORT("port", "publish@1")
int32_t port_publish(const void *name, uint32_t name_len, int32_t token);

typedef struct {
    int32_t status;
    int32_t len;
    int32_t sender;
    int32_t token;
} PortReceive;

/* Takes the first message: its length, the number of the module that sent it (-1 for the kernel and
 * the host), and the token that came with it, or 0. QUOTA if there is no room for the token.
 * Besides OK: BAD_PORT, NO_RIGHT, EMPTY, CLOSED, TOO_SMALL, QUOTA. */
CARTWHEEL_IMPORT("port", "receive@1")
PortReceive port_receive(int32_t port, void *buffer, uint32_t buffer_len);

/* Gives a port back; the other end finds it closed. The first three stay. Besides OK: BAD_PORT,
 * NO_RIGHT. */
CARTWHEEL_IMPORT("port", "release@1")
int32_t port_release(int32_t port);

typedef struct {
    int32_t status;
    int32_t revoked;
} PortRevoke;

/* Ends all tokens that were derived from a token, whoever has them, and closes the ports that were
 * opened with them; gives their number, each of which counts as a byte. Besides OK: BAD_TOKEN. */
CARTWHEEL_IMPORT("port", "revoke@1")
PortRevoke port_revoke(int32_t token);

typedef struct {
    int32_t status;
    int32_t rights;
} PortRights;

/* Tells the rights that a token gives. Besides OK: BAD_TOKEN. */
CARTWHEEL_IMPORT("port", "rights@1")
PortRights port_rights(int32_t token);

/* Sends a message; on stdin to the kernel, which does what it asks for at that price on top and
 * answers on stdout or stderr. A message that is no CBOR is answered on stderr. Besides OK:
 * BAD_PORT, NO_RIGHT, FULL, CLOSED, TOO_LARGE. */
CARTWHEEL_IMPORT("port", "send@1")
int32_t port_send(int32_t port, const void *message, uint32_t message_len);

typedef struct {
    int32_t status;
    int32_t token;
} PortToken;

/* Makes a token for the far end of one of the module's own ports: to send is to send to the module,
 * to receive is to get what it sends. Besides OK: BAD_PORT, NO_RIGHT, QUOTA. */
CARTWHEEL_IMPORT("port", "token@1")
PortToken port_token(int32_t port, int32_t rights);

/* Sends a message and a token with it, which leaves the module's table; ports that were opened with
 * it are closed. Besides OK: BAD_PORT, BAD_TOKEN, NO_RIGHT, FULL, CLOSED, TOO_LARGE. */
CARTWHEEL_IMPORT("port", "transfer@1")
int32_t port_transfer(int32_t port, int32_t token, const void *message, uint32_t message_len);

/* Takes a name that the module published, and its token, out of the directory. What others derived
 * from it stays. Besides OK: NOT_FOUND. */
CARTWHEEL_IMPORT("port", "withdraw@1")
int32_t port_withdraw(const void *name, uint32_t name_len);

/* proc: The module itself, as one among others. */
enum proc_status {
    PROC_NO_SUPERVISOR = 16, /* The host loaded the module; no module supervises it. */
    PROC_BAD_STATE = 17, /* The module's state does not allow it; nothing was asked for. */
};

/* Gives the module's number. */
CARTWHEEL_IMPORT("proc", "id@1")
int32_t proc_id(void);

typedef struct {
    int32_t status;
    int32_t module;
} ProcParent;

/* Gives the number of the module that loaded this one. Besides OK: NO_SUPERVISOR. */
CARTWHEEL_IMPORT("proc", "parent@1")
ProcParent proc_parent(void);

/* Pauses the module from the end of the frame on, until its supervisor resumes it. Besides OK:
 * NO_SUPERVISOR, BAD_STATE, QUOTA. */
CARTWHEEL_IMPORT("proc", "pause@1")
int32_t proc_pause(void);

typedef struct {
    int64_t used;
    int64_t limit;
} ProcQuota;

/* Gives what is used of a quota, and the quota: `kind` 0 modules that it loaded and that these
 * loaded, 1 open requests, 2 bytes of storage (0 and 0 for a module without). */
CARTWHEEL_IMPORT("proc", "quota@1")
ProcQuota proc_quota(int32_t kind);

/* Ends the module for good, `frames` frames, at most 65,535, after this one. Besides OK: BAD_STATE,
 * QUOTA. */
CARTWHEEL_IMPORT("proc", "stop@1")
int32_t proc_stop(int32_t frames);

/* Gives the number of frames that are left to a module that is being stopped, this one included; 0
 * if it is not. */
CARTWHEEL_IMPORT("proc", "stopping@1")
int32_t proc_stopping(void);

/* telemetry: The module's own figures. */
enum telemetry_status {
    TELEMETRY_TOO_SMALL = 16, /* The span is too small for the record; nothing was written. */
    TELEMETRY_BAD_NAME = 17, /* A name has 1 to 32 printable ASCII characters; nothing was counted. */
    TELEMETRY_NO_ZONE = 18, /* No zone is open. */
};

/* Opens a named zone, inside those that are open: a profile shows what is spent in it. QUOTA if 16
 * are open. A zone stays open beyond the frame. Besides OK: BAD_NAME, QUOTA. */
CARTWHEEL_IMPORT("telemetry", "begin@1")
int32_t telemetry_begin(const void *name, uint32_t name_len);

/* Reports a named number of this frame; at most 64 in a frame. Besides OK: BAD_NAME, QUOTA. */
CARTWHEEL_IMPORT("telemetry", "counter@1")
int32_t telemetry_counter(const void *name, uint32_t name_len, int64_t value);

/* Closes the zone that was opened last. Besides OK: NO_ZONE. */
CARTWHEEL_IMPORT("telemetry", "end@1")
int32_t telemetry_end(void);

/* Writes figures of the module's frame before this one as eight u64: number of the frame, cycles,
 * budget, syscalls, bytes and objects allocated, collector cycles, overruns so far. UNAVAILABLE in
 * a module's first frame. Besides OK: TOO_SMALL, UNAVAILABLE. */
CARTWHEEL_IMPORT("telemetry", "frame@1")
int32_t telemetry_frame(void *record, uint32_t record_len);

/* wasm4: The imports of WASM-4 games, by `wasm4.md`. Drawing is clipped and goes to the framebuffer
 * in the module's memory, with the draw colours that are there. A row that draws traps if the
 * memory does not hold all of the framebuffer. */

/* Draws a sprite of 1 or 2 bits a pixel. */
CARTWHEEL_IMPORT("wasm4", "blit@1")
void wasm4_blit(int32_t sprite, int32_t x, int32_t y, int32_t width, int32_t height, int32_t flags);

/* Draws a rectangle of a sprite whose rows are `stride` pixels apart. */
CARTWHEEL_IMPORT("wasm4", "blit_sub@1")
void wasm4_blit_sub(int32_t sprite, int32_t x, int32_t y, int32_t width, int32_t height, int32_t src_x, int32_t src_y, int32_t stride, int32_t flags);

/* Reads from the start of the disk; gives the number of bytes read. */
CARTWHEEL_IMPORT("wasm4", "diskr@1")
int32_t wasm4_diskr(void *to, uint32_t to_len);

/* Replaces the disk by at most 1,024 bytes; gives their number, or 0 if the storage does not take
 * them. */
CARTWHEEL_IMPORT("wasm4", "diskw@1")
int32_t wasm4_diskw(const void *from, uint32_t from_len);

/* Draws a line to the right. */
CARTWHEEL_IMPORT("wasm4", "hline@1")
void wasm4_hline(int32_t x, int32_t y, int32_t len);

/* Draws a line; both ends belong to it. */
CARTWHEEL_IMPORT("wasm4", "line@1")
void wasm4_line(int32_t x1, int32_t y1, int32_t x2, int32_t y2);

/* Draws an oval that fills a rectangle. */
CARTWHEEL_IMPORT("wasm4", "oval@1")
void wasm4_oval(int32_t x, int32_t y, int32_t width, int32_t height);

/* Draws a rectangle and its outline. */
CARTWHEEL_IMPORT("wasm4", "rect@1")
void wasm4_rect(int32_t x, int32_t y, int32_t width, int32_t height);

/* Draws the characters up to a byte 0. */
CARTWHEEL_IMPORT("wasm4", "text@1")
void wasm4_text(int32_t text, int32_t x, int32_t y);

/* Draws a character for every two bytes. */
CARTWHEEL_IMPORT("wasm4", "text_utf16@1")
void wasm4_text_utf16(const void *text, uint32_t text_len, int32_t x, int32_t y);

/* Draws a character for every byte. */
CARTWHEEL_IMPORT("wasm4", "text_utf8@1")
void wasm4_text_utf8(const void *text, uint32_t text_len, int32_t x, int32_t y);

/* Starts a tone on one of the four channels. */
CARTWHEEL_IMPORT("wasm4", "tone@1")
void wasm4_tone(int32_t frequency, int32_t duration, int32_t volume, int32_t flags);

/* Logs the UTF-8 text up to a byte 0. */
CARTWHEEL_IMPORT("wasm4", "trace@1")
void wasm4_trace(int32_t text);

/* Logs UTF-16 text. */
CARTWHEEL_IMPORT("wasm4", "trace_utf16@1")
void wasm4_trace_utf16(const void *text, uint32_t text_len);

/* Logs UTF-8 text. */
CARTWHEEL_IMPORT("wasm4", "trace_utf8@1")
void wasm4_trace_utf8(const void *text, uint32_t text_len);

/* Logs text in which `%c`, `%d`, `%x`, `%s` and `%f` stand for values at `args`. */
CARTWHEEL_IMPORT("wasm4", "tracef@1")
void wasm4_tracef(int32_t format, int32_t args);

/* Draws a line downwards. */
CARTWHEEL_IMPORT("wasm4", "vline@1")
void wasm4_vline(int32_t x, int32_t y, int32_t len);

#ifdef __cplusplus
}
#endif

#endif
