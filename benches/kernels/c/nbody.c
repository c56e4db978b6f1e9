// Binary64 with square roots: five bodies that attract each other, n steps.
#include "kernel.h"

enum { BODIES = 5 };
static double place[BODIES][3] = {
    {0, 0, 0}, {4.8, -1.2, -0.1}, {8.3, 4.1, -0.4}, {12.9, -15.1, -0.2}, {15.4, -25.9, 0.2}};
static double speed[BODIES][3] = {
    {0, 0, 0}, {0.6, 2.8, -0.02}, {-1.0, 1.8, 0.01}, {1.1, 0.9, -0.01}, {1.0, 0.6, -0.03}};
static const double mass[BODIES] = {39.5, 0.038, 0.011, 0.0017, 0.002};

static void step(double dt) {
    for (int i = 0; i < BODIES; i++) {
        for (int j = i + 1; j < BODIES; j++) {
            double d[3], square = 0;
            for (int k = 0; k < 3; k++) {
                d[k] = place[i][k] - place[j][k];
                square += d[k] * d[k];
            }
            double pull = dt / (square * __builtin_sqrt(square));
            for (int k = 0; k < 3; k++) {
                speed[i][k] -= d[k] * mass[j] * pull;
                speed[j][k] += d[k] * mass[i] * pull;
            }
        }
    }
    for (int i = 0; i < BODIES; i++)
        for (int k = 0; k < 3; k++)
            place[i][k] += dt * speed[i][k];
}

RUN {
    for (int i = 0; i < n; i++)
        step(0.01);
    return (int)(place[0][0] * 1e6);
}
