//! What makes the program start fast: libraries that are linked in, and functions that lie together.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=CC");
    let is = |variable: &str, value: &str| env::var(variable).is_ok_and(|it| it == value);
    let native = env::var_os("HOST") == env::var_os("TARGET");
    if !native || !is("CARGO_CFG_TARGET_OS", "linux") || !is("CARGO_CFG_TARGET_ENV", "gnu") {
        return;
    }
    link_unwinder();
    if is("PROFILE", "release") && !has_chosen_linker() {
        keep_together(".cargo/short-commands.ld");
    }
}

/// Links gcc's unwinder into the program: loading it as a shared library takes a tenth of a millisecond of every start. Only where
/// the compiler has it as an archive; elsewhere the shared library does.
fn link_unwinder() {
    let compiler = env::var_os("CC").unwrap_or_else(|| "cc".into());
    let Ok(found) = Command::new(compiler).arg("-print-file-name=libgcc_eh.a").output() else { return };
    let archive = PathBuf::from(String::from_utf8_lossy(&found.stdout).trim());
    if let Some(folder) = archive.parent().filter(|_| archive.is_absolute() && archive.is_file()) {
        println!("cargo::rustc-link-search=native={}", folder.display());
        println!("cargo::rustc-link-lib=static:-bundle=gcc_eh");
    }
}

/// Puts the functions of short commands beside each other. The kernel maps a program in pieces of 64 KiB as they are touched, and
/// unmaps them at its end: scattered over the whole program, these functions touched 72 pieces, together 26.
fn keep_together(script: &str) {
    println!("cargo::rerun-if-changed={script}");
    let root = env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
    println!("cargo::rustc-link-arg-bins=-T{}", Path::new(&root).join(script).display());
}

/// A linker that somebody chose may not know the script's language; the compiler's own one and Rust's do.
fn has_chosen_linker() -> bool {
    println!("cargo::rerun-if-env-changed=RUSTC_LINKER");
    let flags = env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    env::var_os("RUSTC_LINKER").is_some() || flags.contains("link")
}
