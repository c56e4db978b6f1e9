; Mistakes in the text itself.
# not a comment
.title "no end
.data x: i32 0xyz, 12abc
.data y: i32 99999999999999999999
.data z: i8 ''
.data w: text "\q"
é
.titel "x"
.const = 5
.const A = 1 +
.const A2 = (1 + 2
.const A3 = 5 5
i32.add r0, r0, r1
.end
.func
.end

;;;
; error: unexpected character `#`
;  --> errors_lines.asm:2:1
;   |
; 2 | # not a comment
;   | ^
;   |
;   = help: comments begin with `;`
;
; error: `"` is missing at the end
;  --> errors_lines.asm:3:8
;   |
; 3 | .title "no end
;   |        ^^^^^^^
;
; error: `0xyz` is not a hexadecimal number
;  --> errors_lines.asm:4:14
;   |
; 4 | .data x: i32 0xyz, 12abc
;   |              ^^^^
;
; error: `12abc` is not a number
;  --> errors_lines.asm:4:20
;   |
; 4 | .data x: i32 0xyz, 12abc
;   |                    ^^^^^
;
; error: this number does not fit 64 bits
;  --> errors_lines.asm:5:14
;   |
; 5 | .data y: i32 99999999999999999999
;   |              ^^^^^^^^^^^^^^^^^^^^
;
; error: a character is missing between the quotes
;  --> errors_lines.asm:6:13
;   |
; 6 | .data z: i8 ''
;   |             ^^
;
; error: unknown escape `\q`
;  --> errors_lines.asm:7:15
;   |
; 7 | .data w: text "\q"
;   |               ^^^^
;   |
;   = help: escapes are \n \r \t \0 \\ \" \' \` \xHH and \u{HEX}
;
; error: unexpected character `é`
;  --> errors_lines.asm:8:1
;   |
; 8 | é
;   | ^
;   |
;   = help: names with other than ASCII letters are written in backticks
;
; error: unknown directive `.titel`
;  --> errors_lines.asm:9:1
;   |
; 9 | .titel "x"
;   | ^^^^^^
;   |
;   = help: did you mean `.title`?
;
; error: expected a name for the constant, found `=`
;   --> errors_lines.asm:10:8
;    |
; 10 | .const = 5
;    |        ^
;
; error: expected a value, found the end of the line
;   --> errors_lines.asm:11:15
;    |
; 11 | .const A = 1 +
;    |               ^
;
; error: expected `)`, found the end of the line
;   --> errors_lines.asm:12:19
;    |
; 12 | .const A2 = (1 + 2
;    |                   ^
;
; error: expected the end of the line, found a number
;   --> errors_lines.asm:13:15
;    |
; 13 | .const A3 = 5 5
;    |               ^
;
; error: expected a directive, found `i32.add`
;   --> errors_lines.asm:14:1
;    |
; 14 | i32.add r0, r0, r1
;    | ^^^^^^^
;    |
;    = help: instructions stand between `.func NAME(...)` and `.end`
;
; error: `.end` without `.func` or `.sprite` before it
;   --> errors_lines.asm:15:1
;    |
; 15 | .end
;    | ^^^^
;
; error: expected a name for the function, found the end of the line
;   --> errors_lines.asm:16:6
;    |
; 16 | .func
;    |      ^
;
; 16 errors
