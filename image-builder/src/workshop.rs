//! What every step of a build needs: packages, programs, a place for what is finished, and
//! somebody to tell.

use crate::apt::{Package, Session};
use crate::archive::Unpacked;
use crate::cache::Cache;
use crate::error::Result;
use crate::report::Report;
use crate::toolkit::Toolkit;

/// The means of a build.
pub(crate) struct Workshop<'a> {
    pub(crate) session: Session,
    pub(crate) toolkit: Toolkit,
    pub(crate) cache: Cache<'a>,
    pub(crate) report: &'a Report,
}

impl<'a> Workshop<'a> {
    /// Fetches the package lists and the programs that make the image.
    pub(crate) fn open(cache: Cache<'a>, update: bool, report: &'a Report) -> Result<Self> {
        let session = Session::open(&cache.place("apt")?, update, report)?;
        let toolkit = Toolkit::open(&session, &cache, report)?;
        Ok(Self { session, toolkit, cache, report })
    }

    /// Fetches and unpacks packages.
    pub(crate) fn unpack(&self, packages: &[Package]) -> Result<Vec<Unpacked>> {
        let debs = self.session.download(packages, self.report)?;
        let pairs = packages.iter().zip(&debs);
        pairs.map(|(package, deb)| Unpacked::open(&self.cache, package, deb)).collect()
    }
}
