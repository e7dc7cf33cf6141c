//! Which kernel: the newest one that Debian has signed.

use crate::apt::{Package, Session};
use crate::error::{BuildError, Result};

/// Depends on the package of the present kernel, whose name has the version in it.
const NEWEST: &str = "linux-image-amd64";

/// The name of a kernel's package, before its version.
pub(crate) const IMAGE: &str = "linux-image-";

/// The packages of the newest signed kernel that any suite has: `linux-image-VERSION`, and those
/// of the same version that it depends on: Debian's newer kernels come in several.
pub(crate) fn kernel_packages(session: &Session) -> Result<Vec<Package>> {
    let image = image_package(session)?;
    let version = image.name.strip_prefix(IMAGE).unwrap_or_default();
    let others = session.newest(&others_of(&image.depends, version))?;
    Ok([image].into_iter().chain(others).collect())
}

fn image_package(session: &Session) -> Result<Package> {
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
    names(depends).find(|name| name.starts_with(IMAGE))
}

/// The dependencies whose names end with the kernel's version.
fn others_of(depends: &str, version: &str) -> Vec<String> {
    let ending = format!("-{version}");
    names(depends).filter(|name| name.ends_with(&ending)).map(str::to_owned).collect()
}

/// The first alternative of each dependency, without its version.
fn names(depends: &str) -> impl Iterator<Item = &str> {
    depends.split(',').filter_map(|one| one.split_whitespace().next())
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

    #[test]
    fn finds_what_a_kernel_in_several_packages_consists_of() {
        let version = "7.3.4+deb13-amd64";
        let depends = "dracut | initramfs-tools (>= 0.120), linux-base (>= 4.17~), \
                       linux-binary-7.3.4+deb13-amd64 (= 7.3.4-1~bpo13+1), \
                       linux-modules-7.3.4+deb13-amd64 (= 7.3.4-1~bpo13+1)";
        let others = ["linux-binary-7.3.4+deb13-amd64", "linux-modules-7.3.4+deb13-amd64"];
        assert_eq!(others_of(depends, version), others);
        let whole = "kmod, linux-base (>= 4.3~), initramfs-tools (>= 0.120+deb8u2)";
        assert_eq!(others_of(whole, "6.12.9+deb12-amd64"), Vec::<String>::new());
    }
}
