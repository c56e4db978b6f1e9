; The Last Keeper, a story. It waits for choices, and after a while makes them itself.
;
; Its entry is `main`, which is called once and goes on for ever. A frame ends where the program says `frame.sync`, and
; that is deep inside: main calls a room, the room says something, saying waits for the next frame. So the program is
; written as the story goes: say this, ask that, and then. What has happened is in its variables; where it is, is in
; the stack. A saved state has both.
.title "The Last Keeper" .author "Cartwheel" .version "1.0.0"
.video 320, 180
.cycles 300_000
.capability gfx, log
.entry main=main

.include "../lib/buttons.inc"
.include "../lib/palette.inc"

.const WIDTH = 320, HEIGHT = 180
.const SCENE_H = 120                            ; the picture; below it is the box with the words

; ---- What has happened ----

.data has_key: i32 0
.data has_oil: i32 0
.data door_open: i32 0
.data lit: i32 0
.data choices: i32 0                            ; made so far: each one costs time
.const TOO_LATE = 13                            ; then the ship is on the rocks

; ---- Rooms ----

; A room is a function that plays it and returns the number of the next one.
.const SHORE = 0, DOOR = 1, HALL = 2, CELLAR = 3, LAMP = 4, THE_END = 5
.type room = () -> i32
.table rooms: func 5
.elem at rooms = shore, door, hall, cellar, lamp

; A scene is a function that paints what there is to see. It is called in every frame, so that things can move.
.type scene = ()
.global painter: func = funcref(paint_shore)

.func main()
  .local next, late: i32
  call set_colors()
story:
  loop
  call title()
  i32.const next, SHORE
again:
  loop
  i32.load late, [choices]
  br.i32.ge_s late, TOO_LATE, wrecked
  call_indirect room, rooms, next() -> next
  br.i32.ne next, THE_END, again
  call saved()
  br story
wrecked:
  call lost()
  br story
.end

.func title()
  .local held, left: i32
  i32.store [has_key], 0
  i32.store [has_oil], 0
  i32.store [door_open], 0
  i32.store [choices], 0
  i32.store [lit], 1
  call enter(funcref(paint_title))
  call type_out("A story of one night. Press A, or wait: it tells itself.")
  i32.const left, 120
wait:
  loop
  call tick()
  input.pressed held, 0
  i32.and held, held, BUTTON_A
  br_if held, begin
  i32.sub left, left, 1
  br_if left, wait
begin:
  i32.store [lit], 0
  return
.end

.func shore() -> i32
  .local choice, oil: i32
  call enter(funcref(paint_shore))
  call say("Your boat is splinters. Above you stands the lighthouse, and for the first time in forty years it is dark. Out there, a ship is coming in.")
  call offer("Climb the path to the lighthouse")
  call offer("Search what is left of the boat")
  call offer("Shout at the ship")
  call choose() -> choice
  br_table choice, [path, boat, shout]
path:
  return DOOR
boat:
  i32.load oil, [has_oil]
  br_if oil, nothing
  call say("Rope. A boot that is not yours. The can of lamp oil that you were to bring has burst; a few drops are left. Not enough.")
  return SHORE
nothing:
  call say("Only rope, and the boot.")
  return SHORE
shout:
  call say("The wind takes the word out of your mouth and carries it inland.")
  return SHORE
.end

.func door() -> i32
  .local choice, known: i32
  call enter(funcref(paint_door))
  i32.load known, [door_open]
  br_if known, open
  call say("The door is shut. Somebody has polished the brass not long ago.")
  i32.load known, [has_key]
  br_if known, with_key
  call offer("Look under the stone beside the door")
  call offer("Try the handle")
  call offer("Go back to the shore")
  call choose() -> choice
  br_table choice, [stone, handle, back]
stone:
  i32.store [has_key], 1
  call say("A key, wrapped in a page of the log: \"If you read this, I am too old for the stairs.\"")
  return DOOR
handle:
  call say("Locked. Behind it something is purring, or it is the sea.")
  return DOOR
back:
  return SHORE

