;; Counts how often it was started, on its disk.
(module
  (import "env" "memory" (memory 1))
  (import "env" "diskr" (func $diskr (param i32 i32) (result i32)))
  (import "env" "diskw" (func $diskw (param i32 i32) (result i32)))
  (func (export "start")
    (drop (call $diskr (i32.const 0x2000) (i32.const 4)))
    (i32.store (i32.const 0x2000) (i32.add (i32.load (i32.const 0x2000)) (i32.const 1)))
    (i32.store (i32.const 0x2010) (call $diskw (i32.const 0x2000) (i32.const 4))))
  (func (export "update")))
