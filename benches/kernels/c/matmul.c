// Binary64 loads and sums: a product of matrices of 96 by 96, n times.
#include "kernel.h"

enum { SIZE = 96 };
static double a[SIZE][SIZE], b[SIZE][SIZE], c[SIZE][SIZE];

RUN {
    for (int i = 0; i < SIZE; i++)
        for (int j = 0; j < SIZE; j++)
            a[i][j] = i - j * 0.5, b[i][j] = i * 0.25 + j;
    for (int round = 0; round < n; round++) {
        for (int i = 0; i < SIZE; i++) {
            for (int j = 0; j < SIZE; j++) {
                double sum = 0;
                for (int k = 0; k < SIZE; k++)
                    sum += a[i][k] * b[k][j];
                c[i][j] = sum;
            }
        }
        a[round % SIZE][0] += 1;
    }
    return (int)c[SIZE / 2][SIZE / 3];
}
