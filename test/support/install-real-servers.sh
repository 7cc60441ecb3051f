#!/bin/sh
# Real servers that accept our tokens, and a load balancer, for the tests of `npm run test:long`: Ceph, RabbitMQ, Apache and
# HAProxy from Debian; and faketime, which sets the clock of a single program. Installs what it may. Where it may not, it says so, and the run lists the tests as not run.
set -u

needed=''
need() { command -v "$1" >/dev/null 2>&1 || [ -e "$1" ] || needed="$needed $2"; }
need radosgw radosgw
need ceph-mon ceph-mon
need ceph-osd ceph-osd
need /usr/lib/rabbitmq/bin/rabbitmq-server rabbitmq-server
need /usr/lib/apache2/modules/mod_oauth2.so libapache2-mod-oauth2
need /usr/lib/apache2/modules/mod_auth_openidc.so libapache2-mod-auth-openidc
need /usr/sbin/apache2 apache2
need /usr/sbin/haproxy haproxy
need faketime faketime
[ -z "$needed" ] && exit 0

without() {
  echo "Tests with real servers do not run: $1. They need the Debian packages$needed." >&2
  exit 0
}
[ "$(id -u)" -eq 0 ] || without 'only root can install packages'
command -v apt-get >/dev/null 2>&1 || without 'there is no apt-get'

# The tests start their own servers; the packages must not start one that nobody asked for.
runlevel_policy=/usr/sbin/policy-rc.d
if [ ! -e "$runlevel_policy" ]; then
  trap 'rm -f "$runlevel_policy"' EXIT
  printf '#!/bin/sh\nexit 101\n' >"$runlevel_policy"
  chmod 755 "$runlevel_policy"
fi
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
# Unquoted: each is a package of its own.
{ apt-get update -q && apt-get install -q -y --no-install-recommends $needed; } >"$log" 2>&1 ||
  { tail -n 5 "$log" >&2; rm -f "$log"; without 'apt-get could not install them'; }
rm -f "$log"
