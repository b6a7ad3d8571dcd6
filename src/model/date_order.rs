//! How a date of three numbers is meant: nobody can tell from `03/04/2020` alone.

/// Which of the first two numbers of `03/04/2020` is the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DateOrder {
    /// Day, month, year: most of the world.
    #[default]
    DayFirst,
    /// Month, day, year: the United States, and sites built there.
    MonthFirst,
}
