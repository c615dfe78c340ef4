//! A fake PKCS#11 v2.40 module that misbehaves on request. **It is a test double: its key and its
//! PIN are written below. It must never be shipped, and never hold anything of value.**
//!
//! SoftHSM is the truth about a token that works; this module shows the failures that SoftHSM
//! cannot: sessions lost, tokens pulled, calls that hang, signatures that are wrong.
//!
//! One slot (number 7) with one token: label `fake`, serial `0001`, PIN `1234`. One secp256k1 key
//! pair: label `sequencer`, id 01, secret scalar 32 bytes of 01. Private objects are seen only
//! after login. Digests have 32 bytes. Signatures are deterministic (RFC 6979); every second one
//! that the process makes has a high s.
//!
//! `OPSIGN_FAKE_PKCS11_LOG` names a file that gets one line for each call: the function's name, at
//! the moment it is entered. `OPSIGN_FAKE_PKCS11_CONTROL` names a file of lines `name` or
//! `name=number`, read again at each call. Set both before the module is loaded; change the control
//! file by renaming a new one over it.
//!
//! | line | effect |
//! |---|---|
//! | `fail_initialize=RV` | `C_Initialize` returns that number |
//! | `fail_token_info=RV` | `C_GetTokenInfo` does |
//! | `fail_open_session=RV` | `C_OpenSession` does |
//! | `fail_login=RV` | `C_Login` does |
//! | `fail_find=RV` | `C_FindObjectsInit` does |
//! | `fail_sign_init=RV` | `C_SignInit` does |
//! | `fail_sign=RV` | `C_Sign` does, the length query too |
//! | `slow=MS` | `C_Sign`, but not its length query, sleeps; then the file is read again |
//! | `hang` | `C_Sign`, but not its length query, waits until the line is gone, 60 s at most |
//! | `abort` | `C_Sign`, but not its length query, aborts the process |
//! | `corrupt`, `corrupt_r` | the last bit of s, of r, is flipped |
//! | `zero_s`, `zero_r` | s, r, is zero |
//! | `s_is_order` | s is the order of the curve |
//! | `all_ones` | the signature is 64 bytes of ff |
//! | `wrong_key` | another key signs (32 bytes of 03) |
//! | `wrong_hash` | another digest is signed |
//! | `replay` | the first signature that the process made is returned |
//! | `high_s`, `low_s` | s is always high, always low |
//! | `der` | the signature is DER |
//! | `short=N` | the signature is cut to N bytes |
//! | `long=N` | the signature is filled up with zeros to N bytes |
//! | `claim=N` | `C_Sign` says that it wrote N bytes, whatever it wrote |
//! | `raw_point` | `CKA_EC_POINT` lacks its OCTET STRING wrapper |
//! | `compressed_point` | `CKA_EC_POINT` is compressed |
//! | `bad_point` | `CKA_EC_POINT` is not on the curve |
//! | `no_public` | public keys are not listed |
//! | `other_curve` | `CKA_EC_PARAMS` names P-256 |
//! | `ed25519` | the pair is on edwards25519, its seed 32 bytes of 01; it signs messages of any length; |
//! | | `corrupt`, `zero_s` and so on are about S and R, `high_s` adds the order to S |
//! | `numbered_curve` | with `ed25519`: `CKA_EC_PARAMS` is the object identifier, not the name |
//! | `weak_point` | with `ed25519`: `CKA_EC_POINT` is the neutral element |
//! | `hedged` | with `ed25519`: no two signatures of one message are alike, and all are good |
//! | `empty` | the token has no objects until they are made; what is made has the label, id and key |
//! | | of the first pair, whatever was asked for |
//! | `fail_create=RV` | `C_CreateObject` of a public key returns that number |
//! | `two_keys` | a second pair has the same label, id 02, 32 bytes of 02 |
//! | `extractable` | the private key is extractable, not sensitive, and was never otherwise |
//! | `imported` | local, always-sensitive and never-extractable are false |
//! | `pin_count_low`, `pin_final_try` | these token flags are set |
//! | `pin_locked` | so is this one, and `C_Login` returns `CKR_PIN_LOCKED` |
//! | `session_closed` | all sessions are closed, once, when the line appears; new ones work |
//! | `removed` | the token is gone, its sessions closed; back when the line goes away |

