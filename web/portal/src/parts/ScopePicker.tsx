import { Checkbox, Stack } from '@mantine/core'
import { scopeMeaning, scopes, type Scope } from '../../../../domain/access/permissions.ts'

/** What a token may do; `offered` leaves out what was not asked for. */
export function ScopePicker({
  value,
  onChange,
  offered = scopes,
  label = 'What it may do',
}: {
  value: readonly Scope[]
  onChange: (next: Scope[]) => void
  offered?: readonly Scope[]
  label?: string
}) {
  return (
    <Checkbox.Group label={label} value={[...value]} onChange={(v) => onChange(scopes.filter((s) => v.includes(s)))}>
      <Stack gap={8} mt={6}>
        {scopes
          .filter((s) => offered.includes(s))
          .map((scope) => (
            <Checkbox key={scope} value={scope} label={scopeMeaning[scope]} description={scope} />
          ))}
      </Stack>
    </Checkbox.Group>
  )
}

/** How long a token may live. */
export const lifetimes = [
  { value: '7', label: '7 days' },
  { value: '30', label: '30 days' },
  { value: '90', label: '90 days' },
  { value: '365', label: 'One year' },
]
