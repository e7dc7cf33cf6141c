# For bash scripts to source, after packages.sh: Rust, installed when missing.

install_cargo() {
    command -v cargo >/dev/null && return 0
    if ! apt-cache show rustup >/dev/null 2>&1; then
        echo "This needs Rust 1.90 or newer: install rustup, so that cargo is in the PATH," \
            "then run this again." >&2
        return 1
    fi
    install_packages rustup
    echo "== rustup default stable"
    rustup default stable
}
