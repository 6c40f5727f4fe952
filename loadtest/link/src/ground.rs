//! Both namespaces and the two devices between them.
//!
//! Invariant: built whole or not at all; dropped, nothing of it is left.
//! Left out on purpose: packets (`pump.rs`).

use std::net::Ipv4Addr;
use std::process::Command;

use anyhow::{Result, ensure};
use kreide_link::Direction;
use serde_json::{Value, json};
use tun_rs::SyncDevice;

use crate::namespace::{Namespace, remove_forgotten};

/// Namespaces do not see each other, so every link has the same addresses.
const A: Ipv4Addr = Ipv4Addr::new(10, 78, 0, 1);
const B: Ipv4Addr = Ipv4Addr::new(10, 78, 0, 2);

/// The two sides. Devices are closed first, so that nothing is sent into a link that is going.
pub(crate) struct Ground {
    pub(crate) devices: Devices,
    pub(crate) a: Namespace,
    pub(crate) b: Namespace,
}

/// The ends of the link.
pub(crate) struct Devices {
    a: SyncDevice,
    b: SyncDevice,
}

impl Ground {
    /// Removes what is forgotten and makes both sides.
    pub(crate) fn make() -> Result<Self> {
        ensure!(rustix::process::geteuid().is_root(), "needs root to make network namespaces");
        remove_forgotten()?;
        let (a, near) = Namespace::make('a', A, B)?;
        let (b, far) = Namespace::make('b', B, A)?;
        Ok(Self { devices: Devices { a: near, b: far }, a, b })
    }

    /// Names and addresses, for who runs commands inside.
    pub(crate) fn described(&self) -> Value {
        let side = |side: &Namespace| json!({"namespace": side.name(), "address": side.address});
        json!({"a": side(&self.a), "b": side(&self.b)})
    }

    /// Tells a command the names of the namespaces.
    pub(crate) fn tell(&self, command: &mut Command) {
        command.env("KREIDE_LINK_A", self.a.name()).env("KREIDE_LINK_B", self.b.name());
    }
}

impl Devices {
    /// Where packets of a direction come from.
    pub(crate) fn entrance(&self, direction: Direction) -> &SyncDevice {
        match direction {
            Direction::Up => &self.a,
            Direction::Down => &self.b,
        }
    }

    /// Where packets of a direction go to.
    pub(crate) fn exit(&self, direction: Direction) -> &SyncDevice {
        match direction {
            Direction::Up => &self.b,
            Direction::Down => &self.a,
        }
    }
}
