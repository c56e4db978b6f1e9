; Eats the same little meal three times a second.
.title "sparrow" .author "Cartwheel" .version "1.0.0"
.capability log, telemetry

.data frames: i32 0

.func update()
  .local n, status: i32
  i32.load n, [frames]
  i32.add n, n, 1
  i32.store [frames], n
  i32.rem_u n, n, 20
  br_if n, done
  syscall telemetry.counter("meal", 2) -> status
  syscall log.write(1, "a crumb is enough") -> status
done:
  return
.end
