#!/usr/bin/env bash
# Builds the kernels to WebAssembly. Needs clang and lld with the target wasm32; the results are committed.
set -euo pipefail
cd "$(dirname "$0")"
for source in *.c; do
    clang --target=wasm32 -std=c11 -Wall -Werror -O2 -nostdlib -fno-builtin -Wl,--no-entry -Wl,--export=run \
        -Wl,--strip-all -o "${source%.c}.wasm" "$source"
done
