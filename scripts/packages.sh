# For bash scripts to source: Debian packages, installed when missing.

# Prints those of the given packages that are not installed.
missing_packages() {
    local package
    for package in "$@"; do
        dpkg -s "$package" 2>/dev/null | grep -q '^Status: install ok installed$' ||
            printf '%s\n' "$package"
    done
}

# Prints `name=version` for the given packages, in the version that apt would install, and for
# each installed package that comes from the same source in another version. Packages of one
# source often demand each other in one version; where one came from another suite (backports,
# say) apt does not move it by itself.
aligned_packages() {
    local package version source
    for package in "$@"; do
        version=$(apt-cache policy "$package" | sed -n 's/^ *Candidate: //p')
        source=$(apt-cache show "$package=$version" | sed -n 's/^Source: \([^ ]*\).*/\1/p' | head -n 1)
        printf '%s=%s\n' "$package" "$version"
        siblings_out_of_step "${source:-$package}" "${version%+b[0-9]*}"
    done | sort -u
}

# Prints `name=version` for each installed package of that source whose version is not the one
# given, if apt has it in that version. A rebuild (`+b1`) counts as the same version.
siblings_out_of_step() {
    local name installed status
    dpkg-query -W -f '${source:Package} ${Package} ${Version} ${db:Status-Abbrev}\n' |
        { grep -F -- "$1 " || true; } | while read -r source name installed status; do
        if [ "$source" = "$1" ] && [ "$status" = ii ] && [ "${installed%+b[0-9]*}" != "$2" ]; then
            apt-cache madison "$name" | tr -d ' ' | cut -d '|' -f 1,2 | tr '|' '=' |
                grep -Fx -e "$name=$2" -e "$name=$2+b1" -e "$name=$2+b2" -e "$name=$2+b3" |
                head -n 1 || true
        fi
    done
}

# Installs what is missing of the given packages; quick and silent when nothing is. Nothing that the
# machine has is removed: what stands in the way (one of the given packages, say, from another suite)
# is aligned.
install_packages() {
    local missing log
    mapfile -t missing < <(missing_packages "$@")
    [ ${#missing[@]} -gt 0 ] || return 0
    echo "== installing ${missing[*]}"
    log=$(mktemp)
    local apt=(
        env DEBIAN_FRONTEND=noninteractive
        apt-get --yes --quiet --no-install-recommends --no-remove
    )
    if ! "${apt[@]}" update >"$log" 2>&1; then
        cat "$log" >&2
        return 1
    fi
    if ! "${apt[@]}" install "${missing[@]}" >"$log" 2>&1; then
        local aligned
        mapfile -t aligned < <(aligned_packages "${missing[@]}")
        if ! "${apt[@]}" install --allow-downgrades "${aligned[@]}" >>"$log" 2>&1; then
            cat "$log" >&2
            return 1
        fi
    fi
    rm -f "$log"
}
