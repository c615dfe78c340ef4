//! Types that hold a secret cannot be printed, cloned or compared, core's among them.

use std::fmt::{Debug, Display};
use std::marker::PhantomData;

use opsign_core::{Address, SecretKey};
use opsign_keys::{Mnemonic, Passphrase, Secret, SecretText};

/// Whether a type implements a trait: the constant of the type itself comes first, and is only
/// there if the bound holds.
macro_rules! implements {
    ($type:ty: $trait:path) => {{
        #[allow(dead_code, reason = "not asked if the type has its own")]
        trait Otherwise {
            const ANSWER: bool = false;
        }
        impl<T> Otherwise for Of<T> {}
        #[allow(dead_code, reason = "asked as a type only")]
        struct Of<T>(PhantomData<T>);
        #[allow(dead_code, reason = "not there is the good answer")]
        impl<T: $trait> Of<T> {
            const ANSWER: bool = true;
        }
        Of::<$type>::ANSWER
    }};
}

macro_rules! what_it_shows {
    ($type:ty) => {
        [
            ("Debug", implements!($type: Debug)),
            ("Display", implements!($type: Display)),
            ("Clone", implements!($type: Clone)),
            ("Copy", implements!($type: Copy)),
            ("ToString", implements!($type: ToString)),
            ("PartialEq", implements!($type: PartialEq)),
            ("PartialOrd", implements!($type: PartialOrd)),
            ("Hash", implements!($type: std::hash::Hash)),
        ]
    };
}

#[test]
fn secrets_show_nothing() {
    assert!(what_it_shows!(Address).iter().all(|(_, there)| *there), "an address shows everything");
    let secrets = [
        ("SecretKey", what_it_shows!(SecretKey)),
        ("Secret", what_it_shows!(Secret)),
        ("SecretText", what_it_shows!(SecretText)),
        ("Passphrase", what_it_shows!(Passphrase)),
        ("Mnemonic", what_it_shows!(Mnemonic)),
    ];
    for (name, answers) in secrets {
        for (shows, there) in answers {
            assert!(!there, "{name} implements {shows}");
        }
    }
}
