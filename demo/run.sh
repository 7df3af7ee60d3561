#!/usr/bin/env bash
# The whole of Fleet on one host in two minutes: real servers as jobs in rootless sandboxes, an agent that is killed with -9 and finds
# them again, something that runs as root once and a job with one capability because two people signed them, and a record of all of it. Ends with 0 only if every step did what it should, and leaves nothing running.
# shellcheck source=../build/common.sh
. "$(dirname "$0")/../build/common.sh"
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=root.sh
. "$(dirname "$0")/root.sh"

agent_user=$(id -un)
! is_root || agent_user=fleet
jobs=$FLEET_REPO/demo/jobs
agent='' program='' dir=''

# A folder nobody else could have made, that the sandboxes' users can reach.
prepare_folder() {
  dir=$(mktemp -d /tmp/fleet-demo.XXXXXXXX)
  chmod 755 "$dir"
  export FLEET_ADDRESS=unix:$dir/api.sock
}

# The demo's sandboxes would share sub-ids and cgroup with those of an agent that runs already, and it could not tell them apart.
refuse_company() {
  local port
  [ -z "$(sandboxed)" ] || die "jobs of the user $agent_user run on this machine already: stop them (fleet up --down) before the demo"
  for port in 16379 18080 15432 881; do
    ! listening $port || die "port $port is taken: the demo's jobs listen on 16379, 18080, 15432 and 881"
  done
}

start_agent() {
  "$program/fleet" up --dir "$dir" "${root_options[@]}" >>"$dir.log" 2>&1 </dev/null &
  agent=$!
  local until=$((SECONDS + 60))
  until "$program/fleet" job list --json >/dev/null 2>&1; do
    [ -e "/proc/$agent" ] || die "the agent ended by itself"
    [ "$SECONDS" -lt "$until" ] || die "the agent (pid $agent) does not answer"
    sleep 0.2
  done
  ok "the agent answers (pid $agent)"
  [ "$(stat -c %U "/proc/$agent")" = "$agent_user" ] || die "the agent runs as $(stat -c %U "/proc/$agent"), not as $agent_user"
  ok "it runs as the unprivileged user $agent_user"
}

clean_up() {
  local code=$?
  trap - EXIT
  if [ -n "$agent" ] && [ -d "$dir" ]; then
    "$program/fleet" up --down --dir "$dir" "${root_options[@]}" >/dev/null 2>&1 || true
    kill -9 "$agent" 2>/dev/null || true
    monitors | while read -r pid; do kill -9 "$pid" 2>/dev/null || true; done
    sandboxed | while read -r pid _; do kill -9 "$pid" 2>/dev/null || true; done
  fi
  if [ "$code" -ne 0 ] && [ -s "$dir.log" ]; then
    say "--- the agent's last words ($dir.log)"
    tail -n 20 "$dir.log" >&2
  else
    rm -f "$dir.log"
  fi
  # Files of the sandboxes' users: an ordinary user removes them as root of its own user namespace.
  rm -rf "$dir" 2>/dev/null || unshare --map-auto --map-root-user rm -rf "$dir" 2>/dev/null || true
  take_root_back
  case $program in /tmp/fleet-program.*) rm -rf "$program" ;; esac
  exit "$code"
}

prepare_host() {
  step "The host is prepared, once"
  "$FLEET_REPO/build/install-deps.sh"
  program=$("$FLEET_REPO/build/stage.sh")
  if is_root; then
    prepare_root
    fleet host init "${root_options[@]}"
    write_policy
  else
    ok "not root: the host must have been prepared for $agent_user (fleet host init)"
  fi
  refuse_company
}

start() {
  step "An agent of one host starts, as an ordinary user, on embedded SQLite"
  start_agent
  for name in redis nginx postgres; do
    "$FLEET_REPO/build/unpack-package.sh" $name "$dir/vcap"
  done
  ok "redis, nginx and PostgreSQL from Debian stand unpacked in the jobs' package folder; nothing was installed"
}