mod control;
mod ptr;
mod state;
mod token;

use std::ffi::c_void;
use std::sync::{Mutex, PoisonError};

use cryptoki_sys::*;

use control::{Control, obey_delays, record};
use state::{State, token_in};
use token::{PIN, SLOT};

type Answer = Result<(), CK_RV>;

static STATE: Mutex<State> = Mutex::new(State::new());

static FUNCTIONS: CK_FUNCTION_LIST = CK_FUNCTION_LIST {
    version: CK_VERSION { major: 2, minor: 40 },
    C_Initialize: Some(initialize),
    C_Finalize: Some(finalize),
    C_GetInfo: Some(get_info),
    C_GetFunctionList: Some(get_function_list),
    C_GetSlotList: Some(get_slot_list),
    C_GetSlotInfo: Some(get_slot_info),
    C_GetTokenInfo: Some(get_token_info),
    C_GetMechanismList: Some(get_mechanism_list),
    C_GetMechanismInfo: Some(get_mechanism_info),
    C_OpenSession: Some(open_session),
    C_CloseSession: Some(close_session),
    C_CloseAllSessions: Some(close_all_sessions),
    C_GetSessionInfo: Some(get_session_info),
    C_Login: Some(login),
    C_Logout: Some(logout),
    C_FindObjectsInit: Some(find_objects_init),
    C_FindObjects: Some(find_objects),
    C_FindObjectsFinal: Some(find_objects_final),
    C_GetAttributeValue: Some(get_attribute_value),
    C_GenerateKeyPair: Some(generate_key_pair),
    C_CreateObject: Some(create_object),
    C_DestroyObject: Some(destroy_object),
    C_SignInit: Some(sign_init),
    C_Sign: Some(sign),
    // SAFETY: the list holds a version and optional function pointers; zero means none for each.
    ..unsafe { std::mem::zeroed() }
};

/// Runs one call that needs `C_Initialize` before it: records it, then answers under the lock.
fn answer(function: &str, body: impl FnOnce(&mut State, &Control) -> Answer) -> CK_RV {
    record(function);
    locked(|state, control| {
        if !state.initialized {
            return Err(CKR_CRYPTOKI_NOT_INITIALIZED);
        }
        body(state, control)
    })
}

/// The control file is read under the lock, so that calls see its versions in order.
fn locked(body: impl FnOnce(&mut State, &Control) -> Answer) -> CK_RV {
    let mut state = STATE.lock().unwrap_or_else(PoisonError::into_inner);
    let control = Control::read();
    state.observe(&control);
    body(&mut state, &control).err().unwrap_or(CKR_OK)
}

/// The module's one exported symbol.
///
/// # Safety
/// `list` is null or points to room for a pointer.
// SAFETY: the name is the one that PKCS#11 reserves for this very function.
#[unsafe(export_name = "C_GetFunctionList")]
pub unsafe extern "C" fn get_function_list(list: *mut *mut CK_FUNCTION_LIST) -> CK_RV {
    record("C_GetFunctionList");
    // SAFETY: the caller's pointer; the type is not const, but nobody may write to the list.
    unsafe { ptr::put(list, (&raw const FUNCTIONS).cast_mut()) }.err().unwrap_or(CKR_OK)
}

/// The arguments are ignored: one lock of our own guards everything.
unsafe extern "C" fn initialize(_args: *mut c_void) -> CK_RV {
    record("C_Initialize");
    locked(|state, control| {
        control.fail("fail_initialize")?;
        if state.initialized {
            return Err(CKR_CRYPTOKI_ALREADY_INITIALIZED);
        }
        state.initialized = true;
        Ok(())
    })
}

unsafe extern "C" fn finalize(_reserved: *mut c_void) -> CK_RV {
    answer("C_Finalize", |state, _| {
        state.close_all();
        state.initialized = false;
        Ok(())
    })
}

