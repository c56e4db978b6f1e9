; A storm of sprites: shoals of fish, some hundred syscalls for them in every frame, and on top what the frame before cost.
;
; Up and down on pad 0 change the number of fish; left and right move the view, which else goes by itself.
.title "Sprite storm" .author "Cartwheel" .version "1.0.0"
.video 320, 180
.cycles 500_000
.capability gfx, telemetry

.include "../lib/buttons.inc"
.include "../lib/digits.inc"
.include "../lib/palette.inc"

.const WIDTH = 320, HEIGHT = 180                ; of the screen
.const SEA_W = 480, SEA_H = 270                 ; of the sea, of which the screen shows a part
.const FLOOR_Y = SEA_H - 26
.const ONE = 256                                ; places and speeds of fish have 8 bits behind the point

; ---- Fish ----

.const MOST_FISH = 768
.data fish_count: i32 400

; The kinds are `shoals` of their own, with a place each that their fish are drawn to.
.const SHOALS = 4
.data shoals: i32[2 * SHOALS]                   ; x, y

; A fish is x, y, speed in x and y.
.const FISH_BYTES = 16
.data fish: i32[MOST_FISH * 4]

.sprite swim_0 map=".bdwk"
  "....bbbb...."
  "d..bbbbbbb.."
  "dd.bbdbbwkb."
  "dddbbdbbwwbb"
  "dddbbdbbbbbb"
  "dd.bwdwwwwb."
  "d..bwwwwww.."
  "....dd......"
.end
.sprite swim_1 map=".bdwk"
  "....bbbb...."
  "...bbbbbbb.."
  ".d.bbdbbwkb."
  ".ddbbdbbwwbb"
  ".ddbbdbbbbbb"
  ".d.bwdwwwwb."
  "...bwwwwww.."
  "....dd......"
.end

; All fish in one picture, a row for each kind: what `gfx.sprite_sub` takes its rectangles from.
.const FISH_W = swim_0.width, FISH_H = swim_0.height, SHEET_W = 2 * FISH_W
.data sheet: i8[SHEET_W * FISH_H * SHOALS]

; ---- Colours ----

; Four for each kind: body, dark, light, eye.
.const COATS = 1
.data coats: i32 0xff8a30, 0xc2401c, 0xfff2d8, 0x20141a,
  0xffd84a, 0xc48a10, 0xfffbe0, 0x20141a,
  0xf06aa8, 0x8c2a78, 0xffe0f0, 0x20141a,
  0x58e0d0, 0x1c7f98, 0xe4fffa, 0x20141a
.const WATER = 32, BANDS = 27
.const SAND = 64, SAND_DARK = 65, BUBBLE = 66, SHINE = 67, PANEL = 68, LABEL = 69, VALUE = 70, GAUGE = 71, ROCK = 72
.data other_colors: i32 0xc9a86a, 0xa8854e, 0x7fc4e8, 0xffffff, 0x071526, 0x6f9fc4, 0xffffff, 0xffb03a, 0x274058
.const WEED = 80, JOINTS = 12

; ---- Bubbles ----

.const BUBBLES = 28
.data bubbles: i32[BUBBLES * 4]                 ; x, y, radius, speed

; ---- What the last frame cost, as `telemetry.frame` writes it ----

.data record: i64[8]
.const CYCLES = 8, BUDGET = 16, SYSCALLS = 24

.data view: i32 0, 0

.func start()
  .local i, at, n: i32
  call set_palette(COATS, countof(coats), coats)
  call gradient(WATER, BANDS, 0x2f9fd8, 0x0b2350)
  call set_palette(SAND, countof(other_colors), other_colors)
  call gradient(WEED, JOINTS, 0x0f4a3c, 0x5fc860)
  i32.const i, 0
kind:
  loop
  call add_to_sheet(i)
  i32.add i, i, 1
  br.i32.lt_u i, SHOALS, kind

  i32.const at, fish
each_fish:
  loop
  rng.below n, SEA_W * ONE
  i32.store [at], n
  rng.below n, FLOOR_Y * ONE
  i32.store [at + 4], n
  i32.add at, at, FISH_BYTES
  br.i32.lt_u at, fish + sizeof(fish), each_fish

  i32.const at, bubbles
