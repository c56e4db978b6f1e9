; Pong. Both paddles play by themselves until somebody takes one: pad 0 has the left paddle, pad 1 the right one.
;
; The program has two entry functions, which are found by their names: `start` runs once, `update` in every frame.
; All that it knows from one frame to the next lies in linear memory under names, so that
; `cartwheel run cartridges/pong --watch ball` can show it.
.title "Pong" .author "Cartwheel" .version "1.0.0"
.video 320, 180
.cycles 200_000
.capability gfx

.include "../lib/buttons.inc"
.include "../lib/digits.inc"
.include "../lib/palette.inc"

; Places and speeds have 8 bits behind the point: ONE is a pixel, or a pixel per frame.
.const ONE = 256
.const WIDTH = 320, HEIGHT = 180
.const TOP = 5, BOTTOM = HEIGHT - 6                      ; the walls
.const RADIUS = 3                                       ; of the ball
.const PADDLE_W = 5, PADDLE_H = 32
.const LEFT_X = 14, RIGHT_X = WIDTH - LEFT_X - PADDLE_W   ; left edges of the paddles
.const HUMAN_SPEED = 3 * ONE, OWN_SPEED = 2 * ONE
.const SERVE_SPEED = 5 * ONE / 2, TOP_SPEED = 6 * ONE
.const SERVE_WAIT = 45, GAME_OVER_WAIT = 180
.const GOAL = 9                                         ; points that win a game
.const PATIENCE = 600                                   ; frames until a paddle that nobody moves plays by itself

; ---- Colours ----

.const BLACK = 0, FLOOR = 1, CHALK = 2, WHITE = 3, LEFT_COLOR = 4, RIGHT_COLOR = 5, LEFT_DIM = 6, RIGHT_DIM = 7, HINT = 8
.const GLOW = 16                 ; the first of the trail's colours, dark to bright
.data colors: i32 0x0b0e1e, 0x11162d, 0x2b3563, 0xffffff, 0x3fd7ff, 0xff5c8a, 0x164e68, 0x66243f, 0x5a679f

; ---- State ----

; A player is a few numbers side by side; these are their places.
.const Y = 0                     ; top of the paddle
.const SCORE = 4
.const AIM = 8                   ; how far from the paddle's middle it tries to hit the ball
.const HUMAN = 12                ; frames that it still belongs to the pad
.const FLASH = 16                ; frames that it still shines
.data left: i32 74 * ONE, 0, 0, 0, 0
.data right: i32 74 * ONE, 0, 0, 0, 0

.data ball: i32 160 * ONE, 90 * ONE         ; x, y of its middle
.data speed: i32 SERVE_SPEED, ONE / 2
.data waiting: i32 SERVE_WAIT               ; frames until the serve
.data over: i32 0                           ; 1 while the end of a game is shown
.data rally: i32 0                          ; hits since the serve

; The ball's last places: a ring of pairs, of which `trail_at` is the oldest.
.const TRAIL = 20
.data trail: i32[2 * TRAIL]
.data trail_at: i32 0

; Sparks fly from what the ball hits: x, y, their speeds, frames left, colour.
.const SPARKS = 48, SPARK_BYTES = 24, SPARK_LIFE = 24
.data sparks: i32[SPARKS * SPARK_BYTES / 4]
.data spark_at: i32 0

; ---- Once ----

.func start()
  .local i: i32
  call set_palette(0, countof(colors), colors)
  call gradient(GLOW, TRAIL, 0x161428, 0xf2b828)
  ; The trail begins with the ball's place alone.
  i32.const i, 0
again:
  loop
  call leave_trail()
  i32.add i, i, 1
  br.i32.lt_u i, TRAIL, again
  return
.end

; ---- Every frame ----

.func update()
  .local wait: i32
  call paddle(left, 0)
  call paddle(right, 1)
  i32.load wait, [waiting]
  br.i32.eq wait, 0, play
  i32.sub wait, wait, 1
  i32.store [waiting], wait
  br_if wait, draw
  call serve()
  br draw
play:
  call fly()
draw:
  call leave_trail()
  call draw_court()
  call draw_ball()
  call draw_paddle(left, LEFT_X, LEFT_COLOR)
  call draw_paddle(right, RIGHT_X, RIGHT_COLOR)
  call draw_sparks()
  return
.end

; Moves a paddle: as its pad says, or else to where the ball will need it.
.func paddle(player, pad: i32)
  .local held, y, way, most, human, far: i32
  i32.load y, [player + Y]
  i32.load human, [player + FLASH]
  br_unless human, dark
  i32.sub human, human, 1
  i32.store [player + FLASH], human
dark:
  input.held held, pad
  i32.and held, held, BUTTON_UP | BUTTON_DOWN
  i32.load human, [player + HUMAN]
  br_unless held, nothing_held
  i32.const human, PATIENCE
