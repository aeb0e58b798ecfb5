import { Stack } from '@mantine/core'
import { useAreas } from './areas-context.ts'

/**
 * The areas in the order of the data's life, each with the count that matters today. What a person may not do is not
 * shown.
 */
export function Rail() {
  return (
    <Stack gap={2} p="xs">
      {useAreas().map(({ name, Rail: Entries }) => Entries && <Entries key={name} />)}
    </Stack>
  )
}
