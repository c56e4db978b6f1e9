; NAME: a ball that bounces. Left and right on the first pad move it.

.title "NAME"
.video 160, 120
.capability gfx, log

.const SIZE = 8, FLOOR = 120 - SIZE, EDGE = 160 - SIZE
; Buttons of a pad, a bit each.
.const LEFT = 0x400, RIGHT = 0x800

.data x: i32 76
.data y: i32 20
.data speed: i32 0

.func start()
  syscall log.write(1, "hello")
  return
.end

.func update()
  call move_ball()
  call draw()
  return
.end

.func move_ball()
  .local at, by, held: i32
  input.held held, 0
  i32.load at, [x]
  i32.and by, held, LEFT
  i32.eqz by, by
  br_if by, not_left
  i32.sub at, at, 2
not_left:
  i32.and by, held, RIGHT
  i32.eqz by, by
  br_if by, not_right
  i32.add at, at, 2
not_right:
  br.i32.ge_s at, 0, not_outside
  move at, 0
not_outside:
  br.i32.le_s at, EDGE, inside
  move at, EDGE
inside:
  i32.store [x], at

  i32.load at, [y]
  i32.load by, [speed]
  i32.add by, by, 1
  i32.add at, at, by
  br.i32.lt_s at, FLOOR, falling
  move at, FLOOR
  i32.sub by, 0, by
falling:
  i32.store [y], at
  i32.store [speed], by
  return
.end

.func draw()
  .local left, top: i32
  i32.load left, [x]
  i32.load top, [y]
  syscall gfx.clear(0)
  syscall gfx.rect_fill(left, top, SIZE, SIZE, 5)
  syscall gfx.text("NAME", 4, 4, 3)
  return
.end
