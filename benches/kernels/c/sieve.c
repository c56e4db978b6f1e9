// Byte stores and loads: primes below 200,000, n times over.
#include "kernel.h"

enum { LIMIT = 200000 };
static u8 composite[LIMIT];

RUN {
    int count = 0;
    for (int round = 0; round < n; round++) {
        for (int i = 0; i < LIMIT; i++)
            composite[i] = 0;
        count = 0;
        for (int i = 2; i < LIMIT; i++) {
            if (composite[i])
                continue;
            count++;
            for (int j = i + i; j < LIMIT; j += i)
                composite[j] = 1;
        }
    }
    return count;
}
