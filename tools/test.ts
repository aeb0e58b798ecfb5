/**
 * `npm test`: checks, then every test of both runners, and one line that sums them up. `npm test -- PATTERN` runs the
 * matching Vitest files only.
 */
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { buildWeb } from './build-web.ts'
import { describe, runChecks } from './checks.ts'
import { ensureChromium } from './chromium.ts'
import { ensureRuntimes } from './runtimes.ts'
import { node, root } from './steps.ts'

interface Report {
  numPassedTests: number
  numFailedTests: number
  numFailedTestSuites?: number
}
const patterns = process.argv.slice(2)
const reports = join(root, 'node_modules/.cache/reports')
mkdirSync(reports, { recursive: true })
let passed = 0
let failed = 0

/**
 * A runner's own count. A runner that failed without a failed test (a file that cannot be loaded, an error outside of
 * tests) counts as one.
 */
async function runner(name: string, command: string[], report: string): Promise<void> {
  console.log(`\n${name}`)
  const file = join(reports, report)
  rmSync(file, { force: true })
  const { code } = await node({ name, command: [...command, file] }, true)
  let r: Report = { numPassedTests: 0, numFailedTests: 0 }
  try {
    r = JSON.parse(readFileSync(file, 'utf8')) as Report
  } catch {
    /* it did not come as far as a report; `code` tells */
  }
  passed += r.numPassedTests
  failed += r.numFailedTests + (code !== 0 && r.numFailedTests === 0 ? 1 : 0)
}

try {
  process.env['CLOISTER_CHROMIUM'] = ensureChromium()
  await ensureRuntimes()
  await buildWeb((text) => console.log(text))
} catch (e) {
  console.error((e as Error).message)
  failed++
}
if (patterns.length === 0) {
  console.log('Checks')
  // Side by side: the types take one processor for longer than all else takes the other.
  const [outcomes] = await Promise.all([
    runChecks((outcome) => console.log(describe(outcome))),
    runner('Jest (lib)', ['node_modules/jest/bin/jest.js', '--json', '--outputFile'], 'jest.json'),
  ])
  for (const o of outcomes) {
    if (o.code === 0) passed++
    else failed++
  }
}
await runner(
  'Vitest',
  ['node_modules/vitest/vitest.mjs', 'run', ...patterns, '--reporter=default', '--reporter=json', '--outputFile.json'],
  'vitest.json',
)
console.log(`\n${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
