import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** The participant page: one page for /p/CODE and /withdraw, its files below /p/assets/. */
export default defineConfig({
  root: here('.'),
  base: '/',
  build: {
    outDir: here('../../dist/web/participant'),
    assetsDir: 'p/assets',
    emptyOutDir: true,
    target: 'es2022',
    sourcemap: false,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
})
