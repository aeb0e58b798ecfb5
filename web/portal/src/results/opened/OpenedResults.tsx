import { Button, Group, Stack, Text } from '@mantine/core'
import { useMemo } from 'react'
import { columnsOf } from '../../../../../clients/results/csv.ts'
import { tableRows } from '../../../../../clients/results/rows.ts'
import { type Study } from '../../hooks.ts'
import { count } from '../../parts/figures.ts'
import { openedRuns, type Opened } from '../opened.ts'
import { numbersOf } from '../summaries.ts'
import { Accuracy } from './Accuracy.tsx'
import { Downloads } from './Downloads.tsx'
import { NotWhole } from './NotWhole.tsx'
import { ReactionTimes } from './ReactionTimes.tsx'
import { RowsPreview } from './RowsPreview.tsx'

/** Opened results: what is not whole first, then a look at the rows and the usual plots, and the downloads. */
export function OpenedResults({ study, opened }: { study: Study; opened: Opened }) {
  const rows = useMemo(() => tableRows(opened.runs), [opened])
  const columns = useMemo(() => columnsOf(rows), [rows])
  const hasTimes = useMemo(() => numbersOf(rows, 'rt').length > 0, [rows])
  const hasAccuracy = useMemo(() => rows.some((r) => typeof r.get('correct') === 'boolean'), [rows])
  return (
    <section className="panel" aria-label="Opened results">
      <Group justify="space-between" gap="sm" mb="md">
        <div>
          <Text fw={600}>
            {count(opened.runs.length, 'run')} opened, {count(rows.length, 'row')}
          </Text>
          <Text size="sm" c="dimmed">
            Only in this tab, until you reload, sign out or forget them.
          </Text>
        </div>
        <Group gap="xs">
          <Downloads study={study} opened={opened} />
          <Button variant="subtle" color="gray" onClick={() => openedRuns.forget(study.studyId)}>
            Forget
          </Button>
        </Group>
      </Group>
      <NotWhole opened={opened} />
      {rows.length === 0 ? (
        <Text c="dimmed">These runs hold no rows.</Text>
      ) : (
        <Stack gap={0}>
          {hasTimes && <ReactionTimes rows={rows} column="rt" />}
          {hasAccuracy && <Accuracy rows={rows} />}
          <RowsPreview rows={rows} columns={columns} />
        </Stack>
      )}
    </section>
  )
}
