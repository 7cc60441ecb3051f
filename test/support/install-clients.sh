#!/bin/sh
# Unmodified clients of services, for the tests of `npm run test:long`: installs them into the cache folder, without scripts.
# Where it cannot, it says so, and the run lists the tests as not run.
set -u

source=test/support/clients
folder=node_modules/.cache/sojourn-test-clients
cmp -s "$source/package-lock.json" "$folder/package-lock.json" && exit 0

rm -rf "$folder"
mkdir -p "$folder"
log=$(mktemp)
cp "$source/package.json" "$folder"
if cp "$source/package-lock.json" "$folder" && (cd "$folder" && npm ci --ignore-scripts --omit=optional --no-audit --no-fund) >"$log" 2>&1; then
  rm -f "$log"
  exit 0
fi
tail -n 5 "$log" >&2
rm -rf "$folder" "$log"
echo 'Tests with clients of services do not run: npm could not install the packages of test/support/clients.' >&2
