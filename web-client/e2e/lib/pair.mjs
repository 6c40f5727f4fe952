/**
 * Two pages that talk to each other without any server: what the judges are tried on.
 *
 * The page imitates nothing of the product but its tiles, which is all that the judges rely on.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';

const PAGE = `<!doctype html><meta charset="utf-8"><title>pair</title>
<button>Join</button>
<div data-participant="2" data-kind="camera"><video autoplay playsinline muted></video><b></b></div>
<script>
  const connection = new RTCPeerConnection();
  const audio = new Audio();
  connection.ontrack = ({ track }) => {
    const stream = new MediaStream([track]);
    if (track.kind === 'video') document.querySelector('video').srcObject = stream;
    else { audio.srcObject = stream; audio.play(); }
  };
  const gathered = () => new Promise((done) => {
    if (connection.iceGatheringState === 'complete') done();
    connection.onicegatheringstatechange = () =>
      connection.iceGatheringState === 'complete' && done();
  });
  const captured = new Promise((done) => {
    document.querySelector('button').onclick = async () => {
      const own = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
      for (const track of own.getTracks()) connection.addTrack(track, own);
      done();
    };
  });
  async function describe(theirs, name) {
    document.querySelector('b').textContent = name;
    await captured;
    if (theirs) await connection.setRemoteDescription(theirs);
    if (connection.signalingState === 'stable' && theirs) return null;
    await connection.setLocalDescription();
    await gathered();
    return connection.localDescription.toJSON();
  }
</script>`;

/** Serves the page on the loopback address. */
export async function servePair() {
  const server = createServer((_, reply) => {
    reply.setHeader('content-type', 'text/html; charset=utf-8');
    reply.end(PAGE);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    stop: () => server.close(),
  };
}

/** Connects two windows; `names` are what each shows as the other's name. */
export async function connectPair(url, [one, two], [nameOfOne, nameOfTwo]) {
  for (const page of [one, two]) {
    await page.goto(url);
    await page.click('button');
  }
  const describe = (page, theirs, name) =>
    page.evaluate(`describe(${JSON.stringify(theirs)}, ${JSON.stringify(name)})`);
  const offer = await describe(one, null, nameOfTwo);
  const answer = await describe(two, offer, nameOfOne);
  await describe(one, answer, nameOfTwo);
}
