; Chimes. A tune for pulses, a triangle and noise plays on and on, and now and then a gust of wind rings bells, which are a
; recording. The tune takes the voices that it needs; the bells get what is free, and those that get nothing stay silent.
.title "Chimes" .author "Cartwheel" .version "1.0.0"
.video 320, 180
.cycles 100_000
.capability gfx, audio

.include "../lib/audio.inc"
.include "../lib/buttons.inc"
.include "../lib/digits.inc"
.include "../lib/palette.inc"

; ---- Instruments ----

.const LEAD = 8, BASS = 9, CHORD = 10, HAT = 11, SNARE = 12, KICK = 13, BELL = 14
.const LOUD = 255, SOFT = 110

.asset bell sample = file("bell.wav")
.const BELL_ROOT = G5           ; the note that was recorded
.data bell_ready: i32 0

.func start()
  syscall audio.pulse(LEAD, 64)
  syscall audio.envelope(LEAD, 5, 140, 130, 90)
  syscall audio.triangle(BASS)
  syscall audio.envelope(BASS, 5, 0, 255, 60)
  syscall audio.pulse(CHORD, 32)
  syscall audio.envelope(CHORD, 2, 160, 0, 0)
  syscall audio.noise(HAT, 1)
  syscall audio.envelope(HAT, 0, 40, 0, 0)
  syscall audio.noise(SNARE, 0)
  syscall audio.envelope(SNARE, 0, 140, 0, 0)
  syscall audio.triangle(KICK)
  syscall audio.envelope(KICK, 0, 180, 0, 0)
  syscall audio.envelope(BELL, 0, 0, 255, 200)
  call set_palette(0, countof(colors), colors)
  call gradient(TUBE, SHADES, 0x5b6b82, 0xfff0b0)
  call gradient(SKY, SHADES, 0x0d1020, 0x2a2f55)
  return
.end

; The recording is an asset, and an asset may not be there yet: then there are no bells in this frame.
.func bells_ready() -> i32
  .local status: i32
  i32.load status, [bell_ready]
  br_if status, ready
  syscall audio.sample(BELL, asset(bell), BELL_ROOT) -> status
  br_if status, not_yet
  i32.store [bell_ready], 1
ready:
  return 1
not_yet:
  return 0
.end

; ---- The tune ----

.const STEP_FRAMES = 8, STEPS = 64, BAR = 16

; MIDI notes, 0 for a rest: A minor, F, C, G.
.data melody: i8 =
  69, 0, 72, 0, 76, 0, 72, 0, 74, 0, 72, 0, 71, 0, 72, 0,
  69, 0,  0, 0, 65, 0, 69, 0, 72, 0,  0, 0, 69, 0, 72, 0,
  76, 0, 79, 0, 76, 0, 72, 0, 74, 0, 76, 0, 74, 0, 72, 0,
  71, 0,  0, 0, 74, 0, 71, 0, 67, 0,  0, 0, 71, 0, 74, 0
.data roots: i8 45, 41, 48, 43
.data chords: i8 69, 72, 76, 65, 69, 72, 67, 72, 76, 67, 71, 74

.data tune_notes: i32 0
.data bell_notes: i32 0
.data silent_bells: i32 0

; The tune takes the voice of a bell if it has to, and keeps its own.
.func tune(instrument, note, volume, pan, frames: i32) -> i32
  .local status, voice: i32
  i32.mul note, note, SEMITONE
  syscall audio.play(instrument, note, volume, pan, frames, STEAL | PROTECT) -> status, voice
  br_if status, none
  call remember(voice)
  i32.load note, [tune_notes]
  i32.add note, note, 1
  i32.store [tune_notes], note
none:
  return voice
.end

.func play_step(step: i32)
  .local note, bar, at, voice: i32
  i32.load8_u note, [melody + step]
  br_unless note, no_melody
  call tune(LEAD, note, 200, -30, 6) -> _
no_melody:
  i32.div_u bar, step, BAR
  i32.and at, step, 3
  br_if at, no_bass
  i32.load8_u note, [roots + bar]
  call tune(BASS, note, LOUD, 0, 20) -> _
no_bass:
  i32.and at, step, 1
  br_unless at, no_chord
  i32.shr_u at, step, 1
  i32.rem_u at, at, 3
  i32.mul note, bar, 3
  i32.add note, note, at
  i32.load8_u note, [chords + note]
  call tune(CHORD, note, SOFT, 60, 0) -> _
no_chord:
  i32.and at, step, 7
  br_if at, no_kick
  call tune(KICK, 48, LOUD, 0, 0) -> voice
  syscall audio.slide(voice, C1, 5)
no_kick:
  br.i32.ne at, 4, no_snare
  call tune(SNARE, 84, 140, 10, 0) -> _
no_snare:
  i32.and at, step, 3
  br.i32.ne at, 2, no_hat
  call tune(HAT, 120, 90, -50, 0) -> _