with_key:
  call offer("Unlock the door")
  call offer("Read the page again")
  call choose() -> choice
  br_if choice, page
  i32.store [door_open], 1
  call say("The key turns as if it had been waiting.")
  return HALL
page:
  call say("On its back: \"The oil is where the cat is.\"")
  return DOOR
open:
  call say("The door stands open, and the wind goes in before you.")
  return HALL
.end

.func hall() -> i32
  .local choice, oil: i32
  call enter(funcref(paint_hall))
  i32.load oil, [has_oil]
  br_if oil, ready
  call say("It smells of paraffin and bread. Stairs wind up into the dark. In the floor there is a hatch.")
  call offer("Open the hatch")
  call offer("Climb the stairs")
  call offer("Go outside")
  call choose() -> choice
  br_table choice, [down, up, out]
ready:
  call say("The can is heavy. A hundred and nine steps, it says on the wall, in a child's hand.")
  call offer("Climb the stairs")
  call offer("Count them first")
  call choose() -> choice
  br_table choice, [up, count]
count:
  call say("A hundred and nine.")
  return HALL
down:
  return CELLAR
up:
  return LAMP
out:
  return SHORE
.end

.func cellar() -> i32
  .local choice: i32
  call enter(funcref(paint_cellar))
  call say("Jars, coils of rope, and two green eyes on top of a can of oil.")
  call offer("Take the oil, with apologies")
  call offer("Stroke the cat")
  call offer("Climb back up")
  call choose() -> choice
  br_table choice, [oil, cat, back]
oil:
  i32.store [has_oil], 1
  call say("The cat considers it, and moves over to the rope. The can is full.")
  return HALL
cat:
  call say("So that was the purring.")
  return CELLAR
back:
  return HALL
.end

.func lamp() -> i32
  .local choice, oil: i32
  call enter(funcref(paint_lamp))
  i32.load oil, [has_oil]
  br_if oil, ready
  call say("The great lens, as tall as you. You see yourself in it eleven times. The lamp is dry.")
  call offer("Go down and look for oil")
  call offer("Look out at the sea")
  call choose() -> choice
  br_if choice, look
  return HALL
look:
  call say("A light, low on the water, and between it and you the rocks.")
  return LAMP
ready:
  call say("You fill the lamp. Your hands remember how, though nobody ever showed them.")
  call offer("Light it")
  call offer("Wait for a sign")
  call choose() -> choice
  br_if choice, sign
  i32.store [lit], 1
  call say("The flame takes. Eleven of you blink.")
  return THE_END
sign:
  call say("A horn, out on the water. That will do.")
  return LAMP
.end

.func saved()
  call enter(funcref(paint_shore))
  syscall log.write(1, "the ship was saved")
  call say("The beam swings out over the water, finds the ship, lets it go, finds it again. It turns.")
  call say("In the morning you write in the log: \"Wind west, 9. One ship. Cat well.\" And then your name.")
  return
.end

.func lost()
  call enter(funcref(paint_shore))
  syscall log.write(1, "the ship was lost")
  call say("It was too late. You hear it before you see it, and then for a long time you hear nothing.")
  call say("Some stories have to be told again.")
  return
.end

; ---- Telling ----

; The text that is being said, broken into lines: a start and a length for each.
.const LINE = 37, MOST_LINES = 4
.data lines: i32[2 * MOST_LINES]
.data line_count: i32 0
.data text_at: i32 0
.data shown: i32 0                              ; characters that are typed already
.data waits: i32 0                              ; 1 if everything is said, and the mark blinks

; Options to choose from: address and length each. While there are none, the box shows the text.
.data options: i32[2 * 3]
.data option_count: i32 0
.data cursor: i32 0
.data patience: i32 0                           ; frames until the story chooses
.const PATIENCE = 120, READING = 60

.func enter(paint: func)
  global.set painter, paint
  return
.end

; A frame: paints it, ends it, and is there again when the next one begins.
.func tick()
  .local paint: func
  syscall gfx.clip(0, 0, WIDTH, SCENE_H)
  global.get paint, painter
  call_ref scene, paint()
  syscall gfx.clip(0, 0, WIDTH, HEIGHT)
  call draw_box()
  frame.sync
  return
.end

