#!/usr/bin/env bash
# Makes bin/: fleet, the command line; fleet-host, which has the agent in it, compiled ReadyToRun over the machine's framework; fleet-root-helper.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
needs_dotnet
cd "$FLEET_REPO"

# An artifacts path of its own keeps this build's restore (for one runtime) apart from that of `dotnet build` and `dotnet test`.
dotnet publish src/Host/Host.csproj -c Release -r "$(runtime_identifier)" --self-contained false \
  -p:PublishReadyToRun=true -p:DebugType=embedded --artifacts-path artifacts/publish -o artifacts/bin.new \
  --nologo -v quiet -clp:ErrorsOnly

# What the reference to the command line's project brings along to be run by itself; its program is the one below.
rm -f artifacts/bin.new/Fleet.Client artifacts/bin.new/Fleet.Client.runtimeconfig.json artifacts/bin.new/Fleet.Client.deps.json

"$FLEET_REPO/build/client.sh"
"$FLEET_REPO/build/root-helper.sh"
cp artifacts/client/fleet artifacts/root-helper/fleet-root-helper artifacts/bin.new/

# Swapped in whole: a running agent keeps the files it has open, and nobody sees half a program.
rm -rf artifacts/bin.old
[ ! -e bin ] || mv bin artifacts/bin.old
mv artifacts/bin.new bin
chmod -R a+rX bin
rm -rf artifacts/bin.old
say "built $FLEET_REPO/bin/fleet and what belongs beside it"
