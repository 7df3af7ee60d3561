#!/usr/bin/env bash
# Prints the folder from which every user of the machine can run the program: bin/ itself, or, where a parent of it is closed to others
# (a checkout in a home folder), a copy below /tmp that the caller removes. The agent's user must be able to read what it runs.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
bin=$FLEET_REPO/bin
[ -x "$bin/fleet" ] || die "there is no $bin/fleet: run make build"
closed=$(first_closed "$bin")
if [ -z "$closed" ]; then
  echo "$bin"
  exit 0
fi

# A name that nobody could have made before, because root will run what is in it.
copy=$(mktemp -d /tmp/fleet-program.XXXXXXXX)
cp -R "$bin/." "$copy"
chmod -R a+rX "$copy"
say "$closed is closed to other users: the program runs from its copy in $copy"
echo "$copy"
