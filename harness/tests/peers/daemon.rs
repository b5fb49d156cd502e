//! Servers that only root may start, and that keep their processes together themselves.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use std::{env, process};

use super::program::{Ended, as_root, beside, start};

/// How long a server may take to start or to stop: Postfix looks at every file that it has.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server in the background that runs no longer than this test.
pub(crate) struct Daemon {
    /// Its name, and that of its package.
    name: &'static str,
    package: &'static str,
    /// The folder of its files.
    pub(crate) place: PathBuf,
    config: PathBuf,
}

/// An empty folder for the files of a server whose processes are of several users: they get nowhere below
/// a home.
pub(crate) fn foreign_folder(test: &str) -> PathBuf {
    let folder = env::temp_dir().join(format!("faxproof-{}-{test}", process::id()));
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// Writes a set-up of ours for a server: NET in it becomes the network of the test, PLACE the folder.
pub(crate) fn set_up(place: &Path, net: &str, template: &str, file: &str) {
    let text = fs::read_to_string(beside(template)).unwrap();
    let text = text.replace("NET", net).replace("PLACE", place.to_str().unwrap());
    fs::write(place.join(file), text).unwrap();
}

impl Daemon {
    /// Starts it by these words, with its configuration in the folder. It accepts connections then.
    pub(crate) fn start(
        name: &'static str,
        package: &'static str,
        place: PathBuf,
        config: &str,
        words: &[&str],
    ) -> Daemon {
        let config = place.join(config);
        let daemon = Daemon { name, package, place, config };
        let ended = daemon.told(words);
        assert_eq!(ended.exit_code, Some(0), "{} {}", ended.said, daemon.log());
        daemon
    }

    fn told(&self, words: &[&str]) -> Ended {
        start(self.name, self.package, &self.place, &mut self.command(words)).ended_within(PATIENCE)
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = as_root(self.name);
        command.arg("-c").arg(&self.config).args(words);
        command
    }

    /// Its log, by the name that our set-ups give it.
    pub(crate) fn log(&self) -> String {
        let log = as_root("cat").arg(self.place.join("mail.log")).output().unwrap();
        String::from_utf8_lossy(&log.stdout).into_owned()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // Here nothing may fail: the test may have failed already.
        let _ = self.command(&["stop"]).output();
        let _ = as_root("rm").arg("-rf").arg(&self.place).output();
    }
}
