//! How the program is linked: what a short process would otherwise look for and map at each of its starts is in it.
//!
//! * gcc's unwinder, always: a tenth of a millisecond.
//! * The C library, in a release on x86-64 with glibc: a quarter of a millisecond. Its place in memory is still random. Name services,
//!   whose modules only fit the shared library, are asked through `getent` (`src/name_service.rs`).
//!
//! Each only where the compiler has it as an archive and nothing about linking was configured; else the shared library does.
//! `CFN_SHARED_LIBC=1` asks for the shared C library.

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Rust's library starts a process in another folder by this where it finds it, and an archive gives it only to who asks for it.
/// Without it, the child would be made by copying this process, which takes longer the more memory it has.
const SPAWN_IN_A_FOLDER: &str = "posix_spawn_file_actions_addchdir_np";

/// The first glibc whose start-up code in a static program reads packed relocations.
const GLIBC: (u32, u32) = (2, 36);

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    for variable in ["CC", "CFN_SHARED_LIBC"] {
        println!("cargo::rerun-if-env-changed={variable}");
    }
    let native = env::var_os("HOST") == env::var_os("TARGET");
    if !native || !is("CARGO_CFG_TARGET_OS", "linux") || !is("CARGO_CFG_TARGET_ENV", "gnu") {
        return Ok(());
    }
    let Some(unwinder) = archive("libgcc_eh.a") else { return Ok(()) };
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?);
    // In a folder of its own: gcc's has the shared library as well, and what the compiler is told to look through comes first.
    fs::copy(unwinder, out.join("libgcc_eh.a"))?;
    println!("cargo::rustc-link-search=native={}", out.display());
    println!("cargo::rustc-link-lib=static:-bundle=gcc_eh");
    if wants_static() && glibc().is_some_and(|version| version >= GLIBC) {
        link_statically(&out.join("static"))?;
    }
    Ok(())
}

fn is(variable: &str, value: &str) -> bool {
    env::var(variable).is_ok_and(|it| it == value)
}

/// Tests put libraries in front of the C library, so only a release has its own.
fn wants_static() -> bool {
    let set = |variable: &&str| env::var_os(variable).is_some_and(|it| !it.is_empty());
    let configured = ["RUSTC_LINKER", "CARGO_ENCODED_RUSTFLAGS", "CFN_SHARED_LIBC"].iter().any(set);
    is("PROFILE", "release") && is("CARGO_CFG_TARGET_ARCH", "x86_64") && !configured
}

/// rustc names the shared libraries; here those names are scripts that lead the linker to the archives.
fn link_statically(folder: &Path) -> io::Result<()> {
    let (Some(c), Some(math), Some(gcc), Some(_)) =
        (archive("libc.a"), archive("libm.a"), archive("libgcc.a"), archive("rcrt1.o"))
    else {
        return Ok(());
    };
    fs::create_dir_all(folder)?;
    let group = format!("GROUP ( \"{}\" -lgcc_eh \"{}\" )\n", c.display(), gcc.display());
    fs::write(folder.join("libc.so"), group)?;
    fs::write(folder.join("libm.so"), format!("INPUT ( \"{}\" )\n", math.display()))?;
    fs::write(folder.join("libgcc_s.so"), "/* the unwinder is linked already */\n")?;
    let folder = format!("-L{}", folder.display());
    let wanted = format!("-Wl,--undefined={SPAWN_IN_A_FOLDER}");
    for argument in ["-static-pie", &folder, "-Wl,-z,pack-relative-relocs", &wanted] {
        println!("cargo::rustc-link-arg-bin=cfn={argument}");
    }
    Ok(())
}

/// A file that the compiler links with, where it has it.
fn archive(name: &str) -> Option<PathBuf> {
    let compiler = env::var_os("CC").unwrap_or_else(|| "cc".into());
    let found = Command::new(compiler).arg(format!("-print-file-name={name}")).output().ok()?;
    let path = PathBuf::from(String::from_utf8_lossy(&found.stdout).trim());
    Some(path).filter(|it| it.is_absolute() && it.is_file())
}

fn glibc() -> Option<(u32, u32)> {
    let said = Command::new("getconf").arg("GNU_LIBC_VERSION").output().ok()?;
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    let (major, minor) = said.trim().strip_prefix("glibc ")?.split_once('.')?;
    Some((major.parse().ok()?, minor.split('.').next()?.parse().ok()?))
}
