; Conway's Game of Life on the heap.
;
; Every generation is a new byte string, and a record that says what it is. The last KEPT of them are kept, so that time
; can be turned back; what falls out of that is not freed by anybody: the collector finds it. Its work is paced by what
; is allocated and counted in cycles, like everything else.
;
; A cell's byte is at once its colour, so a generation is drawn by showing it.
.title "Life" .author "Cartwheel" .version "1.0.0"
.video 192, 108
.cycles 1_000_000
.capability gfx, log

.include "../lib/buttons.inc"
.include "../lib/digits.inc"
.include "../lib/palette.inc"

; ---- Cells ----

; The world is a torus. Its byte strings have a frame of one cell around it, which repeats the opposite side: so nothing
; has to ask where the world ends.
.const WIDTH = 192, HEIGHT = 96
.const STRIDE = WIDTH + 2, SIZE = STRIDE * (HEIGHT + 2)
.const FIRST = STRIDE + 1                       ; index of the first cell

; The highest bit says that a cell lives; the others how long it has lived, or how long its ashes still glow.
.const ALIVE = 0x80, OLDEST = ALIVE + 63, ASHES = 24

; ---- The heap ----

.shape generation { number, population: scalar, cells: handle }

.const KEPT = 64
.global now: handle                             ; the generation that is shown
.global kept: handle                            ; an array of KEPT generations; number n is at n % KEPT
.global paused: i32 = 0
.const LONGEST = 1500                           ; generations of a world

; ---- Colours ----

.const INK = 251, GRAPH = 252, BAR = 253, GRAPH_HERE = 254
.data bar_colors: i32 0xcfd6f5, 0x4c5aa8, 0x0d0f20, 0xffe28a

.func start()
  .local list: handle
  call gradient(0, ASHES + 1, 0x07070f, 0x2c1a4a)
  ; Newborn cells are white, and cool down.
  call gradient(ALIVE, 4, 0xffffff, 0xffe060)
  call gradient(ALIVE + 3, 13, 0xffe060, 0xff5838)
  call gradient(ALIVE + 15, 20, 0xff5838, 0xa0309a)
  call gradient(ALIVE + 34, 30, 0xa0309a, 0x2f5fd0)
  call set_palette(INK, countof(bar_colors), bar_colors)
  refs.new list, KEPT
  global.set_h kept, list
  call new_world()
  return
.end

.func update()
  .local buttons, number, odd: i32, here: handle
  input.pressed buttons, 0
  i32.and number, buttons, BUTTON_B
  br_unless number, no_new_world
  call new_world()
no_new_world:
  i32.and number, buttons, BUTTON_A
  br_unless number, no_pause
  global.get number, paused
  i32.eqz number, number
  global.set paused, number
no_pause:

  input.held buttons, 0
  i32.and number, buttons, BUTTON_LEFT
  br_unless number, forwards
  call go_back()
  br show
forwards:
  global.get number, paused
  br_if number, show
  frame.index odd
  i32.and odd, odd, 1
  br_if odd, show
  call go_on()
show:
  call touch()
  global.get_h here, now
  record.get_h here, here, generation.cells
  syscall gfx.sprite_bytes(here, STRIDE, HEIGHT + 2, -1, -1, -1, 0)
  call draw_bar()
  return
.end

; ---- Generations ----

; Makes a generation the one that is shown, and keeps it.
.func keep(number, population: i32, cells: handle)
  .local place: i32, new, list: handle
  record.new new, generation
  record.set new, generation.number, number
  record.set new, generation.population, population
  record.set_h new, generation.cells, cells
  global.get_h list, kept
  i32.rem_u place, number, KEPT
  refs.set list, place, new
  global.set_h now, new
  return
.end

; The generation after the one that is shown.
.func go_on()
  .local number, population, still: i32, here, cells: handle
  global.get_h here, now
  record.get number, here, generation.number
  br.i32.ge_u number, LONGEST, old
  record.get_h cells, here, generation.cells
  call evolve(cells) -> cells, population
  call is_still(number, population) -> still
  br_if still, old
  i32.add number, number, 1
  call keep(number, population, cells)
  return
old:
  call new_world()
  return
.end

; 1 if a population is what it was 12, 24, 36, 48 and 60 generations ago: almost certainly nothing new comes any more.
.func is_still(number, population: i32) -> i32
  .local place, was, least: i32, here, list: handle
  i32.sub least, number, KEPT - 4
  br.i32.lt_s least, 0, no
  global.get_h list, kept
back:
  loop
  i32.sub number, number, 12
  i32.add place, number, 1
  i32.rem_u place, place, KEPT
  refs.get here, list, place
  record.get was, here, generation.population
  br.i32.ne was, population, no
  br.i32.gt_s number, least, back
  return 1
no:
  return 0
.end

; Shows the generation before, if it is still kept.
.func go_back()
  .local number, found, place: i32, here, list: handle
  global.get_h here, now
  record.get number, here, generation.number
  i32.sub number, number, 1
  br.i32.lt_s number, 0, none
  i32.rem_u place, number, KEPT
  global.get_h list, kept
  refs.get here, list, place
  br.null here, none
  record.get found, here, generation.number
  br.i32.ne found, number, none
  global.set_h now, here
none:
  return
.end

; A world of chance, its right half a mirror of the left one.
.func new_world()
  .local x, y, at, other, life, population: i32, cells, list: handle
  syscall log.write(1, "a new world")
  global.get_h list, kept
  refs.fill list, 0, null, KEPT
  bytes.new cells, SIZE
  i32.const population, 0
  i32.const y, 0
rows:
  loop
  i32.const x, 0
