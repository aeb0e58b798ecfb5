/** Validation of a study configuration. */
import { counterbalanceOrders, maxFullTasks } from './chance.ts'
import { needs, type Configuration } from './configuration.ts'
import { Findings, isObject, pointer, type ConfigurationError } from './configuration-errors.ts'
import { checkAsset } from './configuration-assets.ts'
import type { Scope } from './configuration-scope.ts'
import { checkTimeline } from './configuration-timeline.ts'
import { maxTrials, outline } from './outline.ts'
import { containsReference } from './references.ts'

const deviceReason =
  'Study pages are isolated without an origin of their own, and browsers give such pages neither camera nor microphone'

export type Validation = { ok: true; configuration: Configuration } | { ok: false; errors: ConfigurationError[] }

const root = '/configuration'
const metaFields = ['kind', 'language', 'conditions', 'progress', 'requirements']
const maxDepth = 64

/**
 * Checks a configuration against the plugins and the study's files. Every error has the JSON pointer of its field
 * (starting with `/configuration`), what is wrong, the value when it is short, and what is allowed. At most 100 errors
 * are listed.
 */
export function validateConfiguration(value: unknown, assetPaths: readonly string[]): Validation {
  const found = new Findings()
  if (tooDeep(value)) found.add(root, 'This is nested too deeply', undefined, `at most ${maxDepth} levels`)
  else check(found, value, new Set(assetPaths))
  if (found.errors.length > 0) return { ok: false, errors: found.errors }
  const configuration = value as Configuration
  if (configuration.kind === 'timeline' && outline(configuration).most > maxTrials) {
    found.add(
      `${root}/timeline`,
      `This timeline can have more than ${maxTrials} trials`,
      undefined,
      'fewer repetitions or smaller samples',
    )
    return { ok: false, errors: found.errors }
  }
  return { ok: true, configuration }
}

const conditionName = /^[A-Za-z0-9][A-Za-z0-9 _.-]{0,59}$/

function check(found: Findings, value: unknown, assets: ReadonlySet<string>): void {
  const configuration = found.object(value, root, 'an object with kind "timeline" or "web"')
  if (!configuration || !found.oneOf(configuration.kind, `${root}/kind`, ['timeline', 'web'])) return
  const web = configuration.kind === 'web'
  found.members(configuration, root, [...metaFields, ...(web ? ['entry'] : ['timeline', 'counterbalance'])])
  if (configuration.language !== undefined) checkLanguage(found, configuration.language)
  if (configuration.progress !== undefined) found.boolean(configuration.progress, `${root}/progress`)
  const conditions = checkConditions(found, configuration.conditions)
  checkRequirements(found, configuration.requirements)
  const scope: Scope = { levels: [], conditions, conditionsPath: `${root}/conditions`, assets }
  if (web) {
    const entry = configuration.entry
    if (typeof entry !== 'string' || entry === '')
      return found.add(
        `${root}/entry`,
        'The page to open is missing',
        entry,
        'a path within the study, e.g. index.html',
      )
    checkAsset(found, entry, `${root}/entry`, scope)
    if (!/\.html?$/i.test(entry))
      found.add(`${root}/entry`, 'The entry is not a page', entry, 'a file that ends with .html')
    return
  }
  const timeline = found.list(configuration.timeline, `${root}/timeline`, 'a list of trials and timelines')
  if (!timeline) return
  if (timeline.length === 0) found.add(`${root}/timeline`, 'The timeline is empty', undefined, 'at least one trial')
  checkTimeline(found, timeline, `${root}/timeline`, scope)
  if (configuration.counterbalance !== undefined) checkCounterbalance(found, configuration.counterbalance, timeline)
}

function checkLanguage(found: Findings, value: unknown): void {
  try {
    if (typeof value === 'string' && Intl.getCanonicalLocales(value).length === 1) return
  } catch {
    /* not a language tag */
  }
  found.add(`${root}/language`, 'This is not a language tag', value, 'a BCP 47 tag such as en, de or pt-BR')
}

