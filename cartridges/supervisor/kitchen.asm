; Loads the glutton, begins it, and has nothing else to do. Who unloads the kitchen unloads who is in it.
.title "kitchen" .author "Cartwheel" .version "1.0.0"
.capability module

.const PENDING = 1

.func main()
  .local status, child: i32
  syscall module.load("glutton") -> status, child
  br_if status, failed
loading:
  loop
  frame.sync
  syscall module.poll(child) -> status
  br.i32.eq status, PENDING, loading
  br_if status, failed
  syscall module.start(child) -> status
  br_if status, failed
open:
  loop
  frame.sync
  br open
failed:
  halt status
.end
