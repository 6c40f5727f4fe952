//! Which addresses to announce to browsers.

use std::net::{IpAddr, SocketAddr};

/// The addresses to announce for a socket bound to `bound`, best first: the given public ones or
/// else those of all interfaces, loopback last since Firefox refuses a lone loopback address.
#[must_use]
pub fn announced_addresses(bound: SocketAddr, public: &[IpAddr]) -> Vec<SocketAddr> {
    let chosen: Vec<IpAddr> = if !public.is_empty() {
        public.to_vec()
    } else if bound.ip().is_unspecified() {
        interface_addresses(bound.is_ipv6())
    } else {
        vec![bound.ip()]
    };
    chosen.into_iter().map(|ip| SocketAddr::new(ip, bound.port())).collect()
}

fn interface_addresses(also_ipv6: bool) -> Vec<IpAddr> {
    let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
    let mut addresses: Vec<IpAddr> = interfaces
        .into_iter()
        .map(|interface| interface.ip())
        .filter(|ip| match ip {
            IpAddr::V4(_) => true,
            // A link-local address needs a zone that a candidate cannot carry.
            IpAddr::V6(v6) => also_ipv6 && !v6.is_unicast_link_local(),
        })
        .collect();
    addresses.sort_by_key(|ip| (ip.is_loopback(), ip.is_ipv6()));
    addresses.dedup();
    addresses
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_comes_last_and_a_given_address_alone() {
        let all = announced_addresses(([0, 0, 0, 0], 7880).into(), &[]);
        assert!(all.last().is_some_and(|a| a.ip().is_loopback() && a.port() == 7880));
        let one = announced_addresses(([127, 0, 0, 1], 1).into(), &[]);
        assert_eq!(one, [SocketAddr::from(([127, 0, 0, 1], 1))]);
        let public = announced_addresses(([0, 0, 0, 0], 9).into(), &[[203, 0, 113, 7].into()]);
        assert_eq!(public, [SocketAddr::from(([203, 0, 113, 7], 9))]);
    }
}
