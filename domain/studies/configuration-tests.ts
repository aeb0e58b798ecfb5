/** Checks of declared comparisons (`conditional`, `loop.while`). */
import { operators, takes } from './comparison.ts'
import { isObject, pointer, type Findings } from './configuration-errors.ts'

const forms = 'all, any, not, condition, parameter, variable or data'
const maxDepth = 10

/** `conditions` are the declared names; `variables` the timeline and condition variables in reach. */
export function checkTest(
  found: Findings,
  value: unknown,
  path: string,
  conditions: readonly string[],
  variables: readonly string[],
  depth = 0,
): void {
  const test = found.object(value, path, `a comparison: an object with ${forms}`)
  if (!test) return
  if (depth > maxDepth)
    return found.add(path, 'These comparisons are nested too deeply', undefined, `at most ${maxDepth} levels`)
  const deeper = (v: unknown, p: string): void => checkTest(found, v, p, conditions, variables, depth + 1)
  for (const form of ['all', 'any'] as const) {
    if (!(form in test)) continue
    found.members(test, path, [form])
    for (const [i, t] of (found.list(test[form], pointer(path, form), 'a list of comparisons') ?? []).entries())
      deeper(t, pointer(pointer(path, form), i))
    return
  }
  if ('not' in test) {
    found.members(test, path, ['not'])
    return deeper(test.not, pointer(path, 'not'))
  }
  if ('condition' in test) {
    found.members(test, path, ['condition'])
    const names = [test.condition].flat()
    for (const [i, name] of names.entries())
      found.oneOf(
        name,
        Array.isArray(test.condition) ? pointer(pointer(path, 'condition'), i) : pointer(path, 'condition'),
        conditions,
      )
    return
  }
  const form = (['parameter', 'variable', 'data'] as const).find((f) => f in test)
  if (!form)
    return found.unknown(
      path,
      Object.keys(test)[0] ?? '',
      value,
      ['all', 'any', 'not', 'condition', 'parameter', 'variable', 'data'],
      'This compares nothing',
    )
  found.members(test, path, form === 'data' ? ['data', 'take', 'where', 'last', 'is', 'value'] : [form, 'is', 'value'])
  const subject = test[form]
  if (typeof subject !== 'string' || subject === '')
    found.add(pointer(path, form), 'This names nothing', subject, 'a name')
  else if (form === 'variable' && !variables.includes(subject.split('.')[0] as string))
    found.unknown(pointer(path, form), subject, subject, variables, 'No such variable is declared around this')
  if (test.is !== undefined && found.oneOf(test.is, pointer(path, 'is'), operators)) {
    const alone = test.is === 'present' || test.is === 'missing'
    if (alone && 'value' in test)
      found.add(pointer(path, 'value'), `“${test.is}” compares with nothing`, test.value, 'no value')
    if (!alone && !('value' in test))
      found.add(path, `“${String(test.is)}” needs a value to compare with`, undefined, 'value')
    if (test.is === 'one-of' && 'value' in test) found.list(test.value, pointer(path, 'value'), 'a list of values')
    if (
      ['less', 'at-most', 'more', 'at-least'].includes(String(test.is)) &&
      'value' in test &&
      typeof test.value !== 'number'
    )
      found.add(pointer(path, 'value'), 'Only a number can be more or less', test.value, 'a number')
  }
  if (form !== 'data') return
  if (test.take !== undefined) found.oneOf(test.take, pointer(path, 'take'), takes)
  if (test.last !== undefined) found.integer(test.last, pointer(path, 'last'), 1, 100_000)
  if (test.where !== undefined && !isObject(test.where))
    found.add(pointer(path, 'where'), 'This is not an object', test.where, 'data fields and the values they must have')
}
