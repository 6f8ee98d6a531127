#!/bin/sh
# Creates a project with the packages of a lockfile and with this library as packed by npm.
#
#     install-project.sh FOLDER-OF-PACKAGE.JSON PROJECT
#
# Repeats only the steps that are out of date. Test files run in parallel, so a lock lets one install at a time.
set -e
packages=$1
project=$2
cd "$(dirname "$0")/../../.."
mkdir -p test-output "$project"
exec 9>test-output/install.lock
flock 9

tarball=$PWD/test-output/silverback.tgz
sh test/support/projects/pack-library.sh

if ! [ "$project/packages.stamp" -nt "$packages/package-lock.json" ]; then
  rm -f "$project/library.stamp"
  cp "$packages/package.json" "$packages/package-lock.json" "$project"
  (cd "$project" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null)
  touch "$project/packages.stamp"
fi

if ! [ "$project/library.stamp" -nt "$tarball" ]; then
  (cd "$project" &&
    npm install "$tarball" --no-package-lock --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null)
  touch "$project/library.stamp"
fi
