; Completes what begins with `up:` by the rest in capital letters, and refuses what has none.
.title "Capitals" .author "Cartwheel" .version "1.0.0"
.capability completion

.data prefix: text "up:"
.data room: i8[8192]

.func start()
  .local status: i32
  syscall completion.provide(prefix, sizeof(prefix)) -> status
  return
.end

.func update()
  .local status, request, len, from, to, end, letter: i32
next:
  loop
  syscall completion.take(room, 4096) -> status, request, len
  br.i32.ne status, 0, done
  br.i32.le_u len, sizeof(prefix), refuse
  i32.const from, room + sizeof(prefix)
  i32.add to, room, len
  move end, to
letters:
  loop
  i32.load8_u letter, [from]
  br.i32.lt_u letter, 'a', as_it_is
  br.i32.gt_u letter, 'z', as_it_is
  i32.sub letter, letter, 32
as_it_is:
  i32.store8 [to], letter
  i32.add from, from, 1
  i32.add to, to, 1
  br.i32.lt_u from, end, letters
  i32.sub len, to, room
  syscall completion.answer(request, room, len) -> status
  br next
refuse:
  syscall completion.refuse(request) -> status
  br next
done:
  return
.end
