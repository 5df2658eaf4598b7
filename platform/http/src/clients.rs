//! How many places each client holds, for connections, streams or bodies yet to come, so that none holds them all.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::Network;

/// The places that are taken, by client.
pub struct Clients {
    most: usize,
    proxies: Arc<[Network]>,
    open: Mutex<HashMap<IpAddr, usize>>,
}

/// A place, which is free again when this is dropped. Nothing is counted for who may hold any number.
#[derive(Default)]
pub struct Place(Option<(Arc<Clients>, IpAddr)>);

impl Clients {
    /// So many for each client; any number where that is 0. Proxies bring what is of many.
    pub fn new(most: usize, proxies: Arc<[Network]>) -> Arc<Self> {
        Arc::new(Self {
            most,
            proxies,
            open: Mutex::default(),
        })
    }

    /// One place more, unless its client holds as many as it may.
    pub fn admit(self: &Arc<Self>, address: IpAddr) -> Option<Place> {
        let address = address.to_canonical();
        // Who is on this machine is a proxy, or could take its memory in other ways.
        if self.most == 0 || address.is_loopback() || self.proxies.iter().any(|proxy| proxy.has(address)) {
            return Some(Place(None));
        }
        let client = network_of(address);
        let mut open = self.open();
        let count = open.entry(client).or_default();
        if *count >= self.most {
            return None;
        }
        *count += 1;
        Some(Place(Some((self.clone(), client))))
    }

    fn open(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some((clients, client)) = self.0.take() else { return };
        let mut open = clients.open();
        let left = open.get(&client).map_or(0, |count| count - 1);
        match left {
            0 => drop(open.remove(&client)),
            left => drop(open.insert(client, left)),
        }
    }
}

/// What counts as one client: an address, or the whole /64 that a client of IPv6 holds.
pub(crate) fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clients(most: usize) -> Arc<Clients> {
        let proxy: Network = "192.0.2.0/24".parse().unwrap();
        Clients::new(most, Arc::new([proxy]))
    }

    /// How many of these, one after the other, get a place.
    fn admitted(clients: &Arc<Clients>, addresses: &[&str]) -> usize {
        let places = addresses
            .iter()
            .map(|address| clients.admit(address.parse().unwrap()))
            .collect::<Vec<_>>();
        places.iter().flatten().count()
    }

    #[test]
    fn each_client_holds_so_many_and_gets_a_place_again_when_one_is_free() {
        let clients = clients(2);
        let admit = |address: &str| clients.admit(address.parse().unwrap());

        let (first, second) = (admit("198.51.100.1"), admit("::ffff:198.51.100.1"));

        assert!(first.is_some() && second.is_some());
        assert!(admit("198.51.100.1").is_none());
        assert!(admit("198.51.100.2").is_some());
        drop(first);
        assert!(admit("198.51.100.1").is_some());
        drop(second);
        assert!(clients.open().is_empty());
    }

    #[test]
    fn a_network_of_ipv6_is_one_client_and_proxies_and_this_machine_are_not_counted() {
        assert_eq!(admitted(&clients(1), &["2001:db8::1", "2001:db8::ffff:2"]), 1);
        assert_eq!(admitted(&clients(1), &["2001:db8::1", "2001:db8:0:1::1"]), 2);
        assert_eq!(admitted(&clients(1), &["192.0.2.1"; 3]), 3);
        assert_eq!(admitted(&clients(1), &["127.0.0.1", "127.0.0.1", "::1", "::1"]), 4);
        assert_eq!(admitted(&clients(0), &["198.51.100.1"; 3]), 3);
    }
}
