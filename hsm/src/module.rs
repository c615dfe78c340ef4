//! A PKCS#11 module, loaded and initialised once per process.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error as CryptokiError, RvError};

use crate::error::{Error, ErrorKind};
use crate::session::{Token, TokenSelector};

/// The modules in use. Held while one is initialised or finalised: PKCS#11 has one state per
/// module and process, and modules are known to crash when that races.
static MODULES: Mutex<Option<HashMap<PathBuf, Loaded>>> = Mutex::new(None);

struct Loaded {
    context: Pkcs11,
    users: usize,
}

/// A PKCS#11 module. Clones share it; it is finalised when the last user is dropped.
///
/// Every [`Token`], [`crate::Login`] and [`crate::HsmSigner`] holds a clone.
pub struct Module {
    path: PathBuf,
    context: Pkcs11,
}

impl Module {
    /// Loads and initialises the module at `path`, or joins it if this process has it open.
    ///
    /// # Errors
    /// [`ErrorKind::ModuleMissing`] if there is no such file or it cannot be loaded,
    /// [`ErrorKind::ModuleInvalid`] if it is no PKCS#11 module or does not initialise.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let shown = path.display();
        let path = path.canonicalize().map_err(|error| {
            Error::new(
                ErrorKind::ModuleMissing,
                format!("the PKCS#11 module {shown} cannot be opened: {error}"),
            )
        })?;
        let mut modules = lock();
        let modules = modules.get_or_insert_default();
        if let Some(loaded) = modules.get_mut(&path) {
            loaded.users += 1;
            return Ok(Self { context: loaded.context.clone(), path });
        }
        let context = Pkcs11::new(&path).map_err(|error| match error {
            CryptokiError::LibraryLoading(error) => Error::new(
                ErrorKind::ModuleInvalid,
                format!("the file {shown} cannot be loaded as a PKCS#11 module: {error}"),
            ),
            error => Error::from(error),
        })?;
        match context.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
            Ok(()) => {}
            Err(CryptokiError::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => {
                return Err(Error::new(
                    ErrorKind::ModuleInvalid,
                    format!("the module {shown} is in use by other code of this process"),
                ));
            }
            Err(error) => {
                return Err(Error::new(
                    ErrorKind::ModuleInvalid,
                    format!("the module {shown} does not start: {}", Error::from(error)),
                ));
            }
        }
        modules.insert(path.clone(), Loaded { context: context.clone(), users: 1 });
        Ok(Self { path, context })
    }

    /// Finds the one initialised token that fits.
    ///
    /// # Errors
    /// [`ErrorKind::TokenMissing`] (the message lists the tokens there are),
    /// [`ErrorKind::TokenAmbiguous`].
    pub fn find_token(&self, selector: &TokenSelector) -> Result<Token, Error> {
        let mut fitting = Vec::new();
        let mut seen = Vec::new();
        for slot in self.context.get_slots_with_token()? {
            // A slot whose token is pulled in this moment is no reason to miss another one.
            let Ok(info) = self.context.get_token_info(slot) else {
                continue;
            };
            if !info.token_initialized() {
                continue;
            }
            let (label, serial) = (info.label().to_owned(), info.serial_number().to_owned());
            seen.push(format!("\"{label}\" (serial {serial})"));
            if selector.fits(&label, &serial) {
                fitting.push((slot, label, serial));
            }
        }
        match fitting.len() {
            1 => {
                let (slot, label, serial) = fitting.remove(0);
                Ok(Token::new(self.clone(), slot, label, serial))
            }
            0 if seen.is_empty() => Err(Error::new(
                ErrorKind::TokenMissing,
                format!("no token with {selector}: {} has none", self.path.display()),
            )),
            0 => Err(Error::new(
                ErrorKind::TokenMissing,
                format!("no token with {selector}; there are: {}", seen.join(", ")),
            )),
            number => Err(Error::new(
                ErrorKind::TokenAmbiguous,
                format!("{number} tokens with {selector}: choose one by its serial number"),
            )),
        }
    }

    pub(crate) const fn context(&self) -> &Pkcs11 {
        &self.context
    }
}

impl Clone for Module {
    fn clone(&self) -> Self {
        if let Some(loaded) = lock().get_or_insert_default().get_mut(&self.path) {
            loaded.users += 1;
        }
        Self { path: self.path.clone(), context: self.context.clone() }
    }
}

impl Drop for Module {
    fn drop(&mut self) {
        let mut modules = lock();
        let modules = modules.get_or_insert_default();
        let Some(loaded) = modules.get_mut(&self.path) else {
            return;
        };
        loaded.users -= 1;
        if loaded.users == 0
            && let Some(loaded) = modules.remove(&self.path)
        {
            // Nobody is left who could act on a failure to finalise.
            let _ = loaded.context.finalize();
        }
    }
}

fn lock() -> MutexGuard<'static, Option<HashMap<PathBuf, Loaded>>> {
    MODULES.lock().unwrap_or_else(PoisonError::into_inner)
}
