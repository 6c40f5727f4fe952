/** Finds the web addresses in a chat message. Everything else stays plain text. */

/** A piece of a message; `href` is set if it is a link. */
export interface Piece {
  text: string;
  href: string | null;
}

const ADDRESS = /https?:\/\/[^\s<>"]+/giu;
/** Ends a sentence rather than an address. */
const TRAILING = /[.,;:!?'")\]]+$/u;

/** Cuts a message into text and links. Only http and https become links. */
export function pieces(message: string): Piece[] {
  const found: Piece[] = [];
  let done = 0;
  for (const match of message.matchAll(ADDRESS)) {
    const address = match[0].replace(TRAILING, '');
    if (!URL.canParse(address)) continue;
    if (match.index > done) found.push({ text: message.slice(done, match.index), href: null });
    found.push({ text: address, href: new URL(address).href });
    done = match.index + address.length;
  }
  if (done < message.length) found.push({ text: message.slice(done), href: null });
  return found;
}
