//! An ordinary build takes gcc's unwinder from its archive, where there is one: a short process would look for the shared library
//! at each start, which takes a tenth of a millisecond.
//!
//! `CFN_STATIC=1` at build time puts glibc into the program as well, for images that have none. A static program looks host names up
//! in `/etc/hosts` and by DNS. It is still loaded at a random address.
//!
//! A release has the functions of short commands side by side (`benches/order.ld`), so that a process maps fewer pieces of it.

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=CFN_STATIC");
    let variable = |name: &str| env::var(name).unwrap_or_default();
    let native = variable("HOST") == variable("TARGET") && variable("CARGO_CFG_TARGET_ENV") == "gnu";
    if native && variable("PROFILE") == "release" {
        order_functions();
    }
    if env::var_os("CFN_STATIC").is_none_or(|it| it != "1") {
        return if native { link_unwinder(&PathBuf::from(variable("OUT_DIR")).join("unwinder")) } else { Ok(()) };
    }
    if !native || !["x86_64", "aarch64"].contains(&variable("CARGO_CFG_TARGET_ARCH").as_str()) {
        return Err(io::Error::other("CFN_STATIC=1 builds for this machine only: x86-64 or aarch64 with glibc"));
    }
    link_statically(&PathBuf::from(variable("OUT_DIR")).join("static"))
}

/// Linkers other than GNU's and LLVM's may not know such a script, so that a linker that somebody configured is left alone.
fn order_functions() {
    let flags = env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    if env::var_os("RUSTC_LINKER").is_none() && !flags.contains("linker=") && !flags.contains("-fuse-ld") {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/order.ld");
        println!("cargo::rerun-if-changed={script}");
        println!("cargo::rustc-link-arg-bin=cfn=-T{script}");
    }
}

/// rustc names the shared library; a linker script of that name leads to the archive.
fn link_unwinder(folder: &Path) -> io::Result<()> {
    let Ok(unwinder) = archive("libgcc_eh.a") else { return Ok(()) };
    fs::create_dir_all(folder)?;
    fs::write(folder.join("libgcc_s.so"), format!("INPUT ( \"{unwinder}\" )\n"))?;
    println!("cargo::rustc-link-arg-bin=cfn=-L{}", folder.display());
    Ok(())
}

/// rustc names shared libraries; these linker scripts of the same names lead to the archives.
fn link_statically(folder: &Path) -> io::Result<()> {
    let [c, math, gcc, unwinder] = ["libc.a", "libm.a", "libgcc.a", "libgcc_eh.a"].map(archive);
    let (c, math, gcc, unwinder) = (c?, math?, gcc?, unwinder?);
    fs::create_dir_all(folder)?;
    fs::write(folder.join("libc.so"), format!("GROUP ( \"{unwinder}\" \"{c}\" \"{gcc}\" )\n"))?;
    fs::write(folder.join("libm.so"), format!("INPUT ( \"{math}\" )\n"))?;
    fs::write(folder.join("libgcc_s.so"), format!("GROUP ( \"{unwinder}\" \"{c}\" )\n"))?;
    println!("cargo::rustc-link-arg-bin=cfn=-static-pie");
    println!("cargo::rustc-link-arg-bin=cfn=-L{}", folder.display());
    Ok(())
}

/// The path of a library that comes with the compiler.
fn archive(name: &str) -> io::Result<String> {
    let compiler = env::var_os("CC").unwrap_or_else(|| "cc".into());
    let found = Command::new(compiler).arg(format!("-print-file-name={name}")).output()?;
    let path = String::from_utf8_lossy(&found.stdout).trim().to_owned();
    if Path::new(&path).is_absolute() { Ok(path) } else { Err(io::Error::other(format!("{name} is not installed"))) }
}
