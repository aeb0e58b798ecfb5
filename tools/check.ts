/** `npm run check`: types, lint, import rules, dead code, generated files. Seconds, no tests. */
import { describe, runChecks } from './checks.ts'

const outcomes = await runChecks((o) => console.log(describe(o)))
const failed = outcomes.filter((o) => o.code !== 0)
console.log(
  failed.length === 0
    ? `\n${outcomes.length} checks passed`
    : `\n${outcomes.length - failed.length} checks passed, ${failed.length} failed: ${failed.map((o) => o.name).join(', ')}`,
)
process.exitCode = failed.length === 0 ? 0 : 1
