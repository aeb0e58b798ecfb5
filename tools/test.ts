/**
 * `npm test`: checks, then every test of both runners, and one line that sums them up. `npm test -- PATTERN` runs the
 * matching Vitest files only, and prepares no more than they need (test/projects.ts). `npm test -- --changed` runs
 * those that what was changed can reach: since this branch left `main`, or since the last commit on `main` itself.
 * Whatever else stands there goes to Vitest.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, runChecks } from './checks.ts'
import { node, root } from './steps.ts'

interface Report {
  numPassedTests: number
  numFailedTests: number
}
const words = process.argv.slice(2)
const reports = join(root, 'node_modules/.cache/reports')
mkdirSync(reports, { recursive: true })
let passed = 0
let failed = 0

/** What a runner wrote of itself; nothing when it did not come as far as that. */
function readReport(file: string): Report {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Report
  } catch {
    return { numPassedTests: 0, numFailedTests: 0 }
  }
}

/**
 * A runner's own count. A runner that failed without a failed test (a file that cannot be loaded, an error outside of
 * tests) counts as one.
 */
async function runner(name: string, command: string[], report: string): Promise<void> {
  console.log(`\n${name}`)
  const file = join(reports, report)
  rmSync(file, { force: true })
  const { code } = await node({ name, command: [...command, file] }, true)
  const { numPassedTests, numFailedTests } = readReport(file)
  passed += numPassedTests
  failed += numFailedTests
  if (code !== 0 && numFailedTests === 0) failed++
}

async function checks(): Promise<void> {
  console.log('Checks')
  for (const { code } of await runChecks((outcome) => console.log(describe(outcome)))) {
    if (code === 0) passed++
    else failed++
  }
}

/** The commit at which this branch left `main`; what has no `main` compares with the last commit. */
function leftMain(): string {
  const base = spawnSync('git', ['merge-base', 'HEAD', 'main'], { cwd: root, encoding: 'utf8' })
  return base.status === 0 ? base.stdout.trim() : 'HEAD'
}

/** `--changed` alone names no commit. */
const named = words.map((word, i) =>
  word === '--changed' && !/^[^-]/.test(words[i + 1] ?? '') ? `--changed=${leftMain()}` : word,
)

if (words.length === 0) {
  // Side by side: the types take one processor for longer than all else takes the other.
  await Promise.all([
    checks(),
    runner('Jest (lib)', ['node_modules/jest/bin/jest.js', '--json', '--outputFile'], 'jest.json'),
  ])
}
await runner(
  'Vitest',
  ['node_modules/vitest/vitest.mjs', 'run', ...named, '--reporter=default', '--reporter=json', '--outputFile.json'],
  'vitest.json',
)
console.log(`\n${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
