//! The media core: who hears and sees whom, packet by packet, without I/O.
//!
//! A [`RoomPart`] holds the members of one lesson on one shard. It is driven in four kinds of
//! call: getters; `handle_*(.., now)` for packets and time; commands (`join`, `set_view`, ..);
//! and `poll_*` for what comes out. **Mutate, then drain**: after an input, or some packets that
//! came together, poll batches and events until there are none, then sleep until
//! [`RoomPart::poll_timeout`].
//!
//! Invariants: a packet of a closed kind is never forwarded, nor one to a viewer whose place does not
//! receive the publisher's; a slot is one continuous RTP stream
//! whatever it shows; a slot's change of source is announced in the step that sends the first frame.
//! Left out on purpose: sockets, clocks, encryption, SDP, names of people, and the lesson's rules.

mod audiences;
mod audio;
mod burst;
mod feedback;
mod history;
#[cfg(feature = "internals")]
#[doc(hidden)]
pub mod internals;
mod keyframes;
mod layers;
mod member;
mod nack;
mod outbox;
mod publication;
mod receiver;
mod relay;
mod rewriter;
mod room;
mod sender_clock;
mod slot;
mod stream_clock;

pub use member::{Listener, MemberConfig, MemberKey, PublishLine, SlotLine};
pub use outbox::{Batch, PacketKind, RTCP_TAG_ROOM, RTP_TAG_ROOM};
pub use relay::{
    PartId, Relayed, RelayedBurst, RelayedKey, RelayedMember, RelayedPacket, RelayedPublication,
    RelayedVoice,
};
pub use room::{Clock, Reason, RoomEvent, RoomPart, RoomStats};
