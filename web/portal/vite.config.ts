import react from '@vitejs/plugin-react'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'
import { contractTable } from './contract-table.ts'
import { examples } from './examples.ts'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const server = process.env['CLOISTER_SERVER'] ?? 'http://127.0.0.1:4280'

/**
 * The researchers' portal: one page, a chunk for each area. `vite -c web/portal/vite.config.ts` serves it beside a
 * running host.
 */
export default defineConfig({
  root: here('.'),
  base: '/',
  plugins: [contractTable(), react(), examples(here('../../examples'))],
  build: {
    outDir: here('../../dist/web/portal'),
    emptyOutDir: true,
    manifest: true,
    target: 'es2023',
    sourcemap: false,
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 900,
  },
  server: {
    host: '127.0.0.1',
    port: 4640,
    strictPort: true,
    proxy: { '/api': server, '/oidc': server, '/p/': server },
  },
})