nothing_held:
  br_unless human, own_will
  i32.sub human, human, 1
  i32.store [player + HUMAN], human
  i32.const way, 0
  i32.and far, held, BUTTON_UP
  br_unless far, not_up
  i32.sub way, way, HUMAN_SPEED
not_up:
  i32.and far, held, BUTTON_DOWN
  br_unless far, go
  i32.add way, way, HUMAN_SPEED
  br go

own_will:
  ; Towards the ball if it comes, slowly back to the middle if it leaves.
  i32.load way, [speed]
  i32.eq held, player, left
  i32.lt_s far, way, 0
  br.i32.eq held, far, it_comes
  i32.const way, (HEIGHT - PADDLE_H) / 2 * ONE
  i32.const most, OWN_SPEED / 3
  br aim
it_comes:
  i32.load way, [ball + 4]
  i32.load far, [player + AIM]
  i32.add way, way, far
  i32.sub way, way, PADDLE_H / 2 * ONE
  i32.const most, OWN_SPEED
aim:
  i32.sub way, way, y
  i32.sub far, 0, most
  br.i32.ge_s way, far, not_too_far_up
  move way, far
not_too_far_up:
  br.i32.le_s way, most, go
  move way, most
go:
  i32.add y, y, way
  br.i32.ge_s y, (TOP + 1) * ONE, not_above
  i32.const y, (TOP + 1) * ONE
not_above:
  br.i32.le_s y, (BOTTOM - PADDLE_H) * ONE, not_below
  i32.const y, (BOTTOM - PADDLE_H) * ONE
not_below:
  i32.store [player + Y], y
  return
.end

; Sets the ball going, towards the side that it was left on. After a game, the score starts again.
.func serve()
  .local way, over_now: i32
  i32.store [rally], 0
  i32.load over_now, [over]
  br_unless over_now, go_on
  i32.store [left + SCORE], 0
  i32.store [right + SCORE], 0
  i32.store [over], 0
go_on:
  rng.below way, 3 * ONE
  i32.sub way, way, 3 * ONE / 2
  i32.store [speed + 4], way
  i32.load way, [speed]
  br.i32.lt_s way, 0, to_the_left
  i32.store [speed], SERVE_SPEED
  call new_aim(right)
  return
to_the_left:
  i32.store [speed], -SERVE_SPEED
  call new_aim(left)
  return
.end

; Where on the paddle a player wants the ball. Some wishes miss.
.func new_aim(player: i32)
  .local aim: i32
  rng.below aim, 50 * ONE
  i32.sub aim, aim, 25 * ONE
  i32.store [player + AIM], aim
  return
.end

; Moves the ball, and finds out what it runs into.
.func fly()
  .local x, y, dx, dy, hit: i32
  i32.load x, [ball]
  i32.load y, [ball + 4]
  i32.load dx, [speed]
  i32.load dy, [speed + 4]
  i32.add x, x, dx
  i32.add y, y, dy

  ; Walls throw it back: what it went too far, it comes back.
  br.i32.ge_s y, (TOP + 1 + RADIUS) * ONE, below_top
  i32.sub y, 2 * (TOP + 1 + RADIUS) * ONE, y
  i32.sub dy, 0, dy
  call burst(x, y, 0, HINT, 6)
below_top:
  br.i32.le_s y, (BOTTOM - 1 - RADIUS) * ONE, above_bottom
  i32.sub y, 2 * (BOTTOM - 1 - RADIUS) * ONE, y
  i32.sub dy, 0, dy
  call burst(x, y, 0, HINT, 6)
above_bottom:

  i32.store [ball], x
  i32.store [ball + 4], y
  i32.store [speed + 4], dy
  br.i32.gt_s dx, 0, to_the_right
  br.i32.gt_s x, (LEFT_X + PADDLE_W + RADIUS) * ONE, done
  br.i32.lt_s x, LEFT_X * ONE, past_left
  call reach(left) -> hit
  br_unless hit, past_left
  i32.store [ball], (LEFT_X + PADDLE_W + RADIUS) * ONE
  call new_aim(right)
  call burst((LEFT_X + PADDLE_W) * ONE, y, ONE, LEFT_COLOR, 14)
  return
past_left:
  br.i32.gt_s x, -RADIUS * ONE, done
  call point(right)
  return
to_the_right:
  br.i32.lt_s x, (RIGHT_X - RADIUS) * ONE, done
  br.i32.gt_s x, (RIGHT_X + PADDLE_W) * ONE, past_right
  call reach(right) -> hit
  br_unless hit, past_right
  i32.store [ball], (RIGHT_X - RADIUS) * ONE
  call new_aim(left)
  call burst(RIGHT_X * ONE, y, -ONE, RIGHT_COLOR, 14)
  return
