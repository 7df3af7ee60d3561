#!/usr/bin/env bash
# Installs what Fleet needs on Debian to run jobs; with the argument "build" what compiles the root helper, with "test" also what only its tests call, with "bench" what it is measured against. Does nothing, quickly, when all of it is there; starts no service.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

# package:file that it brings; the file is looked for, because that is what Fleet will use. fuse and the like belong to jobs, not here.
PARTS=(
  crun:/usr/bin/crun
  runc:/usr/sbin/runc
  conmon:/usr/bin/conmon
  tini:/usr/bin/tini
  uidmap:/usr/bin/newuidmap
  util-linux:/usr/bin/unshare
  passwd:/usr/sbin/useradd
  openssh-client:/usr/bin/ssh-keygen
)

case ${1:-} in
  build) PARTS=() ;;
  bench) PARTS+=(podman:/usr/bin/podman) ;;
  test) PARTS+=(curl:/usr/bin/curl zsh:/usr/bin/zsh fish:/usr/bin/fish python3-minimal:/usr/bin/python3 libpython3.11-stdlib:/usr/lib/python3.11/ctypes/__init__.py
    bindfs:/usr/bin/bindfs fuse3:/usr/bin/fusermount3 nftables:/usr/sbin/nft iproute2:/usr/sbin/ip findutils:/usr/bin/find) ;;
esac
case ${1:-} in
  build | test) PARTS+=(gcc:/usr/bin/cc libc6-dev:/usr/include/stdio.h zlib1g-dev:/usr/include/zlib.h) ;;
esac

# The FIDO token in software by which OpenSSH tests itself. Its package would bring an SSH server along: only this file is taken out of it.
bring_token() {
  local token=$FLEET_REPO/artifacts/openssh-tests/sk-dummy.so folder
  [ ! -e "$token" ] || return 0
  folder=$(mktemp -d)
  (
    # A step that fails does not end what stands before ||: each waits for the one before.
    cd "$folder" &&
      { apt-get download -q openssh-tests || { is_root && apt-get update -q && apt-get download -q openssh-tests; }; } &&
      dpkg-deb -x openssh-tests_*.deb . && mkdir -p "${token%/*}" &&
      cp usr/lib/openssh/regress/misc/sk-dummy/sk-dummy.so "$token.part" && mv "$token.part" "$token"
  ) </dev/null >&2 || say "openssh-tests cannot be had: the tests with FIDO keys are skipped"
  rm -rf "$folder"
}
[ "${1:-}" != test ] || bring_token

missing=()
for part in "${PARTS[@]}"; do
  [ -e "${part#*:}" ] || missing+=("${part%%:*}")
done
# A library has a folder per architecture; ask the linker.
[ "${1:-}" = build ] || /sbin/ldconfig -p | grep -q 'libseccomp\.so\.2' || missing+=(libseccomp2)

if [ ${#missing[@]} -eq 0 ]; then
  exit 0
fi

is_root || die "missing: ${missing[*]}: run as root: apt-get install --no-install-recommends ${missing[*]}"
needs apt-get "Fleet's packages are Debian's: install by hand what provides ${missing[*]}"

# invoke-rc.d asks this file; 101 forbids every service to start. One that the machine has already is left alone.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
fi

export DEBIAN_FRONTEND=noninteractive
say "installing ${missing[*]}"
install=(apt-get install -y -q --no-install-recommends "${missing[@]}")
# The lists may be absent or stale; fetch them only if the packages cannot be had without.
"${install[@]}" </dev/null >/dev/null 2>&1 || { apt-get update -q && "${install[@]}"; } </dev/null >&2
