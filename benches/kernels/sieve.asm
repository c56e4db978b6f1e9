; Memory: the sieve of Eratosthenes on bytes.
.memory 16
.export run
.func run(n: i32) -> i32
  .local i, j, count, flag: i32
  memory.fill 0, 0, n
  i32.const count, 0
  i32.const i, 2
outer:
  loop
  i32.load8_u flag, [i]
  br_if flag, next
  i32.add count, count, 1
  i32.shl j, i, 1
  br.i32.ge_u j, n, next
inner:
  loop
  i32.store8 [j], 1
  i32.add j, j, i
  br.i32.lt_u j, n, inner
next:
  i32.add i, i, 1
  br.i32.lt_u i, n, outer
  return count
.end
