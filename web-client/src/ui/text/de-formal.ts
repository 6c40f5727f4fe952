/** German for adults: everything of de.ts, but readers are addressed with "Sie". */
import { common } from './de';
import type { Words, You } from './en';

const sie: You = {
  lobbyTitle: 'Sie kommen gleich hinein.',
  lobbyNext: 'Die Lehrkraft sieht, dass Sie warten.',
  earlyTitle: 'Die Stunde hat noch nicht begonnen.',
  earlyNext: 'Sie kommen automatisch hinein.',
  talkNext: 'Sie kommen automatisch hinein, sobald Sie dran sind.',
  yourTurn: 'Sie sind dran.',
  chooseHint: 'Danach warten Sie, bis die Lehrkraft Sie hineinlässt.',
  chooseYou: 'Wer sind Sie?',
  recordAsk: 'Darf man Sie in der Aufnahme sehen und hören?',
  voteCast: 'Ihre Stimme ist abgegeben. Niemand sieht, wer was gewählt hat.',
  pickedYou: 'Sie sind ausgelost.',
  focusYou: 'Sie sehen und hören gerade nur Lehrkraft und Gezeigtes.',
  recordNotIn: 'Sie sind nicht in der Aufnahme.',
  recordIn: 'Sie sind in der Aufnahme. Ändern: Mehr, Einstellungen.',
  nameHint: 'Mit diesem Namen sind Sie zu sehen.',
  hearFirst:
    'Sie hören sofort mit. Mikrofon und Kamera bleiben aus, bis Sie sie einschalten.',
  previewHint: 'Nur Sie sehen dieses Bild.',
  previewOff: 'Die Kamera ist aus.',
  removedNext: 'War es ein Versehen? Sprechen Sie mit der Lehrkraft.',
  leftNext: 'Solange die Stunde läuft, können Sie wieder hinein.',
  endedNext: 'Sie können dieses Fenster schließen.',
};

export const deFormal: Words = { ...common, ...sie };
