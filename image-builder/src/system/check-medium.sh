#!/bin/sh
# Compares the files on the medium that this system was started from with their sums.
# check-medium MARK: MARK is a file that only this medium has.
place=/run/remetal/medium
mkdir -p "$place"

finish() {
    echo "$2"
    # Somebody at the screen can read it before the recovery program takes the screen.
    echo "Press Enter to go on."
    read -r -t 30 _ </dev/console
    exit "$1"
}

# Where ISO 9660 has the name of a volume. blkid does not tell it of a stick, which has a partition
# table as well.
label() {
    dd if="$1" bs=1 skip=32808 count=7 2>/dev/null
}

for device in $(lsblk --nodeps --noheadings --paths --output NAME); do
    [ "$(label "$device")" = REMETAL ] || continue
    mount -t iso9660 -o ro "$device" "$place" 2>/dev/null || continue
    if [ -e "$place/$1" ]; then
        echo "Checking $device ..."
        cd "$place" && sha256sum --strict -c remetal/SHA256SUMS
        result=$?
        cd / && umount "$place"
        [ "$result" = 0 ] && finish 0 "The medium is good."
        finish 1 "The medium is DAMAGED: write it again, on another stick if it happens again."
    fi
    umount "$place"
done
finish 2 "The medium was not found: this system was started over the network or from a file."
