//! Which kernel: the newest one that Debian has signed.

use crate::apt::{Package, Session};
use crate::error::{BuildError, Result};

/// Depends on the package of the present kernel, whose name has the version in it.
const NEWEST: &str = "linux-image-amd64";

/// The package of the newest signed kernel that any suite has.
pub(crate) fn kernel_package(session: &Session) -> Result<Package> {
    let newest = session.newest(&[NEWEST.to_owned()])?;
    let depends = newest.first().map(|package| package.depends.as_str()).unwrap_or_default();
    let name = kernel_of(depends).ok_or_else(|| BuildError::UnknownPackages {
        names: vec![format!("{NEWEST} (depends on `{depends}`)")],
    })?;
    let mut packages = session.newest(&[name.to_owned()])?;
    let package = packages
        .pop()
        .ok_or_else(|| BuildError::UnknownPackages { names: vec![name.to_owned()] })?;
    // Kernels without a signature come from the source `linux`.
    if !package.source.starts_with("linux-signed") {
        return Err(BuildError::Package {
            package: package.name,
            problem: format!("not signed: it comes from the source {}", package.source),
        });
    }
    Ok(package)
}

fn kernel_of(depends: &str) -> Option<&str> {
    let mut names = depends.split(',').map(|one| one.split_whitespace().next().unwrap_or_default());
    names.find(|name| name.starts_with("linux-image-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_kernel_in_what_the_newest_depends_on() {
        let depends = "initramfs-tools, linux-image-6.12.9+deb12-amd64 (= 6.12.9-1~bpo12+1)";
        assert_eq!(kernel_of(depends), Some("linux-image-6.12.9+deb12-amd64"));
        assert_eq!(kernel_of("libc6"), None);
    }
}
