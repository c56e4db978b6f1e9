// Bytes and branches: n sprites of 16 by 16 with a transparent colour, clipped to a screen of 320 by 180.
static unsigned char screen[320 * 180], sprite[16 * 16];

static void blit(int left, int top) {
    for (int y = 0; y < 16; y++) {
        if (top + y < 0 || top + y >= 180) continue;
        for (int x = 0; x < 16; x++) {
            if (left + x < 0 || left + x >= 320) continue;
            unsigned char pixel = sprite[y * 16 + x];
            if (pixel) screen[(top + y) * 320 + left + x] = pixel;
        }
    }
}

int run(int n) {
    for (int i = 0; i < 16 * 16; i++) sprite[i] = i * 7 % 5;
    for (int i = 0; i < 320 * 180; i++) screen[i] = 0;
    unsigned seed = 99;
    for (int i = 0; i < n; i++) {
        seed = seed * 1664525 + 1013904223;
        blit((int)(seed >> 8) % 340 - 16, (int)(seed >> 20) % 200 - 16);
    }
    int check = 0;
    for (int i = 0; i < 320 * 180; i++) check = check * 31 + screen[i];
    return check;
}
