; Eats more and more, until the policy has enough of it.
.title "glutton" .author "Cartwheel" .version "1.0.0"
.capability log, telemetry

.const QUARANTINED = 3, OFTEN = 10, MORE = 8

.data frames: i32 0
.data meal: i32 0

.func update()
  .local n, status: i32
  .local size: i64
  i32.load n, [frames]
  i32.add n, n, 1
  i32.store [frames], n
  i32.rem_u status, n, OFTEN
  br_if status, done
  i32.load n, [meal]
  i32.add n, n, MORE
  i32.store [meal], n
  i64.extend_i32_u size, n
  syscall telemetry.counter("meal", size) -> status
  br.i32.ne status, QUARANTINED, done
  ; It gets here when the host has let it out.
  syscall log.write(2, "that was too much: I begin with little again") -> status
  i32.store [meal], 0
done:
  return
.end
