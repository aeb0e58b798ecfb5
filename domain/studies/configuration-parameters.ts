/** Checks of one parameter's value against what the plugin's catalogue entry says. */
import { canonical } from '../hash.ts'
import { checkAsset, checkHtml, checkPictures } from './configuration-assets.ts'
import { isObject, pointer, type Findings } from './configuration-errors.ts'
import { conditionNames, timelineNames, type Scope } from './configuration-scope.ts'
import type { ParameterInfo, ParameterKind } from './plugin-info.ts'
import { asReference, fillTemplate, referenceKinds, templateNames } from './references.ts'

const wanted: Record<ParameterKind, string> = {
  bool: 'true or false',
  string: 'text',
  int: 'a number',
  float: 'a number',
  function: 'nothing',
  key: 'a key, e.g. "f" or "ArrowLeft"',
  keys: 'a list of keys, "ALL_KEYS" or "NO_KEYS"',
  select: 'one of the options',
  html: 'text with HTML',
  image: 'path of an image file of this study',
  audio: 'path of an audio file of this study',
  video: 'path of a video file of this study',
  object: 'an object',
  complex: 'an object',
  timeline: 'nothing',
}
/** What a parameter accepts, in words for an error's `expected`. */
export function expectation(info: ParameterInfo): string {
  if (info.options) return info.options.map((option) => JSON.stringify(option)).join(', ')
  return info.array ? `a list: ${wanted[info.kind]} each` : wanted[info.kind]
}

const maxExpansions = 5000

/**
 * Checks `value`, which stands at the pointer `path`, against what the catalogue says of the parameter. References are
 * followed to every value that they can stand for, and errors are shown where that value stands.
 */
export function checkValue(found: Findings, value: unknown, path: string, info: ParameterInfo, scope: Scope): void {
  const reference = asReference(value)
  if (!reference) checkPlainValue(found, value, path, info, scope)
  else if ('timeline_variable' in reference)
    checkTimelineVariable(found, reference.timeline_variable, value, path, info, scope)
  else if ('condition_variable' in reference)
    checkConditionVariable(found, reference.condition_variable, value, path, info, scope)
  else if ('url_parameter' in reference) checkLinkParameter(found, value, path, info)
  else checkTemplate(found, reference.template, path, info, scope)
}

const referenceForms =
  '{ "timeline_variable": "name" }, { "condition_variable": "name" }, ' +
  '{ "url_parameter": "name", "default": "…" } or { "template": "… {{name}} …" }'

function checkPlainValue(found: Findings, value: unknown, path: string, info: ParameterInfo, scope: Scope): void {
  if (isObject(value) && info.kind !== 'object' && referenceKinds.some((kind) => Object.hasOwn(value, kind)))
    return found.add(path, 'This reference is not well formed', value, referenceForms)
  checkLiteral(found, value, path, info, scope)
}

/** Every row of the innermost timeline that declares the variable must have a value that fits. */
function checkTimelineVariable(
  found: Findings,
  name: string,
  value: unknown,
  path: string,
  info: ParameterInfo,
  scope: Scope,
): void {
  const level = scope.levels.findLast((l) => l.rows.some((row) => Object.hasOwn(row, name)))
  if (!level)
    return found.unknown(
      path,
      name,
      value,
      timelineNames(scope),
      'No timeline variable of this name is declared around this trial',
    )
  for (const [index, row] of level.rows.entries()) {
    const at = pointer(pointer(pointer(level.path, 'timeline_variables'), index), name)
    if (refers(row[name])) continue // an error of its own, found where the rows are checked
    if (Object.hasOwn(row, name)) checkValue(found, row[name], at, info, scope)
    else found.add(at, `This row has no ${name}, which a trial asks for`, undefined, expectation(info))
  }
}

/** Every condition must have a value that fits. */
function checkConditionVariable(
  found: Findings,
  name: string,
  value: unknown,
  path: string,
  info: ParameterInfo,
  scope: Scope,
): void {
  if (!conditionNames(scope).includes(name))
    return found.unknown(path, name, value, conditionNames(scope), 'No condition has a variable of this name')
  for (const [index, condition] of scope.conditions.entries()) {
    const at = pointer(pointer(scope.conditionsPath, index), name)
    if (Object.hasOwn(condition, name)) checkLiteral(found, condition[name], at, info, scope)
    else found.add(at, `This condition has no ${name}, which a trial asks for`, undefined, expectation(info))
  }
}

/** Anybody can write a link's query: it may be text, and never HTML. */
function checkLinkParameter(found: Findings, value: unknown, path: string, info: ParameterInfo): void {
  if (!info.array && ['string', 'select', 'key'].includes(info.kind)) return
  const hint = info.kind === 'html' ? '; write { "template": "{{parameter:name}}" }' : ''
  found.add(path, `The link's query cannot be used here${hint}`, value, expectation(info))
}

/** Whether a timeline variable refers to a timeline variable again, which could go on without end. */
const refers = (value: unknown): boolean => {
  const reference = asReference(value)
  return reference !== undefined && 'timeline_variable' in reference
}

function checkTemplate(found: Findings, template: string, path: string, info: ParameterInfo, scope: Scope): void {
  if (info.array || !['string', 'html', 'image', 'audio', 'video', 'select', 'key'].includes(info.kind))
    return found.add(path, 'A template gives text, which cannot be used here', { template }, expectation(info))
  const names = templateNames(template)
  const known = [...timelineNames(scope), ...conditionNames(scope)]
  for (const name of names)
    if (!known.includes(name))
      found.unknown(
        path,
        name,
        { template },
        known,
        `The template asks for ${name}, which is not declared around this trial`,
      )
  if (names.every((n) => known.includes(n)))
    for (const text of expansions(template, names, scope)) checkLiteral(found, text, path, info, scope)
}

