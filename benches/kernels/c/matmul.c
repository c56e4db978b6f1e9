// binary64 loads and stores: the product of two matrices of n by n, at most 128.
static double a[128 * 128], b[128 * 128], c[128 * 128];

int run(int n) {
    for (int i = 0; i < n * n; i++) {
        a[i] = i % 7 - 3;
        b[i] = i % 5 - 2;
    }
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++) {
            double sum = 0;
            for (int k = 0; k < n; k++) sum += a[i * n + k] * b[k * n + j];
            c[i * n + j] = sum;
        }
    }
    double trace = 0;
    for (int i = 0; i < n; i++) trace += c[i * n + i];
    return (int)trace;
}
