; The Logbook. A captain writes an entry every half second, and the memory card is full before the voyage is over.
;
; Each entry is a slot of the card, as large as a tenth of the storage. FULL is nothing unusual for it: the oldest entry goes
; overboard, and the captain tries again. What is on the card is there again in the next run, with
; `--storage DIR`; an entry that somebody has changed in that folder is shown as CORRUPT and thrown out first.
.title "The Logbook" .author "Cartwheel" .version "1.0.0"
.video 160, 120
.cycles 2_000_000
.capability fs, gfx, log

.include "../lib/digits.inc"
.include "../lib/palette.inc"

; ---- Statuses that this program is prepared for ----

.const OK = 0, PENDING = 1
.const MEM_EMPTY = 17, MEM_CORRUPT = 18, MEM_FULL = 19
.const FS_NOT_FOUND = 17

; ---- The log ----

.const SLOTS = 16
.const ENTRY_BYTES = 96 * 1024
.data entry: i32[ENTRY_BYTES / 4]               ; the number of the entry, and much white paper
.data numbers: i32[SLOTS]                       ; the entry in each slot; 0 if it is empty
.const CORRUPT = -1
.data next_number: i32 1
.data overboard: i32 0                          ; entries that were thrown out
.data is_full: i32 0                            ; the last attempt found no room
.const FRAMES_PER_ENTRY = 30

; ---- The voyages, which are counted in a file ----

.const ASK = 0, READING = 1, WRITING = 2, COUNTED = 3
.data counting: i32 ASK
.data request: i32 0
.data voyage: i32 0                             ; 0 until it is known

; ---- Colours ----

.const PAPER = 1, INK = 2, EMPTY_SLOT = 3, FILLED = 4, BROKEN = 5, WARNING = 6
.data colors: i32 0xf3ead7, 0x2b2433, 0xd8cbb0, 0x4f7cac, 0xa83244, 0xc2571a

.func start()
  .local slot, status, number, at: i32
  call set_palette(PAPER, countof(colors), colors)
  i32.const slot, 0
next:
  loop
  call read_slot(slot) -> number
  i32.shl at, slot, 2
  i32.store [at + numbers], number
  i32.load status, [next_number]
  br.i32.lt_s number, status, older
  i32.add number, number, 1
  i32.store [next_number], number
older:
  i32.add slot, slot, 1
  br.i32.lt_u slot, SLOTS, next
  return
.end

; The number of the entry in a slot, 0 if it is empty, CORRUPT if it is not what was written.
.func read_slot(slot: i32) -> i32
  .local status, number: i32
  syscall mem.read(slot, entry, sizeof(entry)) -> status, _
  br.i32.eq status, MEM_EMPTY, empty
  br.i32.eq status, MEM_CORRUPT, corrupt
  br.i32.ne status, OK, corrupt
  i32.load number, [entry]
  return number
corrupt:
  syscall log.write(2, "an entry of the log is not as it was written")
  return CORRUPT
empty:
  return 0
.end

.func update()
  .local frame: i64, due: i32
  call count_voyage()
  frame.index frame
  i64.rem_u frame, frame, FRAMES_PER_ENTRY
  i64.eqz due, frame
  br_unless due, drawn
  call write_entry()
drawn:
  call draw()
  return
.end

; ---- Writing ----

; Writes an entry to the first empty slot. If the card is full, the oldest goes overboard and it is tried again next time.
.func write_entry()
  .local slot, at, number, status: i32
  i32.const slot, 0
search:
  loop
  i32.shl at, slot, 2
  i32.load number, [at + numbers]
  br_unless number, found
  i32.add slot, slot, 1
  br.i32.lt_u slot, SLOTS, search
  br full
found:
  i32.load number, [next_number]
  i32.store [entry], number
  syscall mem.write(slot, entry, sizeof(entry)) -> status
  br.i32.eq status, MEM_FULL, full
  br.i32.ne status, OK, failed
  syscall mem.commit() -> status
  br.i32.eq status, MEM_FULL, full
  br.i32.ne status, OK, failed
  i32.store [at + numbers], number
  i32.add number, number, 1
  i32.store [next_number], number
  i32.store [is_full], 0
  return
full:
  i32.store [is_full], 1
  syscall mem.discard()
  call throw_oldest()
  return
failed:
  syscall log.write(3, "the log cannot be written")
  return
.end

