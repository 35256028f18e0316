#!/bin/sh
# The browser tests need Chromium, best the one without windows, which takes half the processor time.
# Installs Debian's where it may, else says how. Never goes without.
command -v chromium-headless-shell >/dev/null && exit 0
if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
  echo "Installing Chromium …"
  apt-get update -qq >/dev/null
  for package in chromium-headless-shell chromium; do
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $package >/dev/null &&
      exit 0
  done
fi
for name in chromium chromium-browser google-chrome; do
  command -v "$name" >/dev/null && exit 0
done
echo "The browser tests need Chromium. On Debian and Ubuntu: sudo apt-get install chromium" >&2
exit 1
