#!/bin/sh
# The tests of the shared store speak to a real Redis: Debian's redis-server, started by each test on a free port.
# Does nothing where one is installed; installs it where it may; says what to do where it may not.
set -eu

command -v redis-server >/dev/null 2>&1 && exit 0

if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
  echo 'The tests need redis-server in the PATH: install it (Debian, Ubuntu: sudo apt-get install redis-server; macOS: brew install redis) and run them again.' >&2
  exit 1
fi

# The tests start their own servers; the package must not start one that nobody asked for.
runlevel_policy=/usr/sbin/policy-rc.d
if [ ! -e "$runlevel_policy" ]; then
  trap 'rm -f "$runlevel_policy"' EXIT
  printf '#!/bin/sh\nexit 101\n' >"$runlevel_policy"
  chmod 755 "$runlevel_policy"
fi

log=$(mktemp)
export DEBIAN_FRONTEND=noninteractive
if ! { apt-get update -q && apt-get install -q -y --no-install-recommends redis-server; } >"$log" 2>&1; then
  cat "$log" >&2
  rm -f "$log"
  echo 'redis-server could not be installed by apt-get: see above; install it by hand and run the tests again.' >&2
  exit 1
fi
rm -f "$log"
