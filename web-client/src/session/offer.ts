/**
 * The offer on its way: its text deflated (RFC 1951, raw) and in base64url without padding.
 * Owns no connection.
 */

/** Packs the text of an offer. */
export async function pack(sdp: string): Promise<string> {
  return base64url(await deflate(new TextEncoder().encode(sdp)));
}

async function deflate(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream('deflate-raw'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function base64url(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}
