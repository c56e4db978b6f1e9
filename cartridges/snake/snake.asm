; Snake. It looks for its food by itself, until somebody presses a direction on pad 0; after its death it is on its own
; again.
;
; The field is a grid of bytes with a wall around it, so that nothing ever has to ask whether a neighbour exists.
; The snake is a ring of cells. Thinking is two things: how far each cell is from the food, and how much room a step
; leaves.
.title "Snake" .author "Cartwheel" .version "1.0.0"
.video 320, 180
.cycles 400_000
.capability gfx, audio

.include "../lib/audio.inc"
.include "../lib/buttons.inc"
.include "../lib/digits.inc"
.include "../lib/palette.inc"

; ---- The field ----

.const COLUMNS = 32, ROWS = 18                  ; with the wall: 30 by 16 cells are free
.const CELLS = COLUMNS * ROWS, FREE_CELLS = (COLUMNS - 2) * (ROWS - 2)
.const CELL = 10                                ; pixels
.const FIELD_X = 10, FIELD_Y = 15               ; the free cells' top left corner on the screen
.const EMPTY = 0, FOOD = 1, SNAKE = 2, WALL = 3
.const SOLID = SNAKE                            ; from here on a cell cannot be entered

.data grid: i8[CELLS]
.data food: i32 0

; Steps in the grid for the directions up, right, down, left. Turning right is adding 1, modulo 4.
.data steps: i32 -COLUMNS, 1, COLUMNS, -1
.const RIGHT = 1

; ---- The snake ----

; Cells that the snake is on. The ring has a power of 2 places, more than there are cells.
.const RING = 1024
.data body: i16[RING]
.data head: i32 0                               ; counts up; `& (RING - 1)` gives the place
.data length: i32 0
.data growing: i32 0                            ; steps for which the tail stays where it is
.data direction: i32 RIGHT
.data wanted: i32 RIGHT                         ; what the player pressed last
.data played: i32 0                             ; 1 if somebody plays

.const FIRST_LENGTH = 5, GROWTH = 3
.const PACE = 3, PLAYED_PACE = 6                ; frames per step
.data pause: i32 PACE

.const DYING = 100
.data dying: i32 0                              ; frames until the next life
.data score: i32 0
.data best: i32 0
.data ripple: i32 0, 0                          ; cell and frames left of the ring where food was eaten

; ---- Colours ----

.const DARK = 0, GRASS = 1, MEADOW = 2, PAPER = 3, DIM = 4, EYE = 5, RED = 6, LEAF = 7, SHINE = 8, STEM = 9, DEAD = 10
.data colors: i32 0x10231c, 0x1c3a2c, 0x204232, 0xf0f4e4, 0x6f9a80, 0x0b1510, 0xe8483f, 0x7ac74f, 0xffb3a0, 0x6b4a2e, 0x8a4b44
.const SCALES = 32, SHADES = 32                 ; the snake's colours, tail to head

.sprite apple map=".rlsk"
  ".....k...."
  "....k.ll.."
  "...k.ll..."
  ".rrr.rrr.."
  "rrrrrrrrr."
  "rsrrrrrrr."
  "rsrrrrrrr."
  "rrrrrrrrr."
  ".rrrrrrr.."
  "..rr.rr..."
.end

; ---- Once ----

.func start()
  .local i, color: i32
  call set_palette(0, countof(colors), colors)
  syscall audio.envelope(TICK, 0, 25, 0, 0)
  call gradient(SCALES, SHADES, 0x2a6440, 0xb0ff40)
  ; The sprite was drawn with the numbers 1 to 4; here they become colours.
  i32.const i, 0
pixel:
  loop
  i32.load8_u color, [apple + i]
  br_unless color, hole
  i32.add color, color, RED - 1
  i32.store8 [apple + i], color
hole:
  i32.add i, i, 1
  br.i32.lt_u i, sizeof(apple), pixel
  call new_life()
  return
.end

; ---- Sounds ----

.const TICK = 4                 ; the instrument of a step: noise that is over at once

; Left or right, as the cell is on the screen.
.func pan_of_cell(cell: i32) -> i32
  i32.rem_u cell, cell, COLUMNS
  pan_of cell, cell, COLUMNS
  return cell
.end

; A bite: higher with every apple of this life, up to two octaves.
.func sound_of_food(cell: i32)
  .local pitch, voice: i32
  i32.load pitch, [score]
  i32.div_u pitch, pitch, 10
  br.i32.le_u pitch, 24, not_higher
  i32.const pitch, 24
not_higher:
  i32.mul pitch, pitch, SEMITONE
  i32.add pitch, pitch, C4
  call pan_of_cell(cell) -> cell
  syscall audio.play(PULSE_QUARTER, pitch, 160, cell, 6, STEAL) -> _, voice
  i32.add pitch, pitch, OCTAVE
  syscall audio.slide(voice, pitch, 4)
  return
