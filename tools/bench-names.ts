/** The benchmarks that there are. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './steps.ts'

const folder = join(root, 'bench')

/** Names of the files in bench/ that are benchmarks, sorted; the others are parts of one. */
export const benchNames = (): string[] =>
  readdirSync(folder)
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && file !== 'report.ts')
    .filter((file) => readFileSync(join(folder, file), 'utf8').includes("from './report.ts'"))
    .map((file) => file.slice(0, -'.ts'.length))
    .sort()
