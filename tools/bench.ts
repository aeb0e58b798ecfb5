/**
 * `npm run bench -- NAME [arguments]`: runs bench/NAME.ts. A benchmark prints last one line of JSON (bench/report.ts),
 * and every one has a `--quick` form of a few seconds.
 */
import { join } from 'node:path'
import { benchNames } from './bench-names.ts'
import { node } from './steps.ts'

const names = benchNames()
const [name, ...rest] = process.argv.slice(2)
if (name === undefined || !names.includes(name)) {
  console.error(`Usage: npm run bench -- NAME\n\nBenchmarks: ${names.join(', ')}`)
  process.exitCode = 2
} else {
  const { code } = await node({ name, command: [join('bench', `${name}.ts`), ...rest] }, true)
  process.exitCode = code
}