roll_out() {
  step "Jobs are checked and rolled out"
  local name
  for name in redis nginx postgres pair; do
    fleet job validate "$jobs/$name.yml"
    fleet job run "$jobs/$name.yml"
  done
  # It will never run, so nobody waits for it.
  fleet job run "$jobs/crashloop.yml" --detach
}

use() {
  step "They serve"
  eventually 30 "redis answers PING" shows PONG redis PING
  eventually 30 "nginx serves its page" shows 'Hello from nginx' http 18080 /
  eventually 60 "PostgreSQL answers" shows '^1$' postgres 'select 1'
  expect OK redis SET demo kept
  postgres 'create table demo (word text)' && postgres "insert into demo values ('kept')"
  ok "a key and a row are written"
}

look() {
  step "What runs, and how it does"
  fleet job list
  fleet job status postgres
  fleet host processes "$(hostname)"
  eventually 60 "the job that never stays up is called crash-looping" shows 'crash.?loop' "$program/fleet" job status crashloop
  fleet job logs nginx -n 3
  expect 'GET / HTTP' "$program/fleet" job logs nginx
  expect 'Ready to accept connections' "$program/fleet" job logs redis
  ok "logs are those of the servers"
}

kill_agent() {
  step "The agent is killed with -9: the jobs live on"
  local before after
  before=$(steady | xargs)
  [ "$(wc -w <<<"$before")" -eq 5 ] || die "5 sandboxes were to run, these do: $before"
  kill -9 "$agent"
  wait "$agent" 2>/dev/null || true
  expect PONG redis PING
  expect kept postgres 'select word from demo'
  ok "redis and PostgreSQL serve without it"
  start_agent
  after=$(steady | xargs)
  [ "$before" = "$after" ] || die "the sandboxes were pids $before and are $after"
  ok "the same five sandboxes, pids $after"
  for pid in $after; do
    eventually 30 "the new agent has taken up $pid" shows "(^|[^0-9])$pid([^0-9]|\$)" "$program/fleet" host processes "$(hostname)"
  done
}

supervise() {
  step "It supervises them as before: redis is killed, and comes back with its data"
  local victim
  victim=$(pid_named redis-server)
  kill -9 "$victim"
  eventually 30 "redis answers again" shows PONG redis PING
  [ "$(pid_named redis-server)" != "$victim" ] || die "redis still has pid $victim"
  expect kept redis GET demo
  ok "what was written is still there"
}

show_record() {
  step "The record"
  fleet audit log --job redis
  expect 'process\.exited' "$program/fleet" audit log --job redis --json
  [ "$("$program/fleet" audit log --json | grep -c 'host\.agent_started\.v1')" -eq 2 ] || die "the record does not show both starts of the agent"
  ok "both starts of the agent and redis's end are in it"
}

stop_all() {
  step "The agent is killed once more, and everything stops all the same"
  kill -9 "$agent"
  wait "$agent" 2>/dev/null || true
  fleet up --down --dir "$dir" "${root_options[@]}"
  eventually 20 "the agent has ended" test ! -e "/proc/$agent"
  [ -z "$(sandboxed)" ] || die "processes are left: $(sandboxed)"
  [ -z "$(monitors)" ] || die "monitors are left: $(monitors)"
  [ -z "$(leaves)" ] || die "cgroups are left: $(leaves)"
  [ -z "$(root_leaves)" ] || die "cgroups of root's are left: $(root_leaves)"
  [ -z "$(root_leftovers)" ] || die "of what ran as root there is left: $(root_leftovers)"
  ok "no process, no monitor and no cgroup is left"
}

trap clean_up EXIT
trap 'exit 130' INT TERM
needs_dotnet
export_dotnet_root
prepare_folder
prepare_host
start
roll_out
use
look
kill_agent
supervise
root_for_a_moment
a_job_with_more
show_record
stop_all
printf '\n%sDone: every step did what it should.%s\n' "$bold" "$plain"
