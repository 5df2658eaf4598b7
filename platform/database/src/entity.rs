//! What all entities say alike.

/// What SeaORM asks of an entity beside its model: relations, of which there are none because rows are joined by hand where
/// it matters, and what happens beside its writes, which is nothing.
#[macro_export]
macro_rules! unrelated {
    () => {
        /// None: rows are joined by hand where it matters.
        #[derive(Clone, Copy, Debug, $crate::orm::EnumIter, $crate::orm::DeriveRelation)]
        pub enum Relation {}

        impl $crate::orm::ActiveModelBehavior for ActiveModel {}
    };
}
