#![no_main]
#![allow(missing_docs, reason = "a program of one line")]
libfuzzer_sys::fuzz_target!(|data: &[u8]| opsign_fuzz::sign_request(data));
