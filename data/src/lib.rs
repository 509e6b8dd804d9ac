//! What goes in and out: table rows, run directory, Parquet writers, input readers.
