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
        {roles.map((role) => (
          <Checkbox
            key={role}
            value={role}
            label={role[0]!.toUpperCase() + role.slice(1)}
            description={roleMeaning[role]}
          />
        ))}
      </Stack>
    </Checkbox.Group>
  )
}
