//! The screens of the recovery program.
