#!/usr/bin/env bash
# Runs every test project. The last line is "N passed, N failed"; the exit code is 0 only if nothing failed and every project answered.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
needs_dotnet
cd "$FLEET_REPO"
# A hung test must not hang the run: the time for everything, in seconds (CI allows 45 minutes).
deadline=$((SECONDS + ${FLEET_TEST_SECONDS:-2400}))
results=$FLEET_REPO/artifacts/test-results
rm -rf "$results"
mkdir -p "$results"
passed=0 failed=0 skipped=0

# add_counters TRX: adds the numbers that the project wrote down itself; they are there even if its tests failed.
add_counters() {
  local counters
  counters=$(grep -o '<Counters [^>]*>' "$1")
  passed=$((passed + $(number passed "$counters")))
  failed=$((failed + $(number failed "$counters") + $(number error "$counters") + $(number timeout "$counters") + $(number aborted "$counters")))
  skipped=$((skipped + $(number total "$counters") - $(number executed "$counters")))
}

number() { sed -n "s/.* $1=\"\([0-9]*\)\".*/\1/p" <<<"$2"; }

run_project() {
  local project=$1 name trx code=0
  name=$(basename "$project" .csproj)
  trx=$results/$name.trx
  say "== $name"
  timeout --kill-after=30 $((deadline > SECONDS ? deadline - SECONDS : 1)) \
    dotnet test "$project" --no-build --nologo --logger "trx;LogFileName=$trx" --logger "console;verbosity=minimal" </dev/null >&2 || code=$?
  local before=$((passed + failed)) failed_before=$failed
  if [ -s "$trx" ] && grep -q '<Counters ' "$trx"; then
    add_counters "$trx"
  fi
  # Did not build, crashed, hung, or found no test: that is a failure too, though no test says so.
  if [ $((passed + failed)) -eq "$before" ] || { [ "$code" -ne 0 ] && [ "$failed" -eq "$failed_before" ]; }; then
    say "$name ended with $code and without a failed test that tells why: counted as 1 failed"
    failed=$((failed + 1))
  fi
}

"$FLEET_REPO/build/install-deps.sh" test
"$FLEET_REPO/build/client.sh" </dev/null >&2 || say "the command line was not built; its tests count as failed"
"$FLEET_REPO/build/root-helper.sh" </dev/null >&2 || say "the root helper was not built; its tests count as failed"
# nodeReuse off: no build server stays behind to hold the output open.
dotnet build Fleet.slnx --nologo -v quiet -clp:ErrorsOnly -nodeReuse:false </dev/null >&2 || say "the build failed; projects without output count as failed"
while IFS= read -r project; do
  run_project "$project"
done < <(grep -l '<IsTestProject>true' tests/*/*.csproj)

# list OUTCOME: the tests of all projects that ended so, each with the first line of what it says. Last, for whoever reads the end of a long output alone.
list() {
  awk -v outcome="outcome=\"$1\"" '/<UnitTestResult / { shown = index($0, outcome); if (shown && match($0, /testName="[^"]*"/)) print "  " substr($0, RSTART + 10, RLENGTH - 11) }
    shown && /<Message>/ { sub(/.*<Message>/, "    "); sub(/<\/Message>.*/, ""); print }' "$results"/*.trx >&2
}

if [ "$skipped" -gt 0 ]; then
  say "$skipped skipped:"
  list NotExecuted
fi
if [ "$failed" -gt 0 ]; then
  say "$failed failed:"
  list Failed
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
