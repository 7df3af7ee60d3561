# shellcheck shell=bash
# Sourced by run.sh: something that only root can do, done once, because two people signed it. With people's keys and a policy of the demo's own, below a
# folder of root's that goes with the demo: this host's own are not touched.

: "${program:=}" "${dir:=}" "${agent_user:=}" "${bold:=}" "${plain:=}" # set by run.sh as it goes
# shellcheck disable=SC2034 # run.sh uses it
root_prefix='' people='' root_options=()

# Folders that nobody else could have made. Root's is not below /tmp: what decides about root lies where root alone can write, up to the topmost folder.
prepare_root() {
  root_prefix=$(mktemp -d /var/lib/fleet-demo.XXXXXXXX)
  chmod 755 "$root_prefix"
  # shellcheck disable=SC2034
  root_options=(--root-prefix "$root_prefix")
  people=$(mktemp -d /tmp/fleet-demo-people.XXXXXXXX)
}

# Who may have root, and how: what fleet host init leaves to people.
write_policy() {
  local folder=$root_prefix/etc/fleet/root who
  for who in alice bob carol; do
    ssh-keygen -q -t ed25519 -N '' -C "$who" -f "$people/$who"
    printf '%s %s\n' "$who" "$(cut -d' ' -f1,2 "$people/$who.pub")" >>"$folder/allowed_signers"
  done
  cat >"$folder/policy.json" <<POLICY
{"fleet_root_policy": 1, "fleet": "demo", "host": "$(hostname)", "labels": {}, "agent": $(id -u "$agent_user"),
 "threshold": 2, "requester_counts": false, "required_teams": [],
 "longest_timeout_seconds": 60, "longest_window_seconds": 3600, "break_glass": null,
 "jobs": {"bosh_root": "$dir/vcap", "first_uid": $(first_id /etc/subuid), "first_gid": $(first_id /etc/subgid), "slices": 16, "most": ["capability:NET_BIND_SERVICE"]}}
POLICY
  chmod 644 "$folder"/*
  printf '%s   NOTE: three people play here whose keys lie in one folder, without a passphrase. Whoever has that folder is all of them.\n' "$bold"
  printf '   Real people each keep their own; then two of them must sign, and who asked is none of the two.%s\n' "$plain"
  grep -q '"requester_counts": false' "$folder/policy.json" || die "who asks would count as one who approves: no policy for a demo to show"
}

first_id() { awk -F: -v user="$agent_user" '$1 == user { print $2; exit }' "$1"; }

# denied CODE PATTERN ARG...: the command must end with that code and say why; shown as a person would see it.
denied() {
  local code=$1 pattern=$2 output ended=0
  shift 2
  printf '   $ fleet %s\n' "$*"
  output=$("$program/fleet" "$@" 2>&1) || ended=$?
  indent <<<"$output"
  [ "$ended" -eq "$code" ] || die "fleet $* ended with $ended, and was to end with $code"
  grep -qiE -- "$pattern" <<<"$output" || die "fleet $* does not say /$pattern/"
  ok "it ended with $code"
}

root_for_a_moment() {
  is_root || return 0
  step "Somebody needs root for a moment: two others sign it, it runs once, and is gone"
  local secret=$root_prefix/auth.log id
  grep -h 'can run as root' "$dir.log" | tail -n 1 | indent
  (umask 077 && echo "Accepted publickey for mallory from 203.0.113.7" >"$secret")
  ! setpriv --reuid "$agent_user" --regid "$agent_user" --init-groups cat "$secret" 2>/dev/null || die "the agent's user can read $secret"
  ok "only root can read $secret: neither the agent nor alice can"

  printf '   $ fleet root request ... as alice\n'
  id=$("$program/fleet" root request --on "$(hostname)" --reason 'who logged in at night? ticket 4711' --timeout 10s --key "$people/alice" \
    --user 65534 --privileges capability:DAC_READ_SEARCH -- /usr/bin/tail -n 1 "$secret" 2>"$people/said") || die "not asked for: $(cat "$people/said")"
  ok "asked for, as $id: not even as root, but as nobody with one capability, to read what others may not"
  fleet root approve "$id" --key "$people/bob"
  fleet root show "$id"
  denied 4 '1 more must approve' root run "$id"
  denied 4 'too_few_signers' root run "$id" --anyway
  ok "one signature is missing, and this host itself says no: it does not ask the fleet"

  printf '   $ fleet root show %s --bytes | ssh-keygen -Y sign -n fleet-grant -f carol\n' "$id"
  "$program/fleet" root show "$id" --bytes | ssh-keygen -q -Y sign -n fleet-grant -f "$people/carol" >"$people/carol.sig"
  ok "carol signs the very bytes with ssh-keygen alone, as she would on a machine without Fleet"
  fleet root approve "$id" --signature "$people/carol.sig"
  fleet root run "$id"
  denied 1 'as often as it says' root run "$id"
  fleet audit log --job "$id"
  expect 'grant\.use_refused\.v1' "$program/fleet" audit log --job "$id" --json
  expect 'grant\.use_ended\.v1' "$program/fleet" audit log --job "$id" --json
  expect 'grant\.used\.v1' "$program/fleet" audit log --job "$id" --json
  ok "who asked, who signed, what the host refused and what ran is in the record"
}

low_port() { (exec 3<>/dev/tcp/127.0.0.1/881 && cat <&3) 2>/dev/null; }

# The first process of the job, as the host sees it.
low_port_pid() { "$program/fleet" host processes --json | sed -n '/"low-port:server"/,/}/s/.*"pid": \([0-9]*\).*/\1/p'; }

a_job_with_more() {
  is_root || return 0
  step "A job that needs one capability more: it runs while a grant covers its very content"
  local id pid job=$jobs/low-port.yml
  denied 4 'needs a grant' job run "$job"
  id=$("$program/fleet" root request --job "$job" --on "$(hostname)" --reason 'the old clients know no other port' --key "$people/alice" --valid-for 30m 2>"$people/said") ||
    die "not asked for: $(cat "$people/said")"
  fleet root approve "$id" --key "$people/bob"
  fleet root approve "$id" --key "$people/carol"
  fleet job run "$job"
  eventually 10 "it answers at port 881, which only root or that capability may take" shows 'one capability' low_port
  pid=$(low_port_pid)
  grep -qE 'CapEff:.*0000000000000400$' "/proc/$pid/status" || die "pid $pid has $(grep CapEff "/proc/$pid/status")"
  [ "$(stat -c %u "/proc/$pid")" -ge "$(first_id /etc/subuid)" ] || die "it runs as $(stat -c %U "/proc/$pid")"
  ok "pid $pid has CAP_NET_BIND_SERVICE and nothing else, and is nobody on this host"
  fleet job unsafe

  sed 's/no root/root/' "$job" >"$people/low-port.yml"
  denied 4 'sha256' job run "$people/low-port.yml"
  [ "$(low_port_pid)" = "$pid" ] || die "it does not run any more"
  ok "one word changed, and the grant is none for it; what was approved runs on"
}

# Cgroups of root's for jobs, of this demo's runs.
root_leaves() { find /sys/fs/cgroup -maxdepth 4 -type d -path '*/fleet-jobs/low-port*' 2>/dev/null || true; }

root_helpers() {
  local comm
  { grep -lsx fleet-root-help /proc/[0-9]*/comm || true; } | while read -r comm; do
    if grep -qsF -- "$root_prefix" "${comm%/comm}/cmdline"; then echo "pid ${comm//[^0-9]/}"; fi
  done
  if [ -e "$root_prefix/run/fleet-root/root.sock" ]; then echo "$root_prefix/run/fleet-root/root.sock"; fi
}

# What must not outlive the agent; it gets a moment.
root_leftovers() {
  [ -n "$root_prefix" ] || return 0
  local until=$((SECONDS + 5))
  while [ -n "$(root_helpers)" ] && [ "$SECONDS" -lt "$until" ]; do sleep 0.2; done
  root_helpers
}

# The listener has ended with its agent, or is about to.
take_root_back() {
  [ -z "$root_prefix" ] || { root_leftovers >/dev/null; rm -rf "$root_prefix"; }
  [ -z "$people" ] || rm -rf "$people"
}
