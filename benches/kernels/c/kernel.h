// What every kernel begins with: `run(n)` does work in proportion to n and returns a checksum.
#define RUN __attribute__((export_name("run"))) int run(int n)

typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;

static inline u32 next_random(u32 *state) {
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}
