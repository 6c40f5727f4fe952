/**
 * Which scripts the page comes in: its small entry, the client with all that the door needs, and
 * what later screens need. The page asks for the client at once, though its entry imports it later.
 */
import { resolve } from 'node:path';
import type { Plugin, Rolldown } from 'vite';

const ENTRY = resolve(import.meta.dirname, 'src/main.ts');
const CLIENT = resolve(import.meta.dirname, 'src/client.ts');

/** Puts a module into the client's script if the door needs it; the bundler would split it further. */
export function piece(id: string, graph: Rolldown.ChunkingContext): 'client' | null {
  const needs = (from: string, found = new Set<string>()): Set<string> => {
    if (found.has(from)) return found;
    found.add(from);
    for (const next of graph.getModuleInfo(from)?.importedIds ?? []) needs(next, found);
    return found;
  };
  return needs(CLIENT).has(id) && !needs(ENTRY).has(id) ? 'client' : null;
}

/** Names the client, what it imports and its style in the page. */
export function early(): Plugin {
  return {
    name: 'early',
    apply: 'build',
    transformIndexHtml: {
      order: 'post',
      handler: (_, { path, bundle = {} }) => {
        if (path !== '/index.html') return [];
        const client = Object.values(bundle).find(
          (one) => one.type === 'chunk' && one.moduleIds.includes(CLIENT),
        );
        if (client?.type !== 'chunk') throw new Error('the client is no piece of its own');
        const link = (rel: string, file: string) => ({
          tag: 'link',
          attrs: { rel, crossorigin: true, href: `/${file}` },
          injectTo: 'head' as const,
        });
        const isEntry = (file: string) => {
          const one = bundle[file];
          return one?.type === 'chunk' && one.isEntry;
        };
        const scripts = [client.fileName, ...client.imports.filter((file) => !isEntry(file))];
        const styles = [...(client.viteMetadata?.importedCss ?? [])];
        return [
          ...scripts.map((file) => link('modulepreload', file)),
          ...styles.map((file) => link('stylesheet', file)),
        ];
      },
    },
  };
}
