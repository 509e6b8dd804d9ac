"""Reads every table of a run directory with DuckDB and works out summary.json again.

usage: read_tables.py RUN [--tolerance SHARE]

Prints one JSON object: rows per table and variant, the numbers found, and where they differ from summary.json and
manifest.json. Exit code 0: all agree; 1: something differs; 2: not a finished run directory.

Definitions, over the rows of `transactions` with kind = 'reset':
  commanded     all of them; back: answered; pending, failed: by outcome, unreachable ones count as failed
  back_Nmin     answered within N minutes of the campaign's start, over commanded; the start is campaign_start_s of
                summary.json (a command may be sent before it), or else the earliest moment that a row was due or sent
  rejoin        from the meter's own reset to the answer; the p-th percentile is the smallest value that at least
                p % of all commanded do not exceed (nearest rank); who is not back, or never reset, counts as
                "never", so a percentile that falls on them is empty
"""

import argparse
import json
import math
import os
import pathlib
import sys

import duckdb

TABLES = ["nodes", "links", "transactions", "events", "airtime", "frames"]


def nearest_rank(values, percent, total):
    """`values` sorted; those missing up to `total` are larger than all of them."""
    rank = (percent * total + 99) // 100
    return values[rank - 1] if total and rank <= len(values) else None


def open_tables():
    """A view on each table that has files, which has the variant's exact name as a column."""
    db = duckdb.connect()
    there = []
    for table in TABLES:
        if not any(pathlib.Path("tables", table).glob("*/*.parquet")):
            continue
        # From within the run directory, as a user would: its own path may hold characters that a glob takes for patterns.
        db.execute(
            f"CREATE VIEW {table} AS SELECT * FROM "
            f"read_parquet('tables/{table}/*/*.parquet', union_by_name = true)"
        )
        there.append(table)
    return db, there


def of_nodes(db, variant):
    row = db.execute(
        "SELECT count(*) FILTER (kind = 'meter'), count(*) FILTER (kind = 'gateway'),"
        " count(*) FILTER (kind = 'meter' AND NOT reachable) FROM nodes WHERE variant = ?",
        [variant],
    ).fetchone()
    return dict(zip(["meters", "gateways", "unreachable"], row))


def of_transactions(db, variant, start_s):
    count = lambda where: db.execute(
        f"SELECT count(*) FROM transactions WHERE variant = ? AND {where}", [variant]
    ).fetchone()[0]
    reset = "kind = 'reset' AND "
    found = {
        "transactions": count("true"),
        "transactions_ok": count("outcome = 'ok'"),
        "commanded": count(reset + "true"),
        "back": count(reset + "answered_s IS NOT NULL"),
        "pending": count(reset + "outcome = 'pending'"),
        "failed": count(reset + "outcome IN ('failed', 'unreachable')"),
    }
    total = found["commanded"]
    for minutes in (5, 30, 60):
        within = db.execute(
            "WITH resets AS (SELECT *, min(least(planned_s, coalesce(sent_s, planned_s)))"
            " OVER (PARTITION BY campaign) AS start_s FROM transactions WHERE variant = ? AND kind = 'reset')"
            f" SELECT count(*) FROM resets WHERE answered_s - coalesce(?, start_s) <= {minutes * 60}",
            [variant, start_s],
        ).fetchone()[0]
        found[f"back_{minutes}min_share"] = within / total if total else None
    took = db.execute(
        "SELECT greatest(answered_s - reset_s, 0) FROM transactions WHERE variant = ? AND kind = 'reset'"
        " AND answered_s IS NOT NULL AND reset_s IS NOT NULL ORDER BY 1",
        [variant],
    ).fetchall()
    took = [row[0] for row in took]
    for percent in (50, 95, 99):
        found[f"rejoin_p{percent}_s"] = nearest_rank(took, percent, total)
    pushes = count("kind = 'push'")
    found["push_delivered_share"] = count("kind = 'push' AND outcome = 'ok'") / pushes if pushes else None
    return found


def same(found, said, tolerance):
    if found is None or said is None:
        return found is None and said is None
    return math.isclose(found, said, rel_tol=tolerance, abs_tol=1e-9)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("run", type=pathlib.Path)
    arguments.add_argument(
        "--tolerance", type=float, default=1e-3, help="for percentiles, which may come from a histogram of three digits"
    )
    arguments = arguments.parse_args()
    run = arguments.run.resolve()
    try:
        manifest = json.loads((run / "manifest.json").read_text())
        summary = json.loads((run / "summary.json").read_text())
    except (OSError, ValueError) as error:
        print(f"{run}: not a run directory: {error}", file=sys.stderr)
        return 2
    if not manifest["complete"]:
        print(f"{run}: the run is incomplete ({summary['status']})", file=sys.stderr)
        return 2

    os.chdir(run)
    db, there = open_tables()
    differences = []
    rows = {t: dict(db.execute(f"SELECT variant, count(*) FROM {t} GROUP BY variant").fetchall()) for t in there}
    for table in there:
        listed = sum(f["rows"] for f in manifest["files"] if f["path"].startswith(f"tables/{table}/"))
        if listed != sum(rows[table].values()):
            differences.append(f"{table}: {sum(rows[table].values())} rows, the manifest says {listed}")
    for table in sorted(set(TABLES) - {"frames"} - set(there)):
        differences.append(f"{table}: no file")
    names = {variant["name"] for variant in summary["variants"]}
    for table in there:
        for name in sorted(set(rows[table]) - names):
            differences.append(f"{table}: variant {name!r} is not in summary.json")

    numbers = {}
    compared = 0
    if {"nodes", "transactions"} <= set(there):
        for variant in summary["variants"]:
            name = variant["name"]
            start_s = variant["metrics"].get("campaign_start_s")
            found = numbers[name] = {**of_nodes(db, name), **of_transactions(db, name, start_s)}
            said = {**variant["metrics"], **{key: variant[key] for key in ("meters", "gateways", "unreachable")}}
            for key, value in found.items():
                if key not in said:
                    continue
                compared += 1
                if not same(value, said[key], arguments.tolerance if key.startswith("rejoin_") else 1e-9):
                    differences.append(f"{name}: {key} is {value} in the tables and {said[key]} in summary.json")
            if found["back"] + found["pending"] + found["failed"] != found["commanded"]:
                differences.append(f"{name}: back, pending and failed do not add up to commanded")
    print(json.dumps({"rows": rows, "numbers": numbers, "compared": compared, "differences": differences}, indent=2))
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
