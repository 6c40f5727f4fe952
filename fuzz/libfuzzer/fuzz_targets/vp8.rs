//! Feeds the target `vp8` what libFuzzer comes up with.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    kreide_fuzz::run("vp8", data);
});
