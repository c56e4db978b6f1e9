#!/bin/sh
# Builds fire.wasm. Needs clang and lld (on Debian: apt install clang lld); the result is committed.
set -eu
cd "$(dirname "$0")"
clang --target=wasm32 -std=c11 -Wall -Wextra -O2 -nostdlib -fno-builtin \
    -Wl,--no-entry -Wl,--strip-debug -Wl,-z,stack-size=4096 -o fire.wasm fire.c
