#!/bin/sh
# Packs this library as npm does, unless test-output/silverback.tgz is newer than the sources.
set -e
cd "$(dirname "$0")/../../.."
tarball=test-output/silverback.tgz
mkdir -p test-output
exec 8>test-output/pack.lock
flock 8
[ -e "$tarball" ] && [ -z "$(find src package.json -newer "$tarball" -print -quit)" ] && exit
npm pack --silent --pack-destination test-output >/dev/null
mv test-output/silverback-*.tgz "$tarball"
