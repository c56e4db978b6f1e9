; Has two texts completed over and over, one by the kernel's calculator and one by whoever does `up:`, and prints the completions.
.title "Asker" .author "Cartwheel" .version "1.0.0"
.capability completion, port
.include "../lib/messages.inc"

.const STDOUT = 1, PENDING = 1
.data sum: text "calc:6*7"
.data word: text "up:hello"
.data sum_asked: i32 0
.data word_asked: i32 0
.data room: i8[65536]
.data line: i8[65536]
.data broken: bytes message ["no completion"]

.func ask(at: i32, len: i32) -> i32
  .local status, number: i32
  syscall completion.open() -> status, number
  syscall completion.write(number, at, len) -> status
  syscall completion.submit(number) -> status
  return number
.end

; Prints the completion of a request and ends it. False if it is still to come.
.func heard(number: i32) -> i32
  .local status, len: i32
  syscall completion.read(number, room, sizeof(room)) -> status, len
  br.i32.eq status, PENDING, later
  br.i32.ne status, 0, none
  call message_begin(line)
  call message_text(room, len)
  call message_len() -> len
  syscall port.send(STDOUT, line, len) -> status
  br close
none:
  syscall port.send(STDOUT, broken, sizeof(broken)) -> status
close:
  syscall completion.close(number) -> status
  return 1
later:
  return 0
.end

.func update()
  .local number, done: i32
  i32.load number, [sum_asked]
  br.i32.ne number, 0, sum_waits
  call ask(sum, sizeof(sum)) -> number
  i32.store [sum_asked], number
  br second
sum_waits:
  call heard(number) -> done
  br.i32.eq done, 0, second
  i32.store [sum_asked], 0
second:
  i32.load number, [word_asked]
  br.i32.ne number, 0, word_waits
  call ask(word, sizeof(word)) -> number
  i32.store [word_asked], number
  return
word_waits:
  call heard(number) -> done
  br.i32.eq done, 0, end
  i32.store [word_asked], 0
end:
  return
.end
