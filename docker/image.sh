#!/bin/sh
# image.sh PROGRAM FOLDER: lays out the root of cfn's image in FOLDER.
set -eu
program=$1 folder=$2
install -D -m 755 "$program" "$folder/bin/cfn"
install -D -m 644 /etc/ssl/certs/ca-certificates.crt "$folder/etc/ssl/certs/ca-certificates.crt"
# Any user may have a database there, and files that agents read.
install -d -m 1777 "$folder/data" "$folder/tmp"
