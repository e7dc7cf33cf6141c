# For bash scripts to source, after packages.sh: Rust, installed when missing.

# Debian keeps one Rust up to date, for the browsers that it builds: the packages named -web. Its
# plain rustc is older than what Remetal needs.
install_cargo() {
    command -v cargo >/dev/null || install_packages rustc-web cargo-web rustfmt-web
}