no_hat:
  return
.end

; ---- The wind ----

.const GUST = 42                ; frames
.const BETWEEN = 240            ; frames between two gusts
.data wind: i32 0               ; frames left of the gust
.data bell_pitches: i32 A5, C6, D6, E6, G6, A6, G5, E5

.func blow()
  .local left, at, status, voice: i32
  input.pressed at, 0
  i32.and at, at, BUTTON_A
  br_if at, begins
  frame.index at
  i32.rem_u at, at, BETWEEN
  br.i32.ne at, BETWEEN / 4, goes_on
begins:
  i32.store [wind], GUST
goes_on:
  i32.load left, [wind]
  br_unless left, calm
  i32.sub left, left, 1
  i32.store [wind], left
  i32.rem_u at, left, 3
  br_if at, calm
  call bells_ready() -> at
  br_unless at, calm
  rng.below at, countof(bell_pitches)
  i32.shl at, at, 2
  i32.load at, [bell_pitches + at]
  rng.below left, 200
  i32.sub left, left, 100
  syscall audio.play(BELL, at, 150, left, 0, 0) -> status, voice
  br_if status, no_voice
  call remember(voice)
  i32.load at, [bell_notes]
  i32.add at, at, 1
  i32.store [bell_notes], at
  return
no_voice:
  i32.load at, [silent_bells]
  i32.add at, at, 1
  i32.store [silent_bells], at
calm:
  return
.end

; ---- What is heard, to be seen ----

.const VOICES = 8
.data playing: i32[VOICES]      ; the last note of each voice

; The voice of a note is in its lowest three bits.
.func remember(note: i32)
  .local at: i32
  i32.and at, note, VOICES - 1
  i32.shl at, at, 2
  i32.store [playing + at], note
  return
.end

.const NIGHT = 0, WOOD = 1, ROPE = 2, PAPER = 3, DIM = 4, SHADOW = 5
.const TUBE = 32, SKY = 64, SHADES = 32
.data colors: i32 0x0d1020, 0x6b4a2e, 0xa08a6a, 0xf2efe0, 0x8088a8, 0x080a14

.func draw_sky()
  .local y, color: i32
  i32.const y, 0
band:
  loop
  i32.div_u color, y, 6
  i32.add color, color, SKY
  syscall gfx.rect_fill(0, y, 320, 6, color)
  i32.add y, y, 6
  br.i32.lt_u y, 180, band
  syscall gfx.rect_fill(24, 14, 272, 8, WOOD)
  syscall gfx.rect_fill(24, 22, 272, 1, SHADOW)
  return
.end

; A tube per voice. It shines with the level of its note and trembles.
.func draw_tubes()
  .local i, at, note, status, pitch, level, x, length, shake: i32
  i32.const i, 0
tube:
  loop
  i32.shl at, i, 2
  i32.load note, [playing + at]
  syscall audio.state(note) -> status, _, pitch, level
  i32.mul x, i, 32
  i32.add x, x, 42
  i32.mul length, i, 7
  i32.sub length, 112, length
  frame.index shake
  i32.and shake, shake, 2
  i32.sub shake, shake, 1
  i32.mul shake, shake, level
  i32.shr_s shake, shake, 7
  i32.add x, x, shake
  syscall gfx.line(x, 23, x, 32, ROPE)
  i32.shr_u level, level, 3
  i32.add level, level, TUBE
  i32.sub at, x, 5
  syscall gfx.rect_fill(at, 32, 11, length, level)
  i32.add at, x, 4
  syscall gfx.rect_fill(at, 32, 2, length, SHADOW)
  syscall gfx.rect(at, 32, 2, length, SHADOW)
  br_if status, silent
  ; A spark beside it, the higher the note the higher up.
  i32.div_u pitch, pitch, 300
  i32.sub pitch, 150, pitch
  i32.add at, x, 9
  syscall gfx.circle_fill(at, pitch, 2, level)
silent:
  i32.add i, i, 1
  br.i32.lt_u i, VOICES, tube
  return
.end

.func number(value, x, y: i32)
  .local at, len: i32
  call digits(value) -> at, len
  syscall gfx.text(at, len, x, y, PAPER)
  return
.end

.func update()
  .local frame, step, rest: i32
  frame.index frame
  i32.rem_u rest, frame, STEP_FRAMES
  br_if rest, between
  i32.div_u step, frame, STEP_FRAMES
  i32.rem_u step, step, STEPS
  call play_step(step)
between:
  call blow()
  call draw_sky()
  call draw_tubes()
  syscall gfx.text("notes", 24, 166, DIM)
  i32.load step, [tune_notes]
  call number(step, 70, 166)
  syscall gfx.text("bells", 124, 166, DIM)
  i32.load step, [bell_notes]
  call number(step, 170, 166)
  syscall gfx.text("no voice", 212, 166, DIM)
  i32.load step, [silent_bells]
  call number(step, 282, 166)
  return
.end
