// Calls: Fibonacci numbers by recursion.
#include "kernel.h"

__attribute__((noinline)) static int fib(int n) {
    return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

RUN {
    return fib(n);
}
