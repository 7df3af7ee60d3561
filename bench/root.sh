# shellcheck shell=bash
# Sourced by run.sh: the measures of root for a moment. A policy and keys of the bench's own, below a folder of root's that goes with it.

: "${program:=}" "${work:=}" "${times:=}" # set by run.sh as it goes
# shellcheck disable=SC2034 # run.sh uses it
root_prefix='' bare_root='' root_options=()

# Not below /tmp: what decides about root lies where root alone can write. The bare root is in /run, which no root task sees, so that it does not see itself.
prepare_root() {
  root_prefix=$(mktemp -d /var/lib/fleet-bench.XXXXXXXX)
  bare_root=$(mktemp -d /run/fleet-bench.XXXXXXXX)
  chmod 755 "$root_prefix"
  # shellcheck disable=SC2034
  root_options=(--root-prefix "$root_prefix")
}

write_policy() {
  local folder=$root_prefix/etc/fleet/root who
  mkdir "$work/people"
  for who in alice bob carol; do
    ssh-keygen -q -t ed25519 -N '' -C "$who" -f "$work/people/$who"
    echo "$who $(cut -d' ' -f1,2 "$work/people/$who.pub")" >>"$folder/allowed_signers"
  done
  chown -R fleet "$work/people"
  cat >"$folder/policy.json" <<POLICY
{"fleet_root_policy": 1, "fleet": "bench", "host": "$(hostname)", "labels": {}, "agent": $(id -u fleet), "threshold": 1, "requester_counts": false,
 "required_teams": [], "longest_timeout_seconds": 60, "longest_window_seconds": 86400, "break_glass": null}
POLICY
  chmod 644 "$folder"/*
}

remove_root() {
  [ -z "$root_prefix" ] || rm -rf "$root_prefix"
  [ -z "$bare_root" ] || rm -rf "$bare_root"
}

# serve NAME COMMAND...: a program that answers each line with milliseconds; it ends with its input.
declare -A asks answers
serve() {
  local name=$1 to from
  shift
  mkfifo "$work/$name.to" "$work/$name.from"
  "$@" <"$work/$name.to" >"$work/$name.from" 2>>"$work/root.log" &
  exec {to}>"$work/$name.to" {from}<"$work/$name.from"
  asks[$name]=$to answers[$name]=$from
}

timed() {
  local took
  echo "$2" >&"${asks[$1]}"
  read -r took <&"${answers[$1]}" || die "$1 ended: $(head -n 3 "$work/root.log")"
  echo "$took"
}

start_servers() {
  local task=$work/root-task/Fleet.Bench.RootTask.dll
  mkdir -p "$bare_root/bundle"
  dotnet "$task" bundle "$(echo "$root_prefix"/var/lib/fleet-root/seccomp-*.bpf)" "$bare_root/rootfs" >"$bare_root/bundle/config.json"
  serve bare unshare --mount --propagation private "$FLEET_REPO/bench/bare-root.sh" "$bare_root"
  serve helper as_fleet dotnet "$task" serve "$root_prefix/run/fleet-root/root.sock" "$(hostname)" "$work/people"
}

listener() {
  local comm
  { grep -lsx fleet-root-help /proc/[0-9]*/comm || true; } | while read -r comm; do
    if tr '\0' ' ' <"${comm%/comm}/cmdline" | grep -F -- "--prefix $root_prefix --while" | grep -qF -- --listen; then echo "${comm//[^0-9]/}"; fi
  done
}

# The most that the helper of one task ever held, asked until it has ended.
helper_memory() {
  local parent child='' most=0 seen
  parent=$(listener)
  echo "1 /bin/sleep 1" >&"${asks[helper]}"
  until [ -n "$child" ]; do read -r child _ <"/proc/$parent/task/$parent/children" || true; done
  while seen=$(awk '/^VmHWM:/ { print $2 }' "/proc/$child/status" 2>/dev/null) && [ -n "$seen" ]; do most=$seen; done
  read -r _ <&"${answers[helper]}"
  value "root helper, one request, most resident" "$(awk -v kib="$most" 'BEGIN { printf "%.1f", kib / 1024 }')" 12 MB
  value "root helper, on disk" "$(stat -c %s "$program/fleet-root-helper" | awk '{ printf "%.1f", $1 / 1048576 }')" 8 MB
}

# Turn about, so that all see the same machine.
root_helper() {
  local i bare=() one=() two=()
  start_servers
  timed bare crun >/dev/null
  timed helper "1 /bin/true" >/dev/null
  for ((i = 0; i < times; i++)); do
    bare+=("$(timed bare crun)")
    one+=("$(timed helper "1 /bin/true")")
    two+=("$(timed helper "2 /bin/true")")
  done
  ! grep -q failed "$work/root.log" || die "the bare container: $(grep failed "$work/root.log" | tail -n 1)"
  bare=("$(printf '%s\n' "${bare[@]}" | median)")
  ratio "root helper, one approval : crun alone" "$(printf '%s\n' "${one[@]}" | median)" "${bare[0]}" 3 ms
  ratio "root helper, two approvals : crun alone" "$(printf '%s\n' "${two[@]}" | median)" "${bare[0]}" 4 ms
  helper_memory
}

# From the command line to the record, of what is approved.
root_run() {
  local id i fleet=() podman=()
  id=$("$program/fleet" root request --on "$(hostname)" --reason 'a measure' --uses "$((times + 1))" --key "$work/people/alice" -- /bin/true 2>>"$work/root.log")
  "$program/fleet" root approve "$id" --key "$work/people/bob" >/dev/null 2>>"$work/root.log"
  milliseconds "$program/fleet" root run "$id" >/dev/null
  timed bare podman >/dev/null
  for ((i = 0; i < times; i++)); do
    fleet+=("$(milliseconds "$program/fleet" root run "$id")")
    podman+=("$(timed bare podman)")
  done
  ! grep -q failed "$work/root.log" || die "podman: $(grep failed "$work/root.log" | tail -n 1)"
  ratio "fleet root run : podman run" "$(printf '%s\n' "${fleet[@]}" | median)" "$(printf '%s\n' "${podman[@]}" | median)" 0.5 ms
}
