;; An update of some millions of operations: sums numbers, then draws a line as long as the number of updates.
(module
  (import "env" "memory" (memory 1 2))
  (import "env" "hline" (func $hline (param i32 i32 i32)))
  (func (export "update") (local $i i32) (local $sum i32)
    (local.set $i (i32.const 1000000))
    (loop $again
      (local.set $sum (i32.add (local.get $sum) (local.get $i)))
      (br_if $again (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
    (i32.store (i32.const 0x2000) (i32.add (i32.load (i32.const 0x2000)) (i32.const 1)))
    (i32.store (i32.const 0x2004) (local.get $sum))
    (call $hline (i32.const 0) (i32.const 0) (i32.load (i32.const 0x2000)))))
