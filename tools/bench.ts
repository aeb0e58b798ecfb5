/** `npm run bench -- NAME [arguments]`: runs bench/NAME.ts. A benchmark prints one line of JSON. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { node, root } from './steps.ts'

const folder = join(root, 'bench')
/** A file is a benchmark when it can be run; the others are parts of one. */
const names = readdirSync(folder)
  .filter(
    (f) =>
      f.endsWith('.ts') &&
      !f.endsWith('.test.ts') &&
      readFileSync(join(folder, f), 'utf8').includes('one line of JSON'),
  )
  .map((f) => f.slice(0, -3))
const [name, ...rest] = process.argv.slice(2)
if (!name || !names.includes(name) || !existsSync(join(folder, `${name}.ts`))) {
  console.error(`Usage: npm run bench -- NAME\n\nBenchmarks: ${names.join(', ')}`)
  process.exitCode = 2
} else process.exitCode = (await node({ name, command: [join('bench', `${name}.ts`), ...rest] }, true)).code
