// Fire. Every cell takes the heat of the one below it, a little cooler and a little to the side.
//
// `build.sh` makes fire.wasm of it. Imported functions are syscalls by their module and name (`gfx` / `clear` is
// `gfx.clear@1`), or instructions of the machine (`rng`, `input`).

#define IMPORT(module, name) __attribute__((import_module(module), import_name(name)))
#define EXPORT(name) __attribute__((export_name(name)))

typedef unsigned char u8;

IMPORT("gfx", "palette") void gfx_palette(int index, int rgb);
IMPORT("gfx", "sprite") void gfx_sprite(const void *pixels, int len, int width, int height, int x, int y,
                                        int transparent, int flags);
IMPORT("gfx", "text") void gfx_text(const char *text, int len, int x, int y, int color);
IMPORT("rng", "i32") int rng_i32(void);
IMPORT("input", "held") int input_held(int pad);
IMPORT("input", "pointer_x") int input_pointer_x(void);
IMPORT("input", "pointer_y") int input_pointer_y(void);
IMPORT("input", "pointer_buttons") int input_pointer_buttons(void);

enum { WIDTH = 160, HEIGHT = 100, HOTTEST = 63, TEXT = 64 };
enum { BUTTON_UP = 1 << 8, BUTTON_DOWN = 1 << 9, BUTTON_LEFT = 1 << 10, BUTTON_RIGHT = 1 << 11 };

// A row more than is seen: the embers.
static u8 heat[HEIGHT + 1][WIDTH];
static int fuel = HOTTEST;
static int wind;

static int clamp(int value, int low, int high) {
    return value < low ? low : value > high ? high : value;
}

// From black through red and yellow to white.
EXPORT("start") void start(void) {
    for (int i = 0; i <= HOTTEST; i++) {
        int red = clamp(i * 9, 0, 255);
        int green = clamp((i - 16) * 7, 0, 255);
        int blue = clamp((i - 44) * 13, 0, 255);
        gfx_palette(i, red << 16 | green << 8 | blue);
    }
    gfx_palette(TEXT, 0x506080);
}

static void listen(void) {
    int held = input_held(0);
    fuel = clamp(fuel + (held & BUTTON_UP ? 1 : 0) - (held & BUTTON_DOWN ? 1 : 0), 0, HOTTEST);
    wind = clamp(wind + (held & BUTTON_RIGHT ? 1 : 0) - (held & BUTTON_LEFT ? 1 : 0), -32, 32);
    if (input_pointer_buttons()) {
        int x = input_pointer_x(), y = input_pointer_y();
        for (int dy = -3; dy <= 3; dy++)
            for (int dx = -3; dx <= 3; dx++)
                heat[clamp(y + dy, 0, HEIGHT)][clamp(x + dx, 0, WIDTH - 1)] = HOTTEST;
    }
}

// A random number serves eight cells, four bits each.
static void burn(void) {
    for (int x = 0; x < WIDTH; x++)
        heat[HEIGHT][x] = fuel;
    int drift = wind / 8;
    for (int y = 0; y < HEIGHT; y++) {
        unsigned bits = 0;
        for (int x = 0; x < WIDTH; x++) {
            if (x % 8 == 0)
                bits = (unsigned)rng_i32();
            int from = clamp(x - drift + (int)(bits & 3) - 1, 0, WIDTH - 1);
            int cooler = heat[y + 1][from] - (int)(bits >> 2 & 1) - (int)(bits >> 3 & 1);
            heat[y][x] = (u8)(cooler < 0 ? 0 : cooler);
            bits >>= 4;
        }
    }
}

EXPORT("update") void update(void) {
    listen();
    burn();
    gfx_sprite(heat, WIDTH * HEIGHT, WIDTH, HEIGHT, 0, 0, -1, 0);
    static const char title[] = "written in C";
    gfx_text(title, sizeof title - 1, 32, 6, TEXT);
}
