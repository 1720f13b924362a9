//! Merges the fingers of all clients into one contact.

use std::collections::BTreeMap;
use std::sync::Arc;

use arc_swap::ArcSwap;

use super::protocol::Finger;
use instrument::gestures::Contact;
use instrument::layout::Point;

/// The fingers that clients have on the pad. Clones refer to the same fingers.
///
/// Reading never blocks and does not allocate: the merged contact is computed when a
/// client changes its fingers.
#[derive(Clone, Debug, Default)]
pub struct TouchMerge(Arc<ArcSwap<Touches>>);

/// Fingers by client, and the contact that a sensor would report of all of them.
#[derive(Clone, Debug, Default)]
struct Touches {
    clients: BTreeMap<u32, Vec<Finger>>,
    contact: Contact,
}

impl TouchMerge {
    /// Replaces the fingers of a client.
    pub fn put(&self, client: u32, fingers: &[Finger]) {
        self.0.rcu(|touches| {
            let mut clients = touches.clients.clone();
            if fingers.is_empty() {
                clients.remove(&client);
            } else {
                clients.insert(client, fingers.to_vec());
            }
            let contact = merged(clients.values().flatten());
            Touches { clients, contact }
        });
    }

    /// Returns all fingers, each with its client and its index there.
    pub fn fingers(&self) -> Vec<(u32, usize, Finger)> {
        let touches = self.0.load();
        let clients = touches.clients.iter();
        clients
            .flat_map(|(client, fingers)| {
                let fingers = fingers.iter().enumerate();
                fingers.map(|(index, finger)| (*client, index, *finger))
            })
            .collect()
    }

    /// Returns the contact that a sensor would report of all fingers.
    pub fn contact(&self) -> Contact {
        self.0.load().contact
    }
}

fn merged<'a>(fingers: impl Iterator<Item = &'a Finger>) -> Contact {
    fingers
        .map(|&Finger { x, y, size }| Contact::Single(Point { x, y }, size))
        .fold(Contact::None, Contact::and)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingers_of_all_clients_are_one_contact() {
        let merge = TouchMerge::default();
        assert_eq!(merge.contact(), Contact::None);
        let finger = |x, y| Finger { x, y, size: 0.5 };
        let (least, most) = (Point { x: 0.2, y: 0.1 }, Point { x: 0.8, y: 0.6 });
        merge.put(3, &[finger(0.2, 0.6)]);
        assert_eq!(
            merge.contact(),
            Contact::Single(Point { x: 0.2, y: 0.6 }, 0.5)
        );
        merge.put(1, &[finger(0.8, 0.1), finger(0.5, 0.5)]);
        assert_eq!(merge.contact(), Contact::Several(least, most));
        let fingers: Vec<(u32, usize)> = merge
            .fingers()
            .iter()
            .map(|(client, index, _)| (*client, *index))
            .collect();
        assert_eq!(fingers, [(1, 0), (1, 1), (3, 0)]);
        merge.put(1, &[]);
        merge.put(3, &[]);
        assert_eq!(merge.contact(), Contact::None);
        assert!(merge.fingers().is_empty());
    }
}