past_right:
  br.i32.lt_s x, (WIDTH + RADIUS) * ONE, done
  call point(left)
done:
  return
.end

; 1 if the paddle is where the ball is. Then the ball turns round, a little faster, and the further from the paddle's
; middle it was hit, the steeper.
.func reach(player: i32) -> i32
  .local y, from_middle, dx: i32
  i32.load y, [ball + 4]
  i32.load from_middle, [player + Y]
  i32.add from_middle, from_middle, PADDLE_H / 2 * ONE
  i32.sub from_middle, y, from_middle
  br.i32.gt_s from_middle, (PADDLE_H / 2 + RADIUS) * ONE, no
  br.i32.lt_s from_middle, -(PADDLE_H / 2 + RADIUS) * ONE, no
  i32.load dx, [speed]
  i32.shr_s y, dx, 4
  i32.add dx, dx, y
  i32.sub dx, 0, dx
  br.i32.le_s dx, TOP_SPEED, not_too_fast_right
  i32.const dx, TOP_SPEED
not_too_fast_right:
  br.i32.ge_s dx, -TOP_SPEED, not_too_fast_left
  i32.const dx, -TOP_SPEED
not_too_fast_left:
  i32.store [speed], dx
  i32.shr_s from_middle, from_middle, 3
  i32.store [speed + 4], from_middle
  i32.store [player + FLASH], 8
  i32.load y, [rally]
  i32.add y, y, 1
  i32.store [rally], y
  return 1
no:
  return 0
.end

; A point for a player. The other one gets the serve.
.func point(player: i32)
  .local score, x, y, color: i32
  i32.load score, [player + SCORE]
  i32.add score, score, 1
  i32.store [player + SCORE], score
  i32.eq x, player, left
  select color, x, LEFT_COLOR, RIGHT_COLOR
  i32.load x, [ball]
  i32.load y, [ball + 4]
  call burst(x, y, 0, color, 30)
  i32.store [waiting], SERVE_WAIT
  br.i32.lt_s score, GOAL, not_over
  i32.store [over], 1
  i32.store [waiting], GAME_OVER_WAIT
not_over:
  i32.store [ball], WIDTH / 2 * ONE
  i32.store [ball + 4], HEIGHT / 2 * ONE
  return
.end

; ---- What shines ----

; Puts the ball's place where the oldest one of the trail was.
.func leave_trail()
  .local at, place, value: i32
  i32.load at, [trail_at]
  i32.shl place, at, 3
  i32.load value, [ball]
  i32.store [trail + place], value
  i32.load value, [ball + 4]
  i32.store [trail + 4 + place], value
  i32.add at, at, 1
  i32.rem_u at, at, TRAIL
  i32.store [trail_at], at
  return
.end

; Sparks from a place, flying off with a speed of their own on top of `push`.
.func burst(x, y, push, color, count: i32)
  .local at, place, v: i32
next:
  loop
  br.i32.le_s count, 0, done
  i32.load at, [spark_at]
  i32.mul place, at, SPARK_BYTES
  i32.add place, place, sparks
  i32.store [place], x
  i32.store [place + 4], y
  rng.below v, 4 * ONE
  i32.sub v, v, 2 * ONE
  i32.add v, v, push
  i32.store [place + 8], v
  rng.below v, 4 * ONE
  i32.sub v, v, 2 * ONE
  i32.store [place + 12], v
  rng.below v, SPARK_LIFE / 2
  i32.add v, v, SPARK_LIFE / 2
  i32.store [place + 16], v
  i32.store [place + 20], color
  i32.add at, at, 1
  i32.rem_u at, at, SPARKS
  i32.store [spark_at], at
  i32.sub count, count, 1
  br next
done:
  return
.end

.func draw_sparks()
  .local place, x, y, life, color, v, size: i32
  i32.const place, sparks
next:
  loop
  i32.load life, [place + 16]
  br_unless life, dark
  i32.sub life, life, 1
  i32.store [place + 16], life
  i32.load x, [place]
  i32.load v, [place + 8]
  i32.add x, x, v
  i32.store [place], x
  i32.load y, [place + 4]
  i32.load v, [place + 12]
  i32.add y, y, v
  i32.store [place + 4], y
  i32.load color, [place + 20]
  i32.shr_s x, x, 8
  i32.shr_s y, y, 8
  i32.gt_s size, life, SPARK_LIFE / 3
  i32.add size, size, 1
  syscall gfx.rect_fill(x, y, size, size, color)
dark:
  i32.add place, place, SPARK_BYTES
  br.i32.lt_u place, sparks + sizeof(sparks), next
  return
.end

; The trail from its oldest place to its newest, growing and brightening, and then the ball.
.func draw_ball()
  .local i, at, x, y, radius, color: i32
  i32.load at, [over]
  br_if at, done
  i32.load at, [trail_at]
  i32.const i, 0
