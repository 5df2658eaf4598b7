//! Addresses that others have written: whoever makes us ask must not reach our own network.

use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
};

use platform_error::{Code, Error};
use reqwest::{
    Url,
    dns::{Addrs, Name, Resolve, Resolving},
};

/// Lets through what is public, and the hosts that whoever runs this process trusts.
///
/// Names are checked when they are resolved for the connection itself, so that a name cannot be public when it is looked
/// at and private when it is used.
#[derive(Clone, Debug)]
pub(crate) struct Outside {
    trusted: Arc<BTreeSet<String>>,
}

impl Outside {
    pub(crate) fn new(trusted: &[String]) -> Self {
        let trusted = trusted.iter().map(|host| host.to_ascii_lowercase()).collect();
        Self {
            trusted: Arc::new(trusted),
        }
    }

    /// Refuses hosts that are private addresses: those are never resolved.
    pub(crate) fn check(&self, url: &Url) -> Result<(), Error> {
        // The address in a URL stands in brackets where it is one of IPv6.
        let host = url.host_str().unwrap_or_default();
        let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
        let is_private = address.is_ok_and(|address| !is_public(address));
        let is_web = matches!(url.scheme(), "http" | "https");
        match is_web && !host.is_empty() && (!is_private || self.trusted.contains(host)) {
            true => Ok(()),
            false => Err(Error::new(
                Code::Forbidden,
                "the address is not one of the public internet",
            )),
        }
    }
}

impl Resolve for Outside {
    fn resolve(&self, name: Name) -> Resolving {
        let is_trusted = self.trusted.contains(name.as_str());
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let reached: Vec<SocketAddr> = found.filter(|found| is_trusted || is_public(found.ip())).collect();
            match reached.is_empty() {
                true => Err("the name has no public address".into()),
                false => Ok(Box::new(reached.into_iter()) as Addrs),
            }
        })
    }
}

/// Whether an address is one of the public internet, by the registries of special-purpose addresses (RFC 6890).
fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_special = match (a, b, c) {
        // This network, private, loopback, and multicast and reserved up to broadcast.
        (0 | 10 | 127 | 224.., ..) => true,
        // Shared with the carrier, link-local, private.
        (100, 64..=127, _) | (169, 254, _) | (172, 16..=31, _) | (192, 168, _) => true,
        // Protocol assignments, documentation, 6to4 relays, benchmarks.
        (192, 0, 0 | 2) | (192, 88, 99) | (198, 18..=19, _) | (198, 51, 100) | (203, 0, 113) => true,
        _ => false,
    };
    !is_special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let within = |high: u16, low: u16| Ipv4Addr::from(u32::from(high) << 16 | u32::from(low));
    match address.segments() {
        // Translated to an IPv4 address, which then counts.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => is_public_v4(within(high, low)),
        // Teredo and the other protocol assignments, documentation.
        [0x2001, 0..=0x1ff | 0xdb8, ..] => false,
        // Only this eighth is global unicast.
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_the_public_internet_are_reached() {
        let private = [
            "127.0.0.1",
            "10.1.2.3",
            "172.31.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "198.18.0.1",
            "::1",
            "::",
            "fe80::1",
            "fd00::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::101:101",
            "2002:7f00:1::",
            "2001:db8::1",
            "::127.0.0.1",
        ];
        for address in private {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
        for address in ["93.184.216.34", "1.1.1.1", "2606:4700:4700::1111", "64:ff9b::101:101"] {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn addresses_in_a_url_are_looked_at_however_they_are_written() {
        let outside = Outside::new(&[]);

        for url in [
            "https://127.0.0.1/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://[::1]/",
            "https://[::ffff:10.0.0.1]/",
            "ftp://example.com/",
        ] {
            assert!(outside.check(&url.parse().unwrap()).is_err(), "{url}");
        }
        assert!(outside.check(&"https://accounts.example.com/".parse().unwrap()).is_ok());
    }
}
