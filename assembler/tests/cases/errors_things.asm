; Things that are not there, or there twice.
.capability gfxx, log
.import gfx.rekt@1
.import log.write@1 (i32)
.import telemetry.counter@1
.entry update=updaet
.table t: func 2, 1
.table t: i32 2
.elem at tt, 0 = nothing
.export update = func updat
.export "update" = func update
.export "update" = memory
.asset a image = 1
.asset a image = 2
.shape p { x: scalar, x: handle }
.shape q { x }
.type = (i32)
.func update(x: i32, x: i32) -> i23
  return
.end
.func entry(x: i32)
  return
.end
.func update()
  return
.end
.section 5 = 1
.debug_func 0 "x"
.memory 1 .memory 2
.title "a" .title "b"
.debug loud
.elem at t = null, @9
.func last()
  return

;;;
; error: unknown capability `gfxx`
;  --> errors_things.asm:2:13
;   |
; 2 | .capability gfxx, log
;   |             ^^^^
;   |
;   = help: did you mean `gfx`?
;
; error: unknown syscall `gfx.rekt@1`
;  --> errors_things.asm:3:9
;   |
; 3 | .import gfx.rekt@1
;   |         ^^^^^^^^
;   |
;   = help: did you mean `gfx.rect@1`?
;
; error: `log.write@1` has the signature (i32, i32, i32) -> i32, not (i32)
;  --> errors_things.asm:4:9
;   |
; 4 | .import log.write@1 (i32)
;   |         ^^^^^^^^^
;
; error: `telemetry.counter@1` needs the capability `telemetry`, which is not declared
;  --> errors_things.asm:5:9
;   |
; 5 | .import telemetry.counter@1
;   |         ^^^^^^^^^^^^^^^^^
;   |
;   = help: add `.capability telemetry`
;
; error: unknown function `updaet`
;  --> errors_things.asm:6:15
;   |
; 6 | .entry update=updaet
;   |               ^^^^^^
;   |
;   = help: did you mean `update`?
;
; error: the limit of the table must be 2 to 4294967295, not 1
;  --> errors_things.asm:7:19
;   |
; 7 | .table t: func 2, 1
;   |                   ^
;
; error: expected `func` or `handle`, found `i32`
;  --> errors_things.asm:8:11
;   |
; 8 | .table t: i32 2
;   |           ^^^
;
; error: unknown table `tt`
;  --> errors_things.asm:9:10
;   |
; 9 | .elem at tt, 0 = nothing
;   |          ^^
;
; error: unknown function `updat`
;   --> errors_things.asm:10:23
;    |
; 10 | .export update = func updat
;    |                       ^^^^^
;    |
;    = help: did you mean `update`?
;
; error: export `update` is there twice
;   --> errors_things.asm:11:9
;    |
; 11 | .export "update" = func update
;    |         ^^^^^^^^
;
; error: export `update` is there twice
;   --> errors_things.asm:12:9
;    |
; 12 | .export "update" = memory
;    |         ^^^^^^^^
;
; error: asset `a` is there twice
;   --> errors_things.asm:14:8
;    |
; 14 | .asset a image = 2
;    |        ^
;
; error: field `x` is there twice
;   --> errors_things.asm:15:23
;    |
; 15 | .shape p { x: scalar, x: handle }
;    |                       ^
;
; error: expected `:` and a type, found `}`
;   --> errors_things.asm:16:14
;    |
; 16 | .shape q { x }
;    |              ^
;
; error: expected a name or `(`, found `=`
;   --> errors_things.asm:17:7
;    |
; 17 | .type = (i32)
;    |       ^
;
; error: expected a type: i32, i64, f32, f64, func or handle, found `i23`
;   --> errors_things.asm:18:33
;    |
; 18 | .func update(x: i32, x: i32) -> i23
;    |                                 ^^^
;    |
;    = help: did you mean `i32`?
;
; error: function `update` is defined twice
;   --> errors_things.asm:24:7
;    |
; 24 | .func update()
;    |       ^^^^^^
;
; error: the number of an unknown optional section must be 141 to 254, not 5
;   --> errors_things.asm:27:10
;    |
; 27 | .section 5 = 1
;    |          ^
;
; error: `.debug_func` needs explicit debug information
;   --> errors_things.asm:28:1
;    |
; 28 | .debug_func 0 "x"
;    | ^^^^^^^^^^^
;    |
;    = help: write `.debug explicit` above
;
; error: the memory is declared twice
;   --> errors_things.asm:29:11
;    |
; 29 | .memory 1 .memory 2
;    |           ^^^^^^^
;
; error: this is already set above
;   --> errors_things.asm:30:12
;    |
; 30 | .title "a" .title "b"
;    |            ^^^^^^
;
; error: expected `auto`, `none` or `explicit`, found `loud`
;   --> errors_things.asm:31:8
;    |
; 31 | .debug loud
;    |        ^^^^
;
; error: there is no function 9: the program has 4
;   --> errors_things.asm:32:20
;    |
; 32 | .elem at t = null, @9
;    |                    ^
;
; error: `.end` is missing for this function
;   --> errors_things.asm:33:7
;    |
; 33 | .func last()
;    |       ^^^^
;
; error: function `last` has no instructions
;   --> errors_things.asm:33:7
;    |
; 33 | .func last()
;    |       ^^^^
;    |
;    = help: a function that does nothing is a lone `return`
;
; 25 errors
