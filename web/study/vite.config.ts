import { gzipSync } from 'node:zlib'
import { fileURLToPath } from 'node:url'
import { buildSync } from 'esbuild'
import { defineConfig, type Plugin } from 'vite'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const clientLimit = 3 * 1024

/** `cloister.js` is a classic script, built beside the player's modules. */
const client = (): Plugin => ({
  name: 'cloister-client',
  generateBundle() {
    const built = buildSync({
      entryPoints: [here('./client.ts')],
      bundle: true,
      minify: true,
      format: 'iife',
      target: 'es2020',
      write: false,
    })
    const source = built.outputFiles[0]?.text ?? ''
    const size = gzipSync(source, { level: 9 }).length
    if (size > clientLimit) this.error(`cloister.js has ${size} bytes gzipped; at most ${clientLimit}`)
    this.emitFile({ type: 'asset', fileName: 'cloister.js', source })
  },
})

/** jsPsych's style carries a typeface of 350 KB; the player uses the system's. */
const withoutFonts = (): Plugin => ({
  name: 'jspsych-without-fonts',
  enforce: 'pre',
  transform: (code, id) =>
    /jspsych\/css\/jspsych\.css/.test(id)
      ? { code: code.replaceAll(/@font-face\s*\{[^}]*\}/g, ''), map: null }
      : undefined,
})
/** Chunks are named after their plugin. */
const chunkName = (moduleIds: readonly string[]): string =>
  /@jspsych\/(plugin-[a-z-]+)\//.exec(moduleIds.at(-1) ?? '')?.[1] ?? '[name]'

export default defineConfig({
  root: here('.'),
  base: './',
  publicDir: false,
  plugins: [client(), withoutFonts()],
  build: {
    outDir: here('../../dist/web/study'),
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 4000,
    modulePreload: { polyfill: false },
    rollupOptions: {
      input: here('./player/index.html'),
      output: {
        entryFileNames: 'player/[name]-[hash].js',
        chunkFileNames: (chunk) => `player/${chunkName(chunk.moduleIds)}-[hash].js`,
        assetFileNames: 'player/[name]-[hash][extname]',
      },
    },
  },
})
