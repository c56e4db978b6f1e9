; Runs a lap in five frames, and is told when it has to stop.
.title "runner" .author "Cartwheel" .version "1.0.0"
.capability log, proc

.data frames: i32 0

.func update()
  .local n, left, status: i32
  syscall proc.stopping() -> left
  br.i32.eq left, 1, last
  br_if left, done
  i32.load n, [frames]
  i32.add n, n, 1
  i32.store [frames], n
  i32.rem_u n, n, 5
  br_if n, done
  syscall log.write(1, "a lap") -> status
done:
  return
last:
  syscall log.write(1, "my last frame: everything is in order") -> status
  return
.end
