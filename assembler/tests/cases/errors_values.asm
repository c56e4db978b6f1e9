; Constants that have no value.
.const A = A
.const B = C + 1, C = B
.const D = 1 / 0
.const E = SPED + 1
.const SPEED = 1
.const SPEED = 2
.const F = 1 << 64
.const G = 1.5 & 3
.data tiny: i8 300
.data whole: i32 1.5
.data big: i32 5000000000
.data many: i32[1] = 1, 2
.data none: i32
.data tiny: i8 1
.data odd: i16 "abc"
.data q: i33 1
.org 20 .data low: i32 1
.org 20 .data lower: i32 1
.align 3
.data name: bytes file("missing.bin")
.sprite s
  "01"
  "0"
.end
.sprite u map=".#"
  "x"
.end
.video 1000, 100
.cycles 0
.memory 0
.global h: handle = 5
.global f: func = 99

;;;
; error: constant `A` depends on itself
;  --> errors_values.asm:2:8
;   |
; 2 | .const A = A
;   |        ^
;
; error: constant `B` depends on itself
;  --> errors_values.asm:3:8
;   |
; 3 | .const B = C + 1, C = B
;   |        ^
;
; error: constant `C` depends on itself
;  --> errors_values.asm:3:19
;   |
; 3 | .const B = C + 1, C = B
;   |                   ^
;
; error: division by zero
;  --> errors_values.asm:4:14
;   |
; 4 | .const D = 1 / 0
;   |              ^
;
; error: unknown constant or data `SPED`
;  --> errors_values.asm:5:12
;   |
; 5 | .const E = SPED + 1
;   |            ^^^^
;   |
;   = help: did you mean `SPEED`?
;
; error: constant `SPEED` is defined twice
;  --> errors_values.asm:7:8
;   |
; 7 | .const SPEED = 2
;   |        ^^^^^
;
; error: a shift must be by 0 to 63, not 64
;  --> errors_values.asm:8:14
;   |
; 8 | .const F = 1 << 64
;   |              ^^
;
; error: `&` needs integers
;  --> errors_values.asm:9:16
;   |
; 9 | .const G = 1.5 & 3
;   |                ^
;   |
;   = help: int(...) rounds towards zero
;
; error: a byte must be -128 to 255, not 300
;   --> errors_values.asm:10:16
;    |
; 10 | .data tiny: i8 300
;    |                ^^^
;
; error: an integer is needed here, this is a float
;   --> errors_values.asm:11:18
;    |
; 11 | .data whole: i32 1.5
;    |                  ^^^
;    |
;    = help: int(...) rounds a float towards zero; f32bits(...) and f64bits(...) give its bits
;
; error: 5000000000 does not fit 32 bits (-2147483648 to 4294967295)
;   --> errors_values.asm:12:16
;    |
; 12 | .data big: i32 5000000000
;    |                ^^^^^^^^^^
;
; error: 2 elements are written, more than the count says
;   --> errors_values.asm:13:25
;    |
; 13 | .data many: i32[1] = 1, 2
;    |                         ^
;
; error: `none` has no values
;   --> errors_values.asm:14:16
;    |
; 14 | .data none: i32
;    |                ^
;    |
;    = help: write `.data none: T VALUE, ...` or, for zeros, `.data none: T[COUNT]`
;
; error: data `tiny` is defined twice
;   --> errors_values.asm:15:7
;    |
; 15 | .data tiny: i8 1
;    |       ^^^^
;
; error: these bytes are no whole number of elements of 2 bytes
;   --> errors_values.asm:16:16
;    |
; 16 | .data odd: i16 "abc"
;    |                ^^^^^
;
; error: expected a type: i8, i16, i32, i64, f32, f64, bytes or text, found `i33`
;   --> errors_values.asm:17:10
;    |
; 17 | .data q: i33 1
;    |          ^^^
;
; error: this lies on top of other data at address 20
;   --> errors_values.asm:19:15
;    |
; 19 | .org 20 .data lower: i32 1
;    |               ^^^^^
;
; error: an alignment must be a power of two
;   --> errors_values.asm:20:8
;    |
; 20 | .align 3
;    |        ^
;
; error: cannot read "missing.bin": entity not found
;   --> errors_values.asm:21:24
;    |
; 21 | .data name: bytes file("missing.bin")
;    |                        ^^^^^^^^^^^^^
;
; error: this row has 1 pixels, the first row of the sprite has 2
;   --> errors_values.asm:24:3
;    |
; 24 |   "0"
;    |   ^^^
;
; error: `x` is no colour
;   --> errors_values.asm:27:3
;    |
; 27 |   "x"
;    |   ^^^
;    |
;    = help: every character of a row has to be in the sprite's `map`
;
; error: the width of the screen must be 1 to 640, not 1000
;   --> errors_values.asm:29:8
;    |
; 29 | .video 1000, 100
;    |        ^^^^
;
; error: the number of cycles must be 1 to 18446744073709551615, not 0
;   --> errors_values.asm:30:9
;    |
; 30 | .cycles 0
;    |         ^
;
; error: the data needs 1 page of 64 KiB
;   --> errors_values.asm:31:9
;    |
; 31 | .memory 0
;    |         ^
;
; error: a handle can only start as `null`
;   --> errors_values.asm:32:21
;    |
; 32 | .global h: handle = 5
;    |                     ^
;
; error: there is no such function
;   --> errors_values.asm:33:19
;    |
; 33 | .global f: func = 99
;    |                   ^^
;    |
;    = help: write funcref(NAME), or 0 for null
;
; 26 errors