.end

.func sound_of_death()
  .local voice: i32
  swoop voice, TRIANGLE, A4, A1, 40, 255
  swoop voice, NOISE_TONE, A3, A1, 20, 110
  return
.end

; An empty field with a short snake in it.
.func new_life()
  .local i, cell, place: i32
  memory.fill grid, WALL, CELLS
  i32.const i, 1
row:
  loop
  i32.mul cell, i, COLUMNS
  i32.add cell, cell, grid + 1
  memory.fill cell, EMPTY, COLUMNS - 2
  i32.add i, i, 1
  br.i32.lt_u i, ROWS - 1, row

  i32.const i, 0
part:
  loop
  i32.add cell, i, ROWS / 2 * COLUMNS + 4
  i32.store8 [grid + cell], SNAKE
  i32.shl place, i, 1
  i32.store16 [body + place], cell
  i32.add i, i, 1
  br.i32.lt_u i, FIRST_LENGTH, part
  i32.store [head], FIRST_LENGTH - 1
  i32.store [length], FIRST_LENGTH
  i32.store [growing], 0
  i32.store [direction], RIGHT
  i32.store [wanted], RIGHT
  i32.store [played], 0
  i32.store [score], 0
  call new_food()
  return
.end

; Puts food on an empty cell, all of them being equally likely: it takes the n-th.
.func new_food()
  .local n, cell, what: i32
  i32.load n, [length]
  i32.sub n, FREE_CELLS, n
  br_unless n, full
  rng.below n, n
  i32.const cell, COLUMNS
next:
  loop
  i32.add cell, cell, 1
  i32.load8_u what, [grid + cell]
  br_if what, next
  i32.sub n, n, 1
  br.i32.ge_s n, 0, next
  i32.store8 [grid + cell], FOOD
  i32.store [food], cell
  return
full:
  i32.store [dying], DYING        ; nothing is left to do; a new life
  return
.end

; ---- Every frame ----

.func update()
  .local left: i32
  call listen()
  i32.load left, [dying]
  br_unless left, alive
  i32.sub left, left, 1
  i32.store [dying], left
  br_if left, draw
  call new_life()
  br draw
alive:
  i32.load left, [pause]
  i32.sub left, left, 1
  i32.store [pause], left
  br.i32.gt_s left, 0, draw
  i32.load left, [played]
  select left, left, PLAYED_PACE, PACE
  i32.store [pause], left
  call step()
draw:
  call draw_field()
  call draw_snake()
  call draw_status()
  return
.end

; A direction that was pressed is remembered until the next step.
.func listen()
  .local pressed, way, bit: i32
  input.pressed pressed, 0
  i32.const way, 0
each:
  loop
  i32.load8_u bit, [ways + way]
  i32.shl bit, 1, bit
  i32.and bit, bit, pressed
  br_unless bit, not_this
  i32.store [wanted], way
  i32.store [played], 1
not_this:
  i32.add way, way, 1
  br.i32.lt_u way, 4, each
  return
.end

; Numbers of the buttons' bits, in the order of `steps`.
.data ways: i8 8, 11, 9, 10

; A step of the snake.
.func step()
  .local growing_now, at, tail, cell, way, what, human: i32
  i32.load at, [head]
  i32.load growing_now, [growing]
  br_unless growing_now, tail_moves
  i32.sub growing_now, growing_now, 1
  i32.store [growing], growing_now
  i32.load tail, [length]
  i32.add tail, tail, 1
  i32.store [length], tail
  br decide
tail_moves:
  ; The tail goes first: the head may enter the cell that it leaves.
  i32.load tail, [length]
  i32.sub tail, at, tail
  i32.add tail, tail, 1
  call cell_at(tail) -> tail
  i32.store8 [grid + tail], EMPTY
decide:
  call cell_at(at) -> cell
  i32.load human, [played]
  br_if human, obey
  call think(cell) -> way
  br go
obey:
  ; As wished, but never straight back.
  i32.load way, [direction]
  i32.load what, [wanted]
  i32.xor human, way, what
  br.i32.eq human, 2, go
  move way, what
go:
  i32.store [direction], way
  i32.shl way, way, 2
  i32.load way, [steps + way]
  i32.add cell, cell, way
  i32.load8_u what, [grid + cell]
  br.i32.ge_u what, SOLID, dies
  i32.store8 [grid + cell], SNAKE
  i32.add at, at, 1
  i32.store [head], at
  i32.and at, at, RING - 1
  i32.shl at, at, 1
  i32.store16 [body + at], cell
  call pan_of_cell(cell) -> at
  syscall audio.play(TICK, D5, 60, at, 0, 0)    ; a step is not worth another sound's voice
  br.i32.ne what, FOOD, done

  i32.load what, [score]
  i32.add what, what, 10
  i32.store [score], what
  i32.load at, [best]
  br.i32.le_s what, at, not_best
  i32.store [best], what
