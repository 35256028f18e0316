#!/bin/sh
# The browser tests need Chromium: installs Debian's where it may, else says how. Never goes without.
for name in chromium chromium-browser google-chrome; do
  command -v "$name" >/dev/null && exit 0
done
if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
  echo "Installing Chromium …"
  apt-get update -qq >/dev/null &&
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null &&
    exit 0
fi
echo "The browser tests need Chromium. On Debian and Ubuntu: sudo apt-get install chromium" >&2
exit 1
