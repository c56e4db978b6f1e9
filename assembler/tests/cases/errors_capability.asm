; SEC-15: what is imported has to be declared.
.import rect = gfx.rect@1
.func update()
  syscall log.write(1, 0, 0)
  return
.end

;;;
; error: `gfx.rect@1` needs the capability `gfx`, which is not declared
;  --> errors_capability.asm:2:9
;   |
; 2 | .import rect = gfx.rect@1
;   |         ^^^^
;   |
;   = help: add `.capability gfx`
;
; error: `log.write@1` needs the capability `log`, which is not declared
;  --> errors_capability.asm:4:11
;   |
; 4 |   syscall log.write(1, 0, 0)
;   |           ^^^^^^^^^
;   |
;   = help: add `.capability log`
;
; 2 errors
