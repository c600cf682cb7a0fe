//! Standard output, in the selected format.

use std::io::{self, IsTerminal as _, Write as _};

use serde::Serialize;
use serde_json::Value;

use crate::arguments::{Format, GlobalArguments};
use crate::exit::Failure;
use crate::json_text::{compact, pretty};
use crate::rows::csv::cell::write_name;
use crate::style::Styles;
use crate::table::Widths;
use crate::visible::visible;

/// The width of the terminal. Some terminals of containers and editors report none; `COLUMNS` is the fallback.
fn screen() -> Option<usize> {
    let reported = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    let of_variable = || std::env::var("COLUMNS").ok()?.trim().parse().ok();
    reported.filter(|width| *width > 0).or_else(of_variable).filter(|width| *width > 0)
}

/// A record, which is printed as JSON or as the cells of a row.
pub(crate) trait Record: Serialize {
    /// The names of the columns; the header of CSV.
    const COLUMNS: &'static [&'static str];
    /// The number of last columns that are truncated before the others on a narrow terminal: values, JSON and names.
    const LOOSE: usize = 1;
    /// The number of last columns that contain JSON text.
    const JSON: usize = 0;

    /// The text of each column: by default, the member of the JSON object with its name.
    fn cells(&self) -> Vec<String> {
        let members = serde_json::to_value(self).unwrap_or_default();
        let text = |name: &&str| match &members[*name] {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        Self::COLUMNS.iter().map(text).collect()
    }

    /// The cells in CSV. JSON is unchanged, and text is safe to open in a spreadsheet.
    fn csv_cells(&self) -> Vec<String> {
        let cells = self.cells();
        let text = cells.len().saturating_sub(Self::JSON);
        // A single hyphen, which stands for a missing value, is not a formula.
        let cell = |(n, cell): (usize, String)| match n < text && !matches!(cell.as_str(), "" | "-") {
            true => write_name(&cell).into_owned(),
            false => cell,
        };
        cells.into_iter().enumerate().map(cell).collect()
    }
}

/// Standard output.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    format: Format,
    styles: Styles,
    /// The width of the terminal, if there is one.
    screen: Option<usize>,
    /// Whether CSV may contain control characters: on a terminal only with `--raw`.
    raw: bool,
}

impl Output {
    pub(crate) fn new(arguments: &GlobalArguments) -> Self {
        let is_terminal = io::stdout().is_terminal();
        let default = if is_terminal { Format::Table } else { Format::Plain };
        Self {
            format: arguments.output.unwrap_or(default),
            styles: Styles::of(&io::stdout(), arguments),
            screen: if is_terminal { screen() } else { None },
            raw: !is_terminal || arguments.raw,
        }
    }

    pub(crate) fn format(&self) -> Format {
        self.format
    }

    pub(crate) fn styles(&self) -> Styles {
        self.styles
    }

    pub(crate) fn is_raw(&self) -> bool {
        self.raw
    }

    /// Whether the format is for programs, so that nothing else may be printed.
    pub(crate) fn is_for_programs(&self) -> bool {
        matches!(self.format, Format::Json | Format::Ndjson | Format::Csv)
    }

    /// Writes one line. The caller escapes text of servers and files with [`visible`].
    pub(crate) fn line(&self, text: &str) -> Result<(), Failure> {
        write(&format!("{text}\n"))
    }

    /// Starts a list, which is written as records arrive.
    pub(crate) fn list<R: Record>(&self) -> List<'_, R> {
        self.list_of(R::COLUMNS.iter().map(|name| (*name).to_owned()).collect())
    }

    /// Like [`list`](Self::list), with other columns than [`Record::COLUMNS`].
    pub(crate) fn list_of<R: Record>(&self, columns: Vec<String>) -> List<'_, R> {
        List { output: self, columns, waiting: Vec::new(), layout: None, count: 0 }
    }

    pub(crate) fn all<R: Record>(&self, records: impl IntoIterator<Item = R>) -> Result<(), Failure> {
        let mut list = self.list();
        records.into_iter().try_for_each(|record| list.push(record))?;
        list.end()
    }

    /// Writes one record: as an object in JSON, otherwise as a list of one.
    pub(crate) fn one<R: Record>(&self, record: R) -> Result<(), Failure> {
        if self.format == Format::Json {
            return self.line(&pretty(&json(&record)?, 0));
        }
        self.all([record])
    }

    /// Writes rows without a header, for people.
    pub(crate) fn table(&self, rows: &[Vec<String>]) -> Result<(), Failure> {
        if self.format == Format::Plain {
            return rows.iter().try_for_each(|row| self.line(&tabbed(row)));
        }
        let widths = Widths::of(rows, self.screen, 1);
        rows.iter().try_for_each(|row| self.line(&widths.row(row, self.screen.is_some())))
    }
}

