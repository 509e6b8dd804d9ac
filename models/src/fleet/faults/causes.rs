//! A fault that several events can put on the same entity; it is gone when the last of them is over.

use bevy_ecs::component::Mutable;
use bevy_ecs::prelude::*;

/// A component that holds what each event does to its entity.
pub(in crate::fleet) trait Causes<T>: Component<Mutability = Mutable> {
    /// With its first cause.
    fn of(event: u16, what: T) -> Self;
    /// All causes.
    fn causes(&mut self) -> &mut Vec<(u16, T)>;
}

/// A tuple struct around its causes.
macro_rules! causes {
    ($name:ident: $what:ty) => {
        impl $crate::fleet::faults::causes::Causes<$what> for $name {
            fn of(event: u16, what: $what) -> Self {
                $name(vec![(event, what)])
            }
            fn causes(&mut self) -> &mut Vec<(u16, $what)> {
                &mut self.0
            }
        }
    };
}

pub(super) use causes;
