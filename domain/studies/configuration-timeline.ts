/** Checks of the timeline: nodes, their control fields, and each trial's parameters. */
import { isObject, pointer, type Findings } from './configuration-errors.ts'
import { checkValue, conditionNames, expectation, timelineNames, type Scope } from './configuration-parameters.ts'
import { checkTest } from './configuration-tests.ts'
import type { ParameterInfo, PluginInfo } from './plugin-info.ts'
import { plugins, refusedPlugins, usablePlugins } from './plugins.ts'
import { containsReference } from './references.ts'

/** Fields of a node that steer the timeline and are not parameters of a trial. */
export const timelineFields = [
  'timeline',
  'timeline_variables',
  'repetitions',
  'randomize_order',
  'sample',
  'loop',
] as const
const everyNode = ['name', 'conditional', 'per_condition']
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
/** jsPsych fields that carry code, and what to declare instead. */
const instead: Readonly<Record<string, string>> = {
  loop_function: 'declare loop: { "times": n } or { "while": comparison, "max": n }',
  conditional_function: 'declare conditional: a comparison',
  on_start: 'leave it out',
  on_load: 'leave it out',
  on_finish: 'declare score to mark an answer as correct, or data to tag the trial',
  on_timeline_start: 'leave it out',
  on_timeline_finish: 'leave it out',
  extensions: 'leave it out',
  simulation_options: 'leave it out',
}

interface Given {
  value: unknown
  path: string
  used: { by: boolean }
}
interface Inherited {
  type?: { value: unknown; path: string }
  parameters: ReadonlyMap<string, Given>
}

/** Checks a list of nodes. `path` is the list's pointer. */
export function checkTimeline(
  found: Findings,
  nodes: readonly unknown[],
  path: string,
  scope: Scope,
  inherited: Inherited = { parameters: new Map() },
): void {
  for (const [i, node] of nodes.entries()) checkNode(found, node, pointer(path, i), scope, inherited)
}

function checkNode(found: Findings, value: unknown, path: string, scope: Scope, inherited: Inherited): void {
  const node = found.object(value, path, 'a trial with type, or an object with timeline')
  if (!node) return
  const level =
    isObject(node) && Array.isArray(node.timeline_variables)
      ? { path, rows: node.timeline_variables.filter(isObject) }
      : undefined
  const inner: Scope = level ? { ...scope, levels: [...scope.levels, level] } : scope
  const names = scope.conditions.map((c) => String(c.name))
  if (node.name !== undefined && (typeof node.name !== 'string' || node.name === '' || node.name.length > 100))
    found.add(pointer(path, 'name'), 'This is not a name', node.name, 'text of up to 100 characters')
  if (node.conditional !== undefined)
    checkTest(found, node.conditional, pointer(path, 'conditional'), names, [
      ...timelineNames(inner),
      ...conditionNames(scope),
    ])
  for (const name of Object.keys(node))
    if (Object.hasOwn(instead, name))
      found.add(
        pointer(path, name),
        'A configuration carries no code, so this cannot be given',
        undefined,
        instead[name],
      )
  if (node.per_condition !== undefined) {
    const variants =
      found.object(
        node.per_condition,
        pointer(path, 'per_condition'),
        'an object: condition → fields to change, or null to leave this part out',
      ) ?? {}
    for (const [name, change] of Object.entries(variants)) {
      const at = pointer(pointer(path, 'per_condition'), name)
      if (!names.includes(name)) {
        found.unknown(at, name, undefined, names, 'No condition has this name')
        continue
      }
      if (change === null) continue
      const fields = found.object(change, at, 'fields to change, or null to leave this part out')
      if (!fields) continue
      for (const fixed of ['per_condition', 'name'])
        if (fixed in fields) found.add(pointer(at, fixed), 'This cannot differ by condition', fields[fixed])
      // errors of the variant are shown where its fields stand
      checkBody(found, { ...node, ...fields }, path, inner, inherited, (name) =>
        Object.hasOwn(fields, name) ? pointer(at, name) : pointer(path, name),
      )
    }
  }
  const alwaysVaried =
    names.length > 0 &&
    isObject(node.per_condition) &&
    names.every((n) => Object.hasOwn(node.per_condition as object, n))
  if (!alwaysVaried) checkBody(found, node, path, inner, inherited, (name) => pointer(path, name))
}

