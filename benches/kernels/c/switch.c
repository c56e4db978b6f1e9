// Indirect branches: an interpreter with a switch, whose program is a loop of n rounds.
#include "kernel.h"

enum op { LOAD, ADD, MUL, XOR, SHIFT, SWAP, DEC, LOOP, HALT };
static const u8 program[] = {LOAD, 7, ADD, MUL, 13, XOR, SWAP, ADD, SHIFT, 5, XOR, MUL, 3, SWAP, DEC, LOOP, HALT};

RUN {
    u32 a = 1, b = 2, counter = (u32)n;
    for (int at = 0;;) {
        switch (program[at++]) {
        case LOAD: b += program[at++]; break;
        case ADD: a += b; break;
        case MUL: a *= program[at++]; break;
        case XOR: b ^= a; break;
        case SHIFT: a ^= a >> program[at++]; break;
        case SWAP: { u32 t = a; a = b; b = t; break; }
        case DEC: counter--; break;
        case LOOP: if (counter) at = 0; break;
        default: return (int)(a ^ b);
        }
    }
}