; Says something, and leaves time to read it.
.func say(at, len: i32)
  .local left, pressed: i32
  call type_out(at, len)
  i32.store [waits], 1
  i32.const left, READING
wait:
  loop
  call tick()
  input.pressed pressed, 0
  i32.and pressed, pressed, BUTTON_A
  br_if pressed, enough
  i32.sub left, left, 1
  br_if left, wait
enough:
  i32.store [waits], 0
  return
.end

; Types a text, a character in a frame; all at once if A is pressed.
.func type_out(at, len: i32)
  .local n, pressed: i32
  call break_lines(at, len)
  i32.const n, 0
next:
  loop
  i32.add n, n, 1
  i32.store [shown], n
  call tick()
  input.pressed pressed, 0
  i32.and pressed, pressed, BUTTON_A
  br_if pressed, all
  br.i32.lt_u n, len, next
all:
  i32.store [shown], len
  return
.end

; Finds the places at which a text goes on in the next line.
.func break_lines(at, len: i32)
  .local from, to, line, byte: i32
  i32.store [text_at], at
  i32.const from, 0
  i32.const line, 0
next:
  loop
  i32.add to, from, LINE
  br.i32.ge_u to, len, last
back:
  loop
  i32.add byte, at, to
  i32.load8_u byte, [byte]
  br.i32.eq byte, ' ', found
  i32.sub to, to, 1
  br.i32.gt_u to, from, back
  i32.add to, from, LINE        ; a word that is longer than a line
  br found
last:
  move to, len
found:
  i32.shl byte, line, 3
  i32.store [lines + byte], from
  i32.sub from, to, from
  i32.store [lines + 4 + byte], from
  i32.add from, to, 1
  i32.add line, line, 1
  i32.store [line_count], line
  br.i32.ge_u line, MOST_LINES, done
  br.i32.lt_u from, len, next
done:
  return
.end

; Adds an option to those that `choose` will ask for.
.func offer(at, len: i32)
  .local n: i32
  i32.load n, [option_count]
  i32.shl n, n, 3
  i32.store [options + n], at
  i32.store [options + 4 + n], len
  i32.shr_u n, n, 3
  i32.add n, n, 1
  i32.store [option_count], n
  return
.end

; Lets the player choose one of the options that were offered. Whoever touches nothing is chosen for, sooner
; the first than the last.
.func choose() -> i32
  .local at, count, pressed, bit, left: i32
  i32.load count, [option_count]
  i32.const at, 0
  i32.const left, PATIENCE
wait:
  loop
  i32.store [cursor], at
  i32.store [patience], left
  call tick()
  input.pressed pressed, 0
  i32.and bit, pressed, BUTTON_A
  br_if bit, chosen
  i32.and bit, pressed, BUTTON_DOWN
  br_unless bit, not_down
  i32.add at, at, 1
  i32.const left, 5 * PATIENCE
not_down:
  i32.and bit, pressed, BUTTON_UP
  br_unless bit, not_up
  i32.add at, at, count
  i32.sub at, at, 1
  i32.const left, 5 * PATIENCE
not_up:
  i32.rem_u at, at, count
  i32.sub left, left, 1
  br_if left, wait
  ; Of two numbers, the smaller one.
  rng.below at, count
  rng.below bit, count
  i32.lt_u left, bit, at
  select at, left, bit, at
  ; What was chosen can be seen for a moment.
  i32.store [cursor], at
  i32.const left, 20
moment:
  loop
  call tick()
  i32.sub left, left, 1
  br_if left, moment
chosen:
  i32.store [option_count], 0
  i32.load left, [choices]
  i32.add left, left, 1
  i32.store [choices], left
  return at
.end

; ---- The box ----

.func draw_box()
  .local i, at, len, y, left, color, count: i32
  syscall gfx.rect_fill(0, SCENE_H, WIDTH, HEIGHT - SCENE_H, BOX)
  syscall gfx.line(0, SCENE_H, WIDTH - 1, SCENE_H, EDGE)
  i32.const i, 0
  i32.const y, SCENE_H + 7
  i32.load count, [option_count]
  i32.load left, [patience]
  br_unless count, text
  br.i32.eq left, 0, text
  i32.gt_u color, left, PATIENCE
  br_if color, option
  i32.mul len, left, WIDTH
  i32.div_u len, len, PATIENCE
  syscall gfx.rect_fill(0, SCENE_H, len, 2, FLAME)