function checkBody(
  found: Findings,
  node: Record<string, unknown>,
  path: string,
  scope: Scope,
  inherited: Inherited,
  at: (name: string) => string,
): void {
  if (node.timeline !== undefined) return checkNested(found, node, scope, inherited, at)
  for (const name of timelineFields)
    if (name in node)
      found.add(
        at(name),
        'Only a timeline can have this, and this is a trial',
        undefined,
        'put the trial into { "timeline": [ … ] }',
      )
  const type = node.type === undefined ? inherited.type : { value: node.type, path: at('type') }
  if (!type)
    return found.add(
      path,
      'This is neither a trial nor a timeline',
      undefined,
      'type (a plugin’s npm name) or timeline',
    )
  const plugin = checkType(found, type.value, type.path)
  if (!plugin) return
  const given = new Map(inherited.parameters)
  for (const [name, value] of Object.entries(node))
    if (isParameter(name)) given.set(name, { value, path: at(name), used: { by: false } })
  const allowed: Record<string, ParameterInfo> = { ...sharedParameters, ...plugin.parameters }
  for (const [name, info] of Object.entries(allowed)) {
    const one = given.get(name)
    if (one) {
      one.used.by = true
      checkParameter(found, name, one, info, plugin, scope, String(type.value))
    } else if (info.required)
      found.add(path, `${plugin.name} needs ${name}`, undefined, `${name}: ${expectation(info)}`)
  }
  for (const name of Object.keys(node)) {
    if (isParameter(name) && !Object.hasOwn(allowed, name))
      found.unknown(
        at(name),
        name,
        node[name],
        [
          ...Object.keys(plugin.parameters).filter((p) => plugin.parameters[p]?.kind !== 'function'),
          ...Object.keys(sharedParameters),
          ...everyNode,
        ],
        `${plugin.name} has no parameter ${name}`,
      )
  }
}

const isParameter = (name: string): boolean =>
  name !== 'type' &&
  !everyNode.includes(name) &&
  !(timelineFields as readonly string[]).includes(name) &&
  !Object.hasOwn(instead, name)

function checkType(found: Findings, type: unknown, path: string): PluginInfo | undefined {
  if (typeof type !== 'string')
    return void found.add(
      path,
      'A trial’s type is the npm name of a plugin',
      type,
      'e.g. @jspsych/plugin-html-keyboard-response',
    )
  if (Object.hasOwn(refusedPlugins, type))
    return void found.add(path, `This plugin cannot be used: ${refusedPlugins[type]}`, type, usablePlugins.join(', '))
  if (!Object.hasOwn(plugins, type)) {
    found.unknown(path, type, type, usablePlugins, 'There is no such plugin')
    return undefined
  }
  return plugins[type]
}

function checkNested(
  found: Findings,
  node: Record<string, unknown>,
  scope: Scope,
  inherited: Inherited,
  at: (name: string) => string,
): void {
  const children = found.list(node.timeline, at('timeline'), 'a list of trials and timelines')
  if (children?.length === 0) found.add(at('timeline'), 'This timeline is empty', undefined, 'at least one trial')
  if (node.repetitions !== undefined) found.integer(node.repetitions, at('repetitions'), 1, 10_000)
  if (node.randomize_order !== undefined) found.boolean(node.randomize_order, at('randomize_order'))
  const rows =
    node.timeline_variables === undefined ? 0 : checkRows(found, node.timeline_variables, at('timeline_variables'))
  if (node.sample !== undefined) checkSample(found, node.sample, at('sample'), rows)
  if (node.loop !== undefined) checkLoop(found, node.loop, at('loop'), scope)
  if (!children) return
  const own = Object.entries(node)
    .filter(([name]) => isParameter(name))
    .map(([name, value]): [string, Given] => [name, { value, path: at(name), used: { by: false } }])
  const below: Inherited = {
    ...(node.type === undefined
      ? inherited.type
        ? { type: inherited.type }
        : {}
      : { type: { value: node.type, path: at('type') } }),
    parameters: new Map([...inherited.parameters, ...own]),
  }
  const before = found.errors.length
  checkTimeline(found, children, at('timeline'), scope, below)
  if (found.errors.length > before) return // a wrong type below would make every field look unused
  for (const [name, { path: where, value, used }] of own)
    if (!used.by && !Object.hasOwn(sharedParameters, name))
      found.unknown(
        where,
        name,
        value,
        [...timelineFields, ...everyNode, ...Object.keys(sharedParameters)],
        `No trial in this timeline takes ${name}`,
      )
}

function checkRows(found: Findings, value: unknown, path: string): number {
  const rows = found.list(value, path, 'a list of objects')
  if (!rows) return 0
  if (rows.length === 0) found.add(path, 'There are no rows', undefined, 'at least one row')
  for (const [i, row] of rows.entries()) {
    const object = found.object(row, pointer(path, i), 'an object: variable → value')
    for (const [name, v] of Object.entries(object ?? {}))
      if (containsReference(v, 'timeline_variable'))
        found.add(
          pointer(pointer(path, i), name),
          'A timeline variable cannot refer to another',
          v,
          'a value, or { "template": … }, { "condition_variable": … }, { "url_parameter": … }',
        )
  }
  return rows.length
}

