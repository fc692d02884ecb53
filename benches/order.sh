#!/bin/bash
# Writes benches/order.ld: the functions that short commands run, so that the linker puts them together. A process maps its program in
# pieces of 64 KiB, each of which costs a page fault where something in it is run; a load has fewer of them so.
#   benches/order.sh      builds a release with names, out of order: valgrind knows only the names of the usual section
# The list is worth renewing when a load has clearly more page faults than before (benches/instructions.sh): functions come, go and
# change their names. A name that no function has any more does no harm.
set -euo pipefail
cd "$(dirname "$0")/.."
target=$PWD/benches/order.ld
printf 'SECTIONS { }\nINSERT BEFORE .text;\n' > "$target"
cargo rustc --locked --release --bin cfn -- -C strip=none
cfn=$(realpath "${CARGO_TARGET_DIR:-target}/release/cfn")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
unset CFN_SKILLS_DB_PATH CFN_REDIS_URL RUST_LOG

# run ARGUMENT…: runs cfn and adds the names of its functions, in the order of their first calls.
run() {
    valgrind --tool=callgrind --demangle=no --callgrind-out-file=calls --log-file=log "$cfn" --db skills.db "$@" > answer.txt
    awk -v program="$cfn" '
        # A name is written out once, (7) name, and then only as (7).
        function name(line, known,    at) {
            sub(/^[a-z]+=/, "", line)
            at = index(line, " ")
            if (at) { known[substr(line, 1, at - 1)] = substr(line, at + 1); line = substr(line, 1, at - 1) }
            return known[line]
        }
        /^c?ob=/ { object = name($0, objects); if (/^ob=/) ours = object == program }
        /^c?fn=/ { called = name($0, functions); sub(/\x27[0-9]+$/, "", called); if (/^fn=/ && ours) print called }
    ' calls >> called.txt
}

mkdir one
printf -- '---\nname: one\ndescription: The one that is loaded.\n---\n\nBody.\n' > one/SKILL.md
"$cfn" --db skills.db init --quiet > answer.txt
"$cfn" --db skills.db deploy 1 first one/SKILL.md domain other > answer.txt
run deploy 2 one one/SKILL.md domain agent
mv called.txt deploy.txt
run load agent
cat deploy.txt >> called.txt
printf 'More.\n' >> one/SKILL.md
run update one 1.0.1 one/SKILL.md
run log one --agent-id a1 --agent-type agent --exit-code 0
run skill show one

# rustc ends a name with a hash, in which are the types that it was made for and the compiler, and names a crate by one; sections have
# these names after ".text.". Another compiler makes other hashes: for it, all functions with the rest of the name follow. What is long
# has types of types in it: its beginning is enough.
grep -E '^[A-Za-z_][A-Za-z0-9_.$]*$' called.txt | awk '!seen[$0]++' > exact.txt
sed -E 's/17h[0-9a-f]{16}E(\.llvm\.[0-9]+)?$/17h*/; s/Cs[0-9A-Za-z]+_/Cs*_/g; s/^(.{100}).+/\1*/' exact.txt \
    | awk '!seen[$0]++' > similar.txt
{
    echo '/* What short commands run, put together by the linker: written by benches/order.sh. */'
    printf 'SECTIONS\n{\n  .text.often :\n  {\n'
    cat exact.txt similar.txt | awk '!seen[$0]++ { printf "    *(.text.%s)\n", $0 }'
    printf '  }\n}\nINSERT BEFORE .text;\n'
} > "$target"
echo "$target: $(grep -c '\*(' "$target") names of $(wc -l < exact.txt) functions"
