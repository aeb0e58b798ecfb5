/** Checks of one parameter's value against what the plugin's catalogue entry says. */
import { canonical } from '../hash.ts'
import { isObject, pointer, type Findings } from './configuration-errors.ts'
import type { ParameterInfo, ParameterKind } from './plugin-info.ts'
import { asReference, fillTemplate, referenceKinds, templateNames } from './references.ts'

/** A timeline around the parameter that declares variables. */
export interface Level {
  path: string
  rows: readonly Record<string, unknown>[]
}
export interface Scope {
  levels: readonly Level[]
  conditions: readonly Record<string, unknown>[]
  conditionsPath: string
  /** The study's files. */
  assets: ReadonlySet<string>
  /** Takes down every file that is named. */
  files?: Set<string>
}

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
/** What a parameter accepts, in words. */
export const expectation = (info: ParameterInfo): string =>
  info.options
    ? info.options.map((o) => JSON.stringify(o)).join(', ')
    : info.array
      ? `a list: ${wanted[info.kind]} each`
      : wanted[info.kind]

const maxExpansions = 5000

/** Checks `value` at `path`; references are followed to every value that they can stand for. */
export function checkValue(found: Findings, value: unknown, path: string, info: ParameterInfo, scope: Scope): void {
  const reference = asReference(value)
  if (!reference) {
    if (isObject(value) && info.kind !== 'object' && referenceKinds.some((k) => Object.hasOwn(value, k)))
      return found.add(
        path,
        'This reference is not well formed',
        value,
        '{ "timeline_variable": "name" }, { "condition_variable": "name" }, { "url_parameter": "name", "default": "…" } or { "template": "… {{name}} …" }',
      )
    return checkLiteral(found, value, path, info, scope)
  }
  if ('timeline_variable' in reference) {
    const name = reference.timeline_variable
    const level = scope.levels.findLast((l) => l.rows.some((r) => Object.hasOwn(r, name)))
    if (!level)
      return found.unknown(
        path,
        name,
        value,
        timelineNames(scope),
        'No timeline variable of this name is declared around this trial',
      )
    for (const [i, row] of level.rows.entries()) {
      const at = pointer(pointer(pointer(level.path, 'timeline_variables'), i), name)
      if (refers(row[name])) continue // an error of its own, found where the rows are checked
      if (Object.hasOwn(row, name)) checkValue(found, row[name], at, info, scope)
      else found.add(at, `This row has no ${name}, which a trial asks for`, undefined, expectation(info))
    }
  } else if ('condition_variable' in reference) {
    const name = reference.condition_variable
    if (!conditionNames(scope).includes(name))
      return found.unknown(path, name, value, conditionNames(scope), 'No condition has a variable of this name')
    for (const [i, row] of scope.conditions.entries()) {
      const at = pointer(pointer(scope.conditionsPath, i), name)
      if (Object.hasOwn(row, name)) checkLiteral(found, row[name], at, info, scope)
      else found.add(at, `This condition has no ${name}, which a trial asks for`, undefined, expectation(info))
    }
  } else if ('url_parameter' in reference) {
    if (info.array || !['string', 'select', 'key'].includes(info.kind))
      found.add(
        path,
        `The link's query cannot be used here${info.kind === 'html' ? '; write { "template": "{{parameter:name}}" }' : ''}`,
        value,
        expectation(info),
      )
  } else checkTemplate(found, reference.template, path, info, scope)
}

/** Whether a timeline variable refers to a timeline variable again, which could go on without end. */
const refers = (value: unknown): boolean => {
  const reference = asReference(value)
  return reference !== undefined && 'timeline_variable' in reference
}

export const timelineNames = (scope: Scope): string[] => [
  ...new Set(scope.levels.flatMap((l) => l.rows.flatMap((r) => Object.keys(r)))),
]
export const conditionNames = (scope: Scope): string[] => [
  ...new Set(scope.conditions.flatMap((c) => Object.keys(c).filter((k) => k !== 'name' && k !== 'weight'))),
]

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
  const many = info.array || ((info.kind === 'image' || info.kind === 'html') && Array.isArray(value))
  if (many)
    return (value as unknown[]).forEach((v, i) =>
      Array.isArray(v)
        ? v.forEach((w, j) => checkOne(found, w, pointer(pointer(path, i), j), info, scope))
        : checkElement(found, v, pointer(path, i), info, scope),
    )
  checkOne(found, value, path, info, scope)
}

