;; Shows gamepads and mouse in a row of bytes, copied from where the host writes them; with a flag set in the second
;; update it keeps what it drew.
(module
  (import "env" "memory" (memory 1))
  (import "env" "vline" (func $vline (param i32 i32 i32)))
  (func (export "update")
    (local $frame i32)
    (local.set $frame (i32.load (i32.const 0x2000)))
    (i32.store (i32.const 0x2000) (i32.add (local.get $frame) (i32.const 1)))
    (memory.copy
      (i32.add (i32.const 0x2010) (i32.mul (local.get $frame) (i32.const 16)))
      (i32.const 0x16) (i32.const 9))
    (if (i32.ge_u (local.get $frame) (i32.const 1))
      (then (i32.store8 (i32.const 0x1f) (i32.const 1))))
    (call $vline (local.get $frame) (i32.const 0) (i32.const 2))))