/**
 * Every text a template can become (up to a bound): over the rows of each timeline that declares one of its names, and
 * the conditions.
 */
export function expansions(template: string, names: readonly string[], scope: Scope): string[] {
  let sources: Record<string, unknown>[] = [{}]
  const uses = (rows: readonly Record<string, unknown>[]): boolean =>
    rows.some((r) => names.some((n) => Object.hasOwn(r, n)))
  for (const rows of [scope.conditions, ...scope.levels.map((l) => l.rows)].filter(uses))
    sources = sources.flatMap((s) => rows.map((r) => ({ ...s, ...r }))).slice(0, maxExpansions)
  return [...new Set(sources.map((timeline) => fillTemplate(template, { timeline, condition: {}, parameters: {} })))]
}

function checkLiteral(found: Findings, value: unknown, path: string, info: ParameterInfo, scope: Scope): void {
  if (value === null && info.default === null) return
  if (info.default !== undefined && value !== null && canonical(value) === canonical(info.default)) return
  if (info.kind === 'function')
    return found.add(
      path,
      'A configuration carries no code, so this parameter cannot be given',
      value,
      'leave it out, or use a plain web study',
    )
  if (info.kind === 'timeline')
    return found.add(
      path,
      'A timeline cannot be given here; list the files in images, audio and video, or set auto_preload',
      value,
      'leave it out',
    )
  if (info.array && !Array.isArray(value)) return found.add(path, 'This is not a list', value, expectation(info))
  const takesList = info.array || info.kind === 'image' || info.kind === 'html'
  if (takesList && Array.isArray(value)) checkElements(found, value, path, info, scope)
  else checkOne(found, value, path, info, scope)
}

/** The elements of a list; an element that is a list itself stands for its elements. */
function checkElements(
  found: Findings,
  values: readonly unknown[],
  path: string,
  info: ParameterInfo,
  scope: Scope,
): void {
  for (const [index, value] of values.entries()) {
    const at = pointer(path, index)
    if (!Array.isArray(value)) checkElement(found, value, at, info, scope)
    else for (const [place, inner] of value.entries()) checkOne(found, inner, pointer(at, place), info, scope)
  }
}

/** One element of a list: it may be a reference of its own. */
function checkElement(found: Findings, value: unknown, path: string, info: ParameterInfo, scope: Scope): void {
  const { array: _, default: __, ...single } = info
  if (asReference(value)) checkValue(found, value, path, single, scope)
  else checkOne(found, value, path, info, scope)
}

const isKey = (value: unknown): boolean => typeof value === 'string' && value !== ''

/** `ALL_KEYS`, `NO_KEYS` or a list of keys; in a list of such values also one key. */
function isKeys(value: unknown, info: ParameterInfo): boolean {
  if (value === 'ALL_KEYS' || value === 'NO_KEYS' || (info.array && typeof value === 'string')) return true
  return Array.isArray(value) && value.every(isKey)
}

/** Whether a value is of a kind, and what to say when it is not. Kinds that are not here take anything. */
const kindChecks: Partial<
  Record<ParameterKind, { fits: (value: unknown, info: ParameterInfo) => boolean; fault: string }>
> = {
  bool: {
    // jsPsych's own defaults of lists of switches are written as 0 and 1
    fits: (value, info) => typeof value === 'boolean' || (info.array === true && (value === 0 || value === 1)),
    fault: 'This is neither true nor false',
  },
  int: { fits: Number.isFinite, fault: 'This is not a number' },
  float: { fits: Number.isFinite, fault: 'This is not a number' },
  select: {
    fits: (value, info) => !info.options || info.options.includes(value),
    fault: 'This is not one of the options',
  },
  key: { fits: isKey, fault: 'This is not a key' },
  keys: { fits: isKeys, fault: 'These are not keys' },
  string: { fits: isText, fault: 'This is not text' },
  html: { fits: isText, fault: 'This is not text' },
  image: { fits: isText, fault: 'This is not a path' },
  audio: { fits: isText, fault: 'This is not a path' },
  video: { fits: isText, fault: 'This is not a path' },
  object: { fits: (value) => isObject(value) || Array.isArray(value), fault: 'This is not an object' },
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

/** One literal value: its kind, then what it names or holds. */
function checkOne(found: Findings, value: unknown, path: string, info: ParameterInfo, scope: Scope): void {
  const check = kindChecks[info.kind]
  if (check && !check.fits(value, info))
    return found.add(path, check.fault, value, info.options ? expectation(info) : wanted[info.kind])
  switch (info.kind) {
    case 'html':
      return checkHtml(found, value as string, path, scope)
    case 'image':
    case 'audio':
    case 'video':
      return checkAsset(found, value as string, path, scope)
    case 'object':
      return checkPictures(found, value as object, path, scope)
    case 'complex':
      return checkComplex(found, value, path, info, scope)
    default:
      return undefined
  }
}

/** A value with members of its own, each a parameter. */
function checkComplex(found: Findings, value: unknown, path: string, info: ParameterInfo, scope: Scope): void {
  const members = found.object(value, path)
  if (!members || !info.nested) return
  found.members(members, path, Object.keys(info.nested))
  for (const [name, nested] of Object.entries(info.nested)) {
    if (Object.hasOwn(members, name)) checkValue(found, members[name], pointer(path, name), nested, scope)
    else if (nested.required) found.add(path, `${name} is missing`, undefined, `${name}: ${expectation(nested)}`)
  }
}
