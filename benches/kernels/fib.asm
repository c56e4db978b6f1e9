; Calls: the naive Fibonacci function.
.export run
.func run(n: i32) -> i32
  .local a, b: i32
  br.i32.lt_s n, 2, small
  i32.sub a, n, 1
  call run(a) -> a
  i32.sub b, n, 2
  call run(b) -> b
  i32.add a, a, b
  return a
small:
  return n
.end
