#!/usr/bin/env bash
# The measures of docs/benchmarks.md, printed as ratios taken in one run. As root, on a machine that does nothing else.
# COUNT (500) processes, TIMES (20) repetitions: smaller numbers for a first look. ONLY=root: what is about root alone.
# shellcheck source=../build/common.sh
. "$(dirname "$0")/../build/common.sh"
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=root.sh
. "$(dirname "$0")/root.sh"

count=${COUNT:-500} times=${TIMES:-20}
work='' program='' agent=''

as_fleet() { setpriv --reuid fleet --regid fleet --init-groups env DIR="$work" "$@"; }

prepare() {
  is_root || die "the benches prepare the host and start programs as the user fleet: run as root"
  needs_dotnet
  export_dotnet_root
  "$FLEET_REPO/build/install-deps.sh" bench
  program=$("$FLEET_REPO/build/stage.sh")
  work=$(mktemp -d /tmp/fleet-bench.XXXXXXXX)
  chmod 755 "$work"
  prepare_root
  "$program/fleet" host init "${root_options[@]}" >/dev/null
  write_policy
  chown fleet "$work"
  install -D -m 755 "$FLEET_REPO/bench/bare.sh" "$work/bare.sh"
  dotnet publish "$FLEET_REPO/bench/Empty/Empty.csproj" -c Release -r "$(runtime_identifier)" --self-contained false \
    -p:PublishReadyToRun=true --artifacts-path "$FLEET_REPO/artifacts/publish-bench" -o "$work/empty" --nologo -v quiet >&2
  dotnet publish "$FLEET_REPO/bench/Journal/Journal.csproj" -c Release -o "$work/journal" --nologo -v quiet >&2
  dotnet publish "$FLEET_REPO/bench/RootTask/RootTask.csproj" -c Release -o "$work/root-task" --nologo -v quiet >&2
  export FLEET_ADDRESS=unix:$work/fleet/api.sock
}

start_agent() {
  "$program/fleet" up --dir "$work/fleet" "${root_options[@]}" >>"$work/agent.log" 2>&1 </dev/null &
  agent=$!
  until "$program/fleet" job list >/dev/null 2>&1; do
    [ -e "/proc/$agent" ] || die "the agent ended: $(tail -n 5 "$work/agent.log")"
    sleep 0.1
  done
}

clean_up() {
  trap - EXIT
  [ -z "$agent" ] || "$program/fleet" up --down --dir "$work/fleet" "${root_options[@]}" >/dev/null 2>&1 || true
  [ -z "$agent" ] || kill -9 "$agent" 2>/dev/null || true
  [ -z "$work" ] || rm -rf "$work"
  remove_root
  case $program in /tmp/fleet-program.*) rm -rf "$program" ;; esac
}

program_start() {
  local fleet empty
  read -r fleet empty < <(compare "$times" "$program/fleet" version -- "$work/empty/empty")
  ratio "fleet version : an empty .NET program" "$fleet" "$empty" 1.5 ms
  read -r fleet empty < <(compare "$times" "$program/fleet" job list -- "$work/empty/empty")
  ratio "fleet job list : an empty .NET program" "$fleet" "$empty" 3 ms
}

# The agent of both roles, quiet for a while after its start.
idle_memory() {
  sleep 10
  idle=$(resident_kib)
  value "agent idle, both roles, resident" $((idle / 1024)) 170 MB
}

# Turn about, so that both see the same machine.
one_start() {
  local i bare=() fleet=() began
  for ((i = 0; i < times; i++)); do
    bare+=("$(as_fleet "$work/bare.sh" 1 1 | sed -n 1p)")
    job "one$i" 1 >"$work/one.yml"
    "$program/fleet" job run "$work/one.yml" >/dev/null
    began=$(recorded job.submitted.v1 "one$i" | cut -d' ' -f2)
    fleet+=($((($(recorded process.started.v1 "one$i:" | cut -d' ' -f2) - began) / 1000)))
    "$program/fleet" job stop "one$i" >/dev/null
  done
  ratio "accepted to running : the bare sequence" "$(printf '%s\n' "${fleet[@]}" | median)" "$(printf '%s\n' "${bare[@]}" | median)" 2 ms
}