each_bubble:
  loop
  rng.below n, SEA_W
  i32.store [at], n
  rng.below n, FLOOR_Y * ONE
  i32.store [at + 4], n
  rng.below n, 4
  i32.add n, n, 1
  i32.store [at + 8], n
  rng.below n, ONE
  i32.add n, n, ONE / 3
  i32.store [at + 12], n
  i32.add at, at, 16
  br.i32.lt_u at, bubbles + sizeof(bubbles), each_bubble
  return
.end

; Puts both pictures of a swimming fish into the sheet, in the colours of a kind.
.func add_to_sheet(kind: i32)
  .local i, to, pixel, base: i32
  i32.shl base, kind, 2
  i32.add base, base, COATS - 1
  i32.const i, 0
next:
  loop
  i32.div_u to, i, FISH_W
  i32.mul to, to, SHEET_W - FISH_W
  i32.add to, to, i
  i32.mul pixel, kind, SHEET_W * FISH_H
  i32.add to, to, pixel
  i32.load8_u pixel, [swim_0 + i]
  br_unless pixel, hole_0
  i32.add pixel, pixel, base
  i32.store8 [sheet + to], pixel
hole_0:
  i32.load8_u pixel, [swim_1 + i]
  br_unless pixel, hole_1
  i32.add pixel, pixel, base
  i32.store8 [sheet + FISH_W + to], pixel
hole_1:
  i32.add i, i, 1
  br.i32.lt_u i, sizeof(swim_0), next
  return
.end

.func update()
  .local x, y: i32
  call listen()
  call lead_shoals()
  call move_view()
  ; From here on, what is drawn is given its place in the sea.
  i32.load x, [view]
  i32.load y, [view + 4]
  syscall gfx.camera(x, y)
  call draw_sea()
  call draw_bubbles()
  call move_and_draw_fish()
  ; And from here on, its place on the screen.
  syscall gfx.camera(0, 0)
  call draw_map()
  call draw_figures()
  return
.end

; ---- Motion ----

.func listen()
  .local held, bit, n: i32
  input.held held, 0
  i32.load n, [fish_count]
  i32.and bit, held, BUTTON_UP
  br_unless bit, not_up
  i32.add n, n, 4
not_up:
  i32.and bit, held, BUTTON_DOWN
  br_unless bit, not_down
  i32.sub n, n, 4
not_down:
  br.i32.ge_s n, 4, not_too_few
  i32.const n, 4
not_too_few:
  br.i32.le_s n, MOST_FISH, not_too_many
  i32.const n, MOST_FISH
not_too_many:
  i32.store [fish_count], n
  i64.extend_i32_u n, n
  syscall telemetry.counter("fish", n)
  return
.end

; A point that goes round and round: middle + size * sin(speed * frame + phase).
.macro swing result, middle, size, speed, phase
  frame.index $result
  f64.convert_i32_u $result, $result
  f64.mul $result, $result, $speed
  f64.add $result, $result, $phase
  f64.sin $result, $result
  f64.mul $result, $result, $size
  f64.add $result, $result, $middle
  i32.trunc_f64_s $result, $result
.endmacro

.func lead_shoals()
  .local place, x, y: i32, phase: f64
  f64.const phase, 0
  i32.const place, shoals
next:
  loop
  swing x, SEA_W / 2 * ONE, 180 * ONE, 0.011, phase
  f64.mul phase, phase, 1.7
  swing y, 120 * ONE, 76 * ONE, 0.017, phase
  i32.store [place], x
  i32.store [place + 4], y
  f64.add phase, phase, 1.4
  i32.add place, place, 8
  br.i32.lt_u place, shoals + sizeof(shoals), next
  return
.end

.func move_view()
  .local x, y, held, bit: i32
  input.held held, 0
  i32.and held, held, BUTTON_LEFT | BUTTON_RIGHT
  br_if held, by_hand
  swing x, (SEA_W - WIDTH) / 2, (SEA_W - WIDTH) / 2, 0.006, 0
  swing y, (SEA_H - HEIGHT) / 2, (SEA_H - HEIGHT) / 2, 0.0043, 5
  i32.store [view + 4], y
  ; Back to its way, a pixel at a time.
  i32.load bit, [view]
  i32.sub x, x, bit
  i32.gt_s y, x, 0
  i32.lt_s x, x, 0
  i32.sub y, y, x
  i32.add bit, bit, y
  i32.store [view], bit
  return
by_hand:
  i32.load x, [view]
  i32.and bit, held, BUTTON_LEFT
  select bit, bit, -3, 3
  i32.add x, x, bit
  br.i32.ge_s x, 0, not_left
  i32.const x, 0
