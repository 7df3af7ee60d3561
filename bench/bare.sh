#!/usr/bin/env bash
# bare.sh COUNT AT-A-TIME: what Fleet is measured against. The same rootless sandboxes (own user namespace, leaf cgroup with limits, tini)
# made by a shell script: conmon with crun create, then crun start. Prints the milliseconds of each start in turn, then "total MS".
# Runs as the agent's user, in whose delegated cgroup ($FLEET_CGROUP, "fleet") it makes its leaves, below the folder $DIR.
set -euo pipefail
count=$1 at_a_time=$2
dir=${DIR:?a folder that the sub-ids can reach}/bare
cgroup=${FLEET_CGROUP:-fleet}
# Where crun keeps its lock files; an ordinary user's /run/user/UID need not exist.
export XDG_RUNTIME_DIR=$dir/run

if [ -f /sys/fs/cgroup/cgroup.controllers ]; then roots=(/sys/fs/cgroup); else roots=(/sys/fs/cgroup/{memory,pids,freezer}); fi

# The runtime as conmon calls it: joins the leaf, then enters a user namespace of all sub-ids, in which the cover and the root's tmpfs may be mounted.
write_runtime() {
  cat >"$dir/launch" <<'LAUNCH'
#!/bin/sh
# A hybrid host's cgroup2 is covered, because crun refuses it.
if read -r c < /sys/fs/cgroup/unified/cgroup.controllers && [ -n "$c" ]; then mount -t tmpfs -o mode=755 none /sys/fs/cgroup/unified || exit 125; fi 2>/dev/null
mount -t tmpfs -o mode=755,uid=1,gid=1,size=1m none "$BUNDLE/rootfs"
# A key ring per container: the kernel gives an ordinary user 200 (keys/maxkeys), so containers share the user's.
for word; do
  set -- "$@" "$word"
  [ "$word" != create ] || set -- "$@" --no-new-keyring
  shift
done
exec crun --cgroup-manager=disabled "$@"
LAUNCH
  cat >"$dir/wrap" <<'WRAP'
#!/bin/sh
for leaf in $LEAVES; do echo 0 > "$leaf/cgroup.procs" || exit 125; done
exec unshare --map-auto --map-root-user --mount -- "$(dirname "$0")/launch" "$@"
WRAP
  chmod 755 "$dir/launch" "$dir/wrap"
}

bind() { printf ',{"destination":"%s","type":"bind","source":"%s","options":["bind","nosuid","nodev","ro"]}' "$1" "$1"; }

# write_bundle ID
write_bundle() {
  local mounts='' folder
  mkdir -p "$dir/$1/rootfs"
  for folder in /bin /etc /lib /lib64 /sbin /usr; do [ ! -e $folder ] || mounts+=$(bind $folder); done
  cat >"$dir/$1/config.json" <<JSON
{"ociVersion":"1.0.2","root":{"path":"rootfs"},
"process":{"args":["/usr/bin/tini","-w","-s","--","/bin/sleep","3600"],"cwd":"/","env":["PATH=/bin:/usr/bin"],"user":{"uid":1000,"gid":1000},"noNewPrivileges":true,"capabilities":{}},
"mounts":[{"destination":"/proc","type":"proc","source":"proc"},{"destination":"/dev","type":"tmpfs","source":"tmpfs","options":["nosuid","noexec","mode=755"]}$mounts],
"linux":{"uidMappings":[{"containerID":0,"hostID":1,"size":65000}],"gidMappings":[{"containerID":0,"hostID":1,"size":65000}],
"namespaces":[{"type":"ipc"},{"type":"mount"},{"type":"uts"},{"type":"pid"},{"type":"user"}],"cgroupsPath":"/$cgroup/$1"}}
JSON
}

make_leaf() {
  local root leaf
  LEAVES=
  for root in "${roots[@]}"; do
    leaf=$root/$cgroup/$1
    mkdir "$leaf"
    LEAVES+="$leaf "
    [ ! -e "$leaf/memory.limit_in_bytes" ] || echo 67108864 >"$leaf/memory.limit_in_bytes"
    [ ! -e "$leaf/memory.max" ] || echo 67108864 >"$leaf/memory.max"
    [ ! -e "$leaf/pids.max" ] || echo 32 >"$leaf/pids.max"
  done
  export LEAVES
}

# The sequence that is timed: from nothing to running.
start_one() {
  local id=$1 sync line='' began=$EPOCHREALTIME
  write_bundle "$id"
  make_leaf "$id"
  export BUNDLE=$dir/$id
  exec {sync}< <(_OCI_SYNCPIPE=3 conmon -c "$id" -u "$id" -n "$id" -r "$dir/wrap" --runtime-arg "--root=$dir/state" -b "$BUNDLE" \
    -p "$BUNDLE/pid" --exit-dir "$dir/exits" --persist-dir "$BUNDLE" -l passthrough --full-attach 3>&1 >>"$BUNDLE/out" 2>&1 </dev/null)
  read -r line <&"$sync" || true # an end without a line is a failure, told below
  exec {sync}<&-
  [[ $line =~ \"(data|pid)\":\ *[0-9] ]] || { echo "create of $id failed: $line $(cat "$BUNDLE/out")" >&2 && return 1; }
  crun --cgroup-manager=disabled --root "$dir/state" start "$id"
  milliseconds "$began"
}

# milliseconds SINCE: from an $EPOCHREALTIME until now.
milliseconds() { local now=$EPOCHREALTIME; echo $(((${now/./} - ${1/./}) / 1000)); }

# lane FIRST: every at_a_time-th of them, one after the other.
lane() { local i; for ((i = $1; i < count; i += at_a_time)); do start_one "bare-$i"; done; }

clean_up() {
  local i root
  # After a failure the other lanes are still at it.
  for lane in $(jobs -p); do { kill "$lane" && wait "$lane"; } 2>/dev/null || true; done
  for ((i = 0; i < count; i++)); do crun --root "$dir/state" kill "bare-$i" KILL 2>/dev/null || true; done
  for ((i = 0; i < count; i++)); do
    for root in "${roots[@]}"; do
      # The kernel lets go of a cgroup a moment after its last process.
      until rmdir "$root/$cgroup/bare-$i" 2>/dev/null || [ ! -e "$root/$cgroup/bare-$i" ]; do sleep 0.02; done
    done
    crun --cgroup-manager=disabled --root "$dir/state" delete -f "bare-$i" 2>/dev/null || true
  done
  rm -rf "$dir" 2>/dev/null || unshare --map-auto --map-root-user rm -rf "$dir"
}

trap clean_up EXIT
mkdir -p "$dir"/{run,state,exits}
chmod 755 "$dir"
write_runtime
began=$EPOCHREALTIME
for ((l = 0; l < at_a_time; l++)); do lane "$l" & done
# Only the lanes are waited for: every one of them must have started all of its own.
wait -n
for ((l = 1; l < at_a_time; l++)); do wait -n; done
echo "total $(milliseconds "$began")"