many_starts() {
  local bare began last
  bare=$(as_fleet "$work/bare.sh" "$count" 2 | awk '/^total/ { print $2 }')
  job many "$count" >"$work/many.yml"
  "$program/fleet" job run "$work/many.yml" >/dev/null
  began=$(recorded job.submitted.v1 many | cut -d' ' -f2)
  last=$(recorded process.started.v1 many: | cut -d' ' -f2 | sort -n | tail -n 1)
  ratio "$count processes : bare, two at a time" $(((last - began) / 1000)) "$bare" 1.5 ms
  value "per supervised process, of $count, resident" $((($(resident_kib) - idle) / count)) 150 KB
}

# Kills a process of each of some sandboxes, and looks for when its end was persisted.
death_to_event() {
  local i pid killed=()
  for ((i = 0; i < times; i++)); do
    pid=$("$program/fleet" host processes "$(hostname)" --json | tr -d ' \n' | grep -o "\"many:p$i\"[^}]*" | grep -o '"pid":[0-9]*' | cut -d: -f2)
    [ -n "$pid" ] || die "fleet host processes --json does not show the pid of many:p$i"
    killed+=("many:p$i $(now)")
    kill -9 "$pid"
    sleep 0.2
  done
  sleep 2
  value "death to persisted exit event, median" "$(join -j 1 <(printf '%s\n' "${killed[@]}" | sort) <(recorded process.exited.v1 many: | sort) \
    | awk '{ print ($3 - $2) / 1000 }' | median)" 25 ms
}

# The real agent, killed, its ledger made long, started again: until it answers, and so has looked at every sandbox.
ready_again() {
  local began later
  kill -9 "$agent"
  wait "$agent" 2>/dev/null || true
  as_fleet dotnet "$work/journal/Fleet.Bench.Journal.dll" fill "$work/fleet/ledger" "$(hostname)" 100000
  began=$(now)
  start_agent
  later=$((($(now) - began) / 1000 - empty_ready))
  value "agent with $count processes, 100,000 events: ready later than empty" "$later" 3000 ms
}

# The host's role alone, in a folder of its own: the agent's configuration as fleet up writes it, less the other role.
host_alone_memory() {
  "$program/fleet" up --down --dir "$work/fleet" "${root_options[@]}" >/dev/null
  "$program/fleet" up --dir "$work/host" "${root_options[@]}" >>"$work/agent.log" 2>&1 </dev/null &
  agent=$!
  until [ -S "$work/host/api.sock" ]; do sleep 0.1; done
  "$program/fleet" up --down --dir "$work/host" "${root_options[@]}" >/dev/null
  sed -i 's/roles = .*/roles = ["host"]/' "$work/host/agent.conf"
  # Not through as_fleet: the pid must be the agent's own.
  setpriv --reuid fleet --regid fleet --init-groups "$program/fleet" agent --config "$work/host/agent.conf" >>"$work/agent.log" 2>&1 </dev/null &
  agent=$!
  sleep 10
  [ -e "/proc/$agent" ] || die "the agent of the host role alone ended: $(tail -n 5 "$work/agent.log")"
  value "agent idle, host role alone, resident" $(($(resident_kib) / 1024)) 110 MB
  kill "$agent"
  wait "$agent" || true
  agent=''
}

# In process, on a journal alone: the record's own speed, without the kernel's.
journal() {
  local name seen events alone
  read -r name seen name alone < <(dotnet "$work/journal/Fleet.Bench.Journal.dll" events)
  row "events from 200 actors, synchronous=FULL" "$seen /s" - "$seen" 5000 "$(verdict 5000 "$seen")"
  row "one event alone, until it is on disk, median" "$alone ms" - - - ''
  read -r name seen events events < <(dotnet "$work/journal/Fleet.Bench.Journal.dll" recovery)
  value "actors of 500 processes, $events events: ready later" "$seen" 3000 ms
}

trap clean_up EXIT
prepare
row measure seen against ratio limit ''
empty_start=$(now)
start_agent
empty_ready=$((($(now) - empty_start) / 1000))
row "ready, empty" "$empty_ready ms" - - - ''
root_helper
root_run
if [ "${ONLY:-}" = root ]; then
  [ "$over" -eq 0 ]
  exit
fi
# What the others are measured on has done nothing yet.
"$program/fleet" up --down --dir "$work/fleet" "${root_options[@]}" >/dev/null
start_agent
idle=0
idle_memory
program_start
one_start
many_starts
death_to_event
ready_again
host_alone_memory
journal
# Whoever asks for the measures is told by the exit code too; on a busy machine that says little.
[ "$over" -eq 0 ]
