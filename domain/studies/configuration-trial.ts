/** Checks of one field of a trial: a parameter of its plugin, or one that every plugin shares. */
import { pointer, type Findings } from './configuration-errors.ts'
import { checkValue } from './configuration-parameters.ts'
import { timelineNames, type Scope } from './configuration-scope.ts'
import type { ParameterInfo, PluginInfo } from './plugin-info.ts'

/** A field as it stands in the configuration; `path` is its JSON pointer. */
export interface Field {
  value: unknown
  path: string
}

/** Parameters that every plugin shares. */
export const sharedParameters: Readonly<Record<string, ParameterInfo>> = {
  data: { kind: 'object', default: {} },
  post_trial_gap: { kind: 'int', default: null },
  css_classes: { kind: 'string', default: '' },
  save_trial_parameters: { kind: 'object', default: {} },
  save_timeline_variables: { kind: 'bool', default: false },
  record_data: { kind: 'bool', default: true },
  score: { kind: 'object', default: null },
}

/** Files that plugins name in parameters which their `info` calls plain text. */
const pathParameters: Readonly<Record<string, readonly string[]>> = {
  '@jspsych/plugin-external-html': ['url'],
  '@jspsych/plugin-preload': ['images', 'audio', 'video'],
}
/** The parameter's entry, with what the plugin's own `info` leaves out. `type` is the plugin's npm name. */
const completed = (type: string, name: string, info: ParameterInfo): ParameterInfo =>
  Object.hasOwn(pathParameters, type) && pathParameters[type]?.includes(name) ? { ...info, kind: 'image' } : info

/**
 * Any literal will do; references must still lead somewhere. `select` without options accepts every value and every
 * kind of reference.
 */
const anything: ParameterInfo = { kind: 'select' }

/**
 * Checks the field called `name` of a trial. `info` is its entry among the plugin's parameters or the shared ones, and
 * `type` the plugin's npm name.
 */
export function checkParameter(
  found: Findings,
  name: string,
  field: Field,
  info: ParameterInfo,
  plugin: PluginInfo,
  scope: Scope,
  type: string,
): void {
  const { value, path } = field
  if (name === 'score') return checkScore(found, field, scope)
  if (name === 'save_trial_parameters') return checkSavedParameters(found, field, plugin)
  if (name === 'data') return checkTags(found, field, scope)
  if (name === 'save_timeline_variables' && Array.isArray(value)) {
    for (const [index, variable] of value.entries()) found.oneOf(variable, pointer(path, index), timelineNames(scope))
    return
  }
  if (name === 'css_classes' && Array.isArray(value))
    return checkValue(found, value, path, { kind: 'string', array: true }, scope)
  checkValue(found, value, path, completed(type, name, info), scope)
}

function checkScore(found: Findings, { value, path }: Field, scope: Scope): void {
  if (value === null) return
  const score = found.object(value, path, '{ "equals": the right answer, "of": data field, "into": data field }')
  if (!score) return
  found.members(score, path, ['equals', 'of', 'into'])
  if (!('equals' in score)) found.add(path, 'The right answer is missing', undefined, 'equals')
  else checkValue(found, score.equals, pointer(path, 'equals'), anything, scope)
  for (const field of ['of', 'into'])
    if (field in score && (typeof score[field] !== 'string' || score[field] === ''))
      found.add(pointer(path, field), 'This is not the name of a data field', score[field], 'e.g. response')
}

function checkSavedParameters(found: Findings, { value, path }: Field, plugin: PluginInfo): void {
  const names = Object.keys(plugin.parameters)
  for (const [name, kept] of Object.entries(found.object(value, path) ?? {})) {
    const at = pointer(path, name)
    if (!Object.hasOwn(plugin.parameters, name))
      found.unknown(at, name, kept, names, `${plugin.name} has no parameter ${name}`)
    found.boolean(kept, at)
  }
}

/** Fields that are written beside a trial's data. */
function checkTags(found: Findings, { value, path }: Field, scope: Scope): void {
  for (const [tag, tagged] of Object.entries(found.object(value, path) ?? {}))
    checkValue(found, tagged, pointer(path, tag), anything, scope)
}
