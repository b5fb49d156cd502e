//! Programs of other people.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How long a program that does one thing may take for it.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a program may take to end its own processes when it is told to.
const PARTING: Duration = Duration::from_secs(2);
/// How often something that is waited for is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A program that runs no longer than this test.
pub(crate) struct Running {
    child: Child,
    name: &'static str,
    /// What it writes, its errors among it.
    said: PathBuf,
}

/// What a program left that has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// Its exit code; `None`: a signal ended it.
    pub(crate) exit_code: Option<i32>,
    /// Everything that it wrote.
    pub(crate) said: String,
}

/// Starts a program; what it writes goes to a file of its name in this folder.
pub(crate) fn start(name: &'static str, package: &str, place: &Path, command: &mut Command) -> Running {
    let said = place.join(format!("{name}.said"));
    let screen = File::create(&said).unwrap();
    command.stdin(Stdio::null()).stdout(screen.try_clone().unwrap()).stderr(screen);
    // A group of its own: some programs are several processes.
    let child = command.process_group(0).spawn();
    let child = child.unwrap_or_else(|error| panic!("{}", cannot_run(name, package, &error)));
    Running { child, name, said }
}

/// Runs a program to its end.
pub(crate) fn run(name: &'static str, package: &str, place: &Path, command: &mut Command) -> Ended {
    start(name, package, place, command).ended_within(PATIENCE)
}

fn cannot_run(name: &str, package: &str, error: &std::io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => {
            format!(
                "`{name}` is not installed; Debian has it in the package {package}: apt-get install {package}"
            )
        }
        _ => format!("`{name}` does not start: {error}"),
    }
}

impl Running {
    /// What is left of it when it has ended by itself, awaited for so long.
    pub(crate) fn ended_within(mut self, patience: Duration) -> Ended {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return Ended { exit_code: status.code(), said: self.said() };
            }
            let name = self.name;
            assert!(begun.elapsed() < patience, "`{name}` still runs after {patience:?}: {}", self.said());
            thread::sleep(LOOK_EVERY);
        }
    }

    /// Waits until it accepts connections there.
    pub(crate) fn await_port(&mut self, at: SocketAddr) {
        let begun = Instant::now();
        while TcpStream::connect_timeout(&at, PARTING).is_err() {
            let ended = self.child.try_wait().unwrap();
            let lives = ended.is_none() && begun.elapsed() < PATIENCE;
            assert!(lives, "`{}` does not accept at {at}: {ended:?} {}", self.name, self.said());
            thread::sleep(LOOK_EVERY);
        }
    }

    /// Everything that it has written so far.
    pub(crate) fn said(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.said).unwrap()).into_owned()
    }

    fn signal(&self, signal: &str) {
        let group = format!("kill -s {signal} -- -{}", self.child.id());
        let _ = Command::new("sh").args(["-c", &group]).stderr(Stdio::null()).status();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // What has ended by itself was waited for: its number may be another's by now.
        if !matches!(self.child.try_wait(), Ok(None)) {
            return;
        }
        self.signal("TERM");
        let begun = Instant::now();
        while begun.elapsed() < PARTING {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            thread::sleep(LOOK_EVERY);
        }
        self.signal("KILL");
        let _ = self.child.wait();
    }
}

/// An empty folder for the files of one test.
pub(crate) fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// A program that root must run.
pub(crate) fn as_root(program: &str) -> Command {
    if fs::metadata("/proc/self").unwrap().uid() == 0 {
        return Command::new(program);
    }
    let mut sudo = Command::new("sudo");
    sudo.args(["-n", program]);
    sudo
}

/// A script or set-up of ours that a program reads.
pub(crate) fn beside(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers").join(file)
}

#[test]
#[should_panic(expected = "Debian has it in the package sip-tester")]
fn a_missing_program_is_a_failure_that_names_the_package() {
    run("no-such-program", "sip-tester", &folder("missing"), &mut Command::new("no-such-program"));
}
