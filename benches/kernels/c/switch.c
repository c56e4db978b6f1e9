// A table of branches: a small interpreter that runs a loop of n rounds.
enum { ADD, SUB, MUL, XOR, LOAD, STORE, DUP, DROP, SHIFT, JUMP };

static const unsigned char PROGRAM[] = {LOAD, 0, LOAD, 1, ADD, DUP, STORE, 0, SHIFT, LOAD, 2, XOR, DUP, STORE, 2,
                                        DROP, LOAD, 1, LOAD, 0, MUL, STORE, 1, LOAD, 2, LOAD, 1, SUB, STORE, 2, JUMP};

int run(int n) {
    unsigned cells[4] = {1, 3, 5, 0}, stack[16];
    int top = 0;
    const unsigned char *at = PROGRAM;
    for (;;) {
        switch (*at++) {
        case ADD: top--, stack[top - 1] += stack[top]; break;
        case SUB: top--, stack[top - 1] -= stack[top]; break;
        case MUL: top--, stack[top - 1] *= stack[top] | 1; break;
        case XOR: top--, stack[top - 1] ^= stack[top]; break;
        case LOAD: stack[top++] = cells[*at++]; break;
        case STORE: cells[*at++] = stack[--top]; break;
        case DUP: stack[top] = stack[top - 1], top++; break;
        case DROP: top--; break;
        case SHIFT: stack[top - 1] >>= 3; break;
        case JUMP:
            top = 0;
            if (--n <= 0) return cells[0] ^ cells[1] ^ cells[2];
            at = PROGRAM;
        }
    }
}
