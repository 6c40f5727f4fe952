/**
 * Many people with moving cameras in one page, straight on the protocol: what a teacher's browser
 * is tried with where no machine is large enough for as many browsers. Each has a connection and
 * encoders of its own; all have the same camera. A classic script for a page of the server without
 * the client.
 */
(() => {
  const people = [];
  let large;

  /**
   * Lets some people come, one after the other. They send nothing yet.
   * @param {string} link what follows the `#` of a link for a class
   * @param {number} count how many
   * @param {boolean} both whether they will send both layers, or the small one alone, which
   *   spares a small machine half of the encoding
   */
  async function enter(link, count, both) {
    large = both;
    for (let n = 0; n < count; n += 1) people.push(await one(link, n));
  }

  /** All switch their cameras on, and some of them the microphone. */
  async function show(voices) {
    const own = await navigator.mediaDevices.getUserMedia({
      audio: true,
      video: large ? { width: 640, height: 360 } : { width: 320, height: 180 },
    });
    for (const [n, { camera, microphone, say }] of people.entries()) {
      await camera.replaceTrack(own.getVideoTracks()[0]);
      say({ type: 'send', kind: 'camera', on: true });
      if (n >= voices) continue;
      await microphone.replaceTrack(own.getAudioTracks()[0]);
      say({ type: 'send', kind: 'microphone', on: true });
    }
  }

  async function one(link, n) {
    const reply = await fetch('/api/enter', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ link, name: `Kind ${n + 1}` }),
    });
    const { token } = await reply.json();
    const connection = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
    const line = (kind, sendEncodings) =>
      connection.addTransceiver(kind, { direction: 'sendonly', sendEncodings }).sender;
    const microphone = line('audio', [{ maxBitrate: 40_000 }]);
    // As peer.ts asks for them.
    const low = { maxBitrate: 150_000 };
    const both = [
      { ...low, rid: 'l', scaleResolutionDownBy: 2 },
      { rid: 'h', scaleResolutionDownBy: 1, maxBitrate: 600_000 },
    ];
    const camera = line('video', large ? both : [low]);
    line('video');
    line('audio');
    await connection.setLocalDescription();
    const socket = new WebSocket(`ws://${location.host}/ws`);
    await new Promise((done, refused) => {
      socket.onopen = done;
      socket.onerror = refused;
    });
    const joined = new Promise((done, refused) => {
      socket.onclose = () => refused(new Error('the server closed the connection'));
      socket.onmessage = ({ data }) => {
        const message = JSON.parse(data);
        if (message.type === 'joined') done(message);
        if (message.type === 'error') refused(new Error(data));
      };
    });
    const say = (message) => socket.send(JSON.stringify(message));
    const offer = await deflated(connection.localDescription.sdp);
    say({ type: 'join', version: 1, with: { token }, offer });
    const { media } = await joined;
    await connection.setRemoteDescription({ type: 'answer', sdp: media.answer });
    return { connection, camera, microphone, say };
  }

  async function deflated(text) {
    const stream = new Blob([text]).stream().pipeThrough(new CompressionStream('deflate-raw'));
    const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
    const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
    return btoa(binary).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
  }

  window.kreideCrowd = { enter, show };
})();
