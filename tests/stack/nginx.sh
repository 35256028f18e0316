#!/bin/sh
# The tests of a deployment need nginx: installs Debian's where it may, else says how.
PATH="$PATH:/usr/sbin"
command -v nginx >/dev/null && exit 0
if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
  echo "Installing nginx …"
  apt-get update -qq >/dev/null &&
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends nginx-light >/dev/null &&
    exit 0
fi
echo "The tests of a deployment need nginx. On Debian and Ubuntu: sudo apt-get install nginx-light" >&2
exit 1