option:
  loop
  i32.shl len, i, 3
  i32.load at, [options + len]
  i32.load len, [options + 4 + len]
  i32.load left, [cursor]
  i32.eq left, left, i
  select color, left, FLAME, DIM
  syscall gfx.text(at, len, 24, y, color)
  br_unless left, not_here
  syscall gfx.text(">", 12, y, FLAME)
not_here:
  i32.add y, y, 14
  i32.add i, i, 1
  br.i32.lt_u i, count, option
  return

text:
  i32.load count, [line_count]
  i32.load left, [shown]
line:
  loop
  br.i32.ge_u i, count, end
  br.i32.le_s left, 0, end
  i32.shl len, i, 3
  i32.load at, [lines + len]
  i32.load len, [lines + 4 + len]
  i32.lt_s color, left, len
  i32.sub left, left, len
  br_unless color, whole
  i32.add len, left, len
whole:
  i32.sub left, left, 1           ; the space between the lines
  i32.load color, [text_at]
  i32.add at, at, color
  syscall gfx.text(at, len, 12, y, PAPER)
  i32.add y, y, 12
  i32.add i, i, 1
  br line
end:
  i32.load left, [waits]
  frame.index at
  i32.shr_u at, at, 4
  i32.and left, left, at
  i32.and left, left, 1
  br_unless left, quiet
  syscall gfx.rect_fill(WIDTH - 14, HEIGHT - 10, 5, 5, FLAME)
quiet:
  return
.end

; ---- Scenes ----

.const INK = 0, BOX = 1, EDGE = 2, PAPER = 3, DIM = 4, FLAME = 5, MOON = 6, STAR = 7, CLIFF = 8, TOWER = 9, SHADE = 10
.const STRIPE = 11, BEAM = 12, WOOD = 13, DARK_WOOD = 14, BRASS = 15, STONE = 16, DARK_STONE = 17, FOAM = 18, CAT = 19
.const GREEN = 20, GLASS = 21, HULL = 22
.data colors: i32 0x05070f, 0x0a0d1c, 0x4a5080, 0xf0ead6, 0x8088a8, 0xffc85a, 0xf4efd0, 0xb8c4ff, 0x10121f, 0xd8d4c8, 0x8e8c9c, 0xa83a40,
  0x8a8268, 0x6a4528, 0x40281a, 0xd8a848, 0x4c5060, 0x343846, 0x5c86b0, 0x282430, 0x7ee08a, 0xa8d8e0, 0x2a2230
.const SKY = 32, SKY_BANDS = 16, SEA = 48, SEA_BANDS = 6

.func set_colors()
  call set_palette(0, countof(colors), colors)
  call gradient(SKY, SKY_BANDS, 0x080c24, 0x46427c)
  call gradient(SEA, SEA_BANDS, 0x2c3c70, 0x0e1530)
  return
.end

.sprite ship map=".hwf"
  ".......h........"
  ".......hh......."
  "....www.h......."
  "...wwww.hww....."
  "..wwwww.hwww...."
  "..wwwww.hwwww..."
  ".......fh......."
  "hhhhhhhhhhhhhhhh"
  ".hhhhhhhhhhhhhh."
  "..hhhhhhhhhhhh.."
.end
.data ship_colors: bytes 0, HULL, SHADE, FLAME

.sprite cat map=".ce"
  ".c......c..........."
  ".cc....cc..........."
  ".cccccccc..........."
  "cccccccccc.........c"
  "cceecceecc........cc"
  "cceecceecc........cc"
  "cccccccccccccccc..cc"
  ".cccccccccccccccc.cc"
  "..ccccccccccccccccc."
  "...ccccccccccccccc.."
  "...ccccccccccccccc.."
  "..cccc.ccccc.ccccc.."
.end
.data cat_colors: bytes 0, CAT, GREEN

.const HORIZON = 74
.const LAMP_X = 247, LAMP_Y = 26

