import { Text } from '@mantine/core'
import styles from './reference.module.css'

type Schema = Record<string, unknown>

/** A schema's type in a word, as people write it. */
export function typeWord(s: Schema): string {
  if (Array.isArray(s['enum'])) return (s['enum'] as unknown[]).map((v) => JSON.stringify(v)).join(' | ')
  if ('const' in s) return JSON.stringify(s['const'])
  const options = (s['anyOf'] ?? s['oneOf']) as Schema[] | undefined
  if (options) return options.map(typeWord).join(' | ')
  if (s['type'] === 'array') {
    const items = s['items'] as Schema | undefined
    const tuple = s['prefixItems'] as Schema[] | undefined
    return tuple ? `[${tuple.map(typeWord).join(', ')}]` : `list of ${items ? typeWord(items) : 'anything'}`
  }
  if (typeof s['format'] === 'string') return s['format'] === 'date-time' ? 'time' : s['format']
  return typeof s['type'] === 'string' ? s['type'] : 'anything'
}

/** What else holds for a value: lengths, limits, default. */
function limits(s: Schema): string {
  const range = (low: unknown, high: unknown, unit: string): string | undefined => {
    const open = high === undefined || high === Number.MAX_SAFE_INTEGER
    if (open) return low === undefined ? undefined : `at least ${low}${unit}`
    return low === undefined || low === Number.MIN_SAFE_INTEGER ? `at most ${high}${unit}` : `${low} to ${high}${unit}`
  }
  const low = s['minimum'] === Number.MIN_SAFE_INTEGER ? undefined : s['minimum']
  return [
    range(low, s['maximum'], ''),
    range(s['minLength'], s['maxLength'], ' characters'),
    range(s['minItems'], s['maxItems'], ' items'),
    s['default'] === undefined ? undefined : `default ${JSON.stringify(s['default'])}`,
  ]
    .filter(Boolean)
    .join(', ')
}

/** The members of a JSON Schema object, nested ones indented. */
export function SchemaTree({ schema, depth = 0 }: { schema: Schema; depth?: number }) {
  const inner = (of: Schema): Schema | undefined => {
    if (of['properties']) return of
    return of['type'] === 'array' && of['items'] ? inner(of['items'] as Schema) : undefined
  }
  const object = inner(schema)
  if (!object)
    return depth === 0 ? (
      <Text size="sm">
        <code>{typeWord(schema)}</code>
      </Text>
    ) : null
  const required = new Set((object['required'] as string[] | undefined) ?? [])
  return (
    <ul className={styles.schema}>
      {Object.entries(object['properties'] as Record<string, Schema>).map(([name, s]) => (
        <li key={name}>
          <code>{name}</code>{' '}
          <span className={styles.type}>
            {typeWord(s)}
            {required.has(name) ? '' : ', may be absent'}
            {limits(s) ? `, ${limits(s)}` : ''}
          </span>
          {typeof s['description'] === 'string' && <span className={styles.says}> {s['description']}</span>}
          {depth < 4 && <SchemaTree schema={s} depth={depth + 1} />}
        </li>
      ))}
    </ul>
  )
}
