; A lamp goes round. After two seconds, and every two seconds from there, the guest reports a figure that the policy beside
; it answers with quarantine: the machine stops running it, with all its state, until the host recovers it. Then it goes
; on behind the call, learns from the status what happened, and counts it.
.title "Quarantine" .author "Cartwheel" .version "1.0.0"
.video 160, 90
.cycles 100_000
.capability gfx, telemetry

.include "../lib/palette.inc"

.const QUARANTINED = 3
.const DARK = 0, LIGHT = 1, LAMP = 2, WARNING = 3
.const LAMPS = 12

.data colors: i32 0x101820, 0xe8e8e0, 0xf0c040, 0xe05040
.data frame: i32 0
.data times: i32 0

.func start()
  call set_palette(DARK, 4, colors)
  return
.end

.func update()
  .local n, status: i32
  .local figure: i64
  i32.load n, [frame]
  i32.add n, n, 1
  i32.store [frame], n
  syscall gfx.clear(DARK)
  syscall gfx.text("it runs", 8, 8, LIGHT)
  call lamps(n)
  i32.load status, [times]
  call marks(status)
  ; Its figure is above 100 then, which is more than the policy likes.
  i32.rem_u status, n, 120
  br_if status, done
  ; The screen shows this while it is in quarantine.
  syscall gfx.rect_fill(0, 0, 160, 20, WARNING)
  syscall gfx.text("a report is due", 4, 6, DARK)
  i64.extend_i32_u figure, n
  syscall telemetry.counter("frames", figure) -> status
  br.i32.ne status, QUARANTINED, done
  i32.load n, [times]
  i32.add n, n, 1
  i32.store [times], n
done:
  return
.end

; A row of lamps, of which one is lit.
.func lamps(n: i32)
  .local i, x, lit, color: i32
  i32.div_u lit, n, 10
  i32.rem_u lit, lit, LAMPS
  i32.const i, 0
  i32.const x, 8
next:
  loop
  i32.const color, LIGHT
  br.i32.ne i, lit, dark
  i32.const color, LAMP
dark:
  syscall gfx.rect_fill(x, 40, 9, 9, color)
  i32.add x, x, 12
  i32.add i, i, 1
  br.i32.lt_u i, LAMPS, next
  return
.end

; A square for each time in quarantine.
.func marks(count: i32)
  .local x: i32
  i32.const x, 8
next:
  loop
  br_unless count, end
  syscall gfx.rect_fill(x, 64, 10, 10, WARNING)
  i32.add x, x, 14
  i32.sub count, count, 1
  br next
end:
  return
.end
