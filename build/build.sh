#!/usr/bin/env bash
# Publishes the program to bin/: ReadyToRun, because the start of every command is waited for; the framework itself is the machine's.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
needs_dotnet
cd "$FLEET_REPO"

# An artifacts path of its own keeps this build's restore (for one runtime) apart from that of `dotnet build` and `dotnet test`.
dotnet publish src/Host/Host.csproj -c Release -r "$(runtime_identifier)" --self-contained false \
  -p:PublishReadyToRun=true -p:DebugType=embedded --artifacts-path artifacts/publish -o artifacts/bin.new \
  --nologo -v quiet -clp:ErrorsOnly

"$FLEET_REPO/build/root-helper.sh"
cp artifacts/root-helper/fleet-root-helper artifacts/bin.new/fleet-root-helper

# Swapped in whole: a running agent keeps the files it has open, and nobody sees half a program.
rm -rf artifacts/bin.old
[ ! -e bin ] || mv bin artifacts/bin.old
mv artifacts/bin.new bin
chmod -R a+rX bin
rm -rf artifacts/bin.old
say "built $FLEET_REPO/bin/fleet"