not_best:
  i32.load what, [growing]
  i32.add what, what, GROWTH
  i32.store [growing], what
  i32.store [ripple], cell
  i32.store [ripple + 4], 14
  call sound_of_food(cell)
  call new_food()
done:
  return
dies:
  i32.store [dying], DYING
  call sound_of_death()
  return
.end

; The cell at a place of the ring.
.func cell_at(at: i32) -> i32
  i32.and at, at, RING - 1
  i32.shl at, at, 1
  i32.load16_u at, [body + at]
  return at
.end

; ---- Thinking ----

.data distance: i16[CELLS]      ; from where `flood` began, or -1
.data queue: i16[CELLS]

; Goes from a cell to all that can be reached, nearest first. Returns their number.
.func flood(from: i32) -> i32
  .local first, last, cell, near, far, seen: i32
  memory.fill distance, 0xff, sizeof(distance)
  i32.shl cell, from, 1
  i32.store16 [distance + cell], 0
  i32.store16 [queue], from
  i32.const first, 0
  i32.const last, 2
next:
  loop
  i32.load16_u cell, [queue + first]
  i32.add first, first, 2
  i32.shl far, cell, 1
  i32.load16_u far, [distance + far]
  i32.add far, far, 1
  ; The four neighbours, one after the other: the lines are there four times.
  .repeat 4, n
  i32.add near, cell, ($n == 0) * -COLUMNS + ($n == 1) + ($n == 2) * COLUMNS - ($n == 3)
  i32.load8_u seen, [grid + near]
  br.i32.ge_u seen, SOLID, closed
  i32.shl seen, near, 1
  i32.load16_s seen, [distance + seen]
  br.i32.ge_s seen, 0, closed
  i32.shl seen, near, 1
  i32.store16 [distance + seen], far
  i32.store16 [queue + last], near
  i32.add last, last, 2
closed:
  nop
  .endrepeat
  br.i32.lt_u first, last, next
  i32.shr_u last, last, 1
  return last
.end

.data away: i32[4]              ; distance to the food behind a step in each direction

; Chooses a direction. A step that leaves at least as much room as the snake is long is good, and the nearer to the
; food the better; if there is none, the one that leaves most room.
.func think(cell: i32) -> i32
  .local way, choice, near, what, room, value, most, place: i32
  i32.load near, [food]
  call flood(near) -> _
  i32.const way, 0
look:
  loop
  i32.shl place, way, 2
  i32.load near, [steps + place]
  i32.add near, near, cell
  i32.shl near, near, 1
  i32.load16_s what, [distance + near]
  br.i32.ge_s what, 0, reaches
  i32.const what, CELLS         ; further than anything
reaches:
  i32.store [away + place], what
  i32.add way, way, 1
  br.i32.lt_u way, 4, look

  i32.load choice, [direction]
  i32.const most, -1
  i32.const way, 0
try:
  loop
  i32.shl place, way, 2
  i32.load near, [steps + place]
  i32.add near, near, cell
  i32.load8_u what, [grid + near]
  br.i32.ge_u what, SOLID, not_better
  call flood(near) -> value
  i32.load room, [length]
  br.i32.lt_s value, room, tight
  i32.load value, [away + place]
  i32.sub value, 10 * CELLS, value
tight:
  br.i32.le_s value, most, not_better
  move most, value
  move choice, way
not_better:
  i32.add way, way, 1
  br.i32.lt_u way, 4, try
  return choice
.end

; ---- Drawing ----

; Top left corner of a cell on the screen.
.func place_of(cell: i32) -> i32, i32
  .local y: i32
  i32.div_u y, cell, COLUMNS
  i32.rem_u cell, cell, COLUMNS
  i32.mul cell, cell, CELL
  i32.mul y, y, CELL
  i32.add cell, cell, FIELD_X - CELL
  i32.add y, y, FIELD_Y - CELL
  return cell, y
.end

.func draw_field()
  .local x, y, cell, age: i32
  syscall gfx.clear(DARK)
  syscall gfx.rect_fill(FIELD_X, FIELD_Y, (COLUMNS - 2) * CELL, (ROWS - 2) * CELL, GRASS)
  ; Every other cell is lighter.
  i32.const y, FIELD_Y
rows:
  loop
  i32.sub x, y, FIELD_Y
  i32.rem_u x, x, 2 * CELL
  i32.add x, x, FIELD_X
