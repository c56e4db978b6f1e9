; Mistakes in code.
.memory 1
.shape node { value: scalar, next: handle }
.global score: i32
.global const limit: i32
.global best: handle
.table calls: func 1
.table things: handle 1
.type callback = (i32) -> i32
.data ball: i32 1

.func pair(a: i32, b: handle) -> i32, handle
  return a, b
.end

.func update()
  .local count: i32, thing: handle, r5: i32, count: i64
  .local untyped
  .data x: i32 1
  i32.ad count, 1, 2
  i32.add count, 1
  i32.add count 1, 2
  i32.add count, 1, 2, 3
  i32.add cuont, 1, 2
  i32.add count, cout, 2
  i32.add count, count + 1, 2
  i32.add count, 1 + count, 2
  i32.add thing, 1, 2
  i32.add count, thing, 2
  i32.add count, null, 2
  i32.add count, 1.5, 2
  i32.add count, 5000000000, 2
  i32.add score, 1, 2
  i32.add count, score, 1
  i32.add ball, 1, 1
  f64.add count, 1, nan:0
  move_h thing, 5
  move_h thing, thng
  i32.load count, ball
  i32.load count, [count - 4]
  i32.load count, [count + -4]
  i32.load count, [thing]
  br nowhere
  br_table count, []
  br_if count
  call par(1, null) -> count, thing
  call pair(1) -> count, thing
  call pair(1, null, 2) -> count, thing
  call pair(null, 1) -> count, thing
  call pair("text", null)
  call pair(1, null)
  call pair(1, null) -> count
  call pair(1, null) -> thing, count
  call pair(1, null) -> count, thing, count
  syscall gfx.rekt(1)
  syscall gfx.clear(1)
  call_ref callbak, count(1) -> count
  call_indirect callback, things, 0(1) -> count
  record.get count, thing, node.vlaue
  record.get count, thing, node, next
  record.get count, thing, node, 7
  record.get count, thing, nod, 7
  global.get_h thing, score
  global.set limit, 1
  global.get count, best
  global.get count, scor
  table.get count, things, 0
  table.copy calls, things, 0, 0, 0
  return 1
  count = 5
  move r40000, 1
.end

.func loops()
back:
  nop
  br back
twice:
  nop
twice:
  return
.end

.func falls()
  nop
.end

.func hangs()
  return
after:
.end

.func empty()
.end

.func few(x: i32)
  .registers 0, 0
  return
.end

