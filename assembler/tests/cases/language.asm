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
.capability gfx, asset, "made.up"

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
  syscall gfx.text("score", 0, 0, 7)
  syscall asset.find("a b") -> _, i
  syscall gfx.text("score", 0, 8, 7)
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
; .cycles 1000000
; .capability asset
; .capability gfx
; .capability "made.up"
; .entry main=main start=start
; .type type0 = (i32) -> i32
; .type type1 = (i32) -> i32
; .type type2 = ()
; .type type3 = () -> i32
; .type type4 = (i32, i32, i32, i32, i32)
; .type type5 = (i64, handle) -> f64
; .type type6 = (i32, i32) -> i32, i32
; .type type7 = () -> i32, i32
; .import gfx.rect@1 (i32, i32, i32, i32, i32)
; .import my.own@3 (i64, handle) -> f64
; .import gfx.text@1 (i32, i32, i32, i32, i32)
; .import asset.find@1 (i32, i32) -> i32, i32
; .import gfx.size@1 () -> i32, i32
; .memory 2, 8
; .table t: func 4, 8
; .table table1: handle 2
; .global score: i32 = 20
; .global const limit: f32 = 0.1
; .global best: handle = null
; .global hook: func = 1
; .shape node (3, 3)
; .export "twice" = func twice
; .export "the memory" = memory
; .export "t" = table t
; .export "s" = global score
; .elem elem0 at t, 1 =
;   twice,
;   null,
;   main
; .elem elem1 passive =
;   twice
; .elem elem2 handle passive =
;   null
; .elem elem3 declared =
;   start
; .segment data0 passive =
;   hex "7061737369766501"
; .segment data1 at 2000 =
;   hex "0102"
; .segment data2 at 0 =
;   hex "72617700627974657301746578740a00ffff0100020000000000000007000000",
;   hex "0700000007000000000000000000f03f9a9999999999b93f000000000000f0ff",
;   hex "000000000000f87f010000000000f0ff"
; .segment data3 at 128 =
;   hex "090000001200000028000000050000000100000001"
; .segment data4 at 1000 =
;   "far away"
; .segment data5 at 9008 =
;   hex "1b00404073636f7265612062"
; .debug explicit
; .debug_func 0 "twice"
; .debug_func 1 "start"
; .debug_func 2 "main"
; .debug_global 0 "score"
; .debug_global 1 "limit"
; .debug_global 2 "best"
; .debug_global 3 "hook"
; .debug_shape 0 "node"
; .debug_symbol "raw" 0 9 bytes
; .debug_symbol "bytes" 9 9 bytes
; .debug_symbol "words" 18 8 i16
; .debug_symbol "filled" 28 12 i32
; .debug_symbol "floats" 40 40 f64
; .debug_symbol "pointers" 128 20 i32
; .debug_symbol "far" 1000 8 text
; .debug_symbol "zeros" 1008 8000 i64
; .debug_symbol "gem" 9008 4 bytes
; .debug_file "library.inc"
; .debug_file "language.asm"
;
; .func twice(i32) -> i32
;   .registers 1, 0
;   .loc 0 3
;   i32.add r0, r0, r0
;   .loc 0 4
;   return r0
; .end
;
; .func start()
;   .registers 1, 0
;   .loc 1 62
;   i32.const r0, 0
;   i32.const r0, 10
;   i32.const r0, 20
;   .loc 1 65
;   nop
;   .loc 1 71
;   return
; .end
;
; .func main() -> i32
;   .registers 5, 1
;   .loc 1 76
;   i64.const r3, -1
;   .loc 1 77
;   i32.const r0, -1
;   .loc 1 78
;   f64.const r2, 1.0
;   .loc 1 79
;   f32.const r1, 0.1
;   .loc 1 80
;   i32.add r0, r0, 5
;   i32.add r0, r0, 1
;   .loc 1 81
;   i32.add r0, r0, 7
;   i32.add r0, r0, 9
; L0:
;   .loc 1 83
;   loop
;   .loc 1 84
;   br.i32.lt_u r0, 10, L0
;   .loc 1 85
;   i32.load r0, [18]
;   .loc 1 86
;   i32.load r0, [r1]
;   .loc 1 87
;   i32.load r0, [r1 + 22]
;   .loc 1 88
;   i32.load8_u r0, [r1 + 9]
;   .loc 1 89
;   i32.load r0, [16, 4]
;   .loc 1 90
;   i64.store [r1 + 8], r1
;   .loc 1 91
;   call twice(r0) -> r1
;   .loc 1 92
;   call twice(5) -> r4
;   .loc 1 93
;   call_indirect type0, t, r0, (7) -> r1
;   .loc 1 94
;   call_indirect type1, t, 1, (r0) -> r1
;   .loc 1 95
;   global.get r0, hook
;   .loc 1 96
;   call_ref type0, r0, (1) -> r1
;   .loc 1 97
;   syscall gfx.rect(0, 0, 1, 1, 255)
;   .loc 1 98
;   syscall my.own(-1, h0) -> r2
;   .loc 1 99
;   syscall gfx.text(9012, 5, 0, 0, 7)
;   .loc 1 100
;   syscall asset.find(9017, 3) -> r4, r0
;   .loc 1 101
;   syscall gfx.text(9012, 5, 0, 8, 7)
;   .loc 1 102
;   syscall gfx.size() -> r0, r4
;   .loc 1 103
;   record.new h0, node
;   .loc 1 104
;   record.get r0, h0, node, 1
;   .loc 1 105
;   record.set h0, node, 2, 3
;   .loc 1 106
;   record.get_h h0, h0, node, 2
;   .loc 1 107
;   record.get r0, h0, node, 0
;   .loc 1 108
;   move_h h0, h0
;   .loc 1 109
;   record.get r1, h0, node, 1
;   .loc 1 110
;   memory.init data0, 0, 0, 4
;   .loc 1 111
;   table.init t, elem1, 0, 0, 1
;   .loc 1 112
;   table.get_h h0, table1, 0
;   .loc 1 113
;   global.set score, r0
;   .loc 1 114
;   select_h h0, r0, null, h0
;   .loc 1 115
;   br_table r0, [L1, L1, L1]
; L1:
;   .loc 1 117
;   return r0
; .end
;
; .asset "a b" data =
;   hex "010233"
;
; .asset "picture" image =
;   hex "726177006279746573"
