//! Feeds the target `talks` what libFuzzer comes up with.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    kreide_fuzz::run("talks", data);
});
