#!/usr/bin/env bash
# Everything that must hold before a change is accepted, in one command: formatting, lints, documentation, dependencies,
# the release build and the tests. Needs a Rust toolchain; on a Debian-like system it installs the rest, if missing.
set -euo pipefail
exec </dev/null # nothing here asks a question; a closed standard input must not become some other file
cd "$(dirname "${BASH_SOURCE[0]}")/.."

cargo_deny_version=0.20.2

# What the checks call, and the package that has it.
tools=(
    cc=build-essential
    sqlite3=sqlite3
    crontab=cron
    systemd-analyze=systemd
    chromium=chromium
    strace=strace
    faketime=faketime
    /usr/bin/time=time
    setpriv=util-linux
    prlimit=util-linux
    script=bsdutils
    '/usr/lib/postgresql/*/bin/postgres=postgresql' # in no PATH
    /usr/sbin/pgbouncer=pgbouncer
    openssl=openssl
    redis-server=redis-server
    promtool=prometheus
    pgrep=procps
    /usr/bin/docker=docker.io # a client of another origin may come first in the PATH
    /usr/bin/busybox=busybox-static
    docker-compose=docker-compose
    podman=podman
    /usr/sbin/runc=runc
    catatonit=catatonit
    python3=python3
    pip3=python3-pip # for the reference tool of the Agent Skills format
)
# More of them, in the same form, for what the caller runs afterwards.
read -ra more <<<"${CFN_ALSO_NEEDED:-}"
tools+=("${more[@]}")

current=''
times=()

fail() {
    echo "tests/all.sh: $1" >&2
    exit 1
}

at_end() {
    local status=$?
    if ((status != 0)) && [[ -n $current ]]; then
        printf '\n==> FAILED: %s (exit %d)\n' "$current" "$status" >&2
    fi
}
trap at_end EXIT

# step HEADLINE COMMAND…: runs the command under its headline and takes its time.
step() {
    current=$1
    local before=$SECONDS
    printf '\n==> %s\n' "$current"
    "${@:2}"
    times+=("$(printf '%5d s  %s' "$((SECONDS - before))" "$current")")
    echo "${times[-1]}"
    current=''
}

as_root() {
    if ((EUID == 0)); then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        fail "installing packages needs root or sudo; run as root: $*"
    fi
}

missing_packages() {
    local tool
    for tool in "${tools[@]}"; do
        compgen -G "${tool%%=*}" >/dev/null || command -v "${tool%%=*}" >/dev/null || echo "${tool#*=}"
    done | sort -u
}

apt() {
    as_root env DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=a \
        apt-get -qq -o Acquire::Retries=3 -o Dpkg::Use-Pty=0 \
        -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "$@"
}

install_packages() {
    local packages
    mapfile -t packages < <(missing_packages)
    if ((${#packages[@]} > 0)); then
        command -v apt-get >/dev/null || fail "missing, and there is no apt-get to install it: ${packages[*]}"
        echo "installing ${packages[*]}"
        apt update || fail "apt-get update failed"
        apt install --yes --no-install-recommends "${packages[@]}" || fail "could not install ${packages[*]}"
        mapfile -t packages < <(missing_packages)
        ((${#packages[@]} == 0)) || fail "still missing after the installation: ${packages[*]}"
    fi
}

install_cargo_tools() {
    command -v cargo >/dev/null || fail "cargo is missing; install a Rust toolchain first"
    cargo fmt --version >/dev/null 2>&1 || rustup component add rustfmt || fail "cargo fmt is missing"
    cargo clippy --version >/dev/null 2>&1 || rustup component add clippy || fail "cargo clippy is missing"
    cargo deny --version >/dev/null 2>&1 ||
        cargo install --locked cargo-deny --version "$cargo_deny_version" ||
        fail "could not install cargo-deny $cargo_deny_version"
}

install_what_is_missing() {
    install_packages
    install_cargo_tools
}

within_16_mib() {
    local size
    size=$(stat -c %s "${CARGO_TARGET_DIR:-target}/release/cfn")
    echo "$size bytes"
    ((size <= 16 * 1024 * 1024)) || fail "the program is larger than 16 MiB"
}

# An ordinary build needs the C library of the system and what comes with it; CFN_STATIC=1 needs nothing.
needs_only_the_c_library() {
    local needs expected
    needs=$(LC_ALL=C readelf --dynamic "${CARGO_TARGET_DIR:-target}/release/cfn" |
        sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p' | sort | paste -sd' ')
    expected='^(ld-linux[-a-z0-9_]*\.so\.[0-9]+ )?(libc\.so\.6)?( ?libgcc_s\.so\.1)?( ?libm\.so\.6)?$'
    [[ ${CFN_STATIC:-} == 1 ]] && expected='^$'
    echo "${needs:-needs no shared library}"
    [[ $needs =~ $expected ]] || fail 'the program needs other shared libraries'
}

step 'what the checks need' install_what_is_missing
step 'formatting' cargo fmt --check
step 'lints' cargo clippy --all-targets --locked -- -D warnings
step 'documentation' env RUSTDOCFLAGS='-D warnings' cargo doc --no-deps --locked
step 'dependencies' cargo deny --locked check bans licenses sources
step 'release build' cargo build --release --locked
step 'size of the program' within_16_mib
step 'libraries of the program' needs_only_the_c_library
step 'example of the README' bash tests/demo.sh
step 'tests' env CFN_RELEASE_BINARY="$(realpath "${CARGO_TARGET_DIR:-target}/release/cfn")" cargo test --locked

printf '\n==> all good\n'
printf '%s\n' "${times[@]}"