unsafe extern "C" fn get_info(info: *mut CK_INFO) -> CK_RV {
    answer("C_GetInfo", |_, _| {
        let answer = CK_INFO {
            cryptokiVersion: FUNCTIONS.version,
            manufacturerID: padded("opsign tests"),
            flags: 0,
            libraryDescription: padded("fake module, never ship it"),
            libraryVersion: CK_VERSION { major: 0, minor: 0 },
        };
        // SAFETY: the caller's pointer.
        unsafe { ptr::put(info, answer) }
    })
}

unsafe extern "C" fn get_slot_list(
    with_token: CK_BBOOL,
    slots: *mut CK_SLOT_ID,
    count: *mut CK_ULONG,
) -> CK_RV {
    answer("C_GetSlotList", |_, control| {
        let hidden = with_token != CK_FALSE && control.has("removed");
        let answer: &[CK_SLOT_ID] = if hidden { &[] } else { &[SLOT] };
        // SAFETY: the caller's pointers.
        unsafe { ptr::put_list(answer, slots, count) }
    })
}

unsafe extern "C" fn get_slot_info(slot: CK_SLOT_ID, info: *mut CK_SLOT_INFO) -> CK_RV {
    answer("C_GetSlotInfo", |_, control| {
        let present = match token_in(slot, control) {
            Ok(()) => CKF_TOKEN_PRESENT,
            Err(CKR_TOKEN_NOT_PRESENT) => 0,
            Err(rv) => return Err(rv),
        };
        let answer = CK_SLOT_INFO {
            slotDescription: padded("fake slot"),
            manufacturerID: padded("opsign tests"),
            flags: CKF_REMOVABLE_DEVICE | present,
            ..CK_SLOT_INFO::default()
        };
        // SAFETY: the caller's pointer.
        unsafe { ptr::put(info, answer) }
    })
}

unsafe extern "C" fn get_token_info(slot: CK_SLOT_ID, info: *mut CK_TOKEN_INFO) -> CK_RV {
    answer("C_GetTokenInfo", |state, control| {
        control.fail("fail_token_info")?;
        token_in(slot, control)?;
        let flag = |name, flag| if control.has(name) { flag } else { 0 };
        let read_write = state.sessions.values().filter(|session| session.read_write).count();
        let answer = CK_TOKEN_INFO {
            label: padded("fake"),
            manufacturerID: padded("opsign tests"),
            model: padded("fake"),
            serialNumber: padded("0001"),
            flags: CKF_TOKEN_INITIALIZED
                | CKF_LOGIN_REQUIRED
                | CKF_USER_PIN_INITIALIZED
                | flag("pin_count_low", CKF_USER_PIN_COUNT_LOW)
                | flag("pin_final_try", CKF_USER_PIN_FINAL_TRY)
                | flag("pin_locked", CKF_USER_PIN_LOCKED),
            ulMaxSessionCount: CK_EFFECTIVELY_INFINITE,
            ulSessionCount: state.sessions.len() as CK_ULONG,
            ulMaxRwSessionCount: CK_EFFECTIVELY_INFINITE,
            ulRwSessionCount: read_write as CK_ULONG,
            ulMaxPinLen: 255,
            ulMinPinLen: 4,
            ulTotalPublicMemory: CK_UNAVAILABLE_INFORMATION,
            ulFreePublicMemory: CK_UNAVAILABLE_INFORMATION,
            ulTotalPrivateMemory: CK_UNAVAILABLE_INFORMATION,
            ulFreePrivateMemory: CK_UNAVAILABLE_INFORMATION,
            utcTime: padded(""),
            ..CK_TOKEN_INFO::default()
        };
        // SAFETY: the caller's pointer.
        unsafe { ptr::put(info, answer) }
    })
}

unsafe extern "C" fn get_mechanism_list(
    slot: CK_SLOT_ID,
    mechanisms: *mut CK_MECHANISM_TYPE,
    count: *mut CK_ULONG,
) -> CK_RV {
    answer("C_GetMechanismList", |_, control| {
        token_in(slot, control)?;
        // SAFETY: the caller's pointers.
        unsafe { ptr::put_list(&[token::mechanism(control)], mechanisms, count) }
    })
}

