/** Checks of the timeline: nodes, their control fields, and which fields a trial takes. */
import { isObject, pointer, type Findings } from './configuration-errors.ts'
import { expectation } from './configuration-parameters.ts'
import { checkLoop, checkRows, checkSample } from './configuration-rows.ts'
import { conditionNames, conditionsOf, timelineNames, type Scope } from './configuration-scope.ts'
import { checkTest } from './configuration-tests.ts'
import { checkParameter, sharedParameters, type Field } from './configuration-trial.ts'
import type { ParameterInfo, PluginInfo } from './plugin-info.ts'
import { plugins, refusedPlugins, usablePlugins } from './plugins.ts'

/** Fields of a node that steer the timeline and are not parameters of a trial. */
const timelineFields = ['timeline', 'timeline_variables', 'repetitions', 'randomize_order', 'sample', 'loop'] as const
const everyNode = ['name', 'conditional', 'per_condition']
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

interface Given extends Field {
  /** Whether any trial takes the field; a timeline's fields are for those below it. */
  used: { by: boolean }
}
interface Inherited {
  type?: Field
  parameters: ReadonlyMap<string, Given>
}
type Node = Record<string, unknown>
/** Where a field of a node stands: that of a variant stands under `per_condition`. */
type Locate = (name: string) => string

/** Checks a list of nodes. `path` is the list's pointer, and `inherited` what the timelines around it hand down. */
export function checkTimeline(
  found: Findings,
  nodes: readonly unknown[],
  path: string,
  scope: Scope,
  inherited: Inherited = { parameters: new Map() },
): void {
  for (const [index, node] of nodes.entries()) checkNode(found, node, pointer(path, index), scope, inherited)
}

function checkNode(found: Findings, value: unknown, path: string, scope: Scope, inherited: Inherited): void {
  const node = found.object(value, path, 'a trial with type, or an object with timeline')
  if (!node) return
  const inner = scopeWithin(node, path, scope)
  const locate: Locate = (name) => pointer(path, name)
  if (node.name !== undefined && (typeof node.name !== 'string' || node.name === '' || node.name.length > 100))
    found.add(locate('name'), 'This is not a name', node.name, 'text of up to 100 characters')
  if (node.conditional !== undefined) {
    const variables = [...timelineNames(inner), ...conditionNames(scope)]
    checkTest(found, node.conditional, locate('conditional'), conditionsOf(scope), variables)
  }
  checkForCode(found, node, locate)
  if (node.per_condition !== undefined) checkVariants(found, node, path, inner, inherited)
  if (!isAlwaysVaried(node, scope)) checkBody(found, node, path, inner, inherited, locate)
}

/** The scope of what is inside a node, with the timeline variables that the node declares. */
function scopeWithin(node: Node, path: string, scope: Scope): Scope {
  if (!Array.isArray(node.timeline_variables)) return scope
  return { ...scope, levels: [...scope.levels, { path, rows: node.timeline_variables.filter(isObject) }] }
}

function checkForCode(found: Findings, node: Node, locate: Locate): void {
  for (const name of Object.keys(node))
    if (Object.hasOwn(instead, name))
      found.add(locate(name), 'A configuration carries no code, so this cannot be given', undefined, instead[name])
}

/** Whether every condition has a variant, so that the node never runs as it is written. */
function isAlwaysVaried(node: Node, scope: Scope): boolean {
  const variants = node.per_condition
  const names = conditionsOf(scope)
  return names.length > 0 && isObject(variants) && names.every((name) => Object.hasOwn(variants, name))
}

function checkVariants(found: Findings, node: Node, path: string, scope: Scope, inherited: Inherited): void {
  const names = conditionsOf(scope)
  const variantsPath = pointer(path, 'per_condition')
  const variants =
    found.object(
      node.per_condition,
      variantsPath,
      'an object: condition → fields to change, or null to leave this part out',
    ) ?? {}
  for (const [name, change] of Object.entries(variants)) {
    const at = pointer(variantsPath, name)
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
    const locate: Locate = (field) => pointer(Object.hasOwn(fields, field) ? at : path, field)
    checkBody(found, { ...node, ...fields }, path, scope, inherited, locate)
  }
}

