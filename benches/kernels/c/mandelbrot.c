// Binary64 in a chain of dependent operations: n lines of the Mandelbrot set.
#include "kernel.h"

RUN {
    int sum = 0;
    for (int line = 0; line < n; line++) {
        double y0 = (line % 200 - 100) / 80.0;
        for (int column = 0; column < 200; column++) {
            double x0 = (column - 140) / 80.0, x = 0, y = 0;
            int i = 0;
            for (; i < 100 && x * x + y * y <= 4; i++) {
                double t = x * x - y * y + x0;
                y = 2 * x * y + y0;
                x = t;
            }
            sum += i;
        }
    }
    return sum;
}