unsafe extern "C" fn get_mechanism_info(
    slot: CK_SLOT_ID,
    mechanism: CK_MECHANISM_TYPE,
    info: *mut CK_MECHANISM_INFO,
) -> CK_RV {
    answer("C_GetMechanismInfo", |_, control| {
        token_in(slot, control)?;
        if mechanism != token::mechanism(control) {
            return Err(CKR_MECHANISM_INVALID);
        }
        let answer = CK_MECHANISM_INFO {
            ulMinKeySize: 256,
            ulMaxKeySize: 256,
            flags: CKF_SIGN | CKF_EC_F_P | CKF_EC_NAMEDCURVE | CKF_EC_UNCOMPRESS,
        };
        // SAFETY: the caller's pointer.
        unsafe { ptr::put(info, answer) }
    })
}

unsafe extern "C" fn open_session(
    slot: CK_SLOT_ID,
    flags: CK_FLAGS,
    _application: *mut c_void,
    _notify: CK_NOTIFY,
    handle: *mut CK_SESSION_HANDLE,
) -> CK_RV {
    answer("C_OpenSession", |state, control| {
        control.fail("fail_open_session")?;
        token_in(slot, control)?;
        if flags & CKF_SERIAL_SESSION == 0 {
            return Err(CKR_SESSION_PARALLEL_NOT_SUPPORTED);
        }
        let opened = state.open(flags & CKF_RW_SESSION != 0);
        // SAFETY: the caller's pointer.
        unsafe { ptr::put(handle, opened) }
    })
}

unsafe extern "C" fn close_session(handle: CK_SESSION_HANDLE) -> CK_RV {
    answer("C_CloseSession", |state, control| {
        state.session(handle, control)?;
        state.close(handle);
        Ok(())
    })
}

unsafe extern "C" fn close_all_sessions(slot: CK_SLOT_ID) -> CK_RV {
    answer("C_CloseAllSessions", |state, control| {
        token_in(slot, control)?;
        state.close_all();
        Ok(())
    })
}

unsafe extern "C" fn get_session_info(
    handle: CK_SESSION_HANDLE,
    info: *mut CK_SESSION_INFO,
) -> CK_RV {
    answer("C_GetSessionInfo", |state, control| {
        let read_write = state.session(handle, control)?.read_write;
        let answer = CK_SESSION_INFO {
            slotID: SLOT,
            state: match (read_write, state.logged_in) {
                (false, false) => CKS_RO_PUBLIC_SESSION,
                (false, true) => CKS_RO_USER_FUNCTIONS,
                (true, false) => CKS_RW_PUBLIC_SESSION,
                (true, true) => CKS_RW_USER_FUNCTIONS,
            },
            flags: CKF_SERIAL_SESSION | if read_write { CKF_RW_SESSION } else { 0 },
            ulDeviceError: 0,
        };
        // SAFETY: the caller's pointer.
        unsafe { ptr::put(info, answer) }
    })
}

unsafe extern "C" fn login(
    handle: CK_SESSION_HANDLE,
    user: CK_USER_TYPE,
    pin: *mut CK_UTF8CHAR,
    pin_len: CK_ULONG,
) -> CK_RV {
    answer("C_Login", |state, control| {
        control.fail("fail_login")?;
        state.session(handle, control)?;
        if control.has("pin_locked") {
            return Err(CKR_PIN_LOCKED);
        }
        if user != CKU_USER {
            return Err(CKR_USER_TYPE_INVALID);
        }
        if state.logged_in {
            return Err(CKR_USER_ALREADY_LOGGED_IN);
        }
        // SAFETY: the caller's pointer and length.
        if unsafe { ptr::slice(pin, pin_len) }? != PIN {
            return Err(CKR_PIN_INCORRECT);
        }
        state.log_in();
        Ok(())
    })
}

unsafe extern "C" fn logout(handle: CK_SESSION_HANDLE) -> CK_RV {
    answer("C_Logout", |state, control| {
        state.session(handle, control)?;
        if !state.logged_in {
            return Err(CKR_USER_NOT_LOGGED_IN);
        }
        state.log_out();
        Ok(())
    })
}

