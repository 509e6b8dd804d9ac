//! A fault as a component: several events can put the same one on the same entity, and it is gone when the last of them is
//! over.

use crate::fleet::change::{Change, Found};
use crate::fleet::members::Member;
use crate::spec::Act;
use bevy_ecs::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::Debug;
use std::marker::PhantomData;

/// A kind of fault: what one event does to one entity.
pub(in crate::fleet) trait Fault:
    Clone + Debug + Send + Sync + Serialize + DeserializeOwned + 'static
{
    /// What an act puts on whom it happens to, if it is an act of this fault.
    fn of(act: &Act) -> Option<Self>;

    /// What the rest of the partition is told, with all `causes` in the order of events; none of them: it is over. `None` if
    /// this fault is none of that entity's.
    fn change(member: Member, causes: &[Self]) -> Option<Change>;
}

/// A fault on an entity, by event, in the order in which they came.
#[derive(Component, Clone, Debug)]
pub(in crate::fleet) struct Carried<F: Fault>(pub Vec<(u16, F)>);

/// The fault has been put on it, or taken off, since the systems ran.
#[derive(Component, Debug)]
pub(in crate::fleet) struct Touched<F: Fault>(PhantomData<F>);

impl<F: Fault> Default for Touched<F> {
    fn default() -> Self {
        Touched(PhantomData)
    }
}

/// Entities that a system tells of.
type Asked<F> = (Entity, &'static Member, Option<&'static Carried<F>>);

/// The system of a fault: says what it comes to now at everyone who was touched.
pub(super) fn tell<F: Fault>(
    touched: Query<Asked<F>, With<Touched<F>>>,
    mut found: ResMut<Found>,
    mut commands: Commands,
) {
    for (entity, &member, carried) in &touched {
        commands.entity(entity).remove::<Touched<F>>();
        let mut causes = carried.map(|carried| carried.0.clone()).unwrap_or_default();
        // So that a sum does not depend on which came first.
        causes.sort_by_key(|cause| cause.0);
        let causes: Vec<F> = causes.into_iter().map(|cause| cause.1).collect();
        found.0.extend(F::change(member, &causes));
    }
}
