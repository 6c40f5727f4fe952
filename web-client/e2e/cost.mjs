/**
 * What 30 moving pictures cost: `node e2e/cost.mjs` prints the processor time of Chromium's
 * processes in percent of one core, for a teacher's room with and without pictures. Drawing the
 * made-up pictures is part of it, decoding is not. A measurement and no test: it depends on the
 * machine and on who else uses it.
 */
import { startScreens } from './lib/screens.mjs';

const SECONDS = 10;
const SCENES = {
  'a room of 30 without pictures': 'role=teacher&count=30&dark=30',
  'a room of 30 moving pictures': 'role=teacher&count=30&moving',
};

const screens = await startScreens();
const done = [];
for (const [name, scene] of Object.entries(SCENES)) {
  const page = await screens.open({ after: (act) => done.push(act) }, scene);
  await page.waitForTimeout(3000);
  const frames = await page.evaluate(countFrames, SECONDS);
  const before = await screens.processorTime();
  await page.waitForTimeout(SECONDS * 1000);
  const spent = (await screens.processorTime()) - before;
  console.log(`${name}: ${Math.round((spent / SECONDS) * 100)} % of a core, ${frames} pictures a second`);
  for (const act of done.splice(0)) await act();
}
await screens.close();

/** Frames of all pictures that reached the screen, in a second. */
async function countFrames(seconds) {
  const all = () =>
    [...document.querySelectorAll('video')].reduce(
      (sum, video) => sum + video.getVideoPlaybackQuality().totalVideoFrames,
      0,
    );
  const before = all();
  await new Promise((done) => setTimeout(done, seconds * 1000));
  return Math.round((all() - before) / seconds);
}
