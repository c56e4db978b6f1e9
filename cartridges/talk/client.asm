; Asks the file server for a file that is there and one that is not, in turn, and prints what it is told.
.title "File client" .author "Cartwheel" .version "1.0.0"
.capability port
.include "../lib/messages.inc"

.const STDOUT = 1, OWN_PORTS = 1, SEND = 1
.data name: text "files"
.data there: bytes message { path: "greeting" }
.data missing: bytes message { path: "missing" }
.data data_key: text "data"
.data error_key: text "error_message"
.data server: i32 0                             ; port to the server, once it is found
.data own: i32 0                                ; port that answers come to
.data waiting: i32 0
.data questions: i32 0
.data answer: i8[65536]
.data line: i8[65536]

.func start()
  .local status, port: i32
  syscall port.open(OWN_PORTS) -> status, port
  i32.store [own], port
  return
.end

.func look()
  .local status, token, port: i32
  syscall port.find(name, sizeof(name)) -> status, token
  br.i32.ne status, 0, later
  syscall port.open(token) -> status, port
  i32.store [server], port
later:
  return
.end

.func ask()
  .local status, port, to, token, count: i32
  i32.load port, [own]
  i32.load to, [server]
  syscall port.token(port, SEND) -> status, token
  i32.load count, [questions]
  i32.and status, count, 1
  br.i32.ne status, 0, other
  syscall port.transfer(to, token, there, sizeof(there)) -> status
  br asked
other:
  syscall port.transfer(to, token, missing, sizeof(missing)) -> status
asked:
  br.i32.ne status, 0, refused
  i32.add count, count, 1
  i32.store [questions], count
  i32.store [waiting], 1
  return
refused:
  syscall port.drop(token) -> status
  return
.end

; Prints the text or bytes at an address.
.func say(at: i32)
  .local kind, len, status: i32
  call message_read(at) -> kind, len, at
  call message_begin(line)
  call message_text(at, len)
  call message_len() -> len
  syscall port.send(STDOUT, line, len) -> status
  return
.end

.func update()
  .local status, port, len, sender, token, at: i32
  i32.load port, [server]
  br.i32.ne port, 0, known
  call look()
  return
known:
  i32.load status, [waiting]
  br.i32.ne status, 0, listen
  call ask()
  return
listen:
  i32.load port, [own]
  syscall port.receive(port, answer, sizeof(answer)) -> status, len, sender, token
  br.i32.ne status, 0, nothing
  i32.store [waiting], 0
  call message_find(answer, data_key, sizeof(data_key)) -> at
  br.i32.ne at, 0, tell
  call message_find(answer, error_key, sizeof(error_key)) -> at
  br.i32.eq at, 0, nothing
tell:
  call say(at)
nothing:
  return
.end
