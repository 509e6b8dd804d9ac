"""Reads the table `events` of a run with DuckDB, Polars, pandas and Arrow, as their manuals say.

Prints one JSON object: for each reader that is there the rows and the first wall-clock time of each variant, and what DuckDB
answers to the statement that was given.

Usage: read_variants.py RUN STATEMENT
"""

import importlib
import json
import sys


def duckdb(run):
    import duckdb

    rows = duckdb.sql(
        f"SELECT variant, count(*), strftime(min(time) AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S')"
        f" FROM '{run}/tables/events/*/*.parquet' GROUP BY variant"
    ).fetchall()
    return {variant: [count, time] for variant, count, time in rows}


def polars(run):
    import polars

    frame = polars.read_parquet(f"{run}/tables/events/*/*.parquet")
    groups = frame.group_by("variant").agg(polars.len(), polars.col("time").min().dt.strftime("%Y-%m-%dT%H:%M:%S"))
    return {variant: [count, time] for variant, count, time in groups.rows()}


def pandas(run):
    import pandas

    frame = pandas.read_parquet(f"{run}/tables/events")
    groups = frame.groupby("variant")["time"].agg(["size", "min"])
    return {variant: [int(row["size"]), row["min"].strftime("%Y-%m-%dT%H:%M:%S")] for variant, row in groups.iterrows()}


def pyarrow(run):
    import pyarrow.dataset

    rows = pyarrow.dataset.dataset(f"{run}/tables/events").to_table().to_pylist()
    found = {}
    for row in rows:
        found.setdefault(row["variant"], []).append(row["time"])
    return {variant: [len(times), min(times).strftime("%Y-%m-%dT%H:%M:%S")] for variant, times in found.items()}


def main():
    run, statement = sys.argv[1:]
    found, missing = {}, []
    for reader in (duckdb, polars, pandas, pyarrow):
        try:
            importlib.import_module(reader.__name__)
        except ImportError:
            missing.append(reader.__name__)
            continue
        found[reader.__name__] = reader(run)
    import duckdb as db

    print(json.dumps({"found": found, "missing": missing, "answer": len(db.sql(statement).fetchall())}))


if __name__ == "__main__":
    main()
