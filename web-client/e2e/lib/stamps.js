/**
 * Reads the stamps that bots write behind their payloads (loadtest/README.md) out of what a page
 * receives, when a frame is whole and not decoded yet. A classic script, run before the page's own
 * code and after probe.js; the window's content policy must be lifted.
 *
 * When a frame was whole is what Chromium noted itself (`receiveTime`): it hands pictures to the
 * transform in steps of 1/64 s, as it does to decoders, so the moment at which this code sees one
 * is 8 ms later on average.
 *
 * It looks into copies of the frames and passes them on as they are, in a worker, so that a busy
 * page makes no frame late.
 */
(() => {
  // A page without an address has nothing to receive.
  if (!location.protocol.startsWith('http')) return;

  /* Runs as the worker: nothing of this file exists there. */
  function look() {
    const MAGIC = 0x6b726401; // "krd", 1
    const LENGTH = 18;
    const KINDS = ['microphone', 'camera', 'content', 'contentAudio'];
    let frames = [];

    // Milliseconds since 1970 UTC, finer than Date.now().
    const now = () => performance.timeOrigin + performance.now();

    /** What the bot wrote behind this frame, or null. */
    function stamp(data) {
      if (data.byteLength < LENGTH) return null;
      const view = new DataView(data, data.byteLength - LENGTH);
      if (view.getUint32(0) !== MAGIC) return null;
      return {
        publisher: view.getUint32(4),
        kind: KINDS[view.getUint8(8)],
        layer: view.getUint8(9),
        captured: Number(view.getBigUint64(10)) / 1000,
      };
    }

    self.onrtctransform = ({ transformer }) => {
      const { line } = transformer.options;
      const looking = new TransformStream({
        transform(frame, passed) {
          const at = performance.timeOrigin + frame.getMetadata().receiveTime;
          frames.push({ line, at, handed: now(), stamp: stamp(frame.data) });
          passed.enqueue(frame);
        },
      });
      transformer.readable.pipeThrough(looking).pipeTo(transformer.writable);
    };

    self.onmessage = () => {
      // Whoever is interrupted between the two readings takes the clocks for further apart.
      const offsets = Array.from({ length: 9 }, () => Date.now() - now());
      const offset = offsets.sort((one, other) => Math.abs(one) - Math.abs(other))[0];
      self.postMessage({ frames, offset });
      frames = [];
    };
  }

  const worker = new Worker(URL.createObjectURL(new Blob([`(${look})()`])));
  const add = RTCPeerConnection.prototype.addTransceiver;
  RTCPeerConnection.prototype.addTransceiver = function addTransceiver(line, init) {
    const transceiver = add.call(this, line, init);
    if (init?.direction === 'recvonly') {
      transceiver.receiver.transform = new RTCRtpScriptTransform(worker, { line });
    }
    return transceiver;
  };

  /**
   * What was received since the last call.
   * @returns {Promise<{frames: object[], offset: number}>} each with its `line` (audio or video),
   *   when it was whole (`at`, ms since 1970), when this code saw it (`handed`) and its `stamp`;
   *   `offset`: ms by which the wall clock has left the clock of both
   */
  function take() {
    return new Promise((done) => {
      worker.onmessage = ({ data }) => done(data);
      worker.postMessage('take');
    });
  }

  window.kreideStamps = { take };
})();
