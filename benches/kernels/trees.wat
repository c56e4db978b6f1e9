;; Binary trees in linear memory: allocated by bumping a pointer that is reset for every tree, the cheapest
;; memory management that a WebAssembly program can have.
(module
  (memory 64)
  (global $top (mut i32) (i32.const 16))
  (func $make (param $depth i32) (result i32)
    (local $node i32)
    (local.set $node (global.get $top))
    (global.set $top (i32.add (global.get $top) (i32.const 16)))
    (i32.store (local.get $node) (local.get $depth))
    (i32.store offset=4 (local.get $node) (i32.const 0))
    (i32.store offset=8 (local.get $node) (i32.const 0))
    (if (local.get $depth)
      (then
        (i32.store offset=4 (local.get $node) (call $make (i32.sub (local.get $depth) (i32.const 1))))
        (i32.store offset=8 (local.get $node) (call $make (i32.sub (local.get $depth) (i32.const 1))))))
    (local.get $node))
  (func $sum (param $node i32) (result i32)
    (if (result i32) (local.get $node)
      (then
        (i32.add (i32.load (local.get $node))
          (i32.add (call $sum (i32.load offset=4 (local.get $node))) (call $sum (i32.load offset=8 (local.get $node))))))
      (else (i32.const 0))))
  (func (export "run") (param $times i32) (result i32)
    (local $total i32)
    (loop $again
      (global.set $top (i32.const 16))
      (local.set $total (i32.add (local.get $total) (call $sum (call $make (i32.const 12)))))
      (local.set $times (i32.sub (local.get $times) (i32.const 1)))
      (br_if $again (local.get $times)))
    (local.get $total)))
