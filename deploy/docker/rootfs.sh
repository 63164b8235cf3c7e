#!/bin/sh
# rootfs.sh BINARY FILES ROOT: lays the file system of the image in ROOT.
#
# In it are BINARY and the shared libraries that it links, the certificates of the authorities to trust, the users, the
# default configuration, the licences and the bill of materials (FILES has newsstage.toml, LICENSE, THIRD_PARTY.md,
# THIRD_PARTY_LICENSES.txt, newsstage.cdx.json), and for scanners what Debian knows of the packages that the libraries come
# from. Runs on Debian, as root; ends by running the program in ROOT.
set -eu

binary=$1 files=$2 root=$3
id=65532

mkdir -p "$root/usr/local/bin" "$root/etc/newsstage" "$root/etc/ssl/certs" "$root/usr/share/doc/newsstage" \
    "$root/var/lib/newsstage" "$root/var/lib/dpkg/status.d" "$root/tmp"
chmod 1777 "$root/tmp"
chown "$id:$id" "$root/var/lib/newsstage"
chmod 0750 "$root/var/lib/newsstage"

install -m 0755 "$binary" "$root/usr/local/bin/newsstage"
install -m 0644 "$files/newsstage.toml" "$root/etc/newsstage/newsstage.toml"
install -m 0644 "$files/LICENSE" "$files/THIRD_PARTY.md" "$files/THIRD_PARTY_LICENSES.txt" "$files/newsstage.cdx.json" \
    "$root/usr/share/doc/newsstage/"

# record PACKAGE: where image scanners look, and its licence.
record() {
    dpkg-query -s "$1" >"$root/var/lib/dpkg/status.d/${1%%:*}"
    install -D -m 0644 "/usr/share/doc/${1%%:*}/copyright" "$root/usr/share/doc/${1%%:*}/copyright"
}

# The package that owns a file. Files are listed under /lib or /usr/lib, which are the same folder.
owner() {
    dpkg-query -S "$1" 2>/dev/null || dpkg-query -S "/usr$1" 2>/dev/null || dpkg-query -S "${1#/usr}"
}

if ldd "$binary" | grep 'not found'; then
    echo "rootfs.sh: a library of $binary is missing: install its package beside ca-certificates" >&2
    exit 1
fi
ldd "$binary" | sed -n 's/.*=> \(\/[^ ]*\) .*/\1/p; s/^[[:space:]]*\(\/[^ ]*\) .*/\1/p' | sort -u >"$root/libraries"
[ -s "$root/libraries" ] || { echo "rootfs.sh: no libraries of $binary found" >&2 && exit 1; }
while read -r library; do
    install -D -m 0755 "$(readlink -f "$library")" "$root$library"
    owner "$library" | sed 's/: \/.*//' | head -n 1 >"$root/package"
    record "$(cat "$root/package")"
done <"$root/libraries"
rm "$root/libraries" "$root/package"

install -m 0644 /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
record ca-certificates

cat >"$root/etc/passwd" <<EOF
root:x:0:0:root:/:/sbin/nologin
nonroot:x:$id:$id:nonroot:/var/lib/newsstage:/sbin/nologin
EOF
cat >"$root/etc/group" <<EOF
root:x:0:
nonroot:x:$id:
EOF
printf 'hosts: files dns\n' >"$root/etc/nsswitch.conf"

chroot --userspec="$id:$id" "$root" /usr/local/bin/newsstage --version
