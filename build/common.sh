# shellcheck shell=bash
# Sourced by the scripts beside it: where things are, and how a script speaks.

set -euo pipefail
# Exported to sourcing scripts, which do not all use each of them.
# shellcheck disable=SC2034
FLEET_REPO=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

say() { printf '%s\n' "$*" >&2; }

die() {
  say "error: $*"
  exit 1
}

is_root() { [ "$(id -u)" -eq 0 ]; }

# needs COMMAND REMEDY: says the remedy instead of failing obscurely later.
needs() { command -v "$1" >/dev/null 2>&1 || die "$1 is missing: $2"; }

needs_dotnet() { needs dotnet "install the .NET 10 SDK (https://learn.microsoft.com/dotnet/core/install/linux-debian)"; }

# The identifier of this machine, as .NET names it.
runtime_identifier() {
  case $(uname -m) in
    x86_64) echo linux-x64 ;;
    aarch64) echo linux-arm64 ;;
    *) die "there is no build for $(uname -m): x86_64 and aarch64 are supported" ;;
  esac
}

# first_closed PATH: the first of PATH and its parents that other users cannot search; nothing if all can be.
first_closed() {
  local path mode
  path=$(readlink -f "$1")
  while [ "$path" != / ]; do
    mode=$(stat -c %a "$path")
    if [ $((0$mode & 1)) -eq 0 ]; then
      echo "$path"
      return
    fi
    path=$(dirname "$path")
  done
}

# A runtime in an unusual place is found through DOTNET_ROOT; in one that is closed to others, the agent's user cannot use it at all.
export_dotnet_root() {
  local root closed
  root=$(dirname "$(readlink -f "$(command -v dotnet)")")
  closed=$(first_closed "$root")
  [ -z "$closed" ] || ! is_root || die "the .NET runtime in $root cannot be used by the user fleet, because $closed is closed to others: install .NET in /usr/share/dotnet, or chmod o+x $closed"
  export DOTNET_ROOT=$root
}
