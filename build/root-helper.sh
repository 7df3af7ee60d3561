#!/usr/bin/env bash
# Compiles the root helper to artifacts/root-helper/fleet-root-helper: ahead of time, because it starts anew for each request; one file, no runtime.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
needs_dotnet
"$FLEET_REPO/build/install-deps.sh" build
cd "$FLEET_REPO"
dotnet publish src/RootHelper/RootHelper.csproj -c Release -r "$(runtime_identifier)" -p:DebugType=none -p:CppCompilerAndLinker=cc \
  --artifacts-path artifacts/publish -o artifacts/root-helper --nologo -v quiet -clp:ErrorsOnly