; Sky, moon, stars that twinkle, and the sea.
.func paint_night()
  .local i, x, y, n, time: i32
  i32.const i, 0
sky:
  loop
  i32.mul y, i, 5
  i32.add n, i, SKY
  syscall gfx.rect_fill(0, y, WIDTH, 5, n)
  i32.add i, i, 1
  br.i32.lt_u i, SKY_BANDS, sky
  frame.index time
  i32.const i, 0
star:
  loop
  i32.mul x, i, 197
  i32.rem_u x, x, WIDTH
  i32.mul y, i, 37
  i32.rem_u y, y, HORIZON - 8
  i32.mul n, i, 23
  i32.add n, n, time
  i32.and n, n, 127
  br.i32.lt_u n, 8, dark
  syscall gfx.pixel(x, y, STAR)
dark:
  i32.add i, i, 1
  br.i32.lt_u i, 44, star
  syscall gfx.circle_fill(62, 24, 11, MOON)
  syscall gfx.circle_fill(66, 21, 10, SKY + 5)

  i32.const i, 0
sea:
  loop
  i32.mul y, i, 8
  i32.add y, y, HORIZON
  i32.add n, i, SEA
  syscall gfx.rect_fill(0, y, WIDTH, 8, n)
  i32.add i, i, 1
  br.i32.lt_u i, SEA_BANDS, sea
  ; Waves: the nearer, the longer and the faster.
  i32.const i, 0
wave:
  loop
  i32.rem_u y, i, 11
  i32.mul n, y, time
  i32.shr_u n, n, 5
  i32.mul x, i, 89
  i32.sub x, x, n
  i32.rem_s x, x, WIDTH + 40
  i32.add x, x, 340
  i32.rem_s x, x, WIDTH + 40
  i32.sub x, x, 40
  i32.add n, y, 3
  i32.shl y, y, 2
  i32.add y, y, HORIZON + 3
  syscall gfx.rect_fill(x, y, n, 1, FOAM)
  i32.add i, i, 1
  br.i32.lt_u i, 50, wave
  return
.end

; The beam goes round: what is seen of it from the side is long, short, long on the other side.
.func paint_beam()
  .local k, x, y: i32, angle, along, down: f64
  frame.index k
  f64.convert_i32_u angle, k
  f64.mul angle, angle, 0.025
  f64.cos along, angle
  f64.sin down, angle
  f64.mul along, along, 300
  f64.mul down, down, 26
  i32.trunc_f64_s x, along
  i32.add x, x, LAMP_X
  i32.trunc_f64_s y, down
  i32.add y, y, LAMP_Y - 10
  i32.const k, 0
ray:
  loop
  syscall gfx.line(LAMP_X, LAMP_Y, x, y, BEAM)
  i32.add y, y, 1
  i32.add k, k, 1
  br.i32.lt_u k, 26, ray
  return
.end

.func paint_tower()
  .local y, x, width, color, half: i32
  syscall gfx.circle_fill(262, 172, 84, CLIFF)
  syscall gfx.circle_fill(318, 150, 66, CLIFF)
  syscall gfx.circle_fill(190, 156, 44, CLIFF)
  i32.const y, 36
course:
  loop
  ; Wider towards the ground, a red course and a white one in turn, the right third in the shade.
  i32.sub width, y, 36
  i32.shr_u width, width, 3
  i32.add width, width, 9
  i32.sub x, LAMP_X, width
  i32.shl half, width, 1
  i32.sub color, y, 36
  i32.div_u color, color, 14
  i32.and color, color, 1
  select color, color, STRIPE, TOWER
  syscall gfx.rect_fill(x, y, half, 1, color)
  i32.shr_u half, width, 1
  i32.add x, LAMP_X, half
  syscall gfx.rect_fill(x, y, half, 1, SHADE)
  i32.add y, y, 1
  br.i32.lt_u y, 96, course
  syscall gfx.rect_fill(LAMP_X - 13, 34, 26, 3, INK)
  i32.load y, [lit]
  select color, y, FLAME, HULL
  syscall gfx.rect_fill(LAMP_X - 7, 20, 14, 14, color)
  syscall gfx.rect(LAMP_X - 8, 19, 16, 15, INK)
  syscall gfx.line(LAMP_X, 20, LAMP_X, 33, INK)
  syscall gfx.circle_fill(LAMP_X, 17, 7, STRIPE)
  syscall gfx.rect_fill(LAMP_X - 9, 18, 18, 2, INK)
  syscall gfx.rect_fill(LAMP_X - 4, 84, 8, 12, DARK_WOOD)
  br_unless y, dark
  syscall gfx.circle_fill(LAMP_X, LAMP_Y, 5, MOON)
