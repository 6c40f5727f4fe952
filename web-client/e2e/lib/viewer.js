/**
 * A viewer with one video slot that is judged, straight on the protocol: what remains of a client
 * when its layout is taken away. Two more slots show always the same and tell what the cameras and
 * the machine do by themselves. A classic script for a page of the server without the client.
 *
 * It obeys the one rule of slots: a frame is shown only if the server has named its source and
 * the frame's RTP timestamp is not before that source's first one.
 */
(() => {
  /** Frames judged so far: when, whose they had to be, and their colour. */
  const frames = [];
  let socket;
  let connection;
  let slot = { source: null, fromTimestamp: 0 };
  let asked = null;
  /** Whose cameras the other slots show. */
  let always = [];

  async function enter(link, name) {
    const reply = await fetch('/api/enter', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ link, name }),
    });
    const { token } = await reply.json();
    connection = new RTCPeerConnection();
    for (const kind of ['audio', 'video', 'video', 'audio']) {
      connection.addTransceiver(kind, { direction: 'sendonly' });
    }
    for (let n = 0; n < 4; n += 1) connection.addTransceiver('audio', { direction: 'recvonly' });
    const [{ receiver }, ...others] = [0, 1, 2].map(() =>
      connection.addTransceiver('video', { direction: 'recvonly' }),
    );
    await connection.setLocalDescription();
    socket = new WebSocket(`ws://${location.host}/ws`);
    await new Promise((done, refused) => {
      socket.onopen = done;
      socket.onerror = refused;
    });
    socket.send(
      JSON.stringify({
        type: 'join',
        version: 1,
        with: { token },
        offer: await deflated(connection.localDescription.sdp),
      }),
    );
    const joined = await new Promise((done, refused) => {
      socket.onclose = refused;
      socket.onmessage = ({ data }) => {
        const message = JSON.parse(data);
        if (message.type === 'joined') done(message);
        if (message.type === 'slots') {
          for (const now of message.slots) if (now.slot === 0) [slot, asked] = [now, null];
        }
        if (message.type === 'error' || message.type === 'closed') frames.push({ error: data });
      };
    });
    await connection.setRemoteDescription({ type: 'answer', sdp: joined.media.answer });
    const video = player(receiver.track);
    for (const other of others) player(other.receiver.track);
    const judge = (at, { rtpTimestamp }) => {
      const whose = slot.source?.participant;
      const early = ((rtpTimestamp - slot.fromTimestamp) >>> 0) >= 2 ** 31;
      if (whose !== undefined && asked === null && !early) {
        frames.push({ at, whose, colour: kreideProbe.colour(video) });
      }
      video.requestVideoFrameCallback(judge);
    };
    video.requestVideoFrameCallback(judge);
    return joined.snapshot.participants;
  }

  function player(track) {
    const video = document.createElement('video');
    video.muted = true;
    video.srcObject = new MediaStream([track]);
    document.body.append(video);
    video.play();
    return video;
  }

  async function deflated(text) {
    const stream = new Blob([text]).stream().pipeThrough(new CompressionStream('deflate-raw'));
    const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
    const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
    return btoa(binary).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
  }

  /** Shows these in the slots that do not change. */
  function keep(participants) {
    always = participants;
  }

  /** Asks for another camera in the judged slot; gives back when. */
  function look(participant) {
    asked = participant;
    const slots = [participant, ...always].map((whose, slot) => ({
      slot,
      source: { participant: whose, kind: 'camera' },
      height: 360,
    }));
    socket.send(JSON.stringify({ type: 'view', slots }));
    return performance.now();
  }

  window.kreideViewer = { enter, keep, look, frames };
})();
