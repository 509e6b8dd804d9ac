#!/usr/bin/env bash
# Runs every scenario of the library with its own seed and draws a chart of it into docs/pictures/NAME.svg, for the pages that
# show them. `just pictures` builds the program before. Maps of 5,000 meters would take 160 kB each.
set -euo pipefail
cd "$(dirname "$0")/../.."

amitwin=${CARGO_TARGET_DIR:-target}/release/amitwin
runs=$(mktemp -d)
trap 'rm -rf "$runs"' EXIT

# NAME CHART [SETTING...]
draw() {
    local name=$1 chart=$2 settings=()
    for setting in "${@:3}"; do settings+=(--set "$setting"); done
    # A gate that is breached (4) is drawn as well.
    "$amitwin" -q run "scenarios/library/$name.toml" "${settings[@]}" -o "$runs/$name" >/dev/null || [ $? = 4 ]
    "$amitwin" report "$runs/$name" --pictures "$runs/$name/pictures" >/dev/null
    cp "$runs/$name/pictures/$chart.svg" "docs/pictures/$name.svg"
}

# The same of some of its variants: NAME CHART VARIANT...
draw_some() {
    local name=$1 chart=$2 some=()
    for variant in "${@:3}"; do some+=(--variant "$variant"); done
    "$amitwin" -q run "scenarios/library/$name.toml" "${some[@]}" -o "$runs/$name" >/dev/null || [ $? = 4 ]
    "$amitwin" report "$runs/$name" --pictures "$runs/$name/pictures" >/dev/null
    cp "$runs/$name/pictures/$chart.svg" "docs/pictures/$name.svg"
}

# The same of a maintenance plan; further charts get their names behind that of the plan: NAME CHART [CHART...].
draw_plan() {
    local name=$1 chart=$2
    "$amitwin" -q plan "scenarios/library/$name.toml" -o "$runs/$name" >/dev/null || [ $? = 4 ]
    "$amitwin" report "$runs/$name" --pictures "$runs/$name/pictures" >/dev/null
    cp "$runs/$name/pictures/$chart.svg" "docs/pictures/$name.svg"
    for further in "${@:3}"; do
        cp "$runs/$name/pictures/$further.svg" "docs/pictures/$name-$further.svg"
    done
}

# A scenario that is a sweep: NAME CHART OPTION...
sweep() {
    local name=$1 chart=$2
    "$amitwin" -q sweep "scenarios/library/$name.toml" "${@:3}" -o "$runs/$name" --pictures "$runs/$name-pictures" >/dev/null
    cp "$runs/$name-pictures/$chart.svg" "docs/pictures/$name.svg"
}

draw broadcast-storm air-time
draw certificates-90-days reads
draw cold-start air-time
draw commands air-time
draw elevated-router map
draw firmware-in-the-heat progress
draw firmware-unicast-multicast air-time
draw firmware-waves progress
draw gateway-failure map
# Its largest sizes take minutes.
sweep growth fullest --vary placement.meters=1000,3000,10000 --vary placement.meters_per_gateway=500,1000,2000 --seeds 1
draw head-end-failure head-end
draw head-end-limits reads
draw health-reports air-time
draw hot-afternoon links
draw interferer rejoin
draw levers rejoin
draw mass-reset rejoin
draw mass-reset-one-router rejoin
draw mass-reset-village map
draw meter-faults reads
draw new-building links
draw ping air-time
draw outage-restoration outages
draw partial-reset reads
draw poll-clusters air-time
draw_some radio-days reads "cold, 0 years" "in leaf, 0 years" "hot, 0 years" "storm, 0 years" \
    "cold, 20 years" "in leaf, 20 years" "hot, 20 years" "storm, 20 years"
sweep radio-years read_success_share
draw replay-storm outages
draw reads air-time
draw reset-order rejoin
draw serve map
draw spring-foliage links
draw staggered-reset rejoin
draw suite-mismatch reads
draw_plan maintenance-20-years away-ahmedabad pareto-ahmedabad pareto-london
draw_plan makers-ratings visits
draw_plan vintages survival cohorts
draw trace-burstiness delivered
draw zombie-reset rejoin
draw week progress
