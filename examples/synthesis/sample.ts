/**
 * How `adult-2000.csv` was drawn, once: 2,000 rows of the training split of UCI Adult in the integer coding of the
 * synthesis literature (one code a value or bin, no rows left out), without replacement, by a linear congruential
 * generator with the seed 20261121. Run again on the same file it writes the same sample.
 *
 * node examples/synthesis/sample.ts TRAIN.csv > examples/synthesis/adult-2000.csv
 */
import { readFileSync } from 'node:fs'

const size = 2000
let state = 20_261_121n
/** Numerical Recipes' generator, modulo 2^32: this draws an example, it protects nobody. */
const next = (below: number): number => {
  state = (state * 1_664_525n + 1_013_904_223n) % 4_294_967_296n
  return Number((state * BigInt(below)) / 4_294_967_296n)
}

const [header, ...rows] = readFileSync(process.argv[2]!, 'utf8').trimEnd().split('\n')
for (let i = 0; i < size; i++) {
  const j = i + next(rows.length - i)
  ;[rows[i], rows[j]] = [rows[j]!, rows[i]!]
}
process.stdout.write(`${[header, ...rows.slice(0, size)].join('\n')}\n`)
