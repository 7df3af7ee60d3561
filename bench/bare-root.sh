#!/usr/bin/env bash
# bare-root.sh DIR: what the root helper is measured against, in a mount namespace of its own (unshare --mount). For each line on standard input, "crun" or
# "podman", runs /bin/true once and prints the milliseconds. crun has DIR/bundle/config.json, which is the helper's own for such a task, over the host's
# folders as the helper puts them together; podman has the host's /usr and a root beside it.
set -euo pipefail
dir=$1

mount_root() {
  local entry
  mkdir -p "$dir/bundle" "$dir/rootfs" "$dir/state"
  for entry in /*; do
    case $entry in /proc | /dev | /run) mkdir "$dir/rootfs$entry" && continue ;; esac
    if [ -L "$entry" ]; then
      ln -s "$(readlink "$entry")" "$dir/rootfs$entry"
    elif [ -d "$entry" ]; then
      mkdir "$dir/rootfs$entry"
      mount --rbind "$entry" "$dir/rootfs$entry"
      mount -o remount,bind,ro,nosuid,nodev "$dir/rootfs$entry"
    fi
  done
}

mount_podman_root() {
  local name
  for name in usr etc proc dev run tmp sys; do mkdir -p "$dir/podman/$name"; done
  for name in bin sbin lib lib64; do ln -s usr/$name "$dir/podman/$name"; done
  mount --bind /usr "$dir/podman/usr"
}

run_crun() { crun --root "$dir/state" --cgroup-manager=disabled run --bundle "$dir/bundle" "bare$1"; }

# Without a network, as a root task is; with limits that need no capability to set, because podman would raise them.
run_podman() { podman run --rm --network none --ulimit nofile=1024:1024 --ulimit nproc=1024:1024 --rootfs "$dir/podman" /bin/true; }

# crun refuses a host of cgroup version 1 that also has an unused version 2 mounted; the helper covers it too.
[ ! -d /sys/fs/cgroup/unified ] || mount -t tmpfs none /sys/fs/cgroup/unified
mount_root
mount_podman_root
number=0
while read -r which; do
  number=$((number + 1))
  began=$EPOCHREALTIME
  "run_$which" "$number" </dev/null >"$dir/said" 2>&1 || echo "failed: $(cat "$dir/said")" >&2
  awk -v us=$((${EPOCHREALTIME/./} - ${began/./})) 'BEGIN { print us / 1000 }'
done
