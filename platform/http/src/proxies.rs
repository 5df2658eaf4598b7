//! Which proxies are believed when they say whom a request came from, and what they say.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    str::FromStr,
};

use axum::http::{HeaderMap, HeaderName, header};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Addresses that begin alike, written `10.0.0.0/8`, or a single one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u32,
}

impl Network {
    pub(crate) fn has(&self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(ours), IpAddr::V4(theirs)) => {
                (ours.to_bits() ^ theirs.to_bits()).leading_zeros() >= self.prefix
            }
            (IpAddr::V6(ours), IpAddr::V6(theirs)) => {
                (ours.to_bits() ^ theirs.to_bits()).leading_zeros() >= self.prefix
            }
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refuse = || format!("expected a network such as \"10.0.0.0/8\" or an address, got {text:?}");
        let (address, prefix) = match text.split_once('/') {
            None => (text, None),
            Some((address, prefix)) => (address, Some(prefix)),
        };
        let address: IpAddr = address.trim().parse().map_err(|_| refuse())?;
        let whole = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            None => whole,
            Some(prefix) => prefix.trim().parse().map_err(|_| refuse())?,
        };
        match prefix {
            0 => Err(format!(
                "{text:?} is everybody, and then anybody could claim any address"
            )),
            prefix if prefix > whole => Err(refuse()),
            prefix => Ok(Self { address, prefix }),
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

impl Serialize for Network {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Network {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

/// Whom a request came from: the connection's other end, or, as long as that is a proxy that is believed, whoever it
/// says it had the request from. Each proxy adds its word at the end; what stands before the word of one that is not
/// believed was written by whoever wanted to.
pub(crate) fn client(peer: SocketAddr, trusted: &[Network], headers: &HeaderMap) -> SocketAddr {
    let proxies = Proxies(trusted);
    let nearest = peer.ip().to_canonical();
    if !proxies.has(nearest) {
        return peer;
    }
    let by_name = said(headers, FORWARDED_FOR, address).map(|said| proxies.follow(nearest, &said));
    let by_element = said(headers, header::FORWARDED, element).map(|said| proxies.follow(nearest, &said));
    let client = match (by_name, by_element) {
        (Some(one), None) | (None, Some(one)) => one,
        (Some(one), Some(other)) if one == other => one,
        // A proxy that writes one of the two hands on the other as the client wrote it, and which is which is not known.
        _ => nearest,
    };
    match client == nearest {
        true => peer,
        false => SocketAddr::new(client, 0),
    }
}

struct Proxies<'a>(&'a [Network]);

impl Proxies<'_> {
    fn has(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.has(address))
    }

    fn follow(&self, nearest: IpAddr, said: &[Option<IpAddr>]) -> IpAddr {
        let mut client = nearest;
        for before in said.iter().rev() {
            let Some(before) = before.filter(|_| self.has(client)) else {
                break;
            };
            // A proxy on another machine that says "this machine" means its own, which may do less here.
            if before.is_loopback() && !client.is_loopback() {
                break;
            }
            client = before;
        }
        client
    }
}

/// What proxies said, the last one last; nothing where no such header is there. A word that is no address ends what
/// can be followed.
fn said(headers: &HeaderMap, name: HeaderName, read: fn(&str) -> Option<IpAddr>) -> Option<Vec<Option<IpAddr>>> {
    let values: Vec<_> = headers.get_all(name).iter().collect();
    let words = values.iter().flat_map(|value| match value.to_str() {
        Ok(text) => text.split(',').map(|word| read(word.trim())).collect::<Vec<_>>(),
        Err(_) => vec![None],
    });
    (!values.is_empty()).then(|| words.collect())
}

/// An address, perhaps with a port: `192.0.2.1`, `192.0.2.1:443`, `2001:db8::1`, `[2001:db8::1]:443`.
fn address(word: &str) -> Option<IpAddr> {
    let bare = word.strip_prefix('[').and_then(|word| word.strip_suffix(']'));
    let plain = || bare.unwrap_or(word).parse::<IpAddr>().ok();
    let with_port = || word.parse::<SocketAddr>().ok().map(|address| address.ip());
    plain().or_else(with_port).map(|address| address.to_canonical())
}

/// An element of `forwarded` (RFC 7239): `for="[2001:db8::1]:443";proto=https`. One that a proxy wrote has no comma
/// within quotes, so splitting at commas from the end cannot be led astray by what a client wrote before it.
fn element(word: &str) -> Option<IpAddr> {
    let mut pairs = word.split(';').filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.find(|(key, _)| key.trim().eq_ignore_ascii_case("for"))?;
    address(value.trim().trim_matches('"'))
}
