//! What the kernel says of a process on this machine.
//!
//! Invariant: what cannot be read is `None`, never zero.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

/// A process, by its number.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Process(u32);

/// Times of each thread, to be subtracted later.
#[derive(Clone, Debug, Default)]
pub(crate) struct CpuTimes(BTreeMap<u32, Spent>);

/// Processor time, and time in which a thread could have run but had no processor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Spent {
    pub(crate) running: Duration,
    pub(crate) waiting: Duration,
}

impl Process {
    /// `None` if there is no such process here.
    pub(crate) fn of(pid: u32) -> Option<Self> {
        fs::exists(format!("/proc/{pid}/stat")).ok()?.then_some(Self(pid))
    }

    pub(crate) fn this() -> Self {
        Self(std::process::id())
    }

    /// Processor time so far, in nanoseconds' precision: `/proc/PID/stat` counts in 10 ms, which
    /// is more than twenty joins cost.
    pub(crate) fn cpu(self) -> Option<CpuTimes> {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.0)).ok()?;
        let times = tasks.filter_map(|task| {
            let thread: u32 = task.ok()?.file_name().to_str()?.parse().ok()?;
            let path = format!("/proc/{}/task/{thread}/schedstat", self.0);
            let text = fs::read_to_string(path).ok()?;
            let mut nanos = text.split(' ').map(|word| word.parse().map(Duration::from_nanos));
            let (running, waiting) = (nanos.next()?.ok()?, nanos.next()?.ok()?);
            Some((thread, Spent { running, waiting }))
        });
        Some(CpuTimes(times.collect())).filter(|times| !times.0.is_empty())
    }

    /// Memory in use, in kB.
    pub(crate) fn rss_kb(self) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0)).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        line.split_ascii_whitespace().next()?.parse().ok()
    }

    /// Datagrams that the kernel dropped because the process did not read its IPv4 sockets in
    /// time.
    pub(crate) fn dropped(self) -> Option<u64> {
        let inodes: Vec<u64> = fs::read_dir(format!("/proc/{}/fd", self.0))
            .ok()?
            .filter_map(|entry| {
                let target = fs::read_link(entry.ok()?.path()).ok()?;
                let name = target.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?;
                name.parse().ok()
            })
            .collect();
        let table = fs::read_to_string("/proc/net/udp").ok()?;
        Some(drops(&table, &inodes))
    }
}

impl CpuTimes {
    /// What was spent since then. A thread that ended in between is left out: the server's media
    /// and signaling threads live as long as it does.
    pub(crate) fn since(&self, before: &Self) -> Spent {
        let mut spent = Spent::default();
        for (thread, now) in &self.0 {
            let before = before.0.get(thread).copied().unwrap_or_default();
            spent.running += now.running.saturating_sub(before.running);
            spent.waiting += now.waiting.saturating_sub(before.waiting);
        }
        spent
    }
}

/// The last column of the rows with these inodes (proc_net_udp: inode is the tenth).
fn drops(table: &str, inodes: &[u64]) -> u64 {
    let row = |line: &str| {
        let mut columns = line.split_ascii_whitespace();
        let inode: u64 = columns.nth(9)?.parse().ok()?;
        let dropped: u64 = columns.last()?.parse().ok()?;
        inodes.contains(&inode).then_some(dropped)
    };
    table.lines().skip(1).filter_map(row).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_can_be_read() {
        let this = Process::this();
        let before = this.cpu().unwrap();
        let mut sum = 0u64;
        while this.cpu().unwrap().since(&before).running < Duration::from_millis(2) {
            sum = std::hint::black_box(sum + 1);
        }
        assert!(this.rss_kb().unwrap() > 100);
        let _socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        assert_eq!(this.dropped(), Some(0));
        assert!(Process::of(u32::MAX).is_none());
    }

    #[test]
    fn drops_are_those_of_the_own_sockets() {
        let table = "  sl local rem st q tr retr uid timeout inode ref pointer drops\n\
            1: 0100007F:1EC8 00000000:0000 07 0:0 00:0 0 0 0 77 2 0000 5\n\
            2: 0100007F:1EC9 00000000:0000 07 0:0 00:0 0 0 0 78 2 0000 9\n";
        assert_eq!(drops(table, &[77]), 5);
        assert_eq!(drops(table, &[77, 78]), 14);
        assert_eq!(drops(table, &[]), 0);
    }
}