dark:
  return
.end

; The ship comes nearer with every choice.
.func paint_ship()
  .local x, y: i32
  i32.load x, [choices]
  i32.mul x, x, 11
  i32.add x, x, 12
  frame.index y
  i32.shr_u y, y, 5
  i32.and y, y, 1
  i32.add y, y, HORIZON - 6
  call paint_sprite(ship, ship.width, ship.height, x, y, ship_colors)
  return
.end

; Draws a sprite whose pixels are numbers of a list of colours.
.data coloured: i8[256]
.func paint_sprite(at, width, height, x, y, list: i32)
  .local i, count, color: i32
  i32.mul count, width, height
  i32.const i, 0
pixel:
  loop
  i32.add color, at, i
  i32.load8_u color, [color]
  i32.add color, color, list
  i32.load8_u color, [color]
  i32.store8 [coloured + i], color
  i32.add i, i, 1
  br.i32.lt_u i, count, pixel
  syscall gfx.sprite(coloured, count, width, height, x, y, 0, 0)
  return
.end

.func paint_shore()
  .local on: i32
  call paint_night()
  i32.load on, [lit]
  br_unless on, dark
  call paint_beam()
dark:
  call paint_ship()
  call paint_tower()
  ; What is left of the boat.
  syscall gfx.circle_fill(70, 168, 58, CLIFF)
  syscall gfx.line(52, 112, 78, 104, WOOD)
  syscall gfx.line(52, 113, 78, 105, WOOD)
  syscall gfx.line(66, 111, 92, 113, DARK_WOOD)
  syscall gfx.line(84, 110, 88, 92, WOOD)
  return
.end

.func paint_title()
  .local i, x, y, row, bit: i32
  call paint_shore()
  ; The title in letters of three times the size, pixel by pixel from `title_mask`, with a shadow.
  call make_mask()
  i32.const i, 0
pixel:
  loop
  i32.load8_u bit, [title_mask + i]
  br_unless bit, empty
  i32.rem_u x, i, MASK_W
  i32.div_u y, i, MASK_W
  i32.mul x, x, 3
  i32.mul y, y, 3
  i32.add x, x, 18
  i32.add y, y, 44
  syscall gfx.rect_fill(x, y, 3, 3, INK)
  i32.sub x, x, 2
  i32.sub y, y, 2
  syscall gfx.rect_fill(x, y, 3, 3, PAPER)
empty:
  i32.add i, i, 1
  br.i32.lt_u i, sizeof(title_mask), pixel
  return
.end

; Which pixels of the title are letters: it is drawn into a corner of the box, which is painted over in the same frame,
; and read from there. Once is enough.
.const MASK_W = 8 * 8, MASK_H = 2 * 8
.data title_mask: i8[MASK_W * MASK_H]
.data mask_made: i32 0
.func make_mask()
  .local i, x, y, color: i32
  i32.load i, [mask_made]
  br_if i, done
  i32.store [mask_made], 1
  syscall gfx.clip(0, 0, WIDTH, HEIGHT)
  syscall gfx.rect_fill(0, SCENE_H, MASK_W, MASK_H, INK)
  syscall gfx.text("THE LAST\nKEEPER", 0, SCENE_H, PAPER)
  i32.const i, 0
next:
  loop
  i32.rem_u x, i, MASK_W
  i32.div_u y, i, MASK_W
  i32.add y, y, SCENE_H
  syscall gfx.pixel_get(x, y) -> _, color
  i32.eq color, color, PAPER
  i32.store8 [title_mask + i], color
  i32.add i, i, 1
  br.i32.lt_u i, sizeof(title_mask), next
  syscall gfx.clip(0, 0, WIDTH, SCENE_H)
