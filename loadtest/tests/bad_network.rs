//! Coming back over a crowded wireless network: loss is the network's, the seat is not.
//!
//! Needs network namespaces; where the machine lets nobody make any, the tests say so and pass.
//! One after the other, since both ends of a link have the same addresses.

mod kit;

use serde_json::Value;

use kit::play_over;

/// Everything was as it must be after each deed, whatever got lost.
fn without_fault(report: &Value, mark: &str) {
    assert_eq!(report["faults"].as_array().map(Vec::len), Some(0), "{report:#}");
    assert_eq!(report["failed"], 0, "{report:#}");
    println!("{mark}: {}", report["marks"][mark]);
    assert!(!report["marks"][mark].is_null(), "{report:#}");
}

#[test]
fn seats_outlive_a_crowded_wireless_network() {
    for (scenario, mark) in [("takeover", "heard_after_cut"), ("pause", "back")] {
        let Some(report) = play_over("wifi-crowded", scenario, &["--seconds", "1"]) else { return };
        without_fault(&report, mark);
    }
}
