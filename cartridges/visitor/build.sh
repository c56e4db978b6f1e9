#!/bin/sh
# Builds client.wasm. Needs rustc with the target (rustup target add wasm32-unknown-unknown); the result is committed.
set -eu
cd "$(dirname "$0")"
rustc --edition 2024 --target wasm32-unknown-unknown --crate-type cdylib -C panic=abort -C opt-level=2 -C lto \
    -C strip=debuginfo -C link-arg=-zstack-size=8192 --remap-path-prefix "$PWD=." -o client.wasm client.rs