; Empties the slot with the lowest number; a corrupt one is lower than any other.
.func throw_oldest()
  .local slot, at, number, oldest, oldest_at, status: i32
  i32.const slot, 0
  i32.const oldest, 0x7fff_ffff
  i32.const oldest_at, 0
next:
  loop
  i32.shl at, slot, 2
  i32.load number, [at + numbers]
  br_unless number, other
  br.i32.ge_s number, oldest, other
  move oldest, number
  move oldest_at, at
other:
  i32.add slot, slot, 1
  br.i32.lt_u slot, SLOTS, next
  i32.shr_u slot, oldest_at, 2
  syscall mem.erase(slot) -> status
  br.i32.ne status, OK, kept
  syscall mem.commit() -> status
  br.i32.ne status, OK, kept
  i32.store [oldest_at + numbers], 0
  i32.load number, [overboard]
  i32.add number, number, 1
  i32.store [overboard], number
kept:
  return
.end

; ---- Counting ----

; One step in each frame: ask for the file, wait for it, write it, wait for that. Nothing else has to wait.
.func count_voyage()
  .local step, id, status, count: i32
  i32.load step, [counting]
  i32.load id, [request]
  br_table step, [ask, reading, writing, done]
ask:
  syscall fs.read("voyages") -> status, id
  br.i32.ne status, OK, done
  i32.store [request], id
  i32.store [counting], READING
  return
reading:
  i32.const count, 0
  syscall fs.take(id, voyage, 4) -> status, _
  br.i32.eq status, PENDING, done
  br.i32.eq status, OK, write
  ; The first one. (Or a file that is no number: then it is that again.)
  i32.store [voyage], 0
  syscall fs.close(id)
write:
  i32.load count, [voyage]
  i32.add count, count, 1
  i32.store [voyage], count
  syscall fs.write("voyages", voyage, 4) -> status, id
  i32.store [request], id
  i32.store [counting], WRITING
  br.i32.eq status, OK, done
  i32.store [counting], COUNTED
  return
writing:
  syscall fs.poll(id) -> status, _
  br.i32.eq status, PENDING, done
  i32.store [counting], COUNTED
  br.i32.eq status, OK, done
  syscall log.write(2, "the voyage cannot be counted")
done:
  return
.end

; ---- The picture ----

.func draw()
  .local slot: i32, n: i64, left: i64
  syscall gfx.clear(PAPER)
  syscall gfx.text("THE LOGBOOK", 8, 8, INK)
  i32.const slot, 0
next:
  loop
  call draw_slot(slot)
  i32.add slot, slot, 1
  br.i32.lt_u slot, SLOTS, next
  i64.load32_u n, [voyage]
  call draw_figure("voyage", n, 84)
  i64.load32_u n, [overboard]
  call draw_figure("overboard", n, 94)
  syscall fs.space() -> n, left
  i64.sub left, left, n
  i64.shr_u left, left, 10
  call draw_figure("KiB left", left, 104)
  i32.load slot, [is_full]
  br_unless slot, calm
  syscall gfx.text("FULL", 120, 8, WARNING)
calm:
  return
.end

.func draw_figure(label, len: i32, value: i64, y: i32)
  .local at, digits_len, x: i32
  syscall gfx.text(label, len, 8, y, INK)
  call digits(value) -> at, digits_len
  i32.shl x, digits_len, 3
  i32.sub x, 152, x
  syscall gfx.text(at, digits_len, x, y, INK)
  return
.end

.func draw_slot(slot: i32)
  .local x, y, at, number, len, width: i32, value: i64
  i32.and x, slot, 3
  i32.mul x, x, 36
  i32.add x, x, 8
  i32.shr_u y, slot, 2
  i32.mul y, y, 15
  i32.add y, y, 22
  i32.shl at, slot, 2
  i32.load number, [at + numbers]
  br_unless number, empty
  br.i32.eq number, CORRUPT, broken
  syscall gfx.rect_fill(x, y, 33, 12, FILLED)
  i64.extend_i32_u value, number
  call digits(value) -> at, len
  i32.shl width, len, 3
  i32.sub width, 33, width
  i32.shr_s width, width, 1
  i32.add x, x, width
  i32.add y, y, 2
  syscall gfx.text(at, len, x, y, PAPER)
  return
empty:
  syscall gfx.rect(x, y, 33, 12, EMPTY_SLOT)
  return
broken:
  syscall gfx.rect_fill(x, y, 33, 12, BROKEN)
  return
.end
