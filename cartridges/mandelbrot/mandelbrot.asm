; The Mandelbrot set, in 64-bit floats.
;
; A picture takes twenty to two hundred million cycles, a frame has one million. So `update` does not come to its end in
; a frame: the machine stops it wherever it is, in nested loops and calls, and goes on with it there in the next frame.
; Nothing in the program is made for that. (The summary of a run counts the updates that ran over: as many as pictures.)
;
; The same stop can be saved and continued on another machine, which computes the same picture to the last bit: floats
; have one canonical NaN, and logarithms come from a portable library.
.title "Mandelbrot" .author "Cartwheel" .version "1.0.0"
.video 320, 180
.cycles 1_000_000
.capability gfx

.include "../lib/buttons.inc"
.include "../lib/digits.inc"
.include "../lib/palette.inc"

.const WIDTH = 320, HEIGHT = 168                ; of the picture; the rest of the screen is the bar
.const BAR_Y = HEIGHT
.const ZOOM = 3                                 ; from picture to picture
.const LEVELS = 10                              ; pictures of a place
.const REST = 40                                ; frames that a finished picture is shown

; Places worth a journey: the point that all pictures of it have in their middle.
.data places: f64 -0.743643887037151, 0.131825904205330,
  -0.170337, -1.065060,
  -1.749512, 0.000032,
  0.282712, -0.010118
.const PLACES = countof(places) / 2

.data place: i32 0
.data level: i32 0
.data rest: i32 0
.data depth: i32 0                              ; iterations after which a point counts as inside
.data magnification: i32 1
.data began: i32 0                              ; frame in which the picture was begun

; The colours of the pixels, for the enlargement that the next picture begins with.
.data picture: i8[WIDTH * HEIGHT]

.const INSIDE = 0, FIRST_COLOR = 1, COLORS = 240
.const BAR = 250, LINE = 251, TEXT = 252, VALUE = 253
.data bar_colors: i32 0x0a0c18, 0xf2b34c, 0x6c78a0, 0xf4f0e0

.func start()
  call gradient(FIRST_COLOR, 49, 0x040818, 0x1c50b0)
  call gradient(FIRST_COLOR + 48, 49, 0x1c50b0, 0xe8f6ff)
  call gradient(FIRST_COLOR + 96, 49, 0xe8f6ff, 0xf8a820)
  call gradient(FIRST_COLOR + 144, 49, 0xf8a820, 0x7a1030)
  call gradient(FIRST_COLOR + 192, 48, 0x7a1030, 0x040818)
  syscall gfx.palette(INSIDE, 0x000000)
  call set_palette(BAR, countof(bar_colors), bar_colors)
  return
.end

; One call for a whole picture, however many frames that takes; then one per frame while it is shown.
.func update()
  .local left, done: i32
  i32.load left, [rest]
  br_if left, show
  call draw_picture() -> done
  br_unless done, leave
  call draw_bar(WIDTH)
  i32.store [rest], REST
  return
show:
  input.pressed done, 0
  i32.and done, done, BUTTON_A
  br_if done, leave
  i32.sub left, left, 1
  i32.store [rest], left
  br_if left, stay
  call go_deeper()
stay:
  return
leave:
  call next_place()
  return
.end

.func go_deeper()
  .local n: i32
  i32.load n, [level]
  i32.add n, n, 1
  br.i32.ge_s n, LEVELS, leave
  i32.store [level], n
  i32.load n, [magnification]
  i32.mul n, n, ZOOM
  i32.store [magnification], n
  call enlarge()
  return
leave:
  call next_place()
  return
.end

.func next_place()
  .local n: i32
  i32.load n, [place]
  i32.add n, n, 1
  i32.rem_u n, n, PLACES
  i32.store [place], n
  i32.store [level], 0
  i32.store [rest], 0
  i32.store [magnification], 1
  return
.end

; ---- The picture ----

; Draws the picture: first in coarse blocks, then in finer and finer ones, leaving out what is known already. Returns 1, or 0
; if button A was pressed.
.func draw_picture() -> i32
  .local x, y, block, first, known, color, n: i32, re, im, middle_re, middle_im, size: f64
  frame.index n
  i32.store [began], n
  ; The deeper, the longer it takes to see that a point gets away.
  i32.load n, [level]
  i32.mul known, n, 90
  i32.add known, known, 120
  i32.store [depth], known
  i32.load known, [place]
  i32.shl known, known, 4
  f64.load middle_re, [places + known]
  f64.load middle_im, [places + 8 + known]
  ; Size of a pixel.
  i32.load known, [magnification]
  f64.convert_i32_s size, known
  f64.div size, 3.8 / WIDTH, size
  ; An enlargement of the picture before is better than coarse blocks.
  select first, n, 2, 16
  move block, first

pass:
  loop
  call draw_bar(0)
  i32.const y, 0
rows:
  loop
  i32.sub n, y, HEIGHT / 2
  f64.convert_i32_s im, n
  f64.mul im, im, size
  f64.add im, im, middle_im
  i32.const x, 0
columns:
  loop
  ; The places of a pass of larger blocks have their colour.
  i32.or n, x, y
  i32.shl known, block, 1
  i32.sub known, known, 1
  i32.and known, n, known
  br_if known, new
  br.i32.lt_u block, first, next
