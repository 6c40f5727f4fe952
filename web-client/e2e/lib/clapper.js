/**
 * A clapperboard instead of camera and microphone: every two seconds a white flash and a beep of
 * 1,000 Hz begin at the same moment. A classic script, run before the page's own code.
 *
 * Both come from one clock, the audio context's, and the flash is handed to the encoder when it
 * is painted, so what lies between them in a recording was put there on the way.
 */
(() => {
  // An empty page on the way has no devices.
  if (!navigator.mediaDevices) return;
  const EVERY = 2;
  const LONG = 0.2;
  let tracks;

  function build() {
    const context = new AudioContext({ latencyHint: 'interactive' });
    const oscillator = new OscillatorNode(context, { frequency: 1000 });
    const gate = new GainNode(context, { gain: 0 });
    const output = context.createMediaStreamDestination();
    oscillator.connect(gate).connect(output);
    oscillator.start();
    context.resume();

    const canvas = Object.assign(document.createElement('canvas'), { width: 640, height: 360 });
    const paper = canvas.getContext('2d');
    const film = canvas.captureStream(0);
    const [picture] = film.getVideoTracks();
    let next = 1;
    let painted = 0;
    gate.gain.setValueAtTime(0.5, next);
    gate.gain.setValueAtTime(0, next + LONG);
    setInterval(() => {
      const now = context.currentTime;
      if (now >= next + LONG) {
        next += EVERY;
        gate.gain.setValueAtTime(0.5, next);
        gate.gain.setValueAtTime(0, next + LONG);
      }
      const white = now >= next;
      if (white === paper.white && now - painted < 1 / 30) return;
      paper.white = white;
      painted = now;
      paper.fillStyle = white ? '#ffffff' : '#101010';
      paper.fillRect(0, 0, 640, 360);
      // Something moves, or the encoder would skip frames.
      paper.fillStyle = '#404040';
      paper.fillRect((now * 200) % 600, 20, 40, 40);
      picture.requestFrame();
    }, 4);
    return { picture, voice: output.stream.getAudioTracks()[0] };
  }

  navigator.mediaDevices.getUserMedia = async ({ audio, video }) => {
    tracks ??= build();
    const wanted = [audio && tracks.voice, video && tracks.picture].filter(Boolean);
    return new MediaStream(wanted.map((track) => track.clone()));
  };
})();
