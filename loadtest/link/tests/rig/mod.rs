//! A running `link` and sockets on both of its sides.
//!
//! Invariant: the process is gone when the rig is dropped.
//! Left out on purpose: what is judged.

#![expect(clippy::unwrap_used, reason = "a rig that cannot be set up fails its test")]

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsFd;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustix::net::sockopt::set_socket_recv_buffer_size_force;
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use serde_json::Value;

/// Holds all packets of a test, in bytes as the kernel counts them.
const RECEIVE_BUFFER: usize = 64 << 20;

/// A running `link up`.
pub(crate) struct Rig {
    process: Child,
    output: BufReader<ChildStdout>,
    /// What it printed first.
    pub(crate) described: Value,
}

/// The program.
pub(crate) fn link(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_link"));
    command.args(words);
    command
}

pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Namespaces that carry a process's id.
pub(crate) fn namespaces_of(pid: u32) -> Vec<String> {
    let prefix = format!("kreide-link-{pid}-");
    let entries = std::fs::read_dir("/run/netns").into_iter().flatten();
    let names = entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    names.filter(|name| name.starts_with(&prefix)).collect()
}

/// What `take` makes of every packet that comes while `send` runs, and until half a second of
/// silence after that.
pub(crate) fn receive_while<T: Send>(
    socket: &UdpSocket,
    send: impl FnOnce(),
    take: impl Fn(&[u8]) -> T + Sync,
) -> Vec<T> {
    socket.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
    let sent = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let receiver = scope.spawn(|| {
            let mut came = Vec::new();
            let mut packet = [0; 1500];
            loop {
                let ending = sent.load(Ordering::SeqCst);
                match socket.recv(&mut packet) {
                    Ok(length) => came.push(take(&packet[..length])),
                    Err(_) if ending => return came,
                    Err(_) => {}
                }
            }
        });
        send();
        sent.store(true, Ordering::SeqCst);
        receiver.join().unwrap()
    })
}

impl Rig {
    pub(crate) fn up(words: &[&str]) -> Self {
        let mut command = link(&[&["up"], words].concat());
        let mut process =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("is built");
        let output = process.stdout.take().expect("piped");
        let mut rig = Self { process, output: BufReader::new(output), described: Value::Null };
        rig.described = rig.line();
        rig
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Gives an order and returns the answer.
    pub(crate) fn order(&mut self, words: &str) -> Value {
        let orders = self.process.stdin.as_mut().expect("not ended");
        writeln!(orders, "{words}").expect("runs");
        self.line()
    }

    /// Ends the orders and returns the last line, the counters.
    pub(crate) fn end(&mut self) -> Value {
        drop(self.process.stdin.take());
        let counters = self.line();
        self.wait();
        counters
    }

    /// Ends, and asserts that machine and kernel kept up with the packets.
    pub(crate) fn ends_without_shortcomings(&mut self) {
        let counters = &self.end()["counters"];
        let short =
            [&counters["missed"]["up"], &counters["up"]["overflowed"], &counters["refused"]];
        assert_eq!(short, [0, 0, 0], "{counters}");
    }

    pub(crate) fn wait(&mut self) {
        assert!(self.process.wait().unwrap().success());
    }

    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    pub(crate) fn socket_in_a(&self) -> UdpSocket {
        self.socket("a")
    }

    pub(crate) fn socket_in_b(&self) -> UdpSocket {
        self.socket("b")
    }

    /// Where the other side reaches a socket of side b.
    pub(crate) fn far_address(&self, socket: &UdpSocket) -> SocketAddr {
        socket.local_addr().unwrap()
    }

    /// Sends packets 0 to `count` from a to b, 8 a millisecond, and returns those that came.
    pub(crate) fn send_numbered(&self, count: u32) -> Vec<u32> {
        let (near, far) = (self.socket_in_a(), self.socket_in_b());
        let to = self.far_address(&far);
        let send = || {
            for number in 0..count {
                near.send_to(&number.to_be_bytes(), to).unwrap();
                if number % 8 == 7 {
                    std::thread::sleep(Duration::from_millis(1));
                }
            }
        };
        receive_while(&far, send, |packet| u32::from_be_bytes(packet.try_into().unwrap()))
    }

    /// A socket of a namespace; it stays there, though the thread that made it ends.
    fn socket(&self, side: &str) -> UdpSocket {
        let described = &self.described["link"][side];
        let text = |key: &str| described[key].as_str().expect("text").to_owned();
        let file = File::open(format!("/run/netns/{}", text("namespace"))).unwrap();
        let address = text("address");
        let inside = std::thread::spawn(move || {
            move_into_link_name_space(file.as_fd(), Some(LinkNameSpaceType::Network)).unwrap();
            let socket = UdpSocket::bind((address, 0)).unwrap();
            // A test that is not scheduled for a while must lose nothing that the link let pass.
            set_socket_recv_buffer_size_force(&socket, RECEIVE_BUFFER).unwrap();
            socket
        });
        inside.join().unwrap()
    }

    fn line(&mut self) -> Value {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|_| panic!("link printed {line:?}"))
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}
