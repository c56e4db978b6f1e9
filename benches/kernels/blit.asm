; Bytes: a sprite with transparent pixels drawn into a surface of 160 bytes a row.
.memory 4
.export run
.func run(times: i32) -> i32
  .local t, x, y, src, dst, c, sum: i32
  i32.const y, 0
sy:
  loop
  i32.const x, 0
sx:
  loop
  i32.shl src, y, 4
  i32.add src, src, x
  i32.mul c, x, y
  i32.and c, c, 3
  i32.store8 [src + 65536], c
  i32.add x, x, 1
  br.i32.lt_s x, 16, sx
  i32.add y, y, 1
  br.i32.lt_s y, 16, sy
  i32.const t, 0
again:
  loop
  i32.const y, 0
  i32.const src, 0
  i32.mul dst, t, 37
  i32.and dst, dst, 32767
rows:
  loop
  i32.const x, 16
columns:
  loop
  i32.load8_u c, [src + 65536]
  br_unless c, clear
  i32.store8 [dst], c
clear:
  i32.add src, src, 1
  i32.add dst, dst, 1
  i32.add x, x, -1
  br.i32.ne x, 0, columns
  i32.add dst, dst, 144
  i32.add y, y, 1
  br.i32.lt_s y, 16, rows
  i32.add t, t, 1
  br.i32.lt_s t, times, again
  i32.const x, 0
  i32.const sum, 0
check:
  loop
  i32.load8_u c, [x]
  i32.mul sum, sum, 31
  i32.add sum, sum, c
  i32.add x, x, 1
  br.i32.lt_s x, 40000, check
  return sum
.end
