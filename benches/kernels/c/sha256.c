// 32-bit integers and rotations: SHA-256 of n blocks, with the round constants computed from cube roots of primes.
#include "kernel.h"

static u32 constants[64];
static u32 state[8];
static u8 block[64];

static u32 rotate(u32 x, int by) {
    return x >> by | x << (32 - by);
}

// The first 32 bits behind the point of a root of the given degree, by bisection over integers.
static u32 root_bits(u32 prime, int degree) {
    u64 low = 0, high = 1ull << 36;
    while (high - low > 1) {
        u64 middle = (low + high) / 2;
        double x = (double)middle / 4294967296.0;
        double power = degree == 2 ? x * x : x * x * x;
        if (power <= prime)
            low = middle;
        else
            high = middle;
    }
    return (u32)low;
}

static void prepare(void) {
    int count = 0;
    for (u32 candidate = 2; count < 64; candidate++) {
        int prime = 1;
        for (u32 d = 2; d * d <= candidate; d++)
            prime &= candidate % d != 0;
        if (!prime)
            continue;
        constants[count] = root_bits(candidate, 3);
        if (count < 8)
            state[count] = root_bits(candidate, 2);
        count++;
    }
}

static void compress(void) {
    u32 w[64], s[8];
    for (int i = 0; i < 16; i++)
        w[i] = (u32)block[4 * i] << 24 | (u32)block[4 * i + 1] << 16 | (u32)block[4 * i + 2] << 8 | block[4 * i + 3];
    for (int i = 16; i < 64; i++) {
        u32 a = rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ w[i - 15] >> 3;
        u32 b = rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ w[i - 2] >> 10;
        w[i] = w[i - 16] + a + w[i - 7] + b;
    }
    for (int i = 0; i < 8; i++)
        s[i] = state[i];
    for (int i = 0; i < 64; i++) {
        u32 big1 = rotate(s[4], 6) ^ rotate(s[4], 11) ^ rotate(s[4], 25);
        u32 choice = (s[4] & s[5]) ^ (~s[4] & s[6]);
        u32 t1 = s[7] + big1 + choice + constants[i] + w[i];
        u32 big0 = rotate(s[0], 2) ^ rotate(s[0], 13) ^ rotate(s[0], 22);
        u32 t2 = big0 + ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
        for (int k = 7; k > 0; k--)
            s[k] = s[k - 1];
        s[4] += t1;
        s[0] = t1 + t2;
    }
    for (int i = 0; i < 8; i++)
        state[i] += s[i];
}

RUN {
    prepare();
    for (int i = 0; i < n; i++) {
        for (int k = 0; k < 64; k++)
            block[k] = (u8)(i + k);
        compress();
    }
    return (int)state[0];
}
