#!/usr/bin/env bash
# Build the executables inside a Debian 11 of their own (glibc 2.31), so that they run there and on everything newer:
#
#     sudo scripts/old_root.sh ROOT [options of scripts/build.py]
#
# ROOT is a folder for that system (about 1.5 GB; made at the first call, used again later). Needs root, debootstrap and
# a Debian mirror (MIRROR, else debootstrap's own). Python 3.11 and fontconfig are built there from Debian 12's source
# packages; Tk, OpenSSL and the X libraries are those of Debian 11. The results are in dist/ of this checkout.
set -euo pipefail
mirror=${MIRROR:-}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
[ $# -ge 1 ] || { sed -n '2,9s/^# \{0,1\}//p' "$0"; exit 2; }
mkdir -p "$1"
root=$(cd "$1" && pwd)
shift
inside() { chroot "$root" /usr/bin/env -i PATH=/opt/python/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 HOME=/root \
    PYTHONHASHSEED=0 SOURCE_DATE_EPOCH="$epoch" ${PIP_INDEX_URL:+PIP_INDEX_URL="$PIP_INDEX_URL"} "$@"; }
epoch=$(git -C "$here" log -1 --format=%ct 2>/dev/null || date +%s)

if [ ! -e "$root/etc/debian_version" ]; then
    debootstrap --variant=minbase --include=ca-certificates bullseye "$root" ${mirror:+"$mirror"}
fi
# Without one the mirror is that which debootstrap chose.
mirror=${mirror:-$(sed -n 's/^deb \([^ ]*\) .*/\1/p' "$root/etc/apt/sources.list" | head -n 1)}
mountpoint -q "$root/proc" || mount -t proc proc "$root/proc"
mountpoint -q "$root/dev" || mount --rbind /dev "$root/dev"
trap 'umount "$root/proc" || true; umount -l "$root/dev" || true' EXIT
# The names, the index and the certificates of this machine, where it has its own.
for file in /etc/resolv.conf /etc/hosts /etc/pip.conf /etc/ssl/certs/ca-certificates.crt; do
    [ ! -e "$file" ] || cp -L "$file" "$root$file"
done

if [ ! -x "$root/opt/python/bin/pip3.11" ]; then
    printf 'deb %s bullseye main\ndeb-src %s bookworm main\n' "$mirror" "$mirror" > "$root/etc/apt/sources.list"
    inside apt-get update
    # The libraries of the last lines are bundled: drag and drop loads libXcursor, Tk draws with Xft and Xss.
    inside env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        build-essential dpkg-dev pkg-config binutils libssl-dev libffi-dev zlib1g-dev libbz2-dev liblzma-dev uuid-dev \
        python3-pip tk-dev tcl-dev libxcursor1 libxft2 libxss1 fontconfig xvfb xauth git
    rm -rf "$root/tmp/python"
    mkdir -p "$root/tmp/python"
    # Without Debian's patches, which move folders and take pip out.
    inside sh -c 'cd /tmp/python && apt-get source --download-only --only-source python3.11 &&
        dpkg-source --skip-patches -x python3.11_*.dsc source'
    inside sh -c 'cd /tmp/python/source && ./configure --prefix=/opt/python --enable-shared --without-ensurepip \
        LDFLAGS=-Wl,-rpath,/opt/python/lib && make -j"$(nproc)" && make install &&
        cp Doc/license.rst /opt/python/lib/python3.11/' > "$root/tmp/python.log" 2>&1 ||
        { tail -n 30 "$root/tmp/python.log" >&2; exit 1; }
    inside python3.11 -c 'import ssl, ctypes, zlib, bz2, lzma, hashlib, tkinter'
    inside sh -c 'cd /tmp/python && /usr/bin/python3 -m pip download --quiet --no-deps --only-binary=:all: \
        --python-version 3.11 pip && python3.11 "$(ls pip-*.whl)/pip" install --quiet pip-*.whl'
    inside rm -rf /tmp/python
fi

if [ ! -e "$root/opt/fontconfig" ]; then
    # Debian 11's fontconfig puts a file .uuid into every folder of fonts that it may write; Debian 12's does not.
    inside env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends gperf libexpat1-dev libfreetype-dev
    rm -rf "$root/tmp/fontconfig"
    mkdir -p "$root/tmp/fontconfig"
    inside sh -c 'cd /tmp/fontconfig && apt-get source --download-only --only-source fontconfig &&
        dpkg-source --skip-patches -x fontconfig_*.dsc source'
    inside sh -c 'cd /tmp/fontconfig/source && ./configure --prefix=/usr --sysconfdir=/etc --localstatedir=/var \
        --libdir="/usr/lib/$(gcc -print-multiarch)" --disable-docs --disable-static && make -C fc-case && make -C fc-lang &&
        make -C src &&
        cp src/.libs/libfontconfig.so.1 "$(readlink -f "/usr/lib/$(gcc -print-multiarch)/libfontconfig.so.1")"' > "$root/tmp/fontconfig.log" 2>&1 ||
        { tail -n 30 "$root/tmp/fontconfig.log" >&2; exit 1; }
    inside rm -rf /tmp/fontconfig
    touch "$root/opt/fontconfig"
fi

# What git knows, and nothing that lies about: the same commit gives the same files.
rm -rf "$root/stablenew"
mkdir -p "$root/stablenew"
(cd "$here" && git ls-files -z --cached --others --exclude-standard | tar --null -T - -cf -) | tar -xf - -C "$root/stablenew"
inside python3.11 -m venv /opt/build
inside /opt/build/bin/python -m pip --disable-pip-version-check install --quiet "/stablenew[build]"
inside sh -c 'cd /stablenew && exec /opt/build/bin/python scripts/build.py --dest /stablenew/dist --work /tmp/build "$@"' \
    build "$@"
mkdir -p "$here/dist"
cp -a "$root/stablenew/dist/." "$here/dist/"
echo "The files are in $here/dist." >&2
