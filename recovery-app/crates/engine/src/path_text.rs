//! Paths in JSON, for `serialize_with`.
//!
//! JSON is Unicode, and a path need not be: bytes that are none become `�`, as they do in
//! everything that people read. By itself serde fails at such a path.

use std::path::{Path, PathBuf};

use serde::Serializer;

/// A path.
pub(crate) fn lossy<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&path.display())
}

/// A path or `null`.
pub(crate) fn lossy_or_null<S: Serializer>(
    path: &Option<PathBuf>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match path {
        Some(path) => lossy(path, serializer),
        None => serializer.serialize_none(),
    }
}
