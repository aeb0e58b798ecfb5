import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { root } from './steps.ts'

/** A planted import, and the rule that must catch it. */
const planted: [file: string, imports: string, rule: string][] = [
  ['domain/a.ts', '../contracts/target.ts', 'domain-imports'],
  ['domain/b.ts', 'zod', 'domain-packages'],
  ['domain/c.ts', 'node:fs', 'domain-packages'],
  ['contracts/a.ts', '../functions/kernel/target.ts', 'contracts-imports'],
  ['contracts/b.ts', 'react', 'contracts-packages'],
  ['ports/a.ts', '../adapters/local/target.ts', 'ports-imports'],
  ['ports/b.ts', '@aws-sdk/client-s3', 'ports-packages'],
  ['adapters/aws/a.ts', '../local/target.ts', 'aws-adapters-imports'],
  ['adapters/local/a.ts', '../../contracts/target.ts', 'local-adapters-imports'],
  ['adapters/aws/b.ts', '../../runner/target.ts', 'aws-adapters-imports'],
  ['runner/a.ts', '../adapters/local/target.ts', 'runner-imports'],
  ['functions/runs/d.ts', '../../runner/target.ts', 'functions-imports'],
  ['functions/runs/a.ts', '../../local/target.ts', 'functions-imports'],
  ['functions/runs/b.ts', '../../adapters/aws/target.ts', 'only-wiring-chooses-adapters'],
  ['functions/runs/c.ts', '@aws-sdk/client-s3', 'functions-packages'],
  ['functions/runs/e.ts', '../jobs/target.ts', 'areas-apart'],
  ['functions/jobs/deep/a.ts', '../../runs/target.ts', 'areas-apart'],
  ['functions/runs/f.ts', '../job-kinds.ts', 'areas-apart'],
  ['functions/kernel/a.ts', '../workflow/target.ts', 'kernel-knows-no-area'],
  ['functions/workflow/a.ts', '../jobs/target.ts', 'workflow-knows-no-area'],
  ['functions/workflow/b.ts', '../release/target.ts', 'workflow-knows-no-area'],
  ['functions/workflow/c.ts', '../job-kinds.ts', 'workflow-knows-no-area'],
  ['functions/release/a.ts', '../jobs/target.ts', 'release-knows-no-area'],
  ['functions/stores/a.ts', '../runs/target.ts', 'stores-knows-no-area'],
  ['functions/jobs/g.ts', './h.ts', 'no-circles'],
  ['local/a.ts', '../web/portal/target.ts', 'local-imports'],
  ['local/b.ts', '../adapters/aws/target.ts', 'local-imports'],
  ['local/c.ts', '../functions/wiring.ts', 'local-does-not-wire'],
  ['web/portal/a.ts', '../../functions/kernel/target.ts', 'portal-imports'],
  ['web/portal/src/studies/a.ts', '../datasets/target.ts', 'portal-areas-apart'],
  ['web/portal/src/parts/a.ts', '../datasets/target.ts', 'portal-areas-apart'],
  ['web/portal/src/router.ts', './datasets/target.ts', 'portal-areas-door'],
  ['web/participant/a.ts', '../portal/target.ts', 'participant-imports'],
  ['web/participant/b.ts', 'react', 'participant-packages'],
  ['web/study/a.ts', '../participant/target.ts', 'study-imports'],
  ['clients/a.ts', '../functions/kernel/target.ts', 'clients-imports'],
  ['lib/a.ts', '../functions/kernel/target.ts', 'lib-imports'],
  ['bin/a.ts', '../domain/target.ts', 'bin-imports'],
  ['simulation/a.ts', '../local/target.ts', 'simulation-imports'],
  ['simulation/b.ts', '../adapters/aws/target.ts', 'simulation-imports'],
  ['functions/kernel/s.ts', '../../simulation/target.ts', 'nobody-imports-programs'],
  ['clients/b.ts', '../local/target.ts', 'nobody-imports-programs'],
  ['domain/d.ts', './nothing.ts', 'no-unresolved'],
  ['domain/e.ts', './planted.test.ts', 'no-tests-in-programs'],
  ['domain/f.ts', './g.ts', 'no-circles'],
  ['domain/sql/a.ts', './b.ts', 'no-circles'],
  ['domain/release/a.ts', '../jobs/target.ts', 'domain-release-is-below'],
  ['domain/privacy/a.ts', '../disclosure/target.ts', 'domain-privacy-is-below'],
]
const good: [string, string][] = [
  ['contracts/good.ts', '../domain/target.ts'],
  ['contracts/good2.ts', 'zod'],
  ['ports/good.ts', '../domain/target.ts'],
  ['adapters/local/good.ts', '../aws/target.ts'],
  ['adapters/local/good2.ts', '../../runner/engine/target.ts'],
  ['functions/runs/good.ts', '../../contracts/target.ts'],
  ['functions/wiring.ts', '../adapters/aws/target.ts'],
  ['functions/job-kinds.ts', './jobs/target.ts'],
  ['functions/jobs/good.ts', '../release/target.ts'],
  ['functions/jobs/deep/good.ts', '../target.ts'],
  ['functions/jobs/good.handler.ts', '../job-kinds.ts'],
  ['functions/release/good.ts', '../workflow/target.ts'],
  ['local/good.ts', '../adapters/local/target.ts'],
  ['web/portal/src/studies/good.ts', '../parts/target.ts'],
  ['web/portal/src/datasets/good.ts', './target.ts'],
  ['web/portal/src/good.ts', './datasets/area.tsx'],
  ['web/participant/good.ts', '../../clients/target.ts'],
  ['bin/good.ts', '../lib/target.ts'],
  ['domain/good.test.ts', 'node:fs'],
  ['domain/jobs/good.ts', '../privacy/target.ts'],
]
const targets = [
  'domain',
  'domain/jobs',
  'domain/disclosure',
  'domain/privacy',
  'contracts',
  'ports',
  'adapters/aws',
  'adapters/local',
  'functions/kernel',
  'functions/workflow',
  'functions/release',
  'functions/stores',
  'functions/jobs',
  'functions/runs',
  'local',
  'web/portal',
  'web/portal/src/parts',
  'web/portal/src/datasets',
  'web/participant',
  'web/study',
  'clients',
  'lib',
  'bin',
  'simulation',
  'runner',
  'runner/engine',
].map((f) => `${f}/target.ts`)

