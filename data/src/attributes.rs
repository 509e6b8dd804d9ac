//! Columns of a placement that the program has no use for itself: kept beside the sites, to select and to group by.

use std::collections::HashMap;

/// Bytes that each site takes in a column.
const CODE_BYTES: usize = size_of::<u32>();
/// Bytes that a word takes, in the list and in the map, beside those of its text.
const WORD_BYTES: usize = 100;

/// Text by site and column, as the input has it. Values that repeat, such as streets, are held once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attributes {
    columns: Vec<Attribute>,
}

/// One column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    name: String,
    /// Value of each site: 0 is none, n the word n - 1. Sites behind the last have none.
    codes: Vec<u32>,
    words: Vec<Box<str>>,
}

impl Attributes {
    /// No columns.
    pub fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }

    /// The columns, in the order of the input.
    pub fn columns(&self) -> &[Attribute] {
        &self.columns
    }

    /// The column of this name.
    pub fn column(&self, name: &str) -> Option<&Attribute> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// What the columns are called in the table `nodes`: `attr_` and the name with `_` for what is neither letter nor digit.
    /// Names that differ in case or in such signs alone are numbered, since SQL does not tell them apart.
    pub fn table_names(&self) -> Vec<String> {
        let mut taken: Vec<String> = Vec::new();
        for column in &self.columns {
            let plain: String = column.name.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect();
            let free = |name: &String| taken.iter().all(|other| other.to_lowercase() != name.to_lowercase());
            let numbered = (1u32..).map(|n| if n == 1 { format!("attr_{plain}") } else { format!("attr_{plain}_{n}") });
            taken.extend(numbered.into_iter().find(free));
        }
        taken
    }
}

impl Attribute {
    /// Its name in the input.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it says of a site, by the site's number in the placement.
    pub fn value(&self, site: usize) -> Option<&str> {
        let code = *self.codes.get(site)?;
        self.words.get((code as usize).checked_sub(1)?).map(|word| &**word)
    }

    /// Every value once, in the order of appearance.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.words.iter().map(|word| &**word)
    }
}

/// Attributes in the making.
#[derive(Debug, Default)]
pub struct AttributesBuilder {
    columns: Vec<(Attribute, HashMap<Box<str>, u32>)>,
    bytes: u64,
}

impl AttributesBuilder {
    /// The number of the column of this name, which is new if there is none yet.
    pub fn column(&mut self, name: &str) -> usize {
        let known = self.columns.iter().position(|(column, _)| column.name == name);
        known.unwrap_or_else(|| {
            let column = Attribute { name: name.to_owned(), codes: Vec::new(), words: Vec::new() };
            self.columns.push((column, HashMap::new()));
            self.columns.len() - 1
        })
    }

    /// Columns so far.
    pub fn len(&self) -> usize {
        self.columns.len()
    }

    /// No columns so far.
    pub fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }

    /// Memory that all of it takes so far, bytes.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Says what a column holds for a site; sites come in ascending order.
    pub fn set(&mut self, column: usize, site: usize, value: &str) {
        let (column, known) = &mut self.columns[column];
        self.bytes += ((site + 1).saturating_sub(column.codes.len()) * CODE_BYTES) as u64;
        column.codes.resize(site, 0);
        let code = match known.get(value) {
            Some(code) => *code,
            None => {
                column.words.push(value.into());
                self.bytes += (2 * value.len() + WORD_BYTES) as u64;
                let code = column.words.len() as u32;
                known.insert(value.into(), code);
                code
            }
        };
        column.codes.push(code);
    }

    /// All of it; columns without a value are left out.
    pub fn finish(self) -> Attributes {
        Attributes { columns: self.columns.into_iter().map(|(c, _)| c).filter(|c| !c.words.is_empty()).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_by_site_and_held_once() {
        let mut builder = AttributesBuilder::default();
        let (street, _, age) = (builder.column("Street"), builder.column("empty"), builder.column("street"));
        builder.set(street, 0, "Oak");
        builder.set(street, 2, "Elm");
        builder.set(street, 3, "Oak");
        builder.set(age, 1, "7");
        assert_eq!((builder.column("Street"), builder.len()), (street, 3));
        // Three words, of 7 letters together, twice each; four sites in one column, two in another.
        assert_eq!(builder.bytes(), 3 * 100 + 2 * 7 + (4 + 2) * 4);
        let attributes = builder.finish();
        let street = attributes.column("Street").expect("kept");
        let values: Vec<_> = (0..5).map(|site| street.value(site)).collect();
        assert_eq!(values, [Some("Oak"), None, Some("Elm"), Some("Oak"), None]);
        assert_eq!(street.words().collect::<Vec<_>>(), ["Oak", "Elm"]);
        assert_eq!(attributes.column("empty"), None);
        assert_eq!(attributes.table_names(), ["attr_Street", "attr_street_2"]);
    }
}
