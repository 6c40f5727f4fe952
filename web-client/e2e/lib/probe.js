/**
 * The judge inside a page. A classic script, run before the page's own code in every browser.
 *
 * It keeps the page's peer connections, counts their negotiations, and judges what the page
 * receives and shows: from the outside only, the page knows nothing of it.
 */
(() => {
  const peers = [];
  const players = new Set();

  const Native = window.RTCPeerConnection;
  window.RTCPeerConnection = class RTCPeerConnection extends Native {
    constructor(...settings) {
      super(...settings);
      peers.push({ connection: this, local: 0, remote: 0 });
    }
    setLocalDescription(...description) {
      peers.find((peer) => peer.connection === this).local += 1;
      return super.setLocalDescription(...description);
    }
    setRemoteDescription(...description) {
      peers.find((peer) => peer.connection === this).remote += 1;
      return super.setRemoteDescription(...description);
    }
  };

  const play = HTMLMediaElement.prototype.play;
  HTMLMediaElement.prototype.play = function (...nothing) {
    players.add(this);
    return play.apply(this, nothing);
  };

  /** How often each peer connection of this page has negotiated. */
  function negotiations() {
    return peers.map(({ local, remote }) => ({ local, remote }));
  }

  /** Every statistic of `types`, of all peer connections that are not closed. */
  async function statistics(...types) {
    const found = [];
    for (const [peer, { connection }] of peers.entries()) {
      if (connection.connectionState === 'closed') continue;
      for (const entry of (await connection.getStats()).values()) {
        if (types.includes(entry.type)) found.push({ ...entry, peer });
      }
    }
    return found;
  }

  /** Packets of media sent, by kind; retransmissions and padding count too. */
  async function sent() {
    const sums = { audio: 0, video: 0 };
    for (const entry of await statistics('outbound-rtp')) sums[entry.kind] += entry.packetsSent;
    return sums;
  }

  /** Packets of media received, by kind. */
  async function received() {
    const sums = { audio: 0, video: 0 };
    for (const entry of await statistics('inbound-rtp')) sums[entry.kind] += entry.packetsReceived;
    return sums;
  }

  /** Concealed against all samples of what was received. */
  async function concealment() {
    let concealed = 0;
    let total = 0;
    for (const entry of await statistics('inbound-rtp')) {
      if (entry.kind !== 'audio') continue;
      concealed += entry.concealedSamples ?? 0;
      total += entry.totalSamplesReceived ?? 0;
    }
    return { concealed, total };
  }

  const canvas = document.createElement('canvas');
  canvas.width = 32;
  canvas.height = 18;
  const paper = canvas.getContext('2d', { willReadFrequently: true });

  /**
   * The median colour of what an element shows now: the moving bar does not count.
   * @returns {number[] | null} RGB; null if there is no picture
   */
  function colour(video) {
    if (video.readyState < 2 || video.videoWidth === 0) return null;
    paper.drawImage(video, 0, 0, canvas.width, canvas.height);
    const { data } = paper.getImageData(0, 0, canvas.width, canvas.height);
    return [0, 1, 2].map((channel) => {
      const values = [];
      for (let at = channel; at < data.length; at += 4) values.push(data[at]);
      return values.sort((a, b) => a - b)[values.length / 2];
    });
  }

  /** Whether a person would see the element: laid out, opaque, itself or any ancestor. */
  function visible(element) {
    return element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  }

  /** The tiles of the room: whose, what they say, and what they show at this moment. */
  function tiles() {
    return [...document.querySelectorAll('[data-participant][data-kind]')].map((tile) => {
      const video = [...tile.querySelectorAll('video')].find(visible) ?? null;
      return {
        participant: Number(tile.dataset.participant),
        kind: tile.dataset.kind,
        text: tile.textContent.replace(/\s+/g, ' ').trim(),
        colour: video && colour(video),
        height: video ? video.videoHeight : 0,
        frames: video ? video.getVideoPlaybackQuality().totalVideoFrames : 0,
      };
    });
  }

  /** What every received video stream has been so far, by its line. */
  async function pictures() {
    const lines = await statistics('inbound-rtp');
    return lines
      .filter((entry) => entry.kind === 'video')
      .map((entry) => ({
        peer: entry.peer,
        mid: entry.mid,
        packets: entry.packetsReceived,
        decoded: entry.framesDecoded ?? 0,
        height: entry.frameHeight ?? 0,
        freezes: entry.freezeCount ?? 0,
        frozen: entry.totalFreezesDuration ?? 0,
        at: entry.timestamp,
      }));
  }

  /** The audio tracks that a playing, unmuted element puts out. */
  function playedTracks() {
    const tracks = new Set();
    for (const element of [...players, ...document.querySelectorAll('audio, video')]) {
      if (element.paused || element.muted || element.volume === 0) continue;
      for (const track of element.srcObject?.getAudioTracks() ?? []) tracks.add(track);
    }
    return tracks;
  }

  /**
   * Listens to every received audio track for a while. Recording and decoding needs no sound
   * card, which a living AudioContext would need in Firefox.
   * @param {number[]} tones hertz that may occur
   * @param {number} milliseconds
   * @returns {Promise<{heard: number[], played: number[]}>} tones found in received tracks, and
   *   those of them that an element also puts out
   */
  async function listen(tones, milliseconds) {
    const audible = playedTracks();
    const tracks = peers
      .filter(({ connection }) => connection.connectionState !== 'closed')
      .flatMap(({ connection }) => connection.getReceivers().map(({ track }) => track))
      .filter(({ kind, readyState }) => kind === 'audio' && readyState === 'live');
    const found = await Promise.all(
      tracks.map(async (track) => tonesIn(await record(track, milliseconds), tones)),
    );
    const sorted = (set) => [...new Set(set)].sort((a, b) => a - b);
    return {
      heard: sorted(found.flat()),
      played: sorted(found.filter((_, at) => audible.has(tracks[at])).flat()),
    };
  }

  /** Samples of a track, 48,000 a second; none if nothing came. */
  async function record(track, milliseconds) {
    const recorder = new MediaRecorder(new MediaStream([track]));
    const parts = [];
    recorder.ondataavailable = ({ data }) => parts.push(data);
    const stopped = new Promise((done) => {
      recorder.onstop = done;
    });
    recorder.start();
    setTimeout(() => recorder.state === 'recording' && recorder.stop(), milliseconds);
    await stopped;
    const bytes = await new Blob(parts).arrayBuffer();
    if (bytes.byteLength === 0) return new Float32Array();
    // Of a track to which nothing came Chromium records a head without sound: no error of ours.
    return new OfflineAudioContext(1, 1, RATE).decodeAudioData(bytes).then(
      (decoded) => decoded.getChannelData(0),
      () => new Float32Array(),
    );
  }

  const RATE = 48_000;
  const WINDOW = 4096;

  /** Tones above -50 dBFS that stand 14 dB above what lies 50 Hz beside them. */
  function tonesIn(samples, tones) {
    return tones.filter((tone) => {
      const level = loudest(samples, tone);
      const beside = Math.max(loudest(samples, tone - 50), loudest(samples, tone + 50));
      return level > 0.003 && level > 5 * beside;
    });
  }

  /** The largest amplitude at a frequency in any window (Goertzel's algorithm, Hann window). */
  function loudest(samples, hertz) {
    const turn = 2 * Math.cos((2 * Math.PI * hertz) / RATE);
    let most = 0;
    for (let start = 0; start + WINDOW <= samples.length; start += WINDOW / 2) {
      let one = 0;
      let two = 0;
      for (let at = 0; at < WINDOW; at += 1) {
        const value = samples[start + at] * hann[at] + turn * one - two;
        two = one;
        one = value;
      }
      const power = one * one + two * two - turn * one * two;
      most = Math.max(most, (4 * Math.sqrt(Math.max(power, 0))) / WINDOW);
    }
    return most;
  }

  const hann = Float64Array.from(
    { length: WINDOW },
    (_, at) => 0.5 - 0.5 * Math.cos((2 * Math.PI * at) / WINDOW),
  );

  /**
   * Watches the tiles by every shown frame until `stop`: what was seen under which name.
   * @returns {{stop(): {text: string, colour: number[], count: number}[]}}
   */
  function watch() {
    const seen = new Map();
    let going = true;
    const look = () => {
      if (!going) return;
      for (const { text, kind, colour } of tiles()) {
        if (!colour || kind !== 'camera') continue;
        const key = `${text}|${colour.map((value) => value >> 4)}`;
        const entry = seen.get(key) ?? { text, colour, count: 0 };
        entry.count += 1;
        seen.set(key, entry);
      }
      requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
    return {
      stop() {
        going = false;
        return [...seen.values()];
      },
    };
  }

  window.kreideProbe = {
    peers,
    negotiations,
    statistics,
    sent,
    received,
    concealment,
    colour,
    tiles,
    pictures,
    listen,
    watch,
  };
})();
