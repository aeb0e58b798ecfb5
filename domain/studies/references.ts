/**
 * Declared references: a parameter's value taken from timeline variables, the condition's variables, the link's query,
 * or a template over them.
 */

export type Reference =
  | { timeline_variable: string }
  | { condition_variable: string }
  | { url_parameter: string; default?: string }
  | { template: string }
export const referenceKinds = ['timeline_variable', 'condition_variable', 'url_parameter', 'template'] as const

export interface Sources {
  timeline: Readonly<Record<string, unknown>>
  condition: Readonly<Record<string, unknown>>
  parameters: Readonly<Record<string, string>>
}

/** The reference that a value is, if it is one. */
export function asReference(value: unknown): Reference | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const kind = referenceKinds.find((k) => Object.hasOwn(value, k))
  if (!kind || Object.keys(value).some((k) => k !== kind && !(kind === 'url_parameter' && k === 'default')))
    return undefined
  return typeof (value as Record<string, unknown>)[kind] === 'string' ? (value as Reference) : undefined
}

const slot = /\{\{\s*((?:parameter:)?[A-Za-z_][A-Za-z0-9_.-]*)\s*\}\}/g
const fromLink = 'parameter:'
/** Variables that a template asks for, each once; what it takes from the link's query is not among them. */
export const templateNames = (template: string): string[] =>
  [...new Set([...template.matchAll(slot)].map((m) => m[1] as string))].filter((n) => !n.startsWith(fromLink))
const escaped: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
const own = (from: Readonly<Record<string, unknown>>, name: string): unknown =>
  Object.hasOwn(from, name) ? from[name] : undefined

/**
 * Fills `{{name}}` from timeline variables, then the condition's, and `{{parameter:name}}` from the link's query, made
 * harmless for HTML: anybody can write a query.
 */
export const fillTemplate = (template: string, from: Sources): string =>
  template.replaceAll(slot, (_, name: string) => {
    if (!name.startsWith(fromLink)) return String(own(from.timeline, name) ?? own(from.condition, name) ?? '')
    const given = String(own(from.parameters, name.slice(fromLink.length)) ?? '')
    return given.replaceAll(/[&<>"']/g, (character) => escaped[character] as string)
  })

/**
 * The value with every reference inside it replaced. A timeline variable may itself be a reference to something else
 * than a timeline variable (validation sees to it), so this ends.
 */
export function resolve(value: unknown, from: Sources): unknown {
  const reference = asReference(value)
  if (reference) {
    if ('template' in reference) return fillTemplate(reference.template, from)
    if ('url_parameter' in reference) return own(from.parameters, reference.url_parameter) ?? reference.default ?? ''
    const found =
      'timeline_variable' in reference
        ? own(from.timeline, reference.timeline_variable)
        : own(from.condition, reference.condition_variable)
    return resolve(found, from)
  }
  if (Array.isArray(value)) return value.map((v) => resolve(v, from))
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, resolve(v, from)]))
  return value
}

/** Whether a reference (of one kind, or of any) stands anywhere inside a value. */
export function containsReference(value: unknown, kind?: (typeof referenceKinds)[number]): boolean {
  if (typeof value !== 'object' || value === null) return false
  const reference = asReference(value)
  if (reference) return kind === undefined || kind in reference
  return Object.values(value).some((v) => containsReference(v, kind))
}
