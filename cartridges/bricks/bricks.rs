//! Bricks. A paddle, a ball, a wall to take down; the paddle plays by itself until somebody takes it.
//!
//! `build.sh` makes bricks.wasm of it. Functions of an `extern` block are syscalls by the block's module and their name,
//! or instructions of the machine (`rng`, `input`).
#![no_std]
#![no_main]

#[link(wasm_import_module = "gfx")]
unsafe extern "C" {
    fn palette(index: i32, rgb: i32);
    fn clear(color: i32);
    fn rect_fill(x: i32, y: i32, width: i32, height: i32, color: i32);
    fn circle_fill(x: i32, y: i32, radius: i32, color: i32);
    fn text(text: *const u8, len: i32, x: i32, y: i32, color: i32);
}

#[link(wasm_import_module = "input")]
unsafe extern "C" {
    fn held(pad: i32) -> i32;
}

#[link(wasm_import_module = "rng")]
unsafe extern "C" {
    fn below(bound: i32) -> i32;
}

const WIDTH: i32 = 192;
const HEIGHT: i32 = 144;
/// Places and speeds have 8 bits behind the point.
const ONE: i32 = 256;
const COLUMNS: usize = 12;
const ROWS: usize = 6;
const BRICK_WIDTH: i32 = WIDTH / COLUMNS as i32;
const BRICK_HEIGHT: i32 = 8;
const WALL_TOP: i32 = 18;
const PADDLE_WIDTH: i32 = 30;
const PADDLE_Y: i32 = HEIGHT - 10;
const RADIUS: i32 = 2;
const LEFT: i32 = 1 << 10;
const RIGHT: i32 = 1 << 11;
/// Frames until a paddle that nobody moves plays by itself.
const PATIENCE: i32 = 240;

const BLACK: i32 = 0;
const WHITE: i32 = 1;
const DIM: i32 = 2;
const FIRST_ROW: i32 = 3;
const COLORS: [i32; FIRST_ROW as usize + ROWS] =
    [0x10121c, 0xf4f0e8, 0x5a6380, 0xe8475f, 0xf08a3c, 0xf2cf4a, 0x6cc15a, 0x3fa0d8, 0x8a64c8];

struct Game {
    bricks: [[bool; COLUMNS]; ROWS],
    left: u32,
    score: u32,
    /// The ball: place and speed.
    x: i32,
    y: i32,
    dx: i32,
    dy: i32,
    /// Left edge of the paddle in pixels.
    paddle: i32,
    /// Where on the paddle it wants to hit the ball, and frames for which it belongs to the pad.
    aim: i32,
    human: i32,
}

static mut GAME: Game = Game {
    bricks: [[true; COLUMNS]; ROWS],
    left: (COLUMNS * ROWS) as u32,
    score: 0,
    x: WIDTH / 2 * ONE,
    y: HEIGHT / 2 * ONE,
    dx: ONE,
    dy: 2 * ONE,
    paddle: (WIDTH - PADDLE_WIDTH) / 2,
    aim: 0,
    human: 0,
};

impl Game {
    fn listen(&mut self) {
        let held = unsafe { held(0) };
        self.human = if held & (LEFT | RIGHT) != 0 { PATIENCE } else { (self.human - 1).max(0) };
        let wish = if self.human > 0 {
            (held & RIGHT != 0) as i32 * 3 - (held & LEFT != 0) as i32 * 3
        } else {
            (self.x / ONE - PADDLE_WIDTH / 2 + self.aim - self.paddle).clamp(-3, 3)
        };
        self.paddle = (self.paddle + wish).clamp(0, WIDTH - PADDLE_WIDTH);
    }

    /// The brick at a place in pixels, if one is left.
    fn brick(&mut self, x: i32, y: i32) -> Option<&mut bool> {
        let row = usize::try_from((y - WALL_TOP).div_euclid(BRICK_HEIGHT)).ok()?;
        let column = usize::try_from(x.div_euclid(BRICK_WIDTH)).ok()?;
        self.bricks.get_mut(row)?.get_mut(column).filter(|brick| **brick)
    }

    /// True if the ball runs into a brick there, which is gone then.
    fn hits(&mut self, x: i32, y: i32) -> bool {
        let Some(brick) = self.brick(x / ONE, y / ONE) else { return false };
        *brick = false;
        self.left -= 1;
        self.score += 10;
        true
    }

    fn fly(&mut self) {
        let (x, y) = (self.x + self.dx, self.y + self.dy);
        if x < RADIUS * ONE || x >= (WIDTH - RADIUS) * ONE || self.hits(x, self.y) {
            self.dx = -self.dx;
        } else {
            self.x = x;
        }
        if y < RADIUS * ONE || self.hits(self.x, y) {
            self.dy = -self.dy;
        } else {
            self.y = y;
        }
        let on_paddle = (self.paddle..self.paddle + PADDLE_WIDTH).contains(&(self.x / ONE));
        if self.dy > 0 && (PADDLE_Y - RADIUS..PADDLE_Y + 3).contains(&(self.y / ONE)) && on_paddle {
            let from_middle = self.x / ONE - self.paddle - PADDLE_WIDTH / 2;
            self.dx = from_middle * ONE / 8;
            self.dy = -self.dy;
            self.aim = unsafe { below(PADDLE_WIDTH - 8) } - (PADDLE_WIDTH - 8) / 2;
        }
        if self.y > (HEIGHT + 8) * ONE || self.left == 0 {
            self.serve();
        }
    }

    fn serve(&mut self) {
        if self.left == 0 {
            self.bricks = [[true; COLUMNS]; ROWS];
            self.left = (COLUMNS * ROWS) as u32;
        } else {
            self.score = self.score.saturating_sub(50);
        }
        (self.x, self.y) = (WIDTH / 2 * ONE, HEIGHT / 2 * ONE);
        self.dx = unsafe { below(2 * ONE) } - ONE;
        self.dy = 2 * ONE;
    }

    fn draw(&self) {
        unsafe { clear(BLACK) };
        for (row, bricks) in self.bricks.iter().enumerate() {
            for (column, _) in bricks.iter().enumerate().filter(|(_, brick)| **brick) {
                let x = column as i32 * BRICK_WIDTH;
                let y = WALL_TOP + row as i32 * BRICK_HEIGHT;
                unsafe { rect_fill(x, y, BRICK_WIDTH - 1, BRICK_HEIGHT - 1, FIRST_ROW + row as i32) };
            }
        }
        unsafe {
            rect_fill(self.paddle, PADDLE_Y, PADDLE_WIDTH, 4, WHITE);
            circle_fill(self.x / ONE, self.y / ONE, RADIUS, WHITE);
        }
        write("written in Rust", 4, DIM);
        let mut digits = *b"     0";
        let mut rest = self.score;
        for digit in digits.iter_mut().rev() {
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        if let Ok(score) = core::str::from_utf8(&digits) {
            write(score, WIDTH - 52, WHITE);
        }
    }
}

fn write(line: &str, x: i32, color: i32) {
    unsafe { text(line.as_ptr(), line.len() as i32, x, 5, color) };
}

#[unsafe(no_mangle)]
extern "C" fn start() {
    for (index, &rgb) in COLORS.iter().enumerate() {
        unsafe { palette(index as i32, rgb) };
    }
}

#[unsafe(no_mangle)]
extern "C" fn update() {
    // One thread, and no function that keeps the reference.
    let game = unsafe { &mut *(&raw mut GAME) };
    game.listen();
    game.fly();
    game.draw();
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
