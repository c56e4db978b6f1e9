// binary64, a chain of dependent operations: the set on a grid of n by n, 100 rounds at most.
int run(int n) {
    int sum = 0;
    for (int row = 0; row < n; row++) {
        for (int column = 0; column < n; column++) {
            double cx = 3.0 * column / n - 2.0, cy = 2.0 * row / n - 1.0;
            double x = 0, y = 0;
            int round = 0;
            while (round < 100 && x * x + y * y <= 4.0) {
                double next = x * x - y * y + cx;
                y = 2 * x * y + cy;
                x = next;
                round++;
            }
            sum += round;
        }
    }
    return sum;
}
