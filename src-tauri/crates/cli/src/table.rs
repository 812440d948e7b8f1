//! Aligned columns of text, and ids cut to what tells them apart.

use crate::output::{Look, Output, clean};
use unicode_width::UnicodeWidthStr;

/// The shortest that an id is cut to.
const ID_MIN: usize = 8;

/// One cell: its text and how it looks.
pub struct Cell {
    text: String,
    look: Look,
}

impl Cell {
    /// Text with a look of its own.
    pub fn looking(look: Look, text: &str) -> Self {
        Self { text: clean(text).into_owned(), look }
    }
}

impl<T: AsRef<str>> From<T> for Cell {
    fn from(text: T) -> Self {
        Cell::looking(Look::Plain, text.as_ref())
    }
}

/// A table with a heading for each column.
pub struct Table<const N: usize> {
    rows: Vec<[Cell; N]>,
}

impl<const N: usize> Table<N> {
    /// An empty table.
    pub fn new(headings: [&str; N]) -> Self {
        Self { rows: vec![headings.map(|heading| Cell::looking(Look::Dim, heading))] }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: [Cell; N]) {
        self.rows.push(cells);
    }

    /// The table as lines.
    pub fn shown(&self, out: &Output) -> String {
        let mut widths = [0; N];
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.text.width());
            }
        }
        self.rows.iter().map(|row| line(out, row, &widths)).collect()
    }
}

fn line<const N: usize>(out: &Output, row: &[Cell; N], widths: &[usize; N]) -> String {
    let mut line = String::new();
    let last = row.iter().rposition(|cell| !cell.text.is_empty()).unwrap_or(0);
    for (at, (cell, width)) in row.iter().zip(widths).take(last + 1).enumerate() {
        line.push_str(&out.painted(cell.look, &cell.text));
        if at < last {
            line.push_str(&" ".repeat(width - cell.text.width() + 2));
        }
    }
    line.push('\n');
    line
}

/// Names and values below one another, as a person reads the details of one thing.
pub fn details(out: &Output, rows: &[(&str, String)]) -> String {
    let width = rows.iter().map(|(name, _)| name.width()).max().unwrap_or(0);
    let shown = |(name, value): &(&str, String)| {
        let blanks = " ".repeat(width - name.width() + 2);
        format!("{}{blanks}{}\n", out.painted(Look::Dim, name), clean(value))
    };
    rows.iter().map(shown).collect()
}

/// How much of each of these ids is needed to tell it from the others: at least eight characters.
pub fn id_width<'a>(ids: impl Iterator<Item = &'a str>) -> usize {
    let mut ids: Vec<_> = ids.collect();
    ids.sort_unstable();
    ids.dedup();
    let shared = |a: &str, b: &str| a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    let longest = ids.windows(2).map(|pair| shared(pair[0], pair[1]) + 1).max().unwrap_or(0);
    longest.max(ID_MIN)
}

/// The first `width` characters of an id.
pub fn cut(id: &str, width: usize) -> &str {
    id.get(..width).unwrap_or(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let mut table = Table::new(["NAME", "BRANCH", "NOTE"]);
        table.row(["漢字".into(), "x".into(), "".into()]);
        table.row(["a".into(), "feat/long".into(), "y".into()]);
        let shown = table.shown(&Output::plain());
        assert_eq!(shown, "NAME  BRANCH     NOTE\n漢字  x\na     feat/long  y\n");
    }

    #[test]
    fn a_branch_name_cannot_drive_the_terminal() {
        let mut table = Table::new(["BRANCH"]);
        table.row(["a\x1b[31m".into()]);
        assert!(!table.shown(&Output::plain()).contains('\x1b'));
        assert!(!details(&Output::plain(), &[("branch", "\x1b[31m".into())]).contains('\x1b'));
    }

    #[test]
    fn ids_are_cut_to_what_tells_them_apart() {
        assert_eq!(id_width(["01900000-aaaa"].into_iter()), 8);
        assert_eq!(id_width(["01900000-aaaa", "01900000-aaba", "02"].into_iter()), 12);
        assert_eq!(cut("01900000-aaaa", 8), "01900000");
        assert_eq!(cut("short", 8), "short");
    }
}
