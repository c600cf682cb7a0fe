//! What goes to standard output, in the form that was asked for.

use std::io::{self, IsTerminal as _, Write as _};

use serde::Serialize;

use crate::arguments::{Format, GlobalArguments};
use crate::exit::Failure;
use crate::json_text::{compact, pretty};
use crate::rows::csv::cell::write_name;
use crate::style::Styles;
use crate::table::Widths;
use crate::visible::visible;

/// The width of the terminal. Some, such as those of containers and editors, report none; `COLUMNS` may know it then.
fn screen() -> Option<usize> {
    let told = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    let of_variable = || std::env::var("COLUMNS").ok()?.trim().parse().ok();
    told.filter(|width| *width > 0).or_else(of_variable).filter(|width| *width > 0)
}

/// Something that is shown: as JSON, or as cells of a table.
pub(crate) trait Record: Serialize {
    /// The names of the columns; the header of CSV.
    const COLUMNS: &'static [&'static str];
    /// How many of the last columns are cut before the others where the terminal is narrow: values, JSON and names.
    const LOOSE: usize = 1;
    /// How many of the last columns hold JSON text.
    const JSON: usize = 0;

    /// The text of each column.
    fn cells(&self) -> Vec<String>;

    /// The cells of CSV. JSON stays as it is, and text is safe to open in a spreadsheet.
    fn csv_cells(&self) -> Vec<String> {
        let cells = self.cells();
        let text = cells.len().saturating_sub(Self::JSON);
        let cell = |(n, cell): (usize, String)| match n < text && !cell.is_empty() {
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
    /// The width of the terminal; nothing is cut without one.
    screen: Option<usize>,
    /// Whether control characters may be written as they are, where the format has no escapes for them: not to a terminal,
    /// unless it was asked for.
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

    /// Whether what is written is for programs: then it is one of their formats and nothing else.
    pub(crate) fn is_for_programs(&self) -> bool {
        matches!(self.format, Format::Json | Format::Ndjson | Format::Csv)
    }

    /// Writes one line. What the caller has not written himself has to be [`visible`].
    pub(crate) fn line(&self, text: &str) -> Result<(), Failure> {
        write(&format!("{text}\n"))
    }

    /// Begins a list, which is written while it comes in.
    pub(crate) fn list<R: Record>(&self) -> List<'_, R> {
        self.list_of(R::COLUMNS.iter().map(|name| (*name).to_owned()).collect())
    }

    /// The same for records whose columns are named by the user.
    pub(crate) fn list_of<R: Record>(&self, columns: Vec<String>) -> List<'_, R> {
        List { output: self, columns, waiting: Vec::new(), widths: None, count: 0 }
    }

    /// Shows one thing: the object itself where the format is JSON, otherwise a list of one.
    pub(crate) fn one<R: Record>(&self, record: R) -> Result<(), Failure> {
        if self.format == Format::Json {
            return self.line(&pretty(&json(&record)?, 0));
        }
        let mut list = self.list();
        list.push(record)?;
        list.end()
    }

    /// Rows that are known altogether, for people.
    pub(crate) fn table(&self, rows: &[Vec<String>]) -> Result<(), Failure> {
        if self.format == Format::Plain {
            return rows.iter().try_for_each(|row| self.line(&tabbed(row)));
        }
        let widths = Widths::of(rows, self.screen, 1);
        rows.iter().try_for_each(|row| self.line(&widths.row(row, self.screen.is_some())))
    }
}

/// So many rows decide the widths of the columns of a table: a page of the server.
const FIRST_ROWS: usize = 100;

/// A list that is being written. Without [`List::end`] it is incomplete, and a JSON array then has no end.
pub(crate) struct List<'o, R> {
    output: &'o Output,
    columns: Vec<String>,
    /// Rows of a table whose widths are not decided yet.
    waiting: Vec<R>,
    widths: Option<Widths>,
    count: u64,
}

impl<R> List<'_, R> {
    /// How many rows there were.
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
                if let Some(widths) = &self.widths {
                    return self.output.line(&widths.row(&record.cells(), self.output.screen.is_some()));
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
            Format::Table if self.widths.is_none() && self.count > 0 => self.first_rows()?,
            _ => {}
        }
        io::stdout().flush().map_err(|e| Failure::of_stdout(&e))
    }

    fn csv_header(&self) -> Result<(), Failure> {
        write(&csv_line(&self.columns)?)
    }

    fn first_rows(&mut self) -> Result<(), Failure> {
        let is_ours = |name: &String| R::COLUMNS.contains(&name.as_str());
        let title = |name: &String| match is_ours(name) {
            true => name.replace('_', " ").to_uppercase(),
            // Case counts in the name of a property.
            false => name.clone(),
        };
        let header: Vec<String> = self.columns.iter().map(title).collect();
        let mut rows = vec![header];
        rows.extend(self.waiting.drain(..).map(|record| record.cells()));
        let widths = Widths::of(&rows, self.output.screen, R::LOOSE);
        let cut = self.output.screen.is_some();
        for (n, row) in rows.iter().enumerate() {
            let line = widths.row(row, cut);
            self.output.line(&if n == 0 { self.output.styles.bold(&line) } else { line })?;
        }
        self.widths = Some(widths);
        Ok(())
    }
}

/// Cells separated by tabs. There are none within cells: they are written as `\t`.
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

/// The JSON text of a value.
pub(crate) fn json<T: Serialize + ?Sized>(value: &T) -> Result<String, Failure> {
    serde_json::to_string(value).map_err(|e| Failure::failed(format!("cannot write JSON: {e}")))
}

/// Writes to standard output, whose lines go out as they are complete.
fn write(text: &str) -> Result<(), Failure> {
    io::stdout().lock().write_all(text.as_bytes()).map_err(|e| Failure::of_stdout(&e))
}
