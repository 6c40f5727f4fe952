//! The real link: two namespaces, two devices, UDP through them.
//!
//! Invariant: figures are compared with what a socket behind the link saw, not with what the link
//! says of itself. Without root these tests say so and pass; everything they show of the figures
//! `virtual_time.rs` shows of the library.
//! Left out on purpose: browsers.

mod rig;

use std::process::Command;
use std::time::{Duration, Instant};

use rig::{Rig, is_root, link, namespaces_of, receive_while};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

/// Skips a test where namespaces cannot be made, and says so.
macro_rules! needs_root {
    () => {
        if !is_root() {
            eprintln!("skipped: needs root to make network namespaces");
            return;
        }
    };
}

#[expect(clippy::disallowed_methods, reason = "real time is what is judged here")]
fn now() -> Instant {
    Instant::now()
}

#[test]
fn ten_percent_of_real_packets_are_lost_and_the_same_ones_each_time() {
    needs_root!();
    let seen = || {
        let mut rig =
            Rig::up(&["clear", "--seed", "5", "--set", r#"{"up": {"loss": {"random": 10}}}"#]);
        let seen = rig.send_numbered(40_000);
        rig.ends_without_shortcomings();
        seen
    };
    let first = seen();
    let lost = 40_000 - first.len();
    assert!((3_800..=4_200).contains(&lost), "{lost} of 40000 lost");
    assert_eq!(seen(), first, "another run with this seed lost others");
}

#[test]
fn a_hundred_milliseconds_are_a_hundred_milliseconds() {
    needs_root!();
    let rig = Rig::up(&["clear", "--set", r#"{"both": {"delay_ms": 50}}"#]);
    let (near, far) = (rig.socket_in_a(), rig.socket_in_b());
    near.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    far.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let mut trips: Vec<Duration> = (0..31)
        .map(|_| {
            let sent = now();
            near.send_to(b"there", rig.far_address(&far)).unwrap();
            let (length, from) = far.recv_from(&mut [0; 64]).unwrap();
            far.send_to(&[b'!'; 64][..length], from).unwrap();
            near.recv(&mut [0; 64]).unwrap();
            now() - sent
        })
        .collect();
    trips.sort();
    assert!(trips[0] >= Duration::from_millis(100), "{trips:?}");
    assert!(trips[15] <= Duration::from_millis(103), "{trips:?}");
}

#[test]
fn five_hundred_kilobits_are_five_hundred_kilobits() {
    needs_root!();
    let rate = json!({"up": {"rate": {"kbit_per_s": 500, "queue_bytes": 60_000}}}).to_string();
    let rig = Rig::up(&["clear", "--set", &rate]);
    let (near, far) = (rig.socket_in_a(), rig.socket_in_b());
    let to = rig.far_address(&far);
    // 2 Mbit/s for four seconds, so that the queue is never empty.
    let send = || {
        for _ in 0..800 {
            near.send_to(&[0; 1222], to).unwrap();
            std::thread::sleep(Duration::from_millis(5));
        }
    };
    let arrivals = receive_while(&far, send, |_| now());
    let time = *arrivals.last().unwrap() - arrivals[0];
    // 1222 bytes, 8 of UDP, 20 of IP; the first packet begins the time.
    let kbit_per_s = (arrivals.len() - 1) as f64 * 1250.0 * 8.0 / 1_000.0 / time.as_secs_f64();
    assert!((475.0..=525.0).contains(&kbit_per_s), "{kbit_per_s} kbit/s");
}

#[test]
fn orders_take_effect_and_errors_change_nothing() {
    needs_root!();
    let mut rig = Rig::up(&["clear"]);
    assert_eq!(rig.send_numbered(50).len(), 50);

    let told = rig.order(r#"{"set": {"up": {"black_hole": true}}}"#);
    assert_eq!(told["conditions"]["up"]["black_hole"], true);
    assert_eq!(rig.send_numbered(50).len(), 0);

    let refused = rig.order(r#"{"set": {"up": {"black_hole": false, "delay_ms": -1}}}"#);
    assert_eq!(refused["error"], "up: -1 is not within 0 to 60000 ms");
    assert_eq!(rig.send_numbered(50).len(), 0);

    let told = rig.order(r#"{"profile": "clear"}"#);
    assert_eq!(told["conditions"]["up"]["black_hole"], false);
    assert_eq!(rig.send_numbered(50).len(), 50);

    let counters = rig.order(r#""counters""#);
    assert_eq!(counters["counters"]["up"]["black_holed"], 100);
}

#[test]
fn damage_reaches_the_application() {
    needs_root!();
    let rig = Rig::up(&["clear", "--set", r#"{"up": {"corrupt_percent": 100}}"#]);
    let (near, far) = (rig.socket_in_a(), rig.socket_in_b());
    far.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    near.send_to(&[0; 64], rig.far_address(&far)).unwrap();
    let mut got = [0; 64];
    assert_eq!(far.recv(&mut got).unwrap(), 64);
    assert_eq!(got.iter().map(|byte| byte.count_ones()).sum::<u32>(), 1);
}

#[test]
fn run_gives_the_exit_code_and_a_way_to_the_other_side() {
    needs_root!();
    let script = "ip route get 192.0.2.1 | grep -q 'via 10.78.0.2' && \
        ip netns exec $KREIDE_LINK_B ip route get 192.0.2.1 | grep -q 'via 10.78.0.1' && exit 7";
    let mut run = link(&["run", "clear", "--far", "exec sleep 1000", "--", "sh", "-c", script]);
    let run = run.output().unwrap();
    assert_eq!(run.status.code(), Some(7), "{}", String::from_utf8_lossy(&run.stderr));
    assert!(String::from_utf8_lossy(&run.stderr).contains(r#""counters""#));
}

#[test]
fn nothing_is_left_behind() {
    needs_root!();
    // By the end of its orders, with a process that still runs inside.
    let mut rig = Rig::up(&["clear"]);
    let name = rig.described["link"]["a"]["namespace"].as_str().unwrap().to_owned();
    let mut inside =
        Command::new("ip").args(["netns", "exec", &name, "sleep", "1000"]).spawn().unwrap();
    assert_eq!(namespaces_of(rig.pid()).len(), 2);
    rig.end();
    assert_eq!(namespaces_of(rig.pid()), [""; 0]);
    assert!(!inside.wait().unwrap().success());

    // By a signal.
    let mut rig = Rig::up(&["clear"]);
    kill_process(Pid::from_raw(rig.pid() as i32).unwrap(), Signal::TERM).unwrap();
    rig.wait();
    assert_eq!(namespaces_of(rig.pid()), [""; 0]);

    // Killed the hard way: the next start tidies up.
    let mut rig = Rig::up(&["clear"]);
    assert_eq!(namespaces_of(rig.pid()).len(), 2);
    rig.kill();
    Rig::up(&["clear"]).end();
    assert_eq!(namespaces_of(rig.pid()), [""; 0]);
}
