//! Lets requests for keyframes through to whoever encodes.
//!
//! The crate's interceptors keep all RTCP to themselves unless something vouches for it.

use std::collections::VecDeque;
use std::time::Instant;

use rtc::interceptor::{Attribute, Interceptor, Packet, StreamInfo, TaggedPacket};
use rtc::rtcp;
use rtc::rtcp::payload_feedbacks::full_intra_request::FullIntraRequest;
use rtc::rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use rtc::sansio::Protocol;
use rtc::shared::error::Error;

/// Marks requests for keyframes; everything passes.
#[derive(Default)]
pub(crate) struct KeyframeRequests {
    read: VecDeque<TaggedPacket>,
    written: VecDeque<TaggedPacket>,
}

/// The streams of which packets ask for a keyframe.
pub(crate) fn asked(packets: &[Box<dyn rtcp::Packet>]) -> Vec<u32> {
    let asked = |packet: &dyn rtcp::Packet| {
        let packet = packet.as_any();
        if let Some(request) = packet.downcast_ref::<PictureLossIndication>() {
            return vec![request.media_ssrc];
        }
        let request = packet.downcast_ref::<FullIntraRequest>();
        request.map_or_else(Vec::new, |request| request.fir.iter().map(|fir| fir.ssrc).collect())
    };
    packets.iter().flat_map(|packet| asked(packet.as_ref())).collect()
}

impl Protocol<TaggedPacket, TaggedPacket, ()> for KeyframeRequests {
    type Rout = TaggedPacket;
    type Wout = TaggedPacket;
    type Eout = ();
    type Error = Error;
    type Time = Instant;

    fn handle_read(&mut self, mut packet: TaggedPacket) -> Result<(), Error> {
        if let Packet::Rtcp(packets) = &packet.message.packet
            && !asked(packets).is_empty()
        {
            packet.message.add(Attribute::DeliverToApplication);
        }
        self.read.push_back(packet);
        Ok(())
    }

    fn poll_read(&mut self) -> Option<TaggedPacket> {
        self.read.pop_front()
    }

    fn handle_write(&mut self, packet: TaggedPacket) -> Result<(), Error> {
        self.written.push_back(packet);
        Ok(())
    }

    fn poll_write(&mut self) -> Option<TaggedPacket> {
        self.written.pop_front()
    }
}

impl Interceptor for KeyframeRequests {
    fn bind_local_stream(&mut self, _: &StreamInfo) {}
    fn unbind_local_stream(&mut self, _: &StreamInfo) {}
    fn bind_remote_stream(&mut self, _: &StreamInfo) {}
    fn unbind_remote_stream(&mut self, _: &StreamInfo) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_requests_for_keyframes_count() {
        let pli: Box<dyn rtcp::Packet> =
            Box::new(PictureLossIndication { sender_ssrc: 1, media_ssrc: 7 });
        let other: Box<dyn rtcp::Packet> =
            Box::new(rtcp::receiver_report::ReceiverReport::default());
        assert_eq!(asked(&[other, pli]), [7]);
    }
}
