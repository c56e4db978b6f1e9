(module
  (memory 4)
  (func (export "run") (param $times i32) (result i32)
    (local $t i32) (local $x i32) (local $y i32) (local $src i32) (local $dst i32) (local $c i32) (local $sum i32)
    ;; A 16x16 sprite at 65536: colour = (x * y) and 3.
    (loop $sy
      (local.set $x (i32.const 0))
      (loop $sx
        (i32.store8 offset=65536 (i32.add (i32.shl (local.get $y) (i32.const 4)) (local.get $x))
          (i32.and (i32.mul (local.get $x) (local.get $y)) (i32.const 3)))
        (local.set $x (i32.add (local.get $x) (i32.const 1)))
        (br_if $sx (i32.lt_s (local.get $x) (i32.const 16))))
      (local.set $y (i32.add (local.get $y) (i32.const 1)))
      (br_if $sy (i32.lt_s (local.get $y) (i32.const 16))))
    (loop $again
      (local.set $y (i32.const 0))
      (local.set $src (i32.const 0))
      (local.set $dst (i32.and (i32.mul (local.get $t) (i32.const 37)) (i32.const 32767)))
      (loop $rows
        (local.set $x (i32.const 16))
        (loop $columns
          (local.set $c (i32.load8_u offset=65536 (local.get $src)))
          (if (local.get $c) (then (i32.store8 (local.get $dst) (local.get $c))))
          (local.set $src (i32.add (local.get $src) (i32.const 1)))
          (local.set $dst (i32.add (local.get $dst) (i32.const 1)))
          (local.set $x (i32.sub (local.get $x) (i32.const 1)))
          (br_if $columns (local.get $x)))
        (local.set $dst (i32.add (local.get $dst) (i32.const 144)))
        (local.set $y (i32.add (local.get $y) (i32.const 1)))
        (br_if $rows (i32.lt_s (local.get $y) (i32.const 16))))
      (local.set $t (i32.add (local.get $t) (i32.const 1)))
      (br_if $again (i32.lt_s (local.get $t) (local.get $times))))
    (local.set $x (i32.const 0))
    (loop $check
      (local.set $sum (i32.add (i32.mul (local.get $sum) (i32.const 31)) (i32.load8_u (local.get $x))))
      (local.set $x (i32.add (local.get $x) (i32.const 1)))
      (br_if $check (i32.lt_s (local.get $x) (i32.const 40000))))
    (local.get $sum)))