/** One element of a list: it may be a reference of its own. */
const checkElement = (found: Findings, value: unknown, path: string, info: ParameterInfo, scope: Scope): void => {
  const { array: _, default: __, ...single } = info
  if (asReference(value)) checkValue(found, value, path, single, scope)
  else checkOne(found, value, path, info, scope)
}

function checkOne(found: Findings, value: unknown, path: string, info: ParameterInfo, scope: Scope): void {
  const wrong = (message: string): void =>
    found.add(path, message, value, info.options ? expectation(info) : wanted[info.kind])
  switch (info.kind) {
    case 'bool':
      return typeof value === 'boolean' || (info.array && (value === 0 || value === 1))
        ? undefined
        : wrong('This is neither true nor false')
    case 'int':
    case 'float':
      return typeof value === 'number' && Number.isFinite(value) ? undefined : wrong('This is not a number')
    case 'select':
      return !info.options || info.options.includes(value) ? undefined : wrong('This is not one of the options')
    case 'key':
      return typeof value === 'string' && value !== '' ? undefined : wrong('This is not a key')
    case 'keys': {
      if (value === 'ALL_KEYS' || value === 'NO_KEYS' || (info.array && typeof value === 'string')) return
      return Array.isArray(value) && value.every((k) => typeof k === 'string' && k !== '')
        ? undefined
        : wrong('These are not keys')
    }
    case 'string':
      return typeof value !== 'string' ? wrong('This is not text') : undefined
    case 'html':
      return typeof value !== 'string' ? wrong('This is not text') : checkHtml(found, value, path, scope)
    case 'image':
    case 'audio':
    case 'video':
      return typeof value !== 'string' ? wrong('This is not a path') : checkAsset(found, value, path, scope)
    case 'object':
      return isObject(value) || Array.isArray(value)
        ? checkObject(found, value, path, scope)
        : wrong('This is not an object')
    case 'complex': {
      const members = found.object(value, path)
      if (!members || !info.nested) return
      found.members(members, path, Object.keys(info.nested))
      for (const [name, nested] of Object.entries(info.nested)) {
        if (Object.hasOwn(members, name)) checkValue(found, members[name], pointer(path, name), nested, scope)
        else if (nested.required) found.add(path, `${name} is missing`, undefined, `${name}: ${expectation(nested)}`)
      }
      return
    }
  }
}

/** Files that a text with HTML shows. */
export const htmlFiles = (html: string): string[] =>
  [
    ...html.matchAll(
      /<(?:img|audio|video|source|track|embed|iframe|script|input)\b[^>]*?\s(?:src|poster)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>"']+))/gi,
    ),
  ].map((m) => m[1] ?? m[2] ?? m[3] ?? '')
const checkHtml = (found: Findings, html: string, path: string, scope: Scope): void =>
  htmlFiles(html).forEach((file) => checkAsset(found, file, path, scope))

/** A path as it stands in a configuration, as the study's list of files has it. */
export const assetName = (path: string): string => {
  try {
    return decodeURI(path.replace(/^\.\//, '').replace(/[?#].*$/, ''))
  } catch {
    return path
  }
}

/** A file must be among the study's; nothing is loaded from another host. */
export function checkAsset(found: Findings, file: string, path: string, scope: Scope): void {
  if (/^data:/i.test(file)) return
  scope.files?.add(file)
  if (/^([a-z][a-z0-9+.-]*:|\/)/i.test(file))
    return found.add(
      path,
      'Studies load nothing from elsewhere: add the file to the study and give its path',
      file,
      'a path within the study, e.g. images/face.png',
    )
  if (!scope.assets.has(assetName(file)))
    found.unknown(path, file, file, [...scope.assets], `The study has no file ${file}`)
}

/** Inside a survey definition, pictures are named by these members. */
const pictureMembers = ['imageLink', 'logo', 'backgroundImage']
function checkObject(found: Findings, value: unknown, path: string, scope: Scope): void {
  for (const [name, v] of Object.entries(value as object) as [string, unknown][]) {
    if (pictureMembers.includes(name) && typeof v === 'string' && v !== '')
      checkAsset(found, v, pointer(path, name), scope)
    else if (typeof v === 'object' && v !== null && !asReference(v)) checkObject(found, v, pointer(path, name), scope)
  }
}
