//! The `faxproof` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    faxproof::cli::main()
}
