#!/usr/bin/env bash
# unpack-package.sh NAME DEST: a real server from Debian in DEST/packages/NAME, as a job finds it below /var/vcap/packages/NAME.
# Nothing is installed and nothing started: packages are only downloaded (apt-get download) and unpacked (dpkg-deb -x).
# NAME is redis, nginx or postgres. What was downloaded once is kept in $FLEET_PACKAGE_CACHE.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

# The packages of each server, with the libraries that a minimal Debian lacks; what every Debian with apt has is not here.
# Unpacked even where the machine has them, so that a job is the same on every machine.
packages_of() {
  case $1 in
    redis) echo "redis-server redis-tools libatomic1 libjemalloc2 liblzf1 libssl3" ;;
    nginx) echo "nginx libpcre2-8-0 libcrypt1 libssl3" ;;
    # Without libllvm14 (110 MB): only jit, which the job turns off, loads it.
    postgres) echo "postgresql-15 postgresql-client-15 libpq5 libicu72 libldap-2.5-0 libsasl2-2 libxml2 libxslt1.1 libssl3 libreadline8
      libgssapi-krb5-2 libkrb5-3 libk5crypto3 libkrb5support0 libcom-err2 libkeyutils1" ;;
    *) die "there is no package '$1': redis, nginx or postgres" ;;
  esac
}

programs_of() {
  case $1 in
    redis) echo usr/bin/redis-server usr/bin/redis-cli ;;
    nginx) echo usr/sbin/nginx ;;
    postgres) echo usr/lib/postgresql/15/bin/{postgres,initdb,psql,pg_isready} ;;
  esac
}

# download FOLDER PACKAGE...: asks for all at once; fetches the package lists only if they lack one.
download() {
  local folder=$1
  shift
  cd "$folder"
  apt-get download -q "$@" >/dev/null 2>&1 && return
  is_root || die "cannot download $*: the package lists may be old; run as root: apt-get update"
  apt-get update -q >/dev/null
  apt-get download -q "$@" >&2 || die "cannot download $* from this machine's Debian mirror"
}

# fill CACHE NAME: the unpacked tree of NAME, made beside its place and renamed, so that a cache is whole or absent.
fill() {
  local work
  work=$(mktemp -d "$1/.$2.XXXXXX")
  mkdir "$work/debs" "$work/tree"
  # apt drops root while downloading, if its user can write here; else it warns and goes on.
  chmod 777 "$work" "$work/debs"
  # shellcheck disable=SC2046
  (download "$work/debs" $(packages_of "$2"))
  for deb in "$work"/debs/*.deb; do
    dpkg-deb -x "$deb" "$work/tree"
  done
  # Some libraries are packed for /lib, others for /usr/lib; a job's search path names one.
  [ ! -d "$work/tree/lib" ] || { cp -a "$work/tree/lib/." "$work/tree/usr/lib/" && rm -rf "$work/tree/lib"; }
  # Only programs, libraries and what they read; no units, maintainer scripts or manuals.
  rm -rf "$work"/tree/{etc,var,usr/lib/systemd,usr/share/{doc,man,lintian,locale,bug}}
  check "$work/tree" "$2"
  chmod -R a+rX,go-w "$work/tree"
  mv -T "$work/tree" "$1/$2" 2>/dev/null || true # another run may have been quicker; its tree is the same
  rm -rf "$work"
}

check() {
  local program missing
  for program in $(programs_of "$2"); do
    missing=$(LD_LIBRARY_PATH=$1/usr/lib/$(uname -m)-linux-gnu ldd "$1/$program" | grep 'not found' || true)
    [ -z "$missing" ] || die "$program lacks libraries on this machine: $missing"
  done
}

default_cache() { is_root && echo /var/cache/fleet-packages || echo "${XDG_CACHE_HOME:-$HOME/.cache}/fleet-packages"; }

[ $# -eq 2 ] || die "usage: unpack-package.sh NAME DEST"
needs dpkg-deb "the servers of the demo are Debian's packages"
needs apt-get "the servers of the demo are Debian's packages"
name=$1 dest=$2
packages_of "$name" >/dev/null
cache=${FLEET_PACKAGE_CACHE:-$(default_cache)}
mkdir -p "$cache"
[ -d "$cache/$name" ] || fill "$(readlink -f "$cache")" "$name"
mkdir -p "$dest/packages"
rm -rf "$dest/packages/$name"
# A copy, not hard links: whoever changes the owner or mode of a package must not change the cache's.
cp -a --reflink=auto "$cache/$name" "$dest/packages/$name"
