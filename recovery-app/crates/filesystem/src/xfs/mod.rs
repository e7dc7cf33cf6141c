//! XFS, versions 4 and 5.
