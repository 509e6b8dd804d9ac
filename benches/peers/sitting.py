"""One sitting: runs every case on both sides alternately and prints a JSON line for each run.

A run that fails or takes too long is a line with an `error`, so that the page can say so.
"""

import json
import os
import platform
import subprocess
import sys
import time

NS3 = "target/peers/ns3/mesh"
NEXOSIM = "target/peers/nexosim/release/amitwin-peer-nexosim"
PHOLD = "target/release/phold"
MESH = "target/release/mesh"
LADDER = "target/release/ladder"
LADDER_WIDE = "target/release/ladder --meters 100000,1000000 --neighbours 1024 --sim 600"
MAIN_JOB = "target/release/amitwin -q run scenarios/library/mass-reset.toml --format json --force -o target/peers/main-job"

RUNS = 3
# A second of simulated mesh costs us microseconds: our side runs longer, so that its clock can be read.
OUR_MESH_TIMES = 20


def phold_cases(quick):
    million, small = (20_000, 2_000) if quick else (1_000_000, 10_000)
    cases = []
    for entities, end, threads, lookahead in [(million, 10, 1, 1), (million, 10, 2, 1), (million, 5, 1, 0.1), (small, 100, 1, 1)]:
        work = f"--entities {entities} --per-entity 1 --remote 0.1 --lookahead {lookahead} --threads {threads}"
        sides = {"twin": f"{PHOLD} {work} --end {end}"}
        # NexoSim loses speed with a second thread: a shorter run, once, shows its rate.
        sides["nexosim"] = f"{NEXOSIM} {work} --end {end if threads == 1 else 2}"
        if threads == 1:
            sides["heap"] = f"{PHOLD} {work} --end {end} --engine heap"
        once = {"nexosim"} if threads > 1 else set()
        cases.append({"case": f"phold {entities} entities, lookahead {lookahead} s, {threads} thread(s)", "kind": "phold",
                      "key": {"entities": entities, "lookahead_s": lookahead, "threads": threads}, "sides": sides, "once": once})
    return cases


def mesh_cases(quick):
    sizes = [(100, 2, 10), (400, 2, 4)] if quick else \
        [(100, 2, 60), (1000, 2, 20), (5000, 2, 4), (100, 0.25, 20), (1000, 0.5, 4)]
    cases = []
    for nodes, period, sim in sizes:
        work = f"--nodes {nodes} --period {period}"
        cases.append({"case": f"mesh {nodes} nodes, period {period} s", "kind": "mesh",
                      "key": {"nodes": nodes, "period_s": period}, "once": set(),
                      "sides": {"twin": f"{MESH} {work} --sim {sim * OUR_MESH_TIMES}", "ns3": f"{NS3} {work} --sim {sim}"}})
    return cases


def takes_seed(program):
    """Whether the program knows --seed: then each of the runs draws other phases."""
    try:
        return "--seed" in subprocess.run([program, "--help"], capture_output=True, text=True, timeout=20).stdout
    except (OSError, subprocess.TimeoutExpired):
        return False


def measure(command, limit_s):
    started = time.monotonic()
    try:
        done = subprocess.run(command.split(), capture_output=True, text=True, timeout=limit_s)
    except FileNotFoundError:
        return {"error": f"{command.split()[0]} does not exist"}
    except subprocess.TimeoutExpired:
        return {"error": f"stopped after {limit_s} s"}
    took = time.monotonic() - started
    if done.returncode != 0:
        return {"error": f"exit code {done.returncode}: {done.stderr.strip()[-300:]}"}
    try:
        return {"result": json.loads(done.stdout), "process_s": round(took, 3)}
    except json.JSONDecodeError:
        return {"error": "no JSON object on standard output"}


def output_of(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=20).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        return ""


def line_of(path, prefix):
    try:
        with open(path, encoding="utf-8") as lines:
            return next((x.split(":", 1)[1].strip() for x in lines if x.startswith(prefix)), "unknown")
    except OSError:
        return "unknown"


def machine():
    memory_kib = line_of("/proc/meminfo", "MemTotal").split()[0]
    dirty = output_of("git", "status", "--porcelain", "--untracked-files=no")
    return {
        "kind": "machine",
        "date": time.strftime("%Y-%m-%d"),
        "cpu": line_of("/proc/cpuinfo", "model name"),
        "cores": os.cpu_count(),
        "memory_gib": round(int(memory_kib) / 2**20, 1) if memory_kib.isdigit() else None,
        "kernel": platform.release(),
        "load_1min": round(os.getloadavg()[0], 2),
        "rustc": output_of("rustc", "--version"),
        "cxx": output_of("g++", "--version").split("\n")[0],
        "ns3": output_of("dpkg-query", "-W", "-f", "${Version}", "libns3-dev") or "unknown",
        "commit": output_of("git", "rev-parse", "--short", "HEAD") + (" with uncommitted changes" if dirty else ""),
    }


def main():
    quick = "--quick" in sys.argv[1:]
    runs = 1 if quick else RUNS
    limit_s = 60 if quick else 240
    print(json.dumps(machine()), flush=True)
    seeded = {program: takes_seed(program) for program in (NS3, MESH)}
    for case in phold_cases(quick) + mesh_cases(quick):
        for run in range(1, runs + 1):
            for side, command in case["sides"].items():
                if run > 1 and side in case["once"]:
                    continue
                if seeded.get(command.split()[0]):
                    command += f" --seed {run}"
                print(f"{case['case']}: {side}, run {run} of {runs}", file=sys.stderr, flush=True)
                row = {"kind": case["kind"], "case": case["case"], **case["key"], "side": side, "run": run, "command": command}
                row.update(measure(command, limit_s))
                print(json.dumps(row), flush=True)
    if not quick:
        for threads in (1, 2):
            for run in range(1, runs + 1):
                command = f"{MAIN_JOB} --threads {threads}"
                print(f"main job, {threads} thread(s), run {run} of {runs}", file=sys.stderr, flush=True)
                print(json.dumps({"kind": "main", "threads": threads, "run": run, "command": command,
                                  **measure(command, limit_s)}), flush=True)
    for kind, command in (("ladder", LADDER), ("ladder_wide", LADDER_WIDE)):
        print(kind, file=sys.stderr, flush=True)
        print(json.dumps({"kind": kind, "command": command, **measure(command, limit_s if quick else 420)}), flush=True)
    print(json.dumps({"kind": "end", "load_1min": round(os.getloadavg()[0], 2)}), flush=True)


if __name__ == "__main__":
    main()
