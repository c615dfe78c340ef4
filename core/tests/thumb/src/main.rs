//! Signs a payload on a bare Cortex-M4 and compares with the signature that op-node and noble make.
//!
//! `scripts/no-std.sh` takes the values from `vectors/payload_signing.json`, and runs this in qemu;
//! the exit code is that of the program. It prints the signature, and what flash and stack it took.
#![no_std]
#![no_main]

use core::panic::PanicInfo;

use cortex_m as _;
use cortex_m_semihosting::{debug, hprintln};
use opsign_core::{
    Address, ChainId, Error, ErrorCode, PayloadHash, Rules, SecretKey, Signature, sign_payload,
    verify_payload,
};

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    hprintln!("{}", info);
    stop(debug::EXIT_FAILURE)
}

#[cortex_m_rt::entry]
fn main() -> ! {
    match check() {
        Ok(signature) => {
            hprintln!("{}", signature);
            hprintln!("flash {} stack {}", flash(), stack_used());
            stop(debug::EXIT_SUCCESS)
        }
        Err(error) => {
            hprintln!("{}", error);
            stop(debug::EXIT_FAILURE)
        }
    }
}

fn check() -> Result<Signature, Error> {
    let key = SecretKey::from_hex(env!("OPSIGN_SECRET_KEY"))?;
    let chain_id: ChainId = env!("OPSIGN_CHAIN_ID").parse()?;
    let payload_hash = PayloadHash::from_hex(env!("OPSIGN_PAYLOAD_HASH"))?;
    let expected = Signature::from_hex(env!("OPSIGN_SIGNATURE"), Rules::Strict)?;
    let address: Address = env!("OPSIGN_ADDRESS").parse()?;

    let signature = sign_payload(&key, &chain_id, &payload_hash)?;
    assert_eq!(signature, expected);
    verify_payload(&chain_id, &payload_hash, &signature, &address)?;
    let other = PayloadHash::of(b"another payload");
    let refused = verify_payload(&chain_id, &other, &signature, &address);
    assert_eq!(refused.map_err(|error| error.code()), Err(ErrorCode::WrongSigner));
    Ok(signature)
}

/// Bytes of flash: vectors, code, constants, and what RAM holds at the start.
fn flash() -> usize {
    // Of link.x: where the last of it begins, and its bounds in RAM. Flash begins at 0.
    unsafe extern "C" {
        static __sidata: u32;
        static __sdata: u32;
        static __edata: u32;
    }
    let [begin, from, to] = [&raw const __sidata, &raw const __sdata, &raw const __edata];
    begin.addr() + (to.addr() - from.addr())
}

/// Bytes of stack that were written to so far: cortex-m-rt paints all of it before `main`.
fn stack_used() -> usize {
    // Of link.x: the stack grows down from the one to the other.
    unsafe extern "C" {
        static _stack_start: u32;
        static _stack_end: u32;
    }
    let (top, mut lowest) = (&raw const _stack_start, &raw const _stack_end);
    // SAFETY: every word from the one to the other is RAM, aligned, and painted.
    while lowest < top && unsafe { lowest.read_volatile() } == cortex_m_rt::STACK_PAINT_VALUE {
        lowest = lowest.wrapping_add(1);
    }
    top.addr() - lowest.addr()
}

/// Ends qemu.
fn stop(status: debug::ExitStatus) -> ! {
    debug::exit(status);
    loop {}
}
