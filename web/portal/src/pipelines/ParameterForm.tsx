import { NumberInput, Select, SimpleGrid, Switch, Text, TextInput } from '@mantine/core'
import {
  type Parameter,
  type ParameterSchema,
  parameterFaults,
  rangeText,
  withDefaults,
} from '../../../../domain/pipelines/parameters.ts'
import styles from './ParameterForm.module.css'

export type Values = Record<string, unknown>
/** What is wrong, by parameter: the same rules as on the server. */
export function valueFaultsOf(schema: ParameterSchema, values: Values): Map<string, string> {
  const out = new Map<string, string>()
  for (const fault of parameterFaults(schema, withDefaults(schema, values))) {
    const name = fault.path.split('/')[1]!
    if (!out.has(name)) out.set(name, `${fault.message}.${fault.expected ? ` Expected: ${fault.expected}.` : ''}`)
  }
  return out
}

const listOf = (text: string): number[] | string => {
  const parts = text.split(/[\s,;]+/).filter(Boolean)
  const numbers = parts.map(Number)
  return numbers.some((n) => !Number.isFinite(n)) ? text : numbers
}

function Field({
  name,
  p: parameter,
  value,
  base,
  fault,
  put,
  disabled,
}: {
  name: string
  p: Parameter
  value: unknown
  base: unknown
  fault: string | undefined
  put: (v: unknown) => void
  disabled: boolean
}) {
  const title = parameter.title ?? name
  const label = (
    <>
      {title}
      {parameter.unit ? (
        <Text span size="xs" c="dimmed">
          {' '}
          ({parameter.unit})
        </Text>
      ) : null}
      {value !== undefined && JSON.stringify(value) !== JSON.stringify(base) ? (
        <Text span size="xs" fw={500} c="var(--mantine-color-anchor)">
          {' '}
          · changed
        </Text>
      ) : null}
    </>
  )
  const common = {
    label,
    description: parameter.description,
    inputWrapperOrder: ['label', 'input', 'error', 'description'] as ('label' | 'input' | 'error' | 'description')[],
    error: fault,
    disabled,
    'aria-label': title,
  }
  const { inputWrapperOrder: _, ...switched } = common
  const shown = value === undefined ? base : value
  switch (parameter.type) {
    case 'boolean':
      return <Switch {...switched} mt={28} checked={shown === true} onChange={(e) => put(e.currentTarget.checked)} />
    case 'array':
      return (
        <TextInput
          {...common}
          placeholder="numbers with commas"
          key={`${name} ${JSON.stringify(shown)}`}
          defaultValue={Array.isArray(shown) ? shown.join(', ') : String(shown ?? '')}
          onBlur={(e) => put(e.currentTarget.value.trim() === '' ? undefined : listOf(e.currentTarget.value))}
        />
      )
    case 'string':
      return parameter.enum ? (
        <Select
          {...common}
          data={parameter.enum}
          value={typeof shown === 'string' ? shown : null}
          onChange={(v) => put(v ?? undefined)}
          allowDeselect={false}
        />
      ) : (
        <TextInput
          {...common}
          value={typeof shown === 'string' ? shown : ''}
          onChange={(e) => put(e.currentTarget.value)}
        />
      )
    default:
      return parameter.enum ? (
        <Select
          {...common}
          data={parameter.enum.map(String)}
          value={shown === undefined ? null : String(shown)}
          onChange={(v) => put(v === null ? undefined : Number(v))}
          allowDeselect={false}
        />
      ) : (
        <NumberInput
          {...common}
          placeholder={rangeText(parameter, parameter.unit)}
          value={typeof shown === 'number' ? shown : ''}
          onChange={(v) => put(v === '' ? undefined : Number(v))}
          hideControls
          allowDecimal={parameter.type === 'number'}
          clampBehavior="none"
        />
      )
  }
}

/**
 * A form made from the pipeline's schema: groups, units, help; what is rarely changed is folded away. `base` are the
 * values that hold when nothing is typed.
 */
export function ParameterForm({
  schema,
  values,
  base,
  change,
  faults,
  disabled = false,
}: {
  schema: ParameterSchema
  values: Values
  base?: Values
  change: (next: Values) => void
  faults: Map<string, string>
  disabled?: boolean
}) {
  const put = (name: string, value: unknown) => {
    const { [name]: _, ...rest } = values
    change(value === undefined ? rest : { ...rest, [name]: value })
  }
  const all = Object.entries(schema.properties)
  const groups = [{ name: undefined, title: 'Parameters', description: undefined }, ...(schema.groups ?? [])]
  const fields = (of: typeof all) => (
    <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }} spacing="md" verticalSpacing="sm">
      {of.map(([name, parameter]) => (
        <Field
          key={name}
          name={name}
          p={parameter}
          value={values[name]}
          base={base?.[name] ?? parameter.default}
          fault={faults.get(name)}
          put={(v) => put(name, v)}
          disabled={disabled}
        />
      ))}
    </SimpleGrid>
  )
  return (
    <>
      {groups.map((group) => {
        const own = all.filter(([, p]) => p.group === group.name)
        if (own.length === 0) return null
        const plain = own.filter(([, p]) => !p.advanced)
        const more = own.filter(([, p]) => p.advanced)
        const open = more.some(([name]) => faults.has(name) || name in values)
        return (
          <fieldset key={group.name ?? ''} className={styles.group}>
            <legend>{group.title}</legend>
            {group.description && (
              <Text size="sm" c="dimmed" mb="xs">
                {group.description}
              </Text>
            )}
            {fields(plain)}
            {more.length > 0 && (
              <details className="legend" open={open || undefined}>
                <summary>More ({more.length})</summary>
                <div className={styles.more}>{fields(more)}</div>
              </details>
            )}
          </fieldset>
        )
      })}
    </>
  )
}
