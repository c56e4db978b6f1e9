#!/bin/sh
# Builds the kernels. Needs clang and lld (on Debian: apt install clang lld); the results are committed.
set -eu
cd "$(dirname "$0")"
for source in *.c; do
    clang --target=wasm32 -std=c11 -Wall -Wextra -O2 -nostdlib -fno-builtin \
        -Wl,--no-entry -Wl,-z,stack-size=8192 -o "${source%.c}.wasm" "$source"
done
chmod a-x ./*.wasm
