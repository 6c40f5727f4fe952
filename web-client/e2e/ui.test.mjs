/**
 * What a person does on the screen, on a made-up session: no server, one browser. Keyboard,
 * focus, locks, undo, narrow and enlarged screens, and that no text stands outside the catalogue.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startScreens } from './lib/screens.mjs';

let screens;

before(async () => {
  screens = await startScreens();
});

after(() => screens?.close());

/** Opens a scene of `src/view/dev`; German unless it says otherwise. */
const open = (t, scene, size) => screens.open(t, scene, size);

const control = (page, name) => page.locator('#bar').getByRole('button', { name });
const pressed = (page, name) => control(page, name).getAttribute('aria-pressed');
const focused = (page) =>
  page.evaluate(() => {
    const now = document.activeElement;
    return now?.getAttribute('aria-label') ?? now?.textContent?.trim().split(/\s+/u)[0];
  });

test('the skip link is first and leads to the bar', async (t) => {
  const page = await open(t, 'role=pupil&count=9');
  await page.keyboard.press('Tab');
  assert.equal(await focused(page), 'Zur');
  await page.keyboard.press('Enter');
  assert.equal(await focused(page), 'Mikro');
});

test('F6 goes round the regions and back', async (t) => {
  const page = await open(t, 'role=pupil&count=9&content');
  const seen = [];
  for (let i = 0; i < 4; i += 1) {
    await page.keyboard.press('F6');
    seen.push(await focused(page));
  }
  assert.deepEqual(seen, ['Gezeigtes', 'Leute', 'Leiste', 'Gezeigtes']);
  await page.keyboard.press('Shift+F6');
  assert.equal(await focused(page), 'Leiste');
});

test('letters act, but not while writing, and not when switched off', async (t) => {
  const page = await open(t, 'role=pupil&count=4');
  assert.equal(await pressed(page, 'Mikro'), 'true');
  await page.keyboard.press('m');
  assert.equal(await pressed(page, 'Mikro'), 'false');
  await page.keyboard.press('h');
  assert.equal(await pressed(page, 'Hand'), 'true');
  await page.keyboard.press('c');
  const message = page.getByRole('textbox', { name: 'Nachricht' });
  await message.waitFor();
  await page.keyboard.type('mvhc');
  assert.equal(await message.inputValue(), 'mvhc');
  assert.equal(await pressed(page, 'Mikro'), 'false');
  await control(page, 'Mehr').click();
  await page.getByRole('button', { name: 'Einstellungen' }).click();
  await page.getByRole('switch', { name: /Tasten/u }).press('Space');
  await page.keyboard.press('m');
  assert.equal(await pressed(page, 'Mikro'), 'false');
});