new:
  input.pressed n, 0
  i32.and n, n, BUTTON_A
  br_if n, stopped
  i32.sub n, x, WIDTH / 2
  f64.convert_i32_s re, n
  f64.mul re, re, size
  f64.add re, re, middle_re
  i32.load n, [depth]
  call color_of(re, im, n) -> color
  i32.mul n, y, WIDTH
  i32.add n, n, x
  i32.store8 [picture + n], color
  syscall gfx.rect_fill(x, y, block, block, color)
next:
  i32.add x, x, block
  br.i32.lt_u x, WIDTH, columns
  i32.add y, y, block
  i32.mul n, y, WIDTH
  i32.div_u n, n, HEIGHT
  syscall gfx.rect_fill(0, BAR_Y, n, 1, LINE)
  br.i32.lt_u y, HEIGHT, rows
  i32.shr_u block, block, 1
  br_if block, pass
  return 1
stopped:
  return 0
.end

; The colour of a point: how soon it gets away.
.func color_of(re, im: f64, depth: i32) -> i32
  .local n, far: i32, zr, zi, zr2, zi2, t: f64
  ; Most points inside lie in the cardioid or in the disc beside it, which formulas tell.
  f64.sub t, re, 0.25
  f64.mul t, t, t
  f64.mul zi2, im, im
  f64.add t, t, zi2
  f64.sub zr, re, 0.25
  f64.add zr, zr, t
  f64.mul zr, zr, t
  f64.mul zi, zi2, 0.25
  f64.le far, zr, zi
  br_if far, inside
  f64.add zr, re, 1.0
  f64.mul zr, zr, zr
  f64.add zr, zr, zi2
  f64.le far, zr, 0.0625
  br_if far, inside

  f64.const zr, 0
  f64.const zi, 0
  f64.const zr2, 0
  f64.const zi2, 0
  i32.const n, 0
iterate:
  loop
  f64.mul zi, zr, zi
  f64.add zi, zi, zi
  f64.add zi, zi, im
  f64.sub zr, zr2, zi2
  f64.add zr, zr, re
  f64.mul zr2, zr, zr
  f64.mul zi2, zi, zi
  f64.add t, zr2, zi2
  f64.gt far, t, 256.0
  br_if far, away
  i32.add n, n, 1
  br.i32.lt_u n, depth, iterate
inside:
  return INSIDE

away:
  ; By how far it has got, the steps between whole numbers become smooth: n + 1 - log2(log2 |z|).
  f64.log t, t
  f64.mul t, t, 0.5 / 0.6931471805599453
  f64.log t, t
  f64.mul t, t, 1 / 0.6931471805599453
  f64.convert_i32_s zr, n
  f64.sub zr, zr, t
  f64.add zr, zr, 1
  f64.max zr, zr, 0
  f64.sqrt zr, zr
  f64.mul zr, zr, 13
  i32.trunc_f64_s n, zr
  i32.rem_u n, n, COLORS
  i32.add n, n, FIRST_COLOR
  return n
.end

; Shows the middle of the picture, each pixel as a square.
.func enlarge()
  .local x, y, at, down, color: i32
  .const MIDDLE_X = WIDTH / 2 - WIDTH / ZOOM / 2 - 1, MIDDLE_Y = HEIGHT / 2 - HEIGHT / ZOOM / 2 - 1
  syscall gfx.clip(0, 0, WIDTH, HEIGHT)
  i32.const y, MIDDLE_Y
rows:
  loop
  i32.const x, MIDDLE_X
columns:
  loop
  i32.mul at, y, WIDTH
  i32.add at, at, x
  i32.load8_u color, [picture + at]
  i32.mul at, x, ZOOM
  i32.sub at, at, WIDTH / 2 * (ZOOM - 1) + ZOOM / 2
  i32.mul down, y, ZOOM
  i32.sub down, down, HEIGHT / 2 * (ZOOM - 1) + ZOOM / 2
  syscall gfx.rect_fill(at, down, ZOOM, ZOOM, color)
  i32.add x, x, 1
  br.i32.lt_u x, WIDTH - MIDDLE_X, columns
  i32.add y, y, 1
  br.i32.lt_u y, HEIGHT - MIDDLE_Y, rows
  syscall gfx.clip(0, 0, WIDTH, HEIGHT + 12)
  return
.end

; ---- The bar ----

.func draw_bar(done: i32)
  .local value, at, len: i32
  syscall gfx.rect_fill(0, BAR_Y, WIDTH, 12, BAR)
  syscall gfx.rect_fill(0, BAR_Y, done, 1, LINE)
  syscall gfx.text("zoom", 4, BAR_Y + 3, TEXT)
  i32.load value, [magnification]
  call digits(value) -> at, len
  syscall gfx.text(at, len, 42, BAR_Y + 3, VALUE)
  syscall gfx.text("depth", 112, BAR_Y + 3, TEXT)
  i32.load value, [depth]
  call digits(value) -> at, len
  syscall gfx.text(at, len, 158, BAR_Y + 3, VALUE)
  br_unless done, not_done
  syscall gfx.text("in", 208, BAR_Y + 3, TEXT)
  frame.index value
  i32.load at, [began]
  i32.sub value, value, at
  i32.add value, value, 1
  call digits(value) -> at, len
  syscall gfx.text(at, len, 230, BAR_Y + 3, VALUE)
  i32.shl len, len, 3
  i32.add len, len, 238
  syscall gfx.text("frames", len, BAR_Y + 3, TEXT)
not_done:
  return
.end
