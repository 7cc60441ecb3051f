#!/bin/sh
# What the tests need beside the npm packages: a real Redis and a real PostgreSQL, started by the tests on free ports; a
# real PKCS#11 token (SoftHSM); a real browser (Chromium) for the customer's page; what the examples in the documents use
# (curl, jq, openssl); and pkcs11js compiled, which `npm ci` does not do, since no package runs a script when it is installed.
# Does nothing where all is there; installs what it may; says what to do where it may not.
set -eu

needed=''
need() { command -v "$1" >/dev/null 2>&1 || needed="$needed $2"; }
need redis-server redis-server
ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || need postgres postgresql
need softhsm2-util softhsm2
need chromium chromium
need curl curl
need jq jq
need openssl openssl
loads_pkcs11js() { node -e 'require("pkcs11js")' >/dev/null 2>&1; }
if ! loads_pkcs11js; then
  need python3 python3
  need make make
  need g++ g++
fi

if [ -n "$needed" ]; then
  if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "The tests need$needed: install that (Debian, Ubuntu: sudo apt-get install$needed; macOS: brew install redis postgresql softhsm chromium curl jq openssl) and run them again." >&2
    exit 1
  fi

  # The tests start their own servers; the package must not start one that nobody asked for.
  runlevel_policy=/usr/sbin/policy-rc.d
  if [ ! -e "$runlevel_policy" ]; then
    trap 'rm -f "$runlevel_policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' >"$runlevel_policy"
    chmod 755 "$runlevel_policy"
  fi

  # Nor create a cluster of databases, which takes time and space.
  if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
    mkdir -p /etc/postgresql-common
    echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
  fi

  log=$(mktemp)
  export DEBIAN_FRONTEND=noninteractive
  # Unquoted: each is a package of its own.
  if ! { apt-get update -q && apt-get install -q -y --no-install-recommends -o Dpkg::Options::=--force-confold $needed; } >"$log" 2>&1; then
    cat "$log" >&2
    rm -f "$log"
    echo "apt-get could not install$needed: see above; install that by hand and run the tests again." >&2
    exit 1
  fi
  rm -f "$log"
fi

if ! loads_pkcs11js; then
  log=$(mktemp)
  if ! { npm rebuild pkcs11js --ignore-scripts=false && loads_pkcs11js; } >"$log" 2>&1; then
    cat "$log" >&2
    rm -f "$log"
    echo 'pkcs11js could not be compiled: see above. The tests of PKCS#11 tokens need it, and node-gyp needs the headers of Node.' >&2
    exit 1
  fi
  rm -f "$log"
fi
