; Counts its steps, one in eight frames.
.title "walker" .author "Cartwheel" .version "1.0.0"
.capability log
.include "../lib/digits.inc"

.data frames: i32 0
.data line: text "step "
.data room: text[20]

.func update()
  .local n, at, len, status: i32
  .local steps: i64
  i32.load n, [frames]
  i32.add n, n, 1
  i32.store [frames], n
  i32.and status, n, 7
  br_if status, done
  i32.shr_u n, n, 3
  i64.extend_i32_u steps, n
  call digits(steps) -> at, len
  memory.copy room, at, len
  i32.add len, len, sizeof(line)
  syscall log.write(1, line, len) -> status
done:
  return
.end