;;;
; error: `r5` has a meaning of its own and cannot be a name
;   --> errors_code.asm:17:37
;    |
; 17 |   .local count: i32, thing: handle, r5: i32, count: i64
;    |                                     ^^
;
; error: expected `:` and a type, found the end of the line
;   --> errors_code.asm:18:17
;    |
; 18 |   .local untyped
;    |                 ^
;
; error: `.data` cannot stand in a function
;   --> errors_code.asm:19:3
;    |
; 19 |   .data x: i32 1
;    |   ^^^^^
;    |
;    = help: functions end with `.end`; other directives stand outside
;
; error: unknown instruction or macro `i32.ad`
;   --> errors_code.asm:20:3
;    |
; 20 |   i32.ad count, 1, 2
;    |   ^^^^^^
;    |
;    = help: did you mean `i32.add`?
;
; error: expected a scalar register or an i32 constant for `b`
;   --> errors_code.asm:21:19
;    |
; 21 |   i32.add count, 1
;    |                   ^
;    |
;    = help: write `i32.add d, a, b`
;
; error: expected `,` and a scalar register or an i32 constant for `a`, found a number
;   --> errors_code.asm:22:17
;    |
; 22 |   i32.add count 1, 2
;    |                 ^
;    |
;    = help: write `i32.add d, a, b`
;
; error: expected the end of the line, found `,`
;   --> errors_code.asm:23:22
;    |
; 23 |   i32.add count, 1, 2, 3
;    |                      ^
;    |
;    = help: write `i32.add d, a, b`
;
; error: unknown register `cuont`
;   --> errors_code.asm:24:11
;    |
; 24 |   i32.add cuont, 1, 2
;    |           ^^^^^
;    |
;    = help: did you mean `count`?
;
; error: unknown register, constant or data `cout`
;   --> errors_code.asm:25:18
;    |
; 25 |   i32.add count, cout, 2
;    |                  ^^^^
;    |
;    = help: did you mean the register `count`?
;
; error: expected `,` and a scalar register or an i32 constant for `b`, found `+`
;   --> errors_code.asm:26:24
;    |
; 26 |   i32.add count, count + 1, 2
;    |                        ^
;    |
;    = help: write `i32.add d, a, b`
;
; error: `count` is a register and cannot be part of a constant
;   --> errors_code.asm:27:22
;    |
; 27 |   i32.add count, 1 + count, 2
;    |                      ^^^^^
;    |
;    = help: calculate with instructions, such as `i32.add`
;
; error: `thing` is a handle register, a scalar is needed here
;   --> errors_code.asm:28:11
;    |
; 28 |   i32.add thing, 1, 2
;    |           ^^^^^
;
; error: `thing` is a handle register, a scalar is needed here
;   --> errors_code.asm:29:18
;    |
; 29 |   i32.add count, thing, 2
;    |                  ^^^^^
;
; error: `null` is a handle, a scalar is needed here
;   --> errors_code.asm:30:18
;    |
; 30 |   i32.add count, null, 2
;    |                  ^^^^
;
; error: an integer is needed here, this is a float
;   --> errors_code.asm:31:18
;    |
; 31 |   i32.add count, 1.5, 2
;    |                  ^^^
;    |
;    = help: int(...) rounds a float towards zero; f32bits(...) and f64bits(...) give its bits
;
; error: 5000000000 does not fit 32 bits (-2147483648 to 4294967295)
;   --> errors_code.asm:32:18
;    |
; 32 |   i32.add count, 5000000000, 2
;    |                  ^^^^^^^^^^
;
; error: unknown register `score`
;   --> errors_code.asm:33:11
;    |
; 33 |   i32.add score, 1, 2
;    |           ^^^^^
;    |
;    = help: `score` is a global; write it with `global.set`
;
; error: unknown register, constant or data `score`
;   --> errors_code.asm:34:18
;    |
; 34 |   i32.add count, score, 1
;    |                  ^^^^^
;    |
;    = help: `score` is a global; read it with `global.get`
;
; error: unknown register `ball`
;   --> errors_code.asm:35:11
;    |
; 35 |   i32.add ball, 1, 1
;    |           ^^^^
;    |
;    = help: `ball` is data in memory; write it with a store
;
; error: the payload of this NaN must be 1 to 0xfffffffffffff
;   --> errors_code.asm:36:21
;    |
; 36 |   f64.add count, 1, nan:0
;    |                     ^^^
;
; error: expected a handle register or `null`, found a number
;   --> errors_code.asm:37:17
;    |
; 37 |   move_h thing, 5
;    |                 ^
;    |
;    = help: write `move_h d, a`
;
; error: expected a handle register or `null`, found `thng`
;   --> errors_code.asm:38:17
;    |
; 38 |   move_h thing, thng
;    |                 ^^^^
;    |
;    = help: did you mean `thing`?
;
; error: expected an address in `[...]`, found `ball`
;   --> errors_code.asm:39:19
;    |
; 39 |   i32.load count, ball
;    |                   ^^^^
;    |
;    = help: write `i32.load d, [addr + offset]`
;
; error: offsets of addresses cannot be negative
;   --> errors_code.asm:40:26
;    |
; 40 |   i32.load count, [count - 4]
;    |                          ^
;    |
;    = help: subtract from the register with `i32.sub` first
;
; error: an offset must be 0 to 4294967295, not -4
;   --> errors_code.asm:41:28
;    |
; 41 |   i32.load count, [count + -4]
;    |                            ^
;    |
;    = help: offsets are unsigned constants; calculate the address with `i32.add`
;
; error: `thing` is a handle register, a scalar is needed here
;   --> errors_code.asm:42:20
;    |
; 42 |   i32.load count, [thing]
;    |                    ^^^^^
;
; error: unknown label `nowhere` in this function
;   --> errors_code.asm:43:6
;    |
; 43 |   br nowhere
;    |      ^^^^^^^
;
; error: at least one label is needed: the last one is the default
;   --> errors_code.asm:44:20
;    |
; 44 |   br_table count, []
;    |                    ^
;
; error: expected a label for `to`
;   --> errors_code.asm:45:14
;    |
; 45 |   br_if count
;    |              ^
;    |
;    = help: write `br_if cond, to`
;
; error: unknown function `par`
;   --> errors_code.asm:46:8
;    |
; 46 |   call par(1, null) -> count, thing
;    |        ^^^
;    |
;    = help: did you mean `pair`?
;
; error: `pair` takes 2 values (i32, handle), 1 is given
;   --> errors_code.asm:47:12
;    |
; 47 |   call pair(1) -> count, thing
;    |            ^
;
; error: `pair` takes 2 values (i32, handle), more are given
;   --> errors_code.asm:48:22
;    |
; 48 |   call pair(1, null, 2) -> count, thing
;    |                      ^
;
; error: `null` is a handle, an i32 is needed here
;   --> errors_code.asm:49:13
;    |
; 49 |   call pair(null, 1) -> count, thing
;    |             ^^^^
;
; error: a string stands for two i32 arguments, its address and its length
;   --> errors_code.asm:50:13
;    |
; 50 |   call pair("text", null)
;    |             ^^^^^^
;
; error: `pair` has the results (i32, handle)
;   --> errors_code.asm:51:21
;    |
; 51 |   call pair(1, null)
;    |                     ^
;    |
;    = help: name registers for them behind `->`, or `_` to drop one
;
; error: `pair` has 2 results (i32, handle), 1 is named
;   --> errors_code.asm:52:30
;    |
; 52 |   call pair(1, null) -> count
;    |                              ^
;    |
;    = help: `_` drops a result
;
; error: `thing` is a handle register, a scalar is needed here
;   --> errors_code.asm:53:25
;    |
; 53 |   call pair(1, null) -> thing, count
;    |                         ^^^^^
;
; error: `pair` has 2 results (i32, handle), more registers are named
;   --> errors_code.asm:54:39
;    |
; 54 |   call pair(1, null) -> count, thing, count
;    |                                       ^^^^^
;
; error: unknown syscall `gfx.rekt`
;   --> errors_code.asm:55:11
;    |
; 55 |   syscall gfx.rekt(1)
;    |           ^^^^^^^^
;    |
;    = help: did you mean `gfx.rect`?
;
; error: `gfx.clear@1` needs the capability `gfx`, which is not declared
;   --> errors_code.asm:56:11
;    |
; 56 |   syscall gfx.clear(1)
;    |           ^^^^^^^^^
;    |
;    = help: add `.capability gfx`
;
; error: unknown type `callbak`
;   --> errors_code.asm:57:12
;    |
; 57 |   call_ref callbak, count(1) -> count
;    |            ^^^^^^^
;    |
;    = help: did you mean `callback`?
;
; error: this table holds handles
;   --> errors_code.asm:58:27
;    |
; 58 |   call_indirect callback, things, 0(1) -> count
;    |                           ^^^^^^
;
; error: the shape has no field `vlaue`
;   --> errors_code.asm:59:28
;    |
; 59 |   record.get count, thing, node.vlaue
;    |                            ^^^^^^^^^^
;    |
;    = help: did you mean `value`?
;
; error: `next` is a handle field
;   --> errors_code.asm:60:34
;    |
; 60 |   record.get count, thing, node, next
;    |                                  ^^^^
;    |
;    = help: handle fields are read and written by `record.get_h` and `record.set_h`
;
; error: the shape has 1 scalar field
;   --> errors_code.asm:61:34
;    |
; 61 |   record.get count, thing, node, 7
;    |                                  ^
;
; error: unknown shape `nod`
;   --> errors_code.asm:62:28
;    |
; 62 |   record.get count, thing, nod, 7
;    |                            ^^^
;    |
;    = help: did you mean `node`?
;
; error: this global holds an i32
;   --> errors_code.asm:63:23
;    |
; 63 |   global.get_h thing, score
;    |                       ^^^^^
;    |
;    = help: use `global.get`
;
; error: this global is constant
;   --> errors_code.asm:64:14
;    |
; 64 |   global.set limit, 1
;    |              ^^^^^
;    |
;    = help: declare it without `const` to set it
;
; error: this global holds a handle
;   --> errors_code.asm:65:21
;    |
; 65 |   global.get count, best
;    |                     ^^^^
;    |
;    = help: use `global.get_h`
;
; error: unknown global `scor`
;   --> errors_code.asm:66:21
;    |
; 66 |   global.get count, scor
;    |                     ^^^^
;    |
;    = help: did you mean `score`?
;
; error: this table holds handles
;   --> errors_code.asm:67:20
;    |
; 67 |   table.get count, things, 0
;    |                    ^^^^^^
;    |
;    = help: use `table.get_h`
;
; error: one of these holds functions and the other one handles
;   --> errors_code.asm:68:3
;    |
; 68 |   table.copy calls, things, 0, 0, 0
;    |   ^^^^^^^^^^
;
; error: the function returns nothing, more are given
;   --> errors_code.asm:69:10
;    |
; 69 |   return 1
;    |          ^
;
; error: unknown instruction `count`
;   --> errors_code.asm:70:3
;    |
; 70 |   count = 5
;    |   ^^^^^
;    |
;    = help: registers are set by instructions, as in `i32.const x, 5`; constants by `.const NAME = 5`
;
; error: execution would run out of the function behind this
;   --> errors_code.asm:71:3
;    |
; 71 |   move r40000, 1
;    |   ^^^^
;    |
;    = help: end it with `return`, `br`, `halt`, `trap` or `unreachable`
;
; error: registers are numbered 0 to 32767
;   --> errors_code.asm:71:8
;    |
; 71 |   move r40000, 1
;    |        ^^^^^^
;
; error: a backward branch has to go to a `loop`, `back` is none
;   --> errors_code.asm:77:6
;    |
; 77 |   br back
;    |      ^^^^
;    |
;    = help: put the instruction `loop` directly behind the label `back:`
;
; error: label `twice` is there twice in this function
;   --> errors_code.asm:80:1
;    |
; 80 | twice:
;    | ^^^^^
;
; error: execution would run out of the function behind this
;   --> errors_code.asm:85:3
;    |
; 85 |   nop
;    |   ^^^
;    |
;    = help: end it with `return`, `br`, `halt`, `trap` or `unreachable`
;
; error: no instruction follows the label `after`
;   --> errors_code.asm:90:1
;    |
; 90 | after:
;    | ^^^^^
;
; error: function `empty` has no instructions
;   --> errors_code.asm:93:7
;    |
; 93 | .func empty()
;    |       ^^^^^
;    |
;    = help: a function that does nothing is a lone `return`
;
; error: the function uses 1 scalar and 0 handle registers
;   --> errors_code.asm:97:3
;    |
; 97 |   .registers 0, 0
;    |   ^^^^^^^^^^
;
; 62 errors