/// The number of rows that determine the column widths: one page of the server.
const FIRST_ROWS: usize = 100;

/// A list that is being written. [`List::end`] completes it.
pub(crate) struct List<'o, R> {
    output: &'o Output,
    columns: Vec<String>,
    /// Rows of a table whose column widths are not known yet.
    waiting: Vec<R>,
    layout: Option<Layout>,
    count: u64,
}

/// How the records of a table are laid out.
#[derive(Debug)]
enum Layout {
    Rows(Widths),
    /// One line per cell, with its title: the terminal is too narrow for the columns.
    Cards,
}

impl<R> List<'_, R> {
    pub(crate) fn count(&self) -> u64 {
        self.count
    }
}

impl<R: Record> List<'_, R> {
    pub(crate) fn push(&mut self, record: R) -> Result<(), Failure> {
        self.count += 1;
        match self.output.format {
            Format::Json => {
                let before = if self.count == 1 { "[\n  " } else { ",\n  " };
                write(&format!("{before}{}", pretty(&json(&record)?, 1)))
            }
            Format::Ndjson => self.output.line(&compact(&json(&record)?)),
            Format::Csv => {
                if self.count == 1 {
                    self.csv_header()?;
                }
                let mut cells = record.csv_cells();
                if !self.output.raw {
                    cells = cells.iter().map(|cell| visible(cell).into_owned()).collect();
                }
                write(&csv_line(&cells)?)
            }
            Format::Plain => self.output.line(&tabbed(&record.cells())),
            Format::Table => {
                if self.layout.is_some() {
                    return self.table_row(&record.cells());
                }
                self.waiting.push(record);
                if self.waiting.len() >= FIRST_ROWS { self.first_rows() } else { Ok(()) }
            }
        }
    }

    pub(crate) fn end(&mut self) -> Result<(), Failure> {
        match self.output.format {
            Format::Json => write(if self.count == 0 { "[]\n" } else { "\n]\n" })?,
            Format::Csv if self.count == 0 => self.csv_header()?,
            Format::Table if self.layout.is_none() && self.count > 0 => self.first_rows()?,
            _ => {}
        }
        io::stdout().flush().map_err(|e| Failure::of_stdout(&e))
    }

    fn csv_header(&self) -> Result<(), Failure> {
        write(&csv_line(&self.columns)?)
    }

    fn titles(&self) -> Vec<String> {
        let title = |name: &String| match R::COLUMNS.contains(&name.as_str()) {
            true => name.replace('_', " ").to_uppercase(),
            // The names of properties are case-sensitive.
            false => name.clone(),
        };
        self.columns.iter().map(title).collect()
    }

    fn first_rows(&mut self) -> Result<(), Failure> {
        let mut rows = vec![self.titles()];
        rows.extend(self.waiting.drain(..).map(|record| record.cells()));
        let widths = Widths::of(&rows, self.output.screen, R::LOOSE);
        if self.output.screen.is_some_and(|screen| widths.total() > screen) {
            self.layout = Some(Layout::Cards);
        } else {
            let header = rows.first().map(|titles| widths.row(titles, self.output.screen.is_some()));
            self.output.line(&self.output.styles.bold(&header.unwrap_or_default()))?;
            self.layout = Some(Layout::Rows(widths));
        }
        rows.iter().skip(1).try_for_each(|row| self.table_row(row))
    }

    fn table_row(&self, cells: &[String]) -> Result<(), Failure> {
        if let Some(Layout::Rows(widths)) = &self.layout {
            return self.output.line(&widths.row(cells, self.output.screen.is_some()));
        }
        let titled = self.titles().into_iter().zip(cells).filter(|(_, cell)| !cell.is_empty());
        self.output.table(&titled.map(|(title, cell)| vec![title, cell.clone()]).collect::<Vec<_>>())?;
        self.output.line("")
    }
}

/// Cells separated by tabs. Tabs within cells are escaped.
fn tabbed(cells: &[String]) -> String {
    let cells: Vec<_> = cells.iter().map(|cell| visible(cell)).collect();
    cells.join("\t")
}

fn csv_line(cells: &[String]) -> Result<String, Failure> {
    let cannot = |e: &dyn std::fmt::Display| Failure::failed(format!("cannot write CSV: {e}"));
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(cells).map_err(|e| cannot(&e))?;
    let line = writer.into_inner().map_err(|e| cannot(&e))?;
    String::from_utf8(line).map_err(|e| cannot(&e))
}

pub(crate) fn json<T: Serialize + ?Sized>(value: &T) -> Result<String, Failure> {
    serde_json::to_string(value).map_err(|e| Failure::failed(format!("cannot write JSON: {e}")))
}

/// Writes to standard output, which is line-buffered.
fn write(text: &str) -> Result<(), Failure> {
    io::stdout().lock().write_all(text.as_bytes()).map_err(|e| Failure::of_stdout(&e))
}
