//! A disk that is too small, for tests.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// A file system of 256 KiB, which only root may mount: elsewhere its tests are skipped, but never in CI.
pub(crate) struct SmallDisk {
    directory: TempDir,
}

impl SmallDisk {
    pub(crate) fn mount() -> Option<Self> {
        let directory = TempDir::new().expect("a temporary directory can be made");
        let mut mount = Command::new("mount");
        mount
            .args(["-t", "tmpfs", "-o", "size=256k", "none"])
            .arg(directory.path());
        if succeeds(&mut mount) {
            return Some(Self { directory });
        }
        #[expect(
            clippy::disallowed_methods,
            reason = "what may be skipped depends on where the tests run"
        )]
        let in_ci = std::env::var_os("CI").is_some();
        assert!(
            !in_ci,
            "mounting a small disk is needed for the tests: run them as root"
        );
        // Not through the test harness's capture: a skip must be seen in a run that passes.
        let _ = writeln!(
            std::io::stderr(),
            "\n!!! SKIPPED: mounting a small disk is not permitted; run the tests as root\n"
        );
        None
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn make_read_only(&self) {
        assert!(
            succeeds(Command::new("mount").args(["-o", "remount,ro"]).arg(self.path())),
            "the disk is not in use"
        );
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        succeeds(Command::new("umount").arg("-l").arg(self.directory.path()));
    }
}

fn succeeds(command: &mut Command) -> bool {
    command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
