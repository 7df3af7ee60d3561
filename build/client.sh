#!/usr/bin/env bash
# Compiles the command line to artifacts/client/fleet: ahead of time, because the start of every command is waited for; one file, no runtime. What is done on the
# host itself, the agent first of all, it leaves to fleet-host beside it.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
needs_dotnet
"$FLEET_REPO/build/install-deps.sh" build
cd "$FLEET_REPO"
dotnet publish src/Client/Client.csproj -c Release -r "$(runtime_identifier)" -p:FleetAheadOfTime=true -p:DebugType=none -p:CppCompilerAndLinker=cc \
  --artifacts-path artifacts/publish-client -o artifacts/client --nologo -v quiet -clp:ErrorsOnly
mv artifacts/client/Fleet.Client artifacts/client/fleet
