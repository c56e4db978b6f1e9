; Floats: iterations of the Mandelbrot set over a square grid.
.export run
.func run(n: i32) -> i32
  .local x, y, i, sum, far: i32
  .local cr, ci, zr, zi, zr2, zi2, step, t: f64
  f64.convert_i32_s step, n
  f64.div step, 3.0, step
  i32.const sum, 0
  i32.const y, 0
rows:
  loop
  f64.convert_i32_s ci, y
  f64.mul ci, ci, step
  f64.sub ci, ci, 1.5
  i32.const x, 0
columns:
  loop
  f64.convert_i32_s cr, x
  f64.mul cr, cr, step
  f64.sub cr, cr, 2.0
  f64.const zr, 0
  f64.const zi, 0
  f64.const zr2, 0
  f64.const zi2, 0
  i32.const i, 0
iterate:
  loop
  f64.mul zi, zr, zi
  f64.mul zi, zi, 2.0
  f64.add zi, zi, ci
  f64.sub zr, zr2, zi2
  f64.add zr, zr, cr
  f64.mul zr2, zr, zr
  f64.mul zi2, zi, zi
  f64.add t, zr2, zi2
  f64.gt far, t, 4.0
  br_if far, escaped
  i32.add i, i, 1
  br.i32.lt_s i, 100, iterate
escaped:
  i32.add sum, sum, i
  i32.add x, x, 1
  br.i32.lt_s x, n, columns
  i32.add y, y, 1
  br.i32.lt_s y, n, rows
  return sum
.end