columns:
  loop
  rng.below life, 3
  br_if life, empty
  i32.mul at, y, STRIDE
  i32.add at, at, FIRST
  i32.add other, at, WIDTH - 1
  i32.sub other, other, x
  i32.add at, at, x
  bytes.set cells, at, ALIVE
  bytes.set cells, other, ALIVE
  i32.add population, population, 2
empty:
  i32.add x, x, 1
  br.i32.lt_u x, WIDTH / 2, columns
  i32.add y, y, 1
  br.i32.lt_u y, HEIGHT, rows
  call wrap(cells)
  call keep(0, population, cells)
  return
.end

; Makes the frame around the world repeat its opposite sides.
.func wrap(cells: handle)
  .local at, cell, y: i32
  i32.const y, 0
  i32.const at, STRIDE
sides:
  loop
  i32.add y, at, WIDTH
  bytes.get cell, cells, y
  bytes.set cells, at, cell
  i32.add y, at, 1
  bytes.get cell, cells, y
  i32.add y, at, WIDTH + 1
  bytes.set cells, y, cell
  i32.add at, at, STRIDE
  br.i32.lt_u at, (HEIGHT + 1) * STRIDE, sides
  bytes.copy cells, 0, cells, HEIGHT * STRIDE, STRIDE
  bytes.copy cells, (HEIGHT + 1) * STRIDE, cells, STRIDE, STRIDE
  return
.end

; How many of the three cells of a column live; `middle` becomes the one between the two others.
.macro column sum, middle, at
  .local other, cell: i32
  i32.sub other, $at, STRIDE
  bytes.get cell, old, other
  i32.shr_u $sum, cell, 7
  i32.add other, $at, STRIDE
  bytes.get cell, old, other
  i32.shr_u cell, cell, 7
  i32.add $sum, $sum, cell
  bytes.get $middle, old, $at
  i32.shr_u cell, $middle, 7
  i32.add $sum, $sum, cell
.endmacro

; The cells of the next generation, in a byte string of their own, and how many live.
;
; Three sums move along with the row: those of the columns to the left, here, and to the right. So a cell looks at
; three others instead of eight.
.func evolve(old: handle) -> handle, i32
  .local at, end, population, left, here, right, cell, next_cell, sum: i32, new: handle
  bytes.new new, SIZE
  i32.const population, 0
  i32.const at, FIRST
rows:
  loop
  i32.add end, at, WIDTH
  i32.sub sum, at, 1
  column left, cell, sum
  column here, cell, at
columns:
  loop
  i32.add sum, at, 1
  column right, next_cell, sum
  ; With itself, a living cell has 3 or 4, a place for a new one 3.
  i32.add sum, left, here
  i32.add sum, sum, right
  br.i32.eq sum, 3, lives
  br.i32.ne sum, 4, dies
  br.i32.lt_u cell, ALIVE, dies
lives:
  i32.add population, population, 1
  br.i32.lt_u cell, ALIVE, born
  br.i32.ge_u cell, OLDEST, set
  i32.add cell, cell, 1
  br set
born:
  i32.const cell, ALIVE
  br set
dies:
  br.i32.ge_u cell, ALIVE, ashes
  br_unless cell, after          ; it is 0 already
  i32.sub cell, cell, 1
  br set
ashes:
  i32.const cell, ASHES
set:
  bytes.set new, at, cell
after:
  move left, here
  move here, right
  move cell, next_cell
  i32.add at, at, 1
  br.i32.lt_u at, end, columns
  i32.add at, at, STRIDE - WIDTH
  br.i32.lt_u at, (HEIGHT + 1) * STRIDE, rows
  call wrap(new)
  return new, population
.end

; While the left button of the pointer is held, cells come alive under it: a cross of five.
.func touch()
  .local x, y: i32, cells: handle
  input.pointer_buttons x
  i32.and x, x, 1
  br_unless x, done
  input.pointer_x x
  input.pointer_y y
  br.i32.ge_u x, WIDTH, done
  br.i32.ge_u y, HEIGHT, done
  i32.mul y, y, STRIDE
  i32.add y, y, x
  i32.add y, y, FIRST
  global.get_h cells, now
  record.get_h cells, cells, generation.cells
  bytes.set cells, y, ALIVE
  i32.sub x, y, 1
  bytes.set cells, x, ALIVE
  i32.add x, y, 1
  bytes.set cells, x, ALIVE
  i32.sub x, y, STRIDE
  bytes.set cells, x, ALIVE
  i32.add x, y, STRIDE
  bytes.set cells, x, ALIVE
  call wrap(cells)
done:
  return
.end

; ---- The bar below ----

; Number and population, and how the population went in all generations that are kept.
.func draw_bar()
  .local number, x, y, at, len, color: i32, here, list: handle
  syscall gfx.rect_fill(0, HEIGHT, WIDTH, 12, BAR)
  global.get_h here, now
  record.get number, here, generation.number
  call digits(number) -> at, len
  syscall gfx.text("gen", 2, 98, GRAPH)
  syscall gfx.text(at, len, 28, 98, INK)
  record.get x, here, generation.population
  call digits(x) -> at, len
  syscall gfx.text("pop", 64, 98, GRAPH)
  syscall gfx.text(at, len, 90, 98, INK)

  global.get_h list, kept
  i32.const x, 0
next:
  loop
  refs.get here, list, x
  br.null here, none
  record.get y, here, generation.population
  i32.div_u y, y, 500
  i32.add at, x, WIDTH - KEPT - 1
  record.get color, here, generation.number
  i32.eq color, color, number
  select color, color, GRAPH_HERE, GRAPH
  i32.sub len, 107, y
  syscall gfx.line(at, 107, at, len, color)
none:
  i32.add x, x, 1
  br.i32.lt_u x, KEPT, next
  return
.end