function checkBody(
  found: Findings,
  node: Node,
  path: string,
  scope: Scope,
  inherited: Inherited,
  locate: Locate,
): void {
  if (node.timeline !== undefined) checkNested(found, node, scope, inherited, locate)
  else checkTrial(found, node, path, scope, inherited, locate)
}

function checkTrial(
  found: Findings,
  node: Node,
  path: string,
  scope: Scope,
  inherited: Inherited,
  locate: Locate,
): void {
  for (const name of timelineFields)
    if (name in node)
      found.add(
        locate(name),
        'Only a timeline can have this, and this is a trial',
        undefined,
        'put the trial into { "timeline": [ … ] }',
      )
  const type = node.type === undefined ? inherited.type : { value: node.type, path: locate('type') }
  if (!type)
    return found.add(
      path,
      'This is neither a trial nor a timeline',
      undefined,
      'type (a plugin’s npm name) or timeline',
    )
  const plugin = checkType(found, type.value, type.path)
  if (!plugin) return
  const given = new Map([...inherited.parameters, ...parametersOf(node, locate)])
  const allowed: Record<string, ParameterInfo> = { ...sharedParameters, ...plugin.parameters }
  for (const [name, info] of Object.entries(allowed)) {
    const field = given.get(name)
    if (field) {
      field.used.by = true
      checkParameter(found, name, field, info, plugin, scope, String(type.value))
    } else if (info.required)
      found.add(path, `${plugin.name} needs ${name}`, undefined, `${name}: ${expectation(info)}`)
  }
  for (const name of Object.keys(node))
    if (isParameter(name) && !Object.hasOwn(allowed, name))
      found.unknown(locate(name), name, node[name], namesFor(plugin), `${plugin.name} has no parameter ${name}`)
}

/** Names of the fields that a trial of this plugin can have. */
const namesFor = (plugin: PluginInfo): string[] => [
  ...Object.keys(plugin.parameters).filter((name) => plugin.parameters[name]?.kind !== 'function'),
  ...Object.keys(sharedParameters),
  ...everyNode,
]

/** The node's own fields that are, or will be, parameters of trials. */
const parametersOf = (node: Node, locate: Locate): [string, Given][] =>
  Object.entries(node)
    .filter(([name]) => isParameter(name))
    .map(([name, value]) => [name, { value, path: locate(name), used: { by: false } }])

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

function checkNested(found: Findings, node: Node, scope: Scope, inherited: Inherited, locate: Locate): void {
  const children = found.list(node.timeline, locate('timeline'), 'a list of trials and timelines')
  if (children?.length === 0) found.add(locate('timeline'), 'This timeline is empty', undefined, 'at least one trial')
  if (node.repetitions !== undefined) found.integer(node.repetitions, locate('repetitions'), 1, 10_000)
  if (node.randomize_order !== undefined) found.boolean(node.randomize_order, locate('randomize_order'))
  const variables = node.timeline_variables
  const rows = variables === undefined ? 0 : checkRows(found, variables, locate('timeline_variables'))
  if (node.sample !== undefined) checkSample(found, node.sample, locate('sample'), rows)
  if (node.loop !== undefined) checkLoop(found, node.loop, locate('loop'), scope)
  if (!children) return
  const own = parametersOf(node, locate)
  const type = node.type === undefined ? inherited.type : { value: node.type, path: locate('type') }
  const below: Inherited = { ...(type && { type }), parameters: new Map([...inherited.parameters, ...own]) }
  const before = found.errors.length
  checkTimeline(found, children, locate('timeline'), scope, below)
  if (found.errors.length > before) return // a wrong type below would make every field look unused
  for (const [name, { path, value, used }] of own)
    if (!used.by && !Object.hasOwn(sharedParameters, name))
      found.unknown(
        path,
        name,
        value,
        [...timelineFields, ...everyNode, ...Object.keys(sharedParameters)],
        `No trial in this timeline takes ${name}`,
      )
}
