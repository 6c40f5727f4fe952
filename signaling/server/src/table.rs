//! Tables that schools export: CSV as RFC 4180 has it, and as it is met.
//!
//! Invariant: UTF-8 with or without a byte order mark, `,` or `;` between cells (the heading line
//! tells which), headings in any order and any case. What is wrong is told by line and column, the
//! first one in the file.
//! Left out on purpose: what a cell means, and other encodings: a guess would spoil names.

use std::fmt;

use csv::{ReaderBuilder, StringRecord, Trim};

/// Lines of one file.
const MAX_LINES: usize = 20_000;

/// A column that is looked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    /// Headings that mean it, in small letters, the usual one first.
    pub(crate) headings: &'static [&'static str],
    /// A file without it is refused.
    pub(crate) required: bool,
}

/// A line with the cells of the columns that were asked for, in their order.
#[derive(Clone)]
pub(crate) struct Line<const N: usize> {
    number: u64,
    cells: [String; N],
    headings: [String; N],
}

impl<const N: usize> Line<N> {
    /// Whether the file has the column.
    pub(crate) fn has(&self, column: usize) -> bool {
        self.headings.get(column).is_some_and(|heading| !heading.is_empty())
    }

    /// The cell of a column; `None` if it is empty or the file lacks the column.
    pub(crate) fn cell(&self, column: usize) -> Option<&str> {
        self.cells.get(column).map(String::as_str).filter(|cell| !cell.is_empty())
    }

    /// The cell of a column, read by `parse`; `None` if there is none.
    pub(crate) fn read<T>(
        &self,
        column: usize,
        expected: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, TableError> {
        let Some(cell) = self.cell(column) else { return Ok(None) };
        parse(cell).map(Some).ok_or_else(|| self.wrong(column, expected))
    }

    /// As [`Self::read`], but the cell must not be empty.
    pub(crate) fn must<T>(
        &self,
        column: usize,
        expected: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, TableError> {
        self.read(column, expected, parse)?.ok_or_else(|| self.wrong(column, expected))
    }

    /// Says that the cell of a column is not as it should be.
    pub(crate) fn wrong(&self, column: usize, expected: &'static str) -> TableError {
        let column = self.headings.get(column).cloned().unwrap_or_default();
        TableError::Cell { line: self.number, column, expected }
    }
}

/// Why a file was not read. What stands in it is not repeated, since it may be about people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TableError {
    /// A line holds bytes that are no UTF-8.
    Encoding {
        /// Counted from 1.
        line: u64,
    },
    /// A column is missing; the text names its headings.
    Missing(String),
    /// Two columns mean the same.
    Twice(String),
    /// A line has more or fewer cells than the heading line.
    Cells {
        /// Counted from 1.
        line: u64,
        /// How many it has.
        found: usize,
        /// How many headings there are.
        expected: usize,
    },
    /// A cell is not as it should be.
    Cell {
        /// Counted from 1.
        line: u64,
        /// Its heading.
        column: String,
        /// What is wrong, or what was expected.
        expected: &'static str,
    },
    /// There is no line below the headings.
    Empty,
    /// There are more lines than a school has people.
    TooLong,
}

impl std::error::Error for TableError {}

impl fmt::Display for TableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Encoding { line } => {
                write!(f, "line {line}: not UTF-8; export the file as \"CSV UTF-8\"")
            }
            Self::Missing(headings) => write!(f, "line 1: there is no column {headings}"),
            Self::Twice(column) => write!(f, "line 1, column {column}: another means the same"),
            Self::Cells { line, found, expected } => {
                write!(f, "line {line}: {found} cells, but {expected} headings")
            }
            Self::Cell { line, column, expected } => {
                write!(f, "line {line}, column {column}: {expected}")
            }
            Self::Empty => f.write_str("there is nobody in the file"),
            Self::TooLong => write!(f, "the file has more than {MAX_LINES} lines"),
        }
    }
}

