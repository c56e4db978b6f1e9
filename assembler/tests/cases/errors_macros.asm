; Mistakes in macros and conditions.
.macro inc reg, by = 1
  i32.add $reg, $reg, $by
  i32.ad $reg, $reg
.endmacro
.macro inc reg
.endmacro
.macro nop
.endmacro
.func f()
  .local i: i32
  inc
  inc i, 1, 2
  inc i
  icn i
  move i, $i
  return
.end
.if UNKNOWN
.endif
.if 0
.else
.else
.endif
.endif
.elif 1
.endmacro
.include "missing.inc"
.include "errors_included.inc"
.error "this is not supported"
.repeat x
.endrepeat
.macro open

;;;
; error: unknown instruction or macro `i32.ad`
;  --> errors_macros.asm:4:3
;   |
; 4 |   i32.ad $reg, $reg
;   |   ^^^^^^
;   |
;   = note: in macro `inc` at errors_macros.asm:14
;   = help: did you mean `i32.add`?
;
; error: macro `inc` is defined twice
;  --> errors_macros.asm:6:8
;   |
; 6 | .macro inc reg
;   |        ^^^
;
; error: `nop` is an instruction and cannot be a macro
;  --> errors_macros.asm:8:8
;   |
; 8 | .macro nop
;   |        ^^^
;
; error: macro `inc` takes 1 to 2 arguments, not 0
;   --> errors_macros.asm:12:3
;    |
; 12 |   inc
;    |   ^^^
;    |
;    = help: its parameters are: reg, by
;
; error: macro `inc` takes 1 to 2 arguments, not 3
;   --> errors_macros.asm:13:3
;    |
; 13 |   inc i, 1, 2
;    |   ^^^
;    |
;    = help: its parameters are: reg, by
;
; error: unknown instruction or macro `icn`
;   --> errors_macros.asm:15:3
;    |
; 15 |   icn i
;    |   ^^^
;    |
;    = help: did you mean `inc`?
;
; error: expected a value, found `$i`
;   --> errors_macros.asm:16:11
;    |
; 16 |   move i, $i
;    |           ^^
;    |
;    = help: write `move d, a`
;
; error: `UNKNOWN` is not a constant that is defined above
;   --> errors_macros.asm:19:5
;    |
; 19 | .if UNKNOWN
;    |     ^^^^^^^
;
; error: `.else` was already the last branch of this condition
;   --> errors_macros.asm:23:1
;    |
; 23 | .else
;    | ^^^^^
;
; error: there is no `.if` before this
;   --> errors_macros.asm:25:1
;    |
; 25 | .endif
;    | ^^^^^^
;
; error: there is no `.if` before this
;   --> errors_macros.asm:26:1
;    |
; 26 | .elif 1
;    | ^^^^^
;
; error: `.endmacro` without `.macro` before it
;   --> errors_macros.asm:27:1
;    |
; 27 | .endmacro
;    | ^^^^^^^^^
;
; error: cannot include "missing.inc": entity not found
;   --> errors_macros.asm:28:10
;    |
; 28 | .include "missing.inc"
;    |          ^^^^^^^^^^^^^
;
; error: this is not supported
;   --> errors_macros.asm:30:1
;    |
; 30 | .error "this is not supported"
;    | ^^^^^^
;
; error: `x` is not a constant that is defined above
;   --> errors_macros.asm:31:9
;    |
; 31 | .repeat x
;    |         ^
;
; error: `.endmacro` is missing for this
;   --> errors_macros.asm:33:1
;    |
; 33 | .macro open
;    | ^^^^^^
;
; error: unknown instruction or macro `unknown_op`
;  --> errors_included.inc:2:3
;   |
; 2 |   unknown_op 1
;   |   ^^^^^^^^^^
;
; 17 errors