next:
  loop
  i32.shl x, at, 3
  i32.load y, [trail + 4 + x]
  i32.load x, [trail + x]
  i32.shr_s x, x, 8
  i32.shr_s y, y, 8
  i32.mul radius, i, RADIUS + 1
  i32.div_u radius, radius, TRAIL
  i32.add color, i, GLOW
  syscall gfx.circle_fill(x, y, radius, color)
  i32.add at, at, 1
  i32.rem_u at, at, TRAIL
  i32.add i, i, 1
  br.i32.lt_u i, TRAIL, next
  syscall gfx.circle_fill(x, y, RADIUS, WHITE)
done:
  return
.end

.func draw_paddle(player, x, color: i32)
  .local y, flash, inner_x, inner_y: i32
  i32.load y, [player + Y]
  i32.shr_s y, y, 8
  i32.load flash, [player + FLASH]
  select color, flash, WHITE, color
  ; Two rectangles make one with round corners.
  i32.add inner_x, x, 1
  i32.add inner_y, y, 1
  syscall gfx.rect_fill(inner_x, y, PADDLE_W - 2, PADDLE_H, color)
  syscall gfx.rect_fill(x, inner_y, PADDLE_W, PADDLE_H - 2, color)
  return
.end

; ---- Court and score ----

.func draw_court()
  .local y, human, at, len: i32
  syscall gfx.clear(BLACK)
  syscall gfx.rect_fill(4, TOP, WIDTH - 8, BOTTOM - TOP, FLOOR)
  syscall gfx.line(4, TOP, WIDTH - 5, TOP, CHALK)
  syscall gfx.line(4, BOTTOM, WIDTH - 5, BOTTOM, CHALK)
  syscall gfx.circle(WIDTH / 2, HEIGHT / 2, 34, CHALK)
  i32.const y, TOP + 5
dash:
  loop
  syscall gfx.rect_fill(WIDTH / 2 - 1, y, 2, 6, CHALK)
  i32.add y, y, 12
  br.i32.lt_s y, BOTTOM - 4, dash
  i32.load y, [left + SCORE]
  call draw_score(y, WIDTH / 2 - 74, LEFT_DIM)
  i32.load y, [right + SCORE]
  call draw_score(y, WIDTH / 2 + 50, RIGHT_DIM)

  i32.load human, [left + HUMAN]
  br_if human, left_played
  syscall gfx.text("auto", 22, 160, HINT)
left_played:
  i32.load human, [right + HUMAN]
  br_if human, right_played
  syscall gfx.text("auto", WIDTH - 22 - 32, 160, HINT)
right_played:

  i32.load y, [rally]
  call digits(y) -> at, len
  syscall gfx.rect_fill(WIDTH / 2 - 36, 158, 72, 11, FLOOR)
  syscall gfx.text("rally", WIDTH / 2 - 34, 160, HINT)
  syscall gfx.text(at, len, WIDTH / 2 + 14, 160, HINT)

  i32.load y, [over]
  br_unless y, done
  i32.load y, [left + SCORE]
  br.i32.ge_s y, GOAL, left_won
  syscall gfx.rect_fill(WIDTH / 2 - 52, 80, 104, 20, RIGHT_COLOR)
  syscall gfx.text("RIGHT WINS", WIDTH / 2 - 40, 86, BLACK)
  return
left_won:
  syscall gfx.rect_fill(WIDTH / 2 - 52, 80, 104, 20, LEFT_COLOR)
  syscall gfx.text("LEFT WINS", WIDTH / 2 - 36, 86, BLACK)
done:
  return
.end

; A digit is five rows of three lamps. The lamp at the top left is the highest of the 15 bits.
.data lamps: i16 0b111_101_101_101_111, 0b010_110_010_010_111, 0b111_001_111_100_111, 0b111_001_111_001_111,
  0b101_101_111_001_001, 0b111_100_111_001_111, 0b111_100_111_101_111, 0b111_001_001_001_001,
  0b111_101_111_101_111, 0b111_101_111_001_111
.const LAMP = 8

.func draw_score(score, x, color: i32)
  .local bits, i, lit, px, py: i32
  i32.rem_u score, score, 10
  i32.shl score, score, 1
  i32.load16_u bits, [lamps + score]
  i32.const i, 14
next:
  loop
  i32.shr_u lit, bits, i
  i32.and lit, lit, 1
  br_unless lit, off
  i32.sub py, 14, i
  i32.rem_u px, py, 3
  i32.div_u py, py, 3
  i32.mul px, px, LAMP
  i32.mul py, py, LAMP
  i32.add px, px, x
  i32.add py, py, 16
  syscall gfx.rect_fill(px, py, LAMP - 1, LAMP - 1, color)
off:
  i32.sub i, i, 1
  br.i32.ge_s i, 0, next
  return
.end
