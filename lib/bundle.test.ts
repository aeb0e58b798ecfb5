import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { serverFunctions } from '../contracts/index.ts'
import { bundleFolder, bundleFunctions, clientsOf, functionName } from './bundle.ts'

const clients = { table: 'DynamoDB_20120810', objects: 'AmazonS3', keys: 'TrentService', workflow: 'AWSStepFunctions' }

describe('bundles', () => {
  beforeAll(() => bundleFunctions())

  test.each(serverFunctions.map((f) => [functionName(f), f] as const))('%s: one file under 1 MB with the SDK clients its grants need and no others', (_, f) => {
    const file = join(bundleFolder(f), 'index.mjs')
    expect(statSync(file).size).toBeLessThan(1024 * 1024)
    const code = readFileSync(file, 'utf8')
    expect(code).toMatch(/export\s*\{[^}]*\bas handler\b|export\s*\{\s*handler/)
    expect(code).not.toContain('sourceMappingURL')
    const loaded = Object.entries(clients).filter(([, word]) => code.includes(word)).map(([name]) => name)
    expect(loaded.sort()).toEqual([...clientsOf(f.grants)].sort())
    expect(existsSync(`dist/function-maps/${functionName(f)}.mjs.map`)).toBe(true)
  })
})
