//! The `cfn` program: everything happens in [`cfn::cli::run`].

use std::process::ExitCode;

fn main() -> ExitCode {
    cfn::cli::run()
}
