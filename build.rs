//! Links gcc's unwinder into the program: loading it as a shared library takes a tenth of a millisecond of every start.

use std::env;
use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=CC");
    let is = |variable: &str, value: &str| env::var(variable).is_ok_and(|it| it == value);
    let native = env::var_os("HOST") == env::var_os("TARGET");
    if !native || !is("CARGO_CFG_TARGET_OS", "linux") || !is("CARGO_CFG_TARGET_ENV", "gnu") {
        return;
    }
    // Only where the compiler has it as an archive; elsewhere the shared library does.
    let compiler = env::var_os("CC").unwrap_or_else(|| "cc".into());
    let Ok(found) = Command::new(compiler).arg("-print-file-name=libgcc_eh.a").output() else { return };
    let archive = String::from_utf8_lossy(&found.stdout);
    let archive = Path::new(archive.trim());
    if let Some(folder) = archive.parent().filter(|_| archive.is_absolute() && archive.is_file()) {
        println!("cargo::rustc-link-search=native={}", folder.display());
        println!("cargo::rustc-link-lib=static:-bundle=gcc_eh");
    }
}
