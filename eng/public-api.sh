#!/usr/bin/env bash
# Writes src/*/PublicAPI.Unshipped.txt: what each package makes public beyond its PublicAPI.Shipped.txt.
# The compiler knows: with an empty baseline it reports each public symbol as RS0016.
set -euo pipefail
cd "$(dirname "$0")/.."

log=$(mktemp)
trap 'rm -f "$log"' EXIT
for package in src/*/; do printf '#nullable enable\n' >"${package}PublicAPI.Unshipped.txt"; done
# One build is enough because RS0016 does not fail it; every other error does.
for project in src/*/*.csproj; do
  DOTNET_CLI_UI_LANGUAGE=en dotnet build "$project" -c Release --no-incremental --disable-build-servers -v quiet \
    -p:PublicApiInMotion=false '-p:WarningsNotAsErrors=RS0016%3BRS0017' >>"$log" || { grep -E 'error' "$log" >&2; exit 1; }
done

for project in src/*/*.csproj; do
  api=$(dirname "$project")/PublicAPI.Unshipped.txt
  { printf '#nullable enable\n'
    sed -n "\#/$(basename "$project")\]#s/.*RS0016: Symbol '\(.*\)' is not part of the declared public API.*/\1/p" "$log" | LC_ALL=C sort -u
  } >"$api.new"
  mv "$api.new" "$api"
  echo "$api: $(($(wc -l <"$api") - 1)) lines"
done
