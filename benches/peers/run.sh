#!/bin/sh
# Builds the peers and our benches, runs both sides alternately in one sitting, writes the dated page.
# Usage: benches/peers/run.sh [--quick]   (--quick: small sizes, one run, page on standard output)
set -eu
cd "$(dirname "$0")/../.."

for tool in cmake g++ cargo python3; do
    command -v "$tool" >/dev/null || { echo "run.sh: $tool is missing; see benches/peers/README.md" >&2; exit 1; }
done

out=target/peers
mkdir -p "$out"
cmake -S benches/peers/ns3 -B "$out/ns3" -DCMAKE_BUILD_TYPE=Release >"$out/cmake.log" || { cat "$out/cmake.log" >&2; exit 1; }
cmake --build "$out/ns3" >>"$out/cmake.log" || { cat "$out/cmake.log" >&2; exit 1; }
cargo build --release --locked --manifest-path benches/peers/nexosim/Cargo.toml --target-dir "$out/nexosim"
cargo build --release -p amitwin-benches
cargo build --release

raw="$out/sitting.jsonl"
if [ "${1:-}" = "--quick" ]; then
    python3 benches/peers/sitting.py --quick >"$raw"
    python3 benches/peers/report.py "$raw"
else
    page="benches/results/$(date +%F)-peers"
    python3 benches/peers/sitting.py >"$raw"
    mkdir -p benches/results
    cp "$raw" "$page.jsonl"
    python3 benches/peers/report.py "$page.jsonl" >"$page.md"
    echo "wrote $page.md and $page.jsonl" >&2
fi
