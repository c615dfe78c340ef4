//! What a node has said it will ask for, by the name under which it then asks.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

/// A node announces right before it asks, so only the youngest matter.
const KEPT: usize = 256;

/// The youngest announcements of one kind.
pub(crate) struct Announced<K, V> {
    by_name: HashMap<K, V>,
    oldest_first: VecDeque<K>,
}

impl<K: Clone + Eq + Hash, V: Clone> Announced<K, V> {
    pub(crate) fn new() -> Self {
        Self { by_name: HashMap::new(), oldest_first: VecDeque::new() }
    }

    pub(crate) fn put(&mut self, name: K, value: V) {
        if self.by_name.insert(name.clone(), value).is_none() {
            self.oldest_first.push_back(name);
        }
        if self.oldest_first.len() > KEPT
            && let Some(oldest) = self.oldest_first.pop_front()
        {
            self.by_name.remove(&oldest);
        }
    }

    /// Stays there: a node may ask again, and gets the same signature.
    pub(crate) fn get(&self, name: &K) -> Option<V> {
        self.by_name.get(name).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_goes() {
        let mut announced = Announced::new();
        for name in 0..=KEPT {
            announced.put(name, name * 2);
            announced.put(name, name * 2);
        }
        assert_eq!(announced.get(&0), None);
        assert_eq!(announced.get(&1), Some(2));
        assert_eq!(announced.get(&KEPT), Some(KEPT * 2));
        assert_eq!((announced.by_name.len(), announced.oldest_first.len()), (KEPT, KEPT));
    }
}
