#!/usr/bin/env bash
# Gets the servers that tests/MLOps.RealServers starts, Azurite, OpenStack Swift and moto, and a client of MLflow's protocol, the
# npm package mlflow, that tests/MLOps.Server.Tests drives. Installs what is missing where it may,
# says in one line each what it could not get, and always succeeds: the tests decide what a missing server means.
set -uo pipefail
cd "$(dirname "$0")/.."
exec </dev/null

log=$(mktemp)
trap 'rm -f "$log"' EXIT

# Only packages without services: apt would start those of swift-proxy and its kind, and the tests need no more than the modules.
install() {
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null &&
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"; } >"$log" 2>&1
}

lacks() {
  local why
  why=$(grep -m 1 -E '^(npm error|npm ERR!|E:)' "$log")
  echo "note: no $1 here: $2${why:+ ($why)}"
  : >"$log"
}

has_swift() { [ -d /usr/lib/python3/dist-packages/swift/proxy ] || command -v swift-proxy-server >/dev/null; }

has_swift || install python3-swift || lacks Swift "install the Debian package python3-swift"

# install_npm NAME VERSION FILE: the package NAME, which is there where it has FILE.
install_npm() {
  local folder=artifacts/servers/$1
  [ -f "$folder/node_modules/$1/$3" ] || [ -f "${MLOPS_SERVERS:-/nonexistent}/$1/$3" ] && return
  { command -v node && command -v npm; } >/dev/null || install nodejs npm || lacks Node.js "install Node.js 20 or later with npm"
  if command -v npm >/dev/null; then
    # Into a folder of its own first: an install that is cut off must not look like one that succeeded.
    mkdir -p "$folder.part" &&
      npm install --prefix "$folder.part" --no-audit --no-fund --no-update-notifier "$1@$2" >"$log" 2>&1 &&
      rm -rf "$folder" && mv "$folder.part" "$folder" ||
      lacks "$1" "npm install --prefix $folder $1@$2"
  else
    lacks "$1" "npm install --prefix $folder $1@$2, once npm is there"
  fi
}

install_npm azurite 3.37.0 dist/src/blob/main.js
install_npm mlflow 2.0.7 lib/mlflow.js

command -v moto_server >/dev/null || lacks moto "pip install 'moto[server]==5.2.1'"
exit 0
