//! All tables of one variant, written in batches with bounded memory.

use super::atomic::make_folder;
use super::derived::Memory;
use super::error::FileError;
use super::registry::Registry;
use super::table_file::{Origin, TableFile};
use crate::attributes::{Attribute, Attributes};
use crate::manifest::FileEntry;
use crate::rows::{ColumnData, EachTable, PLAN_TABLES, Row, Rows, TABLES, TableInfo, Values};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The table that has the user's own columns.
const NODES: &str = "nodes";
/// Rows of a row group; more than these of one table are never held back.
pub const ROWS_PER_GROUP: usize = 128 * 1024;
/// Rows after which a table goes on in its next file.
pub const ROWS_PER_PART: u64 = 64 * ROWS_PER_GROUP as u64;

/// Writers of one variant's tables. Dropped without [`TableSet::finish`], it leaves finished parts only.
pub struct TableSet {
    root: PathBuf,
    /// Folder of the variant, and what the names of files in it begin with.
    stem: String,
    origin: Origin,
    registry: Arc<Registry>,
    attributes: Arc<Attributes>,
    pending: Rows,
    tables: Vec<TableState>,
    rows_per_group: usize,
    rows_per_part: u64,
    of_plan: bool,
}

#[derive(Default)]
struct TableState {
    open: Option<TableFile>,
    parts: Vec<FileEntry>,
    memory: Memory,
}

impl TableSet {
    pub(super) fn new(root: &Path, stem: String, origin: Origin, registry: Arc<Registry>) -> Self {
        TableSet {
            root: root.to_owned(),
            stem,
            origin,
            registry,
            attributes: Arc::default(),
            pending: Rows::default(),
            tables: TABLES.iter().map(|_| TableState::default()).collect(),
            rows_per_group: ROWS_PER_GROUP,
            rows_per_part: ROWS_PER_PART,
            of_plan: false,
        }
    }

    /// With the user's own columns of the placement, which the table `nodes` gets behind its own.
    pub fn with_attributes(mut self, attributes: Arc<Attributes>) -> Self {
        self.attributes = attributes;
        self
    }

    /// With the civil time at the start of the run, s since 1970, UTC.
    pub fn beginning(mut self, start_unix_s: i64) -> Self {
        self.origin.start_unix_s = start_unix_s;
        self
    }

    /// Of a maintenance plan: those of its tables that have no rows get an empty file, and no others.
    pub fn of_plan(mut self) -> Self {
        self.of_plan = true;
        self
    }

    /// Other sizes of row groups and parts, for tests and for small memories.
    pub fn with_limits(mut self, rows_per_group: usize, rows_per_part: u64) -> Self {
        self.rows_per_group = rows_per_group.max(1);
        self.rows_per_part = rows_per_part.max(1);
        self
    }

    /// Takes all rows of the batch, which keeps its memory. Full row groups go to the files at once.
    pub fn write(&mut self, rows: &mut Rows) -> Result<(), FileError> {
        Take { set: self, rows, table: 0 }.each()
    }

    /// Writes what is left, and an empty file for each table without rows (but not for opt-in ones); the files get
    /// their names and enter the run's manifest.
    pub fn finish(mut self) -> Result<Vec<FileEntry>, FileError> {
        Finish { set: &mut self, table: 0 }.each()?;
        Ok(self.tables.into_iter().flat_map(|table| table.parts).collect())
    }

    fn flush<R: Row>(&mut self, table: usize) -> Result<(), FileError> {
        let mut rows = std::mem::take(R::of_mut(&mut self.pending));
        if rows.is_empty() {
            return Ok(());
        }
        rows.sort_by(R::order);
        let attributes = Arc::clone(&self.attributes);
        let more = if R::TABLE.name == NODES { own_columns(&attributes, &rows) } else { Vec::new() };
        let mut memory = std::mem::take(&mut self.tables[table].memory);
        let part = self.part(table, &R::TABLE)?;
        part.write_group(&rows, &more, &mut memory)?;
        let full = part.rows() >= self.rows_per_part;
        self.tables[table].memory = memory;
        rows.clear();
        *R::of_mut(&mut self.pending) = rows;
        if full { self.commit(table, &R::TABLE) } else { Ok(()) }
    }

    fn part(&mut self, table: usize, info: &TableInfo) -> Result<&mut TableFile, FileError> {
        let state = &mut self.tables[table];
        if state.open.is_none() {
            let path = part_path(info, &self.stem, state.parts.len());
            self.registry.begin(&path)?;
            let target = self.root.join(path);
            make_folder(target.parent().unwrap_or(&self.root))?;
            let more = if info.name == NODES { self.attributes.table_names() } else { Vec::new() };
            state.open = Some(TableFile::create(&target, info, &more, &self.origin)?);
        }
        Ok(state.open.as_mut().expect("opened above"))
    }

    fn commit(&mut self, table: usize, info: &TableInfo) -> Result<(), FileError> {
        let state = &mut self.tables[table];
        if let Some(file) = state.open.take() {
            let path = part_path(info, &self.stem, state.parts.len());
            let entry = FileEntry { path, ..file.commit()? };
            self.registry.add(entry.clone());
            state.parts.push(entry);
        }
        Ok(())
    }
}

/// The user's own columns for rows of `nodes`, whose column `node` is the number of the site.
fn own_columns<'a, R: Row>(attributes: &'a Attributes, rows: &[R]) -> Vec<ColumnData<'a>> {
    let at = R::TABLE.columns.iter().position(|column| column.name == "node");
    let Some(gather) = at.and_then(|at| R::gatherers().into_iter().nth(at)) else { return Vec::new() };
    let Values::I32(nodes) = gather(rows).values else { return Vec::new() };
    let column = |attribute: &'a Attribute| {
        // Node ids are unsigned; the column has their bits.
        let values: Vec<Option<&str>> = nodes.iter().map(|node| attribute.value(*node as u32 as usize)).collect();
        let levels = values.iter().map(|value| i16::from(value.is_some())).collect();
        ColumnData { values: Values::Text(values.into_iter().flatten().collect()), levels: Some(levels) }
    };
    attributes.columns().iter().map(column).collect()
}

fn part_path(info: &TableInfo, stem: &str, part: usize) -> String {
    format!("tables/{}/{stem}part-{part:03}.parquet", info.name)
}

struct Take<'a> {
    set: &'a mut TableSet,
    rows: &'a mut Rows,
    table: usize,
}

impl EachTable for Take<'_> {
    type Error = FileError;
    fn table<R: Row>(&mut self) -> Result<(), FileError> {
        for row in R::of_mut(self.rows).drain(..) {
            let pending = R::of_mut(&mut self.set.pending);
            pending.push(row);
            if pending.len() >= self.set.rows_per_group {
                self.set.flush::<R>(self.table)?;
            }
        }
        self.table += 1;
        Ok(())
    }
}

struct Finish<'a> {
    set: &'a mut TableSet,
    table: usize,
}

impl EachTable for Finish<'_> {
    type Error = FileError;
    fn table<R: Row>(&mut self) -> Result<(), FileError> {
        self.set.flush::<R>(self.table)?;
        let always = if self.set.of_plan { PLAN_TABLES.contains(&R::TABLE.name) } else { !R::TABLE.opt_in };
        if self.set.tables[self.table].parts.is_empty() && always {
            self.set.part(self.table, &R::TABLE)?;
        }
        self.set.commit(self.table, &R::TABLE)?;
        self.table += 1;
        Ok(())
    }
}