unsafe extern "C" fn find_objects_init(
    handle: CK_SESSION_HANDLE,
    template: *mut CK_ATTRIBUTE,
    count: CK_ULONG,
) -> CK_RV {
    answer("C_FindObjectsInit", |state, control| {
        control.fail("fail_find")?;
        let mut found = state.visible(control);
        let session = state.session(handle, control)?;
        if session.found.is_some() {
            return Err(CKR_OPERATION_ACTIVE);
        }
        // SAFETY: the caller's array.
        for wanted in unsafe { ptr::slice(template, count) }? {
            // SAFETY: the caller's value and its length.
            let value = unsafe { ptr::slice(wanted.pValue.cast::<u8>(), wanted.ulValueLen) }?;
            found.retain(|(_, object)| {
                object.attribute(wanted.type_, control).is_ok_and(|has| has == value)
            });
        }
        session.found = Some(found.into_iter().map(|(handle, _)| handle).collect());
        Ok(())
    })
}

unsafe extern "C" fn find_objects(
    handle: CK_SESSION_HANDLE,
    objects: *mut CK_OBJECT_HANDLE,
    room: CK_ULONG,
    count: *mut CK_ULONG,
) -> CK_RV {
    answer("C_FindObjects", |state, control| {
        let session = state.session(handle, control)?;
        let found = session.found.as_mut().ok_or(CKR_OPERATION_NOT_INITIALIZED)?;
        if objects.is_null() {
            return Err(CKR_ARGUMENTS_BAD);
        }
        let given: Vec<_> = found.drain(..found.len().min(room as usize)).collect();
        // SAFETY: the caller's pointer; `put_list` reads there how many fit.
        unsafe { ptr::put(count, room) }?;
        // SAFETY: the caller's pointers.
        unsafe { ptr::put_list(&given, objects, count) }
    })
}

unsafe extern "C" fn find_objects_final(handle: CK_SESSION_HANDLE) -> CK_RV {
    answer("C_FindObjectsFinal", |state, control| {
        let found = state.session(handle, control)?.found.take();
        found.map(drop).ok_or(CKR_OPERATION_NOT_INITIALIZED)
    })
}

unsafe extern "C" fn get_attribute_value(
    handle: CK_SESSION_HANDLE,
    object: CK_OBJECT_HANDLE,
    template: *mut CK_ATTRIBUTE,
    count: CK_ULONG,
) -> CK_RV {
    answer("C_GetAttributeValue", |state, control| {
        state.session(handle, control)?;
        let object = state.object(object, control).ok_or(CKR_OBJECT_HANDLE_INVALID)?;
        let mut answer = Ok(());
        // Every attribute is tried; the error, if any, is that of the last one that had one.
        // SAFETY: the caller's array.
        for asked in unsafe { ptr::slice_mut(template, count) }? {
            let given = object.attribute(asked.type_, control).and_then(|value| {
                // SAFETY: the caller's value and its length.
                unsafe { ptr::put_list(&value, asked.pValue.cast(), &mut asked.ulValueLen) }
            });
            if given.is_err() {
                asked.ulValueLen = CK_UNAVAILABLE_INFORMATION;
            }
            answer = given.and(answer);
        }
        answer
    })
}

/// Makes the one pair there is, whatever the templates ask for.
unsafe extern "C" fn generate_key_pair(
    handle: CK_SESSION_HANDLE,
    _mechanism: *mut CK_MECHANISM,
    _public: *mut CK_ATTRIBUTE,
    _public_count: CK_ULONG,
    _private: *mut CK_ATTRIBUTE,
    _private_count: CK_ULONG,
    public_handle: *mut CK_OBJECT_HANDLE,
    private_handle: *mut CK_OBJECT_HANDLE,
) -> CK_RV {
    answer("C_GenerateKeyPair", |state, control| {
        // SAFETY: the caller's pointer.
        unsafe { ptr::put(public_handle, make(state, handle, false, control)?) }?;
        // SAFETY: the caller's pointer.
        unsafe { ptr::put(private_handle, make(state, handle, true, control)?) }
    })
}

