"""Writes one placement by each program that is there, as it does by default and packed in each way: DIR is the folder.

Prints a line for each file: its name, and the ids that were written, separated by commas.
"""

import importlib.util
import os
import sys

HERE = sys.argv[1]
LATS = [49.999522, 49.999254, 49.999461]
LONS = [10.002837, 10.002944, 10.003267]


def told(name, ids):
    print(f"{name} {','.join(str(i) for i in ids)}")


def path(name):
    return os.path.join(HERE, name)


def with_duckdb():
    import duckdb

    rows = ", ".join(f"('a{n}', {lat}, {lon}, {n})" for n, (lat, lon) in enumerate(zip(LATS, LONS)))
    for packing in ("default", "gzip", "zstd", "brotli", "lz4_raw", "uncompressed"):
        name = f"duckdb-{packing}.parquet"
        options = "" if packing == "default" else f", COMPRESSION {packing}"
        # Number literals are DECIMAL.
        duckdb.sql(f"COPY (SELECT * FROM (VALUES {rows}) v(id, lat, lon, height_m)) TO '{path(name)}' (FORMAT parquet{options})")
        told(name, ["a0", "a1", "a2"])
    for kind in ("TINYINT", "UTINYINT", "SMALLINT", "USMALLINT", "INTEGER", "UBIGINT", "HUGEINT", "FLOAT", "DECIMAL(20,0)"):
        name = f"duckdb-{kind.split('(')[0].lower()}.parquet"
        duckdb.sql(
            f"COPY (SELECT CAST(height_m AS {kind}) AS id, lat::FLOAT AS lat, lon::DOUBLE AS lon, now() AS seen, "
            f"[1] AS list FROM (VALUES {rows}) v(name, lat, lon, height_m)) TO '{path(name)}'"
        )
        # DuckDB writes HUGEINT as a double.
        told(name, [0, 1, 2])


def with_pandas():
    import pandas

    for kind in ("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float64", "category", "str"):
        name = f"pandas-{kind}.parquet"
        ids = [str(n) for n in range(3)] if kind in ("category", "str") else list(range(3))
        frame = pandas.DataFrame({"id": pandas.Series(ids).astype(kind), "lat": LATS, "lon": LONS})
        frame["seen"] = pandas.Timestamp("2026-01-01")
        frame["kind"] = pandas.Series(["meter"] * 3).astype("category")
        frame.to_parquet(path(name))
        told(name, range(3))


def with_polars():
    import polars

    for packing in ("zstd", "snappy", "gzip", "brotli", "lz4", "uncompressed"):
        name = f"polars-{packing}.parquet"
        frame = polars.DataFrame({"id": ["a0", "a1", "a2"], "lat": LATS, "lon": LONS, "street": ["x", None, "y"]})
        frame.with_columns(kind=polars.lit("meter").cast(polars.Categorical)).write_parquet(path(name), compression=packing)
        told(name, ["a0", "a1", "a2"])


def with_pyarrow():
    import pyarrow
    import pyarrow.parquet

    ids = ["a0", "a1", "a2"]
    for name, kind in (("large", pyarrow.large_string()), ("view", pyarrow.string_view())):
        table = pyarrow.table(
            {
                "id": pyarrow.array(ids, kind),
                "lat": pyarrow.array(LATS, pyarrow.float64()),
                "lon": pyarrow.array(LONS, pyarrow.float32()),
                "height_m": pyarrow.array([1, 2, 3], pyarrow.float64()).cast(pyarrow.float16()),
            }
        )
        pyarrow.parquet.write_table(table, path(f"pyarrow-{name}.parquet"))
        told(f"pyarrow-{name}.parquet", ids)


for package, write in (("duckdb", with_duckdb), ("pandas", with_pandas), ("polars", with_polars), ("pyarrow", with_pyarrow)):
    if importlib.util.find_spec(package) and (package != "pandas" or importlib.util.find_spec("pyarrow")):
        write()
    else:
        print(f"missing {package}")
