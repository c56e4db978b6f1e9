; A whole small game.
.title "Pong" .author "Cartwheel" .version "1.0.0"
.video 160, 120 .cycles 200000
.capability gfx

.const WIDTH = 160, HEIGHT = 120, SIZE = 6
.const SPEED = 2

.data ball: i32 80, 60          ; x, y
.data step: i32 SPEED, SPEED
.const X = 0, Y = 4

.sprite paddle map=".#"
  "##"
  "##"
.end

; Reverses a step where the ball would leave the screen.
.macro bounce axis, limit
  .local p, s: i32
  i32.load p, [ball + $axis]
  i32.load s, [step + $axis]
  i32.add p, p, s
  br.i32.lt_s p, 0, turn
  br.i32.le_s p, $limit - SIZE, keep
turn:
  i32.sub s, 0, s
  i32.store [step + $axis], s
keep:
  i32.store [ball + $axis], p
.endmacro

.func update()
  .local x, y: i32
  bounce X, WIDTH
  bounce Y, HEIGHT
  i32.load x, [ball + X]
  i32.load y, [ball + Y]
  syscall gfx.clear(0)
  syscall gfx.rect(x, y, SIZE, SIZE, 3)
  syscall gfx.sprite(paddle, sizeof(paddle), paddle.width, paddle.height, 4, y, -1, 0)
  return
.end

;;;
; .title "Pong"
; .author "Cartwheel"
; .version "1.0.0"
; .video 160, 120
; .cycles 200000
; .capability gfx
; .entry update=update
; .type type0 = ()
; .type type1 = (i32)
; .type type2 = (i32, i32, i32, i32, i32)
; .type type3 = (i32, i32, i32, i32, i32, i32, i32, i32)
; .import gfx.clear@1 (i32)
; .import gfx.rect@1 (i32, i32, i32, i32, i32)
; .import gfx.sprite@1 (i32, i32, i32, i32, i32, i32, i32, i32)
; .memory 1
; .segment data0 at 0 =
;   hex "500000003c000000020000000200000001010101"
; .debug explicit
; .debug_func 0 "update"
; .debug_symbol "ball" 0 8 i32
; .debug_symbol "step" 8 8 i32
; .debug_symbol "paddle" 16 4 bytes
; .debug_file "pong.asm"
;
; .func update()
;   .registers 6, 0
;   .loc 0 35
;   i32.load r2, [0]
;   i32.load r3, [8]
;   i32.add r2, r2, r3
;   br.i32.lt_s r2, 0, L0
;   br.i32.le_s r2, 154, L1
; L0:
;   i32.sub r3, 0, r3
;   i32.store [8], r3
; L1:
;   i32.store [0], r2
;   .loc 0 36
;   i32.load r4, [4]
;   i32.load r5, [12]
;   i32.add r4, r4, r5
;   br.i32.lt_s r4, 0, L2
;   br.i32.le_s r4, 114, L3
; L2:
;   i32.sub r5, 0, r5
;   i32.store [12], r5
; L3:
;   i32.store [4], r4
;   .loc 0 37
;   i32.load r0, [0]
;   .loc 0 38
;   i32.load r1, [4]
;   .loc 0 39
;   syscall gfx.clear(0)
;   .loc 0 40
;   syscall gfx.rect(r0, r1, 6, 6, 3)
;   .loc 0 41
;   syscall gfx.sprite(16, 4, 2, 2, 4, r1, -1, 0)
;   .loc 0 42
;   return
; .end