function checkConditions(found: Findings, value: unknown): Record<string, unknown>[] {
  if (value === undefined) return []
  const path = `${root}/conditions`
  const out: Record<string, unknown>[] = []
  const list = found.list(value, path, 'a list of conditions, each with a name') ?? []
  if (Array.isArray(value) && (value.length === 0 || value.length > 100))
    found.add(path, 'This is not a usable number of conditions', value.length, '1 to 100')
  for (const [index, one] of list.slice(0, 100).entries()) {
    const condition = found.object(one, pointer(path, index), 'an object with a name')
    if (!condition) continue
    const at = pointer(path, index)
    if (typeof condition.name !== 'string' || !conditionName.test(condition.name))
      found.add(
        `${at}/name`,
        'A condition needs a name',
        condition.name,
        'up to 60 letters, digits, spaces, dots, dashes and underscores',
      )
    else if (out.some((c) => c.name === condition.name))
      found.add(`${at}/name`, 'Two conditions have this name', condition.name, 'a name of its own')
    if (condition.weight !== undefined) found.integer(condition.weight, `${at}/weight`, 1, 1000)
    for (const [name, variable] of Object.entries(condition))
      if (containsReference(variable))
        found.add(pointer(at, name), 'A condition’s variable cannot refer to another', variable, 'a value')
    out.push(condition)
  }
  return out
}

function checkRequirements(found: Findings, value: unknown): void {
  if (value === undefined) return
  const path = `${root}/requirements`
  const requirements = found.object(value, path)
  if (!requirements) return
  found.members(requirements, path, ['minimumWidth', 'minimumHeight', 'needs'])
  for (const side of ['minimumWidth', 'minimumHeight'])
    if (requirements[side] !== undefined) found.integer(requirements[side], pointer(path, side), 1, 10_000)
  if (requirements.needs === undefined) return
  for (const [index, need] of (
    found.list(requirements.needs, `${path}/needs`, `a list of ${needs.join(', ')}`) ?? []
  ).entries()) {
    if (need === 'microphone' || need === 'camera')
      found.add(pointer(`${path}/needs`, index), deviceReason, need, needs.join(', '))
    else found.oneOf(need, pointer(`${path}/needs`, index), needs)
  }
}

function checkCounterbalance(found: Findings, value: unknown, timeline: unknown[]): void {
  const path = `${root}/counterbalance`
  const counterbalance = found.object(value, path, 'an object with tasks and order')
  if (!counterbalance) return
  found.members(counterbalance, path, ['tasks', 'order'])
  found.oneOf(counterbalance.order, `${path}/order`, counterbalanceOrders)
  const tasks = found.list(counterbalance.tasks, `${path}/tasks`, 'names of parts of the timeline')
  if (!tasks) return
  const names = timeline.flatMap((n) => (isObject(n) && typeof n.name === 'string' ? [n.name] : []))
  for (const [index, task] of tasks.entries()) {
    if (!found.oneOf(task, pointer(`${path}/tasks`, index), names)) continue
    if (tasks.indexOf(task) !== index) found.add(pointer(`${path}/tasks`, index), 'This task is listed twice', task)
    if (names.filter((n) => n === task).length > 1)
      found.add(pointer(`${path}/tasks`, index), 'Two parts of the timeline have this name', task, 'a name of its own')
  }
  if (tasks.length < 2)
    found.add(`${path}/tasks`, 'Fewer than two tasks have no order', undefined, 'at least two names')
  if (counterbalance.order === 'full' && tasks.length > maxFullTasks)
    found.add(
      `${path}/order`,
      `${tasks.length} tasks have too many orders`,
      'full',
      `latin or random, or at most ${maxFullTasks} tasks`,
    )
}

/** Without recursion: the value may be hostile. */
function tooDeep(value: unknown): boolean {
  let level: unknown[] = [value]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > maxDepth) return true
    level = level.flatMap((v) => (typeof v === 'object' && v !== null ? Object.values(v) : []))
  }
  return false
}
