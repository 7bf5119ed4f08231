//! The commands, one file each.

pub mod call;
pub mod calls;
pub mod when;