not_left:
  br.i32.le_s x, SEA_W - WIDTH, not_right
  i32.const x, SEA_W - WIDTH
not_right:
  i32.store [view], x
  return
.end

; The new speed in one direction: drawn to the shoal's place, slowed down by the water, and never quite decided.
.macro push speed, from, to
  .local pull: i32
  i32.sub pull, $to, $from
  i32.shr_s pull, pull, 11
  i32.add $speed, $speed, pull
  i32.shr_s pull, $speed, 6
  i32.sub $speed, $speed, pull
  rng.below pull, 141
  i32.add $speed, $speed, pull
  i32.sub $speed, $speed, 70
  i32.add $from, $from, $speed
.endmacro

.func move_and_draw_fish()
  .local at, end, kind, x, y, dx, dy, to_x, to_y, flags, tail, steep: i32
  i32.load end, [fish_count]
  i32.mul end, end, FISH_BYTES
  i32.add end, end, fish
  i32.const at, fish
next:
  loop
  i32.load x, [at]
  i32.load y, [at + 4]
  i32.load dx, [at + 8]
  i32.load dy, [at + 12]
  i32.shr_u kind, at, 4
  i32.and kind, kind, SHOALS - 1
  i32.shl to_y, kind, 3
  i32.load to_x, [shoals + to_y]
  i32.load to_y, [shoals + 4 + to_y]
  push dx, x, to_x
  push dy, y, to_y
  i32.store [at], x
  i32.store [at + 4], y
  i32.store [at + 8], dx
  i32.store [at + 12], dy

  ; The pictures look right. 1 mirrors them, so they look left; 4 turns them clockwise, so what looked right looks
  ; down, and what was mirrored looks up.
  i32.mul flags, dx, dx
  i32.mul steep, dy, dy
  i32.shr_u steep, steep, 2
  i32.gt_u steep, steep, flags
  select flags, steep, dy, dx
  i32.shr_u flags, flags, 31
  br_unless steep, level
  i32.or flags, flags, 4
level:
  ; Every fish beats its tail at its own time.
  frame.index tail
  i32.shr_u to_x, at, 4
  i32.add tail, tail, to_x
  i32.shr_u tail, tail, 3
  i32.and tail, tail, 1
  i32.mul tail, tail, FISH_W
  i32.mul kind, kind, FISH_H
  i32.shr_s x, x, 8
  i32.shr_s y, y, 8
  syscall gfx.sprite_sub(sheet, sizeof(sheet), SHEET_W, tail, kind, FISH_W, FISH_H, x, y, 0, flags)
  i32.add at, at, FISH_BYTES
  br.i32.lt_u at, end, next
  return
.end

; ---- The sea ----

.func draw_sea()
  .local i, y: i32
  i32.const i, 0
band:
  loop
  i32.mul y, i, SEA_H / BANDS
  i32.add i, i, WATER
  syscall gfx.rect_fill(0, y, SEA_W, SEA_H / BANDS, i)
  i32.sub i, i, WATER - 1
  br.i32.lt_u i, BANDS, band
  ; Rocks far away, dunes, and weeds between them.
  syscall gfx.circle_fill(90, FLOOR_Y + 30, 64, ROCK)
  syscall gfx.circle_fill(170, FLOOR_Y + 46, 66, ROCK)
  syscall gfx.circle_fill(372, FLOOR_Y + 38, 78, ROCK)
  i32.const i, 0
weed:
  loop
  call draw_weed(i)
  i32.add i, i, 1
  br.i32.lt_u i, 18, weed
  syscall gfx.circle_fill(60, FLOOR_Y + 140, 146, SAND_DARK)
  syscall gfx.circle_fill(300, FLOOR_Y + 160, 166, SAND_DARK)
  syscall gfx.rect_fill(0, FLOOR_Y + 12, SEA_W, 20, SAND)
  syscall gfx.circle_fill(180, FLOOR_Y + 120, 118, SAND)
  syscall gfx.circle_fill(430, FLOOR_Y + 120, 122, SAND)
  return
.end

; A stalk of joints, each moved a little more by the water than the one below.
.func draw_weed(n: i32)
  .local x, y, i, color, radius: i32, way, time: f64
  i32.mul x, n, 61
  i32.rem_u x, x, SEA_W
  i32.and y, n, 3
  i32.shl y, y, 2
  i32.add y, y, FLOOR_Y
  frame.index i
  f64.convert_i32_u time, i
  f64.mul time, time, 0.05
  f64.convert_i32_u way, n
  f64.add time, time, way
  i32.const i, 0
