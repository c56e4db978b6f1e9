; Every directive and every form of operand.
.include "library.inc"
.entry main=main start=start
.memory 2, 8
.const A = 1 + 2 * 3, B = (1 + 2) * 3, C = ~0 & 0xff, D = 'A', E = 1.5 / 2, F = B > A && !(B == A)
.const G = 7 % 4 << 2 | 1, H = -A, I = int(2.9), J = f32bits(1.0), K = LATER * 2, LATER = 0b101

.type callback = (i32) -> i32
.type same = (i32) -> i32
.import rect = gfx.rect.v1
.import other = my.own@3 (i64, handle) -> f64
.capability gfx, "made.up"

.data bytes: bytes 1, "text\n", hex "00 ff", -1
.data words: i16[4] = 1, 2
.data filled: i32[3] = 7
.data floats: f64 1, 0.1, -inf, nan, -nan:0x1
.align 64
.data pointers: i32 bytes, words, sizeof(floats), countof(floats), funcref(twice)
.data _: i8 raw - raw + 1
.org 1000
.data far: text "far away"
.data zeros: i64[1000]
.segment blob passive = "passive", 1
.segment at 2000 = hex "0102"
.sprite gem bits=2
  ".123."
  "1...1"
.end

.table calls: func 4, 8
.table things: handle 2
.elem at calls, 1 = twice, null, main
.elem later passive = twice
.elem nulls handle passive = null
.elem declared = start

.global score: i32 = 10 * 2
.global const limit: f32 = 0.1
.global best: handle
.global hook: func = funcref(twice)
.shape node { value, weight: scalar, next: handle, size: i32, left, right: handle }

.export twice
.export "the memory" = memory
.export "t" = table calls
.export "s" = global score
.asset picture image = file("raw.bin")
.asset "a b" data = 1, 2, "3"

.macro add_all target, first, second = 1
  i32.add $target, $target, $first
  i32.add $target, $target, $second
.endmacro
.macro field dst, shape
  record.get $dst, h0, $shape.weight
.endmacro

.func start()
  .local i: i32
  .repeat 3, n
  i32.const i, $n * 10
  .endrepeat
  .if A > 5 && defined(B)
  nop
  .elif A
  unreachable
  .else
  unreachable
  .endif
  return
.end

.func main() -> i32
  .local i, j: i32, f: f64, obj: handle, `odd name`: i64
  i64.const `odd name`, -1
  i32.const i, 0xffffffff
  f64.const f, 1
  f32.const j, 0.1
  add_all i, 5
  add_all i, A, B
again:
  loop
  br.i32.lt_u i, 10, again
  i32.load i, [words]
  i32.load i, [j]
  i32.load i, [j + words + 4]
  i32.load8_u i, [bytes + j]
  i32.load i, [16, 4]
  i64.store [j + 8], r1
  call twice(i) -> j
  call twice(5) -> _
  call_indirect callback, calls, i(A) -> j
  call_indirect same, calls, 1, (i) -> j
  global.get i, hook
  call_ref callback, i(1) -> j
  syscall rect(0, 0, 1, 1, C)
  syscall other(-1, obj) -> f
  syscall gfx.size() -> i, _
  record.new obj, node
  record.get i, obj, node.weight
  record.set obj, node, size, 3
  record.get_h obj, obj, node.right
  record.get i, obj, node, 0
  move_h h0, obj
  field j, node
  memory.init blob, 0, 0, 4
  table.init calls, later, 0, 0, 1
  table.get_h obj, things, 0
  global.set score, i
  select_h obj, i, null, obj
  br_table i, [one, two, one]
one: two:
  return i
.end

;;;
; error: unknown constant or data `hook_value`
;   --> language.asm:95:22
;    |
; 95 |   global.get i, hook
  call_ref callback, i(1) -> j
;    |                      ^^^^^^^^^^
;
; 1 error
