/**
 * The build context of the runner's image: the runner bundled (one file, and one more for what is loaded late), what
 * runs inside confinement, and the Dockerfile.
 */
import { cpSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import { root } from './steps.ts'

/** Writes the context to `folder` (default `dist/runner`) and answers it. */
export async function buildRunner(folder = join(root, 'dist/runner')): Promise<string> {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  await build({
    entryPoints: [join(root, 'runner/main.ts')],
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    splitting: true,
    external: ['@duckdb/*'],
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    legalComments: 'none',
    logLevel: 'error',
  })
  for (const name of ['inside', 'helpers', 'Dockerfile'])
    cpSync(join(root, 'runner', name), join(folder, name), {
      recursive: true,
      filter: (path) => !path.includes('__pycache__'),
    })
  // Native code cannot be bundled: the engine's packages for Linux come along as they are.
  const duckdb = join(root, 'node_modules/@duckdb')
  for (const name of readdirSync(duckdb))
    if (!name.startsWith('node-bindings-') || name.startsWith('node-bindings-linux'))
      cpSync(join(duckdb, name), join(folder, 'node_modules/@duckdb', name), { recursive: true })
  return folder
}
