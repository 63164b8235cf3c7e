//! The `newsstage` program: see `newsstage --help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    newsstage::cli::main()
}
