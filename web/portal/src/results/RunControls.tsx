import { Group, Select, Text } from '@mantine/core'
import { runLife, runStates } from '../../../../domain/runs/life.ts'
import { ListControls } from '../parts/ListControls.tsx'
import type { RunFilter } from './data.ts'
import { sorts } from './run-order.ts'
import type { Runs } from './useRuns.ts'

const stateOptions = runStates.map((state) => ({ value: state, label: state[0]!.toUpperCase() + state.slice(1) }))

/** Searches, narrows and orders the list of runs. A study of one condition has nothing to choose among them. */
export function RunControls({ runs, conditions }: { runs: Runs; conditions: string[] }) {
  const { list, set, filter, setCondition, setPreview } = runs
  return (
    <>
      <ListControls list={list} set={set} states={stateOptions} sorts={sorts} placeholder="Search runs" />
      <Group gap="sm" mb="sm">
        {conditions.length > 1 && (
          <Select
            size="xs"
            aria-label="Filter by condition"
            data={[{ value: '', label: 'Every condition' }, ...conditions]}
            value={filter.condition}
            onChange={(v) => setCondition(v ?? '')}
            allowDeselect={false}
            w={180}
          />
        )}
        <Select
          size="xs"
          aria-label="Previews"
          data={[
            { value: 'false', label: 'Without previews' },
            { value: 'true', label: 'Only previews' },
            { value: '', label: 'With previews' },
          ]}
          value={filter.preview}
          onChange={(v) => setPreview((v ?? 'false') as RunFilter['preview'])}
          allowDeselect={false}
          w={160}
        />
        {list.state && (
          <Text size="sm" c="dimmed">
            {runLife[list.state as keyof typeof runLife]?.meaning}
          </Text>
        )}
      </Group>
    </>
  )
}
