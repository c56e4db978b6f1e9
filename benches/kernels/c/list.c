// Latency of memory: follows a list of 65,536 links in random order, n rounds.
#include "kernel.h"

enum { COUNT = 65536 };
static struct node {
    struct node *next;
    int value;
} nodes[COUNT];
static int order[COUNT];

RUN {
    u32 state = 1;
    for (int i = 0; i < COUNT; i++)
        order[i] = i;
    for (int i = COUNT - 1; i > 0; i--) {
        int j = (int)(next_random(&state) % (u32)(i + 1)), t = order[i];
        order[i] = order[j];
        order[j] = t;
    }
    for (int i = 0; i < COUNT; i++) {
        nodes[order[i]].next = &nodes[order[(i + 1) % COUNT]];
        nodes[order[i]].value = i;
    }
    int sum = 0;
    struct node *at = nodes;
    for (int i = 0; i < n * COUNT; i++) {
        sum += at->value ^ i;
        at = at->next;
    }
    return sum;
}
