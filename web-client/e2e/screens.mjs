/**
 * Pictures of the screens on a made-up session, for judging them beside the look.
 * `node e2e/screens.mjs` renews the chosen ones in docs/screens/; `node e2e/screens.mjs folder
 * [pattern]` writes all, or those whose name fits. What a machine can judge stands in look.test.mjs.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { startScreens } from './lib/screens.mjs';

const [, , folder = join(import.meta.dirname, '..', '..', 'docs', 'screens'), pattern] =
  process.argv;
const chosen = new RegExp(
  pattern ??
    (process.argv[2]
      ? ''
      : '^(?:door-pupil|teacher|pupil)-(?:wide|tablet|phone)-|^record-(?:start|asked|watch)-(?:wide|phone)-|^parts-wide-'),
);

/** Those of look.md. */
const SIZES = {
  wide: [1366, 650],
  desk: [1080, 735],
  tablet: [810, 1010],
  phone: [360, 560],
  split: [507, 735],
  flat: [740, 340],
};

/** name, question, sizes, and what is pressed before the picture is taken. */
const SCREENS = [
  ['door-pupil', 'at=door&role=pupil', 'wide tablet phone'],
  ['parts', 'page=parts', 'wide phone'],
  ['tools', 'page=tools', 'wide tablet phone'],
  ['texts', 'page=texts', 'wide phone'],
  ['door-guest', 'at=door&role=guest&link=class', 'wide phone'],
  ['teacher', 'role=teacher&count=29', 'wide tablet phone', ['Leute']],
  ['teacher-stage', 'role=teacher&count=17&dark=5', 'wide tablet phone split flat'],
  ['teacher-quiet', 'role=teacher&count=4&quiet', 'wide'],
  ['teacher-menu', 'role=teacher&count=9', 'wide phone', ['Leute', 'Aktionen für Leyla']],
  ['teacher-remove', 'role=teacher&count=9', 'wide', ['Leute', 'Aktionen für Leyla', 'Entfernen']],
  ['teacher-chat', 'role=teacher&count=9&chat', 'wide phone', ['Chat']],
  ['teacher-end', 'role=teacher&count=4', 'wide phone', ['Beenden']],
  ['teacher-alone', 'role=teacher&count=1', 'wide phone'],
  ['teacher-lobby', 'role=teacher&count=17&lobby=4&word', 'wide phone', ['Leute']],
  ['teacher-person', 'role=teacher&count=9', 'wide phone', ['Leute', 'Aktionen für Leyla']],
  ['teacher-lock', 'role=teacher&count=9&locked=chat', 'wide phone', ['Leute', 'Aktionen für Leyla', 'Sperren …']],
  ['teacher-allow', 'role=teacher&count=9&locked=chat', 'wide', ['Leute', 'Aktionen für Leyla', 'Erlauben …']],
  ['teacher-rename', 'role=teacher&count=9', 'wide phone', ['Leute', 'Aktionen für Leyla', 'Umbenennen']],
  ['teacher-undo', 'role=teacher&count=9', 'wide phone', ['Leute', 'Aktionen für Leyla', 'Stumm', 'Aktionen für Ben', 'In den Warteraum']],
  ['teacher-tools', 'role=teacher&count=9&locked=chat,names', 'wide phone', ['Werkzeuge']],
  ['teacher-rights', 'role=teacher&count=9&locked=chat,names', 'wide phone', ['Werkzeuge', 'Rechte']],
  ['pupil-locked', 'role=pupil&count=9&locked=microphone,camera,chat', 'wide phone', ['Kamera']],
  ['pupil-rest', 'role=pupil&count=9&rest', 'wide phone'],
  ['pupil-word', 'role=pupil&count=9&content&quiet&word', 'wide phone'],
  ['pupil-invited', 'role=pupil&count=9&content&invited', 'wide phone'],
  ['pupil-classroom', 'role=pupil&count=9&content&inroom', 'wide phone', ['Mehr']],
  ['pupil-group', 'role=pupil&count=17&groups=4&chat', 'wide phone', ['Chat']],
  ['pupil-simple', 'role=pupil&count=9&simple', 'wide phone'],
  ['door-list', 'at=door&role=pupil&link=class&roster=28', 'wide phone'],
  ['door-missing', 'at=door&role=pupil&link=class&roster=28', 'wide phone', ['Mein Name fehlt']],
  ['waiting-lobby', 'at=waiting&role=pupil&why=lobby', 'wide phone', ['Ton testen']],
  ['waiting-begin', 'at=waiting&role=pupil&why=begin&connection=lost', 'wide phone'],
  ['waiting-talk', 'at=waiting&role=guest&why=talk&late=10', 'wide tablet phone'],
  ['out-turned', 'at=out&role=pupil&reason=TURNED_AWAY', 'wide phone'],
  ['teacher-on', 'role=teacher&count=17&groups=4&on=timer,announce,picked', 'wide tablet phone', ['Werkzeuge']],
  ['pupil-poll', 'role=pupil&count=9&content&on=poll,timer', 'wide phone'],
  ['pupil-asked', 'role=pupil&count=9&on=ready,announce', 'wide phone'],
  ['pupil-choice', 'role=pupil&count=9&content&on=choice,picked', 'wide phone'],
  ['pupil-focus', 'role=pupil&count=9&on=focus', 'wide phone'],
  ['record-start', 'role=teacher&count=17&dark=3', 'wide tablet phone', ['Werkzeuge', 'Aufnahme']],
  ['record-list', 'role=teacher&count=17&recordings=3', 'wide phone', ['Werkzeuge', 'Aufnahme']],
  ['record-erase', 'role=teacher&count=4&recordings=3', 'wide phone', ['Werkzeuge', 'Aufnahme', 'Aktionen für die Aufnahme', 'Löschen']],
  ['record-soon', 'role=teacher&count=17&recording=soon', 'wide tablet phone flat'],
  ['record-soon-panel', 'role=teacher&count=17&recording=soon&recordings=1', 'wide phone', ['Werkzeuge', 'Aufnahme']],
  ['record-runs', 'role=teacher&count=17&dark=4&recording=runs&recordings=2', 'wide tablet phone flat', ['Werkzeuge', 'Aufnahme']],
  ['record-people', 'role=teacher&count=9&recording=runs', 'wide', ['Leute']],
  ['record-full', 'role=teacher&count=9&stopped=storageFull', 'wide phone'],
  ['record-saved', 'role=teacher&count=9&stopped=ordered', 'wide phone'],
  ['record-asked', 'role=pupil&count=9&content&recording=soon&consent=asked', 'wide tablet phone flat'],
  ['record-out', 'role=pupil&count=9&recording=runs&consent=none', 'wide phone'],
  ['record-in', 'role=pupil&count=9&dark=3&recording=runs&consent=yes', 'wide phone', ['Mehr', 'Einstellungen']],
  ['record-door', 'at=door&role=teacher&recordings=7', 'wide tablet phone'],
  ['record-door-pupil', 'at=door&role=pupil&recordings=7', 'wide phone'],
  ['record-out-ended', 'at=out&role=teacher&reason=LESSON_ENDED&recordings=1', 'wide tablet phone'],
  ['record-watch', 'at=watch&recordings=1', 'wide tablet phone'],
  ['record-watch-gone', 'at=watch&fault=404', 'wide phone'],
  ['record-watch-old', 'at=watch&recordings=1&unplayable', 'phone'],
  ['pupil', 'role=pupil&count=20&content', 'wide tablet phone split flat'],
  ['pupil-small', 'role=pupil&count=7', 'wide tablet phone'],
  ['pupil-dark', 'role=pupil&count=24&dark=24', 'wide phone'],
  ['pupil-quiet', 'role=pupil&count=7&quiet', 'wide', ['Chat', 'Mikro']],
  ['pupil-settings', 'role=pupil&count=4', 'wide phone', ['Mehr', 'Einstellungen']],
  ['pupil-privacy', 'role=pupil&count=4', 'phone', ['Mehr', 'Datenschutz']],
  ['pupil-lost', 'role=pupil&count=4&connection=lost&notices=DEVICE_DENIED', 'wide phone'],
  ['pupil-captions', 'role=pupil&count=9&content&paused&captions', 'wide desk phone flat'],
  ['teacher-captions', 'role=teacher&count=9&captions', 'wide phone', ['Mehr', 'Untertitel schreiben']],
  ['pupil-name', 'role=pupil&count=9', 'wide phone', ['Mehr', 'Eigenen Namen ändern']],
  ['pupil-name-locked', 'role=pupil&count=9&locked=names', 'wide phone', ['Mehr']],
  ['pupil-spotlight', 'role=pupil&count=9&spotlight=2', 'wide tablet phone'],
  ['teacher-spotlight', 'role=teacher&count=17&spotlight=4', 'wide tablet phone'],
  ['pupil-outside', 'role=pupil&count=17&groups=4&outside', 'wide phone', ['Mehr', 'Leute']],
  ['pupil-blocked', 'role=pupil&count=4&notices=MEDIA_BLOCKED', 'wide phone'],
  ['pupil-report', 'role=pupil&count=4&notices=MEDIA_BLOCKED', 'wide phone', ['Bericht für Schul-IT']],
  ['presenter', 'role=presenter&count=9&content', 'desk'],
  ['interpreter', 'role=interpreter&count=9', 'wide phone'],
  ['guest-pseudo', 'role=guest&count=4&lang=pseudo', 'wide phone'],
  ['observer', 'role=observer&count=4', 'wide'],
  ['out-ended', 'at=out&role=pupil&reason=LESSON_ENDED', 'phone'],
  ['out-moved', 'at=out&reason=OPENED_ELSEWHERE', 'wide'],
];

