//! Ids of a placement that a scenario names, and the sites they stand for.

use crate::language::diagnostic::nearest;
use amitwin_models::terrain::{Placement, SiteKind};
use std::cell::{Cell, OnceCell};
use std::collections::{BTreeMap, BTreeSet};

/// Pairs of ids that are compared to find near ones, so that a wrong list for a large city is told in seconds.
const COMPARED_MAX: usize = 2_000_000;

/// Placements up to this size are listed.
const SHORT_LIST: usize = 12;

/// Sites by those ids that somebody asks for.
pub(super) struct Sites<'a> {
    placement: &'a Placement,
    found: BTreeMap<&'a str, u32>,
    names: OnceCell<Vec<String>>,
    compared: Cell<usize>,
}

impl<'a> Sites<'a> {
    /// Looks all of them up.
    pub fn new(placement: &'a Placement, asked: &BTreeSet<&'a str>) -> Sites<'a> {
        let mut found = BTreeMap::new();
        if !asked.is_empty() {
            for (number, site) in (0..).zip(&placement.sites) {
                if let Some(id) = asked.get(site.name.to_string().as_str()) {
                    found.insert(*id, number);
                }
            }
        }
        Sites { placement, found, names: OnceCell::new(), compared: Cell::new(0) }
    }

    /// The site of an id that has been asked for.
    pub fn of(&self, id: &str) -> Option<(u32, SiteKind)> {
        let number = *self.found.get(id)?;
        Some((number, self.placement.sites[number as usize].kind))
    }

    /// The node of an id: a site with a radio.
    pub fn node_of(&self, id: &str) -> Option<u32> {
        self.of(id).filter(|(_, kind)| kind.has_radio()).map(|(number, _)| number)
    }

    /// As [`Sites::node_of`].
    ///
    /// # Errors
    /// Why there is none, and what to do.
    pub fn node(&self, id: &str) -> Result<u32, (String, String)> {
        match (self.node_of(id), self.of(id)) {
            (Some(number), _) => Ok(number),
            (None, Some((_, kind))) => {
                let help = "name meters, repeaters or border routers";
                Err((format!("`{id}` is a {kind} and has no radio"), help.to_owned()))
            }
            (None, None) => {
                let first = || self.placement.sites.iter().take(SHORT_LIST).map(|site| site.name.to_string());
                let help = match self.near(id) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None if self.placement.sites.len() <= SHORT_LIST => {
                        format!("ids of the placement: {}", first().collect::<Vec<_>>().join(", "))
                    }
                    None => format!("ids are those of the placement, such as `{}`", first().next().unwrap_or_default()),
                };
                Err((format!("the placement has no `{id}`"), help))
            }
        }
    }

    /// The id of the placement that an unknown one most likely meant.
    pub fn near(&self, id: &str) -> Option<&str> {
        let names = self.names.get_or_init(|| self.placement.sites.iter().map(|s| s.name.to_string()).collect());
        if self.compared.get() > COMPARED_MAX {
            return None;
        }
        self.compared.set(self.compared.get() + names.len());
        nearest(id, names.iter().map(String::as_str))
    }
}
