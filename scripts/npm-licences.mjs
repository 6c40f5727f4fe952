/**
 * Refuses npm packages under a licence that is not on our list.
 *
 * Reads package-lock.json and, where the lock does not say it, the package's own package.json.
 * What only builds or tests the client counts too: a build tool is part of the supply chain.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Permissive licences and the file-level copyleft of MPL; the same idea as deny.toml. */
const ALLOWED = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'MIT',
  'MPL-2.0',
  'OFL-1.1',
  'Python-2.0',
  'Unlicense',
  'Zlib',
]);

const client = join(import.meta.dirname, '../web-client');
const lock = JSON.parse(await readFile(join(client, 'package-lock.json'), 'utf8'));
const refused = [];
let count = 0;
for (const [path, entry] of Object.entries(lock.packages)) {
  if (path === '' || entry.link) continue;
  count += 1;
  const licence = entry.license ?? (await ownLicence(path));
  if (licence === null && entry.optional) continue; // For another platform: not installed here.
  if (!accepts(licence)) refused.push(`${path.replace(/^.*node_modules\//, '')}: ${licence}`);
}
if (refused.length > 0) {
  console.error(`npm packages under a licence that scripts/npm-licences.mjs does not list:`);
  for (const line of refused) console.error(`  ${line}`);
  process.exit(1);
}
console.log(`npm licences: ${count} packages, all on the list`);

async function ownLicence(path) {
  try {
    const { license } = JSON.parse(await readFile(join(client, path, 'package.json'), 'utf8'));
    return license ?? null;
  } catch {
    return null;
  }
}

/** Understands `A`, `A OR B` and `A AND B`, with parentheses around the whole. */
function accepts(licence) {
  if (typeof licence !== 'string') return false;
  const plain = licence.replaceAll(/[()]/g, '');
  return plain.split(' OR ').some((choice) => choice.split(' AND ').every((id) => ALLOWED.has(id)));
}