const screens = await startScreens();
/** Called when a picture is done, as `t.after` is in tests. */
let done = [];
const t = { after: (act) => done.push(act) };

await mkdir(folder, { recursive: true });
for (const [name, question, sizes, presses = []] of SCREENS) {
  for (const size of sizes.split(' ')) {
    for (const theme of ['light', 'dark']) {
      const title = `${name}-${size}-${theme}`;
      if (!chosen.test(title)) continue;
      const page = await screens.open(t, `theme=${theme}&${question}`, SIZES[size]);
      for (const label of presses) {
        const button = page.getByRole('button', { name: label }).first();
        // What does not fit on a phone's bar stands in "Mehr". A list may take a moment.
        const shown = button.waitFor({ state: 'attached', timeout: 1000 });
        await shown.catch(() => page.getByRole('button', { name: 'Mehr' }).click());
        // A locked control says so to assistive tools, and may be pressed all the same.
        await button.click({ force: true });
      }
      await page.mouse.move(0, 0);
      // Drawn people deliver their first frame within half a second.
      await page.waitForTimeout(700);
      await screens.settle(page);
      await page.screenshot({ path: join(folder, `${title}.png`), fullPage: name === 'parts' || name === 'tools' });
      for (const act of done) await act();
      done = [];
    }
  }
}
await screens.close();
