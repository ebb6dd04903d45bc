#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| apply_cookies_fuzz::callback(data));
