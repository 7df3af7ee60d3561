# shellcheck shell=bash
# Sourced by run.sh: how the demo speaks and checks, and what it asks the kernel rather than Fleet.

: "${program:=}" "${dir:=}" "${agent_user:=}" # set by run.sh as it goes
bold='' plain=''
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then bold=$'\e[1m' plain=$'\e[0m'; fi
step_number=0

step() {
  step_number=$((step_number + 1))
  printf '\n%s%d. %s%s\n' "$bold" "$step_number" "$*" "$plain"
}

ok() { printf '   ok: %s\n' "$*"; }

indent() { sed 's/^/   /'; }

# fleet ARG...: one command, shown as a person would type it, its output below it.
fleet() {
  printf '   $ fleet %s\n' "$*"
  "$program/fleet" "$@" 2>&1 | indent || die "fleet $* failed"
}

# expect PATTERN COMMAND...: the command must succeed and its output match; both are shown if not.
expect() {
  local pattern=$1 output
  shift
  output=$("$@" 2>&1) || die "failed: $*: $output"
  grep -qiE -- "$pattern" <<<"$output" || die "'$*' does not show /$pattern/: $output"
}

# eventually SECONDS WHAT COMMAND...: tried until it succeeds; says what it waited for when it never does.
eventually() {
  local until=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$until" ] || die "not so in time: $what ($*)"
    sleep 0.2
  done
  ok "$what"
}

shows() {
  local pattern=$1
  shift
  "$@" 2>&1 | grep -qiE -- "$pattern"
}

# The sub-ids of the agent's user: the first, and the first above them.
sub_ids() { awk -F: -v user="$1" '$1 == user { print $2, $2 + $3; exit }' /etc/subuid; }

# Everything that runs under a sub-id of the agent's user, as the kernel tells it: "PID NAME" in each line.
sandboxed() {
  local range
  range=$(sub_ids "$agent_user")
  [ -n "$range" ] || return 0
  awk -v low="${range% *}" -v high="${range#* }" \
    '/^Name:/ { name = $2 } /^Pid:/ { pid = $2 } /^Uid:/ && $2 >= low && $2 < high { print pid, name }' /proc/[0-9]*/status 2>/dev/null || true
}

# The sandboxes' first processes that shall stay (the crash-looping one comes and goes), sorted.
steady() {
  local pid
  sandboxed | while read -r pid name; do
    if [ "$name" = tini ] && ! tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -q 'about to fail'; then echo "$pid"; fi
  done | sort -n
}

pid_named() { sandboxed | awk -v name="$1" '$2 == name { print $1; exit }'; }

monitors() {
  local pid
  awk '/^Name:/ { name = $2 } /^Pid:/ && name == "conmon" { print $2 }' /proc/[0-9]*/status 2>/dev/null | while read -r pid; do
    if grep -qF -- "$dir" "/proc/$pid/cmdline" 2>/dev/null; then echo "$pid"; fi
  done
}

# Sandboxes' cgroups below the delegated one, on v1 and v2. On v2 the agent's own leaf belongs to the host, as the delegated one does.
leaves() { find /sys/fs/cgroup/fleet /sys/fs/cgroup/*/fleet -mindepth 1 -type d ! -path /sys/fs/cgroup/fleet/agent 2>/dev/null || true; }

# http PORT PATH: a GET with bash alone, so that the demo needs no client installed.
http() {
  exec 3<>"/dev/tcp/127.0.0.1/$1"
  printf 'GET %s HTTP/1.0\r\n\r\n' "$2" >&3
  cat <&3
  exec 3>&-
}

listening() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# packaged NAME PROGRAM ARG...: a client from a job's own package.
packaged() {
  local tree=$dir/vcap/packages/$1 client=$2
  shift 2
  LD_LIBRARY_PATH=$tree/usr/lib/$(uname -m)-linux-gnu "$tree/$client" "$@"
}

redis() { packaged redis usr/bin/redis-cli -p 16379 "$@"; }

postgres() { packaged postgres usr/lib/postgresql/15/bin/psql -h 127.0.0.1 -p 15432 -U postgres -Atqc "$1"; }
