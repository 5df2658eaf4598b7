//! Versions of specifications.

use std::fmt;

/// A version as `@link` URLs carry it, for instance `v2.9`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Version {
    pub(crate) major: u32,
    pub(crate) minor: u32,
}

impl Version {
    /// Federation as it was before `@link`.
    pub(crate) const FEDERATION_1: Self = Self::new(1, 0);
    /// What a subgraph speaks that links the link specification but no version of Federation.
    pub(crate) const FEDERATION_2: Self = Self::new(2, 0);
    /// The newest version of Federation that is understood.
    pub(crate) const NEWEST: Self = Self::new(2, 9);

    pub(crate) const fn new(major: u32, minor: u32) -> Self {
        Self { major, minor }
    }

    /// Reads `v2.9`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (major, minor) = text.strip_prefix('v')?.split_once('.')?;
        let number = |text: &str| match text.bytes().all(|digit| digit.is_ascii_digit()) {
            true => text.parse().ok(),
            false => None,
        };
        Some(Self::new(number(major)?, number(minor)?))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{}.{}", self.major, self.minor)
    }
}
