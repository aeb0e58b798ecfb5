/** Checks of declared comparisons (`conditional`, `loop.while`). */
import { operators, takes } from './comparison.ts'
import { isObject, pointer, type Findings } from './configuration-errors.ts'

const forms = 'all, any, not, condition, parameter, variable or data'
const maxDepth = 10

type Test = Record<string, unknown>
/** What a comparison may name: the declared conditions, and the timeline and condition variables in reach. */
interface Names {
  conditions: readonly string[]
  variables: readonly string[]
}

/**
 * Checks a comparison that stands at the pointer `path`. `conditions` are the declared names; `variables` the timeline
 * and condition variables in reach.
 */
export function checkTest(
  found: Findings,
  value: unknown,
  path: string,
  conditions: readonly string[],
  variables: readonly string[],
): void {
  check(found, value, path, { conditions, variables }, 0)
}

function check(found: Findings, value: unknown, path: string, names: Names, depth: number): void {
  const test = found.object(value, path, `a comparison: an object with ${forms}`)
  if (!test) return
  if (depth > maxDepth)
    return found.add(path, 'These comparisons are nested too deeply', undefined, `at most ${maxDepth} levels`)
  const list = (['all', 'any'] as const).find((form) => form in test)
  if (list) return checkList(found, test, list, path, names, depth)
  if ('not' in test) {
    found.members(test, path, ['not'])
    return check(found, test.not, pointer(path, 'not'), names, depth + 1)
  }
  if ('condition' in test) return checkCondition(found, test, path, names)
  const form = (['parameter', 'variable', 'data'] as const).find((one) => one in test)
  if (!form)
    return found.unknown(
      path,
      Object.keys(test)[0] ?? '',
      value,
      ['all', 'any', 'not', 'condition', 'parameter', 'variable', 'data'],
      'This compares nothing',
    )
  found.members(test, path, form === 'data' ? ['data', 'take', 'where', 'last', 'is', 'value'] : [form, 'is', 'value'])
  checkSubject(found, test, form, path, names)
  if (test.is !== undefined && found.oneOf(test.is, pointer(path, 'is'), operators)) checkOperator(found, test, path)
  if (form === 'data') checkSelection(found, test, path)
}

function checkList(found: Findings, test: Test, form: 'all' | 'any', path: string, names: Names, depth: number): void {
  found.members(test, path, [form])
  const tests = found.list(test[form], pointer(path, form), 'a list of comparisons') ?? []
  for (const [index, inner] of tests.entries())
    check(found, inner, pointer(pointer(path, form), index), names, depth + 1)
}

function checkCondition(found: Findings, test: Test, path: string, names: Names): void {
  found.members(test, path, ['condition'])
  const at = pointer(path, 'condition')
  for (const [index, name] of [test.condition].flat().entries())
    found.oneOf(name, Array.isArray(test.condition) ? pointer(at, index) : at, names.conditions)
}

function checkSubject(
  found: Findings,
  test: Test,
  form: 'parameter' | 'variable' | 'data',
  path: string,
  { variables }: Names,
): void {
  const subject = test[form]
  if (typeof subject !== 'string' || subject === '')
    found.add(pointer(path, form), 'This names nothing', subject, 'a name')
  else if (form === 'variable' && !variables.includes(subject.split('.')[0] as string))
    found.unknown(pointer(path, form), subject, subject, variables, 'No such variable is declared around this')
}

/** Whether the operator, which is a known one, has a value that it can compare with. */
function checkOperator(found: Findings, test: Test, path: string): void {
  const is = String(test.is)
  const at = pointer(path, 'value')
  const hasValue = 'value' in test
  if (is === 'present' || is === 'missing') {
    if (hasValue) found.add(at, `“${is}” compares with nothing`, test.value, 'no value')
    return
  }
  if (!hasValue) return found.add(path, `“${is}” needs a value to compare with`, undefined, 'value')
  if (is === 'one-of') found.list(test.value, at, 'a list of values')
  if (['less', 'at-most', 'more', 'at-least'].includes(is) && typeof test.value !== 'number')
    found.add(at, 'Only a number can be more or less', test.value, 'a number')
}

/** Which trials a comparison of data looks at. */
function checkSelection(found: Findings, test: Test, path: string): void {
  if (test.take !== undefined) found.oneOf(test.take, pointer(path, 'take'), takes)
  if (test.last !== undefined) found.integer(test.last, pointer(path, 'last'), 1, 100_000)
  if (test.where !== undefined && !isObject(test.where))
    found.add(pointer(path, 'where'), 'This is not an object', test.where, 'data fields and the values they must have')
}
