import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { buildSync } from 'esbuild'
import { serverFunctions } from '../contracts/index.ts'
import { bundleFolder, bundleFunctions, bundleOptions, clientsOf, functionName } from './bundle.ts'

const clients = {
  table: 'DynamoDB_20120810',
  objects: 'AmazonS3',
  keys: 'TrentService',
  workflow: 'AWSStepFunctions',
  compute: 'AWSBatchV20160810',
  logs: 'Logs_20140328',
  mail: 'SimpleEmailService_v2',
}

describe('bundles', () => {
  beforeAll(() => bundleFunctions())

  test.each(serverFunctions.map((f) => [functionName(f), f] as const))(
    '%s: one file under 1 MB with the SDK clients its grants need and no others',
    (_, serverFunction) => {
      const file = join(bundleFolder(serverFunction), 'index.mjs')
      expect(statSync(file).size).toBeLessThan(1024 * 1024)
      const code = readFileSync(file, 'utf8')
      expect(code).toMatch(/export\s*\{[^}]*\bas handler\b|export\s*\{\s*handler/)
      expect(code).not.toContain('sourceMappingURL')
      const loaded = Object.entries(clients)
        .filter(([, word]) => code.includes(word))
        .map(([name]) => name)
      expect(loaded.sort()).toEqual([...clientsOf(serverFunction.grants)].sort())
      expect(existsSync(`dist/function-maps/${functionName(serverFunction)}.mjs.map`)).toBe(true)
    },
  )
})

const native = `@duckdb/node-bindings-${process.platform}-${process.arch}`
const here = existsSync(join('node_modules', native)) ? test : test.skip
here('a bundle with DuckDB finds its native part in a layer, by NODE_PATH, and nowhere else', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cloister-bundle-'))
  try {
    const [entry, outfile, layer] = ['entry.ts', 'task/index.mjs', 'layer'].map((f) => join(folder, f)) as [
      string,
      string,
      string,
    ]
    writeFileSync(
      entry,
      "import { DuckDBInstance } from '@duckdb/node-api'\nconst c = await (await DuckDBInstance.create()).connect()\nconsole.log((await c.runAndReadAll('select 6 * 7')).getRows()[0][0])\n",
    )
    buildSync({ ...bundleOptions, entryPoints: [entry], outfile, nodePaths: [resolve('node_modules')] })
    mkdirSync(join(layer, '@duckdb'), { recursive: true })
    symlinkSync(resolve('node_modules', native), join(layer, native))
    const run = (NODE_PATH: string) =>
      spawnSync(process.execPath, [outfile], { cwd: folder, env: { NODE_PATH }, encoding: 'utf8' })
    expect(run(layer).stdout.trim()).toBe('42')
    expect(run('').status).not.toBe(0)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
