# shellcheck shell=bash
# Sourced by run.sh: numbers out of clocks, /proc and the record.

: "${program:=}" "${agent:=}" "${work:=}" # set by run.sh as it goes

# microseconds since the epoch
now() { echo "${EPOCHREALTIME/./}"; }

median() { sort -n | awk '{ value[NR] = $1 } END { if (NR) print (NR % 2 ? value[(NR + 1) / 2] : (value[NR / 2] + value[NR / 2 + 1]) / 2) }'; }

# milliseconds COMMAND...: how long it takes, output discarded.
milliseconds() {
  local began
  began=$(now)
  "$@" >/dev/null 2>&1 || die "failed: $*"
  awk -v us=$(($(now) - began)) 'BEGIN { print us / 1000 }'
}

# compare TIMES A... -- B...: medians of both, run in turn so that both see the same machine: "A B" in milliseconds.
compare() {
  local times=$1 first=() second=() i left=() right=()
  shift
  while [ "$1" != -- ]; do first+=("$1") && shift; done
  shift
  second=("$@")
  for ((i = 0; i < times; i++)); do
    left+=("$(milliseconds "${first[@]}")")
    right+=("$(milliseconds "${second[@]}")")
  done
  echo "$(printf '%s\n' "${left[@]}" | median) $(printf '%s\n' "${right[@]}" | median)"
}

# The table: what, seen, compared with, ratio or value, limit, and whether it holds.
# $over counts what does not hold.
over=0
row() {
  [ "${6:-}" != OVER ] || over=$((over + 1))
  printf '%-64s %12s %12s %9s %9s  %s\n' "$@"
}

# ratio WHAT SEEN BARE LIMIT UNIT
ratio() {
  local value
  value=$(awk -v a="$2" -v b="$3" 'BEGIN { printf "%.2f", a / b }')
  row "$1" "$2 $5" "$3 $5" "${value}x" "$4x" "$(verdict "$value" "$4")"
}

# value WHAT SEEN LIMIT UNIT
value() { row "$1" "$2 $4" - "$2" "$3" "$(verdict "$2" "$3")"; }

verdict() { awk -v a="$1" -v limit="$2" 'BEGIN { print (a <= limit ? "holds" : "OVER") }'; }

resident_kib() { awk '/^VmRSS:/ { print $2 }' "/proc/$agent/status"; }

# recorded NAME SUBJECT: when events of that stored name about that subject (a prefix) were persisted: "SUBJECT MICROSECONDS", in order.
recorded() {
  "$program/fleet" audit log --json --kind "$1" | awk -v wanted="$2" '
    match($0, /"subject":"[^"]*"/) { subject = substr($0, RSTART + 11, RLENGTH - 12) }
    match($0, /"recorded_at":"[^"]*"/) && index(subject, wanted) == 1 { print subject, substr($0, RSTART + 15, RLENGTH - 16) }' >"$work/recorded"
  paste -d' ' <(cut -d' ' -f1 "$work/recorded") <(cut -d' ' -f2 "$work/recorded" | date -f - +%s%6N)
}

# job NAME COUNT: a job of so many processes that only sleep.
job() {
  local i
  echo "job: $1"
  echo "processes:"
  for ((i = 0; i < $2; i++)); do
    echo "- {name: p$i, executable: /bin/sleep, args: ['3600'], limits: {memory: 64M, processes: 32}, restart: {initial: 100ms, max: 100ms}}"
  done
}
