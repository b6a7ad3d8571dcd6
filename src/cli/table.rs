//! Plain tables for people: columns as wide as they need to be, two spaces between.

use std::io::{self, IsTerminal, Write};

/// Whether what is printed may be in colour: on a terminal, unless `NO_COLOR` is set.
pub fn paints() -> bool {
    io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Prints rows under their headings; numbers are set to the right.
pub fn print(out: &mut impl Write, headings: &[&str], rows: &[Vec<String>]) -> io::Result<()> {
    painted(out, headings, rows, |_, _| "")
}

/// Prints the same with colours: `colour` gives the sequence that begins one, for a row and a column.
pub fn painted(
    out: &mut impl Write,
    headings: &[&str],
    rows: &[Vec<String>],
    colour: impl Fn(usize, usize) -> &'static str,
) -> io::Result<()> {
    let widths: Vec<usize> = headings
        .iter()
        .enumerate()
        .map(|(column, heading)| rows.iter().map(|row| row[column].chars().count()).chain([heading.chars().count()]).max().unwrap_or(0))
        .collect();
    let is_number = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit() || c == '.');
    let is_to_right = |column: usize| !rows.is_empty() && rows.iter().all(|row| is_number(&row[column]));
    let to_right: Vec<bool> = (0..headings.len()).map(is_to_right).collect();
    let headings: Vec<String> = headings.iter().map(|heading| (*heading).to_owned()).collect();
    for (line_number, row) in std::iter::once(&headings).chain(rows).enumerate() {
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate() {
            let pad = " ".repeat(widths[column].saturating_sub(cell.chars().count()));
            let colour = line_number.checked_sub(1).map_or("", |row| colour(row, column));
            let cell = if colour.is_empty() { cell.clone() } else { format!("{colour}{cell}\x1b[0m") };
            line.push_str(&if to_right[column] { format!("{pad}{cell}  ") } else { format!("{cell}{pad}  ") });
        }
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    #[test]
    fn columns_line_up() {
        let rows = vec![vec!["iom".to_owned(), "12".to_owned()], vec!["unicef-lac".to_owned(), "3".to_owned()]];
        let mut out = Vec::new();
        super::print(&mut out, &["source", "items"], &rows).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "source      items\niom            12\nunicef-lac      3\n");
    }
}
