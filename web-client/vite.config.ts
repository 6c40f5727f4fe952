/** How the client is built, served while developing, and unit tested. */
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';
import { early, piece } from './pieces';

// The server to which the development server passes the API.
const server = process.env['KREIDE_SERVER'] ?? 'http://127.0.0.1:8080';

export default defineConfig({
  plugins: [svelte(), early()],
  build: {
    // What the oldest browsers we serve can read: Safari 16.4, Chromium 109, Firefox ESR 115.
    target: ['safari16.4', 'chrome109', 'firefox115'],
    // The content policy allows no data: URLs, so nothing may be inlined.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: { output: { codeSplitting: { includeDependenciesRecursively: false, groups: [{ name: piece }] } } },
  },
  server: {
    host: '127.0.0.1',
    port: 5173,
    proxy: { '/api': server, '/ws': { target: server, ws: true } },
  },
  test: {
    include: ['src/**/*.test.ts'],
    environment: 'node',
  },
});
