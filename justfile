# Tasks of the repository. `just` lists them; the README's two commands are `just run` and `just test`.

default:
    @just --list

# The main job: 5,000 meters, ten border routers, five ways to reset them
run *ARGS:
    cargo run --release -- run scenarios/library/mass-reset.toml {{ARGS}}

# Every test
test:
    cargo test --workspace

# Formatting and lints, warnings as errors
check:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets -- -D warnings

# What must pass before a change lands
ci:
    .ci/run

# Fuzzes what reads bytes from the network and from files, some seconds a target
fuzz SECONDS="30":
    fuzz/run {{SECONDS}}

# The pictures of README and library, from runs of all scenarios (half a minute)
pictures:
    cargo build --release
    docs/pictures/make.sh

# Licences and sources of the dependencies (needs cargo-deny)
deny:
    cargo deny check licenses bans sources

# Speed of engine and mesh, one JSON object each
bench:
    cargo build --release -p amitwin-benches
    target/release/phold --entities 1000000 --per-entity 1 --remote 0.1 --threads 1
    target/release/phold --entities 1000000 --per-entity 1 --remote 0.1 --threads 2
    target/release/mesh --nodes 1000 --period 2 --sim 20
    target/release/mesh --nodes 5000 --period 2 --sim 20
    target/release/ladder
    target/release/maintenance --meters 50000 --crews 4
    target/release/dlms --what plain
    target/release/dlms --what ciphered

# Figures beside published ones, into docs/validation.md (seconds); fails if a verdict got worse
validation *ARGS:
    cargo run --release -p amitwin-benches --bin validation -- --output docs/validation.md {{ARGS}}

# Both sides of each comparison in one sitting; writes a dated page in benches/results/
peers *ARGS:
    benches/peers/run.sh {{ARGS}}

# Reference of all crates, layers from top to bottom
doc:
    cargo doc --workspace --no-deps --open
