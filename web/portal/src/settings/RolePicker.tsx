import { Checkbox, Stack } from '@mantine/core'
import { roleMeaning, roles, type Role } from '../../../../domain/access/permissions.ts'

/** Roles with what each is for. */
export function RolePicker({
  value,
  onChange,
  label = 'Roles',
}: {
  value: readonly Role[]
  onChange: (next: Role[]) => void
  label?: string
}) {
  return (
    <Checkbox.Group label={label} value={[...value]} onChange={(v) => onChange(roles.filter((r) => v.includes(r)))}>
      <Stack gap={8} mt={6}>
        {roles.map((r) => (
          <Checkbox key={r} value={r} label={r[0]!.toUpperCase() + r.slice(1)} description={roleMeaning[r]} />
        ))}
      </Stack>
    </Checkbox.Group>
  )
}
