// Bytes and branches: draws n sprites of 16 by 16 with a transparent colour, clipped.
#include "kernel.h"

enum { WIDTH = 160, HEIGHT = 120, SIZE = 16 };
static u8 screen[HEIGHT][WIDTH], sprite[SIZE][SIZE];

static void blit(int x, int y) {
    for (int row = 0; row < SIZE; row++) {
        if (y + row < 0 || y + row >= HEIGHT)
            continue;
        for (int column = 0; column < SIZE; column++) {
            u8 color = sprite[row][column];
            if (color && x + column >= 0 && x + column < WIDTH)
                screen[y + row][x + column] = color;
        }
    }
}

RUN {
    u32 state = 1;
    for (int i = 0; i < SIZE * SIZE; i++)
        sprite[i / SIZE][i % SIZE] = (u8)(next_random(&state) % 3);
    for (int i = 0; i < n; i++)
        blit((int)(next_random(&state) % (WIDTH + SIZE)) - SIZE, (int)(next_random(&state) % (HEIGHT + SIZE)) - SIZE);
    int sum = 0;
    for (int i = 0; i < WIDTH * HEIGHT; i++)
        sum = sum * 31 + screen[i / WIDTH][i % WIDTH];
    return sum;
}