/// Makes half of the one pair there is: the private one if the template gives a value.
unsafe extern "C" fn create_object(
    handle: CK_SESSION_HANDLE,
    template: *mut CK_ATTRIBUTE,
    count: CK_ULONG,
    object: *mut CK_OBJECT_HANDLE,
) -> CK_RV {
    answer("C_CreateObject", |state, control| {
        // SAFETY: the caller's array.
        let template = unsafe { ptr::slice(template, count) }?;
        let private = template.iter().any(|attribute| attribute.type_ == CKA_VALUE);
        if !private {
            control.fail("fail_create")?;
        }
        // SAFETY: the caller's pointer.
        unsafe { ptr::put(object, make(state, handle, private, control)?) }
    })
}

fn make(
    state: &mut State,
    session: CK_SESSION_HANDLE,
    private: bool,
    control: &Control,
) -> Result<CK_OBJECT_HANDLE, CK_RV> {
    if !state.session(session, control)?.read_write {
        return Err(CKR_SESSION_READ_ONLY);
    }
    state.made.insert(private);
    let visible = state.visible(control);
    let made = visible.into_iter().find(|(_, object)| object.half() == private);
    made.map(|(handle, _)| handle).ok_or(CKR_USER_NOT_LOGGED_IN)
}

unsafe extern "C" fn destroy_object(handle: CK_SESSION_HANDLE, object: CK_OBJECT_HANDLE) -> CK_RV {
    answer("C_DestroyObject", |state, control| {
        state.session(handle, control)?;
        let half = state.object(object, control).ok_or(CKR_OBJECT_HANDLE_INVALID)?.half();
        state.made.remove(&half);
        Ok(())
    })
}

unsafe extern "C" fn sign_init(
    handle: CK_SESSION_HANDLE,
    mechanism: *mut CK_MECHANISM,
    key: CK_OBJECT_HANDLE,
) -> CK_RV {
    answer("C_SignInit", |state, control| {
        control.fail("fail_sign_init")?;
        let object = state.object(key, control);
        let session = state.session(handle, control)?;
        if session.signing.is_some() {
            return Err(CKR_OPERATION_ACTIVE);
        }
        // SAFETY: the caller's pointer.
        if unsafe { ptr::get(mechanism) }?.mechanism != token::mechanism(control) {
            return Err(CKR_MECHANISM_INVALID);
        }
        let object = object.ok_or(CKR_KEY_HANDLE_INVALID)?;
        if !object.private {
            return Err(CKR_KEY_FUNCTION_NOT_PERMITTED);
        }
        session.signing = Some(object);
        Ok(())
    })
}

/// Delays come before the lock, so that one session's hang does not stop the others.
unsafe extern "C" fn sign(
    handle: CK_SESSION_HANDLE,
    data: *mut CK_BYTE,
    data_len: CK_ULONG,
    signature: *mut CK_BYTE,
    signature_len: *mut CK_ULONG,
) -> CK_RV {
    record("C_Sign");
    if !signature.is_null() {
        obey_delays();
    }
    locked(|state, control| {
        if !state.initialized {
            return Err(CKR_CRYPTOKI_NOT_INITIALIZED);
        }
        let session = state.session(handle, control)?;
        let object = session.signing.take().ok_or(CKR_OPERATION_NOT_INITIALIZED)?;
        control.fail("fail_sign")?;
        let needed = token::signature_room(control);
        // SAFETY: the caller's pointer.
        let room = unsafe { ptr::get(signature_len) }?;
        if signature.is_null() || room < needed {
            session.signing = Some(object); // these two answers alone do not end the operation
            // SAFETY: the caller's pointer.
            unsafe { ptr::put(signature_len, needed) }?;
            return if signature.is_null() { Ok(()) } else { Err(CKR_BUFFER_TOO_SMALL) };
        }
        // SAFETY: the caller's pointer and length.
        let data = unsafe { ptr::slice(data, data_len) }?;
        let made = state.signer.sign(object.id, data, control)?;
        // SAFETY: the caller's pointers.
        unsafe { ptr::put_list(&made, signature, signature_len) }?;
        if let Some(claimed) = control.number("claim") {
            // SAFETY: the caller's pointer.
            unsafe { ptr::put(signature_len, claimed) }?;
        }
        Ok(())
    })
}

/// PKCS#11 fills its texts up with blanks.
fn padded<const N: usize>(text: &str) -> [u8; N] {
    let mut field = [b' '; N];
    field[..text.len()].copy_from_slice(text.as_bytes());
    field
}
