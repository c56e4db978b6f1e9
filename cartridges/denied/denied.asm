; A guest that asks before it assumes. It writes a line to the log every second, and looks at what becomes of it. Under
; the policy beside it only short lines may be logged: the others come back DENIED, and it says so on its screen.
.title "Denied" .author "Cartwheel" .version "1.0.0"
.video 160, 90
.cycles 100_000
.capability gfx, log

.include "../lib/palette.inc"

.const OK = 0, DENIED = 2
.const DARK = 0, LIGHT = 1, GREEN = 2, RED = 3

.data colors: i32 0x101820, 0xe8e8e0, 0x40c080, 0xe05040
.data frame: i32 0
.data logged: i32 0
.data denied: i32 0
.data last: i32 OK

.func start()
  call set_palette(DARK, 4, colors)
  return
.end

.func update()
  .local n, status, color: i32
  i32.load n, [frame]
  i32.rem_u status, n, 60
  br.i32.ne status, 0, draw
  ; Short and long in turn.
  i32.div_u status, n, 60
  i32.and status, status, 1
  br_if status, long
  syscall log.write(1, "tick") -> status
  br answered
long:
  syscall log.write(1, "a line that is longer than the policy likes") -> status
answered:
  i32.store [last], status
  br.i32.eq status, OK, done
  br.i32.ne status, DENIED, draw
  i32.load status, [denied]
  i32.add status, status, 1
  i32.store [denied], status
  br draw
done:
  i32.load status, [logged]
  i32.add status, status, 1
  i32.store [logged], status
draw:
  i32.add n, n, 1
  i32.store [frame], n
  syscall gfx.clear(DARK)
  syscall gfx.text("lines logged", 8, 8, LIGHT)
  i32.load n, [logged]
  call bar(24, n, GREEN)
  syscall gfx.text("lines denied", 8, 44, LIGHT)
  i32.load n, [denied]
  call bar(60, n, RED)
  i32.load status, [last]
  br.i32.ne status, DENIED, shown
  syscall gfx.text("DENIED", 104, 76, RED)
shown:
  return
.end

; A square for each.
.func bar(y, count, color: i32)
  .local x: i32
  i32.const x, 8
next:
  loop
  br_unless count, end
  syscall gfx.rect_fill(x, y, 10, 10, color)
  i32.add x, x, 14
  i32.sub count, count, 1
  br next
end:
  return
.end
