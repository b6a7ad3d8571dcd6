//! How a mistake is told: where, what, and what to try.

use std::fmt;

/// One mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The file, variable or flag.
    pub file: String,
    /// Line, from 1; 0 when there are no lines.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What it is a mistake of: ``source `el-faro` ``; may be empty.
    pub thing: String,
    /// What is wrong, and what to try.
    pub what: String,
}

impl Mistake {
    /// A mistake of a whole file.
    pub(super) fn of_file(file: &str, what: &str) -> Self {
        Self { file: file.to_owned(), line: 0, column: 0, thing: String::new(), what: what.to_owned() }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if self.line > 0 {
            write!(f, ":{}:{}", self.line, self.column)?;
        }
        if !self.thing.is_empty() {
            write!(f, ": {}", self.thing)?;
        }
        write!(f, ": {}", self.what)
    }
}

/// All mistakes of a configuration, in order of place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistakes(pub Vec<Mistake>);

impl std::error::Error for Mistakes {}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "the configuration has mistakes")?;
        for mistake in &self.0 {
            writeln!(f, "{mistake}")?;
        }
        let count = self.0.len();
        write!(f, "{count} mistake{}; nothing was started", if count == 1 { "" } else { "s" })
    }
}