joint:
  loop
  f64.add time, time, 0.35
  f64.sin way, time
  f64.convert_i32_u color, i
  f64.mul way, way, color
  f64.mul way, way, 0.7
  i32.trunc_f64_s radius, way
  i32.add radius, radius, x
  i32.add color, i, WEED
  syscall gfx.circle_fill(radius, y, 3, color)
  i32.sub y, y, 4
  i32.add i, i, 1
  br.i32.lt_u i, JOINTS, joint
  return
.end

.func draw_bubbles()
  .local at, x, y, radius, n: i32
  i32.const at, bubbles
next:
  loop
  i32.load x, [at]
  i32.load y, [at + 4]
  i32.load n, [at + 12]
  i32.sub y, y, n
  br.i32.gt_s y, 0, rises
  i32.const y, FLOOR_Y * ONE
  rng.below x, SEA_W
  i32.store [at], x
rises:
  i32.store [at + 4], y
  i32.load radius, [at + 8]
  i32.shr_s y, y, 8
  syscall gfx.circle(x, y, radius, BUBBLE)
  i32.shr_u n, radius, 1
  i32.sub x, x, n
  i32.sub y, y, n
  syscall gfx.pixel(x, y, SHINE)
  i32.add at, at, 16
  br.i32.lt_u at, bubbles + sizeof(bubbles), next
  return
.end

; ---- On the glass ----

; The whole sea, small: a pixel per fish. The clip keeps what swims out of it from the rest of the screen.
.const MAP_X = WIDTH - 86, MAP_Y = 6, MAP_W = 80, MAP_H = 45, SHRINK = 6
.func draw_map()
  .local at, end, x, y, color: i32
  syscall gfx.rect(MAP_X - 1, MAP_Y - 1, MAP_W + 2, MAP_H + 2, PANEL)
  syscall gfx.clip(MAP_X, MAP_Y, MAP_W, MAP_H)
  syscall gfx.rect_fill(MAP_X, MAP_Y, MAP_W, MAP_H, PANEL)
  i32.load end, [fish_count]
  i32.mul end, end, FISH_BYTES
  i32.add end, end, fish
  i32.const at, fish
next:
  loop
  i32.load x, [at]
  i32.div_s x, x, SHRINK * ONE
  i32.add x, x, MAP_X + 1
  i32.load y, [at + 4]
  i32.div_s y, y, SHRINK * ONE
  i32.add y, y, MAP_Y + 1
  i32.shr_u color, at, 2
  i32.and color, color, 4 * (SHOALS - 1)
  i32.add color, color, COATS
  syscall gfx.pixel(x, y, color)
  i32.add at, at, FISH_BYTES
  br.i32.lt_u at, end, next
  i32.load x, [view]
  i32.div_s x, x, SHRINK
  i32.add x, x, MAP_X
  i32.load y, [view + 4]
  i32.div_s y, y, SHRINK
  i32.add y, y, MAP_Y
  syscall gfx.rect(x, y, WIDTH / SHRINK + 1, HEIGHT / SHRINK, LABEL)
  syscall gfx.clip(0, 0, WIDTH, HEIGHT)
  return
.end

; A line of the panel: a word and a number.
.macro figure row, word, value
  syscall gfx.text($word, 10, 10 + 10 * $row, LABEL)
  call digits($value) -> at, len
  syscall gfx.text(at, len, 82, 10 + 10 * $row, VALUE)
.endmacro

.func draw_figures()
  .local n, at, len, budget: i32
  syscall gfx.rect_fill(5, 5, 138, 58, PANEL)
  frame.index n
  figure 0, "frame", n
  i32.load n, [fish_count]
  figure 1, "fish", n
  ; In the first frame there is none before; the record stays as it is, all zeros.
  syscall telemetry.frame(record, sizeof(record)) -> n
  i32.load n, [record + SYSCALLS]
  figure 2, "syscalls", n
  i64.load n, [record + CYCLES]
  figure 3, "cycles", n
  ; The part of the budget that they are.
  i64.load budget, [record + BUDGET]
  syscall gfx.rect(10, 52, 128, 6, LABEL)
  br.i64.eq budget, 0, none
  i64.mul n, n, 126
  i64.div_u n, n, budget
  syscall gfx.rect_fill(11, 53, n, 4, GAUGE)
none:
  return
.end