done:
  return
.end

; A wall of stones, every other course moved by half a stone.
.func paint_wall(face, gap: i32)
  .local x, y, odd: i32
  syscall gfx.clear(gap)
  i32.const y, 0
  i32.const odd, 0
course:
  loop
  i32.mul x, odd, -14
stone:
  loop
  syscall gfx.rect_fill(x, y, 27, 11, face)
  i32.add x, x, 28
  br.i32.lt_s x, WIDTH, stone
  i32.xor odd, odd, 1
  i32.add y, y, 12
  br.i32.lt_u y, SCENE_H, course
  return
.end

.func paint_door()
  .local open, color: i32
  call paint_wall(STONE, DARK_STONE)
  syscall gfx.rect_fill(0, 108, WIDTH, 12, CLIFF)
  syscall gfx.circle_fill(160, 46, 38, DARK_STONE)
  syscall gfx.rect_fill(122, 46, 77, 64, DARK_STONE)
  i32.load open, [door_open]
  select color, open, INK, WOOD
  syscall gfx.circle_fill(160, 46, 32, color)
  syscall gfx.rect_fill(128, 46, 65, 64, color)
  br_if open, no_boards
  syscall gfx.line(144, 18, 144, 109, DARK_WOOD)
  syscall gfx.line(160, 14, 160, 109, DARK_WOOD)
  syscall gfx.line(176, 18, 176, 109, DARK_WOOD)
  syscall gfx.rect_fill(128, 40, 50, 4, DARK_WOOD)
  syscall gfx.rect_fill(128, 88, 50, 4, DARK_WOOD)
  syscall gfx.circle_fill(184, 70, 4, BRASS)
  syscall gfx.rect_fill(183, 76, 3, 6, INK)
no_boards:
  syscall gfx.circle_fill(230, 110, 12, SHADE)
  syscall gfx.circle_fill(228, 112, 11, STONE)
  syscall gfx.rect_fill(0, 112, WIDTH, 8, CLIFF)
  ; A lantern that nobody has lit.
  syscall gfx.line(86, 20, 104, 20, INK)
  syscall gfx.rect_fill(82, 24, 12, 16, INK)
  syscall gfx.rect_fill(84, 26, 8, 12, HULL)
  i32.load open, [has_key]
  br_unless open, no_key
  syscall gfx.circle(212, 105, 3, BRASS)
  syscall gfx.line(215, 105, 224, 105, BRASS)
  syscall gfx.line(222, 105, 222, 108, BRASS)
no_key:
  return
.end

.func paint_hall()
  .local i, x, y, h, flicker: i32
  call paint_wall(DARK_STONE, CLIFF)
  ; A candle makes a round of light, which is never quite still.
  frame.index flicker
  i32.shr_u flicker, flicker, 3
  i32.mul flicker, flicker, 7
  i32.and flicker, flicker, 3
  i32.add x, flicker, 40
  syscall gfx.circle_fill(84, 62, x, STONE)
  syscall gfx.rect_fill(0, 100, WIDTH, 20, DARK_WOOD)
  syscall gfx.line(0, 100, WIDTH, 100, WOOD)
  syscall gfx.line(0, 108, WIDTH, 108, INK)
  ; The stairs, from right to left.
  i32.const i, 0
step:
  loop
  i32.mul x, i, -15
  i32.add x, x, 292
  i32.mul y, i, -10
  i32.add y, y, 90
  i32.sub h, 104, y
  syscall gfx.rect_fill(x, y, 15, 10, SHADE)
  i32.add y, y, 3
  syscall gfx.rect_fill(x, y, 15, 8, DARK_STONE)
  i32.add i, i, 1
  br.i32.lt_u i, 10, step
  ; Table, bread and candle.
  syscall gfx.rect_fill(52, 84, 66, 4, WOOD)
  syscall gfx.rect_fill(56, 88, 4, 16, WOOD)
  syscall gfx.rect_fill(110, 88, 4, 16, WOOD)
  syscall gfx.circle_fill(104, 81, 5, BRASS)
  syscall gfx.rect_fill(98, 84, 14, 2, WOOD)
  syscall gfx.rect_fill(82, 68, 5, 16, PAPER)
  i32.sub y, 64, flicker
  i32.add h, flicker, 4
  syscall gfx.rect_fill(83, y, 3, h, FLAME)
  ; The hatch.
  syscall gfx.rect_fill(138, 104, 46, 12, INK)
  syscall gfx.rect_fill(140, 105, 42, 9, WOOD)
  syscall gfx.circle(161, 109, 3, BRASS)
  return
