; A supervisor. It loads children, pauses and resumes one, gives it another program, stops and unloads it; it sees by the status
; that another one is in quarantine, which is not its to end, unloads who loaded that one, and has somebody else do the work. In every
; frame it looks after all of them and tells what became of them.
.title "boss" .author "Cartwheel" .version "1.0.0"
.capability module, log

.const INFO = 1, WARNING = 2
.const OK = 0, PENDING = 1, BAD_STATE = 18
.const QUARANTINED = 4, STOPPED = 6, UNLOADED = 8
.const WALKER = 0, KITCHEN = 1, GLUTTON = 2, SPARROW = 3, CHILDREN = 4
.const NOBODY = -1

; By child: its number, and the state that was told last.
.data numbers: i32[CHILDREN] = NOBODY
.data states: i32[CHILDREN] = NOBODY

.data walker: text "walker"
.data kitchen: text "kitchen"
.data glutton: text "glutton"
.data sparrow: text "sparrow"
.data names: i32 walker, sizeof(walker), kitchen, sizeof(kitchen), glutton, sizeof(glutton),
  sparrow, sizeof(sparrow)
.data runner: text "runner"

.data s0: text "loading"
.data s1: text "ready"
.data s2: text "running"
.data s3: text "paused"
.data s4: text "quarantined"
.data s5: text "stopping"
.data s6: text "stopped"
.data s7: text "trapped"
.data s8: text "unloaded"
.data state_names: i32 s0, sizeof(s0), s1, sizeof(s1), s2, sizeof(s2), s3, sizeof(s3), s4, sizeof(s4), s5, sizeof(s5),
  s6, sizeof(s6), s7, sizeof(s7), s8, sizeof(s8)

.data line: i8[80]
.data length: i32 0

.func main()
  .local status, child: i32
  call hire(WALKER)
  call hire(KITCHEN)
  ; The third that it supervises is the one that the kitchen loads.
loading:
  loop
  call wait(1)
  syscall module.list(2) -> status, child
  br_if status, loading
  i32.store [numbers + 4 * GLUTTON], child
  call wait(20)

  i32.load child, [numbers + 4 * WALKER]
  call say("I pause ", WALKER)
  syscall module.pause(child) -> status
  call expect(status)
  call wait(20)
  call say("I resume ", WALKER)
  syscall module.resume(child) -> status
  call expect(status)
  call wait(20)
  call say("I give another program to ", WALKER)
  syscall module.replace(child, runner, sizeof(runner)) -> status
  call expect(status)
  call wait(20)
  call dismiss(WALKER, 3)

bad_news:
  loop
  call wait(1)
  i32.load status, [states + 4 * GLUTTON]
  br.i32.ne status, QUARANTINED, bad_news
  call say("I try to get rid of ", GLUTTON)
  i32.load child, [numbers + 4 * GLUTTON]
  syscall module.unload(child) -> status
  br.i32.ne status, BAD_STATE, failed
  syscall log.write(WARNING, "only the host ends a quarantine: it goes with who loaded it") -> status
  call dismiss(KITCHEN, 0)
  call hire(SPARROW)
  call wait(45)
  call dismiss(SPARROW, 2)
  syscall log.write(INFO, "that is all") -> status
  halt 0
failed:
  call expect(status)
  halt 1
.end

; Loads a child and has it begin.
.func hire(who: i32)
  .local status, child, name, len, at: i32
  i32.shl at, who, 3
  i32.load name, [at + names]
  i32.load len, [at + names + 4]
  call say("I load ", who)
  syscall module.load(name, len) -> status, child
  call expect(status)
  i32.shl at, who, 2
  i32.store [at + numbers], child
again:
  loop
  call wait(1)
  syscall module.poll(child) -> status
  br.i32.eq status, PENDING, again
  call expect(status)
  syscall module.start(child) -> status
  call expect(status)
  call wait(1)
  return
.end

; Ends a child, which has so many frames for it, and unloads it.
.func dismiss(who: i32, frames: i32)
  .local status, child, at, state: i32
  i32.shl at, who, 2
  i32.load child, [at + numbers]
  call say("I stop ", who)
  syscall module.stop(child, frames) -> status
  call expect(status)
again:
  loop
  call wait(1)
  i32.load state, [at + states]
  br.i32.ne state, STOPPED, again
  syscall module.unload(child) -> status
  call expect(status)
  call wait(1)
  return
.end

; Lets frames pass and looks after the children in each.
.func wait(frames: i32)
next:
  loop
  br_unless frames, done
  frame.sync
  call look()
  i32.sub frames, frames, 1
  br next
done:
  return
.end

; Tells which children are in another state than in the frame before.
.func look()
  .local who, at, child, status, state, before, text, len: i32
  i32.const who, 0
next:
  loop
  i32.shl at, who, 2
  i32.load child, [at + numbers]
  br.i32.eq child, NOBODY, same
  syscall module.info(child) -> status, state, _
  br.i32.eq status, OK, known
  ; Its number is forgotten.
  i32.const state, UNLOADED
known:
  i32.load before, [at + states]
  br.i32.eq state, before, same
  i32.store [at + states], state
  i32.store [length], 0
  call append_of(names, who)
  call append(" is ")
  call append_of(state_names, state)
  i32.load len, [length]
  syscall log.write(INFO, line, len) -> status
same:
  i32.add who, who, 1
  br.i32.lt_u who, CHILDREN, next
  return
.end

; Writes a text and the name of a child.
.func say(text, len, who: i32)
  .local status: i32
  i32.store [length], 0
  call append(text, len)
  call append_of(names, who)
  i32.load len, [length]
  syscall log.write(INFO, line, len) -> status
  return
.end

; A call that must succeed: the exit code is its status if it did not.
.func expect(status: i32)
  br_unless status, good
  syscall log.write(3, "this should not have been refused")
  halt status
good:
  return
.end

.func append(text, len: i32)
  .local at: i32
  i32.load at, [length]
  i32.add at, at, line
  memory.copy at, text, len
  i32.add at, at, len
  i32.sub at, at, line
  i32.store [length], at
  return
.end

; Appends a text of a table of texts.
.func append_of(table, index: i32)
  .local text, len: i32
  i32.shl index, index, 3
  i32.add index, index, table
  i32.load text, [index]
  i32.load len, [index + 4]
  call append(text, len)
  return
.end