let folder: string
interface Violation {
  from: string
  to: string
  rule: { name: string }
}
let violations: Violation[]

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cloister-rules-'))
  const write = (file: string, text: string): void => {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    writeFileSync(join(folder, file), text)
  }
  for (const target of targets) write(target, 'export const x = 1\n')
  for (const [file, imports] of [...planted, ...good]) write(file, `import ${JSON.stringify(imports)}\n`)
  write('web/portal/src/datasets/area.tsx', 'export const x = 1\n')
  write('domain/g.ts', "import './f.ts'\n")
  write('domain/sql/b.ts', "import type { x } from './a.ts'\nexport type Y = typeof x\n")
  write('functions/jobs/g.ts', "import type { H } from './h.ts'\nexport type G = H\n")
  write('functions/jobs/h.ts', "import type { G } from './g.ts'\nexport type H = G\n")
  write('domain/planted.test.ts', 'export {}\n')
  write('tsconfig.json', '{ "compilerOptions": { "module": "esnext", "moduleResolution": "bundler" } }\n')
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  const done = spawnSync(
    process.execPath,
    [
      join(root, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs'),
      '--no-progress',
      '--config',
      join(root, '.dependency-cruiser.cjs'),
      '--output-type',
      'json',
      ...new Set(targets.map((t) => t.split('/')[0]!)),
    ],
    { cwd: folder, encoding: 'utf8', maxBuffer: 50e6 },
  )
  violations = (JSON.parse(done.stdout) as { summary: { violations: Violation[] } }).summary.violations
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test.each(planted)('%s may not import %s', (file, _, rule) => {
  expect(violations.filter((v) => v.from === file).map((v) => v.rule.name)).toContain(rule)
})

test('what the table allows is allowed', () => {
  const files = new Set(good.map(([file]) => file))
  expect(violations.filter((v) => files.has(v.from))).toEqual([])
})
