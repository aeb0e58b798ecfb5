/** Checks of what makes a timeline run over rows: its variables, the sample of them, and loops. */
import { pointer, type Findings } from './configuration-errors.ts'
import { conditionNames, conditionsOf, timelineNames, type Scope } from './configuration-scope.ts'
import { checkTest } from './configuration-tests.ts'
import { containsReference } from './references.ts'

/** Checks timeline variables, a list of objects, and answers how many rows there are. */
export function checkRows(found: Findings, value: unknown, path: string): number {
  const rows = found.list(value, path, 'a list of objects')
  if (!rows) return 0
  if (rows.length === 0) found.add(path, 'There are no rows', undefined, 'at least one row')
  for (const [index, row] of rows.entries()) {
    const object = found.object(row, pointer(path, index), 'an object: variable → value')
    for (const [name, member] of Object.entries(object ?? {}))
      if (containsReference(member, 'timeline_variable'))
        found.add(
          pointer(pointer(path, index), name),
          'A timeline variable cannot refer to another',
          member,
          'a value, or { "template": … }, { "condition_variable": … }, { "url_parameter": … }',
        )
  }
  return rows.length
}

const maxSize = 100_000
const sampleTypes = ['with-replacement', 'without-replacement', 'fixed-repetitions', 'alternate-groups'] as const

/** Checks a sample of `rows` timeline variables. */
export function checkSample(found: Findings, value: unknown, path: string, rows: number): void {
  const sample = found.object(value, path, 'an object with type and size')
  if (!sample) return
  if (rows === 0) found.add(path, 'There is nothing to sample from', undefined, 'timeline_variables beside it')
  if (sample.type === 'custom' || 'fn' in sample)
    return found.add(
      path,
      'A configuration carries no code, so a sample cannot be a function',
      undefined,
      'with-replacement, without-replacement, fixed-repetitions or alternate-groups',
    )
  if (!found.oneOf(sample.type, `${path}/type`, sampleTypes)) return
  if (sample.type === 'alternate-groups') checkGroups(found, sample, path, rows)
  else checkSizedSample(found, sample, path, rows)
}

function checkSizedSample(found: Findings, sample: Record<string, unknown>, path: string, rows: number): void {
  found.members(sample, path, sample.type === 'with-replacement' ? ['type', 'size', 'weights'] : ['type', 'size'])
  found.integer(sample.size, `${path}/size`, 1, sample.type === 'without-replacement' ? Math.max(1, rows) : maxSize)
  if (sample.weights === undefined) return
  const weights = found.list(sample.weights, `${path}/weights`, 'a weight for each row') ?? []
  if (!areWeights(weights) || weights.length !== rows)
    found.add(
      `${path}/weights`,
      'These are not weights of the rows',
      sample.weights,
      `${rows} numbers, none below 0 and not all 0`,
    )
}

const areWeights = (weights: readonly unknown[]): boolean =>
  weights.every((weight) => typeof weight === 'number' && Number.isFinite(weight) && weight >= 0) &&
  weights.some((weight) => (weight as number) > 0)

function checkGroups(found: Findings, sample: Record<string, unknown>, path: string, rows: number): void {
  found.members(sample, path, ['type', 'groups', 'randomize_group_order'])
  if (sample.randomize_group_order !== undefined)
    found.boolean(sample.randomize_group_order, `${path}/randomize_group_order`)
  const groups = found.list(sample.groups, `${path}/groups`, 'lists of row numbers, counted from 0')
  if (groups && groups.length < 2)
    found.add(`${path}/groups`, 'Fewer than two groups cannot alternate', undefined, 'at least two lists')
  for (const [index, group] of (groups ?? []).entries()) {
    const at = pointer(`${path}/groups`, index)
    const members = found.list(group, at, 'a list of row numbers')
    if (members?.length === 0) found.add(at, 'This group is empty', undefined, 'at least one row number')
    for (const [place, row] of (members ?? []).entries()) found.integer(row, pointer(at, place), 0, rows - 1)
  }
}

/** Checks a loop of a timeline: a number of times, or a comparison with a most. */
export function checkLoop(found: Findings, value: unknown, path: string, scope: Scope): void {
  const loop = found.object(value, path, '{ "times": n } or { "while": comparison, "max": n }')
  if (!loop) return
  if ('times' in loop) {
    found.members(loop, path, ['times'])
    return void found.integer(loop.times, `${path}/times`, 1, 10_000)
  }
  found.members(loop, path, ['while', 'max'])
  const variables = [...timelineNames(scope), ...conditionNames(scope)]
  checkTest(found, loop.while, `${path}/while`, conditionsOf(scope), variables)
  found.integer(loop.max, `${path}/max`, 1, 1000) // without an end, a participant could be caught in the loop
}
