// Byte loads and stores: the primes below n, at most 1,000,000.
static unsigned char composite[1000000];

int run(int n) {
    int count = 0;
    for (int i = 0; i < n; i++) composite[i] = 0;
    for (int i = 2; i < n; i++) {
        if (composite[i]) continue;
        count++;
        for (int j = i + i; j < n; j += i) composite[j] = 1;
    }
    return count;
}
