"""Writes the results page (Markdown, standard output) of a sitting: report.py SITTING.jsonl"""

import json
import sys
from statistics import mean, median

MISSING = "not measured"


def rows_of(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def values(rows, side, key, **match):
    """The values of `key` over the runs of one side of a case; empty where a run failed or lacks the key."""
    return [r["result"][key] for r in rows
            if r.get("side") == side and key in r.get("result", {}) and all(r.get(k) == v for k, v in match.items())]


def middle(found):
    return median(found) if found else None


def rate(x):
    if x is None:
        return MISSING
    return f"{x / 1e6:.2f} M" if x >= 1e6 else f"{x:,.0f}"


def number(x, digits=2, unit=""):
    return MISSING if x is None else f"{x:,.{digits}f}{unit}"


def ratio(a, b):
    return None if a is None or not b else a / b


def table(head, body):
    out = ["| " + " | ".join(head) + " |", "| " + " | ".join("---" for _ in head) + " |"]
    return "\n".join(out + ["| " + " | ".join(str(cell) for cell in line) + " |" for line in body])


def verdict(value, limit, at_least):
    if value is None:
        return MISSING
    good = value >= limit if at_least else value <= limit
    gap = "" if good else f", {abs(value - limit) / limit:.0%} short" if at_least else f", {abs(value - limit) / limit:.0%} over"
    return ("reached" if good else "missed") + gap


class Page:
    def __init__(self, rows):
        self.rows = rows
        self.machine = next(r for r in rows if r["kind"] == "machine")
        self.end = next((r for r in rows if r["kind"] == "end"), {})
        self.phold = [r for r in rows if r["kind"] == "phold"]
        self.mesh = [r for r in rows if r["kind"] == "mesh"]
        self.ladder = next((r for r in rows if r["kind"] == "ladder"), {})
        self.ladder_wide = next((r for r in rows if r["kind"] == "ladder_wide"), {})
        self.targets = []

    def keys(self, rows, *names):
        return list(dict.fromkeys(tuple(r[n] for n in names) for r in rows))

    def target(self, what, value, limit, at_least=True, form="{:,.1f}x"):
        sign = ">=" if at_least else "<="
        self.targets.append([what, f"{sign} {form.format(limit)}", MISSING if value is None else form.format(value),
                             verdict(value, limit, at_least)])

    def phold_section(self):
        body = []
        speed = {}
        for entities, lookahead, threads in self.keys(self.phold, "entities", "lookahead_s", "threads"):
            at = {"entities": entities, "lookahead_s": lookahead, "threads": threads}
            rates = {s: middle(values(self.phold, s, "events_per_s", **at)) for s in ("twin", "nexosim", "heap")}
            speed[entities, lookahead, threads] = rates["twin"]
            hashes = set(values(self.phold, "twin", "state_hash", **at))
            body.append([f"{entities:,}", lookahead, threads, rate(rates["twin"]), rate(rates["nexosim"]),
                         rate(rates["heap"]) if threads == 1 else "",
                         number(ratio(rates["twin"], rates["nexosim"]), 1, "x"),
                         number(ratio(rates["twin"], rates["heap"]), 1, "x") if threads == 1 else "",
                         number(middle(values(self.phold, "twin", "bytes_per_entity", **at)), 0),
                         number(middle(values(self.phold, "nexosim", "bytes_per_entity", **at)), 0),
                         " ".join(f"`{str(h)[:16]}`" for h in sorted(hashes, key=str)) or MISSING])
        if self.phold:
            top = max(e for e, _, _ in speed)
            at = {"entities": top, "lookahead_s": 1, "threads": 1}
            ours = middle(values(self.phold, "twin", "events_per_s", **at))
            name = f"PHOLD, {top:,} entities, one thread"
            self.target(f"{name}, against NexoSim", ratio(ours, middle(values(self.phold, "nexosim", "events_per_s", **at))), 40)
            self.target(f"{name}, against a plain `BinaryHeap`", ratio(ours, middle(values(self.phold, "heap", "events_per_s", **at))), 4)
            self.target(f"PHOLD, {top:,} entities, two threads against one", ratio(speed.get((top, 1, 2)), ours), 1.8)
            hashes = [set(values(self.phold, "twin", "state_hash", entities=top, lookahead_s=1, threads=t)) for t in (1, 2)]
            same = MISSING if not all(hashes) else "equal" if len(hashes[0] | hashes[1]) == 1 else "DIFFERENT"
            self.targets.append([f"PHOLD, {top:,} entities, state hash at one and two threads", "equal", same,
                                 {"equal": "reached", "DIFFERENT": "missed"}.get(same, MISSING)])
        head = ["entities", "lookahead, s", "threads", "amitwin events/s", "NexoSim events/s", "BinaryHeap events/s", "against NexoSim",
                "against heap", "amitwin B/entity", "NexoSim B/entity", "amitwin state hash"]
        return "## PHOLD, one event an entity, 10 % to another\n\n" + table(head, body)

    def mesh_section(self):
        speed, accuracy, cost = [], [], {}
        for nodes, period in self.keys(self.mesh, "nodes", "period_s"):
            at = {"nodes": nodes, "period_s": period}
            ours, theirs = (middle(values(self.mesh, s, "frames_per_s", **at)) for s in ("twin", "ns3"))
            if ours:
                cost.setdefault(period, {})[nodes] = 1e9 / ours
            gain = ratio(ours, theirs)
            speed.append([f"{nodes:,}", period, rate(ours), rate(theirs), number(gain, 0, "x"),
                          number(middle(values(self.mesh, "twin", "bytes_per_node", **at)), 0),
                          number(middle(values(self.mesh, "ns3", "bytes_per_node", **at)), 0)])
            line, difference = [f"{nodes:,}", period], {}
            for key, digits, unit in (("delivered_share", 3, " %"), ("mean_delay_ms", 3, ""), ("p95_delay_ms", 2, "")):
                scale = 100 if key == "delivered_share" else 1
                pair = [values(self.mesh, s, key, **at) for s in ("twin", "ns3")]
                means = [mean(v) * scale if v else None for v in pair]
                line += [number(m, digits, unit) for m in means]
                difference[key] = None if None in means else (means[0] - means[1], means[0] / means[1] - 1 if means[1] else 0)
            points = difference["delivered_share"] and abs(difference["delivered_share"][0])
            delay = difference["mean_delay_ms"] and 100 * abs(difference["mean_delay_ms"][1])
            accuracy.append(line)
            limit = {1000: 300, 5000: 1000}.get(nodes) if period == 2 else None
            name = f"mesh, {nodes:,} nodes, period {period:g} s"
            if limit:
                self.target(f"{name}, frames/s against ns-3", gain, limit, form="{:,.0f}x")
            self.target(f"{name}, delivered share, difference", points, 1, at_least=False, form="{:.3f} points")
            self.target(f"{name}, mean delay, difference", delay, 15, at_least=False, form="{:.1f} %")
        if {1000, 5000} <= set(cost.get(2, {})):
            self.target("mesh, cost of a frame, 5,000 against 1,000 nodes", cost[2][5000] / cost[2][1000], 1.5, at_least=False, form="{:.2f}x")
        return "\n\n".join([
            "## Mesh, 100-byte frames on a 30 m grid",
            table(["nodes", "period, s", "amitwin frames/s", "ns-3 frames/s", "ratio", "amitwin B/node", "ns-3 B/node"], speed),
            "Frames are data requests brought to an end. Our side simulates 20 times longer, so that its clock can be read. Speeds are medians, the figures below means over the runs.",
            table(["nodes", "period, s", "delivered amitwin", "ns-3", "mean delay, ms, amitwin", "ns-3", "p95, ms, amitwin", "ns-3"], accuracy)])

    def ladder_section(self):
        if "result" not in self.ladder:
            return f"## Ladder\n\n{MISSING}: {self.ladder.get('error', 'it did not run')}"
        rungs = self.ladder["result"].get("rungs", [])
        wide = self.ladder_wide.get("result", {})
        sims = [(self.ladder["result"], r) for r in rungs] + [(wide, r) for r in wide.get("rungs", [])]
        body = [[f"{r['meters']:,}", f"{of['neighbours']:,}", number(of["sim_s"], 0), number(r.get("wall_s_per_sim_hour"), 2),
                 rate(r.get("events_per_s")), f"{r.get('frames', 0):,}", number(r.get("ns_per_frame"), 0),
                 number(r.get("peak_bytes_per_meter"), 0)] for of, r in sims]
        size = {r["meters"]: r for r in rungs}
        low, high = size.get(10_000, {}), size.get(1_000_000, {})
        self.target("1 M meters, peak memory a meter", high.get("peak_bytes_per_meter"), 1024, at_least=False, form="{:,.0f} B")
        self.target("cost of a frame, 1 M against 10 k meters", ratio(high.get("ns_per_frame"), low.get("ns_per_frame")), 2,
                    at_least=False, form="{:.2f}x")
        return ("## Ladder, 2,000 meters to a border router, one push an hour each\n\n"
                "50 kb/s with hopping over 129 channels, 200 ms of backhaul, neighbouring meshes coupled; rows are counted and "
                "thrown away. Peak memory is that of the whole process, building included. The targets are read at the strongest "
                "48 neighbours of a radio (`radio.neighbours_max`); a scenario keeps up to 1,024 unless told otherwise, at about "
                "3.7 B for each that is within hearing, and the last rows show what that costs. They are of the first "
                "minutes, in which the mesh settles its parents.\n\n") + table(
            ["meters", "neighbours at most", "simulated, s", "wall s a simulated hour", "events/s", "frames", "ns a frame",
             "peak B a meter"], body)

    def main_section(self):
        runs = [r for r in self.rows if r["kind"] == "main" and "result" in r]
        wall = {t: middle([r["process_s"] for r in runs if r["threads"] == t]) for t in (1, 2)}
        prints = {r["result"].get("fingerprint") for r in runs}
        self.target("main job, five variants, two threads, whole process", wall[2], 60, at_least=False, form="{:,.1f} s")
        self.target("main job, two threads against one", ratio(wall[1], wall[2]), 1.7, form="{:,.2f}x")
        same = MISSING if not prints else "equal" if len(prints) == 1 else "DIFFERENT"
        return ("## Main job\n\n`scenarios/library/mass-reset.toml`: 5,000 meters, five variants of 4 h, files and report included.\n\n"
                + table(["threads", "wall, s"], [[t, number(wall[t], 2)] for t in (1, 2)]) + f"\n\nFingerprints at one and two threads: {same}.")

    def text(self):
        sections = [self.main_section(), self.phold_section(), self.mesh_section(), self.ladder_section()]
        m = self.machine
        errors = [f"- `{r['command']}`: {r['error']}" for r in self.rows if "error" in r]
        commands = list(dict.fromkeys(r["command"] for r in self.rows if "command" in r))
        machine = (f"{m['cpu']}, {m['cores']} cores, {m['memory_gib']} GiB, Linux {m['kernel']}; {m['rustc']}; {m['cxx']}; "
                   f"ns-3 {m['ns3']} as packaged (optimised, log macros compiled in); NexoSim 1.0.0; commit {m['commit']}; "
                   f"load before {m['load_1min']}, after {self.end.get('load_1min', 'unknown')}.")
        parts = [f"# Against the peers, {m['date']}",
                 "One sitting, both sides by turns, medians of the runs. Written by `benches/peers/run.sh`; the scenario is in "
                 "`benches/peers/README.md`.",
                 machine, "## Targets", table(["what", "target", "measured", "verdict"], self.targets), *sections]
        if errors:
            parts += ["## Runs without a result", "\n".join(errors)]
        parts += ["## Commands", "```\n" + "\n".join(commands) + "\n```"]
        return "\n\n".join(parts) + "\n"


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: report.py SITTING.jsonl")
    sys.stdout.write(Page(rows_of(sys.argv[1])).text())


if __name__ == "__main__":
    main()
