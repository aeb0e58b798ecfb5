import { Text } from '@mantine/core'
import styles from './reference.module.css'

type Schema = Record<string, unknown>

/** A schema's type in a word, as people write it. */
export function typeWord(schema: Schema): string {
  if (Array.isArray(schema['enum'])) return (schema['enum'] as unknown[]).map((v) => JSON.stringify(v)).join(' | ')
  if ('const' in schema) return JSON.stringify(schema['const'])
  const options = (schema['anyOf'] ?? schema['oneOf']) as Schema[] | undefined
  if (options) return options.map(typeWord).join(' | ')
  if (schema['type'] === 'array') {
    const items = schema['items'] as Schema | undefined
    const tuple = schema['prefixItems'] as Schema[] | undefined
    return tuple ? `[${tuple.map(typeWord).join(', ')}]` : `list of ${items ? typeWord(items) : 'anything'}`
  }
  if (typeof schema['format'] === 'string') return schema['format'] === 'date-time' ? 'time' : schema['format']
  return typeof schema['type'] === 'string' ? schema['type'] : 'anything'
}

/** What else holds for a value: lengths, limits, default. */
function limits(schema: Schema): string {
  const range = (low: unknown, high: unknown, unit: string): string | undefined => {
    const open = high === undefined || high === Number.MAX_SAFE_INTEGER
    if (open) return low === undefined ? undefined : `at least ${low}${unit}`
    return low === undefined || low === Number.MIN_SAFE_INTEGER ? `at most ${high}${unit}` : `${low} to ${high}${unit}`
  }
  const low = schema['minimum'] === Number.MIN_SAFE_INTEGER ? undefined : schema['minimum']
  return [
    range(low, schema['maximum'], ''),
    range(schema['minLength'], schema['maxLength'], ' characters'),
    range(schema['minItems'], schema['maxItems'], ' items'),
    schema['default'] === undefined ? undefined : `default ${JSON.stringify(schema['default'])}`,
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
      {Object.entries(object['properties'] as Record<string, Schema>).map(([name, schema]) => (
        <li key={name}>
          <code>{name}</code>{' '}
          <span className={styles.type}>
            {typeWord(schema)}
            {required.has(name) ? '' : ', may be absent'}
            {limits(schema) ? `, ${limits(schema)}` : ''}
          </span>
          {typeof schema['description'] === 'string' && <span className={styles.says}> {schema['description']}</span>}
          {depth < 4 && <SchemaTree schema={schema} depth={depth + 1} />}
        </li>
      ))}
    </ul>
  )
}
