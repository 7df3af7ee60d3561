#!/usr/bin/env bash
# The agent of one host in the foreground. As root it prepares the host and becomes the user fleet; otherwise the host must be prepared already.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
needs_dotnet
"$FLEET_REPO/build/install-deps.sh"
export_dotnet_root
program=$("$FLEET_REPO/build/stage.sh")
if [ "$program" != "$FLEET_REPO/bin" ]; then
  trap 'rm -rf "$program"' EXIT
fi

# Not below the checkout when that is closed to others: the sandboxes' users must reach the folder too.
dir=${DIR:-}
if [ -z "$dir" ]; then
  dir=$FLEET_REPO/.fleet
  [ -z "$(first_closed "$FLEET_REPO")" ] || dir=/var/lib/fleet
fi
say "state in $dir; another terminal: export FLEET_ADDRESS=unix:$dir/api.sock"
# Ctrl-C goes to the agent, which ends by itself; the trap then still removes the copy.
trap : INT
"$program/fleet" up --dir "$dir"