.end

.func paint_cellar()
  .local x, y, blink, color: i32
  call paint_wall(CLIFF, INK)
  syscall gfx.rect_fill(0, 106, WIDTH, 14, INK)
  ; Two shelves of jars.
  i32.const y, 34
shelf:
  loop
  i32.add x, y, 12
  syscall gfx.rect_fill(24, x, 130, 4, DARK_WOOD)
  i32.const x, 30
jar:
  loop
  i32.and color, x, 32
  select color, color, STRIPE, BRASS
  syscall gfx.rect_fill(x, y, 12, 12, color)
  i32.sub blink, y, 3
  i32.add x, x, 2
  syscall gfx.rect_fill(x, blink, 8, 3, SHADE)
  i32.add x, x, 18
  br.i32.lt_u x, 144, jar
  i32.add y, y, 36
  br.i32.lt_u y, 90, shelf
  ; A ladder up into what little light there is.
  syscall gfx.rect_fill(276, 0, 4, 110, WOOD)
  syscall gfx.rect_fill(304, 0, 4, 110, WOOD)
  i32.const y, 8
rung:
  loop
  syscall gfx.rect_fill(280, y, 24, 3, WOOD)
  i32.add y, y, 16
  br.i32.lt_u y, 106, rung
  ; A coil of rope.
  syscall gfx.circle(176, 96, 12, BRASS)
  syscall gfx.circle(176, 96, 9, WOOD)
  syscall gfx.circle(176, 96, 6, BRASS)
  i32.const x, 166
  i32.const y, 74
  i32.load blink, [has_oil]
  br_if blink, no_oil
  syscall gfx.rect_fill(212, 82, 32, 26, STRIPE)
  syscall gfx.rect_fill(212, 88, 32, 3, TOWER)
  syscall gfx.text("OIL", 217, 95, TOWER)
  i32.const x, 220
  i32.const y, 70
no_oil:
  ; The cat blinks now and then.
  frame.index blink
  i32.and blink, blink, 127
  i32.gt_u blink, blink, 120
  select blink, blink, CAT, GREEN
  i32.store8 [cat_colors + 2], blink
  call paint_sprite(cat, cat.width, cat.height, x, y, cat_colors)
  return
.end

.func paint_lamp()
  .local i, x, on, color: i32
  call paint_night()
  i32.load on, [lit]
  ; The bars of the windows.
  i32.const x, 0
bar:
  loop
  syscall gfx.rect_fill(x, 0, 5, SCENE_H, INK)
  i32.add x, x, 63
  br.i32.lt_u x, WIDTH, bar
  syscall gfx.rect_fill(0, 0, WIDTH, 6, INK)
  syscall gfx.rect_fill(0, 104, WIDTH, 16, DARK_WOOD)
  syscall gfx.rect_fill(0, 103, WIDTH, 2, WOOD)
  ; The lens: rings around the lamp.
  syscall gfx.rect_fill(132, 100, 56, 10, BRASS)
  syscall gfx.rect_fill(146, 108, 28, 12, SHADE)
  select color, on, FLAME, SEA + 2
  syscall gfx.circle_fill(160, 56, 48, GLASS)
  syscall gfx.circle_fill(160, 56, 46, color)
  i32.const i, 12
ring:
  loop
  syscall gfx.circle(160, 56, i, GLASS)
  i32.add i, i, 8
  br.i32.lt_u i, 46, ring
  select color, on, MOON, DARK_STONE
  syscall gfx.circle_fill(160, 56, 9, color)
  syscall gfx.rect_fill(157, 64, 7, 36, BRASS)
  return
.end
