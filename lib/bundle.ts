/**
 * Bundles functions with esbuild: one minified ES module each. The AWS SDK is bundled, not taken from the runtime: the
 * version that was tested is the version that runs, and what is not used is left out, so that a cold start loads a
 * fraction of the runtime's copy.
 */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type BuildOptions, buildSync } from 'esbuild'
import { serverFunctions, type ServerFunction } from '../contracts/index.ts'
import type { Grant } from '../contracts/route.ts'

const folder = 'dist/functions'
const maps = 'dist/function-maps'

/** CommonJS leftovers of dependencies may ask for `require`; an ES module has none of its own. */
const banner = "import{createRequire as __require}from'node:module';const require=__require(import.meta.url);"

/** A function's name in file names, Lambda and logs. */
export const functionName = (f: Pick<ServerFunction, 'area' | 'name'>): string =>
  f.name === f.area ? f.name : `${f.area}-${f.name}`

/** Where a function's bundle is: a folder with `index.mjs` alone. */
export const bundleFolder = (f: Pick<ServerFunction, 'area' | 'name'>): string => join(folder, functionName(f))

const otherCredentials = [
  ...['sso', 'ini', 'process', 'web-identity'].map((name) => `@aws-sdk/credential-provider-${name}`),
  '@smithy/credential-provider-imds',
]

/** esbuild's options for one function; the cold start benchmark bundles its bare handlers the same way. */
export const bundleOptions = {
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  minify: true,
  treeShaking: true,
  mainFields: ['module', 'main'],
  conditions: ['module', 'import'],
  // DuckDB's native part is in a layer (lib/duckdb-layer.ts); `require` finds it by NODE_PATH. A function has its
  // credentials from its environment: the SDK loads other ways of getting some only where that has none.
  external: ['@duckdb/node-bindings-*', ...otherCredentials],
  banner: { js: banner },
  legalComments: 'none',
  logLevel: 'warning',
  charset: 'utf8',
} satisfies BuildOptions

/** The SDK clients that a function's grants need; its handler wires these and no others. */
export const clientsOf = (
  grants: readonly Grant[],
): ('table' | 'objects' | 'keys' | 'workflow' | 'compute' | 'logs' | 'mail')[] => [
  'table',
  ...(grants.some((g) => /^(get|list|put|delete) |^held-outputs$/.test(g)) ? ['objects' as const] : []),
  ...(grants.some((g) => ['public-key', 'create-key', 'unwrap', 'mac'].includes(g)) ? ['keys' as const] : []),
  ...(grants.some((g) => g === 'start-job' || g === 'stop-job') ? ['workflow' as const] : []),
  ...(grants.some((g) => g === 'submit-container' || g === 'stop-container') ? ['compute' as const] : []),
  ...(grants.some((g) => g === 'read-log' || g === 'write-log') ? ['logs' as const] : []),
  ...(grants.includes('send-mail') ? ['mail' as const] : []),
]

/** Bundles every server function. Throws, naming the files, when a contract names a function that has no entry. */
export function bundleFunctions(): void {
  const missing = serverFunctions.filter((f) => !existsSync(f.entry)).map((f) => f.entry)
  if (missing.length > 0)
    throw new Error(
      `The contracts name functions without an entry: ${missing.join(', ')}. For a synthesis without code use "-c bundle=false".`,
    )
  rmSync(folder, { recursive: true, force: true })
  rmSync(maps, { recursive: true, force: true })
  for (const serverFunction of serverFunctions) {
    // Source maps are for whoever reads a stack trace: kept beside the bundles, not shipped and not loaded.
    const { outputFiles } = buildSync({
      ...bundleOptions,
      entryPoints: [serverFunction.entry],
      outfile: join(bundleFolder(serverFunction), 'index.mjs'),
      sourcemap: 'external',
      sourcesContent: false,
      write: false,
    })
    for (const file of outputFiles) {
      const path = file.path.endsWith('.map') ? join(maps, `${functionName(serverFunction)}.mjs.map`) : file.path
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, file.contents)
    }
  }
}
