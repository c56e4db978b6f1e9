// Branches that nobody can foresee: sorts 20,000 numbers n times.
#include "kernel.h"

enum { COUNT = 20000 };
static int values[COUNT];

static void sort(int *first, int *last) {
    while (first < last) {
        int pivot = first[(last - first) / 2], *i = first, *j = last;
        while (i <= j) {
            while (*i < pivot) i++;
            while (*j > pivot) j--;
            if (i <= j) {
                int t = *i;
                *i++ = *j;
                *j-- = t;
            }
        }
        sort(first, j);
        first = i;
    }
}

RUN {
    u32 state = 1;
    int sum = 0;
    for (int round = 0; round < n; round++) {
        for (int i = 0; i < COUNT; i++)
            values[i] = (int)next_random(&state);
        sort(values, values + COUNT - 1);
        sum += values[COUNT / 2] ^ values[COUNT / 3];
    }
    return sum;
}
