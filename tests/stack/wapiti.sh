#!/bin/sh
# The web scan needs wapiti: installs Debian's where it may, else says how.
command -v wapiti >/dev/null && exit 0
if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
  echo "Installing wapiti …"
  apt-get update -qq >/dev/null &&
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends wapiti >/dev/null &&
    exit 0
fi
echo "The web scan needs wapiti. On Debian and Ubuntu: sudo apt-get install wapiti" >&2
exit 1
