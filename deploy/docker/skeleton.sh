#!/bin/sh
# Makes the empty sources that Cargo needs to build the dependencies alone: a library, a program, and the benchmarks
# that Cargo.toml names. Run where Cargo.toml is.
set -eu

mkdir -p src benches
: >src/lib.rs
printf 'fn main() {}\n' >src/main.rs
sed -n '/^\[\[bench\]\]$/,/^$/s/^name = "\(.*\)"$/\1/p' Cargo.toml | while read -r name; do
    printf 'fn main() {}\n' >"benches/$name.rs"
done