test('Escape closes a panel and gives the focus back', async (t) => {
  const page = await open(t, 'role=pupil&count=4');
  await control(page, 'Chat').press('Enter');
  await page.getByRole('textbox', { name: 'Nachricht' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('textbox', { name: 'Nachricht' }).waitFor({ state: 'detached' });
  await page.waitForFunction(() => document.activeElement?.textContent?.includes('Chat'));
  assert.equal(await control(page, 'Chat').getAttribute('aria-expanded'), 'false');
});

test('what is locked stays in place and says by whom', async (t) => {
  const page = await open(t, 'role=pupil&count=4&locked=microphone,chat,privateChat');
  const microphone = control(page, 'Mikro');
  assert.equal(await microphone.getAttribute('aria-disabled'), 'true');
  await microphone.click({ force: true });
  await page.locator('.notices').getByText('Gesperrt von Frau Kern').waitFor();
  assert.equal(await pressed(page, 'Mikro'), 'false');
  await control(page, 'Chat').click();
  assert.equal(await page.getByRole('textbox').count(), 0);
});

test('quiet is one press there and one back', async (t) => {
  const page = await open(t, 'role=teacher&count=4');
  await control(page, 'Ruhe').click();
  assert.equal(await pressed(page, 'Ruhe'), 'true');
  await control(page, 'Ruhe').click();
  assert.equal(await pressed(page, 'Ruhe'), 'false');
});

test('a lock can be taken back; arrows move in the menu; Escape returns', async (t) => {
  const page = await open(t, 'role=teacher&count=9');
  await control(page, 'Leute').click();
  const dots = page.getByRole('button', { name: 'Aktionen für Leyla' });
  await dots.press('Enter');
  await page.keyboard.press('ArrowDown');
  assert.equal(await focused(page), 'Stumm');
  await page.keyboard.press('Escape');
  assert.equal(await focused(page), 'Aktionen für Leyla');
  await dots.click();
  await page.getByRole('button', { name: 'Sperren …' }).click();
  const locks = page.getByRole('dialog', { name: 'Sperren für Leyla' });
  const camera = locks.getByRole('switch', { name: 'Kamera' });
  await camera.press('Space');
  await page.getByText('Kamera: für Leyla gesperrt.').waitFor();
  assert.equal(await camera.isChecked(), true);
  await locks.getByRole('button', { name: 'Fertig' }).click();
  await page.getByRole('button', { name: 'Rückgängig' }).click();
  await dots.click();
  await page.getByRole('button', { name: 'Sperren …' }).click();
  assert.equal(await camera.isChecked(), false);
});

test('in quiet nothing is lost of the own controls, and the turn is one press away', async (t) => {
  const page = await open(t, 'role=pupil&count=4&quiet');
  await page.locator('.notices').getByText('Ruhe. Mikrofone sind aus').waitFor();
  assert.equal(await control(page, 'Mikro').getAttribute('aria-disabled'), 'true');
  await page.evaluate(() =>
    globalThis.kreideOthers.happen({ kind: 'letSpeak', who: 2, on: true, by: 1 }),
  );
  await page.locator('.notices').getByText('Du bist dran.').waitFor();
  assert.equal(await pressed(page, 'Mikro'), 'false');
  await page.getByRole('button', { name: 'Mikrofon einschalten' }).click();
  assert.equal(await pressed(page, 'Mikro'), 'true');
});

test('the lobby is emptied one by one, by turning away after a question, and at once', async (t) => {
  const page = await open(t, 'role=teacher&count=4&lobby=4');
  await control(page, 'Leute').click();
  await page.getByRole('button', { name: 'Bilal einlassen' }).click();
  await page.getByRole('heading', { name: 'Im Warteraum · 3' }).waitFor();
  await page.getByRole('button', { name: 'Aktionen für Tablet 4' }).click();
  await page.getByRole('button', { name: 'Abweisen' }).click();
  const dialog = page.getByRole('dialog', { name: 'Tablet 4 abweisen?' });
  await dialog.getByRole('button', { name: 'Abweisen' }).click();
  await page.getByRole('heading', { name: 'Im Warteraum · 2' }).waitFor();
  await page.getByRole('button', { name: 'Alle einlassen' }).click();
  await page.getByRole('heading', { name: /Warteraum/u }).waitFor({ state: 'detached' });
});

test('in the classroom the microphone is on while it or the space bar is held', async (t) => {
  const page = await open(t, 'role=pupil&count=4&inroom');
  assert.equal(await pressed(page, 'Mikro'), 'false');
  await page.keyboard.down(' ');
  assert.equal(await pressed(page, 'Mikro'), 'true');
  await page.keyboard.up(' ');
  assert.equal(await pressed(page, 'Mikro'), 'false');
  await control(page, 'Mikro').hover();
  await page.mouse.down();
  assert.equal(await pressed(page, 'Mikro'), 'true');
  await page.mouse.up();
  assert.equal(await pressed(page, 'Mikro'), 'false');
  await control(page, 'Chat').click();
  await page.getByRole('textbox', { name: 'Nachricht' }).waitFor();
  await page.keyboard.type('a b');
  assert.equal(await pressed(page, 'Mikro'), 'false');
});

test('an own message is changed and deleted; one to a person says so', async (t) => {
  const page = await open(t, 'role=pupil&count=4');
  await control(page, 'Chat').click();
  const message = page.getByRole('textbox', { name: 'Nachricht' });
  await page.getByRole('combobox', { name: 'An' }).selectOption({ label: 'Frau Kern' });
  await message.fill('Das Blat fehlt.');
  await message.press('Enter');
  await page.getByText('an Frau Kern').waitFor();
  await page.getByRole('button', { name: 'Aktionen für die Nachricht von Mira' }).click();
  await page.getByRole('button', { name: 'Ändern' }).click();
  const changed = page.getByRole('textbox', { name: 'Nachricht ändern' });
  await changed.fill('Das Blatt fehlt.');
  await page.getByRole('button', { name: 'Speichern' }).click();
  await page.getByText('geändert').waitFor();
  await page.getByRole('button', { name: 'Aktionen für die Nachricht von Mira' }).click();
  await page.getByRole('button', { name: 'Löschen' }).click();
  await page.getByText('Gelöscht.', { exact: true }).waitFor();
  assert.equal(await page.getByText('Das Blatt fehlt.').count(), 0);
});

test('a name is found on the list, and nobody joins without one', async (t) => {
  const page = await open(t, 'at=door&role=pupil&link=class&roster=28');
  await page.getByRole('button', { name: 'Beitreten' }).click();
  assert.equal(await page.locator('#bar').count(), 0);
  await page.getByRole('searchbox', { name: 'Suchen' }).fill('ley');
  await page.getByRole('radio', { name: 'Leyla' }).check();
  await page.getByRole('button', { name: 'Beitreten' }).click();
  await page.locator('#bar').waitFor();
});

test('removing asks first and repeats the verb', async (t) => {
  const page = await open(t, 'role=teacher&count=9');
  await control(page, 'Leute').click();
  await page.getByRole('button', { name: 'Aktionen für Leyla' }).click();
  await page.getByRole('button', { name: 'Entfernen' }).click();
  const dialog = page.getByRole('dialog', { name: 'Leyla entfernen?' });
  await dialog.waitFor();
  await dialog.getByRole('button', { name: 'Behalten' }).click();
  assert.equal(await page.getByRole('button', { name: 'Aktionen für Leyla' }).count(), 1);
  await page.getByRole('button', { name: 'Aktionen für Leyla' }).click();
  await page.getByRole('button', { name: 'Entfernen' }).click();
  await dialog.getByRole('button', { name: 'Entfernen' }).click();
  await page.getByRole('heading', { name: 'Leute · 8' }).waitFor();
});

test('someone shown large is asked for larger, and once', async (t) => {
  const page = await open(t, 'role=teacher&count=9');
  const wishes = [];
  page.on('console', async (message) => {
    if (message.text().startsWith('look')) wishes.push(await message.args()[1].jsonValue());
  });
  await control(page, 'Leute').click();
  await page.getByRole('button', { name: 'Aktionen für Leyla' }).click();
  await page.getByRole('button', { name: 'Nur hier groß' }).click();
  await page.locator('.shown [data-participant="4"]').waitFor();
  await page.waitForTimeout(300);
  const last = wishes.at(-1);
  const ofLeyla = last.filter((wish) => wish.participant === 4);
  assert.equal(ofLeyla.length, 1);
  for (const wish of last) assert.ok(ofLeyla[0].height >= wish.height, JSON.stringify(last));
  assert.equal(last[0].participant, 4, 'the large one gives way last');
});

test('all who are pinned for all are large, and each is asked for once', async (t) => {
  const page = await open(t, 'role=pupil&count=9&spotlight=3');
  const wishes = [];
  page.on('console', async (message) => {
    if (message.text().startsWith('look')) wishes.push(await message.args()[1].jsonValue());
  });
  await screens.resize(page, 1080, 735);
  await page.waitForTimeout(300);
  const large = await page
    .locator('.shown [data-participant]')
    .evaluateAll((all) => all.map((one) => Number(one.dataset.participant)));
  assert.deepEqual(large, [3, 4, 5]);
  const last = wishes.at(-1);
  assert.deepEqual(last.slice(0, 3).map(({ participant }) => participant).sort(), large);
  assert.equal(new Set(last.map(({ participant }) => participant)).size, last.length);
});

test('captions are written by keys alone, a line by each Enter', async (t) => {
  const page = await open(t, 'role=teacher&count=4');
  await control(page, 'Mehr').focus();
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Untertitel schreiben' }).focus();
  await page.keyboard.press('Enter');
  const line = page.getByRole('textbox', { name: 'Untertitel schreiben' });
  await line.waitFor();
  await page.keyboard.type('Wir beginnen. m v');
  await page.keyboard.press('Enter');
  const shown = page.getByRole('region', { name: 'Untertitel', exact: true });
  await shown.getByText('Wir beginnen. m v').waitFor();
  assert.equal(await line.inputValue(), '');
  await page.keyboard.type('Seite zwölf.');
  await page.keyboard.press('Enter');
  await shown.getByText('Wir beginnen. m v Seite zwölf.').waitFor();
  assert.equal(await pressed(page, 'Mikro'), 'true');
  await page.keyboard.press('Escape');
  assert.equal(await line.count(), 0);
  assert.equal(await focused(page), 'Mehr');
});

test('whoever may write captions now is told, with the way to it, and told when no longer', async (t) => {
  const page = await open(t, 'role=pupil&count=4');
  const notices = page.getByRole('region', { name: 'Hinweise' });
  const allow = (caption) =>
    page.evaluate((caption) => {
      const rights = { microphone: true, camera: true, chat: true, names: true, people: true, caption };
      globalThis.kreideOthers.happen({ kind: 'rights', who: 2, people: null, locks: [], rights });
    }, caption);
  assert.equal(await notices.getByText('Untertitel').count(), 0);
  await allow(true);
  await notices.getByText('Untertitel schreiben ist jetzt erlaubt. Die Zeile dafür steht unter „Mehr“.').waitFor();
  await notices.getByRole('button', { name: 'Jetzt schreiben' }).click();
  await page.getByRole('textbox', { name: 'Untertitel schreiben' }).waitFor();
  assert.equal(await notices.getByText('Untertitel').count(), 0);
  await allow(false);
  await notices.getByText('Untertitel schreiben ist nicht mehr erlaubt.').waitFor();
  assert.equal(await page.getByRole('textbox', { name: 'Untertitel schreiben' }).count(), 0);
});

test('a pupil who may show something now is told, and has it under More', async (t) => {
  const page = await open(t, 'role=pupil&count=4');
  const notices = page.getByRole('region', { name: 'Hinweise' });
  const allow = (content) =>
    page.evaluate((content) => {
      const rights = { microphone: true, camera: true, chat: true, names: true, people: true, content };
      globalThis.kreideOthers.happen({ kind: 'rights', who: 2, people: null, locks: [], rights });
    }, content);
  const shows = () => page.locator('.panel').getByRole('button', { name: /^Zeigen/u });
  await control(page, 'Mehr').click();
  assert.equal(await shows().count(), 0);
  await allow(true);
  await notices.getByText('Zeigen ist jetzt erlaubt. Es steht unter „Mehr“.').waitFor();
  await shows().waitFor();
  await notices.getByRole('button', { name: 'Bildschirm zeigen' }).click();
  assert.equal(await notices.getByText('Zeigen ist jetzt erlaubt').count(), 0);
  await allow(false);
  await notices.getByText('Zeigen ist nicht mehr erlaubt.').waitFor();
  assert.equal(await shows().count(), 0);
});

test('the own name is changed, and where names are locked that is said', async (t) => {
  const page = await open(t, 'role=pupil&count=4');
  await control(page, 'Mehr').click();
  await page.getByRole('button', { name: 'Eigenen Namen ändern' }).click();
  await page.getByRole('textbox', { name: 'Neuer Name' }).fill('Mira L.');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Eigenen Namen ändern Mira L.' }).waitFor();
  await page.evaluate(() =>
    globalThis.kreideOthers.happen({ kind: 'rights', who: 2, people: null, locks: [{ what: 'names', by: 1 }],
      rights: { microphone: true, camera: true, content: false, chat: true, privateChat: true,
        board: true, names: false, people: true, record: false, caption: false } }),
  );
  const locked = page.getByRole('button', { name: 'Eigenen Namen ändern Gesperrt von Frau Kern' });
  await locked.click({ force: true });
  await page.locator('.notice').getByText('Gesperrt von Frau Kern').waitFor();
  assert.equal(await page.getByRole('dialog').count(), 0);
});

test('whoever goes into a group is taken off the stage of the class', async (t) => {
  const page = await open(t, 'role=pupil&count=6');
  await page.locator('.others [data-participant="4"]').waitFor();
  await page.evaluate(() =>
    globalThis.kreideOthers.happen({
      kind: 'groups',
      groups: { count: 2, choice: false, open: true, until: null, mine: null, members: [[], []],
        calls: [], visits: [], everywhere: [] },
      around: [],
    }),
  );
  await page.getByRole('heading', { name: 'Andere sind in Gruppen' }).waitFor();
  assert.equal(await page.locator('[data-participant="4"]').count(), 0);
});

test('what changes in the room leaves running pictures alone', async (t) => {
  const page = await open(t, 'role=pupil&count=9');
  await page.waitForFunction(() => document.querySelectorAll('video').length === 9);
  await page.evaluate(() => {
    globalThis.touched = 0;
    const { set, get } = Object.getOwnPropertyDescriptor(HTMLMediaElement.prototype, 'srcObject');
    Object.defineProperty(HTMLMediaElement.prototype, 'srcObject', {
      get,
      set(stream) {
        globalThis.touched += 1;
        set.call(this, stream);
      },
    });
  });
  await control(page, 'Hand').click();
  await control(page, 'Mikro').click();
  assert.equal(await pressed(page, 'Hand'), 'true');
  assert.equal(await page.evaluate(() => globalThis.touched), 0);
});

test('the camera of the door is off until tried, and can be tried', async (t) => {
  const page = await open(t, 'at=door&role=pupil');
  assert.equal(await page.locator('video').count(), 0);
  await page.getByRole('button', { name: 'Kamera ausprobieren' }).click();
  await page.waitForFunction(() => document.querySelector('video')?.videoWidth > 0);
  await page.getByRole('button', { name: 'Datenschutz' }).click();
  await page.getByRole('dialog', { name: 'Was hier mit Daten geschieht' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Beitreten', exact: true }).click();
  await control(page, 'Mehr').waitFor();
});

test('the class link asks for a name before it lets in', async (t) => {
  const page = await open(t, 'at=door&role=guest&link=class');
  await page.getByRole('textbox', { name: 'Name' }).fill('   ');
  await page.getByRole('button', { name: 'Beitreten' }).click();
  assert.equal(await page.locator('#bar').count(), 0);
  await page.getByRole('textbox', { name: 'Name' }).fill('Familie Öz');
  await page.getByRole('button', { name: 'Beitreten' }).click();
  await control(page, 'Auflegen').waitFor();
});

test('a tooltip stays on the screen, also at 320 px with text twice as large', async (t) => {
  const page = await open(t, 'role=teacher&count=4', [320, 560]);
  await page.evaluate(() => (document.documentElement.style.fontSize = '200%'));
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  const count = await page.locator('#bar button').count();
  for (let control = 0; control < count; control += 1) {
    const tip = page.locator('[role=tooltip]:visible');
    await tip.waitFor();
    const box = await tip.boundingBox();
    assert.ok(box.x >= 0 && box.x + box.width <= 320, JSON.stringify(box));
    await page.keyboard.press('Tab');
  }
});

for (const size of [[1366, 650], [1080, 735], [810, 1010]]) {
  test(`a teacher sees 30 people on one page at ${size.join('x')}`, async (t) => {
    const page = await open(t, 'role=teacher&count=30', size);
    await page.waitForFunction(() => document.querySelectorAll('.tiles .tile').length === 30);
    assert.equal(await page.locator('.turn').count(), 0);
  });
}

test('pages of people turn both ways', async (t) => {
  const page = await open(t, 'role=teacher&count=30', [360, 560]);
  const names = () => page.locator('.tiles .name').allTextContents();
  await page.locator('.turn').waitFor();
  const first = await names();
  await page.getByRole('button', { name: 'weitere zeigen' }).click();
  const second = await names();
  assert.equal(second.some((name) => first.slice(0, -1).includes(name)), false);
  assert.equal(second.at(-1), first.at(-1), 'the own place stays');
  await page.getByRole('button', { name: 'Die davor zeigen' }).click();
  assert.deepEqual(await names(), first);
});

test('a tab that nobody sees asks for no pictures', async (t) => {
  const page = await open(t, 'role=pupil&count=9');
  const next = () => page.waitForEvent('console', (message) => message.text().startsWith('look'));
  const wishes = async (told) => (await told).args()[1].jsonValue();
  const see = (hidden) =>
    page.evaluate((now) => {
      Object.defineProperty(document, 'hidden', { configurable: true, value: now });
      document.dispatchEvent(new Event('visibilitychange'));
    }, hidden);
  await page.waitForTimeout(300);
  let told = next();
  await see(true);
  assert.deepEqual(await wishes(told), []);
  told = next();
  await see(false);
  assert.ok((await wishes(told)).length > 0);
});

test('a teacher hears a hand, unless that is switched off', async (t) => {
  const page = await open(t, 'role=teacher&count=9');
  await page.evaluate(() => {
    globalThis.strokes = 0;
    const start = OscillatorNode.prototype.start;
    OscillatorNode.prototype.start = function (...at) {
      globalThis.strokes += 1;
      start.apply(this, at);
    };
  });
  const raise = (no) => page.evaluate((who) => globalThis.kreideOthers.raiseHand(who), no);
  const heard = (count) => page.waitForFunction((all) => globalThis.strokes === all, count);
  const said = (name) => page.locator('[aria-live]', { hasText: `Hand oben: ${name}` }).waitFor();
  // A browser lets a page be heard once it was pressed.
  await control(page, 'Mehr').click();
  await raise(3);
  await heard(2);
  await said('Jonas');
  await page.getByRole('button', { name: 'Einstellungen' }).click();
  const sounds = page.getByRole('switch', { name: 'Ton bei einer Hand' });
  await sounds.press('Space');
  await raise(6);
  await said('Emma');
  await sounds.press('Space');
  await raise(8);
  await heard(4);
});

test('every part works by keys alone', async (t) => {
  const page = await open(t, 'page=parts');
  const chat = page.getByRole('tab', { name: 'Chat' });
  await page.getByRole('tab', { name: 'Leute' }).focus();
  await page.keyboard.press('ArrowRight');
  assert.equal(await chat.getAttribute('aria-selected'), 'true');
  assert.equal(await focused(page), 'Chat');
  await page.keyboard.press('End');
  assert.equal(await focused(page), 'Ansicht');

  await page.getByRole('radio', { name: 'Wie das Gerät' }).focus();
  await page.keyboard.press('ArrowRight');
  assert.ok(await page.getByRole('radio', { name: 'Hell' }).isChecked());

  const keys = page.getByRole('switch', { name: /Tasten/u });
  await keys.press('Space');
  assert.equal(await keys.isChecked(), false);

  await page.getByRole('button', { name: 'Rückgängig' }).press('Enter');
  await page.getByText('Kamera: für Leyla frei.').waitFor();

  for (const [opener, inside] of [
    ['Stunde beenden?', 'Nur ich gehe'],
    ['Was hilft', 'Schließen'],
  ]) {
    await page.getByRole('button', { name: opener }).first().press('Enter');
    const dialog = page.getByRole('dialog', { name: opener });
    await dialog.getByRole('button', { name: inside }).waitFor();
    for (let press = 0; press < 4; press += 1) {
      await page.keyboard.press('Tab');
      assert.ok(
        await page.evaluate(
          () => document.activeElement === document.body || document.activeElement.closest('dialog'),
        ),
        'the focus stays inside',
      );
    }
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    assert.equal(await focused(page), opener.split(' ')[0]);
  }
});

for (const scene of [
  'at=door&role=guest',
  'role=teacher&count=3',
  'role=pupil&count=3&connection=lost',
  'at=out&reason=OPENED_ELSEWHERE',
]) {
  test(`every text comes from the catalogue: ${scene}`, async (t) => {
    const page = await open(t, `${scene}&lang=pseudo`);
    const foreign = await page.evaluate(() => {
      const shown = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      const texts = [];
      while (shown.nextNode()) {
        const parent = shown.currentNode.parentElement;
        if (!parent.closest('script, style, [data-participant], h1, option:not([value=""])')) {
          texts.push(shown.currentNode.textContent.trim());
        }
      }
      for (const element of document.querySelectorAll('[aria-label]')) {
        texts.push(element.getAttribute('aria-label'));
      }
      return texts.filter((text) => /\p{L}/u.test(text) && !/[áéíóúÁÉÍÓÚñç~]/u.test(text));
    });
    assert.deepEqual(foreign, []);
  });
}