columns:
  loop
  syscall gfx.rect_fill(x, y, CELL, CELL, MEADOW)
  i32.add x, x, 2 * CELL
  br.i32.lt_u x, FIELD_X + (COLUMNS - 2) * CELL, columns
  i32.add y, y, CELL
  br.i32.lt_u y, FIELD_Y + (ROWS - 2) * CELL, rows

  i32.load cell, [food]
  call place_of(cell) -> x, y
  frame.index age
  i32.shr_u age, age, 4
  i32.and age, age, 1
  i32.sub y, y, age
  syscall gfx.sprite(apple, sizeof(apple), apple.width, apple.height, x, y, 0, 0)

  i32.load age, [ripple + 4]
  br_unless age, calm
  i32.sub age, age, 1
  i32.store [ripple + 4], age
  i32.load cell, [ripple]
  call place_of(cell) -> x, y
  i32.add x, x, CELL / 2
  i32.add y, y, CELL / 2
  i32.sub age, 18, age
  syscall gfx.circle(x, y, age, LEAF)
calm:
  return
.end

; From tail to head, a bridge from each cell to the next. Of a dying snake, the tail's end is already gone.
.func draw_snake()
  .local i, len, base, x, y, next_x, next_y, left, top, wide, high, color, gone: i32
  i32.load len, [length]
  i32.load base, [head]
  i32.sub base, base, len
  i32.const i, 1
  i32.load gone, [dying]
  br_unless gone, all
  i32.sub gone, DYING, gone
  i32.mul gone, gone, len
  i32.div_u gone, gone, DYING
  i32.add i, i, gone
all:
  br.i32.ge_s i, len, done
  i32.add color, base, i
  call cell_at(color) -> color
  call place_of(color) -> x, y
next:
  loop
  br.i32.ge_s i, len, head_is_next
  i32.mul color, i, SHADES
  i32.div_u color, color, len
  i32.add color, color, SCALES
  i32.load left, [dying]
  select color, left, DEAD, color
  i32.add i, i, 1
  i32.add left, base, i
  call cell_at(left) -> left
  call place_of(left) -> next_x, next_y
  ; The rectangle around both cells' insides.
  i32.lt_s left, x, next_x
  select left, left, x, next_x
  i32.lt_s top, y, next_y
  select top, top, y, next_y
  i32.add wide, x, next_x
  i32.sub wide, wide, left
  i32.sub wide, wide, left
  i32.add wide, wide, CELL - 2
  i32.add high, y, next_y
  i32.sub high, high, top
  i32.sub high, high, top
  i32.add high, high, CELL - 2
  i32.add left, left, 1
  i32.add top, top, 1
  syscall gfx.rect_fill(left, top, wide, high, color)
  move x, next_x
  move y, next_y
  br next

head_is_next:
  i32.load gone, [dying]
  select color, gone, DEAD, SCALES + SHADES - 1
  syscall gfx.rect_fill(x, y, CELL, CELL, color)
  ; Eyes, to both sides of where it looks.
  i32.load gone, [direction]
  i32.and left, gone, 1
  br_if left, sideways
  i32.mul top, gone, 2
  i32.add top, top, y
  i32.add top, top, 2
  i32.add left, x, 1
  syscall gfx.rect_fill(left, top, 2, 2, EYE)
  i32.add left, left, 6
  syscall gfx.rect_fill(left, top, 2, 2, EYE)
  return
sideways:
  i32.mul left, gone, -2
  i32.add left, left, x
  i32.add left, left, 8
  i32.add top, y, 1
  syscall gfx.rect_fill(left, top, 2, 2, EYE)
  i32.add top, top, 6
  syscall gfx.rect_fill(left, top, 2, 2, EYE)
done:
  return
.end

.func draw_status()
  .local at, len, value: i32
  syscall gfx.text("SCORE", 10, 4, DIM)
  i32.load value, [score]
  call digits(value) -> at, len
  syscall gfx.text(at, len, 58, 4, PAPER)
  syscall gfx.text("LENGTH", 112, 4, DIM)
  i32.load value, [length]
  call digits(value) -> at, len
  syscall gfx.text(at, len, 168, 4, PAPER)
  syscall gfx.text("BEST", 230, 4, DIM)
  i32.load value, [best]
  call digits(value) -> at, len
  syscall gfx.text(at, len, 270, 4, PAPER)
  i32.load value, [played]
  br_if value, is_played
  frame.index value
  i32.and value, value, 64
  br_if value, is_played
  syscall gfx.text("press a direction to play", 60, 163, DIM)
is_played:
  i32.load value, [dying]
  br_unless value, alive
  syscall gfx.rect_fill(110, 80, 100, 20, DARK)
  syscall gfx.text("GAME OVER", 124, 86, PAPER)
alive:
  return
.end
