//! What is done on a visit, as tables say it.

use crate::spec::Tasks;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Tasks as text, each set once.
#[derive(Clone, Debug, Default)]
pub struct Words(BTreeMap<u16, Arc<str>>);

impl Words {
    /// The words of tasks, with blanks between them.
    pub fn of(&mut self, tasks: Tasks) -> Arc<str> {
        let words = || {
            let each = Tasks::EACH.iter().zip(Tasks::WORDS).filter(|(task, _)| tasks.has(**task));
            Arc::from(each.map(|(_, word)| word).collect::<Vec<_>>().join(" "))
        };
        self.0.entry(tasks.0).or_insert_with(words).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_are_told_in_their_order() {
        let mut words = Words::default();
        assert_eq!(&*words.of(Tasks::RESTART.with(Tasks::INSPECT)), "inspect restart");
        assert_eq!(&*words.of(Tasks::default()), "");
        assert_eq!(words.of(Tasks::ALL).split(' ').count(), Tasks::EACH.len());
    }
}
