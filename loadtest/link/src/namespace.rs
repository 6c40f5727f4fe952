//! One network namespace with one end of the link in it.
//!
//! Invariant: dropped, a namespace ends what still runs in it and is gone. Names carry this
//! process's id, so that a later start knows what a dead one left behind.
//! Left out on purpose: any other interface but loopback.

use std::fs::File;
use std::net::Ipv4Addr;
use std::os::fd::AsFd;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rustix::process::{Pid, Signal, kill_process};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use tun_rs::{DeviceBuilder, SyncDevice};

const PREFIX: &str = "kreide-link-";
const FOLDER: &str = "/run/netns";
/// Name of the interface on both sides.
const DEVICE: &str = "uplink";
const MTU: u16 = 1500;
/// Packets that the kernel holds until we read them: more than a burst of a whole class.
const KERNEL_QUEUE: u32 = 8192;

/// A namespace.
pub(crate) struct Namespace {
    name: String,
    pub(crate) address: Ipv4Addr,
}

impl Namespace {
    /// Makes the namespace of one side and its end of the link, at `address`, with everything
    /// routed to `other`.
    pub(crate) fn make(
        side: char,
        address: Ipv4Addr,
        other: Ipv4Addr,
    ) -> Result<(Self, SyncDevice)> {
        let name = format!("{PREFIX}{}-{side}", std::process::id());
        ip(&["netns", "add", &name])?;
        let made = Self { name, address };
        let device = made.inside(open_device)?.context("cannot make a TUN device")?;
        device.set_nonblocking(true)?;
        made.ip(&["link", "set", "lo", "up"])?;
        made.ip(&["address", "add", &format!("{address}/30"), "dev", DEVICE])?;
        made.ip(&["link", "set", DEVICE, "up"])?;
        made.ip(&["route", "add", "default", "via", &other.to_string()])?;
        Ok((made, device))
    }

    /// The name, for `ip netns exec`.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// A command that will run inside.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.name, program]);
        command
    }

    /// Packets that the kernel dropped since we did not read them in time.
    pub(crate) fn missed(&self) -> Result<u64> {
        let table = self.inside(|| std::fs::read_to_string("/proc/thread-self/net/dev"))??;
        dropped_at(&table).context("the kernel's table of interfaces has changed its form")
    }

    /// What `work` gives on a thread inside: a namespace is a thread's.
    fn inside<T: Send>(&self, work: impl FnOnce() -> T + Send) -> Result<T> {
        let file = File::open(Path::new(FOLDER).join(&self.name))?;
        thread::scope(|scope| {
            let inside = scope.spawn(|| {
                move_into_link_name_space(file.as_fd(), Some(LinkNameSpaceType::Network))
                    .context("cannot enter a namespace")?;
                Ok(work())
            });
            inside.join().expect("reads and opens files, which give errors")
        })
    }

    fn ip(&self, words: &[&str]) -> Result<()> {
        ip(&[&["-n", &self.name], words].concat()).map(drop)
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        remove(&self.name);
    }
}

/// Removes the namespaces of processes that are no more.
pub(crate) fn remove_forgotten() -> Result<()> {
    // The folder is not there before the first namespace is made.
    let Ok(entries) = std::fs::read_dir(FOLDER) else { return Ok(()) };
    for entry in entries {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if owner(&name).is_some_and(|owner| !Path::new("/proc").join(owner).exists()) {
            remove(&name);
        }
    }
    Ok(())
}

/// The process that made a namespace of this name, if it is one of ours.
fn owner(name: &str) -> Option<&str> {
    let (owner, side) = name.strip_prefix(PREFIX)?.split_once('-')?;
    let ours = matches!(side, "a" | "b") && owner.parse::<u32>().is_ok();
    ours.then_some(owner)
}

/// Ends what runs in a namespace, politely first, and deletes it.
fn remove(name: &str) {
    for (signal, tries) in [(Signal::TERM, 100), (Signal::KILL, 100)] {
        end_all(name, signal, tries);
    }
    let deleted = ip(&["netns", "delete", name]);
    // Two that start at once may both tidy up.
    if let Some(error) = deleted.err().filter(|_| Path::new(FOLDER).join(name).exists()) {
        eprintln!("link: {error:#}");
    }
}

/// Sends `signal` to all that run in a namespace, and waits 20 ms `tries` times until they have
/// ended.
fn end_all(name: &str, signal: Signal, tries: u32) {
    for process in processes(name) {
        // Who has ended by itself needs no signal.
        let _ = kill_process(process, signal);
    }
    for _ in 0..tries {
        if processes(name).is_empty() {
            return;
        }
        thread::sleep(Duration::from_millis(20));
    }
}

fn processes(name: &str) -> Vec<Pid> {
    let listed = ip(&["netns", "pids", name]).unwrap_or_default();
    listed.lines().filter_map(|pid| pid.trim().parse().ok()).filter_map(Pid::from_raw).collect()
}

fn open_device() -> std::io::Result<SyncDevice> {
    DeviceBuilder::new().name(DEVICE).mtu(MTU).tx_queue_len(KERNEL_QUEUE).build_sync()
}

/// The column "drop" of "transmit": proc_net(5). What is sent to a TUN device is read by us.
fn dropped_at(table: &str) -> Option<u64> {
    let line = table.lines().find_map(|line| line.trim().strip_prefix("uplink:"))?;
    line.split_whitespace().nth(11)?.parse().ok()
}

fn ip(words: &[&str]) -> Result<String> {
    let done = Command::new("ip").args(words).output().context("cannot run `ip` of iproute2")?;
    ensure!(
        done.status.success(),
        "ip {}: {}",
        words.join(" "),
        String::from_utf8_lossy(&done.stderr).trim()
    );
    Ok(String::from_utf8_lossy(&done.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_names_have_an_owner() {
        assert_eq!(owner("kreide-link-123-a"), Some("123"));
        for foreign in ["kreide-link-123-c", "kreide-link-x-a", "kreide-link-123", "kreide-e2e-1"] {
            assert_eq!(owner(foreign), None, "{foreign}");
        }
    }

    #[test]
    fn the_dropped_are_in_the_twelfth_column() {
        let table = "Inter-| Receive | Transmit\n lo: 1 2 0 0 0 0 0 0 1 2 0 0 0 0 0 0\n\
                     uplink: 100 1 2 3 4 5 6 7 200 9 10 11 12 13 14 15\n";
        assert_eq!(dropped_at(table), Some(11));
        assert_eq!(dropped_at("lo: 1"), None);
    }
}
