//! What a command prints. `println!` panics where nobody reads, and `… | head` is no accident.

use std::fmt::Arguments;
use std::io::{self, Write as _};
use std::process;

/// Prints a line.
macro_rules! say {
    ($($part:tt)*) => {
        $crate::cli::out::print(format_args!("{}\n", format_args!($($part)*)))
    };
}
pub(super) use say;

/// Prints as it is. Ends the program where that can't be done: what a command does, it has done before it speaks of it.
pub fn print(text: Arguments<'_>) {
    let mut out = io::stdout().lock();
    if let Err(error) = out.write_fmt(text).and_then(|()| out.flush()) {
        give_up(&error);
    }
}

/// Prints rows in columns, each as wide as its widest cell. The first row is the header.
pub fn table<const COLUMNS: usize>(rows: &[[String; COLUMNS]]) {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: [usize; COLUMNS] = std::array::from_fn(width);
    for row in rows {
        let cells: Vec<String> =
            row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        say!("{}", cells.join("  ").trim_end());
    }
}

/// Whoever reads may stop reading, which is no failure. Anything else is.
pub fn give_up(error: &io::Error) -> ! {
    if error.kind() == io::ErrorKind::BrokenPipe {
        process::exit(0);
    }
    // There may be nowhere left to say it.
    let _ = writeln!(io::stderr(), "doorward: the output could not be written: {error}");
    process::exit(1);
}
