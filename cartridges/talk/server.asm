; A file server. It publishes a port as `files`; whoever sends a map with a `path` and a token to send with is answered what the
; kernel says of that file, one at a time.
.title "File server" .author "Cartwheel" .version "1.0.0"
.capability port, fs
.include "../lib/messages.inc"

.const STDIN = 0, STDOUT = 1, STDERR = 2, OWN_PORTS = 1, SEND = 1
.data greeting: bytes message { syscall_type: "file_write", params: { path: "greeting", content: "Hello from the server" } }
.data name: text "files"
.data asking: text "syscall_type"
.data reading: text "file_read"
.data with: text "params"
.data port: i32 0
.data reply: i32 0                              ; where the answer goes; 0 if nobody waits
.data reply_token: i32 0
.data asked: i8[4096]
.data request: i8[8192]
.data answer: i8[65536]

.func start()
  .local status, own, token: i32
  syscall port.send(STDIN, greeting, sizeof(greeting)) -> status
  syscall port.open(OWN_PORTS) -> status, own
  i32.store [port], own
  syscall port.token(own, SEND) -> status, token
  syscall port.publish(name, sizeof(name), token) -> status
  return
.end

; The kernel has answered: on to who asked.
.func pass_on(from: i32)
  .local status, len, sender, token, to: i32
  syscall port.receive(from, answer, sizeof(answer)) -> status, len, sender, token
  br.i32.ne status, 0, nothing
  i32.load to, [reply]
  br.i32.eq to, 0, nothing
  syscall port.send(to, answer, len) -> status
  syscall port.release(to) -> status
  i32.load token, [reply_token]
  syscall port.drop(token) -> status
  i32.store [reply], 0
nothing:
  return
.end

.func update()
  .local status, own, len, sender, token, to, path: i32
  call pass_on(STDOUT)
  call pass_on(STDERR)
  i32.load to, [reply]
  br.i32.ne to, 0, busy
  i32.load own, [port]
  syscall port.receive(own, asked, sizeof(asked)) -> status, len, sender, token
  br.i32.ne status, 0, busy
  br.i32.eq token, 0, busy                      ; nowhere to answer to
  syscall port.open(token) -> status, to
  br.i32.ne status, 0, busy
  i32.store [reply], to
  i32.store [reply_token], token
  call message_find(asked, path_key, sizeof(path_key)) -> path
  br.i32.eq path, 0, busy
  call message_begin(request)
  call message_map(2)
  call message_text(asking, sizeof(asking))
  call message_text(reading, sizeof(reading))
  call message_text(with, sizeof(with))
  call message_copy(asked, len)
  call message_len() -> len
  syscall port.send(STDIN, request, len) -> status
busy:
  return
.end
.data path_key: text "path"
