#!/usr/bin/env bash
# Builds and runs every test. --full runs the counts that the issues list instead of the short ones.
set -euo pipefail
cd "$(dirname "$0")"
exec </dev/null

case "${1-}" in
  '') ;;
  --full) export MLOPS_TEST_LENGTH=full ;;
  *) echo "usage: ./test.sh [--full]" >&2; exit 2 ;;
esac

# No build server may outlive this script.
export MSBUILDDISABLENODEREUSE=1 UseSharedCompilation=false DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

# The native AOT program links with the machine's C compiler and zlib.
missing=()
command -v clang >/dev/null || command -v gcc >/dev/null || missing+=(gcc libc6-dev)
[ -e /usr/include/zlib.h ] || missing+=(zlib1g-dev)
if [ ${#missing[@]} -gt 0 ]; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${missing[@]}" >/dev/null
  else
    echo "note: native AOT programs cannot be published here; install ${missing[*]}"
  fi
fi

# Azurite and Swift for the tests of artifact stores; a test whose server can't be had says so, and fails with CI=true.
eng/servers.sh

results=artifacts/test-results
rm -rf "$results"
mkdir -p "$results"

dotnet build MLOps.Sdk.sln -c Release -v quiet
status=0
dotnet test --solution MLOps.Sdk.sln -c Release --no-build --results-directory "$PWD/$results" --report-trx || status=$?
if [ -f artifacts/public-types.txt ]; then cat artifacts/public-types.txt; fi
if [ "${MLOPS_TEST_LENGTH:-}" = full ] && [ "$status" = 0 ]; then
  artifacts/bin/MLOps.Benchmarks/release/MLOps.Benchmarks crash --trials 500
  scratch=$(mktemp -d)
  for _ in 1 2 3 4 5 6 7 8 9 10; do (cd "$scratch" && "$OLDPWD/artifacts/bin/Unkillable/release/Unkillable"); done
  rm -rf "$scratch"
fi
echo "tests took ${SECONDS} s (length: ${MLOPS_TEST_LENGTH:-short})"
exit "$status"
