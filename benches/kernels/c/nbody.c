// binary64 with square roots: five bodies that attract each other, n steps.
typedef struct {
    double x, y, z, vx, vy, vz, mass;
} Body;

static const Body START[5] = {
    {0, 0, 0, 0, 0, 0, 39.5},
    {4.8, -1.2, -0.1, 0.6, 2.8, -0.02, 0.038},
    {8.3, 4.1, -0.4, -1.0, 1.8, 0.008, 0.011},
    {12.9, -15.1, -0.2, 1.1, 0.9, -0.01, 0.0017},
    {15.4, -25.9, 0.2, 1.0, 0.6, -0.03, 0.002},
};

static Body bodies[5];

int run(int n) {
    for (int i = 0; i < 5; i++) bodies[i] = START[i];
    for (int step = 0; step < n; step++) {
        for (int i = 0; i < 5; i++) {
            Body *a = &bodies[i];
            for (int j = i + 1; j < 5; j++) {
                Body *b = &bodies[j];
                double dx = a->x - b->x, dy = a->y - b->y, dz = a->z - b->z;
                double square = dx * dx + dy * dy + dz * dz;
                double pull = 0.01 / (square * __builtin_sqrt(square));
                a->vx -= dx * b->mass * pull;
                a->vy -= dy * b->mass * pull;
                a->vz -= dz * b->mass * pull;
                b->vx += dx * a->mass * pull;
                b->vy += dy * a->mass * pull;
                b->vz += dz * a->mass * pull;
            }
        }
        for (int i = 0; i < 5; i++) {
            bodies[i].x += 0.01 * bodies[i].vx;
            bodies[i].y += 0.01 * bodies[i].vy;
            bodies[i].z += 0.01 * bodies[i].vz;
        }
    }
    return (int)(bodies[0].x * 1e9) ^ (int)(bodies[1].y * 1e6) ^ (int)(bodies[4].z * 1e6);
}