const maxSize = 100_000
function checkSample(found: Findings, value: unknown, path: string, rows: number): void {
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
  if (
    !found.oneOf(sample.type, `${path}/type`, [
      'with-replacement',
      'without-replacement',
      'fixed-repetitions',
      'alternate-groups',
    ])
  )
    return
  if (sample.type !== 'alternate-groups') {
    found.members(sample, path, sample.type === 'with-replacement' ? ['type', 'size', 'weights'] : ['type', 'size'])
    found.integer(sample.size, `${path}/size`, 1, sample.type === 'without-replacement' ? Math.max(1, rows) : maxSize)
    if (sample.weights === undefined) return
    const weights = found.list(sample.weights, `${path}/weights`, 'a weight for each row') ?? []
    if (
      !weights.every((w) => typeof w === 'number' && Number.isFinite(w) && w >= 0) ||
      !weights.some((w) => (w as number) > 0) ||
      weights.length !== rows
    )
      found.add(
        `${path}/weights`,
        'These are not weights of the rows',
        sample.weights,
        `${rows} numbers, none below 0 and not all 0`,
      )
    return
  }
  found.members(sample, path, ['type', 'groups', 'randomize_group_order'])
  if (sample.randomize_group_order !== undefined)
    found.boolean(sample.randomize_group_order, `${path}/randomize_group_order`)
  const groups = found.list(sample.groups, `${path}/groups`, 'lists of row numbers, counted from 0')
  if (groups && groups.length < 2)
    found.add(`${path}/groups`, 'Fewer than two groups cannot alternate', undefined, 'at least two lists')
  for (const [i, group] of (groups ?? []).entries()) {
    const members = found.list(group, pointer(`${path}/groups`, i), 'a list of row numbers')
    if (members?.length === 0)
      found.add(pointer(`${path}/groups`, i), 'This group is empty', undefined, 'at least one row number')
    for (const [j, row] of (members ?? []).entries())
      found.integer(row, pointer(pointer(`${path}/groups`, i), j), 0, rows - 1)
  }
}

function checkLoop(found: Findings, value: unknown, path: string, scope: Scope): void {
  const loop = found.object(value, path, '{ "times": n } or { "while": comparison, "max": n }')
  if (!loop) return
  if ('times' in loop) {
    found.members(loop, path, ['times'])
    return void found.integer(loop.times, `${path}/times`, 1, 10_000)
  }
  found.members(loop, path, ['while', 'max'])
  checkTest(
    found,
    loop.while,
    `${path}/while`,
    scope.conditions.map((c) => String(c.name)),
    [...timelineNames(scope), ...conditionNames(scope)],
  )
  found.integer(loop.max, `${path}/max`, 1, 1000) // without an end, a participant could be caught in the loop
}

/** Files that plugins name in parameters which their `info` calls plain text. */
const pathParameters: Readonly<Record<string, readonly string[]>> = {
  '@jspsych/plugin-external-html': ['url'],
  '@jspsych/plugin-preload': ['images', 'audio', 'video'],
}
/** The parameter's entry, with what the plugin's own `info` leaves out. */
export const effective = (type: string, name: string, info: ParameterInfo): ParameterInfo =>
  Object.hasOwn(pathParameters, type) && pathParameters[type]?.includes(name) ? { ...info, kind: 'image' } : info

function checkParameter(
  found: Findings,
  name: string,
  { value, path }: Given,
  info: ParameterInfo,
  plugin: PluginInfo,
  scope: Scope,
  type: string,
): void {
  if (name === 'score') {
    if (value === null) return
    const score = found.object(value, path, '{ "equals": the right answer, "of": data field, "into": data field }')
    if (!score) return
    found.members(score, path, ['equals', 'of', 'into'])
    if (!('equals' in score)) found.add(path, 'The right answer is missing', undefined, 'equals')
    else checkValue(found, score.equals, pointer(path, 'equals'), anything, scope)
    for (const field of ['of', 'into'])
      if (field in score && (typeof score[field] !== 'string' || score[field] === ''))
        found.add(pointer(path, field), 'This is not the name of a data field', score[field], 'e.g. response')
  } else if (name === 'save_trial_parameters') {
    for (const [p, kept] of Object.entries(found.object(value, path) ?? {})) {
      if (!Object.hasOwn(plugin.parameters, p))
        found.unknown(pointer(path, p), p, kept, Object.keys(plugin.parameters), `${plugin.name} has no parameter ${p}`)
      found.boolean(kept, pointer(path, p))
    }
  } else if (name === 'save_timeline_variables' && Array.isArray(value)) {
    for (const [i, v] of value.entries()) found.oneOf(v, pointer(path, i), timelineNames(scope))
  } else if (name === 'css_classes' && Array.isArray(value))
    checkValue(found, value, path, { kind: 'string', array: true }, scope)
  else if (name === 'data')
    for (const [field, v] of Object.entries(found.object(value, path) ?? {}))
      checkValue(found, v, pointer(path, field), anything, scope)
  else checkValue(found, value, path, effective(type, name, info), scope)
}

/**
 * Any literal will do; references must still lead somewhere. `select` without options accepts every value and every
 * kind of reference.
 */
const anything: ParameterInfo = { kind: 'select' }
