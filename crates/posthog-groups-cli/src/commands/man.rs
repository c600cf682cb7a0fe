//! `man`: the manual pages.

use std::io::{self, Write as _};
use std::path::Path;

use clap_mangen::Man as Page;

use crate::arguments::Man;
use crate::exit::Failure;
use crate::help;

pub(crate) fn run(arguments: &Man) -> Result<(), Failure> {
    match &arguments.out {
        None => {
            let mut page = Vec::new();
            Page::new(help::command()).render(&mut page).map_err(|e| Failure::of_stdout(&e))?;
            io::stdout().write_all(&page).map_err(|e| Failure::of_stdout(&e))
        }
        Some(folder) => write_pages(folder)
            .map_err(|e| Failure::failed(format!("cannot write to {}: {e}", folder.display()))),
    }
}

fn write_pages(folder: &Path) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    clap_mangen::generate_to(help::command(), folder)
}