/// Reads all lines that are not empty.
pub(crate) fn read<const N: usize>(
    file: &[u8],
    columns: [Column; N],
) -> Result<Vec<Line<N>>, TableError> {
    let text = std::str::from_utf8(file).map_err(|error| {
        let before = file.get(..error.valid_up_to()).unwrap_or_default();
        TableError::Encoding {
            line: 1 + before.iter().filter(|byte| **byte == b'\n').count() as u64,
        }
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let heading = text.lines().next().unwrap_or_default();
    let mut reader = ReaderBuilder::new()
        .delimiter(if heading.contains(';') { b';' } else { b',' })
        .has_headers(false)
        .flexible(true)
        .trim(Trim::All)
        .from_reader(text.as_bytes());
    // The text is UTF-8 and lines may differ in length, so nothing is left that can fail.
    let mut records = reader.records().map_while(Result::ok);
    let headings = records.next().unwrap_or_default();
    let places = find(&headings, columns)?;
    let named = std::array::from_fn(|at| {
        places[at].and_then(|place| headings.get(place)).unwrap_or_default().to_owned()
    });
    let mut lines = Vec::new();
    for record in records.filter(|record| record.iter().any(|cell| !cell.is_empty())) {
        let number = line_of(text, &record);
        if record.len() != headings.len() {
            let (found, expected) = (record.len(), headings.len());
            return Err(TableError::Cells { line: number, found, expected });
        }
        if lines.len() == MAX_LINES {
            return Err(TableError::TooLong);
        }
        let cells =
            places.map(|place| place.and_then(|at| record.get(at)).unwrap_or_default().into());
        lines.push(Line { number, cells, headings: Clone::clone(&named) });
    }
    if lines.is_empty() { Err(TableError::Empty) } else { Ok(lines) }
}

/// Where the columns are.
fn find<const N: usize>(
    headings: &StringRecord,
    columns: [Column; N],
) -> Result<[Option<usize>; N], TableError> {
    let mut places = [None; N];
    for (column, place) in columns.iter().zip(&mut places) {
        let means = |heading: &str| column.headings.contains(&heading.to_lowercase().as_str());
        let mut found = headings.iter().enumerate().filter(|(_, heading)| means(heading));
        *place = found.next().map(|(at, _)| at);
        if let Some((_, again)) = found.next() {
            return Err(TableError::Twice(again.to_owned()));
        }
        if place.is_none() && column.required {
            return Err(TableError::Missing(column.headings.join(" or ")));
        }
    }
    Ok(places)
}

/// The line on which a record begins. The reader counts from where it looked on, which may be an
/// empty line before.
fn line_of(text: &str, record: &StringRecord) -> u64 {
    let Some(position) = record.position() else { return 0 };
    let from = usize::try_from(position.byte()).unwrap_or(usize::MAX);
    let skipped = text.as_bytes().get(from..).unwrap_or_default();
    let empty = skipped.iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
    position.line() + empty.filter(|byte| **byte == b'\n').count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Column; 2] = [
        Column { headings: &["kennung", "id"], required: true },
        Column { headings: &["rolle", "role"], required: false },
    ];

    /// A line's number and its cells.
    type Cells = (u64, [&'static str; 2]);

    fn cells(file: &[u8]) -> Result<Vec<(u64, [String; 2])>, TableError> {
        let lines = read(file, COLUMNS)?;
        Ok(lines.into_iter().map(|line| (line.number, line.cells)).collect())
    }

    #[test]
    fn files_as_schools_export_them() {
        let rows: [(&str, &[Cells]); 8] = [
            ("id,role\na,x\nb,y\n", &[(2, ["a", "x"]), (3, ["b", "y"])]),
            ("\u{feff}Kennung;Rolle\r\na;x\r\n", &[(2, ["a", "x"])]),
            ("Rolle ; extra; KENNUNG\nx;1;a", &[(2, ["a", "x"])]),
            ("id\na\n", &[(2, ["a", ""])]),
            ("id,role\n\"a, \"\"b\"\"\",x\n", &[(2, ["a, \"b\"", "x"])]),
            ("id,role\n\n\n a , x \n,\nb,y\n", &[(4, ["a", "x"]), (6, ["b", "y"])]),
            ("id,role\n\"two\nlines\",x\nb,y\n", &[(2, ["two\nlines", "x"]), (4, ["b", "y"])]),
            ("id,role\r\n\r\na,x\r\nb,\r\n", &[(3, ["a", "x"]), (4, ["b", ""])]),
        ];
        for (file, expected) in rows {
            let expected: Vec<_> =
                expected.iter().map(|(line, cells)| (*line, cells.map(str::to_owned))).collect();
            assert_eq!(cells(file.as_bytes()), Ok(expected), "{file:?}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_by_its_place() {
        let long = format!("id\n{}", "a\n".repeat(MAX_LINES + 1));
        let rows: [(&[u8], &str); 8] = [
            (b"", "line 1: there is no column kennung or id"),
            (b"name;role\na;b\n", "line 1: there is no column kennung or id"),
            (b"id;Kennung\na;b\n", "line 1, column Kennung: another means the same"),
            (b"id,role\na,b\nc\n", "line 3: 1 cells, but 2 headings"),
            (b"id,role\na,b,c\n", "line 2: 3 cells, but 2 headings"),
            (b"id\na\nJ\xfcrgen\n", "line 3: not UTF-8; export the file as \"CSV UTF-8\""),
            (b"id\n\n", "there is nobody in the file"),
            (long.as_bytes(), "the file has more than 20000 lines"),
        ];
        for (file, expected) in rows {
            let said = cells(file).map_err(|error| error.to_string());
            assert_eq!(said, Err(expected.to_owned()));
        }
    }

    #[test]
    fn a_cell_is_named_by_its_own_heading() {
        let lines = read(b"ID;Role\na;\nb;x\n", COLUMNS).unwrap();
        assert_eq!(lines[0].read(1, "a digit", |cell| cell.parse::<u8>().ok()), Ok(None));
        for line in [1, 0] {
            let wrong = lines[line].must(1, "a digit", |cell| cell.parse::<u8>().ok());
            let expected = format!("line {}, column Role: a digit", line + 2);
            assert_eq!(wrong.unwrap_err().to_string(), expected);
        }
    }
}
