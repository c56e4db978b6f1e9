; A program without memory cannot use it.
.export "m" = memory
.segment at 0 = "x"
.func update()
  memory.size r0
  i32.load r0, [0]
  return
.end

;;;
; error: the program has no memory
;  --> errors_memory.asm:2:9
;   |
; 2 | .export "m" = memory
;   |         ^^^
;   |
;   = help: declare one: `.memory 1`
;
; error: the program has no memory
;  --> errors_memory.asm:3:13
;   |
; 3 | .segment at 0 = "x"
;   |             ^
;   |
;   = help: declare one: `.memory 1`
;
; error: the program has no memory
;  --> errors_memory.asm:5:3
;   |
; 5 |   memory.size r0
;   |   ^^^^^^^^^^^
;   |
;   = help: declare one: `.memory 1`
;
; error: the program has no memory
;  --> errors_memory.asm:6:3
;   |
; 6 |   i32.load r0, [0]
;   |   ^^^^^^^^
;   |
;   = help: declare one: `.memory 1`
;
; 4 errors
